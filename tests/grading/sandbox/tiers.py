"""Which confinement there is here, shown by a worker that runs in it, and what it leaves open."""

import importlib.util
import platform
import shutil
from dataclasses import dataclass
from functools import cache

import pandas as pd

from tests.grading.intake.source import Source
from tests.grading.sandbox import early
from tests.grading.sandbox.submission import CallFailedError, Submission

TIERS = ("bwrap", "process")
WEAK = "files of the user who grades can be read: this kernel has no Landlock, or no filter of system calls"


@dataclass(frozen=True)
class Tier:
    """A confinement that works here."""

    name: str
    remark: str = ""  # why no better one
    open: str = ""  # what it does not close


HOME = Tier("none", open="checked without isolation: for your own file")


@cache
def unusable(tier: str) -> str | None:
    """Why a tier does not work here, in words; None where it does. Tried with a real worker."""
    if platform.system() != "Linux":
        return f"it needs Linux; this is {platform.system()}"
    if tier == "bwrap" and not shutil.which("bwrap"):
        return "bubblewrap is not installed (apt-get install bubblewrap)"
    return _probed(tier)[0]


def best(wanted: str) -> tuple[Tier | None, str]:
    """The tier to use for --isolation, or None and the sentence that says why there is none."""
    reasons = []
    if wanted == "none":
        return HOME, ""
    for tier in TIERS if wanted == "auto" else (wanted,):
        reason = unusable(tier)
        if reason is None:
            return Tier(tier, "; ".join(reasons), WEAK if tier == "process" and not _probed(tier)[1] else ""), ""
        reasons.append(f"{tier}: {reason}")
    return None, "; ".join(reasons)


@cache
def r_unusable(tier: str) -> str | None:
    """Why R does not work in a tier, or None."""
    if platform.system() == "Windows":
        return "on Windows the bridge from Python to R works in WSL only"
    if shutil.which("R") is None:
        return "no R on this machine"
    if importlib.util.find_spec("rpy2") is None:
        return "R is here, and its bridge to Python, rpy2, is not installed"
    submission = Submission(Source.of("R", "denominator_df <- function(data) nrow(data)\n"), tier)
    try:
        submission.call("denominator_df", {"data": pd.DataFrame({"bucket": [1]})}, {"": "numbers"})
    except (CallFailedError, OSError) as error:
        return f"R is here, and its bridge rpy2 does not work: {_last(submission, error)}"
    finally:
        submission.close()
    return None


def forks_are_closed(tier: str) -> bool:
    """Whether a worker that is forked (forks.py) shows what one that is started has shown."""
    return _shown(tier) == _probed(tier)


@cache
def _probed(tier: str) -> tuple[str | None, bool]:
    return _shown(tier)


def _shown(tier: str) -> tuple[str | None, bool]:
    """Why a tiny submission did not work in a tier, or None; and whether both fences stood."""
    submission = Submission(early.PROBE, tier)
    try:
        submission.begin(early.begun(tier))
        data = pd.DataFrame({"bucket": [1, 2, 3]})
        value = submission.call("denominator_df", {"data": data}, {"": "numbers"})[""]
    except (CallFailedError, OSError) as error:
        return _last(submission, error), False
    finally:
        submission.close()
    if float(value) != 3:
        return "the worker keeps root's uid or a capability", False
    return None, {"landlock", "calls"} <= set(submission.fences)


def _last(submission: Submission, error: Exception) -> str:
    printed = submission.printed_until_now().strip().splitlines()
    return f"{error} {printed[-1] if printed else ''}".strip()
