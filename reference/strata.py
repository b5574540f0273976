"""Nelder's orthogonal strata: REML, its degrees of freedom and the anova of a balanced design, in closed form.

Each factor f has the matrix A_f that averages over its levels, the constant and the single rows among them. With

    P_f = A_f - sum of P_g over the factors g that f determines        (projections on the strata)
    MS_f = y'P_f (I - P_X) y / df_f                                    (mean squares after X)
    lambda_f = Ve + sum of n_k V_k over the components k that determine f      (eigenvalues of V)

REML sets lambda_f = MS_f, if P_X commutes with every P_f and there are, after strata of equal eigenvalues are pooled,
as many strata with df as variances. Where a V_k comes out negative its component is 0, and the same is computed again.

Source: Nelder (1965), Proceedings of the Royal Society A 283, 147-178; Satterthwaite (1946), Biometrics Bulletin 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SAME = 1e-9  # projections, and eigenvalues of projections, that differ by less are equal


class NotClosedError(ValueError):
    """The design has no closed form, and why."""


@dataclass(frozen=True)
class Strata:
    """V (K,), Ve, criterion, and of each stratum with df: its eigenvalue as a combination of variances, df, MS."""

    V: Floats
    Ve: float
    criterion: float
    expected: Floats  # (strata, 1 + K): coefficients of Ve and the V_k in the expected mean square
    df: Floats
    MS: Floats
    weights: Floats  # (p, p, strata): of each eigenvalue in Cov(coef)

    def ddf(self, contrasts: ArrayLike) -> Floats:
        """Satterthwaite's df of the rows l: (sum w MS)^2 / sum (w MS)^2 / df."""
        L = np.asarray(contrasts, dtype=float)
        parts = np.einsum("qi,ijf,qj->qf", L, self.weights, L) * self.MS
        return np.asarray(parts.sum(axis=1) ** 2 / np.sum(parts**2 / self.df, axis=1))


def strata(X: ArrayLike, y: ArrayLike, groups: Sequence[Any]) -> Strata:
    """REML of y = X beta + sum_k Z_k u_k + e; raises NotClosedError."""
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    of, projections = _projections(groups, len(y))
    P_X, K = X @ np.linalg.pinv(X), len(groups)
    left = [P - P_X @ P for P in projections]
    if any(np.max(np.abs(P_X @ P - P @ P_X)) > SAME for P in projections):
        raise NotClosedError("X is not orthogonal to the strata")
    df = np.array([round(float(np.trace(P))) for P in left], dtype=float)
    SS = np.array([y @ P @ y for P in left])
    shares = np.einsum("ia,fab,jb->ijf", np.linalg.pinv(X), np.array(projections), np.linalg.pinv(X))
    found = []
    for chosen in (c for size in range(K + 1) for c in combinations(range(1, K + 1), size)):
        solved = _solved(of[:, [0, *chosen]], df, SS, shares)
        if solved is not None and np.all(solved[0] > 0):
            values = np.zeros(K + 1)
            values[[0, *chosen]] = solved[0]
            lambdas = of @ values
            criterion = np.sum(df * np.log(2 * np.pi * lambdas) + SS / lambdas) + np.linalg.slogdet(X.T @ X)[1]
            found.append((float(criterion), values, np.zeros((len(solved[2]), K + 1)), solved, chosen))
    if not found or _solved(of, df, SS, shares) is None:
        raise NotClosedError("there are more strata than variances, or fewer")
    criterion, values, expected, (_, rows, pooled, MS, weights), chosen = min(found, key=lambda one: one[0])
    expected[:, [0, *chosen]] = rows
    return Strata(values[1:], float(values[0]), criterion, expected, pooled, MS, weights)


def _projections(groups: Sequence[Any], n: int) -> tuple[Floats, list[Floats]]:
    """Of each stratum the coefficients of (Ve, V_1, ..., V_K) in its eigenvalue, and its projection."""
    codes = [np.zeros(n, dtype=int), *(np.unique(np.asarray(g), return_inverse=True)[1] for g in groups), np.arange(n)]
    same = [np.equal.outer(code, code) for code in codes]
    sizes = [float(S.sum() / n) for S in same]
    if any(np.ptp(S.sum(axis=0)) > 0 for S in same):
        raise NotClosedError("the levels of a factor differ in size")
    order = sorted(range(len(codes)), key=lambda f: -sizes[f])
    projections: list[Floats] = []
    for f in order:
        A = same[f] / sizes[f]
        coarser = [k for k in range(len(projections)) if np.all(same[order[k]] | ~same[f])]
        projections.append(A - sum((projections[k] for k in coarser), np.zeros((n, n))))
    if any(np.max(np.abs(P @ Q)) > SAME for P, Q in combinations(projections, 2)):
        raise NotClosedError("the factors are not orthogonal")
    of = [[1.0, *(sizes[k] * np.all(same[f] | ~same[k]) for k in range(1, len(codes) - 1))] for f in order]
    return np.array(of), projections


def _solved(of: Floats, df: Floats, SS: Floats, shares: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats] | None:
    """Variances, pooled rows, df, mean squares and weights of strata; None where they are not as many as variances."""
    rows = np.unique(of[df > 0], axis=0)
    if rows.shape[0] != rows.shape[1] or np.linalg.matrix_rank(rows) < len(rows):
        return None
    which = np.array([[np.array_equal(row, stratum) for stratum in of] for row in rows], dtype=float)
    pooled = which @ df
    MS = which @ SS / pooled
    return (
        np.asarray(np.linalg.solve(rows, MS), dtype=float),
        rows,
        pooled,
        MS,
        np.asarray(np.einsum("ijf,fr->ijr", shares, of @ np.linalg.inv(rows)), dtype=float),
    )
