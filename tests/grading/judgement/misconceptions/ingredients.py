"""What the wrong implementations have right: least squares, V, the exact REML estimate, mean squares."""

import numpy as np
import pandas as pd
from scipy import stats

from reference import exact
from tests.strategies import indicators


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


def mixed_anova(data):
    """F, q, df of each contrast pooled crudely, N - C: enough to recognise what is done wrong with them."""
    X = indicators(data["color"].to_numpy())
    X = np.column_stack([np.ones(len(X)), X[:, 1:]])
    y, group = data["weight"].to_numpy(), data["bucket"].to_numpy()
    fit = reml(X, y, group)
    C = inverse_gram(X, covariance(group, fit["Vb"], fit["Ve"]))
    q = X.shape[1] - 1
    F = fit["coef"][1:] @ np.linalg.solve(C[1:, 1:], fit["coef"][1:]) / q
    low, high = exact.ddf_range(X, y, group, np.eye(q + 1)[1:])
    return F, q, (low + high) / 2, len(y) - X.shape[1]


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


def f_test(F, df_num, df_den, p_value=None):
    p_value = stats.f.sf(F, df_num, df_den) if p_value is None else p_value
    return {"F": F, "df_num": df_num, "df_den": df_den, "p_value": p_value}


def anova_of_buckets(data, *, with_colors):
    """MSB with or without colours, MSE, and the frogs per bucket as they enter the ANOVA estimator."""
    y, bucket = data["weight"].to_numpy(float), data["bucket"].to_numpy()
    X = indicators(data["color"].to_numpy()) if with_colors else np.ones((len(y), 1))
    return mean_squares(X, y, bucket)
