"""lmm_core's answers to vectors, as a sheet: `python -m tests.vectors.core answers.json`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import lmm_core
from lmm_core import mixed
from reference.vectors import lint
from reference.vectors.lint import Vector

Row = dict[str, Any]
Array = np.ndarray


def answers(vector: Vector) -> Iterator[Row]:
    """A row for each number; what it refuses is a row with its sentence."""
    numbers = vector["numbers"]
    X, y = np.array(numbers["X"], float), np.array(numbers["y"], float)
    terms = [(np.array(term["Z"], float), np.array(term["group"])) for term in numbers["terms"]]
    try:
        found = _of_one(X, y, terms) if _is_one_intercept(vector) else _of_several(X, y, terms, vector["method"])
    except ValueError as error:
        yield {"id": vector["id"], "quantity": "refuse", "value": str(error)}
        return
    for quantity, values in found.items():
        for index, value in enumerate(values, 1):
            yield {"id": vector["id"], "quantity": quantity, "index": index, "value": float(value)}


def _is_one_intercept(vector: Vector) -> bool:
    return bool(vector["level"] == 1 and vector["method"] == "REML")


def _of_one(X: Array, y: Array, terms: list[tuple[Array, Array]]) -> dict[str, Any]:
    fit = lmm_core.fit_reml(X, y, terms[0][1])
    found = {"variances": [fit.Vb], "Ve": [fit.Ve], "coef": fit.coef, "se": fit.se, "criterion": [fit.criterion]}
    return found | {"df": lmm_core.satterthwaite_df(X, y, terms[0][1]), "t": fit.coef / fit.se}


def _of_several(X: Array, y: Array, terms: list[tuple[Array, Array]], method: str) -> dict[str, Any]:
    fit = mixed.fit_mixed(X, y, terms, method)
    flat = [G[a, b] for G in fit.G for a in range(len(G)) for b in range(a + 1)]
    found = {"variances": flat, "Ve": [fit.Ve], "coef": fit.coef, "se": fit.se, "criterion": [fit.criterion]}
    return found | ({"df": mixed.ddf(fit, np.eye(X.shape[1])), "t": fit.coef / fit.se} if method == "REML" else {})


def sheet(vectors: dict[str, Vector]) -> dict[str, Any]:
    """All of them."""
    return {"program": "lmm_core", "answers": [row for vector in vectors.values() for row in answers(vector)]}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(sheet(lint.read())), encoding="utf-8")
