"""lme4's models: several terms, crossed or nested, with random slopes.

    y = X beta + sum_k Z_k b_k + e,   b_kl ~ N(0, G_k) for every level l of term k,   e ~ N(0, Ve I)

G_k = Ve Lambda_k Lambda_k' is unstructured. In the entries of the triangles Lambda_k the criterion is smooth, also
where G_k is singular, so that Newton's method needs no bounds: only starts that reach every minimum, and a way past
saddle points.
`terms.py` has what the criterion needs of the data, `criterion.py` its derivatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from lmm_core import checks
from lmm_core.checks import Labels, Matrix, Vector
from lmm_core.criterion import At, scan, whitened
from lmm_core.terms import NEGLIGIBLE, Reduced, Term, read, reduced, rotated

Terms = Sequence[tuple[ArrayLike, Labels]]
Places = list[tuple[int, int, int]]  # (term, row, column) of entries of the Lambda_k

STARTS = np.array([0.05, 1.0, 2.5, *range(4, 23)])  # of u = log(1 + n gamma), for each column of each term
FAR = (9.0, 13.0, 17.0, 21.0)  # those that are tried wherever a term by itself has its last minimum
MANY = 20_000  # starts, from which on the columns of a term have one u
STEPS, HALVINGS, CONVERGED = 200, 30, 1e-9
LONGEST, ENOUGH = 0.75, 1e-4  # a step relative to 1 + |Lambda|; of the descent that its slope promises (Armijo, 1966)
ROUNDING = 1e-11  # of a criterion, and of a residual relative to its response
SINGULAR = 1e-9  # least eigenvalue of the scaled information of variances that can be told apart
ZERO = 1e-13  # n gamma, of what is no variance
INFINITE = 1e10  # n gamma, where Ve is 0: no minimum lies there if X and terms describe every row


@dataclass(frozen=True)
class MixedFit:
    """G: K matrices (r_k, r_k).  Ve.  coef, se: (p,).  criterion: lme4's -2 log (restricted) likelihood.

    at: the criterion's derivatives, from which df follow.   x_units: what the columns of X were divided by.
    """

    G: list[Matrix]
    Ve: float
    coef: Vector
    se: Vector
    criterion: float
    at: At = field(repr=False)
    x_units: Vector | float = field(repr=False)


def fit_mixed(X: ArrayLike, y: ArrayLike, terms: Terms, method: str = "REML") -> MixedFit:
    """Fit y = X beta + sum_k Z_k b_k + e by REML, or ML.

    Args:
        X: model matrix (n, p) of rank p.
        y: response (n,).
        terms: K pairs (Z, group), Z (n, r_k) and group n labels: lme4's (Z - 1 | group). Labels that repeat in every
            level of another term make the two crossed.
        method: "REML" or "ML".

    Returns:
        G_k and Ve in squared units of y (per units of Z's columns); coef and se (p,); criterion.

    Raises:
        ValueError: shapes that differ, NaN or infinity, X or a Z not of full rank, variances that the design cannot
            tell apart (the K'A_jK, V = sum of t_j A_j, are linearly dependent), a criterion that is lowest at Ve = 0.

    Source: Patterson and Thompson (1971), Biometrika 58, 545-554; Bates et al. (2015), Journal of Statistical Software
    67(1); Laird and Ware (1982), Biometrics 38, 963-974.
    """
    if method not in {"REML", "ML"}:
        raise ValueError(f"method is {method!r}; expected 'REML' or 'ML'")
    X, y, read_terms = read(X, y, terms)
    (X, x_units), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    data = reduced(X, y, read_terms)
    _something_left(data, y)
    _identified(data, ml=method == "ML")
    at = _settled(_lowest(data, ml=method == "ML"))
    beta, F, _ = at.effects()
    T, unit = data.basis.T, data.unit
    sd = unit * np.sqrt(at.Ve)
    roots = [sd * term.T @ L for term, L in zip(data.terms, at.Lambda, strict=True)]
    coef = data.basis.shift + unit * (T @ beta)
    sds = np.concatenate([[sd], *(np.abs(root).max(axis=1, initial=0.0) for root in roots)])
    checks.in_given_units("G and Ve", sds, sds, y_unit, y_unit)
    estimates = [coef, sd * np.sqrt(np.sum((T @ F) ** 2, axis=1))]
    coef, se = checks.in_given_units("coef and se", estimates, y_unit, 1 / np.asarray(x_units))
    logs = at.df * np.log(unit * y_unit)
    if method == "REML":
        logs += np.sum(np.log(x_units)) - np.log(np.abs(T.diagonal())).sum()
    by_argument = sorted(zip(data.order, [y_unit * root for root in roots], strict=True), key=lambda pair: pair[0])
    G = [root @ root.T for _, root in by_argument]
    return MixedFit(G, float(sd * y_unit) ** 2, coef, se, float(at.criterion + 2 * logs), at, x_units)


def mixed_df(X: ArrayLike, y: ArrayLike, terms: Terms) -> Vector:
    """Satterthwaite's df (p,) of each coefficient by REML, as lmerTest's summary; see `ddf`.

    Source: Giesbrecht and Burns (1985), Biometrics 41, 477-486. Arguments and errors as `fit_mixed`.
    """
    X, y = (checks.in_units(checks.array(name, value, ndim))[0] for name, value, ndim in (("X", X, 2), ("y", y, 1)))
    fit = fit_mixed(X, y, terms)  # df has no unit
    return ddf(fit, np.eye(len(fit.coef)))


def ddf(fit: MixedFit, L: Matrix) -> Vector:
    """Satterthwaite's df of the contrasts in the rows of L (q, p): 1 / (g'H^-1 g), g the gradient of log l'Cov(beta) l.

    By (log Ve, theta), theta the entries of factors (r_k, d_k) of the G_k, d_k their ranks: what is left of the
    parameters where some G_k is singular. A rotation of a factor's columns changes nothing, so that H has d (d - 1) / 2
    null directions, along which g is 0, too: H^-1 is the pseudo-inverse.
    """
    at, T = fit.at, fit.at.data.basis.T
    _, F, crossed = at.effects()
    w = F.T @ T.T @ (np.atleast_2d(L) / fit.x_units).T  # (p, q): |w|^2 = l'Cov(beta) l / Ve
    b = [np.tensordot(part, w, 1) for part in crossed]
    by_Gamma = [np.einsum("iaq,ibq->qab", part, part).reshape(len(w.T), -1) for part in b]
    where = [(k, a, c) for k, Lambda in enumerate(at.Lambda) for a, c in np.ndindex(Lambda.shape)]
    _, H, cross, J = _chain(at, where, profiled=False)
    g = np.vstack([np.ones(len(w.T)), (np.hstack(by_Gamma) @ J).T / np.sum(w**2, axis=0)])
    H = np.block([[np.array([[float(at.df)]]), cross[None, :]], [cross[:, None], H]])
    size = np.sqrt(np.abs(H.diagonal()))
    values, vectors = np.linalg.eigh(H / np.outer(size, size))
    rotations = sum(Lambda.shape[1] * (Lambda.shape[1] - 1) // 2 for Lambda in at.Lambda)
    kept = np.sort(np.argsort(np.abs(values))[rotations:])
    along = vectors[:, kept].T @ (g / size[:, None])
    return np.asarray(1 / np.sum(along**2 / values[kept, None], axis=0))


def covariance(fit: MixedFit) -> Matrix:
    """Cov(coef) = (X'V^-1 X)^-1 (p, p)."""
    _, F, _ = fit.at.effects()
    w = (fit.at.data.basis.T @ F) / np.reshape(fit.x_units, (-1, 1))
    w = w * (fit.se / np.linalg.norm(w, axis=1))[:, None]
    return np.asarray(w @ w.T)


def random_effects(X: ArrayLike, y: ArrayLike, terms: Terms) -> list[dict[object, Vector]]:
    """Best linear unbiased predictions b = G Z'V^-1 (y - X beta) by REML: for each term a mapping level -> (r_k,).

    Arguments and errors as `fit_mixed`. Source: Henderson (1975), Biometrics 31, 423-447.
    """
    X, y, _ = read(X, y, terms)
    fit = fit_mixed(X, y, terms)
    (X, _), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    at, data = fit.at, fit.at.data
    beta, _, _ = at.effects()
    left = data.basis.residual - X @ (data.basis.T @ (data.unit * beta))
    others = [b @ L @ L.T * data.unit for b, L in zip(at.scores()[1:], at.Lambda[1:], strict=True)]
    for term, b in zip(data.terms[1:], others, strict=True):
        left = left - np.sum(term.columns * b[term.codes], axis=1)
    first, L = data.terms[0], at.Lambda[0]
    A, B, _, levels = rotated(first, lambda rows: left[rows, None])
    N, _ = whitened(A @ L)
    b = np.empty((first.m, first.r))
    b[levels] = (np.swapaxes(N @ A, 1, 2) @ (N @ B))[:, :, 0] @ L @ L.T
    effects = {k: (term, part) for k, term, part in zip(data.order, data.terms, [b, *others], strict=True)}
    return [_by_level(*effects[k], y_unit) for k in range(len(effects))]


def _by_level(term: Term, b: Matrix, unit: Vector | float) -> dict[object, Vector]:
    levels = np.asarray(term.levels).tolist()
    return dict(zip(levels, unit * b @ term.T.T, strict=True))


@dataclass(frozen=True)
class LikelihoodRatio:
    """chi2 on df degrees of freedom, and its p-value."""

    chi2: float
    df: int
    p_value: float


def likelihood_ratio(X0: ArrayLike, X: ArrayLike, y: ArrayLike, terms: Terms) -> LikelihoodRatio:
    """-2 log of the ratio of likelihoods, both by ML, of the fixed effects X0 (n, p0) among X (n, p): df = p - p0.

    Raises ValueError as `fit_mixed`, and where X0 is no part of X. Source: Wilks (1938), Annals of Mathematical
    Statistics 9, 60-62.
    """
    X0, X = checks.array("X0", X0, 2), checks.array("X", X, 2)
    checks.same_rows("X0", len(X0), "X", len(X))
    df, both = X.shape[1] - X0.shape[1], np.linalg.matrix_rank(np.hstack([checks.in_units(A)[0] for A in (X0, X)]))
    if df < 1 or both > X.shape[1]:
        raise ValueError(f"X0 has {X0.shape[1]} columns, X {X.shape[1]}, both of rank {both}; expected X0 within X")
    chi2 = max(0.0, fit_mixed(X0, y, terms, "ML").criterion - fit_mixed(X, y, terms, "ML").criterion)
    return LikelihoodRatio(chi2, df, float(chdtrc(df, chi2)))


# --- what is refused ------------------------------------------------------------------------------------


def _something_left(data: Reduced, y: Vector) -> None:
    """Refuse where X and terms explain y though not every y: the criterion falls without bound as Ve goes to 0."""
    left = data.C[:, -1] - data.C[:, :-1] @ np.linalg.lstsq(data.C[:, :-1], data.C[:, -1])[0]
    size = np.linalg.norm(y) / data.unit
    if data.unit * np.sqrt(data.n) <= ROUNDING * np.linalg.norm(y) or (
        data.rank < data.n and np.linalg.norm(left) <= ROUNDING * size
    ):
        raise ValueError(f"X and terms, of rank {data.rank}, explain all {data.n} rows of y: nothing is left for Ve")


def _identified(data: Reduced, *, ml: bool) -> None:
    """Refuse where the information of (Ve, G_1, ..., G_K) at V = Ve I, scaled to a diagonal of ones, is singular."""
    at = At(data, [np.zeros((term.r, term.r)) for term in data.terms], ml)
    trace, _, SS, _ = at.derivatives
    entries = [(k, a, b) for k, term in enumerate(data.terms) for a in range(term.r) for b in range(a + 1)]
    E = np.zeros((len(SS), len(entries)))
    starts = np.cumsum([0, *(term.r**2 for term in data.terms)])
    for column, (k, a, b) in enumerate(entries):
        r = len(trace[k])
        E[[starts[k] + a * r + b, starts[k] + b * r + a], column] = 1.0
    t = np.concatenate([part.ravel() for part in trace]) @ E
    information = np.block([[np.array([[float(at.df)]]), t[None, :]], [t[:, None], E.T @ SS @ E]])
    names = ["the residual", *(f"terms[{data.order[k]}]" for k, _, _ in entries)]
    size = np.sqrt(np.maximum(information.diagonal(), 0.0))
    variances = [True, *(a == b for _, a, b in entries)]  # their traces lose fewer digits than the sums of squares
    nothing = (size <= SINGULAR * data.n) | (variances & (information[0] <= SINGULAR * data.n))
    for k in map(int, np.flatnonzero(nothing)):
        raise ValueError(f"{names[k]} cannot be told from X: X describes its levels, or it has only one")
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < SINGULAR:
        among = list(dict.fromkeys(names[k] for k in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)))
        if len(among) == 1:
            raise ValueError(f"{among[0]} has more variances and covariances than its levels can tell apart")
        raise ValueError(f"{' and '.join(among)} describe the same differences: their variances cannot be told apart")


# --- the search -----------------------------------------------------------------------------------------


def _lowest(data: Reduced, *, ml: bool) -> At:
    """The lowest of the minima below every start that no neighbour is lower than."""
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
    ends = (_downhill(At(data, [np.diag(d[i]) for d, i in zip(diagonals, at, strict=True)], ml)) for at in starts)
    return min(ends, key=lambda at: at.criterion)


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


def _chain(at: At, where: Places, *, profiled: bool = True) -> tuple[Vector, Matrix, Vector, Matrix]:
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


def _downhill(at: At) -> At:
    """Newton's method, steps of LONGEST (1 + |Lambda|) at most; downwards along negative curvature, off saddle points.

    Source: Dauphin et al. (2014), arXiv:1406.2572 (the absolute values of the Hessian's eigenvalues).
    """
    where = _places(at.Lambda)
    for _ in range(STEPS):
        if at.data.rank == at.data.n and max(np.linalg.norm(L) for L in at.Lambda) ** 2 > INFINITE:
            break
        gradient, hessian, _, _ = _chain(at, where)
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
