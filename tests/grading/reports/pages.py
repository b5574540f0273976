"""Pages that open from disk: feedback.html for a student, index.html for the teacher.

Jinja2 fills the templates and escapes whatever a submission or a file's name contains; the pages load nothing
and run no script.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from lmm_core.chapter.style import STYLE
from tests.grading.judgement.copies import Cluster
from tests.grading.judgement.hints import to_a_class
from tests.grading.judgement.portrait import GROUP, RIGHT_V
from tests.grading.judgement.verdict import NOT_YET, PRINTED, Result
from tests.grading.reports.lines import Line
from tests.grading.reports.words import in_short, to_explain

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals["sheet"] = Markup(STYLE)
MOST_CHANGES = 100  # that are shown; changed.csv has all
NONE: Mapping[str, str] = {}
TENTHS = [f".{k}" for k in range(10)]


def feedback(result: Result, assignment: str) -> str:
    """What the student reads: points, failures in words, and pictures."""
    right, *rest = in_short(result)
    return TEMPLATES.get_template("feedback.html").render(
        result=result,
        assignment=assignment,
        right=right,
        summary=[line for line in (right, *rest) if line],
        shown=to_explain(result),
        printed=result.get("output", "").partition(PRINTED)[2].lstrip("\n"),
        maximum=sum(test["max_score"] for test in result["tests"]),
        right_V=RIGHT_V.tolist(),
        group=" ".join(GROUP),
        tenths=TENTHS,
        histogram=_histogram,
    )


def index(
    lines: list[Line],
    copies: list[Cluster],
    about: Mapping[str, str],
    hints: Mapping[str, str] = NONE,
    changes: Sequence[Mapping[str, Any]] = (),
) -> str:
    """What the teacher reads: who scored what, what has changed, and what to say in the next lecture.

    `hints`: the course's own; `changes`: of points since the last run.
    """
    functions = list(dict.fromkeys(function for line in lines for function in line.points))
    shares = np.array([line.score / line.max_score if line.max_score else 0.0 for line in lines])
    return TEMPLATES.get_template("index.html").render(
        lines=lines,
        functions=functions,
        changes=changes[:MOST_CHANGES],
        n_changes=len(changes),
        called=lines[0].called if lines else str,
        ranked=ranked(lines, hints),
        shared=_shared(lines),
        means=[_mean(lines, function) for function in functions],
        copies=copies,
        about=about,
        sharing={name for cluster in copies for name in cluster.names},
        not_graded=[line for line in lines if line.not_graded],
        overridden=[line for line in lines if line.overrides],
        broken=[line for line in lines if line.broken and not line.not_graded],
        bands=_bands(lines),
        median=float(np.median([line.score for line in lines])) if lines else 0.0,
        maximum=lines[0].max_score if lines else 0.0,
        scores=[*_histogram(shares[shares < 1]), int(np.count_nonzero(shares >= 1))],
        score_labels=[*(f"{10 * k}" for k in range(10)), "100"],
        heat=_heat,
        tenth=_tenth,
        points=lambda points: f"{round(points, 1):g}",
    )


def lecture(
    lines: list[Line], results: Iterable[Result], about: Mapping[str, str], hints: Mapping[str, str] = NONE
) -> str:
    """What a teacher shows: misconceptions by how many have them, a picture where there is one, what to say.

    Without names, and without what is hidden.
    """
    shown = [test for result in results for test in result["tests"] if test["visibility"] == "visible"]
    pictures = {
        (test["tags"][-1], test["extra_data"]["misconception"]): test["extra_data"]["picture"]
        for test in shown
        if test["extra_data"]["picture"]
    }
    visible = {test["tags"][-1]: test["name"] for test in shown}
    entries = [
        entry | {"name": visible[entry["key"]], "picture": pictures.get((entry["key"], entry["slug"]))}
        for entry in ranked(lines, hints)
        if entry["key"] in visible
    ]
    return TEMPLATES.get_template("lecture.html").render(
        entries=entries,
        about=about,
        n_graded=sum(not line.not_graded for line in lines),
        right_V=RIGHT_V.tolist(),
        group=" ".join(GROUP),
        tenths=TENTHS,
        histogram=_histogram,
    )


def ranked(lines: list[Line], hints: Mapping[str, str]) -> list[dict[str, Any]]:
    """Misconceptions by how many have them."""
    counts = Counter((function, slug) for line in lines for function, slug in line.misconceptions.items())
    called = lines[0].called if lines else str
    return [
        {
            "function": called(function),
            "slug": slug,
            "count": count,
            "key": function,
            "hint": to_a_class(function, slug, hints),
        }
        for (function, slug), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def _shared(lines: list[Line]) -> list[dict[str, Any]]:
    """Checks that several lose without a name for it."""
    counts = Counter((function, said) for line in lines for function, said in line.unexplained.items())
    called = lines[0].called if lines else str
    found = [(key, count) for key, count in counts.items() if count > 1 and not _is_absent(called(key[0]), key[1])]
    return [
        {"function": called(function), "said": said, "count": count}
        for (function, said), count in sorted(found, key=lambda entry: (-entry[1], entry[0]))
    ]


def _mean(lines: list[Line], function: str) -> dict[str, Any]:
    graded = [line for line in lines if not line.not_graded]
    points = [line.points[function] for line in graded]
    called = lines[0].called(function)
    return {
        "function": called,
        "mean": float(np.mean(points)) if points else 0.0,
        "of": lines[0].max_points[function],
        "full": sum(line.points[function] == line.max_points[function] for line in graded),
        "missing": sum(_is_absent(called, line.unexplained.get(function, "")) for line in graded),
    }


def _is_absent(called: str, said: str) -> bool:
    """Whether there is no such function, or nothing in it: neither is an error that many have in common."""
    return said in (NOT_YET, f"{called} is not defined")


def _bands(lines: list[Line]) -> list[dict[str, Any]]:
    """Persons by name, in groups of as many tenths of the points."""
    groups: dict[int, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line.person["name"] or line.name).casefold()):
        groups.setdefault(int(10 * line.score / line.max_score + 1e-9) if line.max_score else 0, []).append(line)
    return [
        {"title": "all points" if tenth == 10 else f"from {10 * tenth} %", "lines": groups[tenth]}
        for tenth in sorted(groups, reverse=True)
    ]


def _tenth(line: Line, function: str) -> int:
    """The share of a function's points in tenths; 10 is all, and nothing less."""
    points, maximum = line.points[function], line.max_points[function]
    return 10 if points == maximum else min(9, round(10 * points / maximum))


def _histogram(values: Any) -> list[int]:
    return [int(count) for count in np.histogram(np.clip(values, 0, 1), bins=10, range=(0, 1))[0]]


def _shade(value: float) -> str:
    """White for 0, blue for the largest cell of the right V."""
    share = float(np.clip(abs(value) / np.max(RIGHT_V), 0, 1)) if np.isfinite(value) else 1.0
    return f"hsl(210 70% {96 - 40 * share:.0f}%)"


def _heat(share: float) -> str:
    """Orange for none of the points, white in the middle, blue for all: told apart without red and green."""
    return f"hsl({210 if share >= 0.5 else 30} 75% {95 - 55 * abs(share - 0.5):.0f}%)"


TEMPLATES.globals |= {"shade": _shade, "differs": lambda value, right: abs(value - right) > 1e-6 * np.max(RIGHT_V)}
