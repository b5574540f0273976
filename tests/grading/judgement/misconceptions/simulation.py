"""Exercise 4.1: simulating frogs."""

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
    "mean-added-twice",
    "simulate_frogs",
    "The mean of all frogs was added twice. What a bucket's mean has in it already is not added once more: a frog lies "
    "around the mean of its bucket, and that around mu.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, mu + rng.normal(bucket_mu, sigma_within))


@misconception("mean-added-twice", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(mu + rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "effect-for-mean",
    "simulate_frogs",
    "The column bucket_mu has the effects of the buckets, which lie around zero. It is to have their means, mu "
    "included: what the frogs of a bucket weigh on average.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    effect = np.repeat(rng.normal(0, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, effect, rng.normal(mu + effect, sigma_within))


@misconception(
    "mean-left-out",
    "simulate_frogs",
    "The frogs weigh nothing on average: mu is missing. Buckets vary around mu, not around zero.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    effect = np.repeat(rng.normal(0, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, effect, rng.normal(effect, sigma_within))


@misconception("mean-left-out", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu - mu, sigma_within))


@misconception(
    "sds-swapped",
    "simulate_frogs",
    "The two standard deviations are in each other's place: sigma_bucket is for the means of buckets, sigma_within for "
    "the frogs around them.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_within, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_bucket))


@misconception(
    "colors-by-chance",
    "simulate_frogs",
    "The colours were dealt to the buckets by chance. In this experiment they are fixed beforehand: the first buckets "
    "have the first colour, the next as many have the second, and only weights are drawn.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    drawn = np.repeat(rng.choice(colors, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), drawn)


@misconception("colors-by-chance", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    drawn = np.repeat(rng.permutation(np.repeat(colors, n_buckets // len(colors))), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), drawn)


@misconception("color-crosses-buckets", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    drawn = rng.choice(colors, n_buckets * n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), drawn)


@misconception(
    "seed-fixed",
    "simulate_frogs",
    "Every seed gives the same frogs: the generator starts from a number of its own. It has to start from the seed "
    "that is passed, so that another seed is another population.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(42)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "frogs-numbered-through",
    "simulate_frogs",
    "The frogs are numbered through. A frog's id is its number in its bucket: every bucket has a frog 1.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(id=np.arange(1, len(data) + 1))
