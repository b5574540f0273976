"""Gradescope's and GitHub Classroom's directories laid out, and their scripts run in them."""

import base64
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from tests.grading.gradescope.build import build
from tests.grading.judgement.rubric import VISIBILITIES
from tests.meta.graded import PROJECT

RIGHT = "def denominator_df(data):\n    return data['bucket'].nunique() - data['color'].nunique()\n"


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """Gradescope's /autograder: source unpacked from the zip, submission, results. This Python stands for its own."""
    root = tmp_path_factory.mktemp("autograder")
    build(root / "autograder.zip")
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        archive.extractall(root / "source")
    (root / "submission").mkdir()
    binaries = root / "source" / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").write_text(f'#!/bin/sh\nPYTHONPATH={root}/source exec {sys.executable} "$@"\n')
    (binaries / "python").chmod(0o755)
    return root


def _run(root):
    script = root / "source" / "run_autograder"
    environment = os.environ | {"AUTOGRADER_ROOT": str(root)}
    run = subprocess.run(["bash", str(script)], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((root / "results" / "results.json").read_text())


@pytest.mark.slow
def test_gradescope_gets_its_results(autograder):
    """One submission: results.json with the fields that Gradescope's schema has, points for what is defined."""
    (autograder / "submission" / "anything.py").write_text(RIGHT)
    result = _run(autograder)
    assert result["score"] == 4
    assert set(result) <= {"score", "tests", "extra_data", "output"}
    allowed = {"name", "number", "score", "max_score", "status", "output", "visibility", "tags", "extra_data"}
    assert all(set(test) == allowed for test in result["tests"]) and len(result["tests"]) == 14
    assert {test["status"] for test in result["tests"]} <= {"passed", "failed"}
    assert {test["visibility"] for test in result["tests"]} <= set(VISIBILITIES)


@pytest.mark.slow
def test_gradescope_is_told_of_two_files(autograder):
    """A sentence, not a crash."""
    (autograder / "submission" / "anything.py").write_text(RIGHT)
    (autograder / "submission" / "more.R").write_text("x <- 1\n")
    result = _run(autograder)
    (autograder / "submission" / "more.R").unlink()
    assert result["score"] == 0 and "this submission has 2" in result["output"]


def test_the_zip_has_its_scripts_on_top(tmp_path):
    """setup.sh and run_autograder, executable, and the suite without what grades nothing."""
    build(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entries = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert entries["setup.sh"] & 0o111 and entries["run_autograder"] & 0o111
    assert "tests/grading/rubric.toml" in entries and "tests/grading/reports/templates/index.html" in entries
    assert not [name for name in entries if "meta" in name.split("/") or "__pycache__" in name]


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_are_valid_shell(name):
    """bash -n."""
    script = PROJECT / "tests" / "grading" / "gradescope" / name
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


@pytest.mark.slow
def test_classrooms_step_writes_its_output(tmp_path):
    """The workflow's own lines, run in a folder as GitHub lays it out: base64 of a result with points."""
    text = (PROJECT / ".github" / "workflows" / "classroom.yml").read_text()
    lines = re.search(r"run: \|\n((?: {10}.*\n)+)", text)
    assert lines
    (tmp_path / "suite").symlink_to(PROJECT)
    (tmp_path / "assignment").mkdir()
    (tmp_path / "assignment" / "student.py").write_text(RIGHT)
    script = re.sub(r"^ {10}", "", lines.group(1), flags=re.MULTILINE).replace(
        "pytest ", f"{sys.executable} -m pytest "
    )
    script = script.replace("../", f"{tmp_path}/")  # the suite is a link here
    environment = os.environ | {"GITHUB_OUTPUT": str(tmp_path / "output")}
    run = subprocess.run(
        ["bash", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    written = (tmp_path / "output").read_text().strip()
    result = json.loads(base64.b64decode(written.removeprefix("result=")))
    assert (result["max_score"], sum(test["score"] for test in result["tests"])) == (100, 4)
