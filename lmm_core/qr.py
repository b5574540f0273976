"""QR factorisations: of a tall matrix, of a triangle above another, and of many small matrices at once.

LAPACK's compact form Q = I - V T V' is used throughout (Schreiber and Van Loan, 1989, SIAM Journal on Scientific and
Statistical Computing 10, 53-57): of a hundred columns it takes a third of the time of `numpy.linalg.qr`.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgemqrt, dgeqrt, dtpqrt

from lmm_core.checks import Matrix, Vector

Blocks = NDArray[np.float64]  # a matrix for each level: (levels, r, c)
NEGLIGIBLE = 1e-10  # a singular value so small, of columns of length 1, is rounding
WIDTH = 32  # columns that are reflected together


class QR:
    """A = Q R of one matrix (n, c): R (k, c), k = min(n, c)."""

    def __init__(self, A: Matrix) -> None:
        (self.n, self.c), self.k = A.shape, min(A.shape)
        self.VR, self.T, _ = dgeqrt(min(WIDTH, self.k), A)

    @cached_property
    def R(self) -> Matrix:
        """R (k, c)."""
        return np.triu(self.VR[: self.k])

    @property
    def V(self) -> Matrix:
        """The reflections, below the diagonal (n, k)."""
        return self.VR[:, : self.k]

    def diagonal(self) -> Vector:
        """|diag R| (c,), 0 from k on."""
        found = np.zeros(self.c)
        np.abs(self.VR.diagonal(), out=found[: self.k])
        return found

    def Q(self) -> Matrix:
        """Orthonormal columns (n, k)."""
        Q = np.eye(self.n, self.k, order="F")
        return np.asarray(dgemqrt(self.V, self.T, Q, overwrite_c=True)[0])

    def complete(self, rows: int) -> Matrix:
        """The first rows of the square Q (n, n)."""
        E = np.eye(self.n, rows, order="F")
        return np.asarray(dgemqrt(self.V, self.T, E, trans="T", overwrite_c=True)[0].T)


def triangular(A: Matrix) -> Matrix:
    """R of A = Q R."""
    return QR(A).R


def diagonal_above_identity(R: Matrix, q: int) -> Vector:
    """|diag T| (c,) of the triangle T of [R; I, 0]: R (c, c) triangular, which is overwritten, I (q, q), q > 0."""
    c = len(R)
    T = dtpqrt(q, min(WIDTH, c), R, np.eye(q, c, order="F"), overwrite_a=True, overwrite_b=True)[0]
    return np.abs(T.diagonal())


def of_levels(Z: Blocks) -> tuple[Blocks, Blocks]:
    """QR of each level, a row of A being 0 where the level's columns are dependent; of one column by its length."""
    if Z.shape[2] > 1:
        Q, A = np.linalg.qr(Z)
        dependent = np.abs(np.diagonal(A, 0, 1, 2)).min(axis=1) <= NEGLIGIBLE
        U, s, V = np.linalg.svd(A[dependent], full_matrices=False)
        Q[dependent] = Q[dependent] @ U
        A[dependent] = np.where(s > NEGLIGIBLE, s, 0.0)[..., None] * V
        return Q, A
    lengths = np.linalg.norm(Z, axis=1, keepdims=True)
    return Z / np.where(lengths > 0, lengths, 1.0), lengths


def whitened(M: Blocks) -> tuple[Blocks, Vector]:
    """N' (g, r, r) with N N' = (I + M M')^-1, and log|I + M M'| / 2: Householder's QR of [M; I], M (g, r, d)."""
    g, r, d = M.shape
    if r == d == 1:
        length = np.hypot(1.0, M)
        return 1 / length, np.log(length).ravel()
    A = np.zeros((r + d, d + r, g))  # the levels last, where they are many
    A[:r, :d] = np.moveaxis(M, 0, 2)
    A[range(r, r + d), range(d)] = A[range(r), range(d, d + r)] = 1.0
    for j in range(d):
        v = A[j:, j].copy()
        v[0] += np.copysign(np.sqrt(np.sum(v * v, axis=0)), v[0])
        A[j:, j:] -= v[:, None] * (np.sum(v[:, None] * A[j:, j:], axis=0) * (2 / np.sum(v * v, axis=0)))
    return np.moveaxis(A[d:, d:], 2, 0), np.log(np.abs(A[range(d), range(d)])).sum(axis=0)
