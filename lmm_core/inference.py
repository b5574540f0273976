"""Degrees of freedom and tests: Satterthwaite's t and F, and the naive F that takes frogs as replicates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from lmm_core import checks
from lmm_core.basis import triangle
from lmm_core.checks import Labels, Matrix, Vector
from lmm_core.design import design_matrix, replicates
from lmm_core.least_squares import ols
from lmm_core.reml import RemlFit, fit_reml


@dataclass(frozen=True)
class Anova:
    """The F test of one factor."""

    F: float
    df_num: int
    df_den: float
    p_value: float


def satterthwaite_df(X: ArrayLike, y: ArrayLike, group: Labels) -> Vector:
    """Satterthwaite's denominator degrees of freedom of each coefficient, as lmerTest's summary.

        ddf(l) = 2 f^2 / Var(f),    f = l'Cov(beta) l,    Var(f) = g'Cov(Vb, Ve) g,    g = gradient of f

    Cov(Vb, Ve) is twice the inverse Hessian of the REML criterion; here all derivatives are analytic.
    At the boundary Vb = 0 only Ve is uncertain, and ddf = N - p.

    Args:
        X: model matrix (n, p) of rank p.
        y: response (n,).
        group: n bucket labels.

    Returns:
        ddf (p,).

    Raises:
        ValueError: as `fit_reml`.

    Source: Satterthwaite (1946), Biometrics Bulletin 2, 110-114; Giesbrecht and Burns (1985), Biometrics
    41, 477-486; Kuznetsova, Brockhoff and Christensen (2017), Journal of Statistical Software 82(13).
    """
    X, y = (checks.in_units(checks.array(name, value, ndim))[0] for name, value, ndim in (("X", X, 2), ("y", y, 1)))
    fit = fit_reml(X, y, group)  # df has no unit
    return ddf(fit, np.eye(len(fit.coef)))


def ddf(fit: RemlFit, L: ArrayLike) -> Vector:
    """Satterthwaite df of the contrasts in the rows of L (q, p): (q,).

    ddf does not depend on how the variances are written. With (log Ve, gamma) for them,

        ddf = 1 / (g'H^-1 g),    g = (1, t) the gradient of log f,    H = | N - p   h |
                                                                        |   h     c |
    where u = R_XX^-T l, t = u'D_XX u / u'u, h = (N - p) D_yy, and c is the criterion's curvature in
    gamma at fixed Ve. The boundary is the case without gamma: H = N - p, g = 1.

    Raises:
        ValueError: no fit, or an L of another number of columns, or with a row of zeros, which contrasts nothing.
    """
    L, _ = _contrasts(fit, L)  # the df of a contrast has no unit
    at = fit.profile
    if fit.singular:
        return np.full(len(L), float(at.sums.df_resid))
    u = (L / fit.x_units @ at.X_root).T
    t = np.sum(u * (at.D[:-1, :-1] @ u), axis=0) / np.sum(u * u, axis=0)
    h, c = at.sums.df_resid * at.D[-1, -1], at.curvature_at_fixed_Ve
    return (at.sums.df_resid * c - h**2) / (c - 2 * h * t + at.sums.df_resid * t**2)


def contrasts_f_test(fit: RemlFit, L: ArrayLike) -> Anova:
    """F test of L beta = 0 for q independent contrasts, with Satterthwaite's df.

        F = (L beta)'(L Cov(beta) L')^-1 (L beta) / q
        ddf = 2 S / (S - q),    S = sum of nu / (nu - 2) over the q eigencontrasts with df nu

    With q = 1, F = t^2 and ddf is the contrast's own. With several, unbalanced data make ddf depend on
    the basis in which the contrasts are written; this is lmerTest's choice, the eigenvectors of
    L Cov(beta) L'. Contrasts that agree keep their common df; if any nu is 2 or less, ddf is 2, as in lmerTest.

    Raises:
        ValueError: as `ddf`, and rows that are linearly dependent.

    Source: Fai and Cornelius (1996), Journal of Statistical Computation and Simulation 54, 363-378.
    """
    L, sizes = _contrasts(fit, L)  # F has no unit, nor has any row
    rows = (L * fit.se).T
    rank = checks.numerical_rank(rows, np.linalg.norm(rows, axis=0), len(rows))
    if rank < len(L):
        raise ValueError(f"L has {len(L)} rows but rank {rank}: its contrasts are linearly dependent")
    estimate, C = L @ fit.coef, L @ fit.vcov_beta @ L.T
    F = float(estimate @ np.linalg.solve(C, estimate) / len(L))
    eigencontrasts = (np.linalg.eigh(C * np.outer(sizes, sizes))[1].T * sizes) @ L
    return _anova(F, len(L), pooled_ddf(ddf(fit, eigencontrasts)))


def anova_reml(data: pd.DataFrame) -> Anova:
    """Test colour in the mixed model: buckets are the replicates. F and Satterthwaite's df.

    The model is weight ~ color + (1 | bucket); see `contrasts_f_test`. With equally many frogs in every
    bucket and Vb > 0, F is the mean square of colours over that of buckets, on C - 1 and B - C df.

    Args:
        data: a table with columns `bucket`, `color` and `weight`.

    Returns:
        F, df_num = C - 1, df_den, p_value.

    Raises:
        ValueError: a missing column or value, fewer than 2 colours, a bucket for each colour, or a bucket
            for each frog.

    Source: Kuznetsova, Brockhoff and Christensen (2017), Journal of Statistical Software 82(13).
    """
    counts = _colors(data)
    if sum(counts.values()) == len(counts):
        raise ValueError(
            f"data has {len(counts)} colours in {data['bucket'].nunique()} buckets: colour cannot be told from bucket; "
            "some colour needs more than one bucket"
        )
    X = design_matrix(data["color"], intercept=True)
    fit = fit_reml(X, checks.in_units(checks.weights(data))[0], data["bucket"])
    R = triangle(X)
    return contrasts_f_test(fit, (R / np.diag(R)[:, None])[1:])


def anova_ols(data: pd.DataFrame) -> Anova:
    """Test colour as if every frog were a replicate: the chapter's naive model, buckets ignored.

        F = (sum of squares between colours / (C - 1)) / (sum of squares within / (N - C))

    Args:
        data: a table with columns `bucket`, `color` and `weight`.

    Returns:
        F, df_num = C - 1, df_den = N - C, p_value.

    Raises:
        ValueError: a missing column or value, fewer than 2 colours, or as many colours as frogs.

    Source: Fisher (1925), Statistical Methods for Research Workers, chapter VII.
    """
    n_colors = len(_colors(data))
    weight, _ = checks.in_units(checks.weights(data))
    X = design_matrix(data["color"], intercept=False)
    residual = ols(X, weight - weight.mean())
    between = np.sum(X.sum(axis=0) * residual.coef**2)
    if residual.sigma2 <= (len(weight) * np.finfo(float).eps * np.ptp(weight)) ** 2:
        raise ValueError(f"data column 'weight' is constant within each of {n_colors} colours: F is infinite")
    return _anova(float(between / (n_colors - 1) / residual.sigma2), n_colors - 1, residual.df_resid)


def _contrasts(fit: RemlFit, L: ArrayLike) -> tuple[Matrix, Vector]:
    """The rows of L, each divided by its largest number, and these, divided by the largest of them."""
    if not isinstance(fit, RemlFit):
        raise ValueError(f"fit is a {type(fit).__name__}; expected what fit_reml returns")
    L = checks.array("L", L, 2)
    if L.shape[1] != len(fit.coef):
        raise ValueError(f"L has {L.shape[1]} columns but fit has {len(fit.coef)} coefficients")
    sizes = np.abs(L).max(axis=1)
    n_zero = int(np.count_nonzero(sizes == 0))
    if n_zero:
        raise ValueError(f"L has {n_zero} rows of zeros among its {len(L)}, which contrast nothing")
    return L / sizes[:, None], sizes / sizes.max()


def _colors(data: pd.DataFrame) -> dict[object, int]:
    counts = replicates(checks.table(data, ["bucket", "color", "weight"]))
    if len(counts) < 2:
        raise ValueError(f"data has {len(counts)} colour; a test of colour needs at least 2")
    return counts


def _anova(F: float, df_num: int, df_den: float) -> Anova:
    """p_value is the upper tail of F(df_num, df_den)."""
    return Anova(F, df_num, df_den, float(fdtrc(df_num, df_den, F)))


def pooled_ddf(nu: Vector) -> float:
    """One df of several contrasts with df nu (q,), as `contrasts_f_test` says."""
    if np.ptp(nu) <= 1e-8 * nu[0]:
        return float(nu[0])
    if np.any(nu <= 2):
        return 2.0
    S = np.sum(nu / (nu - 2))
    return float(2 * S / (S - len(nu)))
