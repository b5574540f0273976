"""statsmodels: OLS, GLS, the one-way F test, and MixedLM by REML with its own optimisers, as documented."""

import warnings

import numpy as np
import statsmodels
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

VERSION = f"statsmodels {statsmodels.__version__}"
NOT_OFFERED = (
    "simulate_frogs",
    "buckets_per_color",
    "denominator_df",
    "model_variances",
    "empirical_variances",
    "design_matrix",
    "covariance_matrix",
    "frog_correlation",
    "satterthwaite_df",
    "anova_reml",
)
KNOWN_FAILURES = {}


def ols(X, y):
    fit = sm.OLS(y, X).fit()
    return {"coef": fit.params, "se": fit.bse, "sigma2": fit.mse_resid, "df_resid": fit.df_resid}


def gls(X, y, V):
    fit = sm.GLS(y, X, sigma=V).fit()
    return {"coef": fit.params, "se": np.sqrt(np.diag(fit.cov_params(scale=1.0)))}


def anova_ols(data):
    table = anova_lm(smf.ols("weight ~ C(color)", data).fit())
    return {
        "F": table["F"].iloc[0],
        "df_num": table["df"].iloc[0],
        "df_den": table["df"].iloc[1],
        "p_value": table["PR(>F)"].iloc[0],
    }


def fit_reml(X, y, group):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.MixedLM(y, X, groups=np.asarray(group)).fit(reml=True)
        return {
            "Vb": np.asarray(fit.cov_re)[0, 0],
            "Ve": fit.scale,
            "coef": fit.fe_params,
            "se": fit.bse_fe,
            "criterion": -2 * fit.llf,
        }
