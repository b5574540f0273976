"""Exercise 4.3: the naive test of colour, with frogs as replicates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from reference import golden
from reference.distributions import f_tail, farthest
from tests import strategies, tolerances
from tests.assertions import assert_close, assert_equal, assert_that

pytestmark = pytest.mark.judges("anova_ols")

TWO_FROGS = strategies.layouts(min_colors=2).map(lambda layout: [c if sum(c) > 1 else [2] for c in layout])
FROGS = strategies.frogs(TWO_FROGS)
WITH_COLOR = ["chapter_2", "chapter_2_shuffled"]


def naive_f(frogs) -> tuple[float, int, int]:
    """F, C - 1 and N - C from residual sums of squares, with and without colour."""
    X, y = frogs.cell_means, frogs.y - frogs.y.mean()
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    df_num, df_den = X.shape[1] - 1, len(y) - X.shape[1]
    return (y @ y - residual @ residual) / df_num / (residual @ residual / df_den), df_num, df_den


@pytest.mark.ordinary
def test_anova_ols_by_hand(impl):
    """Colour means 56 and 74: 972 between colours, 504 within with 10 df; F = 972 / 50.4."""
    got, F = impl.anova_ols(strategies.twelve_frogs().data), 972 / 50.4
    assert_close("F of 12 frogs in 2 colours: (972 / 1) / (504 / 10)", got.F, F, 1e-9)
    assert_close("df of 12 frogs in 2 colours: 2 - 1 and 12 - 2", [got.df_num, got.df_den], [1, 10], 1e-9)
    expected = f_tail(F, 1, 10)
    assert_close("p-value: the tail of F(1, 10) above F", got.p_value, expected, tolerances.P_VALUE, scale=1.0)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", WITH_COLOR)
def test_anova_ols_agrees_with_r(impl, name):
    """R: anova(lm(weight ~ color))."""
    fit = golden.load(name)
    expected, got = fit.expected["anova_ols"], impl.anova_ols(fit.data)
    assert_close("F of anova(lm)", got.F, expected["F"], 1e-9)
    assert_close("df of anova(lm)", [got.df_num, got.df_den], [expected["df_num"], expected["df_den"]], 1e-9)
    assert_close("p-value of anova(lm)", got.p_value, expected["p_value"], tolerances.P_VALUE, scale=1.0)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_anova_ols_f_is_mean_square_of_colors_over_mean_square_within(impl, frogs):
    """Theorem 14: F = (SS colours / (C - 1)) / (SS within colours / (N - C))."""
    F = naive_f(frogs)[0]
    assert_close("F = MS colours / MS within colours", impl.anova_ols(frogs.data).F, F, 1e-8, scale=F + 1e-3)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_anova_ols_counts_frogs_as_replicates(impl, frogs):
    """Theorem 14: the naive model has C - 1 and N - C degrees of freedom."""
    got = impl.anova_ols(frogs.data)
    assert_close("df are C - 1 and N - C", [got.df_num, got.df_den], naive_f(frogs)[1:], 1e-9)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_anova_ols_p_value_is_the_upper_tail(impl, frogs):
    """p = P(F(C - 1, N - C) >= F)."""
    expected = f_tail(*naive_f(frogs))
    assert_close(
        "p = upper tail of F(C - 1, N - C)", impl.anova_ols(frogs.data).p_value, expected, tolerances.P_VALUE, scale=1.0
    )


@pytest.mark.parametrize("name", ["chapter_2_unbalanced", "chapter_2_boundary"])
def test_anova_ols_of_other_layouts_agrees_with_r(impl, name):
    """Unequal buckets, and buckets that do not differ: the naive model knows none of them."""
    expected, got = golden.load(name).expected["anova_ols"], impl.anova_ols(golden.load(name).data)
    assert_close("F of anova(lm)", got.F, expected["F"], 1e-9)
    assert_close("df of anova(lm)", [got.df_num, got.df_den], [expected["df_num"], expected["df_den"]], 1e-9)
    assert_close("p-value of anova(lm)", got.p_value, expected["p_value"], tolerances.P_VALUE, scale=1.0)


@given(FROGS)
def test_anova_ols_of_unequal_buckets(impl, frogs):
    """F, C - 1 and N - C for any layout."""
    got, (F, *df) = impl.anova_ols(frogs.data), naive_f(frogs)
    assert_close("F = MS colours / MS within colours", got.F, F, 1e-8, scale=F + 1e-3)
    assert_close("df are C - 1 and N - C", [got.df_num, got.df_den], df, 1e-9)


@pytest.mark.core_only
def test_naive_p_values_are_not_uniform_under_no_color_effect(impl):
    """Theorem 18: with Vb = 900, Ve = 225 the naive test rejects far too often.

    Of 100 p-values at seed 18, those of a correct test would keep within 0.29 of uniform but for 1e-7 of
    all seeds (Kolmogorov's distribution); the naive ones leave by more than 0.4.
    """
    rng = np.random.default_rng(18)
    data = golden.load("chapter_2").data
    bucket = data["bucket"].to_numpy() - 1
    p_values = [
        impl.anova_ols(data.assign(weight=rng.normal(0, 30, 8)[bucket] + rng.normal(0, 15, 40))).p_value
        for _ in range(100)
    ]
    _, share, p = farthest(p_values, lambda p: p)
    assert_that("naive p-values are far from uniform", abs(share - p) > 0.4, p_values)


@pytest.mark.core_only
@pytest.mark.parametrize("step", [1.0, 5.0, 60.0, 1e5])
def test_naive_p_value_of_three_colors_has_all_its_digits(impl, step):
    """Three colours: p = (SS within / SS total)^(m / 2), m = N - 3, down to 1e-140: the tail of F(2, m) in closed form.

    It is (1 + 2 F / m)^(-m/2) (Johnson, Kotz and Balakrishnan, 1995, Continuous Univariate Distributions 2, chapter
    27). An error of F of 1e-14 is one of p of 15e-14; fdtrc has another 1e-12.
    """
    color, noise = np.repeat([0, 1, 2], 10), np.tile([1.0, -1.0], 15)
    data = pd.DataFrame(
        {"bucket": np.repeat(np.arange(15), 2), "color": color, "weight": 200 + step * color / 10 + noise}
    )
    within, between = 30.0, 20 * (step / 10) ** 2
    got = impl.anova_ols(data).p_value
    assert_close("p = (SSW / SST)^(m / 2)", got, (within / (within + between)) ** 13.5, 1e-10)


@pytest.mark.core_only
@pytest.mark.parametrize("layout", [[[1, 2, 3]] * 8, [[30, 20]] * 5 + [[400, 700]], [[2]] * 40], ids=["8", "6", "40"])
def test_naive_test_of_many_colors_and_frogs(impl, layout):
    """Theorem 14: 8 and 40 colours, 1,350 frogs; F from sums of squares, and its tail."""
    frogs = strategies.fixed_frogs(layout, 12)
    got, expected = impl.anova_ols(frogs.data), naive_f(frogs)
    assert_close("F = MS colours / MS within colours", got.F, expected[0], 1e-11)
    assert_equal("df are C - 1 and N - C", (got.df_num, got.df_den), expected[1:])
    assert_close("p = upper tail", got.p_value, f_tail(*expected), 1e-9)
