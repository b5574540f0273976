"""Exercise 4.1: simulating frogs, and counting what is replicated."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import table_of_frogs
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "one-effect-per-frog",
    "simulate_frogs",
    "Every frog got a bucket effect of its own. The bucket effect is what the frogs of a bucket have in common: "
    "it is drawn once for a bucket and shared by all its frogs.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = rng.normal(mu, sigma_bucket, n_buckets * n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "variance-passed-as-sd",
    "simulate_frogs",
    "The spread is far too large: a variance was handed to a generator that asks for a standard deviation.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket**2, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within**2))


@misconception(
    "shared-bucket-effect",
    "simulate_frogs",
    "All buckets have the same mean. One number was drawn for the whole experiment; every bucket needs its own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.full(n_buckets * n_within, rng.normal(mu, sigma_bucket))
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


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
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), crossed)


@misconception(
    "cloned-frogs",
    "simulate_frogs",
    "All frogs of a bucket weigh the same. They share the bucket's mean, and every frog varies around it by a draw of "
    "its own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    weight = np.repeat(rng.normal(bucket_mu[::n_within], sigma_within), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, weight)


@misconception(
    "colors-cycled",
    "simulate_frogs",
    "The colours alternate from bucket to bucket. The exercise asks for runs: the first buckets have the first colour, "
    "the next as many have the second.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    cycled = np.repeat(np.resize(np.asarray(colors, dtype=object), n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), cycled)


@misconception(
    "seed-ignored",
    "simulate_frogs",
    "The same seed gives other frogs each time. The generator has to start from the seed that is passed.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng()
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


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
