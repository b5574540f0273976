"""Exercise 4.4: REML and what is estimated besides."""

import numpy as np
import pandas as pd

from tests.grading.judgement.misconceptions.ingredients import (
    blups,
    by_bucket,
    covariance,
    fit_at,
    least_squares,
    maximum_likelihood,
    mean_squares,
    reml,
    weighted,
    with_constant,
)
from tests.grading.judgement.misconceptions.registry import misconception


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
    "constant-left-out",
    "fit_reml",
    "The criterion lacks a constant, of log 2 pi or log |X'X|. It is the same for all Vb and Ve, so that the minimum "
    "lies where it did; but it is compared with other programs, and lme4 counts it.",
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


@misconception("moment-estimator", "fit_reml", "")
def _(X, y, group):
    weights = by_bucket(pd.DataFrame({"bucket": group, "weight": y}))
    Ve = weights.var().mean()
    return fit_at(X, y, group, max(0.0, weights.mean().var() - Ve / weights.size().mean()), Ve)


@misconception(
    "constant-added",
    "fit_reml",
    "The criterion has a constant too many, log |X'X|. It is the same for all Vb and Ve, so that the minimum lies "
    "where it did; but it is compared with other programs, and lme4 does not count it.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] += np.linalg.slogdet(X.T @ X)[1]
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception(
    "penalty-added",
    "fit_reml",
    "This is AIC or BIC: the criterion with a penalty for what was estimated. The criterion is minus twice the "
    "restricted log-likelihood alone.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] += 2 * (X.shape[1] + 2)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("penalty-added", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] += np.log(len(y)) * (X.shape[1] + 2)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception(
    "ml-criterion",
    "fit_reml",
    "Vb and Ve are REML's, and the criterion is that of maximum likelihood: left out is what the estimated means cost, "
    "the determinant of X'V^-1 X, and their number among the frogs.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    inverse = weighted(X, y, covariance(group, fit["Vb"], fit["Ve"]))[1]
    fit["criterion"] += np.linalg.slogdet(inverse)[1] + X.shape[1] * np.log(2 * np.pi)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("ml-criterion", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    fit["criterion"] += np.linalg.slogdet(weighted(X, y, covariance(group, fit["Vb"], fit["Ve"]))[1])[1]
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "se", "criterion")}


@misconception("moment-estimator", "fit_reml", "")
def _(X, y, group):
    residuals = by_bucket(pd.DataFrame({"bucket": group, "weight": y - X @ least_squares(X, y)[0]}))
    Ve = residuals.var().mean()
    return fit_at(X, y, group, max(0.0, residuals.mean().var() - Ve / residuals.size().mean()), Ve)


@misconception("moment-estimator", "fit_reml", "")
def _(X, y, group):
    r = y - X @ least_squares(X, y)[0]
    Ve = by_bucket(pd.DataFrame({"bucket": group, "weight": r})).var().mean()
    return fit_at(X, y, group, max(0.0, r @ r / (len(y) - X.shape[1]) - Ve), Ve)


@misconception(
    "sigma-left-out",
    "fit_reml",
    "The standard errors lack sigma: they come from V divided by Ve. It is V itself that says how much weights vary.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return {name: fit[name] for name in ("Vb", "Ve", "coef", "criterion")} | {"se": fit["se"] / np.sqrt(fit["Ve"])}


@misconception(
    "variance-of-blups",
    "fit_reml",
    "Vb is the variance of the predicted bucket effects. These are shrunk towards zero, and vary less than the buckets "
    "do: Vb is a parameter of the fit.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"Vb": blups(X, y, group).var(ddof=1)}


@misconception("variance-of-blups", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"Vb": blups(X, y, group).var()}


@misconception(
    "variance-of-bucket-means",
    "fit_reml",
    "Vb is the variance of the bucket means. They hold the colours, too, and each still carries Ve / n of its frogs.",
)
def _(X, y, group):
    weights = by_bucket(pd.DataFrame({"bucket": group, "weight": y}))
    return fit_at(X, y, group, weights.mean().var(), weights.var().mean())


@misconception("variance-of-bucket-means", "fit_reml", "")
def _(X, y, group):
    means, fit = by_bucket(pd.DataFrame({"bucket": group, "weight": y})).mean(), reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"Vb": means.var()}


@misconception(
    "fitted-without-x",
    "fit_reml",
    "The variances are those of a model without X, with one mean for all: what colours differ by is in Vb then.",
)
def _(X, y, group):
    alone = reml(np.ones((len(y), 1)), y, group)
    return fit_at(X, y, group, alone["Vb"], alone["Ve"], criterion=alone["criterion"])


@misconception("fitted-without-x", "fit_reml", "")
def _(X, y, group):
    alone = reml(np.ones((len(y), 1)), y, group)
    return fit_at(X, y, group, alone["Vb"], alone["Ve"])


@misconception(
    "another-column",
    "fit_reml",
    "Another column of the table stands for the standard errors: df, t, or p. They are the second one.",
)
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"], se=fit["df"])


@misconception("another-column", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"], se=fit["coef"] / fit["se"])


@misconception(
    "constant-once-more",
    "fit_reml",
    "The model has a constant besides X, as a formula adds one if not told otherwise. X has all columns that are "
    "wanted, and the coefficients are theirs.",
)
def _(X, y, group):
    fit, W = reml(X, y, group), with_constant(X)
    return fit_at(W, y, group, *(reml(W, y, group)[name] for name in ("Vb", "Ve")), criterion=fit["criterion"])


@misconception("constant-once-more", "fit_reml", "")
def _(X, y, group):
    W = with_constant(X)
    return fit_at(W, y, group, *(reml(W, y, group)[name] for name in ("Vb", "Ve")))


@misconception("ml-criterion", "fit_reml", "")
def _(X, y, group):
    fit = reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"], criterion=maximum_likelihood(X, y, group)[2])


@misconception(
    "determinant-subtracted",
    "fit_reml",
    "The determinant of X'V^-1 X is subtracted in the criterion. It is added: the less the data tell of the means, the "
    "smaller is the likelihood.",
)
def _(X, y, group):
    def criterion(logs):
        V = covariance(group, *np.exp(logs))
        coef, C = weighted(X, y, V)
        r = y - X @ coef
        return np.linalg.slogdet(V)[1] + np.linalg.slogdet(C)[1] + r @ np.linalg.solve(V, r)

    from scipy import optimize  # noqa: PLC0415 - the text of this file goes into a submission

    fit = reml(X, y, group)
    start = np.log([fit["Vb"] + 1e-3 * fit["Ve"], fit["Ve"]])
    found = optimize.minimize(criterion, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    least = found.fun + (len(y) - X.shape[1]) * np.log(2 * np.pi)
    return fit_at(X, y, group, *np.exp(found.x), criterion=least)


@misconception(
    "mean-square-for-variance",
    "fit_reml",
    "Vb is a mean square, or what is left of it above MSE. The mean square of buckets holds Vb n times, and Ve.",
)
def _(X, y, group):
    MSB, MSE, _ = mean_squares(X, y, group)
    return fit_at(X, y, group, MSB, MSE)


@misconception("mean-square-for-variance", "fit_reml", "")
def _(X, y, group):
    MSB, MSE, _ = mean_squares(X, y, group)
    return fit_at(X, y, group, max(0.0, MSB - MSE), MSE)


@misconception("mean-square-for-variance", "fit_reml", "")
def _(X, y, group):
    MSB, fit = mean_squares(X, y, group)[0], reml(X, y, group)
    return fit_at(X, y, group, fit["Vb"], fit["Ve"]) | {"Vb": MSB}
