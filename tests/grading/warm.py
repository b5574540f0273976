"""Imported once in the server that forks a process for every submission of a class: everything is loaded, what wrong
ones ask too, the examples are drawn and the right answers known before the first submission comes.
"""

import contextlib
import io
import os

import pytest
from lmm_verification import door

from tests.contract import CONTRACT
from tests.grading.alone import OPTIONS
from tests.grading.examples import check, few_examples, is_property
from tests.grading.judgement import misconceptions
from tests.grading.sandbox import scratch
from tests.selection import file_of, keep, owed


class Drawn:
    """A plugin for the class's own examples."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """After the package's."""
        few_examples(int(os.environ["LMM_DRAW"]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """A package owes more."""
        keep(config, items, owed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """As a submission is checked, so that its examples are drawn."""
        if not is_property(pyfuncitem):
            return None
        check(pyfuncitem, smallest=False)
        return True


core = scratch.folder() / "core.py"
core.write_text("from lmm_core import *\n")
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    misconceptions.every()
    pytest.main([*door.apart(), *OPTIONS, f"--implementation={core}", *map(file_of, CONTRACT)], plugins=[Drawn()])
scratch.remove()
