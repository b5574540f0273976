"""`pytest --submission FILE`: pytest's events, as the stages of grading need them."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from reference import exact
from tests.grading import asked, closing, remembered
from tests.grading.classroom import Class
from tests.grading.examples import DRAWN, check, drawn, few_examples, is_property
from tests.grading.intake import template
from tests.grading.reports import terminal, written
from tests.grading.reports.lines import Line
from tests.grading.sandbox import scratch
from tests.grading.session import STATE, Grading
from tests.implementation import Implementation
from tests.peers import peer
from tests.peers.peer import PEER
from tests.selection import file_of, function_of, keep, owed

SILENT = -2  # no header, no count of tests: the first line of a run is what is right
ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
UNWRITTEN = pytest.StashKey[str]()  # what could not be written, and why
SAID = pytest.StashKey[list[str]]()  # of what was


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """A template is written, and a class's submissions are dealt out, without a test in this process."""
    if config.getoption("--write-template"):
        return _handed_out(Path(config.getoption("--write-template")), config.getoption("--rubric"))
    processes = config.getoption("numprocesses", None)  # of pytest-xdist: a number, or "auto"
    if not config.getoption("--submission"):
        return None
    asked.through_the_door(config)
    if scratch.lacking():
        raise asked.refusal(scratch.lacking())
    _end_as_by_ctrl_c()
    if not (asked.for_a_class(config) or processes):
        return None
    if asked.for_some_checks(config):
        raise asked.refusal("-k and -m show a student some checks of one file; a class is graded by all of them")
    names = ", ".join(Path(path).name for path in config.getoption("--submission"))
    print(terminal.harmless(f"reading {names}"), flush=True)
    assignment = asked.assignment(config)
    run = Class(
        assignment,
        processes=(os.cpu_count() or 1) if processes == "auto" else processes or 1,
        scheduler=config.getoption("--scheduler"),
    )
    try:
        return run.run()
    except written.WriteError as error:
        raise asked.refusal(str(error)) from None
    except KeyboardInterrupt:
        goes_on = "; the same command goes on from here" if assignment.report else ""
        print(f"\nstopped with {len(run.records)} of {len(assignment.uploads)} graded{goes_on}")
        return int(pytest.ExitCode.INTERRUPTED)


def pytest_configure(config: pytest.Config) -> None:
    """Choose between validating lmm_core and grading."""
    options = ("--report", "--rubric", "--seed", "--format", "--scheduler", "--roster", "--assignment", "--compare")
    for option in options:
        if config.getoption(option) is not None and not config.getoption("--submission"):
            raise pytest.UsageError(f"{option} goes with --submission")
    if config.getoption("--submission") and STATE not in config.stash:
        assignment = asked.assignment(config)
        one = assignment.handed_in[0]
        if one.refused:
            raise asked.refusal(one.refused)
        config.stash[STATE] = assignment.grading(one)
        config.stash[STATE].submission.begin()  # it loads while the tests are collected
        config.stash[asked.ASSIGNMENT] = assignment
    grading = config.stash.get(STATE, None)
    if grading is None:
        return
    config.args[:] = map(file_of, grading.rubric.items)
    config.option.tbstyle, config.option.reportchars = "no", ""  # the feedback below takes their place
    config.option.verbose = config.option.verbose or SILENT
    few_examples(grading.seed)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where somebody looks on, say what the wait is for; the line goes when there is something to read."""
    if asked.ASSIGNMENT in session.config.stash:
        _say_for_a_while(session.config, f"{session.config.stash[STATE].handed_in.file} is being checked ...")


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """No dot for a check of a submission."""
    return (report.outcome, "", "") if STATE in config.stash and config.option.verbose == SILENT else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Any:
    """A submission is not asked for what judges lmm_core alone, nor for what the rubric leaves out.

    What is hidden comes last, so that nothing that is shown was written by one who had seen it. Whatever else has a
    hand in what is run, and in which order, what is owed is noted before it, and the order is made after it.
    """
    grading = config.stash.get(STATE, None)
    if grading is None:
        return (yield)
    functions = grading.rubric.items
    keep(config, items, lambda item: owed(item) and function_of(item) in functions)
    items.sort(key=lambda item: functions[function_of(item)].visibility != "visible")
    grading.owed = [item.nodeid for item in items]
    result = yield
    items.sort(key=lambda item: grading.owed.index(item.nodeid))
    return result


@pytest.fixture(scope="session")
def impl(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    """The implementation under test: a submission in its worker, or a trusted one, lmm_core if none is named."""
    grading = request.config.stash.get(STATE, None)
    if grading is None:
        yield request.config.stash.get(PEER, peer.core()).implementation()
    else:
        yield grading.implementation()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Any:
    """Draw while the submission is loaded, if no run has done so; afterwards keep the right answers, too."""
    grading = session.config.stash.get(STATE, None)
    if grading is None:
        return (yield)
    is_public = grading.seed is None and not grading.tier.open
    if is_public:
        remembered.recall()
    known = len(DRAWN)
    for item in filter(is_property, session.items):
        drawn(cast("pytest.Function", item))
    if is_public and len(DRAWN) > known:
        remembered.keep_examples()
    known = len(exact.ANSWERS)
    result = yield
    if is_public and len(exact.ANSWERS) > known:
        remembered.keep_answers()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Examples are drawn once for all submissions; one small example is enough for a function that is wrong."""
    grading = pyfuncitem.config.stash.get(STATE, None)
    if grading is None or not is_property(pyfuncitem):
        return None
    check(pyfuncitem, smallest=not grading.has_failed(function_of(pyfuncitem)))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Take the outcome; replace the traceback by what the student is to read."""
    report = yield
    grading = item.config.stash.get(STATE, None)
    if grading is not None and report.when == "call":
        told = grading.note(item, call.excinfo.value if call.excinfo else None)
        if report.failed:
            report.longrepr, report.sections = told, []
    return report


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """The table: exercise, points, diagnosis."""
    assignment = config.stash.get(asked.ASSIGNMENT, None)
    if assignment is None:
        return
    grading = config.stash[STATE]
    is_told = grading.is_whole or exitstatus in ENDED
    result = assignment.result(grading.handed_in, grading.record) if is_told else {}
    for line in terminal.explanation(result, is_whole=grading.is_whole) if is_told else ():
        terminalreporter.write_line(line)
    terminalreporter.section("points")
    shown = terminal.table(result) if grading.is_whole else [grading.left_out]
    for line in [*shown, *assignment.header()]:
        terminalreporter.write_line(line)
    for line in config.stash.get(SAID, []):
        terminalreporter.write_line(terminal.harmless(line))
    if assignment.report and grading.is_whole:
        said = config.stash.get(UNWRITTEN, "")
        terminalreporter.write_line(terminal.harmless(f"ERROR: {said}" if said else f"reports: {assignment.report}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, and leave no worker behind."""
    grading = session.config.stash.get(STATE, None)
    if grading is None:
        return
    config = session.config
    assignment = config.stash.get(asked.ASSIGNMENT, None)
    if session.exitstatus in ENDED:
        grading.record  # noqa: B018 - its diagnoses ask the submission more
    grading.submission.close()
    if not grading.is_whole and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if assignment and assignment.report and grading.is_whole:
        try:
            config.stash[SAID] = _write(assignment, grading)
        except written.WriteError as error:
            config.stash[UNWRITTEN], session.exitstatus = str(error), pytest.ExitCode.USAGE_ERROR
    if assignment:
        _say_for_a_while(config, "")


def _say_for_a_while(config: pytest.Config, words: str) -> None:
    """In a terminal's line that the next words take; pytest ends that line after the last test."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.isatty:
        reporter.rewrite("", erase=True)
        reporter.rewrite(terminal.harmless(words))


def _end_as_by_ctrl_c() -> None:
    """A scheduler's SIGTERM and a closed terminal; what is ignored, as nohup does, stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _write(assignment: asked.Assignment, grading: Grading) -> list[str]:
    """The report of one file; sentences that its reader should know."""
    assert assignment.report is not None
    name, result = grading.handed_in.name, assignment.result(grading.handed_in, grading.record)
    one, names = grading.handed_in, grading.rubric.names
    kept = written.write_result(assignment.report, name, result, assignment.name, one, names, is_class=False)
    lines = [Line.of(name, result)]
    return [*map(closing.told, kept), *closing.close(assignment, lines, {name: result}, {name: one})]


def _handed_out(path: Path, course: str | None) -> int:
    try:
        template.write(path, asked.handout(course, path))
    except FileExistsError:
        raise pytest.UsageError(f"--write-template {path}: this file is there already") from None
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--write-template {path}: {error}") from None
    print(f"wrote {path}", *template.needs(path), sep="\n")
    return 0


def pytest_unconfigure() -> None:
    """Leave nothing on disk."""
    scratch.remove()
