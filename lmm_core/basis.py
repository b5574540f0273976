"""Coordinates in which the data lose no digits: columns that are nearly orthonormal, and a small y.

Sums of squares and products are all that REML needs of the data, but of raw columns they keep only half
the digits: the product of 2001 and 2002 hardly tells the years apart. So X and y are first written as

    X T,  columns nearly orthonormal,        r = y - X shift,  small

whose sums keep every digit. Neither T nor shift need be accurate, for the fit of y is shift + T times the
fit of r, whatever they are.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri

from lmm_core import checks
from lmm_core.checks import Matrix, Vector

ROWS_AT_A_TIME = 8192  # so many rows are reduced at once, and stay in the processor's cache
NEARLY_DEPENDENT = 1e6  # condition number of scaled columns from which on X'X, which squares it, makes no T
REFINEMENTS = 4
IN_SPAN = 1e-12  # how far X a may be from 1 for the constant to count as a combination of X's columns


@dataclass(frozen=True)
class Basis:
    """T (p, p) and shift (p,), in units of X's columns; residual (n,) is y - X shift."""

    T: Matrix
    shift: Vector
    residual: Vector

    def moved(self, X: Matrix, T: Matrix, beta: Vector) -> "Basis":
        """The basis X T of a finer T, with X beta taken from the residual as well."""
        return Basis(T, self.shift + beta, self.residual - X @ beta)


def least_squares_basis(X: Matrix, y: Vector) -> Basis:
    """The basis in which X'X is the identity and y is its least-squares residual, nearly.

    A constant in the span of X goes first, by itself: y - constant has no rounding error where the leading
    digits agree (Sterbenz, 1974). Then goes what least squares explains of the rest.

    Raises:
        ValueError: the columns of X are linearly dependent.
    """
    T = orthonormalising(X)
    one = np.ones(len(X))
    ones = T @ (T.T @ (one @ X))
    for _ in range(REFINEMENTS):  # of an X whose columns are nearly dependent, such as a year beside the constant
        error = one - X @ ones
        ones = ones + T @ (T.T @ (error @ X))
        in_span = np.abs(error).max() < IN_SPAN
        if in_span:
            break
    constant = one @ y / len(y) if in_span else 0.0
    residual = y - constant
    rest = T @ (T.T @ (residual @ X))
    return Basis(T, constant * ones + rest, residual - X @ rest)


def orthonormalising(X: Matrix) -> Matrix:
    """T (p, p) with X T nearly orthonormal: R^-1 of X'X = R'R, or of X = Q R where that is too rough.

    The variance inflation factors (X'X)_jj (X'X)^-1_jj sum to at least the squared condition number of X
    with its columns scaled to length 1, over p (van der Sluis, 1969).

    Source: Fukaya et al. (2014), CholeskyQR2; the second round is the factor that every evaluation takes.
    """
    gram = X.T @ X
    R, dependent = dpotrf(gram)
    T, _ = dtrtri(R)
    if dependent or gram.diagonal() @ (T**2).sum(axis=1) > NEARLY_DEPENDENT**2:
        R = triangle(X)
        checks.full_rank("X", R, len(X))
        T, _ = dtrtri(R)
    return T


def triangle(A: Matrix) -> Matrix:
    """The triangular factor R (q, q) of A = Q R: R'R = A'A. So many rows at a time that no copy is made."""
    R: Matrix = np.zeros((A.shape[1], A.shape[1]))
    for start in range(0, len(A), ROWS_AT_A_TIME):
        R = np.linalg.qr(np.vstack([R, A[start : start + ROWS_AT_A_TIME]]), mode="r")  # type: ignore[assignment]
    return R
