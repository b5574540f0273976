"""Right in any idiom: ten ways to write each function, of textbooks, scipy, statsmodels, pandas and by hand."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.contract import CONTRACT
from tests.meta.graded import PROJECT

IDIOMS = [Path(__file__).parent / "correct" / "idioms" / f"exercise_4_{k}.py" for k in (1, 2, 3)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 31))
@pytest.mark.parametrize("path", IDIOMS, ids=lambda path: path.stem)
def test_every_way_passes_every_check_on_every_draw(path, seed):
    """No check of what a submission owes fails: full points, on thirty draws."""
    command = [sys.executable, "-m", "tests.meta.idioms", str(path), str(seed)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_there_are_ten_ways_of_each():
    """Of every function of the exercises 4.1 to 4.3."""
    written = "\n".join(path.read_text() for path in IDIOMS)
    ways = Counter(
        line[4:].partition("__")[0] for line in written.splitlines() if line.startswith("def ") and "__" in line
    )
    assert ways == {name: 10 for name, function in CONTRACT.items() if function.exercise != "4.4"}
