"""Data with random slopes: balanced, in closed form; unbalanced parts of them and drawn designs, certified.

    python -m reference.slopes      certifies them afresh (two minutes)

The unbalanced parts are searched by BFGS on the criterion of `several_minima.criterion`, from a grid of starts;
`certified.py` proves the stationary point that is found. That it is the lowest is what the search says, no proof.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy  # whose submodules are imported when they are asked for
from numpy.typing import NDArray

from reference import certified as balls
from reference.coefficients import Coefficients, coefficients
from reference.several_minima import criterion

Floats = NDArray[np.float64]
HERE = Path(__file__).parent
FILE = Path(__file__).with_suffix(".json")
MANY = 4  # columns, from which on those of a term start alike
NAMES = ("sleepstudy", "orthodont", "machines")
# which rows of which data, the formula's fixed columns, and the terms: (columns, factor)
UNBALANCED: dict[str, tuple[str, str]] = {
    "sleepstudy, every third row left out": ("sleepstudy", "index % 3 != 1"),
    "Orthodont, the last visits of some": ("orthodont", "index % 7 != 3"),
    "Machines, a third": ("machines", "index % 3 != 0 or index < 12"),
    "ponds": ("ponds", "index >= 0"),
    "three terms with empty cells": ("penicillin", "index % 5 != 2 and index < 60"),
}
# Designs of other kinds, drawn: groups of different sizes and times in all of them
KINDS = ("years", "small units", "no intercept varies", "no covariance", "two slopes", "a crossed factor beside")
# And shapes, drawn once each: groups, fixed columns beside the line's two, whether rows stand in any order
SHAPES = {
    "forty unequal groups": (40, 0, False),
    "six columns": (14, 4, False),
    "rows in any order": (14, 0, True),
}
DRAWN = {f"{kind}, seed {seed}": (kind, seed) for kind in KINDS for seed in (1, 2)}
# Those that are certified by ML as well
ML = {f"{case}, by ML": case for case in (*UNBALANCED, "years, seed 1", "no covariance, seed 1", "six columns")}


@dataclass(frozen=True, eq=False)
class Slopes:
    """X, y and terms; the cells are as written, and as numbers."""

    X: Floats
    y: Floats
    terms: list[tuple[Floats, NDArray[Any]]]

    @property
    def expected(self) -> Coefficients:
        """The closed form of one balanced term."""
        (Z, group), *_ = self.terms
        return coefficients(self.X, self.y, Z, group)


@dataclass(frozen=True)
class Expected:
    """As `certified.Certified`, in float64."""

    G: list[Floats]
    Ve: float
    coef: Floats
    se: Floats
    criterion: float
    df: Floats


def load(name: str, rows: str = "index >= 0") -> Slopes:
    """sleepstudy: Days | Subject. Orthodont: Sex * age + (age | Subject). Machines: 0 + Machine | Worker."""
    data = pd.read_csv(HERE / "data" / f"{name}.csv").query(rows)
    ones = np.ones(len(data))
    if name == "machines":
        Z = np.equal.outer(data["machine"].to_numpy(), np.unique(data["machine"])).astype(float)
        return Slopes(Z, data["score"].to_numpy(float), [(Z, data["worker"].to_numpy())])
    if name == "penicillin":
        third = np.arange(len(data)) // 3 % 7
        terms = [(ones[:, None], part) for part in (data["plate"].to_numpy(), data["sample"].to_numpy(), third)]
        return Slopes(ones[:, None], data["diameter"].to_numpy(float), terms)
    if name == "ponds":
        X = np.column_stack([ones, data["depth"]])
        return Slopes(
            X, data["weight"].to_numpy(float), [(ones[:, None], data[f].to_numpy()) for f in ("pond", "bucket")]
        )
    slope, subject = data["fixed"].to_numpy(float), data["bucket"].astype(str).to_numpy().astype(str)
    Z = np.column_stack([ones, slope])
    female = np.char.startswith(subject, "F").astype(float)
    X = Z if name == "sleepstudy" else np.column_stack([ones, female, slope, female * slope])
    return Slopes(X, data["weight"].to_numpy(float), [(Z, subject)])


def shaped(shape: str) -> Slopes:
    """One of SHAPES: lines of unequal groups, some of them with fewer rows than a line has coefficients."""
    rng = np.random.default_rng([9, list(SHAPES).index(shape)])
    m, q, is_mixed = SHAPES[shape]
    group = np.repeat(np.arange(m), rng.integers(1, 6, m))
    z, n = rng.integers(0, 10, len(group)).astype(float), len(group)
    more = np.column_stack([rng.normal(size=(m, q // 2)).round(1)[group], rng.normal(size=(n, q - q // 2)).round(1)])
    b = rng.normal(size=(m, 2)) * [2.0, 0.5]
    y = (5 + b[group, 0] + (1 + b[group, 1]) * z + more.sum(axis=1) + rng.normal(size=n)).round(2)
    Z = np.column_stack([np.ones(n), z])
    order = rng.permutation(n) if is_mixed else np.arange(n)
    return Slopes(np.column_stack([Z, more])[order], y[order], [(Z[order], group[order])])


def drawn(kind: str, seed: int) -> Slopes:
    """Some 40 rows of 7 groups, cells of few decimals; the ranks of G are what comes."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    group, other = np.sort(rng.integers(0, 7, 42)), rng.integers(0, 5, 42)
    z = rng.integers(0, 10, 42).astype(float)
    x = {"years": 2000 + z, "small units": np.round(1e-4 * z, 5)}.get(kind, z)
    ones, w = np.ones(42), rng.normal(size=42).round(2)
    X = np.column_stack([ones, x, w] if kind == "two slopes" else [ones, x])
    terms = {
        "no intercept varies": [(X[:, 1:], group)],
        "no covariance": [(X[:, :1], group), (X[:, 1:], group)],
        "a crossed factor beside": [(X, group), (X[:, :1], other)],
    }.get(kind, [(X, group)])
    sds = rng.choice([0.0, 1.0, 3.0], 3) if seed > 1 else np.ones(3)
    b = rng.normal(size=(7, 3)) * sds
    y = 5 + b[group, 0] + (1 + b[group, 1]) * z / 3 + b[group, 2] * w + rng.normal(size=5)[other] + rng.normal(size=42)
    return Slopes(X, y.round(2), terms)


def data_of(case: str) -> Slopes:
    """Of UNBALANCED, DRAWN, SHAPES or ML."""
    if case in ML:
        return data_of(ML[case])
    if case in SHAPES:
        return shaped(case)
    return drawn(*DRAWN[case]) if case in DRAWN else load(*UNBALANCED[case])


@cache
def certified(case: str) -> tuple[Slopes, Expected]:
    """One of UNBALANCED, DRAWN, SHAPES or ML with its proved numbers."""
    said = json.loads(FILE.read_text(encoding="utf-8"))["cases"][case]
    arrays = {name: np.array(said[name], dtype=float) for name in ("coef", "se", "df")}
    G = [np.array(part, dtype=float) for part in said["G"]]
    return data_of(case), Expected(G, float(said["Ve"]), criterion=float(said["criterion"]), **arrays)


def decimals(case: str) -> tuple[list[Decimal], Decimal, list[Decimal], list[Decimal], list[Decimal]]:
    """The entries of all G, Ve, coef, se and df as they were proved."""
    said = json.loads(FILE.read_text(encoding="utf-8"))["cases"][case]
    coef, se, df = ([Decimal(cell) for cell in said[name]] for name in ("coef", "se", "df"))
    return [Decimal(cell) for G in said["G"] for row in G for cell in row], Decimal(said["Ve"]), coef, se, df


def written(case: str) -> list[str]:
    """Ve, criterion and df as they stand in the file."""
    said = json.loads(FILE.read_text(encoding="utf-8"))["cases"][case]
    return [said["Ve"], said["criterion"], *said["df"]]


def searched(data: Slopes, *, ml: bool = False) -> tuple[float, list[Floats], list[int]]:
    """Ve, G and their ranks at the lowest end of BFGS, from a grid of diagonal starts; the columns of Z orthonormal."""
    Ts = [np.linalg.inv(np.linalg.qr(Z, "r")) * np.sqrt(len(Z)) for Z, _ in data.terms]
    terms = [(Z @ T, group) for (Z, group), T in zip(data.terms, Ts, strict=True)]
    sizes = [len(T) for T in Ts]
    ends = np.cumsum([r * (r + 1) // 2 for r in sizes])

    def triangles(theta: Floats) -> list[Floats]:
        found = [np.zeros((r, r)) for r in sizes]
        for L, part in zip(found, np.split(theta, ends[:-1]), strict=True):
            L[np.tril_indices(len(L))] = part
        return found

    starts = []
    for values in product((0.1, 1.0, 4.0), repeat=sum(sizes) if sum(sizes) < MANY else len(sizes)):
        diagonal = np.array(values) if sum(sizes) < MANY else np.repeat(values, sizes)
        parts = np.split(diagonal, np.cumsum(sizes)[:-1])
        starts.append(np.concatenate([np.diag(d)[np.tril_indices(len(d))] for d in parts]))

    def at(theta: Floats) -> float:
        return criterion(data.X, data.y, terms, triangles(theta), ml=ml)

    found = min((scipy.optimize.minimize(at, start) for start in starts), key=lambda end: float(end.fun))
    Lambda = triangles(found.x)
    H = np.eye(len(data.y)) + sum(
        (Z @ L @ L.T @ Z.T) * np.equal.outer(g, g) for (Z, g), L in zip(terms, Lambda, strict=True)
    )
    W = np.linalg.inv(H)
    r = data.y - data.X @ np.linalg.solve(data.X.T @ W @ data.X, data.X.T @ W @ data.y)
    Ve = float(r @ W @ r) / (len(data.y) - (0 if ml else data.X.shape[1]))
    ranks = [int(np.sum(np.linalg.svd(L)[1] > 1e-3)) for L in Lambda]
    return Ve, [Ve * T @ L @ L.T @ T.T for T, L in zip(Ts, Lambda, strict=True)], ranks


def proved(data: Slopes, *, ml: bool = False) -> balls.Certified:
    """The fit where the search ends, proved in balls; raises NotProvedError."""
    return balls.certify(balls.Model.of(data.X, data.y, data.terms, ml=ml), *searched(data, ml=ml))


def main() -> None:
    """Certify every case, and write them."""
    cases = {}
    for case in (*UNBALANCED, *DRAWN, *SHAPES, *ML):
        fit = proved(data_of(case), ml=case in ML)
        numbers: dict[str, Any] = {"G": [[[str(cell) for cell in row] for row in G] for G in fit.G]}
        numbers |= {name: [str(value) for value in getattr(fit, name)] for name in ("coef", "se", "df")}
        cases[case] = numbers | {"Ve": str(fit.Ve), "criterion": str(fit.criterion), "ranks": fit.ranks}
        print(case, fit.ranks)
    FILE.write_text(json.dumps({"schema": 1, "cases": cases}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
