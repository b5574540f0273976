"""Files and the table: results.json for each submission, gradebook.csv and the terminal's summary for the run."""

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path

from tests.grading.rubric import Item
from tests.grading.verdict import Verdict, gradescope

MAX_PRINTED = 2000  # characters of it in the terminal; results.json has more
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(folder: Path, verdicts: Iterable[Verdict], items: dict[str, Item]) -> None:
    """Write DIR/NAME/results.json for each, and DIR/gradebook.csv; a file is whole or not there."""
    verdicts = list(verdicts)
    for verdict in verdicts:
        (folder / verdict.name).mkdir(parents=True, exist_ok=True)
        text = json.dumps(gradescope(verdict, items), indent=1, ensure_ascii=False)
        _write_whole(folder / verdict.name / "results.json", text + "\n")
    rows = [["name", "file", "score", "max_score", *items, *(f"misconception {name}" for name in items), "isolation"]]
    for verdict in verdicts:
        points = [verdict.points(item) for item in items.values()]
        slugs = [verdict.diagnoses[name].slug if name in verdict.diagnoses else "" for name in items]
        maximum = sum(item.points for item in items.values())
        rows.append([verdict.name, verdict.file, verdict.total(items), maximum, *points, *slugs, verdict.tier])
    temporary = folder / "gradebook.csv.part"
    with temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        csv.writer(file).writerows([[harmless(cell) for cell in row] for row in rows])
    os.replace(temporary, folder / "gradebook.csv")


def harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula is quoted; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    os.replace(temporary, path)


def table(verdict: Verdict, items: dict[str, Item]) -> list[str]:
    """Exercise, points, diagnosis: the lines that end a run."""
    maximum = sum(item.points for item in items.values())
    lines = [f"{verdict.file}: {verdict.total(items):g} of {maximum:g} points (isolation: {verdict.tier})"]
    for item in items.values():
        failed = [outcome for outcome in verdict.of(item.function) if not outcome.passed]
        diagnosis = verdict.diagnoses.get(item.function)
        remark = diagnosis.slug if diagnosis else failed[0].feedback.splitlines()[0] if failed else ""
        points = f"{verdict.points(item):g}/{item.points:g}"
        lines.append(f"  {item.exercise}  {item.function:<20}{points:>9}  {remark[:78]}".rstrip())
    return lines


def explanation(verdict: Verdict, items: dict[str, Item]) -> list[str]:
    """What a student reads above the table: every function that lost points, and what was printed."""
    lines = []
    for item in items.values():
        if not all(outcome.passed for outcome in verdict.of(item.function)):
            lines += [
                "",
                f"--- {verdict.file}: {item.exercise} {item.function} ---",
                *verdict.feedback(item).splitlines(),
            ]
    if verdict.printed:
        lines += ["", f"--- {verdict.file} printed ---", *verdict.printed[:MAX_PRINTED].splitlines()]
    return lines
