"""REML to 50 digits, for the float64 numbers exactly as they stand.

A float64 is a rational number, so in decimal arithmetic of 100 digits sums over frogs and buckets carry no
rounding that matters. The formulas are the textbook's, in (Vb, Ve) or in gamma = Vb / Ve, with moments
about zero:

    M(gamma) = [X y]'[X y] - sum over buckets of gamma / (1 + n gamma) s s',    s = column sums in the bucket

and derivatives by central differences of relative step 1e-25, whose error is about 1e-50. Nothing is shared
with the implementation that is judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

Labels = Sequence[object] | NDArray[np.generic]
Table = NDArray[Any]  # an array of Decimals

DIGITS = 100  # of the arithmetic; half of them are true of a second difference
STEP = Decimal("1e-25")
REMEMBERED = 1024  # answers
PI = Decimal("3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117068")


@dataclass(frozen=True)
class ExactFit:
    """The REML fit; `df` is Satterthwaite's, per coefficient, and N - p of each at the boundary."""

    Vb: Decimal
    Ve: Decimal
    coef: list[Decimal]
    se: list[Decimal]
    df: list[Decimal]
    criterion: Decimal

    @property
    def singular(self) -> bool:
        """Whether Vb = 0."""
        return self.Vb == 0


class ExactModel:
    """y = X beta + Z b + e with every sum exact. To be used within `decimal.localcontext(prec=DIGITS)`."""

    def __init__(self, X: ArrayLike, y: ArrayLike, group: Labels) -> None:
        """Take the data: X (n, p), y (n,), group n labels."""
        A = np.column_stack([np.asarray(X, float), np.asarray(y, float)])
        exact = np.array([[Decimal(value) for value in row] for row in A.tolist()], dtype=object)
        _, codes = np.unique(np.asarray(group), return_inverse=True)
        sizes = np.bincount(codes)
        sums = np.full((len(sizes), A.shape[1]), Decimal(0), dtype=object)
        np.add.at(sums, codes, exact)
        self.n, self.p = len(A), A.shape[1] - 1
        self.total: Table = exact.T @ exact
        self.by_size = {int(n): sums[sizes == n].T @ sums[sizes == n] for n in np.unique(sizes)}
        self.n_buckets = {n: int(np.count_nonzero(sizes == n)) for n in self.by_size}

    def moments(self, gamma: Decimal) -> Table:
        """M(gamma) = [X y]'H^-1 [X y]."""
        return self.total - sum(gamma / (1 + n * gamma) * outer for n, outer in self.by_size.items())

    def pivots(self, gamma: Decimal) -> Table:
        """Pivots of Gaussian elimination of M: their product over X is |X'H^-1 X|, the last one is rss."""
        return np.diag(_eliminated(self.moments(gamma), self.p))

    def residual_variance(self, gamma: Decimal) -> Decimal:
        """Ve = rss / (n - p)."""
        return self.pivots(gamma)[-1] / (self.n - self.p)

    def criterion(self, Vb: Decimal, Ve: Decimal) -> Decimal:
        """-2 log REML likelihood: (n-p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r."""
        *of_X, rss = self.pivots(Vb / Ve)
        det_H = prod((1 + n * Vb / Ve) ** count for n, count in self.n_buckets.items())
        return (self.n - self.p) * (2 * PI * Ve).ln() + (det_H * prod(of_X)).ln() + rss / Ve

    def score(self, gamma: Decimal) -> Decimal:
        """Derivative by gamma of the criterion in which Ve = rss / (n - p)."""
        h = STEP * (gamma + STEP)
        after, before = self.pivots(gamma + h), self.pivots(gamma - h)
        slopes = (after - before) / h / (after + before)
        logdet_H = sum(count * n / (1 + n * gamma) for n, count in self.n_buckets.items())
        return logdet_H + sum(slopes[:-1]) + (self.n - self.p) * slopes[-1]

    def gradient(self, Vb: Decimal, Ve: Decimal) -> tuple[Decimal, Decimal]:
        """Derivatives of the criterion by Vb and Ve, by central differences (one-sided at Vb = 0)."""
        h = STEP * (Vb + Ve)
        low = max(Vb - h, Decimal(0))
        by_Vb = (self.criterion(Vb + h, Ve) - self.criterion(low, Ve)) / (Vb + h - low)
        return by_Vb, (self.criterion(Vb, Ve + h) - self.criterion(Vb, Ve - h)) / (2 * h)

    def best_gamma(self) -> Decimal:
        """The gamma of the lowest criterion: every rising root of the score on a fine grid, and 0."""
        n = max(self.n_buckets)
        grid = [Decimal(0), *(Decimal(2) ** k / n for k in range(-6, 12))]
        while self.score(grid[-1]) < 0:
            grid.append(4 * grid[-1])
        scores = [self.score(gamma) for gamma in grid]
        minima = [Decimal(0)] if scores[0] >= 0 else []
        for (low, score_low), (high, score_high) in pairwise(zip(grid, scores, strict=True)):
            if score_low < 0 <= score_high:
                minima.append(self._root(low, score_low, high, score_high))
        return min(minima, key=self._profiled)

    def _root(self, low: Decimal, score_low: Decimal, high: Decimal, score_high: Decimal) -> Decimal:
        """Root of the score in a bracket, by regula falsi with the Illinois rule, to a relative 1e-60."""
        gamma, previous, side = high, low, 0
        while abs(gamma - previous) > gamma * Decimal("1e-60"):
            previous, gamma = gamma, (low * score_high - high * score_low) / (score_high - score_low)
            score = self.score(gamma)
            if score < 0:
                low, score_low, score_high, side = gamma, score, score_high / (1 + (side < 0)), -1
            else:
                high, score_high, score_low, side = gamma, score, score_low / (1 + (side > 0)), 1
        return gamma

    def _profiled(self, gamma: Decimal) -> Decimal:
        Ve = self.residual_variance(gamma)
        return self.criterion(gamma * Ve, Ve)

    def beta(self, gamma: Decimal) -> Table:
        """(X'H^-1 X)^-1 X'H^-1 y."""
        M = self.moments(gamma)
        return _inverse(M[:-1, :-1]) @ M[:-1, -1]

    def covariance(self, Vb: Decimal, Ve: Decimal) -> Table:
        """Cov(beta) = (X'V^-1 X)^-1."""
        return Ve * _inverse(self.moments(Vb / Ve)[:-1, :-1])

    def derivatives(self, Vb: Decimal, Ve: Decimal) -> tuple[Table, Table, Table]:
        """dCov(beta)/dVb, dCov(beta)/dVe, and Cov(Vb, Ve) = 2 Hessian^-1, for Vb > 0."""
        h, k = STEP * Vb, STEP * Ve
        C, d = self.covariance, self.criterion
        middle = d(Vb, Ve)
        mixed = d(Vb + h, Ve + k) - d(Vb + h, Ve - k) - d(Vb - h, Ve + k) + d(Vb - h, Ve - k)
        hessian = np.array(
            [
                [(d(Vb + h, Ve) - 2 * middle + d(Vb - h, Ve)) / h**2, mixed / (4 * h * k)],
                [mixed / (4 * h * k), (d(Vb, Ve + k) - 2 * middle + d(Vb, Ve - k)) / k**2],
            ]
        )
        by_Vb = (C(Vb + h, Ve) - C(Vb - h, Ve)) / (2 * h)
        by_Ve = (C(Vb, Ve + k) - C(Vb, Ve - k)) / (2 * k)
        return by_Vb, by_Ve, 2 * _inverse(hessian)


class Frozen(NamedTuple):
    """An array as a key of the answers that are remembered: a class of submissions is asked the same."""

    values: bytes
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: NDArray[Any]) -> "Frozen":
        """The array, frozen."""
        return cls(array.tobytes(), array.dtype.str, array.shape)

    @property
    def array(self) -> NDArray[Any]:
        """The array, read-only."""
        return np.frombuffer(self.values, self.dtype).reshape(self.shape)


def _frozen(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[Frozen, Frozen, Frozen]:
    codes = np.unique(np.asarray(group), return_inverse=True)[1]
    return Frozen.of(np.asarray(X, float)), Frozen.of(np.asarray(y, float)), Frozen.of(codes)


def reml(X: ArrayLike, y: ArrayLike, group: Labels) -> ExactFit:
    """The REML fit of these very numbers, true to 50 digits (df to about 40)."""
    return _reml(*_frozen(X, y, group))


@lru_cache(maxsize=REMEMBERED)
def _reml(X: Frozen, y: Frozen, codes: Frozen) -> ExactFit:
    with localcontext(prec=DIGITS):
        model = ExactModel(X.array, y.array, codes.array)
        gamma = model.best_gamma()
        Ve = model.residual_variance(gamma)
        Vb = gamma * Ve
        variances = np.diag(model.covariance(Vb, Ve))
        df = np.full(model.p, Decimal(model.n - model.p), dtype=object)
        if Vb > 0:
            by_Vb, by_Ve, covariance = model.derivatives(Vb, Ve)
            g = np.stack([np.diag(by_Vb), np.diag(by_Ve)])
            df = 2 * variances**2 / np.sum(g * (covariance @ g), axis=0)
        se = [variance.sqrt() for variance in variances]
        return ExactFit(Vb, Ve, list(model.beta(gamma)), se, list(df), model.criterion(Vb, Ve))


def gradient(X: ArrayLike, y: ArrayLike, group: Labels, Vb: float, Ve: float) -> tuple[float, float]:
    """Derivatives of the REML criterion by Vb and Ve at the float64 point (Vb, Ve)."""
    with localcontext(prec=DIGITS):
        by_Vb, by_Ve = ExactModel(X, y, group).gradient(Decimal(Vb), Decimal(Ve))
        return float(by_Vb), float(by_Ve)


def ddf_range(X: ArrayLike, y: ArrayLike, group: Labels, L: ArrayLike) -> tuple[float, float]:
    """Smallest and largest Satterthwaite df among all contrasts in the row space of L (q, p).

    With f = l'C l and t = l'(dC/dVb) l / f, homogeneity (f is of degree 1 in the variances) makes the
    gradient of log f equal (t, (1 - Vb t) / Ve), so 2 / ddf is a convex parabola in t, which runs between
    the extreme eigenvalues of L (dC/dVb) L' relative to L C L'. A pooled df of several contrasts is a mean
    of theirs: 2 S / (S - q), S = sum of nu / (nu - 2), increases in every nu > 2. So in whatever basis, it
    lies in this interval if all of it is above 2.
    """
    return _ddf_range(*_frozen(X, y, group), Frozen.of(np.asarray(L, float)))


@lru_cache(maxsize=REMEMBERED)
def _ddf_range(X: Frozen, y: Frozen, codes: Frozen, L: Frozen) -> tuple[float, float]:
    with localcontext(prec=DIGITS):
        model = ExactModel(X.array, y.array, codes.array)
        gamma = model.best_gamma()
        if gamma == 0:
            return float(model.n - model.p), float(model.n - model.p)
        Ve = model.residual_variance(gamma)
        by_Vb, _, covariance = (table.astype(float) for table in model.derivatives(gamma * Ve, Ve))
        C = model.covariance(gamma * Ve, Ve).astype(float)
    rows = L.array
    t = eigh(rows @ by_Vb @ rows.T, rows @ C @ rows.T, eigvals_only=True)
    a, b = np.array([0.0, 1 / float(Ve)]), np.array([1.0, -float(gamma)])  # gradient of log f = a + b t
    vertex = np.clip(-(a @ covariance @ b) / (b @ covariance @ b), t[0], t[-1])
    ddf = [2 / ((a + b * at) @ covariance @ (a + b * at)) for at in (t[0], t[-1], vertex)]
    return float(min(ddf)), float(max(ddf))


def f_statistic(X: ArrayLike, y: ArrayLike, group: Labels, L: ArrayLike) -> Decimal:
    """F = (L beta)'(L Cov(beta) L')^-1 (L beta) / q at the REML fit, for the q rows of L."""
    fit = reml(X, y, group)
    with localcontext(prec=DIGITS):
        rows = np.array([[Decimal(value) for value in row] for row in np.asarray(L, float).tolist()], dtype=object)
        covariance = ExactModel(X, y, group).covariance(fit.Vb, fit.Ve)
        contrasts = rows @ np.array(fit.coef, dtype=object)
        return contrasts @ _inverse(rows @ covariance @ rows.T) @ contrasts / len(rows)


def lre(value: ArrayLike, truth: Sequence[Decimal] | Decimal) -> float:
    """Log relative error: digits of `value` that agree with `truth`, the fewest of several, at most 15.

    Source: McCullough (1998), The American Statistician 52, 358-366.
    """
    truths = truth if isinstance(truth, Sequence) else [truth]
    values = np.atleast_1d(np.asarray(value, dtype=float)).tolist()
    with localcontext(prec=DIGITS):
        return min(_digits(Decimal(x), c) for x, c in zip(values, truths, strict=True))


def _digits(x: Decimal, c: Decimal) -> float:
    error = abs(x - c) / (abs(c) if c else 1)
    return min(-float(error.log10()), 15.0) if error else 15.0


def _eliminated(M: Table, n_pivots: int) -> Table:
    """M after Gaussian elimination of its first columns, without interchanges: M is positive definite."""
    M = M.copy()
    for k in range(n_pivots):
        M[k + 1 :] -= np.outer(M[k + 1 :, k] / M[k, k], M[k])
    return M


def _inverse(M: Table) -> Table:
    """Gauss-Jordan: eliminate downwards, then upwards."""
    p = len(M)
    both = _eliminated(np.hstack([M, np.array([[Decimal(int(i == j)) for j in range(p)] for i in range(p)])]), p)
    for k in reversed(range(p)):
        both[k] /= both[k, k]
        both[:k] -= np.outer(both[:k, k], both[k])
    return both[:, p:]
