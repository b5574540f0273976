"""The options that are added to pytest."""

import pytest

from tests.grading.reports.formats import FORMATS
from tests.grading.sandbox.tiers import TIERS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Grading's, and those of judging a package."""
    add = parser.getgroup("lmm-grading", "grading of submissions").addoption
    add(
        "--submission",
        action="append",
        metavar="FILE",
        help="grade this .py, .R, .ipynb, .Rmd or .qmd file, or all in this folder or .zip; repeatable",
    )
    add("--report", metavar="DIR", help="write DIR/NAME/results.json (Gradescope's schema) and DIR/gradebook.csv")
    add(
        "--rubric",
        metavar="FILE",
        help="the course: functions, points, names, hints; instead of tests/grading/rubric.toml",
    )
    add(
        "--isolation",
        choices=("auto", *TIERS, "none"),
        default="auto",
        help="where a submission runs; auto: the best; none: one's own file on any system",
    )
    add(
        "--seed",
        type=int,
        metavar="N",
        help="draw these examples; without it a file has the public ones, and a class some of its own",
    )
    add(
        "--format",
        action="append",
        choices=tuple(FORMATS),
        help="write the points for another platform, too, into --report's folder; repeatable",
    )
    add("--compare", metavar="DIR", help="say whose points are others than in this older --report folder")
    add("--roster", metavar="FILE", help="names and ids of the class, a CSV file or a platform's export")
    add("--assignment", metavar="NAME", help="what a platform calls the assignment, instead of the rubric's name")
    add("--scheduler", metavar="ADDRESS", help="grade on the Dask cluster whose scheduler has this address")
    add(
        "--write-template",
        metavar="FILE",
        help="write the .py, .R, .ipynb or .Rmd file to hand out, or a course.toml for --rubric, and exit",
    )
    add = parser.getgroup("lmm", "linear mixed models").addoption
    add("--implementation", metavar="FILE", help="judge this trusted .py or .R file, in this process, by the exercises")
    add("--least", type=int, metavar="N", help="ask the implementation for N digits of everything on ordinary data")
    add("--scoreboard", metavar="FILE", help="write the digits of lmm_core and the implementation, or all peers, here")
    add("--accuracy", metavar="FILE", help="write outcome and digits of every test to this .json file")
    add("--baseline", metavar="FILE", help="fail only where a test or half a digit of this --accuracy file is lost")
