"""`pytest --implementation FILE`, with `--scoreboard FILE.md` beside it or alone."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.contract import EVERY
from tests.grading.examples import few_examples
from tests.grading.reports import feedback
from tests.implementation import Call, Implementation
from tests.peers import dialogue, peer, scoreboard
from tests.peers.census import Census, Counting
from tests.peers.peer import PEER, Peer
from tests.selection import EXERCISES, asked_of_packages, function_of, keep

CENSUS = pytest.StashKey["Census"]()
MOST_LINES = 30  # of a failure
SHORT = 110  # characters of a reason


def pytest_configure(config: pytest.Config) -> None:
    """Load the implementation, or write the scoreboard."""
    judged = _loaded(config)
    if config.getoption("--scoreboard"):
        _write_digits(Path(config.getoption("--scoreboard")), judged)
        config.stash[CENSUS] = census = Census()
        judged = judged or peer.core()  # who is asked what the census counts
        judged = replace(judged, backend=Counting(judged.backend, census))
    if judged is None:
        return
    config.stash[PEER] = judged
    namespace = config.known_args_namespace
    namespace.pythonwarnings = ["default", *(namespace.pythonwarnings or [])]  # a package may warn
    if not (config.getoption("--hypothesis-profile") or os.environ.get("HYPOTHESIS_PROFILE")):
        few_examples()
    if config.args == config.getini("testpaths"):
        config.args[:] = [str(EXERCISES)]


def _write_digits(path: Path, judged: Peer | None) -> None:
    try:
        path.touch()
    except OSError as error:
        raise pytest.UsageError(f"--scoreboard {path} cannot be written: {error.strerror}") from None
    peers = [peer.core(), judged] if judged else scoreboard.present()
    tables = [scoreboard.table(peers), scoreboard.second_table(peers)]
    path.write_text("\n\n".join(tables) + "\n", encoding="utf-8")


def _loaded(config: pytest.Config) -> Peer | None:
    if not config.getoption("--implementation"):
        if config.getoption("--least") is not None:
            raise pytest.UsageError("--least goes with --implementation")
        return None
    if config.getoption("--submission"):
        raise pytest.UsageError("--implementation judges a trusted file, --submission one that is not: choose one")
    try:
        return peer.load(Path(config.getoption("--implementation"))).asking(config.getoption("--least"))
    except peer.PeerError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What the implementation owes; what it does not offer is skipped, what it is known to fail must fail.

    First of all, for of declared names those count that -k and -m leave out.
    """
    judged = config.stash.get(PEER, None)
    if judged is None:
        return
    keep(config, items, asked_of_packages)
    known = judged.declared.known_failures
    names = {item.name for item in items} | {item.name.partition("[")[0] for item in items}
    for name in known if config.args == [str(EXERCISES)] else ():
        if name not in names:
            raise pytest.UsageError(f"{judged.name} declares the failure of {name}, which is no test of this run")
    for item in items:
        reason = known.get(item.name) or known.get(item.name.partition("[")[0])
        if not judged.offers(function_of(item)):
            item.add_marker(pytest.mark.skip(reason=f"not offered by {judged.version}"))
        elif not judged.by_ml and item.get_closest_marker("ml"):
            item.add_marker(pytest.mark.skip(reason=f"fit_mixed by ML is not offered by {judged.version}"))
        elif judged.declared.df != "satterthwaite" and item.get_closest_marker("satterthwaite"):
            item.add_marker(pytest.mark.skip(reason=f"{judged.version} has df of {judged.declared.df}"))
        elif reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Ordinary data are asked for the digits named; where every example is refused by design, nothing is judged."""
    judged, impl = pyfuncitem.config.stash.get(PEER, None), pyfuncitem.funcargs.get("impl")
    if judged is not None and impl is not None:
        ordinary = any(map(pyfuncitem.get_closest_marker, ("ordinary", "digits")))
        impl.tolerances = judged.on_ordinary_data if ordinary else judged.tolerances
    try:
        return (yield)
    except hypothesis.errors.Unsatisfiable:
        if PEER not in pyfuncitem.config.stash:
            raise
        return pytest.skip("refuses all of these data by design")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Reports know which function they are about, also when they travel between processes; a failure is short."""
    report = yield
    report.judges = function_of(item)
    judged = item.config.stash.get(PEER, None)
    if judged is not None and report.failed and report.when == "call" and call.excinfo is not None:
        report.longrepr = _failure(judged, item.funcargs["impl"], call.excinfo.value)  # type: ignore[attr-defined]
    return report


def _failure(judged: Peer, impl: Implementation, error: BaseException) -> str:
    """The claim, got, expected, how much is forgiven, and a call that shows it where it is small enough to read."""
    said = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
    lines = said.splitlines()[:MOST_LINES]
    for shown in (_example(call, judged.language) for call in impl.calls[-1:]):
        example = ["", *shown.splitlines()] if shown else []
        lines += example if len(lines) + len(example) <= MOST_LINES else []
    return "\n".join(lines)


def _example(call: Call, language: str) -> str:
    """What shows a failure: lines to paste, or the line that a program is to be sent."""
    shown = feedback.example(call, language)
    if language == "JSON lines":
        return f"To see it, send the program:\n{dialogue.question(1, call.name, call.arguments)}" if shown else ""
    return f"To see it, paste:\n{shown}" if shown else ""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table: exercise, function, how its tests ended; and the failures as declarations, ready to paste."""
    judged = config.stash.get(PEER, None)
    if judged is None:
        return
    ended: dict[str, Counter[str]] = {name: Counter() for name in EVERY}
    words = {"passed": "passed", "failed": "failed", "error": "failed", "xfailed": "known failures"}
    for outcome, word in words.items():
        for report in terminalreporter.stats.get(outcome, []):
            ended[report.judges][word] += 1
    terminalreporter.section(judged.version)
    for name, function in EVERY.items():
        said = ", ".join(f"{count} {word}" for word, count in ended[name].items()) or "no tests in this run"
        terminalreporter.write_line(
            f"  {function.exercise}  {name:<22} {said if judged.offers(name) else 'not offered'}"
        )
    for remark in judged.remarks:
        terminalreporter.write_line(f"  {remark}")
    asked = judged.on_ordinary_data.digits()
    more = "" if judged.least else "; --least N asks for N of each"
    terminalreporter.write_line(f"  digits asked on ordinary data: {asked}{more}")
    _report_census(terminalreporter, config)
    failed = {_test(report): _reason(str(report.longrepr)) for report in terminalreporter.stats.get("failed", [])}
    if failed:
        still = {_test(report): report.wasxfail for report in terminalreporter.stats.get("xfailed", [])}
        for line in declaration(judged.language, still | failed):
            terminalreporter.write_line(line)


def _report_census(terminalreporter: Any, config: pytest.Config) -> None:
    census = config.stash.get(CENSUS, None)
    if census is None:
        return
    path = Path(config.getoption("--scoreboard"))
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{census.table()}\n", encoding="utf-8")
    terminalreporter.section("what was asked")
    for line in census.table().splitlines():
        terminalreporter.write_line(line)
    for line in census.not_asked():
        terminalreporter.write_line(f"  not asked: {line}")
    terminalreporter.write_line(f"wrote {path}")


def declaration(language: str, failures: dict[str, str]) -> list[str]:
    """KNOWN_FAILURES of these tests and reasons."""
    if language == "R":
        entries = ",\n".join(f"  `{test}` = {_quoted(why)}" for test, why in failures.items())
        text = f"KNOWN_FAILURES <- list(\n{entries}\n)"
    elif language == "JSON lines":
        text = "[known_failures]\n" + "\n".join(f"{_quoted(test)} = {_quoted(why)}" for test, why in failures.items())
    else:
        entries = "".join(f"    {_quoted(test)}: {_quoted(why)},\n" for test, why in failures.items())
        text = f"KNOWN_FAILURES = {{\n{entries}}}"
    return ["", "To declare what fails, paste, and say why:", *text.splitlines()]


def _test(report: Any) -> str:
    return str(report.nodeid).partition("::")[2]


def _reason(said: str) -> str:
    claim, _, rest = said.partition("\n")
    got = next((line.split(maxsplit=1)[1] for line in rest.splitlines() if line.startswith("  got ")), "")
    return (f"{claim}: got {got}" if got else claim)[:SHORT]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', "'") + '"'
