"""Equal bucket sizes: REML is algebra with mean squares (Searle, Casella and McCulloch, 1992, chapter 3).

Every bucket holds n frogs, and X is constant within buckets: the columns of colour, or the constant.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.distributions import f_tail

Floats = NDArray[np.float64]
Labels = NDArray[Any]


@dataclass(frozen=True)
class MeanSquares:
    """One-way nested analysis of variance: colours (A), buckets within colours (B), frogs (E)."""

    MSA: float
    MSB: float
    MSE: float
    n_colors: int
    n_buckets: int
    n_obs: int

    @property
    def n_within(self) -> int:
        """Frogs in every bucket."""
        return self.n_obs // self.n_buckets

    @property
    def rss_ols(self) -> float:
        """Residual sum of squares of the model without buckets, on N - C degrees of freedom."""
        return (self.n_buckets - self.n_colors) * self.MSB + (self.n_obs - self.n_buckets) * self.MSE


@dataclass(frozen=True)
class BalancedReml:
    """REML estimates, the df of every contrast of colours, and the F test of colour."""

    Vb: float
    Ve: float
    df: float
    F: float
    p_value: float


def mean_squares(y: Floats, bucket: Labels, color: Labels) -> MeanSquares:
    """Mean squares of colours, of buckets within colours, and of frogs within buckets, any sizes."""
    y = y - np.mean(y)
    _, bucket_code = np.unique(bucket, return_inverse=True)
    colors, color_code = np.unique(color, return_inverse=True)
    n_buckets, n_colors = bucket_code.max() + 1, len(colors)
    bucket_mean = (np.bincount(bucket_code, y) / np.bincount(bucket_code))[bucket_code]
    color_mean = (np.bincount(color_code, y) / np.bincount(color_code))[color_code]
    return MeanSquares(
        MSA=float(np.sum((color_mean - y.mean()) ** 2) / max(n_colors - 1, 1)),
        MSB=float(np.sum((bucket_mean - color_mean) ** 2) / (n_buckets - n_colors)),
        MSE=float(np.sum((y - bucket_mean) ** 2) / (len(y) - n_buckets)),
        n_colors=n_colors,
        n_buckets=n_buckets,
        n_obs=len(y),
    )


def balanced_reml(y: Floats, bucket: Labels, color: Labels) -> BalancedReml:
    """REML for equal bucket sizes: Ve = MSE and Vb = (MSB - MSE) / n, or Vb = 0 where that is negative.

    Interior: F = MSA / MSB on C - 1 and B - C df. Boundary: Ve = RSS_OLS / (N - C), df = N - C.
    """
    if len(set(np.unique(bucket, return_counts=True)[1])) > 1:
        raise ValueError("the closed form holds for equal bucket sizes only")
    ms = mean_squares(y, bucket, color)
    if ms.MSB > ms.MSE:
        Vb, Ve = (ms.MSB - ms.MSE) / ms.n_within, ms.MSE
        denominator, df = ms.MSB, ms.n_buckets - ms.n_colors
    else:
        df = ms.n_obs - ms.n_colors
        Vb, Ve = 0.0, ms.rss_ols / df
        denominator = Ve
    F = ms.MSA / denominator
    p_value = float(f_tail(F, ms.n_colors - 1, df)) if ms.n_colors > 1 else 1.0
    return BalancedReml(Vb, Ve, float(df), F, p_value)


def just_inside(excess: float, n_buckets: int = 10, n: int = 4) -> tuple[Labels, Floats]:
    """Buckets and weights with MSB / MSE = 1 + excess, so that Vb is just inside its boundary; df is B - 1."""
    rng = np.random.default_rng(7)
    within = rng.normal(size=(n_buckets, n))
    within -= within.mean(axis=1, keepdims=True)
    between = rng.normal(size=n_buckets)
    between -= between.mean()
    MSE = np.sum(within**2) / (n_buckets * (n - 1))
    between *= np.sqrt((1 + excess) * MSE / (n * np.sum(between**2) / (n_buckets - 1)))
    return np.repeat(np.arange(n_buckets), n), (between[:, None] + within).ravel()
