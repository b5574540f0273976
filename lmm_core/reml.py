"""Restricted maximum likelihood (REML) for one random intercept.

`profile.py` has the criterion with its derivatives, `search.py` finds where it is lowest.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lmm_core import checks
from lmm_core.basis import least_squares_basis
from lmm_core.checks import Codes, Labels, Levels, Matrix, Vector
from lmm_core.profile import Profile
from lmm_core.search import lowest
from lmm_core.sums import BucketSums, identified


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
    at = lowest(X, y, basis, codes, sums)
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


def _arguments(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[Matrix, Vector, Codes, Levels]:
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    codes, buckets = checks.labels("group", group)
    checks.same_rows("X", len(X), "y", len(y))
    checks.same_rows("X", len(X), "group", len(codes))
    if X.shape[1] >= len(y):
        raise ValueError(f"X has {X.shape[1]} columns but only {len(y)} rows")
    return X, y, codes, buckets
