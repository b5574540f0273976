"""What somebody sees who looks on while a file is checked, or a class."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta.graded import PROJECT, rubric

pty = pytest.importorskip("pty", reason="a terminal of Unix")
RIGHT = "def denominator_df(data):\n    return data['bucket'].nunique() - data['color'].nunique()\n"


def _screen(submission: Path, *options: str) -> list[str]:
    """The lines that are left in a terminal; a carriage return goes back to the start of one, and wipes nothing."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", f"--submission={submission}", *options]
    run = subprocess.Popen(command, cwd=PROJECT, env=os.environ | {"NO_COLOR": "1"}, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while some := os.read(ours, 4096):
            said += some
    except OSError:  # Linux's end of a terminal
        pass
    os.close(ours)
    assert run.wait() == 0, said
    return [_left(line) for line in said.decode().split("\r\n")]


def _left(line: str) -> str:
    row = ""
    for part in line.split("\r"):
        row = part + row[len(part) :]
    return row.rstrip()


@pytest.fixture
def handed_in(tmp_path):
    """A folder with one right file, and a rubric of its function."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "right.py").write_text(RIGHT)
    return tmp_path / "class", f"--rubric={rubric(tmp_path / 'rubric.toml', 'denominator_df')}"


@pytest.mark.slow
def test_of_one_file_the_first_words_are_what_is_right_and_no_word_of_the_wait_is_left(handed_in):
    """From the left edge, in the place of the line that said what is being done; no dots."""
    folder, chosen = handed_in
    assert next(filter(None, _screen(folder / "right.py", chosen))) == "All 1 functions are right."


@pytest.mark.slow
def test_a_class_says_first_what_is_being_read(handed_in):
    """Then how, and each submission as soon as it is graded."""
    folder, chosen = handed_in
    shown = _screen(folder, chosen, "--isolation=process")
    assert shown[:2] == ["reading class", "submissions: 1, processes: 1"]
    assert "right.py: 10 of 10 points (isolation: process)" in shown
