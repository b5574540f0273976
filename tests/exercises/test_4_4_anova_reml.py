"""Exercise 4.4: test colour with buckets as replicates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import closed_form, exact, golden
from reference.distributions import f_tail, farthest
from tests import strategies, tolerances
from tests.assertions import assert_between, assert_close, assert_that

pytestmark = pytest.mark.judges("anova_reml")

EQUAL_N = strategies.equal_n_layouts(min_colors=2)
INSIDE = strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS)
IN_GRAMS = strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS, scales=(1.0,))
# Three buckets or more to a colour: every contrast has more than 2 df, as a pooled df needs.
THREE_BUCKETS = st.lists(st.lists(st.integers(2, 4), min_size=3, max_size=4), min_size=2, max_size=3)
TWO_COLORS = st.lists(st.lists(st.integers(1, 4), min_size=3, max_size=4), min_size=2, max_size=2).map(
    lambda layout: [[size + 1 for size in layout[0]], layout[1]]
)


def wald_f(frogs) -> float:
    """F = (L beta)'(L C L')^-1 (L beta) / q at the exact REML estimate, for L the contrasts of colour."""
    fit = exact.reml(frogs.treatment, frogs.y, frogs.group)
    V = frogs.V(float(fit.Vb), float(fit.Ve))
    X = frogs.treatment
    C = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    beta = np.array(fit.coef, float)[1:]
    return float(beta @ np.linalg.solve(C[1:, 1:], beta) / len(beta))


def contrasts(frogs) -> np.ndarray:
    """L of colour in treatment coding."""
    return np.eye(frogs.treatment.shape[1])[1:]


# --- by hand, and goldens --------------------------------------------------------------------------------------------


@pytest.mark.ordinary
def test_anova_reml_by_hand(impl):
    """Theorem 14: mean squares 972 of colour and 216 of buckets; p = 1 - sqrt(F / (F + 2)) on 1 and 2 df."""
    got, F = impl.anova_reml(strategies.twelve_frogs().data), 972 / 216
    assert_close("F of 12 frogs in 4 equal buckets: 972 / 216", got.F, F, impl.tolerances.F)
    claim = "df of 12 frogs in 4 buckets of 2 colours: 2 - 1 and 4 - 2"
    assert_close(claim, [got.df_num, got.df_den], [1, 2], impl.tolerances.df)
    expected = 1 - np.sqrt(F / (F + 2))
    assert_close("p-value: the tail of F(1, 2) above F", got.p_value, expected, impl.tolerances.p_value, 1.0)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled"])
def test_anova_reml_agrees_with_lmertest(impl, name):
    """anova of lmerTest: F on 3 and 4 df, where the naive model has 36."""
    fit = golden.load(name)
    expected, got = fit.expected["anova_reml"], impl.anova_reml(fit.data)
    rtol = max(impl.tolerances.df, fit.rtol("df"))
    assert_close("F of anova(lmer)", got.F, expected["F"], max(fit.rtol("Vb"), impl.tolerances.F))
    assert_close("df of anova(lmer)", [got.df_num, got.df_den], [expected["df_num"], expected["df_den"]], rtol)
    assert_close("p-value of anova(lmer)", got.p_value, expected["p_value"], max(impl.tolerances.p_value, 1e-6), 1.0)


@pytest.mark.satterthwaite
def test_anova_reml_of_unequal_buckets_agrees_with_lmertest_in_f(impl):
    """F does not depend on the basis of the contrasts; df is judged below."""
    fit = golden.load("chapter_2_unbalanced")
    got = impl.anova_reml(fit.data)
    assert_close("F of anova(lmer)", got.F, fit.expected["anova_reml"]["F"], max(fit.rtol("Vb"), impl.tolerances.F))


@pytest.mark.satterthwaite
def test_anova_reml_at_the_boundary_is_the_naive_test(impl):
    """Vb = 0: F and p of anova(lm), on 3 and N - C = 36 df, as lmerTest has it."""
    fit = golden.load("chapter_2_boundary")
    expected, got = fit.expected["anova_reml"], impl.anova_reml(fit.data)
    assert_close("F at Vb = 0 is that of anova(lm)", got.F, expected["F"], impl.tolerances.F)
    assert_close("df at Vb = 0 is N - C", got.df_den, expected["df_den"], impl.tolerances.df)
    assert_close("p at Vb = 0 is that of anova(lm)", got.p_value, expected["p_value"], impl.tolerances.p_value, 1.0)


# --- equal n --------------------------------------------------------------------------------------------


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_f_is_the_anova_of_bucket_means(impl, frogs):
    """Theorem 14: balanced, interior: F = MSA / MSB, the one-way ANOVA of the B bucket means."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.anova_reml(frogs.data).F
    assert_close("equal n: F = MSA / MSB", got, expected.F, impl.tolerances.F, expected.F + 1e-3)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_df_are_colors_minus_one_and_buckets_minus_colors(impl, frogs):
    """Theorem 8 and 14: C - 1 and B - C."""
    got = impl.anova_reml(frogs.data)
    n_colors = frogs.cell_means.shape[1]
    assert_close("df_num = C - 1", got.df_num, n_colors - 1, 1e-9)
    assert_close("equal n: df_den = B - C", got.df_den, frogs.Z.shape[1] - n_colors, impl.tolerances.df)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_p_value_is_the_upper_tail_on_buckets_minus_colors(impl, frogs):
    """Theorem 14: p = P(F(C - 1, B - C) >= MSA / MSB)."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color).p_value
    assert_close(
        "p = upper tail of F(C - 1, B - C)", impl.anova_reml(frogs.data).p_value, expected, impl.tolerances.p_value, 1.0
    )


@pytest.mark.satterthwaite
@given(strategies.boundary_frogs(strategies.layouts(min_colors=2)))
def test_df_at_the_boundary_is_frogs_minus_colors(impl, frogs):
    """Theorem 8: Vb = 0: N - C, any bucket sizes."""
    got = impl.anova_reml(frogs.data).df_den
    assert_close("Vb = 0: df_den = N - C", got, float(len(frogs.y) - frogs.cell_means.shape[1]), impl.tolerances.df)


@given(INSIDE)
def test_f_and_df_of_any_equal_buckets(impl, frogs):
    """Theorems 8 and 14: colours may differ in their number of buckets."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.anova_reml(frogs.data)
    assert_close("equal n: F = MSA / MSB", got.F, expected.F, impl.tolerances.F, expected.F + 1e-3)
    assert_close("equal n: df_den = B - C", got.df_den, expected.df, impl.tolerances.df)


# --- unequal n ------------------------------------------------------------------------------------------


@pytest.mark.satterthwaite
@given(strategies.interior_frogs(THREE_BUCKETS))
def test_f_of_unequal_buckets_to_fifty_digits(impl, frogs):
    """F = (L beta)'(L C L')^-1 (L beta) / q, the same in every basis of the contrasts."""
    expected = wald_f(frogs)
    got = impl.anova_reml(frogs.data).F
    assert_close("F = Wald statistic / q", got, expected, impl.tolerances.F, expected + 1e-2)


@pytest.mark.satterthwaite
@given(strategies.interior_frogs(THREE_BUCKETS))
def test_df_of_unequal_buckets_lies_between_those_of_the_contrasts(impl, frogs):
    """Theorem 16: pooled over whatever basis, df lies between the smallest and largest df of a contrast."""
    low, high = exact.ddf_range(frogs.treatment, frogs.y, frogs.group, contrasts(frogs))
    slack = impl.tolerances.df
    got = impl.anova_reml(frogs.data).df_den
    assert_between("df_den lies in the range of the contrasts' df", got, low * (1 - slack), high * (1 + slack))


@pytest.mark.satterthwaite
@given(strategies.interior_frogs(THREE_BUCKETS))
def test_p_value_fits_f_and_df(impl, frogs):
    """p is the upper tail of F(df_num, df_den) at the F and df that are reported."""
    got, F = impl.anova_reml(frogs.data), wald_f(frogs)
    low, high = exact.ddf_range(frogs.treatment, frogs.y, frogs.group, contrasts(frogs))
    slack = impl.tolerances.df
    assert_close("F = Wald statistic / q", got.F, F, impl.tolerances.F, F + 1e-2)
    assert_between("df_den lies in the range of the contrasts' df", got.df_den, low * (1 - slack), high * (1 + slack))
    expected = f_tail(got.F, got.df_num, got.df_den)
    assert_close("p = upper tail of F(df_num, df_den) at F", got.p_value, expected, tolerances.P_VALUE, 1.0)


@pytest.mark.satterthwaite
@given(strategies.interior_frogs(TWO_COLORS))
def test_two_colors_f_is_t_squared_with_its_df(impl, frogs):
    """Theorem 16: one numerator df: F = t^2, and df is the contrast's own."""
    fit = exact.reml(frogs.treatment, frogs.y, frogs.group)
    got, t = impl.anova_reml(frogs.data), float(fit.coef[1] / fit.se[1])
    assert_close("two colours: F = t^2", got.F, t**2, impl.tolerances.F, t**2 + 1e-2)
    assert_close("two colours: df_den is that of the contrast", got.df_den, float(fit.df[1]), impl.tolerances.df)


# --- invariance -----------------------------------------------------------------------------------------


@given(IN_GRAMS, st.sampled_from([0.5, 1e-3]))
def test_anova_reml_has_no_unit(impl, frogs, c):
    """Theorem 10: y -> c y + 1000 c leaves F, df and p."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.anova_reml(frogs.data.assign(weight=c * (frogs.y + np.ptp(frogs.y))))
    assert_close("c y: F as for y", got.F, expected.F, impl.tolerances.F, expected.F + 1e-3)
    assert_close("c y: df as for y", got.df_den, expected.df, impl.tolerances.df)
    assert_close("c y: p as for y", got.p_value, expected.p_value, impl.tolerances.p_value, 1.0)


@pytest.mark.package
@given(INSIDE, st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_anova_reml_has_no_favourite_unit(impl, frogs, c):
    """Theorems 10 and 14: F, df and p of c y + 1e5 spreads, c from 1e-6 to 1e6; that has 11 digits of y."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.anova_reml(frogs.data.assign(weight=c * (frogs.y + 1e5 * np.ptp(frogs.y))))
    assert_close(f"{c:g} y: F", got.F, expected.F, max(1e-7, impl.tolerances.F), expected.F + 1e-3)
    assert_close(f"{c:g} y: df", got.df_den, expected.df, impl.tolerances.df)
    assert_close(f"{c:g} y: p", got.p_value, expected.p_value, max(1e-7, impl.tolerances.p_value), 1.0)


@pytest.mark.core_only
@pytest.mark.parametrize("c", [1e-8, 1e-4, -1e3, 1e4, 1e8])
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_unbalanced"])
def test_anova_reml_at_extreme_scales(impl, name, c):
    """Theorem 10 for c from 1e-8 to 1e8: the same F, df and p to 1e-9."""
    data = golden.load(name).data
    expected, got = impl.anova_reml(data), impl.anova_reml(data.assign(weight=c * data["weight"]))
    assert_close(
        "c y: F, df, p as for y",
        [got.F, got.df_den, got.p_value],
        [expected.F, expected.df_den, expected.p_value],
        1e-9,
    )


@pytest.mark.core_only
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_unbalanced", "chapter_2_boundary"])
def test_anova_reml_takes_lmertests_basis(impl, name):
    """lmm_core pools df over lmerTest's basis, so that its unbalanced df is lmerTest's too."""
    fit = golden.load(name)
    expected = fit.expected["anova_reml"]
    assert_close("df of anova(lmer)", impl.anova_reml(fit.data).df_den, expected["df_den"], 2 * fit.rtol("df"))


# One colour has two buckets of different size, the others one: every contrast has about B - C = 1 df.
ONE_DF_LEFT = st.builds(
    lambda n, more, others: [[n, n + more], *([size] for size in others)],
    st.integers(2, 4),
    st.integers(1, 3),
    st.lists(st.integers(1, 4), min_size=2, max_size=3),
)


@pytest.mark.core_only
@given(strategies.interior_frogs(ONE_DF_LEFT))
def test_pooled_df_with_a_contrast_of_two_df_or_less(impl, frogs):
    """lmerTest's rule where 2 S / (S - q) has no meaning: with a contrast of 2 df or less, the pooled df is 2."""
    low, _ = exact.ddf_range(frogs.treatment, frogs.y, frogs.group, contrasts(frogs))
    assert_between("the smallest df of a contrast", low, 0, 2)
    assert_close("df_den", impl.anova_reml(frogs.data).df_den, 2.0, 1e-15)


@pytest.mark.core_only
def test_p_values_are_uniform_under_no_color_effect(impl):
    """Theorem 18: with 8 buckets of 5, Vb = 900 and Ve = 225, p is uniform, up to rare boundary fits.

    MSB / MSE is 21 F(4, 32), below 1 with probability 0.0045, which shifts the distribution of p by at most as
    much. Kolmogorov's distance of 500 p-values exceeds 0.13 - 0.0045 with probability 2 exp(-1000 0.1255^2) = 3e-7.
    """
    rng = np.random.default_rng(18)
    data = golden.load("chapter_2").data
    bucket = data["bucket"].to_numpy() - 1
    p_values = [
        impl.anova_reml(data.assign(weight=rng.normal(0, 30, 8)[bucket] + rng.normal(0, 15, 40))).p_value
        for _ in range(500)
    ]
    _, share, p = farthest(p_values, lambda p: p)
    assert_that("p-values of the mixed model are uniform", abs(share - p) < 0.13, p_values)


@pytest.mark.core_only
@pytest.mark.parametrize("step", [0.0, 10.0, 100.0, 1e6])
def test_p_value_of_three_colors_has_all_its_digits(impl, step):
    """Three colours, equal n: p = (1 + 2 F / m)^(-m/2), m = B - 3 and F = MSA / MSB, down to 1e-140.

    Tail of F(2, m): Johnson, Kotz and Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 27. With
    m = 27, p has m / 2 log(1 + 2 F / m) = 320 times the relative error of df, which is 1e-9.
    """
    color = np.repeat([0, 1, 2], 10)
    of_bucket = 200 + step * color / 10 + np.tile([1.0, -1.0], 15) + np.arange(30) % 5
    bucket, y = np.repeat(np.arange(30), 2), np.repeat(of_bucket, 2) + np.tile([0.25, -0.25], 30)
    ms = closed_form.mean_squares(y, bucket, color[bucket])
    expected = (1 + 2 * (ms.MSA / ms.MSB) / 27) ** -13.5
    got = impl.anova_reml(pd.DataFrame({"bucket": bucket, "color": color[bucket], "weight": y})).p_value
    assert_close("p = (1 + 2 F / m)^(-m / 2)", got, expected, 1e-6)


@pytest.mark.core_only
@pytest.mark.parametrize("shape", [(5, 3, 2), (8, 2, 3), (12, 4, 2), (3, 400, 2)], ids="{0[0]} colours".format)
def test_many_colors_and_buckets_of_equal_size(impl, shape):
    """Theorem 14: F = MSA / MSB on C - 1 and B - C df, for 12 colours and for 1,200 buckets."""
    n_colors, n_buckets, n = shape
    frogs = strategies.fixed_frogs([[n] * n_buckets] * n_colors, 13)
    got, expected = impl.anova_reml(frogs.data), closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    assert_close("F = MSA / MSB", got.F, expected.F, 1e-9)
    assert_close("df", [got.df_num, got.df_den], [n_colors - 1, expected.df], 1e-8)
    assert_close("p", got.p_value, expected.p_value, 1e-7)


@pytest.mark.core_only
def test_order_of_ten_thousand_rows_does_not_matter(impl):
    """Theorem 11: unequal buckets of 3 colours, sorted by colour or shuffled: the same F and pooled df."""
    frogs = strategies.fixed_frogs([[2, 40] * 90, [1, 2, 3, 60] * 70, [3, 7] * 150], 14)
    order = np.random.default_rng(14).permutation(len(frogs.y))
    got, expected = impl.anova_reml(frogs.data.iloc[order]), impl.anova_reml(frogs.data)
    assert_close("F", got.F, expected.F, 1e-9)
    assert_close("df_den", got.df_den, expected.df_den, 1e-8)
