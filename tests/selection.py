"""Which tests are run, and whose points they decide: what the marks of `exercises/` say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract import CONTRACT

EXERCISES = Path(__file__).with_name("exercises")


def file_of(function: str) -> str:
    """Where a function of the contract is judged."""
    return str(EXERCISES / f"test_{CONTRACT[function].exercise.replace('.', '_')}_{function}.py")


def function_of(item: pytest.Item) -> str:
    """The function whose points a test decides."""
    marker = item.get_closest_marker("judges")
    return marker.args[0] if marker else ""


def owed(item: pytest.Item) -> bool:
    """Whether a test judges a function of the contract, and asks for no more than a submission owes."""
    return asked_of_packages(item) and not any(map(item.get_closest_marker, ("package", "slow")))


def asked_of_packages(item: pytest.Item) -> bool:
    """What a submission owes, and what a package that others rely on owes besides."""
    return bool(function_of(item)) and not item.get_closest_marker("core_only")


def keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    """Run the wanted tests, and report the others as deselected."""
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = filter(wanted, items)
