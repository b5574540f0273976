"""Somebody's own table with one random factor, under the chapter's names."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lmm_core import tables
from lmm_core.chapter.reading import in_r
from lmm_core.chapter.steps import Names
from lmm_core.tables import Table


@dataclass(frozen=True)
class OwnData:
    """A table with the chapter's columns, and how it came about.

    python: the line that reads it.   n_dropped: rows left out.   file: its bytes.
    """

    data: pd.DataFrame
    names: Names
    python: str
    n_dropped: int
    file: bytes


def read(path: Path, group: str, factor: str, response: str, *, drop_missing: bool = False) -> OwnData:
    """Read a file and name its columns as the chapter does.

    Args:
        path: the file.
        group, factor, response: its columns for bucket, colour and weight.
        drop_missing: leave out rows that lack one of the three.

    Raises:
        ValueError: what does not fit, and in which line.
    """
    return named(tables.read(path), group, factor, response, drop_missing=drop_missing)


def named(table: Table, group: str, factor: str, response: str, *, drop_missing: bool) -> OwnData:
    """The same of a table."""
    chosen = {"--group": group, "--factor": factor, "--response": response}
    for option, column in chosen.items():
        table.require(option, column)
    if len(set(chosen.values())) < len(chosen):
        raise ValueError(f"--group {group}, --factor {factor} and --response {response} must be three columns")
    table = table.complete([*chosen.values()], drop=drop_missing)
    data = pd.DataFrame(
        {"bucket": table.labels(group), "color": table.labels(factor), "weight": table.numbers(response)}
    )
    if data["bucket"].nunique() < 2:
        raise ValueError(f"{table.file}: column {group!r} has {data['bucket'].nunique()} group; at least 2 are needed")
    if data.groupby("bucket")["weight"].nunique().max() == 1 < data["bucket"].value_counts().max():
        raise ValueError(f"{table.file}: no row's {response} differs from the others of its {group}, so Ve would be 0")
    reading = "\n".join(in_r(table, [group, factor], [response]))
    names = Names(table.file, group, factor, response, reading)
    options = f", drop_missing={drop_missing}" if drop_missing else ""
    python = f"data = own.read(Path({table.file!r}), {group!r}, {factor!r}, {response!r}{options}).data"
    return OwnData(data, names, python, table.n_dropped, table.content)
