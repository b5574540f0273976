"""reference/THEOREMS.md has a section for every theorem, with proof and source, and names the tests that show it."""

import ast
import re
from pathlib import Path

import pytest

from tests.assertions import assert_equal, assert_that

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "reference" / "THEOREMS.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^## (\d+)\. \S.*$", re.MULTILINE)
NUMBERS = [int(number) for number in HEADING.findall(TEXT)]
SECTIONS = dict(zip(NUMBERS, HEADING.split(TEXT)[2::2], strict=True))
SHOWN_BY = re.compile(r"^Shown by: (.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
CITED = re.compile(r"\btheorems? (\d+)(?: and (\d+))?", re.IGNORECASE)


def named(number: int) -> list[str]:
    """What stands in backticks after "Shown by:" of a section."""
    return re.findall(r"`([^`]*)`", "".join(SHOWN_BY.findall(SECTIONS[number])))


def written(pattern: str) -> list[ast.FunctionDef]:
    """The tests of the files under tests/ that fit the pattern."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PROJECT / "tests").glob(pattern))]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [function for function in functions if function.name.startswith("test_")]


def cited(function: ast.FunctionDef) -> set[int]:
    """The theorems that a docstring names, one or two at a time."""
    pairs = CITED.findall(ast.get_docstring(function) or "")
    return {int(number) for pair in pairs for number in pair if number}


CITED_BY = {function.name: cited(function) for function in written("exercises/test_4_*.py")}
DEFINED = {function.name for function in written("**/*.py")}


def test_theorems_are_numbered_from_one_without_a_gap():
    """1, 2, ..., at least 18."""
    assert_equal("numbers of the headings", NUMBERS, list(range(1, len(NUMBERS) + 1)))
    assert_that("there are 18 theorems or more", len(NUMBERS) >= 18, len(NUMBERS))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("part", [r"Proof\.", r"Source: \S", r"Shown by: `\w"])
def test_every_theorem_has_its_parts(number, part):
    """One proof, one source and one list of tests, each at the beginning of a line."""
    assert_equal(f"lines that begin with {part}", len(re.findall(f"^{part}", SECTIONS[number], re.MULTILINE)), 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_test_named_exists(number):
    """Each name in backticks is that of a function in a file under tests/."""
    assert_equal("names of no test", [name for name in named(number) if name not in DEFINED], [])


@pytest.mark.parametrize("number", NUMBERS)
def test_every_test_that_names_a_theorem_is_named_there(number):
    """Docstrings of tests/exercises/test_4_*.py that say "Theorem N", or "Theorems M and N"."""
    citing = {name for name, numbers in CITED_BY.items() if number in numbers}
    assert_equal("tests that are missing from the section", sorted(citing - set(named(number))), [])


def test_every_theorem_that_a_docstring_names_has_a_section():
    """No docstring names a theorem that is not there."""
    assert_equal("theorems without a section", sorted(set().union(*CITED_BY.values()) - set(NUMBERS)), [])


@pytest.mark.parametrize("number", NUMBERS)
def test_every_test_is_named_once_in_a_section(number):
    """No name stands twice after a "Shown by:"."""
    assert_equal("names", named(number), list(dict.fromkeys(named(number))))
