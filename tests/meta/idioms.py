"""Ask every way of writing a function that a file of `correct/idioms` has, by the checks that a submission owes.

    python -m tests.meta.idioms FILE SEED

prints a line for every way that loses points, and the checks that it fails. What an optimiser at its defaults leaves
(a way whose name ends in `defaults`) may cost a tenth. They run in this process, so that thirty draws take minutes;
what stands between a submission and its checks is tried elsewhere.
"""

import contextlib
import importlib.util
import io
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.contract import CONTRACT, ContractError
from tests.grading.examples import check, few_examples, is_property
from tests.grading.judgement import excuses
from tests.grading.judgement.excuses import Called
from tests.grading.judgement.verdict import Outcome, Verdict
from tests.grading.sandbox.border import outgoing
from tests.grading.sandbox.plain import UnreadableError
from tests.grading.session import kind
from tests.implementation import Backend, Implementation, InProcess
from tests.selection import EXERCISES, function_of, owed
from tests.tolerances import SUBMISSION

OF_DEFAULTS = 0.9  # the share that an optimiser at its defaults keeps at least


@dataclass
class InR:
    """A function of R source, called as the sandbox's worker calls it."""

    source: Any
    way: str

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Raise ContractError in R's words; nothing about a right result may have to be forgiven."""
        try:
            value = self.source.call(self.source.function(self.way), list(map(outgoing, arguments.values())), forms)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None
        except Exception as error:  # what R says
            raise ContractError(f"{name} stopped {error}") from None
        if "flaws" in value:
            raise ContractError(f"{name}: {value['flaws']}")
        return value


def ways(path: Path) -> dict[str, Backend]:
    """What a file of ways defines, by name."""
    if path.suffix == ".R":
        from tests.grading.sandbox.r_submission import RSubmission  # noqa: PLC0415 - starts R

        source = RSubmission([("", path.read_text())])
        if source.remarks:
            raise ValueError(source.remarks[0])
        return {name: InR(source, name) for name in source.names() if "__" in name}
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    named = {name: way for name, way in vars(module).items() if name.partition("__")[0] in CONTRACT}
    return {name: InProcess(SimpleNamespace(**{name.partition("__")[0]: way})) for name, way in named.items()}


class Asked:
    """A plugin that puts each check to every way of its function."""

    def __init__(self, path: Path, seed: int) -> None:
        self.seed = seed
        self.of: dict[str, list[Implementation]] = defaultdict(list)
        for name, backend in ways(path).items():
            self.of[name.partition("__")[0]].append(Implementation(name, backend, SUBMISSION))
        self.verdicts: dict[str, Verdict] = defaultdict(lambda: Verdict("", "", ""))

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """After the package's."""
        few_examples(self.seed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """One check, for all of them."""
        for way in self.of[function_of(pyfuncitem)] if owed(pyfuncitem) else ():
            pyfuncitem.funcargs["impl"] = way
            way.calls, said = [], ""
            try:
                with np.errstate(all="ignore"):
                    if is_property(pyfuncitem):
                        check(pyfuncitem, smallest=False)
                    else:
                        pyfuncitem.obj(**{k: pyfuncitem.funcargs[k] for k in pyfuncitem._fixtureinfo.argnames})
            except Exception as error:  # whatever it is
                said = f"{type(error).__name__} {error}"
            calls = tuple(Called(tuple(call.arguments.values()), call.result) for call in way.calls) if said else ()
            outcome = Outcome(
                function_of(pyfuncitem), pyfuncitem.name, not said, kind(pyfuncitem), plain=said, calls=calls
            )
            self.verdicts[way.name].outcomes.append(outcome)
        return True

    def lost(self) -> list[str]:
        """The ways that lose points, with the share that they keep and the checks that they fail."""
        found = []
        for name, verdict in self.verdicts.items():
            share = _share(name.partition("__")[0], verdict)
            if share < (OF_DEFAULTS if name.endswith("defaults") else 1):
                failed = [f"  {outcome.test}: {outcome.plain}" for outcome in verdict.outcomes if not outcome.passed]
                found.append("\n".join([f"{name} keeps {share:.2%}", *failed]))
        return found


def _share(function: str, verdict: Verdict) -> float:
    """What is kept of the points, with what excuses the checks that fail."""
    verdict.excuse(function, *excuses.excused(function, *verdict.asked(function), {}))
    return verdict.share(function) / 100


def failures(path: Path, seed: int) -> list[str]:
    """What a way of a file loses at a draw; raises ValueError where nothing was asked."""
    asked = Asked(path, seed)
    files = [str(EXERCISES / f"test_{CONTRACT[name].exercise.replace('.', '_')}_{name}.py") for name in asked.of]
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main([*files, "-q", "-p", "no:xdist", "-W", "ignore"], plugins=[asked])
    if status:
        raise ValueError(f"pytest ended with {status}")
    return asked.lost()


if __name__ == "__main__":
    found = failures(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
    print("\n".join(found))
    sys.exit(bool(found))
