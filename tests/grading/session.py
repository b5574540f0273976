"""One submission through all stages: its tests' outcomes become a verdict, a result, and what is written of it."""

from dataclasses import asdict, dataclass, field

import numpy as np
import pytest
from hypothesis.errors import FlakyFailure

from tests.grading.intake.handin import HandIn
from tests.grading.intake.roster import Person
from tests.grading.judgement import diagnosis
from tests.grading.judgement.portrait import portrait
from tests.grading.judgement.rubric import Rubric
from tests.grading.judgement.verdict import Outcome, Result, Verdict, gradescope
from tests.grading.reports import feedback
from tests.grading.sandbox.submission import NotCalledError, Submission
from tests.grading.sandbox.tiers import Tier
from tests.implementation import Implementation
from tests.selection import function_of
from tests.tolerances import SUBMISSION

STATE = pytest.StashKey["Grading"]()
PUBLIC, OWN = "the public ones", "the class's own"


@dataclass
class Grading:
    """One run over one submission."""

    handed_in: HandIn
    rubric: Rubric
    tier: Tier
    seed: int | None = None  # None: the public draw
    submission: Submission = field(init=False)
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        """A worker is started at the first call."""
        assert self.handed_in.source is not None
        self.submission = Submission(self.handed_in.source, self.tier.name, self.rubric.limits)
        self.verdict = _verdict(self.handed_in, self.tier, PUBLIC if self.seed is None else OWN)

    def implementation(self) -> Implementation:
        """As the tests see it."""
        return Implementation(self.handed_in.name, self.submission, SUBMISSION)

    def note(self, item: pytest.Item, error: BaseException | None) -> str:
        """Add the outcome of one test to the verdict; what the student is to read of it."""
        function, told = function_of(item), ""
        if error is not None:
            self._diagnose(function)
            calls = item.funcargs["impl"].calls  # type: ignore[attr-defined]
            shown = calls[-1] if calls and not isinstance(error, NotCalledError) else None
            told = feedback.told(_message(error), shown, self.submission.source.language)
        is_ordinary = item.get_closest_marker("ordinary") is not None
        self.verdict.outcomes.append(Outcome(function, item.nodeid, error is None, is_ordinary, told))
        return told

    def result(self) -> Result:
        """The result, of which every report is made."""
        self.submission.close()
        self.verdict.printed, self.verdict.broken = self.submission.printed, self.submission.broken or ""
        self.verdict.remarks = [*self.handed_in.remarks, *self.submission.remarks]
        if self.submission.overdrawn:
            self.verdict.void(*self.submission.overdrawn)
        return gradescope(self.verdict, self.rubric.items)

    def _diagnose(self, function: str) -> None:
        """Once. A diagnosis is a help: whatever numbers it stumbles over, the grading goes on without it."""
        if function in self.verdict.diagnoses:
            return
        self.verdict.diagnoses[function] = None
        try:
            with np.errstate(all="ignore"):
                self.verdict.diagnoses[function] = diagnosis.diagnosed(function, self.submission)
        except Exception:
            self.verdict.diagnoses[function] = None
        self.verdict.pictures[function] = portrait(function, self.submission)


def _message(error: BaseException) -> str:
    if isinstance(error, FlakyFailure):
        return "the function does not give the same answer twice for the same input"
    if isinstance(error, AssertionError):
        return str(error)
    return f"the check itself stopped on this answer ({type(error).__name__}: {str(error)[:200]})"


def not_graded(handed_in: HandIn, rubric: Rubric, tier: Tier, why: str) -> Result:
    """A result without points, and the reason."""
    verdict = _verdict(handed_in, tier, OWN)
    verdict.outcomes = [Outcome(name, "", passed=False, ordinary=True, feedback=why) for name in rubric.items]
    verdict.broken, verdict.remarks = why, list(handed_in.remarks)
    result = gradescope(verdict, rubric.items)
    result["extra_data"]["not_graded"] = why
    return result


def _verdict(handed_in: HandIn, tier: Tier, draw: str) -> Verdict:
    person = handed_in.person or Person()
    return Verdict(handed_in.file, tier.name, draw, tier.open, person=asdict(person), late=handed_in.late)
