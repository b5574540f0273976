"""From outcomes of tests to points: what a submission got, function by function."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from tests.grading.judgement import rubric
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.rubric import Item

Result = dict[str, Any]  # as `gradescope` makes it
NOT_YET = "Not written yet."
NOT_WRITTEN = r"(raised NotImplementedError|stopped)\b.*not written yet"
PRINTED = "What the submission printed (beginning):"
NOT_CALLED = "Not called: see what is said of the whole file."
MAX_FEEDBACK = 3  # failing checks that are told in full


@dataclass(frozen=True)
class Outcome:
    """One test on one submission."""

    function: str
    test: str
    passed: bool
    ordinary: bool
    feedback: str = ""


@dataclass
class Verdict:
    """A submission's outcomes and diagnoses."""

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
    pictures: dict[str, list[Any] | None] = field(default_factory=dict)  # numbers to draw (see portrait.py)
    printed: dict[str, str] = field(default_factory=dict)  # by function; "" while the file was loaded

    def void(self, function: str, why: str) -> None:
        """Nothing is earned by a function, whichever of its checks came before the one that ended it."""
        self.outcomes = [
            replace(outcome, passed=False, feedback=why) if outcome.function == function else outcome
            for outcome in self.outcomes
        ]

    def of(self, function: str) -> list[Outcome]:
        """The outcomes that decide one function's points."""
        return sorted((o for o in self.outcomes if o.function == function), key=lambda outcome: outcome.test)

    def points(self, item: Item) -> float:
        """Points earned on one function."""
        plain, subtle = (
            [outcome.passed for outcome in self.of(item.function) if outcome.ordinary == ordinary]
            for ordinary in (True, False)
        )
        return rubric.earned(item, (sum(plain), len(plain)), (sum(subtle), len(subtle)))

    def total(self, items: dict[str, Item]) -> float:
        """Points earned altogether."""
        return round(sum(self.points(item) for item in items.values()), 2)

    def feedback(self, item: Item) -> str:
        """What the student reads about one function."""
        outcomes = self.of(item.function)
        failed = [outcome for outcome in outcomes if not outcome.passed]
        if self.broken and failed and all(self.broken in outcome.feedback for outcome in failed):
            return NOT_CALLED
        if failed and all(re.search(NOT_WRITTEN, outcome.feedback) for outcome in failed):
            return NOT_YET
        if not failed:
            return f"All {len(outcomes)} checks passed."
        told = sorted(
            dict.fromkeys(outcome.feedback for outcome in failed), key=lambda text: ("..." in text, len(text))
        )
        parts = [f"{len(failed)} of {len(outcomes)} checks failed."]
        misconception = self.diagnoses.get(item.function)
        if misconception:
            parts.append(f"This looks like a known misconception ({misconception.slug}):\n{misconception.hint}")
        parts += told[:MAX_FEEDBACK]
        if len(told) > MAX_FEEDBACK:
            parts.append(f"... and {len(told) - MAX_FEEDBACK} more.")
        return "\n\n".join(parts)


def gradescope(verdict: Verdict, items: dict[str, Item]) -> Result:
    """The result, of which every report is made, in the form of Gradescope's results.json.

    https://gradescope-autograders.readthedocs.io, "Autograder specifications". What a function prints is shown where
    the function is: it may be what it was asked.
    """
    tests = []
    for number, item in enumerate(items.values(), start=1):
        failed = [outcome for outcome in verdict.of(item.function) if not outcome.passed]
        diagnosis = verdict.diagnoses.get(item.function)
        said = verdict.feedback(item)
        first = failed[0].feedback.split("\n")[0] if failed else ""
        remark = diagnosis.slug if diagnosis else said if said == NOT_YET else first
        tests.append(
            {
                "name": f"{item.exercise} {item.function}: {item.title}",
                "number": f"{item.exercise}.{number}",
                "score": verdict.points(item),
                "max_score": item.points,
                "status": "failed" if failed else "passed",
                "output": said,
                "visibility": item.visibility,
                "tags": [item.function],
                "extra_data": {
                    "misconception": diagnosis.slug if diagnosis else None,
                    "remark": "" if said == NOT_CALLED else remark,
                    "picture": verdict.pictures.get(item.function),
                },
            }
        )
    about = {"isolation": verdict.tier, "file": verdict.file, "draw": verdict.draw, "person": verdict.person}
    about |= {"late": verdict.late, "remarks": verdict.remarks, "broken": verdict.broken}
    result: Result = {
        "score": verdict.total(items),
        "tests": tests,
        "extra_data": about | ({"open": verdict.open} if verdict.open else {}),
    }
    hidden = [item.function for item in items.values() if item.visibility != "visible"]
    printed = "".join(text for function, text in verdict.printed.items() if function not in hidden)
    parts = [verdict.broken, *verdict.remarks]
    parts += [f"{PRINTED}\n{printed}"] if printed else []
    if any(parts):
        result["output"] = "\n".join(filter(None, parts))
    return result
