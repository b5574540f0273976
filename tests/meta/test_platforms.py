"""The directories of Gradescope, Classroom 50 and GitHub Actions laid out, and their scripts run in them."""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from tests.grading.judgement.rubric import VISIBILITIES
from tests.grading.platforms.gradescope.build import build
from tests.meta.graded import PROJECT
from tests.meta.test_intake import notebook

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
def test_gradescope_takes_a_notebook_and_what_lies_beside(autograder):
    """All files of a submission are one person's; where there is none to grade, it says so."""
    (autograder / "submission" / "anything.py").unlink(missing_ok=True)
    (autograder / "submission" / "work.ipynb").write_text(notebook("from helper import f", f"x = 1\n{RIGHT}"))
    (autograder / "submission" / "helper.py").write_text("f = 1\n")
    assert _run(autograder)["score"] == 4
    for path in (autograder / "submission").iterdir():
        path.unlink()
    result = _run(autograder)
    assert result["score"] == 0 and "Nothing was graded" in result["output"]


def test_the_zip_has_its_scripts_on_top(tmp_path):
    """setup.sh and run_autograder, executable, and the suite without what grades nothing."""
    build(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entries = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert entries["setup.sh"] & 0o111 and entries["run_autograder"] & 0o111
    assert "tests/grading/rubric.toml" in entries and "tests/grading/reports/templates/index.html" in entries
    assert not [name for name in entries if "meta" in name.split("/") or "__pycache__" in name]


def test_the_zip_has_a_draw_of_its_own(tmp_path):
    """A number that no other zip has, for its owner alone."""
    draws = []
    for name in ("a", "b"):
        build(tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as archive:
            draws.append(int(archive.read("draw")))
            assert archive.getinfo("draw").external_attr >> 16 == 0o600
    assert draws[0] != draws[1]


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_are_valid_shell(name):
    """bash -n."""
    script = PROJECT / "tests" / "grading" / "platforms" / "gradescope" / name
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


@pytest.mark.slow
def test_the_actions_step_grades(tmp_path):
    """The workflow's own lines, run in a folder as GitHub lays it out."""
    text = (PROJECT / ".github" / "workflows" / "grade.yml").read_text()
    lines = re.search(r"run: \|\n((?: {10}.*\n)+)", text)
    assert lines
    (tmp_path / "assignment").mkdir()
    (tmp_path / "assignment" / "student.py").write_text(RIGHT)
    script = re.sub(r"^ {10}", "", lines.group(1), flags=re.MULTILINE).replace(
        "pytest ", f"{sys.executable} -m pytest "
    )
    run = subprocess.run(["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert json.loads((tmp_path / "out" / "student" / "results.json").read_text())["score"] == 4


def _on_classroom_50(folder, about):
    script = PROJECT / "tests" / "grading" / "platforms" / "classroom50" / "autograder.py"
    environment = os.environ | about
    return subprocess.run(
        [sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_classroom_50_has_no_result_where_nothing_was_graded(tmp_path):
    """Nor one that a student hands in under its name."""
    (tmp_path / "work.pdf").write_text("%PDF")
    (tmp_path / "result.json").write_text('{"score": 100, "max-score": 100}')
    assert _on_classroom_50(tmp_path, {}).returncode == 1
    assert not (tmp_path / "result.json").exists()


@pytest.mark.slow
def test_classroom_50_finds_its_result(tmp_path):
    """The runner's way: the student's checkout is the working directory, result.json is read there."""
    (tmp_path / "work.py").write_text(RIGHT)
    (tmp_path / "README.md").write_text("mine")
    about = {"CLASSROOM": "frogs", "ASSIGNMENT": "ex4", "SUBMISSION_TAG": "v1", "COMMIT_URL": "https://example.org/c"}
    about |= {"RELEASE_URL": "r", "REVIEW_URL": "w"}
    run = _on_classroom_50(tmp_path, about)
    assert run.returncode == 0, run.stdout + run.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert {key: result[key] for key in ("schema", "classroom", "assignment", "submission", "commit")} == {
        "schema": "classroom50/result/v1",
        "classroom": "frogs",
        "assignment": "ex4",
        "submission": "v1",
        "commit": "https://example.org/c",
    }
    assert (result["score"], result["max-score"]) == (4, 100)
    assert all(set(test) == {"test-name", "passed", "score", "max-score"} for test in result["tests"])
    assert all(isinstance(test["score"], int) for test in result["tests"]) and len(result["tests"]) == 14
    assert result["datetime"].endswith("+00:00")
