"""Ordinary and generalised least squares, both from one triangular factor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cholesky, solve_triangular

from lmm_core import checks
from lmm_core.checks import Matrix, Vector


@dataclass(frozen=True)
class Gls:
    """Generalised least squares: estimates and their standard errors."""

    coef: Vector
    se: Vector


@dataclass(frozen=True)
class Ols:
    """Ordinary least squares: estimates, standard errors, residual variance and its degrees of freedom."""

    coef: Vector
    se: Vector
    sigma2: float
    df_resid: int


def ols(X: ArrayLike, y: ArrayLike) -> Ols:
    """Ordinary least squares.

        coef = (X'X)^-1 X'y,   sigma2 = |y - X coef|^2 / (n - p),   se = sqrt(sigma2 diag (X'X)^-1)

    Args:
        X: model matrix (n, p) of rank p < n.
        y: response (n,).

    Returns:
        coef and se (p,) in units of y per unit of X, sigma2 in squared units of y, df_resid = n - p.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, rank-deficient X, or n = p.

    Source: Golub and Van Loan (2013), Matrix Computations, section 5.3 (least squares by QR).
    """
    X, y = _design(X, y)
    n, p = X.shape
    if n == p:
        raise ValueError(f"X has {n} rows and {p} columns: no degree of freedom is left for sigma2")
    (X, x_units), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    coef, unit_se, rss = _triangular_least_squares(X, y)
    sigma2 = rss / (n - p)
    estimates = [coef, np.sqrt(sigma2) * unit_se]
    coef, se = checks.in_given_units("coef and se", estimates, y_unit, 1 / np.asarray(x_units))
    return Ols(coef, se, float(checks.in_given_units("sigma2", sigma2, y_unit, y_unit)), n - p)


def gls(X: ArrayLike, y: ArrayLike, V: ArrayLike) -> Gls:
    """Generalised least squares with a known covariance matrix.

        coef = (X'V^-1 X)^-1 X'V^-1 y,    se = sqrt diag (X'V^-1 X)^-1

    V is taken as the covariance itself: no residual variance is estimated. With the Cholesky factor
    V = K K', GLS is ordinary least squares of K^-1 y on K^-1 X.

    Args:
        X: model matrix (n, p) of rank p.
        y: response (n,).
        V: covariance matrix of y (n, n), symmetric positive definite.

    Returns:
        coef and se (p,).

    Raises:
        ValueError: shapes that do not fit, values that are not finite, rank-deficient X, or a V that is
            not symmetric positive definite.

    Source: Aitken (1936), Proc. R. Soc. Edinburgh 55, 42-48; Golub and Van Loan (2013), section 6.1.
    """
    X, y = _design(X, y)
    V = checks.array("V", V, 2)
    if V.shape != (len(y), len(y)):
        raise ValueError(f"V has shape {V.shape} but y has {len(y)} rows")
    asymmetry, largest = np.abs(V / 2 - V.T / 2).max() * 2, np.abs(V).max()
    if asymmetry > 1e-10 * largest:
        raise ValueError(f"V is not symmetric: V - V' reaches {asymmetry:g} where V reaches {largest:g}")
    (X, x_units), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    V_unit = 4.0 ** np.floor(np.log2(largest) / 2) if largest > 0 else 1.0  # a power of 4 has a root without rounding
    try:
        K = cholesky(V / V_unit, lower=True)
    except np.linalg.LinAlgError:
        values = np.linalg.eigvalsh(V)
        raise ValueError(f"V is not positive definite: eigenvalues from {values[0]:g} to {values[-1]:g}") from None
    whitened = solve_triangular(K, np.column_stack([X, y]), lower=True)
    coef, se, _ = _triangular_least_squares(whitened[:, :-1], whitened[:, -1])
    coef = checks.in_given_units("coef", coef, y_unit, 1 / np.asarray(x_units))
    return Gls(coef, checks.in_given_units("se", se, np.sqrt(V_unit), 1 / np.asarray(x_units)))


def _design(X: ArrayLike, y: ArrayLike) -> tuple[Matrix, Vector]:
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    checks.same_rows("X", len(X), "y", len(y))
    if X.shape[1] > len(y):
        raise ValueError(f"X has {X.shape[1]} columns but only {len(y)} rows")
    return X, y


def _triangular_least_squares(X: Matrix, y: Vector) -> tuple[Vector, Vector, float]:
    """X = Q R: coef = R^-1 Q'y, sqrt diag (X'X)^-1 = row lengths of R^-1, and |y - X coef|^2."""
    Q, R = np.linalg.qr(X)
    checks.full_rank("X", R, len(X))
    R_inverse = solve_triangular(R, np.eye(len(R)))
    coef = R_inverse @ (Q.T @ y)
    residual = y - X @ coef
    return coef, np.linalg.norm(R_inverse, axis=1), float(residual @ residual)
