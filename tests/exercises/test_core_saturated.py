"""Where X and the buckets explain any y, rank[X Z] = N: fitted if a minimum is lower than Ve = 0, and else refused."""

import numpy as np
import pytest
from hypothesis import given

from reference import exact
from tests import strategies
from tests.assertions import assert_at_most, assert_between, assert_close, assert_equal

pytestmark = pytest.mark.core_only

# Ten frogs in five pairs, five covariates; Vb, Ve and criterion as lme4 1.1-31 says, its optimiser stopped at 1e-11.
PAIRS = np.repeat(np.arange(5), 2)
COVARIATES = [
    [0.5, -1.9, 0.3, 0.2, -0.5, 0.8, 0.2, -0.1, -0.9, -0.6],
    [-0.5, 1.1, 0.3, 0.5, -1.0, 1.3, 1.3, -0.4, -0.2, 0.2],
    [1.0, -0.3, -0.5, -0.5, -0.8, -0.9, 0.6, 0.2, 0.3, 0.9],
    [0.5, 0.8, -1.2, 0.2, 1.1, -0.6, -0.5, -1.0, 1.1, 0.1],
    [-1.4, 0.2, -0.1, 1.2, 0.4, 0.9, 0.4, 0.7, -0.6, 0.5],
]
TEN = np.column_stack([np.ones(10), *COVARIATES])
WEIGHTS = np.array([3.1, 2.3, -2.4, -0.8, 5.5, 3.0, 0.9, -0.2, -3.5, -1.6])
LMER = (8.0850832, 3.5566230, 30.446903106)


def answer(fit, slopes):
    """Vb and Ve over their sum, and the criterion; NaN where there is no fit."""
    try:
        got = fit(slopes.X, slopes.y, slopes.group)
    except ValueError:
        return np.full(3, np.nan)
    Vb, Ve = float(got.Vb), float(got.Ve)
    return np.array([Vb / (Vb + Ve), Ve / (Vb + Ve), float(got.criterion)])


@given(strategies.SEEDS)
def test_designs_without_a_frog_to_spare_are_fitted_or_refused_as_exact_arithmetic_says(core, seed):
    """Theorem 13: the lowest of all stationary points and of gamma = 0, if it is lower than the limit at Ve = 0."""
    slopes = strategies.saturated_slopes(seed)
    got, expected = answer(core.fit_reml, slopes), answer(exact.reml, slopes)
    assert_equal("no fit", np.isnan(got), np.isnan(expected))
    assert_close("Vb / (Vb + Ve), Ve / (Vb + Ve), criterion", np.nan_to_num(got), np.nan_to_num(expected), 1e-9, 1.0)


# Of 250 seeds, those with three or four stationary points, and the first without a fit.
SEVERAL = (1, 39, 46, 56, 62, 64, 80, 82, 89, 104, 106, 136, 168, 171, 197, 243)
NO_FIT = (2, 6, 7, 13, 14, 19)


@pytest.mark.parametrize("seed", SEVERAL)
def test_the_lowest_of_several_minima_and_of_both_ends_is_taken(core, seed):
    """Several minima, no frog to spare: all is as exact arithmetic says, coefficients and standard errors too."""
    slopes = strategies.saturated_slopes(seed)
    expected = exact.reml(slopes.X, slopes.y, slopes.group)
    got = core.fit_reml(slopes.X, slopes.y, slopes.group)
    assert_close("criterion", got.criterion, float(expected.criterion), 1e-10, 1.0)
    assert_close("Vb, Ve", [got.Vb, got.Ve], [float(expected.Vb), float(expected.Ve)], 1e-10)
    assert_close("se", got.se, np.array(expected.se, float), 1e-9)
    assert_close("coef", got.coef, np.array(expected.coef, float), 1e-9)


@pytest.mark.parametrize("seed", NO_FIT)
def test_lowest_at_ve_0_is_refused(core, seed):
    """The criterion at gamma = 1e3 to 1e12 is lower than anywhere before: REML has no fit with Ve > 0."""
    slopes = strategies.saturated_slopes(seed)
    scan = [slopes.criterion(gamma) for gamma in [0.0, *np.geomspace(1e-3, 1e7, 300)]]
    assert_at_most("the scan's lowest place, counted from its end", len(scan) - 1 - int(np.argmin(scan)), 2)
    with pytest.raises(
        ValueError, match=r"the criterion is nowhere lower than at Ve = 0; some bucket needs more frogs$"
    ):
        core.fit_reml(slopes.X, slopes.y, slopes.group)


def test_ten_frogs_in_five_pairs_on_six_columns_are_fitted_as_lme4_does(core):
    """VarCorr and REMLcrit of lmer, run tightly."""
    got = core.fit_reml(TEN, WEIGHTS, PAIRS)
    assert_close("Vb, Ve", [got.Vb, got.Ve], LMER[:2], 1e-6)
    assert_close("criterion", got.criterion, LMER[2], 1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_variances_that_only_their_sum_depends_on_are_refused(core, seed):
    """K'ZZ'K = n I: the criterion is the same for every Vb / Ve, in coordinates that cost five digits, too."""
    slopes = strategies.alike_slopes(seed)
    values = core.reml.criterion_curve(slopes.X, slopes.y, slopes.group, np.geomspace(1e-2, 1e2, 9))
    assert_close("the criterion at theta = 0.01 to 100", values, np.full(9, values[0]), 1e-8, 1.0)
    with pytest.raises(ValueError, match=r"the criterion is the same for every Vb / Ve; some bucket needs more frogs$"):
        core.fit_reml(slopes.X, slopes.y, slopes.group)


@pytest.mark.parametrize("seed", range(12))
def test_eigenvalues_that_differ_in_the_fifth_digit_tell_the_variances_apart(core, seed):
    """K'ZZ'K is n I but for 1e-5: fitted, or lowest at Ve = 0, as exact arithmetic says."""
    slopes = strategies.alike_slopes(seed, apart=1e-5)
    got, expected = answer(core.fit_reml, slopes), answer(exact.reml, slopes)
    assert_equal("no fit", np.isnan(got), np.isnan(expected))
    assert_close("criterion", np.nan_to_num(got[2]), np.nan_to_num(expected[2]), 1e-9, 1.0)
    assert_close("Vb / (Vb + Ve)", np.nan_to_num(got[0]), np.nan_to_num(expected[0]), 1e-4, 1.0)


def test_a_tie_of_both_ends_is_refused(core):
    """The same criterion at gamma = 0 and at Ve = 0, and nowhere a lower one."""
    slopes = strategies.symmetric_slopes(10.0)
    with pytest.raises(
        ValueError, match=r"the criterion is nowhere lower than at Ve = 0; some bucket needs more frogs$"
    ):
        core.fit_reml(slopes.X, slopes.y, slopes.group)


def test_a_tie_of_two_minima_is_refused(core):
    """The same criterion at gamma = 0.01374 and at 1 / 16 of its inverse."""
    slopes = strategies.symmetric_slopes(3.0)
    with pytest.raises(
        ValueError, match=r"^the criterion is lowest at Vb / Ve = (0.01374 and at 4.549|4.549 and at 0.01)"
    ):
        core.fit_reml(slopes.X, slopes.y, slopes.group)


@pytest.mark.parametrize("away", [1e-9, -1e-9])
def test_two_minima_that_nearly_tie_are_told_apart(core, away):
    """The mean of the smallest bucket moved by 1e-9: the criteria differ by some 1e-9, and the lower is taken."""
    slopes = strategies.symmetric_slopes(3.0)
    y = slopes.y + away * (slopes.group == 0)
    expected = exact.reml(slopes.X, y, slopes.group)
    got = core.fit_reml(slopes.X, y, slopes.group)
    assert_close("Vb / Ve", got.theta**2, float(expected.Vb / expected.Ve), 1e-6)


def test_a_single_minimum_of_symmetric_data_is_where_both_halves_meet(core):
    """The criterion is the same at d and 16 / d: one minimum lies at d = Ve / Vb = 4."""
    slopes = strategies.symmetric_slopes(1.0)
    assert_close("Vb / Ve", core.fit_reml(slopes.X, slopes.y, slopes.group).theta ** 2, 0.25, 1e-10)


def within(size):
    """Pairs with one covariate for each, which differs by that much in its pair and by 1 between pairs."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(6), 2)
    X = rng.normal(size=(6, 6))[group] + size * np.kron(np.eye(6), [[1.0], [-1.0]])
    return strategies.Slopes(X, rng.normal(size=12) * size + X @ np.arange(6.0) + rng.normal(size=6)[group], group)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-4])
def test_the_grid_reaches_where_the_criterion_is_a_straight_line(core, size):
    """Its end is at lambda gamma >= 2^26 for the least eigenvalue lambda of K'ZZ'K, and no further than 2^31."""
    slopes = within(size)
    Z, K = strategies.indicators(slopes.group), np.linalg.svd(slopes.X)[0][:, 6:]
    least = np.linalg.svd(K.T @ Z, compute_uv=False).min() ** 2
    basis = core.basis.least_squares_basis(slopes.X, slopes.y)
    sums = core.sums.identified(slopes.X, basis, slopes.group)
    *_, end = core.search._stretches(slopes.X, basis, slopes.group, sums, 2.0)
    assert_between("lambda gamma", float(end[-1].gamma) * least, 2.0**26 * (1 - 1e-6), 2.0**31)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-4])
def test_rounding_errors_do_not_grow_along_the_grid(core, size):
    """In each stretch variance inflation factors stay below exp(9): the range of 1 + n gamma in 16 steps, and 2.7."""
    slopes = within(size)
    basis = core.basis.least_squares_basis(slopes.X, slopes.y)
    sums = core.sums.identified(slopes.X, basis, slopes.group)
    stretches = list(core.search._stretches(slopes.X, basis, slopes.group, sums, 2.0))
    inflation = [core.search.Profile(at.sums, at.gamma[-1]).inflation for _, _, at in stretches[:-1]]
    assert_at_most("inflation at the end of a stretch", inflation, np.exp(9))
    assert_at_most("inflation at the very end, in coordinates of its own", stretches[-1][-1].inflation, 1.01)


def test_a_minimum_that_rounding_made_is_left_where_it_is(core, monkeypatch):
    """A criterion that falls throughout: from a false root no true one is found, and none is lower than Ve = 0."""
    monkeypatch.setattr(core.search, "INFLATED", 0.0)
    monkeypatch.setattr(core.search, "LARGEST_U", 8.0)
    slopes = strategies.saturated_slopes(2)
    basis = core.basis.least_squares_basis(slopes.X, slopes.y)
    sums = core.sums.identified(slopes.X, basis, slopes.group)
    false = core.search.Profile(sums, np.array(300.0))
    assert_equal("the place", float(core.search._without_inflation(slopes.X, basis, slopes.group, false).gamma), 300.0)
