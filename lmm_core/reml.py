"""Restricted maximum likelihood (REML) for one random intercept.

The vocabulary, with g = gamma = Vb / Ve = theta^2 and H = V / Ve = I + g Z Z':

    M = [X y]'H^-1 [X y] = R'R        the one triangle that an evaluation needs (`sums.py` makes it)
    R = | R_XX  r_Xy |                beta = R_XX^-1 r_Xy,   rss = r_yy^2
        |   0   r_yy |                log|X'H^-1 X| = 2 sum log diag R_XX

and, in the coordinates in which M is the identity,

    D = -R'^-1 M' R^-1,   E = R'^-1 M'' R^-1     (' and '' after R^-1 are derivatives by g)

from which every derivative of the criterion follows without a difference quotient.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lmm_core import checks
from lmm_core.checks import Codes, Labels, Matrix, Vector
from lmm_core.sums import BucketSums, bucket_sums, refuse_unidentified

GRID_STEP = 0.5  # in u = log(1 + n gamma), where the criterion's features are about 1 wide
NEARLY = 1e-8  # the error that a Newton step so small leaves is about its square, which is below rounding
ROUNDING = 2.0**-48  # a relative step so small is not worth another evaluation
MAX_STEPS = 100
REFINEMENTS = 4
IN_SPAN = 1e-12  # how far X a may be from 1 for the constant to count as a combination of X's columns


@dataclass(frozen=True)
class RemlFit:
    """A fitted random-intercept model.

    Vb, Ve: variances between and within buckets.   coef, se: fixed effects (p,) and standard errors.
    criterion: lme4's -2 log REML likelihood.        vcov_beta: covariance matrix of coef (p, p).
    theta: sqrt(Vb / Ve).                            n_obs, n_buckets: frogs and buckets.
    profile: the criterion's derivatives at the fit, from which degrees of freedom follow.
    """

    Vb: float
    Ve: float
    coef: Vector
    se: Vector
    criterion: float
    vcov_beta: Matrix = field(repr=False)
    theta: float
    n_obs: int
    n_buckets: int
    profile: "Profile" = field(repr=False)

    @property
    def singular(self) -> bool:
        """Whether the estimate lies on the boundary Vb = 0 (lme4's isSingular)."""
        return self.Vb == 0


def fit_reml(X: ArrayLike, y: ArrayLike, group: Labels) -> RemlFit:
    """Fit y = X beta + Z b + e by REML.

        criterion = (n-p) (1 + log(2 pi rss / (n-p))) + log|H| + log|X'H^-1 X|,
        rss = (y - X beta)'H^-1 (y - X beta),   beta = (X'H^-1 X)^-1 X'H^-1 y,   Ve = rss / (n-p)

    is minimal at gamma = Vb / Ve: every sign change of its derivative is refined by Newton's method, and
    the lowest of these minima and of the boundary gamma = 0 is taken.

    Args:
        X: model matrix (n, p) of rank p.
        y: response (n,).
        group: n bucket labels, in any order.

    Returns:
        Vb and Ve in squared units of y; coef and se (p,); criterion.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, rank-deficient X, or data that
            cannot tell the two variances apart or from zero, naming the replication that is missing.

    Source: Patterson and Thompson (1971), Biometrika 58, 545-554; the criterion with its constant is
    lme4's, Bates et al. (2015), Journal of Statistical Software 67(1), section 3.4.
    """
    shift, sums = _reduced(X, y, group)
    at = _lowest(sums)
    R_inverse = np.linalg.inv(at.R[:-1, :-1])
    Ve = float(at.rss) / at.df_resid
    vcov_beta = Ve * R_inverse @ R_inverse.T
    return RemlFit(
        Vb=float(at.gamma) * Ve,
        Ve=Ve,
        coef=shift + R_inverse @ at.R[:-1, -1],
        se=np.sqrt(np.diag(vcov_beta)),
        criterion=float(at.criterion),
        vcov_beta=vcov_beta,
        theta=float(np.sqrt(at.gamma)),
        n_obs=sums.n_obs,
        n_buckets=sums.n_buckets,
        profile=at,
    )


def criterion_curve(X: ArrayLike, y: ArrayLike, group: Labels, theta: ArrayLike) -> Vector:
    """The REML criterion with Ve profiled out, at each theta = sqrt(Vb / Ve).

    Args:
        X, y, group: as for `fit_reml`.
        theta: (g,) numbers of at least 0.

    Returns:
        The criterion (g,).

    Raises:
        ValueError: as `fit_reml`.

    Source: Bates et al. (2015), Journal of Statistical Software 67(1), section 3.4.
    """
    _, sums = _reduced(X, y, group)
    return profile(sums, np.square(theta)).criterion


def blup(X: ArrayLike, y: ArrayLike, group: Labels, fit: RemlFit) -> pd.Series:
    """Best linear unbiased predictions of the bucket effects.

        b = n Vb / (Ve + n Vb) * (mean of y - X coef in the bucket)

    Args:
        X, y, group: the data that were fitted.
        fit: what `fit_reml` returned for them.

    Returns:
        A Series of b in units of y, indexed by bucket label in order of appearance.

    Raises:
        ValueError: shapes that do not fit, or values that are not finite.

    Source: Henderson (1975), Biometrics 31, 423-447; Robinson (1991), Statistical Science 6, 15-32.
    """
    X, y, codes, buckets = _arguments(X, y, group)
    if X.shape[1] != len(fit.coef):
        raise ValueError(f"X has {X.shape[1]} columns but fit has {len(fit.coef)} coefficients")
    sizes = np.bincount(codes)
    mean_residual = np.bincount(codes, y - X @ fit.coef) / sizes
    shrinkage = sizes * fit.Vb / (fit.Ve + sizes * fit.Vb)
    return pd.Series(shrinkage * mean_residual, index=buckets, name="b")


def _arguments(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[Matrix, Vector, Codes, pd.Index]:
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    codes, buckets = checks.labels("group", group)
    checks.same_rows("X", len(X), "y", len(y))
    checks.same_rows("X", len(X), "group", len(codes))
    if X.shape[1] >= len(y):
        raise ValueError(f"X has {X.shape[1]} columns but only {len(y)} rows")
    return X, y, codes, buckets


def _reduced(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[Vector, BucketSums]:
    """The shift of `_centred`, and the sums of what is left; refuses data that cannot identify the model."""
    X, y, codes, _ = _arguments(X, y, group)
    shift, residual = _centred(X, y)
    sums = bucket_sums(X, residual, codes)
    X_lengths = np.sqrt(np.einsum("ij,ij->j", X, X))
    refuse_unidentified(sums, X_lengths, float(np.sqrt(residual @ residual)))
    return shift, sums


def _centred(X: Matrix, y: Vector) -> tuple[Vector, Vector]:
    """Split y = X shift + residual, the residual small and free of the digits that all of y shares.

    The fit of y is shift + the fit of the residual, for any shift; so this one need not be accurate. A
    constant in the span of X goes first, by itself: y - constant has no rounding error where the leading
    digits agree (Sterbenz, 1974). Then goes what least squares explains of the rest.
    """
    gram = X.T @ X
    lengths = np.sqrt(np.diag(gram))
    scale = np.outer(lengths, lengths)
    scale = np.where(scale > 0, scale, 1.0)
    inverse = np.linalg.lstsq(gram / scale, np.eye(len(gram)))[0] / scale
    ones = inverse @ X.sum(axis=0)
    for _ in range(REFINEMENTS):  # of an X whose columns are nearly dependent, such as a year beside the constant
        error = 1 - X @ ones
        in_span = np.abs(error).max() < IN_SPAN
        if in_span:
            break
        ones = ones + inverse @ (X.T @ error)
    constant = y.mean() if in_span else 0.0
    rest = inverse @ (X.T @ (y - constant))
    return constant * ones + rest, y - constant - X @ rest


@dataclass(frozen=True)
class Profile:
    """The REML criterion with Ve profiled out, and its derivatives, at one gamma or at an array of them.

    R: see the top of this file.   w (K,): n / (1 + n gamma) of the distinct bucket sizes.
    C (K, p+1, p+1): R'^-1 A_m'A_m R^-1, summed over the buckets of a size.
    logdet_H: log|H| and its first two derivatives by gamma.   df_resid: N - p.
    """

    gamma: NDArray[np.float64]
    df_resid: int
    R: NDArray[np.float64]
    w: NDArray[np.float64]
    C: NDArray[np.float64]
    logdet_H: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

    @cached_property
    def D(self) -> NDArray[np.float64]:
        """-R'^-1 M' R^-1 = sum of w^2 C, since w' = -w^2."""
        return _weighted_sum(self.w**2, self.C)

    @cached_property
    def E(self) -> NDArray[np.float64]:
        """R'^-1 M'' R^-1 = sum of 2 w^3 C."""
        return _weighted_sum(2 * self.w**3, self.C)

    @property
    def rss(self) -> NDArray[np.float64]:
        """(y - X beta)'H^-1 (y - X beta)."""
        return self.R[..., -1, -1] ** 2

    @property
    def criterion(self) -> NDArray[np.float64]:
        """-2 log REML likelihood, with lme4's constant."""
        logdet_XHX = 2 * np.log(np.abs(_diagonal(self.R)[..., :-1])).sum(axis=-1)
        likelihood = self.df_resid * (1 + np.log(2 * np.pi * self.rss / self.df_resid))
        return likelihood + self.logdet_H[0] + logdet_XHX

    @property
    def trace(self) -> NDArray[np.float64]:
        """First derivative by gamma of log|H| + log|X'H^-1 X|, the latter's being -tr D_XX."""
        return self.logdet_H[1] - _diagonal(self.D)[..., :-1].sum(axis=-1)

    @property
    def quadratic(self) -> NDArray[np.float64]:
        """First derivative by gamma of -(N - p) log rss: rss' / rss = -D_yy."""
        return self.df_resid * self.D[..., -1, -1]

    @property
    def score(self) -> NDArray[np.float64]:
        """First derivative of the criterion by gamma."""
        return self.trace - self.quadratic

    @property
    def curvature_at_fixed_Ve(self) -> NDArray[np.float64]:
        """Second derivative by gamma where Ve = rss / (N - p) is held: rss'' / rss = E_yy - 2 |D_Xy|^2."""
        D_XX, D_Xy, E_yy = self.D[..., :-1, :-1], self.D[..., :-1, -1], self.E[..., -1, -1]
        logdet_XHX_2 = _diagonal(self.E)[..., :-1].sum(axis=-1) - (D_XX**2).sum(axis=(-2, -1))
        return self.logdet_H[2] + logdet_XHX_2 + self.df_resid * (E_yy - 2 * (D_Xy**2).sum(axis=-1))

    @property
    def curvature(self) -> NDArray[np.float64]:
        """Second derivative by gamma: (log rss)'' = rss'' / rss - (rss' / rss)^2."""
        return self.curvature_at_fixed_Ve - self.df_resid * self.D[..., -1, -1] ** 2


def profile(sums: BucketSums, gamma: ArrayLike) -> Profile:
    """Evaluate the criterion's parts at gamma, a number or an array (g,)."""
    gamma = np.asarray(gamma, dtype=float)
    n_gamma = gamma[..., None] * sums.sizes
    w = sums.sizes / (1 + n_gamma)
    R = sums.whitened(w)
    A_m = sums.R_means @ np.linalg.inv(R)[..., None, :, :]
    return Profile(
        gamma=gamma,
        df_resid=sums.n_obs - sums.p,
        R=R,
        w=w,
        C=np.swapaxes(A_m, -1, -2) @ A_m,
        logdet_H=(np.log1p(n_gamma) @ sums.counts, w @ sums.counts, -(w**2) @ sums.counts),
    )


def _lowest(sums: BucketSums) -> Profile:
    """The criterion where it is lowest: at one of the roots of the score where it rises, or at gamma = 0.

    The search runs over u = log(1 + n gamma), n the largest bucket, in which the criterion is smooth on
    the scale of 1 from the boundary u = 0 on; once n gamma is large for the smallest bucket too, the score
    changes its sign at most once more, so the grid is only extended until it is positive. A root is where
    1 / quadratic = 1 / trace. Between two points of the grid their difference, over 1 + n gamma, is taken
    as linear, which for equal bucket sizes it is: the start of Newton's method is then the answer.
    """
    n = sums.sizes.max()
    u = np.arange(0.0, np.log1p(32 * n / sums.sizes.min()) + GRID_STEP, GRID_STEP)
    at = profile(sums, np.expm1(u) / n)
    while at.score[-1] < 0:
        u = np.append(u, u[-1] + 4 * GRID_STEP)
        at = profile(sums, np.expm1(u) / n)
    score = at.score
    minima = [profile(sums, 0.0)] if score[0] >= 0 else []
    for i in np.flatnonzero((score[:-1] < 0) & (score[1:] >= 0)):
        ends = slice(i, i + 2)
        lambdas = np.exp(u[ends])
        low, high = (1 / at.quadratic[ends] - 1 / at.trace[ends]) / lambdas
        start = np.log((high * lambdas[0] - low * lambdas[1]) / (high - low))
        minima.append(_newton(sums, n, u[i], start, u[i + 1]))
    return min(minima, key=lambda minimum: minimum.criterion) if len(minima) > 1 else minima[0]


def _newton(sums: BucketSums, n: float, low: float, u: float, high: float) -> Profile:
    """The criterion at the root of its score between low, where that is negative, and high.

    By the chain rule for u = log(1 + n gamma), with gamma' = gamma'' = (1 + n gamma) / n, the slope of the
    score in u is curvature gamma'^2 + score gamma''. A step that would leave the bracket is replaced by a
    bisection.
    """
    for _ in range(MAX_STEPS):
        at = profile(sums, np.expm1(u) / n)
        low, high = (u, high) if at.score < 0 else (low, u)
        step = -at.score / (at.curvature * np.exp(u) / n + at.score)
        if abs(step) <= NEARLY * u + NEARLY**1.5:
            return at if abs(step) <= ROUNDING * u else profile(sums, np.expm1(u + step) / n)
        u = u + step if low < u + step < high else (low + high) / 2
    raise ArithmeticError(f"the REML score has no root after {MAX_STEPS} steps between u = {low} and {high}")


def _weighted_sum(weights: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the K sizes of weight times C: (..., p+1, p+1)."""
    flat = C.reshape(*C.shape[:-2], -1)
    return (weights[..., None, :] @ flat).reshape(*C.shape[:-3], *C.shape[-2:])


def _diagonal(M: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.diagonal(M, axis1=-2, axis2=-1)
