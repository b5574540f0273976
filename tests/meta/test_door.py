"""However a grading run is started, nothing beside the hand-ins, of the environment or merely installed is part of it.

And a run of somebody else's is left as it was.
"""

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import _pytest.config
import pytest
from lmm_verification import door
from lmm_verification.startup import Watch

from tests.grading.reports.ledger import SECRET
from tests.meta import attacks
from tests.meta.graded import PROJECT, grade, rubric, typed

RIGHT = "def denominator_df(data):\n    return data['bucket'].nunique() - data['color'].nunique()\n"
PLANTED = (
    *("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py", "evil.py", "numpy.py", "pytest.py"),
    *("-pevil.py", "--config-file=evil.py", "@evil.py"),
)
SCRIPT = "import sys, pytest\nsys.exit(pytest.main({}))\n"

# --- how the run is started -----------------------------------------------------------------------------

# The command as a shell takes it, and the folder where it is given.
STARTS = {
    "apart": ("pytest --submission class/ $RUBRIC", "."),
    "joined": ("pytest --submission=class $RUBRIC", "."),
    "the folder itself": ("pytest --submission . $RUBRIC", "class"),
    "the folder itself, joined": ("pytest --submission=. -n 1 $RUBRIC", "class"),
    "one file in it": ("pytest --submission right.py $RUBRIC", "class"),
    "by a pattern": ("pytest --submission class/*.py $RUBRIC", "."),
    "by a pattern, in the folder": ("pytest --submission *.py $RUBRIC", "class"),
    "by a pattern, all in the folder": ("pytest $RUBRIC --submission * -n 1", "class"),
    "by a pattern from elsewhere": ("pytest --submission $CLASS/*.py $RUBRIC", "/"),
    "a whole path behind another": ("pytest --submission class/right.py $CLASS/numpy.py $RUBRIC", "."),
    "whole paths between options": ("pytest -q --submission $CLASS/right.py $CLASS $RUBRIC -n 1", "."),
    "by the script's path": ("python $(which pytest) --submission class $RUBRIC", "."),
    "as a module": ("python -m pytest --submission class/ $RUBRIC", "."),
    "as a module, in the folder": ("python -m pytest --submission=. $RUBRIC", "class"),
    "as a module, -um": ("python -um pytest --submission . $RUBRIC", "class"),
    "as a module, -mpytest": ("python -mpytest --submission . $RUBRIC", "class"),
    "as a module, -Bm": ("python -Bm pytest --submission . $RUBRIC", "class"),
    "as a module, -Im": ("python -Im pytest --submission . $RUBRIC", "class"),
    "as a module, -W ignore -m": ("python -W ignore -m pytest --submission class $RUBRIC", "."),
    "profiled": ("python -m cProfile -o /dev/null -m pytest --submission . $RUBRIC", "class"),
    "traced": ("python -m pdb -c continue -c quit -m pytest --submission . $RUBRIC", "class"),
    "from the environment": ('PYTEST_ADDOPTS="--submission class $RUBRIC" pytest', "."),
    "from the environment, in the folder": (
        'PYTEST_ADDOPTS="-x --submission . $RUBRIC -k gls" python -m pytest',
        "class",
    ),
    "from a file": ("pytest @../args.txt", "class"),
    "from a file, as a module": ("python -m pytest -q @../args.txt", "class"),
    "by a line": ("""python -c 'import pytest; pytest.main(["--submission", ".", "'$RUBRIC'"])'; exit 1""", "class"),
    "by a script": ("python ../script.py", "class"),
}


@pytest.fixture
def hostile(request, tmp_path):
    """A class's folder with all that looks like configuration, and a rubric, which may be missing: a run ends early."""
    (tmp_path / "class").mkdir()
    for name in PLANTED:
        (tmp_path / "class" / name).write_text(attacks.CONFIGURATION[name].format(mark=str(tmp_path / "was_run")))
    (tmp_path / "class" / "right.py").write_text(RIGHT)
    rubric(tmp_path / "right.toml", "denominator_df")
    chosen = tmp_path / request.param
    (tmp_path / "args.txt").write_text(f"--submission\n.\n--rubric\n{chosen}\n")
    (tmp_path / "script.py").write_text(SCRIPT.format(["--submission", ".", f"--rubric={chosen}"]))
    return tmp_path, chosen


def _shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path} | variables
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _started(hostile: tuple[Path, Path], how: str) -> str:
    """What it prints; nothing that lies in the class was run."""
    (place, chosen), (command, folder) = hostile, STARTS[how]
    run = _shell(command, place / folder, CLASS=str(place / "class"), RUBRIC=f"--rubric={chosen}")
    assert not (place / "was_run").exists()
    return run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("hostile", ["missing.toml"], indirect=True)
@pytest.mark.parametrize("how", STARTS)
def test_however_the_run_is_started_nothing_of_the_class_is_configuration(hostile, how):
    """No configuration, no plugin, no module, until the suite has read the options: and it has read these."""
    assert "missing.toml cannot be read" in _started(hostile, how)


@pytest.mark.slow
@pytest.mark.parametrize("hostile", ["right.toml"], indirect=True)
@pytest.mark.parametrize(
    "how",
    [
        *("as a module, in the folder", "as a module, -Im", "by a script"),
        *("by a pattern, in the folder", "by a pattern, all in the folder"),
    ],
)
def test_nothing_of_the_class_is_run_but_where_it_is_graded(hostile, how):
    """To the end: what lies there is graded, and that is all."""
    assert "right.py: 10 of 10 points" in _started(hostile, how)


def test_the_name_that_the_door_stands_before_is_there():
    """pytest reads its arguments by `_prepareconfig`, which is private: without it there is no door."""
    before = inspect.unwrap(_pytest.config._prepareconfig)
    assert _pytest.config._prepareconfig is not before and before.__module__ == "_pytest.config"
    assert list(inspect.signature(before).parameters)[:2] == ["args", "plugins"]
    assert "_prepareconfig(" in inspect.getsource(_pytest.config)


@pytest.mark.slow
@pytest.mark.parametrize(
    "without", [f"sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != '{Watch.__name__}']"]
)
def test_a_run_that_did_not_come_through_the_door_is_refused(without, tmp_path):
    """In one sentence with the command."""
    (tmp_path / "right.py").write_text(RIGHT)
    script = f"import sys\n{without}\nimport pytest\nsys.exit(pytest.main(['--submission={tmp_path / 'right.py'}']))"
    run = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 4 and "Traceback" not in run.stderr
    assert f"{sys.executable} -m pytest --submission FILE" in run.stderr


@pytest.mark.slow
def test_a_pytest_without_the_name_grades_nothing(tmp_path):
    """It says so before it has read an argument."""
    (tmp_path / "conftest.py").write_text("open('was_run', 'w')\n")
    new = "types.SimpleNamespace(__version__='10')"
    gone = f"import types\nfrom lmm_verification import door\ndoor.stand_before({new})"
    run = subprocess.run(
        [sys.executable, "-c", gone, "pytest", "--submission=."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1 and "pytest 10 is newer than this suite" in run.stderr


def test_python_opens_the_door_in_both_ways():
    """A line of a .pth file, and from Python 3.15 on the entry point of a .start file (PEP 829)."""
    folder = PROJECT / "tests" / "door"
    module, _, function = (folder / "lmm_verification.start").read_text().strip().partition(":")
    assert (folder / "lmm_verification.pth").read_text() == f"import {module}; {module}.{function}()\n"
    started = "import sys; print(sorted({'re', 'pathlib', 'shlex', 'importlib.util'} & set(sys.modules)))"
    bare = subprocess.run([sys.executable, "-ISc", started], capture_output=True, text=True, check=True).stdout
    script = f"import sys; sys.path[:0] = [{str(folder)!r}]\nfrom {module} import {function}\n{function}()\n{started}"
    with_it = subprocess.run([sys.executable, "-ISc", script], capture_output=True, text=True, check=True).stdout
    assert with_it == bare


# --- whose run it is ------------------------------------------------------------------------------------

THEIRS = {
    "no option": ["-q", "tests"],
    "their own option of the name": ["--implementation=fast"],
    "their own option, apart": ["--implementation", "fast"],
    "a peer that is not there": ["--implementation=nobody_peer.py"],
    "other names of ours": ["--report=x", "--seed", "3", "--rubric=y", "--scoreboard=z", "--baseline", "a"],
}


@pytest.mark.parametrize("case", THEIRS)
def test_a_run_of_somebody_elses_is_left_as_it_is(case, tmp_path, monkeypatch):
    """Ours are those with --submission, with --write-template, or with a peer file that exists."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    assert door.put_right(THEIRS[case]) is None


def test_paths_are_whole_and_words_are_joined(tmp_path, monkeypatch):
    """Of the options of ours; a peer file that exists is ours, and its run has what the environment adds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lmm_peer.py").touch()
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x --implementation lmm_peer.py")
    put = door.put_right(["--accuracy", "a.json", "-n", "2", "-c", "my.ini"])
    whole = [f"--accuracy={tmp_path}/a.json", "-n", "2", f"--config-file={tmp_path}/my.ini"]
    assert put == ["-x", f"--implementation={tmp_path}/lmm_peer.py", *whole]


@pytest.mark.parametrize("option", door.MEASURED)
def test_what_is_measured_in_the_suites_own_folder_is_written_to_a_file_that_is_there_already(
    option, tmp_path, monkeypatch
):
    """Which pytest would take for what it is to collect, and look there for its configuration."""
    monkeypatch.chdir(PROJECT)
    (tmp_path / "there").touch()
    assert door.put_right([option, f"{tmp_path}/there"]) == [f"{option}={tmp_path}/there"]


def test_of_the_environment_a_grading_run_takes_what_to_grade_where_nothing_else_says_it(tmp_path, monkeypatch):
    """All of its other words are left out, and all of them where the command itself names a submission."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x --seed 3 -k gls --submission class -p evil")
    assert door.put_right(["-q"]) == ["--seed=3", f"--submission={tmp_path}/class", "-q"]
    assert door.put_right(["--submission", "a.py", "-k", "ols"]) == [f"--submission={tmp_path}/a.py", "-k", "ols"]


def test_a_file_of_arguments_is_read_as_pytest_reads_it(tmp_path, monkeypatch):
    """One in another, too, and one that names itself ends; a hand-in that has such a name is a hand-in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("-q\n@b.txt\n")
    (tmp_path / "b.txt").write_text("--submission\nx.py\n")
    (tmp_path / "c.txt").write_text("@c.txt\n")
    (tmp_path / "@b.txt").touch()
    x, b = (f"--submission={tmp_path}/{name}" for name in ("x.py", "@b.txt"))
    assert door.put_right(["@a.txt", "-x"]) == ["-q", x, "-x"]
    assert door.put_right(["--submission", "x.py", "@b.txt"]) == [x, b]
    assert door.put_right(["@c.txt"]) is None


# --- a verdict is of what was owed ----------------------------------------------------------------------

WRONG = "def denominator_df(data):\n    return len(data) - data['color'].nunique()\n"
VALUES = ["-x", "-k gls", "-m ordinary", "--maxfail=1", "-p no:hypothesispytest"]
MEDDLER = """
import pytest
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items): items.reverse()
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item): pytest.skip("not today")
"""


@pytest.fixture
def pair(tmp_path):
    """A right file and a wrong one, and a rubric of their function."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "right.py").write_text(RIGHT)
    (tmp_path / "class" / "wrong.py").write_text(WRONG)
    return tmp_path / "class", (f"--rubric={rubric(tmp_path / 'rubric.toml', 'denominator_df')}",)


def _bytes(report: Path) -> dict[str, bytes]:
    """All that is said of each, and the seals of it, but for the pages, which have the date."""
    return {str(path.relative_to(report)): path.read_bytes() for path in report.glob("*/*.*") if path.suffix != ".html"}


@pytest.mark.slow
def test_nothing_of_the_environment_changes_a_grade(pair, tmp_path, monkeypatch):
    """Five values of PYTEST_ADDOPTS, PYTEST_PLUGINS and a plugin that is installed: the same bytes, class or file."""
    folder, options = pair
    grade(folder, report=tmp_path / "plain", options=options)
    grade(folder / "wrong.py", report=tmp_path / "alone", options=options)
    site = tmp_path / "site"
    (site / "meddler-1.0.dist-info").mkdir(parents=True)
    (site / "meddler.py").write_text(MEDDLER)
    (site / "meddler-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nmeddler = meddler\n")
    (site / "meddler-1.0.dist-info" / "METADATA").write_text("Name: meddler\nVersion: 1.0\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("PYTEST_PLUGINS", "meddler")
    for number, value in enumerate(VALUES):
        monkeypatch.setenv("PYTEST_ADDOPTS", value)
        (tmp_path / f"class {number}").mkdir()
        shutil.copy(tmp_path / "plain" / SECRET, tmp_path / f"class {number}")  # the seals are made of it
        grade(folder, report=tmp_path / f"class {number}", options=options)
        assert _bytes(tmp_path / f"class {number}") == _bytes(tmp_path / "plain"), value
        grade(folder / "wrong.py", report=tmp_path / f"file {number}", options=options)
        assert _bytes(tmp_path / f"file {number}") == _bytes(tmp_path / "alone"), value


PARTS = {
    "by words": (["-k", "buckets"], "checks were made"),
    "by marks": (["-m", "ordinary"], "checks were made"),
    "to the first": (["-x"], "no points: 1 of"),
    "by a plugin": (["-p", "meddler"], "no points: 0 of"),
    "by a name": (["--deselect=tests/exercises/test_4_1_denominator_df.py"], "no points: 0 of"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_what_is_owed_is_no_result(pair, tmp_path, case, monkeypatch):
    """The checks asked for are shown; there are no points, no report, and the exit status is not 0."""
    folder, options = pair
    more, words = PARTS[case]
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "meddler.py").write_text(MEDDLER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    graded = (f"--submission={folder / 'wrong.py'}", f"--report={tmp_path / 'out'}")
    run = typed(*graded, *options, *more, cwd=tmp_path)
    assert run.returncode != 0 and words in run.stdout, run.stdout + run.stderr
    assert "10 points" not in run.stdout and "are right" not in run.stdout
    assert not (tmp_path / "out").exists()


REFUSED = {
    "a class by words": (["--submission=class", "-k", "buckets"], "a class is graded by all of them"),
    "a path by itself": (["--submission=class/right.py", "-q", "class"], "class stands alone"),
    "another configuration": (["--submission=class", "-c", "class/pytest.ini"], "leave out -c FILE"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_what_a_grading_run_does_not_take_is_refused_in_a_sentence(pair, case):
    """Exit status 4."""
    folder, options = pair
    arguments, words = REFUSED[case]
    run = typed(*arguments, *options, cwd=folder.parent)
    assert run.returncode == 4 and words in run.stderr and "Traceback" not in run.stderr, run.stdout + run.stderr
