"""Exercise 4.2, each function in ten ways. What follows two underscores names the way."""

from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import scipy.linalg
import statsmodels.api as sm
from scipy import stats

Variances = namedtuple("Variances", "Vb Ve Vbe rho")


@dataclass
class Fit:
    coef: np.ndarray
    se: np.ndarray


def model_variances__dict(sigma_bucket, sigma_within):
    Vb, Ve = sigma_bucket**2, sigma_within**2
    return {"Vb": Vb, "Ve": Ve, "Vbe": Vb + Ve, "rho": Vb / (Vb + Ve)}


def model_variances__named_tuple(sigma_bucket, sigma_within):
    Vb, Ve = sigma_bucket * sigma_bucket, sigma_within * sigma_within
    return Variances(Vb, Ve, Vb + Ve, Vb / (Vb + Ve))


def model_variances__series(sigma_bucket, sigma_within):
    v = pd.Series({"Vb": sigma_bucket**2, "Ve": sigma_within**2})
    v["Vbe"] = v.sum()
    v["rho"] = v["Vb"] / v["Vbe"]
    return v


def model_variances__hypot(sigma_bucket, sigma_within):
    sd = np.hypot(sigma_bucket, sigma_within)
    return dict(Vb=sigma_bucket**2, Ve=sigma_within**2, Vbe=sd**2, rho=(sigma_bucket / sd) ** 2)


def model_variances__matrix(sigma_bucket, sigma_within):
    V = np.full((2, 2), sigma_bucket**2) + np.diag([sigma_within**2] * 2)
    sd = np.sqrt(np.diag(V))
    R = V / np.outer(sd, sd)
    return SimpleNamespace(
        Vb=V[0, 1], Ve=V[0, 0] - V[0, 1] if V[0, 1] < V[0, 0] / 2 else sigma_within**2, Vbe=V[0, 0], rho=R[0, 1]
    )


def model_variances__ratio(sigma_bucket, sigma_within):
    gamma = (sigma_bucket / sigma_within) ** 2
    Ve = np.square(sigma_within)
    return {"Vb": gamma * Ve, "Ve": Ve, "Vbe": (1 + gamma) * Ve, "rho": gamma / (1 + gamma)}


def model_variances__frame(sigma_bucket, sigma_within):
    Vb, Ve = np.power([sigma_bucket, sigma_within], 2)
    return pd.DataFrame({"Vb": [Vb], "Ve": [Ve], "Vbe": [Vb + Ve], "rho": [Vb / (Vb + Ve)]})


def model_variances__complement(sigma_bucket, sigma_within):
    Ve, Vbe = sigma_within**2, sigma_bucket**2 + sigma_within**2
    return {"rho": 1 - Ve / Vbe, "Vbe": Vbe, "Ve": Ve, "Vb": Vbe - Ve}


def model_variances__arrays(sigma_bucket, sigma_within):
    V = np.array([[sigma_bucket], [sigma_within]]) ** 2
    return {"Vb": V[0], "Ve": V[1], "Vbe": V.sum(), "rho": V[0] / V.sum()}


def model_variances__object(sigma_bucket, sigma_within):
    class Result:
        pass

    r = Result()
    r.Vb, r.Ve = pow(sigma_bucket, 2), pow(sigma_within, 2)
    r.Vbe = r.Vb + r.Ve
    r.rho = r.Vb / r.Vbe
    return r


def empirical_variances__pandas(data):
    Ve, Vbe = data.groupby("bucket")["weight"].var().mean(), data["weight"].var()
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe}


def empirical_variances__numpy(data):
    y, bucket = data["weight"].to_numpy(), data["bucket"].to_numpy()
    Ve = np.mean([np.var(y[bucket == b], ddof=1) for b in np.unique(bucket)])
    Vbe = np.var(y, ddof=1)
    return Variances(Vbe - Ve, Ve, Vbe, 1 - Ve / Vbe)


def empirical_variances__sums(data):
    def variance(x):
        n = len(x)
        return (sum(v * v for v in x) - sum(x) ** 2 / n) / (n - 1)

    within = [variance(list(rows["weight"])) for _, rows in data.groupby("bucket")]
    Ve, Vbe = sum(within) / len(within), variance(list(data["weight"]))
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe}


def empirical_variances__statistics(data):
    import statistics

    Ve = statistics.mean(statistics.variance(map(float, w)) for _, w in data.groupby("bucket")["weight"])
    Vbe = statistics.variance(map(float, data["weight"]))
    return dict(Vb=Vbe - Ve, Ve=Ve, Vbe=Vbe, rho=(Vbe - Ve) / Vbe)


def empirical_variances__squared_sds(data):
    Ve = (data.groupby("bucket")["weight"].std() ** 2).mean()
    Vbe = data["weight"].std() ** 2
    return pd.Series({"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe})


def empirical_variances__agg(data):
    Ve = data.groupby("bucket").agg(v=("weight", "var"))["v"].mean()
    Vbe = data.agg({"weight": "var"})["weight"]
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": 1 - Ve / Vbe}


def empirical_variances__scipy(data):
    Ve = np.mean([stats.tvar(w) for _, w in data.groupby("bucket")["weight"]])
    Vbe = stats.describe(data["weight"]).variance
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe}


def empirical_variances__transform(data):
    data = data.copy()
    data["d"] = data["weight"] - data.groupby("bucket")["weight"].transform("mean")
    n = data.groupby("bucket")["d"].size()
    Ve = (data.groupby("bucket")["d"].apply(lambda d: (d**2).sum()) / (n - 1)).mean()
    Vbe = ((data["weight"] - data["weight"].mean()) ** 2).sum() / (len(data) - 1)
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe}


def empirical_variances__cov(data):
    Ve = np.mean([np.cov(rows["weight"]) for _, rows in data.groupby("bucket")])
    Vbe = np.cov(data["weight"])
    return SimpleNamespace(Vb=Vbe - Ve, Ve=Ve, Vbe=Vbe, rho=(Vbe - Ve) / Vbe)


def empirical_variances__dummies(data):
    Z = pd.get_dummies(data["bucket"], dtype=float).to_numpy()
    y, n = data["weight"].to_numpy(), Z.sum(axis=0)
    means = Z.T @ y / n
    Ve = np.mean(Z.T @ (y - Z @ means) ** 2 / (n - 1))
    Vbe = (y - y.mean()) @ (y - y.mean()) / (len(y) - 1)
    return {"Vb": Vbe - Ve, "Ve": Ve, "Vbe": Vbe, "rho": (Vbe - Ve) / Vbe}


def design_matrix__comparison(labels, intercept):
    X = (np.asarray(labels)[:, None] == np.unique(labels)).astype(float)
    if intercept:
        X[:, 0] = 1
    return X


def design_matrix__dummies(labels, intercept):
    X = pd.get_dummies(pd.Series(labels), drop_first=intercept, dtype=float)
    if intercept:
        X.insert(0, "const", 1.0)
    return X


def design_matrix__patsy(labels, intercept):
    import patsy

    data = {"a": [str(label) if isinstance(label, str) else label for label in labels.tolist()]}
    return np.asarray(patsy.dmatrix("C(a)" if intercept else "C(a) - 1", data))


def design_matrix__eye(labels, intercept):
    levels, codes = np.unique(labels, return_inverse=True)
    X = np.eye(len(levels))[codes]
    return np.c_[np.ones(len(labels)), X[:, 1:]] if intercept else X


def design_matrix__loop(labels, intercept):
    levels = sorted(set(labels))
    X = np.zeros((len(labels), len(levels)), dtype=int)
    for i, label in enumerate(labels):
        X[i, levels.index(label)] = 1
        if intercept:
            X[i, 0] = 1
    return X


def design_matrix__lists(labels, intercept):
    levels = sorted(set(labels.tolist()))
    rows = [[1 if label == level else 0 for level in levels] for label in labels.tolist()]
    return [[1, *row[1:]] for row in rows] if intercept else rows


def design_matrix__contrasts(labels, intercept):
    levels, codes = np.unique(labels, return_inverse=True)
    k = len(levels)
    C = np.eye(k) if not intercept else np.column_stack([np.ones(k), np.eye(k)[:, 1:]])
    return C[codes]


def design_matrix__add_constant(labels, intercept):
    X = pd.get_dummies(labels).astype(float)
    return sm.add_constant(X.iloc[:, 1:], has_constant="add") if intercept else X


def design_matrix__categorical(labels, intercept):
    codes = pd.Categorical(labels).codes
    X = np.equal.outer(codes, np.arange(codes.max() + 1))
    return np.hstack([np.ones((len(codes), 1)), X[:, 1:]]) if intercept else X


def design_matrix__sparse(labels, intercept):
    from scipy import sparse

    levels, codes = np.unique(labels, return_inverse=True)
    n = len(codes)
    X = sparse.csr_matrix((np.ones(n), (np.arange(n), codes)), shape=(n, len(levels)))
    return sparse.hstack([np.ones((n, 1)), X[:, 1:]]) if intercept else X


def covariance_matrix__comparison(group, Vb, Ve):
    return Vb * (group[:, None] == group[None, :]) + Ve * np.eye(len(group))


def covariance_matrix__outer(group, Vb, Ve):
    V = np.where(np.equal.outer(group, group), Vb, 0.0)
    np.fill_diagonal(V, Vb + Ve)
    return V


def covariance_matrix__loop(group, Vb, Ve):
    n = len(group)
    V = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            V[i][j] = (Vb if group[i] == group[j] else 0) + (Ve if i == j else 0)
    return V


def covariance_matrix__dummies(group, Vb, Ve):
    Z = pd.get_dummies(group, dtype=float).to_numpy()
    return Z @ np.diag([Vb] * Z.shape[1]) @ Z.T + np.diag([Ve] * len(group))


def covariance_matrix__block(group, Vb, Ve):
    order = np.argsort(group, kind="stable")
    sizes = np.unique(group, return_counts=True)[1]
    V = scipy.linalg.block_diag(*(np.full((n, n), Vb) + Ve * np.eye(n) for n in sizes))
    back = np.argsort(order)
    return V[np.ix_(back, back)]


def covariance_matrix__sparse(group, Vb, Ve):
    from scipy import sparse

    codes = np.unique(group, return_inverse=True)[1]
    Z = sparse.csr_matrix((np.ones(len(codes)), (np.arange(len(codes)), codes)))
    return Vb * Z @ Z.T + Ve * sparse.identity(len(codes))


def covariance_matrix__frame(group, Vb, Ve):
    V = pd.DataFrame([[Vb * (a == b) for b in group] for a in group])
    return V + Ve * np.identity(len(group))


def covariance_matrix__correlation(group, Vb, Ve):
    total = Vb + Ve
    R = np.where(np.asarray(group)[:, None] == np.asarray(group), Vb / total, 0)
    R[np.diag_indices(len(group))] = 1
    sd = np.sqrt(total) * np.ones(len(group))
    return R * np.outer(sd, sd)


def covariance_matrix__kron_rows(group, Vb, Ve):
    V = Ve * np.identity(len(group))
    for b in set(group.tolist()):
        here = (group == b).astype(float)
        V += Vb * np.outer(here, here)
    return V


def covariance_matrix__cross(group, Vb, Ve):
    frogs = pd.DataFrame({"i": range(len(group)), "bucket": group})
    pairs = frogs.merge(frogs, on="bucket")
    V = np.zeros((len(group), len(group)))
    V[pairs["i_x"], pairs["i_y"]] = Vb
    return V + np.diag(np.full(len(group), Ve))


def gls__inverse(X, y, V):
    Vi = np.linalg.inv(V)
    C = np.linalg.inv(X.T @ Vi @ X)
    return {"coef": C @ X.T @ Vi @ y, "se": np.sqrt(np.diag(C))}


def gls__solve(X, y, V):
    A = X.T @ np.linalg.solve(V, X)
    coef = np.linalg.solve(A, X.T @ np.linalg.solve(V, y))
    return Fit(coef, np.diag(np.linalg.inv(A)) ** 0.5)


def gls__cholesky(X, y, V):
    L = np.linalg.cholesky(V)
    Xs, ys = np.linalg.solve(L, X), np.linalg.solve(L, y)
    coef = np.linalg.lstsq(Xs, ys, rcond=None)[0]
    return {"coef": coef, "se": np.sqrt(np.diag(np.linalg.inv(Xs.T @ Xs)))}


def gls__triangular(X, y, V):
    R = scipy.linalg.cholesky(V)
    Xs = scipy.linalg.solve_triangular(R, X, trans="T")
    ys = scipy.linalg.solve_triangular(R, y, trans="T")
    Q, T = np.linalg.qr(Xs)
    Ti = np.linalg.inv(T)
    return {"coef": Ti @ Q.T @ ys, "se": np.sqrt((Ti**2).sum(axis=1))}


def gls__statsmodels(X, y, V):
    fit = sm.GLS(y, X, sigma=V).fit(cov_type="fixed scale")
    return {"coef": fit.params, "se": fit.bse}


def gls__whitened(X, y, V):
    values, vectors = np.linalg.eigh(V)
    W = vectors @ np.diag(values**-0.5) @ vectors.T
    fit = sm.OLS(W @ y, W @ X).fit()
    return {"coef": fit.params, "se": fit.bse / np.sqrt(fit.scale)}


def gls__cho_solve(X, y, V):
    factor = scipy.linalg.cho_factor(V)
    C = np.linalg.inv(X.T @ scipy.linalg.cho_solve(factor, X))
    coef = C @ (X.T @ scipy.linalg.cho_solve(factor, y))
    return pd.DataFrame({"coef": coef, "se": np.sqrt(np.diag(C))})


def gls__pinv(X, y, V):
    S = scipy.linalg.sqrtm(V).real
    P = np.linalg.pinv(np.linalg.solve(S, X))
    return {"coef": P @ np.linalg.solve(S, y), "se": np.sqrt(np.diag(P @ P.T))}


def gls__matrix(X, y, V):
    X, y, Vi = np.asmatrix(X), np.asmatrix(y).T, np.asmatrix(V).I
    C = (X.T * Vi * X).I
    return {"coef": C * X.T * Vi * y, "se": np.sqrt(np.diag(C))}


def gls__saddle(X, y, V):
    n, p = X.shape
    K = np.block([[V, X], [X.T, np.zeros((p, p))]])
    inverse = np.linalg.inv(K)
    return {"coef": inverse[n:, :n] @ y, "se": np.sqrt(-np.diag(inverse[n:, n:]))}


def _ols(coef, inverse, X, y):
    r = y - X @ coef
    df = X.shape[0] - X.shape[1]
    s2 = float(r @ r) / df
    return {"coef": coef, "se": np.sqrt(s2 * np.diag(inverse)), "sigma2": s2, "df_resid": df}


def ols__normal_equations(X, y):
    inverse = np.linalg.inv(X.T @ X)
    return _ols(inverse @ X.T @ y, inverse, X, y)


def ols__lstsq(X, y):
    coef, rss, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    s2 = rss[0] / (len(y) - rank)
    return {
        "coef": coef,
        "se": np.sqrt(s2 * np.diag(np.linalg.inv(X.T @ X))),
        "sigma2": s2,
        "df_resid": len(y) - rank,
    }


def ols__statsmodels(X, y):
    fit = sm.OLS(y, X).fit()
    return {"coef": fit.params, "se": fit.bse, "sigma2": fit.mse_resid, "df_resid": fit.df_resid}


def ols__qr(X, y):
    Q, R = np.linalg.qr(X)
    coef = scipy.linalg.solve_triangular(R, Q.T @ y)
    Ri = np.linalg.inv(R)
    return _ols(coef, Ri @ Ri.T, X, y)


def ols__svd(X, y):
    U, s, Wt = np.linalg.svd(X, full_matrices=False)
    return _ols(Wt.T @ (U.T @ y / s), Wt.T @ np.diag(s**-2) @ Wt, X, y)


def ols__pinv(X, y):
    P = np.linalg.pinv(X)
    return _ols(P @ y, P @ P.T, X, y)


def ols__hat(X, y):
    H = X @ np.linalg.solve(X.T @ X, X.T)
    df = len(y) - round(np.trace(H))
    s2 = y @ (np.eye(len(y)) - H) @ y / df
    C = s2 * np.linalg.inv(X.T @ X)
    return {"coef": np.linalg.solve(X.T @ X, X.T @ y), "se": np.diag(C) ** 0.5, "sigma2": s2, "df_resid": df}


def ols__gls(X, y):
    fit = sm.GLS(y, X).fit()
    return {"coef": fit.params, "se": fit.bse, "sigma2": fit.scale, "df_resid": int(fit.df_resid)}


def ols__formula(X, y):
    names = [f"x{j}" for j in range(X.shape[1])]
    data = pd.DataFrame(X, columns=names).assign(y=y)
    fit = sm.OLS.from_formula("y ~ 0 + " + " + ".join(names), data).fit()
    return SimpleNamespace(coef=fit.params, se=fit.bse, sigma2=fit.ssr / fit.df_resid, df_resid=fit.df_resid)


def ols__scipy(X, y):
    coef = scipy.linalg.lstsq(X, y)[0]
    return _ols(coef, scipy.linalg.inv(X.T @ X), X, y)
