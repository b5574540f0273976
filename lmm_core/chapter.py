"""The chapter, worked through: each exercise is a function from data to a `Step` with its numbers.

A notebook can call them one by one; `python -m lmm_core` prints them in order. A step says which theorem was
just seen, with the condition that the chapter's sentence needs, and the R lines that do the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from lmm_core.covariance import covariance_matrix, empirical_variances, frog_correlation, model_variances
from lmm_core.design import buckets_per_color, denominator_df, design_matrix
from lmm_core.inference import Anova, anova_ols, anova_reml
from lmm_core.least_squares import gls, ols
from lmm_core.reml import fit_reml
from lmm_core.simulation import simulate_frogs
from lmm_core.summary import summary

SHOWN = 6  # rows of a long table, and of the corner of V


@dataclass(frozen=True)
class Step:
    """One exercise worked: its numbers by name, the text to print, what it shows, and the same in R.

    `r_numbers` is an R expression for the numbers named in `compared`, in their order.
    """

    exercise: str
    title: str
    numbers: dict[str, Any]
    text: str
    remark: str
    r: str = ""
    r_numbers: str = ""
    compared: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Population:
    """A simulated data set with the settings that it was drawn from."""

    name: str
    data: pd.DataFrame
    sigma_bucket: float
    sigma_within: float


def first_population(seed: int = 41) -> Population:
    """30 buckets of 30 frogs, sd 25 between and 10 within, a colour for each bucket."""
    colors = [f"color{i:02d}" for i in range(1, 31)]
    return Population("first", simulate_frogs(30, 30, colors, 200, 25, 10, seed), 25, 10)


def second_population(seed: int = 42) -> Population:
    """8 buckets of 5 frogs, sd 30 between and 15 within, four colours."""
    return Population("second", simulate_frogs(8, 5, ["red", "green", "blue", "brown"], 200, 30, 15, seed), 30, 15)


def work(population: Population) -> Iterator[Step]:
    """All steps that a simulated data set allows, in the chapter's order."""
    data = population.data
    yield replication(data)
    yield variances(data, population)
    yield covariance_corner(data)
    yield least_squares(data)
    yield correlation(data, population)
    if denominator_df(data) > 0:
        yield from mixed_model(data)


def work_own(data: pd.DataFrame, group: str = "bucket", factor: str = "color") -> Iterator[Step]:
    """All steps that somebody's own data allow; what they do not allow is said by `fit_reml`'s refusal.

    `group` and `factor` are what the data's owner calls bucket and color.
    """
    if is_nested(data):
        yield replication(data)
    if data["bucket"].value_counts().min() > 1:
        yield variances(data, None)
    yield from mixed_model(data, group, factor)


def is_nested(data: pd.DataFrame) -> bool:
    """Whether every bucket has one colour."""
    return bool(data.groupby("bucket", observed=True)["color"].nunique().max() == 1)


def replication(data: pd.DataFrame) -> Step:
    """4.1: buckets per colour, and whether colour can be judged."""
    counts, df = buckets_per_color(data), denominator_df(data)
    shown = dict(list(counts.items())[:SHOWN])
    more = f"   ... and {len(counts) - len(shown)} more colours" if len(counts) > len(shown) else ""
    text = "   ".join(f"{color}: {n}" for color, n in shown.items()) + more
    text += f"\ndenominator df = {sum(counts.values())} buckets - {len(counts)} colours = {df}"
    can = "Colour can be judged." if df else "Colour cannot be told from bucket: no colour has a second bucket."
    return Step(
        "4.1",
        "Replication: buckets, not frogs",
        {"buckets_per_color": counts, "denominator_df": df},
        f"{text}\n{can}",
        "Theorem 8: B - C is exactly the df of every colour contrast where all buckets hold equally many frogs and "
        "the estimate of Vb is positive; with unequal buckets it is another number.",
        "per_color <- tapply(dat$bucket, dat$color, function(b) length(unique(b)))\nper_color",
        "sum(per_color) - length(per_color)",
        ("denominator_df",),
    )


def variances(data: pd.DataFrame, population: Population | None) -> Step:
    """4.2: variances of the population and of the sample, side by side."""
    sample = vars(empirical_variances(data))
    rows = {"sample": list(sample.values())}
    numbers: dict[str, Any] = {"empirical_variances": sample}
    if population:
        model = vars(model_variances(population.sigma_bucket, population.sigma_within))
        rows = {"population": list(model.values())} | rows
        numbers["model_variances"] = model
    return Step(
        "4.2",
        "Variances: population and sample",
        numbers,
        _table(["", "Vb", "Ve", "Vbe", "rho"], [[name, *map(_number, values)] for name, values in rows.items()]),
        "Theorem 6: the sample's Vb = Vbe - Ve is biased downwards, E[Vb] = n(B - 1)/(N - 1) Vb with one common mean "
        "and n frogs in every bucket; and it counts colours as buckets.",
        "Ve <- mean(tapply(dat$weight, dat$bucket, var)); Vbe <- var(dat$weight); Vb <- Vbe - Ve\n"
        "c(Vb, Ve, Vbe, Vb / Vbe)",
        "c(Vb, Ve, Vbe, Vb / Vbe)",
        ("empirical_variances",),
    )


def covariance_corner(data: pd.DataFrame) -> Step:
    """4.2: the corner of V at the sample's variances."""
    sample = empirical_variances(data)
    V = covariance_matrix(data["bucket"].to_numpy(), sample.Vb, sample.Ve)[:SHOWN, :SHOWN]
    return Step(
        "4.2",
        f"The corner of V, frogs 1 to {SHOWN}",
        {"corner": V},
        _table(list(map(_number, V[0])), [list(map(_number, row)) for row in V[1:]]),
        "Theorem 1: V = Ve I + Vb ZZ' has the eigenvalues Ve and Ve + n Vb. Where the chapter writes dat$colour, a "
        "column that does not exist, `outer` returns nothing and V stays diagonal without a word.",
        "V <- diag(Ve, nrow(dat)) + Vb * outer(dat$bucket, dat$bucket, '==')\nV[1:6, 1:6]",
        "c(V[1:6, 1:6])",
        ("corner",),
    )


def least_squares(data: pd.DataFrame) -> Step:
    """4.2: GLS with the sample's variances beside OLS, a mean for each colour."""
    sample = empirical_variances(data)
    X, y = design_matrix(data["color"], intercept=False), data["weight"].to_numpy()
    by_gls, by_ols = gls(X, y, covariance_matrix(data["bucket"].to_numpy(), sample.Vb, sample.Ve)), ols(X, y)
    colors = sorted(data["color"].unique())
    columns = (by_gls.coef, by_ols.coef, by_gls.se, by_ols.se)
    rows = [[str(c), *(_number(column[i]) for column in columns)] for i, c in enumerate(colors)]
    more = f"\n... and {len(rows) - SHOWN} more colours" if len(rows) > SHOWN else ""
    numbers = {"gls": vars(by_gls), "ols": {"coef": by_ols.coef, "se": by_ols.se}}
    return Step(
        "4.2",
        "GLS beside OLS",
        numbers,
        _table(["", "GLS coef", "OLS coef", "GLS se", "OLS se"], rows[:SHOWN]) + more,
        "Theorem 3: the estimates agree for every y iff each colour's buckets hold equally many frogs. Theorem 7: for "
        "equal buckets and Vb > 0 all standard errors of OLS are too small, as if frogs were replicates.",
        "X <- model.matrix(~ color - 1, dat); Vi <- solve(V); C <- solve(t(X) %*% Vi %*% X)\n"
        "by_hand <- cbind(coef = C %*% t(X) %*% Vi %*% dat$weight, se = sqrt(diag(C)))\n"
        "naive <- coef(summary(lm(weight ~ color - 1, dat)))[, 1:2, drop = FALSE]",
        "c(by_hand, naive)",
        ("gls", "ols"),
    )


def correlation(data: pd.DataFrame, population: Population) -> Step:
    """4.3: the first two frogs of every bucket are alike."""
    r = frog_correlation(data, 1, 2)
    rho = model_variances(population.sigma_bucket, population.sigma_within).rho
    n_buckets = data["bucket"].nunique()
    return Step(
        "4.3",
        "Two frogs of a bucket",
        {"frog_correlation": r, "rho": rho},
        f"correlation of frogs 1 and 2 over {n_buckets} buckets: {r:.4f}   population: rho = {rho:.4f}",
        f"Vb/(Vb + Ve) is the population's correlation; the sample's is Pearson's over only {n_buckets} pairs.",
        "first <- dat[dat$id == 1, ]; second <- dat[dat$id == 2, ]\n"
        "both <- merge(first, second, by = 'bucket')\ncor(both$weight.x, both$weight.y)",
        "cor(both$weight.x, both$weight.y)",
        ("frog_correlation",),
    )


def mixed_model(data: pd.DataFrame, group_name: str = "bucket", factor: str = "color") -> Iterator[Step]:
    """4.3 and 4.4: the naive and the mixed test, the two models, and the fit by hand."""
    naive, mixed = anova_ols(data), anova_reml(data)
    crossed = (
        f"{factor} is crossed with {group_name}, and compared within: the chapter's theorems are of nested colours."
    )
    yield Step(
        "4.3 and 4.4",
        "Colour judged with frogs, and with buckets, as replicates",
        {"anova_ols": vars(naive), "anova_reml": vars(mixed)},
        _table(["", "F", "df", "ddf", "p"], [["lm", *_test(naive)], ["mixed model", *_test(mixed)]]),
        f"Theorem 14: with equal buckets and Vb > 0, F = MSA/MSB on C - 1 and B - C df. The naive model claims "
        f"{naive.df_den:g} df where the buckets give {mixed.df_den:.4g}. At the boundary Vb = 0 both are the same."
        if is_nested(data)
        else crossed,
        "library(lmerTest)\nanova(lm(weight ~ color, dat))\n"
        "lm2 <- lmer(weight ~ color + (1 | bucket), dat)\nanova(lm2)",
        "unlist(c(anova(lm(weight ~ color, dat))[1, c('F value', 'Df')], df.residual(lm(weight ~ color, dat)), "
        "anova(lm(weight ~ color, dat))[1, 'Pr(>F)'], anova(lm2)[, c('F value', 'NumDF', 'DenDF', 'Pr(>F)')]))",
        ("anova_ols", "anova_reml"),
    )
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    levels = sorted(data["color"].unique())
    designs = {
        "with colour": (
            design_matrix(data["color"], intercept=True),
            ["(Intercept)", *(f"{factor}{c}" for c in levels[1:])],
        ),
        "without colour": (np.ones((len(y), 1)), ["(Intercept)"]),
    }
    fits = {name: fit_reml(X, y, group) for name, (X, _) in designs.items()}
    larger = "larger" if fits["without colour"].Vb > fits["with colour"].Vb else "not larger"
    for (name, fit), formula, r_name in zip(fits.items(), ("color", "1"), ("lm2", "lm1"), strict=True):
        X, names = designs[name]
        yield Step(
            "4.4",
            f"The mixed model {name}",
            {"Vb": fit.Vb, "Ve": fit.Ve, "coef": fit.coef, "se": fit.se, "criterion": fit.criterion},
            summary(fit, X, y, group, names, group_name),
            f"Theorem 15: without colour Vb is {larger} here, where F = {mixed.F:.4g}; for equal buckets and Vb > 0 it "
            "is larger iff F > 1, not always."
            if is_nested(data)
            else crossed,
            f"{r_name} <- lmer(weight ~ {formula} + (1 | bucket), dat)\nsummary({r_name})",
            f"c(as.data.frame(VarCorr({r_name}))$vcov, fixef({r_name}), sqrt(diag(as.matrix(vcov({r_name})))), "
            f"REMLcrit({r_name}))",
            ("Vb", "Ve", "coef", "se", "criterion"),
        )
    fit, (X, names) = fits["with colour"], designs["with colour"]
    by_hand = gls(X, y, covariance_matrix(group, fit.Vb, fit.Ve))
    rows = [
        [name, *map(_number, (fit.coef[i], by_hand.coef[i], fit.se[i], by_hand.se[i]))] for i, name in enumerate(names)
    ]
    yield Step(
        "4.4",
        "By hand from V at the fitted variances",
        {"gls": vars(by_hand)},
        _table(["", "fit coef", "by hand", "fit se", "by hand"], rows),
        "Theorem 2: the fit is GLS at its own variances. Its standard errors take Vb and Ve as known.",
        "v <- as.data.frame(VarCorr(lm2))$vcov; X <- model.matrix(lm2)\n"
        "V <- diag(v[2], nrow(dat)) + v[1] * outer(dat$bucket, dat$bucket, '==')\n"
        "Vi <- solve(V); C <- solve(t(X) %*% Vi %*% X)",
        "c(C %*% t(X) %*% Vi %*% dat$weight, sqrt(diag(C)))",
        ("gls",),
    )


def _test(anova: Anova) -> list[str]:
    return [_number(anova.F), f"{anova.df_num:g}", f"{anova.df_den:.4g}", f"{anova.p_value:.4g}"]


def _number(value: float) -> str:
    return f"{value:.4f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(lines)
