"""Nelder's orthogonal strata: REML, its degrees of freedom and the anova of a balanced design, in closed form.

Each factor f has the matrix A_f that averages over its levels, the constant and the single rows among them. With

    P_f = A_f - sum of P_g over the factors g that f determines,    MS_f = y'P_f (I - P_X) y / df_f
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
    X, y, K = np.asarray(X, dtype=float), np.asarray(y, dtype=float), len(groups)
    of, projections = _projections(groups, len(y))
    P_X = X @ np.linalg.pinv(X)
    if any(np.max(np.abs(P_X @ P - P @ P_X)) > SAME for P in projections):
        raise NotClosedError("X is not orthogonal to the strata")
    df = np.array([round(float(np.trace(P - P_X @ P))) for P in projections], dtype=float)
    SS = np.array([y @ (P - P_X @ P) @ y for P in projections])
    shares = np.einsum("ia,fab,jb->ijf", np.linalg.pinv(X), np.array(projections), np.linalg.pinv(X))
    logs = float(np.linalg.slogdet(X.T @ X)[1])
    subsets = [list(c) for size in range(K + 1) for c in combinations(range(1, K + 1), size)]
    found = [_solved(of, [0, *chosen], df, SS, shares, logs) for chosen in subsets]
    fitting = [one for one in found if one is not None and one.Ve > 0 and np.all(one.V >= 0)]
    if found[-1] is None or not fitting:
        raise NotClosedError("there are more strata than variances, or fewer")
    return min(fitting, key=lambda one: one.criterion)


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


def _solved(of: Floats, chosen: list[int], df: Floats, SS: Floats, shares: Floats, logs: float) -> Strata | None:
    """With the chosen variances alone; None where the strata, those of one eigenvalue pooled, are not as many."""
    rows = np.unique(of[df > 0][:, chosen], axis=0)
    if rows.shape[0] != rows.shape[1] or np.linalg.matrix_rank(rows) < len(rows):
        return None
    which = np.all(rows[:, None, :] == of[None, :, chosen], axis=2) & (df > 0)
    pooled, MS = which @ df, which @ SS / (which @ df)
    variances, expected = np.zeros(of.shape[1]), np.zeros((len(rows), of.shape[1]))
    variances[chosen], expected[:, chosen] = np.linalg.solve(rows, MS), rows
    weights = np.einsum("ijf,fr->ijr", shares, of[:, chosen] @ np.linalg.inv(rows))
    criterion = logs + float(np.sum(pooled * (1 + np.log(np.maximum(2 * np.pi * MS, 1e-300)))))
    return Strata(variances[1:], float(variances[0]), criterion, expected, pooled, MS, weights)
