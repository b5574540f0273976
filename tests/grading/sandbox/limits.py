"""What a submission may use."""

import time
from dataclasses import dataclass, field
from functools import cache

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels")
ALWAYS_THERE = ("numpy", "pandas")  # arguments arrive in them
BRIDGE = "rpy2"  # from Python to R


@dataclass(frozen=True)
class Limits:
    """Seconds that a submission may use (see clock.py), and packages that it may import."""

    call_seconds: float = 10.0
    load_seconds: float = 30.0
    submission_seconds: float = 300.0
    packages: tuple[str, ...] = PACKAGES
    unit: float = field(default=1.0, repr=False, compare=False)  # seconds of this machine to one of these

    def forbidden(self, language: str) -> list[str]:
        """Packages that are installed, and may not be imported; R, which has the answers, is none of Python's."""
        closed = set(PACKAGES) - set(self.packages) - set(ALWAYS_THERE)
        return sorted(closed | {BRIDGE} if language == "Python" else closed)


UNIT_SECONDS = 0.00375  # of the processor, for the work below on the machine whose seconds the limits are


@cache
def measured_unit() -> float:
    """How much longer this machine takes than that one for the same work: at least 1, to a tenth.

    The least of several times, since neighbours only add to it.
    """
    return max(1.0, round(min(_seconds_of_work() for _ in range(7)) / UNIT_SECONDS, 1))


def _seconds_of_work() -> float:
    began = time.process_time()
    sum(i % 7 for i in range(50_000))
    return time.process_time() - began
