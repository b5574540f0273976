"""Frogs in buckets: the population of the chapter, as random numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lmm_core import checks


def simulate_frogs(
    n_buckets: int,
    n_within: int,
    colors: Sequence[str],
    mu: float,
    sigma_bucket: float,
    sigma_within: float,
    seed: int,
) -> pd.DataFrame:
    """Draw the weights of n_within frogs in each of n_buckets buckets.

        bucket_mu[b] ~ N(mu, sigma_bucket^2),    weight[b, i] ~ N(bucket_mu[b], sigma_within^2)

    Args:
        n_buckets, n_within: number of buckets, and of frogs in each.
        colors: the distinct colours, dealt to consecutive equal runs of buckets; colour has no effect.
        mu, sigma_bucket, sigma_within: population mean and standard deviations, in the unit of weight.
        seed: the same seed gives the same data.

    Returns:
        A table of n_buckets * n_within rows: `id` 1..n_within, `bucket` 1..n_buckets, `color`,
        `bucket_mu` (the bucket's own mean) and `weight`.

    Raises:
        ValueError: a count below 1, a negative standard deviation or seed, colours that are missing, repeated or
            in a number that does not divide n_buckets, or weights beyond float64.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3 (the 1-way random model).
    """
    n_buckets = checks.count("n_buckets", n_buckets)
    n_within = checks.count("n_within", n_within)
    if n_buckets * n_within > checks.MOST_FROGS:
        raise ValueError(f"n_buckets * n_within is {n_buckets * n_within}; expected at most {checks.MOST_FROGS}")
    sigma_bucket = checks.non_negative("sigma_bucket", sigma_bucket)
    sigma_within = checks.non_negative("sigma_within", sigma_within)
    mu = checks.array("mu", mu, 0).item()
    seed = checks.count("seed", seed, at_least=0)
    codes, distinct = checks.labels("colors", colors)
    if n_buckets % len(codes) != 0:
        raise ValueError(f"colors has {len(codes)} entries, which do not divide n_buckets = {n_buckets}")
    if len(distinct) < len(codes):
        raise ValueError(f"colors has {len(codes)} entries but only {len(distinct)} distinct ones")

    rng = np.random.default_rng(seed)
    bucket_mu = rng.normal(mu, sigma_bucket, n_buckets)
    bucket = np.repeat(np.arange(n_buckets), n_within)
    weight = rng.normal(bucket_mu[bucket], sigma_within)
    checks.in_given_units("weights", [np.min(weight), np.max(weight)])
    return pd.DataFrame(
        {
            "id": np.tile(np.arange(1, n_within + 1), n_buckets),
            "bucket": bucket + 1,
            "color": np.repeat(np.array(distinct, dtype=object), n_buckets // len(distinct))[bucket],
            "bucket_mu": bucket_mu[bucket],
            "weight": weight,
        }
    )
