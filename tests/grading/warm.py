"""Imported once in the server that forks a process for every submission of a class: everything is loaded, the
examples are drawn and the right answers known before the first submission comes.
"""

import contextlib
import io
import os

import pytest

from tests.grading.alone import OPTIONS
from tests.grading.examples import few_examples
from tests.grading.sandbox import scratch


class Drawn:
    """A plugin for the class's own examples."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """After the package's."""
        few_examples(int(os.environ["LMM_DRAW"]))


core = scratch.folder() / "core.py"
core.write_text("from lmm_core import *\n")
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    pytest.main([*OPTIONS, f"--implementation={core}"], plugins=[Drawn()])
scratch.remove()
