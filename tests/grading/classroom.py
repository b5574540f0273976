"""A class: every submission is graded in a process of its own, as if it were the only one.

A process per submission keeps memory flat and neighbours apart, and makes the score that of the file graded
alone. Each result is written when it is there; a run with the same --report grades only what is missing or has
another fingerprint.
"""

import ctypes
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.grading import content, copies, reports
from tests.grading.content import PROJECT
from tests.grading.reports import Line, Result
from tests.grading.rubric import Item, Limits
from tests.grading.submission import printable
from tests.grading.verdict import Outcome, Verdict, gradescope

SHOWN_IN_FULL = 5  # so many submissions are explained in the terminal
ROOM = 120.0  # seconds beyond the submission's own that its grading may take
PRELOADED = ["hypothesis", "numpy", "pandas", "scipy.stats", "jinja2", "tests.grading.plugin"]
WARM_FROM = 12  # submissions from which on it pays to draw all examples before the first
PR_SET_PDEATHSIG = 1


@dataclass
class Class:
    """One run over several submissions."""

    files: dict[str, Path]
    items: dict[str, Item]
    limits: Limits
    rubric: Path
    tier: str
    seed: int | None
    report: Path | None
    formats: list[str]
    processes: int
    remark: str = ""  # why no better isolation
    scheduler: str | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    lines: dict[str, Line] = field(default_factory=dict)

    def run(self) -> int:
        """Grade what is not graded yet, write everything, and return pytest's exit status."""
        began, todo = time.monotonic(), dict(self.files)
        why = f" ({self.remark})" if self.remark else ""
        print(f"submissions: {len(self.files)}, isolation: {self.tier}{why}, processes: {self.processes}", flush=True)
        for name, result in self._known():
            self.lines[name] = Line.of(name, result)
            del todo[name]
        if self.lines:
            print(f"{len(self.lines)} of {len(self.files)} are graded already in {self.report}", flush=True)
        for done, (name, result) in enumerate(self._graded(todo), start=1):
            self.lines[name] = Line.of(name, result)
            if self.report:
                reports.write_result(self.report, name, result)
            left = (time.monotonic() - began) / done * (len(todo) - done)
            self._tell(result, f"{len(self.lines)} of {len(self.files)}, {_duration(left)} left")
        lines = [self.lines[name] for name in self.files if name in self.lines]
        if self.report:
            reports.write_class(self.report, lines, self.formats, copies.copies(self.files))
            print(f"reports: {self.report / 'index.html'}", flush=True)
        return 0 if all(line.score == line.max_score for line in lines) else 1

    def _known(self) -> Iterator[tuple[str, Result]]:
        """Results of a former run that would come out the same."""
        for name, path in self.files.items() if self.report else ():
            result = reports.read_result(self.report, name)
            now = content.fingerprint(path, self.rubric, self.tier, self.seed)
            if (
                result
                and result["extra_data"]["content"] == now
                and result["extra_data"]["file"] == printable(path.name)
            ):
                yield name, result

    def _graded(self, todo: dict[str, Path]) -> Iterator[tuple[str, Result]]:
        """Results in the order in which they come, from this machine's processes or from the cluster."""
        options = [f"--isolation={self.tier}"]
        options += [] if self.seed is None else [f"--seed={self.seed}"]
        if self.scheduler:
            files = {name: path for name, path in todo.items() if path.is_file() and not path.is_symlink()}
            yield from _on_cluster(self.scheduler, files, self.rubric.read_text(encoding="utf-8"), options)
            todo = {name: path for name, path in todo.items() if name not in files}
        options.append(f"--rubric={self.rubric}")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*PRELOADED, *(["tests.grading.warm"] if len(todo) >= WARM_FROM else [])])
        seconds = self.limits.submission_seconds + ROOM
        with tempfile.TemporaryDirectory(prefix="lmm-class-") as scratch, ThreadPoolExecutor(self.processes) as pool:
            futures = {}
            for number, (name, path) in enumerate(todo.items()):
                folder = Path(scratch, str(number))
                futures[pool.submit(self._alone, context, path.absolute(), options, folder, seconds)] = name
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            except BaseException:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for child in multiprocessing.active_children():
                    child.kill()
                raise

    def _alone(self, context: Any, path: Path, options: list[str], folder: Path, seconds: float) -> Result:
        """Grade one file in a process of its own; once more if that process is lost."""
        for _ in range(2):
            if self.stopped.is_set():
                break
            folder.mkdir(exist_ok=True)
            process = context.Process(target=_session, args=(_arguments(path, folder, options), str(folder / "log")))
            process.start()
            process.join(seconds)
            if process.is_alive():
                process.kill()
                process.join()
            found = _result(folder)
            shutil.rmtree(folder, ignore_errors=True)
            if found is not None:
                return found
        return self._not_graded(path)

    def _not_graded(self, path: Path) -> Result:
        """No points, and no fingerprint, so that the next run tries again."""
        why = "The grader stopped while it graded this file, twice. This is for the teacher to look at."
        lost = [Outcome(name, "", passed=False, ordinary=True, feedback=why) for name in self.items]
        return gradescope(Verdict(path.stem, printable(path.name), self.tier, lost), self.items)

    def _tell(self, result: Result, progress: str) -> None:
        head, *rest = reports.table(result)
        if len(self.files) <= SHOWN_IN_FULL:
            print("\n".join([*([] if self.report else reports.explanation(result)), head, *rest]), flush=True)
        else:
            print(f"{progress}: {head.partition(' (')[0]}", flush=True)


def _arguments(path: Path, folder: Path, options: list[str]) -> list[str]:
    fixed = ["-c", str(PROJECT / "pyproject.toml"), "-q", "-W", "ignore:Module already imported", "-p", "no:xdist"]
    return [*fixed, f"--submission={path}", f"--report={folder}", *options]


def _session(arguments: list[str], log: str) -> None:
    """In the child: an ordinary run of pytest over one submission, silent, that ends with its parent."""
    import pytest  # noqa: PLC0415 - imported in the fork server

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; a run that is cut short writes nothing
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(PROJECT)
    sys.argv[1:] = arguments
    os._exit(int(pytest.main(arguments)))


def _result(folder: Path) -> Result | None:
    """What a session wrote, if it came to its end."""
    for path in folder.glob("*/results.json"):
        return json.loads(path.read_text(encoding="utf-8"))
    return None


def graded_remotely(file: str, source: bytes, rubric: str, options: list[str]) -> str:
    """On a worker of the cluster: results.json of one file."""
    with tempfile.TemporaryDirectory(prefix="lmm-class-") as scratch:
        path, chosen, folder = Path(scratch, file), Path(scratch, "rubric.toml"), Path(scratch, "report")
        path.write_bytes(source)
        chosen.write_text(rubric, encoding="utf-8")
        arguments = _arguments(path, folder, [*options, f"--rubric={chosen}"])
        run = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], cwd=PROJECT, capture_output=True, check=False
        )
        found = _result(folder)
        if found is None:
            raise RuntimeError(f"{file} was not graded: {run.stdout[-1000:]!r}")
        return reports.as_text(found)


def _on_cluster(address: str, todo: dict[str, Path], rubric: str, options: list[str]) -> Iterator[tuple[str, Result]]:
    from distributed import Client, as_completed  # noqa: PLC0415 - the extra `dask`

    with Client(address, timeout="30s") as client:
        futures = {
            client.submit(graded_remotely, path.name, path.read_bytes(), rubric, options, pure=False, retries=2): name
            for name, path in todo.items()
        }
        for future in as_completed(futures):
            yield futures[future], json.loads(future.result())


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
