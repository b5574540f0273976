"""The first worker of a run, which shows whether a tier works: it starts while the grader's own imports go on."""

import atexit
import shutil
import sys
from contextlib import suppress

from tests.grading.intake.source import Source
from tests.grading.sandbox import launch
from tests.grading.sandbox.launch import Worker
from tests.grading.sandbox.limits import Limits

PROBE = Source.of(
    "Python",
    """
import os
with open("/proc/self/status") as status:
    fields = dict(line.split(":", 1) for line in status)
def denominator_df(data):
    uid = os.getuid()
    capabilities = int(fields["CapEff"], 16)
    return -1 if uid == 0 or capabilities else len(data)
""",
)
_STARTED: dict[str, Worker] = {}  # by tier


def begin(arguments: list[str]) -> None:
    """Start it where these arguments, as the door puts them right, ask for grading."""
    options = dict(argument.partition("=")[::2] for argument in arguments)
    if sys.platform != "linux" or "--submission" not in options:
        return
    asked = options.get("--isolation", "auto")
    tier = "bwrap" if asked == "auto" else asked
    if tier == "process" or (tier == "bwrap" and shutil.which("bwrap")):
        with suppress(OSError):  # tiers.py tries again, and says why not
            _STARTED[tier] = launch.start(PROBE, tier, Limits())
        atexit.register(lambda: [worker.stop() for worker in _STARTED.values()])


def begun(tier: str) -> Worker | None:
    """The worker of a tier, for whoever asks first."""
    return _STARTED.pop(tier, None)
