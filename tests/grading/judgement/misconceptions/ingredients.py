"""What the wrong implementations have right: least squares, V, the exact REML estimate, mean squares."""

import numpy as np
import pandas as pd
from scipy import stats

from lmm_core import anova_reml as right_anova
from reference import exact
from tests.strategies import indicators


def remembered(function):
    """What many wrong implementations ask about the same data is computed once."""
    known = {}

    def key(argument):
        if isinstance(argument, pd.DataFrame):
            return tuple(key(argument[name]) for name in argument.columns)
        return tuple(np.ravel(argument).tolist())

    def answer(*arguments):
        asked = tuple(map(key, arguments))
        if asked not in known:
            known[asked] = function(*arguments)
        return known[asked]

    return answer


def inverse_gram(X, V=None):
    return np.linalg.inv(X.T @ (X if V is None else np.linalg.solve(V, X)))


def least_squares(X, y):
    coef = np.linalg.lstsq(X, y)[0]
    residual = y - X @ coef
    return coef, inverse_gram(X), residual @ residual


def weighted(X, y, V):
    C = inverse_gram(X, V)
    return C @ X.T @ np.linalg.solve(V, y), C


def by_bucket(data):
    return data.groupby("bucket", sort=True, observed=True)["weight"]


def covariance(group, Vb, Ve):
    return Vb * (group[:, None] == group) + Ve * np.eye(len(group))


def reml(X, y, group):
    fit = exact.reml(X, y, group)
    numbers = {name: float(getattr(fit, name)) for name in ("Vb", "Ve", "criterion")}
    return numbers | {name: np.array(getattr(fit, name), float) for name in ("coef", "se", "df")}


def fit_at(X, y, group, Vb, Ve, **replaced):
    """A result of fit_reml at variances that were found in a wrong way."""
    V = covariance(group, max(Vb, 0.0), Ve)
    coef, C = weighted(X, y, V)
    r = y - X @ coef
    criterion = (len(y) - X.shape[1]) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] - np.linalg.slogdet(C)[1]
    criterion += r @ np.linalg.solve(V, r)
    return {"Vb": Vb, "Ve": Ve, "coef": coef, "se": np.sqrt(np.diag(C)), "criterion": criterion} | replaced


@remembered
def maximum_likelihood(X, y, group):
    """Vb, Ve and minus twice the log-likelihood at its maximum."""
    from scipy import optimize  # noqa: PLC0415 - the text of this file goes into a submission

    def profiled(gamma):
        V = covariance(group, gamma, 1.0)
        r = y - X @ weighted(X, y, V)[0]
        return len(y) * np.log(r @ np.linalg.solve(V, r) / len(y)) + np.linalg.slogdet(V)[1]

    grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 29)])
    best = int(np.argmin([profiled(g) for g in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    gamma = optimize.minimize_scalar(
        profiled, bounds=ends, method="bounded", options={"xatol": 1e-10 * (1 + ends[1])}
    ).x
    gamma = 0.0 if profiled(0.0) <= profiled(gamma) else gamma
    r = y - X @ weighted(X, y, covariance(group, gamma, 1.0))[0]
    Ve = r @ np.linalg.solve(covariance(group, gamma, 1.0), r) / len(y)
    return gamma * Ve, Ve, profiled(gamma) + len(y) * (1 + np.log(2 * np.pi))


def satterthwaite(X, y, group, Vb, Ve, *, ml=False, only=(0, 1)):
    """The df of each coefficient: 2 f^2 / (g'A g), A the inverse of half the Hessian of minus twice the likelihood."""
    V, parts = covariance(group, Vb, Ve), [(group[:, None] == group) + 0.0, np.eye(len(y))]
    W = np.linalg.inv(V)
    C = inverse_gram(X, V)
    P = W - W @ X @ C @ X.T @ W
    Py, of = P @ y, W if ml else P
    H = np.array([[2 * Py @ a @ P @ b @ Py - np.trace(of @ a @ of @ b) for b in parts] for a in parts])
    g = np.array([np.diag(C @ X.T @ W @ a @ W @ X @ C) for a in parts])
    A = 2 * np.linalg.inv(H)
    return 2 * np.diag(C) ** 2 / sum(g[j] * A[j, k] * g[k] for j in only for k in only)


def on_df_of(truth, got, data):
    """The test on the right df, where its own lie among those of all contrasts (exact.ddf_range), and p is its tail."""
    X, y, group = treatment(data)
    low, high = exact.ddf_range(X, y, group, np.eye(X.shape[1])[1:])
    F, q, df, p_value = (float(got[name].ravel()[0]) for name in ("F", "df_num", "df_den", "p_value"))
    if not 0.98 * low <= df <= 1.02 * high or not np.isclose(p_value, stats.f.sf(F, q, df), rtol=1e-6, atol=1e-9):
        return got
    right_df = float(truth["df_den"])
    return got | {"df_den": truth["df_den"], "p_value": np.asarray(stats.f.sf(F, q, right_df))}


def blups(X, y, group):
    """The predicted effects of the buckets, at the REML fit."""
    fit, Z = reml(X, y, group), indicators(group)
    return fit["Vb"] * Z.T @ np.linalg.solve(covariance(group, fit["Vb"], fit["Ve"]), y - X @ fit["coef"])


def with_constant(X):
    """A constant, and the columns of X that are not made of those before."""
    columns = [np.ones(len(X))]
    for column in X.T:
        more = [*columns, column]
        columns = more if np.linalg.matrix_rank(np.column_stack(more)) == len(more) else columns
    return np.column_stack(columns)


def statsmodels_se(X, y, group):
    """Standard errors as MixedLM has them: of the joint Hessian of coef and Vb / Ve, whose mixed part is not 0."""
    fit, D = reml(X, y, group), (group[:, None] == group) + 0.0
    W = np.linalg.inv(covariance(group, fit["Vb"] / fit["Ve"], 1.0))
    r, DW, A = y - X @ fit["coef"], D @ W, inverse_gram(X, np.linalg.inv(W))
    by_X, one, S = A @ X.T @ W @ DW @ X, r @ W @ DW @ r, r @ W @ r
    mixed = X.T @ W @ DW @ r / fit["Ve"]
    of_gamma = 2 * r @ W @ DW @ DW @ r / fit["Ve"] - (len(y) - X.shape[1]) * (one / S) ** 2 - np.trace(DW @ DW)
    of_gamma += 2 * np.trace(A @ X.T @ W @ DW @ DW @ X) - np.trace(by_X @ by_X)
    of_coef = X.T @ W @ X / fit["Ve"]
    return np.sqrt(np.diag(np.linalg.inv(of_coef - np.outer(mixed, mixed) / (of_gamma / 2))))


def wald_test(data, Vb, Ve, *, ml=False):
    """F of colour at these variances, on Satterthwaite's df pooled over the eigenvectors of its contrasts."""
    X, y, group = treatment(data)
    coef, C = weighted(X, y, covariance(group, Vb, Ve))
    q, (values, vectors) = X.shape[1] - 1, np.linalg.eigh(C[1:, 1:])
    F = np.mean((vectors.T @ coef[1:]) ** 2 / values)
    turned = np.column_stack([X[:, :1], X[:, 1:] @ vectors])
    nu = satterthwaite(turned, y, group, Vb, Ve, ml=ml)[1:]
    E = np.sum(nu / (nu - 2))
    return f_test(F, q, nu.mean() if q == 1 or np.ptp(nu) < 1e-6 * nu[0] else 2 * E / (E - q))


def mean_squares(X, y, group):
    """MSB, MSE and the frogs per bucket as they enter the ANOVA estimator, for X constant within buckets."""
    Z = indicators(group)
    df_between = Z.shape[1] - X.shape[1]
    fitted_b, fitted_x = Z @ np.linalg.lstsq(Z, y)[0], X @ np.linalg.lstsq(X, y)[0]
    MSB = np.sum((fitted_b - fitted_x) ** 2) / max(df_between, 1)
    MSE = np.sum((y - fitted_b) ** 2) / (len(y) - Z.shape[1])
    Q = np.eye(len(y)) - X @ np.linalg.pinv(X)
    return MSB, MSE, np.trace(Z.T @ Q @ Z) / max(df_between, 1)


def naive_anova(data):
    X = indicators(data["color"].to_numpy())
    y = data["weight"].to_numpy()
    _, _, rss = least_squares(X, y)
    total = np.sum((y - y.mean()) ** 2)
    return total, rss, X.shape[1] - 1, len(y) - X.shape[1]


def naive_test(data):
    """The right F of the naive test, C - 1 and N - C."""
    total, rss, q, df = naive_anova(data)
    return (total - rss) / q / (rss / df), q, df


@remembered
def mixed_anova(data):
    """The right F, C - 1 and pooled df, and N - C."""
    fit = right_anova(data)
    return fit.F, fit.df_num, fit.df_den, len(data) - fit.df_num - 1


def likelihood_ratio(data):
    """The chi-square of both fits by maximum likelihood, C - 1 and pooled df, and N - C."""
    X, y, group = treatment(data)
    _, q, df, rest = mixed_anova(data)
    return maximum_likelihood(X[:, :1], y, group)[2] - maximum_likelihood(X, y, group)[2], q, df, rest


def treatment(data):
    """X with a constant, y and the buckets."""
    X = indicators(data["color"].to_numpy())
    X[:, 0] = 1.0
    return X, data["weight"].to_numpy(float), data["bucket"].to_numpy()


def kenward_roger(X, y, group):
    """coef, Phi, the adjusted Phi, its derivatives, and W: Kenward and Roger (1997), Biometrics 53, 983-997."""
    fit = reml(X, y, group)
    V, parts = covariance(group, fit["Vb"], fit["Ve"]), [(group[:, None] == group) + 0.0, np.eye(len(y))]
    inverse = np.linalg.inv(V)
    coef, C = weighted(X, y, V)
    P = inverse - inverse @ X @ C @ X.T @ inverse
    W = 2 * np.linalg.inv([[np.trace(P @ a @ P @ b) for b in parts] for a in parts])
    moves = [C @ X.T @ inverse @ a @ inverse @ X @ C for a in parts]
    left = [C @ X.T @ inverse @ a for a in parts]
    more = sum(2 * W[j, k] * left[j] @ P @ left[k].T for j in range(2) for k in range(2))
    return coef, C, C + more, moves, W


def kenward_roger_df(X, y, group):
    _, C, _, moves, W = kenward_roger(X, y, group)
    g = np.array([np.diag(move) for move in moves])
    return 2 * np.diag(C) ** 2 / np.einsum("ak,ab,bk->k", g, W, g)


def kenward_roger_f(data):
    """F scaled, and its df: equations 3 to 9 of the paper."""
    coef, C, adjusted, moves, W = kenward_roger(*treatment(data))
    q = len(coef) - 1
    theta = np.linalg.inv(C[1:, 1:])
    by = [theta @ move[1:, 1:] for move in moves]
    A1 = sum(W[j, k] * np.trace(by[j]) * np.trace(by[k]) for j in range(2) for k in range(2))
    A2 = sum(W[j, k] * np.trace(by[j] @ by[k]) for j in range(2) for k in range(2))
    B = (A1 + 6 * A2) / (2 * q)
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    c = np.array([g, q - g, q + 2 - g]) / (3 * q + 2 * (1 - g))
    E = 1 / (1 - A2 / q)
    rho = (1 + c[0] * B) / ((1 - c[1] * B) ** 2 * (1 - c[2] * B)) / (q * E**2)
    df = 4 + (q + 2) / (q * rho - 1)
    F = coef[1:] @ np.linalg.solve(adjusted[1:, 1:], coef[1:]) / q
    return df / (E * (df - 2)) * F, q, df


def table_of_frogs(n_buckets, n_within, colors, bucket_mu, weight, color=None):
    bucket = np.repeat(np.arange(1, n_buckets + 1), n_within)
    dealt = np.repeat(np.asarray(colors, dtype=object), n_buckets // len(colors))[bucket - 1]
    return pd.DataFrame(
        {
            "id": np.tile(np.arange(1, n_within + 1), n_buckets),
            "bucket": bucket,
            "color": dealt if color is None else color,
            "bucket_mu": bucket_mu,
            "weight": weight,
        }
    )


def variances(Vb, Ve, Vbe=None, rho=None):
    Vbe = Vb + Ve if Vbe is None else Vbe
    return {"Vb": Vb, "Ve": Ve, "Vbe": Vbe, "rho": Vb / Vbe if rho is None else rho}


def ols_result(X, y, divisor, *, root=True):
    coef, inverse, rss = least_squares(X, y)
    variances = rss / divisor * np.diag(inverse)
    sigma2 = rss / divisor
    return {
        "coef": coef,
        "se": np.sqrt(variances) if root else variances,
        "sigma2": sigma2,
        "df_resid": len(y) - X.shape[1],
    }


def pair(data, first_id, second_id):
    wide = data[data["id"].isin([first_id, second_id])].pivot(index="bucket", columns="id", values="weight").dropna()
    return wide[first_id].to_numpy(), wide[second_id].to_numpy()


def side_by_side(data, first_id, second_id):
    """As the rows stand, whatever their buckets."""
    return [data.loc[data["id"] == one, "weight"].to_numpy(float) for one in (first_id, second_id)]


def f_test(F, df_num, df_den, p_value=None):
    p_value = stats.f.sf(F, df_num, df_den) if p_value is None else p_value
    return {"F": F, "df_num": df_num, "df_den": df_den, "p_value": p_value}


def welch(data):
    """F of unequal variances, and its df: Welch (1951), Biometrika 38, 330-336."""
    weights = data.groupby("color", observed=True)["weight"]
    n, mean, w = weights.size(), weights.mean(), weights.size() / weights.var()
    k = len(n)
    lost = np.sum((1 - w / w.sum()) ** 2 / (n - 1)) / (k**2 - 1)
    F = np.sum(w * (mean - np.sum(w * mean) / w.sum()) ** 2) / (k - 1) / (1 + 2 * (k - 2) * lost)
    return f_test(F, k - 1, 1 / (3 * lost))


def slope_test(data, code):
    """F of colour as a number."""
    X, y = np.column_stack([np.ones(len(code)), code]), data["weight"].to_numpy(float)
    coef, inverse, rss = least_squares(X, y)
    df = len(y) - 2
    return f_test(coef[1] ** 2 / (rss / df * inverse[1, 1]), 1, df)


def anova_of_buckets(data, *, with_colors):
    """MSB with or without colours, MSE, and the frogs per bucket as they enter the ANOVA estimator."""
    y, bucket = data["weight"].to_numpy(float), data["bucket"].to_numpy()
    X = indicators(data["color"].to_numpy()) if with_colors else np.ones((len(y), 1))
    return mean_squares(X, y, bucket)
