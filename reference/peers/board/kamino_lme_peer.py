"""kamino-lme: lmer, its Satterthwaite tests of one and of several rows.

Its formulas always have an intercept. Where the columns of X only add up to one (cell means, say), the model is
fitted in other columns of the same space, the intercept first, and coefficients are asked for as linear functions.
"""

import kamino
import numpy as np
import pandas as pd

VERSION = f"kamino-lme {kamino.__version__}"
CRITERION = "lme4"
REFUSES = {
    "boundary": "df where Vb = 0: its Satterthwaite analysis answers 'unavailable at a covariance boundary'",
    "no intercept": "its formulas cannot drop the intercept, so X must have the constant among its combinations",
}
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


def _with_intercept(X):
    X = np.asarray(X, float)
    constant = np.flatnonzero((X == 1).all(axis=0))
    weights = np.eye(X.shape[1])[constant[0]] if len(constant) else np.linalg.lstsq(X, np.ones(len(X)), rcond=None)[0]
    if not np.allclose(X @ weights, 1, rtol=0, atol=1e-10):
        raise ValueError("kamino cannot fit a model without intercept")
    out = np.argmax(np.abs(weights))  # 1 = X weights takes the place of this column
    A = np.column_stack([weights, np.delete(np.eye(X.shape[1]), out, axis=1)])
    return np.delete(X, out, axis=1), A


def _fit(X, y, group):
    others, A = _with_intercept(X)
    data = pd.DataFrame({f"x{i}": column for i, column in enumerate(others.T)})
    formula = " + ".join(["y ~ 1", *data.columns, "(1 | group)"])
    data = data.assign(y=np.asarray(y, float), group=[str(label) for label in group])
    return kamino.lmer(formula, data), A


def fit_reml(X, y, group):
    fit, A = _fit(X, y, group)
    functions = [fit.linear_function(row) for row in A]
    return {
        "Vb": fit.random_variance,
        "Ve": fit.sigma2,
        "coef": [function.estimate for function in functions],
        "se": [function.standard_error for function in functions],
        "criterion": fit.objective - 2 * np.linalg.slogdet(A)[1],
        "converged": fit.diagnostics.converged,
    }


def satterthwaite_df(X, y, group):
    fit, A = _fit(X, y, group)
    analysis = fit.satterthwaite()
    if not analysis.available:
        raise ValueError(analysis.message)
    return [analysis.test(row).denominator_df for row in A]


def anova_reml(data):
    text = {name: [str(label) for label in data[name]] for name in ("bucket", "color")}
    fit = kamino.lmer("weight ~ color + (1 | bucket)", pd.DataFrame(text).assign(weight=data["weight"].to_numpy(float)))
    test = fit.satterthwaite().joint_test(np.eye(len(fit.full_fixed_names))[1:])
    if not test.available:
        raise ValueError(test.message)
    return {"F": test.statistic, "df_num": test.numerator_df, "df_den": test.denominator_df, "p_value": test.p_value}
