"""Restricted maximum likelihood (REML) for one random intercept.

The vocabulary, with g = gamma = Vb / Ve = theta^2, H = V / Ve = I + g Z Z', and X, y in the coordinates
of `basis.py`:

    M = [X y]'H^-1 [X y] = R'R        (`sums.py` has what it is made of)
    R = | R_XX  r_Xy |                beta = R_XX^-1 r_Xy,   rss = r_yy^2
        |   0   r_yy |                log|X'H^-1 X| = 2 sum log diag R_XX

and, in the coordinates in which M is the identity,

    D = -R'^-1 M' R^-1,   E = R'^-1 M'' R^-1     (' and '' after R^-1 are derivatives by g)

from which every derivative of the criterion follows without a difference quotient.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from lmm_core import checks
from lmm_core.basis import Basis, least_squares_basis
from lmm_core.checks import Codes, Labels, Matrix, Vector
from lmm_core.sums import EPS, BucketSums, bucket_sums, identified, least_eigenvalue_of_saturated

GRID_STEP = 0.5  # in u = log(1 + n gamma), where the criterion's features are about 1 wide
ZOOMS, ZOOM = 3, 15  # how often the grid is refined where the score nearly crosses 0, and by how many points
USUAL = 400.0  # lambda gamma up to which a search looks at once: most fits lie below
LARGEST_U = 67.0  # n gamma = 1e29: what is left within buckets is rounding, 1e-15 of what is between
GRID = np.append([0.0, GRID_STEP / 4, GRID_STEP / 2], np.arange(GRID_STEP, LARGEST_U + GRID_STEP, GRID_STEP))
NEARLY = 1e-8  # the error that a Newton step so small leaves is about its square, which is below rounding
ROUNDING = 2.0**-48  # a bracket relative to its place, or a score relative to its terms, so small is rounding error
MAX_STEPS = 100
FAR = 2.0**26  # lambda gamma where a criterion that is smooth in 1 / gamma is a straight line: 1 / FAR^2 is EPS
STRETCH = 16  # steps of the grid in the same coordinates
PER_FROG = 256  # rounding errors of the criterion, beside those of X T
INFLATED = 100.0  # a variance inflation factor that costs two digits


@dataclass(frozen=True)
class RemlFit:
    """A fitted random-intercept model.

    Vb, Ve: variances between and within buckets.   coef, se: fixed effects (p,) and standard errors.
    criterion: lme4's -2 log REML likelihood.        theta: sqrt(Vb / Ve).
    n_obs, n_buckets: frogs and buckets.             x_units: what the columns of X were divided by, mostly 1.
    codes: the bucket of each frog (n,).
    profile: the criterion's derivatives at the fit, from which degrees of freedom follow.
    """

    Vb: float
    Ve: float
    coef: Vector
    se: Vector
    criterion: float
    theta: float
    n_obs: int
    n_buckets: int
    codes: Codes = field(repr=False)
    profile: "Profile" = field(repr=False)
    x_units: Vector | float = field(repr=False)

    @property
    def singular(self) -> bool:
        """Whether the estimate lies on the boundary Vb = 0 (lme4's isSingular)."""
        return self.theta == 0

    @property
    def correlation(self) -> Matrix:
        """Correlation matrix of coef (p, p)."""
        C = self.profile.X_root @ self.profile.X_root.T
        return C / np.sqrt(np.outer(C.diagonal(), C.diagonal()))

    @property
    def vcov_beta(self) -> Matrix:
        """Covariance matrix of coef (p, p), in units of coef."""
        return np.outer(self.se, self.se) * self.correlation

    def times(self, y_unit: Vector | float) -> "RemlFit":
        """The fit of X x_units and y y_unit, where this is that of X and y (theorems 9 and 10).

        Raises:
            ValueError: the variances, coefficients or standard errors would leave float64.
        """
        if y_unit == 1.0 and isinstance(self.x_units, float):
            return self
        Vb, Ve = checks.in_given_units("Vb and Ve", [self.Vb, self.Ve], y_unit, y_unit).tolist()
        coef, se = checks.in_given_units("coef and se", [self.coef, self.se], y_unit, 1 / np.asarray(self.x_units))
        return replace(
            self,
            Vb=Vb,
            Ve=Ve,
            coef=coef,
            se=se,
            criterion=self.criterion + _of_units(self.profile.sums, self.x_units, y_unit),
        )


def fit_reml(X: ArrayLike, y: ArrayLike, group: Labels) -> RemlFit:
    """Fit y = X beta + Z b + e by REML.

        criterion = (n-p) (1 + log(2 pi rss / (n-p))) + log|H| + log|X'H^-1 X|,
        rss = (y - X beta)'H^-1 (y - X beta),   beta = (X'H^-1 X)^-1 X'H^-1 y,   Ve = rss / (n-p)

    is minimal at gamma = Vb / Ve: every sign change of its derivative is refined by Newton's method, and
    the lowest of these minima and of the boundary gamma = 0 is taken. Where X and the buckets explain any y,
    rank[X Z] = n, the criterion has a limit at Ve = 0, too: there is a fit if a minimum is lower.

    Args:
        X: model matrix (n, p) of rank p.
        y: response (n,).
        group: n bucket labels, in any order.

    Returns:
        Vb and Ve in squared units of y; coef and se (p,); criterion.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, rank-deficient X, or data that
            cannot tell the two variances apart or Ve from zero, naming the replication that is missing.

    Source: Patterson and Thompson (1971), Biometrika 58, 545-554; the criterion with its constant is
    lme4's, Bates et al. (2015), Journal of Statistical Software 67(1), section 3.4.
    """
    X, y, codes, _ = _arguments(X, y, group)
    (X, x_units), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    basis = least_squares_basis(X, y)
    sums = identified(X, basis, codes)
    if sums.saturated:
        at = _lowest_of_saturated(X, y, basis, codes, sums)
    else:
        at = _lowest(sums, [_without_inflation(X, basis, codes, at) for at in _minima(sums)])
    _more_than_rounding(sums, y, at)
    Ve = float(at.rss) / sums.df_resid
    return RemlFit(
        Vb=float(at.gamma) * Ve,
        Ve=Ve,
        coef=at.coef,
        se=np.sqrt(Ve * (at.X_root**2).sum(axis=1)),
        criterion=float(at.criterion),
        theta=float(np.sqrt(at.gamma)),
        n_obs=sums.n_obs,
        n_buckets=sums.n_buckets,
        codes=codes,
        profile=at,
        x_units=x_units,
    ).times(y_unit)


def criterion_curve(X: ArrayLike, y: ArrayLike, group: Labels, theta: ArrayLike) -> Vector:
    """The REML criterion with Ve profiled out, at each theta = sqrt(Vb / Ve).

    Args:
        X, y, group: as for `fit_reml`.
        theta: (g,) numbers of at least 0.

    Returns:
        The criterion (g,).

    Raises:
        ValueError: as `fit_reml`, but for a criterion that is the same everywhere, or lowest at Ve = 0: it is shown.

    Source: Bates et al. (2015), Journal of Statistical Software 67(1), section 3.4.
    """
    X, y, codes, _ = _arguments(X, y, group)
    theta = checks.array("theta", theta, 1)
    if theta.min() < 0:
        raise ValueError(f"theta reaches down to {theta.min():g}; expected at least 0")
    (X, x_units), (y, y_unit) = checks.in_units(X), checks.in_units(y)
    sums = identified(X, least_squares_basis(X, y), codes)
    gamma = checks.in_given_units("theta squared times the largest bucket", theta, theta, sums.sizes.max())
    return Profile(sums, gamma / sums.sizes.max()).criterion + _of_units(sums, x_units, y_unit)


def blup(X: ArrayLike, y: ArrayLike, group: Labels, fit: RemlFit) -> pd.Series:
    """Best linear unbiased predictions of the bucket effects.

        b = n Vb / (Ve + n Vb) * (mean of y - X coef in the bucket)

    Args:
        X, y, group: the data that were fitted.
        fit: what `fit_reml` returned for them.

    Returns:
        A Series of b in units of y, indexed by bucket label in order of appearance.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, or other buckets than those of the fit.

    Source: Henderson (1975), Biometrics 31, 423-447; Robinson (1991), Statistical Science 6, 15-32.
    """
    X, y, codes, buckets = _arguments(X, y, group)
    if not isinstance(fit, RemlFit):
        raise ValueError(f"fit is a {type(fit).__name__}; expected what fit_reml returns")
    if X.shape[1] != len(fit.coef):
        raise ValueError(f"X has {X.shape[1]} columns but fit has {len(fit.coef)} coefficients")
    if len(codes) != fit.n_obs:
        raise ValueError(f"group has {len(codes)} rows but fit has {fit.n_obs}")
    elsewhere = int(np.count_nonzero(codes != fit.codes))
    if elsewhere:
        raise ValueError(f"group has {elsewhere} of its {len(codes)} rows in other buckets than those that were fitted")
    sizes = np.bincount(codes)
    mean_residual = np.bincount(codes, y - X @ fit.coef) / sizes
    shrinkage = sizes * fit.theta**2 / (1 + sizes * fit.theta**2)
    return pd.Series(shrinkage * mean_residual, index=buckets, name="b")


def _of_units(sums: BucketSums, x_units: Vector | float, y_unit: Vector | float) -> float:
    """What the criterion gains by X -> X x_units and y -> y y_unit (theorems 9 and 10)."""
    return float(2 * np.sum(np.log(x_units)) + 2 * sums.df_resid * np.log(y_unit))


def _arguments(
    X: ArrayLike, y: ArrayLike, group: Labels
) -> tuple[Matrix, Vector, Codes, NDArray[np.generic] | pd.Index]:
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    codes, buckets = checks.labels("group", group)
    checks.same_rows("X", len(X), "y", len(y))
    checks.same_rows("X", len(X), "group", len(codes))
    if X.shape[1] >= len(y):
        raise ValueError(f"X has {X.shape[1]} columns but only {len(y)} rows")
    return X, y, codes, buckets


class NothingLeftError(ValueError):
    """y does not vary within buckets, but for rounding."""

    def __init__(self, sums: BucketSums) -> None:
        """In one sentence."""
        super().__init__(
            f"y varies within its {sums.n_buckets} buckets, after {len(sums.T)} columns of X are fitted, by no more "
            "than rounding beside its size: nothing is left to estimate Ve"
        )


@dataclass(frozen=True)
class Profile:
    """The REML criterion with Ve profiled out, and its derivatives, at one gamma or at an array of them."""

    sums: BucketSums = field(repr=False)
    gamma: NDArray[np.float64]

    @cached_property
    def w(self) -> NDArray[np.float64]:
        """n / (1 + n gamma) of the distinct bucket sizes: (..., K)."""
        return self.sums.sizes / (1 + self.gamma[..., None] * self.sums.sizes)

    @cached_property
    def M(self) -> NDArray[np.float64]:
        """[X y]'H^-1 [X y] = A_w'A_w + sum of w A_m'A_m: (..., p+1, p+1)."""
        return self.sums.within + self.sums.weighted(self.w)

    @cached_property
    def R_inverse(self) -> NDArray[np.float64]:
        """Inverse of the triangle R: (..., p+1, p+1)."""
        if self.M.ndim == 2:
            R, not_positive = dpotrf(self.M)
            if not_positive:
                raise NothingLeftError(self.sums)
            return dtrtri(R)[0]
        try:
            return np.linalg.inv(np.linalg.cholesky(self.M, upper=True))
        except np.linalg.LinAlgError:
            raise NothingLeftError(self.sums) from None

    @cached_property
    def D(self) -> NDArray[np.float64]:
        """-R'^-1 M' R^-1, where M' = -sum of w^2 A_m'A_m since w' = -w^2."""
        return np.swapaxes(self.R_inverse, -1, -2) @ self.sums.weighted(self.w**2) @ self.R_inverse

    @cached_property
    def E(self) -> NDArray[np.float64]:
        """R'^-1 M'' R^-1, where M'' = sum of 2 w^3 A_m'A_m."""
        return np.swapaxes(self.R_inverse, -1, -2) @ self.sums.weighted(2 * self.w**3) @ self.R_inverse

    @cached_property
    def X_root(self) -> Matrix:
        """R_XX^-1 in the coordinates of X as it was given: X_root X_root' = (X'H^-1 X)^-1."""
        return self.sums.T @ self.R_inverse[:-1, :-1]

    @cached_property
    def beta(self) -> Vector:
        """Coefficients of the basis: the last column of R^-1 is (-beta, 1) / r_yy."""
        return -self.R_inverse[:-1, -1] / self.R_inverse[-1, -1]

    @property
    def coef(self) -> Vector:
        """Coefficients of X."""
        return self.sums.shift + self.sums.T @ self.beta

    @property
    def inflation(self) -> float:
        """The largest variance inflation factor, M_jj (M^-1)_jj: so many times rounding errors grow."""
        return float((self.M.diagonal() * (self.R_inverse**2).sum(axis=1)).max())

    @property
    def rss(self) -> NDArray[np.float64]:
        """(y - X beta)'H^-1 (y - X beta)."""
        return self.R_inverse[..., -1, -1] ** -2

    @cached_property
    def criterion(self) -> NDArray[np.float64]:
        """-2 log REML likelihood, with lme4's constant."""
        df_resid = self.sums.df_resid
        logdet_H = np.log1p(self.gamma[..., None] * self.sums.sizes) @ self.sums.counts
        R_XX_inverse = self.R_inverse.diagonal(0, -2, -1)[..., :-1] * np.abs(self.sums.T.diagonal())
        return (
            df_resid * (1 + np.log(2 * np.pi * self.rss / df_resid)) + logdet_H - 2 * np.log(R_XX_inverse).sum(axis=-1)
        )

    @cached_property
    def trace(self) -> NDArray[np.float64]:
        """First derivative by gamma of log|H| + log|X'H^-1 X|: sum of w, and -tr D_XX."""
        return self.w @ self.sums.counts - _trace(self.D[..., :-1, :-1])

    @cached_property
    def quadratic(self) -> NDArray[np.float64]:
        """First derivative by gamma of -(N - p) log rss: rss' / rss = -D_yy."""
        return self.sums.df_resid * self.D[..., -1, -1]

    @cached_property
    def score(self) -> NDArray[np.float64]:
        """First derivative of the criterion by gamma."""
        return self.trace - self.quadratic

    @property
    def curvature_at_fixed_Ve(self) -> NDArray[np.float64]:
        """Second derivative by gamma where Ve = rss / (N - p) is held: rss'' / rss = E_yy - 2 |D_Xy|^2."""
        D_XX, D_Xy, E_yy = self.D[..., :-1, :-1], self.D[..., :-1, -1], self.E[..., -1, -1]
        logdet_XHX_2 = _trace(self.E[..., :-1, :-1]) - (D_XX**2).sum(axis=(-2, -1))
        log_rss_2 = self.sums.df_resid * (E_yy - 2 * (D_Xy**2).sum(axis=-1))
        return log_rss_2 + logdet_XHX_2 - self.w**2 @ self.sums.counts

    @property
    def curvature(self) -> NDArray[np.float64]:
        """Second derivative by gamma: (log rss)'' = rss'' / rss - (rss' / rss)^2."""
        return self.curvature_at_fixed_Ve - self.sums.df_resid * self.D[..., -1, -1] ** 2


def _minima(sums: BucketSums) -> list[Profile]:
    """The criterion at every root of the score where it rises, and at gamma = 0 if it rises there."""
    n = sums.sizes.max()
    u, at = _grid(sums, n)
    return [*_at_zero(at), *_roots(sums, n, u, at)]


def _at_zero(at: Profile) -> list[Profile]:
    """gamma = 0, the first place of a grid, if the criterion rises there."""
    return [Profile(at.sums, np.zeros(()))] if at.score[0] >= 0 else []


def _roots(sums: BucketSums, n: float, u: Vector, at: Profile) -> list[Profile]:
    """The criterion at every root of the score where it rises.

    A root is where 1 / quadratic = 1 / trace. Between two points of the grid their difference, over
    1 + n gamma, is taken as linear, which for equal bucket sizes it is: the start of Newton's method is
    then the answer.
    """
    score, roots = at.score, []
    for i in np.flatnonzero((score[:-1] < 0) & (score[1:] >= 0)):
        ends = slice(i, i + 2)
        lambdas = np.exp(u[ends])
        low, high = score[ends] / (at.quadratic[ends] * at.trace[ends] * lambdas)
        start = np.log((high * lambdas[0] - low * lambdas[1]) / (high - low))
        roots.append(_newton(sums, n, u[i], start, u[i + 1]))
    return roots


def _grid(sums: BucketSums, n: float) -> tuple[Vector, Profile]:
    """Values of u = log(1 + n gamma) between which the score changes its sign at most once, and the criterion there.

    In u the criterion has no feature much narrower than 1. The grid ends where a positive score stays positive:

        lambda gamma >= 2 (N - p) / d,    lambda the smallest positive eigenvalue of K'ZZ'K, d = N - rank[X Z]

    For with h_i = 1 / (1 + gamma lambda_i) and q = s0 + sum of eta_i^2 h_i the score by log gamma is

        S = sum of (1 - h_i) - (N - p) r,    r = -d log q / d log gamma,

    whose first term rises. Where S > 0, r is below m / (N - p) = 1 - d / (N - p) for m eigenvalues. If all h_i are
    at most h = d / 2 (N - p), that is 1 - 2 h; then r falls, for it rises only if s0 (1 - 2 h) < h (q - s0), which
    makes r at least 1 - 2 h.
    """
    end = max(USUAL, 2 * sums.df_resid / sums.df_within) / sums.least_eigenvalue
    u = GRID[: np.searchsorted(GRID, np.log1p(n * end)) + 1]
    at = Profile(sums, np.expm1(u) / n)
    while at.score[-1] < 0:
        if len(u) == len(GRID):
            raise NothingLeftError(sums)
        u = GRID[: len(u) + 4]
        at = Profile(sums, np.expm1(u) / n)
    return _zoomed(sums, n, u, at)


def _zoomed(sums: BucketSums, n: float, u: Vector, at: Profile) -> tuple[Vector, Profile]:
    """A finer grid where the score comes near 0 and turns, for it may cross 0 twice there."""
    for _ in range(0 if sums.eigenvalues_are_equal else ZOOMS):
        S = at.score * np.exp(u)
        slope = np.diff(np.abs(S)) > 0
        turns = np.flatnonzero(slope[1:] & ~slope[:-1])
        near = [np.linspace(u[i], u[i + 2], ZOOM) for i in turns if S[i] * S[i + 1] > 0 and S[i + 1] * S[i + 2] > 0]
        if not near:
            break
        u = np.unique(np.concatenate([u, *near]))
        at = Profile(sums, np.expm1(u) / n)
    return u, at


def _lowest(sums: BucketSums, minima: list[Profile]) -> Profile:
    """The lowest of the minima, if no other is as low but for rounding errors.

    Raises:
        ValueError: naming both.
    """
    lowest = min(minima, key=lambda at: at.criterion)
    n = sums.sizes.max()
    for at in minima:
        apart = abs(np.log1p(n * at.gamma) - np.log1p(n * lowest.gamma)) > NEARLY
        if apart and at.criterion <= lowest.criterion + _rounding(sums):
            raise ValueError(
                f"the criterion is lowest at Vb / Ve = {lowest.gamma:.4g} and at {at.gamma:.4g} alike: "
                "y does not say which of them it is"
            )
    return lowest


def _rounding(sums: BucketSums) -> float:
    """Rounding errors of the criterion: of its sums, and of X T."""
    return EPS * float(PER_FROG * sums.n_obs + (len(sums.T) + 1) * np.sum(sums.lengths @ np.abs(sums.T)))


def _lowest_of_saturated(X: Matrix, y: Vector, basis: Basis, codes: Codes, sums: BucketSums) -> Profile:
    """The lowest minimum where rank[X Z] = N, if it is lower than the limit of the criterion at Ve = 0.

    The criterion is smooth in delta = 1 / gamma there, and with lambda the least eigenvalue of K'ZZ'K

        |second derivative by delta| <= 2 (N - p) / lambda^2    (theorem 13).

    So at gamma lambda = FAR the limit is criterion - delta d criterion / d delta = criterion + gamma score, and no
    minimum beyond lies lower than it, either but for (N - p) / FAR^2, which is rounding error. A minimum that is lower
    by no more than that of the criterion is not told from Ve = 0: a tie is refused.
    """
    _more_than_rounding(sums, y, Profile(sums, np.zeros(())))
    n = sums.sizes.max()
    *stretches, (_, _, end) = _stretches(X, basis, codes, sums, n)
    rounding = _rounding(sums)
    if all(np.all(np.abs(at.gamma * at.score) <= rounding) for _, _, at in stretches):
        raise ValueError(_few_frogs(sums, "the criterion is the same for every Vb / Ve"))
    minima = [_without_inflation(X, basis, codes, at) for at in _at_zero(stretches[0][-1])]
    for basis_here, u, at in stretches:
        minima += [_without_inflation(X, basis_here, codes, root) for root in _roots(at.sums, n, u, at)]
    limit = end.criterion + end.gamma * end.score
    lower = [at for at in minima if at.criterion < limit - rounding]
    if not lower:
        raise ValueError(_few_frogs(sums, "the criterion is nowhere lower than at Ve = 0"))
    return _lowest(sums, lower)


def _stretches(
    X: Matrix, basis: Basis, codes: Codes, sums: BucketSums, n: float
) -> Iterator[tuple[Basis, Vector, Profile]]:
    """The grid up to lambda gamma = FAR in stretches, each in coordinates that suit its start; and its end in its own.

    Rounding errors grow by the range of 1 + n gamma in a stretch, exp(STRETCH / 2), and no further.
    """
    end_of_grid = np.log1p(n * FAR / least_eigenvalue_of_saturated(X, basis, codes))
    last = min(int(np.searchsorted(GRID, end_of_grid)), len(GRID) - 1)
    for start in range(0, last, STRETCH):
        u = GRID[start : min(start + STRETCH, last) + 1]
        yield basis, *_zoomed(sums, n, u, Profile(sums, np.expm1(u) / n))
        end = Profile(sums, np.expm1(u[-1]) / n)
        basis, sums = _moved(X, basis, codes, end)
    yield basis, u[-1:], Profile(sums, end.gamma)


def _few_frogs(sums: BucketSums, why: str) -> str:
    N, B, p = sums.n_obs, sums.n_buckets, len(sums.T)
    return f"group has {B} buckets for {N} frogs and X has {p} columns: {why}; some bucket needs more frogs"


def _more_than_rounding(sums: BucketSums, y: Vector, at: Profile) -> None:
    """y - X coef is larger than the rounding errors of its parts; sums are those of least squares."""
    rounding = EPS * (len(at.coef) + 1) * (np.sqrt(y @ y) + sums.lengths @ np.abs(at.coef))
    if at.rss * sums.n_obs <= sums.df_resid * rounding**2:
        raise NothingLeftError(sums)


def _without_inflation(X: Matrix, basis: Basis, codes: Codes, minimum: Profile) -> Profile:
    """The same minimum, from sums in coordinates that suit it where those of OLS have cost it digits.

    One that rounding errors made of a criterion which falls throughout, though rank[X Z] = N, is no lower than Ve = 0.
    """
    if minimum.inflation <= INFLATED:
        return minimum
    _, sums = _moved(X, basis, codes, minimum)
    if minimum.gamma == 0:
        return Profile(sums, minimum.gamma)
    n = sums.sizes.max()
    u = float(np.log1p(n * minimum.gamma))
    low, high = max(0.0, u - GRID_STEP), u + GRID_STEP
    while Profile(sums, np.expm1(high) / n).score < 0:
        low, high = high, high + GRID_STEP
        if high > LARGEST_U:
            if sums.saturated:
                return minimum
            raise NothingLeftError(sums)
    while Profile(sums, np.expm1(low) / n).score > 0:
        if low == 0:
            return Profile(sums, np.zeros(()))
        low, high = max(0.0, low - GRID_STEP), low
    return _newton(sums, n, low, min(max(low, u), high), high)


def _moved(X: Matrix, basis: Basis, codes: Codes, at: Profile) -> tuple[Basis, BucketSums]:
    """Coordinates in which M is the identity there, nearly, and y its own residual."""
    basis = basis.moved(X, at.X_root, basis.T @ at.beta)
    return basis, replace(bucket_sums(X, basis, codes), saturated=at.sums.saturated)


def _newton(sums: BucketSums, n: float, low: float, u: float, high: float) -> Profile:
    """The criterion at the root of its score between low, where that is negative, and high.

    By the chain rule for u = log(1 + n gamma), with gamma' = gamma'' = (1 + n gamma) / n, the slope of the
    score in u is curvature gamma'^2 + score gamma''. A step that would leave the bracket is replaced by a
    bisection.
    """
    for _ in range(MAX_STEPS):
        at = Profile(sums, np.expm1(u) / n)
        low, high = (u, high) if at.score < 0 else (low, u)
        if abs(at.score) <= ROUNDING * at.trace or high - low <= ROUNDING * u:
            return at
        step = -at.score / (at.curvature * np.exp(u) / n + at.score)
        if abs(step) <= NEARLY * u:
            return Profile(sums, np.expm1(u + step) / n)
        u = u + step if low < u + step < high else (low + high) / 2
    raise ArithmeticError(f"the REML score has no root after {MAX_STEPS} steps between u = {low} and {high}")


def _trace(M: NDArray[np.float64]) -> NDArray[np.float64]:
    return M.trace(0, -2, -1)
