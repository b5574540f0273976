"""Exercise 4.3: frogs of a bucket are alike, and the naive test."""

import numpy as np
import pandas as pd
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import f_test, least_squares, naive_anova, pair, treatment
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


@misconception(
    "divisors-mixed",
    "frog_correlation",
    "A covariance that was divided by n - 1 stands over standard deviations that were divided by n, or the other way "
    "round, so that it can exceed 1, as no correlation does. Both take the same divisor, which then cancels.",
)
def _(data, first_id, second_id):
    first, second = pair(data, first_id, second_id)
    return np.cov(first, second)[0, 1] / (np.std(first) * np.std(second))


@misconception("divisors-mixed", "frog_correlation", "")
def _(data, first_id, second_id):
    first, second = pair(data, first_id, second_id)
    return np.cov(first, second, ddof=0)[0, 1] / (np.std(first, ddof=1) * np.std(second, ddof=1))


@misconception(
    "merged-on-color",
    "frog_correlation",
    "Frogs were paired by their colour, so that each goes with frogs of other buckets, too. A pair is two frogs of the "
    "same bucket.",
)
def _(data, first_id, second_id):
    sides = (data.loc[data["id"] == i, ["color", "weight"]] for i in (first_id, second_id))
    pairs = pd.merge(*sides, on="color")
    return np.corrcoef(pairs["weight_x"], pairs["weight_y"])[0, 1]


@misconception(
    "r-squared",
    "frog_correlation",
    "This is the squared correlation, a share of variance. It has lost its sign; asked for is the correlation itself.",
)
def _(data, first_id, second_id):
    return np.corrcoef(*pair(data, first_id, second_id))[0, 1] ** 2


@misconception(
    "sign-lost",
    "frog_correlation",
    "The correlation has lost its sign. Where heavy first frogs go with light second ones it is negative.",
)
def _(data, first_id, second_id):
    return abs(np.corrcoef(*pair(data, first_id, second_id))[0, 1])


@misconception(
    "rows-for-columns",
    "frog_correlation",
    "Two buckets were correlated over their frogs. What varies in a correlation of two frogs is the bucket: the frogs "
    "are the two columns, and the buckets the rows.",
)
def _(data, first_id, second_id):
    return np.corrcoef(np.column_stack(pair(data, first_id, second_id)))[0, 1]


@misconception("rows-for-columns", "frog_correlation", "")
def _(data, first_id, second_id):
    return np.cov(np.column_stack(pair(data, first_id, second_id)))[0, 1]


@misconception("rows-for-columns", "frog_correlation", "")
def _(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight")
    return np.corrcoef(wide)[first_id - 1, second_id - 1]


@misconception("rows-for-columns", "frog_correlation", "")
def _(data, first_id, second_id):
    C = np.cov(np.column_stack(pair(data, first_id, second_id)))
    return C[0, 1] / np.sqrt(C[0, 0] * C[1, 1])


@misconception(
    "slope-for-correlation",
    "frog_correlation",
    "This is the slope of one frog's weight on the other's. It depends on which of them varies more; a correlation "
    "divides by both standard deviations.",
)
def _(data, first_id, second_id):
    C = np.cov(*pair(data, first_id, second_id))
    return C[0, 1] / C[0, 0]


@misconception("slope-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    C = np.cov(*pair(data, first_id, second_id))
    return C[0, 1] / C[1, 1]


@misconception(
    "p-doubled",
    "anova_ols",
    "p is twice what it ought to be. Twice a tail is for a t, which may be large on either side; F has one side only.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    F = (total - rss) / q / (rss / df)
    return f_test(F, q, df, 2 * stats.f.sf(F, q, df))


@misconception(
    "df-swapped",
    "anova_ols",
    "The two degrees of freedom are in each other's place: the first are the numerator's, of the colours, the second "
    "the denominator's, of what is left.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    F = (total - rss) / q / (rss / df)
    return f_test(F, q, df, stats.f.sf(F, df, q))


@misconception("df-swapped", "anova_ols", "")
def _(data):
    total, rss, q, df = naive_anova(data)
    F = (total - rss) / q / (rss / df)
    return f_test(F, df, q, stats.f.sf(F, q, df))


@misconception("df-swapped", "anova_ols", "")
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / df), df, q)


@misconception(
    "one-t-squared",
    "anova_ols",
    "This is the square of one colour's t. It compares two colours; with more of them F has to judge all contrasts "
    "together, with a numerator df for each.",
)
def _(data):
    X, y, _ = treatment(data)
    coef, inverse, rss = least_squares(X, y)
    df = len(y) - X.shape[1]
    return f_test(coef[1] ** 2 / (rss / df * inverse[1, 1]), 1, df)


@misconception("one-t-squared", "anova_ols", "")
def _(data):
    X, y, _ = treatment(data)
    coef, inverse, rss = least_squares(X, y)
    df = len(y) - X.shape[1]
    return f_test(coef[-1] ** 2 / (rss / df * inverse[-1, -1]), 1, df)


@misconception(
    "upside-down",
    "anova_ols",
    "F stands on its head: what varies between colours is divided by what varies within them.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((rss / df) / ((total - rss) / q), q, df)
