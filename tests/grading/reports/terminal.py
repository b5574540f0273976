"""The lines that end a run, fit for a terminal that takes some lines for commands."""

import re

from tests.grading.intake.text import printable
from tests.grading.judgement.verdict import PRINTED, Result
from tests.grading.reports.lines import maximum
from tests.grading.reports.words import in_short, to_explain

MAX_PRINTED = 2000  # characters of it; results.json has more
NOT_SHOWN = "not shown (visibility: {})"


def harmless(line: str) -> str:
    """One line, whatever names are in it, that no build server takes for a command.

    GitHub's and Azure's runners look for `::` where a line begins and for `##[` or `##vso[` anywhere in it, TeamCity
    for `##teamcity[`.
    """
    line = printable(line).replace("\n", "?")
    return re.sub(r"##(?=\w*\[)", "#\\#", re.sub(r"^(\s*)::", r"\1:\:", line))


def table(result: Result) -> list[str]:
    """Exercise, points, diagnosis: the lines that end a run."""
    about = result["extra_data"]
    head = f"{about['file']}: {result['score']:g} of {maximum(result):g} points (isolation: {about['isolation']})"
    lines = [head]
    if about["broken"]:
        lines.append(f"  {about['broken']}")
    for test in result["tests"] if not about.get("not_graded") else ():
        points = f"{test['score']:g}/{test['max_score']:g}"
        exercise, _, _ = test["name"].partition(" ")
        lines.append(f"  {exercise}  {test['tags'][0]:<20}{points:>9}  {_remark(test)[:78]}".rstrip())
    return list(map(harmless, lines))


def explanation(result: Result, *, is_whole: bool = True) -> list[str]:
    """What a student reads above the table: what is right, every function that lost points, and what was printed.

    Of a part of the checks nobody can say what is right.
    """
    file = result["extra_data"]["file"]
    said, _, printed = result.get("output", "").partition(PRINTED)
    lines = [*said.rstrip().split("\n"), ""] if said else []
    lines += filter(None, in_short(result)) if is_whole else ()
    for test in to_explain(result):
        exercise, _, _ = test["name"].partition(" ")
        lines += ["", f"--- {exercise} {test['tags'][0]} ---", *test["output"].split("\n")]
    if printed:
        lines += ["", f"--- {file} printed ---", *printed.lstrip("\n")[:MAX_PRINTED].split("\n")]
    return list(map(harmless, lines))


def _remark(test: Result) -> str:
    hidden = test["visibility"] != "visible"
    return NOT_SHOWN.format(test["visibility"]) if hidden else str(test["extra_data"]["remark"])
