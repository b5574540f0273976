"""`lmm-verify certify DATA.csv --response y --group g NAME=VALUE ...`: how many digits of somebody's output are right.

SAS, SPSS, JASP, Stata, a paper: whatever has printed Vb, Ve, coef, se, df, F or the criterion of a random-intercept
model. The truth is exact arithmetic on the data as the file has them (see reference/exact.py); of several random
factors the strata of a balanced design, else lmm_core.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lmm_core.mixed import ddf, fit_mixed
from reference import exact
from reference.strata import NotClosedError, strata
from tests.strategies import indicators

QUANTITIES = ("Vb", "V", "Ve", "coef", "se", "df", "F", "criterion")


class CertifyError(ValueError):
    """What does not fit, in one sentence."""


def report(path: Path, response: str, groups: list[str], fixed: list[str], printed: dict[str, str]) -> list[str]:
    """The lines to print: each quantity as printed, right, and how many digits agree."""
    data = _read(path, [response, *groups, *fixed])
    X, names = model_matrix(data, fixed)
    y, labels = _numbers(data, response), [data[group].to_numpy() for group in groups]
    unknown = sorted(set(printed) - set(QUANTITIES))
    if unknown:
        raise CertifyError(f"{unknown[0]} is not known; known are {', '.join(QUANTITIES)}")
    try:
        truth = _of_one(X, y, labels[0], printed) if len(groups) == 1 else _of_several(X, y, labels)
    except ValueError as error:
        raise CertifyError(f"{path}: {error}") from None
    levels = ", ".join(f"{len(np.unique(label))} of {group}" for label, group in zip(labels, groups, strict=True))
    lines = [
        f"{path.name}: {len(y)} rows, {levels}, X: {', '.join(names)}",
        f"{'':<24}{'printed':>22}{'right':>26}   digits",
    ]
    for name, text in printed.items():
        if name not in truth:
            raise CertifyError(f"{name} is not known of several groups; known are {', '.join(truth)}")
        right = truth[name]
        values = _printed(name, text, len(right))
        parts = groups if name == "V" else names
        titles = [f"{name} {part}" for part in parts] if len(right) > 1 else [name]
        for title, value, number in zip(titles, values, right, strict=True):
            lines.append(f"{title:<24}{value:>22}{_shown(number):>26}   {agreement(value, number)}")
    return [*lines, *(_distance(printed, X, y, labels[0]) if len(groups) == 1 else ())]


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


def _of_one(X: np.ndarray, y: np.ndarray, group: Any, printed: dict[str, str]) -> dict[str, list[Decimal]]:
    """Of one random factor: exact arithmetic."""
    fit = exact.reml(X, y, group)
    if "F" in printed and X.shape[1] == 1:
        raise CertifyError("F tests the fixed columns, and there are none")
    several = {"coef": list(fit.coef), "se": list(fit.se), "df": list(fit.df)}
    ones = {"Vb": [fit.Vb], "V": [fit.Vb], "Ve": [fit.Ve], "criterion": [fit.criterion]}
    F = {"F": [exact.f_statistic(X, y, group, np.eye(X.shape[1])[1:])]} if "F" in printed else {}
    return ones | several | F


def _of_several(X: np.ndarray, y: np.ndarray, groups: list[Any]) -> dict[str, list[Decimal]]:
    """Of several: the strata of a balanced design, else lmm_core's fit, both to some 12 digits."""
    try:
        closed = strata(X, y, groups)
        se = np.sqrt(np.einsum("iif,f->i", closed.weights, closed.MS))
        V, df, coef, fit = closed.V, closed.ddf(np.eye(X.shape[1])), np.linalg.lstsq(X, y)[0], closed
    except NotClosedError:
        fit = fit_mixed(X, y, [(np.ones((len(y), 1)), group) for group in groups])
        V, df, coef, se = [G[0, 0] for G in fit.G], ddf(fit, np.eye(X.shape[1])), fit.coef, fit.se
    numbers = {"V": V, "Ve": [fit.Ve], "coef": coef, "se": se, "df": df, "criterion": [fit.criterion]}
    return {name: [Decimal(float(value)) for value in values] for name, values in numbers.items()}


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
