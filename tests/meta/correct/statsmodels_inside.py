"""statsmodels fits; results are named tuples and data classes; derivatives by finite differences."""

import warnings
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

warnings.simplefilter("ignore")
Variances = namedtuple("Variances", "Vb Ve Vbe rho")
Test = namedtuple("Test", "F df_num df_den p_value extra")


@dataclass
class Fit:
    Vb: float
    Ve: float
    coef: object
    se: object
    criterion: float


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    r = np.random.RandomState(seed)
    d = pd.DataFrame({"bucket": np.repeat(np.arange(1, n_buckets + 1), n_within).astype(str)})
    d["id"] = np.tile(range(1, n_within + 1), n_buckets)
    d["color"] = np.repeat(np.repeat(colors, n_buckets // len(colors)), n_within)
    d["bucket_mu"] = np.repeat(mu + sigma_bucket * r.randn(n_buckets), n_within)
    d["weight"] = d["bucket_mu"] + sigma_within * r.randn(len(d))
    return d


def buckets_per_color(data):
    return {c: int(n) for c, n in data.drop_duplicates(["bucket", "color"])["color"].value_counts().items()}


def denominator_df(data):
    return np.int64(len(set(data["bucket"])) - len(set(data["color"])))


def model_variances(sigma_bucket, sigma_within):
    total = sigma_bucket**2 + sigma_within**2
    return Variances(sigma_bucket**2, sigma_within**2, total, sigma_bucket**2 / total)


def empirical_variances(data):
    Ve, Vbe = data.groupby("bucket").weight.var().mean(), data.weight.var()
    return Variances(Vbe - Ve, Ve, Vbe, 1 - Ve / Vbe)


def design_matrix(labels, intercept):
    levels = sorted(set(list(labels)))
    rows = []
    for label in labels:
        rows.append([1.0 if (j == 0 and intercept) or label == level else 0.0 for j, level in enumerate(levels)])
    return pd.DataFrame(rows, columns=[str(level) for level in levels])


def covariance_matrix(group, Vb, Ve):
    Z = pd.get_dummies(pd.Series(group)).astype(float)
    return pd.DataFrame(Z.to_numpy() @ Z.to_numpy().T * Vb + np.diag([Ve] * len(group)))


def gls(X, y, V):
    fit = sm.GLS(y, X, sigma=V).fit()
    return {"coef": fit.params, "se": np.sqrt(np.diag(fit.normalized_cov_params))}


def ols(X, y):
    fit = sm.OLS(y, X).fit()
    return {"coef": fit.params, "se": fit.bse, "sigma2": fit.mse_resid, "df_resid": fit.df_resid}


def frog_correlation(data, first_id, second_id):
    a = data[data.id == first_id].set_index("bucket").weight
    b = data[data.id == second_id].set_index("bucket").weight
    both = pd.concat([a, b], axis=1, join="inner")
    return np.corrcoef(both.T)[0, 1]


def anova_ols(data):
    t = anova_lm(smf.ols("weight ~ C(color)", data).fit())
    return Test(t.F.iloc[0], t.df.iloc[0], t.df.iloc[1], t["PR(>F)"].iloc[0], "anova_lm")


def _V(group, Vb, Ve):
    g = np.asarray(group)
    return Vb * (g[:, None] == g) + Ve * np.eye(len(g))


def _criterion(X, y, group, Vb, Ve):
    V = _V(group, Vb, Ve)
    A = X.T @ np.linalg.solve(V, X)
    r = y - X @ np.linalg.solve(A, X.T @ np.linalg.solve(V, y))
    logdet = np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1]
    return (len(y) - X.shape[1]) * np.log(2 * np.pi) + logdet + r @ np.linalg.solve(V, r)


def _variances(X, y, group):
    """MixedLM starts, since it stops anywhere; its likelihood's flat places are left by Nelder and Mead."""
    from scipy.optimize import minimize

    s = np.std(y)
    model = sm.MixedLM((y - y.mean()) / s, X, groups=np.asarray(group))
    ols_ve = np.sum((y - X @ np.linalg.lstsq(X, y)[0]) ** 2) / (len(y) - X.shape[1]) / s**2
    starts = [(0.5 * ols_ve, 0.5 * ols_ve)]
    try:
        fit = model.fit(reml=True, method=["powell"])
        starts.append((float(np.asarray(fit.cov_re)[0, 0]) + 1e-6, fit.scale))
    except Exception:
        pass
    f = lambda t: _criterion(X, y / s, group, np.exp(t[0]), np.exp(t[1]))
    best = min((minimize(f, np.log(v), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000}) for v in starts), key=lambda o: o.fun)
    Vb, Ve = np.exp(best.x)
    if _criterion(X, y / s, group, 0.0, ols_ve) <= best.fun + 1e-6:
        Vb, Ve = 0.0, ols_ve
    return Vb * s**2, Ve * s**2


def fit_reml(X, y, group):
    Vb, Ve = _variances(X, y, group)
    fit = gls(X, y, _V(group, Vb, Ve))
    return Fit(Vb, Ve, fit["coef"], fit["se"], _criterion(X, y, group, Vb, Ve))


def _df(X, y, group, L):
    Vb, Ve = _variances(X, y, group)
    if Vb == 0:
        return [float(len(y) - X.shape[1])] * len(L)
    from statsmodels.tools.numdiff import approx_hess3

    log_v = np.log([Vb, Ve])
    H = approx_hess3(log_v, lambda t: _criterion(X, y, group, *np.exp(t)), epsilon=np.full(2, 1e-3))
    C = lambda t: np.linalg.inv(X.T @ np.linalg.solve(_V(group, *np.exp(t)), X))
    steps = np.eye(2) * 1e-4
    out = []
    for l in L:
        g = np.array([(l @ C(log_v + e) @ l - l @ C(log_v - e) @ l) / 2e-4 for e in steps])
        out.append(2 * (l @ C(log_v) @ l) ** 2 / (g @ (2 * np.linalg.inv(H)) @ g))
    return out


def satterthwaite_df(X, y, group):
    return _df(X, y, group, np.eye(X.shape[1]))


def anova_reml(data):
    X = design_matrix(data["color"], True).to_numpy()
    y, group = data["weight"].to_numpy(), data["bucket"].to_numpy()
    Vb, Ve = _variances(X, y, group)
    C = np.linalg.inv(X.T @ np.linalg.solve(_V(group, Vb, Ve), X))
    b = C @ X.T @ np.linalg.solve(_V(group, Vb, Ve), y)
    values, vectors = np.linalg.eigh(C[1:, 1:])
    L = np.column_stack([np.zeros(len(values)), vectors.T])
    F = np.mean((L @ b) ** 2 / values)
    nu = np.array(_df(X, y, group, L))
    E = np.sum(nu / (nu - 2)) if (nu > 2).all() else np.inf
    df = nu.mean() if np.ptp(nu) < 1e-3 * nu.mean() else 2 * E / (E - len(nu)) if np.isfinite(E) else 2.0
    return Test(F, len(nu), df, stats.f.sf(F, len(nu), df), "lmerTest's basis")
