"""Fifty digits against the closed form, against published values, and against themselves."""

import itertools
from decimal import Decimal

import flint
import numpy as np
import pytest
from hypothesis import given

from reference import closed_form, exact, golden
from tests import strategies
from tests.assertions import assert_at_most, assert_between, assert_close, assert_equal

PUBLISHED = {
    "dyestuff": {"Vb": "1764.05", "Ve": "2451.25", "criterion": "319.65427684226"},
    "dyestuff2": {"Vb": "0", "Ve": "13.80631"},
    "rail": {"Vb": "615.3111", "Ve": "16.16667"},
    "ergostool": {"Vb": "1.775463", "Ve": "1.2106481"},
    "sleepstudy": {"criterion": "1786.465085"},
}
PUBLISHED_DF = {"dyestuff": ["5"], "dyestuff2": ["29"], "sleepstudy": ["22.8102", "161"]}


def rounds_to(value: Decimal, printed: str) -> bool:
    """Whether the value, rounded to the printed decimals, is what was printed."""
    places = Decimal(1).scaleb(Decimal(printed).as_tuple().exponent)
    return abs(value - Decimal(printed)) <= places / 2


@given(strategies.frogs(strategies.equal_n_layouts(), ratios=strategies.INTERIOR_RATIOS))
def test_fifty_digits_agree_with_the_closed_form_inside(frogs):
    """Theorem 6 and 8, to the 13 digits that the closed form has in float64."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    fit = exact.reml(frogs.cell_means, frogs.y, frogs.group)
    assert_close("Vb and Ve", [float(fit.Vb), float(fit.Ve)], [expected.Vb, expected.Ve], 1e-12)
    assert_close("df", np.array(fit.df, float), np.full(len(fit.df), expected.df), 1e-14)


@given(strategies.frogs(strategies.equal_n_layouts(), ratios=strategies.BOUNDARY_RATIOS))
def test_fifty_digits_agree_with_the_closed_form_at_the_boundary(frogs):
    """Theorem 6: Vb = 0 exactly, Ve = RSS_OLS / (N - C)."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    fit = exact.reml(frogs.cell_means, frogs.y, frogs.group)
    assert fit.singular
    assert_close("Ve", float(fit.Ve), expected.Ve, 1e-12)


@given(strategies.clear_frogs())
def test_score_is_the_derivative_of_the_criterion(frogs):
    """At the fit, both partial derivatives of the unprofiled criterion vanish to 40 digits (inside)."""
    with flint.ctx.workdps(100):
        model = exact.ExactModel(frogs.treatment, frogs.y, frogs.group)
        gamma = flint.arb(model.best_gamma(model.stationary()))
        Ve = model.residual_variance(gamma)
        by_Vb, by_Ve = model.gradient(gamma * Ve, Ve)
    assert_close("d/d log Vb and d/d log Ve", [float(by_Vb * gamma * Ve), float(by_Ve * Ve)], [0.0, 0.0], 1e-20, 1.0)


# Both have three stationary points, and their lower minimum far from the other. Estimates from a dense scan and
# Newton's method in R, checked by an independent program.
FAR_MINIMA = {
    "balanced": (
        [-2.0, -2.02, -0.47, -0.54, -0.03, 0.05, -1.18, -1.16],
        [1.36, 1.5, 0.86, 1.22, 1.08, 0.69, 2.57, 2.47],
        [0, 0, 1, 1, 2, 2, 3, 3],
        {"stationary": [22.56, 205.66, 56693.16], "Vb": 16.70, "Ve": 2.945e-4, "criterion": 0.1402},
    ),
    "unbalanced": (
        [-1.259, -1.249, 4.178, 4.181, 4.176, 3.666, 3.673, 3.677, 3.651, 3.677],
        [11.345, 11.954, 3.555, 4.488, 3.099, -7.942, -7.568, -7.422, -9.233, -6.535],
        [0, 0, 1, 1, 1, 2, 2, 2, 2, 2],
        {"stationary": [109.91, 7619.2, 395440], "Vb": 63818, "Ve": 0.16138, "criterion": 30.9427},
    ),
}


@pytest.mark.parametrize("case", FAR_MINIMA)
def test_every_stationary_point_is_found_and_the_lowest_taken(case):
    """The roots of the score's numerator, all of them, and the estimates at the lowest."""
    x, y, group, expected = FAR_MINIMA[case]
    fit = exact.reml(np.column_stack([np.ones(len(x)), x]), y, group)
    assert_close("stationary points", np.array(fit.stationary, float), expected["stationary"], 1e-4)
    for quantity in ("Vb", "Ve", "criterion"):
        assert_close(quantity, float(getattr(fit, quantity)), expected[quantity], 5e-4)


@given(strategies.within_slopes())
def test_stationary_points_are_as_many_as_sturm_counts(slopes):
    """Sturm's chain isolates nothing: it counts the positive roots of the same polynomial in another way."""
    with flint.ctx.workdps(60):
        model = exact.ExactModel(slopes.X, slopes.y, slopes.group)
        assert_equal("positive roots", len(model.stationary()), exact.sturm(model.score_numerator))


@given(strategies.within_slopes())
def test_the_score_vanishes_at_stationary_points_and_nowhere_else_changes_its_sign(slopes):
    """Theorem 13, by dense float64 algebra: between two stationary points the criterion rises or falls throughout."""
    fit = exact.reml(slopes.X, slopes.y, slopes.group)
    turns = np.array([0.0, *map(float, fit.stationary)])
    ends = [*turns, 1e3 * (turns[-1] + 1)]
    for low, high in itertools.pairwise(ends):
        inside = np.expm1(np.linspace(np.log1p(low), np.log1p(high), 9))
        steps = np.diff([slopes.criterion(gamma) for gamma in inside])
        size = 1e-6 * np.abs(steps).max() + slopes.rounding
        assert np.all(steps > -size) or np.all(steps < size), f"{steps} between {low} and {high}"


@given(strategies.within_slopes())
def test_no_place_of_a_scan_lies_below_the_exact_minimum(slopes):
    """Theorem 13: dense float64 algebra at 200 places from gamma = 0 to 1e9."""
    scan = min(slopes.criterion(gamma) for gamma in [0.0, *np.geomspace(1e-3, 1e9, 200)])
    assert_at_most("the exact minimum", float(exact.reml(slopes.X, slopes.y, slopes.group).criterion), scan, 1e-6)


DEGENERATE = {
    "y is a combination of X": ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3.0, 5.0, 7.0, 9.0, 11.0, 13.0], "linearly dependent"),
    "y is constant within buckets": ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [1.0, 1.0, 5.0, 5.0, 2.0, 2.0], "rss goes to 0"),
    "X is rank-deficient": ([2.0] * 6, [1.0, 2.0, 4.0, 3.0, 5.0, 9.0], "linearly dependent"),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_data_without_a_minimum_are_refused(case):
    """Ve = 0, or the score's polynomial degenerates."""
    x, y, words = DEGENERATE[case]
    with pytest.raises(exact.NoMinimumError, match=words):
        exact.reml(np.column_stack([np.ones(6), x]), y, [1, 1, 2, 2, 3, 3])


def test_buckets_that_x_describes_are_refused():
    """One indicator for each bucket: the criterion does not depend on Vb."""
    group = np.array([0, 0, 1, 1, 2, 2])
    with pytest.raises(exact.NoMinimumError, match="X describes every bucket"):
        exact.reml(np.eye(3)[group], [1.0, 2.0, 4.0, 3.0, 5.0, 9.0], group)


@given(strategies.SEEDS)
def test_with_no_frog_to_spare_the_criterion_has_a_limit(seed):
    """Theorem 13: (N-p) (1 + log(2 pi z'M^-1 z / (N-p))) + log|M| + log|X'X|, M = K'ZZ'K, z = K'y, K orthonormal."""
    slopes = strategies.saturated_slopes(seed)
    N, p = slopes.X.shape
    K, Z = np.linalg.svd(slopes.X)[0][:, p:], strategies.indicators(slopes.group)
    left, values, _ = np.linalg.svd(K.T @ Z, full_matrices=False)
    z = (left.T @ K.T @ slopes.y) / values
    logs = 2 * np.log(values).sum() + 2 * np.log(np.linalg.svd(slopes.X, compute_uv=False)).sum()
    with flint.ctx.workdps(60):
        model = exact.ExactModel(slopes.X, slopes.y, slopes.group)
        assert_equal("rank[X Z]", model.rank, N)
        limit = float(model.limit())
    assert_close("the limit", limit, (N - p) * (1 + np.log(2 * np.pi * (z @ z) / (N - p))) + logs, 1e-7, 1.0)


@given(strategies.SEEDS)
def test_with_no_frog_to_spare_there_are_two_stationary_points_less(seed):
    """Theorem 13: at most 2k - 3, for k different eigenvalues of K'ZZ'K, N - p of them; as many as Sturm counts."""
    slopes = strategies.saturated_slopes(seed)
    N, p = slopes.X.shape
    with flint.ctx.workdps(60):
        model = exact.ExactModel(slopes.X, slopes.y, slopes.group)
        assert_equal("positive roots", len(model.stationary()), exact.sturm(model.score_numerator))
        assert_at_most("positive roots", len(model.stationary()), 2 * (N - p) - 3)


@pytest.mark.parametrize("middle", [3.0, 10.0], ids=["two minima", "both ends"])
def test_a_tie_is_refused(middle):
    """The criterion is the same at d = Ve / Vb and at 16 / d: two minima, or both ends, are lowest."""
    slopes = strategies.symmetric_slopes(middle)
    with pytest.raises(exact.TieError, match=r"^the criterion is lowest at gamma = .* and "):
        exact.reml(slopes.X, slopes.y, slopes.group)


def test_lowest_at_ve_0_is_refused():
    """No frog to spare, and a criterion that falls from some Vb / Ve on."""
    slopes = strategies.saturated_slopes(2)
    with pytest.raises(exact.NoMinimumError, match=r"^the criterion is lowest at Ve = 0$"):
        exact.reml(slopes.X, slopes.y, slopes.group)


def test_variances_that_only_their_sum_depends_on_are_refused():
    """A frog in each bucket: ZZ' = I."""
    with pytest.raises(exact.NoMinimumError, match="proportional to K'K"):
        exact.reml(np.ones((4, 1)), [1.0, 2.0, 4.0, 3.0], range(4))


@given(strategies.interior_frogs())
def test_criterion_equals_dense_algebra(frogs):
    """(n-p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r with the dense V in float64."""
    fit = exact.reml(frogs.treatment, frogs.y, frogs.group)
    X, V = frogs.treatment, frogs.V(float(fit.Vb), float(fit.Ve))
    XVX = X.T @ np.linalg.solve(V, X)
    r = frogs.y - X @ np.linalg.solve(XVX, X.T @ np.linalg.solve(V, frogs.y))
    dense = (len(r) - X.shape[1]) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + np.linalg.slogdet(XVX)[1]
    assert_close("criterion", float(fit.criterion), dense + r @ np.linalg.solve(V, r), 1e-8, 1.0)


@given(strategies.interior_frogs())
def test_df_range_contains_the_df_of_every_coefficient(frogs):
    """The interval of theorem 16 holds the contrasts that are single coefficients, and both its ends are met."""
    L = np.eye(frogs.treatment.shape[1])
    fit = exact.reml(frogs.treatment, frogs.y, frogs.group)
    low, high = exact.ddf_range(frogs.treatment, frogs.y, frogs.group, L)
    df = np.array(fit.df, float)
    assert_between("smallest df of a coefficient", df.min(), low * (1 - 1e-9), high * (1 + 1e-9))
    assert_between("largest df of a coefficient", df.max(), low * (1 - 1e-9), high * (1 + 1e-9))


@pytest.mark.parametrize(("name", "quantity"), [(n, q) for n, values in PUBLISHED.items() for q in values])
def test_published_values(name, quantity):
    """Dyestuff, Dyestuff2, Rail, ergoStool and sleepstudy as printed in the literature on lme4 and nlme."""
    fit = golden.load(name)
    value = getattr(exact.reml(fit.X, fit.y, fit.group), quantity)
    assert rounds_to(value, PUBLISHED[name][quantity]), f"{quantity} is {value:.12f}"


@pytest.mark.parametrize("name", PUBLISHED_DF)
def test_published_degrees_of_freedom(name):
    """5 for Dyestuff, 29 at Dyestuff2's boundary, 22.8102 and 161 for sleepstudy."""
    fit = golden.load(name)
    df = exact.reml(fit.X, fit.y, fit.group).df
    assert all(map(rounds_to, df, PUBLISHED_DF[name])), f"df are {[f'{value:.6f}' for value in df]}"


def test_published_f_of_ergostool():
    """F = 22.3556 on 3 and 24 df."""
    fit = golden.load("ergostool").expected["anova_reml"]
    assert rounds_to(Decimal(fit["F"]), "22.3556"), f"F is {fit['F']}"
    assert_close("df", [fit["df_num"], fit["df_den"]], [3, 24], 1e-7)


def test_lre_counts_digits():
    """-log10 of the relative error, capped at 15 (McCullough, 1998)."""
    assert_close("LRE of 1.001 for 1", exact.lre(1.001, Decimal(1)), 3.0, 1e-9)
    assert exact.lre(1.0, Decimal(1)) == 15
    assert exact.lre([1.0, 1.1], [Decimal(1), Decimal(1)]) < 1.01
