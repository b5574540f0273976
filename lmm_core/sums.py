"""What REML needs of the data: sums of squares and products of two kinds, however many frogs there are.

With H = I + g Z Z' and a bucket of n frogs, H's block is I + g J, and for any columns A

    A'H^-1 A = A_w'A_w + sum over buckets of w A_m'A_m,    w = n / (1 + n g)

where A_w is A minus its bucket means and A_m (1, k) is the mean of a bucket. w depends on the bucket's
size only, so the sum is kept as one matrix for every distinct size, of which there are at most
sqrt(2 N), and often one.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri

from lmm_core import checks
from lmm_core.basis import ROWS_AT_A_TIME, Basis, triangle
from lmm_core.checks import Codes, Matrix, Vector

EPS = float(np.finfo(float).eps)
NEGLIGIBLE = 64 * EPS  # rounding error of the eigenvalue of a correlation matrix


@dataclass(frozen=True)
class BucketSums:
    """Sums of squares and products of A = [X T, r], the columns of a `Basis`.

    n_obs, n_buckets: frogs and buckets, N and B.   T, shift: the basis of X.
    sizes, counts (K,): the distinct bucket sizes, and how many buckets have each.
    within (p+1, p+1): A_w'A_w.   means (K, p+1, p+1): sum of A_m'A_m over the buckets of each size.
    saturated: whether X and the buckets explain any y, rank[X Z] = N.
    """

    n_obs: int
    n_buckets: int
    T: Matrix
    shift: Vector
    sizes: Vector
    counts: Vector
    within: Matrix
    means: NDArray[np.float64]
    saturated: bool = False

    @property
    def df_resid(self) -> int:
        """N - p."""
        return self.n_obs - len(self.T)

    @cached_property
    def lengths(self) -> Vector:
        """|x| of the columns of X (p,): T^-1 is its triangular factor."""
        R, _ = dtrtri(self.T)
        return np.sqrt((R * R).sum(axis=0))

    @property
    def df_within(self) -> int:
        """At most N - rank[X Z], the df of what neither X nor the buckets explain; at least 1 unless that is 0."""
        return 0 if self.saturated else max(1, self.n_obs - self.n_buckets - len(self._varying))

    @cached_property
    def _varying(self) -> NDArray[np.intp]:
        """The columns of X T that vary within buckets by more than rounding errors of their means do."""
        squares = self.within.diagonal()[:-1]
        if not squares.any():
            return np.empty(0, int)
        rounding = self.sizes.max() * EPS * (self.lengths @ np.abs(self.T))
        return np.flatnonzero(squares > rounding**2)

    @property
    def eigenvalues_are_equal(self) -> bool:
        """Whether all positive eigenvalues of K'ZZ'K are n: equal buckets, within which no column of X varies."""
        return len(self.sizes) == 1 and not len(self._varying)

    @cached_property
    def least_eigenvalue(self) -> float:
        """A lower bound of the positive eigenvalues of K'ZZ'K, where K spans what is orthogonal to X.

        They are those of N^1/2 (I - U U') N^1/2, N the bucket sizes and U = N^-1/2 Z'X; I - U U' and
        I - U'U = X_w'X_w have the same eigenvalues but for ones. With D the diagonal of X_w'X_w,

            lambda >= n_min min(1, mu),    mu = min(D) times the smallest positive eigenvalue of D^-1/2 X_w'X_w D^-1/2

        Source: Ostrowski (1959), PNAS 45, 740-744 (eigenvalues of a congruence).
        """
        mu = 1.0
        if len(self._varying):
            W = self.within[np.ix_(self._varying, self._varying)]
            D = W.diagonal()
            correlations = np.linalg.eigvalsh(W / np.sqrt(D[:, None] * D))
            mu = min(mu, D.min() * correlations[correlations > NEGLIGIBLE].min())
        return float(self.sizes.min() * mu)

    def weighted(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the sizes of weight times A_m'A_m, for weights (..., K): (..., p+1, p+1)."""
        K, q, _ = self.means.shape
        return (weights @ self.means.reshape(K, q * q)).reshape(*weights.shape[:-1], q, q)


def bucket_sums(X: Matrix, basis: Basis, codes: Codes) -> BucketSums:
    """Reduce n rows to sums in one pass: O(n p^2) time, and no copy of X."""
    p = X.shape[1]
    n_per_bucket = np.bincount(codes)
    bucket_means = _means((*X.T, basis.residual), codes, n_per_bucket)
    T = np.eye(p + 1)
    T[:p, :p] = basis.T
    within = np.zeros((p + 1, p + 1))
    for start in range(0, len(codes), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        A_w = _within(X, basis, codes, bucket_means, rows) @ T
        within += A_w.T @ A_w
    n_of_size = np.bincount(n_per_bucket)
    sizes = np.flatnonzero(n_of_size)
    means = np.empty((len(sizes), p + 1, p + 1))
    by_size = (bucket_means if len(sizes) == 1 else bucket_means[np.argsort(n_per_bucket, kind="stable")]) @ T
    for k, stop in enumerate(np.cumsum(n_of_size[sizes])):
        A_m = by_size[stop - n_of_size[sizes[k]] : stop]
        means[k] = A_m.T @ A_m
    counts = n_of_size[sizes].astype(float)
    return BucketSums(len(X), len(n_per_bucket), basis.T, basis.shift, sizes.astype(float), counts, within, means)


def identified(X: Matrix, basis: Basis, codes: Codes) -> BucketSums:
    """The sums, unless X leaves nothing that differs between buckets.

    Vb needs rank[X Z] > p, buckets that differ though X does not. Where rank[X Z] = N the sums are `saturated`: what
    Ve needs then is seen in the criterion. rank[X Z] = B + rank(X within buckets), at most B + p.

    Raises:
        ValueError: naming the replication that is missing.
    """
    sums = bucket_sums(X, basis, codes)
    N, B, p = sums.n_obs, sums.n_buckets, X.shape[1]
    if p < B < N - p:
        return sums
    rank_XZ = B + _rank_within(X, codes)
    if rank_XZ <= p:
        raise ValueError(
            f"group has {B} buckets and the {p} columns of X describe every one: nothing is left to estimate "
            "Vb; some colour needs more than one bucket"
        )
    return replace(sums, saturated=rank_XZ >= N)


def _rank_within(X: Matrix, codes: Codes) -> int:
    return checks.numerical_rank(_triangle_within(X, codes), np.linalg.norm(X, axis=0), len(X))


def _triangle_within(X: Matrix, codes: Codes) -> Matrix:
    """R of X_w = Q R."""
    return triangle(X - _means(tuple(X.T), codes, np.bincount(codes))[codes])


def least_eigenvalue_of_saturated(X: Matrix, basis: Basis, codes: Codes) -> float:
    """The bound of `BucketSums.least_eigenvalue` where rank[X Z] = N, from X_w itself: nothing is squared."""
    sizes = np.bincount(codes)
    values = np.linalg.svd(_triangle_within(X, codes) @ basis.T, compute_uv=False)[: len(X) - len(sizes)]
    return float(sizes.min() * min(1.0, values.min(initial=1.0)) ** 2)


def _means(columns: tuple[Vector, ...], codes: Codes, n_per_bucket: NDArray[np.intp]) -> Matrix:
    """Means of the columns by bucket (B, number of columns)."""
    means = np.empty((len(n_per_bucket), len(columns)))
    for j, column in enumerate(columns):
        means[:, j] = np.bincount(codes, column)
    means /= n_per_bucket[:, None]
    return means


def _within(X: Matrix, basis: Basis, codes: Codes, bucket_means: Matrix, rows: slice) -> Matrix:
    """[X, residual] minus its bucket means, for some rows."""
    A_w = bucket_means.take(codes[rows], axis=0)
    np.subtract(X[rows], A_w[:, :-1], out=A_w[:, :-1])
    np.subtract(basis.residual[rows], A_w[:, -1], out=A_w[:, -1])
    return A_w
