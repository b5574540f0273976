"""Right in any idiom: ten ways to write each function in each language, of textbooks, packages and by hand."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from reference import r
from tests.contract import CONTRACT
from tests.meta.graded import PROJECT

IDIOMS = sorted((Path(__file__).parent / "correct" / "idioms").glob("exercise_*"))
A_WAY = r"^(?:def )?(\w+?)__\w+(?:\(| <- function)"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 31))
@pytest.mark.parametrize("path", IDIOMS, ids=lambda path: path.name)
def test_every_way_keeps_its_points_on_every_draw(path, seed):
    """All of them on thirty draws, and nine tenths where an optimiser is left at its defaults."""
    if path.suffix == ".R" and r.unavailable():
        pytest.skip(r.unavailable())
    command = [sys.executable, "-m", "tests.meta.idioms", str(path), str(seed)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("suffix", [".py", ".R"])
def test_there_are_ten_ways_of_each_function_in_each_language(suffix):
    """In few files."""
    written = "\n".join(path.read_text() for path in IDIOMS if path.suffix == suffix)
    assert Counter(re.findall(A_WAY, written, re.MULTILINE)) == dict.fromkeys(CONTRACT, 10)
