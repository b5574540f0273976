"""`python -m tests.bench.table RESULTS.json README.md`: pytest-benchmark's results as the table of a README.

Ratios to lmm_core in the same run: a rival's 52 means that it takes 52 times as long.
"""

import importlib.metadata
import json
import os
import platform
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from reference import r

R_ITSELF = 100_000  # frogs below which R's memory is R itself
MARKS = ("<!-- speed: written by tox -e bench -->", "<!-- end of speed -->")


def table(results: dict[str, Any]) -> str:
    """All of it, in markdown."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for run in results["benchmarks"]:
        name = run["name"].partition("[")[0]
        runs.setdefault(name, []).append(run["extra_info"] | {"ours": run["stats"]["median"]})
    parts = [_fits(runs), _growth(runs), _mixed(runs), _gls(runs), _suite(runs), _timeline(runs), _versions()]
    return "\n\n".join(part for part in parts if part)


def _fits(runs: dict[str, list[dict[str, Any]]]) -> str:
    full = {(run["n"], run["balanced"]): run for run in runs.get("test_full_analysis", [])}
    head = "| frogs | buckets | p | lme4 | statsmodels | one pass | lmerTest, all | memory / data | lme4's |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for run in runs.get("test_fit_reml", []):
        analysis = full.get((run["n"], run["balanced"]), {}) if run["p"] == 4 else {}
        cells = [
            f"{run['n']:,}",
            "equal" if run["balanced"] else "unequal",
            run["p"],
            _times(run, "lme4"),
            _times(run, "statsmodels"),
            f"1/{run['ours'] / run['floor']:.1f}",
            _times(analysis, "lmerTest"),
            f"{run['memory']:.1f}",
            f"{run['lme4_memory']:.0f}" if "lme4_memory" in run and run["n"] >= R_ITSELF else "",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _growth(runs: dict[str, list[dict[str, Any]]]) -> str:
    slopes = []
    for balanced in (True, False):
        large = [f for f in runs.get("test_fit_reml", []) if f["balanced"] is balanced and f["n"] >= 10_000]
        large = [run for run in large if run["p"] == 4]
        if len(large) < 2:
            return ""
        slopes.append(np.polyfit(np.log([f["n"] for f in large]), np.log([f["ours"] for f in large]), 1)[0])
    return f"Slope of log time on log frogs, 1e4 to 1e6, p = 4: {slopes[0]:.2f} (equal), {slopes[1]:.2f} (unequal)."


def _mixed(runs: dict[str, list[dict[str, Any]]]) -> str:
    lines = [
        "| rows of lme4's models | levels | vary | lmer, fit | lmerTest, fit and df |",
        "|---|---|---|---|---|",
    ]
    for run in runs.get("test_fit_mixed", []):
        levels = f"{run['m']:,}" + (f" and {run['others']}" if run["others"] else "")
        cells = [f"{run['n']:,}", levels, "lines" if run["vary"] else "intercepts"]
        cells += [f"{run[rival] / run['ours']:.1f}" if rival in run else "" for rival in ("lme4", "lmerTest")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) if lines[2:] else ""


def _gls(runs: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["| `gls`, frogs | statsmodels | the chapter's R |", "|---|---|---|"]
    lines += [
        f"| {f['n']:,} | {f['statsmodels'] / f['ours']:.1f} | {_times(f, 'R')} |" for f in runs.get("test_gls", [])
    ]
    return "\n".join(lines)


def _suite(runs: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["| the suite | times a start of Python with the imports |", "|---|---|"]
    lines += [f"| {run['what']} | {run['ours'] / run['start']:.1f} |" for run in runs.get("test_suite", [])]
    return "\n".join(lines) if lines[2:] else ""


def _timeline(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Each stage of grading a right file as a bar, a letter being an eighth of a start."""
    if "test_timeline" not in runs:
        return ""
    [run] = runs["test_timeline"]
    ends = [seconds / run["start"] for seconds in (0.0, *run["ends"].values())]
    rows = [(name, *between) for name, between in zip(run["ends"], pairwise(ends), strict=True)]
    loading, everything = (run["worker"][name] / run["start"] for name in ("loading", "all"))
    bars = [
        f"{name:<22}{'':{round(8 * begin)}}{'=' * max(1, round(8 * (end - begin)))} {end:.1f}"
        for name, begin, end in rows
    ]
    worker = (
        f"its worker, beside it: loads the file in {loading:.1f}, and computes {everything - loading:.1f} of the checks"
    )
    return "\n".join(["One right file, in starts of Python:", "", "```", *bars, "", worker, "```"])


def _times(run: dict[str, Any], rival: str) -> str:
    return f"{run[rival] / run['ours']:,.0f}" if rival in run else ""


def _versions() -> str:
    packages = ("numpy", "scipy", "pandas", "statsmodels")
    here = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    R = "no R" if r.unavailable() else r.versions()
    return textwrap.fill(f"Python {platform.python_version()}, {here}; {R}; {os.cpu_count()} cores.", 120)


def main(results: Path, readme: Path) -> None:
    """Put the table between its marks in the README."""
    text = readme.read_text(encoding="utf-8")
    new = f"{MARKS[0]}\n\n{table(json.loads(results.read_text()))}\n\n{MARKS[1]}"
    pattern = re.escape(MARKS[0]) + ".*" + re.escape(MARKS[1])
    readme.write_text(re.sub(pattern, lambda _: new, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
