"""No attack earns a point that its functions did not earn, stops the grading of the others, or outlives the run."""

import contextlib
import os
import shutil
import tempfile
import textwrap
from pathlib import Path

import pytest

from tests.grading.door import TIERS
from tests.meta import attacks, bundle
from tests.meta.graded import grade, rubric

pytestmark = pytest.mark.slow

NEIGHBOURS = ("denominator_df", "gls")
UNREACHED = {
    "exit_at_import",
    "loop_at_import",
    "null_bytes",
    "syntax",
    "premature_frames_at_import",
    "full_request_pipe",
}


@pytest.fixture(scope="module", params=[pytest.param(tier, marks=pytest.mark.xdist_group(tier)) for tier in TIERS])
def results(request, tmp_path_factory):
    """Every attack graded in one run, in one tier; and what was left behind."""
    folder = tmp_path_factory.mktemp("attacks")
    scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir="/tmp"))  # where another uid may go too
    scratch.chmod(0o755)
    right = bundle.correct()
    for name, body in attacks.IN_OLS.items():
        (folder / f"{name}.py").write_text(
            f"{right}\nimport numpy as np\ndef ols(X, y):\n{textwrap.indent(body, '    ')}\n"
        )
    for name, body in attacks.AT_IMPORT.items():
        (folder / f"{name}.py").write_text(f"{right}\n{body}\n")
    project = Path(bundle.__file__).parents[2]
    (folder / "a_link.py").symlink_to(project / "lmm_core" / "least_squares.py")
    shutil.copy(folder / "sleep.py", folder / "conftest.py")
    with (folder / "conftest.py").open("a") as file:
        file.write(f"\nopen({str(folder / 'conftest_was_run')!r}, 'w')\n")
    report = tmp_path_factory.mktemp("report")
    chosen = rubric(report / "rubric.toml", "ols", *NEIGHBOURS, call_seconds=1)
    options = (f"--rubric={chosen}", f"--isolation={request.param}")
    graded = grade(folder, report=report, options=options, scratch=scratch)
    left = leftovers(scratch)
    shutil.rmtree(scratch)
    return graded, folder, left


def leftovers(scratch: Path) -> set[str]:
    """Files in the run's scratch folder, and processes that were started from it."""
    found = {str(path) for path in scratch.iterdir()}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = Path("/proc", entry, "cmdline").read_bytes()
            if str(scratch).encode() in command or os.readlink(f"/proc/{entry}/cwd").startswith(str(scratch)):
                found.add(f"process {entry} {command[:80]!r}")
    return found


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


def test_every_attack_has_a_verdict(results):
    """All of them are in the report, the link and conftest.py too."""
    assert set(results[0]) == {*attacks.IN_OLS, *attacks.AT_IMPORT, "a_link", "conftest"}


def test_a_link_is_not_followed(results):
    """A link to the reference implementation earns nothing, and is told so."""
    assert results[0]["a_link"]["total"] == 0
    assert "is a link" in results[0]["a_link"]["ols"]["output"]


def test_a_conftest_among_the_submissions_is_no_conftest(results):
    """It is graded like any file: in the sandbox, where it cannot write beside itself."""
    assert not (results[1] / "conftest_was_run").exists()


def test_names_that_leave_the_report_stay_in_it(tmp_path):
    """`...py` has the stem `..`, and gradebook.csv is the gradebook's: both are reported under another name."""
    for name in ("...py", "..py", "gradebook.csv.py"):
        (tmp_path / name).write_text("def ols(X, y): raise ValueError")
    report = tmp_path / "report"
    report.mkdir()
    chosen = rubric(tmp_path / "rubric.toml", "ols")
    graded = grade(*sorted(tmp_path.glob("*.py")), report=report, options=(f"--rubric={chosen}",))
    assert set(graded) == {"_..", "_.", "_gradebook.csv"}
    assert (report / "gradebook.csv").is_file()
    assert not (tmp_path / "results.json").exists()


def test_nothing_outlives_the_run(results):
    """No process, no scratch folder."""
    assert not results[2]
