"""Regression checks: `--accuracy FILE.json` writes what a run measured, `--baseline FILE.json` compares.

Measured are, for every test, how it ended and how many digits each of its comparisons had at worst: the
log relative error of `assert_close`, which every tolerance lets pass where it is above the tolerance's own.
"""

import importlib.metadata
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import assertions
from tests.peers.peer import PEER

SCHEMA = 1
LOST = 0.5  # digits
PACKAGES = ("numpy", "scipy", "pandas", "hypothesis", "pytest")
RUN = pytest.StashKey["Run"]()
RUNS: list["Run"] = []  # for the hook that is not given a config


@dataclass
class Run:
    """How every test ended, and its digits by claim; and the baseline's, where there is one."""

    tests: dict[str, dict[str, Any]] = field(default_factory=dict)
    baseline: dict[str, dict[str, Any]] | None = None

    def regressions(self) -> list[str]:
        """What makes the run fail: a test that passed fails or is skipped, a new one fails, a quantity lost digits."""
        return [line for line, is_loss in self._changes() if is_loss]

    def changes(self) -> list[str]:
        """Every line of the table of changes."""
        return [line for line, _ in self._changes()]

    def _changes(self) -> list[tuple[str, bool]]:
        found = []
        for name, now in sorted(self.tests.items()):
            before = (self.baseline or {}).get(name, {"outcome": "not there", "digits": {}})
            if now["outcome"] != before["outcome"] and (before["outcome"] != "not there" or now["outcome"] == "failed"):
                is_loss = now["outcome"] == "failed" or (before["outcome"], now["outcome"]) == ("passed", "skipped")
                found.append((f"{name}: {before['outcome']} -> {now['outcome']}", is_loss))
            for claim, digits in now["digits"].items():
                lost = before["digits"].get(claim, digits) - digits
                if abs(lost) > LOST:
                    was = before["digits"][claim]
                    found.append((f"{name}: {claim}: {was:.1f} -> {digits:.1f} digits", lost > 0))
        return found


def pytest_configure(config: pytest.Config) -> None:
    """Read the baseline before anything runs."""
    if config.getoption("--accuracy") or config.getoption("--baseline"):
        config.stash[RUN] = Run(baseline=_read(config.getoption("--baseline")))
        RUNS[:] = [config.stash[RUN]]
        if config.getoption("--accuracy") and not Path(config.getoption("--accuracy")).absolute().parent.is_dir():
            raise pytest.UsageError(f"--accuracy {config.getoption('--accuracy')}: there is no such folder")


def _read(path: str | None) -> dict[str, dict[str, Any]] | None:
    if path is None:
        return None
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"its schema is {content['schema']}; expected {SCHEMA}")
        return dict(content["tests"])
    except OSError as error:
        raise pytest.UsageError(f"--baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise pytest.UsageError(f"--baseline {path} was not written by --accuracy: {error}") from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Any:
    """Start each test without digits."""
    assertions.DIGITS.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[Any]) -> Any:
    """The report takes the digits along, also between processes."""
    report = yield
    if call.when == "call":
        report.digits = {claim: round(digits, 2) for claim, digits in assertions.DIGITS.items()}
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how the test ended; a setup that is skipped or fails is its end, too."""
    if not RUNS or (report.when != "call" and report.passed):
        return
    outcome = report.outcome if not hasattr(report, "wasxfail") else "known failure"
    RUNS[0].tests[report.nodeid] = {"outcome": outcome, "digits": getattr(report, "digits", {})}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file; with a baseline, the comparison alone decides the exit status."""
    run = session.config.stash.get(RUN, None)
    if run is None or hasattr(session.config, "workerinput"):
        return
    if path := session.config.getoption("--accuracy"):
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        judged = session.config.stash.get(PEER, None)
        content = {"schema": SCHEMA, "versions": versions, "loaded": judged.loaded() if judged else {}}
        content["tests"] = dict(sorted(run.tests.items()))
        Path(path).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if run.baseline is not None and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED if run.regressions() else pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table of changes."""
    run = config.stash.get(RUN, None)
    if run is None or run.baseline is None:
        return
    terminalreporter.section("changes against the baseline")
    lost = set(run.regressions())
    for line in run.changes():
        terminalreporter.write_line(f"  {'LOST ' if line in lost else '     '} {line}")
    compared = len(set(run.tests) & set(run.baseline))
    terminalreporter.write_line(f"  {len(lost)} lost of {compared} tests compared")
