"""What a submission may use."""

from dataclasses import dataclass

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels")
ALWAYS_THERE = ("numpy", "pandas")  # arguments arrive in them
BRIDGE = "rpy2"  # from Python to R


@dataclass(frozen=True)
class Limits:
    """Seconds that a submission may use (see clock.py), and packages that it may import."""

    call_seconds: float = 10.0
    load_seconds: float = 30.0
    submission_seconds: float = 150.0
    packages: tuple[str, ...] = PACKAGES

    def forbidden(self, language: str) -> list[str]:
        """Packages that are installed, and may not be imported; R, which has the answers, is none of Python's."""
        closed = set(PACKAGES) - set(self.packages) - set(ALWAYS_THERE)
        return sorted(closed | {BRIDGE} if language == "Python" else closed)
