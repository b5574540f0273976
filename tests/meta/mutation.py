"""Mutants of lmm_core by machine, and what the exercises make of them (`tox -e mutation`).

cosmic-ray makes the mutants: every operator, comparison, number, truth value, string, loop and decorator of
every file, one at a time. Each is written into a copy of the project and judged by `tests/exercises` in a forked
process, which has numpy, pandas, hypothesis and pytest imported already. Tests that have killed most run first.

    python -m tests.meta.mutation REPORT.json                all mutants, then the kill matrix's empty rows
    python -m tests.meta.mutation REPORT.json reml chapter/own      some files

A survivor is an error unless `equivalent.toml` gives the reason why it is no mutant; an entry of that file
that is killed, or no longer there, is an error, and so is a test that killed none.
"""

import ast
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from threading import Lock, local
from typing import Any

import hypothesis  # noqa: F401 - imported before the forks
import numpy as np
import pandas as pd  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

from tests.meta.core import PROJECT, equivalent, modules

SWAPS = {
    "Binary": "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul BitAnd_BitOr BitOr_BitAnd",
    "Comparison": "Eq_NotEq NotEq_Eq Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Is_IsNot IsNot_Is",
    "Unary": "USub_UAdd Delete_Not Invert_UAdd",
}
OTHERS = (
    "AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd ReplaceBreakWithContinue "
    "NumberReplacer RemoveDecorator ZeroIterationForLoop"
)
NAMES = [f"core/Replace{kind}Operator_{swap}" for kind, swaps in SWAPS.items() for swap in swaps.split()]
NAMES += [f"core/{name}" for name in OTHERS.split()]
SLOWER = 5  # times what its tests take without a mutant: one that takes longer loops, and is killed by that
STARTING = 60.0  # seconds besides
PROCESSES = os.cpu_count() or 1
WRONG = ("survivors", "listed as equivalent, but killed or gone", "tests without a kill")


class WrongWord(Operator):
    """XX at the beginning of a string, or of a part of an f-string; docstrings and annotations hold none."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where strings begin and end."""
        around = node.parent
        annotation = around and (
            around.type == "funcdef" or (around.type == "annassign" and around.children[1] == node)
        )
        if node.type in ("string", "fstring_string") and around.type != "simple_stmt" and not annotation:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, _: int) -> Any:
        """Behind the quotation mark, where there is one."""
        quote = re.match(r"""\w*["']+""", node.value) if node.type == "string" else None
        at = quote.end() if quote else 0
        node.value = node.value[:at] + "XX" + node.value[at:]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: cosmic-ray's own tests ask for them."""
        return ()


OPERATORS = [*(get_operator(name)() for name in NAMES), WrongWord()]


@dataclass(frozen=True)
class Mutant:
    """One changed line of one file."""

    module: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What it is called in reports and in equivalent.toml."""
        return f"{self.module}: {self.before}  ->  {self.after}"


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a file that changes its code; docstrings and annotations hold none."""
    source = (PROJECT / "lmm_core" / f"{module}.py").read_text()
    lines, seen = source.splitlines(), set()
    for operator in OPERATORS:
        occurrence = 0
        while (mutated := mutate_code(source, operator, occurrence)) is not None:
            occurrence += 1
            new = mutated.splitlines()
            at = next((i for i, (a, b) in enumerate(zip(lines, new, strict=False)) if a != b), None)
            if at is None or mutated in seen or "frozen=True" in lines[at] or lines[at].startswith(("from", "import")):
                continue
            seen.add(mutated)
            yield Mutant(module, at + 1, _code(lines[at]), _code(new[at]), mutated)


def _code(line: str) -> str:
    """Without the comment at its end."""
    return line.partition("  # ")[0].strip()


class Trial:
    """Copies of the project, one for each process, and what the tests have killed so far."""

    def __init__(self, folder: Path) -> None:
        """Prepare; the copies are made when they are first needed."""
        self.folder, self.place, self.lock = folder, local(), Lock()
        self.kills: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.callers: dict[str, set[str]] = {}  # tests that call a function, by "module:first line"

    def copy(self) -> Path:
        """This thread's copy of the project."""
        if not hasattr(self.place, "path"):
            with self.lock:
                self.place.path = Path(tempfile.mkdtemp(dir=self.folder))
            for part in ("conftest.py", "pyproject.toml", "lmm_core", "reference", "tests"):
                origin, target = PROJECT / part, self.place.path / part
                if origin.is_dir():
                    shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(origin, target)
        return self.place.path

    def judged(self, profile: str, mutant: Mutant) -> tuple[Mutant, list[str]]:
        """The mutant, and the test that killed it if one did."""
        return mutant, self.killers(mutant, profile=profile)

    def killers(self, mutant: Mutant, *, only: set[str] | None = None, profile: str = "dev") -> list[str]:
        """The tests that fail on a mutant: the first, or all among `only`; a loop is killed by "timeout"."""
        path = self.copy()
        file = path / "lmm_core" / f"{mutant.module}.py"
        original = file.read_text()
        tests = self.concerned(mutant) if only is None else only & self.concerned(mutant)
        if not tests:
            return []
        order = sorted(tests, key=lambda test: (-self.kills[test], self.seconds[test]))
        file.write_text(mutant.source)
        try:
            seconds = STARTING + SLOWER * sum(self.seconds[test] for test in order)
            found = _forked(path, profile, order, seconds, all_of_them=only is not None)
        finally:
            file.write_text(original)
        with self.lock:
            self.kills.update(found)
        return found

    def concerned(self, mutant: Mutant) -> set[str]:
        """The tests that call the mutated function; of a line outside functions, any of its file.

        Tests that call nothing in their own process may do so in another; one that was skipped in between asks nothing.
        """
        called = self.callers.get(f"{mutant.module}:{_function(mutant)}")
        if called is None:
            of_file = [tests for place, tests in self.callers.items() if place.startswith(f"{mutant.module}:")]
            called = set().union(*of_file)
        return (called & set(self.seconds)) | (set(self.seconds) - set().union(*self.callers.values()))

    def learn(self) -> None:
        """Run all tests once on the unchanged project: their times, and which functions they call."""
        for line in _forked(self.copy(), "dev", None, np.inf, all_of_them=True):
            kind, test, value = line.split("\t")
            if kind == "seconds":
                self.seconds[test] = float(value)
            elif kind == "calls":
                self.callers.setdefault(value, set()).add(test)
            else:
                raise SystemExit(f"{test} fails without any mutant")


def _function(mutant: Mutant) -> int | None:
    """First line of the function that the mutant's line is in."""
    tree = ast.parse((PROJECT / "lmm_core" / f"{mutant.module}.py").read_text())
    around = [
        min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= mutant.line <= (node.end_lineno or 0)
    ]
    return max(around, default=None)


def _forked(path: Path, profile: str, order: list[str] | None, seconds: float, *, all_of_them: bool) -> list[str]:
    """Lines that the forked run tells within some seconds: names of tests that failed, or what `learn` reads."""
    answers, answer = os.pipe()
    child = os.fork()
    if not child:
        os.close(answers)
        _judge(path, profile, order, answer, all_of_them=all_of_them)
    os.close(answer)
    deadline, text = time.monotonic() + seconds, b""
    os.set_blocking(answers, False)
    while time.monotonic() < deadline:
        ended = os.waitpid(child, os.WNOHANG)[0]
        with_more = True
        while with_more:
            try:
                part = os.read(answers, 65536)
            except BlockingIOError:
                part = b""
            text, with_more = text + part, bool(part)
        if ended:
            break
        time.sleep(0.02)
    else:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        text += b"timeout\n"
    os.close(answers)
    return list(dict.fromkeys(text.decode().splitlines()))


def _judge(path: Path, profile: str, order: list[str] | None, answer: int, *, all_of_them: bool) -> None:
    """In the forked process: run the exercises, say which test failed, and end."""
    try:
        os.setpgid(0, 0)
        os.chdir(path)
        sys.path[:0] = [str(path)]
        for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "reference", "lmm_core")]:
            del sys.modules[name]  # they are to be found in the copy
        sys.dont_write_bytecode = True
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(path)}  # of what a test starts
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        options = ["tests/exercises", "--live-r=off", f"--hypothesis-profile={profile}", "-q", "-p", "no:xdist"]
        options += ["-W", "ignore:Module already imported"]
        teller = _Learner(answer) if order is None else _Teller(answer, order)
        status = pytest.main([*options, *([] if all_of_them else ["-x"])], plugins=[teller])
        if status not in (0, 1, 5):
            os.write(answer, f"status {int(status)}\n".encode())
    except BaseException as error:
        os.write(answer, f"{type(error).__name__}\n".encode())
    finally:
        os._exit(0)


class _Teller:
    """A plugin: the tests in an order, and the names of those that fail."""

    def __init__(self, answer: int, order: list[str]) -> None:
        self.answer, self.place = answer, {test: i for i, test in enumerate(order)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.place]
        items.sort(key=lambda item: self.place[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self.answer, f"{report.nodeid}\n".encode())


class _Learner:
    """A plugin: how long every test takes, and which functions of lmm_core it calls."""

    def __init__(self, answer: int) -> None:
        self.answer = answer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        places: set[tuple[str, int]] = set()
        sys.setprofile(lambda frame, *_: places.add((frame.f_code.co_filename, frame.f_code.co_firstlineno)))
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            for file, line in places:
                _, of_core, module = file.rpartition("/lmm_core/")
                if of_core:
                    os.write(self.answer, f"calls\t{item.nodeid}\t{module.removesuffix('.py')}:{line}\n".encode())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:  # a field that lmm_core does not offer
            kind = "seconds" if report.passed else "fails"
            os.write(self.answer, f"{kind}\t{report.nodeid}\t{report.duration}\n".encode())


def _idle(trial: Trial, pool: ThreadPool, every: list[Mutant]) -> set[str]:
    """Tests that kill no mutant: those without a kill so far are run on all, in any order, until they have one."""
    idle = set(trial.seconds) - set(trial.kills)
    mixed = random.Random(0).sample(every, len(every))
    for found in pool.imap_unordered(lambda mutant: trial.killers(mutant, only=set(idle)), mixed):
        idle.difference_update(found)
    return idle


def main(report: Path, some: list[str]) -> int:
    """Judge every mutant, look for tests without a kill, write the report; 1 where something is left."""
    files = some or modules()
    every = [mutant for module in files for mutant in mutants(module)]
    known = equivalent()
    result: dict[str, Any] = {"mutants": len(every), "killed": {}, "survivors": []}
    with tempfile.TemporaryDirectory(prefix="lmm-mutants-") as folder, ThreadPool(PROCESSES) as pool:
        trial = Trial(Path(folder))
        trial.learn()

        def judge(chosen: list[Mutant], profile: str) -> list[Mutant]:
            """Those that survive a profile's number of examples."""
            left = []
            for count, (mutant, found) in enumerate(
                pool.imap_unordered(partial(trial.judged, profile), chosen), start=1
            ):
                if found:
                    result["killed"][f"{mutant.line} {mutant.name}"] = found
                else:
                    left.append(mutant)
                    print(f"survives {profile}: {mutant.line} {mutant.name}", flush=True)
                if count % 50 == 0:
                    print(f"{count} of {len(chosen)}", flush=True)
            return left

        left = judge(every, "dev")
        unknown = judge([mutant for mutant in left if mutant.name not in known], "default")
        result["survivors"] = [f"{mutant.line} {mutant.name}" for mutant in unknown]
        listed = {name for name in known if name.partition(":")[0] in files}
        result["equivalent"] = {mutant.name: known[mutant.name] for mutant in left if mutant.name in known}
        result["listed as equivalent, but killed or gone"] = sorted(listed - set(result["equivalent"]))
        if not some:
            result["tests without a kill"] = sorted(_idle(trial, pool, every))
    report.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    wrong = {kind: result.get(kind, []) for kind in WRONG}
    for kind, names in wrong.items():
        print(f"{kind}: {len(names)}", *names, sep="\n  ")
    print(f"{len(every)} mutants, of which {len(result['equivalent'])} are equivalent")
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
