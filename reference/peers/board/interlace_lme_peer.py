"""interlace-lme: fit by REML with its default optimiser, its Satterthwaite df and type III table; ols."""

import warnings
from importlib.metadata import version

import interlace
import numpy as np
import pandas as pd

VERSION = f"interlace-lme {version('interlace-lme')}"
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
    "frog_correlation",
    "anova_ols",
)


def _frame(X, y):
    data = pd.DataFrame({f"x{i}": column for i, column in enumerate(np.asarray(X, float).T)})
    return data.assign(y=y), "y ~ 0 + " + " + ".join(data.columns)


def _lmm(formula, data, groups):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return interlace.fit(formula, data, groups=groups)


def _fit(X, y, group):
    data, formula = _frame(X, y)
    return _lmm(formula, data.assign(group=[str(label) for label in group]), "group")


def ols(X, y):
    data, formula = _frame(X, y)
    fit = interlace.ols(formula, data)
    se = np.sqrt(fit.scale * np.diag(fit.normalized_cov_params))
    return {"coef": fit.params, "se": se, "sigma2": fit.scale, "df_resid": fit.df_resid}


def fit_reml(X, y, group):
    fit = _fit(X, y, group)
    return {
        "Vb": fit.variance_components["group"],
        "Ve": fit.scale,
        "coef": fit.fe_params,
        "se": fit.fe_bse,
        "criterion": -2 * fit.llf,
        "converged": fit.converged,
    }


def satterthwaite_df(X, y, group):
    return _fit(X, y, group).fe_df


def anova_reml(data):
    text = {name: [str(label) for label in data[name]] for name in ("bucket", "color")}
    table = pd.DataFrame(text).assign(weight=data["weight"].to_numpy())
    row = interlace.anova_type3(_lmm("weight ~ color", table, "bucket")).set_index("term").loc["color"]
    return {"F": row["F"], "df_num": row["df1"], "df_den": row["df2"], "p_value": row["Pr(>F)"]}
