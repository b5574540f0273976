"""The one reader of somebody's table: what a cell means is decided here, and never guessed by a library.

`csv` splits the cells. A file has one encoding, one separator and one decimal mark; labels are text as written, and
missing is an empty cell or NA, as in R. What does not fit is one sentence, with the line as an editor counts it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lmm_core.checks import Codes, Vector

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks"}
MISSING = ("", "NA")
SAID = {".": "point", ",": "comma"}
INTEGERS = re.compile(r"0|-?[1-9]\d{0,8}", re.ASCII)  # as R and Python write them
DECIMALS = re.compile(r"-?(?:0|[1-9]\d{0,3})\.\d{0,9}[1-9]|0|-?[1-9]\d{0,3}", re.ASCII)


def _number(mark: str, thousands: str) -> re.Pattern[str]:
    """A number by this decimal mark, with thousands marks or without; blanks and apostrophes go with either."""
    grouped = rf"(?P<grouped>[1-9]\d{{0,2}}(?P<by>[{thousands} \u00a0\u202f'\u2019])\d{{3}}(?:(?P=by)\d{{3}})*)"
    plain = rf"(?:(?P<whole>\d+)(?:[{mark}]\d*)?|[{mark}]\d+)(?:[eE][+-]?\d+)?"
    return re.compile(rf"[+-]?(?:{grouped}(?:[{mark}]\d*)?|{plain})", re.ASCII)


NUMBER = {".": _number(".", ","), ",": _number(",", ".")}


def value(cell: str, mark: str) -> float | None:
    """What a cell is by this decimal mark; None where it is no finite number."""
    if (match := NUMBER[mark].fullmatch(cell)) is None:
        return None
    number = float(cell.replace(match["by"] or " ", "").replace(mark, "."))
    return number if np.isfinite(number) else None


@dataclass(frozen=True)
class Table:
    """The cells of a file under their heads, stripped, and how they stand in it.

    encoding: R's name of it, "" for UTF-8.   head: first and last line of the head.   lines: where rows begin.
    votes: of every column the cells that are numbers by a comma alone, and by a point alone.   surplus: separators too
    many at the ends of rows.   stripped, hollow: whether there were blanks around cells, and rows of separators alone.
    dropped: the columns for which rows were left out, `n_dropped` of them.
    """

    file: str
    content: bytes
    encoding: str
    separator: str
    head: tuple[int, int]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    votes: Sequence[tuple[int, int]]
    surplus: int
    stripped: bool
    hollow: bool
    dropped: Sequence[str] = ()
    n_dropped: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, column: str) -> bool:
        return column in self.heads

    def require(self, option: str, column: str) -> str:
        """The column that an option chose, if it is there, once."""
        how = f"{self.file}, read as separated by {SEPARATORS.get(self.separator, self.separator)},"
        if column not in self.heads:
            has = ", ".join(filter(None, self.heads))
            raise ValueError(f"{how} has no column {column!r}; choose one of {has} by {option}")
        if self.heads.count(column) > 1:
            raise ValueError(f"{how} has {self.heads.count(column)} columns {column!r}; expected 1")
        return column

    def cells(self, column: str) -> list[str]:
        """A column as written."""
        at = self.heads.index(column)
        return [row[at] for row in self.rows]

    def complete(self, columns: Sequence[str], *, drop: bool) -> "Table":
        """The rows that lack none of the columns; raises ValueError where some do and are not to be dropped."""
        left_out: set[int] = set()
        for column in columns:
            missing = [i for i, cell in enumerate(self.cells(column)) if cell in MISSING]
            if missing and not drop:
                raise ValueError(
                    f"{self.file}: column {column!r} has {len(missing)} missing values, the first in line "
                    f"{self.lines[missing[0]]}; --drop-missing leaves such rows out"
                )
            left_out.update(missing)
        kept = [i for i in range(len(self)) if i not in left_out]
        if not kept:
            raise ValueError(f"{self.file} has no row with {', '.join(columns)}")
        rows, lines = [self.rows[i] for i in kept], [self.lines[i] for i in kept]
        return replace(self, rows=rows, lines=lines, dropped=list(columns) if drop else (), n_dropped=len(left_out))

    def labels(self, column: str) -> pd.Series:
        """Text as written; where all are written as R writes numbers, these numbers, since they have an order."""
        cells: list[object] = [*self.cells(column)]
        if all(map(INTEGERS.fullmatch, self.cells(column))):
            return pd.Series([int(str(cell)) for cell in cells])
        if all(map(DECIMALS.fullmatch, self.cells(column))):
            cells = [float(cell) if "." in cell else int(cell) for cell in self.cells(column)]
        return pd.Series(cells, dtype=object)

    def combined(self, columns: Sequence[str]) -> Codes:
        """A code for each combination of labels, in order of appearance: b within a."""
        return pd.MultiIndex.from_arrays([self.cells(column) for column in columns]).factorize()[0]

    @property
    def mark(self) -> str | None:
        """The file's decimal mark: of most columns, else that of the separator or of most cells; None if none tells."""
        comma, point = np.transpose(self.votes)
        columns, cells = np.sign(comma - point).sum(), (comma - point).sum()
        is_comma = columns > 0 or (columns == 0 and (self.separator == ";" or cells > 0))
        return ("," if is_comma else ".") if np.any(self.votes) else None

    def numbers(self, column: str) -> Vector:
        """A column of numbers by the file's decimal mark; raises ValueError with line, column and cell."""
        cells, mark = self.cells(column), self.mark or "."
        faults = self._faults([(cell, NUMBER[mark].fullmatch(cell)) for cell in cells], mark)
        for line, cell, fault in zip(self.lines, cells, faults, strict=True):
            if fault:
                raise ValueError(f"{self.file}: column {column!r} is not numeric: line {line} has {cell!r}{fault}")
        return np.array([value(cell, mark) for cell in cells], dtype=float)

    def _faults(self, found: Sequence[tuple[str, re.Match[str] | None]], mark: str) -> Iterator[str]:
        """What is wrong with each cell.

        Thousands marks are consistent where they are the same, and in all that reaches a thousand. Where no cell tells
        the mark, 1,013 beside 971 counts thousands, and 1.013 between commas is a decimal, as all programs write it.
        """
        marks = {match["by"] for _, match in found if match and match["by"]}
        longest = max((len(match["whole"] or "") for _, match in found if match), default=0)
        hundreds = max((len(cell) for cell, _ in found if cell.isdigit()), default=0) == 3
        for cell, match in found:
            one, other = value(cell, mark), value(cell, "," if mark == "." else ".")
            grouped = match is not None and match["by"]
            told = hundreds if grouped else self.separator == "," or (self.separator != ";" and not hundreds)
            if one is None:
                yield f" (decimal {SAID[mark]})"
            elif grouped and (len(marks) > 1 or longest > 3):
                yield ", and the thousands of other cells have no such mark"
            elif grouped and np.all(np.any(self.votes, axis=0)):
                yield ", and decimal points stand beside decimal commas"
            elif self.mark is None and other not in (None, one) and not told:
                yield f", which is {one:g} or {other:g}, and nothing in the file tells which"
            else:
                yield ""


# --- a file ---------------------------------------------------------------------------------------------

Record = tuple[int, int, list[str]]  # first line, last line, cells


def read(path: Path) -> Table:
    """The table in a file; raises ValueError in one sentence."""
    try:
        return parse(path.name, path.read_bytes())
    except (FileNotFoundError, IsADirectoryError):
        raise ValueError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}") from None


def parse(file: str, content: bytes) -> Table:
    """The table that the bytes of a file are; raises ValueError in one sentence."""
    text, encoding = _decoded(content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = re.fullmatch(r'"?sep=(.)"?[,;\t ]*', lines[0], re.IGNORECASE)  # Excel's
    notes = (i for i, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#" and (i or not told))
    above = next(notes, 0)
    separator = told[1] if told else _separator(lines[above:])
    raw = list(_records(file, lines, above, separator))
    filled = [(first, last, [cell.strip() for cell in cells]) for first, last, cells in raw if "".join(cells).strip()]
    if len(filled) < 2:
        raise ValueError(f"{file} has {'no row below its head' if filled else 'no head of columns'}")
    (first, last, _), *rows = filled
    heads, cells, surplus = _fitted(file, filled, may_lack=separator != " ")
    blanks = (f"{separator} " in line for line in lines[above:])
    stripped = separator != " " and (any(cell != cell.strip() for _, _, row in raw for cell in row) or any(blanks))
    by = {m: np.array([[value(cell, m) is not None for cell in row] for row in cells]) for m in SAID}
    votes = list(zip(*(np.sum(by[m] & ~by[o], axis=0).tolist() for m, o in (",.", ".,")), strict=True))
    at = [first for first, _, _ in rows]
    hollow = len(filled) < len(raw)
    return Table(file, content, encoding, separator, (first, last), heads, cells, at, votes, surplus, stripped, hollow)


def _decoded(content: bytes) -> tuple[str, str]:
    """The text and R's name of its encoding: UTF-8 (none), or with a mark, UTF-16, or Latin-1 as Windows has it."""
    names = {
        "utf-8-sig": "UTF-8-BOM" if content.startswith(b"\xef\xbb\xbf") else "",
        "cp1252": "CP1252" if re.search(rb"[\x80-\x9f]", content) else "latin1",
    }
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = {"utf-16": "UTF-16"}
    elif content.count(0) > len(content) // 4:
        names = {"utf-16-le": "UTF-16LE"} if content[1:2] == b"\0" else {"utf-16-be": "UTF-16BE"}
    for name, in_r in names.items():
        try:
            return content.decode(name), in_r
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin1"


def _separator(lines: Sequence[str]) -> str:
    """The one that most heads of columns stand between, of equals that of most equal rows; else blanks."""

    def fits(separator: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines[:100], delimiter=separator)]
        return widths[0], widths.count(widths[0])

    best = max((",", ";", "\t"), key=fits)
    return best if fits(best)[0] > 1 or not re.search(r"\S +\S", lines[0]) else " "


def _records(file: str, lines: Sequence[str], above: int, separator: str) -> Iterator[Record]:
    """The rows of a file but for blank lines, and the lines that each takes, as an editor counts them."""
    trimmed = (line.strip() if separator == " " else line for line in lines[above:])
    reader = csv.reader((f"{line}\n" for line in trimmed), delimiter=separator, skipinitialspace=True, strict=True)
    last = above
    try:
        for cells in reader:
            if cells:
                yield last + 1, above + reader.line_num, cells
            last = above + reader.line_num
    except csv.Error as error:
        raise ValueError(f"{file}: line {last + 1}: {error} (is a quotation mark left open?)") from None


def _fitted(file: str, records: Sequence[Record], *, may_lack: bool) -> tuple[list[str], list[list[str]], int]:
    """Heads and rows of one width, and how many separators too many the rows end with.

    What is too much is empty in every row, or names of the rows as R's write.table has them, which all differ; what is
    lacking at the end of a row is missing, as in R.
    """
    (top, _, heads), *rows = records
    surplus = max(len(cells) for _, _, cells in rows) - len(heads)
    if all(len(cells) == len(heads) + 1 for *_, cells in rows) and any(cells[-1] for *_, cells in rows):
        heads, surplus = (["", *heads], 0) if len({cells[0] for *_, cells in rows}) == len(rows) else (heads, surplus)
    width = len(heads)
    for first, _, cells in rows:
        if any(cells[width:]) or (len(cells) < width and not may_lack):
            raise ValueError(f"{file}: line {first} has {len(cells)} cells, and the head in line {top} has {width}")
    return heads, [cells[:width] + [""] * (width - len(cells)) for _, _, cells in rows], max(surplus, 0)
