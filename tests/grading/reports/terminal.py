"""The lines that end a run, fit for a terminal that takes some lines for commands."""

import re

from tests.grading.judgement.verdict import NOT_CALLED, NOT_YET, PRINTED, Result
from tests.grading.reports.lines import maximum

MAX_PRINTED = 2000  # characters of it; results.json has more
NOT_SHOWN = "not shown (visibility: {})"


def harmless(line: str) -> str:
    """A line that no build server takes for a command.

    GitHub's and Azure's runners look for `::` where a line begins and for `##[` or `##vso[` anywhere in it, TeamCity
    for `##teamcity[`.
    """
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


def explanation(result: Result) -> list[str]:
    """What a student reads above the table: every function that lost points, and what was printed."""
    file, lines = result["extra_data"]["file"], []
    said, _, printed = result.get("output", "").partition(PRINTED)
    if said:
        lines += ["", f"--- {file} ---", *said.rstrip().split("\n")]
    for test in result["tests"]:
        if (
            test["status"] == "failed"
            and test["visibility"] == "visible"
            and test["output"] not in (NOT_CALLED, NOT_YET)
        ):
            exercise, _, _ = test["name"].partition(" ")
            lines += ["", f"--- {file}: {exercise} {test['tags'][0]} ---", *test["output"].split("\n")]
    if printed:
        lines += ["", f"--- {file} printed ---", *printed.lstrip("\n")[:MAX_PRINTED].split("\n")]
    return list(map(harmless, lines))


def _remark(test: Result) -> str:
    hidden = test["visibility"] != "visible"
    return NOT_SHOWN.format(test["visibility"]) if hidden else str(test["extra_data"]["remark"])
