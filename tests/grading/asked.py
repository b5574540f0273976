"""What the options ask for, as the stages of grading take it; what does not fit is one sentence."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.grading.intake import handin
from tests.grading.intake.handin import HandIn
from tests.grading.judgement import rubric
from tests.grading.judgement.rubric import Rubric
from tests.grading.reports.ledger import Ledger, LedgerError, chance
from tests.grading.sandbox import tiers
from tests.grading.sandbox.tiers import Tier
from tests.grading.session import PUBLIC, Grading


@dataclass(frozen=True)
class Assignment:
    """Hand-ins, and how all of them are graded."""

    handed_in: list[HandIn]
    rubric: Rubric
    tier: Tier
    seed: int | None  # None: the public draw
    ledger: Ledger | None  # None: nothing is to be remembered
    report: Path | None
    formats: list[str]

    @property
    def draw(self) -> str:
        """The draw in words."""
        return PUBLIC if self.seed is None else f"--seed {self.seed}"

    def grading(self, handed_in: HandIn) -> Grading:
        """A run over one of them."""
        return Grading(handed_in, self.rubric, self.tier, self.seed)

    def header(self) -> list[str]:
        """What a run says first."""
        why = f" ({self.tier.remark})" if self.tier.remark else ""
        lines = [f"isolation: {self.tier.name}{why}", *([f"not closed: {self.tier.open}"] if self.tier.open else [])]
        public = ", which students can draw, too" if self.seed is None else ""
        return [*lines, f"examples: {self.draw}{public}"]


ASSIGNMENT = pytest.StashKey[Assignment]()


def for_a_class(config: pytest.Config) -> bool:
    """Whether a teacher asks: for a folder, for several files, or for what a platform or a cluster takes."""
    given = config.getoption
    return bool(handin.is_class(given("--submission")) or given("--format") or given("--scheduler"))


def assignment(config: pytest.Config) -> Assignment:
    """Of the options; raises pytest.UsageError."""
    given, is_class = config.getoption, for_a_class(config)
    report = Path(given("--report")) if given("--report") else None
    if report and report.exists() and not report.is_dir():
        raise pytest.UsageError(f"--report {report} is a file; expected a folder")
    if given("--format") and not report:
        raise pytest.UsageError("--format goes with --report")
    if is_class and given("--seed") is not None and given("--seed") < 0:
        raise pytest.UsageError(f"--seed {given('--seed')}; expected at least 0")
    try:
        chosen = rubric.load(Path(given("--rubric") or rubric.DEFAULT))
        handed_in = handin.taken(given("--submission"))
        tier = _tier(given("--isolation"), is_class=is_class)
        ledger = Ledger.of(report, list(map(Path, given("--submission")))) if report and is_class else None
    except (rubric.RubricError, handin.IntakeError, LedgerError) as error:
        raise pytest.UsageError(str(error)) from None
    if any(one.language == "R" and not one.refused for one in handed_in) and tiers.r_unusable(tier.name):
        raise pytest.UsageError(
            f"an R submission needs R: {tiers.r_unusable(tier.name)}; to install: {tiers.INSTALL_R}"
        )
    seed = given("--seed")
    if seed is None and is_class:
        seed = ledger.draw if ledger else chance()
    return Assignment(handed_in, chosen, tier, seed, ledger, report, given("--format") or [])


def _tier(wanted: str, *, is_class: bool) -> Tier:
    tier, why = tiers.best(wanted)
    if tier is None:
        raise pytest.UsageError(f"--isolation {wanted} does not work here: {why}")
    if tier.open and is_class and wanted == "auto":
        raise pytest.UsageError(
            f"a class is not graded in the weakest tier unasked: {tier.open} ({tier.remark}). "
            "Install bubblewrap, or ask for it: --isolation process"
        )
    return tier
