"""What lmm_core owes at magnitudes near the ends of float64: the right answer where it is a float64, else a sentence.

y -> c y and X -> d X are theorems 9 and 10; c and d are powers of 2, so that no digit of the data is lost.
"""

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests import strategies
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

FAR = (2.0**-470, 2.0**470)  # squares are just float64
FURTHER = (2.0**-1000, 2.0**-600, 2.0**600, 2.0**1000)  # they are not
OUTSIDE = r" lie outside float64, which reaches from 2e-308 to 2e\+308; use another unit$"

FIT = golden.load("chapter_2_unbalanced")


@pytest.mark.parametrize("d", [*FAR, *FURTHER])
def test_reml_of_a_distant_unit_of_x(core, d):
    """X d: coef / d, se / d, criterion + 2 p log d; the variances as they were."""
    got, expected = core.fit_reml(FIT.X * d, FIT.y, FIT.group), core.fit_reml(FIT.X, FIT.y, FIT.group)
    assert_close("Vb, Ve", [got.Vb, got.Ve], [expected.Vb, expected.Ve], 1e-13)
    assert_close("coef, se", [got.coef * d, got.se * d], [expected.coef, expected.se], 1e-13)
    assert_close("criterion", got.criterion, expected.criterion + 8 * np.log(d), 1e-13)


@pytest.mark.parametrize("c", FAR)
def test_reml_of_a_distant_unit_of_y(core, c):
    """C y: coef c, se c, variances c^2, criterion + (N - p) log c^2."""
    got, expected = core.fit_reml(FIT.X, c * FIT.y, FIT.group), core.fit_reml(FIT.X, FIT.y, FIT.group)
    assert_close("Vb, Ve", [got.Vb / c / c, got.Ve / c / c], [expected.Vb, expected.Ve], 1e-13)
    assert_close("coef, se", [got.coef / c, got.se / c], [expected.coef, expected.se], 1e-13)
    assert_close("criterion", got.criterion, expected.criterion + (len(FIT.y) - 4) * np.log(c) * 2, 1e-13)
    assert_close("vcov_beta", got.vcov_beta / c / c, expected.vcov_beta, 1e-13)


@pytest.mark.parametrize("c", FURTHER)
def test_variances_outside_float64_are_said_to_be(core, c):
    """Neither inf nor 0: a sentence."""
    data = FIT.data.assign(weight=c * FIT.y)
    with pytest.raises(ValueError, match="^Vb and Ve" + OUTSIDE):
        core.fit_reml(FIT.X, c * FIT.y, FIT.group)
    with pytest.raises(ValueError, match="^sigma2" + OUTSIDE):
        core.ols(FIT.X, c * FIT.y)
    with pytest.raises(ValueError, match="^Vb, Ve and Vbe" + OUTSIDE):
        core.empirical_variances(data[data["bucket"] > 1].assign(bucket=1))
    with pytest.raises(ValueError, match="^Vb and Ve" + OUTSIDE):
        core.model_variances(c, 1.0)


def test_sums_outside_float64_are_said_to_be(core):
    """Vb + Ve, coefficients, weights."""
    with pytest.raises(ValueError, match=r"^Vb \+ Ve" + OUTSIDE):
        core.covariance_matrix([1, 2], 1.5e308, 1.5e308)
    with pytest.raises(ValueError, match="^Vbe" + OUTSIDE):
        core.model_variances(1.3e154, 1.3e154)
    with pytest.raises(ValueError, match="^coef and se" + OUTSIDE):
        core.ols(FIT.X * 2.0**-1000, FIT.y * 2.0**100)
    with pytest.raises(ValueError, match="^coef" + OUTSIDE):
        core.gls(FIT.X * 2.0**-1000, FIT.y * 2.0**100, np.eye(len(FIT.y)))
    with pytest.raises(ValueError, match="^se" + OUTSIDE):
        core.gls(FIT.X * 2.0**-1000, FIT.y * 2.0**-1000, np.eye(len(FIT.y)) * 2.0**200)
    with pytest.raises(ValueError, match=r"^entries of V\^-1 A" + OUTSIDE):
        core.covariance.solve_covariance([1, 2], 0.0, 1e-300, [1e10, 1.0])
    with pytest.raises(ValueError, match="^weights" + OUTSIDE):
        core.simulate_frogs(100, 100, ["red"], 1.7e308, 1e308, 1e308, 1)
    with pytest.raises(ValueError, match="^theta squared times the largest bucket" + OUTSIDE):
        core.reml.criterion_curve(FIT.X, FIT.y, FIT.group, [1e200])


@pytest.mark.parametrize("c", [*FAR, *FURTHER])
def test_what_has_no_unit_is_the_same_in_every_unit(core, c):
    """F, df, p and correlations."""
    data, far = FIT.data, FIT.data.assign(weight=c * FIT.y)
    for test in (core.anova_reml, core.anova_ols):
        got, expected = test(far), test(data)
        assert_close("F", got.F, expected.F, 1e-11)
        assert_close("df, p", [got.df_den, got.p_value], [expected.df_den, expected.p_value], 1e-11)
    got = core.satterthwaite_df(FIT.X / c, c * FIT.y, FIT.group)
    assert_close("df", got, core.satterthwaite_df(FIT.X, FIT.y, FIT.group), 1e-11)
    assert_close("correlation", core.frog_correlation(far, 1, 2), core.frog_correlation(data, 1, 2), 1e-13)


@pytest.mark.parametrize("frog", [1, 2])
def test_a_frog_may_weigh_a_distant_fraction_of_the_other(core, frog):
    """cor(c x, y) = cor(x, y), c = 2^-700."""
    data = golden.load("chapter_2").data
    far = data.assign(weight=data["weight"] * np.where(data["id"] == frog, 2.0**-700, 1.0))
    assert_close("correlation", core.frog_correlation(far, 1, 2), core.frog_correlation(data, 1, 2), 1e-13)


@pytest.mark.parametrize("c", FAR)
def test_least_squares_of_distant_units(core, c):
    """OLS and GLS of X / c and c y: coef c^2, sigma2 c^2."""
    got, expected = core.ols(FIT.X / c, FIT.y * c), core.ols(FIT.X, FIT.y)
    assert_close("coef, se", [got.coef / c / c, got.se / c / c], [expected.coef, expected.se], 1e-13)
    assert_close("sigma2", got.sigma2 / c / c, expected.sigma2, 1e-13)
    V = core.covariance_matrix(FIT.group, 900.0, 225.0)
    got, expected = core.gls(FIT.X / c, FIT.y * c, V * c), core.gls(FIT.X, FIT.y, V)
    assert_close("coef of GLS", got.coef / c / c, expected.coef, 1e-13)
    assert_close("se of GLS", got.se / c / np.sqrt(c), expected.se, 1e-13)


@pytest.mark.parametrize("c", [2.0**-1030, 2.0**1010])
def test_gls_of_a_v_at_the_ends_of_float64(core, c):
    """V c: the same coef, se sqrt(c)."""
    V = core.covariance_matrix(FIT.group, 900.0, 225.0)
    got, expected = core.gls(FIT.X, FIT.y, V * c), core.gls(FIT.X, FIT.y, V)
    assert_close("coef", got.coef, expected.coef, 1e-13)
    assert_close("se", got.se / np.sqrt(c), expected.se, 1e-13)


@pytest.mark.parametrize("c", FAR)
def test_closed_forms_of_distant_units(core, c):
    """V^-1 A and log|V| at variances that are far from 1, and far from each other."""
    group = FIT.group
    solve, logdet = core.covariance.solve_covariance, core.covariance.logdet_covariance
    assert_close("V^-1 y", solve(group, 900.0 * c, 225.0 * c, c * FIT.y), solve(group, 900.0, 225.0, FIT.y), 1e-13)
    assert_close("log|V|", logdet(group, 9 * c, 2 * c), logdet(group, 9.0, 2.0) + len(group) * np.log(c), 1e-13)
    sizes = np.bincount(np.unique(group, return_inverse=True)[1])
    expected = np.sum(np.log(sizes) + 1000 * np.log(2)) - np.sum((sizes - 1) * 1000 * np.log(2))
    assert_close("log|V| where Vb / Ve = 2^2000", logdet(group, 2.0**1000, 2.0**-1000), expected, 1e-13)


@pytest.mark.parametrize("c", FAR)
def test_empirical_variances_of_distant_units(core, c):
    """Variances c^2 times, rho as it was."""
    data = golden.load("chapter_2").data
    got, expected = core.empirical_variances(data.assign(weight=c * data["weight"])), core.empirical_variances(data)
    variances = [got.Vb / c / c, got.Ve / c / c, got.Vbe / c / c]
    assert_close("Vb, Ve, Vbe", variances, [expected.Vb, expected.Ve, expected.Vbe], 1e-13)
    assert_close("rho", got.rho, expected.rho, 1e-13)


def test_single_precision_is_taken_at_its_word(core):
    """float32 data are fitted as the float64 numbers that they are."""
    X, y = FIT.X.astype(np.float32), FIT.y.astype(np.float32)
    got, expected = core.fit_reml(X, y, FIT.group), core.fit_reml(FIT.X, y.astype(float), FIT.group)
    assert_equal("coef", got.coef.tolist(), expected.coef.tolist())
    assert_equal("type of coef", got.coef.dtype, np.dtype(float))
    assert_equal("type of V", core.covariance_matrix(FIT.group, np.float32(2), np.float32(1)).dtype, np.dtype(float))
    data = pd.DataFrame({"bucket": [1, 1, 2, 2], "weight": np.float32([0.1, 0.2, 0.4, 0.7])})
    as_float64 = data.assign(weight=data["weight"].astype(float))
    assert_equal("variances", core.empirical_variances(data), core.empirical_variances(as_float64))


@pytest.mark.parametrize("d", [1.0, *FAR[:1], 2.0**400])
def test_covariance_of_coefficients_has_the_unit_of_x(core, d):
    """Cov(coef) = (X'V^-1 X)^-1 / d^2 for X d, by dense matrices at the fit's Vb and Ve."""
    fit = core.fit_reml(FIT.X * d, FIT.y, FIT.group)
    V = fit.Vb * (FIT.group[:, None] == FIT.group) + fit.Ve * np.eye(len(FIT.y))
    expected = np.linalg.inv(FIT.X.T @ np.linalg.solve(V, FIT.X))
    assert_close("vcov_beta", fit.vcov_beta * d * d, expected, 1e-11)
    assert_close("correlation", fit.correlation, expected / np.outer(*2 * [np.sqrt(np.diag(expected))]), 1e-11)


@pytest.mark.parametrize(
    "D", [[1, 2.0**-300, 1, 2.0**300], [2.0**300, 1, 2.0**-300, 2.0**-300]], ids=["some", "others"]
)
def test_f_of_contrasts_has_the_unit_of_neither(core, D):
    """X D with contrasts L D: L D (coef / D) is L coef, so that F, df and p are those of X and L."""
    L = np.array([[0.0, 1.0, -1.0, 0.5]])
    got = core.inference.contrasts_f_test(core.fit_reml(FIT.X * D, FIT.y, FIT.group), L * D)
    expected = core.inference.contrasts_f_test(core.fit_reml(FIT.X, FIT.y, FIT.group), L)
    assert_close("F", got.F, expected.F, 1e-11)
    assert_close("df, p", [got.df_den, got.p_value], [expected.df_den, expected.p_value], 1e-10)


@pytest.mark.parametrize("d", [2.0**-600, 2.0**600])
def test_criterion_of_many_columns_in_a_distant_unit(core, d):
    """X d with 8 columns: criterion + 2 p log d (theorem 9)."""
    frogs = strategies.fixed_frogs([[1, 2, 4]] * 8, 21)
    got = core.fit_reml(frogs.treatment * d, frogs.y, frogs.group).criterion
    expected = core.fit_reml(frogs.treatment, frogs.y, frogs.group).criterion + 16 * np.log(d)
    assert_close("criterion", got, expected, 1e-13)
