"""One submission through all stages: its tests' outcomes become a verdict, a result, and what is written of it."""

import contextlib
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

import numpy as np
import pytest
from hypothesis.errors import FlakyFailure

from tests.assertions import ClaimError
from tests.grading.examples import CHANGEABLE
from tests.grading.intake.handin import HandIn
from tests.grading.intake.roster import Person
from tests.grading.judgement import diagnosis, excuses
from tests.grading.judgement.excuses import Called
from tests.grading.judgement.portrait import portrait
from tests.grading.judgement.rubric import Rubric
from tests.grading.judgement.verdict import KINDS, Outcome, Record, Verdict, record
from tests.grading.names import Names
from tests.grading.reports import feedback
from tests.grading.sandbox.border import CallFailedError
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
    was_late: bool = field(default=False, init=False)  # whether it went beyond a limit of time
    owed: list[str] = field(default_factory=list)  # the checks of the rubric's functions, in their order

    def __post_init__(self) -> None:
        """A worker is started at the first call."""
        assert self.handed_in.source is not None
        self.submission = Submission(self.handed_in.source, self.tier.name, self.rubric.limits, self.rubric.names)
        self.verdict = _verdict(self.handed_in, self.rubric, self.tier, PUBLIC if self.seed is None else OWN)

    def implementation(self) -> Implementation:
        """As the tests see it."""
        return Implementation(self.handed_in.name, self.submission, SUBMISSION)

    def note(self, item: pytest.Item, error: BaseException | None) -> str:
        """Add the outcome of one check to the verdict; what the student is to read of it.

        What the grader's own system refuses (a full disk) is the outcome of no check.
        """
        if isinstance(error, OSError):
            return str(error)
        outcome = Outcome(function_of(item), item.nodeid, error is None, kind(item))
        impl: Implementation = item.funcargs["impl"]  # type: ignore[attr-defined]
        if error is not None:
            plain, told = _messages(error, self.rubric.names)
            called = tuple(Called(tuple(call.arguments.values()), call.result) for call in impl.calls)
            shown = impl.calls[-1:] if not isinstance(error, NotCalledError) else []
            example = "".join(
                feedback.example(call, self.submission.source.language, self.rubric.names) for call in shown
            )
            outcome = replace(outcome, plain=plain, told=told, example=example, calls=called)
        impl.calls = []
        self.verdict.outcomes.append(outcome)
        return outcome.told

    @property
    def is_whole(self) -> bool:
        """Whether every check that is owed has an outcome, and one; else there are no points."""
        made = [(outcome.function, outcome.test) for outcome in self.verdict.outcomes]
        return {function for function, _ in made} == set(self.rubric.items) and sorted(
            test for _, test in made
        ) == sorted(self.owed)

    @property
    def left_out(self) -> str:
        """Why there are no points."""
        made = len({outcome.test for outcome in self.verdict.outcomes} & set(self.owed))
        return f"no points: {made} of {len(self.owed)} checks were made, and points follow from all of them"

    def has_failed(self, function: str) -> bool:
        """Whether a check of a function has failed already."""
        return bool(self.verdict.failed(function))

    @cached_property
    def record(self) -> Record:
        """All that is known of the submission, once its checks are made, in whatever order."""
        self.verdict.outcomes.sort(key=lambda outcome: self.owed.index(outcome.test))
        of = self.submission
        self.verdict.printed, self.verdict.broken = dict(of.printed), of.broken or ""
        self.verdict.remarks = [*self.handed_in.remarks, *of.remarks]
        self.verdict.flaws = {function: set(flaws) for function, flaws in of.flaws.items()}
        overdrawn, self.was_late = of.overdrawn, of.late
        if not of.broken:
            self._explain([function for function in self.rubric.items if self.has_failed(function)])
        self.submission.close()
        if overdrawn:
            self.verdict.void(*overdrawn)
        return record(self.verdict, self.rubric.items)

    def _explain(self, failed: list[str]) -> None:
        """What is wrong, and what that excuses: of what is visible where nothing hidden was ever shown.

        A help: whatever numbers it stumbles over, the grading goes on without it; what it makes the submission print
        is nobody's, and time that it takes costs nothing.
        """
        hidden = [function for function in failed if self.rubric.items[function].visibility != "visible"]
        submission, mended = self.submission, {}
        if any(item.visibility != "visible" for item in self.rubric.items.values()):
            submission.close()
            submission = submission.afresh()
        for functions in ([function for function in failed if function not in hidden], hidden):
            for function in functions:
                self._diagnose(function, submission)
            self._excuse(functions, mended, submission)
        submission.close()

    def _diagnose(self, function: str, submission: Submission) -> None:
        signature = submission.names.get(self.rubric.names.functions[function], [])
        self.verdict.diagnoses[function] = None
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            self.verdict.diagnoses[function] = diagnosis.diagnosed(function, submission, signature)
        self.verdict.pictures[function] = portrait(function, submission)

    def _excuse(self, functions: list[str], mended: dict[str, dict[str, set[str]]], submission: Submission) -> None:
        """Only a function that is wrong in itself excuses others: no two excuse each other."""
        lost, asked = self.verdict.lost_plainly(), {name: self.verdict.asked(name) for name in functions}
        for function in functions:
            origins = [name for name in lost if name != function]
            with contextlib.suppress(Exception), np.errstate(all="ignore"):
                mended[function] = excuses.mended(function, *asked[function], submission, origins)
        for function in functions:
            follows = {origin: of for origin, of in mended.get(function, {}).items() if not mended.get(origin)}
            with contextlib.suppress(Exception), np.errstate(all="ignore"):
                self.verdict.excuse(function, *excuses.excused(function, *asked[function], follows))
            found = self.verdict.diagnoses.get(function)
            of_column = excuses.of_a_column(found.slug) if function == "simulate_frogs" and found else None
            if of_column:
                self.verdict.excuse(function, of_column, set(asked[function][0]))


def kind(item: pytest.Item) -> str:
    """Whether a check is ordinary, a half or subtle, by its marks."""
    return next((one for one in KINDS[:-1] if item.get_closest_marker(one)), KINDS[-1])


def _messages(error: BaseException, names: Names) -> tuple[str, str]:
    """For a beginner, and in full."""
    if isinstance(error, FlakyFailure):
        return CHANGEABLE, CHANGEABLE
    if isinstance(error, ClaimError):
        return error.plain, str(error)
    if isinstance(error, AssertionError):
        said = str(error) if isinstance(error, CallFailedError) else names.told(str(error))
        return said, said
    said = f"the check itself stopped on this answer ({type(error).__name__}: {str(error)[:200]})"
    return said, said


def not_graded(handed_in: HandIn, rubric: Rubric, tier: Tier, why: str) -> Record:
    """A record without points, and the reason."""
    verdict = _verdict(handed_in, rubric, tier, OWN)
    verdict.outcomes = [Outcome(name, "", passed=False, kind="ordinary", plain=why, told=why) for name in rubric.items]
    verdict.broken, verdict.remarks = why, list(handed_in.remarks)
    made = record(verdict, rubric.items)
    made["about"]["not_graded"] = why
    return made


def _verdict(handed_in: HandIn, rubric: Rubric, tier: Tier, draw: str) -> Verdict:
    person = handed_in.person or Person()
    return Verdict(handed_in.file, tier.name, draw, tier.open, asdict(person), handed_in.late, course=rubric.names)
