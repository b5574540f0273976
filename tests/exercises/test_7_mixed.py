"""The second level: lme4's models. Packages are asked, where they offer it; students are not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import exact, golden, second_level, several_minima, slopes
from reference.coefficients import coefficients
from reference.distributions import chi_squared
from reference.strata import strata
from tests import layouts, strategies
from tests.assertions import assert_at_most, assert_close, assert_each_close, assert_fit, assert_that
from tests.layouts import components

pytestmark = [pytest.mark.package, pytest.mark.judges("fit_mixed")]
of_df = pytest.mark.judges("mixed_df")
of_effects = pytest.mark.judges("random_effects")
of_ratio = pytest.mark.judges("likelihood_ratio")
by_ml = pytest.mark.ml
FLAT = 1e-6  # of a criterion, what an optimiser may leave


def V_of(fit):
    """The variances of such terms."""
    return [float(G[0, 0]) for G in fit.G]


def assert_components(impl, claim, got, V, Ve):
    """V and Ve within the tolerance of the implementation, relative to their sum."""
    total = float(np.sum(V) + Ve)
    assert_close(claim, [*V_of(got), got.Ve], [*V, Ve], impl.tolerances.variance, total)


# --- known data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", second_level.NAMES)
def test_mixed_models_of_known_data(impl, name):
    """Penicillin, Pastes, Oats, Machines, and ponds that are unbalanced: lme4's digits."""
    data = second_level.load(name)
    expected, got = data.expected, impl.fit_mixed(data.X, data.y, data.terms)
    total = float(np.sum(expected["V"]) + expected["Ve"])
    allowed = max(1e-6, impl.tolerances.variance)
    assert_close("V_k and Ve of lmer", [*V_of(got), got.Ve], [*expected["V"], expected["Ve"]], allowed, total)
    assert_close("coef of lmer", got.coef, expected["coef"], max(1e-7, impl.tolerances.estimate))
    assert_close("se of lmer", got.se, expected["se"], max(1e-6, impl.tolerances.standard_error))
    assert_close("criterion of lmer", got.criterion, expected["criterion"], max(1e-8, impl.tolerances.criterion), 1.0)


@pytest.mark.parametrize("name", second_level.BALANCED)
def test_components_of_known_balanced_data_are_those_of_the_strata(impl, name):
    """Theorem 19, to the digits that an implementation has."""
    data = second_level.load(name)
    expected, got = strata(data.X, data.y, data.groups), impl.fit_mixed(data.X, data.y, data.terms)
    assert_components(impl, "V_k and Ve by the mean squares of strata", got, expected.V, expected.Ve)


@of_df
@pytest.mark.parametrize("name", second_level.NAMES)
def test_df_of_known_data(impl, name):
    """lmerTest's df: Penicillin 5.48709, Oats 10.9315, 10 for varieties and 51 for nitrogen."""
    data = second_level.load(name)
    got = impl.mixed_df(data.X, data.y, data.terms)
    assert_each_close("df of lmerTest", got, data.expected["df"], max(1e-5, impl.tolerances.df))


# --- strata ---------------------------------------------------------------------------------------------


@given(layouts.balanced())
def test_variances_of_balanced_designs_are_those_of_the_strata(impl, design):
    """Theorem 19: V's eigenvalue on a stratum is its mean square; a component that would be negative is 0.

    Source: Nelder (1965), Proceedings of the Royal Society A 283, 147-178.
    """
    expected = strata(design.X, design.y, design.groups)
    got = impl.fit_mixed(design.X, design.y, design.terms)
    assert_components(impl, "V_k and Ve by the mean squares of strata", got, expected.V, expected.Ve)
    allowed = max(1e-8, impl.tolerances.criterion)
    assert_close("criterion: -2 log REML likelihood", got.criterion, expected.criterion, allowed, 1.0)


@of_df
@given(layouts.balanced(interior=True))
def test_df_of_balanced_designs_are_those_of_the_strata(impl, design):
    """Theorem 20: (sum w MS)^2 / sum (w MS)^2 / df, for coefficients within strata and across them."""
    expected = strata(design.X, design.y, design.groups).ddf(np.eye(design.X.shape[1]))
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_each_close("df by the strata", got, expected, impl.tolerances.df)


@of_df
def test_df_of_a_split_plot_count_plots_and_not_rows(impl):
    """Theorem 20: 6 blocks of 3 plots of 4: varieties have 10 df, nitrogen 51: not 66, and not by containment alone."""
    design = layouts.split_plot(6, 3, 4, seed=5)
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_close("df of varieties and of nitrogen", got[1:], [10, 10, 51, 51, 51], impl.tolerances.df)
    across = strata(design.X, design.y, design.groups).ddf(np.eye(6)[:1])
    assert_close("df of the first cell's mean, which lies across strata", got[:1], across, impl.tolerances.df)


@given(layouts.balanced())
def test_no_component_more_has_a_larger_minimum(impl, design):
    """Theorem 22: a model with one component more has no larger minimum of the criterion."""
    more = impl.fit_mixed(design.X, design.y, design.terms).criterion
    fewer = strata(design.X, design.y, design.groups[:1]).criterion if len(design.groups) > 1 else more
    assert_at_most("criterion with every component <= with the first alone", more, fewer, slack=FLAT)


# --- unbalanced -----------------------------------------------------------------------------------------


@given(layouts.unbalanced())
def test_variances_of_unbalanced_designs_are_a_minimum(impl, design):
    """Patterson and Thompson (1971): no variances near the fit, and none of those drawn, have a smaller criterion."""
    got = impl.fit_mixed(design.X, design.y, design.terms)
    at = np.array([*V_of(got), got.Ve])
    least = min(layouts.criterion(design, np.abs(other)) for other in design.others(at))
    claim = "criterion at the variances that are returned"
    assert_close(claim, got.criterion, layouts.criterion(design, at), FLAT, 1.0)
    assert_at_most("criterion at the fit <= at other variances", got.criterion, least, slack=FLAT)


@of_df
@given(layouts.unbalanced(interior=True))
def test_df_of_unbalanced_designs(impl, design):
    """Giesbrecht and Burns (1985): 2 f^2 / Var(f), by differences of dense matrices at the fit."""
    expected, rtol = layouts.satterthwaite(design)
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected, max(rtol, impl.tolerances.df))


# --- one component, order, names ------------------------------------------------------------------------


@pytest.mark.parametrize("name", golden.NAMES)
def test_one_component_is_the_first_level(impl, name):
    """Theorem 21: K = 1 is fit_reml: the exact answer for every golden."""
    fit = golden.load(name)
    expected, got = exact.reml(fit.X, fit.y, fit.group), impl.fit_mixed(fit.X, fit.y, components(fit.group))
    assert_components(impl, "V_1 and Ve", got, [float(expected.Vb)], float(expected.Ve))
    rtol = impl.tolerances.estimate
    assert_close("coef", got.coef, np.array(expected.coef, float), rtol)
    assert_close("se", got.se, np.array(expected.se, float), impl.tolerances.standard_error)
    allowed = max(1e-9, impl.tolerances.criterion)
    assert_close("criterion", got.criterion, float(expected.criterion), allowed, 1.0)


@of_df
@pytest.mark.parametrize("name", golden.NAMES)
def test_df_of_one_component_are_those_of_the_first_level(impl, name):
    """Theorem 21, for df."""
    fit = golden.load(name)
    expected = np.array(exact.reml(fit.X, fit.y, fit.group).df, float)
    got = impl.mixed_df(fit.X, fit.y, components(fit.group))
    assert_each_close("df", got, expected, impl.tolerances.df)


@given(layouts.balanced(), st.integers(0, 2**16))
def test_order_of_factors_and_rows_does_not_matter(impl, design, seed):
    """Theorem 21: the components come in the order of their factors, whatever the rows are."""
    expected = strata(design.X, design.y, design.groups)
    order = np.random.default_rng(seed).permutation(len(design.y))
    groups = [np.array([f"level {label}" for label in g])[order] for g in design.groups[::-1]]
    got = impl.fit_mixed(design.X[order], design.y[order], components(*groups))
    assert_components(impl, "V_k in the other order", got, expected.V[::-1], expected.Ve)


def test_labels_that_repeat_in_every_group_are_crossed(impl):
    """Buckets 1 to 3 in each of four ponds: as they stand they are crossed, and another V than that of 12 buckets."""
    design = layouts.nested((4, 3, 4), seed=3)
    repeated = design.groups[1] % 3
    crossed, nested = (strata(design.X, design.y, [design.groups[0], g]) for g in (repeated, design.groups[1]))
    got = impl.fit_mixed(design.X, design.y, components(design.groups[0], repeated))
    assert_components(impl, "V_k of the crossed model", got, crossed.V, crossed.Ve)
    assert_that(
        "V_bucket of the nested model is another", abs(crossed.V[1] - nested.V[1]) > 0.1 * nested.V[1], V_of(got)
    )


def test_a_constant_and_a_unit_are_carried_along(impl):
    """Theorem 10 for several components: c y + a."""
    design = layouts.split_plot(6, 3, 4, seed=5)
    expected = strata(design.X, design.y, design.groups)
    got = impl.fit_mixed(design.X, 1e-3 * (design.y + 1e4), design.terms)
    assert_components(impl, "c y + a: V_k c^2", got, 1e-6 * expected.V, 1e-6 * expected.Ve)


# --- several minima -------------------------------------------------------------------------------------

FAR = (145, 174, 199, 209, 236, 381, 487, 849, 907, 1290, 1551, 2611, 3046, 3795)


@pytest.mark.parametrize("seed", FAR)
def test_one_term_has_the_lowest_of_several_minima(impl, seed):
    """Theorem 13: a covariate that varies little within buckets puts a minimum at n gamma of 1e3 to 1e7."""
    design = strategies.slopes_of_many_kinds(seed)
    expected = exact.reml(design.X, design.y, design.group)
    got = impl.fit_mixed(design.X, design.y, components(design.group))
    assert_components(impl, "V_1 and Ve at the lowest", got, [float(expected.Vb)], float(expected.Ve))


MINIMA = several_minima.load()


@pytest.mark.parametrize("case", MINIMA, ids=lambda case: f"{case[1]} terms, seed {case[0]}")
def test_several_terms_have_the_lowest_of_several_minima(impl, case):
    """No criterion above the lowest that differential evolution finds, where G and Ve are as they are returned."""
    design, lowest = several_minima.drawn(*case), MINIMA[case]
    got = impl.fit_mixed(design.X, design.y, design.terms)
    assert_at_most("criterion at the fit <= the lowest", got.criterion, lowest, slack=FLAT)
    at = several_minima.exactly(design, np.array(V_of(got)) / got.Ve)
    assert_at_most("criterion where G and Ve are those returned <= the lowest", at, lowest, slack=FLAT)


# --- random slopes --------------------------------------------------------------------------------------


def assert_slopes(impl, claim, got, expected):
    """G and Ve within the tolerance of the implementation, relative to the sum of variances along Z."""
    total = float(np.trace(np.abs(expected.G)) + expected.Ve)
    assert_close(f"{claim}: G", got.G[0], expected.G, impl.tolerances.variance, total)
    assert_close(f"{claim}: Ve", got.Ve, expected.Ve, impl.tolerances.variance, total)


@given(layouts.growth_curves())
def test_random_coefficients_in_balance(impl, curves):
    """Theorem 23, interior and singular: the eigenvalues of S, those below the mean square pooled with it."""
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_slopes(impl, "by the eigenvalues of S", got, curves.expected)
    allowed = max(1e-8, impl.tolerances.criterion)
    assert_close("criterion: -2 log REML likelihood", got.criterion, curves.expected.criterion, allowed, 1.0)


@given(layouts.growth_curves())
def test_estimates_of_random_coefficients_are_those_of_ordinary_least_squares(impl, curves):
    """Theorem 23: beta = X+ y, Cov = X+ V X+'."""
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_close("coef = X+ y", got.coef, curves.expected.coef, impl.tolerances.estimate)
    assert_each_close("se by X+ V X+'", got.se, curves.expected.se, impl.tolerances.standard_error)


@of_df
@given(layouts.growth_curves())
def test_df_of_random_coefficients(impl, curves):
    """Theorem 24: by what is left of the parameters where G is singular."""
    expected = curves.expected.ddf(np.eye(curves.X.shape[1]))
    got = impl.mixed_df(curves.X, curves.y, curves.terms)
    assert_each_close("df of the coefficients", got, expected, max(1e-6, impl.tolerances.df))


@of_df
@given(layouts.growth_curves(ranks=((1, 1), (2, 2), (3, 3))))
def test_df_of_a_between_design_are_groups_minus_its_columns(impl, curves):
    """Theorem 24, interior: m - c for a (x) k, f_e for what is at right angles to Z alone."""
    closed = curves.expected
    expected = np.where(np.any(np.abs(closed.along) > 1e-9, axis=(1, 2)), closed.f_b, closed.f_e)
    assert_each_close("df = m - c", impl.mixed_df(curves.X, curves.y, curves.terms), expected, impl.tolerances.df)


@given(layouts.growth_curves(ranks=((1, 1), (2, 2), (3, 3))))
def test_slopes_are_tested_by_the_slopes_of_the_groups(impl, curves):
    """Theorem 25, interior: the groups' own coefficients, regressed on A, have the same standard errors."""
    expected = curves.two_stage
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_each_close("se of b_i regressed on A", got.se[: len(expected)], expected, impl.tolerances.standard_error)


@given(layouts.growth_curves(ranks=((2, 1), (2, 2), (3, 2), (3, 3))), st.floats(-2000, 2000))
def test_the_zero_of_the_covariate_does_not_matter(impl, curves, zero):
    """Theorem 26: Z -> Z T, X held: G -> T^-1 G T^-T, and criterion, Ve, coef, se stay."""
    T = np.eye(curves.Z.shape[1])
    T[0, 1] = round(zero)
    got = impl.fit_mixed(curves.X, curves.y, [(curves.Z @ T, curves.group)])
    along = float(np.trace(np.abs(curves.expected.G)) + curves.expected.Ve)
    assert_close("T G T'", T @ got.G[0] @ T.T, curves.expected.G, max(1e-7, impl.tolerances.variance), along)
    assert_close("Ve", got.Ve, curves.expected.Ve, max(1e-7, impl.tolerances.variance), along)


@given(layouts.growth_curves(ranks=((2, 1), (2, 2), (3, 2), (3, 3))), st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_the_unit_of_the_covariate_does_not_matter(impl, curves, c):
    """Theorem 26 for T = diag(1, c, c^2): years, days or seconds; X held."""
    T = np.diag(c ** np.arange(curves.Z.shape[1]))
    got = impl.fit_mixed(curves.X, curves.y, [(curves.Z @ T, curves.group)])
    along = float(np.trace(curves.expected.G) + curves.expected.Ve)
    assert_close("T G T'", T @ got.G[0] @ T, curves.expected.G, max(1e-9, impl.tolerances.variance), along)
    assert_close("Ve", got.Ve, curves.expected.Ve, max(1e-9, impl.tolerances.variance), along)


@pytest.mark.parametrize("name", slopes.NAMES)
def test_random_slopes_of_known_data(impl, name):
    """sleepstudy (612.09, 9.6043, 35.0717, 654.94), Orthodont and Machines, to all their digits."""
    data = slopes.load(name)
    got = impl.fit_mixed(data.X, data.y, data.terms)
    assert_slopes(impl, "in closed form", got, data.expected)
    assert_each_close("se", got.se, data.expected.se, impl.tolerances.standard_error)


@of_df
@pytest.mark.parametrize("name", slopes.NAMES)
def test_df_of_random_slopes_of_known_data(impl, name):
    """m - c."""
    data = slopes.load(name)
    got = impl.mixed_df(data.X, data.y, data.terms)
    assert_each_close("df = m - c", got, np.full(len(got), float(data.expected.f_b)), impl.tolerances.df)


CASES = [*slopes.UNBALANCED, *slopes.DRAWN]


def assert_proved(impl, quantity, got, expected):
    """A quantity of a fit whose minimum is proved."""
    allowed = replace(impl.tolerances, criterion=max(1e-8, impl.tolerances.criterion))
    assert_fit(allowed, quantity, got, expected, expected.G)


@pytest.mark.parametrize("case", CASES)
def test_random_slopes_of_unbalanced_data_to_25_digits(impl, case):
    """Parts of known data, and drawn: years, small units, no covariance, several terms; minima proved in balls."""
    data, expected = slopes.certified(case)
    got = impl.fit_mixed(data.X, data.y, data.terms)
    for quantity in ("G", "coef", "se", "criterion"):
        assert_proved(impl, quantity, got, expected)


@of_df
@pytest.mark.parametrize("case", CASES)
def test_df_of_unbalanced_data_to_25_digits(impl, case):
    """By the inverse Hessian in balls."""
    data, expected = slopes.certified(case)
    got = impl.mixed_df(data.X, data.y, data.terms)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected.df, max(1e-6, impl.tolerances.df))


# --- ML -------------------------------------------------------------------------------------------------


@by_ml
@given(layouts.growth_curves())
def test_ml_of_random_coefficients(impl, curves):
    """Theorem 23 by ML: m for f_b, (m - c) l / m for l."""
    expected = coefficients(curves.X, curves.y, curves.Z, curves.group, ml=True)
    got = impl.fit_mixed(curves.X, curves.y, curves.terms, "ML")
    assert_slopes(impl, "by the eigenvalues of S", got, expected)
    allowed = max(1e-8, impl.tolerances.criterion)
    assert_close("criterion: -2 log likelihood", got.criterion, expected.criterion, allowed, 1.0)
    assert_each_close("se by X+ V X+'", got.se, expected.se, impl.tolerances.standard_error)


@by_ml
@pytest.mark.parametrize("name", slopes.NAMES)
def test_ml_of_known_data(impl, name):
    """sleepstudy by ML: 565.51 where REML has 612.10; nothing but the method tells them apart."""
    data = slopes.load(name)
    (Z, group), *_ = data.terms
    expected = coefficients(data.X, data.y, Z, group, ml=True)
    got = impl.fit_mixed(data.X, data.y, data.terms, "ML")
    assert_slopes(impl, "in closed form", got, expected)
    assert_each_close("se", got.se, expected.se, impl.tolerances.standard_error)


@by_ml
@pytest.mark.parametrize("quantity", ["G", "coef", "se", "criterion"])
@pytest.mark.parametrize("case", slopes.ML)
def test_ml_of_unbalanced_data_to_25_digits(impl, case, quantity):
    """Slopes, several terms, single rows: minima of -2 log L proved in balls."""
    data, expected = slopes.certified(case)
    assert_proved(impl, quantity, impl.fit_mixed(data.X, data.y, data.terms, "ML"), expected)


# --- predictions, and tests by ML -----------------------------------------------------------------------


def assert_effects(impl, claim, got, expected):
    """b of every level, relative to the largest."""
    got = np.array([got[str(level)] for level in expected])
    wanted = np.array(list(expected.values()))
    assert_close(claim, got, wanted, max(1e-9, impl.tolerances.variance), np.abs(wanted).max() + 1e-9)


@of_effects
@given(layouts.growth_curves(ranks=((1, 1), (2, 1), (2, 2), (3, 2), (3, 3))))
def test_predictions_shrink_the_groups_own_coefficients(impl, curves):
    """b_i = G (G + Ve (Z'Z)^-1)^-1 (own coefficients of group i less what A explains); Henderson (1975)."""
    got = impl.random_effects(curves.X, curves.y, curves.terms)
    assert_effects(impl, "b_i of every group", got[0], curves.predicted)


@of_effects
@pytest.mark.parametrize("case", CASES)
def test_predictions_of_unbalanced_data(impl, case):
    """b_k = G_k Z_k'V^-1 (y - X beta) by dense matrices, at the variances that are proved."""
    data, expected = slopes.certified(case)
    got = impl.random_effects(data.X, data.y, data.terms)
    for k, wanted in enumerate(layouts.predictions(data, expected.G, expected.Ve)):
        assert_effects(impl, f"b of term {k}", got[k], wanted)


RATIOS = {"sleepstudy": ([0], 23.536537498), "orthodont": ([0, 1, 2], 5.029210165)}


@of_ratio
@pytest.mark.parametrize("name", RATIOS)
def test_a_likelihood_ratio_is_by_ml(impl, name):
    """m log(1 + F / (m - c)) on one df, both fits interior: by REML it would be no ratio of one likelihood."""
    columns, chi2 = RATIOS[name]
    data = slopes.load(name)
    got = impl.likelihood_ratio(data.X[:, columns], data.X, data.y, data.terms)
    assert_close("chi2 = m log(1 + F / (m - c))", got.chi2, chi2, max(1e-9, impl.tolerances.criterion))
    assert_close("df", got.df, 1, 0)
    assert_close("p = P(chi2_1 > chi2)", got.p_value, 1 - chi_squared(chi2, 1), 1e-4)


# --- what lmm_core refuses ------------------------------------------------------------------------------

A, B = np.repeat([0, 1, 2, 3], 4), np.tile([0, 1, 2, 3], 4)
Y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3])
ONES, SLOPE = np.ones((16, 1)), np.column_stack([np.ones(16), B % 2])
REFUSED = {
    "the same factor twice": (ONES, Y, components(A, A), "terms[0] and terms[1] describe the same differences"),
    "a factor that X describes": (np.equal.outer(A, np.arange(4)) + 0.0, Y, components(A), "terms[0] cannot be told"),
    "its means that X describes beside slopes": (
        np.equal.outer(A, np.arange(4)) + 0.0,
        Y,
        [(np.column_stack([np.ones(16), B]), A)],
        "terms[0] cannot be told from X",
    ),
    "one level": (ONES, Y, components(np.zeros(16, int)), "terms[0] cannot be told from X"),
    "a level for each row": (ONES, Y, components(np.arange(16)), "the residual and terms[0] describe the same"),
    "nothing left": (ONES, A + 0.0, components(A), "of rank 4, explain all 16 rows of y"),
    "a slope without repetition": (
        ONES,
        Y,
        [(SLOPE, np.arange(16) // 2)],
        "the residual and terms[0] describe the same",
    ),
    "no terms": (ONES, Y, [], "terms is empty"),
    "no list": (ONES, Y, None, "terms is of type NoneType"),
    "no pair": (ONES, Y, [A], "terms[0] is of type ndarray; expected a pair (Z, group)"),
    "rows": (ONES, Y[:9], components(A), "X has 16 rows but y has 9"),
    "rows of Z": (ONES, Y, [(ONES[:9], A)], "X has 16 rows but Z of terms[0] has 9"),
    "labels": (ONES, Y, [(ONES, A[:9])], "X has 16 rows but group of terms[0] has 9"),
    "rank": (np.ones((16, 2)), Y, components(A), "X is rank-deficient: it has 2 columns but rank 1"),
    "rank of Z": (ONES, Y, [(np.ones((16, 2)), A)], "Z of terms[0] has 2 columns but rank 1"),
}


@pytest.mark.core_only
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_identified_is_refused(impl, case):
    """Theorem 21: one sentence with the argument and the numbers."""
    X, y, terms, words = REFUSED[case]
    with pytest.raises(ValueError) as refusal:
        impl.fit_mixed(X, y, terms)
    assert words in str(refusal.value)
