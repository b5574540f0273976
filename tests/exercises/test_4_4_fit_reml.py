"""Exercise 4.4: fit the mixed model by REML."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import closed_form, exact, golden, nist
from tests import strategies
from tests.assertions import assert_at_most, assert_close, assert_each_close, assert_equal, assert_flag, assert_that

pytestmark = pytest.mark.judges("fit_reml")

EQUAL_N = strategies.equal_n_layouts()
ORDINARY = ["chapter_2", "chapter_2_null", "chapter_2_shuffled"]
OTHERS = ["chapter_2_unbalanced", "dyestuff", "rail", "ergostool", "sleepstudy"]
BOUNDARY = ["chapter_2_boundary", "dyestuff2"]


def assert_variances(impl, claim, got, Vb, Ve):
    """Vb and Ve within the tolerance of the implementation, relative to Vb + Ve."""
    total = float(Vb + Ve)
    assert_close(claim, [got.Vb, got.Ve], [float(Vb), float(Ve)], impl.tolerances.variance, total)


# --- by hand, and goldens --------------------------------------------------------------------------------------------


@pytest.mark.ordinary
def test_reml_by_hand(impl):
    """Theorem 6: MSE = 9, MSB = 216, colour means 56 and 74 of two buckets each, 3 frogs in a bucket."""
    frogs = strategies.twelve_frogs()
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group)
    assert_variances(impl, "Vb and Ve of 12 frogs in 4 equal buckets: (216 - 9) / 3 and 9", got, 69, 9)
    assert_close("coef: the means of blue and of red frogs", got.coef, [74, 56], impl.tolerances.estimate)
    assert_close("se of a colour mean: sqrt(216 / 6)", got.se, [6, 6], impl.tolerances.standard_error)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", [*ORDINARY, "chapter_2_unbalanced"])
def test_reml_variances_agree_with_lme4(impl, name):
    """VarCorr of lmer, to the digits it is known to have; of equal buckets mean squares would do (theorem 6)."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group)
    total = fit.expected["Vb"] + fit.expected["Ve"]
    rtol = max(impl.tolerances.variance, fit.rtol("Vb"))
    assert_close("Vb and Ve of lmer", [got.Vb, got.Ve], [fit.expected["Vb"], fit.expected["Ve"]], rtol, total)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ORDINARY)
def test_reml_estimates_agree_with_lme4(impl, name):
    """Coefficients, standard errors and criterion of lmer."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group)
    assert_close("coef of lmer", got.coef, fit.expected["coef"], max(impl.tolerances.estimate, fit.rtol("coef")))
    assert_close("se of lmer", got.se, fit.expected["se"], max(impl.tolerances.standard_error, fit.rtol("se")))


@pytest.mark.parametrize("name", OTHERS)
def test_reml_of_other_data_agrees_with_lme4(impl, name):
    """Unequal buckets, and the data that books on mixed models use: Vb, Ve, coef and se of lmer."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group)
    rtol = max(impl.tolerances.variance, fit.rtol("Vb"))
    total = fit.expected["Vb"] + fit.expected["Ve"]
    assert_close("Vb and Ve of lmer", [got.Vb, got.Ve], [fit.expected["Vb"], fit.expected["Ve"]], rtol, total)
    assert_close("coef of lmer", got.coef, fit.expected["coef"], max(impl.tolerances.estimate, fit.rtol("coef")))
    assert_close("se of lmer", got.se, fit.expected["se"], max(impl.tolerances.standard_error, fit.rtol("se")))


@pytest.mark.ordinary
def test_reml_criterion_by_hand(impl):
    """10 log(2 pi) + log|V| + log|X'V^-1 X| + 10, |V| = 9^8 216^4 and |X'V^-1 X| = 1 / 36^2.

    To 1e-3, which no constant is smaller than: whose search stops early has the right criterion, if not the least.
    """
    frogs = strategies.twelve_frogs()
    expected = 10 * np.log(2 * np.pi) + 8 * np.log(9) + 4 * np.log(216) - 2 * np.log(36) + 10
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group).criterion
    claim = "criterion of 12 frogs in 4 equal buckets: -2 log REML likelihood"
    assert_close(claim, got, expected, 1e-3, 1.0)


@pytest.mark.parametrize("name", [*ORDINARY, *OTHERS, *BOUNDARY])
def test_reml_criterion_is_lme4s(impl, name):
    """REMLcrit of lmer, with its constant; (n-p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group).criterion
    assert_close(
        "criterion = REMLcrit of lmer", got, fit.expected["criterion"], max(impl.tolerances.criterion, 1e-9), 1.0
    )


@pytest.mark.parametrize("name", BOUNDARY)
def test_reml_at_the_boundary_agrees_with_lme4(impl, name):
    """Buckets differ less than frogs would make them: Vb = 0, and Ve = RSS / (N - p)."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group)
    assert_variances(impl, "Vb = 0 at the boundary", got, fit.expected["Vb"], fit.expected["Ve"])
    assert_close("se at the boundary are those of OLS", got.se, fit.expected["se"], impl.tolerances.standard_error)


# --- closed form and 50 digits --------------------------------------------------------------------------


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_reml_of_the_chapters_designs_is_mean_squares(impl, frogs):
    """Theorem 6: Ve = MSE and Vb = (MSB - MSE) / n.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3.
    """
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group)
    assert_variances(impl, "Ve = MSE, Vb = (MSB - MSE) / n", got, expected.Vb, expected.Ve)


@given(strategies.frogs(EQUAL_N))
def test_reml_of_equal_buckets_is_mean_squares(impl, frogs):
    """Theorem 6: Ve = MSE, Vb = (MSB - MSE) / n if MSB > MSE, else Vb = 0 and Ve = RSS_OLS / (N - p).

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3.
    """
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group)
    assert_variances(impl, "Ve = MSE, Vb = (MSB - MSE) / n", got, expected.Vb, expected.Ve)


@given(strategies.clear_frogs())
def test_reml_of_unequal_buckets_to_fifty_digits(impl, frogs):
    """Patterson and Thompson (1971): the minimum of the criterion, in 50-digit arithmetic."""
    expected = exact.reml(frogs.treatment, frogs.y, frogs.group)
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    assert_variances(impl, "Vb and Ve minimise the REML criterion", got, expected.Vb, expected.Ve)
    assert_close("se at the REML estimate", got.se, np.array(expected.se, float), impl.tolerances.standard_error)


@given(strategies.clear_frogs())
def test_no_other_variances_have_a_smaller_criterion(impl, frogs):
    """Theorem 13: criterion <= the minimum that 50-digit arithmetic finds, up to the optimiser's tolerance."""
    expected = exact.reml(frogs.treatment, frogs.y, frogs.group)
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    claim = "the criterion at the fit is the smallest there is"
    assert_close(claim, got.criterion, float(expected.criterion), impl.tolerances.criterion, 1.0)


@given(strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS))
def test_coefficients_of_equal_buckets_are_color_means(impl, frogs):
    """Theorem 3: equal bucket sizes make GLS, at any variances, the colour means."""
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group).coef
    assert_close("coef = colour means", got, np.linalg.pinv(frogs.cell_means) @ frogs.y, impl.tolerances.estimate)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_standard_errors_exceed_those_of_ols(impl, frogs):
    """Theorem 7: equal n, interior: se^2 = MSB / (n B_c) > RSS / (N - C) / (n B_c) for every colour."""
    X, y = frogs.cell_means, frogs.y
    expected = closed_form.balanced_reml(y, frogs.group, frogs.color)
    n = X.sum(axis=0)
    per_bucket = len(y) / frogs.Z.shape[1]
    se = np.sqrt((expected.Ve + per_bucket * expected.Vb) / n)
    ms = closed_form.mean_squares(y, frogs.group, frogs.color)
    ols_se = np.sqrt(ms.rss_ols / (len(y) - X.shape[1]) / n)
    got = impl.fit_reml(X, y, frogs.group).se
    assert_close("se of a colour = sqrt(MSB / number of its frogs)", got, se, impl.tolerances.standard_error)
    assert_at_most("se of OLS < se of the mixed model", ols_se, got, slack=-1e-9 * ols_se.max())


@given(strategies.boundary_frogs())
def test_standard_errors_at_the_boundary_are_those_of_ols(impl, frogs):
    """Theorem 7: Vb = 0 makes V = Ve I."""
    X, y = frogs.treatment, frogs.y
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    expected = np.sqrt(residual @ residual / (len(y) - X.shape[1]) * np.diag(np.linalg.inv(X.T @ X)))
    got = impl.fit_reml(X, y, frogs.group)
    coef = np.linalg.lstsq(X, y)[0]
    assert_close("at Vb = 0 the coef are those of OLS", got.coef, coef, impl.tolerances.estimate, np.abs(y).max())
    assert_close("at Vb = 0 the se are those of OLS", got.se, expected, impl.tolerances.standard_error)


# --- invariance -----------------------------------------------------------------------------------------


@given(strategies.clear_frogs(), strategies.SEEDS)
def test_reml_is_equivariant_in_the_coding_of_x(impl, frogs, seed):
    """Theorem 9: X -> X A leaves Vb, Ve; coef -> A^-1 coef; criterion + 2 log|det A|."""
    X = frogs.treatment
    p = X.shape[1]
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.normal(size=(p, p)))[0] * rng.uniform(0.5, 3, p)
    expected = exact.reml(X, frogs.y, frogs.group)
    got = impl.fit_reml(X @ A, frogs.y, frogs.group)
    assert_variances(impl, "X A: the variances are those of X", got, expected.Vb, expected.Ve)
    coef, rtol = np.array(expected.coef, float), 10 * impl.tolerances.estimate
    assert_close("X A: coef = A^-1 those of X", got.coef, np.linalg.solve(A, coef), rtol, np.abs(coef).max())
    criterion = float(expected.criterion) + 2 * np.log(abs(np.linalg.det(A)))
    assert_close("X A: criterion + 2 log|det A|", got.criterion, criterion, impl.tolerances.criterion, 1.0)


@given(strategies.clear_frogs(), st.sampled_from([1e-3, 0.5]), strategies.SEEDS)
def test_reml_is_equivariant_in_scale_and_location(impl, frogs, c, seed):
    """Theorem 10: y -> c y + X a: coef -> c coef + a, variances c^2, criterion + (N - p) log c^2."""
    X, y = frogs.treatment, frogs.y
    a = c * np.ptp(y) * np.random.default_rng(seed).normal(size=X.shape[1])
    expected = exact.reml(X, y, frogs.group)
    got = impl.fit_reml(X, c * y + X @ a, frogs.group)
    assert_variances(
        impl, "c y + X a: the variances are c^2 times", got, c**2 * float(expected.Vb), c**2 * float(expected.Ve)
    )
    coef = c * np.array(expected.coef, float) + a
    assert_close(
        "c y + X a: coef -> c coef + a",
        got.coef,
        coef,
        impl.tolerances.estimate,
        np.abs(coef).max() + abs(c) * np.abs(y).max(),
    )
    criterion = float(expected.criterion) + (len(y) - X.shape[1]) * np.log(c**2)
    assert_close("c y + X a: criterion + (N - p) log c^2", got.criterion, criterion, impl.tolerances.criterion, 1.0)


@given(strategies.clear_frogs(), strategies.SEEDS)
def test_order_of_rows_and_names_of_buckets_do_not_matter(impl, frogs, seed):
    """Theorem 11: not even by a rounding error that a user would see."""
    expected = exact.reml(frogs.treatment, frogs.y, frogs.group)
    order = np.random.default_rng(seed).permutation(len(frogs.y))
    renamed = np.array([f"bucket {sum(map(ord, str(b))) % 7}{b}" for b in frogs.group.tolist()])[order]
    got = impl.fit_reml(frogs.treatment[order], frogs.y[order], renamed)
    assert_variances(impl, "rows shuffled, buckets renamed: the same variances", got, expected.Vb, expected.Ve)
    assert_close(
        "rows shuffled, buckets renamed: the same coef",
        got.coef,
        np.array(expected.coef, float),
        impl.tolerances.estimate,
    )


# --- the criterion --------------------------------------------------------------------------------------


@given(strategies.clear_frogs())
def test_criterion_is_the_density_of_error_contrasts(impl, frogs):
    """Theorem 12: criterion = -2 log density of K'y + log|X'X|, for orthonormal K with K'X = 0.

    Source: Harville (1974), Biometrika 61, 383-385.
    """
    X, y = frogs.treatment, frogs.y
    fit = exact.reml(X, y, frogs.group)
    K = np.linalg.svd(X)[0][:, X.shape[1] :]
    S = K.T @ frogs.V(float(fit.Vb), float(fit.Ve)) @ K
    density = len(S) * np.log(2 * np.pi) + np.linalg.slogdet(S)[1] + (K.T @ y) @ np.linalg.solve(S, K.T @ y)
    expected = density + np.linalg.slogdet(X.T @ X)[1]
    assert_close(
        "criterion = -2 log density of K'y + log|X'X|",
        impl.fit_reml(X, y, frogs.group).criterion,
        expected,
        max(1e-8, impl.tolerances.criterion),
        1.0,
    )


@given(strategies.clear_frogs())
def test_reml_and_ml_criteria_differ_by_a_determinant(impl, frogs):
    """REML criterion = ML criterion at the same V + log|X'V^-1 X| - p log(2 pi).

    The ML criterion is -2 log density of y under N(X coef, V); -p log(2 pi) belongs to the flat prior that
    integrates beta out. Source: Laird and Ware (1982), Biometrics 38, 963-974.
    """
    X, y = frogs.treatment, frogs.y
    fit = exact.reml(X, y, frogs.group)
    V, residual = frogs.V(float(fit.Vb), float(fit.Ve)), y - X @ np.array(fit.coef, float)
    information = X.T @ np.linalg.solve(V, X)
    ml = len(y) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
    expected = ml + np.linalg.slogdet(information)[1] - X.shape[1] * np.log(2 * np.pi)
    allowed, got = max(1e-8, impl.tolerances.criterion), impl.fit_reml(X, y, frogs.group).criterion
    assert_close("REML - ML criterion = log|X'V^-1 X| - p log(2 pi)", got, expected, allowed, 1.0)


@pytest.mark.package
@given(strategies.within_slopes())
def test_the_lowest_of_several_minima_is_taken(impl, slopes):
    """Theorem 13: the criterion is the lowest at all its stationary points, which the authority counts.

    A covariate that varies little within buckets makes a second minimum at n gamma of 1e3 to 1e7, and further.
    """
    expected = exact.reml(slopes.X, slopes.y, slopes.group)
    got = impl.fit_reml(slopes.X, slopes.y, slopes.group)
    assert_variances(impl, "Vb and Ve at the lowest minimum", got, expected.Vb, expected.Ve)
    allowed = max(1e-8, impl.tolerances.criterion)
    assert_close("the criterion is the lowest", got.criterion, float(expected.criterion), allowed, 1.0)


@pytest.mark.core_only
@given(strategies.clear_frogs())
def test_score_is_zero_inside_and_points_outward_at_the_boundary(impl, frogs):
    """Theorem 13: gradient of the criterion in (Vb, Ve), scaled by Vb + Ve; at the boundary d/dVb > 0."""
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    by_Vb, by_Ve = exact.gradient(frogs.treatment, frogs.y, frogs.group, got.Vb, got.Ve)
    variances = [got.Vb, got.Ve]
    assert_that("d criterion / d log Vb = 0 inside, at Vb and Ve", abs(by_Vb * got.Vb) <= 1e-8, variances)
    assert_that("d criterion / d log Ve = 0 at Vb and Ve", abs(by_Ve * got.Ve) <= 1e-8, variances)
    assert_that("d criterion / d Vb >= 0 at the boundary, at Vb and Ve", got.Vb > 0 or by_Vb >= 0, variances)


@given(strategies.frogs(strategies.equal_n_layouts(min_colors=2), ratios=strategies.INTERIOR_RATIOS))
def test_vb_without_color_is_larger_only_if_f_exceeds_one(impl, frogs):
    """Theorem 15: equal n, interior. Vb of the null model is larger iff F > 1; the chapter says always."""
    ms = closed_form.mean_squares(frogs.y, frogs.group, frogs.color)
    null = closed_form.mean_squares(frogs.y, frogs.group, np.zeros(len(frogs.y)))
    expected = [max(0.0, of.MSB - of.MSE) / ms.n_within for of in (null, ms)]
    with_color = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group)
    without = impl.fit_reml(np.ones((len(frogs.y), 1)), frogs.y, frogs.group)
    scale = with_color.Vb + with_color.Ve + without.Vb + without.Ve
    got, slack = [without.Vb, with_color.Vb], impl.tolerances.variance * scale
    claim = "Vb without colour, and with: (MSB - MSE) / n of each"
    assert_close(claim, got, expected, impl.tolerances.variance, scale)
    larger = got[0] > got[1] - slack if ms.MSA > ms.MSB else got[0] < got[1] + slack
    assert_that("Vb without colour is larger than with, iff F = MSA / MSB > 1", larger, got)


# --- what packages are asked besides --------------------------------------------------------------------


@pytest.mark.package
@pytest.mark.parametrize("name", nist.NAMES)
@pytest.mark.parametrize("quantity", ["Vb", "Ve", "coef", "se"])
def test_reml_of_nist_data(impl, name, quantity):
    """NIST's one-way data, up to 13 constant leading digits: the exact answer for the float64 data."""
    data = nist.load(name)
    X = np.ones((len(data.y), 1))
    expected = exact.reml(X, data.y, data.group)
    of_total = impl.tolerances.variance * float(expected.Vb + expected.Ve)
    rtol = {
        "Vb": of_total / float(expected.Vb),
        "Ve": of_total / float(expected.Ve),
        "coef": impl.tolerances.estimate,
        "se": impl.tolerances.standard_error,
    }[quantity]
    got = getattr(impl.fit_reml(X, data.y, data.group), quantity)
    assert_close(f"{quantity} of NIST {name}", got, np.array(getattr(expected, quantity), float), rtol)


@pytest.mark.package
@given(strategies.clear_frogs(), st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_reml_has_no_favourite_unit(impl, frogs, c):
    """Theorem 10: y -> c y for c from 1e-6 to 1e6: variances c^2, se c."""
    X, y = frogs.treatment, c * frogs.y
    expected, got = exact.reml(X, y, frogs.group), impl.fit_reml(X, y, frogs.group)
    assert_variances(impl, f"{c:g} y: Vb and Ve", got, expected.Vb, expected.Ve)
    assert_close(f"{c:g} y: se", got.se, np.array(expected.se, float), impl.tolerances.standard_error)


@pytest.mark.package
@pytest.mark.parametrize("ratio", [30, 1e3, 1e5])
def test_reml_where_buckets_differ_much_more_than_frogs(impl, ratio):
    """Theorem 6: Ve = MSE, and Vb = (MSB - MSE) / n, where Vb is up to 1e5 times Ve."""
    frogs = strategies.fixed_frogs([[5] * 6], 19, ratio)
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.fit_reml(np.ones((30, 1)), frogs.y, frogs.group)
    assert_variances(impl, f"Vb {ratio:g} times Ve", got, expected.Vb, expected.Ve)
    assert_close("Ve, by itself", got.Ve, expected.Ve, max(1e-8, 10 * impl.tolerances.variance))


@pytest.mark.package
@given(st.lists(st.integers(-40, 40), min_size=4, max_size=9, unique=True), strategies.SEEDS)
def test_paired_frogs_are_the_t_test(impl, means, seed):
    """Two frogs in every bucket, one of each kind: coef, se = sd(differences) / sqrt(B), if buckets differ more.

    Source: Student (1908), Biometrika 6, 1-25.
    """
    first = np.array(means) * 3.0
    second = first + np.random.default_rng(seed).normal(1, 0.5, len(first))
    y, group = np.column_stack([first, second]).ravel(), np.repeat(np.arange(len(first)), 2)
    X = np.column_stack([np.ones(len(y)), np.tile([-0.5, 0.5], len(first))])
    differences = second - first
    got = impl.fit_reml(X, y, group)
    scale = np.abs(y).max()
    assert_close("coef: the mean difference", got.coef[1], differences.mean(), impl.tolerances.estimate, scale)
    se = differences.std(ddof=1) / np.sqrt(len(first))
    assert_close("se: sd(differences) / sqrt(B)", got.se[1], se, max(1e-8, 10 * impl.tolerances.standard_error))


@pytest.mark.package
@given(strategies.clear_frogs())
def test_reml_far_from_zero(impl, frogs):
    """Theorem 10: y + 1e5 times its spread: the same variances and standard errors."""
    X, y = frogs.treatment, frogs.y + 1e5 * np.ptp(frogs.y)
    expected, got = exact.reml(X, y, frogs.group), impl.fit_reml(X, y, frogs.group)
    assert_variances(impl, "y + 1e5 spreads: Vb and Ve", got, expected.Vb, expected.Ve)
    assert_close("y + 1e5 spreads: se", got.se, np.array(expected.se, float), impl.tolerances.standard_error)


@pytest.mark.package
@given(strategies.frogs() | strategies.boundary_frogs(), st.sampled_from([1e-3, 1.0, 1e3]))
def test_convergence_is_said_at_the_minimum_only(impl, frogs, c):
    """Theorem 13: where a package says converged, no other (Vb, Ve) has a criterion smaller by 1e-3 or more."""
    X, y = frogs.treatment, c * frogs.y
    got, least = impl.fit_reml(X, y, frogs.group), exact.reml(X, y, frogs.group)
    excess = exact.excess(X, y, frogs.group, got.Vb, got.Ve)
    assert_flag(impl.converged, [got.Vb, got.Ve], np.array([least.Vb, least.Ve], float), excess, 1e-3)


@pytest.mark.package
@given(strategies.within_slopes())
def test_convergence_is_not_said_at_the_higher_of_two_minima(impl, slopes):
    """Theorem 13: nor where a covariate that varies little within buckets makes several minima."""
    got, least = impl.fit_reml(slopes.X, slopes.y, slopes.group), exact.reml(slopes.X, slopes.y, slopes.group)
    excess = exact.excess(slopes.X, slopes.y, slopes.group, got.Vb, got.Ve)
    assert_flag(impl.converged, [got.Vb, got.Ve], np.array([least.Vb, least.Ve], float), excess, 1e-3)


@pytest.mark.package
@given(strategies.clear_frogs(), strategies.SEEDS)
def test_convergence_does_not_depend_on_signs_of_columns(impl, frogs, seed):
    """Theorem 9 with A = diag(+-1), for the package's own word."""
    impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    before = impl.converged
    impl.fit_reml(
        frogs.treatment * np.random.default_rng(seed).choice([-1, 1], frogs.treatment.shape[1]), frogs.y, frogs.group
    )
    assert_equal("converged, with other signs of columns", impl.converged, before)


@pytest.mark.package
@given(strategies.clear_frogs(), strategies.SEEDS)
def test_convergence_does_not_depend_on_the_order_of_rows(impl, frogs, seed):
    """Theorem 11, for the package's own word."""
    impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    before, order = impl.converged, np.random.default_rng(seed).permutation(len(frogs.y))
    impl.fit_reml(frogs.treatment[order], frogs.y[order], frogs.group[order])
    assert_equal("converged, with the rows in another order", impl.converged, before)


# --- what lmm_core alone is asked -----------------------------------------------------------------------


@pytest.mark.core_only
@pytest.mark.parametrize("name", golden.NAMES)
@pytest.mark.parametrize("quantity", ["Vb", "Ve", "coef", "se", "criterion"])
def test_ten_digits_on_every_golden(impl, name, quantity):
    """LRE >= 10 against 50-digit arithmetic on the goldens' data."""
    fit = golden.load(name)
    got = impl.fit_reml(fit.X, fit.y, fit.group)
    expected = getattr(exact.reml(fit.X, fit.y, fit.group), quantity)
    assert_each_close(f"{quantity} to ten digits", getattr(got, quantity), np.array(expected, float), 1e-10)


@pytest.mark.core_only
@pytest.mark.parametrize("name", nist.NAMES)
@pytest.mark.parametrize("quantity", ["Vb", "Ve", "coef", "se"])
def test_ten_digits_on_nist(impl, name, quantity):
    """LRE >= 10 against the exact answer for the float64 data, 13 constant leading digits included."""
    data = nist.load(name)
    X = np.ones((len(data.y), 1))
    got = impl.fit_reml(X, data.y, data.group)
    expected = getattr(exact.reml(X, data.y, data.group), quantity)
    assert_each_close(f"{quantity} to ten digits", getattr(got, quantity), np.array(expected, float), 1e-10)


@pytest.mark.core_only
@given(strategies.clear_frogs(), st.sampled_from([-1e8, -1.0, 1e-8, 1e-5, 1e3, 1e5, 1e8]))
def test_reml_is_equivariant_at_extreme_scales(impl, frogs, c):
    """Theorem 10 for c from 1e-8 to 1e8: the answer is that of the scaled numbers to 10 digits."""
    got = impl.fit_reml(frogs.treatment, c * frogs.y, frogs.group)
    expected = exact.reml(frogs.treatment, c * frogs.y, frogs.group)
    assert_variances(impl, "Vb and Ve at extreme scales", got, expected.Vb, expected.Ve)
    assert_close("coef at extreme scales", got.coef, np.array(expected.coef, float), 1e-10)


@pytest.mark.core_only
@given(strategies.clear_frogs(), st.sampled_from([1e3, 1e8, 1e11]))
def test_reml_is_equivariant_in_extreme_locations(impl, frogs, shift):
    """A constant far larger than the spread costs no digit beyond those that float64 y + shift has lost."""
    y = frogs.y / np.ptp(frogs.y) + shift
    got = impl.fit_reml(frogs.treatment, y, frogs.group)
    expected = exact.reml(frogs.treatment, y, frogs.group)
    assert_variances(impl, "Vb and Ve far from zero", got, expected.Vb, expected.Ve)
    assert_close("coef far from zero", got.coef, np.array(expected.coef, float), 1e-12)


@pytest.mark.package
@given(strategies.frogs(EQUAL_N, ratios=(1 + 1e-8, 1 + 1e-6, 1 + 1e-4, 1 - 1e-4, 1 - 1e-6)))
def test_reml_next_to_the_boundary(impl, frogs):
    """Theorem 6 where MSB / MSE is within 1e-4 of 1, where lme4's optimiser is lost."""
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.fit_reml(frogs.cell_means, frogs.y, frogs.group)
    assert_variances(impl, "Ve = MSE, Vb = (MSB - MSE) / n next to the boundary", got, expected.Vb, expected.Ve)


@pytest.mark.core_only
@given(strategies.frogs(ratios=(0.3, 0.9, 1.1, 2.0)))
def test_reml_anywhere_on_unequal_buckets(impl, frogs):
    """Unequal sizes with ratios near 1, where the criterion may have two minima: the lower one."""
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    expected = exact.reml(frogs.treatment, frogs.y, frogs.group)
    assert_close("the criterion is the smallest there is", got.criterion, float(expected.criterion), 1e-10, 1.0)


@pytest.mark.core_only
@given(strategies.interior_frogs(), strategies.SEEDS)
def test_reml_with_a_covariate_within_buckets(impl, frogs, seed):
    """X need not be constant within buckets, nor hold a constant."""
    x = np.random.default_rng(seed).normal(size=(len(frogs.y), 1))
    X = np.column_stack([frogs.cell_means, x]) if len(frogs.y) > frogs.Z.shape[1] + 1 else frogs.cell_means
    got = impl.fit_reml(X, frogs.y, frogs.group)
    expected = exact.reml(X, frogs.y, frogs.group)
    assert_close("the criterion is the smallest there is", got.criterion, float(expected.criterion), 1e-10, 1.0)
    assert_close("coef with a covariate", got.coef, np.array(expected.coef, float), 1e-8)


# --- many, large, far apart -----------------------------------------------------------------------------


@pytest.mark.core_only
@pytest.mark.parametrize("n_buckets", [334, 2731, 6667])
def test_reml_of_thousands_of_frogs(impl, n_buckets):
    """Theorem 6 for 1,002, 8,193 and 20,001 frogs in buckets of 3: no row is lost or taken twice."""
    frogs = strategies.fixed_frogs([[3] * (n_buckets - 100), [3] * 100], 15)
    expected = closed_form.balanced_reml(frogs.y, frogs.group, frogs.color)
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    assert_variances(impl, "Ve = MSE, Vb = (MSB - MSE) / n", got, expected.Vb, expected.Ve)
    means = np.linalg.lstsq(frogs.treatment, frogs.y)[0]
    assert_close("coef = means and their difference", got.coef, means, 1e-12)


MANY = {
    "8 colours": [[1, 2, 4]] * 8,
    "15 sizes": [list(range(1, 16))],
    "13 sizes": [[5, 1, 13, 2, 9, 7, 3, 11, 4, 6, 12, 8, 10]],
    "14 sizes of 2 colours": [list(range(14, 0, -1)), [3, 1, 14]],
    "buckets of 200": [[200, 150, 3, 2, 130]],
    "300 buckets": [[2] * 298 + [1, 3]],
}


@pytest.mark.core_only
@pytest.mark.parametrize("case", MANY)
def test_reml_of_many_colors_sizes_and_frogs_to_fifty_digits(impl, case):
    """Patterson and Thompson (1971): the minimum of the criterion, in exact arithmetic."""
    frogs = strategies.fixed_frogs(MANY[case], 16)
    expected = exact.reml(frogs.treatment, frogs.y, frogs.group)
    got = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    assert_variances(impl, "Vb and Ve", got, expected.Vb, expected.Ve)
    assert_close("coef", got.coef, np.array(expected.coef, float), 1e-11)
    assert_close("se", got.se, np.array(expected.se, float), 1e-10)
    assert_close("criterion", got.criterion, float(expected.criterion), 1e-9, 1.0)


@pytest.mark.core_only
@pytest.mark.parametrize("size", [1e6, 1e8, 1e10, 1e12, 1e13])
def test_reml_where_buckets_differ_up_to_1e13_times_as_much_as_frogs(impl, size):
    """Theorem 6: bucket means m of whole numbers, frogs m - 1 and m + 1: Ve = 2, Vb = Var(m) - 1.

    y - constant is right to eps size, so Ve to 2 * that and 8 for the sums' sake, of a deviation 1.
    """
    m = size * np.array([3.0, -1.0, 4.0, -1.0, 5.0, -9.0, 2.0])
    y, group = (m[:, None] + [-1.0, 1.0]).ravel(), np.repeat(np.arange(7), 2)
    got = impl.fit_reml(np.ones((14, 1)), y, group)
    assert_close("Ve = MSE = 2", got.Ve, 2.0, 16 * 10 * size * 2.0**-52 + 1e-13)
    assert_close("Vb = Var(m) - 1", got.Vb, np.var(m, ddof=1) - 1, 1e-13)


@pytest.mark.core_only
def test_reml_of_columns_in_units_far_apart(impl):
    """Theorem 9: X D, D = diag(1, 2^-60, 1, 2^60): coef / D, the variances as they were."""
    fit, D = golden.load("chapter_2_unbalanced"), np.array([1.0, 2.0**-60, 1.0, 2.0**60])
    got, expected = impl.fit_reml(fit.X * D, fit.y, fit.group), exact.reml(fit.X, fit.y, fit.group)
    assert_variances(impl, "Vb and Ve", got, expected.Vb, expected.Ve)
    assert_close("coef D", got.coef * D, np.array(expected.coef, float), 1e-11)
