"""Exercise 4.4, each function in ways that differ by search, parameters and algebra, tight or at their defaults.

What follows two underscores names the way; what an optimiser's defaults leave ends in `defaults`.
"""

import numpy as np
import pandas as pd
import scipy.linalg
from scipy import stats
from scipy.optimize import brentq, minimize, minimize_scalar
from statsmodels.tools.numdiff import approx_fprime, approx_hess


def _same(group):
    return (np.asarray(group)[:, None] == np.asarray(group)).astype(float)


def _at(X, y, group, Vb, Ve):
    """coef, se and the criterion at given variances."""
    n, p = X.shape
    V = Vb * _same(group) + Ve * np.eye(n)
    W = np.linalg.inv(V)
    A = X.T @ W @ X
    coef = np.linalg.solve(A, X.T @ W @ y)
    r = y - X @ coef
    criterion = (n - p) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + r @ W @ r
    return coef, np.sqrt(np.diag(np.linalg.inv(A))), criterion


def _result(X, y, group, Vb, Ve):
    coef, se, criterion = _at(X, y, group, Vb, Ve)
    return {"Vb": Vb, "Ve": Ve, "coef": coef, "se": se, "criterion": criterion}


def _profiled(X, y, group, gamma):
    """The criterion with Ve profiled out, and that Ve."""
    n, p = X.shape
    H = np.eye(n) + gamma * _same(group)
    A = X.T @ np.linalg.solve(H, X)
    coef = np.linalg.solve(A, X.T @ np.linalg.solve(H, y))
    rss = (y - X @ coef) @ np.linalg.solve(H, y - X @ coef)
    value = (n - p) * (1 + np.log(2 * np.pi * rss / (n - p))) + np.linalg.slogdet(H)[1] + np.linalg.slogdet(A)[1]
    return value, rss / (n - p)


def _with_zero(X, y, group, gamma):
    """The better of an interior minimum and the boundary."""
    if _profiled(X, y, group, 0.0)[0] <= _profiled(X, y, group, gamma)[0] + 1e-9:
        gamma = 0.0
    Ve = _profiled(X, y, group, gamma)[1]
    return _result(X, y, group, gamma * Ve, Ve)


def fit_reml__profiled(X, y, group):
    def f(log):
        return _profiled(X, y, group, np.exp(log))[0]

    grid = np.linspace(-12, 12, 49)
    k = int(np.argmin([f(x) for x in grid]))
    ends = grid[max(k - 1, 0)], grid[min(k + 1, 48)]
    best = minimize_scalar(f, bounds=ends, method="bounded", options={"xatol": 1e-9}).x
    return _with_zero(X, y, group, np.exp(best))


def fit_reml__brent(X, y, group):
    """The best of a few ratios and its neighbours are a bracket, or it lies at an end."""

    def f(log):
        return _profiled(X, y, group, np.exp(log))[0]

    grid = list(range(-12, 13, 2))
    best = min(grid, key=f)
    if abs(best) < 12:
        best = minimize_scalar(f, bracket=(best - 2, best, best + 2), tol=1e-10).x
    return _with_zero(X, y, group, np.exp(best))


def fit_reml__score(X, y, group):
    S, n = _same(group), len(y)

    def score(log):
        H = np.eye(n) + np.exp(log) * S
        W = np.linalg.inv(H)
        P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        return np.trace(P @ S) - (n - X.shape[1]) * (y @ P @ S @ P @ y) / (y @ P @ y)

    return _with_zero(X, y, group, np.exp(brentq(score, -30, 25, xtol=1e-12)) if score(-30) < 0 else 0.0)


def fit_reml__fisher_scoring(X, y, group):
    parts = [_same(group), np.eye(len(y))]
    v = np.full(2, np.var(y) / 2)
    for _ in range(300):
        W = np.linalg.inv(v[0] * parts[0] + v[1] * parts[1])
        P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        score = np.array([y @ P @ a @ P @ y - np.trace(P @ a) for a in parts])
        information = np.array([[np.trace(P @ a @ P @ b) for b in parts] for a in parts])
        step = np.linalg.solve(information, score)
        new = np.maximum(v + step, [0.0, v[1] / 10])
        if np.max(np.abs(new - v)) < 1e-12 * v.sum():
            break
        v = new
    if v[0] < 1e-10 * v[1]:
        return _with_zero(X, y, group, 0.0)
    return _with_zero(X, y, group, v[0] / v[1])


def fit_reml__error_contrasts(X, y, group):
    K = scipy.linalg.null_space(X.T)
    z, S = K.T @ y, K.T @ _same(group) @ K
    values, vectors = np.linalg.eigh(S)
    u2, df = (vectors.T @ z) ** 2, len(z)

    def f(log):
        d = 1 + np.exp(log) * values
        return df * np.log(np.sum(u2 / d) / df) + np.sum(np.log(d))

    grid = np.linspace(-15, 15, 121)
    k = min(range(121), key=lambda k: f(grid[k]))
    best = minimize_scalar(
        f, bounds=(grid[max(0, k - 1)], grid[min(120, k + 1)]), method="bounded", options={"xatol": 1e-10}
    ).x
    return _with_zero(X, y, group, np.exp(best))


def fit_reml__nelder_mead(X, y, group):
    def f(t):
        return _at(X, y, group, np.exp(t[0]), np.exp(t[1]))[2]

    start = np.log([np.var(y) / 2] * 2)
    t = minimize(f, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}).x
    return _with_zero(X, y, group, np.exp(t[0] - t[1]))


def fit_reml__nelder_mead_defaults(X, y, group):
    def f(t):
        return _at(X, y, group, np.exp(t[0]), np.exp(t[1]))[2]

    t = minimize(f, np.log([np.var(y) / 2] * 2), method="Nelder-Mead").x
    return _result(X, y, group, *np.exp(t))


def fit_reml__lbfgsb_defaults(X, y, group):
    def f(t):
        return _at(X, y, group, t[0], t[1])[2]

    s = np.var(y)
    Vb, Ve = minimize(f, [s / 2, s / 2], method="L-BFGS-B", bounds=[(0, None), (1e-9 * s, None)]).x
    return _result(X, y, group, Vb, Ve)


def fit_reml__bfgs_of_the_ratio_defaults(X, y, group):
    gamma = np.exp(minimize(lambda t: _profiled(X, y, group, np.exp(t[0]))[0], [0.0]).x[0])
    Ve = _profiled(X, y, group, gamma)[1]
    return _result(X, y, group, gamma * Ve, Ve)


def fit_reml__scalar_defaults(X, y, group):
    rho = minimize_scalar(lambda r: _profiled(X, y, group, r / (1 - r))[0], bounds=(0, 1 - 1e-6), method="bounded").x
    Ve = _profiled(X, y, group, rho / (1 - rho))[1]
    return _result(X, y, group, rho / (1 - rho) * Ve, Ve)


def _satterthwaite(X, y, group, Vb, Ve, L):
    parts, n = [_same(group), np.eye(len(y))], len(y)
    if Vb == 0:
        return np.full(len(L), float(n - X.shape[1]))
    W = np.linalg.inv(Vb * parts[0] + Ve * parts[1])
    C = np.linalg.inv(X.T @ W @ X)
    P = W - W @ X @ C @ X.T @ W
    H = np.array([[2 * y @ P @ a @ P @ b @ P @ y - np.trace(P @ a @ P @ b) for b in parts] for a in parts])
    A = 2 * np.linalg.inv(H)
    df = []
    for row in L:
        g = np.array([row @ C @ X.T @ W @ a @ W @ X @ C @ row for a in parts])
        df.append(2 * (row @ C @ row) ** 2 / (g @ A @ g))
    return np.array(df)


def satterthwaite_df__algebra(X, y, group):
    fit = fit_reml__profiled(X, y, group)
    return _satterthwaite(X, y, group, fit["Vb"], fit["Ve"], np.eye(X.shape[1]))


def satterthwaite_df__scoring(X, y, group):
    fit = fit_reml__fisher_scoring(X, y, group)
    return pd.Series(_satterthwaite(X, y, group, fit["Vb"], fit["Ve"], np.eye(X.shape[1])))


def _by_differences(X, y, group, fit, of, back):
    """Second differences of the criterion and first ones of the covariance, in parameters t of which v = of(t)."""
    if fit["Vb"] == 0:
        return np.full(X.shape[1], float(len(y) - X.shape[1]))
    t, h = back(np.array([fit["Vb"], fit["Ve"]])), 1e-3

    def criterion(t):
        return _at(X, y, group, *of(t))[2]

    def variances(t):
        return _at(X, y, group, *of(t))[1] ** 2

    h = h * np.maximum(np.abs(t), 1e-12)
    E = np.diag(h)
    H = np.array(
        [
            [criterion(t + a + b) - criterion(t + a - b) - criterion(t - a + b) + criterion(t - a - b) for b in E]
            for a in E
        ]
    ) / (4 * np.outer(h, h))
    g = np.array([(variances(t + a) - variances(t - a)) / (2 * k) for a, k in zip(E, h)])
    return 2 * variances(t) ** 2 / np.einsum("ak,ab,bk->k", g, 2 * np.linalg.inv(H), g)


def satterthwaite_df__differences(X, y, group):
    return _by_differences(X, y, group, fit_reml__score(X, y, group), lambda t: t, lambda v: v)


def satterthwaite_df__of_sds(X, y, group):
    return _by_differences(X, y, group, fit_reml__score(X, y, group), np.square, np.sqrt)


def satterthwaite_df__of_logs(X, y, group):
    return list(_by_differences(X, y, group, fit_reml__brent(X, y, group), np.exp, np.log))


def satterthwaite_df__theta_and_sigma(X, y, group):
    """lmerTest's parameters: theta = sqrt(Vb / Ve), sigma = sqrt(Ve)."""
    return _by_differences(
        X,
        y,
        group,
        fit_reml__error_contrasts(X, y, group),
        lambda t: np.array([(t[0] * t[1]) ** 2, t[1] ** 2]),
        lambda v: np.array([np.sqrt(v[0] / v[1]), np.sqrt(v[1])]),
    )


def satterthwaite_df__numdiff(X, y, group):
    fit = fit_reml__nelder_mead(X, y, group)
    if fit["Vb"] == 0:
        return np.full(X.shape[1], float(len(y) - X.shape[1]))
    v = np.array([fit["Vb"], fit["Ve"]])
    scale = v.sum()
    hessian = approx_hess(v / scale, lambda t: _at(X, y, group, *(scale * t))[2])
    jacobian = approx_fprime(v / scale, lambda t: _at(X, y, group, *(scale * t))[1] ** 2, centered=True)
    asymptotic = 2 * np.linalg.inv(hessian)
    return [2 * s**4 / (g @ asymptotic @ g) for s, g in zip(fit["se"], np.reshape(jacobian, (-1, 2)))]


def satterthwaite_df__gradient(X, y, group):
    """The second derivatives as differences of the first."""
    fit = fit_reml__profiled(X, y, group)
    n, p = X.shape
    if fit["Vb"] == 0:
        return np.full(p, float(n - p))
    v, parts = np.array([fit["Vb"], fit["Ve"]]), [_same(group), np.eye(n)]

    def gradient(v):
        W = np.linalg.inv(v[0] * parts[0] + v[1] * parts[1])
        P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        return np.array([np.trace(P @ a) - y @ P @ a @ P @ y for a in parts])

    steps = 1e-4 * v
    hessian = np.column_stack([(gradient(v + e) - gradient(v - e)) / (2 * e.sum()) for e in np.diag(steps)])
    cov = np.linalg.inv((hessian + hessian.T) / 4)
    W = np.linalg.inv(v[0] * parts[0] + v[1] * parts[1])
    C = np.linalg.inv(X.T @ W @ X)
    J = np.array([np.diag(C @ X.T @ W @ a @ W @ X @ C) for a in parts])
    return 2 * np.diag(C) ** 2 / np.sum(J * (cov @ J), axis=0)


def satterthwaite_df__nelder_mead(X, y, group):
    fit = fit_reml__nelder_mead(X, y, group)
    return _satterthwaite(X, y, group, fit["Vb"], fit["Ve"], np.eye(X.shape[1]))


def satterthwaite_df__column(X, y, group):
    fit = fit_reml__score(X, y, group)
    return _satterthwaite(X, y, group, fit["Vb"], fit["Ve"], np.eye(X.shape[1]))[:, None]


def _treatment(data):
    levels = np.unique(data["color"])
    X = (data["color"].to_numpy()[:, None] == levels).astype(float)
    X[:, 0] = 1
    return X, data["weight"].to_numpy(float), data["bucket"].to_numpy()


def _pooled(df):
    """lmerTest's: df of a sum of squared t."""
    df = np.asarray(df)
    if len(df) == 1 or np.ptp(df) < 1e-8 * df.max():
        return float(df[0])
    if df.min() <= 2:
        return 2.0
    E = np.sum(df / (df - 2))
    return 2 * E / (E - len(df))


def _anova(data, fit, tail):
    X, y, group = _treatment(data)
    q, found = X.shape[1] - 1, fit(X, y, group)
    W = np.linalg.inv(found["Vb"] * _same(group) + found["Ve"] * np.eye(len(y)))
    C = np.linalg.inv(X.T @ W @ X)[1:, 1:]
    values, vectors = np.linalg.eigh(C)
    L = np.column_stack([np.zeros(q), vectors.T])
    F = np.mean((vectors.T @ found["coef"][1:]) ** 2 / values)
    df = _pooled(_satterthwaite(X, y, group, found["Vb"], found["Ve"], L))
    return {"F": F, "df_num": q, "df_den": df, "p_value": tail(F, q, df)}


def anova_reml__one_minus_cdf(data):
    return _anova(data, fit_reml__profiled, lambda F, q, df: 1 - stats.f.cdf(F, q, df))


def anova_reml__sf(data):
    return _anova(data, fit_reml__score, stats.f.sf)


def anova_reml__scoring(data):
    return pd.Series(_anova(data, fit_reml__fisher_scoring, lambda F, q, df: stats.f(q, df).sf(F)))


def anova_reml__contrasts(data):
    return _anova(data, fit_reml__error_contrasts, stats.f.sf)


def anova_reml__nelder_mead(data):
    return _anova(data, fit_reml__nelder_mead, stats.f.sf)


def _by_cholesky(data, contrasts, fit, tail):
    """F of contrasts of colour means, and the df of the uncorrelated ones that a Cholesky factor makes of them."""
    levels = sorted(set(data["color"]))
    X = np.array([[float(c == level) for level in levels] for c in data["color"]])
    y, group = data["weight"].to_numpy(float), data["bucket"].to_numpy()
    found = fit(X, y, group)
    W = np.linalg.inv(found["Vb"] * _same(group) + found["Ve"] * np.eye(len(y)))
    C = np.linalg.inv(X.T @ W @ X)
    L = contrasts(len(levels))
    L = np.linalg.solve(np.linalg.cholesky(L @ C @ L.T), L)
    q, F = len(L), float(np.mean((L @ found["coef"]) ** 2))
    df = _pooled(_satterthwaite(X, y, group, found["Vb"], found["Ve"], L))
    return {"F": F, "df_num": q, "df_den": df, "p_value": tail(F, q, df)}


def anova_reml__successive_differences(data):
    return _by_cholesky(data, lambda k: np.diff(np.eye(k), axis=0), fit_reml__brent, stats.f.sf)


def anova_reml__against_the_first(data):
    def tail(F, q, df):
        return scipy.special.betainc(df / 2, q / 2, df / (df + q * F))

    return _by_cholesky(data, lambda k: np.column_stack([-np.ones(k - 1), np.eye(k - 1)]), fit_reml__score, tail)


def anova_reml__helmert(data):
    def contrasts(k):
        return scipy.linalg.helmert(k)

    return _by_cholesky(data, contrasts, fit_reml__profiled, lambda F, q, df: scipy.special.fdtrc(q, df, F))


def anova_reml__deviations_from_the_mean(data):
    def contrasts(k):
        return (np.eye(k) - 1 / k)[:-1]

    return _by_cholesky(data, contrasts, fit_reml__error_contrasts, lambda F, q, df: 1 - stats.f(q, df).cdf(F))


def anova_reml__log_tail(data):
    found = _anova(data, fit_reml__brent, lambda F, q, df: np.exp(stats.f.logsf(F, q, df)))
    return pd.DataFrame([found]).iloc[0]
