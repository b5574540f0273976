"""pandas and statsmodels at their defaults, no input checked. statsmodels has no Satterthwaite df."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(1, n_buckets + 1), n_within)
    frogs = pd.DataFrame({"bucket": bucket, "id": np.tile(np.arange(1, n_within + 1), n_buckets)})
    frogs["color"] = np.repeat(colors, n_buckets // len(colors))[bucket - 1]
    frogs["bucket_mu"] = rng.normal(mu, sigma_bucket, n_buckets)[bucket - 1]
    frogs["weight"] = frogs["bucket_mu"] + sigma_within * rng.standard_normal(len(frogs))
    return frogs


def buckets_per_color(data):
    return data.groupby("color")["bucket"].nunique()


def denominator_df(data):
    return data["bucket"].nunique() - data["color"].nunique()


def model_variances(sigma_bucket, sigma_within):
    Vb, Ve = sigma_bucket**2, sigma_within**2
    return dict(Vb=Vb, Ve=Ve, Vbe=Vb + Ve, rho=Vb / (Vb + Ve))


def empirical_variances(data):
    Ve, Vbe = data.groupby("bucket")["weight"].var().mean(), data["weight"].var()
    return dict(Vb=Vbe - Ve, Ve=Ve, Vbe=Vbe, rho=1 - Ve / Vbe)


def design_matrix(labels, intercept):
    if intercept:
        return sm.add_constant(pd.get_dummies(pd.Series(labels), drop_first=True, dtype=float))
    return pd.get_dummies(pd.Series(labels), dtype=float)


def covariance_matrix(group, Vb, Ve):
    Z = pd.get_dummies(pd.Series(group)).to_numpy(dtype=float)
    return Vb * Z @ Z.T + Ve * np.eye(len(Z))


def gls(X, y, V):
    fit = sm.GLS(y, X, sigma=V).fit()
    return {"coef": fit.params, "se": np.sqrt(np.diag(fit.normalized_cov_params))}


def ols(X, y):
    fit = sm.OLS(y, X).fit()
    return {"coef": fit.params, "se": fit.bse, "sigma2": fit.scale, "df_resid": fit.df_resid}


def frog_correlation(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight")
    return wide[first_id].corr(wide[second_id])


def anova_ols(data):
    table = sm.stats.anova_lm(smf.ols("weight ~ C(color)", data).fit())
    F, p = table.loc["C(color)", ["F", "PR(>F)"]]
    return {"F": F, "df_num": table["df"].iloc[0], "df_den": table["df"].iloc[1], "p_value": p}


def fit_reml(X, y, group):
    fit = sm.MixedLM(y, X, groups=group).fit()
    return {
        "Vb": np.asarray(fit.cov_re).item(),
        "Ve": fit.scale,
        "coef": fit.fe_params,
        "se": fit.bse_fe,
        "criterion": -2 * fit.llf,
    }
