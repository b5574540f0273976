"""`lmm-verify certify DATA.csv --response y --group g NAME=VALUE ...`: how many digits of somebody's output are right.

SAS, SPSS, JASP, Stata, a paper: whatever has printed Vb, Ve, coef, se, df, F or the criterion of a random-intercept
model. The truth is exact arithmetic on the data as the file has them (see reference/exact.py).
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reference import exact
from tests.strategies import indicators

QUANTITIES = ("Vb", "Ve", "coef", "se", "df", "F", "criterion")


class CertifyError(ValueError):
    """What does not fit, in one sentence."""


def report(path: Path, response: str, group: str, fixed: list[str], printed: dict[str, str]) -> list[str]:
    """The lines to print: each quantity as printed, right, and how many digits agree."""
    data = _read(path, [response, group, *fixed])
    X, names = model_matrix(data, fixed)
    y, buckets = _numbers(data, response), data[group].to_numpy()
    try:
        fit = exact.reml(X, y, buckets)
    except ValueError as error:
        raise CertifyError(f"{path}: {error}") from None
    lines = [
        f"{path.name}: {len(y)} rows, {len(np.unique(buckets))} of {group}, X: {', '.join(names)}",
        f"{'':<24}{'printed':>22}{'right':>26}   digits",
    ]
    for name, text in printed.items():
        right = _right(name, fit, X, y, buckets)
        values = _printed(name, text, len(right))
        labels = [f"{name} {part}" for part in names] if len(right) > 1 else [name]
        for label, value, truth in zip(labels, values, right, strict=True):
            lines.append(f"{label:<24}{value:>22}{_shown(truth):>26}   {agreement(value, truth)}")
    return [*lines, *_distance(printed, X, y, buckets)]


def model_matrix(data: pd.DataFrame, fixed: list[str]) -> tuple[np.ndarray, list[str]]:
    """The constant, numbers as they are, other columns as treatment contrasts with the first level in sorted order."""
    columns, names = [np.ones(len(data))], ["constant"]
    for name in fixed:
        if pd.api.types.is_numeric_dtype(data[name]):
            columns, names = [*columns, data[name].to_numpy(float)], [*names, name]
        else:
            levels = np.unique(data[name].to_numpy())
            columns += list(indicators(data[name].to_numpy())[:, 1:].T)
            names += [f"{name}{level}" for level in levels[1:]]
    return np.column_stack(columns), names


def agreement(value: str, truth: Decimal) -> str:
    """Log relative error (McCullough, 1998); "all" where the printed digits are those of the right number, rounded."""
    number = Decimal(value)
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    if abs(number - truth) <= unit / 2:
        return f"all {len(number.as_tuple().digits)}"
    return f"{max(0.0, exact.lre(float(number), truth)):.1f}"


def _read(path: Path, needed: list[str]) -> pd.DataFrame:
    try:
        data = pd.read_csv(path)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise CertifyError(f"{path} cannot be read: {error}") from None
    for name in needed:
        if name not in data:
            raise CertifyError(f"{path} has no column {name!r}; it has {', '.join(map(str, data))}")
        missing = int(data[name].isna().sum())
        if missing:
            raise CertifyError(f"column {name!r} of {path} lacks {missing} of {len(data)} values")
    return data


def _numbers(data: pd.DataFrame, name: str) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(data[name]):
        raise CertifyError(f"column {name!r} holds no numbers")
    return data[name].to_numpy(float)


def _right(name: str, fit: exact.ExactFit, X: np.ndarray, y: np.ndarray, group: Any) -> list[Decimal]:
    if name not in QUANTITIES:
        raise CertifyError(f"{name} is not known; known are {', '.join(QUANTITIES)}")
    if name == "F" and X.shape[1] == 1:
        raise CertifyError("F tests the fixed columns, and there are none")
    value = exact.f_statistic(X, y, group, np.eye(X.shape[1])[1:]) if name == "F" else getattr(fit, name)
    return list(value) if isinstance(value, list | tuple) else [value]


def _printed(name: str, text: str, count: int) -> list[str]:
    values = [part.strip() for part in text.split(",")]
    if len(values) != count:
        raise CertifyError(f"{name} has {len(values)} values; expected {count}, separated by commas")
    for value in values:
        try:
            Decimal(value)
        except InvalidOperation:
            raise CertifyError(f"{name} = {value!r} is no number") from None
    return values


def _distance(printed: dict[str, str], X: np.ndarray, y: np.ndarray, group: Any) -> Iterator[str]:
    if {"Vb", "Ve"} <= set(printed):
        above = exact.excess(X, y, group, float(printed["Vb"]), float(printed["Ve"]))
        yield f"The criterion at the printed Vb and Ve lies {max(above, 0.0):.2g} above its minimum."


def _shown(number: Decimal) -> str:
    return f"{number:.17g}"
