"""Dense algebra with explicit inverses, a bounded scalar search, numerical derivatives. Results are dicts."""

import matplotlib  # noqa: F401 - as students do, needed or not
import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize_scalar

print("loading the solution of group 7")


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    np.random.seed(seed % 2**32)
    rows = []
    for b in range(n_buckets):
        m = np.random.normal(mu, sigma_bucket)
        for i in range(n_within):
            rows.append((i + 1, b + 1, colors[b * len(colors) // n_buckets], m, np.random.normal(m, sigma_within)))
    return pd.DataFrame(rows, columns=["id", "bucket", "color", "bucket_mu", "weight"])


def buckets_per_color(data):
    return data.groupby("color")["bucket"].nunique()


def denominator_df(data):
    return float(data["bucket"].nunique() - data["color"].nunique())


def model_variances(sigma_bucket, sigma_within):
    b, e = sigma_bucket**2, sigma_within**2
    return dict(Vb=b, Ve=e, Vbe=b + e, rho=b / (b + e), remark="as in the chapter")


def empirical_variances(data):
    e = np.mean([np.var(g["weight"], ddof=1) for _, g in data.groupby("bucket")])
    t = np.var(data["weight"], ddof=1)
    return pd.Series({"Vb": t - e, "Ve": e, "Vbe": t, "rho": (t - e) / t})


def design_matrix(labels, intercept):
    X = pd.get_dummies(pd.Series(labels)).to_numpy()
    if intercept:
        X = np.column_stack([np.ones(len(X), int), X[:, 1:]])
    return X


def covariance_matrix(group, Vb, Ve):
    n = len(group)
    V = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            V[i, j] = (group[i] == group[j]) * Vb + (i == j) * Ve
    return V


def gls(X, y, V):
    W = np.linalg.inv(V)
    C = np.linalg.inv(X.T @ W @ X)
    return {"coef": (C @ X.T @ W @ y).reshape(-1, 1), "se": np.sqrt(np.diag(C)).reshape(1, -1)}


def ols(X, y):
    C = np.linalg.inv(X.T @ X)
    b = C @ X.T @ y
    s = np.sum((y - X @ b) ** 2) / (len(y) - X.shape[1])
    return {"coef": pd.Series(b), "se": list(np.sqrt(s * np.diag(C))), "sigma2": np.array([s]), "df_resid": float(len(y) - X.shape[1])}


def frog_correlation(data, first_id, second_id):
    wide = data.pivot_table(index="bucket", columns="id", values="weight")
    return wide[first_id].corr(wide[second_id])


def anova_ols(data):
    groups = [g["weight"].to_numpy() for _, g in data.groupby("color")]
    F, p = stats.f_oneway(*groups)
    return {"F": F, "df_num": len(groups) - 1, "df_den": len(data) - len(groups), "p_value": p}


def criterion_at(X, y, group, Vb, Ve):
    V = covariance_matrix_fast(group, Vb, Ve)
    W = np.linalg.inv(V)
    XWX = X.T @ W @ X
    b = np.linalg.solve(XWX, X.T @ W @ y)
    r = y - X @ b
    return (len(y) - X.shape[1]) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + np.linalg.slogdet(XWX)[1] + r @ W @ r


def covariance_matrix_fast(group, Vb, Ve):
    group = np.asarray(group)
    return Vb * (group[:, None] == group[None, :]) + Ve * np.eye(len(group))


def ve_at(X, y, group, g):
    H = np.linalg.inv(covariance_matrix_fast(group, g, 1.0))
    b = np.linalg.solve(X.T @ H @ X, X.T @ H @ y)
    r = y - X @ b
    return r @ H @ r / (len(y) - X.shape[1])


def profile(X, y, group, g):
    Ve = ve_at(X, y, group, g)
    return criterion_at(X, y, group, g * Ve, Ve)


def fit_reml(X, y, group):
    f = lambda t: profile(X, y, group, np.exp(t))
    grid = np.linspace(-12, 12, 49)
    t = grid[np.argmin([f(t) for t in grid])]
    best = minimize_scalar(f, bounds=(t - 0.6, t + 0.6), method="bounded", options={"xatol": 1e-6})
    g = np.exp(best.x)
    if profile(X, y, group, 0.0) <= best.fun + 1e-7 and g < 1e-3:
        g = 0.0
    Ve = ve_at(X, y, group, g)
    fit = gls(X, y, covariance_matrix_fast(group, g * Ve, Ve))
    return {"Vb": g * Ve, "Ve": Ve, "coef": fit["coef"], "se": fit["se"], "criterion": criterion_at(X, y, group, g * Ve, Ve)}


def contrast_df(X, y, group, L):
    fit = fit_reml(X, y, group)
    Vb, Ve = fit["Vb"], fit["Ve"]
    if Vb == 0:
        return np.full(len(L), float(len(y) - X.shape[1]))
    v = np.array([Vb, Ve])
    h = 1e-3 * v
    d = lambda a, b: criterion_at(X, y, group, *(v + h * [a, b]))
    H = np.empty((2, 2))
    H[0, 0] = (d(1, 0) - 2 * d(0, 0) + d(-1, 0)) / h[0] ** 2
    H[1, 1] = (d(0, 1) - 2 * d(0, 0) + d(0, -1)) / h[1] ** 2
    H[0, 1] = H[1, 0] = (d(1, 1) - d(1, -1) - d(-1, 1) + d(-1, -1)) / (4 * h[0] * h[1])
    A = 2 * np.linalg.inv(H)
    C = lambda a, b: np.linalg.inv(X.T @ np.linalg.solve(covariance_matrix_fast(group, *(v + h * [a, b])), X))
    gb, ge = (C(1, 0) - C(-1, 0)) / (2 * h[0]), (C(0, 1) - C(0, -1)) / (2 * h[1])
    df = []
    for l in L:
        g = np.array([l @ gb @ l, l @ ge @ l])
        df.append(2 * (l @ C(0, 0) @ l) ** 2 / (g @ A @ g))
    return np.array(df)


def satterthwaite_df(X, y, group):
    return contrast_df(X, y, group, np.eye(X.shape[1]))


def anova_reml(data):
    X = design_matrix(data["color"], True).astype(float)
    y, group = data["weight"].to_numpy(), data["bucket"].to_numpy()
    fit = fit_reml(X, y, group)
    C = np.linalg.inv(X.T @ np.linalg.solve(covariance_matrix_fast(group, fit["Vb"], fit["Ve"]), X))
    q = X.shape[1] - 1
    b = fit["coef"].ravel()[1:]
    F = b @ np.linalg.solve(C[1:, 1:], b) / q
    L = np.eye(q + 1)[1:]
    nu = contrast_df(X, y, group, L)  # another basis than lmerTest's: the contrasts as they are
    E = np.sum(nu / (nu - 2)) if np.all(nu > 2) else np.inf
    df = nu[0] if q == 1 or np.ptp(nu) < 1e-4 * nu[0] else 2 * E / (E - q) if np.isfinite(E) else 2.0
    return {"F": F, "df_num": q, "df_den": df, "p_value": stats.f.sf(F, q, df)}
