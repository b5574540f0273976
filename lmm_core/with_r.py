"""Run the R lines of the chapter's steps, and compare R's numbers with ours (`python -m lmm_core --r`)."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lmm_core.chapter import Step

AGREEMENT = 1e-5  # relative; lmer's default optimiser leaves 5 to 7 digits
MARK = "@numbers@"


def unavailable() -> str | None:
    """Why R's lines are printed but not run; None where they can be."""
    if shutil.which("Rscript") is None:
        return "there is no Rscript on this machine"
    has = subprocess.run(["Rscript", "-e", "library(lmerTest)"], capture_output=True, check=False)
    return "R lacks the package lmerTest" if has.returncode else None


def numbers(data: pd.DataFrame, steps: Sequence[Step]) -> list[NDArray[np.float64]]:
    """What R says of every step: its `r` lines are run in order on the same data, then `r_numbers`."""
    lines = [
        "options(digits = 15, warn = -1); invisible(Sys.setlocale('LC_COLLATE', 'C'))",
        "suppressPackageStartupMessages(library(lmerTest))",
        "dat <- read.csv('data.csv'); dat$color <- factor(dat$color); dat$bucket <- factor(dat$bucket)",
    ]
    for step in steps:
        lines.append(f"invisible({{ {step.r.replace(chr(10), '; ')} }})" if step.r else "")
        lines.append(f"cat('{MARK}', format(as.numeric(unlist({step.r_numbers})), digits = 17), '\\n')")
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(Path(folder, "data.csv"), index=False)
        Path(folder, "steps.R").write_text("\n".join(lines), encoding="utf-8")
        run = subprocess.run(["Rscript", "steps.R"], cwd=folder, capture_output=True, text=True, check=False)
    said = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith(MARK)]
    if run.returncode or len(said) != len(steps):
        raise RuntimeError(f"R stopped: {run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'no message'}")
    return [np.array([np.nan if word == "NA" else float(word) for word in row]) for row in said]


def ours(step: Step) -> NDArray[np.float64]:
    """The numbers of a step that R repeats, in R's order."""
    return np.concatenate([_flat(step.numbers[name]) for name in step.compared])


def difference(step: Step, by_r: NDArray[np.float64]) -> float:
    """The largest difference between R's numbers and ours, relative to the largest number."""
    mine = ours(step)
    if mine.shape != by_r.shape:
        return float("inf")
    scale = np.maximum(np.abs(by_r), 1e-6 * np.abs(by_r).max())
    return float(np.max(np.abs(mine - by_r) / np.where(scale > 0, scale, 1.0)))


def _flat(value: Any) -> NDArray[np.float64]:
    if isinstance(value, dict):
        return np.concatenate([_flat(entry) for entry in value.values()])
    return np.asarray(value, dtype=float).ravel(order="F")
