"""The lowest minimum of the criterion of a mixed model.

In the entries of the triangles Lambda_k the criterion is smooth, also where G_k is singular, so that Newton's method
needs no bounds: only starts that reach every minimum, and a way past saddle points.
"""

from collections.abc import Sequence
from itertools import product
from math import prod

import numpy as np

from lmm_core.checks import Matrix, Vector
from lmm_core.criterion import At, scan
from lmm_core.qr import NEGLIGIBLE
from lmm_core.terms import Reduced

Places = list[tuple[int, int, int]]  # (term, row, column) of entries of the Lambda_k

STARTS = np.array([0.05, 1.0, 2.5, *range(4, 23)])  # of u = log(1 + n gamma), for each column of each term
FAR = (9.0, 13.0, 17.0, 21.0)  # those that are tried wherever a term by itself has its last minimum
MANY = 20_000  # starts, from which on the columns of a term have one u
STEPS, HALVINGS, CONVERGED = 200, 30, 1e-9
LONGEST, ENOUGH = 0.75, 1e-4  # a step relative to 1 + |Lambda|; of the descent that its slope promises (Armijo, 1966)
ROUNDING = 1e-11  # of a criterion, and of a residual relative to its response
ZERO = 1e-13  # n gamma, of what is no variance
INFINITE = 1e10  # n gamma, where Ve is 0: no minimum lies there if X and terms describe every row


def lowest(data: Reduced, *, ml: bool) -> At:
    """The lowest of the minima below every start that no neighbour is lower than. Raises ValueError where Ve is 0."""
    near = max(4.0, _farthest(data) + 1) >= STARTS
    u = STARTS[near | np.isin(STARTS, FAR)]
    diagonals = [np.array(list(product(np.sqrt(np.expm1(u)), repeat=term.r))) for term in data.terms]
    if prod(map(len, diagonals)) > MANY:
        diagonals = [np.sqrt(np.expm1(u))[:, None] * np.ones(term.r) for term in data.terms]
    criteria = scan(data, diagonals, ml=ml)
    grid = criteria.reshape([len(u)] * round(np.log(criteria.size) / np.log(len(u))))
    padded, inner = np.pad(grid, 1, constant_values=np.inf), (slice(1, -1),) * grid.ndim
    neighbours = [np.roll(padded, side, axis)[inner] for axis in range(grid.ndim) for side in (-1, 1)]
    starts = np.argwhere(np.all(grid <= neighbours, axis=0).reshape(criteria.shape))
    ends = (downhill(At(data, [np.diag(d[i]) for d, i in zip(diagonals, at, strict=True)], ml)) for at in starts)
    return _settled(min(ends, key=lambda at: at.criterion))


def _farthest(data: Reduced) -> float:
    """u = log(1 + n gamma) from which on no term has a minimum by itself (theorem 13): lambda gamma >= 2 f / d.

    lambda is the least eigenvalue of K'ZZ'K that is not 0: n times the least squared singular value that is not 0 of X
    within the levels, its columns orthonormal, or more.
    """
    d = data.n - data.rank
    if d == 0:
        return STARTS[-1]
    X_T = data.within_X()
    least = min((s[s > NEGLIGIBLE * 100].min(initial=1.0) for s in X_T), default=1.0)
    return float(np.log1p(2 * (data.n - data.p) / d / least**2))


def _places(Lambda: Sequence[Matrix]) -> Places:
    return [(k, a, b) for k, L in enumerate(Lambda) for a in range(len(L)) for b in range(a + 1)]


def chain(at: At, where: Places, *, profiled: bool = True) -> tuple[Vector, Matrix, Vector, Matrix]:
    """Gradient, Hessian, s'Es / Ve and d Gamma by entries of the Lambda: Gamma = Lambda Lambda', quadratic in them."""
    trace, squares, SS, sSs = at.derivatives
    gradients = [t - q for t, q in zip(trace, squares, strict=True)]
    q, H = np.concatenate([part.ravel() for part in squares]), 2 * sSs - SS
    if profiled:
        H = H - np.outer(q, q) / at.df
    J = np.zeros((len(q), len(where)))
    starts = np.cumsum([0, *(part.size for part in squares)])
    for column, (k, a, b) in enumerate(where):
        E = np.zeros_like(squares[k])
        E[a] += at.Lambda[k][:, b]
        J[starts[k] : starts[k + 1], column] = (E + E.T).ravel()
    second = [[2 * gradients[k][a, c] if (k, b) == (m, d) else 0.0 for m, c, d in where] for k, a, b in where]
    gradient = J.T @ np.concatenate([part.ravel() for part in gradients])
    return gradient, J.T @ H @ J + np.reshape(second, (len(where),) * 2), J.T @ q, J


def downhill(at: At) -> At:
    """Newton's method, steps of LONGEST (1 + |Lambda|) at most; downwards along negative curvature, off saddle points.

    Source: Dauphin et al. (2014), arXiv:1406.2572 (the absolute values of the Hessian's eigenvalues).
    """
    where = _places(at.Lambda)
    for _ in range(STEPS):
        if at.data.rank == at.data.n and max(np.linalg.norm(L) for L in at.Lambda) ** 2 > INFINITE:
            break
        gradient, hessian, _, _ = chain(at, where)
        size = np.array([1 + np.linalg.norm(at.Lambda[k]) for k, _, _ in where])
        values, vectors = np.linalg.eigh(hessian * np.outer(size, size))
        curvature = np.maximum(np.abs(values), 1e-10 * max(1.0, np.abs(values).max()))
        step = -vectors @ ((vectors.T @ (gradient * size)) / curvature)
        length = float(np.linalg.norm(step))
        step *= min(1.0, LONGEST / max(length, LONGEST))
        slope, rounding = float(gradient * size @ step), ROUNDING * (1 + abs(at.criterion))
        tried = ((_moved(at, where, size * step / 4**k), at.criterion + ENOUGH * slope / 4**k) for k in range(HALVINGS))
        new = next((one for one, most in tried if one.criterion <= most + rounding), at)
        if new is at or length < CONVERGED:
            return new
        at = new
    return at


def _moved(at: At, where: Places, step: Vector) -> At:
    Lambda = [L.copy() for L in at.Lambda]
    for (k, a, b), change in zip(where, step, strict=True):
        Lambda[k][a, b] += change
    return At(at.data, Lambda, at.ml)


def _settled(at: At) -> At:
    """Factors (r, d) of rank d, what is 0 but for rounding left out. Raises ValueError where Ve is 0 instead."""
    decomposed = [np.linalg.svd(L) for L in at.Lambda]
    if at.data.rank == at.data.n and max(s[0] for _, s, _ in decomposed) ** 2 > INFINITE:
        raise ValueError(f"the criterion is nowhere lower than at Ve = 0: X and terms describe all {at.data.n} rows")
    return At(at.data, [(U * s)[:, s**2 > ZERO] for U, s, _ in decomposed], at.ml)
