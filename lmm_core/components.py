"""Several variance components: nested, crossed and split-plot designs.

    y = X beta + sum_k Z_k u_k + e,   u_k ~ N(0, V_k I),   e ~ N(0, Ve I),   gamma_k = V_k / Ve

One QR puts X out of the way; what follows is small (q levels of all factors together). Per gamma one more, complete,
with L = diag(sqrt gamma of each level), gives the rest without squaring anything:

    [X Z y] = Q | R_XX  R_XZ  r_X |    [A_Z L] = | .  N | | T |    T'T = I + L A_Z'A_Z L,   U = N'A_Z,   u = N'a
                |   0    A_Z   a  |    [  I  ]   | .  . | | 0 |    N N' = (I + A_Z L^2 A_Z')^-1

    log|V / Ve| + log|X'(V / Ve)^-1 X| = log|T|^2 + log|R_XX|^2,     rss = u'u

Every derivative is a sum over blocks of S = U'U and s = U'u (Searle, Casella and McCulloch, 1992, section 6.6):

    d rss / d gamma_k = -|s_k|^2,   d log|.| / d gamma_k = tr S_kk,   d^2 log|.| = -|S_kl|^2,   d^2 rss = 2 s_k'S_kl s_l
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import qr, solve_triangular

from lmm_core import checks
from lmm_core.checks import Labels, Matrix, Vector

STARTS = (0.0, 1.0, 4.0)  # of u = log(1 + n gamma), for each component
BEST = 6  # starts from which the criterion is followed downhill; the best one alone misses lower minima
STEPS, HALVINGS, LARGEST_U = 200, 30, 60.0
CONVERGED, SINGULAR = 1e-9, 1e-9  # a step in u; the least eigenvalue of the scaled information of what is identified
ROUNDING = 1e-11  # of a residual relative to its response, and of a criterion


@dataclass(frozen=True)
class ComponentsFit:
    """V (K,), Ve: variances.  coef, se: (p,).  criterion: lme4's -2 log REML likelihood.  at: what df follow from."""

    V: Vector
    Ve: float
    coef: Vector
    se: Vector
    criterion: float
    at: "At" = field(repr=False)


@dataclass(frozen=True)
class Model:
    """The triangle of [X Z y]; B (q, K) has the component of each level, sizes the rows per level of each component."""

    R_XX: Matrix
    R_XZ: Matrix
    r_X: Vector
    A: Matrix
    B: Matrix
    sizes: Vector
    df_resid: int


@dataclass(frozen=True)
class At:
    """The criterion and its derivatives at gamma (K,)."""

    model: Model
    gamma: Vector
    T: Matrix
    U: Matrix

    @classmethod
    def of(cls, model: Model, gamma: Vector) -> "At":
        """One complete QR of [A_Z L; I]."""
        A, q = model.A, len(model.B)
        Q, T = qr(np.vstack([A[:, :-1] * np.sqrt(model.B @ gamma), np.eye(q)]))
        return cls(model, gamma, T[:q].astype(float), Q[: len(A), q:].T.astype(float) @ A)

    @property
    def Ve(self) -> float:
        """rss / (n - p)."""
        return float(self.U[:, -1] @ self.U[:, -1]) / self.model.df_resid

    @property
    def criterion(self) -> float:
        """(n - p)(1 + log(2 pi rss / (n - p))) + log|V / Ve| + log|X'(V / Ve)^-1 X|."""
        logs = sum(np.log(np.abs(np.diag(R))).sum() for R in (self.T, self.model.R_XX))
        return float(self.model.df_resid * (1 + np.log(2 * np.pi * self.Ve)) + 2 * logs)

    def derivatives(self) -> tuple[Vector, Vector, Matrix, Matrix]:
        """tr S_kk, |s_k|^2 / Ve, |S_kl|^2 and s_k'S_kl s_l / Ve."""
        S, s, B = self.U[:, :-1].T @ self.U[:, :-1], self.U[:, :-1].T @ self.U[:, -1], self.model.B
        return B.T @ np.diag(S), B.T @ s**2 / self.Ve, B.T @ S**2 @ B, B.T @ (s[:, None] * S * s) @ B / self.Ve

    def newton(self) -> tuple[Vector, Matrix]:
        """Gradient and Hessian of the criterion in u = log(1 + n gamma)."""
        trace, squares, SS, sSs = self.derivatives()
        slope = self.gamma + 1 / self.model.sizes
        gradient = slope * (trace - squares)
        hessian = 2 * sSs - np.outer(squares, squares) / self.model.df_resid - SS
        return gradient, slope[:, None] * hessian * slope + np.diag(gradient)

    def coefficients(self) -> tuple[Vector, Matrix]:
        """beta, and F with F F' = Cov(beta) / Ve: Henderson's equations without the random effects."""
        m, L = self.model, np.sqrt(self.model.B @ self.gamma)
        W = solve_triangular(self.T, L[:, None] * m.R_XZ.T, trans="T")
        beta = solve_triangular(m.R_XX, m.r_X - m.R_XZ @ (L**2 * (self.U[:, :-1].T @ self.U[:, -1])))
        return beta, solve_triangular(m.R_XX, np.column_stack([np.eye(len(m.r_X)), W.T]))

    def ddf(self, contrasts: Matrix) -> Vector:
        """Satterthwaite's df of the rows l, in (log Ve, gamma > 0): 1 / (g'H^-1 g), g that of log l'Cov(beta) l."""
        m, L, (_, squares, SS, sSs) = self.model, np.sqrt(self.model.B @ self.gamma), self.derivatives()
        inside, on = self.gamma > 0, L > 0
        H = np.block([[np.array([[m.df_resid]]), squares[None, :]], [squares[:, None], 2 * sSs - SS]])
        H = H[np.ix_(np.append(True, inside), np.append(True, inside))]
        v = solve_triangular(m.R_XX, contrasts.T, trans="T")
        w = solve_triangular(self.T, L[:, None] * (m.R_XZ.T @ v), trans="T")
        b = solve_triangular(self.T, w)[on] / L[on, None]  # Z'(V / Ve)^-1 X (X'(V / Ve)^-1 X)^-1 l
        f = np.sum(v**2, axis=0) + np.sum(w**2, axis=0)
        g = np.vstack([np.ones(len(f)), m.B[np.ix_(on, inside)].T @ b**2 / f])
        return 1 / np.sum(g * np.linalg.solve(H, g), axis=0)


def fit_components(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> ComponentsFit:
    """Fit y = X beta + sum_k Z_k u_k + e by REML: X (n, p) of rank p, y (n,), groups K arrays of n labels.

    Labels that repeat in every group of another factor make the two crossed. Raises ValueError for shapes that differ,
    NaN or infinity, X not of full rank, a component that cannot be told from others, and where nothing is left for Ve.
    Source: Patterson and Thompson (1971), Biometrika 58, 545-554.
    """
    model, coef, x_units, unit = _model(X, y, groups)
    grid = [At.of(model, np.expm1(u) / model.sizes) for u in product(STARTS, repeat=len(model.sizes))]
    best = sorted(grid, key=lambda at: at.criterion)[:BEST]
    at = min(map(_downhill, best), key=lambda at: at.criterion)
    beta, F = at.coefficients()
    criterion = at.criterion + 2 * model.df_resid * np.log(unit) + 2 * np.log(x_units).sum()
    Ve, se = unit**2 * at.Ve, unit * np.sqrt(at.Ve * np.sum(F**2, axis=1))
    return ComponentsFit(Ve * at.gamma, Ve, (coef + unit * beta) / x_units, se / x_units, float(criterion), at)


def components_df(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> Vector:
    """Satterthwaite's df (p,) of each coefficient; a component that is 0 is left out, as in lmerTest.
    Source: Giesbrecht and Burns (1985), Biometrics 41, 477-486. Arguments and errors as `fit_components`.
    """
    return fit_components(X, y, groups).at.ddf(np.eye(np.shape(X)[1]))


def _model(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> tuple[Model, Vector, Vector, float]:
    """The triangle of the residuals of ordinary least squares, in units of X's columns and of them."""
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    codes = [checks.labels(f"groups[{k}]", group)[0] for k, group in enumerate(groups)]
    for name, other in (("y", y), *((f"groups[{k}]", code) for k, code in enumerate(codes))):
        if len(other) != len(X):
            raise ValueError(f"X has {len(X)} rows but {name} has {len(other)}")
    if not codes:
        raise ValueError("groups is empty; expected an array of labels for each component")
    (n, p), x_units = X.shape, np.linalg.norm(X, axis=0)
    X = X / np.where(x_units > 0, x_units, 1)
    if (rank := np.linalg.matrix_rank(X)) < p:
        raise ValueError(f"X has {p} columns but rank {rank}")
    coef = np.linalg.lstsq(X, y)[0]
    r = y - X @ coef
    XZ = np.column_stack([X, *(np.equal.outer(code, np.arange(code.max() + 1)) for code in codes)])
    rank, left = np.linalg.matrix_rank(XZ), np.linalg.norm(r - XZ @ np.linalg.lstsq(XZ, r)[0])
    if rank >= n or left <= ROUNDING * np.linalg.norm(y):
        raise ValueError(f"X and groups, of rank {rank}, explain all {n} rows of y: nothing is left for Ve")
    B = np.repeat(np.eye(len(codes)), [code.max() + 1 for code in codes], axis=0)
    unit = float(np.sqrt(r @ r / (n - p)))
    R: Matrix = np.asarray(np.linalg.qr(np.column_stack([XZ, r / unit]), mode="r"))
    model = Model(R[:p, :p], R[:p, p:-1], R[:p, -1], R[p:, p:], B, n / B.sum(axis=0), n - p)
    _identified(model)
    return model, np.asarray(coef, dtype=float), np.asarray(x_units, dtype=float), unit


def _identified(model: Model) -> None:
    """Refuse where the information of (Ve, V_1, ..., V_K) at V = Ve I, scaled to a diagonal of ones, is singular."""
    T, B = model.A[:, :-1].T @ model.A[:, :-1], model.B
    trace = (B.T @ np.diag(T))[:, None]
    information = np.block([[np.array([[model.df_resid]]), trace.T], [trace, B.T @ T**2 @ B]])
    for k in np.flatnonzero(trace <= SINGULAR * len(B)):
        raise ValueError(f"groups[{k}] cannot be told from X: X describes its levels, or it has only one")
    size = np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < SINGULAR:
        among = [f"groups[{k - 1}]" if k else "the residual" for k in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
        raise ValueError(f"{' and '.join(among)} describe the same differences: their variances cannot be told apart")


def _downhill(at: At) -> At:
    """Newton's method in u with an active set at 0; a step that does not descend is halved."""
    for _ in range(STEPS):
        u, (gradient, hessian) = np.log1p(at.model.sizes * at.gamma), at.newton()
        free = (u > 0) | (gradient < 0)
        values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)])
        step = np.zeros(len(u))
        step[free] = -vectors @ ((vectors.T @ gradient[free]) / np.maximum(np.abs(values), 1e-8))
        step *= min(1.0, 2.0 / np.max(np.abs(step), initial=1e-300))
        ways = (np.clip(u + step / 2**k, 0, LARGEST_U) for k in range(HALVINGS))
        tried = (At.of(at.model, np.expm1(way) / at.model.sizes) for way in ways)
        new = next((one for one in tried if one.criterion <= at.criterion + ROUNDING * (1 + abs(at.criterion))), at)
        moved, at = np.max(np.abs(np.log1p(at.model.sizes * new.gamma) - u), initial=0.0), new
        if moved < CONVERGED:
            break
    return at
