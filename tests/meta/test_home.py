"""A student's own machine: no Linux, no sandbox, the same points."""

import json
import subprocess
import sys

import pytest

from tests.meta import bundle
from tests.meta.graded import PROJECT, rubric, typed

# What Windows and macOS lack: taken away before anything of the project is imported.
ELSEWHERE = """
import os, platform, select, signal, sys
SYSTEM = {system!r}
for name in ("resource", "fcntl", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "sched_getaffinity", "setresuid", "geteuid", "sysconf", "mkfifo", "pidfd_open"):
    if hasattr(os, name) and not (SYSTEM == "Darwin" and name in ("geteuid", "sysconf", "mkfifo")):
        delattr(os, name)
if SYSTEM == "Windows":
    for name in ("setitimer", "SIGKILL", "SIGPROF", "SIGALRM", "ITIMER_PROF"):
        delattr(signal, name)
    select.select = None
    import subprocess
    subprocess.Popen.kill = lambda self: os.kill(self.pid, 9)  # there, TerminateProcess
platform.system = lambda: SYSTEM
listed = os.listdir
def without_proc(path="."):
    if str(path).startswith("/proc"):
        raise FileNotFoundError(path)
    return listed(path)
os.listdir = without_proc
import subprocess
popen = subprocess.Popen.__init__
def plain_popen(self, *arguments, **options):
    refused = {{"pass_fds", "start_new_session", "preexec_fn", "user", "group"}} & set(options)
    if refused:
        raise ValueError(f"{{refused}} on {{SYSTEM}}")
    popen(self, *arguments, **options)
subprocess.Popen.__init__ = plain_popen
import pytest
sys.exit(pytest.main({arguments!r}))
"""
LOOP = "def denominator_df(data):\n    while True: pass\n"


def elsewhere(system: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a Python that has what the system has."""
    given = [f"--config-file={PROJECT / 'pyproject.toml'}", *arguments]
    script = ELSEWHERE.format(system=system, arguments=given)
    return subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.slow
@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_ones_own_file_is_checked_without_linux(system, tmp_path):
    """The same points as in a sandbox, limits kept, and the report says how it was checked."""
    (tmp_path / "student.py").write_text(f"{bundle.correct()}\nprint('hello')\n{LOOP}")
    chosen = rubric(tmp_path / "rubric.toml", "denominator_df", "ols", call_seconds=1)
    options = (f"--submission={tmp_path / 'student.py'}", f"--report={tmp_path / 'out'}", f"--rubric={chosen}")
    run = elsewhere(system, *options)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "isolation: none" in run.stdout and "not closed: checked without isolation: for your own file" in run.stdout
    result = json.loads((tmp_path / "out" / "student" / "results.json").read_text(encoding="utf-8"))
    assert [test["score"] for test in result["tests"]] == [0, 10]
    assert "did not finish within 1 seconds" in result["tests"][0]["output"]
    assert "hello" in result["output"]
    assert result["extra_data"]["open"] == "checked without isolation: for your own file"


@pytest.mark.slow
@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_a_class_still_needs_a_tier(system, tmp_path):
    """One sentence, that names the way out."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "a.py").write_text(LOOP)
    run = elsewhere(system, f"--submission={tmp_path / 'class'}")
    assert run.returncode == 4, run.stdout + run.stderr
    assert "WSL" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
def test_r_on_windows_is_one_sentence(tmp_path):
    """rpy2 works there in WSL only."""
    (tmp_path / "a.R").write_text("denominator_df <- function(data) 1\n")
    run = elsewhere("Windows", f"--submission={tmp_path / 'a.R'}")
    assert run.returncode == 4, run.stdout + run.stderr
    assert "WSL only" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_the_suite_itself_runs_elsewhere(system):
    """A part of it: lmm_core against theorems."""
    run = elsewhere(system, "-q", "--live-r=off", "tests/exercises/test_4_2_gls.py")
    assert run.returncode == 0, run.stdout + run.stderr


def test_none_is_for_one_file_only(tmp_path):
    """Asked for a class it is refused."""
    (tmp_path / "a.py").write_text(LOOP)
    run = typed(f"--submission={tmp_path}", "--isolation=none")
    assert run.returncode == 4 and "for one's own single file" in run.stderr
