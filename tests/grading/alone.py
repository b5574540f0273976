"""One submission of a class in a process of its own: an ordinary run of pytest, silent, that ends with its parent."""

import gc
import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lmm_verification import door

from tests.grading import tied
from tests.grading.judgement.fingerprint import PROJECT
from tests.grading.judgement.verdict import Record
from tests.grading.reports import written
from tests.grading.sandbox import scratch
from tests.grading.session import STATE, Grading

OPTIONS = ["-q", "-W", "ignore:Module already imported"]


class Given:
    """A plugin that hands a run its grading; one that is asked for by options makes its own."""

    def __init__(self, grading: Grading) -> None:
        self.grading = grading

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Before the hook in plugin.py."""
        config.stash[STATE] = self.grading
        self.grading.submission.begin()


def grade(grading: Grading, target: str) -> None:
    """Write the record, if the run comes to its end, and end the process."""
    tied.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; a run that is cut short writes nothing
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(PROJECT)
    gc.freeze()  # what it shares with others is not looked through, which would copy it
    status = pytest.main([*door.apart(), *OPTIONS], plugins=[Given(grading)])
    if grading.is_whole:
        written.write_whole(Path(target), written.as_text({"record": grading.record, "was_late": grading.was_late}))
    scratch.remove()
    os._exit(int(status))


def nothing() -> None:
    """What a process does that only has to be there."""


def graded_remotely(grading: Grading) -> Record:
    """On a worker of the cluster: the record of one file."""
    target = scratch.folder() / f"{os.urandom(8).hex()}.json"
    command = [sys.executable, "-m", "tests.grading.alone", str(target)]
    run = subprocess.run(command, cwd=PROJECT, input=pickle.dumps(grading), capture_output=True, check=False)
    if not target.exists():
        raise RuntimeError(f"{grading.handed_in.file} was not graded: {run.stderr[-1000:]!r}")
    return json.loads(target.read_text(encoding="utf-8"))["record"]


if __name__ == "__main__":
    grade(pickle.load(sys.stdin.buffer), sys.argv[1])  # what graded_remotely has written
