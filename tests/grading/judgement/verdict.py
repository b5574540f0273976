"""From outcomes of tests to points and words: what a submission got, function by function."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

from tests.contract import COLUMNS, CONTRACT
from tests.grading.judgement import rubric
from tests.grading.judgement.excuses import CONSEQUENCE, FLAWS, FOLLOWS, SEARCH, Called, Excuse
from tests.grading.judgement.hints import hint
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.rubric import Item, Rubric
from tests.grading.judgement.slips import RETURNS_NOTHING, SWAPPED
from tests.grading.names import CHAPTER, Names

Hint = tuple[str, str, str]  # its slug, what is said before it, and itself
Record = dict[str, Any]  # as `record` makes it
Result = dict[str, Any]  # as `gradescope` makes it
NOT_YET = "Not written yet."
NOT_WRITTEN = r"(raised NotImplementedError|stopped)\b.*not written yet"
PRINTED = "What the submission printed (beginning):"
NOT_CALLED = "Not called: see what is said of the whole file."
KINDS = ("ordinary", "half", "subtle")  # of checks, from the plain to the subtle
SAID_BY_HINT = (RETURNS_NOTHING, SWAPPED, CONSEQUENCE)  # nothing is added on the first screen
MAX_MORE = 12  # failing checks that are told in full


class Feedback(NamedTuple):
    """What is said of one function."""

    hints: list[Hint]
    check: list[str]  # one that failed, and how to see it
    more: Sequence[str] = ()  # what is folded away
    is_enough: bool = False  # whether a hint says it all


@dataclass(frozen=True)
class Outcome:
    """One check of a submission, and, where it failed, what it looked at."""

    function: str
    test: str
    passed: bool
    kind: str
    plain: str = ""  # the claim, got, expected: for a beginner
    told: str = ""  # and how much is forgiven
    example: str = ""  # lines to paste
    calls: tuple[Called, ...] = ()


@dataclass
class Verdict:
    """A submission's outcomes, in the order of the checks, and what explains them."""

    file: str
    tier: str
    draw: str
    open: str = ""  # what the tier does not close
    person: dict[str, str] = field(default_factory=dict)
    late: bool = False
    broken: str = ""  # why no function could be called
    remarks: list[str] = field(default_factory=list)  # what was passed over
    outcomes: list[Outcome] = field(default_factory=list)
    diagnoses: dict[str, Misconception | None] = field(default_factory=dict)
    excuses: dict[str, tuple[Excuse | None, set[str]]] = field(default_factory=dict)  # and the checks that it excuses
    flaws: dict[str, set[str]] = field(default_factory=dict)  # of results that could be read nevertheless
    pictures: dict[str, list[Any] | None] = field(default_factory=dict)  # numbers to draw (see portrait.py)
    printed: dict[str, str] = field(default_factory=dict)  # by function; "" while the file was loaded
    course: Names = CHAPTER

    def void(self, function: str, why: str) -> None:
        """Nothing is earned by a function, whichever of its checks came before the one that ended it."""
        self.outcomes = [
            replace(outcome, passed=False, plain=why, told=why, example="") if outcome.function == function else outcome
            for outcome in self.outcomes
        ]
        self.excuses.pop(function, None)

    def failed(self, function: str) -> list[Outcome]:
        """The checks of a function that failed, from the plain to the subtle."""
        failed = [outcome for outcome in self.outcomes if outcome.function == function and not outcome.passed]
        return sorted(failed, key=lambda outcome: KINDS.index(outcome.kind))

    def asked(self, function: str) -> tuple[dict[str, list[Called]], set[str]]:
        """The calls of each check that failed, and which of these are asked on ordinary data."""
        failed = self.failed(function)
        return {o.test: list(o.calls) for o in failed}, {o.test for o in failed if o.kind != "subtle"}

    def lost_plainly(self) -> list[str]:
        """Functions that are wrong on ordinary data."""
        return list(dict.fromkeys(o.function for o in self.outcomes if not o.passed and o.kind != "subtle"))

    def excuse(self, function: str, excuse: Excuse | None, tests: set[str]) -> None:
        """Take an excuse, where it leaves more points than none; what follows from a search costs no more than it."""
        if excuse and excuse.said == FOLLOWS.format("fit_reml") and self._excuse("fit_reml")[0] == SEARCH:
            excuse = replace(excuse, loss=SEARCH.loss)
        share = self.share(function)
        self.excuses[function] = excuse, tests
        if self.share(function) <= share:
            del self.excuses[function]

    def share(self, function: str) -> float:
        """The percent of the points that are kept."""
        ordinary, half, subtle = (self.counts(function, kind) for kind in KINDS)
        return rubric.earned(100.0, ordinary, subtle, half, self.loss(function), self.kept(function))

    def loss(self, function: str) -> float:
        """The share of the points that an excuse and flaws of form cost."""
        excuse, _ = self._excuse(function)
        told = [*self._flaws(function), *([excuse] if excuse and not excuse.is_all else [])]
        return 1 - math.prod(1 - one.loss for one in told)

    def kept(self, function: str) -> float:
        """The share that is kept at most, whatever else failed."""
        excuse, _ = self._excuse(function)
        return 1 - excuse.loss if excuse and excuse.is_all else 1.0

    def counts(self, function: str, kind: str) -> tuple[int, int]:
        """Checks of a kind that passed or are excused, and all."""
        _, excused = self._excuse(function)
        of_kind = [o.passed or o.test in excused for o in self.outcomes if (o.function, o.kind) == (function, kind)]
        return sum(of_kind), len(of_kind)

    def slug(self, function: str) -> str | None:
        """The name of what is wrong with a function, where it has one."""
        excuse, _ = self._excuse(function)
        if excuse and excuse.slug:
            return excuse.slug
        diagnosis = self.diagnoses.get(function)
        return diagnosis.slug if diagnosis else next((flaw.slug for flaw in self._flaws(function) if flaw.slug), None)

    def feedback(self, function: str) -> Feedback:
        """What the student reads about one function."""
        failed = self.failed(function)
        total = sum(outcome.function == function for outcome in self.outcomes)
        if self.broken and failed and all(self.broken in outcome.plain for outcome in failed):
            return Feedback([], [NOT_CALLED])
        if failed and all(re.search(NOT_WRITTEN, outcome.plain) for outcome in failed):
            return Feedback([], [NOT_YET])
        hints = [*self._wrong(function), *self._flawed(function)]
        if not failed:
            return Feedback(hints, [f"All {total} checks passed."], is_enough=True)
        shown = next((outcome for outcome in failed if outcome.example), failed[0])
        check = [shown.plain, *([f"To see it, paste:\n{shown.example}"] if shown.example else [])]
        is_enough = self.slug(function) in SAID_BY_HINT
        others = list(dict.fromkeys(outcome.told for outcome in failed))
        if len(others) == 1 and others[0] == shown.plain:
            return Feedback(hints, check, is_enough=is_enough)
        left = [f"and {len(others) - MAX_MORE} more"] if len(others) > MAX_MORE else []
        more = [f"{len(failed)} of {total} checks failed:", *others[:MAX_MORE], *left]
        return Feedback(hints, check, more, is_enough=is_enough)

    def _wrong(self, function: str) -> list[Hint]:
        excuse, _ = self._excuse(function)
        diagnosis = self.diagnoses.get(function)
        of_excuse = [(excuse.slug, "", self.course.told(excuse.said))] if excuse else []
        if diagnosis and not (excuse and excuse.slug):
            known = f"This looks like a known misconception ({diagnosis.slug}):\n" if diagnosis.wrongs else ""
            return [(diagnosis.slug, known, self.course.told(diagnosis.hint)), *of_excuse]
        return of_excuse

    def _flawed(self, function: str) -> list[Hint]:
        names = ", ".join(COLUMNS if function == "simulate_frogs" else CONTRACT[function].fields)
        return [(flaw.slug, "", self.course.told(flaw.said.format(names))) for flaw in self._flaws(function)]

    def _excuse(self, function: str) -> tuple[Excuse | None, set[str]]:
        return self.excuses.get(function, (None, set()))

    def _flaws(self, function: str) -> list[Excuse]:
        return [flaw for slug, flaw in FLAWS.items() if slug in self.flaws.get(function, ())]


def record(verdict: Verdict, items: dict[str, Item]) -> Record:
    """All that is known of a submission but its points, which the rubric may change afterwards."""
    functions = {}
    for item in items.values():
        failed, slug = verdict.failed(item.function), verdict.slug(item.function)
        said = verdict.feedback(item.function)
        first = failed[0].plain.split("\n")[0] if failed else ""
        functions[item.function] = {
            "checks": {kind: verdict.counts(item.function, kind) for kind in KINDS},
            "loss": verdict.loss(item.function),
            "kept": verdict.kept(item.function),
            "status": "failed" if failed or verdict.flaws.get(item.function) else "passed",
            "said": {"hints": said.hints, "check": said.check, "is_enough": said.is_enough},
            "misconception": slug,
            "remark": "" if said.check == [NOT_CALLED] else slug or (NOT_YET if said.check == [NOT_YET] else first),
            "picture": verdict.pictures.get(item.function),
            "more": list(said.more),
        }
    about = {"isolation": verdict.tier, "file": verdict.file, "draw": verdict.draw, "person": verdict.person}
    about |= {"late": verdict.late, "remarks": verdict.remarks, "broken": verdict.broken}
    about |= {"open": verdict.open} if verdict.open else {}
    printed = {function: _in_short(text) for function, text in verdict.printed.items()}
    return {"about": about, "printed": printed, "functions": functions}


def _in_short(printed: str) -> str:
    """A line that is printed again and again is told once, and a warning without the place of the library."""
    lines = [re.sub(r"^\S*/site-packages/\S*?: (?=\w*Warning)", "", line) for line in printed.split("\n")]
    told = [(line, sum(1 for _ in same)) for line, same in groupby(lines)]
    return "\n".join(f"{line} ({count} times)" if count > 1 and line else line for line, count in told)


def _output(said: dict[str, Any], own: dict[str, str]) -> str:
    """The first screen about a function, with the course's own words about a slug."""
    hints = [f"{head}{text}" for slug, head, told in said["hints"] if (text := hint(slug, told, own))]
    return "\n\n".join(hints if hints and said["is_enough"] else [*hints, *said["check"]])


def gradescope(of: Record, rubric_: Rubric) -> Result:
    """The result, of which every report is made, in the form of Gradescope's results.json.

    https://gradescope-autograders.readthedocs.io, "Autograder specifications". What a function prints is shown where
    the function is: it may be what it was asked.
    """
    tests, items = [], rubric_.items
    for number, item in enumerate(items.values(), start=1):
        known = of["functions"][item.function]
        ordinary, half, subtle = (tuple(known["checks"][kind]) for kind in KINDS)
        tests.append(
            {
                "name": f"{item.exercise} {item.name}: {item.title}",
                "number": f"{item.exercise}.{number}",
                "score": rubric.earned(item.points, ordinary, subtle, half, known["loss"], known["kept"]),
                "max_score": item.points,
                "status": known["status"],
                "output": _output(known["said"], rubric_.hints),
                "visibility": item.visibility,
                "tags": list(dict.fromkeys([item.name, item.function])),
                "extra_data": {name: known[name] for name in ("misconception", "remark", "picture", "more")},
            }
        )
    about, words = of["about"], rubric_.names.line
    result: Result = {
        "score": round(sum(test["score"] for test in tests), 2),
        "tests": tests,
        "extra_data": about | ({"words": words} if words else {}),
    }
    hidden = [item.function for item in items.values() if item.visibility != "visible"]
    printed = "".join(text for function, text in of["printed"].items() if function not in hidden)
    parts = [words, about["broken"], *about["remarks"]]
    parts += [f"{PRINTED}\n{printed}"] if printed else []
    if any(parts):
        result["output"] = "\n".join(filter(None, parts))
    return result
