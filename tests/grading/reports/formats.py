"""The points of a class in the files that platforms import. All of them are made of the same lines."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.grading.reports.lines import Line

# Where a cell begins, and where one would begin for a program that separates by something else than commas.
FORMULA = re.compile(r"(^|[;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")


def _score(line: Line) -> float | str:
    """Points; of what was not graded an empty cell, which a platform leaves as it is."""
    return "" if line.not_graded else line.score


def gradebook(lines: list[Line]) -> str:
    """A row for each submission: whose, points of every function, misconceptions, isolation."""
    functions = list(dict.fromkeys(function for line in lines for function in line.points))
    called = [lines[0].called(function) for function in functions]
    slugs = [f"misconception {name}" for name in called]
    whose = ["id", "login", "section"]
    last = ["late", "not graded", "overrides", "uploads"]
    rows: list[list[Any]] = [["name", "file", "score", "max_score", *called, *slugs, "isolation", *whose, *last]]
    for line in lines:
        points = ["" if line.not_graded else line.points[function] for function in functions]
        found = [line.misconceptions.get(function, "") for function in functions]
        known = [line.person[part] for part in whose]
        late = "late" if line.late else ""
        rows.append(
            [
                line.name,
                line.file,
                _score(line),
                line.max_score,
                *points,
                *found,
                line.tier,
                *known,
                late,
                line.not_graded,
                "; ".join(f"{line.called(function)}: {said}" for function, said in line.overrides.items()),
                "; ".join(f"{points:g}{' counts' if counts else ''}" for _, points, counts in line.uploads),
            ]
        )
    return as_csv(rows)


def nbgrader(lines: list[Line], assignment: str) -> dict[str, str]:
    """The columns of `nbgrader export` (nbgrader/plugins/export.py, CsvExportPlugin)."""
    head = "assignment duedate timestamp student_id last_name first_name email raw_score late_submission_penalty"
    rows: list[list[Any]] = [[*head.split(), "score", "max_score"]]
    for line in lines:
        last, _, first = line.person["name"].partition(", ")
        if not first:
            first, _, last = line.person["name"].rpartition(" ")
        whose = [line.person["login"] or line.person["id"] or line.name, last, first, line.person["email"]]
        rows.append([assignment, "", "", *whose, _score(line), 0.0, _score(line), line.max_score])
    return {"nbgrader.csv": as_csv(rows)}


def canvas(lines: list[Line], assignment: str) -> dict[str, str]:
    """Canvas's gradebook: its five columns, the assignment, and the row of points possible.

    Canvas's guide "How do I import grades in the Gradebook?": students are found by ID, SIS User ID or SIS Login ID, an
    assignment by its name with the id in brackets.
    """
    maximum = lines[0].max_score if lines else 0.0
    rows: list[list[Any]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment]]
    rows.append(["    Points Possible", "", "", "", "", maximum])
    parts = ("id", "sis", "login", "section")
    rows += [[line.person["name"] or line.name, *(line.person[part] for part in parts), _score(line)] for line in lines]
    return {"canvas.csv": as_csv(rows)}


def moodle(lines: list[Line], _: str) -> dict[str, str]:
    """Moodle's offline grading worksheet (mod/assign/feedback/offline/importgradeslib.php).

    A row is found by its Identifier, "Participant" and the number in the download's names.
    """
    head = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed"]
    rows: list[list[Any]] = [[*head, "Last modified (submission)", "Last modified (grade)"]]
    for line in lines:
        whose = [f"Participant {line.person['id']}", line.person["name"] or line.name, line.person["email"]]
        rows.append([*whose, "Submitted for grading", _score(line), line.max_score, "Yes", "-", "-"])
    return {"moodle.csv": as_csv(rows)}


def classroom50(lines: list[Line], assignment: str) -> dict[str, str | None]:
    """Classroom 50's result (classroom50/result/v1) of each submission; what it is about comes from the environment.

    Its score is a number: of what was not graded there is no file, and one of a former run goes.
    """
    about = {
        "schema": "classroom50/result/v1",
        "assignment": assignment,
        **{key: os.environ[name] for key, name in CLASSROOM50.items() if name in os.environ},
        "datetime": os.environ.get("COMMITTED") or datetime.now(UTC).isoformat(),
    }
    written: dict[str, str | None] = {}
    for line in lines:
        path = f"{line.name}/classroom50.json"
        if line.not_graded:
            written[path] = None
            continue
        tests = [
            {
                "test-name": line.called(function),
                "passed": points == line.max_points[function],
                "score": round(points),
                "max-score": round(line.max_points[function]),
            }
            for function, points in line.points.items()
        ]
        sums = {key: sum(test[key] for test in tests) for key in ("score", "max-score")}
        result = json.dumps({**about, **sums, "tests": tests}, indent=1, ensure_ascii=False)
        written[path] = f"{result}\n"
    return written


CLASSROOM50 = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
FORMATS: dict[str, Callable[[list[Line], str], Mapping[str, str | None]]] = {
    "nbgrader": nbgrader,
    "canvas": canvas,
    "moodle": moodle,
    "classroom50": classroom50,
}


def harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula is quoted, wide signs too; numbers stay numbers."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def as_csv(rows: Iterable[list[Any]]) -> str:
    """A file of comma-separated values, in which no cell is a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue()
