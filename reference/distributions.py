"""Distributions of test statistics, by incomplete beta and gamma functions (Abramowitz and Stegun, 1964, chapter 26).

lmm_core takes its tails from other functions. scipy.stats, which has all of this, takes a second to import, and every
hand-in would wait for it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammainc, gammainccinv, gammaincinv


def f_tail(F: ArrayLike, df_num: ArrayLike, df_den: ArrayLike) -> Any:
    """P(F(df_num, df_den) > F) = I(df_den / (df_den + df_num F); df_den / 2, df_num / 2) (26.6.2)."""
    F, df_num, df_den = np.asarray(F), np.asarray(df_num), np.asarray(df_den)
    return betainc(df_den / 2, df_num / 2, df_den / (df_den + df_num * F))


def chi_squared(x: ArrayLike, df: float) -> Any:
    """P(chi-squared on df degrees of freedom <= x) = P(df / 2, x / 2) (26.4.19)."""
    return gammainc(df / 2, np.asarray(x) / 2)


def chi_squared_interval(rate: float, df: float) -> NDArray[np.float64]:
    """What chi-squared on df degrees of freedom leaves with a probability of rate, one half of it on either side."""
    return 2 * np.array([gammaincinv(df / 2, rate / 2), gammainccinv(df / 2, rate / 2)])


def farthest(values: ArrayLike, distribution: Callable[[NDArray[np.float64]], Any]) -> tuple[float, float, float]:
    """Kolmogorov's distance: x, the share of the values up to x, and P(X <= x), where the two are farthest apart."""
    x = np.sort(np.ravel(values))
    expected, n = np.asarray(distribution(x)), len(x)
    shares = np.column_stack([np.arange(1, n + 1), np.arange(n)]) / n  # at x, and just below it
    k, side = np.unravel_index(np.argmax(np.abs(shares - expected[:, None])), shares.shape)
    return float(x[k]), float(shares[k, side]), float(expected[k])


def kolmogorov_allows(rate: float, n: int) -> float:
    """The distance of n values that is exceeded with a probability of at most rate: P(D > d) <= 2 exp(-2 n d^2).

    Source: Massart (1990), Annals of Probability 18, 1269-1283.
    """
    return float(np.sqrt(np.log(2 / rate) / (2 * n)))
