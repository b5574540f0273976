"""The house keeps its shape: the algebra on a ground floor that is read in an hour, the worked chapter in its wing."""

import ast
import subprocess
import sys

import pytest

from tests.assertions import assert_between, assert_equal
from tests.meta import bundle, core
from tests.meta.graded import PROJECT

GROUND, FILE, FUNCTION, ITEM = 2_300, 400, 60, 40  # lines
ALL = 3_200  # with lme4's models, for which 2,600 was planned
LME4 = {"qr.py", "terms.py", "criterion.py", "minima.py", "mixed.py"}  # its models, which are read after the others
FUNCTIONS = [
    (path.relative_to(core.CORE).as_posix(), node)
    for path in sorted(core.CORE.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef)
]


def lines(path):
    """How long a file is."""
    return len(path.read_text(encoding="utf-8").splitlines())


def longest(functions):
    """The length of the longest, and its name."""
    return max(((node.end_lineno or 0) - node.lineno + 1, node.name) for node in functions)


def test_the_ground_floor_is_below_its_ceiling():
    """lmm_core/*.py, without the wing and without lme4's models."""
    ground = [path for path in core.CORE.glob("*.py") if path.name not in LME4]
    assert_between("lines", sum(map(lines, ground)), 1, GROUND - 1)


def test_the_ground_floor_with_lme4s_models_is_below_its_own():
    """lmm_core/*.py."""
    assert_between("lines", sum(map(lines, core.CORE.glob("*.py"))), 1, ALL - 1)


def test_no_file_of_the_core_is_long():
    """Four hundred lines, in the wing, too."""
    assert_between("lines of the longest", max(map(lines, core.CORE.rglob("*.py"))), 1, FILE)


def test_no_function_of_the_core_is_long():
    """Sixty lines, docstring and all."""
    assert_between("lines of the longest", longest(node for _, node in FUNCTIONS)[0], 1, FUNCTION)


@pytest.mark.parametrize("exercise", ["4_1", "4_2", "4_3", "4_4"])
def test_an_item_of_an_exercise_is_a_short_function(exercise):
    """Forty lines."""
    items = [node for path, node in FUNCTIONS if path == f"chapter/exercise_{exercise}.py"]
    assert_between("lines of the longest", longest(items)[0], 1, ITEM)


def test_mutants_that_are_none_are_of_code_that_is_there():
    """Each entry of equivalent.toml names a file of today and a line of it, wherever it has moved."""
    code = {
        (module, line.partition("  # ")[0].strip())
        for module in core.modules()
        for line in (core.CORE / f"{module}.py").read_text(encoding="utf-8").splitlines()
    }
    listed = [name.partition("  ->  ")[0].partition(": ")[::2] for name in core.equivalent()]
    assert_equal("entries of code that is gone", [entry for entry in listed if entry not in code], [])


def test_a_file_that_carries_the_ground_floor_needs_nothing_else_of_it(tmp_path):
    """The right file of the grader's own trials, bundle.py: a module that it forgets would cost it all points."""
    (tmp_path / "right.py").write_text(bundle.correct())
    run = subprocess.run([sys.executable, "right.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


PROSE = [
    *(PROJECT / "README.md", PROJECT / "reference" / "README.md"),
    *(*PROJECT.glob("tests/**/README.md"), *PROJECT.glob(".github/*.md")),
]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_no_line_of_prose_is_longer_than_its_neighbours(path):
    """A hundred and twenty characters, as code; a row of a table is one line, and a command, too."""
    of_text = path.read_text(encoding="utf-8").split("```")[::2]
    lines = [line for text in of_text for line in text.splitlines() if not line.startswith("|")]
    assert_between("characters of the longest", max(map(len, lines)), 1, 120)
