"""`python -m lmm_core --data FILE.csv --group block --group plot`: a table with several random factors."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtr

from lmm_core import own
from lmm_core.checks import Matrix, Vector
from lmm_core.design import design_matrix
from lmm_core.mixed import ddf as satterthwaite
from lmm_core.mixed import fit_mixed

SAME = 1e-9  # what rounding leaves of an orthogonal projection


def report(path: Path, groups: list[str], factors: list[str], response: str) -> list[str]:
    """What to print: variances, coefficients with their df, and, of a balanced design, where the df come from.

    `a/b` among the groups stands for a, and for b within a. Raises ValueError for what does not fit.
    """
    table = own.table(path)
    columns = [column for group in groups for column in group.split("/")]
    for option, names in (("--group", columns), ("--factor", factors), ("--response", [response])):
        for name in names:
            if name not in table:
                raise ValueError(
                    f"{path.name} has no column {name!r}; choose one of {', '.join(map(str, table))} by {option}"
                )
            if table[name].isna().any():
                raise ValueError(f"{path.name}: column {name!r} has {int(table[name].isna().sum())} missing values")
    labels = _labels(table, groups)
    X, terms = _model_matrix(table, factors)
    y = own.numbers(path, response, table[response]).to_numpy()
    codes = [label.to_numpy() for label in labels.values()]
    fit = fit_mixed(X, y, [(np.ones((len(y), 1)), code) for code in codes])
    df = satterthwaite(fit, np.eye(X.shape[1]))
    lines = [f"{path.name}: {len(y)} rows; REML criterion {fit.criterion:.4f}", ""]
    lines += [f"{'':<24}{'levels':>8}{'variance':>14}{'sd':>12}"]
    lines += [_variance(name, label.nunique(), G[0, 0]) for (name, label), G in zip(labels.items(), fit.G, strict=True)]
    lines += [_variance("residual", len(y), fit.Ve), ""]
    lines += [f"{'':<24}{'estimate':>12}{'se':>12}{'df':>10}{'t':>9}{'p':>11}"]
    for name, b, se, ddf in zip(terms, fit.coef, fit.se, df, strict=True):
        lines += [f"{name:<24}{b:>12.5g}{se:>12.5g}{ddf:>10.4g}{b / se:>9.3g}{2 * stdtr(ddf, -abs(b / se)):>11.3g}"]
    return [*lines, *_crossed(labels), *_strata(X, y, labels)]


def _labels(table: pd.DataFrame, groups: list[str]) -> dict[str, pd.Series]:
    """Each component's labels by its name; b within a has the name a:b, as in lme4."""
    labels: dict[str, pd.Series] = {}
    for group in groups:
        if group in labels:
            raise ValueError(f"--group {group} is given twice")
        parts = group.split("/")
        for k in range(1, len(parts) + 1):
            labels[":".join(parts[:k])] = table[parts[:k]].astype(str).agg(":".join, axis=1)
    return labels


def _model_matrix(table: pd.DataFrame, factors: list[str]) -> tuple[Matrix, list[str]]:
    """The constant, numbers as they are, text as treatment contrasts."""
    columns, names = [np.ones(len(table))], ["(Intercept)"]
    for factor in factors:
        numbers = pd.to_numeric(table[factor], errors="coerce")
        if numbers.notna().all():
            columns, names = [*columns, numbers.to_numpy(float)], [*names, factor]
        else:
            columns += list(design_matrix(table[factor].astype(str), intercept=True)[:, 1:].T)
            names += [f"{factor}{level}" for level in np.unique(table[factor].astype(str))[1:]]
    return np.column_stack(columns), names


def _variance(name: str, levels: int, V: float) -> str:
    return f"{name:<24}{levels:>8}{V:>14.6g}{np.sqrt(V):>12.5g}"


def _crossed(labels: dict[str, pd.Series]) -> list[str]:
    """Whether labels that repeat were taken as crossed."""
    told = []
    for (a, outer), (b, inner) in permutations(labels.items(), 2):
        every = inner.groupby(outer).nunique() == inner.nunique()
        if every.all() and outer.nunique() > inner.nunique() > 1 and ":" not in b:
            told.append(f"The labels of {b} are the same in every {a}, so the two were taken as crossed.")
            told.append(f"If every {a} has a {b} of its own, say --group {a}/{b}.")
    return ["", *told] if told else []


def _strata(X: Matrix, y: Vector, labels: dict[str, pd.Series]) -> list[str]:
    """Of a balanced design the strata after X: source, df, mean square, and what it estimates (Nelder, 1965)."""
    n = len(y)
    factors = {"constant": np.zeros(n, int), **{name: pd.factorize(label)[0] for name, label in labels.items()}}
    factors |= {"residual": np.arange(n)}
    same = {name: np.equal.outer(code, code) for name, code in factors.items()}
    size = {name: S.sum() / n for name, S in same.items()}
    P: dict[str, Matrix] = {}
    for name in sorted(factors, key=lambda name: -size[name]):
        coarser = sum((P[other] for other in P if np.all(same[other] | ~same[name])), np.zeros((n, n)))
        P[name] = same[name] / size[name] - coarser
    P_X = X @ np.linalg.pinv(X)
    equal = all(np.ptp(S.sum(axis=0)) == 0 for S in same.values())
    orthogonal = all(np.max(np.abs(P[a] @ P[b])) < SAME for a, b in permutations(P, 2))
    if not (equal and orthogonal and all(np.max(np.abs(P_X @ p - p @ P_X)) < SAME for p in P.values())):
        return []
    lines = ["", f"{'stratum, after X':<24}{'df':>6}{'mean square':>15}   estimates"]
    for name, p in P.items():
        df = round(float(np.trace(p - P_X @ p)))
        of = [f"{size[k]:g} V({k})" for k in labels if np.all(same[name] | ~same[k])]
        if df:
            lines.append(f"{name:<24}{df:>6}{y @ (p - P_X @ p) @ y / df:>15.6g}   {' + '.join(['Ve', *of])}")
    return lines
