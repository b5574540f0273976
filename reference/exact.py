"""REML to 50 digits, for the float64 numbers exactly as they stand (mpmath).

A float64 is a rational number, so sums over frogs and buckets carry no rounding that matters at 100
digits. The formulas are the textbook's, in (Vb, Ve) or in gamma = Vb / Ve, with moments about zero:

    M(gamma) = [X y]'[X y] - sum over buckets of gamma / (1 + n gamma) s s',    s = column sums in the bucket

and derivatives by central differences of step 1e-25, whose error is about 1e-50. Nothing is shared with
the implementation that is judged by them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from mpmath import mp, mpf
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

Labels = Sequence[object] | NDArray[np.generic]

DIGITS = 100  # of the arithmetic; half of them are true of a second difference
STEP = mpf(10) ** -25


@dataclass(frozen=True)
class ExactFit:
    """The REML fit as mpmath numbers; `df` is Satterthwaite's, per coefficient."""

    Vb: mpf
    Ve: mpf
    coef: list[mpf]
    se: list[mpf]
    df: list[mpf]
    criterion: mpf

    @property
    def singular(self) -> bool:
        """Whether Vb = 0."""
        return bool(self.Vb == 0)


class ExactModel:
    """y = X beta + Z b + e with every sum exact."""

    def __init__(self, X: ArrayLike, y: ArrayLike, group: Labels) -> None:
        """Take the data: X (n, p), y (n,), group n labels."""
        A = np.column_stack([np.asarray(X, float), np.asarray(y, float)])
        self.n, self.p = A.shape[0], A.shape[1] - 1
        _, codes = np.unique(np.asarray(group), return_inverse=True)
        with mp.workdps(DIGITS):
            rows: dict[int, list[list[mpf]]] = defaultdict(list)
            for code, row in zip(codes, A.tolist(), strict=True):
                rows[code].append([mpf(value) for value in row])
            columns = range(self.p + 1)
            self.total = mp.zeros(self.p + 1)
            self.by_size: dict[int, mp.matrix] = {}
            self.n_buckets: dict[int, int] = defaultdict(int)
            for members in rows.values():
                size = len(members)
                sums = mp.matrix([mp.fsum(row[j] for row in members) for j in columns])
                self.by_size[size] = self.by_size.get(size, mp.zeros(self.p + 1)) + sums * sums.T
                self.n_buckets[size] += 1
                self.total += mp.matrix(
                    [[mp.fdot((row[i], row[j]) for row in members) for j in columns] for i in columns]
                )

    def moments(self, gamma: mpf) -> mp.matrix:
        """M(gamma) = [X y]'H^-1 [X y]."""
        return self.total - sum(
            (gamma / (1 + n * gamma) * outer for n, outer in self.by_size.items()), mp.zeros(self.p + 1)
        )

    def moments_slope(self, gamma: mpf) -> mp.matrix:
        """M'(gamma): -sum of s s' / (1 + n gamma)^2."""
        return sum((-outer / (1 + n * gamma) ** 2 for n, outer in self.by_size.items()), mp.zeros(self.p + 1))

    def solve(self, gamma: mpf) -> tuple[mp.matrix, mp.matrix, mpf]:
        """(X'H^-1 X)^-1, beta and rss at gamma."""
        M, p = self.moments(gamma), self.p
        inverse = M[:p, :p] ** -1
        beta = inverse * M[:p, p]
        return inverse, beta, M[p, p] - (M[p, :p] * beta)[0]

    def logdet_H(self, gamma: mpf) -> mpf:
        """log|H| = sum over buckets of log(1 + n gamma)."""
        return mp.fsum(count * mp.log(1 + n * gamma) for n, count in self.n_buckets.items())

    def criterion(self, Vb: mpf, Ve: mpf) -> mpf:
        """-2 log REML likelihood: (n-p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r."""
        with mp.workdps(DIGITS):
            Vb, Ve = mpf(Vb), mpf(Ve)
            gamma = Vb / Ve
            inverse, _, rss = self.solve(gamma)
            df = self.n - self.p
            return df * mp.log(2 * mp.pi * Ve) + self.logdet_H(gamma) - mp.log(mp.det(inverse)) + rss / Ve

    def score(self, gamma: mpf) -> mpf:
        """Derivative by gamma of the criterion in which Ve = rss / (n - p)."""
        with mp.workdps(DIGITS):
            gamma, p = mpf(gamma), self.p
            inverse, beta, rss = self.solve(gamma)
            slope = self.moments_slope(gamma)
            contrast = mp.matrix([*(-beta), 1])
            trace = sum((inverse * slope[:p, :p])[i, i] for i in range(p))
            logdet = mp.fsum(count * n / (1 + n * gamma) for n, count in self.n_buckets.items())
            return logdet + trace + (self.n - p) * (contrast.T * slope * contrast)[0] / rss

    def gradient(self, Vb: float, Ve: float) -> tuple[mpf, mpf]:
        """Derivatives of the criterion by Vb and Ve, by central differences (one-sided at Vb = 0)."""
        with mp.workdps(DIGITS):
            Vb, Ve = mpf(Vb), mpf(Ve)
            h = STEP * (Vb + Ve)
            low = max(Vb - h, mpf(0))
            by_Vb = (self.criterion(Vb + h, Ve) - self.criterion(low, Ve)) / (Vb + h - low)
            return by_Vb, (self.criterion(Vb, Ve + h) - self.criterion(Vb, Ve - h)) / (2 * h)

    def best_gamma(self) -> mpf:
        """The gamma of the lowest criterion: every rising root of the score on a fine grid, and 0."""
        with mp.workdps(DIGITS):
            n = max(self.n_buckets)
            grid = [mpf(0), *(mpf(2) ** mp.mpf(k) / n for k in mp.arange(-6, 12, 0.5))]
            while self.score(grid[-1]) < 0:
                grid.append(4 * grid[-1])
            scores = [self.score(gamma) for gamma in grid]
            minima = [mpf(0)] if scores[0] >= 0 else []
            for (low, score_low), (high, score_high) in pairwise(zip(grid, scores, strict=True)):
                if score_low < 0 <= score_high:
                    minima.append(mp.findroot(self.score, (low, high), solver="anderson", tol=1e-130))
            return min(minima, key=self._profiled)

    def _profiled(self, gamma: mpf) -> mpf:
        Ve = self.solve(gamma)[2] / (self.n - self.p)
        return self.criterion(gamma * Ve, Ve)

    def covariance(self, Vb: mpf, Ve: mpf) -> mp.matrix:
        """Cov(beta) = (X'V^-1 X)^-1."""
        return Ve * self.solve(Vb / Ve)[0]

    def derivatives(self, Vb: mpf, Ve: mpf) -> tuple[mp.matrix, mp.matrix, mp.matrix]:
        """dCov(beta)/dVb, dCov(beta)/dVe, and Cov(Vb, Ve) = 2 Hessian^-1, for Vb > 0."""
        h, k = STEP * Vb, STEP * Ve
        C, d = self.covariance, self.criterion
        middle = d(Vb, Ve)
        mixed = d(Vb + h, Ve + k) - d(Vb + h, Ve - k) - d(Vb - h, Ve + k) + d(Vb - h, Ve - k)
        hessian = mp.matrix(
            [
                [(d(Vb + h, Ve) - 2 * middle + d(Vb - h, Ve)) / h**2, mixed / (4 * h * k)],
                [mixed / (4 * h * k), (d(Vb, Ve + k) - 2 * middle + d(Vb, Ve - k)) / k**2],
            ]
        )
        by_Vb = (C(Vb + h, Ve) - C(Vb - h, Ve)) / (2 * h)
        by_Ve = (C(Vb, Ve + k) - C(Vb, Ve - k)) / (2 * k)
        return by_Vb, by_Ve, 2 * hessian**-1


def reml(X: ArrayLike, y: ArrayLike, group: Labels) -> ExactFit:
    """The REML fit of these very numbers, true to 50 digits (df to about 40)."""
    model = ExactModel(X, y, group)
    with mp.workdps(DIGITS):
        gamma = model.best_gamma()
        inverse, beta, rss = model.solve(gamma)
        Ve = rss / (model.n - model.p)
        Vb = gamma * Ve
        se = [mp.sqrt(Ve * inverse[i, i]) for i in range(model.p)]
        df = [mpf(model.n - model.p)] * model.p
        if Vb > 0:
            by_Vb, by_Ve, covariance = model.derivatives(Vb, Ve)
            for i in range(model.p):
                g = mp.matrix([by_Vb[i, i], by_Ve[i, i]])
                df[i] = 2 * (Ve * inverse[i, i]) ** 2 / (g.T * covariance * g)[0]
        return ExactFit(Vb, Ve, list(beta), se, df, model.criterion(Vb, Ve))


def ddf_range(X: ArrayLike, y: ArrayLike, group: Labels, L: ArrayLike) -> tuple[float, float]:
    """Smallest and largest Satterthwaite df among all contrasts in the row space of L (q, p).

    With f = l'C l and t = l'(dC/dVb) l / f, homogeneity (f is of degree 1 in the variances) makes the
    gradient of log f equal (t, (1 - Vb t) / Ve), so 2 / ddf is a convex parabola in t, which runs between
    the extreme eigenvalues of L (dC/dVb) L' relative to L C L'. A pooled df of several contrasts, in
    whatever basis, is a harmonic-like mean of their df and lies in this interval if all exceed 2.
    """
    model = ExactModel(X, y, group)
    with mp.workdps(DIGITS):
        gamma = model.best_gamma()
        if gamma == 0:
            return float(model.n - model.p), float(model.n - model.p)
        Ve = model.solve(gamma)[2] / (model.n - model.p)
        Vb = gamma * Ve
        by_Vb, _, covariance = model.derivatives(Vb, Ve)
        C = model.covariance(Vb, Ve)
    as_float = [np.array(m.tolist(), dtype=float) for m in (by_Vb, C, covariance)]
    rows = np.asarray(L, dtype=float)
    t = eigh(rows @ as_float[0] @ rows.T, rows @ as_float[1] @ rows.T, eigvals_only=True)
    a = np.array([0.0, 1 / float(Ve)])
    b = np.array([1.0, -float(gamma)])  # gradient of log f = a + b t
    S = as_float[2]
    vertex = np.clip(-(a @ S @ b) / (b @ S @ b), t[0], t[-1])
    ddf = [2 / ((a + b * at) @ S @ (a + b * at)) for at in (t[0], t[-1], vertex)]
    return float(min(ddf)), float(max(ddf))


def lre(value: ArrayLike, truth: Sequence[mpf] | mpf) -> float:
    """Log relative error: digits of `value` that agree with `truth`, the fewest of several, at most 15.

    Source: McCullough (1998), The American Statistician 52, 358-366.
    """
    truths = truth if isinstance(truth, Sequence) else [truth]
    values = np.atleast_1d(np.asarray(value, dtype=float)).tolist()
    with mp.workdps(DIGITS):
        return min(_digits(mpf(x), mpf(c)) for x, c in zip(values, truths, strict=True))


def _digits(x: mpf, c: mpf) -> float:
    error = abs(x - c) / (abs(c) if c else 1)
    return float(min(-mp.log10(error), 15)) if error else 15.0
