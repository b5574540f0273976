"""A submission as the tests see it: its functions are called in a worker, and a call may fail in words.

Whatever goes wrong inside (a crash, a loop, a flood, a forged or malformed reply) is the verdict of that
call. The worker is started anew and the rest is graded; a function that cost a worker is not called again.
"""

import os
import select
import tempfile
import threading
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.contract import ContractError
from tests.grading import sandbox, wire
from tests.grading.rubric import PACKAGES, Limits
from tests.grading.sandbox import Worker

MAX_REPLY = 16 * sandbox.MiB
MAX_OUTPUT = 16_384  # characters of what a submission prints that are kept
MAX_SOURCE = sandbox.MiB
LANGUAGES = {".py": "Python", ".r": "R"}


class CallFailedError(ContractError):
    """The call brought no value; the message says why, in words for the student."""


class NotCalledError(CallFailedError):
    """There was no call: the function or the whole file is missing."""


@dataclass
class Submission:
    """One student's file."""

    path: Path
    tier: str
    limits: Limits = field(default_factory=Limits)
    output: str = ""
    broken: str | None = None  # why none of its functions can be called
    spent: float = 0.0
    closed: bool = False
    _dead: dict[str, str] = field(default_factory=dict)  # functions that cost a worker, and how
    _worker: Worker | None = None

    @property
    def name(self) -> str:
        """The file's stem: what reports are filed under."""
        return self.path.stem

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call one of its functions in the worker; raise CallFailedError in words."""
        if name in self._dead:
            raise CallFailedError(self._dead[name])
        if self.spent > self.limits.submission_seconds:
            raise CallFailedError(
                f"{name} was not called: the submission has used its {self.limits.submission_seconds:g} seconds"
            )
        worker = self._started()
        began = time.monotonic()
        try:
            reply = self._asked(worker, name, arguments, forms, began + self.limits.call_seconds)
        except wire.LateError:
            self._lost(name, f"{name} did not finish within {self.limits.call_seconds:g} seconds")
        except wire.ClosedError:
            self._lost(name, f"{name} ended the process it runs in{_how(worker)}")
        except wire.ProtocolError as error:
            self._lost(name, f"{name} sent a reply that cannot be read: {error}")
        finally:
            self.spent += time.monotonic() - began
        if reply.get("kind") == "undefined":
            raise NotCalledError(f"{name} is not defined")
        if "value" not in reply:
            raise CallFailedError(_failure(name, reply))
        if not isinstance(reply["value"], Mapping) or set(reply["value"]) != set(forms):
            self._lost(name, f"{name} sent a reply that cannot be read: its fields are not those asked for")
        return {part: _typed(value, forms[part], name) for part, value in reply["value"].items()}

    def close(self) -> None:
        """End the worker; what the submission has printed until now is all that is reported of it."""
        self.closed = True
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _asked(self, worker: Worker, name: str, arguments: dict, forms: dict, deadline: float) -> dict[str, Any]:
        if select.select([worker.replies], [], [], 0)[0] and worker.process.poll() is None:
            raise wire.ProtocolError("something wrote to the grader's pipe before it was asked")
        nonce = os.urandom(8).hex()
        request = {
            "nonce": nonce,
            "name": name,
            "arguments": [outgoing(a) for a in arguments.values()],
            "forms": forms,
        }
        wire.send(worker.requests, wire.encode(request), deadline)
        reply = wire.receive(worker.replies, deadline, MAX_REPLY)
        if reply.get("nonce") != nonce:
            raise wire.ProtocolError("it does not answer the question")
        return reply

    def _lost(self, name: str, verdict: str) -> None:
        self._dead[name] = verdict
        self.close()
        raise CallFailedError(verdict)

    def _started(self) -> Worker:
        if self._worker is None and not self.broken:
            self.broken = self._loaded()
        if self.broken:
            self.close()
            raise NotCalledError(self.broken)
        assert self._worker is not None
        return self._worker

    def _loaded(self) -> str | None:
        """Start a worker and load the file; the sentence that says why that failed."""
        language = LANGUAGES[self.path.suffix.lower()]
        if self.path.is_symlink() or not self.path.is_file():
            return f"{self.path.name} is a link or no regular file; hand in the file itself"
        if self.path.stat().st_size > MAX_SOURCE:
            return f"{self.path.name} has {self.path.stat().st_size} bytes; at most {MAX_SOURCE} are read"
        began = time.monotonic()
        try:
            source = self.path.read_bytes()
        except OSError as error:
            return f"{self.path.name} cannot be read: {error.strerror}"
        self._worker = worker = sandbox.start(
            source, language, self.tier, sorted(set(PACKAGES) - set(self.limits.packages))
        )
        threading.Thread(target=self._drain, args=(worker.output,), daemon=True).start()
        try:
            reply = wire.receive(worker.replies, began + self.limits.load_seconds, MAX_REPLY)
        except wire.LateError:
            seconds = f"{self.limits.load_seconds:g} seconds"
            return f"the file could not be loaded within {seconds}: does it loop or wait for input?"
        except wire.ClosedError:
            return f"the file ends the process while it is loaded{_how(worker)}"
        except wire.ProtocolError as error:
            return f"the file cannot be loaded: {error}"
        finally:
            self.spent += time.monotonic() - began
        if reply.get("nonce") != worker.nonce:
            return "the file cannot be loaded: it wrote to the grader's pipe"
        return None if reply.get("loaded") is True else f"the file cannot be loaded: {_text(reply.get('error'))}"

    def _drain(self, descriptor: int) -> None:
        """Read what the submission prints; keep the beginning, throw away the rest."""
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            while part := pipe.read(65536):
                if len(self.output) < MAX_OUTPUT:
                    self.output = (self.output + printable(part.decode("utf-8", "replace")))[:MAX_OUTPUT]


def outgoing(argument: Any) -> Any:
    """Tables and labels in the form that the worker expects."""
    if isinstance(argument, pd.DataFrame):
        return {"table": {str(name): outgoing(column.to_numpy()) for name, column in argument.items()}}
    if isinstance(argument, np.ndarray) and argument.ndim == 1 and argument.dtype.kind not in "f":
        return {"labels": argument.tolist()}
    return argument


def _typed(value: Any, form: str, name: str) -> Any:
    """Only what the form allows gets past here: float64 arrays, and mappings from text to them."""
    if form == "numbers":
        return _numbers(value, name)
    if not isinstance(value, Mapping):
        raise CallFailedError(f"{name} returned no {'table' if form == 'table' else 'mapping'}")
    if form == "counts":
        return {_text(key): _numbers(count, name) for key, count in value.items()}
    return {_text(key): column if _is_labels(column) else _numbers(column, name) for key, column in value.items()}


def _numbers(value: Any, name: str) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise CallFailedError(f"{name} returned no numbers")
    return value.astype(np.float64)


def _is_labels(column: Any) -> bool:
    return isinstance(column, list) and all(isinstance(entry, str | int | float) for entry in column)


def _failure(name: str, reply: Mapping[str, Any]) -> str:
    error = _text(reply.get("error"))
    return f"{name}: {error}" if reply.get("kind") == "form" else f"{name} raised {error}"


def _text(value: Any) -> str:
    return printable(value[:500]) if isinstance(value, str) else "?"


def printable(text: str) -> str:
    """Text that every file and terminal takes: no lone surrogates, no control characters but line ends and tabs."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else "?" for c in text)


def _how(worker: Worker) -> str:
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


PROBE = """
import os
with open("/proc/self/status") as status:
    fields = dict(line.split(":", 1) for line in status)
def denominator_df(data):
    uid = os.getuid()
    capabilities = int(fields["CapEff"], 16)
    return -1 if uid == 0 or capabilities else len(data)
"""


def probe(tier: str) -> str | None:
    """Run a tiny submission in a tier; why that did not work, or None."""
    with tempfile.TemporaryDirectory(prefix="lmm-probe-") as folder:
        path = Path(folder, "probe.py")
        path.write_text(PROBE)
        submission = Submission(path, tier)
        try:
            data = pd.DataFrame({"bucket": [1, 2, 3]})
            value = submission.call("denominator_df", {"data": data}, {"": "numbers"})[""]
        except (CallFailedError, OSError) as error:
            printed = submission.output.strip().splitlines()
            return f"{error} {printed[-1] if printed else ''}".strip()
        finally:
            submission.close()
    return None if float(value) == 3 else "the worker keeps root's uid or a capability"
