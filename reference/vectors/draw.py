"""Tables that are drawn: whole numbers and tenths, the same on every machine.

`RandomState.randint` is a stream that numpy keeps as it is (NEP 19, 2018); no function is taken of a number.
"""

import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "data"
Columns = dict[str, list[str]]
COLORS = ("black", "green", "red", "white")


def table(
    seed: int,
    sizes: Sequence[int],
    *,
    within: int = 0,
    between: int = 0,
    colors: int = 0,
    spread: int = 2,
    units: int = 1,
) -> Columns:
    """Columns y, g, w1, ... (vary within groups), b1, ... (between them), color (consecutive runs of groups).

    sizes: rows of each group; spread: of the groups, 0 gives a boundary or nearly; units: y in 10^-units.
    """
    rng = np.random.RandomState(seed)
    m, n = len(sizes), sum(sizes)
    code = np.repeat(np.arange(m), sizes)
    x = {f"b{j + 1}": rng.randint(-9, 10, m)[code] for j in range(between)}
    x |= {f"w{j + 1}": rng.randint(-9, 10, n) for j in range(within)}
    effects = rng.randint(8, 25, m) * np.where(rng.permutation(m) % 2, 1, -1)
    y = 500 + spread * effects[code] + rng.randint(-8, 9, (4, n)).sum(axis=0)
    for column in x.values():
        y = y + column * rng.randint(-3, 4)
    columns = {"y": [shifted(int(value), -units) for value in y], "g": labels(code.tolist(), m)}
    if colors:
        kind = np.arange(m) * colors // m
        columns["color"] = [COLORS[k] for k in kind[code]]
    return columns | {name: [str(int(cell)) for cell in column] for name, column in x.items()}


def labels(code: Sequence[int], m: int) -> list[str]:
    """g01, g02, ..., which every locale sorts alike."""
    return [f"g{int(k) + 1:0{len(str(m))}d}" for k in code]


def shifted(value: int | str, places: int) -> str:
    """Value times 10^places, written out."""
    text = format(Decimal(value).scaleb(places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plus(column: Sequence[str], constant: str) -> list[str]:
    """The cells and a constant, exactly."""
    return [format(Decimal(cell) + Decimal(constant), "f") for cell in column]


def scaled(column: Sequence[str], places: int) -> list[str]:
    """The cells times 10^places."""
    return [shifted(cell, places) for cell in column]


def book(name: str, **renamed: str) -> Columns:
    """A table of `reference/data`, its cells as they are written; renamed: new names by old ones, no others."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {new: [row[old] for row in rows] for old, new in renamed.items()}


def part(columns: Columns, rows: Iterator[bool] | Sequence[bool]) -> Columns:
    """The rows that are true."""
    keep = list(rows)
    return {name: [cell for cell, kept in zip(column, keep, strict=True) if kept] for name, column in columns.items()}


def every(n: int, period: int, but: int) -> list[bool]:
    """All of n rows but those of index `but` modulo `period`."""
    return [i % period != but for i in range(n)]
