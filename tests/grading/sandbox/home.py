"""A worker without isolation, for one's own file at home, on any system: a plain process, pipes and threads.

Time limits are kept, by the wall clock; nothing else stands between the file and its owner's machine.
"""

import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.grading.intake.source import Source
from tests.grading.sandbox import laid, wire
from tests.grading.sandbox.clock import Channel
from tests.grading.sandbox.view import ANSWERS, HERE, ONE_THREAD


@dataclass
class HomeWorker:
    """A running worker (see launch.py)."""

    process: "subprocess.Popen[bytes]"
    nonce: str
    folder: Path

    def stop(self) -> None:
        """Kill it, and leave nothing on disk."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                try:
                    pipe.close()
                except OSError:  # what was still to be written
                    continue
        shutil.rmtree(self.folder, ignore_errors=True)


def start(source: Source) -> HomeWorker:
    """Start a worker in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="lmm-"))
    home = folder / "home"
    home.mkdir()
    laid.lay(home, source.beside)
    copy = folder / "submission.json"
    copy.write_text(json.dumps(source.chunks), encoding="utf-8")
    nonce = secrets.token_hex(8)
    config = {"tier": "none", "language": source.language, "nonce": nonce, "submission": str(copy)}
    config |= {"forbidden": [], "absent": ANSWERS}
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-u", str(HERE / "worker.py"), json.dumps(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=home,
        env=os.environ | ONE_THREAD | {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return HomeWorker(process, nonce, folder)


class HomeWatch:
    """Waits for it, takes what it prints, and counts the time it uses, which is all that passes (see clock.py)."""

    def __init__(self, worker: HomeWorker, printed: Callable[[bytes], None], unit: float = 1.0) -> None:
        self.used, self._unit = 0.0, unit
        self._printed, self._process = printed, worker.process
        self._replies, self._output = _pump(worker.process.stdout), _pump(worker.process.stderr)
        self._rest = b""
        self._asked = time.monotonic()

    def within(self, seconds: float) -> Channel:
        """Ways to write and read that raise LateError after so many seconds."""
        self._asked = time.monotonic()
        end = self._asked + seconds * self._unit

        def write(part: memoryview) -> int:
            assert self._process.stdin is not None
            written = self._process.stdin.write(part)
            self._process.stdin.flush()
            return written

        def read(length: int) -> bytes:
            if not self._rest:
                try:
                    self._rest = self._replies.get(timeout=max(0.0, end - time.monotonic()))
                except queue.Empty:
                    raise wire.LateError from None
            part, self._rest = self._rest[:length], self._rest[length:]
            return part

        return Channel(write, read)

    def is_early(self) -> bool:
        """Whether something is said before it was asked."""
        return bool(self._rest) or not self._replies.empty()

    def take(self) -> None:
        """Take what is printed until now."""
        while not self._output.empty():
            self._printed(self._output.get())

    def settle(self) -> None:
        """Count the time since the question."""
        self.take()
        self.used += (time.monotonic() - self._asked) / self._unit
        self._asked = time.monotonic()


def _pump(pipe: IO[bytes] | None) -> "queue.Queue[bytes]":
    """A queue of what comes out of a pipe; at its end, nothing."""
    parts: queue.Queue[bytes] = queue.Queue(maxsize=10_000)

    def pump() -> None:
        assert pipe is not None
        try:
            while part := os.read(pipe.fileno(), 65536):
                parts.put(part)
        except (OSError, ValueError):
            pass
        parts.put(b"")

    threading.Thread(target=pump, daemon=True).start()
    return parts
