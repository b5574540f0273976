"""The REML criterion of one random intercept, and its derivatives.

The vocabulary, with g = gamma = Vb / Ve = theta^2, H = V / Ve = I + g Z Z', and X, y in the coordinates
of `basis.py`:

    M = [X y]'H^-1 [X y] = R'R        (`sums.py` has what it is made of)
    R = | R_XX  r_Xy |                beta = R_XX^-1 r_Xy,   rss = r_yy^2
        |   0   r_yy |                log|X'H^-1 X| = 2 sum log diag R_XX

and, in the coordinates in which M is the identity,

    D = -R'^-1 M' R^-1,   E = R'^-1 M'' R^-1     (' and '' after R^-1 are derivatives by g)

from which every derivative of the criterion follows without a difference quotient.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from lmm_core.checks import Matrix, Vector
from lmm_core.sums import BucketSums


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


def _trace(M: NDArray[np.float64]) -> NDArray[np.float64]:
    return M.trace(0, -2, -1)
