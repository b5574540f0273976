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


@misconception(
    "cholesky-transposed",
    "gls",
    "The Cholesky factor of V is used the wrong way round: L and its transpose do different things, and only one of "
    "them makes the frogs independent. Try it: the covariance of what comes out has to be the identity.",
)
def _(X, y, V):
    L = np.linalg.cholesky(V)
    coef, C, _ = least_squares(np.linalg.solve(L.T, X), np.linalg.solve(L.T, y))
    return {"coef": coef, "se": np.sqrt(np.diag(C))}


@misconception("v-not-inverted", "gls", "")
def _(X, y, V):
    L = np.linalg.cholesky(V)
    coef, C, _ = least_squares(L @ X, L @ y)
    return {"coef": coef, "se": np.sqrt(np.diag(C))}


@misconception(
    "sd-for-variance",
    "ols",
    "sigma2 is a standard deviation here: the residual variance is its square.",
)
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"sigma2": np.sqrt(fit["sigma2"])}


@misconception(
    "constant-counted-twice",
    "ols",
    "One degree of freedom too many was taken off: the constant is a column of X already, where there is one.",
)
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1] - 1) | {"df_resid": len(y) - X.shape[1] - 1}


@misconception(
    "sum-of-squares-for-variance",
    "ols",
    "sigma2 is the sum of squared residuals here. A variance is a mean: it has to be divided by its degrees of "
    "freedom.",
)
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"sigma2": least_squares(X, y)[2]}


@misconception("sum-of-squares-for-variance", "ols", "")
def _(X, y):
    return ols_result(X, y, 1)
