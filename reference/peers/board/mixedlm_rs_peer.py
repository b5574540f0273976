"""mixedlm-rs: MixedLM of arrays, with its default optimiser; its tests are normal, so it has no df."""

import warnings

import mixedlm_rs
import numpy as np

VERSION = f"mixedlm-rs {mixedlm_rs.__version__}"
CRITERION = "lme4"
NOT_OFFERED = (
    "simulate_frogs",
    "buckets_per_color",
    "denominator_df",
    "model_variances",
    "empirical_variances",
    "design_matrix",
    "covariance_matrix",
    "gls",
    "ols",
    "frog_correlation",
    "anova_ols",
    "satterthwaite_df",
    "anova_reml",
)


def fit_reml(X, y, group):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = mixedlm_rs.MixedLM(np.asarray(y, float), np.asarray(X, float), np.asarray(group)).fit()
    return {
        "Vb": fit.cov_re[0, 0],
        "Ve": fit.scale,
        "coef": fit.fe_params,
        "se": fit.bse_fe,
        "criterion": -2 * fit.llf,
        "converged": fit.converged,
    }
