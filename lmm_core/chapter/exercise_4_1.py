"""Exercises 4.1 and 4.3, 1 and 2: the data, replicates, and what variances they show."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from lmm_core.chapter.steps import SHOWN, Names, Picture, Population, Printed, Step, Table, is_nested, number
from lmm_core.covariance import Variances, empirical_variances, model_variances
from lmm_core.design import buckets_per_color, denominator_df

VARIANCES = ("Vb", "Ve", "Vbe", "cov", "rho")


def the_data(data: pd.DataFrame, names: Names, exercise: str, python: str) -> Step:
    """The head of the table, and a remark on weights that no frog has."""
    bucket, color, weight = names.columns
    negative = int(np.sum(data["weight"] < 0))
    called = {"bucket": names.bucket, "color": names.color, "weight": names.weight}
    head = data.head(SHOWN).rename(columns=called)
    cells = head.apply(lambda c: c.map(number) if c.dtype.kind == "f" else c.astype(str))
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
                names.reads,
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
                f"The sd of the means is {number(between)}, that within a {names.bucket} is {number(within)}.",
            ),
            Printed(
                f"The means of the {len(groups)} {names.buckets} differ {larger} (sd {number(between)}) than rows "
                f"of one {names.bucket} do (sd {number(within)})."
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
        [Table(["", *VARIANCES], [[rows[key], *map(number, values.values())] for key, values in numbers.items()])],
        "Theorem 6: the sample's Vb = Vbe - Ve is biased downwards, E[Vb] = n(B - 1)/(N - 1) Vb with one common "
        "mean and n frogs in each of B buckets; it takes differences of colours for differences of buckets.",
        "\n".join(python),
        "\n".join(r),
        f"c({r_numbers})",
        tuple(numbers),
    )


def _five(variances: Variances) -> dict[str, float]:
    return {name: getattr(variances, {"cov": "Vb"}.get(name, name)) for name in VARIANCES}


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


def _range(counts: Sequence[int]) -> str:
    return f"{min(counts)} each" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
