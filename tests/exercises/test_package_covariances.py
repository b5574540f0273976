"""V, and columns, of every unit, condition and pattern: what packages decide by a threshold of their own.

Expected is rational arithmetic of the floats as they are (reference/aitken.py).
"""

import numpy as np
import pytest

from reference import aitken
from tests.assertions import assert_close, assert_each_close
from tests.shapes import INTERLEAVED
from tests.tolerances import EPS, algebra

pytestmark = [pytest.mark.package, pytest.mark.digits]
X, Y = INTERLEAVED.X, INTERLEAVED.y
N = len(Y)
SAME = np.equal.outer(INTERLEAVED.codes, INTERLEAVED.codes)
APART = np.abs(np.subtract.outer(np.arange(N), np.arange(N)))
FACTORS = np.random.default_rng(4).integers(-3, 4, (N, 2))
FOUR = 4.0 * np.eye(N) + 9.0 * SAME

COVARIANCES = {
    "buckets that differ by a hundred": np.eye(N) + 1e4 * SAME,
    "buckets that differ by a thousand": np.eye(N) + 1e6 * SAME,
    "buckets that hardly differ": np.eye(N) + 1e-6 * SAME,
    "frogs of a bucket alike": 1e-6 * np.eye(N) + SAME,
    "one variance for each frog": np.diag(np.geomspace(1e-3, 1e3, N)),
    "one variance for each bucket": np.diag(4.0 ** (INTERLEAVED.codes % 6)) + SAME,
    "autoregressive": 0.9**APART,
    "autoregressive, signs in turn": (-0.9) ** APART,
    "two common factors": np.eye(N) + FACTORS @ FACTORS.T,
    "in trillionths": 1e-12 * FOUR,
    "in trillions": 1e12 * FOUR,
}
UNITS = {
    "as they are": np.ones(X.shape[1]),
    "columns in millionths": np.full(X.shape[1], 1e-6),
    "columns in millions": np.full(X.shape[1], 1e6),
    "columns in units apart": np.geomspace(1e-3, 1e3, X.shape[1]),
}


@pytest.mark.judges("gls")
@pytest.mark.parametrize("kind", COVARIANCES)
def test_gls_at_covariance(impl, kind):
    """coef = (X'V^-1 X)^-1 X'V^-1 y, and their standard errors, whatever V looks like."""
    V = COVARIANCES[kind]
    got, expected, rtol = impl.gls(X, Y, V), aitken.gls(X, Y, V), algebra(X, V)
    assert_close("coef", got.coef, expected.coef, rtol)
    assert_each_close("se = sqrt diag (X'V^-1 X)^-1", got.se, expected.se, rtol)


@pytest.mark.judges("gls")
@pytest.mark.parametrize("units", UNITS)
def test_gls_of_columns_in_units(impl, units):
    """A column in another unit has its coefficient and standard error in the inverse of it."""
    scaled = X * UNITS[units]
    got, expected, rtol = impl.gls(scaled, Y, FOUR), aitken.gls(scaled, Y, FOUR), _of_units(scaled, FOUR)
    assert_each_close("coef", got.coef, expected.coef, _each(rtol, expected))
    assert_each_close("se = sqrt diag (X'V^-1 X)^-1", got.se, expected.se, rtol)


@pytest.mark.judges("ols")
@pytest.mark.parametrize("units", UNITS)
def test_ols_of_columns_in_units(impl, units):
    """sigma2 has no unit of X; a column in another unit has its coefficient and standard error in the inverse of it."""
    scaled = X * UNITS[units]
    got, expected, rtol = impl.ols(scaled, Y), aitken.gls(scaled, Y, np.eye(N)), _of_units(scaled)
    sigma2 = np.sum((Y - scaled @ expected.coef) ** 2) / (N - X.shape[1])
    assert_each_close("coef", got.coef, expected.coef, _each(rtol, expected))
    assert_close("sigma2 = RSS / (n - p)", got.sigma2, sigma2, rtol)
    assert_each_close("se", got.se, np.sqrt(sigma2) * expected.se, rtol)


def _of_units(scaled, V=None):
    """By normal equations, which units cost nothing, or by singular values, which lose the condition of what is there.

    Source: Golub and Van Loan (2013), sections 5.3.7 and 5.3.8.
    """
    return max(
        algebra(X, V), 16 * EPS * np.linalg.cond(scaled) * np.sqrt(np.linalg.cond(np.eye(N) if V is None else V))
    )


def _each(rtol, expected):
    """Of a coefficient relative to itself: rtol of its standard error at least, however near to 0 it is."""
    return rtol * max(1.0, float(np.max(expected.se / np.abs(expected.coef))))


@pytest.mark.judges("covariance_matrix")
@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e6, 1e12])
@pytest.mark.parametrize("Vb", [1e-6, 9.0, 1e6])
def test_covariance_matrix_in_units(impl, Vb, unit):
    """V = Ve I + Vb Z Z', every entry of it, however small both are, or one beside the other."""
    got = impl.covariance_matrix(INTERLEAVED.codes, Vb * unit, 4.0 * unit)
    assert_each_close("V = Ve I + Vb Z Z'", got, unit * (4.0 * np.eye(N) + Vb * SAME), 1e-9)


@pytest.mark.judges("model_variances")
@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e3, 1e9])
@pytest.mark.parametrize("sigma_bucket", [0.0, 1e-3, 30.0, 1e4])
def test_model_variances_in_units(impl, sigma_bucket, unit):
    """Vb = sigma_bucket^2, Ve = sigma_within^2, Vbe their sum, rho = Vb / Vbe without a unit."""
    got = impl.model_variances(sigma_bucket * unit, 15.0 * unit)
    Vb, Ve = (sigma_bucket * unit) ** 2, (15.0 * unit) ** 2
    assert_each_close("Vb, Ve, Vbe", [got.Vb, got.Ve, got.Vbe], [Vb, Ve, Vb + Ve], 1e-9)
    assert_close("rho = Vb / Vbe", got.rho, Vb / (Vb + Ve), 1e-9, 1.0)
