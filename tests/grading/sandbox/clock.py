"""How much time a worker has used: the processor's, as a machine of unit speed counts it, and what it surely slept.

A process that waits for the processor, for the disk, or for the grader to take what it prints uses no time, so that
neither a busy machine nor a greedy neighbour costs anybody points. Slept is what passed between two looks less the
time for which its threads ran or waited to run (Linux, Documentation/scheduler/sched-stats.rst); where a child has
ended in between, nobody knows, and nothing counts. Far above every limit stands one by the wall clock, for what this
does not see. What is printed is limited by its size.
"""

import os
import random
import select
import struct
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
FULL = 2**15  # bytes: a pipe of 16 pages, each at least half full, is full, and who prints more waits
MOST_PRINTED = 2**28  # bytes, in a call
MOST_AT_ONCE = 2**16  # bytes, that a pipe holds


class Channel(NamedTuple):
    """Writes some bytes and says how many; reads some."""

    write: Callable[[memoryview], int]
    read: Callable[[int], bytes]


class Look(NamedTuple):
    """What is seen of a family of processes at once."""

    at: float
    awake: dict[str, float]  # by thread, seconds for which it ran or waited to run
    ended: int  # grows with every child that has ended

    def slept(self, before: "Look") -> float:
        """Seconds since then for which surely none was awake."""
        if self.ended != before.ended or before.awake.keys() - self.awake.keys():
            return 0.0
        awake = sum(seconds - before.awake.get(thread, 0.0) for thread, seconds in self.awake.items())
        return min(max(0.0, self.at - before.at - awake), 2 * TICK)  # a grader that is held up has not seen more


class Watch:
    """The grader's attention to one worker: waits for it, takes what it prints, and counts the time it uses."""

    def __init__(self, worker: Worker, printed: Callable[[bytes], None], unit: float = 1.0) -> None:
        self.used, self._free, self._unit = 0.0, WAITING, unit
        self._said = b""  # of a reply, what is read and not asked for yet
        self._in_call = self._taken = 0  # bytes printed: in this call, and since the last look
        self._roots, self._output, self._printed = worker.roots, worker.output, printed
        self._requests, self._replies = worker.requests, worker.replies
        self._family, self._processor, self._counted = [*worker.roots], 0.0, time.monotonic()
        self._last: Look | None = None
        os.set_blocking(worker.output, False)

    def within(self, seconds: float) -> Channel:
        """Ways to write and read that raise LateError once so many seconds are used."""
        limit, wall = self.used + seconds, time.monotonic() + WALL * seconds * max(1.0, self._unit)
        self._in_call = 0

        def wait(descriptor: int, *, writing: bool) -> None:
            self._last = None  # until now it was the grader who kept it waiting
            looked = time.monotonic()
            while True:
                listen, tell = [] if writing else [descriptor], [descriptor] if writing else []
                heard, told, _ = select.select([*listen, *self._open()], tell, [], TICK)
                if self._output in heard:
                    self.take()
                if self._in_call > MOST_PRINTED:
                    raise wire.ProtocolError(f"it printed more than {MOST_PRINTED / 2**20:g} MB")
                if told or descriptor in heard:
                    return
                if time.monotonic() - looked >= TICK:
                    self._look()
                    looked = time.monotonic()
                if self.used > limit or time.monotonic() > wall:
                    raise wire.LateError

        def write(part: memoryview) -> int:
            try:
                return os.write(self._requests, part)
            except BlockingIOError:
                wait(self._requests, writing=True)
                raise

        def read(length: int) -> bytes:
            if not self._said:
                wait(self._replies, writing=False)
                self._said = os.read(self._replies, MOST_AT_ONCE)
            part, self._said = self._said[:length], self._said[length:]
            return part

        return Channel(write, read)

    def is_early(self) -> bool:
        """Whether something is said before it was asked."""
        return bool(self._said or select.select([self._replies], [], [], 0)[0])

    def take(self) -> None:
        """Take what is printed until now; of what is printed without end, a little more than is allowed."""
        with suppress(BlockingIOError, OSError):
            while self._in_call <= MOST_PRINTED:
                part = os.read(self._output, 65536)
                if not part:
                    self._output = -1  # nobody is left to print
                    return
                self._in_call += len(part)
                self._taken += len(part)
                self._printed(part)
                if len(part) < 65536:
                    return

    def settle(self) -> None:
        """Count the processor time since the last look, which may wait for a tick."""
        if time.monotonic() - self._counted >= TICK:
            self._spend()

    def _spend(self) -> None:
        if len(self._family) == len(self._roots):  # which are none of it, but wait for it
            self._family = _family(self._roots)
        self._counted, now = time.monotonic(), _processor_seconds(self._family)
        self.used += max(0.0, now - self._processor) / self._unit
        self._processor = now

    def _open(self) -> list[int]:
        return [self._output] if self._output >= 0 else []

    def _look(self) -> None:
        time.sleep(TICK / 5 * random.random())  # it is awake whenever it has just printed
        self._family = _family(self._roots)
        self._spend()
        look, before = _looked_at(self._family), self._last
        states = [state for pid in self._family for state in _states(pid)]
        waits_for_us, self._last, self._taken = self._taken + self._unread() >= FULL, look, 0
        if before is None or RUNS in states or waits_for_us:
            return
        if WAITS in states and self._free > 0:
            self._free -= look.at - before.at
        else:
            self.used += look.slept(before)

    def _unread(self) -> int:
        """Bytes that are printed and not taken."""
        if self._output < 0:
            return 0
        import fcntl  # Windows, where nobody watches, has none
        import termios

        return struct.unpack("i", fcntl.ioctl(self._output, termios.FIONREAD, bytes(4)))[0]


def _fields(path: str) -> list[bytes]:
    """/proc's line about a process, from its state on; empty where it has gone."""
    try:
        with open(path, "rb") as stat:  # a name may hold any byte
            return stat.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _family(roots: list[int]) -> list[int]:
    """Processes and all below them."""
    parents = {int(entry): _fields(f"/proc/{entry}/stat") for entry in os.listdir("/proc") if entry.isdigit()}
    family, more = [*roots], roots
    while more:
        more = [pid for pid, fields in parents.items() if fields and int(fields[1]) in more]
        family += more
    return family


def _processor_seconds(family: list[int]) -> float:
    """Of all of them, and of their children that have ended."""
    return sum(sum(map(int, _fields(f"/proc/{pid}/stat")[11:15])) for pid in family) / PER_SECOND


def _looked_at(family: list[int]) -> Look:
    awake = {f"{pid}/{thread}": _awake(f"/proc/{pid}/task/{thread}") for pid in family for thread in _threads(pid)}
    ended = sum(int(fields[8]) for pid in family if (fields := _fields(f"/proc/{pid}/stat")))  # their page faults
    return Look(time.monotonic(), awake, ended)


def _awake(thread: str) -> float:
    """Seconds for which it ran or waited to run; where the kernel keeps no account of waiting, for which it ran."""
    try:
        with open(f"{thread}/schedstat", "rb") as account:
            return sum(map(int, account.read().split()[:2])) / 1e9
    except (OSError, ValueError):
        return sum(map(int, _fields(f"{thread}/stat")[11:13])) / PER_SECOND


def _threads(pid: int) -> list[str]:
    with suppress(OSError):
        return os.listdir(f"/proc/{pid}/task")
    return []


def _states(pid: int) -> list[list[bytes]]:
    """Of its threads."""
    return [_fields(f"/proc/{pid}/task/{thread}/stat")[:1] for thread in _threads(pid)]
