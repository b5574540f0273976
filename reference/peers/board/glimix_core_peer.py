"""glimix-core: LMM with restricted=True, the covariance of the buckets by its eigenvectors, as documented."""

import warnings
from importlib.metadata import version

import numpy as np
from glimix_core.lmm import LMM
from numpy_sugar.linalg import economic_qs_linear

VERSION = f"glimix-core {version('glimix-core')}"
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


def fit_reml(X, y, group):
    labels = np.asarray([str(label) for label in group])
    Z = (labels[:, None] == np.unique(labels)).astype(float)
    fit = LMM(y, X, economic_qs_linear(Z, return_q1=False), restricted=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit.fit(verbose=False)
        return {
            "Vb": fit.v0,
            "Ve": fit.v1,
            "coef": fit.beta,
            "se": np.sqrt(np.diag(fit.beta_covariance)),
            "criterion": -2 * fit.lml(),
        }
