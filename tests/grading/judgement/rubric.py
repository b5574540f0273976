"""The course that a rubric file describes: functions with points and titles, names, hints, limits."""

import keyword
import math
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract import CONTRACT
from tests.grading.judgement.fits import misfit
from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox.limits import PACKAGES, Limits

DEFAULT = Path(__file__).parents[1] / "rubric.toml"
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
PLAIN = 0.8  # the share of a function's points that its claims on ordinary data carry
WRONG_ON_ORDINARY_DATA = 0.2  # the share of its points that a function keeps at most
WRONG_IN_ONE_PART = 0.5  # and where it is right but for one plain part, which the mark `half` says
RESERVED = {  # words of R that name no function; Python's are known to Python
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA", "NA_integer_", "NA_real_", "NA_character_"),
}


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
    name: str  # what it is called in the course


@dataclass(frozen=True)
class Rubric:
    """A rubric file: its items by function name in the contract's order, its limits, its words, and its name."""

    items: dict[str, Item]
    limits: Limits
    assignment: str  # what platforms call it
    name: str  # of the file
    names: Names = CHAPTER
    hints: dict[str, str] = field(default_factory=dict)  # by slug, instead of the suite's; "" for none
    attempts: str = "newest"  # which of a person's counts, or "best"


def load(path: Path = DEFAULT) -> Rubric:
    """Read a rubric file; raises RubricError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RubricError(f"rubric {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RubricError(f"rubric {path} is no TOML: {error}") from None
    wrong = misfit(content)
    if not wrong:
        items = {name: _item(name, content["functions"][name]) for name in CONTRACT if name in content["functions"]}
        columns = content.get("columns", {})
        names = Names.of({item.function: item.name for item in items.values()}, columns)
        wrong = _contradiction(content, items, names)
    if wrong:
        raise RubricError(f"rubric {path}: {wrong}")
    limits = Limits(**content.get("limits", {}), packages=tuple(content.get("packages", PACKAGES)))
    rest = content.get("hints", {}), content.get("attempts", "newest")
    return Rubric(items, limits, content.get("assignment", "frogs"), path.name, names, *rest)


def _item(name: str, entry: dict[str, Any]) -> Item:
    known = {"name": name, "exercise": CONTRACT[name].exercise, "visibility": "visible"} | entry
    return Item(name, **{"title": known["name"]} | known | {"points": float(known["points"])})


def _contradiction(content: dict[str, Any], items: dict[str, Item], names: Names) -> str:
    """What fits entry by entry, and not together; nothing where all does."""
    numbers = {f"[functions] {item.function}.points": item.points for item in items.values()}
    numbers |= {f"[limits] {name}": seconds for name, seconds in content.get("limits", {}).items()}
    unclear = [f"{where} = {number}; expected a number" for where, number in numbers.items() if math.isnan(number)]
    reserved = [
        f"[functions] {item.function}.name = {item.name!r}, which is a word of Python's or R's own"
        for item in items.values()
        if keyword.iskeyword(item.name) or item.name in RESERVED
    ]
    twice = [f"two functions are called {name}" for name in _twice(item.name for item in items.values())]
    twice += [f"two columns are called {name}" for name in _twice(names.columns.values())]
    nothing = [] if sum(item.points for item in items.values()) > 0 else ["[functions] gives no points"]
    return next(iter([*unclear, *reserved, *twice, *nothing]), "")


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


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
