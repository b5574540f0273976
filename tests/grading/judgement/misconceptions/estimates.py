"""Exercise 4.2: least squares, generalised and ordinary."""

import numpy as np
from scipy import stats

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


@misconception(
    "sandwich",
    "gls",
    "These are the standard errors that the estimates of ordinary least squares have under V. Yours are others, which "
    "V has weighed, and vary less.",
)
def _(X, y, V):
    inverse = least_squares(X, y)[1]
    return {"coef": weighted(X, y, V)[0], "se": np.sqrt(np.diag(inverse @ X.T @ V @ X @ inverse))}


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
    "The standard errors are those of ordinary least squares, which counts every "
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


@misconception(
    "root-not-inverted",
    "gls",
    "X and y were multiplied by the Cholesky factor of V. It is the inverse of the factor that makes the frogs "
    "independent: the covariance of what comes out has to be the identity.",
)
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


@misconception("scaled-by-sigma", "gls", "")
def _(X, y, V):
    coef, C = weighted(X, y, V)
    r = y - X @ coef
    return {"coef": coef, "se": np.sqrt(np.diag(C) * (r @ np.linalg.solve(V, r)) / len(y))}


@misconception("scaled-by-sigma", "gls", "")
def _(X, y, V):
    coef, C = weighted(X, y, V)
    return {"coef": coef, "se": np.sqrt(np.diag(C) * np.sum((y - X @ coef) ** 2) / (len(y) - X.shape[1]))}


@misconception("v-not-inverted", "gls", "")
def _(X, y, V):
    return {"coef": weighted(X, y, V)[0], "se": np.sqrt(np.diag(np.linalg.inv(X.T @ V @ X)))}


@misconception(
    "matrix-not-inverted",
    "gls",
    "The standard errors come from X'V^-1 X itself. It is the inverse of this matrix, as a whole, that is the "
    "covariance of the estimates.",
)
def _(X, y, V):
    coef, C = weighted(X, y, V)
    return {"coef": coef, "se": np.sqrt(np.diag(np.linalg.inv(C)))}


@misconception("matrix-not-inverted", "gls", "")
def _(X, y, V):
    coef, C = weighted(X, y, V)
    return {"coef": coef, "se": 1 / np.sqrt(np.diag(np.linalg.inv(C)))}


@misconception(
    "inverted-element-by-element",
    "gls",
    "Every element of V was inverted by itself. The inverse of a matrix is another matrix: times V it is the identity.",
)
def _(X, y, V):
    W = np.divide(1, V, out=np.zeros_like(V), where=V != 0)
    C = np.linalg.inv(X.T @ W @ X)
    return {"coef": C @ X.T @ W @ y, "se": np.sqrt(np.abs(np.diag(C)))}


@misconception(
    "divided-by-n-again",
    "gls",
    "The standard errors were divided by the root of n. How many frogs there are is in X and V already.",
)
def _(X, y, V):
    coef, C = weighted(X, y, V)
    return {"coef": coef, "se": np.sqrt(np.diag(C) / len(y))}


@misconception(
    "v-on-one-side",
    "gls",
    "V is on one side only: what multiplies y has its inverse, and what is solved for has not, or the other way round.",
)
def _(X, y, V):
    coef = np.linalg.solve(X.T @ X, X.T @ np.linalg.solve(V, y))
    return {"coef": coef, "se": np.sqrt(np.diag(weighted(X, y, V)[1]))}


@misconception("v-on-one-side", "gls", "")
def _(X, y, V):
    C = weighted(X, y, V)[1]
    return {"coef": C @ X.T @ y, "se": np.sqrt(np.diag(C))}


@misconception(
    "sigma-left-out",
    "ols",
    "The standard errors lack sigma: how far the points scatter around the line. They come from X alone here.",
)
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"se": np.sqrt(np.diag(least_squares(X, y)[1]))}


@misconception(
    "standard-error-of-a-mean",
    "ols",
    "The standard errors are sigma over the root of n. That is for one mean; each coefficient has its own, from the "
    "diagonal of the inverse of X'X.",
)
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": np.full(X.shape[1], np.sqrt(fit["sigma2"] / len(y)))}


@misconception(
    "root-of-sigma-only",
    "ols",
    "The root was taken of one factor only. A standard error is the root of the whole product, of sigma2 and of the "
    "inverse's diagonal.",
)
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": np.sqrt(fit["sigma2"]) * np.diag(least_squares(X, y)[1])}


@misconception(
    "matrix-not-inverted",
    "ols",
    "The standard errors come from the diagonal of X'X. It is the inverse of this matrix, as a whole, that they come "
    "from.",
)
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": np.sqrt(fit["sigma2"] / np.diag(X.T @ X))}


@misconception(
    "total-for-residual",
    "ols",
    "The deviations from the mean of y were taken for residuals. A residual is what X leaves: y minus what it fits.",
)
def _(X, y):
    _, inverse, _ = least_squares(X, y)
    sigma2 = np.sum((y - y.mean()) ** 2) / (len(y) - X.shape[1])
    return ols_result(X, y, len(y) - X.shape[1]) | {"sigma2": sigma2, "se": np.sqrt(sigma2 * np.diag(inverse))}


@misconception(
    "other-df",
    "ols",
    "df_resid is not what is left: of n residuals one is lost to every column of X.",
)
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"df_resid": len(y) - 1}


@misconception("other-df", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"df_resid": len(y)}


@misconception("other-df", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"df_resid": X.shape[1]}


@misconception("other-df", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"df_resid": X.shape[1] - 1}


@misconception("divide-by-n-minus-1", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y) - 1) | {"df_resid": len(y) - 1}


@misconception("divide-by-n", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y)) | {"df_resid": len(y)}


@misconception("divide-by-n", "ols", "")
def _(X, y):
    return ols_result(X, y, len(y) - X.shape[1]) | {"sigma2": ols_result(X, y, len(y))["sigma2"]}


@misconception("root-of-sigma-only", "ols", "")
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": fit["sigma2"] * np.sqrt(np.diag(least_squares(X, y)[1]))}


@misconception(
    "another-column",
    "ols",
    "Another column of the table stands for the standard errors: t, or p. They are the second one.",
)
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": fit["coef"] / fit["se"]}


@misconception("another-column", "ols", "")
def _(X, y):
    fit = ols_result(X, y, len(y) - X.shape[1])
    return fit | {"se": 2 * stats.t.sf(np.abs(fit["coef"] / fit["se"]), fit["df_resid"])}
