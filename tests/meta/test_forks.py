"""A worker that is forked from the zygote is what a worker of its own Python is, but for the time that it takes."""

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.grading import classroom
from tests.grading.intake.source import Source
from tests.grading.sandbox import clock, forks, tiers, zygote
from tests.grading.sandbox.border import CallFailedError
from tests.grading.sandbox.limits import Limits
from tests.grading.sandbox.submission import Submission
from tests.meta import bundle
from tests.meta.graded import grade, rubric

pytestmark = pytest.mark.skipif(tiers.unusable("bwrap") is not None, reason=f"bwrap: {tiers.unusable('bwrap')}")

DATA = {"data": pd.DataFrame({"bucket": [1, 2, 3]})}
FACTS = """
import gc, json, os, resource, signal, sys
def status(*names):
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: lines[name].split() for name in names}
def opened(path):
    try:
        return os.listdir(path)
    except OSError as error:
        return type(error).__name__
def kind(descriptor):
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").partition(":")[0]
    except OSError:
        return "the list itself"
def denominator_df(data):
    with open("/proc/self/mountinfo") as file:
        mounts = sorted(line.split()[4:6] for line in file)
    handled = (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM)
    kinds = [kind for kind in dir(resource) if kind.startswith("RLIMIT")]
    capabilities = "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"
    facts = dict(
        environment=dict(os.environ), folder=os.getcwd(), argv=sys.argv, path=sys.path, flags=list(sys.flags),
        mask=os.umask(0), leads=os.getsid(0) == os.getpid(), name=os.uname().nodename, mounts=mounts,
        descriptors=sorted(map(kind, os.listdir("/proc/self/fd"))), null=os.readlink("/proc/self/fd/0"),
        home=opened("/tmp"), users=opened("/root"), threads=len(opened("/proc/self/task")),
        limits=[resource.getrlimit(getattr(resource, kind)) for kind in kinds],
        handled=[str(signal.getsignal(number)) for number in handled],
        status=status(*capabilities, "NoNewPrivs", "Seccomp", "Groups", "SigIgn"),
        is_root=0 in (os.getuid(), os.geteuid(), os.getgid()), score=open("/proc/self/oom_score_adj").read(),
        finders=[getattr(one, "__name__", type(one).__name__) for one in sys.meta_path],
        main=sorted(sys.modules["__main__"].__dict__), chance=__import__("random").random(), hashed=hash("frog"),
        collects=gc.isenabled(),
    )
    spaces = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in ("mnt", "pid", "net", "ipc", "uts", "user")}
    print(json.dumps([facts, spaces, "scipy.linalg" in sys.modules]))
    return 3
"""


def served(how):
    """A run with a zygote, or without."""
    return forks.served(Limits().forbidden("Python")) if how == "forked" else nullcontext()


@pytest.fixture
def asked():
    """Call a submission once: it, by what processes it is, and the sentence where that failed. Its worker lives on."""
    open_ones = []

    def ask(text, limits=None):
        submission, said = Submission(Source.of("Python", text), "bwrap", limits or Limits()), ""
        open_ones.append(submission)
        submission.begin()
        roots = submission._worker.roots
        try:
            submission.call("denominator_df", DATA, {"": "numbers"})
        except CallFailedError as error:
            said = str(error)
        return submission, roots, said

    yield ask
    for submission in open_ones:
        submission.close()


def test_it_finds_what_any_worker_finds(asked):
    """View of files, descriptors, environment, limits, capabilities, signals; and no namespace of anybody else's."""
    seen = {}
    for how in ("executed", "forked", "forked again"):
        with served(how.removesuffix(" again")):
            submission, roots, said = asked(FACTS)
        assert not said
        assert len(roots) == (1 if how == "executed" else 2)
        seen[how] = json.loads(submission.printed_until_now())
        assert submission.fences == ["landlock", "calls"]
    mine = {name: Path(f"/proc/self/ns/{name}").stat().st_ino for name in seen["forked"][1]}
    if os.geteuid() == 0:  # no worker of root's has a user namespace
        assert {spaces.pop("user") for _, spaces, _ in seen.values()} == {mine.pop("user")}
    for name, number in mine.items():
        assert len({number, *(spaces[name] for _, spaces, _ in seen.values())}) == 1 + len(seen), name
    executed, forked = seen["executed"][0], seen["forked"][0]
    for name in ("CapInh", "CapBnd"):  # what bubblewrap leaves to root's, a fork gives up
        executed["status"].pop(name)
    kept = 1 << zygote.SETGID | 1 << zygote.SETUID if os.geteuid() == 0 else 0
    assert [forked["status"].pop(name) for name in ("CapInh", "CapBnd")] == [["0" * 16], [f"{kept:016x}"]]
    assert forked == executed
    assert forked["collects"]
    assert not forked["is_root"]
    assert forked["status"]["CapEff"] == ["0" * 16]
    assert [has_loaded for _, _, has_loaded in seen.values()] == [False, True, True]


def test_what_may_not_be_imported_is_not_there(asked):
    """A zygote loads scipy where that is allowed."""
    text = "import sys\ndef denominator_df(data):\n    raise ValueError('scipy' in sys.modules)\n"
    few = Limits(packages=("numpy", "pandas"))
    with forks.served(few.forbidden("Python")):
        assert "raised ValueError in line 3: False" in asked(text, limits=few)[2]


NAMES = """
import importlib, json, sys, types
import numpy, pandas
for name in sys.argv[1:]:
    importlib.import_module(name)
packages = {name: sys.modules[name] for name in sys.modules if name.count(".") == 1 and name.startswith("scipy.")}
known = {
    name: sorted(key for key, part in vars(package).items() if isinstance(part, types.ModuleType) and key[0] != "_")
    for name, package in packages.items()
    if name.split(".")[1][0] != "_"
}
print(json.dumps(known))
"""


def test_no_name_is_known_that_is_not_known_alone():
    """`scipy.sparse.linalg` without an import of it would work in a class, and not at home."""

    def known(*modules):
        run = subprocess.run([sys.executable, "-c", NAMES, *modules], capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    together = known(*forks.LAZY)
    assert set(forks.LAZY) <= set(together)
    assert together == {name: known(name)[name] for name in together}
    assert known("scipy.sparse", "scipy.stats")["scipy.sparse"] != known("scipy.sparse")["scipy.sparse"]


@pytest.mark.parametrize("how", ["executed", "forked"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended the process it runs in (killed)"),
        ("os.abort()", "ended the process it runs in (aborted)"),
        ("os._exit(3)", "ended the process it runs in"),
    ],
)
def test_how_it_ended_is_said(asked, how, body, words):
    """The shell in the sandbox ends as the worker has ended."""
    with served(how):
        said = asked(f"import os, signal\ndef denominator_df(data):\n    {body}\n")[2]
    assert said.startswith(f"denominator_df {words}"), said


def test_its_time_counts(monkeypatch):
    """It is no child of the sandbox's process; many quick calls, none looked at, use up the time in all."""
    monkeypatch.setattr(clock.Watch, "_look", lambda _: None)
    text = """
import time
def denominator_df(data):
    end = time.process_time() + 0.03
    while time.process_time() < end: pass
    return 3
"""
    submission = Submission(Source.of("Python", text), "bwrap", Limits(submission_seconds=0.5))
    calls = (submission.call("denominator_df", DATA, {"": "numbers"}) for _ in range(200))
    with served("forked"), pytest.raises(CallFailedError, match=r"has used its 0\.5 seconds"):
        list(calls)


@pytest.mark.parametrize("end", [forks.refuse, lambda: os.kill(_zygote(), signal.SIGKILL)])
def test_without_a_zygote_workers_have_a_python_of_their_own(asked, end):
    """Where it was refused, or has ended, nobody is charged for it."""
    with served("forked"):
        assert len(asked(FACTS)[1]) == 2
        end()
        _, roots, said = asked(FACTS)
    assert (len(roots), said) == (1, "")


def _zygote() -> int:
    commands = {int(path.parent.name): path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")}
    mine = f'"parent": {os.getpid()}'.encode()
    return next(pid for pid, command in commands.items() if b"zygote.py" in command and mine in command)


@pytest.mark.parametrize("script", ["exit 1", "echo '{about}' >/proc/self/fd/$1; echo; sleep 5"])
def test_a_sandbox_that_is_none_is_not_entered(asked, monkeypatch, script):
    """Bubblewrap that stops, and a process in the namespaces of the run: nothing of the file is run, which is there."""
    script = script.format(about=json.dumps({"child-pid": os.getpid()}))
    start, honest = forks.start, subprocess.Popen

    def popen(command, **options):
        number = command[command.index("--info-fd") + 1] if "--info-fd" in command else ""
        return honest(["/bin/sh", "-c", script, "sh", number] if number else command, **options)

    def started(walls, config, output, folder):
        return start(walls, config | {"submission": str(folder / "grader" / "submission.json")}, output, folder)

    with served("forked"):
        monkeypatch.setattr(forks.subprocess, "Popen", popen)
        monkeypatch.setattr(forks, "start", started)
        submission, _, said = asked("def denominator_df(data):\n    return 3\n")
        monkeypatch.undo()
    assert said.startswith("the file ends the process while it is loaded"), said
    assert not submission.printed  # as what fails later is


@pytest.mark.parametrize("shows_less", [True, False])
def test_a_fork_that_shows_less_than_another_worker_is_the_last(asked, monkeypatch, shows_less):
    """What tiers.py asks of every tier is asked of a fork before the first file; else workers have their own Python."""
    assert tiers.unusable("bwrap") is None
    if shows_less:
        monkeypatch.setattr(tiers, "_shown", lambda _: (None, False))
    idle = SimpleNamespace(start=lambda: None, join=lambda: None)
    monkeypatch.setattr(classroom.FORKED, "Process", lambda **_: idle)
    run = SimpleNamespace(assignment=SimpleNamespace(tier=tiers.Tier("bwrap")))
    with served("forked"):
        classroom.Class._warmed(run)
        assert len(asked(FACTS)[1]) == (1 if shows_less else 2)


@pytest.mark.parametrize(("files", "is_forked"), [(6, True), (5, False)])
def test_a_class_has_one(tmp_path, files, is_forked):
    """From six files on; each says whether scipy was there before it asked for it."""
    text = "import sys\ndef denominator_df(data):\n    raise ValueError(f'there: {\"scipy.linalg\" in sys.modules}.')\n"
    (tmp_path / "class").mkdir()
    for k in range(files):
        (tmp_path / "class" / f"{k}.py").write_text(f"# {k}\n{text}")
    chosen = rubric(tmp_path / "rubric.toml", "denominator_df")
    graded = grade(tmp_path / "class", report=tmp_path / "out", options=(f"--rubric={chosen}", "--isolation=bwrap"))
    assert all(f"there: {is_forked}." in one["denominator_df"]["output"] for one in graded.values())


@pytest.mark.slow
def test_a_forked_worker_gives_the_same_points(tmp_path):
    """Six right files, three wrong ones: to the point those of five files and fewer."""
    sources = [
        bundle.correct(),
        *(bundle.correct() + f"\ndef denominator_df(data):\n    return {n}\n" for n in range(2)),
    ]
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    for k in range(6):
        (tmp_path / "many" / f"{k}.py").write_text(f"# {k}\n{sources[k % 3]}")
    for k in range(3):
        (tmp_path / "few" / f"{k}.py").write_text(f"# {k}\n{sources[k]}")
    points = {
        name: {
            file: {function: one.get("score") for function, one in of.items() if isinstance(one, dict)}
            for file, of in grade(tmp_path / name, report=tmp_path / f"{name}_out", options=("--seed=5",)).items()
        }
        for name in ("few", "many")
    }
    assert [points["many"][str(k)] for k in range(6)] == [points["few"][str(k % 3)] for k in range(6)]
