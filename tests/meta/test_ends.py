"""However a run ends, it ends with a sentence, and leaves no process, no folder and nothing half-written."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.grading import server
from tests.grading.reports import written
from tests.grading.sandbox.tiers import TIERS
from tests.meta import ordinary
from tests.meta.graded import PROJECT, leftovers, rubric

QUICK = "def denominator_df(data):\n    return 0\n"
SLEEPS = (
    "import time\ndef denominator_df(data):\n    time.sleep(9)\n    return 0\n"  # a minute and more, all calls together
)
USERS = {"oneself": list} | ({"nobody": ordinary.command_of} if ordinary.is_possible() else {})
SOON = 60  # seconds after which whatever still runs would run on


@pytest.fixture
def place():
    """A folder where another user may go, too."""
    folder = Path(tempfile.mkdtemp(prefix="ends-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _filled(place: Path, files: dict[str, str]) -> None:
    """A class, a rubric, and a folder for what the run needs for a while."""
    for folder in ("class", "scratch"):
        (place / folder).mkdir()
    for name, text in files.items():
        (place / "class" / name).write_text(text)
    rubric(place / "rubric.toml", "denominator_df")
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", str(ordinary.NOBODY), place], check=True)


def _begun(place: Path, tier: str, user: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pytest", f"--submission={place / 'class'}", f"--report={place / 'out'}"]
    options = [f"--rubric={place / 'rubric.toml'}", f"--isolation={tier}", "--seed=1"]
    return subprocess.Popen(
        USERS[user]([*command, *options]),
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(place / "scratch")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - which this run may ignore
    )


def _is_soon(run: "subprocess.Popen[str]", happens: Callable[[], object]) -> bool:
    while not happens() and run.poll() is None:
        time.sleep(0.05)
    return bool(happens())


def _is_left(place: Path) -> set[str]:
    """What is still there, when it should be gone."""
    deadline = time.monotonic() + SOON
    while (left := leftovers(place / "scratch")) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("files", [2, 6])
def test_a_run_that_is_ended_leaves_nothing(place, files, number, tier, user):
    """A scheduler's SIGTERM, a closed terminal, SIGKILL, while a file of a minute and more is graded."""
    _filled(place, {"a.py": QUICK, **{f"b{k}.py": f"{SLEEPS}# {k}\n" for k in range(1, files)}})
    run = _begun(place, tier, user)
    assert _is_soon(run, (place / "out" / "a" / "results.json").exists)
    run.send_signal(number)
    said, _ = run.communicate(timeout=10 * SOON)
    assert not _is_left(place)
    killed = number == signal.SIGKILL
    assert killed or not list((place / "out").rglob("*.part"))
    assert run.returncode == (-signal.SIGKILL if killed else 2), said
    assert killed or f"stopped with 1 of {files} graded; the same command goes on from here" in said


@pytest.mark.slow
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_run_that_is_ended_before_its_first_file_leaves_nothing(place, number, tier):
    """While the server of a larger class still draws the examples, beside the zygote."""
    _filled(place, {f"{k}.py": f"{QUICK}# {k}\n" for k in range(12)})
    run = _begun(place, tier, "oneself")
    assert _is_soon(run, lambda: any("forkserver" in one for one in leftovers(place / "scratch")))
    run.send_signal(number)
    run.communicate(timeout=10 * SOON)
    assert not _is_left(place)


def test_the_names_of_the_server_are_there():
    """multiprocessing's, with an underscore: without them a run could not end it."""
    names = ("_forkserver_pid", "_forkserver_alive_fd", "_stop")
    assert all(hasattr(forkserver._forkserver, name) for name in names)


def test_a_stop_that_a_second_signal_broke_off_is_none_the_second_time(monkeypatch):
    """The server has been killed, its descriptor is closed; multiprocessing would close None."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    broken_off = SimpleNamespace(_forkserver_pid=ended.pid, _forkserver_alive_fd=None)
    monkeypatch.setattr(forkserver, "_forkserver", broken_off)
    monkeypatch.setattr(server.multiprocessing, "current_process", lambda: SimpleNamespace(_config={}))
    server.stop()


# --- a full disk ----------------------------------------------------------------------------------------


def test_what_cannot_be_written_is_one_sentence_and_nothing_is_left(tmp_path):
    """The file, and the system's reason; also where nothing can be made at all."""
    (tmp_path / "results.json").mkdir()
    (tmp_path / "file").touch()
    for path, why in ((tmp_path / "results.json", "Is a directory"), (tmp_path / "file" / "x", "File exists")):
        with pytest.raises(written.WriteError, match=f"{path} cannot be written: ({why}|Not a directory)"):
            written.write_whole(path, "text")
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "file"}


FULL = """
mount -t tmpfs -o size={pages}k,mode=777 tmpfs {out} && shift 0
"$@"
status=$?
find {out} -name "*.part" -printf "left: %p\\n"
exit $status
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root")
@pytest.mark.parametrize("handed_in", ["class", "class/a.py"])
@pytest.mark.parametrize("disk", ["out", "scratch"])
def test_a_full_disk_ends_in_one_sentence(place, disk, handed_in):
    """The report's, or the one for a while: no traceback, nothing half-written."""
    _filled(place, {"a.py": QUICK, "b.py": QUICK})
    (place / "out").mkdir()
    script = FULL.format(pages=8 if disk == "out" else 256, out=place / disk)
    command = [sys.executable, "-m", "pytest", f"--submission={place / handed_in}", f"--report={place / 'out'}"]
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *command, f"--rubric={place / 'rubric.toml'}", "--seed=1"],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(place / "scratch")},
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    assert run.returncode == 4, said
    assert "Traceback" not in said and "INTERNALERROR" not in said and "left: " not in said, said
    assert said.count("No space left on device") == 1, said
