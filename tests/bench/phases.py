"""A plugin (`-p tests.bench.phases`) that writes where the time of a grading run goes, in seconds, to $PHASES."""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.grading.sandbox.submission import Submission

BEGAN = float(os.environ["BEGAN"])  # time.time() when the process was started
PHASES: Counter[str] = Counter()


def _timed(name: str, method: Any) -> Any:
    def wrapped(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            PHASES[name] += time.perf_counter() - began

    return wrapped


Submission._started = _timed("sandbox", Submission._started)  # type: ignore[method-assign]
Submission._asked = _timed("calls", Submission._asked)  # type: ignore[method-assign]


def pytest_collection_finish() -> None:
    """Imports, options and collection are over."""
    PHASES["start"] = time.time() - BEGAN


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Any:
    """What is neither the sandbox nor in it: hypothesis, pytest, expected values, comparisons."""
    began = time.perf_counter()
    result = yield
    PHASES["tests"] = time.perf_counter() - began - PHASES["sandbox"] - PHASES["calls"]
    return result


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish() -> Any:
    """Reports are written here."""
    began = time.perf_counter()
    result = yield
    PHASES["report"] = time.perf_counter() - began
    Path(os.environ["PHASES"]).write_text(json.dumps(PHASES))
    return result
