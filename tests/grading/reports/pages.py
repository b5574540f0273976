"""Pages that open from disk: feedback.html for a student, index.html for the teacher.

Jinja2 fills the templates and escapes whatever a submission or a file's name contains; the pages load nothing
and run no script.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from tests.grading.judgement import misconceptions
from tests.grading.judgement.copies import Cluster
from tests.grading.judgement.portrait import GROUP, RIGHT_V
from tests.grading.judgement.verdict import NOT_CALLED, PRINTED, Result
from tests.grading.reports.lines import Line

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TENTHS = [f".{k}" for k in range(10)]


def feedback(result: Result, assignment: str) -> str:
    """What the student reads: points, failures in words, and pictures."""
    return TEMPLATES.get_template("feedback.html").render(
        result=result,
        assignment=assignment,
        printed=result.get("output", "").partition(PRINTED)[2].lstrip("\n"),
        maximum=sum(test["max_score"] for test in result["tests"]),
        right_V=RIGHT_V.tolist(),
        group=" ".join(GROUP),
        tenths=TENTHS,
        histogram=_histogram,
        shade=_shade,
        not_called=NOT_CALLED,
        differs=lambda value, right: abs(value - right) > 1e-6 * np.max(RIGHT_V),
    )


def index(lines: list[Line], copies: list[Cluster], about: dict[str, str]) -> str:
    """What the teacher reads: who scored what, and what to say in the next lecture."""
    functions = list(dict.fromkeys(function for line in lines for function in line.points))
    counts = Counter((function, slug) for line in lines for function, slug in line.misconceptions.items())
    hints = {(m.function, m.slug): m.hint for m in misconceptions.ALL}
    ranked = [
        {"function": function, "slug": slug, "count": count, "hint": hints.get((function, slug), "")}
        for (function, slug), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    ]
    shares = np.array([line.score / line.max_score if line.max_score else 0.0 for line in lines])
    return TEMPLATES.get_template("index.html").render(
        lines=lines,
        functions=functions,
        ranked=ranked,
        copies=copies,
        about=about,
        sharing={name for cluster in copies for name in cluster.names},
        not_graded=[line for line in lines if line.not_graded],
        median=float(np.median([line.score for line in lines])) if lines else 0.0,
        maximum=lines[0].max_score if lines else 0.0,
        scores=[*_histogram(shares[shares < 1]), int(np.count_nonzero(shares >= 1))],
        score_labels=[*(f"{10 * k}" for k in range(10)), "100"],
        heat=lambda points, maximum: _heat(points / maximum if maximum else 1.0),
    )


def _histogram(values: Any) -> list[int]:
    return [int(count) for count in np.histogram(np.clip(values, 0, 1), bins=10, range=(0, 1))[0]]


def _shade(value: float) -> str:
    """White for 0, blue for the largest cell of the right V."""
    share = float(np.clip(abs(value) / np.max(RIGHT_V), 0, 1)) if np.isfinite(value) else 1.0
    return f"hsl(210 70% {96 - 40 * share:.0f}%)"


def _heat(share: float) -> str:
    """Orange for none of the points, white in the middle, blue for all: told apart without red and green."""
    return f"hsl({210 if share >= 0.5 else 30} 75% {95 - 55 * abs(share - 0.5):.0f}%)"
