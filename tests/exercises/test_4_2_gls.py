"""Exercise 4.2: generalised least squares by hand."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given

from reference import golden
from tests import strategies, tolerances
from tests.assertions import assert_at_most, assert_close

pytestmark = pytest.mark.judges("gls")


@pytest.mark.ordinary
def test_gls_by_hand(impl):
    """Vb = 3, Ve = 2: bucket means 12 and 21 have variances 4 and 5, so they count 5 : 4, and not 2 : 1."""
    V = np.array([[5.0, 3.0, 0.0], [3.0, 5.0, 0.0], [0.0, 0.0, 5.0]])
    got = impl.gls(np.ones((3, 1)), np.array([10.0, 14.0, 21.0]), V)
    assert_close("the mean of three frogs, two of one bucket: (5 * 12 + 4 * 21) / 9", got.coef, 16.0, 1e-10)
    assert_close("standard error of the mean of three frogs: 1 / sqrt(1/4 + 1/5)", got.se, np.sqrt(20 / 9), 1e-10)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled", "sleepstudy", "ergostool", "chapter_2_unbalanced"])
def test_gls_from_var_corr_agrees_with_r(impl, name):
    """solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% y in R, V from VarCorr."""
    fit = golden.load(name)
    V = fit.expected["Vb"] * (fit.group[:, None] == fit.group) + fit.expected["Ve"] * np.eye(len(fit.y))
    got = impl.gls(fit.X, fit.y, V)
    rtol = tolerances.algebra(fit.X, V)
    assert_close("coef = (X'V^-1 X)^-1 X'V^-1 y", got.coef, fit.expected["gls"]["coef"], rtol)
    assert_close("se = sqrt diag (X'V^-1 X)^-1", got.se, fit.expected["gls"]["se"], rtol)


@pytest.mark.ordinary
@given(strategies.regressions())
def test_gls_solves_the_normal_equations(impl, regression):
    """Theorem 2: X'V^-1 (y - X coef) = 0, for every X of full rank and every V (Aitken, 1936)."""
    X, y, V = regression.X, regression.y, regression.V
    coef = impl.gls(X, y, V).coef
    expected = np.linalg.solve(X.T @ np.linalg.solve(V, X), X.T @ np.linalg.solve(V, y))
    scale = np.abs(expected).max() + np.abs(y).max() / np.linalg.norm(X, 2)
    assert_close("X'V^-1 (y - X coef) = 0", coef, expected, tolerances.algebra(X, V), scale)


@pytest.mark.ordinary
@given(strategies.regressions())
def test_gls_standard_errors_come_from_v_alone(impl, regression):
    """se = sqrt diag (X'V^-1 X)^-1: V is the covariance itself, not up to a factor."""
    X, y, V = regression.X, regression.y, regression.V
    expected = np.sqrt(np.diag(np.linalg.inv(X.T @ np.linalg.solve(V, X))))
    assert_close("se = sqrt diag (X'V^-1 X)^-1", impl.gls(X, y, V).se, expected, tolerances.algebra(X, V))


@given(strategies.regressions())
def test_gls_is_never_less_precise_than_ols(impl, regression):
    """Theorem 2: Cov(OLS) - Cov(GLS) is positive semidefinite (Gauss-Markov, Aitken)."""
    X, y, V = regression.X, regression.y, regression.V
    H = np.linalg.pinv(X)
    ols_se = np.sqrt(np.diag(H @ V @ H.T))
    assert_at_most("se of GLS <= true se of OLS", impl.gls(X, y, V).se, ols_se, slack=1e-8 * ols_se.max())


@given(strategies.frogs(strategies.equal_n_within_color_layouts()), strategies.variances())
def test_gls_equals_ols_when_buckets_are_equal_within_colors(impl, frogs, variances):
    """Theorem 3: equal bucket sizes within each colour make GLS = OLS; colours may differ.

    Source: Zyskind (1967), Annals of Mathematical Statistics 38, 1092-1109; Kruskal (1968), same, 39, 70-75.
    """
    X, V = frogs.cell_means, frogs.V(*variances)
    got = impl.gls(X, frogs.y, V).coef
    assert_close("GLS coef = OLS coef = colour means", got, np.linalg.pinv(X) @ frogs.y, tolerances.algebra(X, V))


@given(strategies.SEEDS)
def test_gls_differs_from_ols_when_buckets_differ_within_a_color(impl, seed):
    """Theorem 3, only if: buckets of 1 and 3 frogs weigh w = n / (Ve + n Vb), not n. Here 5 : 6, not 1 : 3."""
    a, b = np.random.default_rng(seed).normal(200, 30, 2)
    group = np.array([1, 2, 2, 2])
    V = 3.0 * (group[:, None] == group) + np.eye(4)
    got = impl.gls(np.ones((4, 1)), np.array([a, b, b, b]), V).coef
    w = np.array([1, 3]) / (1 + 3.0 * np.array([1, 3]))
    assert_close("buckets of 1 and 3 frogs weigh 1/4 and 3/10", got, w @ [a, b] / w.sum(), 1e-10)


@given(strategies.frogs(), strategies.variances())
def test_gls_is_weighted_least_squares_of_bucket_means(impl, frogs, variances):
    """Theorem 4: X constant within buckets: weights 1 / (Vb + Ve / n), any bucket sizes."""
    Vb, Ve = variances
    n = frogs.Z.sum(axis=0)
    means = frogs.Z.T / n[:, None]
    W, X = np.diag(1 / (Vb + Ve / n)), means @ frogs.cell_means
    expected = np.linalg.inv(X.T @ W @ X)
    got = impl.gls(frogs.cell_means, frogs.y, frogs.V(Vb, Ve))
    rtol = tolerances.algebra(frogs.cell_means, frogs.V(Vb, Ve))
    assert_close("GLS = weighted least squares of bucket means", got.coef, expected @ X.T @ W @ means @ frogs.y, rtol)
    assert_close("se of the weighted least squares of bucket means", got.se, np.sqrt(np.diag(expected)), rtol)


@given(strategies.frogs())
def test_gls_tends_to_ols_as_vb_vanishes(impl, frogs):
    """Theorem 17: at Vb = 1e-9 Ve weights n / (1 + n Vb / Ve) differ from n by at most 5e-9 of themselves."""
    got = impl.gls(frogs.cell_means, frogs.y, frogs.V(1e-9, 1.0)).coef
    ols = np.linalg.pinv(frogs.cell_means) @ frogs.y
    assert_close("Vb -> 0: GLS -> OLS", got, ols, 2e-8, scale=np.abs(frogs.y).max())


@given(strategies.frogs())
def test_gls_tends_to_unweighted_means_of_buckets_as_vb_grows(impl, frogs):
    """Theorem 17: at Vb = 1e5 Ve weights 1 / (Vb + Ve / n) are equal but for 1e-5 of themselves."""
    Z, X = frogs.Z, frogs.cell_means
    means, X_means = Z.T @ frogs.y / Z.sum(axis=0), (Z.T @ X) / Z.sum(axis=0)[:, None]
    got = impl.gls(X, frogs.y, frogs.V(1e5, 1.0)).coef
    expected = np.linalg.pinv(X_means) @ means
    assert_close("Vb -> inf: colour mean -> mean of bucket means", got, expected, 4e-5, scale=np.abs(means).max())


@given(strategies.regressions())
def test_gls_does_not_depend_on_the_order_of_rows(impl, regression):
    """Theorem 11: rows of X, y and V permuted together."""
    X, y, V = regression.X, regression.y, regression.V
    order = np.arange(len(y))[::-1]
    got = impl.gls(X[order], y[order], V[np.ix_(order, order)])
    expected = np.sqrt(np.diag(np.linalg.inv(X.T @ np.linalg.solve(V, X))))
    assert_close("se does not depend on the order of rows", got.se, expected, tolerances.algebra(X, V))


def test_a_diagonal_v_hides_the_buckets(impl):
    """The chapter's slip: `outer` on a missing column leaves V diagonal, and se is sqrt(Vbe / n), not
    sqrt(Vb + Ve / n): for 30 frogs, Vb = 625 and Ve = 100 that is 4.9 where 25.07 is right.
    """
    group = np.repeat([1, 2], 30)
    X, y = (group[:, None] == [1, 2]).astype(float), np.linspace(150, 250, 60)
    V = 625.0 * (group[:, None] == group) + 100.0 * np.eye(60)
    assert_close("se = sqrt(Vb + Ve / n)", impl.gls(X, y, V).se, np.full(2, np.sqrt(625 + 100 / 30)), 1e-10)


@pytest.mark.core_only
@pytest.mark.parametrize("n", [1, 4, 9])
def test_gls_of_as_many_columns_as_rows(impl, n):
    """n = p: coef = X^-1 y and Cov = X^-1 V X^-1', for V is known and needs no degree of freedom."""
    rng = np.random.default_rng(n)
    X, y, A = rng.normal(size=(n, n)) + 3 * np.eye(n), rng.normal(size=n), rng.normal(size=(n, n))
    V, inverse = A @ A.T + np.eye(n), np.linalg.inv(X)
    got = impl.gls(X, y, V)
    assert_close("coef = X^-1 y", got.coef, inverse @ y, tolerances.algebra(X, V))
    assert_close("se = sqrt diag X^-1 V X^-1'", got.se, np.sqrt(np.diag(inverse @ V @ inverse.T)), 1e-10)


@pytest.mark.core_only
def test_gls_of_many_frogs_and_columns(impl):
    """Theorem 4 with 8 colours, 24 buckets and 180 frogs: weights 1 / (Vb + Ve / n)."""
    frogs = strategies.fixed_frogs([[4, 8, 10 + k % 2] for k in range(8)], 11)
    n = frogs.Z.sum(axis=0)
    w, of_color = 1 / (9.0 + 4.0 / n), (frogs.Z.T @ frogs.cell_means) / n[:, None]
    total = w @ of_color
    got = impl.gls(frogs.cell_means, frogs.y, frogs.V(9.0, 4.0))
    assert_close(
        "coef = weighted means of bucket means", got.coef, (w * (frogs.Z.T @ frogs.y / n)) @ of_color / total, 1e-12
    )
    assert_close("se = 1 / sqrt(sum of weights)", got.se, 1 / np.sqrt(total), 1e-12)


@pytest.mark.core_only
def test_gls_weighs_by_variances_however_far_apart(impl):
    """Diagonal V: coef = sum y / v over sum 1 / v, se^2 = 1 / sum 1 / v, for v from 1e-16 to 1."""
    v, y = np.array([1e-16, 4e-16, 1.0, 1e-8]), np.array([1.0, 3.0, 100.0, -50.0])
    got = impl.gls(np.ones((4, 1)), y, np.diag(v))
    assert_close("coef", got.coef, np.sum(y / v) / np.sum(1 / v), 1e-13)
    assert_close("se", got.se, 1 / np.sqrt(np.sum(1 / v)), 1e-13)


@pytest.mark.core_only
@pytest.mark.parametrize(("asymmetry", "refused"), [(2e-10, True), (5e-11, False)])
def test_v_is_symmetric_to_ten_digits(impl, asymmetry, refused):
    """V - V' may reach 1e-10 of V."""
    V = np.array([[1.0, 0.5 + asymmetry], [0.5, 1.0]])
    with pytest.raises(ValueError, match="V is not symmetric") if refused else nullcontext():
        impl.gls(np.ones((2, 1)), [1.0, 2.0], V)
