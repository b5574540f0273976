"""Exercise 4.1, each function in ten ways. What follows two underscores names the way."""

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats


def simulate_frogs__lists(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    rows = []
    for b in range(n_buckets):
        bucket_mu = rng.normal(mu, sigma_bucket)
        for i in range(n_within):
            color = colors[b * len(colors) // n_buckets]
            rows.append([i + 1, b + 1, color, bucket_mu, rng.normal(bucket_mu, sigma_within)])
    return pd.DataFrame(rows, columns=["id", "bucket", "color", "bucket_mu", "weight"])


def simulate_frogs__legacy(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    np.random.seed(seed)
    bucket_mu = np.random.normal(loc=mu, scale=sigma_bucket, size=n_buckets)
    weight = np.random.normal(loc=np.repeat(bucket_mu, n_within), scale=sigma_within)
    return pd.DataFrame(
        {
            "id": list(range(1, n_within + 1)) * n_buckets,
            "bucket": np.repeat(range(1, n_buckets + 1), n_within),
            "color": np.repeat(colors, n_buckets // len(colors) * n_within),
            "bucket_mu": np.repeat(bucket_mu, n_within),
            "weight": weight,
        }
    )


def simulate_frogs__random_state(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.RandomState(seed)
    effect = sigma_bucket * rng.randn(n_buckets, 1)
    noise = sigma_within * rng.randn(n_buckets, n_within)
    weight = mu + effect + noise
    b, i = np.indices(weight.shape)
    colors = np.array(colors)[b * len(colors) // n_buckets]
    means = (mu + effect + 0 * noise).ravel()
    return pd.DataFrame(
        dict(id=i.ravel() + 1, bucket=b.ravel() + 1, color=colors.ravel(), bucket_mu=means, weight=weight.ravel())
    )


def simulate_frogs__scipy(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = mu + stats.norm.rvs(size=n_buckets, random_state=rng) * sigma_bucket
    frogs = pd.DataFrame(list(product(range(1, n_buckets + 1), range(1, n_within + 1))), columns=["bucket", "id"])
    frogs["color"] = frogs["bucket"].map({b + 1: c for b, c in enumerate(np.repeat(colors, n_buckets // len(colors)))})
    frogs["bucket_mu"] = frogs["bucket"].map(dict(enumerate(bucket_mu, start=1)))
    frogs["weight"] = frogs["bucket_mu"] + stats.norm.rvs(size=len(frogs), random_state=rng) * sigma_within
    return frogs


def simulate_frogs__merge(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    buckets = pd.DataFrame({"bucket": range(1, n_buckets + 1)})
    buckets["color"] = [colors[int(b / (n_buckets / len(colors)))] for b in range(n_buckets)]
    buckets["bucket_mu"] = rng.normal(mu, sigma_bucket, n_buckets)
    frogs = buckets.merge(pd.DataFrame({"id": range(1, n_within + 1)}), how="cross")
    return frogs.assign(weight=lambda d: rng.normal(d["bucket_mu"], sigma_within))


def simulate_frogs__one_draw(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    z = np.random.default_rng(seed).standard_normal(n_buckets * (1 + n_within))
    bucket_mu = np.repeat(mu + sigma_bucket * z[:n_buckets], n_within)
    return {
        "id": np.tile(np.arange(n_within) + 1, n_buckets),
        "bucket": [str(b + 1) for b in range(n_buckets) for _ in range(n_within)],
        "color": [c for c in colors for _ in range(n_within * n_buckets // len(colors))],
        "bucket_mu": bucket_mu,
        "weight": bucket_mu + sigma_within * z[n_buckets:],
    }


def simulate_frogs__multivariate(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    C = sigma_bucket**2 * np.ones((n_within + 1, n_within + 1)) + sigma_within**2 * np.eye(n_within + 1)
    C[0, 0] = sigma_bucket**2  # the bucket's mean, and its frogs
    drawn = rng.multivariate_normal(np.full(n_within + 1, mu), C, size=n_buckets, method="eigh")
    if sigma_bucket == 0:
        drawn[:, 0] = mu
    if sigma_within == 0:
        drawn[:] = drawn[:, :1]
    frogs = pd.DataFrame(drawn[:, 1:], columns=range(1, n_within + 1)).melt(
        ignore_index=False, var_name="id", value_name="weight"
    )
    frogs["bucket"] = frogs.index + 1
    frogs["bucket_mu"] = drawn[frogs.index, 0]
    frogs["color"] = np.repeat(colors, n_buckets // len(colors))[frogs.index]
    return frogs


def simulate_frogs__model_matrix(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    Z = np.kron(np.eye(n_buckets), np.ones((n_within, 1)))
    b = rng.normal(0, sigma_bucket, size=n_buckets)
    e = rng.normal(0, sigma_within, size=n_buckets * n_within)
    frogs = pd.DataFrame({"bucket": Z @ np.arange(1, n_buckets + 1)})
    frogs["id"] = frogs.groupby("bucket").cumcount() + 1
    frogs["color"] = pd.Categorical.from_codes(((frogs["bucket"] - 1) * len(colors) // n_buckets).astype(int), colors)
    frogs["bucket_mu"] = mu + Z @ b
    frogs["weight"] = frogs["bucket_mu"] + e
    return frogs


def simulate_frogs__random_module(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    import random

    random.seed(seed)
    per_color, out = n_buckets // len(colors), defaultdict(list)
    for k, color in enumerate(colors):
        for j in range(per_color):
            m = random.gauss(mu, sigma_bucket)
            for i in range(1, n_within + 1):
                row = dict(
                    id=i, bucket=k * per_color + j + 1, color=color, bucket_mu=m, weight=random.gauss(m, sigma_within)
                )
                for name, value in row.items():
                    out[name].append(value)
    return pd.DataFrame(out)


def simulate_frogs__concat(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.Generator(np.random.MT19937(seed))
    parts = []
    for b, color in enumerate(sorted(list(colors) * (n_buckets // len(colors)), key=list(colors).index), start=1):
        part = pd.DataFrame({"id": np.arange(1, n_within + 1)})
        part["bucket"], part["color"], part["bucket_mu"] = b, color, mu + sigma_bucket * rng.standard_normal()
        part["weight"] = part["bucket_mu"] + sigma_within * rng.standard_normal(n_within)
        parts.append(part)
    return pd.concat(parts)


def buckets_per_color__nunique(data):
    return data.groupby("color")["bucket"].nunique().to_dict()


def buckets_per_color__series(data):
    return data.drop_duplicates(["bucket", "color"])["color"].value_counts()


def buckets_per_color__crosstab(data):
    return (pd.crosstab(data["color"], data["bucket"]) > 0).sum(axis=1)


def buckets_per_color__counter(data):
    return Counter(color for _, color in set(zip(data["bucket"], data["color"])))


def buckets_per_color__loop(data):
    seen = {}
    for _, row in data.iterrows():
        seen.setdefault(row["color"], set()).add(row["bucket"])
    return {color: len(buckets) for color, buckets in seen.items()}


def buckets_per_color__apply(data):
    return data.groupby("color").apply(lambda d: len(d["bucket"].unique()), include_groups=False)


def buckets_per_color__numpy(data):
    colors, buckets = data["color"].to_numpy(), data["bucket"].to_numpy()
    return {c: np.unique(buckets[colors == c]).size for c in np.unique(colors)}


def buckets_per_color__pivot(data):
    table = data.pivot_table(index="color", values="bucket", aggfunc=lambda b: b.nunique())
    return table["bucket"]


def buckets_per_color__first(data):
    return data.groupby("bucket")["color"].first().value_counts(sort=False).to_dict()


def buckets_per_color__query(data):
    return {color: float(data[data.color == color].bucket.nunique()) for color in data.color.unique()}


def denominator_df__nunique(data):
    return data["bucket"].nunique() - data["color"].nunique()


def denominator_df__sets(data):
    return len(set(data["bucket"])) - len(set(data["color"]))


def denominator_df__rank(data):
    Z = pd.get_dummies(data["bucket"].astype(str), dtype=float).to_numpy()
    X = pd.get_dummies(data["color"].astype(str), dtype=float).to_numpy()
    return np.linalg.matrix_rank(Z) - np.linalg.matrix_rank(X)


def denominator_df__sum(data):
    return sum(data.groupby("color")["bucket"].nunique() - 1)


def denominator_df__rows(data):
    return len(data[["bucket", "color"]].drop_duplicates()) - len(data[["color"]].drop_duplicates())


def denominator_df__numpy(data):
    return np.unique(data["bucket"]).size - np.unique(data["color"]).size


def denominator_df__groups(data):
    return data.groupby("bucket").ngroups - data.groupby("color").ngroups


def denominator_df__float(data):
    return float(len(data["bucket"].unique()) - len(data["color"].unique()))


def denominator_df__categories(data):
    return len(pd.Categorical(data["bucket"]).categories) - len(pd.Categorical(data["color"]).categories)


def denominator_df__array(data):
    return np.array([data["bucket"].nunique()]) - data["color"].nunique()
