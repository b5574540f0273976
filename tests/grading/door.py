"""The options that take a file, known to pytest before it looks at any file.

pytest takes what follows an option that it does not know for a path: it would look for its configuration
beside the submission, and run a conftest.py that lies there. So this module is installed as a plugin
(pyproject.toml, entry points), and starts pytest anew in the project where it has gone astray.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
PATHS = (
    *("--submission", "--report", "--rubric", "--write-template"),
    *("--implementation", "--scoreboard", "--accuracy", "--baseline"),
)
FORMATS = ("nbgrader", "canvas", "classroom")
TIERS = ("bwrap", "process")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that are added to pytest."""
    add = parser.getgroup("lmm-grading", "grading of submissions").addoption
    add(
        "--submission",
        action="append",
        metavar="FILE",
        help="grade this .py or .R file, or all in this folder; repeatable",
    )
    add("--report", metavar="DIR", help="write DIR/NAME/results.json (Gradescope's schema) and DIR/gradebook.csv")
    add("--rubric", metavar="FILE", help="points, titles and visibility, instead of tests/grading/rubric.toml")
    add("--isolation", choices=("auto", *TIERS), default="auto", help="where a submission runs; auto: the best")
    add("--seed", type=int, metavar="N", help="draw other examples; without it every run draws the same")
    add(
        "--format",
        action="append",
        choices=FORMATS,
        help="write the points for another platform, too, into --report's folder; repeatable",
    )
    add("--scheduler", metavar="ADDRESS", help="grade on the Dask cluster whose scheduler has this address")
    add("--write-template", metavar="FILE", help="write the .py or .R file to hand out to students, and exit")
    add = parser.getgroup("lmm", "linear mixed models").addoption
    add("--implementation", metavar="FILE", help="judge this trusted .py or .R file, in this process, by the exercises")
    add("--scoreboard", metavar="FILE", help="write the digits of lmm_core and of all peers as a table, and exit")
    add("--accuracy", metavar="FILE", help="write outcome and digits of every test to this .json file")
    add("--baseline", metavar="FILE", help="fail only where a test or half a digit of this --accuracy file is lost")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start anew with the project's configuration where pytest has found another or none."""
    options: Any = early_config.known_args_namespace
    given = list(map(str, early_config.invocation_params.args))
    given_paths = any(getattr(options, path.strip("-").replace("-", "_")) for path in PATHS)
    if given_paths and early_config.rootpath != PROJECT:
        if given != sys.argv[1:]:
            raise pytest.UsageError(f"pytest needs to run in {PROJECT}, or --option=FILE with the sign =")
        arguments = _joined(given)
        os.chdir(PROJECT)
        command = [sys.executable, "-P", "-m", "pytest", "-c", str(PROJECT / "pyproject.toml"), *arguments]
        sys.stdout.flush()
        os.execv(sys.executable, command)
    return (yield)


def _joined(arguments: list[str]) -> list[str]:
    """--submission FILE as --submission=/FOLDER/FILE, which cannot be taken for a path to collect."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in PATHS:
            joined[-1] += f"={Path(argument).absolute()}"
        elif argument.partition("=")[0] in PATHS and "=" in argument:
            option, _, path = argument.partition("=")
            joined.append(f"{option}={Path(path).absolute()}")
        else:
            joined.append(argument)
    return joined
