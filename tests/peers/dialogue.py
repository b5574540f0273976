"""A program that is asked by lines of JSON on its input, and answers by lines of JSON on its output.

    {"id": 7, "function": "gls", "arguments": {"X": [[1.0], [1.0]], "y": [2.0, 4.0], "V": [[1.0, 0.0], [0.0, 1.0]]}}
    {"id": 7, "result": {"coef": [3.0], "se": [0.7071067811865476]}}         or {"id": 7, "error": "V is singular"}

Tables are columns by name, matrices lists of rows, terms lists of {"Z": rows, "group": labels}; null is NaN. Whatever
else happens is one sentence, the failure of that call: the program dies (its last words are shown, and it is started
again), is late (as well), or says what is no answer. An answer to an earlier question is passed over.
"""

import json
import math
import os
import queue
import signal
import subprocess
import threading
import weakref
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

MOST_CHARACTERS = 100_000_000  # of an answer
SHOWN = 80  # characters of what is no answer
LAST_WORDS = 3  # lines of stderr
PATIENCE = 3  # times that a function may be late, and that a program may end without an answer, before no more is asked


class DialogueError(Exception):
    """There is no answer, and why, in one sentence."""


class NoProgramError(DialogueError):
    """There will be none: the program cannot be started, or ends whenever it is."""


@dataclass
class Running:
    """A process, what it says (None: nothing any more), and the last lines of its stderr."""

    process: subprocess.Popen[str]
    said: queue.Queue[str | None] = field(default_factory=queue.Queue)
    words: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_WORDS))
    readers: tuple[threading.Thread, ...] = ()
    answered: bool = False

    def ask(self, line: str) -> None:
        """Write a line; a program that does not read does not stop us."""
        threading.Thread(target=self._write, args=(line,), daemon=True).start()

    def _write(self, line: str) -> None:
        with suppress(OSError, ValueError):  # it has ended, which its output says
            self.process.stdin.write(line + "\n")  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]

    def end(self) -> None:
        """Kill it."""
        _kill(self.process)


@dataclass
class Program:
    """A command that is started in a folder when it is first asked, and again after it has ended.

    seconds: how long it may take for one answer.
    """

    command: Sequence[str]
    folder: Path
    seconds: float
    running: Running | None = None
    asked: int = 0
    late: Counter[str] = field(default_factory=Counter)
    deaths: int = 0  # one after the other, without an answer between
    last: str = ""  # what was said of the last

    def ask(self, function: str, arguments: dict[str, Any]) -> Any:
        """The result; raises DialogueError."""
        if self.late[function] >= PATIENCE:
            raise DialogueError(f"was late {PATIENCE} times, and is not asked any more")
        if self.deaths >= PATIENCE:
            raise NoProgramError(f"{self.last} ({PATIENCE} times without an answer)")
        running = self.running = self.running or self._start()
        self.asked += 1
        running.ask(question(self.asked, function, arguments))
        while True:
            try:
                line = running.said.get(timeout=self.seconds)
            except queue.Empty:
                self.late[function] += 1
                self._leave()
                raise DialogueError(f"was not answered within {self.seconds:g} seconds") from None
            if line is None:
                raise DialogueError(self._last_words(running))
            answer = _parsed(line)
            if answer["id"] == self.asked:
                break
            if answer["id"] > self.asked:
                raise DialogueError(f"was answered with id {answer['id']}; it was asked with id {self.asked}")
        running.answered, self.deaths = True, 0
        if "error" in answer:
            raise DialogueError(f"answered with an error: {answer['error']}")
        if "result" not in answer:
            raise DialogueError(f"was answered without a result and without an error: {_shown(line)}")
        return answer["result"]

    def _start(self) -> Running:
        try:
            process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise NoProgramError(f"cannot be asked: {self.command[0]} cannot be started ({error.strerror})") from None
        weakref.finalize(self, _kill, process)
        running = Running(process)
        running.readers = tuple(
            threading.Thread(target=read, args=(stream, running), daemon=True)
            for read, stream in ((_hear, process.stdout), (_overhear, process.stderr))
        )
        for reader in running.readers:
            reader.start()
        return running

    def _last_words(self, running: Running) -> str:
        self.deaths = 0 if running.answered else self.deaths + 1
        status = running.process.wait()
        running.readers[-1].join(1)
        self.running = None
        words = f"; its last words: {' / '.join(running.words)}" if running.words else ", without a word on stderr"
        self.last = f"was not answered: the program ended with status {status}{words}"
        return self.last

    def _leave(self) -> None:
        if self.running is not None:
            self.running.end()
            self.running = None


def question(number: int, function: str, arguments: dict[str, Any]) -> str:
    """A line that asks."""
    asked = {name: _outgoing(value) for name, value in arguments.items()}
    return json.dumps({"id": number, "function": function, "arguments": asked}, allow_nan=False)


def _outgoing(value: Any) -> Any:
    """Plain numbers and text, with null for NaN."""
    if isinstance(value, pd.DataFrame):
        return {str(name): _outgoing(column.to_numpy()) for name, column in value.items()}
    if isinstance(value, np.ndarray):
        return _outgoing(value.tolist())
    if isinstance(value, list | tuple):
        if isinstance(value, tuple) and np.ndim(value[0]) == len(("rows", "columns")):
            return {"Z": _outgoing(value[0]), "group": _outgoing(value[1])}
        return list(map(_outgoing, value))
    if isinstance(value, np.generic):
        return _outgoing(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _parsed(line: str) -> dict[str, Any]:
    if len(line) >= MOST_CHARACTERS:
        raise DialogueError(f"was answered with a line of {MOST_CHARACTERS} characters or more")
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise DialogueError(f"was answered with what is no JSON: {_shown(line)}") from None
    if not isinstance(answer, dict) or type(answer.get("id")) is not int:
        raise DialogueError(f"was answered with what has no whole number as id: {_shown(line)}")
    return answer


def _shown(line: str) -> str:
    text = " ".join(line.split())
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "...")


def _hear(stream: IO[str], running: Running) -> None:
    for line in _lines(stream):
        running.said.put(line)
    running.said.put(None)


def _overhear(stream: IO[str], running: Running) -> None:
    for line in _lines(stream):
        running.words.append(" ".join(line.split())[:SHOWN])


def _lines(stream: IO[str]) -> Iterator[str]:
    with stream:
        while line := stream.readline(MOST_CHARACTERS):
            if line.strip():
                yield line


def _kill(process: subprocess.Popen[str]) -> None:
    """With what it has started, where the system knows of that; also where it has ended."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(OSError):
        process.stdin.close()  # type: ignore[union-attr]
    process.wait()
