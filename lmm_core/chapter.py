"""The chapter, worked through: every item of its exercises, in its order, is a function from data to a `Step`.

A notebook can call them one by one; `python -m lmm_core` prints them, and `--html` makes a page of them. A step has
the question in a few words, its numbers, what to show, the theorem with the condition that the chapter's sentence
needs, and the lines of Python and of R that do it. R's lines run as they are printed, in their order.
"""

import colorsys
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from lmm_core.checks import Matrix, Vector
from lmm_core.covariance import (
    Variances,
    covariance_matrix,
    empirical_variances,
    frog_correlation,
    model_variances,
)
from lmm_core.design import buckets_per_color, denominator_df, design_matrix
from lmm_core.inference import anova_ols, anova_reml, ddf
from lmm_core.least_squares import gls, ols
from lmm_core.reml import RemlFit, fit_reml
from lmm_core.simulation import simulate_frogs
from lmm_core.summary import anova_lm, anova_lmer, summary, summary_lm

SHOWN = 6  # rows of a long table, and of the corner of V
MOST_OF_V = 300  # frogs whose part of V is drawn
PAIRS = ((3, 4), (1, 2), (2, 3), (1, 3))  # of frogs, as the chapter pairs them
VARIANCES = ("Vb", "Ve", "Vbe", "cov", "rho")


# --- what is shown --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads; the first cell of a row names it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Printed:
    """Lines as R prints them."""

    text: str


@dataclass(frozen=True)
class Picture:
    """One of `lmm_core.plots`, by name, with what it is given beside the data, and what it shows in words."""

    name: str
    alt: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One item of an exercise, worked.

    numbers: by name.   blocks: what to show of them.   remark: the theorem and its condition.
    python, r: the lines that do it.   r_numbers: an R expression for the numbers named in `compared`, in their order.
    """

    exercise: str
    title: str
    question: str
    numbers: dict[str, Any]
    blocks: Sequence[Table | Printed | Picture]
    remark: str
    python: str
    r: str
    r_numbers: str
    compared: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """What the owner of the data calls things; in R's lines names are quoted where they have to be."""

    file: str
    bucket: str = "bucket"
    color: str = "color"
    weight: str = "weight"
    reading: str = ""  # further arguments of read.csv
    dropping: bool = False  # rows with missing values are left out

    def r(self, name: str) -> str:
        """A column's name in an R formula, or after dat$."""
        escaped = name.replace("\\", "\\\\").replace("`", "\\`")
        return name if re.fullmatch(r"[A-Za-z.][A-Za-z0-9._]*", name) else f"`{escaped}`"

    @property
    def buckets(self) -> str:
        """Several of them, in words."""
        return "buckets" if self.bucket == "bucket" else f"levels of {self.bucket}"

    @property
    def colors(self) -> str:
        """Several of them, in words."""
        return "colours" if self.color == "color" else f"levels of {self.color}"

    @property
    def called(self) -> dict[str, str]:
        """In pictures."""
        return {"bucket": self.bucket, "color": self.color.replace("color", "colour"), "weight": self.weight}

    @property
    def columns(self) -> tuple[str, str, str]:
        """bucket, color and weight in R."""
        return self.r(self.bucket), self.r(self.color), self.r(self.weight)


@dataclass(frozen=True)
class Population:
    """A simulated data set with the settings that it was drawn from."""

    name: str
    title: str
    data: pd.DataFrame
    mu: float
    sigma_bucket: float
    sigma_within: float
    python: str

    @property
    def names(self) -> Names:
        """The chapter's."""
        return Names(f"{self.name}.csv")


def rainbow(n: int) -> list[str]:
    """The colours of R's `rainbow`: hues 0, 1/n, ..., (n - 1)/n as "#RRGGBB"."""
    hues = [colorsys.hsv_to_rgb(k / n, 1.0, 1.0) for k in range(n)]
    return ["#" + "".join(f"{int(255 * part + 0.5):02X}" for part in rgb) for rgb in hues]


def first_population(seed: int = 41) -> Population:
    """30 buckets of 30 frogs, mean 60, sd 25 between and 10 within, each bucket in a colour of the rainbow."""
    data = simulate_frogs(30, 30, rainbow(30), 60, 25, 10, seed)
    drawn = f"data = simulate_frogs(30, 30, chapter.rainbow(30), mu=60, sigma_bucket=25, sigma_within=10, seed={seed})"
    return Population("chapter_1", "30 buckets of 30 frogs, a colour for each bucket", data, 60, 25, 10, drawn)


def second_population(seed: int = 42) -> Population:
    """8 buckets of 5 frogs, mean 60, sd 30 between and 15 within, two buckets in each of four colours."""
    colors = ["black", "blue", "green", "red"]
    data = simulate_frogs(8, 5, colors, 60, 30, 15, seed)
    drawn = f"data = simulate_frogs(8, 5, {colors!r}, mu=60, sigma_bucket=30, sigma_within=15, seed={seed})"
    return Population("chapter_2", "8 buckets of 5 frogs, two buckets in each of four colours", data, 60, 30, 15, drawn)


# --- the exercises in their order -----------------------------------------------------------------------


def work_first(population: Population) -> Iterator[Step]:
    """4.1 and 4.2: a colour for each bucket, V, and least squares by hand."""
    data, names = population.data, population.names
    yield the_data(data, names, "4.1", population.python)
    yield replication(data, names, "4.1, 1")
    yield weights(data, names, "4.1, 2")
    yield variances(data, names, population)
    yield covariance_corner(data, names)
    yield covariance_image(data, names)
    yield by_gls(data, names)
    yield gls_beside_ols(data, names)


def work_second(population: Population) -> Iterator[Step]:
    """4.3 and 4.4: two buckets for each colour, and the mixed model."""
    data, names = population.data, population.names
    yield the_data(data, names, "4.3", population.python)
    yield replication(data, names, "4.3, 1")
    yield weights(data, names, "4.3, 2")
    yield correlations(data, names, population)
    yield from mixed_model(data, names)


def work_own(data: pd.DataFrame, names: Names, python: str) -> Iterator[Step]:
    """All steps that somebody's own data allow. `data` has the chapter's columns, `names` what they were called.

    Where every bucket has a colour of its own, the last step says that no more can be said of colour.
    """
    yield the_data(data, names, "4.1", python)
    if is_nested(data):
        yield replication(data, names, "4.1, 1")
    yield weights(data, names, "4.1, 2")
    if is_nested(data) and denominator_df(data) == 0:
        return
    if data["bucket"].value_counts().min() > 1:
        yield variances(data, names, None)
        yield gls_beside_ols(data, names)
    yield from mixed_model(data, names)


def is_nested(data: pd.DataFrame) -> bool:
    """Whether every bucket has one colour."""
    return bool(data.groupby("bucket", observed=True)["color"].nunique().max() == 1)


def the_data(data: pd.DataFrame, names: Names, exercise: str, python: str) -> Step:
    """The head of the table, and a remark on weights that no frog has."""
    bucket, color, weight = names.columns
    negative = int(np.sum(data["weight"] < 0))
    called = {"bucket": names.bucket, "color": names.color, "weight": names.weight}
    head = data.head(SHOWN).rename(columns=called)
    cells = head.apply(lambda c: c.map(_number) if c.dtype.kind == "f" else c.astype(str))
    chosen = f"dat[c({', '.join(map(_r_text, called.values()))})]"
    dropped = [f"dat <- dat[complete.cases({chosen}), ]"] if names.dropping else []
    levels = f"levels = sort(unique(dat${color}), method = 'radix')"
    return Step(
        exercise,
        "The data",
        "What does the table look like?",
        {"rows": len(data), "negative": negative, "head": head[names.weight].to_numpy()},
        [Table(["", *head.columns], [[str(i + 1), *row] for i, row in enumerate(cells.to_numpy().tolist())])],
        f"{len(data)} rows. "
        + (
            f"{negative} of the weights are negative: a normal distribution reaches below 0, a frog does not. The "
            "model is one of the differences between frogs, and none of what follows depends on their zero."
            if negative
            else f"Each row is measured by itself; rows of one {names.bucket} share what is peculiar to it."
        ),
        python,
        "\n".join(
            [
                f"dat <- read.csv({_r_text(names.file)}{names.reading})",
                *dropped,
                f"dat${bucket} <- factor(dat${bucket}); dat${color} <- factor(dat${color}, {levels})",
                "head(dat)",
            ]
        ),
        f"c(nrow(dat), sum(dat${weight} < 0), head(dat${weight}))",
        ("rows", "negative", "head"),
    )


def replication(data: pd.DataFrame, names: Names, exercise: str) -> Step:
    """How many buckets has each colour, and can colour be judged?"""
    bucket, color, _ = names.columns
    counts, df = buckets_per_color(data), denominator_df(data)
    rows = [[str(c), str(n)] for c, n in list(counts.items())[:SHOWN]]
    if len(counts) > SHOWN:
        rows.append([f"... {len(counts) - SHOWN} more", _range([*counts.values()][SHOWN:])])
    can = (
        f"{df} degrees of freedom are left, so the effect of {names.color} can be estimated and judged."
        if df
        else f"None is left: none of the {names.colors} has two {names.buckets}, so both cannot be told apart. The "
        f"rows of a {names.bucket} are pseudo-replicates, however many: nothing more can be said of {names.color}."
    )
    return Step(
        exercise,
        f"Replicates of {names.color}",
        f"How many {names.buckets} has each of the {names.colors}? Can its effect be estimated?",
        {"buckets_per_color": counts, "denominator_df": df},
        [
            Table([names.color, names.bucket], rows),
            Printed(f"{sum(counts.values())} {names.buckets} - {len(counts)} {names.colors} = {df}. {can}"),
        ],
        "Theorem 8: buckets minus colours is exactly the df of every colour contrast where all buckets hold "
        "equally many frogs and the estimate of Vb is positive; with unequal buckets it is another number.",
        "buckets_per_color(data), denominator_df(data)",
        f"per_color <- colSums(table(dat${bucket}, dat${color}) > 0)\nper_color",
        "c(per_color, sum(per_color) - length(per_color))",
        ("buckets_per_color", "denominator_df"),
    )


def weights(data: pd.DataFrame, names: Names, exercise: str) -> Step:
    """The picture, and the two spreads that it shows."""
    bucket, color, weight = names.columns
    groups = data.groupby("bucket", observed=True)["weight"]
    between = float(groups.mean().std())
    within = float(np.sqrt(groups.var().mean()))
    larger = "more" if between > within else "less"
    painted = (
        [f"paint <- as.character(dat${color})[match(levels(dat${bucket}), dat${bucket})]"] if is_nested(data) else []
    )
    fill = ", col = paint" if painted and _are_colors(data["color"].unique().tolist()) else ""
    return Step(
        exercise,
        f"{names.weight.capitalize()} by {names.bucket}",
        "Draw the data. What do you see?",
        {"sd_of_means": between, "sd_within": within},
        [
            Picture(
                "weights_by_bucket",
                f"{names.weight} of every {names.bucket}, in the colour of its {names.color} where that names one. "
                f"The sd of the means is {_number(between)}, that within a {names.bucket} is {_number(within)}.",
            ),
            Printed(
                f"The means of the {len(groups)} {names.buckets} differ {larger} (sd {_number(between)}) than rows "
                f"of one {names.bucket} do (sd {_number(within)})."
            ),
        ],
        "The means carry some of the spread within, too: theirs has variance Vb + Ve/n. Painted in the "
        "alphabetical order of colours, as boxplot(col = levels(color)) does, most boxes would wear another "
        "bucket's colour.",
        "plots.weights_by_bucket(data)",
        "\n".join([*painted, f"boxplot({weight} ~ {bucket}, dat{fill})"]),
        f"c(sd(tapply(dat${weight}, dat${bucket}, mean)), sqrt(mean(tapply(dat${weight}, dat${bucket}, var), "
        "na.rm = TRUE)))",
        ("sd_of_means", "sd_within"),
    )


def variances(data: pd.DataFrame, names: Names, population: Population | None) -> Step:
    """Vb, Ve, Vbe, cov and rho, of the population and of the sample."""
    bucket, _, weight = names.columns
    numbers = {"empirical_variances": _five(empirical_variances(data))}
    python = ["empirical_variances(data)"]
    r = [
        f"Ve_emp <- mean(tapply(dat${weight}, dat${bucket}, var)); Vbe_emp <- var(dat${weight})",
        "Vb_emp <- Vbe_emp - Ve_emp; rho_emp <- Vb_emp / Vbe_emp",
    ]
    r_numbers = "Vb_emp, Ve_emp, Vbe_emp, Vb_emp, rho_emp"
    if population:
        sds = population.sigma_bucket, population.sigma_within
        numbers = {"model_variances": _five(model_variances(*sds))} | numbers
        python.insert(0, f"model_variances(sigma_bucket={sds[0]}, sigma_within={sds[1]})")
        r = [
            f"sigma_bucket <- {sds[0]}; sigma_within <- {sds[1]}",
            "Vb <- sigma_bucket^2; Ve <- sigma_within^2; Vbe <- Vb + Ve; cov <- Vb; rho <- Vb / Vbe",
            *r,
            "rbind(population = c(Vb, Ve, Vbe, cov, rho), sample = c(Vb_emp, Ve_emp, Vbe_emp, Vb_emp, rho_emp))",
        ]
        r_numbers = f"Vb, Ve, Vbe, cov, rho, {r_numbers}"
    rows = {"model_variances": "population", "empirical_variances": "sample"}
    return Step(
        "4.1",
        "The variances",
        "What are the variance between and within buckets, that of a frog, and the covariance and correlation of "
        "two frogs of a bucket? What does the sample say of them?",
        numbers,
        [Table(["", *VARIANCES], [[rows[key], *map(_number, values.values())] for key, values in numbers.items()])],
        "Theorem 6: the sample's Vb = Vbe - Ve is biased downwards, E[Vb] = n(B - 1)/(N - 1) Vb with one common "
        "mean and n frogs in each of B buckets; it takes differences of colours for differences of buckets.",
        "\n".join(python),
        "\n".join(r),
        f"c({r_numbers})",
        tuple(numbers),
    )


def covariance_corner(data: pd.DataFrame, names: Names) -> Step:
    """V at the sample's variances; its corner is shown."""
    bucket, *_ = names.columns
    V = _empirical_V(data)[:SHOWN, :SHOWN]
    return Step(
        "4.2, 1",
        "The covariance matrix V",
        "Build V from the sample's variances and covariance.",
        {"corner": V},
        [_matrix(V)],
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
    return _image(
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
        [_estimates(_levels(data), {"coef": fit.coef, "se": fit.se})],
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
            _estimates(_levels(data), columns),
            Printed(f"lm: residual variance {_number(by_ols.sigma2)} on {by_ols.df_resid} df"),
        ],
        "Theorem 3: the estimates agree for every y iff each colour's buckets hold equally many frogs. Theorem 7: "
        "for equal buckets and Vb > 0 all standard errors of lm are too small, as if frogs were replicates."
        if is_nested(data)
        else _crossed(names),
        "X = design_matrix(data['color'], intercept=False)\nols(X, data['weight'])",
        f"{V}\nX <- model.matrix(~ {color} - 1, dat); C <- solve(t(X) %*% Vi %*% X)\n"
        f"by_hand <- cbind(coef = c(C %*% t(X) %*% Vi %*% dat${weight}), se = sqrt(diag(C)))\n"
        f"fit <- lm({weight} ~ {color} - 1, dat)\nsummary(fit)\n"
        "beside <- cbind(by_hand, coef(summary(fit))[, c('Estimate', 'Std. Error'), drop = FALSE])\nbeside",
        "c(beside)",
        ("gls", "ols"),
    )


def correlations(data: pd.DataFrame, names: Names, population: Population) -> Step:
    """The population's correlation beside those of four pairs of frogs."""
    weight = names.columns[2]
    rho = model_variances(population.sigma_bucket, population.sigma_within).rho
    r = [frog_correlation(data, *pair) for pair in PAIRS]
    n_buckets = data["bucket"].nunique()
    rows = [[f"frogs {a} and {b}", _number(value)] for (a, b), value in zip(PAIRS, r, strict=True)]
    pairs = ", ".join(f"cor({weight}[id == {a}], {weight}[id == {b}])" for a, b in PAIRS)
    return Step(
        "4.3, 3",
        "Two frogs of a bucket",
        "How are two frogs of a bucket correlated, in the population and in the sample?",
        {"rho": rho, "frog_correlations": np.array(r)},
        [Table(["", "correlation"], [["population, Vb/(Vb + Ve)", _number(rho)], *rows])],
        f"The sample's are Pearson's over only {n_buckets} buckets, and scatter: they estimate rho, and are not it. "
        "Frogs must be paired by bucket, which R's lines take from the order of the rows.",
        "[frog_correlation(data, first, second) for first, second in chapter.PAIRS]",
        f"sigma_bucket <- {population.sigma_bucket}; sigma_within <- {population.sigma_within}\n"
        f"rho_pop <- sigma_bucket^2 / (sigma_bucket^2 + sigma_within^2)\nr <- with(dat, c({pairs}))",
        "c(rho_pop, r)",
        ("rho", "frog_correlations"),
    )


def mixed_model(data: pd.DataFrame, names: Names) -> Iterator[Step]:
    """The naive and the mixed model, what they say of colour, and the mixed model by hand."""
    bucket, color, weight = names.columns
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    X, levels = design_matrix(data["color"], intercept=True), _levels(data)
    called = ["(Intercept)", *(f"{names.color}{level}" for level in levels[1:])]
    naive, mixed = anova_ols(data), anova_reml(data)
    by_ols, fit, null = ols(X, y), fit_reml(X, y, group), fit_reml(np.ones((len(y), 1)), y, group)
    nested = is_nested(data)
    crossed = _crossed(names)

    yield Step(
        "4.3",
        "lm: frogs as replicates",
        f"Judge {names.color} by a linear model that knows nothing of {names.bucket}.",
        {"ols": {"coef": by_ols.coef, "se": by_ols.se}, "anova_ols": vars(naive)},
        [Printed(summary_lm(X, y, called)), Printed(anova_lm(naive, by_ols.sigma2, names.color, names.weight))],
        f"Theorem 14: lm takes {naive.df_den:g} df for residuals, frogs minus colours, as if every frog had been "
        "painted by itself. Theorem 18: with Vb > 0 and no effect of colour its p-values are far too often small."
        if nested
        else crossed,
        "X = design_matrix(data['color'], intercept=True)\nols(X, data['weight'])\nanova_ols(data)",
        f"lm2 <- lm({weight} ~ {color}, data = dat)\nsummary(lm2)\nanova(lm2)",
        "c(coef(summary(lm2))[, 1:2], unlist(c(anova(lm2)[1, c('F value', 'Df')], df.residual(lm2), "
        "anova(lm2)[1, 'Pr(>F)'])))",
        ("ols", "anova_ols"),
    )
    yield Step(
        "4.3",
        "The mixed model: buckets as replicates",
        f"Fit the mixed model with and without {names.color}, and judge {names.color} again.",
        {"anova_reml": vars(mixed)},
        [
            Printed(anova_lmer(mixed, fit.Ve, names.color)),
            Table(
                ["", "F", "df", "denominator df", "p"],
                [["lm", *_test(vars(naive))], ["mixed model", *_test(vars(mixed))]],
            ),
        ],
        "Theorem 14: with equal buckets and Vb > 0, F = MSA/MSB, the ANOVA of the bucket means, on C - 1 and B - C "
        f"df; here {mixed.df_den:.4g} where lm claims {naive.df_den:g}. At the boundary Vb = 0 both tests are the "
        "same."
        if nested
        else crossed,
        "anova_reml(data)",
        "library(lme4); library(lmerTest)\n"
        f"lmm1 <- lmer({weight} ~ 1 + (1 | {bucket}), data = dat)\n"
        f"lmm2 <- lmer({weight} ~ {color} + (1 | {bucket}), data = dat)\nanova(lmm2)",
        "unlist(anova(lmm2)[, c('F value', 'NumDF', 'DenDF', 'Pr(>F)')])",
        ("anova_reml",),
    )
    columns = {"coef lm": by_ols.coef, "coef mixed": fit.coef, "se lm": by_ols.se, "se mixed": fit.se}
    yield Step(
        "4.4, 1",
        "lm and mixed model",
        "Compare the summaries of the linear model and of the mixed model. What do you see?",
        {"fit": _of_fit(fit), "df": ddf(fit, np.eye(len(called)))},
        [Printed(summary(fit, X, y, group, called, names.bucket)), _estimates(called, columns)],
        "Theorems 3 and 7: with equal buckets the estimates are the same, and with Vb > 0 the standard errors of "
        "the mixed model are larger: it knows that frogs of a bucket are alike. Theorem 8: each coefficient has B "
        "- C df there."
        if nested
        else crossed,
        "fit = fit_reml(X, data['weight'], data['bucket'])\n"
        f"print(summary(fit, X, data['weight'], data['bucket'], {called!r}, {names.bucket!r}))",
        "summary(lm2)\nsummary(lmm2)",
        f"c({_fit_in_r('lmm2')}, coef(summary(lmm2))[, 'df'])",
        ("fit", "df"),
    )
    larger = "larger" if null.Vb > fit.Vb else "not larger"
    yield Step(
        "4.4, 2",
        f"With and without {names.color}",
        f"Compare the mixed models with and without {names.color}. What changes?",
        {"null": _of_fit(null)},
        [
            Printed(summary(null, np.ones((len(y), 1)), y, group, ["(Intercept)"], names.bucket)),
            Table(
                ["", "Vb", "Ve", "criterion"],
                [
                    [f"with {names.color}", *map(_number, (fit.Vb, fit.Ve, fit.criterion))],
                    [f"without {names.color}", *map(_number, (null.Vb, null.Ve, null.criterion))],
                ],
            ),
        ],
        f"Theorem 15: without colour the variance between buckets is {larger} here, where F = {mixed.F:.4g}. What "
        "colour explained goes to the buckets; for equal buckets and Vb > 0 that makes it larger iff F > 1, not "
        "always. The two criteria are no likelihoods of the same data, and must not be compared."
        if nested
        else crossed,
        "null = fit_reml(np.ones((len(data), 1)), data['weight'], data['bucket'])\nnull.Vb, fit.Vb",
        "summary(lmm1)\nsummary(lmm2)",
        f"c({_fit_in_r('lmm1')})",
        ("null",),
    )
    yield replace(
        _image(
            names,
            "4.4, 3",
            data,
            (fit.Vb, fit.Ve),
            "image(V)",
            "V = covariance_matrix(data['bucket'], fit.Vb, fit.Ve)\nplots.image_of_V(data, Vb=fit.Vb, Ve=fit.Ve)",
        ),
        r="VC <- as.data.frame(VarCorr(lmm2)); Var_b <- VC$vcov[1]; Var_e <- VC$vcov[2]\n"
        f"V <- Var_b * outer(dat${bucket}, dat${bucket}, '=='); diag(V) <- diag(V) + Var_e\nimage(V)",
    )
    by_hand = gls(X, y, covariance_matrix(group, fit.Vb, fit.Ve))
    columns = {"coef by hand": by_hand.coef, "coef fit": fit.coef, "se by hand": by_hand.se, "se fit": fit.se}
    yield Step(
        "4.4, 4",
        "The mixed model by hand",
        "Compute estimates and standard errors from V by linear algebra.",
        {"by_hand": vars(by_hand)},
        [_estimates(called, columns)],
        "Theorem 2: the fit is GLS at its own variances, in any design. Its standard errors take Vb and Ve as "
        "known; that they are estimated is what the df are for.",
        "by_hand = gls(X, data['weight'], V)\nby_hand.coef, by_hand.se",
        "X <- model.matrix(lmm2); Vi <- solve(V)\n"
        f"coef <- solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% dat${weight}\n"
        "se <- sqrt(diag(solve(t(X) %*% Vi %*% X)))\ncbind(coef, se)\nsummary(lmm2)$coefficients[, 1:2]",
        "c(coef, se)",
        ("by_hand",),
    )


# --- parts of steps -------------------------------------------------------------------------------------


def _crossed(names: Names) -> str:
    return (
        f"{names.color} varies within {names.bucket}, and is compared there: the chapter's theorems are of colours "
        "that do not, and what they say of standard errors and df is another thing here."
    )


def _image(
    names: Names, exercise: str, data: pd.DataFrame, variances: tuple[float, float], r: str, python: str
) -> Step:
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
                f"V of {shown} frogs: {_number(Vb + Ve)} on the diagonal, {_number(Vb)} for two frogs of a bucket, "
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


def _five(variances: Variances) -> dict[str, float]:
    return {name: getattr(variances, {"cov": "Vb"}.get(name, name)) for name in VARIANCES}


def _of_fit(fit: RemlFit) -> dict[str, Any]:
    return {"Vb": fit.Vb, "Ve": fit.Ve, "coef": fit.coef, "se": fit.se, "criterion": fit.criterion}


def _fit_in_r(name: str) -> str:
    return f"as.data.frame(VarCorr({name}))$vcov, coef(summary({name}))[, 1:2], REMLcrit({name})"


def _levels(data: pd.DataFrame) -> list[str]:
    return [str(level) for level in sorted(data["color"].unique().tolist())]


def _are_colors(labels: Sequence[object]) -> bool:
    """Whether R and matplotlib would paint in them, as far as the chapter's go: names in letters, and #RRGGBB."""
    known = {
        "black",
        "blue",
        "green",
        "red",
        "brown",
        "orange",
        "yellow",
        "purple",
        "violet",
        "pink",
        "white",
        "grey",
        "gray",
    }
    return all(str(label) in known or re.fullmatch("#[0-9A-F]{6}", str(label)) for label in labels)


def _r_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _range(counts: Sequence[int]) -> str:
    return f"{min(counts)} each" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _estimates(called: Sequence[str], columns: dict[str, Vector]) -> Table:
    return Table(["", *columns], [[c, *(_number(v[i]) for v in columns.values())] for i, c in enumerate(called)])


def _matrix(V: Matrix) -> Table:
    names = [str(i + 1) for i in range(len(V))]
    return Table(["", *names], [[name, *map(_number, row)] for name, row in zip(names, V, strict=True)])


def _test(anova: dict[str, float]) -> list[str]:
    return [_number(anova["F"]), f"{anova['df_num']:g}", f"{anova['df_den']:.4g}", f"{anova['p_value']:.4g}"]


def _number(value: float) -> str:
    """Four decimals, or four digits where that would show none of a small number, or too many of a large one."""
    return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1e6 else f"{value:.4g}"
