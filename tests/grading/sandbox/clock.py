"""How much time a worker has used: the processor's, and what it slept of its own will.

A process that waits for the processor, for the disk, or for the grader to take what it prints uses no time, so that
neither a busy machine nor a greedy neighbour costs anybody points. Far above every limit stands one by the wall
clock, for what this does not see.
"""

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from tests.grading.sandbox import wire
from tests.grading.sandbox.launch import Worker

TICK = 0.05  # seconds between two looks
WALL = 30.0  # times a limit, by the wall clock
PER_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
RUNS, WAITS = [b"R"], [b"D"]  # or waits to run; for the disk, or for a child that has its memory (vfork)
WAITING = 60.0  # seconds of the latter that are free


class Channel(NamedTuple):
    """Writes some bytes and says how many; reads some."""

    write: Callable[[memoryview], int]
    read: Callable[[int], bytes]


class Watch:
    """The grader's attention to one worker: waits for it, takes what it prints, and counts the time it uses."""

    def __init__(self, worker: Worker, printed: Callable[[bytes], None]) -> None:
        self.used, self._free = 0.0, WAITING
        process, output = worker.process.pid, worker.output
        self._root, self._output, self._printed = process, output, printed
        self._requests, self._replies = worker.requests, worker.replies
        self._family, self._processor, self._looked = [process], 0.0, time.monotonic()
        os.set_blocking(output, False)

    def within(self, seconds: float) -> Channel:
        """Ways to write and read that raise LateError once so many seconds are used."""
        limit, wall = self.used + seconds, time.monotonic() + WALL * seconds
        self._looked = time.monotonic()

        def wait(descriptor: int, *, writing: bool) -> None:
            while True:
                listen, tell = [] if writing else [descriptor], [descriptor] if writing else []
                heard, told, _ = select.select([*listen, *self._open()], tell, [], TICK)
                if self._output in heard:
                    self.take()
                if told or descriptor in heard:
                    return
                if time.monotonic() - self._looked >= TICK:
                    self._look()
                if self.used > limit or time.monotonic() > wall:
                    raise wire.LateError

        def write(part: memoryview) -> int:
            wait(self._requests, writing=True)
            return os.write(self._requests, part)

        def read(length: int) -> bytes:
            wait(self._replies, writing=False)
            return os.read(self._replies, length)

        return Channel(write, read)

    def is_early(self) -> bool:
        """Whether something is said before it was asked."""
        return bool(select.select([self._replies], [], [], 0)[0])

    def take(self) -> None:
        """Take what is printed until now."""
        with suppress(BlockingIOError, OSError):
            while part := os.read(self._output, 65536):
                self._printed(part)
                if len(part) < 65536:
                    return
            self._output = -1  # nobody is left to print

    def settle(self) -> None:
        """Count the processor time since the last look, and take what is printed."""
        self.take()
        now = _processor_seconds(self._family)
        self.used += max(0.0, now - self._processor)
        self._processor = now

    def _open(self) -> list[int]:
        return [self._output] if self._output >= 0 else []

    def _look(self) -> None:
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, 2 * TICK), now
        self._family = _family(self._root)
        processor = _processor_seconds(self._family)
        spent = max(0.0, processor - self._processor)
        self._processor = processor
        states = [state for pid in self._family for state in _states(pid)]
        waits = RUNS not in states and WAITS in states and self._free > 0
        self._free -= passed * waits
        self.used += spent if spent > passed / 10 or waits or RUNS in states else passed


def _fields(path: str) -> list[bytes]:
    """/proc's line about a process, from its state on; empty where it has gone."""
    try:
        with open(path, "rb") as stat:  # a name may hold any byte
            return stat.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _family(root: int) -> list[int]:
    """A process and all below it."""
    parents = {int(entry): _fields(f"/proc/{entry}/stat") for entry in os.listdir("/proc") if entry.isdigit()}
    family, more = [root], [root]
    while more:
        more = [pid for pid, fields in parents.items() if fields and int(fields[1]) in more]
        family += more
    return family


def _processor_seconds(family: list[int]) -> float:
    """Of all of them, and of their children that have ended."""
    return sum(sum(map(int, _fields(f"/proc/{pid}/stat")[11:15])) for pid in family) / PER_SECOND


def _states(pid: int) -> list[list[bytes]]:
    """Of its threads."""
    with suppress(OSError):
        return [_fields(f"/proc/{pid}/task/{thread}/stat")[:1] for thread in os.listdir(f"/proc/{pid}/task")]
    return []
