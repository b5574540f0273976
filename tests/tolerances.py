"""The numbers that forgive an implementation, and why. None is widened to make a test pass.

What a single test forgives beside them stands in it.

tier        rule
exact       shapes, counts, order, integers: equal
algebra     at given V: relative 1e-10, or 16 eps cond(X)^2 cond(V) where that is larger: the forward
            error of the normal equations (Golub and Van Loan, 2013, section 5.3.8), which the least
            careful of the honest ways to solve least squares has
optimum     an optimiser stops where the criterion is flat to its own tolerance t: the estimates are then
            within sqrt(t) of the optimum. lme4's default leaves 5 digits, a bounded scalar search 4 or 5
p-value     at a given F and df: absolute, 1e-7, as `1 - cdf` knows a tail to eps = 2e-16 of one, not of the tail, so
            that small tails have no digit. After a search: 2e-3, what an F moves it that is off by 0.4 % (F times the
            density at F is below 0.47 on up to 3 numerator df)
default     an optimiser at its defaults, on ordinary data, stops where a step gains 1e-8 to 1e-5 of the criterion or
optimiser   its gradient is below 1e-5 per unit: 1e-3 above the minimum at most, the variances within 1e-2 of their sum
            (the criterion is quadratic, with a curvature of about half the df in log variances). It keeps nine tenths
            of fit_reml (see judgement/excuses.py); ML's criterion is another, moments are a tenth off or more
derivative  a df made of second differences of step h keeps half the digits that remain: 2e-2
certified   per NIST level of difficulty: see authorities/test_nist.py
Monte Carlo the false-alarm rate is stated where the test is
"""

from dataclasses import dataclass, fields, replace

import numpy as np

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Tolerances:
    """What is forgiven at the optimum."""

    criterion: float  # absolute, above the authority's minimum
    variance: float  # of Vb and Ve, relative to Vb + Ve
    estimate: float  # of coef, relative to its largest
    standard_error: float  # of se, relative to its largest: half of the variances', being a square root of them
    df: float  # relative, of a Satterthwaite df
    p_value: float  # absolute, after a search
    F: float  # relative: a ratio of what is made of the variances

    @classmethod
    def of_digits(cls, n: int) -> "Tolerances":
        """N digits of everything; of the criterion and of p-values, N decimals."""
        return cls(**dict.fromkeys((part.name for part in fields(cls)), 10.0**-n))

    def digits(self) -> str:
        """What is asked, in words."""
        asked = {"Vb, Ve": self.variance, "coef": self.estimate, "se": self.standard_error, "df": self.df, "F": self.F}
        return ", ".join(f"{name} {-np.log10(rtol):.2g}" for name, rtol in asked.items())


# What ordinary data show of an ordinary optimiser and of numerical second derivatives.
SUBMISSION = Tolerances(
    criterion=1e-6, variance=1e-3, estimate=1e-4, standard_error=5e-4, df=2e-2, p_value=2e-3, F=1e-2
)

# What solving the score equation with analytic derivatives reaches, with room for cond(X) up to 1e2.
REFERENCE = Tolerances(
    criterion=1e-10, variance=1e-10, estimate=1e-10, standard_error=1e-10, df=1e-6, p_value=1e-8, F=1e-9
)


# What an optimiser left at its defaults may leave, on any data.
DEFAULT_OPTIMISER = replace(SUBMISSION, criterion=1e-3, variance=1e-2, estimate=1e-2, standard_error=1e-2)

P_VALUE = 1e-7  # absolute, of a tail at an F and df that are given


def algebra(X: np.ndarray, V: np.ndarray | None = None) -> float:
    """Relative tolerance of least squares on X, at a given V."""
    condition = np.linalg.cond(X) ** 2 * (1.0 if V is None else np.linalg.cond(V))
    return float(max(1e-10, 16 * EPS * condition))
