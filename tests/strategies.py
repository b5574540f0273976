"""Hypothesis strategies: designs that are valid by construction.

A layout is a list of colours, each a list of bucket sizes: [[5, 1], [3]] has two red buckets of 5 frogs and
of 1, and a blue one of 3. Layouts that can be fitted have a colour with two buckets and a bucket with two
frogs. Weights are made of three independent parts whose mean squares are exact, so that a drawn ratio
MSB / MSE decides beforehand whether the fit lies at the boundary Vb = 0 or inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.shown import AsRepr

Layout = list[list[int]]

COLORS = ("red", "green", "blue", "brown", "amber", "violet")
NUMBERED_COLORS = (30, 4, 111, 20, 7, 1)
LETTERS = tuple(f"tub {letter}" for letter in "ZYXWVUTSRQPONMLK")
NUMBERS = tuple(range(101, 117))
INTERIOR_RATIOS = (1.5, 3.0, 10.0, 100.0, 1000.0)
ORDINARY_RATIOS = (15.0, 21.0, 190.0)
BOUNDARY_RATIOS = (0.0, 0.1, 0.5, 0.9)
SUBMISSION_SCALES = (1.0, 1e-3)  # grams or kilograms
SEEDS = st.integers(0, 2**16)
REMEMBERED = 2048  # tables: every submission of a class is shown the same


@dataclass(frozen=True, eq=False)
class Frogs(AsRepr):
    """Data with the raw ingredients that a test needs beside the function it judges."""

    data: pd.DataFrame

    @cached_property
    def y(self) -> np.ndarray:
        """Weights."""
        return self.data["weight"].to_numpy()

    @cached_property
    def group(self) -> np.ndarray:
        """Bucket labels."""
        return self.data["bucket"].to_numpy()

    @cached_property
    def color(self) -> np.ndarray:
        """Colour labels."""
        return self.data["color"].to_numpy()

    @cached_property
    def Z(self) -> np.ndarray:
        """Indicator columns of the buckets."""
        return indicators(self.group)

    @cached_property
    def cell_means(self) -> np.ndarray:
        """X with an indicator column for each colour."""
        return indicators(self.color)

    @cached_property
    def treatment(self) -> np.ndarray:
        """X with the constant and the contrasts of every colour with the first."""
        X = self.cell_means
        return np.column_stack([np.ones(len(X)), X[:, 1:]])

    def V(self, Vb: float, Ve: float) -> np.ndarray:
        """Ve I + Vb Z Z'."""
        return Ve * np.eye(len(self.data)) + Vb * self.Z @ self.Z.T

    def with_weights(self, y: np.ndarray) -> "Frogs":
        """The same layout with other weights."""
        return Frogs(self.data.assign(weight=y))

    def __repr__(self) -> str:
        """Short: the failing input itself is shown by the report."""
        return f"<{len(self.data)} frogs in {self.data['bucket'].nunique()} buckets>"


def indicators(labels: np.ndarray) -> np.ndarray:
    """One column per level, levels in sorted order."""
    return (labels[:, None] == np.unique(labels)[None, :]).astype(float)


# --- layouts --------------------------------------------------------------------------------------------


def layouts(
    *, min_colors: int = 1, max_colors: int = 4, max_buckets: int = 3, max_frogs: int = 5
) -> SearchStrategy[Layout]:
    """Any bucket sizes, singletons among them; the first colour has a bucket of 2 and a second bucket."""
    sizes = st.integers(1, max_frogs)
    first = st.tuples(st.integers(2, max_frogs), st.lists(sizes, min_size=1, max_size=max_buckets)).map(
        lambda parts: [parts[0], *parts[1]]
    )
    others = st.lists(
        st.lists(sizes, min_size=1, max_size=max_buckets), min_size=min_colors - 1, max_size=max_colors - 1
    )
    return st.tuples(first, others).map(lambda parts: [parts[0], *parts[1]])


def equal_n_layouts(*, min_colors: int = 1, max_colors: int = 4, max_frogs: int = 5) -> SearchStrategy[Layout]:
    """n frogs in every bucket; colours may differ in their number of buckets."""
    first = st.integers(2, 4)
    others = st.lists(st.integers(1, 3), min_size=min_colors - 1, max_size=max_colors - 1)
    return st.builds(
        lambda n, first, others: [[n] * count for count in (first, *others)], st.integers(2, max_frogs), first, others
    )


def ordinary_layouts(*, replicated: bool = True) -> SearchStrategy[Layout]:
    """n buckets in each of several colours, with equally many frogs each: at least 12 frogs."""
    buckets = st.integers(2, 3) if replicated else st.integers(1, 3)
    return st.builds(
        lambda n_colors, n_buckets, n: [[max(n, -(-12 // (n_colors * n_buckets)))] * n_buckets] * n_colors,
        st.integers(2, 4),
        buckets,
        st.integers(3, 6),
    )


def equal_n_within_color_layouts() -> SearchStrategy[Layout]:
    """n is constant within each colour, and differs between colours."""
    colors = st.lists(st.integers(1, 4), min_size=2, max_size=3, unique=True)
    return st.builds(lambda sizes, count: [[n] * count for n in sizes], colors, st.integers(2, 3))


# --- frogs ----------------------------------------------------------------------------------------------


@st.composite
def frogs(
    draw: DrawFn,
    layout: SearchStrategy[Layout] | None = None,
    ratios: Sequence[float] = (*INTERIOR_RATIOS, *BOUNDARY_RATIOS),
    scales: Sequence[float] = SUBMISSION_SCALES,
) -> Frogs:
    """Weights on a layout with MSB / MSE among `ratios`, rows shuffled or not, labels text or numbers."""
    sizes = draw(layout if layout is not None else layouts())
    ratio = draw(st.sampled_from(ratios))
    scale = draw(st.sampled_from(scales))
    text_labels, shuffle = draw(st.booleans()), draw(st.booleans())
    return _frogs(tuple(map(tuple, sizes)), ratio, scale, text_labels, shuffle, draw(SEEDS))


@lru_cache(maxsize=REMEMBERED)
def _frogs(
    sizes: tuple[tuple[int, ...], ...], ratio: float, scale: float, text_labels: bool, shuffle: bool, seed: int
) -> Frogs:
    rng = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(sum(map(len, sizes))), [n for color in sizes for n in color])
    color = np.repeat(np.arange(len(sizes)), [sum(color) for color in sizes])
    of_color, between, within = _parts(bucket, color, rng)
    df_between, df_within = bucket[-1] - color[-1], len(bucket) - bucket[-1] - 1
    ms_between, ms_within = between @ between / max(df_between, 1), within @ within / max(df_within, 1)
    stretch = np.sqrt(ratio * ms_within / ms_between) if ms_between > 0 else 0.0
    weight = scale * (60 + 15 * (of_color + stretch * between + within))
    names, colors = (LETTERS, COLORS) if text_labels else (NUMBERS, NUMBERED_COLORS)
    order = rng.permutation(len(bucket)) if shuffle else np.arange(len(bucket))
    columns = {
        "id": np.arange(len(bucket)) - np.searchsorted(bucket, bucket) + 1,
        "bucket": np.array(names)[bucket],
        "color": np.array(colors)[color],
        "bucket_mu": _means(weight, bucket),
        "weight": weight,
    }
    return Frogs(pd.DataFrame({name: column[order] for name, column in columns.items()}))


def ordinary_frogs(*, replicated: bool = True) -> SearchStrategy[Frogs]:
    """Data like the chapter's two settings and their balanced relatives, in their unit: n frogs in every bucket.

    12 frogs or more, two colours or more with two buckets or more each (one, where nothing is replicated), and Vb
    well inside: MSB / MSE is 15 to 190; the chapter's are 21 and 188. What fails here is wrong.
    """
    return frogs(ordinary_layouts(replicated=replicated), ratios=ORDINARY_RATIOS, scales=(1.0,))


def fixed_frogs(layout: Layout, seed: int, ratio: float = 3.0) -> Frogs:
    """Frogs of any number of colours and buckets, drawn once: colours are 1, 2, ... and buckets are, in order."""
    rng = np.random.default_rng(seed)
    sizes = [n for color in layout for n in color]
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    color = np.repeat(np.arange(len(layout)), [len(color) for color in layout])[bucket]
    id_ = np.arange(len(bucket)) - np.searchsorted(bucket, bucket) + 1
    weight = rng.normal(size=len(layout))[color] + np.sqrt(ratio) * rng.normal(size=len(sizes))[bucket]
    weight = 200 + 20 * (weight + rng.normal(size=len(bucket)))
    return Frogs(pd.DataFrame({"id": id_, "bucket": bucket + 1, "color": color + 1, "weight": weight}))


def twelve_frogs() -> Frogs:
    """Three frogs in each of four buckets, two red and two blue: small enough to compute by hand, and ordinary.

    Bucket means are 50, 62, 68 and 80, variances within buckets 4, 16, 4 and 12; MSE = 9, MSB = 216.
    """
    weight = [48, 50, 52, 62, 66, 58, 70, 66, 68, 82, 82, 76]
    bucket, color = np.repeat([1, 2, 3, 4], 3), np.repeat(["red", "blue"], 6)
    columns = {
        "id": np.tile([1, 2, 3], 4),
        "bucket": bucket,
        "color": color,
        "bucket_mu": np.repeat([51.0, 60, 70, 79], 3),
    }
    return Frogs(pd.DataFrame(columns | {"weight": np.array(weight, dtype=float)}))


def boundary_frogs(layout: SearchStrategy[Layout] | None = None) -> SearchStrategy[Frogs]:
    """Buckets of a colour agree in their means: the REML estimate of Vb is 0 for any bucket sizes."""
    return frogs(layout, ratios=(0.0,))


def interior_frogs(layout: SearchStrategy[Layout] | None = None) -> SearchStrategy[Frogs]:
    """Buckets differ more than frogs do, by every measure that REML takes: Vb > 0 for any bucket sizes."""
    return frogs(layout, ratios=INTERIOR_RATIOS).map(_made_interior)


def clear_frogs(layout: SearchStrategy[Layout] | None = None) -> SearchStrategy[Frogs]:
    """Either of both: no data near the edge, where an ordinary optimiser may land on either side."""
    return boundary_frogs(layout) | interior_frogs(layout)


def _parts(
    bucket: np.ndarray, color: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects of colour, of bucket with mean 0 in each colour, and of frog with mean 0 in each bucket."""
    n_buckets = bucket[-1] + 1
    of_bucket = (rng.uniform(0.5, 1.5, n_buckets) * rng.choice([-1, 1], n_buckets))[bucket]
    frog = rng.normal(size=len(bucket))
    return rng.normal(size=color[-1] + 1)[color], of_bucket - _means(of_bucket, color), frog - _means(frog, bucket)


def _means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The mean over all rows of the same code, for every row."""
    return (np.bincount(codes, values) / np.bincount(codes))[codes]


@lru_cache(maxsize=REMEMBERED)
def _made_interior(frogs: Frogs) -> Frogs:
    """Stretch the buckets until the score at Vb = 0 is clearly negative (a lower criterion lies inside).

    score(0) < 0 iff (N-p) r'ZZ'r / r'r > trace Z'QZ, r = Qy the OLS residual. The stretch multiplies the
    part of r between buckets. Layouts in which no stretch suffices are set to the boundary.
    """
    Q = np.eye(len(frogs.data)) - frogs.cell_means @ np.linalg.pinv(frogs.cell_means)
    Z, r = frogs.Z, Q @ frogs.y
    between = Z @ np.linalg.lstsq(Z, r)[0]
    df = len(r) - frogs.cell_means.shape[1]
    limit = 1.5 * np.trace(Z.T @ Q @ Z)
    for stretch in (1.0, 2.0, 4.0, 8.0, 0.0):
        stretched = r + (stretch - 1) * between
        if df * np.sum((Z.T @ stretched) ** 2) > limit * np.sum(stretched**2):
            break
    return frogs if stretch == 1.0 else frogs.with_weights(frogs.y + (stretch - 1) * between)


# --- covariates -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slopes(AsRepr):
    """y on the constant and covariates that vary within buckets as well as between them."""

    X: np.ndarray
    y: np.ndarray
    group: np.ndarray

    def criterion(self, gamma: float) -> float:
        """The REML criterion with Ve profiled out, from dense matrices whitened by the Cholesky factor of H."""
        K = np.linalg.cholesky(np.eye(len(self.y)) + gamma * (self.group[:, None] == self.group))
        R = np.abs(np.diag(np.linalg.qr(np.linalg.solve(K, np.column_stack([self.X, self.y])), mode="r")))
        df = len(self.y) - self.X.shape[1]
        return df * (1 + np.log(2 * np.pi * R[-1] ** 2 / df)) + 2 * np.log(np.diag(K)).sum() + 2 * np.log(R[:-1]).sum()

    @property
    def rounding(self) -> float:
        """Error of `criterion`: 1e-16 of rows that may be 1e3 times what is left of them, for each."""
        return 1e-9 * len(self.y)

    def __repr__(self) -> str:
        """As code that draws it again."""
        return f"Slopes(X=np.{self.X!r}, y=np.{self.y!r}, group=np.{self.group!r})"


@st.composite
def within_slopes(draw: DrawFn) -> Slopes:
    """Covariates that vary within buckets 0.001 to 0.1 times as much as between, with another slope there.

    Such data have two minima of the REML criterion or more in one of six draws. Numbers have two to four decimals,
    buckets are equal in size or not, and singletons occur.
    """
    rng = np.random.default_rng(draw(SEEDS))
    n_buckets, equal = draw(st.integers(3, 8)), draw(st.booleans())
    n_covariates = draw(st.sampled_from((1, 1, 2) if n_buckets > 4 else (1,)))
    sizes = [draw(st.integers(2, 5))] * n_buckets if equal else [n_covariates + 3, *rng.integers(1, 7, n_buckets - 1)]
    group = np.repeat(np.arange(n_buckets), sizes)
    n = len(group)
    between = rng.normal(size=(n_buckets, n_covariates))[group] * 3
    within = rng.normal(size=(n, n_covariates)) * 10 ** rng.uniform(-3, -1, n_covariates)
    y = between @ rng.normal(0, 3, n_covariates) + within @ rng.normal(0, 30, n_covariates)
    y += rng.normal(size=n_buckets)[group] * 10 ** rng.uniform(-2, 1) + rng.normal(size=n) * 10 ** rng.uniform(-2, 0)
    X = np.column_stack([np.ones(n), np.round(between + within, rng.integers(2, 5))])
    return Slopes(X, np.round(y, rng.integers(2, 5)), group)


def slopes_of_many_kinds(seed: int) -> Slopes:
    """As `within_slopes`, drawn once: one to three covariates, a bucket of 40 frogs in a third of all draws."""
    rng = np.random.default_rng(seed)
    n_buckets = int(rng.integers(3, 9))
    q = int(rng.integers(1, 4)) if n_buckets > 4 else 1
    equal = rng.random() < 0.5
    sizes = np.full(n_buckets, rng.integers(3, 7)) if equal else np.append(q + 3, rng.integers(1, 8, n_buckets - 1))
    if rng.random() < 0.3:
        sizes[0] = 40
    group = np.repeat(np.arange(n_buckets), sizes)
    n = len(group)
    between = rng.normal(size=(n_buckets, q))[group] * 3
    within = rng.normal(size=(n, q)) * 10 ** rng.uniform(-4, 0, q)
    y = between @ rng.normal(0, 3, q) + within @ (rng.normal(0, 3, q) * 10 ** rng.uniform(0, 2, q))
    y = y + rng.normal(size=n_buckets)[group] * 10 ** rng.uniform(-2, 1) + rng.normal(size=n) * 10 ** rng.uniform(-2, 0)
    return Slopes(np.column_stack([np.ones(n), np.round(between + within, 5)]), np.round(y, 4), group)


def saturated_slopes(seed: int) -> Slopes:
    """As many covariates as there are frogs beside the first of their bucket: X and the buckets explain any y.

    With rank[X Z] = N the criterion has a limit at Ve = 0; two of three draws have their lowest point elsewhere.
    """
    rng = np.random.default_rng(seed)
    n_buckets = int(rng.integers(3, 8))
    sizes = np.full(n_buckets, 2) if rng.random() < 0.5 else np.append(2, rng.integers(1, 4, n_buckets - 1))
    group = np.repeat(np.arange(n_buckets), sizes)
    n, q = len(group), len(group) - n_buckets
    between = rng.normal(size=(n_buckets, q))[group] * 3
    within = rng.normal(size=(n, q)) * 10 ** rng.uniform(-3, 0, q)
    y = between @ rng.normal(0, 3, q) + within @ rng.normal(0, 30, q)
    y = y + rng.normal(size=n_buckets)[group] * 10 ** rng.uniform(-2, 1) + rng.normal(size=n) * 10 ** rng.uniform(-2, 0)
    return Slopes(np.column_stack([np.ones(n), np.round(between + within, 4)]), np.round(y, 3), group)


def alike_slopes(seed: int, apart: float = 0.0) -> Slopes:
    """Equal buckets, and every difference within them a covariate: K'ZZ'K = n I, but for what sets it `apart`."""
    rng = np.random.default_rng(seed)
    n, n_buckets = int(rng.integers(2, 4)), int(rng.integers(3, 7))
    differences = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, n - 1))]))[0][:, 1:]
    X = np.kron(np.eye(n_buckets), differences)
    p = X.shape[1]
    X = X @ (_orthonormal(rng, p, p) * 10 ** rng.uniform(-2, 2, p)) @ _orthonormal(rng, p, p)
    X = X + apart * rng.normal(size=X.shape) * np.abs(X).max(axis=0)
    return Slopes(X, rng.normal(size=len(X)), np.repeat(np.arange(n_buckets), n))


def symmetric_slopes(middle: float) -> Slopes:
    """Buckets of 1, 4 and 16 with every difference within them a covariate: the criterion is the same at d and 16 / d.

    d = Ve / Vb. K'ZZ'K has the eigenvalues 1, 4 and 16; the bucket means are 2, the middle one, and 1.
    """
    X = np.zeros((21, 18))
    places = [(start, j) for start, n in ((1, 4), (5, 16)) for j in range(1, n)]
    for column, (start, j) in enumerate(places):
        X[start : start + j, column], X[start + j, column] = 1, -j
    return Slopes(X, np.repeat([2.0, middle, 1.0], [1, 4, 16]), np.repeat([0, 1, 2], [1, 4, 16]))


# --- least squares --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Regression(AsRepr):
    """y = X beta + e with covariance V, all condition numbers bounded."""

    X: np.ndarray
    y: np.ndarray
    V: np.ndarray

    def __repr__(self) -> str:
        """Short."""
        return f"<regression of {self.X.shape[0]} rows on {self.X.shape[1]} columns>"


@st.composite
def regressions(draw: DrawFn, scales: Sequence[float] = SUBMISSION_SCALES) -> Regression:
    """Dense X with cond(X) <= 10 and dense V with cond(V) <= 100, neither of them aligned with the axes."""
    p = draw(st.integers(1, 4))
    n = p + draw(st.integers(2, 8))
    scale, rng = draw(st.sampled_from(scales)), np.random.default_rng(draw(SEEDS))
    X = _orthonormal(rng, n, p) * rng.uniform(1, 5, p) @ _orthonormal(rng, p, p)
    axes = _orthonormal(rng, n, n)
    V = scale**2 * (axes * np.geomspace(1, 100, n)) @ axes.T
    y = scale * (X @ rng.normal(0, 3, p) + rng.normal(size=n))
    return Regression(X, y, (V + V.T) / 2)


def variances() -> SearchStrategy[tuple[float, float]]:
    """(Vb, Ve) with ratios from 1e-2 to 1e2, so that cond(V) stays below 1e4, and Vb = 0 among them."""
    return st.tuples(st.sampled_from((625.0, 900.0, 12.25, 1.0, 0.0)), st.sampled_from((100.0, 225.0, 6.25)))


def _orthonormal(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(n, p)))[0]
