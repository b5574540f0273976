"""`pytest --implementation FILE` and `pytest --scoreboard FILE.md`."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.contract import CONTRACT
from tests.grading.examples import few_examples
from tests.peers import peer, scoreboard
from tests.peers.peer import PEER
from tests.selection import EXERCISES, function_of, keep, owed


def pytest_configure(config: pytest.Config) -> None:
    """Load the implementation, or write the scoreboard."""
    if config.getoption("--scoreboard"):
        path = Path(config.getoption("--scoreboard"))
        try:
            path.touch()
        except OSError as error:
            raise pytest.UsageError(f"--scoreboard {path} cannot be written: {error.strerror}") from None
        path.write_text(scoreboard.table(scoreboard.present()) + "\n", encoding="utf-8")
        pytest.exit(f"wrote {path}", returncode=0)
    if not config.getoption("--implementation"):
        return
    if config.getoption("--submission"):
        raise pytest.UsageError("--implementation judges a trusted file, --submission one that is not: choose one")
    try:
        config.stash[PEER] = peer.load(Path(config.getoption("--implementation")))
    except peer.PeerError as error:
        raise pytest.UsageError(str(error)) from None
    if not (config.getoption("--hypothesis-profile") or os.environ.get("HYPOTHESIS_PROFILE")):
        few_examples()
    if config.args == config.getini("testpaths"):
        config.args[:] = [str(EXERCISES)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What the implementation owes; what it does not offer is skipped, what it is known to fail must fail."""
    judged = config.stash.get(PEER, None)
    if judged is None:
        return
    keep(config, items, owed)
    names = {item.name for item in items} | {item.name.partition("[")[0] for item in items}
    for name in judged.known_failures:
        if name not in names:
            raise pytest.UsageError(f"{judged.name} declares the failure of {name}, which is no test of this run")
    for item in items:
        reason = judged.known_failures.get(item.name) or judged.known_failures.get(item.name.partition("[")[0])
        if not judged.offers(function_of(item)):
            item.add_marker(pytest.mark.skip(reason=f"not offered by {judged.version}"))
        elif reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table: exercise, function, and how its tests ended."""
    judged = config.stash.get(PEER, None)
    if judged is None:
        return
    ended: dict[str, Counter[str]] = {name: Counter() for name in CONTRACT}
    words = {"passed": "passed", "failed": "failed", "error": "failed", "xfailed": "known failures"}
    for outcome, word in words.items():
        for report in terminalreporter.stats.get(outcome, []):
            ended[report.judges][word] += 1
    terminalreporter.section(judged.version)
    for name, function in CONTRACT.items():
        said = ", ".join(f"{count} {word}" for word, count in ended[name].items()) or "no tests in this run"
        terminalreporter.write_line(
            f"  {function.exercise}  {name:<22} {said if judged.offers(name) else 'not offered'}"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Reports know which function they are about, also when they travel between processes."""
    report = yield
    report.judges = function_of(item)
    return report
