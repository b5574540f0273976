"""Somebody's own table, read as it comes: its separator and decimal mark recognised, its columns kept by name."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lmm_core.chapter import Names

IN_R = {",": '","', ";": '";"', "\t": '"\\t"'}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


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
    """Read a CSV file and name its columns as the chapter does.

    Args:
        path: the file.
        group, factor, response: its columns for bucket, colour and weight.
        drop_missing: leave out rows that lack one of the three.

    Raises:
        ValueError: what does not fit, and in which line.
    """
    content, encoding, separator, table = _cells(path)
    how = f"{path.name}, read as separated by {SEPARATORS[separator]},"
    chosen = {"--group": group, "--factor": factor, "--response": response}
    for option, column in chosen.items():
        if column not in table.columns:
            has = ", ".join(map(str, table.columns))
            raise ValueError(f"{how} has no column {column!r}; choose one of {has} by {option}")
    if len(set(chosen.values())) < len(chosen):
        raise ValueError(f"--group {group}, --factor {factor} and --response {response} must be three columns")
    missing = table[list(chosen.values())].isna()
    if not drop_missing:
        for column in chosen.values():
            lines = np.flatnonzero(missing[column]) + 2
            if len(lines):
                raise ValueError(
                    f"{path.name}: column {column!r} has {len(lines)} missing values, the first in line {lines[0]}; "
                    "--drop-missing leaves such rows out"
                )
    table = table[~missing.any(axis=1)]
    if table.empty:
        raise ValueError(f"{path.name} has no row with {group}, {factor} and {response}")
    comma = separator != "," and bool(table[response].str.contains(",").any())
    weight = _numbers(path, response, table[response], comma=comma)
    if table[group].nunique() < 2:
        raise ValueError(f"{path.name}: column {group!r} has {table[group].nunique()} group; at least 2 are needed")
    data = pd.DataFrame({"bucket": _labels(table[group]), "color": _labels(table[factor]), "weight": weight})
    reading = "".join(
        [
            "" if separator == "," else f", sep = {IN_R[separator]}",
            ', dec = ","' if comma else "",
            f', fileEncoding = "{encoding}"' if encoding else "",
            ', na.strings = c("", "NA"), strip.white = TRUE' if drop_missing else "",
            ", check.names = FALSE",
        ]
    )
    names = Names(path.name, group, factor, response, reading, drop_missing)
    options = f", drop_missing={drop_missing}" if drop_missing else ""
    python = f"data = own.read(Path({path.name!r}), {group!r}, {factor!r}, {response!r}{options}).data"
    return OwnData(data.reset_index(drop=True), names, python, int(missing.any(axis=1).sum()), content)


def table(path: Path) -> pd.DataFrame:
    """The cells of a CSV file as text, whatever its separator and encoding."""
    return _cells(path)[-1]


def numbers(path: Path, column: str, cells: pd.Series) -> pd.Series:
    """A column of numbers, with a decimal comma or a point."""
    return _numbers(path, column, cells, comma=bool(cells.str.contains(",").any()))


def _cells(path: Path) -> tuple[bytes, str, str, pd.DataFrame]:
    """A file's bytes, R's name of its encoding, its separator, and its cells as text."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise ValueError(f"--data {path} {'is a folder' if path.is_dir() else 'does not exist'}") from None
    text, encoding = _decoded(content)
    separator = _separator(text)
    try:
        cells = pd.read_csv(io.StringIO(text), sep=separator, dtype=object, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"--data {path} is no CSV file: {str(error).strip()}") from None
    return content, encoding, separator, cells


def _decoded(content: bytes) -> tuple[str, str]:
    """The text and R's name of its encoding: UTF-8 (none), or with a mark, UTF-16 with one, or else Latin-1."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "UTF-16"
    try:
        return content.decode("utf-8-sig"), "UTF-8-BOM" if content.startswith(b"\xef\xbb\xbf") else ""
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin1"


def _separator(text: str) -> str:
    """The one that most heads of columns stand between."""
    first = text.split("\n", 1)[0]
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([first], delimiter=separator), [])))


def _numbers(path: Path, column: str, cells: pd.Series, *, comma: bool) -> pd.Series:
    text = cells.str.replace(".", "", regex=False).str.replace(",", ".", regex=False) if comma else cells
    numbers = pd.to_numeric(text.str.strip(), errors="coerce")
    if numbers.isna().any():
        row = numbers.index[numbers.isna()][0]
        mark = "comma" if comma else "point"
        raise ValueError(
            f"{path.name}: column {column!r} is not numeric: line {row + 2} has {cells[row]!r} (decimal {mark})"
        )
    return numbers.astype(float)


def _labels(cells: pd.Series) -> pd.Series:
    """Whole numbers as numbers, which have an order of their own; all else as text."""
    stripped = cells.str.strip()
    whole = stripped.str.fullmatch(r"[+-]?\d{1,15}").all()
    return stripped.astype("int64") if whole else stripped.astype(str)
