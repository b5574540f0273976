"""Exercise 4.2: ordinary least squares."""

import numpy as np
import pytest
from hypothesis import given

from reference import golden
from tests import strategies, tolerances
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.judges("ols")


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
