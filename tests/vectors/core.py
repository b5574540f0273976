"""lmm_core's answers to vectors, as a sheet: `python -m tests.vectors.core answers.json`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import fdtrc

import lmm_core
from lmm_core import mixed
from lmm_core.inference import Anova, contrasts_f_test, pooled_ddf
from reference.vectors import lint
from reference.vectors.lint import Vector

Row = dict[str, Any]
Array = np.ndarray


def answers(vector: Vector) -> Iterator[Row]:
    """A row for each number; what it refuses is a row with its sentence."""
    X, y, terms = parts(vector)
    try:
        found = answered(X, y, terms, tested_of(vector), vector["method"])
    except ValueError as error:
        yield {"id": vector["id"], "quantity": "refuse", "value": str(error)}
        return
    yield from rows(vector, found)


def parts(vector: Vector) -> tuple[Array, Array, list[tuple[Array, Array]]]:
    """X, y and terms."""
    numbers = vector["numbers"]
    terms = [(np.array(term["Z"], float), np.array(term["group"])) for term in numbers["terms"]]
    return np.array(numbers["X"], float), np.array(numbers["y"], float), terms


def tested_of(vector: Vector) -> list[int]:
    """The columns of F, counted from 0."""
    return [j - 1 for j in vector.get("tested", ())]


def rows(vector: Vector, found: dict[str, Any]) -> Iterator[Row]:
    """A row for each number."""
    for quantity, values in found.items():
        for index, value in enumerate(values, 1):
            yield {"id": vector["id"], "quantity": quantity, "index": index, "value": float(value)}


def answered(
    X: Array, y: Array, terms: list[tuple[Array, Array]], tested: list[int], method: str = "REML"
) -> dict[str, Any]:
    """All quantities; one random intercept by the first level's functions."""
    if method == "REML" and is_one_intercept(terms):
        return _of_one(X, y, terms, tested)
    return _of_several(X, y, terms, tested, method)


def is_one_intercept(terms: list[tuple[Array, Array]]) -> bool:
    """Whether this is a model of the first level."""
    return len(terms) == 1 and terms[0][0].shape[1] == 1 and bool(np.all(terms[0][0] == 1))


def _of_one(X: Array, y: Array, terms: list[tuple[Array, Array]], tested: list[int]) -> dict[str, Any]:
    fit = lmm_core.fit_reml(X, y, terms[0][1])
    found = {"variances": [fit.Vb], "Ve": [fit.Ve]} | _estimates(fit)
    found |= _t_tests(fit, lmm_core.satterthwaite_df(X, y, terms[0][1]))
    return found | (_f_test(contrasts_f_test(fit, np.eye(X.shape[1])[tested])) if tested else {})


def _of_several(
    X: Array, y: Array, terms: list[tuple[Array, Array]], tested: list[int], method: str = "REML"
) -> dict[str, Any]:
    fit = mixed.fit_mixed(X, y, terms, method)
    flat = [G[a, b] for G in fit.G for a in range(len(G)) for b in range(a + 1)]
    found = {"variances": flat, "Ve": [fit.Ve]} | _estimates(fit)
    found |= _t_tests(fit, mixed.ddf(fit, np.eye(X.shape[1])))
    if tested:
        L = np.eye(X.shape[1])[tested]
        b, C = L @ fit.coef, L @ mixed.covariance(fit) @ L.T
        F, df = b @ np.linalg.solve(C, b) / len(L), pooled_ddf(mixed.ddf(fit, np.linalg.eigh(C)[1].T @ L))
        found |= _f_test(Anova(F, len(L), df, float(fdtrc(len(L), df, F))))
    return found


def _estimates(fit: Any) -> dict[str, Any]:
    return {"coef": fit.coef, "se": fit.se, "criterion": [fit.criterion]}


def _t_tests(fit: Any, df: Array) -> dict[str, Any]:
    t = fit.coef / fit.se
    return {"df": df, "t": t, "p": fdtrc(1, df, t**2)}


def _f_test(test: Anova) -> dict[str, Any]:
    return {"F": [test.F], "F_df": [test.df_num, test.df_den], "F_p": [test.p_value]}


def sheet(vectors: dict[str, Vector]) -> dict[str, Any]:
    """All of them."""
    return {"program": "lmm_core", "answers": [row for vector in vectors.values() for row in answers(vector)]}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(sheet(lint.read())), encoding="utf-8")
