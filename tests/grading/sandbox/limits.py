"""What a submission may use."""

from dataclasses import dataclass

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels")
ALWAYS_THERE = ("numpy", "pandas")  # arguments arrive in them


@dataclass(frozen=True)
class Limits:
    """Seconds that a submission may use (see clock.py), and packages that it may import."""

    call_seconds: float = 10.0
    load_seconds: float = 30.0
    submission_seconds: float = 150.0
    packages: tuple[str, ...] = PACKAGES

    @property
    def forbidden(self) -> list[str]:
        """Packages that are installed, and may not be imported."""
        return sorted(set(PACKAGES) - set(self.packages) - set(ALWAYS_THERE))
