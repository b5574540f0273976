"""Exercise 4.4: degrees of freedom of a coefficient."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import (
    covariance,
    kenward_roger_df,
    maximum_likelihood,
    reml,
    satterthwaite,
)
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "residual-df",
    "satterthwaite_df",
    "These are frogs minus coefficients, and minus the variances, if df.residual has counted them. A colour mean "
    "varies with its buckets, and there are few of these.",
)
def _(X, y, group):
    return np.full(X.shape[1], float(len(y) - X.shape[1]))


@misconception(
    "buckets-minus-one",
    "satterthwaite_df",
    "This is buckets minus one. Every colour mean costs a degree of freedom, not all of them together one.",
)
def _(X, y, group):
    return np.full(X.shape[1], len(np.unique(group)) - 1.0)


@misconception(
    "buckets-minus-coefficients",
    "satterthwaite_df",
    "This is buckets minus coefficients. It is right where all buckets have as many frogs; where they differ, the df "
    "of a coefficient depend on which buckets it rests on and on how well Vb and Ve are known.",
)
def _(X, y, group):
    return np.full(X.shape[1], float(len(np.unique(group)) - X.shape[1]))


@misconception("buckets-minus-coefficients", "satterthwaite_df", "")
def _(X, y, group):
    return len(np.unique(group)) - X.shape[1]


@misconception("residual-df", "satterthwaite_df", "")
def _(X, y, group):
    return np.full(X.shape[1], float(len(y) - X.shape[1] - 2))


@misconception(
    "normal-theory",
    "satterthwaite_df",
    "The df are infinite, as if the variances were known. They were estimated from few buckets, and the t "
    "distribution has to say so.",
)
def _(X, y, group):
    return np.full(X.shape[1], np.inf)


@misconception("normal-theory", "satterthwaite_df", "")
def _(X, y, group):
    return np.full(X.shape[1], 1e6)


@misconception(
    "boundary-refused",
    "satterthwaite_df",
    "It stops where Vb comes out as 0. A fit at the boundary is an answer, and no failure: where buckets differ no "
    "more than their frogs make them, the best variance between them is 0, and the rest follows from it.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    if fit["Vb"] <= 0:
        raise ValueError("singular")
    return fit["df"]


@misconception(
    "kenward-roger",
    "satterthwaite_df",
    "These are Kenward and Roger's df, which rest on the expected information. It is a good method, and another than "
    "the one asked for: Satterthwaite's by the observed information. They agree where buckets are equal.",
)
def _(X, y, group):
    return kenward_roger_df(X, y, group)


@misconception(
    "frogs-minus-buckets",
    "satterthwaite_df",
    "These are frogs minus buckets, what is left within buckets. A colour mean varies with its buckets, and there are "
    "few of these.",
)
def _(X, y, group):
    return np.full(X.shape[1], float(len(y) - len(np.unique(group))))


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


@misconception("one-for-all", "satterthwaite_df", "")
def _(X, y, group):
    return np.full(X.shape[1], reml(X, y, group)["df"].min())


@misconception("one-for-all", "satterthwaite_df", "")
def _(X, y, group):
    return np.full(X.shape[1], reml(X, y, group)["df"].mean())


@misconception("cut-to-whole-numbers", "satterthwaite_df", "")
def _(X, y, group):
    return np.round(reml(X, y, group)["df"])


@misconception("cut-to-whole-numbers", "satterthwaite_df", "")
def _(X, y, group):
    return np.floor(reml(X, y, group)["df"] - 1e-6)


@misconception(
    "frogs-minus-one",
    "satterthwaite_df",
    "These are frogs minus one. A colour mean varies with its buckets, and there are few of these.",
)
def _(X, y, group):
    return np.full(X.shape[1], len(y) - 1.0)


@misconception(
    "sd-for-variance",
    "satterthwaite_df",
    "Satterthwaite's df match a variance: the square of the standard error is what is squared above, and its "
    "derivatives by Vb and Ve are what stands below. Here the standard error itself is in one of these places.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return fit["df"] / fit["se"] ** 2


@misconception("sd-for-variance", "satterthwaite_df", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return 4 * fit["se"] ** 2 * fit["df"]


@misconception(
    "another-column",
    "satterthwaite_df",
    "This is another column of the table: the estimates, their standard errors, or t. Asked for are the df that each t "
    "is judged on.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return fit["coef"] / fit["se"]


@misconception("another-column", "satterthwaite_df", "")
def _(X, y, group):
    return reml(X, y, group)["se"]


@misconception("another-column", "satterthwaite_df", "")
def _(X, y, group):
    return reml(X, y, group)["coef"]


@misconception(
    "ml-for-reml",
    "satterthwaite_df",
    "These are the df of a fit by maximum likelihood, whose variances are too small. Fit by REML.",
)
def _(X, y, group):
    Vb, Ve, _ = maximum_likelihood(X, y, group)
    return satterthwaite(X, y, group, Vb, Ve, ml=True)


@misconception(
    "one-variance-only",
    "satterthwaite_df",
    "Only one of the two variances is taken for uncertain. Vb and Ve are both estimated, and both move the standard "
    "error.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return satterthwaite(X, y, group, fit["Vb"], fit["Ve"], only=(1,))


@misconception("one-variance-only", "satterthwaite_df", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return satterthwaite(X, y, group, fit["Vb"], fit["Ve"], only=(0,))


@misconception("one-variance-only", "satterthwaite_df", "")
def _(X, y, group):
    fit = reml(X, y, group)
    W = np.linalg.inv(covariance(group, fit["Vb"], fit["Ve"]))
    C = np.linalg.inv(X.T @ W @ X)
    by_Ve, variance = np.diag(C @ X.T @ W @ W @ X @ C), 2 * fit["Ve"] ** 2 / (len(y) - len(np.unique(group)))
    return 2 * np.diag(C) ** 2 / (by_Ve**2 * variance)


@misconception(
    "inner-outer-df",
    "satterthwaite_df",
    "These are counts by levels, as nlme has them: frogs minus buckets for a constant, buckets minus coefficients for "
    "what varies between buckets. Satterthwaite's df are computed from the variances.",
)
def _(X, y, group):
    n_buckets = len(np.unique(group))
    is_constant = np.ptp(X, axis=0) == 0
    return np.where(is_constant, float(len(y) - n_buckets), float(n_buckets - X.shape[1]))
