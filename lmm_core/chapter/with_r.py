"""Run the R lines of the chapter's steps, and compare R's numbers with ours (`python -m lmm_core --r`)."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmm_core.chapter.steps import Step

AGREEMENT = 1e-5  # relative; lmer's default optimiser leaves 5 to 7 digits
MARK = "@numbers@"


def unavailable() -> str | None:
    """Why R's lines are printed but not run; None where they can be."""
    if shutil.which("Rscript") is None:
        return "there is no Rscript on this machine"
    has = subprocess.run(["Rscript", "-e", "library(lmerTest)"], capture_output=True, check=False)
    return "R lacks the package lmerTest" if has.returncode else None


def numbers(steps: Sequence[Step], file: str, csv: bytes) -> list[NDArray[np.float64]]:
    """What R says of every step: its `r` lines, as they are printed, beside the data file that they read."""
    lines = ["options(digits = 15, warn = -1); suppressPackageStartupMessages(library(lmerTest))"]
    for step in steps:
        lines.append(step.r)
        lines.append(f"cat('\\n{MARK}', format(as.numeric(unlist({step.r_numbers})), digits = 17), '\\n')")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, file).write_bytes(csv)
        Path(folder, "steps.R").write_text("\n".join(lines), encoding="utf-8")
        command = ["Rscript", "--vanilla", "steps.R"]
        locale = os.environ | {"LC_ALL": "C.UTF-8"}
        run = subprocess.run(command, cwd=folder, env=locale, capture_output=True, encoding="utf-8", check=False)
    said = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith(MARK)]
    if run.returncode or len(said) != len(steps):
        lines = [line for line in run.stderr.splitlines() if line.strip() and line != "Execution halted"]
        raise RuntimeError(f"R stopped: {lines[-1] if lines else 'no message'}")
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
