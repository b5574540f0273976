"""Exercise 4.4: degrees of freedom that are nearly right, and tests of colour that are judged on them."""

import numpy as np
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import (
    covariance,
    f_test,
    fit_at,
    least_squares,
    maximum_likelihood,
    mixed_anova,
    reml,
    treatment,
)
from tests.grading.judgement.misconceptions.registry import misconception


@misconception("ml-for-reml", "fit_reml", "")
def _(X, y, group):
    return fit_at(X, y, group, *maximum_likelihood(X, y, group)[:2])


@misconception("naive-standard-errors", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    se = np.sqrt(fit["Ve"] * np.diag(np.linalg.inv(X.T @ X)))
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"se": se}


@misconception("naive-standard-errors", "fit_reml", "")
def _(X, y, group):
    coef, inverse, rss = least_squares(X, y)
    fit, se = reml(X, y, group), np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"coef": coef, "se": se}


@misconception(
    "total-as-within",
    "fit_reml",
    "Ve is the total variance here, between and within together. It is that of frogs of one bucket, without Vb.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"Ve": fit["Vb"] + fit["Ve"]}


@misconception(
    "one-too-few",
    "satterthwaite_df",
    "These are buckets minus coefficients, minus one. The intercept is one of the coefficients: it is taken off twice.",
)
def _(X, y, group):
    return np.full(X.shape[1], len(np.unique(group)) - X.shape[1] - 1.0)


@misconception(
    "one-for-all",
    "satterthwaite_df",
    "The df of the first coefficient stand for all of them. Each coefficient rests on buckets of its own, and its df "
    "with it; they are the same where all buckets have as many frogs.",
)
def _(X, y, group):
    return np.full(X.shape[1], reml(X, y, group)["df"][0])


@misconception(
    "cut-to-whole-numbers",
    "satterthwaite_df",
    "The df are cut to whole numbers. Satterthwaite's df come from matching a variance and are no count: their "
    "decimals belong to them.",
)
def _(X, y, group):
    return np.floor(reml(X, y, group)["df"] + 1e-6)


@misconception(
    "factor-of-two",
    "satterthwaite_df",
    "The df are off by a factor of two. A variance v on df degrees of freedom varies by 2 v squared / df; and the "
    "curvature of minus twice the log-likelihood is twice the information.",
)
def _(X, y, group):
    return reml(X, y, group)["df"] / 2


@misconception("factor-of-two", "satterthwaite_df", "")
def _(X, y, group):
    return 2 * reml(X, y, group)["df"]


@misconception("chi-square-p-value", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.chi2.sf(F, q))


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
    "buckets-minus-one",
    "anova_reml",
    "F is right, but it is judged on buckets minus one. Every colour mean costs a degree of freedom, not all of them "
    "together one.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - 1)


@misconception(
    "one-too-few",
    "anova_reml",
    "F is right, but it is judged on buckets minus colours minus one. The overall mean is one of the colour means: it "
    "is taken off twice.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - q - 2)


@misconception(
    "buckets-minus-colors",
    "anova_reml",
    "F is right, but it is judged on buckets minus colours. That is right where all buckets have as many frogs and "
    "Vb is not 0; elsewhere Satterthwaite's df are others.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - q - 1)


@misconception(
    "colors-not-minus-one",
    "anova_reml",
    "The numerator's df are the number of colours. That their means are equal says one thing less than there are "
    "colours.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q + 1, df)


@misconception(
    "normal-theory",
    "anova_reml",
    "The denominator df are infinite, as if the variances were known. They were estimated from few buckets, and F "
    "has to say so.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, 1e6)


@misconception("normal-theory", "anova_reml", "")
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, 1e9)


@misconception(
    "p-halved",
    "anova_reml",
    "p is half of what it ought to be. F has one tail already: both signs of a difference make it large.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.sf(F, q, df) / 2)


@misconception(
    "cut-to-whole-numbers",
    "anova_reml",
    "The df are cut to whole numbers. Satterthwaite's df come from matching a variance and are no count: their "
    "decimals belong to them.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, np.floor(df + 1e-6))


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
