"""Several variance components: nested, crossed and split-plot designs.

    y = X beta + sum_k Z_k u_k + e,   u_k ~ N(0, V_k I),   e ~ N(0, Ve I),   gamma_k = V_k / Ve

One QR puts X out of the way, and all that follows is small (q levels of all factors together):

    [X Z y] = Q | R_XX  R_XZ  r_X |      A = [A_Z a], at most q + 1 rows,   L = diag(sqrt gamma of each level)
                |   0    A_Z   a  |

Per gamma one more QR, complete, of [A_Z L; I] gives, without squaring anything,

    T'T = I + L A_Z'A_Z L,    N N' = G^-1,  G = I + A_Z L^2 A_Z',    U = N'A_Z,  u = N'a
    log|V / Ve| + log|X'(V / Ve)^-1 X| = log|T|^2 + log|R_XX|^2,     rss = u'u

and every derivative of them is a sum over blocks of S = U'U and of s = U'u (Searle, Casella and McCulloch, 1992, Variance
Components, section 6.6):

    d rss / d gamma_k = -|s_k|^2,    d log|.| / d gamma_k = tr S_kk,    d^2 log|.| = -|S_kl|^2,    d^2 rss = 2 s_k'S_kl s_l
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
STEPS = 200
LARGEST_U = 60.0
SINGULAR = 1e-9  # smallest eigenvalue of the scaled information matrix of what is identified
ROUNDING = 1e-11  # of a residual, relative to its response


@dataclass(frozen=True)
class ComponentsFit:
    """V: variances (K,).  Ve: residual variance.  coef, se: (p,).  criterion: lme4's -2 log REML likelihood."""

    V: Vector
    Ve: float
    coef: Vector
    se: Vector
    criterion: float
    at: "At" = field(repr=False)


@dataclass(frozen=True)
class Model:
    """The triangle of [X Z y]; `of` has the component of each level."""

    R_XX: Matrix
    R_XZ: Matrix
    r_X: Vector
    A: Matrix
    of: Vector
    n: int
    sizes: Vector  # frogs per level, of each component

    @property
    def df_resid(self) -> int:
        """N - p."""
        return self.n - len(self.R_XX)


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
        A, q = model.A, len(model.of)
        L = np.sqrt(gamma)[model.of]
        Q, T = qr(np.vstack([A[:, :-1] * L, np.eye(q)]))
        return cls(model, gamma, T[:q], Q[: len(A), q:].T @ A)

    @property
    def rss(self) -> float:
        """r'V^-1 r Ve."""
        return float(self.U[:, -1] @ self.U[:, -1])

    @property
    def criterion(self) -> float:
        """(n - p)(1 + log(2 pi rss / (n - p))) + log|V / Ve| + log|X'(V / Ve)^-1 X|."""
        df, R = self.model.df_resid, self.model.R_XX
        logs = np.log(np.abs(np.diag(self.T))).sum() + np.log(np.abs(np.diag(R))).sum()
        return float(df * (1 + np.log(2 * np.pi * self.rss / df)) + 2 * logs)

    def derivatives(self) -> tuple[Vector, Vector, Matrix, Matrix]:
        """tr S_kk, |s_k|^2, |S_kl|^2 and s_k'S_kl s_l."""
        S, s = self.U[:, :-1].T @ self.U[:, :-1], self.U[:, :-1].T @ self.U[:, -1]
        B = np.equal.outer(self.model.of, np.arange(len(self.gamma))).astype(float)
        return B.T @ np.diag(S), B.T @ s**2, B.T @ S**2 @ B, B.T @ (s[:, None] * S * s) @ B

    def newton(self) -> tuple[Vector, Matrix]:
        """Gradient and Hessian of the criterion in u = log(1 + n gamma)."""
        trace, squares, SS, sSs = self.derivatives()
        df, rss, slope = self.model.df_resid, self.rss, self.gamma + 1 / self.model.sizes
        gradient = slope * (trace - df * squares / rss)
        hessian = df * (2 * sSs / rss - np.outer(squares, squares) / rss**2) - SS
        return gradient, slope[:, None] * hessian * slope + np.diag(gradient)

    def inside(self) -> "At":
        """The same without the components that are 0."""
        keep = np.flatnonzero(self.gamma > 0)
        levels = np.isin(self.model.of, keep)
        m = self.model
        A = np.linalg.qr(m.A[:, np.append(levels, True)], mode="r")
        model = Model(m.R_XX, m.R_XZ[:, levels], m.r_X, A, np.searchsorted(keep, m.of[levels]), m.n, m.sizes[keep])
        return At.of(model, self.gamma[keep])

    def coefficients(self) -> tuple[Vector, Matrix]:
        """coef, and F with F F' = Cov(coef) / Ve: Henderson's equations, solved for beta."""
        m, L = self.model, np.sqrt(self.gamma)[self.model.of]
        u = L**2 * (self.U[:, :-1].T @ self.U[:, -1])
        W = solve_triangular(self.T, L[:, None] * m.R_XZ.T, trans="T") if len(L) else np.zeros((0, len(m.R_XX)))
        F = solve_triangular(m.R_XX, np.column_stack([np.eye(len(m.R_XX)), W.T]))
        return solve_triangular(m.R_XX, m.r_X - m.R_XZ @ u), F

    def ddf(self, contrasts: Matrix) -> Vector:
        """Satterthwaite's df of the rows l: 1 / (g'H^-1 g) in (log Ve, gamma), g the gradient of log l'Cov(coef) l."""
        _, squares, SS, sSs = self.derivatives()
        m, Ve, L = self.model, self.rss / self.model.df_resid, np.sqrt(self.gamma)[self.model.of]
        top = np.append(float(m.df_resid), squares / Ve)
        H = np.vstack([top, np.column_stack([top[1:], 2 * sSs / Ve - SS])])
        V = solve_triangular(m.R_XX, contrasts.T, trans="T")
        E = solve_triangular(self.T, L[:, None] * (m.R_XZ.T @ V), trans="T") if len(L) else np.zeros((0, V.shape[1]))
        b = solve_triangular(self.T, E) / L[:, None] if len(L) else E
        f = np.sum(V**2, axis=0) + np.sum(E**2, axis=0)
        B = np.equal.outer(np.arange(len(self.gamma)), m.of).astype(float)
        g = np.vstack([np.ones(len(f)), B @ b**2 / f])
        return 1 / np.sum(g * np.linalg.solve(H, g), axis=0)


def fit_components(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> ComponentsFit:
    """Fit y = X beta + sum_k Z_k u_k + e by REML.

    Args:
        X: model matrix (n, p) of rank p.   y: response (n,).
        groups: K arrays of n labels. Labels that repeat in every group of another factor make the two crossed.

    Raises:
        ValueError: wrong shapes, NaN or infinity, X not of full rank, a component that the data cannot tell from others,
            no frogs left over, or a response that X and the groups explain.

    Source: Patterson and Thompson (1971), Biometrika 58, 545-554; Bates, Maechler, Bolker and Walker (2015), Journal of
    Statistical Software 67(1), equation 42.
    """
    model, coef, x_units, unit = _model(X, y, groups)
    at = _lowest(model)
    inside = at.inside()
    beta, F = inside.coefficients()
    Ve = at.rss / model.df_resid
    criterion = at.criterion + 2 * model.df_resid * np.log(unit) + 2 * np.log(x_units).sum()
    coefs = (coef + unit * beta) / x_units
    se = unit * np.sqrt(Ve * np.sum(F**2, axis=1)) / x_units
    return ComponentsFit(unit**2 * Ve * at.gamma, unit**2 * Ve, coefs, se, float(criterion), inside)


def components_df(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> Vector:
    """Satterthwaite's df (p,) of each coefficient; a component that is 0 is left out, as in lmerTest.

    Source: Giesbrecht and Burns (1985), Biometrics 41, 477-486. Arguments and errors as `fit_components`.
    """
    fit = fit_components(X, y, groups)
    return fit.at.ddf(np.eye(len(fit.coef)))


def _model(X: ArrayLike, y: ArrayLike, groups: Sequence[Labels]) -> tuple[Model, Vector, Vector, float]:
    """The triangle of the residuals of ordinary least squares, in units of X's columns and of them."""
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    n, p = X.shape
    if len(y) != n:
        raise ValueError(f"X has {n} rows but y has {len(y)}")
    if len(groups) == 0:
        raise ValueError("groups is empty; expected an array of labels for each component")
    codes = [checks.labels(f"groups[{k}]", group)[0] for k, group in enumerate(groups)]
    for k, code in enumerate(codes):
        if len(code) != n:
            raise ValueError(f"X has {n} rows but groups[{k}] has {len(code)}")
    x_units = np.linalg.norm(X, axis=0)
    rank = np.linalg.matrix_rank(X / np.where(x_units > 0, x_units, 1))
    if rank < p:
        raise ValueError(f"X has {p} columns but rank {rank}")
    X = X / x_units
    coef = np.linalg.lstsq(X, y)[0]
    r = y - X @ coef
    unit = float(np.sqrt(r @ r / max(n - p, 1)))
    Z = np.column_stack([np.equal.outer(code, np.arange(code.max() + 1)) for code in codes]).astype(float)
    of = np.repeat(np.arange(len(codes)), [code.max() + 1 for code in codes])
    XZ = np.column_stack([X, Z])
    span = np.linalg.matrix_rank(XZ)
    left = r - XZ @ np.linalg.lstsq(XZ, r)[0]
    if span >= n:
        raise ValueError(f"X and groups have rank {span} for {n} rows: nothing is left to estimate Ve from")
    if np.linalg.norm(left) <= ROUNDING * np.linalg.norm(y):
        raise ValueError("y is explained by X and groups but for rounding: Ve cannot be estimated")
    R = np.linalg.qr(np.column_stack([XZ, r / unit]), mode="r")
    model = Model(R[:p, :p], R[:p, p:-1], R[:p, -1], R[p:, p:], of, n, n / np.bincount(of))
    _identified(model)
    return model, coef, x_units, unit


def _identified(model: Model) -> None:
    """Refuse where the scaled information of (Ve, V_1, ..., V_K) at V = Ve I is singular."""
    T = model.A[:, :-1].T @ model.A[:, :-1]
    B = np.equal.outer(model.of, np.arange(len(model.sizes))).astype(float)
    top = np.append(float(model.df_resid), B.T @ np.diag(T))
    information = np.vstack([top, np.column_stack([top[1:], B.T @ T**2 @ B])])
    size = np.sqrt(np.diag(information))
    for k in np.flatnonzero(size[1:] <= SINGULAR * model.sizes * np.sqrt(model.n)):
        raise ValueError(f"groups[{k}] cannot be told from X: X describes its levels, or it has one only")
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < SINGULAR:
        among = [f"groups[{k - 1}]" if k else "the residual" for k in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
        raise ValueError(f"{' and '.join(among)} describe the same differences: their variances cannot be told apart")


def _lowest(model: Model) -> At:
    """Followed downhill from the best few of a grid of starts."""
    grid = [At.of(model, np.expm1(u) / model.sizes) for u in product(STARTS, repeat=len(model.sizes))]
    starts = sorted(grid, key=lambda at: at.criterion)[:BEST]
    return min((_downhill(at) for at in starts), key=lambda at: at.criterion)


def _downhill(at: At) -> At:
    """Newton's method in u with an active set at 0; a step that does not descend is halved."""
    best = np.inf
    for _ in range(STEPS):
        u = np.log1p(at.model.sizes * at.gamma)
        gradient, hessian = at.newton()
        free = (u > 0) | (gradient < 0)
        values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)])
        step = np.zeros(len(u))
        step[free] = -vectors @ ((vectors.T @ gradient[free]) / np.maximum(np.abs(values), 1e-8))
        step *= min(1.0, 2.0 / np.max(np.abs(step), initial=1e-300))
        size = float(np.max(np.abs(np.clip(u + step, 0, LARGEST_U) - u), initial=0.0))
        if size < 1e-7 and size >= best / 2:  # rounding
            return at
        best = size
        for _ in range(30):
            new = At.of(at.model, np.expm1(np.clip(u + step, 0, LARGEST_U)) / at.model.sizes)
            if new.criterion <= at.criterion + 1e-11 * (1 + abs(at.criterion)):
                break
            step /= 2
        else:
            return at
        at = new
    return at
