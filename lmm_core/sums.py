"""What REML needs of the data: two kinds of triangular factors, however many frogs there are.

With H = I + g Z Z' and a bucket of n frogs, H's block is I + g J, and for any columns A

    A'H^-1 A = A_w'A_w + sum over buckets of w A_m'A_m,    w = n / (1 + n g)

where A_w is A minus its bucket means and A_m (1, k) is the mean of a bucket. w depends on the bucket's
size only, so the sum is kept as one triangle for every distinct size, of which there are at most
sqrt(2 N), and often one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmm_core import checks
from lmm_core.checks import Codes, Matrix, Vector

ROWS_AT_A_TIME = 8192  # so many rows are reduced to a triangle at once, and stay in the cache


@dataclass(frozen=True)
class BucketSums:
    """Triangular factors of A = [X y].

    sizes, counts (K,): the distinct bucket sizes, and how many buckets have each.
    R_within (p+1, p+1): R'R = A_w'A_w, the sum within buckets.
    R_means (K, p+1, p+1): R'R = sum of A_m'A_m over the buckets of each size.
    """

    sizes: Vector
    counts: Vector
    R_within: Matrix
    R_means: NDArray[np.float64]

    @property
    def n_obs(self) -> int:
        """Number of frogs, N."""
        return int(self.sizes @ self.counts)

    @property
    def n_buckets(self) -> int:
        """Number of buckets, B."""
        return int(self.counts.sum())

    @property
    def p(self) -> int:
        """Number of columns of X."""
        return len(self.R_within) - 1

    def whitened(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Triangles R with R'R = A'H^-1 A, for weights w (..., K): (..., p+1, p+1)."""
        q = self.p + 1
        rows = np.empty((*w.shape[:-1], len(self.sizes) + 1, q, q))
        rows[..., 0, :, :] = self.R_within
        np.multiply(np.sqrt(w)[..., None, None], self.R_means, out=rows[..., 1:, :, :])
        return triangle(rows.reshape(*w.shape[:-1], -1, q))


def bucket_sums(X: Matrix, y: Vector, codes: Codes) -> BucketSums:
    """Reduce n rows to triangles in one pass: O(n p^2) time, and no copy of X."""
    n_per_bucket = np.bincount(codes)
    totals = np.stack([np.bincount(codes, column) for column in (*X.T, y)], axis=1)
    means = totals / n_per_bucket[:, None]
    R_within = np.zeros((0, X.shape[1] + 1))
    for start in range(0, len(y), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        within = np.column_stack([X[rows], y[rows]]) - means[codes[rows]]
        R_within = triangle(np.vstack([R_within, within]))
    sizes, counts = np.unique(n_per_bucket, return_counts=True)
    R_means = np.stack([_square(triangle(means[n_per_bucket == size])) for size in sizes])
    return BucketSums(sizes.astype(float), counts.astype(float), _square(R_within), R_means)


def refuse_unidentified(sums: BucketSums, X_lengths: Vector, y_length: float) -> None:
    """Raise a ValueError unless the data can tell Vb, Ve and the fixed effects apart.

    Ve needs rank[X Z] < N, frogs that differ within their bucket; Vb needs rank[X Z] > p, buckets that
    differ though X does not. rank[X Z] = B + rank(X within buckets). The lengths are those of the columns
    before anything was subtracted, against which a remainder is judged to be rounding.
    """
    N, B, p = sums.n_obs, sums.n_buckets, sums.p
    checks.full_rank("X", sums.whitened(sums.sizes)[:, :p], N)
    rank_XZ = B + checks.numerical_rank(sums.R_within[:, :p], X_lengths, N)
    if rank_XZ >= N:
        raise ValueError(
            f"group has {B} buckets for {N} frogs and X has {p} columns: nothing is left to estimate Ve; "
            "some bucket needs more frogs"
        )
    if rank_XZ <= p:
        raise ValueError(
            f"group has {B} buckets and the {p} columns of X describe every one: nothing is left to estimate "
            "Vb; some colour needs more than one bucket"
        )
    X_within, y_within = sums.R_within[:, :p], sums.R_within[:, p]
    explained = X_within @ np.linalg.lstsq(X_within, y_within)[0] if rank_XZ > B else 0.0
    remainder = np.linalg.norm(y_within - explained)
    if remainder <= sums.sizes.max() * np.finfo(float).eps * y_length:
        raise ValueError(
            f"y varies within its {B} buckets by {remainder:g} after X is fitted, against a total of "
            f"{y_length:g}: nothing is left to estimate Ve"
        )


def triangle(A: NDArray[np.float64]) -> NDArray[np.float64]:
    """The triangular factor R of A = Q R, for a matrix or a stack of them: R'R = A'A."""
    R: NDArray[np.float64] = np.linalg.qr(A, mode="r")  # type: ignore[assignment]
    return R


def _square(R: Matrix) -> Matrix:
    """R with rows of zeros below, where there were fewer rows than columns."""
    return np.vstack([R, np.zeros((R.shape[1] - len(R), R.shape[1]))])
