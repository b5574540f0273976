"""The worked chapter as one page (`python -m lmm_core --html FILE`): it opens from disk, and has no script.

Every item has its question, its numbers as tables, its picture, the theorem with its condition, and the lines of
Python and R that do it. Pictures and data are part of the file.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from lmm_core.chapter import pictures
from lmm_core.chapter.steps import SHOWN, Names, Picture, Printed, Step, Table
from lmm_core.chapter.style import STYLE

DPI = 110
LONG = 12  # rows of a table that is folded


@dataclass(frozen=True)
class Part:
    """A data set with its steps."""

    name: str
    title: str
    data: pd.DataFrame
    csv: bytes
    names: Names
    steps: Sequence[Step]


def page(title: str, parts: Sequence[Part]) -> str:
    """The page, as HTML."""
    contents = "".join(f'<li><a href="#{part.name}">{escape(part.title)}</a></li>' for part in parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        "<p>Each item of the exercises with its numbers, the theorem behind them with its condition, and the lines of "
        "Python and of R that do it. Python's lines follow <code>import numpy as np; from pathlib import Path; "
        "from lmm_core import *; from lmm_core import chapter, own, plots, summary</code>; "
        "R's read the data file, which can be saved here.</p>\n"
        f'<nav aria-label="Data sets"><ul>{contents}</ul></nav>\n'
        + "\n".join(map(_part, parts))
        + "\n</main>\n</body>\n</html>\n"
    )


def _part(part: Part) -> str:
    data = base64.b64encode(part.csv).decode()
    file = escape(part.names.file, quote=True)
    link = f'<a download="{file}" href="data:text/csv;base64,{data}">{file}</a>'
    steps = "\n".join(_step(part, i, step) for i, step in enumerate(part.steps, start=1))
    return f'<h2 id="{part.name}">{escape(part.title)}</h2>\n<p>Data: {link}, {len(part.data)} rows.</p>\n{steps}'


def _step(part: Part, i: int, step: Step) -> str:
    blocks = "\n".join(_block(part, block) for block in step.blocks)
    code = "".join(
        f"<div><h4>{name}</h4>{_pre(lines)}</div>" for name, lines in (("Python", step.python), ("R", step.r))
    )
    return (
        f'<section aria-labelledby="{part.name}-{i}">\n<h3 id="{part.name}-{i}"><small>{escape(step.exercise)}</small>'
        f'{escape(step.title)}</h3>\n<p class="question">{escape(step.question)}</p>\n{blocks}\n'
        f'<p class="theorem">{escape(step.remark)}</p>\n<div class="code">{code}</div>\n</section>'
    )


def _block(part: Part, block: Table | Printed | Picture) -> str:
    if isinstance(block, Printed):
        lines = block.text.splitlines()
        return _pre(block.text) if len(lines) > 1 else f"<p>{escape(block.text)}</p>"
    if isinstance(block, Picture):
        alt = escape(block.alt, quote=True)
        source = _png(part, block)
        return f'<figure><img src="data:image/png;base64,{source}" alt="{alt}"><figcaption>{alt}</figcaption></figure>'
    if len(block.rows) <= LONG:
        return _table(block)
    beginning = _table(Table(block.head, block.rows[:SHOWN]))
    return f"{beginning}<details><summary>all {len(block.rows)} rows</summary>{_table(block)}</details>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in others)}</tr>'
        for first, *others in table.rows
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _pre(text: str) -> str:
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _png(part: Part, picture: Picture) -> str:
    drawn = io.BytesIO()
    figure = pictures.PICTURES[picture.name](part.data, part.names.called, **picture.given)
    figure.savefig(drawn, format="png", dpi=DPI)
    return base64.b64encode(drawn.getvalue()).decode()
