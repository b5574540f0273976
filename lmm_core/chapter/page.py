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

DPI = 110
LONG = 12  # rows of a table that is folded

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #ffffff; --soft: #f3f4f6; --line: #c8ccd2; --quiet: #4b5563;
  --mark: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ea; --paper: #16181c; --soft: #23262d; --line: #4a4f59;
  --quiet: #b6bcc6; --mark: #8ec5ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; color: var(--ink); background: var(--paper);
  font: 1.05rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 2px solid var(--line); }
h3 { margin: 2.2rem 0 .3rem; font-size: 1.2rem; }
h3 small { color: var(--quiet); font-weight: 600; margin-right: .6rem; }
a { color: var(--mark); } nav ul { columns: 18rem; padding-left: 1.2rem; }
.question { font-style: italic; margin: .2rem 0 .8rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6rem 0; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; } thead th { border-bottom: 2px solid var(--line); }
pre { background: var(--soft); padding: .7rem .9rem; overflow-x: auto; font-size: .88rem; line-height: 1.4;
  border-radius: 6px; margin: .4rem 0; overflow-wrap: normal; }
img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
figure { margin: .6rem 0; } figcaption { color: var(--quiet); font-size: .92rem; }
.theorem { border-left: 4px solid var(--mark); padding: .1rem 0 .1rem .9rem; margin: .9rem 0; }
.code { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: .8rem; }
.code > div { min-width: 0; }
.code pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.code h4 { margin: .3rem 0 0; font-size: .85rem; color: var(--quiet); }
summary { cursor: pointer; color: var(--mark); }
@media print { body { max-width: none; font-size: 10.5pt; padding: 0; } pre { white-space: pre-wrap; }
  section { break-inside: avoid-page; } nav { display: none; } h2 { break-before: page; } }
"""


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
