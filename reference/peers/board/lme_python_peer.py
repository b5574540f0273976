"""lme-python: lmer and its Satterthwaite df; lm with the F test on its residual df. As its guide shows."""

from importlib.metadata import version

import lme_python
import numpy as np
import pandas as pd

VERSION = f"lme-python {version('lme-python')}"
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
)


def _frame(X, y, group=None):
    data = pd.DataFrame({f"x{i}": column for i, column in enumerate(np.asarray(X, float).T)} | {"y": y})
    fixed = "y ~ 0 + " + " + ".join(data.columns[:-1])
    if group is None:
        return data, fixed
    return data.assign(group=[str(label) for label in group]), fixed + " + (1 | group)"


def _table(data):
    return pd.DataFrame({name: [str(label) for label in data[name]] for name in ("bucket", "color")}).assign(
        weight=np.asarray(data["weight"], float)
    )


def _row(table):
    fields = {"F": table.f_value, "df_num": table.num_df, "df_den": table.den_df, "p_value": table.p_value}
    return {name: values[table.terms.index("color")] for name, values in fields.items()}


def ols(X, y):
    data, formula = _frame(X, y)
    fit = lme_python.lm(formula, data)
    df_resid = fit.num_obs - len(fit.coefficients)
    return {"coef": fit.coefficients, "se": fit.beta_se, "sigma2": fit.sigma2, "df_resid": df_resid}


def anova_ols(data):
    return _row(lme_python.lm("weight ~ color", _table(data)).anova(ddf_method="residual"))


def fit_reml(X, y, group):
    data, formula = _frame(X, y, group)
    fit = lme_python.lmer(formula, data)
    variances = {name: variance for name, _, _, variance, _ in fit.var_corr}
    return {
        "Vb": variances["group"],
        "Ve": variances["Residual"],
        "coef": fit.coefficients,
        "se": fit.beta_se,
        "criterion": fit.reml_criterion,
        "converged": fit.converged,
    }


def satterthwaite_df(X, y, group):
    data, formula = _frame(X, y, group)
    fit = lme_python.lmer(formula, data)
    fit.with_satterthwaite(data)
    return np.array(fit.satterthwaite_dfs)


def anova_reml(data):
    table = _table(data)
    fit = lme_python.lmer("weight ~ color + (1 | bucket)", table)
    fit.with_satterthwaite(table)
    return _row(fit.anova())
