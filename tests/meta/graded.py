"""Run the grader as a teacher does, in a process of its own, and read what it wrote."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


def grade(
    *submissions: Path,
    report: Path,
    options: tuple[str, ...] = (),
    scratch: Path | None = None,
    seed: int = 1,
    wrapped: Callable[[list[str]], list[str]] = list,
) -> dict[str, dict[str, Any]]:
    """Grade; the results by submission and function: results["name"]["gls"]["score"].

    Temporary files go to `scratch`, where it is given; `wrapped` makes another command of it.
    """
    command = [
        sys.executable,
        "-m",
        "pytest",
        *(f"--submission={path}" for path in submissions),
        f"--report={report}",
        f"--seed={seed}",
        *options,
    ]
    environment = os.environ | ({"TMPDIR": str(scratch)} if scratch else {})
    run = subprocess.run(
        wrapped(command), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=3000
    )
    commands = re.findall(r"^\s*::.*|^.*##\w*\[.*", run.stdout + run.stderr, re.MULTILINE)
    if commands:
        raise AssertionError(f"lines that a build server takes for commands: {commands}")
    if run.returncode not in (0, 1):
        raise AssertionError(f"the grader ended with {run.returncode}:\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}")
    return {path.parent.name: _by_function(path) for path in sorted(report.glob("*/results.json"))}


def typed(*arguments: str | Path, cwd: Path = PROJECT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Pytest, as somebody types it: what it says, and how it ends."""
    command = [sys.executable, "-m", "pytest", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)


def leftovers(scratch: Path) -> set[str]:
    """Files in a run's scratch folder, and processes that were started from it or have it from the run."""
    found = {str(path) for path in scratch.iterdir()}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = Path("/proc", entry, "cmdline").read_bytes()
            environment = Path("/proc", entry, "environ").read_bytes()
            is_below = os.readlink(f"/proc/{entry}/cwd").startswith(str(scratch))
            if str(scratch).encode() in command + environment or is_below:
                found.add(f"process {entry} {command[:80]!r}")
    return found


def _by_function(path: Path) -> dict[str, Any]:
    result = json.loads(path.read_text(encoding="utf-8"))
    return {test["tags"][0]: test for test in result["tests"]} | {
        "total": result["score"],
        "said": result.get("output", ""),
    }


def rubric(path: Path, *functions: str, call_seconds: float = 10) -> Path:
    """A rubric of 10 points for each of some functions."""
    lines = [f"{name} = {{ points = 10 }}" for name in functions]
    limits = f"[limits]\ncall_seconds = {call_seconds}\nload_seconds = {max(20, call_seconds)}\n"
    path.write_text("[functions]\n" + "\n".join(lines) + "\n" + limits)
    return path
