"""Exercise 4.3: frogs of a bucket are alike, and the naive test."""

import numpy as np
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import f_test, naive_anova, pair
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "covariance-for-correlation",
    "frog_correlation",
    "This is a covariance, in squared grams. A correlation is free of units: divide by both standard deviations.",
)
def _(data, first_id, second_id):
    return np.cov(*pair(data, first_id, second_id))[0, 1]


@misconception("covariance-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return np.cov(*pair(data, first_id, second_id), ddof=0)[0, 1]


@misconception(
    "pairs-not-matched",
    "frog_correlation",
    "The two lists of weights were paired in the order of the rows. A pair is two frogs of the same bucket.",
)
def _(data, first_id, second_id):
    first = data.loc[data["id"] == first_id, "weight"].to_numpy()
    second = data.loc[data["id"] == second_id, "weight"].to_numpy()
    n = min(len(first), len(second))
    return np.corrcoef(first[:n], second[:n])[0, 1]


@misconception(
    "rank-correlation",
    "frog_correlation",
    "This is a correlation of ranks. The exercise asks for Pearson's, of the weights themselves.",
)
def _(data, first_id, second_id):
    return stats.spearmanr(*pair(data, first_id, second_id)).statistic


@misconception("rank-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return stats.kendalltau(*pair(data, first_id, second_id)).statistic


@misconception(
    "sum-of-squares-ratio",
    "anova_ols",
    "F is a ratio of sums of squares here. Each has to be divided by its degrees of freedom first.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / rss, q, df)


@misconception(
    "total-mean-square",
    "anova_ols",
    "The mean square of all weights stands below. It contains the colours themselves; what F compares with is the "
    "mean square within colours.",
)
def _(data):
    total, _, q, df = naive_anova(data)
    rss = naive_anova(data)[1]
    return f_test((total - rss) / q / (total / (q + df)), q, df)


@misconception(
    "lower-tail",
    "anova_ols",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    F = (total - rss) / q / (rss / df)
    return f_test(F, q, df, stats.f.cdf(F, q, df))


@misconception(
    "rank-test",
    "anova_ols",
    "This is a test of ranks (Kruskal and Wallis). The exercise asks for the F test of the weights themselves.",
)
def _(data):
    _, _, q, df = naive_anova(data)
    result = stats.kruskal(*(weight for _, weight in data.groupby("color", observed=True)["weight"]))
    return f_test(result.statistic, q, df, result.pvalue)


@misconception(
    "colors-not-minus-one",
    "anova_ols",
    "As many numerator df were counted as there are colours. One is spent for the common mean that the colours are "
    "compared with.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / (q + 1) / (rss / df), q + 1, df)


@misconception("colors-not-minus-one", "anova_ols", "")
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / df), q + 1, df)
