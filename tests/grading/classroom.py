"""A class: every submission is graded in a process of its own, as if it were the only one.

A process per submission keeps memory flat and neighbours apart, and makes the score that of the file graded
alone. Each result is written when it is there; a run with the same --report grades only what is missing or has
another fingerprint.
"""

import contextlib
import json
import multiprocessing
import os
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

import numpy as np

from tests.grading import alone, closing, server
from tests.grading.asked import Assignment
from tests.grading.intake.handin import EARLIER, UPLOADS, HandIn
from tests.grading.judgement.fingerprint import fingerprint
from tests.grading.judgement.verdict import Record, Result, gradescope
from tests.grading.reports import terminal, written
from tests.grading.reports.lines import Line
from tests.grading.sandbox import forks, scratch, tiers
from tests.grading.sandbox.clock import WALL
from tests.grading.session import not_graded

FORKED = multiprocessing.get_context("forkserver")
SHOWN_IN_FULL = 5  # so many submissions are explained in the terminal
ROOM = 600.0  # seconds beyond the submission's own, by the wall clock, that its grading may take
PRELOADED = ["hypothesis", "numpy", "pandas", "jinja2", "tests.grading.plugin"]
WARM_FROM = 6  # submissions from which on it pays to draw all examples before the first
STOPPED = "The grader stopped while it graded this file, twice. This is for the teacher to look at."


@dataclass
class Class:
    """One run over several submissions."""

    assignment: Assignment
    processes: int
    scheduler: str | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    records: dict[str, Record] = field(default_factory=dict)  # by report
    results: dict[str, Result] = field(default_factory=dict)
    points: dict[str, dict[str, float]] = field(default_factory=dict)  # of who has several uploads, by upload
    kept: list[str] = field(default_factory=list)  # sentences about files that another has changed
    took: list[float] = field(default_factory=list)  # seconds, by file

    def run(self) -> int:
        """Grade what is not graded yet, write everything, and return pytest's exit status."""
        of = self.assignment
        todo = {one.name: one for one in of.uploads}
        _say(f"submissions: {len(todo)}, processes: {self.processes}", *of.header())
        for one in of.handed_in:
            if one.refused:
                self._note(one, not_graded(one, of.rubric, of.tier, one.refused))
                del todo[one.name]
        for one, known_record in self._known():  # written again: points and visibility may be others
            self._note(one, known_record)
            del todo[one.name]
        known = len(of.uploads) - len(todo) - sum(bool(one.refused) for one in of.handed_in)
        if known:
            _say(f"{known} of {len(of.uploads)} are graded already in {of.report}")
        for done, (name, record) in enumerate(self._graded(todo), start=1):
            result = self._note(todo[name], record)
            if of.ledger and not result["extra_data"].get("not_graded"):  # else the next run tries again
                of.ledger.seal(name, self._fingerprint(todo[name]), record)
            left = float(np.mean(self.took or [0.0])) * (len(todo) - done) / min(self.processes, len(todo))
            self._tell(result, f"{len(self.records)} of {len(of.uploads)}, {_duration(left)} left")
        counted = {one.name: self._counted(one) for one in of.handed_in}
        lines = [
            Line.of(one.name, self.results[one.name], self._uploads(one, counted[one.name])) for one in of.handed_in
        ]
        if of.report:
            for sentence in [*self.kept, *closing.close(of, lines, self.results, counted)]:
                _say(sentence)
            _say(f"reports: {of.report / 'index.html'}")
        _say(*self._end(lines))
        return 0 if all(line.score == line.max_score for line in lines) else 1

    def _note(self, one: HandIn, record: Record) -> Result:
        """A record is there: of a person's only upload it is the result, of several each is written by itself."""
        of, self.records[one.name] = self.assignment, record
        several = [last for last in of.handed_in if last.earlier and one in (*last.earlier, last)]
        result = gradescope(record, of.rubric) if several else of.result(one, record)
        self._write(f"{one.name}/{UPLOADS}/{len(one.earlier) + 1}" if one.earlier else one.name, one, result)
        self.results[one.name] = result
        return result

    def _counted(self, last: HandIn) -> HandIn:
        """The upload of a person that counts; with its result, as the person's."""
        if not last.earlier:
            return last
        of, attempts = self.assignment, (*last.earlier, last)
        best = max(attempts, key=lambda one: (self.results[one.name]["score"], one is last))
        counts = best if of.rubric.attempts == "best" else last
        result = of.result(last, self.records[counts.name])
        about = dict(result["extra_data"])
        said = f"{len(attempts)} uploads: the {of.rubric.attempts} counts, {counts.file}"
        about["remarks"] = [said, *(remark for remark in about["remarks"] if not remark.endswith(EARLIER))]
        self.points[last.name] = {one.name: self.results[one.name]["score"] for one in attempts}
        self.results[last.name] = result | {"extra_data": about}
        self._write(last.name, counts, self.results[last.name])
        return counts

    def _uploads(self, last: HandIn, counts: HandIn) -> list[tuple[str, float, bool]]:
        """File, points, and whether it counts, of each upload of a person who has several."""
        points = self.points.get(last.name, {})
        return [(one.file, points[one.name], one is counts) for one in (*last.earlier, last) if points]

    def _write(self, name: str, one: HandIn, result: Result) -> None:
        of = self.assignment
        if of.report:
            self.kept += map(closing.told, written.write_result(of.report, name, result, of.name, one, of.rubric.names))

    def _end(self, lines: list[Line]) -> list[str]:
        """Nobody is lost: how many there were, and who was not graded."""
        not_graded = [line for line in lines if line.not_graded]
        end = f"{len(lines)} handed in, {len(lines) - len(not_graded)} graded"
        said = [f"{end}, {len(not_graded)} not:" if not_graded else end]
        said += [f"  {line.name} ({line.file}): {line.not_graded}" for line in not_graded]
        has_no_empty_score = not_graded and "classroom50" in self.assignment.formats
        said += ["  no classroom50.json of them: its score would be 0"] if has_no_empty_score else []
        absent, strangers = self.assignment.absent, self.assignment.strangers
        if strangers:
            said += [f"{len(strangers)} of these are nobody's of the roster, by their names: {', '.join(strangers)}"]
        nothing = "have no hand-in that bears their name" if strangers else "handed in nothing"
        return [*said, *([f"of the roster, {len(absent)} {nothing}: {', '.join(absent)}"] if absent else [])]

    def _fingerprint(self, handed_in: HandIn) -> bytes:
        return fingerprint(handed_in, self.assignment.rubric, self.assignment.tier, self.assignment.seed)

    def _known(self) -> Iterator[tuple[HandIn, Record]]:
        """Records of a former run that would come out the same."""
        for one in self.assignment.uploads if self.assignment.ledger else ():
            record = self.assignment.ledger.known(one.name, self._fingerprint(one))
            if record:
                yield one, record

    def _graded(self, todo: dict[str, HandIn]) -> Iterator[tuple[str, Record]]:
        """Records in the order in which they come, from this machine's processes or from the cluster."""
        for name, record in (self._on_cluster if self.scheduler else self._here)(todo):
            yield name, record or not_graded(todo[name], self.assignment.rubric, self.assignment.tier, STOPPED)

    def _here(self, todo: dict[str, HandIn]) -> Iterator[tuple[str, Record | None]]:
        if not todo:
            return
        os.environ["LMM_DRAW"] = str(self.assignment.seed)  # for warm.py
        warm = ["tests.grading.warm"] if len(todo) >= WARM_FROM else []
        _say("drawing examples, and the right answers to them" if warm else "starting")
        with (
            self._zygote() if warm else contextlib.nullcontext(),
            server.serving([*PRELOADED, *warm]),
            ThreadPoolExecutor(self.processes) as pool,
        ):
            self._warmed()
            futures = {pool.submit(self._alone, one): name for name, one in todo.items()}
            try:
                late = []
                for future in as_completed(futures):
                    record, was_late = future.result()
                    if was_late and self.processes > 1:
                        late.append(futures[future])
                    else:
                        yield futures[future], record
                for name in late:  # beyond a limit in company: what counts is how long it takes alone
                    yield name, self._alone(todo[name])[0]
            except BaseException:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                server.stop()
                raise

    def _warmed(self) -> None:
        """Wait until all is loaded that the processes share, so that the time of a file is its own."""
        process = FORKED.Process(target=alone.nothing)
        process.start()
        if forks.is_served() and not tiers.forks_are_closed(self.assignment.tier.name):
            forks.refuse()
        process.join()
        _say("grading")

    def _zygote(self) -> contextlib.AbstractContextManager[None]:
        """What workers are forked from, where bubblewrap builds their sandboxes."""
        of = self.assignment
        return (
            forks.served(of.rubric.limits.forbidden("Python")) if of.tier.name == "bwrap" else contextlib.nullcontext()
        )

    def _alone(self, handed_in: HandIn) -> tuple[Record | None, bool]:
        """Grade one file in a process of its own, once more if that is lost; and whether a limit of time was met."""
        limits, target = self.assignment.rubric.limits, scratch.folder() / f"{secrets.token_hex(8)}.json"
        began = time.monotonic()
        for _ in range(2):
            if self.stopped.is_set():
                break
            process = FORKED.Process(target=alone.grade, args=(self.assignment.grading(handed_in), str(target)))
            process.start()
            if self.stopped.is_set():
                process.kill()
            process.join(WALL * limits.unit * (limits.load_seconds + limits.submission_seconds) + ROOM)
            if process.is_alive():
                process.kill()
                process.join()
            if target.exists():
                self.took.append(time.monotonic() - began)
                made = json.loads(target.read_text(encoding="utf-8"))
                return made["record"], made["was_late"]
        return None, False

    def _on_cluster(self, todo: dict[str, HandIn]) -> Iterator[tuple[str, Record | None]]:
        from distributed import Client, as_completed  # noqa: PLC0415 - the extra `dask`

        with Client(self.scheduler, timeout="30s") as client:
            futures = {
                client.submit(alone.graded_remotely, self.assignment.grading(one), pure=False, retries=2): name
                for name, one in todo.items()
            }
            began = time.monotonic()
            for done, future in enumerate(as_completed(futures), start=1):
                self.took = [(time.monotonic() - began) * self.processes / done]
                yield futures[future], future.result() if future.status == "finished" else None

    def _tell(self, result: Result, progress: str) -> None:
        head, *rest = terminal.table(result)
        if len(self.assignment.uploads) <= SHOWN_IN_FULL:
            shown = [] if self.assignment.report else terminal.explanation(result)
            _say(*shown, head, *rest)
        else:
            _say(f"{progress}: {head.partition(' (')[0]}")


def _say(*lines: str) -> None:
    print("\n".join(map(terminal.harmless, lines)), flush=True)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
