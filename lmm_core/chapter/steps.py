"""What a step of the worked chapter is, what the owner of the data calls things, and the chapter's two populations."""

import colorsys
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lmm_core.checks import Matrix, Vector
from lmm_core.simulation import simulate_frogs

SHOWN = 6  # rows of a long table, and of the corner of V


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


# --- names and populations ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """What the owner of the data calls things; in R's lines names are quoted where they have to be."""

    file: str
    bucket: str = "bucket"
    color: str = "color"
    weight: str = "weight"
    reading: str = ""  # R's lines that read the file, where read.csv alone does not

    @property
    def reads(self) -> str:
        """R's lines that read the file."""
        return self.reading or f"dat <- read.csv({r_text(self.file)})"

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
        return r_name(self.bucket), r_name(self.color), r_name(self.weight)


def r_text(text: str) -> str:
    """A string as R writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def r_name(name: str) -> str:
    """A column's name in an R formula, or after dat$."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return name if re.fullmatch(r"[A-Za-z.][A-Za-z0-9._]*", name) else f"`{escaped}`"


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


def is_nested(data: pd.DataFrame) -> bool:
    """Whether every bucket has one colour."""
    return bool(data.groupby("bucket", observed=True)["color"].nunique().max() == 1)


# --- parts of steps -------------------------------------------------------------------------------------


def levels_of(data: pd.DataFrame) -> list[str]:
    """The colours, sorted, as text."""
    return [str(level) for level in sorted(data["color"].unique().tolist())]


def crossed(names: Names) -> str:
    """What is said where colour varies within buckets."""
    return (
        f"{names.color} varies within {names.bucket}, and is compared there: the chapter's theorems are of colours "
        "that do not, and what they say of standard errors and df is another thing here."
    )


def estimates(called: Sequence[str], columns: dict[str, Vector]) -> Table:
    """Columns of estimates, a row for each coefficient."""
    return Table(["", *columns], [[c, *(number(v[i]) for v in columns.values())] for i, c in enumerate(called)])


def matrix(V: Matrix) -> Table:
    """A matrix, its rows and columns numbered."""
    names = [str(i + 1) for i in range(len(V))]
    return Table(["", *names], [[name, *map(number, row)] for name, row in zip(names, V, strict=True)])


def number(value: float) -> str:
    """Four decimals, or four digits where that would show none of a small number, or too many of a large one."""
    return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1e6 else f"{value:.4g}"
