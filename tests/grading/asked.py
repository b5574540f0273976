"""What the options ask for, as the stages of grading take it; what does not fit is one sentence."""

import importlib.metadata
import platform
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lmm_verification import door

from reference import r
from tests.grading.intake import handin
from tests.grading.intake.files import IntakeError
from tests.grading.intake.handin import HandIn
from tests.grading.intake.roster import Roster, RosterError
from tests.grading.intake.template import COURSE, Handout
from tests.grading.judgement import fingerprint, rubric
from tests.grading.judgement.rubric import Rubric
from tests.grading.judgement.verdict import Record, Result, gradescope
from tests.grading.reports import changed
from tests.grading.reports.ledger import Ledger, LedgerError, chance
from tests.grading.reports.overrides import OverrideError, Overrides, applied
from tests.grading.reports.terminal import harmless
from tests.grading.sandbox import tiers
from tests.grading.sandbox.limits import measured_unit
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
    name: str  # of the assignment, on a platform
    absent: list[str]  # names of the roster without a hand-in
    strangers: list[str]  # hand-ins of nobody on the roster
    overrides: Overrides = field(default_factory=Overrides)
    before: tuple[dict[str, Any], list[Any]] = field(default_factory=lambda: ({}, []))  # people and changes until now

    @property
    def draw(self) -> str:
        """The draw in words."""
        return PUBLIC if self.seed is None else f"--seed {self.seed}"

    @property
    def about(self) -> dict[str, str]:
        """What pages and formats say of it."""
        suite = f"lmm-verification {importlib.metadata.version('lmm-verification')}, {fingerprint.suite()[:12]}"
        today = f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M}"
        return {
            "assignment": self.name,
            "draw": self.draw,
            "date": today,
            "suite": suite,
            "rubric": self.rubric.name,
            "words": self.rubric.names.line,
            "limits": f"{self.rubric.limits.unit:g} times the rubric's, as this machine takes so much longer than usual"
            if self.rubric.limits.unit > 1
            else "the rubric's",
        }

    def grading(self, handed_in: HandIn) -> Grading:
        """A run over one of them."""
        return Grading(replace(handed_in, earlier=()), self.rubric, self.tier, self.seed)

    @property
    def uploads(self) -> list[HandIn]:
        """All that is graded: hand-ins, and what the same people had handed in before."""
        return [one for last in self.handed_in for one in (*last.earlier, last)]

    def result(self, handed_in: HandIn, record: Record) -> Result:
        """Of a record, with the points that the teacher has decided on."""
        return applied(gradescope(record, self.rubric), self.overrides.of(handed_in))

    def header(self) -> list[str]:
        """What a run says first."""
        why = f" ({self.tier.remark})" if self.tier.remark else ""
        lines = [f"isolation: {self.tier.name}{why}", *([f"not closed: {self.tier.open}"] if self.tier.open else [])]
        public = ", which students can draw, too" if self.seed is None else ""
        limits = [f"limits of time: {self.about['limits']}"] if self.rubric.limits.unit > 1 else []
        return [*lines, f"examples: {self.draw}{public}", *limits]


NOT_SLOW = "not slow"  # what pyproject.toml says of -m
ASSIGNMENT = pytest.StashKey[Assignment]()


def refusal(said: str) -> pytest.UsageError:
    """One sentence, with whatever names."""
    return pytest.UsageError(harmless(said))


def through_the_door(config: pytest.Config) -> None:
    """Refuse a run that the door has not seen, and what is no option's value: neither is looked at by the door."""
    if not config.pluginmanager.has_plugin(door.PASSED):
        raise refusal(
            "this run did not come through the suite's door, and what lies beside a hand-in may have been taken for "
            f"configuration: {sys.executable} -m pip install '{door.SUITE}[test]', then {sys.executable} -m pytest "
            "--submission FILE"
        )
    if config.args_source == pytest.Config.ArgsSource.ARGS:
        raise refusal(f"{config.args[0]} stands alone: what is to be graded follows --submission")


def for_some_checks(config: pytest.Config) -> bool:
    """Whether the command line names checks, by words or by marks."""
    return bool(config.getoption("-k")) or config.getoption("-m") != NOT_SLOW


def for_a_class(config: pytest.Config) -> bool:
    """Whether a teacher asks: for a folder, for several files, or for what a platform or a cluster takes."""
    given = config.getoption
    options = ("--format", "--scheduler", "--roster")
    return handin.is_class(given("--submission")) or any(map(given, options))


def assignment(config: pytest.Config) -> Assignment:
    """Of the options; raises pytest.UsageError."""
    given, is_class = config.getoption, for_a_class(config)
    report = Path(given("--report")) if given("--report") else None
    if report and report.exists() and not report.is_dir():
        raise refusal(f"--report {report} is a file; expected a folder")
    if given("--format") and not report:
        raise refusal("--format goes with --report")
    if is_class and given("--seed") is not None and given("--seed") < 0:
        raise refusal(f"--seed {given('--seed')}; expected at least 0")
    try:
        chosen = rubric.load(Path(given("--rubric") or rubric.DEFAULT))
        chosen = replace(chosen, limits=replace(chosen.limits, unit=measured_unit()))
        roster = Roster.read(Path(given("--roster"))) if given("--roster") else Roster()
        own = [Path(given(option)) for option in ("--report", "--rubric", "--roster") if given(option)]
        handed_in = handin.taken(given("--submission"), roster, own, tuple(chosen.names.functions.values()))
        tier = _tier(given("--isolation"), is_class=is_class)
        overrides = Overrides.read(report, map(Path, given("--submission")), chosen) if report else Overrides()
        ledger = Ledger.of(report, list(map(Path, given("--submission")))) if report and is_class else None
    except (rubric.RubricError, IntakeError, LedgerError, OverrideError, RosterError) as error:
        raise refusal(str(error)) from None
    languages = {one.source.language for one in handed_in if one.source}
    if "R" in languages and tiers.r_unusable(tier.name):
        raise refusal(f"an R submission needs R: {tiers.r_unusable(tier.name)}; to install: {r.install()}")
    seed = given("--seed")
    if seed is None and is_class:
        seed = ledger.draw if ledger else chance()
    name = given("--assignment") or chosen.assignment
    there = {one.person for one in handed_in}
    absent = [person.name for person in roster.people if person not in there]
    strangers = [one.name for one in handed_in if roster.people and one.person not in roster.people]
    before = _before(report, given("--compare"))
    formats = given("--format") or []
    whose = absent, strangers
    return Assignment(handed_in, chosen, tier, seed, ledger, report, formats, name, *whose, overrides, before)


def _before(report: Path | None, older: str | None) -> tuple[dict[str, Any], list[Any]]:
    """What is known of the class's last run, in this report's folder or in another."""
    if older and not (Path(older).is_dir() and report):
        raise refusal(f"--compare {older} is no folder" if report else "--compare goes with --report")
    if older:
        return changed.kept(Path(older))[0], []
    return changed.kept(report) if report else ({}, [])


def handout(course: str | None, path: Path) -> Handout:
    """What a file to hand out follows; raises ValueError."""
    if course is None:
        return Handout()
    if path.suffix.lower() == COURSE.suffix:
        raise ValueError("a course file is written without --rubric")
    chosen = rubric.load(Path(course))
    return Handout(tuple(chosen.items), chosen.names, chosen.assignment, chosen.name)


def _tier(wanted: str, *, is_class: bool) -> Tier:
    if wanted == "none" and is_class:
        raise refusal("--isolation none is for one's own single file; a class needs bwrap or process")
    tier, why = tiers.best(wanted)
    if tier is None and wanted == "auto" and not is_class:
        return tiers.HOME
    if tier is None:
        in_wsl = "" if platform.system() == "Linux" else " (Linux works on Windows in WSL, on a Mac in a container)"
        raise refusal(f"--isolation {wanted} does not work here: {why}{in_wsl}")
    if tier.open and is_class and wanted == "auto":
        raise refusal(
            f"a class is not graded in the weakest tier unasked: {tier.open} ({tier.remark}). "
            "Install bubblewrap, or ask for it: --isolation process"
        )
    return tier
