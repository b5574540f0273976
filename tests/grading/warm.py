"""Imported once in the server that forks a process for every submission of a class: everything is loaded, what wrong
ones ask too, the examples are drawn and the right answers known before the first submission comes.
"""

import contextlib
import io
import multiprocessing
import os
from multiprocessing.connection import Connection

import pytest
from lmm_verification import door

from reference import exact
from tests.contract import CONTRACT
from tests.grading import tied
from tests.grading.alone import OPTIONS
from tests.grading.examples import DRAWN, Examples, check, few_examples, is_property
from tests.grading.judgement import misconceptions
from tests.grading.sandbox import scratch
from tests.selection import file_of, keep, owed

FORK = multiprocessing.get_context("fork")


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


def drawn_and_answered(functions: list[str]) -> tuple[dict[str, Examples], dict[str, exact.ExactFit]]:
    """The examples of all that is asked of these functions, and the exact REML fits of them."""
    core = scratch.folder() / "core.py"
    core.write_text("from lmm_core import *\n")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*door.apart(), *OPTIONS, f"--implementation={core}", *map(file_of, functions)], plugins=[Drawn()])
    scratch.remove()
    return DRAWN, exact.ANSWERS


def tell(connection: Connection, functions: list[str]) -> None:
    """In a process of its own."""
    tied.end_with_parent()
    connection.send(drawn_and_answered(functions))


misconceptions.every()
of_fits = [function for function in CONTRACT if CONTRACT[function].exercise == "4.4"]
others = [function for function in CONTRACT if function not in of_fits]
heard, said = FORK.Pipe(duplex=False)
beside = FORK.Process(target=tell, args=(said, others))  # which takes as long as the rest
beside.start()
said.close()
drawn_and_answered(of_fits)
with contextlib.suppress(EOFError):  # whoever lacks it makes it
    for mine, theirs in zip((DRAWN, exact.ANSWERS), heard.recv(), strict=True):
        mine.update(theirs)
beside.join()
