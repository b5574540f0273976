"""FLASH-MM: lmmfit by REML at its defaults; by its documentation it has converged if no derivative exceeds 1e-5."""

import warnings
from importlib.metadata import version

import numpy as np
from flash_mm import lmmfit

VERSION = f"flash-mm {version('flash-mm')}"
CRITERION = "-log|X'X|"
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
EPSILON = 1e-5  # its default


def fit_reml(X, y, group):
    labels = np.asarray([str(label) for label in group])
    Z = (labels[:, None] == np.unique(labels)).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = lmmfit(np.asarray(y, float), np.asarray(X, float), Z)
    return {
        "Vb": fit["theta"].loc["var1"].iloc[0],
        "Ve": fit["theta"].loc["var0"].iloc[0],
        "coef": fit["coef"].to_numpy()[:, 0],
        "se": fit["se"].to_numpy()[:, 0],
        "criterion": -2 * fit["logLik"].iloc[0],
        "converged": bool((fit["dlogL"].abs() <= EPSILON).to_numpy().all()),
    }
