"""Imported once in the server that forks a process for every submission of a class: everything is loaded, the
examples are drawn and the right answers known before the first submission comes.
"""

import contextlib
import io
import tempfile
from pathlib import Path

import pytest

from tests.grading.content import PROJECT

with tempfile.TemporaryDirectory(prefix="lmm-warm-") as folder:
    path = Path(folder, "core.py")
    path.write_text("from lmm_core import *\n")
    arguments = ["-c", str(PROJECT / "pyproject.toml"), "-q", "-W", "ignore:Module already imported", "-p", "no:xdist"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*arguments, f"--rootdir={PROJECT}", f"--implementation={path}"])
