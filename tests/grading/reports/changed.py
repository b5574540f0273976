"""What a class was given and what came of it, kept in the report's folder: the next run says what has changed, and why.

Of each person: points by function, and of what they were made: hand-in, rubric, suite, draw, isolation, overrides.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.grading.intake.handin import HandIn
from tests.grading.judgement import fingerprint, rules
from tests.grading.judgement.rubric import Rubric
from tests.grading.judgement.verdict import Result
from tests.grading.sandbox.tiers import Tier

LEDGER, FILE = ".ledger.json", "changed.csv"
CAUSES = ("hand-in", "rubric", "suite", "draw", "isolation")  # and before them "override"
Entry = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """Points of one function that have become others; empty where it was or is not graded."""

    date: str
    name: str
    file: str
    id: str
    function: str
    before: float | str
    after: float | str
    why: str


def given(handed_in: HandIn, rubric: Rubric, tier: Tier, seed: int | None) -> dict[str, str]:
    """What one person's points are made of, but for each function's own points and overrides."""
    return {
        "hand-in": _digest((handed_in.source, handed_in.refused)),
        "rubric": _digest((rubric.limits, rubric.names, rubric.attempts)),
        "suite": fingerprint.suite(),
        "draw": str(seed),
        "isolation": tier.name,
    }


def entry(result: Result, made_of: Mapping[str, str]) -> Entry:
    """One person's line of the ledger."""
    about = result["extra_data"]
    return {
        "file": about["file"],
        "id": about["person"].get("id", ""),
        "is_graded": not about.get("not_graded"),
        "given": dict(made_of),
        "rules": len(rules.RULES),
        "functions": {test["tags"][-1]: _function(test) for test in result["tests"]},
    }


def _function(test: dict[str, Any]) -> dict[str, Any]:
    own = test["extra_data"].get("override")
    return {
        "called": test["tags"][0],
        "points": test["score"],
        "of": test["max_score"],
        "said": test["output"],
        "override": [own["points"], own["why"]] if own else None,
    }


def kept(report: Path) -> tuple[dict[str, Entry], list[dict[str, Any]]]:
    """The last run's ledger, and all changes until then; of a folder that has none, what its results say."""
    try:
        read = json.loads((report / LEDGER).read_text(encoding="utf-8"))
        return read["people"], read["changes"]
    except (OSError, ValueError, KeyError, TypeError):
        older = {path.parent.name: _older(path) for path in sorted(report.glob("*/results.json"))}
        return {name: found for name, found in older.items() if found}, []


def _older(path: Path) -> Entry | None:
    """What a suite that kept no ledger wrote of one person: of what it was made nobody knows."""
    try:
        return entry(json.loads(path.read_text(encoding="utf-8")), {}) | {"rules": 0}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def changes(before: Mapping[str, Entry], now: Mapping[str, Entry], date: str) -> list[Change]:
    """Points that are others than they were, person by person."""
    by_file = {old["file"]: old for old in before.values()}
    pairs = [(name, before.get(name) or by_file.get(new["file"]), new) for name, new in now.items()]
    return [
        Change(date, name, new["file"], new["id"], function["called"], *points, _why(old, new, key))
        for name, old, new in pairs
        if old
        for key, function in new["functions"].items()
        if key in old["functions"] and (points := (_points(old, key), _points(new, key)))[0] != points[1]
    ]


def _points(of: Entry, function: str) -> float | str:
    """An empty text of what was not graded, but for what was decided on."""
    known = of["functions"][function]
    return known["points"] if of["is_graded"] or known["override"] else ""


def _why(before: Entry, now: Entry, function: str) -> str:
    old, new = before["functions"][function], now["functions"][function]
    if new["override"] and new["override"] != old["override"]:
        return f"override: {new['override'][1]}"
    causes = ["override taken back"] if old["override"] and not new["override"] else []
    differ = [cause for cause in CAUSES if before["given"].get(cause) != now["given"].get(cause)]
    if not before["given"]:  # by an older suite
        differ = ["suite"]
    if old["of"] != new["of"] and "rubric" not in differ:
        differ = [*differ, "rubric"]
    which = rules.which(function, f"{old['said']}\n{new['said']}", before["rules"]) if "suite" in differ else ""
    told = [f"suite: {which}" if cause == "suite" and which else cause for cause in differ]
    return ", ".join([*causes, *told])


def as_ledger(people: Mapping[str, Entry], made: Iterable[dict[str, Any]]) -> str:
    """What the next run reads."""
    return json.dumps({"people": people, "changes": list(made)}, indent=1, ensure_ascii=False) + "\n"


def as_rows(made: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """changed.csv: all changes since the class was graded first."""
    head = ["date", "name", "file", "id", "function", "from", "to", "why"]
    return [head, *(list(one.values()) for one in made)]


def as_dicts(made: Iterable[Change]) -> list[dict[str, Any]]:
    """As the ledger keeps them."""
    return [asdict(one) for one in made]


def _digest(of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()[:16]
