"""Exercise 4.3, each function in ten ways. What follows two underscores names the way."""

import numpy as np
import pandas as pd
import scipy.special
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from scipy.stats import f as f_distribution
from scipy.stats import f_oneway, pearsonr


def frog_correlation__pivot(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight")
    return wide[first_id].corr(wide[second_id])


def frog_correlation__merge(data, first_id, second_id):
    a, b = data[data["id"] == first_id], data[data["id"] == second_id]
    m = pd.merge(a, b, on="bucket")
    return np.corrcoef(m["weight_x"], m["weight_y"])[0, 1]


def frog_correlation__pearsonr(data, first_id, second_id):
    wide = data.pivot_table(index="bucket", columns="id", values="weight")[[first_id, second_id]].dropna()
    return pearsonr(wide[first_id], wide[second_id])[0]


def frog_correlation__sums(data, first_id, second_id):
    weights = {(b, i): w for b, i, w in zip(data["bucket"], data["id"], data["weight"])}
    pairs = [
        (weights[b, first_id], weights[b, second_id])
        for b in set(data["bucket"])
        if (b, first_id) in weights and (b, second_id) in weights
    ]
    n = len(pairs)
    sx, sy = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    sxy = sum(x * y for x, y in pairs)
    sxx, syy = sum(x * x for x, _ in pairs), sum(y * y for _, y in pairs)
    return (n * sxy - sx * sy) / ((n * sxx - sx**2) * (n * syy - sy**2)) ** 0.5


def frog_correlation__cov(data, first_id, second_id):
    wide = data.set_index(["bucket", "id"])["weight"].unstack()[[first_id, second_id]].dropna()
    C = np.cov(wide.T)
    return C[0, 1] / np.sqrt(C[0, 0] * C[1, 1])


def frog_correlation__corr_table(data, first_id, second_id):
    return data.pivot(index="bucket", columns="id", values="weight").corr().loc[first_id, second_id]


def frog_correlation__join(data, first_id, second_id):
    by_bucket = data.set_index("bucket")
    x = by_bucket.loc[by_bucket["id"] == first_id, "weight"].rename("x")
    y = by_bucket.loc[by_bucket["id"] == second_id, "weight"].rename("y")
    both = pd.concat([x, y], axis=1, join="inner")
    zx, zy = ((both[c] - both[c].mean()) / both[c].std() for c in ("x", "y"))
    return (zx * zy).sum() / (len(both) - 1)


def frog_correlation__linregress(data, first_id, second_id):
    m = data[data.id == first_id].merge(data[data.id == second_id], on="bucket", suffixes=("_1", "_2"))
    return stats.linregress(m["weight_1"], m["weight_2"]).rvalue


def frog_correlation__cosine(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight")[[first_id, second_id]].dropna().to_numpy()
    x, y = (wide - wide.mean(axis=0)).T
    return np.array([[x @ y / (np.linalg.norm(x) * np.linalg.norm(y))]])


def frog_correlation__slopes(data, first_id, second_id):
    m = pd.merge(data.query("id == @first_id"), data.query("id == @second_id"), on="bucket")
    forth = np.polyfit(m["weight_x"], m["weight_y"], 1)[0]
    sd = m[["weight_x", "weight_y"]].std()
    return forth * sd["weight_x"] / sd["weight_y"]


def anova_ols__one_minus_cdf(data):
    groups = [rows["weight"] for _, rows in data.groupby("color")]
    F = f_oneway(*groups).statistic
    k, n = len(groups), len(data)
    return {"F": F, "df_num": k - 1, "df_den": n - k, "p_value": 1 - f_distribution.cdf(F, k - 1, n - k)}


def anova_ols__f_oneway(data):
    groups = [w.to_numpy() for _, w in data.groupby("color")["weight"]]
    F, p = f_oneway(*groups)
    return {"F": F, "df_num": len(groups) - 1, "df_den": len(data) - len(groups), "p_value": p}


def anova_ols__anova_lm(data):
    table = sm.stats.anova_lm(smf.ols("weight ~ C(color)", data=data).fit())
    return {
        "F": table["F"].iloc[0],
        "df_num": table["df"].iloc[0],
        "df_den": table["df"].iloc[1],
        "p_value": table["PR(>F)"].iloc[0],
    }


def anova_ols__fvalue(data):
    fit = smf.ols("weight ~ C(color)", data).fit()
    return {"F": fit.fvalue, "df_num": fit.df_model, "df_den": fit.df_resid, "p_value": fit.f_pvalue}


def anova_ols__two_models(data):
    y = data["weight"].to_numpy()
    X = pd.get_dummies(data["color"], dtype=float).to_numpy()
    rss0 = ((y - y.mean()) ** 2).sum()
    r = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    q, df = X.shape[1] - 1, len(y) - X.shape[1]
    F = ((rss0 - r @ r) / q) / (r @ r / df)
    return pd.Series({"F": F, "df_num": q, "df_den": df, "p_value": f_distribution.sf(F, q, df)})


def anova_ols__correction_term(data):
    y, N = data["weight"], len(data)
    correction = y.sum() ** 2 / N
    total = (y**2).sum() - correction
    between = sum(w.sum() ** 2 / len(w) for _, w in data.groupby("color")["weight"]) - correction
    C = data["color"].nunique()
    F = (between / (C - 1)) / ((total - between) / (N - C))
    return {"F": F, "df_num": C - 1, "df_den": N - C, "p_value": 1 - stats.f(C - 1, N - C).cdf(F)}


def anova_ols__betainc(data):
    means = data.groupby("color")["weight"].transform("mean")
    within, between = ((data["weight"] - means) ** 2).sum(), ((means - data["weight"].mean()) ** 2).sum()
    a, b = data["color"].nunique() - 1, len(data) - data["color"].nunique()
    F = between / a / (within / b)
    return {"F": F, "df_num": a, "df_den": b, "p_value": scipy.special.betainc(b / 2, a / 2, b / (b + a * F))}


def anova_ols__f_test(data):
    fit = smf.ols("weight ~ C(color)", data).fit()
    test = fit.f_test(np.eye(len(fit.params))[1:])
    return {"F": test.fvalue, "df_num": test.df_num, "df_den": test.df_denom, "p_value": test.pvalue}


def anova_ols__compare(data):
    null, full = smf.ols("weight ~ 1", data).fit(), smf.ols("weight ~ C(color)", data).fit()
    F, p, q = full.compare_f_test(null)
    return {"F": F, "df_num": q, "df_den": full.df_resid, "p_value": p}


def anova_ols__fdtrc(data):
    of_color = data.groupby("color")["weight"].agg(["mean", "size", "var"])
    q, df = len(of_color) - 1, len(data) - len(of_color)
    MSA = (of_color["size"] * (of_color["mean"] - data["weight"].mean()) ** 2).sum() / q
    MSE = ((of_color["size"] - 1) * of_color["var"].fillna(0)).sum() / df
    return {"F": MSA / MSE, "df_num": q, "df_den": df, "p_value": scipy.special.fdtrc(q, df, MSA / MSE)}
