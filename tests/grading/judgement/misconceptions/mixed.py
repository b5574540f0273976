"""Exercise 4.4: REML, its degrees of freedom, and the test of colour."""

import numpy as np
import pandas as pd
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import (
    by_bucket,
    f_test,
    fit_at,
    kenward_roger_df,
    kenward_roger_f,
    least_squares,
    maximum_likelihood,
    mean_squares,
    mixed_anova,
    naive_anova,
    reml,
    treatment,
)
from tests.grading.judgement.misconceptions.registry import misconception
from tests.strategies import indicators


@misconception(
    "ml-for-reml",
    "fit_reml",
    "These are the maximum-likelihood variances. They are too small, since they ignore that the colour means were "
    "estimated too; the restricted likelihood accounts for it.",
)
def _(X, y, group):
    Vb, Ve, criterion = maximum_likelihood(X, y, group)
    return fit_at(X, y, group, Vb, Ve, criterion=criterion)


@misconception(
    "negative-variance",
    "fit_reml",
    "A variance came out negative. Where buckets differ less than their frogs would make them, the best variance "
    "that is one is 0.",
)
def _(X, y, group):
    MSB, MSE, n = mean_squares(X, y, group)
    fit = reml(X, y, group)
    if MSB < MSE:
        return {"Vb": (MSB - MSE) / n, "Ve": MSE, "coef": fit["coef"], "se": fit["se"], "criterion": fit["criterion"]}
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception(
    "moment-estimator",
    "fit_reml",
    "These are the moment estimators of exercise 4.2. They ignore the colours and are biased; REML maximises the "
    "restricted likelihood.",
)
def _(X, y, group):
    table = pd.DataFrame({"bucket": group, "weight": y})
    Ve = by_bucket(table).var().mean()
    return fit_at(X, y, group, np.var(y, ddof=1) - Ve, Ve)


@misconception("moment-estimator", "fit_reml", "")
def _(X, y, group):
    MSB, MSE, n = mean_squares(X, y, group)
    return fit_at(X, y, group, max(0.0, (MSB - MSE) / n), MSE)


@misconception(
    "sd-for-variance",
    "fit_reml",
    "These are standard deviations; the variances are their squares.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("coef", "se", "criterion")} | {
        "Vb": np.sqrt(fit["Vb"]),
        "Ve": np.sqrt(fit["Ve"]),
    }


@misconception(
    "naive-standard-errors",
    "fit_reml",
    "These standard errors are what you get when all frogs of a bucket count as independent. They have to come "
    "from V at the fitted variances.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    _, inverse, rss = least_squares(X, y)
    se = np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "criterion")} | {"se": se}


@misconception(
    "variances-swapped",
    "fit_reml",
    "Vb and Ve are in each other's place: Vb is the variance between buckets, Ve that of frogs within a bucket.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("coef", "se", "criterion")} | {"Vb": fit["Ve"], "Ve": fit["Vb"]}


@misconception(
    "log-likelihood",
    "fit_reml",
    "This is a log-likelihood. The criterion is minus twice its value, so that smaller is better, as lme4 prints it.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se")} | {"criterion": -fit["criterion"] / 2}


@misconception("log-likelihood", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se")} | {"criterion": fit["criterion"] / 2}


@misconception("log-likelihood", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se")} | {"criterion": -fit["criterion"]}


@misconception(
    "residual-df",
    "satterthwaite_df",
    "These are frogs minus coefficients. A colour mean varies with its buckets, and there are few of these.",
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
    "pseudo-replication",
    "anova_reml",
    "This is the naive test: it counts every frog as a replicate of its colour. The buckets were painted.",
)
def _(data):
    total, rss, q, df = naive_anova(data)
    return f_test((total - rss) / q / (rss / df), q, df)


@misconception(
    "residual-df",
    "anova_reml",
    "F is right, but it is judged on frogs minus colours. Colours are compared across buckets, and the df "
    "have to count these.",
)
def _(data):
    F, q, _, residual_df = mixed_anova(data)
    return f_test(F, q, residual_df)


@misconception("residual-df", "anova_reml", "")
def _(data):
    F, q, _, residual_df = mixed_anova(data)
    return f_test(F, q, residual_df - 2)


@misconception(
    "chi-square-p-value",
    "anova_reml",
    "The p-value is that of a chi-square test, as if the variances were known. With few buckets they are not, and F "
    "has to be judged on its denominator df.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.chi2.sf(q * F, q))


@misconception(
    "lower-tail",
    "anova_reml",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.cdf(F, q, df))


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
    "fit_reml",
    "It stops where Vb comes out as 0. A fit at the boundary is an answer, and no failure: where buckets differ no "
    "more than their frogs make them, the best variance between them is 0, and the rest follows from it.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    if fit["Vb"] <= 0:
        raise ValueError("singular")
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


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
    "constant-left-out",
    "fit_reml",
    "The criterion lacks a constant. It is the same for all Vb and Ve, so the fit is right; but it is compared with "
    "other programs, and lme4 counts it.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] -= (len(y) - X.shape[1]) * np.log(2 * np.pi)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("constant-left-out", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] += X.shape[1] * np.log(2 * np.pi)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("constant-left-out", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] -= np.linalg.slogdet(X.T @ X)[1]
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("constant-left-out", "fit_reml", "")
def _(X, y, group):
    fit, df = reml(X, y, group), len(y) - X.shape[1]
    fit["criterion"] -= df * (1 + np.log(2 * np.pi))
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception(
    "forgot-square-root",
    "fit_reml",
    "These are variances of the estimates. A standard error is the square root of one.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "criterion")} | {"se": fit["se"] ** 2}


@misconception(
    "ratio-for-variance",
    "fit_reml",
    "Vb is the ratio of the variances here, or its square root, by which programs search. The variance is that ratio "
    "times Ve.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Ve", "coef", "se", "criterion")} | {"Vb": fit["Vb"] / fit["Ve"]}


@misconception("ratio-for-variance", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Ve", "coef", "se", "criterion")} | {"Vb": np.sqrt(fit["Vb"] / fit["Ve"])}


@misconception(
    "kenward-roger",
    "satterthwaite_df",
    "These are Kenward and Roger's df, which rest on the expected information. It is a good method, and another than "
    "the one asked for: Satterthwaite's by the observed information. They agree where buckets are equal.",
)
def _(X, y, group):
    return kenward_roger_df(X, y, group)


@misconception(
    "kenward-roger",
    "anova_reml",
    "This is Kenward and Roger's test. It is a good method, and another than the one asked for: F as it is, on "
    "Satterthwaite's df. They agree where buckets are equal.",
)
def _(data):
    return f_test(*kenward_roger_f(data))


@misconception(
    "frogs-minus-buckets",
    "satterthwaite_df",
    "These are frogs minus buckets, what is left within buckets. A colour mean varies with its buckets, and there are "
    "few of these.",
)
def _(X, y, group):
    return np.full(X.shape[1], float(len(y) - len(np.unique(group))))


@misconception(
    "p-doubled",
    "anova_reml",
    "p is twice what it ought to be. Twice a tail is for a t, which may be large on either side; F has one side only.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, 2 * stats.f.sf(F, q, df))


@misconception(
    "df-swapped",
    "anova_reml",
    "The two degrees of freedom are in each other's place: the first are the numerator's, of the colours, the second "
    "the denominator's, of the buckets.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.sf(F, df, q))


@misconception("df-swapped", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, df, q, stats.f.sf(F, q, df))


@misconception("df-swapped", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, df, q)


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
