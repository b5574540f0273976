"""Ask every way of writing a function that a file of `correct/idioms` has, by the checks that a submission owes.

    python -m tests.meta.idioms FILE SEED

prints a line for every check that one of them fails. They run in this process, so that thirty draws take minutes; what
stands between a submission and its checks is tried elsewhere.
"""

import contextlib
import importlib.util
import io
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.contract import CONTRACT
from tests.grading.examples import check, few_examples, is_property
from tests.implementation import Implementation, InProcess
from tests.selection import EXERCISES, function_of, owed
from tests.tolerances import SUBMISSION


class Ways:
    """A plugin that puts each check to every way of its function."""

    def __init__(self, module: ModuleType, seed: int) -> None:
        self.seed = seed
        self.of: dict[str, dict[str, Implementation]] = defaultdict(dict)
        self.failed: list[str] = []
        for name, way in vars(module).items():
            function, _, rest = name.partition("__")
            if function in CONTRACT and not rest.endswith("defaults"):
                self.of[function][name] = Implementation(
                    name, InProcess(SimpleNamespace(**{function: way})), SUBMISSION
                )

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """After the package's."""
        few_examples(self.seed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """One check, for all of them."""
        for name, way in self.of[function_of(pyfuncitem)].items() if owed(pyfuncitem) else ():
            pyfuncitem.funcargs["impl"] = way
            try:
                with np.errstate(all="ignore"):
                    if is_property(pyfuncitem):
                        check(pyfuncitem, smallest=False)
                    else:
                        pyfuncitem.obj(**{k: pyfuncitem.funcargs[k] for k in pyfuncitem._fixtureinfo.argnames})
            except Exception as error:  # whatever it is
                self.failed.append(f"{name}, {pyfuncitem.name}: {type(error).__name__} {error}")
        return True


def failures(path: Path, seed: int) -> list[str]:
    """What a way of a file fails at a draw; raises ValueError where nothing was asked."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ways = Ways(module, seed)
    files = [str(EXERCISES / f"test_{CONTRACT[name].exercise.replace('.', '_')}_{name}.py") for name in ways.of]
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main([*files, "-q", "-p", "no:xdist", "-W", "ignore"], plugins=[ways])
    if status:
        raise ValueError(f"pytest ended with {status}")
    return ways.failed


if __name__ == "__main__":
    found = failures(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
    print("\n".join(found))
    sys.exit(bool(found))
