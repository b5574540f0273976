"""`python -m tests.bench.timeline BEGAN FILE`: where the time of grading one file goes, as JSON on standard error.

BEGAN is when Python was started. By stage, the second at which it ends; and of the worker, which runs beside the
grader, the seconds of the processor until the file was loaded, and until the last check was made.
"""

import json
import sys
import time
from typing import Any

import pytest

from tests.grading.sandbox import clock
from tests.grading.sandbox.submission import Submission
from tests.grading.session import STATE


class Stages:
    """A plugin that notes when each stage of a run ends."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.ends: dict[str, float] = {}
        self.worker: dict[str, float] = {}

    def note(self, stage: str) -> None:
        """It ends now."""
        self.ends[stage] = time.time() - self.began

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """The file is read, a tier is chosen, its worker runs."""
        self.note("imports")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """It is known which checks are owed."""
        self.note("collecting")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The first check is made, and by and by the last."""
        if report.when == "call":
            self.ends.setdefault("examples, first check", time.time() - self.began)
            self.note("other checks")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Before the worker is gone."""
        self.worker["all"] = used(session.config.stash[STATE].submission)


def used(submission: Submission) -> float:
    """Seconds of the processor, of its worker."""
    watch = submission._watch
    return clock._processor_seconds(clock._family(watch._roots)) if isinstance(watch, clock.Watch) else 0.0


def main(began: str, *arguments: str) -> int:
    """Grade, and tell."""
    stages = Stages(float(began))
    loaded = Submission._loaded

    def noted(self: Submission) -> Any:
        said = loaded(self)
        stages.worker["loading"] = used(self)  # of the last one that is loaded, which has the file
        return said

    Submission._loaded = noted  # type: ignore[method-assign]
    status = pytest.main(list(arguments), plugins=[stages])
    stages.note("points")
    print(json.dumps({"ends": stages.ends, "worker": stages.worker}), file=sys.stderr)
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
