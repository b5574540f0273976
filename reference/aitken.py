"""Least squares at a given V in rational arithmetic: of the floats as they are, without a rounding.

Source: Aitken (1935), Proceedings of the Royal Society of Edinburgh 55, 42-48.
"""

from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import ArrayLike, NDArray

from reference.certified import exactly


@dataclass(frozen=True)
class LeastSquares:
    """coef (p,) and se (p,); an se is the root of what was rounded once."""

    coef: NDArray[np.float64]
    se: NDArray[np.float64]


def gls(X: ArrayLike, y: ArrayLike, V: ArrayLike) -> LeastSquares:
    """coef = (X'V^-1 X)^-1 X'V^-1 y and se = sqrt diag (X'V^-1 X)^-1, X (n, p), y (n,), V (n, n).

    Raises ZeroDivisionError where V or X'V^-1 X is singular.
    """
    rational_X, W = _rational(X), _rational(V).inv()
    weighted = rational_X.transpose() * W
    covariance = (weighted * rational_X).inv()
    coef = covariance * weighted * _rational(np.reshape(y, (-1, 1)))
    p = rational_X.ncols()
    squares = np.array([_float(covariance[j, j]) for j in range(p)])
    return LeastSquares(np.array([_float(coef[j, 0]) for j in range(p)]), np.sqrt(squares))


def _rational(table: ArrayLike) -> fmpq_mat:
    return fmpq_mat([list(map(exactly, row)) for row in np.asarray(table)])


def _float(number: fmpq) -> float:
    return int(number.p) / int(number.q)
