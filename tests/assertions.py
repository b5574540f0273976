"""Named assertions: what a failure says is written here.

Each takes the claim as a sentence, and says the claim, what came out and what was expected: numbers that the function
returned, in its units, never ratios, logs or differences of them (meta/test_shown.py). The input that
failed is added by the report (see grading/reports/feedback.py), the smallest that hypothesis found.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from tests.tolerances import Tolerances

MOST_DIGITS = 15.0
DIGITS_SHOWN = (7, 9, 12, 17)
DIGITS: dict[str, float] = {}  # of the comparisons of the test that runs, by claim, at worst (see accuracy.py)


class ClaimError(AssertionError):
    """A claim that does not hold: `plain` is what a beginner reads, the whole text says how much is forgiven, too."""

    def __init__(self, plain: str, allowed: str = "") -> None:
        super().__init__(f"{plain}\n  {allowed}" if allowed else plain)
        self.plain = plain


def assert_close(claim: str, got: ArrayLike, expected: ArrayLike, rtol: float, scale: float | None = None) -> None:
    """|got - expected| <= rtol * scale everywhere; the scale is the largest of |expected| unless given."""
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    largest = float(np.max(np.abs(expected), initial=0.0)) if scale is None else scale
    worst = float(np.max(np.abs(got - expected), initial=0.0))
    _note(claim, worst, largest)
    if not worst <= rtol * largest:
        shown, right = _told_apart(got, expected)
        raise ClaimError(
            f"{claim}\n  got       {shown}\n  expected  {right}",
            f"they differ by {worst:.3g}; allowed is {rtol * largest:.3g}",
        )


def assert_each_close(claim: str, got: ArrayLike, expected: ArrayLike, rtol: float) -> None:
    """|got - expected| <= rtol |expected| for every number by itself, however different their sizes."""
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_each = np.where(got == expected, 0.0, np.abs(got - expected) / np.abs(expected))
    of_itself = float(np.max(of_each, initial=0.0))
    _note(claim, of_itself, 1.0)
    if not of_itself <= rtol:
        raise ClaimError(
            f"{claim}\n  got       {_shown(got)}\n  expected  {_shown(expected)}",
            f"they differ by up to {of_itself:.3g} of what is expected; allowed is {rtol:.3g} of each",
        )


def assert_fit(allowed: Tolerances, quantity: str, got: Any, expected: Any, G: Sequence[np.ndarray]) -> None:
    """G: all G and Ve relative to the sum of variances; coef to the largest; each se by itself; the criterion."""
    claim = f"{quantity} at the minimum"
    if quantity == "G":
        returned, truth = (
            np.concatenate([np.ravel(part) for part in parts]) for parts in ((*got.G, got.Ve), (*G, expected.Ve))
        )
        assert_close(claim, returned, truth, allowed.variance, float(sum(np.trace(part) for part in G) + expected.Ve))
    elif quantity == "coef":
        assert_close(claim, got.coef, expected.coef, allowed.estimate)
    elif quantity == "se":
        assert_each_close(claim, got.se, expected.se, allowed.standard_error)
    else:
        assert_close(claim, got.criterion, expected.criterion, allowed.criterion, 1.0)


def assert_equal(claim: str, got: Any, expected: Any) -> None:
    """Exactly equal: counts, labels, order."""
    same = np.array_equal(got, expected) if isinstance(expected, np.ndarray) else got == expected
    if not same:
        raise ClaimError(f"{claim}\n  got       {_shown(got)}\n  expected  {_shown(expected)}")


def assert_between(claim: str, got: float, low: float, high: float) -> None:
    """low <= got <= high."""
    if not low <= got <= high:
        raise ClaimError(f"{claim}\n  got       {got:.6g}\n  expected  between {low:.6g} and {high:.6g}")


def assert_at_most(claim: str, got: ArrayLike, bound: ArrayLike, slack: float = 0.0) -> None:
    """got <= bound + slack everywhere."""
    if not np.all(np.asarray(got) <= np.asarray(bound) + slack):
        raise ClaimError(f"{claim}\n  got       {_shown(got)}\n  expected  at most {_shown(bound)}")


def assert_that(claim: str, holds: bool, got: Any) -> None:
    """A claim that is no comparison of numbers."""
    if not holds:
        raise ClaimError(f"{claim}\n  got       {_shown(got)}")


def assert_flag(converged: bool | None, got: ArrayLike, expected: ArrayLike, excess: float, most: float) -> None:
    """Who says converged stands no more than that above the minimum; nothing is claimed where there is no flag.

    got, expected: the variances returned, and those at the minimum.
    """
    if converged is None:
        pytest.skip("says nothing about convergence")
    if converged and not excess <= most:
        raise ClaimError(
            f"converged = True at the variances\n  got       {_shown(got)}\n  expected  {_shown(expected)}",
            f"the criterion is {excess:.3g} above its minimum; allowed is {most:g}",
        )


def _note(claim: str, worst: float, scale: float) -> None:
    """Log relative error (McCullough, 1998), at most 15; that of a wrong or missing number is 0 or less."""
    with np.errstate(all="ignore"):
        digits = MOST_DIGITS if worst == 0 else float(-np.log10(np.float64(worst) / scale))
    digits = min(digits, MOST_DIGITS) if digits > -MOST_DIGITS else -MOST_DIGITS  # nan too
    DIGITS[claim] = min(digits, DIGITS.get(claim, MOST_DIGITS))


def _told_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Both with so many digits that they look different: 329.6651 is not 329.6651."""
    for digits in DIGITS_SHOWN:
        shown, right = _shown(got, digits), _shown(expected, digits)
        if shown != right:
            break
    return shown, right


def _shown(value: Any, digits: int = DIGITS_SHOWN[0]) -> str:
    if isinstance(value, pd.DataFrame):
        return f"a table of {len(value)} rows\n{value.head(8).to_string()}"
    if isinstance(value, Mapping):
        return str(dict(sorted(value.items())))
    if isinstance(value, str | int):
        return str(value)
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "iuf":
        return f"{array.item():.{digits}g}"
    form = {"float_kind": lambda number: f"{number:.{digits}g}"}
    text = np.array2string(array, threshold=24, edgeitems=4, formatter=form)
    return text.replace("\n", "\n            ")
