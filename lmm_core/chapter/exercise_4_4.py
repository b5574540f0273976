"""Exercise 4.4: linear and mixed model side by side, with colour and without it, and the mixed model by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lmm_core.chapter.exercise_4_2 import image
from lmm_core.chapter.exercise_4_3 import Fits
from lmm_core.chapter.steps import Names, Printed, Step, Table, crossed, estimates, number
from lmm_core.covariance import covariance_matrix
from lmm_core.inference import ddf
from lmm_core.least_squares import gls
from lmm_core.reml import RemlFit
from lmm_core.summary import summary


def side_by_side(fits: Fits, names: Names) -> Step:
    """The summaries of both models."""
    fit, by_ols, called = fits.fit, fits.by_ols, fits.called
    columns = {"coef lm": by_ols.coef, "coef mixed": fit.coef, "se lm": by_ols.se, "se mixed": fit.se}
    return Step(
        "4.4, 1",
        "lm and mixed model",
        "Compare the summaries of the linear model and of the mixed model. What do you see?",
        {"fit": _of_fit(fit), "df": ddf(fit, np.eye(len(called)))},
        [Printed(summary(fit, fits.X, fits.y, fits.group, called, names.bucket)), estimates(called, columns)],
        "Theorems 3 and 7: with equal buckets the estimates are the same, and with Vb > 0 the standard errors of "
        "the mixed model are larger: it knows that frogs of a bucket are alike. Theorem 8: each coefficient has B "
        "- C df there."
        if fits.nested
        else crossed(names),
        "fit = fit_reml(X, data['weight'], data['bucket'])\n"
        f"print(summary(fit, X, data['weight'], data['bucket'], {called!r}, {names.bucket!r}))",
        "summary(lm2)\nsummary(lmm2)",
        f"c({_fit_in_r('lmm2')}, coef(summary(lmm2))[, 'df'])",
        ("fit", "df"),
    )


def with_and_without(fits: Fits, names: Names) -> Step:
    """The variance between buckets, and colour's share of it."""
    fit, null = fits.fit, fits.null
    larger = "larger" if null.Vb > fit.Vb else "not larger"
    rows = [[f"with {names.color}", fit], [f"without {names.color}", null]]
    cells = [[str(title), *(number(getattr(one, part)) for part in ("Vb", "Ve", "criterion"))] for title, one in rows]
    return Step(
        "4.4, 2",
        f"With and without {names.color}",
        f"Compare the mixed models with and without {names.color}. What changes?",
        {"null": _of_fit(null)},
        [
            Printed(summary(null, np.ones((len(fits.y), 1)), fits.y, fits.group, ["(Intercept)"], names.bucket)),
            Table(["", "Vb", "Ve", "criterion"], cells),
        ],
        f"Theorem 15: without colour the variance between buckets is {larger} here, where F = {fits.mixed.F:.4g}. What "
        "colour explained goes to the buckets; for equal buckets and Vb > 0 that makes it larger iff F > 1, not "
        "always. The two criteria are no likelihoods of the same data, and must not be compared."
        if fits.nested
        else crossed(names),
        "null = fit_reml(np.ones((len(data), 1)), data['weight'], data['bucket'])\nnull.Vb, fit.Vb",
        "summary(lmm1)\nsummary(lmm2)",
        f"c({_fit_in_r('lmm1')})",
        ("null",),
    )


def fitted_image(fits: Fits, data: pd.DataFrame, names: Names) -> Step:
    """V's picture, at the fit."""
    bucket, fit = names.columns[0], fits.fit
    step = image(
        names,
        "4.4, 3",
        data,
        (fit.Vb, fit.Ve),
        "image(V)",
        "V = covariance_matrix(data['bucket'], fit.Vb, fit.Ve)\nplots.image_of_V(data, Vb=fit.Vb, Ve=fit.Ve)",
    )
    r = (
        "VC <- as.data.frame(VarCorr(lmm2)); Var_b <- VC$vcov[1]; Var_e <- VC$vcov[2]\n"
        f"V <- Var_b * outer(dat${bucket}, dat${bucket}, '=='); diag(V) <- diag(V) + Var_e\nimage(V)"
    )
    return replace(step, r=r)


def by_hand(fits: Fits, names: Names) -> Step:
    """The mixed model's estimates from V by linear algebra."""
    weight, fit = names.columns[2], fits.fit
    hand = gls(fits.X, fits.y, covariance_matrix(fits.group, fit.Vb, fit.Ve))
    columns = {"coef by hand": hand.coef, "coef fit": fit.coef, "se by hand": hand.se, "se fit": fit.se}
    return Step(
        "4.4, 4",
        "The mixed model by hand",
        "Compute estimates and standard errors from V by linear algebra.",
        {"by_hand": vars(hand)},
        [estimates(fits.called, columns)],
        "Theorem 2: the fit is GLS at its own variances, in any design. Its standard errors take Vb and Ve as "
        "known; that they are estimated is what the df are for.",
        "by_hand = gls(X, data['weight'], V)\nby_hand.coef, by_hand.se",
        "X <- model.matrix(lmm2); Vi <- solve(V)\n"
        f"coef <- solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% dat${weight}\n"
        "se <- sqrt(diag(solve(t(X) %*% Vi %*% X)))\ncbind(coef, se)\nsummary(lmm2)$coefficients[, 1:2]",
        "c(coef, se)",
        ("by_hand",),
    )


def _of_fit(fit: RemlFit) -> dict[str, Any]:
    return {"Vb": fit.Vb, "Ve": fit.Ve, "coef": fit.coef, "se": fit.se, "criterion": fit.criterion}


def _fit_in_r(name: str) -> str:
    return f"as.data.frame(VarCorr({name}))$vcov, coef(summary({name}))[, 1:2], REMLcrit({name})"
