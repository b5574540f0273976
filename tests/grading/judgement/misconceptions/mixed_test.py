"""Exercise 4.4: tests of colour with another F."""

import numpy as np
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import (
    covariance,
    f_test,
    fit_at,
    kenward_roger_f,
    least_squares,
    likelihood_ratio,
    maximum_likelihood,
    mean_squares,
    mixed_anova,
    naive_anova,
    reml,
    treatment,
    wald_test,
    weighted,
    welch,
)
from tests.grading.judgement.misconceptions.registry import misconception
from tests.strategies import indicators


@misconception(
    "pseudo-replication",
    "anova_reml",
    "This is the naive test: it counts every frog as a replicate of its colour. The buckets were painted.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "bucket-means-anova",
    "anova_reml",
    "This is the analysis of variance of the bucket means. It is right where all buckets have as many frogs; where "
    "they differ, a mean of many frogs is worth more than that of a few, and the mixed model weighs them.",
)
def _(data):
    means = data.groupby("bucket", observed=True).agg({"color": "first", "weight": "mean"})
    total, rss, q, df = naive_anova(means)
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "bucket-as-fixed",
    "anova_reml",
    "Buckets were taken as fixed effects, so that colour is compared with frogs within buckets. Buckets are a random "
    "sample: colour has to be compared with how much buckets of one colour differ.",
)
def _(data):
    y, bucket = data["weight"].to_numpy(float), data["bucket"].to_numpy()
    X = indicators(data["color"].to_numpy())
    total, rss, q, _ = naive_anova(data)
    MSE, df = mean_squares(X, y, bucket)[1], len(y) - len(np.unique(bucket))
    return f_test((total - rss) / q / MSE, q, df)


@misconception(
    "color-as-number",
    "anova_reml",
    "Colour entered as one number with a slope. A colour is a name: it is a factor, with a mean for every level.",
)
def _(data):
    code = np.unique(data["color"].to_numpy(), return_inverse=True)[1].astype(float)
    fit = reml(np.column_stack([np.ones(len(code)), code]), data["weight"].to_numpy(), data["bucket"].to_numpy())
    return f_test((fit["coef"][1] / fit["se"][1]) ** 2, 1, fit["df"][1])


@misconception("color-as-number", "anova_reml", "")
def _(data):
    labels = data["color"].to_numpy()
    code = labels.astype(float) if labels.dtype.kind in "if" else np.unique(labels, return_inverse=True)[1] + 0.0
    fit = reml(np.column_stack([np.ones(len(code)), code]), data["weight"].to_numpy(), data["bucket"].to_numpy())
    return f_test((fit["coef"][1] / fit["se"][1]) ** 2, 1, fit["df"][1])


@misconception(
    "boundary-refused",
    "anova_reml",
    "It stops where Vb comes out as 0. A fit at the boundary is an answer, and no failure: where buckets differ no "
    "more than their frogs make them, the best variance between them is 0, and the rest follows from it.",
)
def _(data):
    if reml(*treatment(data))["Vb"] <= 0:
        raise ValueError("singular")
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df)


@misconception(
    "kenward-roger",
    "anova_reml",
    "This is Kenward and Roger's test. It is a good method, and another than the one asked for: F as it is, on "
    "Satterthwaite's df. They agree where buckets are equal.",
)
def _(data):
    return f_test(*kenward_roger_f(data))


@misconception(
    "one-t-squared",
    "anova_reml",
    "This is the square of one colour's t. It compares two colours; with more of them F has to judge all contrasts "
    "together, with a numerator df for each.",
)
def _(data):
    fit = reml(*treatment(data))
    return f_test((fit["coef"][1] / fit["se"][1]) ** 2, 1, fit["df"][1])


@misconception("one-t-squared", "anova_reml", "")
def _(data):
    fit = reml(*treatment(data))
    return f_test((fit["coef"][-1] / fit["se"][-1]) ** 2, 1, fit["df"][-1])


@misconception(
    "not-divided",
    "anova_reml",
    "F is the sum over all contrasts of colours, and not their mean: what is compared with the denominator is divided "
    "by the df of the numerator.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(q * F, q, df)


@misconception("not-divided", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(q * F, q, df, stats.f.sf(F, q, df))


@misconception(
    "intercept-tested",
    "anova_reml",
    "This asks whether all colour means are 0, and not whether they are equal: the intercept is among what is tested.",
)
def _(data):
    X, y, group = treatment(data)
    fit, (_, q, df, _) = reml(X, y, group), mixed_anova(data)
    V = covariance(group, fit["Vb"], fit["Ve"])
    return f_test(fit["coef"] @ X.T @ np.linalg.solve(V, X @ fit["coef"]) / (q + 1), q + 1, df)


@misconception("intercept-tested", "anova_reml", "")
def _(data):
    X, y, group = treatment(data)
    fit, q = reml(X, y, group), X.shape[1]
    V = covariance(group, fit["Vb"], fit["Ve"])
    return f_test(fit["coef"] @ X.T @ np.linalg.solve(V, X @ fit["coef"]) / q, q, data["bucket"].nunique() - q)


@misconception(
    "z-of-one-color",
    "anova_reml",
    "This is one colour's estimate over its standard error, judged by the normal distribution, as if the variances "
    "were known. It compares two colours; F judges all contrasts together, on denominator df that count buckets.",
)
def _(data):
    fit = reml(*treatment(data))
    z = fit["coef"][1] / fit["se"][1]
    return f_test(z**2, 1, fit["df"][1], 2 * stats.norm.sf(abs(z)))


@misconception("z-of-one-color", "anova_reml", "")
def _(data):
    fit = reml(*treatment(data))
    z = fit["coef"][-1] / fit["se"][-1]
    return f_test(z**2, 1, fit["df"][-1], 2 * stats.norm.sf(abs(z)))


@misconception("z-of-one-color", "anova_reml", "")
def _(data):
    fit, N = reml(*treatment(data)), len(data)
    z = fit["coef"][1] / fit["se"][1]
    return f_test(z**2, 1, N - data["color"].nunique(), 2 * stats.norm.sf(abs(z)))


@misconception("z-of-one-color", "anova_reml", "")
def _(data):
    fit = reml(*treatment(data))
    z = fit["coef"][1] / fit["se"][1]
    return f_test(z, 1, fit["df"][1], 2 * stats.norm.sf(abs(z)))


@misconception(
    "likelihood-ratio",
    "anova_reml",
    "This is the likelihood-ratio test of two fits, with and without colour, judged by a chi-square. It is right for "
    "many buckets; asked for is F, which knows how well few of them tell the variances.",
)
def _(data):
    chi2, q, df, _ = likelihood_ratio(data)
    return f_test(chi2, q, df, stats.chi2.sf(chi2, q))


@misconception("likelihood-ratio", "anova_reml", "")
def _(data):
    chi2, q, _, rest = likelihood_ratio(data)
    return f_test(chi2, q, rest, stats.chi2.sf(chi2, q))


@misconception("likelihood-ratio", "anova_reml", "")
def _(data):
    chi2, q, _, _ = likelihood_ratio(data)
    return f_test(chi2, q, data["bucket"].nunique() - q - 1, stats.chi2.sf(chi2, q))


@misconception("likelihood-ratio", "anova_reml", "")
def _(data):
    chi2, q, _, _ = likelihood_ratio(data)
    return f_test(chi2, q, np.inf, stats.chi2.sf(chi2, q))


@misconception("likelihood-ratio", "anova_reml", "")
def _(data):
    chi2, q, df, _ = likelihood_ratio(data)
    return f_test(chi2 / q, q, df)


@misconception("z-of-one-color", "anova_reml", "")
def _(data):
    fit, left = reml(*treatment(data)), data["bucket"].nunique() - data["color"].nunique()
    z = fit["coef"][1] / fit["se"][1]
    return f_test(z**2, 1, left, 2 * stats.norm.sf(abs(z)))


@misconception("one-t-squared", "anova_reml", "")
def _(data):
    fit, left = reml(*treatment(data)), data["bucket"].nunique() - data["color"].nunique()
    return f_test((fit["coef"][1] / fit["se"][1]) ** 2, 1, left)


@misconception("one-t-squared", "anova_reml", "")
def _(data):
    fit = reml(*treatment(data))
    return f_test((fit["coef"][1] / fit["se"][1]) ** 2, 1, len(data) - data["color"].nunique())


@misconception(
    "analysis-by-strata",
    "anova_reml",
    "This is the analysis of variance by strata, as aov has it with Error(bucket). It is the mixed model's where all "
    "buckets have as many frogs and differ more than these; elsewhere REML weighs buckets by how sure their means are.",
)
def _(data):
    X, y = indicators(data["color"].to_numpy()), data["weight"].to_numpy(float)
    total, rss, q, _ = naive_anova(data)
    MSB, df = mean_squares(X, y, data["bucket"].to_numpy())[0], data["bucket"].nunique() - X.shape[1]
    return f_test((total - rss) / q / MSB, q, df)


@misconception(
    "unequal-variances",
    "anova_reml",
    "This is Welch's test of bucket means, which lets every colour have a variance of its own, as oneway.test has it "
    "if not told otherwise. The mixed model has one Vb and one Ve for all.",
)
def _(data):
    return welch(data.groupby(["color", "bucket"], as_index=False, observed=True)["weight"].mean())


@misconception("unequal-variances", "anova_reml", "")
def _(data):
    return welch(data)


@misconception(
    "grouped-by-id",
    "anova_reml",
    "The random effect is that of the frogs' numbers. Frog 1 of one bucket has nothing in common with frog 1 of "
    "another: what frogs share is their bucket.",
)
def _(data):
    X, y, _ = treatment(data)
    fit, q = reml(X, y, data["id"].to_numpy()), X.shape[1] - 1
    V = covariance(data["id"].to_numpy(), fit["Vb"], fit["Ve"])
    L = weighted(X, y, V)[1][1:, 1:]
    F = fit["coef"][1:] @ np.linalg.solve(L, fit["coef"][1:]) / q
    return f_test(F, q, len(y) - q - 1 - (fit["Vb"] > 0) * (data["id"].nunique() - 1))


@misconception(
    "ml-for-reml",
    "anova_reml",
    "This is the test of a fit by maximum likelihood, whose variances are too small. Fit by REML.",
)
def _(data):
    Vb, Ve, _ = maximum_likelihood(*treatment(data))
    return wald_test(data, Vb, Ve, ml=True)


@misconception("ml-for-reml", "anova_reml", "")
def _(data):
    Vb, Ve, _ = maximum_likelihood(*treatment(data))
    return wald_test(data, Vb, Ve)


@misconception(
    "contrasts-uncorrelated",
    "anova_reml",
    "F is the mean of the squared t here. Contrasts with one reference colour are correlated, and their covariance "
    "matrix has to be inverted as a whole.",
)
def _(data):
    fit, (_, q, df, _) = reml(*treatment(data)), mixed_anova(data)
    return f_test(np.mean((fit["coef"][1:] / fit["se"][1:]) ** 2), q, df)


@misconception(
    "means-without-frogs",
    "anova_reml",
    "A mean square of frogs stands over a variance of bucket means, or the other way round. A bucket's mean of n frogs "
    "counts n times where its mean square is compared with that of frogs.",
)
def _(data):
    total, rss, q, _ = naive_anova(data)
    means = data.groupby("bucket", observed=True).agg({"color": "first", "weight": "mean"})
    _, within, _, df = naive_anova(means)
    return f_test((total - rss) / q / (within / df), q, df)


@misconception("means-without-frogs", "anova_reml", "")
def _(data):
    means = data.groupby("bucket", observed=True).agg({"color": "first", "weight": "mean"})
    total, within, q, df = naive_anova(means)
    MSB = mean_squares(indicators(data["color"].to_numpy()), data["weight"].to_numpy(), data["bucket"].to_numpy())[0]
    return f_test((total - within) / q / MSB, q, df)


@misconception(
    "reml-likelihood-ratio",
    "anova_reml",
    "Two REML criteria were subtracted, of models with other fixed effects. Each is the likelihood of other contrasts, "
    "so that they cannot be compared; and asked for is F.",
)
def _(data):
    X, y, group = treatment(data)
    chi2, q = reml(X[:, :1], y, group)["criterion"] - reml(X, y, group)["criterion"], X.shape[1] - 1
    return f_test(chi2, q, data["bucket"].nunique() - q - 1, stats.chi2.sf(chi2, q))


@misconception(
    "bucket-tested",
    "anova_reml",
    "This tests whether the buckets differ, as ranova does. The question is whether the colours do.",
)
def _(data):
    X, y, group = treatment(data)
    rest = mixed_anova(data)[3]
    _, _, rss = least_squares(X, y)
    chi2 = fit_at(X, y, group, 0.0, rss / rest)["criterion"] - reml(X, y, group)["criterion"]
    return f_test(chi2, 1, rest - 2, stats.chi2.sf(chi2, 1))


@misconception(
    "t-for-f",
    "anova_reml",
    "p is a tail of t. F is judged by the distribution F; t is its root, and only where two colours are compared.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, 2 * stats.t.sf(np.sqrt(F), df))


@misconception("t-for-f", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.t.sf(np.sqrt(F), df))


@misconception("t-for-f", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, 2 * stats.t.sf(F, df))


@misconception(
    "p-of-one-color",
    "anova_reml",
    "p is that of one colour's t, which compares two colours. F judges all of them together: p is its tail.",
)
def _(data):
    fit, (F, q, df, _) = reml(*treatment(data)), mixed_anova(data)
    return f_test(F, q, df, 2 * stats.t.sf(abs(fit["coef"][1] / fit["se"][1]), fit["df"][1]))


@misconception(
    "color-left-in",
    "anova_reml",
    "The colours were not taken off the mean square of buckets: its deviations are from the mean of all frogs, and "
    "have to be from the mean of the bucket's colour.",
)
def _(data):
    y, means = data["weight"], data.groupby("bucket", observed=True)["weight"].transform("mean")
    total, rss, q, _ = naive_anova(data)
    B = data["bucket"].nunique()
    return f_test((total - rss) / q / (np.sum((means - y.mean()) ** 2) / (B - 1)), q, B - q - 1)


@misconception("color-left-in", "anova_reml", "")
def _(data):
    y, means = data["weight"], data.groupby("bucket", observed=True)["weight"].transform("mean")
    total, rss, q, _ = naive_anova(data)
    df = data["bucket"].nunique() - q - 1
    return f_test((total - rss) / q / (np.sum((means - y.mean()) ** 2) / df), q, df)


@misconception("color-left-in", "anova_reml", "")
def _(data):
    y, means = data["weight"], data.groupby("bucket", observed=True)["weight"].transform("mean")
    total, rss, q, _ = naive_anova(data)
    df = data["bucket"].nunique() - 1
    return f_test((total - rss) / q / (np.sum((means - y.mean()) ** 2) / df), q, df)
