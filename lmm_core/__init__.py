"""Linear mixed models with one random intercept: frogs nested in buckets, buckets painted in colours.

    y = X beta + Z b + e,    b ~ N(0, Vb I),    e ~ N(0, Ve I),    V = Ve I + Vb Z Z'

`__all__` is the contract that a submission implements. Read the modules in the order of the imports.
"""

from lmm_core.simulation import simulate_frogs
from lmm_core.design import buckets_per_color, denominator_df, design_matrix
from lmm_core.covariance import covariance_matrix, empirical_variances, frog_correlation, model_variances
from lmm_core.least_squares import gls, ols
from lmm_core.reml import fit_reml
from lmm_core.inference import anova_ols, anova_reml, satterthwaite_df
from lmm_core.summary import summary as summary  # offered, but no part of the contract

__all__ = [
    "anova_ols",
    "anova_reml",
    "buckets_per_color",
    "covariance_matrix",
    "denominator_df",
    "design_matrix",
    "empirical_variances",
    "fit_reml",
    "frog_correlation",
    "gls",
    "model_variances",
    "ols",
    "satterthwaite_df",
    "simulate_frogs",
]
