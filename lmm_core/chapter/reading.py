"""The lines of R that read a table as `lmm_core.tables` does."""

import re
from collections.abc import Sequence

from lmm_core.chapter.steps import r_name, r_text
from lmm_core.tables import DECIMALS, INTEGERS, NUMBER, Table

TEXT = re.compile(r"(?!(?:true|false|t|f|inf|infinity|nan)$)[^\W\d].*", re.IGNORECASE | re.DOTALL)


def in_r(table: Table, labels: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Lines that make `dat`: read, cells stripped, empty rows left out, thousands marks taken out, rows dropped.

    R's own guesses are switched off where a label would not stay text as written.
    """
    function = "read.table" if table.separator == " " else "read.csv"
    lines = [f"dat <- {function}({', '.join(_arguments(table, labels))})"]
    if table.stripped and (b'"' in table.content or b"\xa0" in table.content):  # strip.white leaves these blanks
        lines.append("names(dat) <- trimws(names(dat), whitespace = '[\\\\h\\\\v]')")
        lines += [f"dat${r_name(c)} <- trimws(dat${r_name(c)}, whitespace = '[\\\\h\\\\v]')" for c in labels]
    if table.surplus or "" in table.heads:
        lines.append('dat <- dat[names(dat) != ""]')
    if table.hollow:
        lines.append('dat <- dat[rowSums(trimws(as.matrix(dat)) != "", na.rm = TRUE) > 0, ]')
    lines += [line for column in numbers for line in _without_thousands(table, column)]
    if table.dropped:
        lines.append(f"dat <- dat[complete.cases(dat[c({', '.join(map(r_text, table.dropped))})]), ]")
    return lines


def _arguments(table: Table, labels: Sequence[str]) -> list[str]:
    """What read.csv or read.table is told."""
    first, last = table.head
    names = f"c({', '.join(map(r_text, [*table.heads, *[''] * table.surplus]))})"
    as_text = [f'{r_name(column)} = "character"' for column in labels if _is_guessed(table.cells(column))]
    separator = {"\t": "\\t"}.get(table.separator, table.separator)
    told = {
        'header = TRUE, quote = \'"\', comment.char = ""': table.separator == " ",
        f'sep = "{separator}"': table.separator not in ", ",
        'dec = ","': table.mark == ",",
        f'fileEncoding = "{table.encoding}"': table.encoding,
        f"skip = {first - 1}": first > 1 and not table.surplus,
        f"header = FALSE, skip = {last}, col.names = {names}": table.surplus,
        'na.strings = c("", "NA")': table.dropped,
        "strip.white = TRUE": table.stripped or table.dropped,
        f"colClasses = c({', '.join(as_text)})": as_text,
        "check.names = FALSE": True,
    }
    return [r_text(table.file), *(argument for argument, is_told in told.items() if is_told)]


def _is_guessed(cells: Sequence[str]) -> bool:
    """Whether R might take these labels for something else than the text that they are, or for its numbers."""
    kept = any(all(map(form.fullmatch, cells)) for form in (INTEGERS, DECIMALS))
    return not kept and not any(map(TEXT.fullmatch, cells))


def _without_thousands(table: Table, column: str) -> list[str]:
    """The line that takes them out, where a column has them."""
    mark = table.mark or "."
    found = [match["by"] for cell in table.cells(column) if (match := NUMBER[mark].fullmatch(cell)) and match["by"]]
    if not found:
        return []
    x = f'gsub({r_text(found[0])}, "", dat${r_name(column)}, fixed = TRUE)'
    with_points = x if mark == "." else f'chartr(",", ".", {x})'
    return [f"dat${r_name(column)} <- as.numeric({with_points})"]
