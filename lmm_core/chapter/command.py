"""`python -m lmm_core`: the chapter worked through, exercise by exercise."""

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lmm_core import chapter, tables
from lmm_core.chapter import own, several, slopes, with_r
from lmm_core.chapter.steps import SHOWN, Names, Picture, Printed, Step
from lmm_core.chapter.steps import Table as Shown
from lmm_core.tables import Table

OF_DATA = ("predict", "response", "drop_missing")
BOLD, FAINT, PLAIN = "\033[1m", "\033[2m", "\033[0m"


@dataclass(frozen=True)
class Worked:
    """A data set, worked: its CSV file is what R reads."""

    name: str
    title: str
    data: pd.DataFrame
    names: Names
    csv: bytes
    steps: list[Step]
    said: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options and print the steps; 2 and one line for bad input."""
    options = _parser().parse_args(arguments)
    try:
        _refuse_what_does_not_go_together(options)
        table = tables.read(Path(options.data)) if options.data else None
        if table and options.slope:
            print("\n".join(_slopes(options, table)))
            return 0
        if table and _has_several(options.group, table):
            print("\n".join(_several(options, table)))
            return 0
        sets = _worked(options, table)
        by_r = [_asked(worked) if options.r else [] for worked in sets]
        if options.json:
            print(json.dumps({worked.name: list(map(_as_json, worked.steps)) for worked in sets}, indent=1))
        elif not options.html:
            for worked, said in zip(sets, by_r, strict=True):
                _print(worked, said, show_r=options.r)
        for path in _written(options, sets):
            print(f"wrote {path}", file=sys.stderr if options.json else sys.stdout)
    except (ValueError, OSError, ModuleNotFoundError, RuntimeError) as error:
        print(f"lmm_core: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _refuse_what_does_not_go_together(options: argparse.Namespace) -> None:
    of_data = {name: getattr(options, name) for name in ("group", "factor", "covariate", "slope", *OF_DATA)}
    given = [f"--{name.replace('_', '-')}" for name, value in of_data.items() if value]
    if given and not options.data:
        raise ValueError(f"{given[0]} goes with --data")
    if options.predict and not options.slope:
        raise ValueError("--predict goes with --slope")
    if options.data and options.seed is not None:
        raise ValueError("--seed draws the chapter's populations, and does not go with --data")


def _has_several(groups: list[str] | None, table: Table) -> bool:
    """Whether there are several random factors, or one of two columns; a/b are two where no column has that name."""
    first, *others = groups or ["bucket"]
    return bool(others) or (bool({"/", ":"} & {*first}) and first not in table)


def _several(options: argparse.Namespace, table: Table) -> list[str]:
    for name in ("html", "figures", "json", "r"):
        if getattr(options, name):
            raise ValueError(f"--{name} goes with one --group; with several the numbers and R's lines are printed")
    chosen = options.group, options.factor or [], options.covariate or [], options.response or "weight"
    return several.report(table, *chosen, drop_missing=options.drop_missing)


def _slopes(options: argparse.Namespace, table: Table) -> list[str]:
    """The text, and the picture where it is asked for."""
    groups = options.group or ["bucket"]
    if _has_several(groups, table):
        raise ValueError(f"--slope goes with one --group, not with {' and '.join(groups)}")
    for name in ("html", "json", "r"):
        if getattr(options, name):
            raise ValueError(f"--{name} does not go with --slope: the text, R's lines in it, is printed")
    columns = options.response or "weight", groups[0], options.slope, options.factor or [], options.covariate or []
    lines = slopes.read(table, slopes.Asked(*columns), drop_missing=options.drop_missing)
    told = slopes.report(lines, Path(options.predict) if options.predict else None)
    if options.figures:
        from lmm_core.chapter import pictures  # noqa: PLC0415 - matplotlib is an extra

        path = Path(options.figures, f"{Path(table.file).stem}_lines.png")
        figure = pictures.lines(**slopes.pictured(lines))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
        told.append(f"wrote {path}")
    return told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lmm_core", description="The chapter on mixed models, worked through."
    )
    add = parser.add_argument
    add("--seed", type=int, metavar="N", help="draw other populations than the chapter's two")
    add("--data", metavar="FILE.csv", help="work your own data through the same steps")
    add(
        "--group",
        action="append",
        metavar="COLUMN",
        help="with --data: the column of the random effect; repeatable",
    )
    add("--factor", action="append", metavar="COLUMN", help="with --data: the column to be tested; repeatable")
    add("--covariate", action="append", metavar="COLUMN", help="with several --group or --slope: numbers; repeatable")
    add("--slope", action="append", metavar="COLUMN", help="a column whose coefficient varies by group; repeatable")
    add("--predict", metavar="FILE.csv", help="with --slope: a table of rows whose means are wanted")
    add("--response", metavar="COLUMN", help="with --data: the measured column (weight)")
    add("--drop-missing", action="store_true", help="with --data: leave out rows that lack one of the columns")
    add("--html", metavar="FILE.html", help="write the same as one page, with pictures (needs matplotlib)")
    add("--figures", metavar="DIR", help="write the data and the pictures as CSV and PNG files (needs matplotlib)")
    add("--json", action="store_true", help="print numbers for machines instead of text")
    add("--r", action="store_true", help="print the R lines of every step; run and compare them where R is found")
    return parser


def _worked(options: argparse.Namespace, table: Table | None) -> list[Worked]:
    if table:
        factors = options.factor or ["color"]
        if len(factors) > 1:
            raise ValueError(f"--factor is given {len(factors)} times; with one --group it is one column")
        if options.covariate:
            raise ValueError(
                "--covariate goes with several --group, or --slope; else the chapter compares levels of --factor"
            )
        (group,), response = options.group or ["bucket"], options.response or "weight"
        mine = own.named(table, group, factors[0], response, drop_missing=options.drop_missing)
        steps = list(chapter.work_own(mine.data, mine.names, mine.python))
        said = f"{mine.n_dropped} rows with missing values were left out." if options.drop_missing else ""
        return [Worked(Path(table.file).stem, table.file, mine.data, mine.names, mine.file, steps, said)]
    seeds = (41, 42) if options.seed is None else (options.seed, options.seed + 1)
    populations = chapter.first_population(seeds[0]), chapter.second_population(seeds[1])
    return [
        Worked(p.name, p.title, p.data, p.names, p.data.to_csv(index=False).encode(), list(work(p)))
        for p, work in zip(populations, (chapter.work_first, chapter.work_second), strict=True)
    ]


def _written(options: argparse.Namespace, sets: Sequence[Worked]) -> list[Path]:
    """The files that were asked for, written."""
    paths = []
    if options.figures:
        from lmm_core.chapter import pictures  # noqa: PLC0415 - matplotlib is an extra

        for worked in sets:
            paths += pictures.save_all(worked.data, Path(options.figures), worked.name, worked.names.called)
            path = Path(options.figures, worked.names.file)
            path.write_bytes(worked.csv)
            paths.append(path)
    if options.html:
        from lmm_core.chapter import page  # noqa: PLC0415 - matplotlib is an extra

        title = sets[0].title if options.data else "Linear mixed model I, worked"
        parts = [page.Part(w.name, w.title, w.data, w.csv, w.names, w.steps) for w in sets]
        path = Path(options.html)
        path.write_text(page.page(title, parts), encoding="utf-8")
        paths.append(path)
    return paths


def _asked(worked: Worked) -> list[str]:
    """What to say of R beside every step."""
    reason = with_r.unavailable()
    if reason:
        return [f"not run: {reason}"] * len(worked.steps)
    by_r = with_r.numbers(worked.steps, worked.names.file, worked.csv)
    gaps = [with_r.difference(step, numbers) for step, numbers in zip(worked.steps, by_r, strict=True)]
    return [
        f"R agrees: largest relative difference {gap:.1e}" if gap <= with_r.AGREEMENT else f"R DIFFERS by {gap:.1e}"
        for gap in gaps
    ]


def _print(worked: Worked, by_r: list[str], *, show_r: bool) -> None:
    bold, faint, plain = (BOLD, FAINT, PLAIN) if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "", "")
    print(f"{bold}=== {worked.title} ==={plain}")
    if worked.said:
        print(worked.said)
    for i, step in enumerate(worked.steps):
        print(f"\n{bold}{step.exercise}  {step.title}{plain}")
        print(textwrap.indent(textwrap.fill(step.question, 98), "  "))
        for block in step.blocks:
            print()
            print(textwrap.indent(_text(block), "  "))
        print()
        print(textwrap.indent(textwrap.fill(f"-> {step.remark}", 98), "  "))
        if show_r:
            print(f"\n{faint}" + textwrap.indent(step.r, "  > ", lambda _: True) + plain)
            print(f"  {by_r[i] if by_r else ''}")
    print()


def _text(block: Shown | Printed | Picture) -> str:
    if isinstance(block, Picture):
        return textwrap.fill(f"[picture {block.name}, by --html or --figures] {block.alt}", 98)
    if isinstance(block, Printed):
        return "\n".join(textwrap.fill(line, 98) if len(line) > 98 else line for line in block.text.splitlines())
    more = len(block.rows) - SHOWN - 1
    rows = [block.head, *(block.rows if more <= 0 else block.rows[:SHOWN])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*lines, f"... {more + 1} more rows"] if more > 0 else lines)


def _as_json(step: Step) -> dict[str, Any]:
    return {"exercise": step.exercise, "title": step.title, "numbers": _plain(step.numbers), "remark": step.remark}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
