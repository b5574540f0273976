"""Misconceptions: one definition each, used twice, as a diagnosis and as a mutant that the suite must kill.

Each is a wrong implementation of one function of the contract, written as students write it, and a hint
that explains the idea without giving the code. A submission is diagnosed by running it and every wrong
implementation of the same function on a few fixed inputs: the one that explains its wrong numbers has it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from reference import exact, golden
from tests.strategies import indicators

Result = dict[str, Any]


@dataclass(frozen=True)
class Misconception:
    """A wrong idea with a name. Several wrongs are variants of the same idea."""

    slug: str
    function: str
    hint: str
    wrongs: tuple[Callable[..., Any], ...]


ALL: list[Misconception] = []


def misconception(slug: str, function: str, hint: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong implementation; used again with the same slug it adds a variant."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        known = [i for i, m in enumerate(ALL) if (m.slug, m.function) == (slug, function)]
        if known:
            old = ALL[known[0]]
            ALL[known[0]] = Misconception(slug, function, old.hint, (*old.wrongs, wrong))
        else:
            ALL.append(Misconception(slug, function, hint, (wrong,)))
        return wrong

    return register


def of(function: str) -> list[Misconception]:
    """All misconceptions about one function."""
    return [m for m in ALL if m.function == function]


# --- what the wrong implementations have right ----------------------------------------------------------


def _inverse_gram(X, V=None):
    return np.linalg.inv(X.T @ (X if V is None else np.linalg.solve(V, X)))


def _ols(X, y):
    coef = np.linalg.lstsq(X, y)[0]
    residual = y - X @ coef
    return coef, _inverse_gram(X), residual @ residual


def _gls(X, y, V):
    C = _inverse_gram(X, V)
    return C @ X.T @ np.linalg.solve(V, y), C


def _by_bucket(data):
    return data.groupby("bucket", sort=True, observed=True)["weight"]


def _V(group, Vb, Ve):
    return Vb * (group[:, None] == group) + Ve * np.eye(len(group))


def _reml(X, y, group):
    fit = exact.reml(X, y, group)
    numbers = {name: float(getattr(fit, name)) for name in ("Vb", "Ve", "criterion")}
    return numbers | {name: np.array(getattr(fit, name), float) for name in ("coef", "se", "df")}


def _fit_at(X, y, group, Vb, Ve, **replaced):
    """A result of fit_reml at variances that were found in a wrong way."""
    V = _V(group, max(Vb, 0.0), Ve)
    coef, C = _gls(X, y, V)
    r = y - X @ coef
    criterion = (len(y) - X.shape[1]) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] - np.linalg.slogdet(C)[1]
    criterion += r @ np.linalg.solve(V, r)
    return {"Vb": Vb, "Ve": Ve, "coef": coef, "se": np.sqrt(np.diag(C)), "criterion": criterion} | replaced


def _mean_squares(X, y, group):
    """MSB, MSE and the frogs per bucket as they enter the ANOVA estimator, for X constant within buckets."""
    Z = indicators(group)
    df_between = Z.shape[1] - X.shape[1]
    fitted_b, fitted_x = Z @ np.linalg.lstsq(Z, y)[0], X @ np.linalg.lstsq(X, y)[0]
    MSB = np.sum((fitted_b - fitted_x) ** 2) / max(df_between, 1)
    MSE = np.sum((y - fitted_b) ** 2) / (len(y) - Z.shape[1])
    Q = np.eye(len(y)) - X @ np.linalg.pinv(X)
    return MSB, MSE, np.trace(Z.T @ Q @ Z) / max(df_between, 1)


def _anova(data):
    X = indicators(data["color"].to_numpy())
    y = data["weight"].to_numpy()
    _, _, rss = _ols(X, y)
    total = np.sum((y - y.mean()) ** 2)
    return total, rss, X.shape[1] - 1, len(y) - X.shape[1]


def _anova_reml(data):
    """F, q, df of each contrast pooled crudely, N - C: enough to recognise what is done wrong with them."""
    X = indicators(data["color"].to_numpy())
    X = np.column_stack([np.ones(len(X)), X[:, 1:]])
    y, group = data["weight"].to_numpy(), data["bucket"].to_numpy()
    fit = _reml(X, y, group)
    C = _inverse_gram(X, _V(group, fit["Vb"], fit["Ve"]))
    q = X.shape[1] - 1
    F = fit["coef"][1:] @ np.linalg.solve(C[1:, 1:], fit["coef"][1:]) / q
    low, high = exact.ddf_range(X, y, group, np.eye(q + 1)[1:])
    return F, q, (low + high) / 2, len(y) - X.shape[1]


# --- 4.1 ------------------------------------------------------------------------------------------------


def _frogs(n_buckets, n_within, colors, bucket_mu, weight, color=None):
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


@misconception(
    "one-effect-per-frog",
    "simulate_frogs",
    "Every frog got a bucket effect of its own. The bucket effect is what the frogs of a bucket have in common: "
    "it is drawn once for a bucket and shared by all its frogs.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = rng.normal(mu, sigma_bucket, n_buckets * n_within)
    return _frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "variance-passed-as-sd",
    "simulate_frogs",
    "The spread is far too large: a variance was handed to a generator that asks for a standard deviation.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket**2, n_buckets), n_within)
    return _frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within**2))


@misconception(
    "shared-bucket-effect",
    "simulate_frogs",
    "All buckets have the same mean. One number was drawn for the whole experiment; every bucket needs its own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.full(n_buckets * n_within, rng.normal(mu, sigma_bucket))
    return _frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "color-crosses-buckets",
    "simulate_frogs",
    "Frogs of one bucket have different colours. It is the bucket that is painted: colour must be dealt to buckets, "
    "not to frogs.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    crossed = np.resize(np.asarray(colors, dtype=object), n_buckets * n_within)
    return _frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), crossed)


@misconception(
    "seed-ignored",
    "simulate_frogs",
    "The same seed gives other frogs each time. The generator has to start from the seed that is passed.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng()
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return _frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "frogs-counted-as-buckets",
    "buckets_per_color",
    "These are numbers of frogs. Rows are frogs; a colour was applied to buckets, so count each bucket once.",
)
def _(data):
    return data["color"].value_counts().to_dict()


@misconception(
    "frogs-as-replicates",
    "denominator_df",
    "This counts frogs minus colours. The colour was applied to buckets: frogs of one bucket repeat the same "
    "experiment and are no independent replicates of a colour.",
)
def _(data):
    return len(data) - data["color"].nunique()


@misconception(
    "buckets-minus-one",
    "denominator_df",
    "This is buckets minus one. One degree of freedom is spent for the mean of every colour, not one in all.",
)
def _(data):
    return data["bucket"].nunique() - 1


# --- 4.2 ------------------------------------------------------------------------------------------------


def _variances(Vb, Ve, Vbe=None, rho=None):
    Vbe = Vb + Ve if Vbe is None else Vbe
    return {"Vb": Vb, "Ve": Ve, "Vbe": Vbe, "rho": Vb / Vbe if rho is None else rho}


@misconception("sd-not-squared", "model_variances", "Standard deviations were used as variances: square them first.")
def _(sigma_bucket, sigma_within):
    return _variances(sigma_bucket, sigma_within)


@misconception(
    "rho-without-residual",
    "model_variances",
    "The correlation is the share of the *whole* variance that lies between buckets: what is divided by must "
    "contain the residual variance as well.",
)
def _(sigma_bucket, sigma_within):
    return _variances(sigma_bucket**2, sigma_within**2, rho=sigma_bucket**2 / sigma_within**2)


@misconception("rho-without-residual", "model_variances", "")
def _(sigma_bucket, sigma_within):
    return _variances(sigma_bucket**2, sigma_within**2, rho=1.0)


@misconception(
    "total-as-between",
    "empirical_variances",
    "The variance of all weights was taken for the variance between buckets. It holds both: what varies within "
    "buckets has to be taken off.",
)
def _(data):
    Ve, Vbe = _by_bucket(data).var().mean(), data["weight"].var()
    return _variances(Vbe, Ve, Vbe)


@misconception("total-as-between", "empirical_variances", "")
def _(data):
    Ve, Vbe = _by_bucket(data).var().mean(), data["weight"].var()
    return _variances(Vbe, Ve)


@misconception(
    "divide-by-n",
    "empirical_variances",
    "A variance was divided by n. A mean was estimated from the same numbers, so n - 1 of them are free.",
)
def _(data):
    Ve, Vbe = _by_bucket(data).var(ddof=0).mean(), data["weight"].var(ddof=0)
    return _variances(Vbe - Ve, Ve, Vbe)


@misconception("divide-by-n", "empirical_variances", "")
def _(data):
    Ve, Vbe = _by_bucket(data).var(ddof=0).mean(), data["weight"].var()
    return _variances(Vbe - Ve, Ve, Vbe)


@misconception("divide-by-n", "empirical_variances", "")
def _(data):
    Ve, Vbe = _by_bucket(data).var().mean(), data["weight"].var(ddof=0)
    return _variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "variance-of-bucket-means",
    "empirical_variances",
    "The variance of the bucket means was taken for Vb. The means vary more than the buckets: each still carries "
    "Ve / n of its frogs.",
)
def _(data):
    return _variances(_by_bucket(data).mean().var(), _by_bucket(data).var().mean(), data["weight"].var())


@misconception("variance-of-bucket-means", "empirical_variances", "")
def _(data):
    return _variances(_by_bucket(data).mean().var(), _by_bucket(data).var().mean())


@misconception(
    "sd-for-variance",
    "empirical_variances",
    "These are standard deviations. Standard deviations cannot be added or subtracted; variances can.",
)
def _(data):
    Ve, Vbe = _by_bucket(data).std().mean(), data["weight"].std()
    return _variances(Vbe - Ve, Ve, Vbe)


@misconception("sd-for-variance", "empirical_variances", "")
def _(data):
    Ve, Vbe = _by_bucket(data).var().mean(), data["weight"].var()
    Vb = Vbe - Ve
    return _variances(np.sqrt(abs(Vb)), np.sqrt(Ve), np.sqrt(Vbe), Vb / Vbe)


@misconception(
    "dummy-trap",
    "design_matrix",
    "With the constant and a column for every colour the columns add up: the constant is the sum of the others, "
    "and the coefficients are not determined. One colour has to go.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


@misconception(
    "labels-as-numbers",
    "design_matrix",
    "The labels were used as one numeric column. A label is a name, not a quantity: every level needs its own column.",
)
def _(labels, intercept):
    codes = np.unique(labels, return_inverse=True)[1].astype(float)
    return np.column_stack([np.ones(len(codes)), codes]) if intercept else codes[:, None]


@misconception("labels-as-numbers", "design_matrix", "")
def _(labels, intercept):
    codes = np.unique(labels, return_inverse=True)[1] + 1.0
    return np.column_stack([np.ones(len(codes)), codes]) if intercept else codes[:, None]


@misconception("labels-as-numbers", "design_matrix", "")
def _(labels, intercept):
    is_number = np.asarray(labels).dtype.kind in "iuf"
    numbers = np.asarray(labels, float) if is_number else np.unique(labels, return_inverse=True)[1].astype(float)
    return np.column_stack([np.ones(len(numbers)), numbers]) if intercept else numbers[:, None]


@misconception(
    "other-reference-level",
    "design_matrix",
    "Another colour than the first serves as the reference. In sorted order the first level is the one that the "
    "constant stands for.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, :-1]]) if intercept else X


@misconception("other-reference-level", "design_matrix", "")
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([X[:, :-1], np.ones(len(X))]) if intercept else X


@misconception("other-reference-level", "design_matrix", "")
def _(labels, intercept):
    levels = list(dict.fromkeys(np.asarray(labels).tolist()))
    X = np.array([[float(label == level) for level in levels] for label in np.asarray(labels).tolist()])
    return np.column_stack([np.ones(len(X)), X[:, 1:]]) if intercept else X


@misconception(
    "diagonal-only",
    "covariance_matrix",
    "V is diagonal: frogs of a bucket are treated as independent. They share the bucket's effect, and so covary.",
)
def _(group, Vb, Ve):
    return (Vb + Ve) * np.eye(len(group))


@misconception("diagonal-only", "covariance_matrix", "")
def _(group, Vb, Ve):
    return Ve * np.eye(len(group))


@misconception(
    "covariance-everywhere",
    "covariance_matrix",
    "All frogs covary. Only frogs of the same bucket share an effect; between buckets the covariance is zero.",
)
def _(group, Vb, Ve):
    return Vb + Ve * np.eye(len(group))


@misconception(
    "diagonal-without-residual",
    "covariance_matrix",
    "The diagonal lacks the residual variance: a frog varies with its bucket and on its own.",
)
def _(group, Vb, Ve):
    return Vb * (group[:, None] == group).astype(float)


@misconception(
    "diagonal-without-bucket",
    "covariance_matrix",
    "The diagonal lacks the variance between buckets: a frog varies on its own and with its bucket.",
)
def _(group, Vb, Ve):
    same = (group[:, None] == group).astype(float)
    return Vb * (same - np.eye(len(group))) + Ve * np.eye(len(group))


@misconception(
    "rows-assumed-sorted",
    "covariance_matrix",
    "The blocks stand where buckets would be if the rows were sorted. V[i, j] depends on whether rows i and j have "
    "the same bucket, wherever they stand.",
)
def _(group, Vb, Ve):
    ordered = np.sort(group)
    return _V(ordered, Vb, Ve)


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    sizes = [int(np.sum(group == bucket)) for bucket in dict.fromkeys(group.tolist())]
    return _V(np.repeat(np.arange(len(sizes)), sizes), Vb, Ve)


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    n_buckets = len(np.unique(group))
    return _V(np.arange(len(group)) // -(-len(group) // n_buckets), Vb, Ve)


@misconception(
    "forgot-square-root", "gls", "These are variances of the estimates. A standard error is the square root of one."
)
def _(X, y, V):
    coef, C = _gls(X, y, V)
    return {"coef": coef, "se": np.diag(C)}


@misconception(
    "v-not-inverted",
    "gls",
    "V was used where its inverse belongs: observations that vary much must count little, not much.",
)
def _(X, y, V):
    C = np.linalg.inv(X.T @ V @ X)
    return {"coef": C @ X.T @ V @ y, "se": np.sqrt(np.diag(C))}


@misconception(
    "ols-in-disguise",
    "gls",
    "V has no influence on the result: these are the estimates of ordinary least squares.",
)
def _(X, y, V):
    coef, inverse, rss = _ols(X, y)
    return {"coef": coef, "se": np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))}


@misconception("ols-in-disguise", "gls", "")
def _(X, y, V):
    coef, inverse, _ = _ols(X, y)
    return {"coef": coef, "se": np.sqrt(np.diag(inverse @ X.T @ V @ X @ inverse))}


@misconception("ols-in-disguise", "gls", "")
def _(X, y, V):
    coef, C = _ols(X, y)[0], _gls(X, y, V)[1]
    return {"coef": coef, "se": np.sqrt(np.diag(C))}


@misconception(
    "ols-standard-errors",
    "gls",
    "The estimates are right, but their standard errors are those of ordinary least squares, which counts every "
    "frog of a bucket as independent. They come from V.",
)
def _(X, y, V):
    _, inverse, rss = _ols(X, y)
    return {"coef": _gls(X, y, V)[0], "se": np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))}


def _ols_result(X, y, divisor, *, root=True):
    coef, inverse, rss = _ols(X, y)
    variances = rss / divisor * np.diag(inverse)
    sigma2 = rss / divisor
    return {
        "coef": coef,
        "se": np.sqrt(variances) if root else variances,
        "sigma2": sigma2,
        "df_resid": len(y) - X.shape[1],
    }


@misconception(
    "divide-by-n",
    "ols",
    "The residual variance was divided by n. The residuals have lost one degree of freedom to every column of X.",
)
def _(X, y):
    return _ols_result(X, y, len(y))


@misconception(
    "divide-by-n-minus-1",
    "ols",
    "The residual variance was divided by n - 1. That is for one estimated mean; here every column of X costs one.",
)
def _(X, y):
    return _ols_result(X, y, len(y) - 1)


@misconception(
    "variance-not-square-rooted",
    "ols",
    "These are variances of the estimates. A standard error is the square root of one.",
)
def _(X, y):
    return _ols_result(X, y, len(y) - X.shape[1], root=False)


# --- 4.3 ------------------------------------------------------------------------------------------------


def _pair(data, first_id, second_id):
    wide = data[data["id"].isin([first_id, second_id])].pivot(index="bucket", columns="id", values="weight").dropna()
    return wide[first_id].to_numpy(), wide[second_id].to_numpy()


@misconception(
    "covariance-for-correlation",
    "frog_correlation",
    "This is a covariance, in squared grams. A correlation is free of units: divide by both standard deviations.",
)
def _(data, first_id, second_id):
    return np.cov(*_pair(data, first_id, second_id))[0, 1]


@misconception("covariance-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return np.cov(*_pair(data, first_id, second_id), ddof=0)[0, 1]


@misconception(
    "pairs-not-matched",
    "frog_correlation",
    "The two lists of weights were paired in the order of the rows. A pair is two frogs of the *same* bucket.",
)
def _(data, first_id, second_id):
    first = data.loc[data["id"] == first_id, "weight"].to_numpy()
    second = data.loc[data["id"] == second_id, "weight"].to_numpy()
    n = min(len(first), len(second))
    return np.corrcoef(first[:n], second[:n])[0, 1]


def _test(F, df_num, df_den, p_value=None):
    p_value = stats.f.sf(F, df_num, df_den) if p_value is None else p_value
    return {"F": F, "df_num": df_num, "df_den": df_den, "p_value": p_value}


@misconception(
    "sum-of-squares-ratio",
    "anova_ols",
    "F is a ratio of sums of squares here. Each has to be divided by its degrees of freedom first.",
)
def _(data):
    total, rss, q, df = _anova(data)
    return _test((total - rss) / rss, q, df)


@misconception(
    "total-mean-square",
    "anova_ols",
    "The mean square of all weights stands below. It contains the colours themselves; what F compares with is the "
    "mean square within colours.",
)
def _(data):
    total, _, q, df = _anova(data)
    rss = _anova(data)[1]
    return _test((total - rss) / q / (total / (q + df)), q, df)


@misconception(
    "lower-tail",
    "anova_ols",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    total, rss, q, df = _anova(data)
    F = (total - rss) / q / (rss / df)
    return _test(F, q, df, stats.f.cdf(F, q, df))


# --- 4.4 ------------------------------------------------------------------------------------------------


@misconception(
    "ml-for-reml",
    "fit_reml",
    "These are the maximum-likelihood variances. They are too small, since they ignore that the colour means were "
    "estimated too; the restricted likelihood accounts for it.",
)
def _(X, y, group):
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    def profiled(gamma):
        V = _V(group, gamma, 1.0)
        r = y - X @ _gls(X, y, V)[0]
        return len(y) * np.log(r @ np.linalg.solve(V, r) / len(y)) + np.linalg.slogdet(V)[1]

    grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 29)])
    best = int(np.argmin([profiled(g) for g in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    gamma = minimize_scalar(profiled, bounds=ends, method="bounded", options={"xatol": 1e-10 * (1 + ends[1])}).x
    gamma = 0.0 if profiled(0.0) <= profiled(gamma) else gamma
    r = y - X @ _gls(X, y, _V(group, gamma, 1.0))[0]
    Ve = r @ np.linalg.solve(_V(group, gamma, 1.0), r) / len(y)
    return _fit_at(X, y, group, gamma * Ve, Ve, criterion=profiled(gamma) + len(y) * (1 + np.log(2 * np.pi)))


@misconception(
    "negative-variance",
    "fit_reml",
    "A variance came out negative. Where buckets differ less than their frogs would make them, the best variance "
    "that is one is 0.",
)
def _(X, y, group):
    MSB, MSE, n = _mean_squares(X, y, group)
    fit = _reml(X, y, group)
    if MSB < MSE:
        return {"Vb": (MSB - MSE) / n, "Ve": MSE, "coef": fit["coef"], "se": fit["se"], "criterion": fit["criterion"]}
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception(
    "moment-estimator",
    "fit_reml",
    "These are the moment estimators of exercise 4.2. They ignore the colours and are biased; REML maximises the "
    "restricted likelihood.",
)
def _(X, y, group):
    table = pd.DataFrame({"bucket": group, "weight": y})
    Ve = _by_bucket(table).var().mean()
    return _fit_at(X, y, group, np.var(y, ddof=1) - Ve, Ve)


@misconception("moment-estimator", "fit_reml", "")
def _(X, y, group):
    MSB, MSE, n = _mean_squares(X, y, group)
    return _fit_at(X, y, group, max(0.0, (MSB - MSE) / n), MSE)


@misconception(
    "sd-for-variance",
    "fit_reml",
    "These are standard deviations; the variances are their squares.",
)
def _(X, y, group):
    fit = _reml(X, y, group)
    return {name: fit[name] for name in ("coef", "se", "criterion")} | {
        "Vb": np.sqrt(fit["Vb"]),
        "Ve": np.sqrt(fit["Ve"]),
    }


@misconception(
    "naive-standard-errors",
    "fit_reml",
    "These standard errors are what you get when all frogs of a bucket count as independent. They have to come "
    "from V at the fitted variances.",
)
def _(X, y, group):
    fit = _reml(X, y, group)
    _, inverse, rss = _ols(X, y)
    se = np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "criterion")} | {"se": se}


@misconception(
    "residual-df",
    "satterthwaite_df",
    "These are frogs minus coefficients. A colour mean varies with its buckets, and there are few of these.",
)
def _(X, y, group):
    return np.full(X.shape[1], float(len(y) - X.shape[1]))


@misconception(
    "buckets-minus-one",
    "satterthwaite_df",
    "This is buckets minus one. Every colour mean costs a degree of freedom, not all of them together one.",
)
def _(X, y, group):
    return np.full(X.shape[1], len(np.unique(group)) - 1.0)


@misconception(
    "normal-theory",
    "satterthwaite_df",
    "The df are infinite, as if the variances were known. They were estimated from few buckets, and the t "
    "distribution has to say so.",
)
def _(X, y, group):
    return np.full(X.shape[1], np.inf)


@misconception("normal-theory", "satterthwaite_df", "")
def _(X, y, group):
    return np.full(X.shape[1], 1e6)


@misconception(
    "pseudo-replication",
    "anova_reml",
    "This is the naive test: it counts every frog as a replicate of its colour. The buckets were painted.",
)
def _(data):
    total, rss, q, df = _anova(data)
    return _test((total - rss) / q / (rss / df), q, df)


@misconception(
    "residual-df",
    "anova_reml",
    "F is right, but it is judged on frogs minus colours. Colours are compared across buckets, and the df "
    "have to count these.",
)
def _(data):
    F, q, _, residual_df = _anova_reml(data)
    return _test(F, q, residual_df)


@misconception(
    "chi-square-p-value",
    "anova_reml",
    "The p-value is that of a chi-square test, as if the variances were known. With few buckets they are not, and F "
    "has to be judged on its denominator df.",
)
def _(data):
    F, q, df, _ = _anova_reml(data)
    return _test(F, q, df, stats.chi2.sf(q * F, q))


@misconception(
    "lower-tail",
    "anova_reml",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    F, q, df, _ = _anova_reml(data)
    return _test(F, q, df, stats.f.cdf(F, q, df))


# --- inputs to tell them apart --------------------------------------------------------------------------


def probes(function: str) -> Iterator[tuple[Any, ...]]:
    """Fixed inputs on which the misconceptions about a function differ from the truth and from one another."""
    unbalanced, shuffled = golden.load("chapter_2_unbalanced"), golden.load("chapter_2_shuffled")
    boundary = golden.load("chapter_2_boundary")
    numbered = np.array([30, 4, 111, 4, 20, 30, 111])
    if function == "simulate_frogs":
        yield 400, 6, ["red", "green"], 200.0, 30.0, 15.0, 7
    elif function == "model_variances":
        yield 25.0, 10.0
        yield 3.0, 7.0
    elif function == "design_matrix":
        yield numbered, True
        yield numbered, False
        yield np.array(["red", "blue", "amber", "blue"]), True
    elif function == "covariance_matrix":
        yield np.array([2, 1, 3, 2, 1, 3, 3, 2]), 3.0, 5.0
        yield unbalanced.group, 900.0, 225.0
    elif function == "gls":
        yield unbalanced.X, unbalanced.y, _V(unbalanced.group, 900.0, 225.0)
    elif function == "ols":
        yield unbalanced.X, unbalanced.y
    elif function == "frog_correlation":
        yield golden.load("chapter_2").data, 1, 2
        yield shuffled.data.assign(id=shuffled.data["id"].str[4:].astype(int)), 2, 4
    elif function in ("fit_reml", "satterthwaite_df"):
        yield unbalanced.X, unbalanced.y, unbalanced.group
        yield shuffled.X, shuffled.y, shuffled.group
        yield boundary.X, boundary.y, boundary.group
    elif function == "empirical_variances":
        yield (golden.load("chapter_2").data,)
        yield (unbalanced.data[1:],)
    elif function in ("anova_ols", "anova_reml"):  # with a colour effect, so that the p-values tell apart
        for data in (golden.load("chapter_2").data, unbalanced.data):
            yield (data.assign(weight=data["weight"] + 70 * (data["color"] == "red")),)
    else:
        yield (golden.load("chapter_2").data,)
        yield (unbalanced.data,)
