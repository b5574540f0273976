"""Exercise 4.2: least squares, generalised and ordinary."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import least_squares, ols_result, weighted
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "forgot-square-root", "gls", "These are variances of the estimates. A standard error is the square root of one."
)
def _(X, y, V):
    coef, C = weighted(X, y, V)
    return {"coef": coef, "se": np.diag(C)}


@misconception(
    "v-not-inverted",
    "gls",
    "V was used where its inverse belongs: observations that vary much must count little, not much.",
)
def _(X, y, V):
    C = np.linalg.inv(X.T @ V @ X)
    return {"coef": C @ X.T @ V @ y, "se": np.sqrt(np.diag(C))}


@misconception(
    "ols-in-disguise",
    "gls",
    "The covariances in V have no influence on the result: these are the estimates of ordinary least squares, or of "
    "weights from its diagonal alone.",
)
def _(X, y, V):
    coef, inverse, rss = least_squares(X, y)
    return {"coef": coef, "se": np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))}


@misconception("ols-in-disguise", "gls", "")
def _(X, y, V):
    coef, inverse, _ = least_squares(X, y)
    return {"coef": coef, "se": np.sqrt(np.diag(inverse @ X.T @ V @ X @ inverse))}


@misconception("ols-in-disguise", "gls", "")
def _(X, y, V):
    coef, C = least_squares(X, y)[0], weighted(X, y, V)[1]
    return {"coef": coef, "se": np.sqrt(np.diag(C))}


@misconception("ols-in-disguise", "gls", "")
def _(X, y, V):
    coef, C = weighted(X, y, np.diag(np.diag(V)))
    return {"coef": coef, "se": np.sqrt(np.diag(C))}


@misconception(
    "ols-standard-errors",
    "gls",
    "The estimates are right, but their standard errors are those of ordinary least squares, which counts every "
    "frog of a bucket as independent. They come from V.",
)
def _(X, y, V):
    _, inverse, rss = least_squares(X, y)
    return {"coef": weighted(X, y, V)[0], "se": np.sqrt(rss / (len(y) - X.shape[1]) * np.diag(inverse))}


@misconception(
    "scaled-by-sigma",
    "gls",
    "The standard errors were scaled by a residual variance that was estimated once more. V is the covariance itself, "
    "and not known up to a factor only: they come from V alone.",
)
def _(X, y, V):
    coef, C = weighted(X, y, V)
    r = y - X @ coef
    return {"coef": coef, "se": np.sqrt(np.diag(C) * (r @ np.linalg.solve(V, r)) / (len(y) - X.shape[1]))}


@misconception(
    "divide-by-n",
    "ols",
    "The residual variance was divided by n. The residuals have lost one degree of freedom to every column of X.",
)
def _(X, y):
    return ols_result(X, y, len(y))


@misconception(
    "divide-by-n-minus-1",
    "ols",
    "The residual variance was divided by n - 1. That is for one estimated mean; here every column of X costs one.",
)
def _(X, y):
    return ols_result(X, y, len(y) - 1)


@misconception(
    "variance-not-square-rooted",
    "ols",
    "These are variances of the estimates. A standard error is the square root of one.",
)
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1], root=False)
