"""glmm: fit by REML or ML with its default search, its Satterthwaite df and type III table; several terms, slopes."""

import warnings
from importlib.metadata import version

import glmm
import numpy as np
from scipy.special import chdtrc

VERSION = f"glmm {version('glmm')}"
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


def _quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def _columns(X, y, terms):
    """The table, and the formula's random part: a column of ones is 1, one of X has its name, as a slope must have."""
    x = {f"x{j}": column for j, column in enumerate(np.asarray(X, float).T)}
    data, random = x | {"y": np.asarray(y, float)}, []
    for k, (Z, group) in enumerate(terms):
        varies = []
        for j, column in enumerate(np.asarray(Z, float).T):
            same = [name for name, of_X in x.items() if np.array_equal(column, of_X)]
            varies.append("1" if np.all(column == 1) else same[0] if same else f"z{k}_{j}")
            data[varies[-1]] = column
        random.append(f"({' + '.join(varies if '1' in varies else ['0', *varies])} | g{k})")
        data[f"g{k}"] = [str(label) for label in group]
    return {name: column for name, column in data.items() if name != "1"}, " + ".join(random)


def _fit(X, y, terms, **options):
    data, random = _columns(X, y, terms)
    fixed = " + ".join(f"x{j}" for j in range(np.shape(X)[1]))
    return _quietly(glmm.fit, data, f"y ~ 0 + {fixed} + {random}", **options)


def _triangle(packed):
    """vech, by columns, as a matrix."""
    r = int((np.sqrt(8 * len(packed) + 1) - 1) / 2)
    G = np.zeros((r, r))
    rows, columns = np.triu_indices(r)
    G[rows, columns] = G[columns, rows] = packed
    return G


def _one(X, group):
    return [(np.ones((len(X), 1)), group)]


def fit_reml(X, y, group):
    fit = fit_mixed(X, y, _one(X, group))
    return {name: value for name, value in fit.items() if name != "G"} | {"Vb": fit["G"][0][0, 0]}


def satterthwaite_df(X, y, group):
    return mixed_df(X, y, _one(X, group))


def anova_reml(data):
    table = {name: [str(label) for label in data[name]] for name in ("bucket", "color")}
    table["weight"] = data["weight"].to_numpy(float)
    fit = _quietly(glmm.fit, table, "weight ~ color + (1 | bucket)")
    row = _quietly(glmm.anova, fit).to_pandas().loc["color"]
    return {"F": row["F value"], "df_num": row["NumDF"], "df_den": row["DenDF"], "p_value": row["Pr(>F)"]}


def fit_mixed(X, y, terms):
    fit = _fit(X, y, terms)
    if not fit.varcorr:
        raise ValueError("the fit has no variances: it did not converge")
    return {
        "G": [_triangle(packed) for packed in fit.varcorr],
        "Ve": fit.dispersion,
        "coef": fit.beta,
        "se": fit.se,
        "criterion": -2 * fit.loglik,
        "converged": fit.converged,
    }


def mixed_df(X, y, terms):
    return _fit(X, y, terms).coef_df


def random_effects(X, y, terms):
    blocks = _fit(X, y, terms).ranef_blocks
    return [dict(zip(block["levels"], block["values"], strict=True)) for block in blocks]


def likelihood_ratio(X0, X, y, terms):
    # glmm.compare tells by names which formula lies within the other, and X0's columns may be others than X's
    chi2 = 2 * (_fit(X, y, terms, reml=False).loglik - _fit(X0, y, terms, reml=False).loglik)
    df = np.shape(X)[1] - np.shape(X0)[1]
    return {"chi2": chi2, "df": df, "p_value": chdtrc(df, max(chi2, 0.0))}
