"""A hand-in as a teaching assistant reads it: the source, and beside each function its points and remarks."""

from typing import Any

from tests.grading.intake import definitions
from tests.grading.intake.source import Source
from tests.grading.intake.text import printable
from tests.grading.judgement.verdict import Result
from tests.grading.names import CHAPTER, Names
from tests.grading.reports.lines import maximum
from tests.grading.reports.pages import TEMPLATES


def page(source: Source, result: Result, names: Names = CHAPTER, *, is_class: bool = True) -> str:
    """For the teacher alone; what is hidden is on it, too, where a class is graded, and not at a student's home."""
    tests = {test["tags"][0]: test for test in result["tests"] if is_class or test["visibility"] == "visible"}
    parts = [part for place, text in source.chunks for part in _parts(place, text, tests, names)]
    last = {test["name"]: part for part in parts for test in part["tests"]}
    for part in parts:  # of a function that is defined twice the last counts
        part["tests"] = [test for test in part["tests"] if last[test["name"]] is part]
    others = [test for test in tests.values() if test["name"] not in last]
    return TEMPLATES.get_template("source.html").render(
        result=result, maximum=maximum(result), parts=parts, others=others, is_class=is_class
    )


def _parts(place: str, text: str, tests: dict[str, Any], names: Names) -> list[dict[str, Any]]:
    """A chunk, cut where a function begins: numbered lines, and the functions that begin there."""
    lines = printable(text).split("\n")
    begin = definitions.begin(text, tuple(names.functions.values()))
    cuts = sorted({1, *begin.values()})
    ends = [*cuts[1:], len(lines) + 1]
    return [
        {
            "place": place if cut == 1 else "",
            "text": "\n".join(f"{number:4}  {lines[number - 1]}" for number in range(cut, end)),
            "tests": [test for name, test in tests.items() if begin.get(name) == cut],
        }
        for cut, end in zip(cuts, ends, strict=True)
    ]
