"""`lmm_core.r_format` prints numbers as R does, in R's recorded words (reference/printing.json)."""

import importlib

import numpy as np
import pytest

from reference import golden
from tests.assertions import assert_equal

pytestmark = pytest.mark.core_only

SAID = golden.printing()
NAMES = ["(Intercept)", "x", "z"]


@pytest.fixture
def r_format(core):
    """The module."""
    return importlib.import_module(f"{core.__name__}.r_format")


@pytest.mark.parametrize("digits", [3, 4])
def test_numbers_are_printed_together_as_by_format(r_format, digits):
    """One vector a line: decimals of the neediest, or scientific notation where that is shorter."""
    said = SAID[f"format_{digits}"]
    got = {str(case["values"]): r_format.together(case["values"], digits) for case in said}
    assert_equal("printed", got, {str(case["values"]): case["printed"] for case in said})


def test_no_numbers_take_no_cells(r_format):
    """An empty list."""
    assert_equal("printed", r_format.together([], 4), [])


def test_p_values_are_printed_as_by_format_pval(r_format):
    """Small ones apart from the others, and below the machine's epsilon by a bound."""
    got = {str(case["values"]): r_format.p_values(np.array(case["values"], float)) for case in SAID["p_values"]}
    assert_equal("printed", got, {str(case["values"]): case["printed"] for case in SAID["p_values"]})


def test_names_are_abbreviated_as_by_abbreviate(r_format):
    """To six letters."""
    got = {word: r_format.abbreviated(word) for word in SAID["abbreviated"]}
    assert_equal("abbreviated", got, SAID["abbreviated"])


@pytest.mark.parametrize("name", SAID["tables"])
def test_coefficients_are_printed_as_by_printcoefmat(r_format, name):
    """Estimates in units of 1e-3 to 1e7, zeros, ones, all stars and none."""
    said = SAID["tables"][name]
    numbers = [np.array(said[quantity], float) for quantity in ("coef", "se", "df")]
    got = r_format.coefficients(NAMES[: len(numbers[0])], *numbers)
    assert_equal("printed", got.splitlines(), said["printed"])


@pytest.mark.parametrize(("limit", "star"), [(0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, ".")])
def test_a_limit_has_its_star(r_format, monkeypatch, limit, star):
    """R's symnum takes intervals that are closed to the right."""
    monkeypatch.setattr(r_format, "stdtr", lambda df, _: np.full(len(df), limit / 2))
    text = r_format.coefficients(["x"], np.array([1.0]), np.array([1.0]), np.array([9.0]))
    assert_equal("star", text.splitlines()[1].split()[-1], star)
