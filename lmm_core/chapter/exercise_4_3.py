"""Exercise 4.3: two frogs of a bucket, and colour judged without buckets and with them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lmm_core.chapter.steps import Names, Population, Printed, Step, Table, crossed, is_nested, levels_of, number
from lmm_core.checks import Matrix, Vector
from lmm_core.covariance import frog_correlation, model_variances
from lmm_core.design import design_matrix
from lmm_core.inference import Anova, anova_ols, anova_reml
from lmm_core.least_squares import Ols, ols
from lmm_core.reml import RemlFit, fit_reml
from lmm_core.summary import anova_lm, anova_lmer, summary_lm

PAIRS = ((3, 4), (1, 2), (2, 3), (1, 3))  # of frogs, as the chapter pairs them


@dataclass(frozen=True)
class Fits:
    """What 4.3 and 4.4 compare: the linear and the mixed model of colour, the mixed model without it, two anovas."""

    X: Matrix
    y: Vector
    group: np.ndarray
    called: list[str]
    nested: bool
    by_ols: Ols
    fit: RemlFit
    null: RemlFit
    naive: Anova
    mixed: Anova

    @classmethod
    def of(cls, data: pd.DataFrame, names: Names) -> "Fits":
        """Of a table with the chapter's columns; the coefficients are `called` as in R."""
        y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
        X = design_matrix(data["color"], intercept=True)
        called = ["(Intercept)", *(f"{names.color}{level}" for level in levels_of(data)[1:])]
        fit, null = fit_reml(X, y, group), fit_reml(np.ones((len(y), 1)), y, group)
        naive, mixed = anova_ols(data), anova_reml(data)
        return cls(X, y, group, called, is_nested(data), ols(X, y), fit, null, naive, mixed)


def correlations(data: pd.DataFrame, names: Names, population: Population) -> Step:
    """The population's correlation beside those of four pairs of frogs."""
    weight = names.columns[2]
    rho = model_variances(population.sigma_bucket, population.sigma_within).rho
    r = [frog_correlation(data, *pair) for pair in PAIRS]
    n_buckets = data["bucket"].nunique()
    rows = [[f"frogs {a} and {b}", number(value)] for (a, b), value in zip(PAIRS, r, strict=True)]
    pairs = ", ".join(f"cor({weight}[id == {a}], {weight}[id == {b}])" for a, b in PAIRS)
    return Step(
        "4.3, 3",
        "Two frogs of a bucket",
        "How are two frogs of a bucket correlated, in the population and in the sample?",
        {"rho": rho, "frog_correlations": np.array(r)},
        [Table(["", "correlation"], [["population, Vb/(Vb + Ve)", number(rho)], *rows])],
        f"The sample's are Pearson's over only {n_buckets} buckets, and scatter: they estimate rho, and are not it. "
        "Frogs must be paired by bucket, which R's lines take from the order of the rows.",
        "[frog_correlation(data, first, second) for first, second in chapter.PAIRS]",
        f"sigma_bucket <- {population.sigma_bucket}; sigma_within <- {population.sigma_within}\n"
        f"rho_pop <- sigma_bucket^2 / (sigma_bucket^2 + sigma_within^2)\nr <- with(dat, c({pairs}))",
        "c(rho_pop, r)",
        ("rho", "frog_correlations"),
    )


def by_linear_model(fits: Fits, names: Names) -> Step:
    """Colour judged by a model that takes frogs for replicates."""
    _, color, weight = names.columns
    naive, by_ols = fits.naive, fits.by_ols
    return Step(
        "4.3",
        "lm: frogs as replicates",
        f"Judge {names.color} by a linear model that knows nothing of {names.bucket}.",
        {"ols": {"coef": by_ols.coef, "se": by_ols.se}, "anova_ols": vars(naive)},
        [
            Printed(summary_lm(fits.X, fits.y, fits.called)),
            Printed(anova_lm(naive, by_ols.sigma2, names.color, names.weight)),
        ],
        f"Theorem 14: lm takes {naive.df_den:g} df for residuals, frogs minus colours, as if every frog had been "
        "painted by itself. Theorem 18: with Vb > 0 and no effect of colour its p-values are far too often small."
        if fits.nested
        else crossed(names),
        "X = design_matrix(data['color'], intercept=True)\nols(X, data['weight'])\nanova_ols(data)",
        f"lm2 <- lm({weight} ~ {color}, data = dat)\nsummary(lm2)\nanova(lm2)",
        "c(coef(summary(lm2))[, 1:2], unlist(c(anova(lm2)[1, c('F value', 'Df')], df.residual(lm2), "
        "anova(lm2)[1, 'Pr(>F)'])))",
        ("ols", "anova_ols"),
    )


def by_mixed_model(fits: Fits, names: Names) -> Step:
    """Colour judged by a model that takes buckets for replicates."""
    bucket, color, weight = names.columns
    naive, mixed = fits.naive, fits.mixed
    return Step(
        "4.3",
        "The mixed model: buckets as replicates",
        f"Fit the mixed model with and without {names.color}, and judge {names.color} again.",
        {"anova_reml": vars(mixed)},
        [
            Printed(anova_lmer(mixed, fits.fit.Ve, names.color)),
            Table(["", "F", "df", "denominator df", "p"], [["lm", *_test(naive)], ["mixed model", *_test(mixed)]]),
        ],
        "Theorem 14: with equal buckets and Vb > 0, F = MSA/MSB, the ANOVA of the bucket means, on C - 1 and B - C "
        f"df; here {mixed.df_den:.4g} where lm claims {naive.df_den:g}. At the boundary Vb = 0 both tests are the "
        "same."
        if fits.nested
        else crossed(names),
        "anova_reml(data)",
        "library(lme4); library(lmerTest)\n"
        f"lmm1 <- lmer({weight} ~ 1 + (1 | {bucket}), data = dat)\n"
        f"lmm2 <- lmer({weight} ~ {color} + (1 | {bucket}), data = dat)\nanova(lmm2)",
        "unlist(anova(lmm2)[, c('F value', 'NumDF', 'DenDF', 'Pr(>F)')])",
        ("anova_reml",),
    )


def _test(anova: Anova) -> list[str]:
    return [number(anova.F), f"{anova.df_num:g}", f"{anova.df_den:.4g}", f"{anova.p_value:.4g}"]
