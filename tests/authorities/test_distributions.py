"""reference/distributions.py in balls, of as many bits as the series cancel, and by counting."""

import flint
import numpy as np
import pytest
from flint import arb

from reference.distributions import chi_squared, chi_squared_interval, f_tail, farthest, kolmogorov_allows
from reference.vectors import truth


@pytest.mark.parametrize("df", [(1, 4.3), (2, 27), (3, 0.4), (11, 5e4)], ids=str)
@pytest.mark.parametrize("F", [0.0, 1e-3, 0.7, 3.0, 40.0, 1e9])
def test_tail_of_f_has_twelve_digits(F, df):
    """(26.5.2 and 26.6.2); with df of 5e4 the tail at 40 is 1e-87."""
    with flint.ctx.workprec(128):
        expected = truth.upper(arb(F), df[0], arb(df[1]))
    assert f_tail(F, *df) == pytest.approx(float(expected), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("df", [1, 3, 148, 12_000])
@pytest.mark.parametrize("rate", [1e-9, 1e-8, 0.1])
def test_half_of_the_rate_lies_on_either_side(df, rate):
    """P(chi-squared <= low) = rate / 2 = P(chi-squared > high); at 12,000 df an error of x is 400 times one of P."""
    low, high = chi_squared_interval(rate, df)
    with flint.ctx.workprec(8192):
        sides = (
            arb(low / 2).gamma_lower(arb(df) / 2, regularized=1),
            arb(high / 2).gamma_upper(arb(df) / 2, regularized=1),
        )
    assert [float(side) for side in sides] == pytest.approx([rate / 2] * 2, rel=1e-8)
    assert chi_squared(low, df) == pytest.approx(rate / 2, rel=1e-8)


def test_distance_is_the_largest_on_either_side_of_a_step():
    """0.7 and 0.9 of a uniform number: no value lies below 0.7; 0.05 and 0.1: all lie below 0.1."""
    assert farthest([0.9, 0.7], lambda x: x) == (0.7, 0.0, 0.7)
    assert farthest([0.05, 0.1], lambda x: x) == (0.1, 1.0, 0.1)


def test_bound_of_kolmogorovs_distance_is_never_below_the_exact_one():
    """Of one uniform number D is above d >= 1/2 with probability 2 (1 - d); of two, d >= 3/4, with 2 (1 - d)^2."""
    for rate in (0.3, 0.05, 1e-3, 1e-8):
        assert kolmogorov_allows(rate, 1) >= 1 - rate / 2
        assert kolmogorov_allows(rate, 2) >= 1 - np.sqrt(rate / 2)
    assert kolmogorov_allows(1e-8, 4000) == pytest.approx(0.0489, abs=1e-4)
