"""`python -m lmm_core`: the chapter worked through, exercise by exercise."""

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lmm_core import chapter, with_r
from lmm_core.chapter import Step

BOLD, FAINT, PLAIN = "\033[1m", "\033[2m", "\033[0m"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options and print the steps; 2 and one line for bad input."""
    options = _parser().parse_args(arguments)
    try:
        sets = _data_sets(options)
        worked = {name: list(steps) for name, (_, steps) in sets.items()}
        by_r = {name: _asked(sets[name][0], steps) for name, steps in worked.items()} if options.r else {}
        if options.json:
            print(json.dumps({name: [_as_json(step) for step in steps] for name, steps in worked.items()}, indent=1))
        else:
            for name, steps in worked.items():
                _print(name, steps, by_r.get(name), show_r=options.r)
        if options.figures:
            from lmm_core import plots  # noqa: PLC0415 - matplotlib is an extra

            for name, (data, _) in sets.items():
                for path in plots.save_all(data, Path(options.figures), name):
                    print(f"wrote {path}", file=sys.stderr if options.json else sys.stdout)
    except (ValueError, OSError, ModuleNotFoundError, RuntimeError) as error:
        print(f"lmm_core: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lmm_core", description="The chapter on mixed models, worked through."
    )
    add = parser.add_argument
    add("--seed", type=int, metavar="N", help="draw other populations than the chapter's two")
    add("--data", metavar="FILE.csv", help="work your own data through the same steps")
    add("--group", default="bucket", metavar="COLUMN", help="with --data: the column of the random effect")
    add("--factor", default="color", metavar="COLUMN", help="with --data: the column to be tested")
    add("--response", default="weight", metavar="COLUMN", help="with --data: the measured column")
    add("--figures", metavar="DIR", help="write the pictures as PNG files (needs matplotlib)")
    add("--json", action="store_true", help="print numbers for machines instead of text")
    add("--r", action="store_true", help="print the R lines of every step; run and compare them where R is found")
    return parser


def _data_sets(options: argparse.Namespace) -> dict[str, tuple[pd.DataFrame, Any]]:
    if options.data:
        data = own_data(Path(options.data), options.group, options.factor, options.response)
        return {Path(options.data).stem: (data, chapter.work_own(data, options.group, options.factor))}
    seeds = (41, 42) if options.seed is None else (options.seed, options.seed + 1)
    populations = (chapter.first_population(seeds[0]), chapter.second_population(seeds[1]))
    return {p.name: (p.data, chapter.work(p)) for p in populations}


def own_data(path: Path, group: str, factor: str, response: str) -> pd.DataFrame:
    """Read a CSV and name its columns as the chapter does; a ValueError says what does not fit, and where."""
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise ValueError(f"--data {path} does not exist") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"--data {path} is no CSV file: {error}") from None
    chosen = {"--group": group, "--factor": factor, "--response": response}
    for option, column in chosen.items():
        if column not in table.columns:
            has = ", ".join(map(str, table.columns))
            raise ValueError(f"{path.name} has no column {column!r}; choose one of {has} by {option}")
        missing = np.flatnonzero(table[column].isna())
        if len(missing):
            n = len(missing)
            raise ValueError(
                f"{path.name}: column {column!r} has {n} missing values, the first in line {missing[0] + 2}"
            )
    if len(set(chosen.values())) < len(chosen):
        raise ValueError(f"--group {group}, --factor {factor} and --response {response} must be three columns")
    numeric = pd.to_numeric(table[response], errors="coerce")
    if numeric.isna().any():
        line = int(np.flatnonzero(numeric.isna())[0])
        raise ValueError(
            f"{path.name}: column {response!r} is not numeric: line {line + 2} has {str(table[response].iloc[line])!r}"
        )
    if table[group].nunique() < 2:
        raise ValueError(f"{path.name}: column {group!r} has {table[group].nunique()} group; at least 2 are needed")
    return pd.DataFrame({"bucket": table[group], "color": table[factor].astype(str), "weight": numeric.astype(float)})


def _asked(data: pd.DataFrame, steps: list[Step]) -> list[str]:
    """What to say of R beside every step."""
    reason = with_r.unavailable()
    if reason:
        return [f"not run: {reason}"] * len(steps)
    gaps = [with_r.difference(step, numbers) for step, numbers in zip(steps, with_r.numbers(data, steps), strict=True)]
    return [
        f"R agrees: largest relative difference {gap:.1e}" if gap <= with_r.AGREEMENT else f"R DIFFERS by {gap:.1e}"
        for gap in gaps
    ]


def _print(name: str, steps: list[Step], by_r: list[str] | None, *, show_r: bool) -> None:
    bold, faint, plain = (BOLD, FAINT, PLAIN) if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "", "")
    print(f"{bold}=== {name} data set ==={plain}")
    for i, step in enumerate(steps):
        print(f"\n{bold}{step.exercise}  {step.title}{plain}\n")
        print(textwrap.indent(step.text, "  "))
        print(textwrap.indent(textwrap.fill(f"-> {step.remark}", 100), "  "))
        if show_r:
            print(f"\n{faint}" + textwrap.indent(step.r, "  > ", lambda _: True) + plain)
            print(f"  {by_r[i] if by_r else ''}")
    print()


def _as_json(step: Step) -> dict[str, Any]:
    return {"exercise": step.exercise, "title": step.title, "numbers": _plain(step.numbers), "remark": step.remark}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


if __name__ == "__main__":
    sys.exit(main())
