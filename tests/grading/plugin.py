"""`pytest --submission FILE`: the options of grading, and how pytest's events become verdicts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase
from hypothesis.errors import FlakyFailure
from hypothesis.internal.conjecture import engine

from reference import r
from tests.contract import CONTRACT
from tests.grading import (
    classroom,
    content,
    copies,
    diagnosis,
    feedback,
    misconceptions,
    reports,
    rubric,
    sandbox,
    template,
)
from tests.grading.misconceptions import Misconception
from tests.grading.portrait import portrait
from tests.grading.submission import LANGUAGES, NotCalledError, Submission, printable
from tests.grading.verdict import Outcome, Verdict, gradescope
from tests.implementation import Implementation
from tests.peers import peer
from tests.peers.peer import PEER
from tests.selection import function_of, keep, owed
from tests.tolerances import SUBMISSION

EXERCISES = Path(__file__).parents[1] / "exercises"
EXAMPLES, SHRINKS = 8, 40
CLASS_FILES = ("gradebook.csv", "index.html", "nbgrader.csv", "canvas.csv")
STATE = pytest.StashKey["Grading"]()
GRADING: list["Grading"] = []  # for the hook that is not given a config


class Grading:
    """One run over one or more submissions."""

    def __init__(self, config: pytest.Config) -> None:
        """Take the options; raise pytest.UsageError with one sentence where they do not fit."""
        try:
            self.rubric = Path(config.getoption("--rubric") or rubric.DEFAULT)
            self.items, self.limits = rubric.load(self.rubric), rubric.limits(self.rubric)
        except rubric.RubricError as error:
            raise pytest.UsageError(str(error)) from None
        files = _files(config.getoption("--submission"))
        if any(LANGUAGES[file.suffix.lower()] == "R" for file in files.values()) and r.unavailable():
            raise pytest.UsageError(f"an R submission needs R: {r.unavailable()}; to install: {r.INSTALL}")
        tier, self.remark = sandbox.best_tier(config.getoption("--isolation"))
        if tier is None:
            raise pytest.UsageError(f"--isolation {config.getoption('--isolation')} does not work here: {self.remark}")
        self.tier = tier
        self.report = Path(config.getoption("--report")) if config.getoption("--report") else None
        if self.report and self.report.exists() and not self.report.is_dir():
            raise pytest.UsageError(f"--report {self.report} is a file; expected a folder")
        if config.getoption("--format") and not self.report:
            raise pytest.UsageError("--format goes with --report")
        self.seed, self.formats = config.getoption("--seed"), config.getoption("--format") or []
        self.files = files
        self.submissions = {name: Submission(file, tier, self.limits) for name, file in files.items()}
        self.verdicts = {name: Verdict(name, printable(file.name), tier) for name, file in files.items()}
        self.diagnosed: dict[tuple[str, str], Misconception | None] = {}

    def result(self, name: str) -> dict[str, Any]:
        """The result of one submission, of which every report is made."""
        fingerprint = content.fingerprint(self.files[name], self.rubric, self.tier, self.seed)
        return gradescope(self.verdicts[name], self.items, fingerprint)

    def judged(self, name: str, item: pytest.Item, error: BaseException | None) -> dict[str, Any]:
        """The outcome of one test in plain parts, which also travel between processes of pytest-xdist."""
        function, submission = function_of(item), self.submissions[name]
        outcome = {
            "name": name,
            "function": function,
            "test": item.nodeid,
            "passed": error is None,
            "ordinary": item.get_closest_marker("ordinary") is not None,
            "feedback": "",
            "slug": None,
            "picture": None,
        }
        if error is not None:
            if (name, function) not in self.diagnosed:
                self.diagnosed[name, function] = _diagnosis(function, submission)
                outcome["picture"] = portrait(function, submission)
            found = self.diagnosed[name, function]
            calls = item.funcargs["impl"].calls  # type: ignore[attr-defined]
            shown = calls[-1] if calls and not isinstance(error, NotCalledError) else None
            outcome["feedback"] = feedback.told(_message(error), shown, LANGUAGES[submission.path.suffix.lower()])
            outcome["slug"] = found.slug if found else None
        return outcome

    def note(self, name: str, slug: str | None, picture: list[Any] | None, **outcome: Any) -> None:
        """Add an outcome to its verdict."""
        verdict = self.verdicts[name]
        if picture:
            verdict.pictures[outcome["function"]] = picture
        verdict.outcomes.append(Outcome(**outcome))
        verdict.outcomes.sort(key=lambda noted: noted.test)
        if slug:
            function = outcome["function"]
            verdict.diagnoses[function] = next(m for m in misconceptions.of(function) if m.slug == slug)


def _files(wanted: list[str]) -> dict[str, Path]:
    """The files to grade by the name that they are reported under.

    The stem, or the whole name where stems clash, numbered where that clashes too; never one that leaves
    the report's folder or is the gradebook's.
    """
    files: list[Path] = []
    for entry in map(Path, wanted):
        if entry.is_dir():
            inside = sorted(file for file in entry.iterdir() if file.suffix.lower() in LANGUAGES and not file.is_dir())
            if not inside:
                raise pytest.UsageError(f"submission {entry} is a folder without a .py or .R file")
            files += inside
        elif not (entry.exists() or entry.is_symlink()):
            raise pytest.UsageError(f"submission {entry} does not exist")
        elif entry.suffix.lower() not in LANGUAGES:
            raise pytest.UsageError(f"submission {entry} is neither a .py nor a .R file")
        else:
            files.append(entry)
    files = list(dict.fromkeys(files))
    stems = [file.stem for file in files]
    names: dict[str, Path] = {}
    for file in files:
        name = printable(file.stem if stems.count(file.stem) == 1 else file.name)
        name = (
            f"_{name}"
            if name.strip(".") == "" or name.startswith(("gradebook.csv", "index.html", "nbgrader.csv", "canvas.csv"))
            else name
        )
        alike = sum(known == name or known.rpartition("~")[0] == name for known in names)
        names[f"{name}~{alike + 1}" if alike else name] = file
    return names


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With -n or a cluster, a class: this process deals out the submissions, and runs no test itself."""
    wanted = config.getoption("numprocesses", None) or config.getoption("--scheduler")
    if not config.getoption("--submission") or not wanted or hasattr(config, "workerinput"):
        return None
    if len(_files(config.getoption("--submission"))) == 1 and not config.getoption("--scheduler"):
        return None
    grading = Grading(config)
    run = classroom.Class(
        files=grading.files,
        items=grading.items,
        limits=grading.limits,
        rubric=grading.rubric.absolute(),
        tier=grading.tier,
        seed=grading.seed,
        report=grading.report,
        formats=grading.formats,
        processes=wanted if isinstance(wanted, int) else len(os.sched_getaffinity(0)),  # "auto"
        remark=grading.remark,
        scheduler=config.getoption("--scheduler"),
    )
    try:
        return run.run()
    except KeyboardInterrupt:
        goes_on = "; the same command goes on from here" if grading.report else ""
        print(f"\nstopped with {len(run.lines)} of {len(run.files)} graded{goes_on}")
        return int(pytest.ExitCode.INTERRUPTED)


def pytest_configure(config: pytest.Config) -> None:
    """Choose between validating lmm_core and grading."""
    if config.getoption("--write-template"):
        path = Path(config.getoption("--write-template"))
        try:
            template.write(path)
        except (OSError, ValueError) as error:
            raise pytest.UsageError(f"--write-template {path}: {error}") from None
        pytest.exit(f"wrote {path}", returncode=0)
    for option in ("--report", "--rubric", "--seed", "--format", "--scheduler"):
        if config.getoption(option) is not None and not config.getoption("--submission"):
            raise pytest.UsageError(f"{option} goes with --submission")
    if not config.getoption("--submission"):
        return
    config.stash[STATE] = Grading(config)
    GRADING[:] = [config.stash[STATE]]
    chosen = [CONTRACT[name] for name in config.stash[STATE].items]
    config.args[:] = [str(EXERCISES / f"test_{f.exercise.replace('.', '_')}_{f.name}.py") for f in chosen]
    config.option.tbstyle, config.option.reportchars = "no", ""  # the feedback below takes their place
    few_examples(config.getoption("--seed"))


def few_examples(seed: int | None = None) -> None:
    """Hypothesis as others than lmm_core are judged: the same few draws every time, shrunk a little."""
    hypothesis.settings.register_profile(
        "submission",
        max_examples=EXAMPLES,
        derandomize=seed is None,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("submission")
    hypothesis.core.global_force_seed = seed
    engine.MAX_SHRINKS = SHRINKS  # a minimum of a few rows is small enough, and a call costs a millisecond


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is judged and how it is confined."""
    grading = config.stash.get(STATE, None)
    if grading is None:
        return []
    why = f" ({grading.remark})" if grading.remark else ""
    return [f"submissions: {len(grading.submissions)}", f"isolation: {grading.tier}{why}"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One instance of every test for each submission."""
    grading = metafunc.config.stash.get(STATE, None)
    if grading is not None and "impl" in metafunc.fixturenames:
        metafunc.parametrize("impl", list(grading.submissions), indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A submission is not asked for what judges lmm_core alone, nor for what the rubric leaves out."""
    grading = config.stash.get(STATE, None)
    if grading is None:
        return
    keep(config, items, lambda item: owed(item) and function_of(item) in grading.items)
    order = {name: i for i, name in enumerate(grading.submissions)}
    items.sort(key=lambda item: order[item.callspec.params["impl"]])  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def impl(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    """The implementation under test: a submission in its worker, or a trusted one, lmm_core if none is named."""
    grading = request.config.stash.get(STATE, None)
    if grading is None:
        yield request.config.stash.get(PEER, peer.core()).implementation()
    else:
        yield Implementation(request.param, grading.submissions[request.param], SUBMISSION)
        grading.submissions[request.param].close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Replace the traceback of a graded test by what the student is to read."""
    report = yield
    grading = item.config.stash.get(STATE, None)
    if grading is None:
        return report
    name = item.callspec.params["impl"]  # type: ignore[attr-defined]
    if report.when == "call":
        report.outcome_of_submission = grading.judged(name, item, call.excinfo.value if call.excinfo else None)
        if report.failed:
            report.longrepr = report.outcome_of_submission["feedback"]
            report.sections = []
    elif report.when == "teardown" and grading.submissions[name].closed:
        report.printed_by_submission = [name, grading.submissions[name].output]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect outcomes where the reports come together: here, or from the processes of pytest-xdist."""
    grading = GRADING[0] if GRADING else None
    if grading is None:
        return
    if hasattr(report, "outcome_of_submission"):
        grading.note(**report.outcome_of_submission)
    if hasattr(report, "printed_by_submission"):
        name, text = report.printed_by_submission
        grading.verdicts[name].printed = max(grading.verdicts[name].printed, text, key=lambda t: (len(t), t))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table: exercise, points, diagnosis."""
    grading = config.stash.get(STATE, None)
    if grading is None:
        return
    results = [grading.result(name) for name in grading.files]
    for line in [line for result in results for line in reports.explanation(result)]:
        terminalreporter.write_line(line)
    terminalreporter.section("points")
    for line in [line for result in results for line in reports.table(result)]:
        terminalreporter.write_line(line)
    if grading.report:
        terminalreporter.write_line(f"reports: {grading.report}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, and leave no worker behind."""
    grading = session.config.stash.get(STATE, None)
    if grading is None:
        return
    for submission in grading.submissions.values():
        submission.close()
    is_whole = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if grading.report and is_whole and not hasattr(session.config, "workerinput"):  # of pytest-xdist
        results = {name: grading.result(name) for name in grading.files}
        for name, result in results.items():
            reports.write_result(grading.report, name, result)
        lines = [reports.Line.of(name, result) for name, result in results.items()]
        reports.write_class(grading.report, lines, grading.formats, copies.copies(grading.files))


def _diagnosis(function: str, submission: Submission) -> Misconception | None:
    """A diagnosis is a help: whatever numbers it stumbles over, the grading goes on without it."""
    try:
        with np.errstate(all="ignore"):
            return diagnosis.diagnosed(function, submission)
    except Exception:
        return None


def _message(error: BaseException) -> str:
    if isinstance(error, FlakyFailure):
        return "the function does not give the same answer twice for the same input"
    if isinstance(error, AssertionError):
        return str(error)
    return f"the check itself stopped on this answer ({type(error).__name__}: {str(error)[:200]})"


assert set(rubric.load()) == set(CONTRACT), "the default rubric covers the contract"
