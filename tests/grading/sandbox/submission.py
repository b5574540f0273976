"""A submission as the tests see it: its functions are called in a worker, and a call may fail in words.

Whatever goes wrong inside (a crash, a loop, a flood, a forged or malformed reply) is the verdict of that
call. The worker is started anew and the rest is graded; a function that cost a worker is not called again.
"""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from tests.grading.intake.source import Source
from tests.grading.intake.text import printable
from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox import border, home, launch, wire
from tests.grading.sandbox.border import MAX_TEXTS, CallFailedError, text, texts, typed
from tests.grading.sandbox.clock import Watch
from tests.grading.sandbox.columns import whole
from tests.grading.sandbox.home import HomeWatch, HomeWorker
from tests.grading.sandbox.launch import Worker
from tests.grading.sandbox.limits import Limits
from tests.grading.sandbox.plain import bare

MAX_REPLY = 16 * launch.MiB
MAX_OUTPUT = 16_384  # characters of what a submission prints that are kept
LENT_EACH = 1e-3  # seconds that a question takes besides
INSIDE = r"^[ \t]+(?:def\s+{0}\s*\(|{0}\s*(?:<-|=)\s*function\b)"  # of a name: its definition, not at the margin
DEFINES = re.compile(r"\bdef\s+\w+\s*\(|\bfunction\s*\(|\\\(|\blambda\b")
AT_LOADING = ""  # what is printed before a function is called


class NotCalledError(CallFailedError):
    """There was no call: the function or the whole file is missing."""


class RightFunction(NamedTuple):
    """A right function that takes the place of one of the submission's own; it answers in the grader."""

    name: str
    function: Callable[..., dict[str, Any]]


@dataclass
class Submission:
    """One person's source and the worker that runs it."""

    source: Source
    tier: str
    limits: Limits = field(default_factory=Limits)
    course: Names = CHAPTER
    broken: str | None = None  # why none of its functions can be called
    printed: dict[str, str] = field(default_factory=dict)  # by function
    fences: list[str] = field(default_factory=list)  # what the worker says that stand
    remarks: list[str] = field(default_factory=list)  # what it says that was passed over
    names: dict[str, list[str]] = field(default_factory=dict)  # of functions that it says are defined: their arguments
    flaws: dict[str, set[str]] = field(default_factory=dict)  # of results that can be read nevertheless (see plain.py)
    used: float = 0.0  # seconds, in workers that are gone
    lent: float = 20.0  # seconds of the grader that right functions may still take
    late: bool = False  # whether it went beyond a limit of time
    overdrawn: tuple[str, str] | None = None  # the function at which its time was used up, and the sentence about it
    _dead: dict[str, str] = field(default_factory=dict)  # functions that cost a worker, and how
    _worker: Worker | HomeWorker | None = None
    _watch: Watch | HomeWatch | None = None
    _calling: str = AT_LOADING
    _is_loaded: bool = False

    def call(
        self, name: str, arguments: dict[str, Any], forms: dict[str, str], right: RightFunction | None = None
    ) -> dict[str, Any]:
        """Call one of its functions in the worker, with a right one in another's place if one is given.

        Raises CallFailedError in words: what is said of a function calls it as the course does.
        """
        if name in self._dead:
            raise CallFailedError(self._dead[name])
        worker, watch = self._started()
        self._calling, called = name, self.course.functions[name]
        try:
            reply = self._asked(watch, name, arguments, forms, right)
        except wire.LateError:
            self.late = True
            self._lost(name, f"{called} did not finish within {self.limits.call_seconds:g} seconds")
        except wire.ClosedError:
            self._lost(name, f"{called} ended the process it runs in{_how(worker)}")
        except wire.ProtocolError as error:
            self._lost(name, f"{called} sent a reply that cannot be read: {error}")
        watch.settle()
        if self.used + watch.used > self.limits.submission_seconds:
            self._too_slow(name)
        if reply.get("kind") == "undefined":
            why = dict(self.source.elsewhere).get(called) or text(reply.get("error"))
            raise NotCalledError(f"{called} is not defined{f': {why}' if why else self._meant(called)}")
        if "value" not in reply:
            raise CallFailedError(_failure(called, reply))
        value = reply["value"]
        if not isinstance(value, Mapping) or set(value) - {"flaws"} != set(forms):
            self._lost(name, f"{called} sent a reply that cannot be read: its fields are not those asked for")
        self.flaws.setdefault(name, set()).update(texts(value.get("flaws")))
        parts = {part: typed(value[part], form, called) for part, form in forms.items()}
        for part in (part for part, form in forms.items() if form == "table"):
            parts[part], flaws = whole(parts[part], arguments, self.course)
            self.flaws[name] |= flaws
        return parts

    def begin(self, begun: Worker | None = None) -> None:
        """Start a worker, or take one that runs already; the first call waits for it."""
        if self._worker is None and not self.broken:
            self._worker, self._watch = (begun, Watch(begun, self._keep, self.limits.unit)) if begun else self._begun()
            self._calling, self._is_loaded = AT_LOADING, False

    def afresh(self) -> "Submission":
        """The same source, which has been asked nothing."""
        return Submission(self.source, self.tier, self.limits, self.course, names=self.names)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None and self._watch is not None:
            self._watch.take()
            self._watch.settle()
            self.used += self._watch.used
            self._worker.stop()
            self._worker = self._watch = None

    def printed_until_now(self) -> str:
        """All that it has printed."""
        return "".join(self.printed.values())

    def _asked(
        self, watch: Watch | HomeWatch, name: str, arguments: dict, forms: dict, right: RightFunction | None
    ) -> dict[str, Any]:
        if watch.is_early():
            raise wire.ProtocolError("something wrote to the grader's pipe before it was asked")
        nonce = os.urandom(8).hex()
        request = {
            "nonce": nonce,
            "name": self.course.functions[name],
            "arguments": [border.outgoing(argument, self.course) for argument in arguments.values()],
            "forms": forms,
        } | ({"right": self.course.functions[right.name]} if right else {})
        channel = watch.within(self.limits.call_seconds)
        wire.send(channel.write, wire.encode(request))
        reply = wire.receive(channel.read, MAX_REPLY)
        while right and "asked" in reply:
            wire.send(channel.write, wire.encode(self._answered(right, reply["asked"])))
            reply = wire.receive(channel.read, MAX_REPLY)
        if reply.get("nonce") != nonce:
            raise wire.ProtocolError("it does not answer the question")
        return reply

    def _answered(self, right: RightFunction, arguments: Any) -> dict[str, Any]:
        """The answer to what the worker asks; raises ProtocolError where it has asked for too much."""
        if self.lent < 0:
            raise wire.ProtocolError("it asks for too much")
        began = time.process_time()
        try:
            return {"value": right.function(*(border.asked(argument, self.course) for argument in arguments))}
        except Exception as error:
            return {"error": str(error)[:200]}
        finally:
            self.lent -= time.process_time() - began + LENT_EACH

    def _meant(self, name: str) -> str:
        """A name in the file that is nearly this one."""
        free = [other for other in self.names if other not in self.course.functions.values()]
        others = {bare(other): other for other in free}
        near = [others[other] for other in get_close_matches(bare(name), others, n=1, cutoff=0.8)]
        near += [other for other in free if _has_words_of(other, name)]
        return f"; the file defines {near[0]}: did you mean {name}?" if near else ""

    def _lost(self, name: str, verdict: str) -> None:
        self._dead[name] = verdict
        self.close()
        raise CallFailedError(verdict)

    def _too_slow(self, name: str) -> None:
        """The submission's time is used up: what is left of it is not called."""
        self.broken = (
            f"the submission has used its {self.limits.submission_seconds:g} seconds, the last of them in "
            f"{self.course.functions[name]}"
        )
        self.overdrawn, self.late = (name, self.broken), True
        self._lost(name, self.broken)

    def _started(self) -> tuple[Worker | HomeWorker, Watch | HomeWatch]:
        self.begin()
        if not self._is_loaded and not self.broken:
            self._is_loaded, self.broken = True, self._loaded()
        if self.broken:
            self.close()
            raise NotCalledError(self.broken)
        assert self._worker is not None and self._watch is not None
        return self._worker, self._watch

    def _loaded(self) -> str | None:
        """Wait until the file is loaded; the sentence that says why that failed."""
        worker, watch = self._worker, self._watch
        assert worker is not None and watch is not None
        try:
            reply = wire.receive(watch.within(self.limits.load_seconds).read, MAX_REPLY)
        except wire.LateError:
            self.late = True
            seconds = f"{self.limits.load_seconds:g} seconds"
            return f"the file could not be loaded within {seconds}: does it loop or wait for input?"
        except wire.ClosedError:
            return f"the file ends the process while it is loaded{_how(worker)}"
        except wire.ProtocolError as error:
            return f"the file cannot be loaded: {error}"
        if reply.get("nonce") != worker.nonce:
            return "the file cannot be loaded: it wrote to the grader's pipe"
        self.fences, self.remarks = (texts(reply.get(part)) for part in ("fences", "remarks"))
        names = reply.get("names")
        known = list(names.items())[:MAX_TEXTS] if isinstance(names, Mapping) else []
        self.names = {text(key): texts(value) for key, value in known}
        if reply.get("loaded") is not True:
            return f"the file cannot be loaded: {text(reply.get('error'))}"
        called = list(self.course.functions.values())
        self.remarks += _about_methods(reply.get("methods"), called)
        if any(name in self.names or self._meant(name) for name in called):
            return None
        return self._without_functions(called, texts(reply.get("unread")))

    def _without_functions(self, called: list[str], unread: list[str]) -> str:
        """None of what is asked for is there: the one sentence that says so."""
        inside = [name for name in called if re.search(INSIDE.format(re.escape(name)), self.source.text, re.MULTILINE)]
        if inside:
            return (
                f"{', '.join(inside)}: defined inside another function, where nobody can call them; move them out of it"
            )
        if unread and DEFINES.search(self.source.text):
            return f"none of its functions can be read: {unread[0]}"
        others = f"; it defines {', '.join(list(self.names)[:5])}" if self.names else ""
        return (
            f"there is no function here that is asked for{others}: put the lines of each answer into a function with "
            "the name and the arguments asked for (pytest --write-template writes their first lines)"
        )

    def _begun(self) -> tuple[Worker | HomeWorker, Watch | HomeWatch]:
        if self.tier == "none":
            at_home = home.start(self.source)
            return at_home, HomeWatch(at_home, self._keep, self.limits.unit)
        worker = launch.start(self.source, self.tier, self.limits)
        return worker, Watch(worker, self._keep, self.limits.unit)

    def _keep(self, part: bytes) -> None:
        """Of what is printed the beginning, and where."""
        room = MAX_OUTPUT - len(self.printed_until_now())
        text = printable(part.decode("utf-8", "replace"))[:room] if room > 0 else ""
        if text:
            self.printed[self._calling] = self.printed.get(self._calling, "") + text


def _failure(name: str, reply: Mapping[str, Any]) -> str:
    error = text(reply.get("error"))
    kind = reply.get("kind")
    return f"{name}: {error}" if kind == "form" else f"{name} {'stopped' if kind == 'stopped' else 'raised'} {error}"


def _about_methods(methods: Any, called: list[str]) -> list[str]:
    """What is called though it is no plain function."""
    has = methods if isinstance(methods, Mapping) else {}
    owners = {name: text(has[name]) for name in called if name in has}
    by_owner = {owner: [name for name in owners if owners[name] == owner] for owner in owners.values()}
    return [
        f"{', '.join(names)}: plain functions are asked for; called on {owner}, which has them"
        for owner, names in by_owner.items()
    ]


def _has_words_of(other: str, name: str) -> bool:
    """Whether a name has the words of another, in any order, among more (my_ols), or one of them shortened (den_df)."""
    mine, asked = (re.split(r"[._]+|(?<=[a-z])(?=[A-Z])", each) for each in (other, name))
    mine, asked = [word.lower() for word in mine], [word.lower() for word in asked]
    is_short = len(mine) == len(asked) > 1 and all(w[1:] and a.startswith(w) for w, a in zip(mine, asked, strict=True))
    return set(asked) <= set(mine) or is_short


def _how(worker: Worker | HomeWorker) -> str:
    try:
        code = worker.process.wait(timeout=1)
    except Exception:
        return ""
    signal = code - 128 if code > 128 else -code
    names = {
        9: "killed",
        11: "a segmentation fault",
        24: "its CPU time is used up",
        6: "aborted",
        25: "a file too large",
    }
    return f" ({names[signal]})" if signal in names else ""
