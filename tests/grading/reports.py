"""What is written of results: results.json and feedback.html for each, the class's files, the terminal's lines.

A result is the dict that `verdict.gradescope` makes; nothing here knows anything else.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.grading import formats, pages

MAX_PRINTED = 2000  # characters of it in the terminal; results.json has more
Result = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One submission in the class's files."""

    name: str
    file: str
    score: float
    max_score: float
    tier: str
    points: dict[str, float]  # by function
    max_points: dict[str, float]
    misconceptions: dict[str, str]  # by function, where there is one

    @classmethod
    def of(cls, name: str, result: Result) -> "Line":
        """The line of a result."""
        tests = {test["tags"][0]: test for test in result["tests"]}
        slugs = {function: test["extra_data"]["misconception"] for function, test in tests.items()}
        return cls(
            name=name,
            file=result["extra_data"]["file"],
            score=result["score"],
            max_score=maximum(result),
            tier=result["extra_data"]["isolation"],
            points={function: test["score"] for function, test in tests.items()},
            max_points={function: test["max_score"] for function, test in tests.items()},
            misconceptions={function: slug for function, slug in slugs.items() if slug},
        )


def maximum(result: Result) -> float:
    """Points that can be had."""
    return float(sum(test["max_score"] for test in result["tests"]))


def as_text(result: Result) -> str:
    """results.json."""
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def write_result(folder: Path, name: str, result: Result) -> None:
    """Write DIR/NAME/results.json and feedback.html; the first is whole or not there, and comes last."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    write_whole(folder / name / "feedback.html", pages.feedback(result))
    write_whole(folder / name / "results.json", as_text(result))


def write_class(folder: Path, lines: list[Line], wanted: Iterable[str], copies: dict[str, list[str]]) -> None:
    """Write gradebook.csv, index.html, and the formats that other platforms want."""
    write_whole(folder / "gradebook.csv", formats.gradebook(lines))
    write_whole(folder / "index.html", pages.index(lines, copies))
    for name in wanted:
        for path, text in formats.FORMATS[name](lines).items():
            write_whole(folder / path, text)


def read_result(folder: Path, name: str) -> Result | None:
    """The result that a former run wrote, if it is there and whole."""
    try:
        result = json.loads((folder / name / "results.json").read_text(encoding="utf-8"))
        return result if isinstance(result["extra_data"]["content"], str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_whole(path: Path, text: str) -> None:
    """Write a file by way of another beside it, so that it is never seen half."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    os.replace(temporary, path)


def table(result: Result) -> list[str]:
    """Exercise, points, diagnosis: the lines that end a run."""
    about = result["extra_data"]
    head = f"{about['file']}: {result['score']:g} of {maximum(result):g} points (isolation: {about['isolation']})"
    lines = [head]
    for test in result["tests"]:
        points = f"{test['score']:g}/{test['max_score']:g}"
        exercise, _, _ = test["name"].partition(" ")
        lines.append(f"  {exercise}  {test['tags'][0]:<20}{points:>9}  {test['extra_data']['remark'][:78]}".rstrip())
    return lines


def explanation(result: Result) -> list[str]:
    """What a student reads above the table: every function that lost points, and what was printed."""
    file, lines = result["extra_data"]["file"], []
    for test in result["tests"]:
        if test["status"] == "failed":
            exercise, _, _ = test["name"].partition(" ")
            lines += ["", f"--- {file}: {exercise} {test['tags'][0]} ---", *test["output"].splitlines()]
    if "output" in result:
        printed = result["output"].partition("\n")[2]
        lines += ["", f"--- {file} printed ---", *printed[:MAX_PRINTED].splitlines()]
    return lines
