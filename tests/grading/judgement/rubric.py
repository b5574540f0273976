"""The rubric: points, titles and visibility of the contract's functions, from a TOML file."""

import difflib
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.contract import CONTRACT
from tests.grading.sandbox.limits import PACKAGES, Limits

DEFAULT = Path(__file__).parents[1] / "rubric.toml"
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
PLAIN = 0.8  # the share of a function's points that its claims on ordinary data carry
WRONG_ON_ORDINARY_DATA = 0.2  # the share of its points that a function keeps at most
WRONG_IN_ONE_PART = 0.5  # and where it is right but for one plain part, which the mark `half` says
TABLES = ("assignment", "packages", "functions", "limits")
KEYS = {"exercise", "title", "points", "visibility"}


class RubricError(ValueError):
    """The rubric does not fit, in one sentence."""


@dataclass(frozen=True)
class Item:
    """One function's line in the rubric."""

    function: str
    exercise: str
    title: str
    points: float
    visibility: str


@dataclass(frozen=True)
class Rubric:
    """A rubric file: its items by function name in the contract's order, its limits, and its name."""

    items: dict[str, Item]
    limits: Limits
    assignment: str  # what platforms call it
    name: str  # of the file


def load(path: Path = DEFAULT) -> Rubric:
    """Read a rubric file; raises RubricError."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise RubricError(f"rubric {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RubricError(f"rubric {path} is no TOML: {error}") from None
    unknown = [key for key in content if key not in TABLES]
    if unknown:
        raise RubricError(f"rubric {path} has {unknown[0]!r}, which means nothing here{_meant(unknown[0], TABLES)}")
    return Rubric(_items(path, content), _limits(path, content), str(content.get("assignment", "frogs")), path.name)


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"


def _items(path: Path, content: dict[str, Any]) -> dict[str, Item]:
    functions = content.get("functions")
    if not isinstance(functions, dict) or not functions:
        raise RubricError(f"rubric {path} has no table [functions]")
    unknown = [name for name in functions if name not in CONTRACT]
    if unknown:
        raise RubricError(
            f"rubric {path} names {unknown[0]!r}, which is not in the contract{_meant(unknown[0], CONTRACT)}"
        )
    items = {name: _item(path, name, functions[name]) for name in CONTRACT if name in functions}
    if sum(item.points for item in items.values()) <= 0:
        raise RubricError(f"rubric {path} gives no points")
    return items


def _limits(path: Path, content: dict[str, Any]) -> Limits:
    """`packages` and the table [limits]; both may be absent, and [limits] name some only."""
    table, packages = content.get("limits", {}), content.get("packages", list(PACKAGES))
    if not isinstance(packages, list) or not set(packages) <= set(PACKAGES):
        raise RubricError(f"rubric {path}: packages = {packages!r}; expected some of {list(PACKAGES)}")
    known = {field.name for field in fields(Limits)} - {"packages", "unit"}
    for name, value in table.items() if isinstance(table, dict) else [("limits", table)]:
        if name not in known and isinstance(table, dict):
            raise RubricError(f"rubric {path}: there is no limit {name!r}{_meant(name, known)}")
        if name not in known or isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise RubricError(f"rubric {path}: limit {name} = {value!r}; expected seconds for one of {sorted(known)}")
    return Limits(**table, packages=tuple(packages))


def _item(path: Path, name: str, entry: Any) -> Item:
    if not isinstance(entry, dict):
        raise RubricError(f"rubric {path}: {name} is no table with points")
    entry = {"exercise": CONTRACT[name].exercise, "title": name, "visibility": "visible"} | entry
    if set(entry) != KEYS:
        odd = sorted(set(entry) ^ KEYS)[0]
        what = f"lacks {odd!r}" if odd in KEYS else f"has an unknown key {odd!r}{_meant(odd, KEYS)}"
        raise RubricError(f"rubric {path}: {name} {what}")
    points = entry["points"]
    if isinstance(points, bool) or not isinstance(points, int | float) or not math.isfinite(points) or points < 0:
        raise RubricError(f"rubric {path}: {name} has points = {points!r}; expected a number of at least 0")
    if entry["visibility"] not in VISIBILITIES:
        raise RubricError(
            f"rubric {path}: {name} has visibility {entry['visibility']!r}; expected one of {VISIBILITIES}"
        )
    return Item(name, str(entry["exercise"]), str(entry["title"]), float(points), entry["visibility"])


def earned(
    points: float,
    plain: tuple[int, int],
    subtle: tuple[int, int],
    half: tuple[int, int] = (0, 0),
    loss: float = 0.0,
    kept: float = 1.0,
) -> float:
    """Points for (passed, all) of the plain claims, on ordinary data, of the subtle ones, and of those marked `half`.

    PLAIN of the points are shared by the plain claims and the halves, the rest by the subtle ones; one kind takes all
    where there is no other. Who fails a plain claim keeps at most WRONG_ON_ORDINARY_DATA, who fails a half
    WRONG_IN_ONE_PART. `loss` is the share that an excuse costs, `kept` the share that it leaves at most; what it
    excuses counts as passed.
    """
    basic = plain[0] + half[0], plain[1] + half[1]
    kinds = ((*basic, PLAIN if subtle[1] else 1.0), (*subtle, 1 - PLAIN if basic[1] else 1.0))
    share = sum(weight * passed / total for passed, total, weight in kinds if total)
    most = WRONG_ON_ORDINARY_DATA if plain[0] < plain[1] else WRONG_IN_ONE_PART if half[0] < half[1] else 1.0
    return round(points * min(share, most, kept) * (1 - loss), 2)
