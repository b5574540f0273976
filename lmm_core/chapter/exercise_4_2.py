"""Exercise 4.2: V, its picture, and least squares by hand."""

import numpy as np
import pandas as pd

from lmm_core.chapter.steps import (
    SHOWN,
    Names,
    Picture,
    Printed,
    Step,
    crossed,
    estimates,
    is_nested,
    levels_of,
    matrix,
    number,
)
from lmm_core.checks import Matrix
from lmm_core.covariance import covariance_matrix, empirical_variances
from lmm_core.design import design_matrix
from lmm_core.least_squares import gls, ols

MOST_OF_V = 300  # frogs whose part of V is drawn


def covariance_corner(data: pd.DataFrame, names: Names) -> Step:
    """V at the sample's variances; its corner is shown."""
    bucket, *_ = names.columns
    V = _empirical_V(data)[:SHOWN, :SHOWN]
    return Step(
        "4.2, 1",
        "The covariance matrix V",
        "Build V from the sample's variances and covariance.",
        {"corner": V},
        [matrix(V)],
        "Theorem 1: V = Ve I + Vb ZZ' has the eigenvalues Ve and, for each bucket, Ve + n Vb. Written with "
        "dat$colour, a column that does not exist, outer() returns an empty matrix, and V stays diagonal without a "
        "word.",
        "sample = empirical_variances(data)\nV = covariance_matrix(data['bucket'], sample.Vb, sample.Ve)\nV[:6, :6]",
        f"V <- Vb_emp * outer(dat${bucket}, dat${bucket}, '=='); diag(V) <- Vbe_emp\nV[1:{SHOWN}, 1:{SHOWN}]",
        f"c(V[1:{SHOWN}, 1:{SHOWN}])",
        ("corner",),
    )


def covariance_image(data: pd.DataFrame, names: Names) -> Step:
    """V's picture, of the first 300 frogs."""
    sample, shown = empirical_variances(data), min(MOST_OF_V, len(data))
    return image(
        names,
        "4.2, 2",
        data,
        (sample.Vb, sample.Ve),
        f"image(V[1:{shown}, 1:{shown}])",
        f"plots.image_of_V(data, Vb=sample.Vb, Ve=sample.Ve)  # the first {shown} frogs",
    )


def by_gls(data: pd.DataFrame, names: Names) -> Step:
    """Colour means by the linear algebra of GLS."""
    _, color, weight = names.columns
    X, y = design_matrix(data["color"], intercept=False), data["weight"].to_numpy(dtype=float)
    fit = gls(X, y, _empirical_V(data))
    return Step(
        "4.2, 3",
        "Generalised least squares by hand",
        f"Estimate the mean of every {names.color} and its standard error by linear algebra.",
        {"gls": vars(fit)},
        [estimates(levels_of(data), {"coef": fit.coef, "se": fit.se})],
        "Theorem 2: coef solves X'V^-1 (y - X coef) = 0, and no linear unbiased estimate has smaller standard errors "
        "(Aitken, 1936). With one bucket for each colour, se = sqrt(Vb + Ve/n): more frogs do not make it small.",
        "X = design_matrix(data['color'], intercept=False)\nfit = gls(X, data['weight'], V)\nfit.coef, fit.se",
        f"X <- model.matrix(~ {color} - 1, dat); Vi <- solve(V)\n"
        f"coef <- solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% dat${weight}\n"
        "se <- sqrt(diag(solve(t(X) %*% Vi %*% X)))",
        "c(coef, se)",
        ("gls",),
    )


def gls_beside_ols(data: pd.DataFrame, names: Names) -> Step:
    """`lm`, and both estimates with both standard errors side by side."""
    bucket, color, weight = names.columns
    X, y = design_matrix(data["color"], intercept=False), data["weight"].to_numpy(dtype=float)
    by_gls, by_ols = gls(X, y, _empirical_V(data)), ols(X, y)
    columns = {"coef GLS": by_gls.coef, "coef lm": by_ols.coef, "se GLS": by_gls.se, "se lm": by_ols.se}
    # In own data no earlier step has made V.
    V = f"V <- max(Vb_emp, 0) * outer(dat${bucket}, dat${bucket}, '=='); diag(V) <- diag(V) + Ve_emp; Vi <- solve(V)"
    return Step(
        "4.2, 4",
        "GLS beside lm",
        "Fit a linear model that knows no buckets, and compare.",
        {"gls": {"coef": by_gls.coef, "se": by_gls.se}, "ols": {"coef": by_ols.coef, "se": by_ols.se}},
        [
            estimates(levels_of(data), columns),
            Printed(f"lm: residual variance {number(by_ols.sigma2)} on {by_ols.df_resid} df"),
        ],
        "Theorem 3: the estimates agree for every y iff each colour's buckets hold equally many frogs. Theorem 7: "
        "for equal buckets and Vb > 0 all standard errors of lm are too small, as if frogs were replicates."
        if is_nested(data)
        else crossed(names),
        "X = design_matrix(data['color'], intercept=False)\nols(X, data['weight'])",
        f"{V}\nX <- model.matrix(~ {color} - 1, dat); C <- solve(t(X) %*% Vi %*% X)\n"
        f"by_hand <- cbind(coef = c(C %*% t(X) %*% Vi %*% dat${weight}), se = sqrt(diag(C)))\n"
        f"fit <- lm({weight} ~ {color} - 1, dat)\nsummary(fit)\n"
        "beside <- cbind(by_hand, coef(summary(fit))[, c('Estimate', 'Std. Error'), drop = FALSE])\nbeside",
        "c(beside)",
        ("gls", "ols"),
    )


def image(names: Names, exercise: str, data: pd.DataFrame, variances: tuple[float, float], r: str, python: str) -> Step:
    """A picture of V at given variances, of the first 300 frogs."""
    Vb, Ve = variances
    shown = min(MOST_OF_V, len(data))
    group = data["bucket"].to_numpy()[:shown]
    share = float(np.mean(group[:, None] == group))
    bucket = names.columns[0]
    return Step(
        exercise,
        "A picture of V",
        "Draw the covariance matrix."
        if shown == len(data)
        else f"Draw a part of it: the first {shown} rows and columns.",
        {"share_in_blocks": share},
        [
            Picture(
                "image_of_V",
                f"V of {shown} frogs: {number(Vb + Ve)} on the diagonal, {number(Vb)} for two frogs of a bucket, "
                "which make square blocks where they stand together, and 0 elsewhere.",
                {"Vb": Vb, "Ve": Ve},
            )
        ],
        f"Two frogs of different buckets have covariance 0; {share:.1%} of this part of V lies in the blocks.",
        python,
        r,
        f"mean(outer(dat${bucket}[1:{shown}], dat${bucket}[1:{shown}], '=='))",
        ("share_in_blocks",),
    )


def _empirical_V(data: pd.DataFrame) -> Matrix:
    sample = empirical_variances(data)
    return covariance_matrix(data["bucket"].to_numpy(), max(sample.Vb, 0.0), sample.Ve)
