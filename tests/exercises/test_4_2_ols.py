"""Exercise 4.2: ordinary least squares."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given

from reference import golden
from tests import strategies, tolerances
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.judges("ols")


@pytest.mark.ordinary
def test_ols_by_hand(impl):
    """y = 2, 4, 5, 9 on x = 1, 2, 3, 4: slope 11 / 5, RSS 1.8 with 2 df."""
    X = np.column_stack([np.ones(4), [1.0, 2.0, 3.0, 4.0]])
    got = impl.ols(X, np.array([2.0, 4.0, 5.0, 9.0]))
    assert_close("the line through four points: constant and slope", got.coef, [-0.5, 2.2], 1e-10)
    assert_close("sigma2, the sum of squared residuals 1.8 over its df", got.sigma2, 0.9, 1e-10)
    assert_equal("df_resid, four points minus two coefficients", got.df_resid, 2)
    assert_close("se of constant and slope", got.se, np.sqrt([0.9 * 1.5, 0.9 / 5]), 1e-10)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_unbalanced", "dyestuff", "sleepstudy"])
def test_ols_agrees_with_lm(impl, name):
    """R: coef, se, sigma^2 and df of lm."""
    fit = golden.load(name)
    expected, got = fit.expected["lm"], impl.ols(fit.X, fit.y)
    rtol = tolerances.algebra(fit.X)
    assert_close("coef of lm", got.coef, expected["coef"], rtol)
    assert_close("se of lm", got.se, expected["se"], rtol)
    assert_close("sigma^2 of lm", got.sigma2, expected["sigma2"], rtol)


@pytest.mark.ordinary
@given(strategies.regressions())
def test_ols_residuals_are_orthogonal_to_x(impl, regression):
    """X'(y - X coef) = 0."""
    X, y = regression.X, regression.y
    expected = np.linalg.lstsq(X, y)[0]
    scale = np.abs(expected).max() + np.abs(y).max() / np.linalg.norm(X, 2)
    assert_close("X'(y - X coef) = 0", impl.ols(X, y).coef, expected, tolerances.algebra(X), scale)


@pytest.mark.ordinary
@given(strategies.regressions())
def test_ols_divides_by_the_degrees_of_freedom(impl, regression):
    """sigma2 = |y - X coef|^2 / (n - p)."""
    X, y = regression.X, regression.y
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    expected = residual @ residual / (X.shape[0] - X.shape[1])
    scale = expected + 1e-4 * np.mean(y**2)
    assert_close("sigma2 = RSS / (n - p)", impl.ols(X, y).sigma2, expected, tolerances.algebra(X), scale)


@pytest.mark.ordinary
@given(strategies.regressions())
def test_ols_standard_errors(impl, regression):
    """se = sqrt(sigma2 diag (X'X)^-1)."""
    X, y = regression.X, regression.y
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    sigma2 = residual @ residual / (X.shape[0] - X.shape[1])
    expected = np.sqrt(sigma2 * np.diag(np.linalg.inv(X.T @ X)))
    scale = expected.max() + 1e-3 * np.abs(y).max()
    assert_close("se = sqrt(sigma2 diag (X'X)^-1)", impl.ols(X, y).se, expected, tolerances.algebra(X), scale)


@given(strategies.regressions())
def test_ols_df_resid_is_rows_minus_columns(impl, regression):
    """df_resid = n - p."""
    n, p = regression.X.shape
    assert_equal("df_resid = n - p", impl.ols(regression.X, regression.y).df_resid, n - p)


@pytest.mark.core_only
@pytest.mark.parametrize(("n", "p"), [(9, 8), (5, 4), (2, 1), (40, 12)])
def test_ols_of_many_columns_and_few_rows(impl, n, p):
    """coef, se, sigma2 and df_resid = n - p down to 1 df, by the singular value decomposition."""
    rng = np.random.default_rng(n)
    X, y = rng.normal(size=(n, p)), rng.normal(size=n)
    got, inverse = impl.ols(X, y), np.linalg.pinv(X)
    residual = y - X @ (inverse @ y)
    sigma2, rtol = residual @ residual / (n - p), tolerances.algebra(X)
    assert_close("coef = X^+ y", got.coef, inverse @ y, rtol)
    assert_close("sigma2 = RSS / (n - p)", got.sigma2, sigma2, rtol)
    assert_close("se = sqrt(sigma2 diag (X'X)^-1)", got.se, np.sqrt(sigma2 * (inverse**2).sum(axis=1)), rtol)
    assert_equal("df_resid = n - p", got.df_resid, n - p)


@pytest.mark.core_only
def test_ols_beside_a_distant_covariate(impl):
    """y on 1 and x = 10^6 + k: slope S_kd / S_kk, se^2 of sigma2 / S_kk, sigma2 as without 10^6.

    y = 10^6 + 3 k + d. QR has error eps cond(X), 2.2e-16 * 2e6 / 5 * 16 < 2e-9, relative to y / residual where that
    is multiplied; the normal equations have eps cond(X)^2 = 40.
    """
    k, d = np.arange(12.0) - 5.5, np.array([1, -1, 2, 0, -2, 1, -1, 0, 2, -3, 1, 0.0])
    got = impl.ols(np.column_stack([np.ones(12), 1e6 + k]), 1e6 + 3 * k + d)
    slope = k @ d / (k @ k)
    sigma2 = (d @ d - (k @ d) ** 2 / (k @ k)) / 10
    assert_close("slope", got.coef[1], 3 + slope, 1e-8)
    assert_close("se of the slope", got.se[1], np.sqrt(sigma2 / (k @ k)), 1e-8)
    assert_close("sigma2", got.sigma2, sigma2, 1e-8)


@pytest.mark.core_only
@pytest.mark.parametrize("difference", [1e-14, 1e-15])
def test_columns_are_independent_down_to_rounding(impl, difference):
    """[1, 1 + d (0, 1, 0, 1)]: singular values over lengths are sqrt 2 and d / sqrt 8; the limit is 4 eps = 9e-16."""
    d = np.round(difference / 2**-52) * 2**-52
    X = np.column_stack([np.ones(4), 1 + d * np.array([0, 1, 0, 1])])
    refused = difference / np.sqrt(8) < 4 * tolerances.EPS
    with pytest.raises(ValueError, match="rank 1") if refused else nullcontext():
        impl.ols(X, [1.0, 2.0, 3.0, 5.0])
