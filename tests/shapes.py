"""What packages meet: designs of one factor by their shape, and labels of every kind.

A shape is drawn so that it has by construction what its name says, and so that exact arithmetic is quick
(reference/designs.py). What is larger lies frozen in reference/large.json.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from reference.designs import Drawn, Plan, draw
from tests.layouts import Curves, Design, curves_of
from tests.shown import AsRepr

FEW = settings(max_examples=max(3, settings.default.max_examples // 10))  # of each shape or kind: there are many
SEEDS = st.integers(
    1, max(2, settings.default.max_examples // 10)
)  # few, so that every quantity is asked of the same data

# --- shapes ---------------------------------------------------------------------------------------------

# What a shape fixes, and how many buckets it has; their sizes are drawn, unequal.
SHAPES: dict[str, tuple[Plan, int]] = {
    "no constant": (Plan((), within=2, between=1, constant=False), 10),
    "one column, no constant": (Plan((), constant=False), 10),
    "several covariates within buckets": (Plan((), within=3), 12),
    "several covariates between buckets": (Plan((), within=0, between=3), 16),
    "covariates within and between": (Plan((), within=2, between=2), 14),
    "near-collinear columns": (Plan((), within=3, between=1, collinear=10), 14),
    "ten columns": (Plan((), within=5, between=4), 24),
    "forty buckets": (Plan((), between=1), 40),
    "two hundred buckets": (Plan((), between=1), 200),
    "buckets that differ little": (Plan((), within=2, between=1, spread=0.5), 30),
    "buckets that differ much": (Plan((), within=2, between=1, spread=128.0), 14),
    "the boundary with covariates": (Plan((), within=2, between=2, spread=0), 14),
    "a thousand rows": (Plan((), within=2, between=1), 20),
    "equal buckets": (Plan((), within=2, between=1), 40),
}
MANY_ROWS = {"a thousand rows": (50, 10, 250)}
EQUAL = {"equal buckets": (6,)}


def designs(shape: str) -> SearchStrategy[Drawn]:
    """Data of a shape: buckets of three sizes in turn, a singleton among them, or of those that the shape has."""
    return st.builds(design, st.just(shape), SEEDS)


@cache
def design(shape: str, seed: int) -> Drawn:
    """One of them."""
    plan, n_buckets = SHAPES[shape]
    sizes = (MANY_ROWS | EQUAL).get(shape, (2 + seed % 2, 1, 4 + seed % 3))
    return draw(replace(plan, sizes=tuple(np.resize(sizes, n_buckets).tolist())), seed)


# --- labels ---------------------------------------------------------------------------------------------

Naming = Callable[[np.ndarray], np.ndarray]
MISSING = ("NA", "nan", "None", "", "null", "NaN", "N/A", "TRUE", "-", "0", "Inf", "1e5")
WORDS = ("tub", "vat", "jar", "pot", "can", "urn", "box", "cup", "tin", "keg", "pan", "ewe")


def _text(form: Callable[[int], str]) -> Naming:
    return lambda codes: np.array([form(int(code)) for code in codes])


def _cased(code: int) -> str:
    """A word whose letters are large where the number has a binary 1."""
    return "".join(letter.upper() if code >> k & 1 else letter for k, letter in enumerate("bucket"))


KINDS: dict[str, Naming] = {
    "consecutive integers": lambda codes: codes + 1,
    "negative integers": lambda codes: codes - 6,
    "integers equal modulo 1000": lambda codes: 1000 * codes + 107,
    "integers equal modulo 65536": lambda codes: 65536 * codes + 3,
    "integers equal modulo 2^32": lambda codes: 2**32 * codes + 3,
    "floats": lambda codes: 0.5 * codes + 0.25,
    "negative floats": lambda codes: -0.25 * (codes + 1),
    "floats that are nearly equal": lambda codes: 1 + codes * 2.0**-30,
    "numpy strings": _text(lambda code: f"b{code}"),
    "objects": lambda codes: np.array([f"b{code}" for code in codes.tolist()], dtype=object),
    "case": _text(_cased),
    "beyond 13 characters": _text(lambda code: f"the bucket of number {code}"),
    "another first letter": _text(lambda code: f"{chr(ord('a') + code)} is the letter of this bucket"),
    "blanks": _text(lambda code: " " * (code % 4) + "ab"[code // 4 % 2] + " " * (code // 8)),
    "numbers as text": _text(lambda code: "0" * (code % 4) + str(1 + code // 4)),
    "words for what is missing": _text(lambda code: MISSING[code]),
    "other letters": _text(lambda code: chr(0xE0 + code)),
    "Greek": _text(lambda code: chr(0x3B1 + code)),
    "beyond 32 characters": _text(lambda code: f"the bucket in the second row of the pond, number {code}"),
    "commas and line ends": _text(lambda code: f"pond 1,{code // 2}\n{code % 2}"),
}
N_LABELS = len(MISSING)  # levels that every kind has


def labelled(codes: np.ndarray, kind: str) -> np.ndarray:
    """A label for each row, the levels in another order than the codes, so that nothing is sorted."""
    return KINDS[kind]((5 * codes + 3) % N_LABELS)


INTERLEAVED = draw(Plan((3, 5, 2, 1) * 3, within=1, between=1), seed=11)  # twelve unequal buckets, rows in any order
TWO_BUCKETS = draw(Plan((5, 8), within=1), seed=2)  # as many as truth values can name


# --- tables ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Tub(AsRepr):
    """A table of the contract, and its numbers by codes."""

    data: pd.DataFrame
    bucket: np.ndarray
    color: np.ndarray

    @property
    def y(self) -> np.ndarray:
        """Weights."""
        return self.data["weight"].to_numpy()

    @property
    def X(self) -> np.ndarray:
        """The constant, and contrasts with the first colour."""
        X = (self.color[:, None] == np.unique(self.color)).astype(float)
        X[:, 0] = 1.0
        return X

    def __repr__(self) -> str:
        """Short: the failing input itself is shown by the report."""
        return f"<{len(self.data)} frogs in {self.bucket.max() + 1} buckets of {self.color.max() + 1} colours>"


TABLES: dict[str, tuple[tuple[int, ...], int]] = {  # bucket sizes in turn, buckets of each colour
    "two colours of thirty buckets": ((2, 5, 3), 2),
    "twelve colours": ((3, 2, 5), 12),
    "five thousand frogs": ((5, 13, 25, 57), 6),
    "equal buckets": ((4,), 5),
}
N_BUCKETS = {"two colours of thirty buckets": 60, "twelve colours": 48, "five thousand frogs": 200, "equal buckets": 40}


def tables(shape: str) -> SearchStrategy[Tub]:
    """Frogs of a shape: unequal buckets dealt to colours in turn."""
    sizes, n_colors = TABLES[shape]
    return st.builds(_table, st.just(sizes), st.just(N_BUCKETS[shape]), st.just(n_colors), st.none(), SEEDS)


def named_table(kind: str) -> Tub:
    """Twelve unequal buckets of three colours, buckets and colours both named in one kind."""
    return _table((3, 5, 2), N_LABELS, 3, kind, seed=7)


@cache
def _table(sizes: tuple[int, ...], n_buckets: int, n_colors: int, kind: str | None, seed: int) -> Tub:
    """A frog's id is its number in its bucket."""
    drawn = draw(Plan(tuple(np.resize(sizes, n_buckets).tolist()), within=0, spread=1.0), seed)
    order = np.argsort(np.random.RandomState(seed).permutation(n_buckets))  # which bucket has which colour
    color = (order % n_colors)[drawn.codes]
    name: Callable[[np.ndarray], Any] = (lambda codes: codes + 1) if kind is None else lambda c: labelled(c, kind)
    y = 60 + drawn.y + 2.0 * color
    columns = {"id": _counted(drawn.codes), "bucket": name(drawn.codes), "color": name(color)}
    means = np.bincount(drawn.codes, y) / np.bincount(drawn.codes)
    data = pd.DataFrame(columns | {"bucket_mu": means[drawn.codes], "weight": y})
    return Tub(data, drawn.codes, color)


def _counted(codes: np.ndarray) -> np.ndarray:
    """1, 2, ... in each bucket, in the order of rows."""
    return pd.Series(codes).groupby(codes).cumcount().to_numpy() + 1


# --- two factors ----------------------------------------------------------------------------------------

# Fixed part, and whether the second factor lies within the first; every pair of levels has 1 to 3 rows.
TWO_FACTORS: dict[str, tuple[Plan, bool, tuple[int, int]]] = {
    "crossed, unequal": (Plan((), within=1), False, (8, 6)),
    "nested, unequal": (Plan((), within=1, between=1), True, (9, 4)),
    "crossed, no constant": (Plan((), within=2, between=1, constant=False), False, (9, 5)),
    "nested, no constant": (Plan((), within=2, between=1, constant=False), True, (8, 3)),
    "crossed, ten columns": (Plan((), within=6, between=3), False, (12, 5)),
    "nested, near-collinear": (Plan((), within=3, between=1, collinear=10), True, (8, 4)),
    "nested, forty within ten": (Plan((), within=1, between=1), True, (10, 4)),
    "crossed, thirty-one levels": (Plan((), within=1, between=1), False, (31, 3)),
}


def two_factors(shape: str) -> SearchStrategy[Design]:
    """Data of a shape, both variances well inside."""
    return st.builds(_two_factors, st.just(shape), SEEDS)


@cache
def _two_factors(shape: str, seed: int) -> Design:
    plan, is_nested, (a, b) = TWO_FACTORS[shape]
    drawn = draw(replace(plan, sizes=tuple((np.arange(a * b) * 7 % 3 + 1).tolist()), spread=0.5 * is_nested), seed)
    first, second = drawn.codes // b, drawn.codes if is_nested else drawn.codes % b
    effects = np.random.RandomState(seed + 1).permutation(a)[first] * 2.0
    effects = effects + (0 if is_nested else 3.0 * np.random.RandomState(seed + 2).permutation(b)[second])
    return Design(drawn.X, drawn.y + effects, [first, second])


def named_factors(kind: str) -> Design:
    """Twelve plates by three samples, the rows of a pair 1 to 3, both factors named in one kind."""
    drawn = draw(Plan(tuple((np.arange(36) * 7 % 3 + 1).tolist()), spread=0), seed=5)
    first, second = drawn.codes // 3, drawn.codes % 3
    y = drawn.y + 2.0 * (first * 5 % 12) + 6.0 * second
    return Design(drawn.X, y, [labelled(first, kind), labelled(second, kind)])


# --- random slopes --------------------------------------------------------------------------------------

# (columns of Z, rank of G), columns between groups, groups and rows in each: balanced, so that there is a closed form.
SLOPES: dict[str, tuple[tuple[int, int], int, tuple[int, int]]] = {
    "forty groups": ((2, 2), 1, (40, 4)),
    "forty groups, singular": ((2, 1), 1, (40, 4)),
    "two hundred groups": ((2, 2), 2, (200, 4)),
    "twelve columns": ((2, 2), 6, (30, 4)),
    "thirty rows in each group": ((2, 2), 2, (9, 30)),
    "three columns of Z": ((3, 3), 1, (34, 5)),
    "three columns of Z, singular": ((3, 2), 2, (34, 5)),
}


@cache
def slopes(shape: str) -> Curves:
    """Data of a shape, rows in any order."""
    ranks, c, sizes = SLOPES[shape]
    return curves_of(ranks, c, beside=False, seed=1, sizes=sizes)


@cache
def named_slopes(kind: str) -> Curves:
    """Twelve groups with a line each, named in one kind."""
    curves = curves_of((2, 2), 1, beside=False, seed=2, sizes=(N_LABELS, 4))
    return replace(curves, group=labelled(curves.group, kind))
