"""`python -m lmm_core --data FILE.csv --group block --group plot`: a table with several random factors."""

from collections.abc import Sequence
from itertools import accumulate, combinations
from operator import add

import numpy as np
from scipy.special import stdtr

from lmm_core.chapter.reading import in_r
from lmm_core.chapter.steps import r_name
from lmm_core.checks import Codes, Matrix, Vector
from lmm_core.design import design_matrix
from lmm_core.mixed import ddf as satterthwaite
from lmm_core.mixed import fit_mixed
from lmm_core.tables import Table

SAME = 1e-9  # what rounding leaves of an orthogonal projection


def report(
    table: Table,
    groups: Sequence[str],
    factors: Sequence[str],
    covariates: Sequence[str],
    response: str,
    *,
    drop_missing: bool,
) -> list[str]:
    """What to print: variances, coefficients with their df, and, of a balanced design, where the df come from.

    `a/b` among the groups, where no column has that name, stands for a, and for b within a. Raises ValueError.
    """
    parts = components(table, groups)
    of_groups = list(dict.fromkeys(column for columns in parts.values() for column in columns))
    for option, names in (("--factor", factors), ("--covariate", covariates), ("--response", [response])):
        for name in names:
            table.require(option, name)
    table = table.complete([*of_groups, *factors, *covariates, response], drop=drop_missing)
    codes = {name: table.combined(columns) for name, columns in parts.items()}
    X, terms = _model_matrix(table, factors, covariates)
    y = table.numbers(response)
    fit = fit_mixed(X, y, [(np.ones((len(y), 1)), code) for code in codes.values()])
    df = satterthwaite(fit, np.eye(X.shape[1]))
    left_out = f"; {table.n_dropped} rows with missing values were left out" if drop_missing else ""
    lines = [f"{table.file}: {len(y)} rows; REML criterion {fit.criterion:.4f}{left_out}", ""]
    lines += [f"{'':<24}{'levels':>8}{'variance':>14}{'sd':>12}"]
    lines += [
        _variance(name, int(code.max()) + 1, G[0, 0]) for (name, code), G in zip(codes.items(), fit.G, strict=True)
    ]
    lines += [_variance("residual", len(y), fit.Ve), ""]
    lines += [f"{'':<24}{'estimate':>12}{'se':>12}{'df':>10}{'t':>9}{'p':>11}"]
    for name, b, se, ddf in zip(terms, fit.coef, fit.se, df, strict=True):
        lines += [f"{name:<24}{b:>12.5g}{se:>12.5g}{ddf:>10.4g}{b / se:>9.3g}{2 * stdtr(ddf, -abs(b / se)):>11.3g}"]
    lines += [*_crossed(table, [columns[0] for columns in parts.values() if len(columns) == 1]), *_strata(X, y, codes)]
    return [*lines, "", *_by_r(table, groups, factors, covariates, response, of_groups)]


def components(table: Table, groups: Sequence[str]) -> dict[str, list[str]]:
    """Each component's columns by its name; b within a has the name a:b, as in lme4, and can be said so alone."""
    found: dict[str, list[str]] = {}
    for group in groups:
        columns = list(accumulate(_nested(table, group), add))
        if ":".join(columns[-1]) in found:
            raise ValueError(f"--group {group} is given twice")
        for column in columns[-1]:
            table.require("--group", column)
        found |= {":".join(of): of for of in columns}
    return found


def _nested(table: Table, group: str) -> list[list[str]]:
    """Of a/b:c the columns a, and b with c; a column of the very name comes first."""
    levels = [group] if group in table else group.split("/")
    return [[level] if level in table else level.split(":") for level in levels]


def _model_matrix(table: Table, factors: Sequence[str], covariates: Sequence[str]) -> tuple[Matrix, list[str]]:
    """The constant, treatment contrasts of factors, covariates as they are."""
    columns, names = [np.ones(len(table))], ["(Intercept)"]
    for factor in factors:
        labels = table.labels(factor)
        columns += list(design_matrix(labels, intercept=True)[:, 1:].T)
        names += [f"{factor}{level}" for level in sorted(labels.unique())[1:]]
    columns += [table.numbers(covariate) for covariate in covariates]
    return np.column_stack(columns), [*names, *covariates]


def _variance(name: str, levels: int, V: float) -> str:
    return f"{name:<24}{levels:>8}{V:>14.6g}{np.sqrt(V):>12.5g}"


def _by_r(
    table: Table,
    groups: Sequence[str],
    factors: Sequence[str],
    covariates: Sequence[str],
    response: str,
    of_groups: Sequence[str],
) -> list[str]:
    """The lines of R that read and fit the same."""
    fixed = [*(f"factor({r_name(factor)})" for factor in factors), *map(r_name, covariates)]
    random = ["/".join(":".join(map(r_name, level)) for level in _nested(table, group)) for group in groups]
    model = " + ".join([*(fixed or ["1"]), *(f"(1 | {group})" for group in random)])
    lines = in_r(table, list(dict.fromkeys([*of_groups, *factors])), [*covariates, response])
    return ["In R:", *lines, f"lmerTest::lmer({r_name(response)} ~ {model}, dat)"]


def _crossed(table: Table, columns: Sequence[str]) -> list[str]:
    """Whether labels that repeat were taken as crossed: of each pair in the order in which they were given."""
    told = []
    for a, b in combinations(columns, 2):
        pairs = set(zip(table.cells(a), table.cells(b), strict=True))
        n_a, n_b = len(set(table.cells(a))), len(set(table.cells(b)))
        if len(pairs) > max(n_a, n_b):
            where = f"the same in every {a}" if len(pairs) == n_a * n_b else f"found in more than one {a}"
            told.append(f"The labels of {b} are {where}, so the two were taken as crossed.")
            told.append(f"If every {a} has a {b} of its own, say --group {a}/{b}.")
    return ["", *told] if told else []


def _strata(X: Matrix, y: Vector, codes: dict[str, Codes]) -> list[str]:
    """Of a balanced design the strata after X: source, df, mean square, and what it estimates (Nelder, 1965).

    Z_f has the levels of factor f and N_fg = Z_f'Z_g counts rows; with n_f rows a level and M_f in place of the
    projection P_f = Z_f M_f Z_f', nothing is as large as rows by rows:

        M_f = I / n_f - sum of C M_g C' over the factors g that f determines, C the levels of g that those of f lie in
    """
    n = len(y)
    of = {"constant": np.zeros(n, dtype=np.intp), **codes}
    rows = {name: np.bincount(code) for name, code in of.items()}
    if any(np.ptp(count) for count in rows.values()):
        return []
    size = {name: int(count[0]) for name, count in rows.items()}
    order = sorted(of, key=lambda name: -size[name])
    N = {(a, b): _counted(of[a], of[b]) for a in order for b in order}
    within = {(a, b): np.count_nonzero(N[a, b]) == len(N[a, b]) for a in order for b in order}  # a determines b
    M: dict[str, Matrix] = {}
    for name in order:
        lies_in = {other: N[name, other] / size[name] for other in M if within[name, other]}
        M[name] = np.eye(len(rows[name])) / size[name] - sum(C @ M[other] @ C.T for other, C in lies_in.items())
    Q = np.linalg.qr(X)[0]
    r = y - Q @ (Q.T @ y)
    lines, df_left, rest = [], n - X.shape[1], float(r @ r)
    for name in order:
        sums = np.array([np.bincount(of[name], column) for column in (*Q.T, y, r)]).T  # Z'[Q y r]
        P = (M[name] @ sums)[of[name]]
        PQ, overlap = P[:, :-2], Q.T @ P[:, :-2]
        crossing = max((np.abs(M[name] @ N[name, b] @ M[b]).max() for b in order if b != name), default=0.0)
        if crossing * size[name] > SAME or np.abs(PQ - Q @ overlap).max() > SAME:
            return []
        df, SS = round(float(size[name] * np.trace(M[name]) - np.trace(overlap))), float(y @ P[:, -1])
        df_left, rest = df_left - df, rest - SS
        expected = [f"{size[k]:g} V({k})" for k in codes if within[k, name]]
        lines += [_stratum(name, df, SS, expected)] if df else []
    head = ["", f"{'stratum, after X':<24}{'df':>6}{'mean square':>15}   estimates"]
    return [*head, *lines, *([_stratum("residual", df_left, rest, [])] if df_left else [])]


def _counted(a: Codes, b: Codes) -> Matrix:
    """Rows with each pair of levels."""
    counts = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(counts, (a, b), 1.0)
    return counts


def _stratum(name: str, df: int, SS: float, of: list[str]) -> str:
    return f"{name:<24}{df:>6}{SS / df:>15.6g}   {' + '.join(['Ve', *of])}"
