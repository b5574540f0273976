"""No attack earns a point that its functions did not earn, stops the grading of the others, or outlives the run.

In every tier, as root and as an ordinary user: some doors are open to the one and some to the other.
"""

import os
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import pytest

from tests.grading.sandbox.tiers import TIERS
from tests.meta import attacks, bundle, ordinary
from tests.meta.graded import PROJECT, grade, leftovers, rubric
from tests.meta.test_intake import zipped
from tests.meta.test_paths import spelled

pytestmark = pytest.mark.slow

ARCHIVES = ("namesakes", "ways_out")
NEIGHBOURS = ("denominator_df", "gls")
UNREACHED = {
    "exit_at_import",
    "premature_frames_at_import",
    "full_request_pipe",
}
USERS = ("root", "nobody") if ordinary.is_possible() else ("oneself",)
SETTINGS = [
    pytest.param((tier, user), marks=pytest.mark.xdist_group(f"{tier} {user}"), id=f"{tier}-{user}")
    for tier in TIERS
    for user in USERS
]


@pytest.fixture(scope="module", params=SETTINGS)
def results(request):
    """Every attack graded in one run, in one tier, as one user; the class's folder; and what was left behind."""
    tier, user = request.param
    place = Path(tempfile.mkdtemp(prefix="attacks-", dir="/tmp"))  # where another uid may go too
    folder, report, scratch = (place / name for name in ("class", "report", "scratch"))
    for path in (place, folder, report, scratch):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    (place / "mine.txt").write_text("mine")
    right = bundle.correct()
    for name, body in attacks.IN_OLS.items():
        wrong = f"import numpy as np\ndef ols(X, y):\n{textwrap.indent(body, '    ')}\n"
        (folder / f"{name}.py").write_text(f"{right}\n{wrong}")
    for name, body in attacks.AT_IMPORT.items():
        (folder / f"{name}.py").write_text(f"{right}\n{body}\n")
    places = {"file": str(place / "mine.txt"), "report": str(report), "project": str(PROJECT)}
    reaches = "".join(
        f"try:\n    {body.format(**places)}\n    through.append({name!r})\nexcept OSError:\n    pass\n"
        for name, body in attacks.BARRED.items()
    )
    told = "def denominator_df(data):\n    raise ValueError(f'through: {through}.')\n"
    (folder / "barred.py").write_text(f"{attacks.HELP}through = []\n{reaches}{told}")
    written = f"open({str(place / 'was_run')!r}, 'w').close()\n"
    beside = dict.fromkeys((f"{name}.py" for name in attacks.NAMESAKES), written.encode())
    worker = zipped(dict.fromkeys(("grader/worker.py", "grader/confinement.py", "worker.py"), written))
    outside = {name: written.encode() for name in attacks.WAYS_OUT if name} | {"...zip": worker, "a/...zip": worker}
    for name, more in {"namesakes": beside, "ways_out": outside}.items():
        (folder / f"{name}.zip").write_bytes(spelled({"student.py": right.encode()} | more))
    (folder / "a_link.py").symlink_to(PROJECT / "lmm_core" / "least_squares.py")
    (folder / "endless.py").symlink_to("/dev/zero")
    os.mkfifo(folder / "a_fifo.py")
    with (folder / "sparse.py").open("wb") as file:
        file.truncate(20 * 2**30)
    for name, text in attacks.CONFIGURATION.items():
        (folder / name).write_text(text.format(mark=str(place / "was_run")))
    chosen = rubric(place / "rubric.toml", "ols", *NEIGHBOURS, call_seconds=1)
    options = (f"--rubric={chosen}", f"--isolation={tier}", "-n", "2")
    as_user = {}
    if user == "nobody":
        subprocess.run(["chown", "-R", f"{ordinary.NOBODY}:{ordinary.NOBODY}", place], check=True)
        as_user = {"wrapped": ordinary.command_of}
    graded = grade(folder, report=report, options=options, scratch=scratch, **as_user)
    yield graded, place, leftovers(scratch)
    shutil.rmtree(place)


@pytest.mark.parametrize("name", attacks.IN_OLS)
def test_an_attack_earns_nothing_for_the_function_that_holds_it(results, name):
    """`ols` never returns the right numbers: 0 of 10 points."""
    assert results[0][name]["ols"]["score"] == 0, results[0][name]["ols"]["output"]


@pytest.mark.parametrize("name", attacks.IN_OLS)
@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_an_attack_does_not_stop_the_grading_of_its_neighbours(results, name, neighbour):
    """`gls` and `denominator_df` are right and keep their points, unless the attack has broken numpy for them."""
    assert results[0][name][neighbour]["score"] == (10 if name not in SPOILED else pytest.approx(5, abs=5))


SPOILED = {"patched_numpy", "patched_builtins", "patched_worker", "late_frames_from_a_thread"}


@pytest.mark.parametrize("name", attacks.AT_IMPORT)
def test_an_attack_at_import_earns_what_its_functions_earn(results, name):
    """Nothing where the file cannot be loaded; all 30 where it can and the functions are right."""
    assert results[0][name]["total"] == (0 if name in UNREACHED else 30), results[0][name]["ols"]["output"]


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_looks_for_a_way_out_earns_what_its_functions_earn(results, name):
    """All 30, and nothing in it has run outside of the sandbox (`was_run`, below)."""
    assert results[0][name]["total"] == 30, results[0][name]["said"]


@pytest.mark.parametrize("name", attacks.BARRED)
def test_what_lies_outside_is_refused(results, name):
    """Of all that is tried nothing comes through."""
    said = results[0]["barred"]["denominator_df"]["output"]
    assert "through: [" in said and f"'{name}'" not in said, said


def test_every_attack_has_a_verdict(results):
    """All of them are in the report, special files and what looks like configuration too."""
    files = {Path(name) for name in attacks.CONFIGURATION}
    stems = [file.stem if file.suffix in (".py", ".R") else file.name for file in files]
    named = {stem if stems.count(stem) == 1 else file.name for stem, file in zip(stems, files, strict=True)}
    named = {f"_{name}" if name.startswith(".") else name for name in named}
    special = {"a_link", "endless", "a_fifo", "sparse"}
    assert set(results[0]) == {*attacks.IN_OLS, *attacks.AT_IMPORT, *ARCHIVES, "barred", *special, *named}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a_link", "is a link"),
        ("endless", "is a link"),
        ("a_fifo", "no regular file"),
        ("sparse", "21,474,836,480 bytes"),
    ],
)
def test_a_special_file_is_not_read(results, name, words):
    """It earns nothing, and is told why."""
    assert results[0][name]["total"] == 0
    assert words in results[0][name]["said"]


def test_nothing_among_the_hand_ins_is_configuration(results):
    """It is graded where it is a .py or .R file: in the sandbox, where it cannot write beside itself."""
    assert not (results[1] / "was_run").exists()


def test_what_the_teacher_has_is_untouched(results):
    """Content and mode."""
    mine = results[1] / "mine.txt"
    assert (mine.read_text(), oct(mine.stat().st_mode & 0o777), mine.stat().st_mtime > 1e9) == ("mine", "0o644", True)


def test_nothing_outlives_the_run(results):
    """No process, no scratch folder."""
    assert not results[2]


def test_names_that_leave_the_report_stay_in_it(tmp_path):
    """`...py` has the stem `..`, and gradebook.csv is the gradebook's: both are reported under another name."""
    for name in ("...py", "..py", "gradebook.csv.py", ".secret.json.py"):
        (tmp_path / name).write_text("def ols(X, y): raise ValueError")
    report = tmp_path / "report"
    report.mkdir()
    chosen = rubric(tmp_path / "rubric.toml", "ols")
    graded = grade(*sorted(tmp_path.glob("*.py")), report=report, options=(f"--rubric={chosen}",))
    assert set(graded) == {"_..", "_.", "_gradebook.csv", "_.secret.json"}
    assert (report / "gradebook.csv").is_file()
    assert not (tmp_path / "results.json").exists()
