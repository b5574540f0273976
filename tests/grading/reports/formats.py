"""The points of a class in the files that platforms import. All of them are made of the same lines."""

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.grading.reports.lines import Line

ASSIGNMENT = "frogs"
# Where a cell begins, and where one would begin for a program that separates by something else than commas.
FORMULA = re.compile(r"(^|[;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")


def gradebook(lines: list[Line]) -> str:
    """A row for each submission: points of every function, misconceptions, isolation."""
    functions = list(dict.fromkeys(function for line in lines for function in line.points))
    slugs = [f"misconception {function}" for function in functions]
    rows: list[list[Any]] = [["name", "file", "score", "max_score", *functions, *slugs, "isolation"]]
    for line in lines:
        points = [line.points[function] for function in functions]
        found = [line.misconceptions.get(function, "") for function in functions]
        rows.append([line.name, line.file, line.score, line.max_score, *points, *found, line.tier])
    return _csv(rows)


def nbgrader(lines: list[Line]) -> dict[str, str]:
    """The columns of `nbgrader export`; a student's id is the submission's name."""
    head = "assignment duedate timestamp student_id last_name first_name email raw_score late_submission_penalty"
    rows: list[list[Any]] = [[*head.split(), "score", "max_score"]]
    rows += [[ASSIGNMENT, *[""] * 2, x.name, *[""] * 3, x.score, 0.0, x.score, x.max_score] for x in lines]
    return {"nbgrader.csv": _csv(rows)}


def canvas(lines: list[Line]) -> dict[str, str]:
    """Canvas's gradebook: its five columns, the assignment, and the row of points possible."""
    maximum = lines[0].max_score if lines else 0.0
    rows: list[list[Any]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT]]
    rows.append(["    Points Possible", "", "", "", "", maximum])
    rows += [[line.name, "", "", line.name, "", line.score] for line in lines]
    return {"canvas.csv": _csv(rows)}


def classroom(lines: list[Line]) -> dict[str, str]:
    """GitHub Classroom's result of each submission, base64 of JSON, as its autograding reporter takes it."""
    files = {}
    for line in lines:
        tests = [
            {
                "name": function,
                "status": "pass" if points == line.max_points[function] else "fail",
                "score": points,
                "max_score": line.max_points[function],
                "message": line.misconceptions.get(function, ""),
            }
            for function, points in line.points.items()
        ]
        status = "pass" if line.score == line.max_score else "fail"
        result = {"version": 3, "status": status, "max_score": line.max_score, "tests": tests}
        files[f"{line.name}/classroom.txt"] = base64.b64encode(json.dumps(result).encode()).decode() + "\n"
    return files


FORMATS: dict[str, Callable[[list[Line]], dict[str, str]]] = {
    "nbgrader": nbgrader,
    "canvas": canvas,
    "classroom": classroom,
}


def harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula is quoted, wide signs too; numbers stay numbers."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def _csv(rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue()
