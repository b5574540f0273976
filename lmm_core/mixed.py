"""lme4's models: several terms, crossed or nested, with random slopes.

    y = X beta + sum_k Z_k b_k + e,   b_kl ~ N(0, G_k) for every level l of term k,   e ~ N(0, Ve I)

G_k = Ve Lambda_k Lambda_k' is unstructured. In the entries of the triangles Lambda_k the criterion is smooth, also
where G_k is singular.
`terms.py` has what the criterion needs of the data, `criterion.py` its derivatives, `minima.py` the search for the
lowest minimum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from lmm_core import checks
from lmm_core.checks import Labels, Matrix, Vector
from lmm_core.criterion import At
from lmm_core.minima import ROUNDING, chain, lowest
from lmm_core.qr import whitened
from lmm_core.terms import Reduced, Term, read, reduced, rotated

Terms = Sequence[tuple[ArrayLike, Labels]]

SINGULAR = 1e-9  # least eigenvalue of the scaled information of variances that can be told apart


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
    at = lowest(data, ml=method == "ML")
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
    _, H, cross, J = chain(at, where, profiled=False)
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
