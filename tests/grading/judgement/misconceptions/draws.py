"""Exercise 4.1: what is drawn, around what, and how it is numbered."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import table_of_frogs
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "bucket-left-out",
    "simulate_frogs",
    "The frogs' weights do not know of their bucket: bucket_mu was drawn, and then not used. A frog lies around the "
    "mean of its own bucket.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(mu, sigma_within, len(bucket_mu)))


@misconception(
    "sample-mean-for-mean",
    "simulate_frogs",
    "The column bucket_mu has the average of the frogs that were drawn. Asked for is the mean that they were drawn "
    "around, which their average only estimates.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(bucket_mu=data.groupby("bucket")["weight"].transform("mean"))


@misconception(
    "root-passed-as-sd",
    "simulate_frogs",
    "The spread is far too small: a root was taken of what is a standard deviation already.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, np.sqrt(sigma_bucket), n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, np.sqrt(sigma_within)))


@misconception(
    "total-sd-within",
    "simulate_frogs",
    "The frogs of a bucket vary as much as frogs of all buckets do: the variance between buckets was added to theirs "
    "once more. It is in the means of their buckets already.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(
        n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, np.hypot(sigma_bucket, sigma_within))
    )


@misconception(
    "standard-error-within",
    "simulate_frogs",
    "The frogs of a bucket vary too little: their standard deviation was divided by the root of how many there are. "
    "That is how much their mean varies, not how much a frog does.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(
        n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within / np.sqrt(n_within))
    )


@misconception(
    "numbered-from-zero",
    "simulate_frogs",
    "The numbers begin with 0. Buckets, and the frogs of each bucket, are numbered from 1 here.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(id=data["id"] - 1, bucket=data["bucket"] - 1)


@misconception("numbered-from-zero", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(id=data["id"] - 1)


@misconception("numbered-from-zero", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(bucket=data["bucket"] - 1)


@misconception(
    "deviations-repeated",
    "simulate_frogs",
    "The frogs of every bucket deviate from their mean by the same numbers: they were drawn for one bucket only, or "
    "from a generator that was started anew in each. Every frog needs a draw of its own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    weight = bucket_mu + np.tile(rng.normal(0, sigma_within, n_within), n_buckets)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, weight)


@misconception(
    "seeded-twice",
    "simulate_frogs",
    "The frogs deviate by the same random numbers as the buckets: the generator was started a second time from the "
    "same seed. Start it once, and draw all from it.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    bucket_mu = np.repeat(np.random.default_rng(seed).normal(mu, sigma_bucket, n_buckets), n_within)
    weight = bucket_mu + np.random.default_rng(seed).normal(0, sigma_within, len(bucket_mu))
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, weight)


@misconception(
    "numbered-in-each-color",
    "simulate_frogs",
    "The buckets are numbered anew in every colour, so that two buckets have one number, and are one to whoever groups "
    "by it. Every bucket has a number of its own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    data = table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))
    return data.assign(bucket=(data["bucket"] - 1) % (n_buckets // len(colors)) + 1)


@misconception(
    "seeded-in-each-bucket",
    "simulate_frogs",
    "Every bucket is the same: the generator is started from the seed anew in each. Start it once, before the first.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.full(n_buckets * n_within, rng.normal(mu, sigma_bucket))
    weight = bucket_mu + np.tile(rng.normal(0, sigma_within, n_within), n_buckets)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, weight)


@misconception(
    "means-not-with-buckets",
    "simulate_frogs",
    "The means do not go with their buckets: one was drawn for each, and then they were repeated the wrong way, all of"
    " them after one another instead of each for all frogs of its bucket.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.tile(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "one-draw-for-all",
    "simulate_frogs",
    "The frogs do not vary around the means of their buckets: one deviation was drawn, for all of them. Each needs its"
    " own.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, bucket_mu + rng.normal(0, sigma_within))


@misconception("variance-passed-as-sd", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket**2, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception("variance-passed-as-sd", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within**2))


@misconception("root-passed-as-sd", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, np.sqrt(sigma_bucket), n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception("root-passed-as-sd", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, np.sqrt(sigma_within)))


@misconception(
    "one-frog-too-few",
    "simulate_frogs",
    "A frog is missing in every bucket. A range ends before its last number.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within - 1)
    return table_of_frogs(n_buckets, n_within - 1, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "colors-shifted",
    "simulate_frogs",
    "The runs of colours are shifted by one bucket: the first is shorter than the others, and the last longer. Buckets "
    "are counted from 1, and what is left of a division from 0.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    run = np.arange(1, n_buckets + 1) // (n_buckets // len(colors))
    shifted = np.repeat([colors[min(k, len(colors) - 1)] for k in run], n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within), shifted)


@misconception(
    "one-sd-for-both",
    "simulate_frogs",
    "Buckets and frogs were drawn with the same standard deviation. sigma_bucket is for the means of buckets, "
    "sigma_within for the frogs around them.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_bucket, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_bucket))


@misconception("one-sd-for-both", "simulate_frogs", "")
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    bucket_mu = np.repeat(rng.normal(mu, sigma_within, n_buckets), n_within)
    return table_of_frogs(n_buckets, n_within, colors, bucket_mu, rng.normal(bucket_mu, sigma_within))


@misconception(
    "means-recycled",
    "simulate_frogs",
    "The frogs were drawn around the means of the wrong buckets: there is one mean for each bucket, and they were used "
    "in turn from frog to frog. Each frog needs the mean of its own bucket, as the column bucket_mu has it.",
)
def _(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    means = rng.normal(mu, sigma_bucket, n_buckets)
    weight = rng.normal(np.tile(means, n_within), sigma_within)
    return table_of_frogs(n_buckets, n_within, colors, np.repeat(means, n_within), weight)
