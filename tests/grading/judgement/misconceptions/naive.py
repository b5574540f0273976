"""Exercise 4.3: the naive test."""

import numpy as np
import pandas as pd
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import (
    f_test,
    least_squares,
    naive_anova,
    naive_test,
    slope_test,
    treatment,
    welch,
)
from tests.grading.judgement.misconceptions.registry import misconception
from tests.strategies import indicators


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
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (total / (q + df)), q, df)


@misconception(
    "lower-tail",
    "anova_ols",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    F, q, df = naive_test(data)
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
    "p-doubled",
    "anova_ols",
    "p is twice what it ought to be. Twice a tail is for a t, which may be large on either side; F has one side only.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, 2 * stats.f.sf(F, q, df))


@misconception(
    "df-swapped",
    "anova_ols",
    "The two degrees of freedom are in each other's place, in the result or where p is computed: first come the "
    "numerator's, of the colours, then the denominator's, of what is left.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, stats.f.sf(F, df, q))


@misconception("df-swapped", "anova_ols", "")
def _(data):
    F, q, df = naive_test(data)
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
    "F stands on its head: what varies within colours is divided by what varies between them here. It is the other way "
    "round.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((rss / df) / ((total - rss) / q), q, df)


@misconception(
    "bucket-for-color",
    "anova_ols",
    "It is buckets that are compared here. The question is whether colours differ.",
)
def _(data):
    X, y = indicators(data["bucket"].to_numpy()), data["weight"].to_numpy(float)
    total, rss = np.sum((y - y.mean()) ** 2), least_squares(X, y)[2]
    q, df = X.shape[1] - 1, len(y) - X.shape[1]
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "bucket-as-fixed",
    "anova_ols",
    "What varies between buckets was taken out of the mean square below. The naive test does not know of buckets: all "
    "that varies within a colour stands there.",
)
def _(data):
    total, rss, q, _ = naive_anova(data)
    Z, y = indicators(data["bucket"].to_numpy()), data["weight"].to_numpy(float)
    df = len(y) - Z.shape[1]
    return f_test((total - rss) / q / (least_squares(Z, y)[2] / df), q, df)


@misconception(
    "bucket-means-anova",
    "anova_ols",
    "This compares the means of buckets, one number for each. It is the better test; asked for here is the one that "
    "does not know of buckets, and takes every frog for one of its own.",
)
def _(data):
    means = data.groupby(["color", "bucket"], observed=True)["weight"].mean().reset_index()
    total, rss, q, df = naive_anova(means)
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "residual-df-of-all",
    "anova_ols",
    "The denominator has N - 1 degrees of freedom here, those of all weights. Every colour's mean costs one.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / (q + df)), q, q + df)


@misconception("residual-df-of-all", "anova_ols", "")
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / df), q, q + df)


@misconception(
    "means-without-frogs",
    "anova_ols",
    "The variance of the colours' means stands above. Each mean is of many frogs, and counts as many times.",
)
def _(data):
    _, rss, q, df = naive_anova(data)
    return f_test(data.groupby("color", observed=True)["weight"].mean().var() / (rss / df), q, df)


@misconception(
    "chi-square-p-value",
    "anova_ols",
    "p is a tail of the chi-square distribution, which takes the residual variance for known. It was estimated: F.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, stats.chi2.sf(q * F, q))


@misconception(
    "density-for-tail",
    "anova_ols",
    "p is the density at F, the height of the curve there. A probability is an area: the tail above F.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, stats.f.pdf(F, q, df))


@misconception(
    "p-halved",
    "anova_ols",
    "p is half of what it ought to be. F has one tail, and it counts in full.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, stats.f.sf(F, q, df) / 2)


@misconception(
    "yes-or-no-for-p",
    "anova_ols",
    "p says whether it is below 0.05, yes or no. Asked for is the probability itself.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, float(stats.f.sf(F, q, df) < 0.05))


@misconception(
    "root-of-f",
    "anova_ols",
    "This is the root of F, a t. It is F itself that is asked for.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(np.sqrt(F), q, df, stats.f.sf(F, q, df))


@misconception("colors-not-minus-one", "anova_ols", "")
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q + 1, df, stats.f.sf(F, q, df))


@misconception("one-t-squared", "anova_ols", "")
def _(data):
    first_two = data[data["color"].isin(np.unique(data["color"])[:2])]
    total, rss, q, df = naive_anova(first_two)
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "color-as-number",
    "anova_ols",
    "Colour entered as one number with a slope. A colour is a name: it is a factor, with a mean for every level.",
)
def _(data):
    return slope_test(data, np.unique(data["color"].to_numpy(), return_inverse=True)[1])


@misconception("color-as-number", "anova_ols", "")
def _(data):
    labels = data["color"].to_numpy()
    return slope_test(data, labels if labels.dtype.kind in "if" else np.unique(labels, return_inverse=True)[1])


@misconception("color-as-number", "anova_ols", "")
def _(data):
    return slope_test(data, pd.factorize(data["color"])[0])


@misconception(
    "unequal-variances",
    "anova_ols",
    "This is Welch's test, which lets every colour have a variance of its own, as oneway.test has it if not told "
    "otherwise. The table of the exercise has one variance for all.",
)
def _(data):
    return welch(data)


@misconception("means-without-frogs", "anova_ols", "")
def _(data):
    _, rss, q, df = naive_anova(data)
    means = data.groupby("color", observed=True)["weight"].mean()
    return f_test(np.sum((means - data["weight"].mean()) ** 2) / q / (rss / df), q, df)


@misconception(
    "intercept-tested",
    "anova_ols",
    "This asks whether all colour means are 0, and not whether they are equal: the mean of all frogs was not taken "
    "off, as where the model has no constant.",
)
def _(data):
    y = data["weight"].to_numpy(float)
    _, rss, q, df = naive_anova(data)
    return f_test((y @ y - rss) / (q + 1) / (rss / df), q + 1, df)


@misconception("intercept-tested", "anova_ols", "")
def _(data):
    y = data["weight"].to_numpy(float)
    _, rss, q, df = naive_anova(data)
    return f_test((y @ y - rss) / q / (rss / df), q, df)


@misconception(
    "t-for-f",
    "anova_ols",
    "p is a tail of t. F is judged by the distribution F; t is its root, and only where two colours are compared.",
)
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, 2 * stats.t.sf(F, df))


@misconception("t-for-f", "anova_ols", "")
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, 2 * stats.t.sf(np.sqrt(F), df))


@misconception("t-for-f", "anova_ols", "")
def _(data):
    F, q, df = naive_test(data)
    return f_test(F, q, df, stats.t.sf(np.sqrt(F), df))


@misconception(
    "p-of-one-color",
    "anova_ols",
    "p is that of one colour's t, which compares two colours. F judges all of them together: p is its tail.",
)
def _(data):
    X, y, _ = treatment(data)
    coef, inverse, rss = least_squares(X, y)
    total, _, q, df = naive_anova(data)
    t = coef[1] / np.sqrt(rss / df * inverse[1, 1])
    return f_test((total - rss) / q / (rss / df), q, df, 2 * stats.t.sf(abs(t), df))
