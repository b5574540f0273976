"""Exercise 4.3: frogs of a bucket are alike."""

import numpy as np
import pandas as pd
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import pair, reml, side_by_side, treatment
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
    "p-value-for-correlation",
    "frog_correlation",
    "This is the p-value of a test. How alike two frogs are is the correlation itself.",
)
def _(data, first_id, second_id):
    return stats.pearsonr(*pair(data, first_id, second_id)).pvalue


@misconception(
    "sorted-apart",
    "frog_correlation",
    "The weights of each frog were sorted by themselves, so that light goes with light. A pair is two frogs of the "
    "same bucket.",
)
def _(data, first_id, second_id):
    first, second = pair(data, first_id, second_id)
    return np.corrcoef(np.sort(first), np.sort(second))[0, 1]


@misconception(
    "frogs-not-asked-for",
    "frog_correlation",
    "The two ids are ignored: the first two frogs of each bucket are correlated, whichever are asked for.",
)
def _(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight")
    return wide.iloc[:, 0].corr(wide.iloc[:, 1])


@misconception(
    "not-centred",
    "frog_correlation",
    "The means were not taken off. What is multiplied in a correlation are deviations from the mean of each frog.",
)
def _(data, first_id, second_id):
    first, second = pair(data, first_id, second_id)
    return first @ second / np.sqrt((first @ first) * (second @ second))


@misconception(
    "bucket-taken-off",
    "frog_correlation",
    "The means of the buckets were taken off first. What two frogs of a bucket have in common is just that mean.",
)
def _(data, first_id, second_id):
    return np.corrcoef(*pair(data.assign(weight=data["weight"] - data["bucket_mu"]), first_id, second_id))[0, 1]


@misconception(
    "share-of-variance",
    "frog_correlation",
    "This is a share of variances, an estimate from all frogs of what any two have in common. Asked for is the "
    "correlation of these two frogs.",
)
def _(data, first_id, second_id):
    return 1 - data.groupby("bucket")["weight"].var().mean() / data["weight"].var()


@misconception(
    "divided-by-variances",
    "frog_correlation",
    "The covariance was divided by the variances. It is divided by the standard deviations: then the units cancel.",
)
def _(data, first_id, second_id):
    C = np.cov(*pair(data, first_id, second_id))
    return C[0, 1] / (C[0, 0] * C[1, 1])


# The same of frogs side by side as they stand, which are pairs where rows are sorted and nobody is missing.


@misconception("covariance-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return np.cov(*side_by_side(data, first_id, second_id))[0, 1]


@misconception("rank-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return stats.spearmanr(*side_by_side(data, first_id, second_id)).statistic


@misconception("rank-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    return stats.kendalltau(*side_by_side(data, first_id, second_id)).statistic


@misconception("slope-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    C = np.cov(*side_by_side(data, first_id, second_id))
    return C[0, 1] / C[0, 0]


@misconception("slope-for-correlation", "frog_correlation", "")
def _(data, first_id, second_id):
    C = np.cov(*side_by_side(data, first_id, second_id))
    return C[0, 1] / C[1, 1]


@misconception("r-squared", "frog_correlation", "")
def _(data, first_id, second_id):
    return np.corrcoef(*side_by_side(data, first_id, second_id))[0, 1] ** 2


@misconception("share-of-variance", "frog_correlation", "")
def _(data, first_id, second_id):
    both = np.column_stack(pair(data, first_id, second_id))
    return 1 - both.var(axis=1, ddof=1).mean() / both.var(ddof=1)


@misconception(
    "filled-by-column",
    "frog_correlation",
    "The weights were filled into a matrix column by column, as matrix does if not told otherwise, so that its rows "
    "are no buckets. Each row has to have the frogs of one bucket.",
)
def _(data, first_id, second_id):
    M = data["weight"].to_numpy().reshape((data["bucket"].nunique(), -1), order="F")
    return np.corrcoef(M[:, first_id - 1], M[:, second_id - 1])[0, 1]


@misconception(
    "position-for-id",
    "frog_correlation",
    "An id was taken for a position, and positions are counted from 0: frog 1 becomes the second.",
)
def _(data, first_id, second_id):
    wide = data.pivot(index="bucket", columns="id", values="weight").to_numpy()
    return np.corrcoef(wide[:, first_id % wide.shape[1]], wide[:, second_id % wide.shape[1]])[0, 1]


@misconception("share-of-variance", "frog_correlation", "")
def _(data, first_id, second_id):
    fit = reml(np.ones((len(data), 1)), data["weight"].to_numpy(float), data["bucket"].to_numpy())
    return fit["Vb"] / (fit["Vb"] + fit["Ve"])


@misconception("share-of-variance", "frog_correlation", "")
def _(data, first_id, second_id):
    fit = reml(*treatment(data))
    return fit["Vb"] / (fit["Vb"] + fit["Ve"])


@misconception(
    "color-taken-off",
    "frog_correlation",
    "The means of the colours were taken off first. Two frogs of a bucket have their colour in common, too: asked for "
    "is how alike their weights are.",
)
def _(data, first_id, second_id):
    means = data.groupby("color", observed=True)["weight"].transform("mean")
    return np.corrcoef(*pair(data.assign(weight=data["weight"] - means), first_id, second_id))[0, 1]


@misconception("rows-for-columns", "frog_correlation", "")
def _(data, first_id, second_id):
    first, second = (data.loc[data["bucket"] == one, "weight"].to_numpy(float) for one in (first_id, second_id))
    if not len(first) == len(second) > 0:
        raise ValueError("no such bucket, or another number of frogs")
    return np.corrcoef(first, second)[0, 1]
