"""mixedlm: lmer, its Satterthwaite df and its type III table, at their defaults."""

import warnings

import mixedlm
import numpy as np
import pandas as pd

VERSION = f"mixedlm {mixedlm.__version__}"
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
)


def _lmer(formula, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mixedlm.lmer(formula, data)


def _fit(X, y, group):
    data = pd.DataFrame({f"x{i}": column for i, column in enumerate(np.asarray(X, float).T)})
    formula = "y ~ 0 + " + " + ".join(data.columns) + " + (1 | group)"
    return _lmer(formula, data.assign(y=y, group=[str(label) for label in group]))


def fit_reml(X, y, group):
    fit = _fit(X, y, group)
    return {
        "Vb": fit.VarCorr().get_cov("group")[0, 0],
        "Ve": fit.sigma**2,
        "coef": fit.beta,
        "se": np.sqrt(np.diag(fit.vcov())),
        "criterion": fit.REMLcrit(),
        "converged": fit.converged,
    }


def satterthwaite_df(X, y, group):
    return mixedlm.satterthwaite_df(_fit(X, y, group)).df


def anova_reml(data):
    # Its table has a row for each dummy variable of color and none for color: of more than two colors, all are here.
    text = {name: [str(label) for label in data[name]] for name in ("bucket", "color")}
    fit = _lmer("weight ~ color + (1 | bucket)", pd.DataFrame(text).assign(weight=data["weight"].to_numpy()))
    table = mixedlm.anova_type3(fit)
    return {"F": table.f_value, "df_num": table.num_df, "df_den": table.den_df, "p_value": table.p_value}
