"""A table with a column missing, or of nearly its name, made whole: what is there is judged as if nothing lacked.

What is filled in is right wherever the rest is, and only there: a bucket's mean is drawn from its distribution given
the weights, so that the two together are distributed as they must be exactly if the weights alone are. weight itself
is not filled in: it is what was asked for.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from tests.contract import COLUMNS, ContractError, label
from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox.plain import MISNAMED, renamed

FILLED = ("bucket", "id", "color", "bucket_mu")  # in this order, each from those before it
LACKS = {  # the flaws of a table: which columns are filled in
    "lacks " + ", ".join(columns): columns for k in range(len(FILLED)) for columns in combinations(FILLED, k + 1)
}
NOT_THERE = {"nan", "None", "NA", "NULL"}
SEED = 20_240_229  # of what is filled in: the same table is filled in alike


def whole(
    table: Mapping[str, Any], arguments: Mapping[str, Any], course: Names = CHAPTER
) -> tuple[dict[str, Any], set[str]]:
    """The table under the chapter's names, with columns as far as they can be filled in; and the flaws that this mends.

    Raises ContractError where it has none of them.
    """
    found, asked = renamed(list(table), course.columns.values()), course.columns
    if not found:
        raise ContractError(f"the result has none of the columns {', '.join(COLUMNS)}; it has {', '.join(table)}")
    names = {column: found[own] for column, own in asked.items() if own in found}
    columns = {column: table[name] for column, name in names.items() if not _is_empty(table[name])}
    lacking = [column for column in FILLED if column not in columns]
    flaws = {MISNAMED} if any(asked[column] != names[column] for column in columns) else set()
    n_rows = arguments["n_buckets"] * arguments["n_within"]
    is_whole = all(np.shape(column) == (n_rows,) for column in columns.values())
    if not is_whole or not isinstance(columns.get("weight"), np.ndarray):
        return columns or {column: table[name] for column, name in names.items()}, flaws
    for column in lacking:
        labels = {name: list(map(label, columns[name])) for name in ("bucket", "id") if name in columns}
        columns[column] = _FILL[column](pd.DataFrame(columns | labels), arguments)
    return columns, flaws | {flaw for flaw, columns_of in LACKS.items() if list(columns_of) == lacking}


def _is_empty(column: Any) -> bool:
    entries = np.asarray(column).ravel().tolist()
    return len(entries) > 0 and all(label(entry) in NOT_THERE for entry in entries)


def _bucket(table: pd.DataFrame, arguments: Mapping[str, Any]) -> list[int]:
    """Runs of n_within rows, or where frogs are numbered the first, second, ... of each number."""
    if "id" in table:
        return (table.groupby("id").cumcount() + 1).tolist()
    return np.repeat(np.arange(1, arguments["n_buckets"] + 1), arguments["n_within"]).tolist()


def _id(table: pd.DataFrame, _: Mapping[str, Any]) -> list[int]:
    return (table.groupby("bucket").cumcount() + 1).tolist()


def _color(table: pd.DataFrame, arguments: Mapping[str, Any]) -> list[Any]:
    """Consecutive equal runs of buckets."""
    colors, place = arguments["colors"], pd.factorize(table["bucket"])[0]
    return [colors[min(b * len(colors) // arguments["n_buckets"], len(colors) - 1)] for b in place]


def _bucket_mu(table: pd.DataFrame, arguments: Mapping[str, Any]) -> np.ndarray:
    """Of mu_b given the weights of its bucket: N(mu + k (mean - mu), (1 - k) Vb), k = n Vb / (n Vb + Ve).

    Theorem 18, and regression of one normal variable on another.
    """
    mu, Vb, Ve = arguments["mu"], arguments["sigma_bucket"] ** 2, arguments["sigma_within"] ** 2
    place = pd.factorize(table["bucket"])[0]
    n = np.bincount(place)
    mean = np.bincount(place, table["weight"]) / n
    k = n * Vb / np.where(n * Vb + Ve > 0, n * Vb + Ve, 1.0)
    drawn = np.random.default_rng(SEED).standard_normal(len(n))
    return (mu + k * (mean - mu) + np.sqrt((1 - k) * Vb) * drawn)[place]


_FILL = {"bucket": _bucket, "id": _id, "color": _color, "bucket_mu": _bucket_mu}
