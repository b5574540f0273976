"""What a report's folder remembers between runs: the class's own draw, and what is known of each submission.

Both rest on a secret that a first run makes up. A record is sealed by HMAC of all that it depends on and of its own
text, so that nobody can write one who has not seen the secret. Points and visibility are no part of it: a rubric that
changes them only is applied to the records. The secret lies in the report's folder, `.secret.json`; where
that lies among the hand-ins, which could bring one along, in the home of the user who grades.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.grading.judgement.verdict import Record
from tests.grading.reports.written import as_text, write_whole

SECRET, SEALED = ".secret.json", ".record.json"
MANY = 10**9  # draws


class LedgerError(ValueError):
    """The secret cannot be kept, in one sentence."""


def chance() -> int:
    """A number for a draw that nobody knows before."""
    return 1 + secrets.randbelow(MANY)


@dataclass(frozen=True)
class Ledger:
    """The memory of one report's folder."""

    report: Path
    key: str
    draw: int

    @classmethod
    def of(cls, report: Path, handed_in: list[Path]) -> "Ledger":
        """The one that a former run began, or a new one; raises LedgerError where it cannot be kept."""
        place = _place(report.resolve(), [path.resolve() for path in handed_in])
        try:
            report.mkdir(parents=True, exist_ok=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                kept = json.loads(place.read_text(encoding="utf-8"))
                return cls(report, str(kept["key"]), int(kept["draw"]))
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                new = cls(report, secrets.token_hex(32), chance())
                place.unlink(missing_ok=True)
                with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                    json.dump({"key": new.key, "draw": new.draw}, file)
                return new
        except OSError as error:
            raise LedgerError(f"{place} cannot be written: {error.strerror}") from None

    def seal(self, name: str, fingerprint: bytes, record: Record) -> None:
        """Keep a record, marked as made of this."""
        text = as_text(record)
        write_whole(self.report / name / SEALED, as_text({"mark": self._mark(fingerprint, text), "record": record}))

    def known(self, name: str, fingerprint: bytes) -> Record | None:
        """The record that a former run kept of the same, if it is there, whole and untouched."""
        try:
            kept = json.loads((self.report / name / SEALED).read_text(encoding="utf-8"))
            mark, record = str(kept["mark"]), kept["record"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        is_ours = hmac.compare_digest(mark.encode(), self._mark(fingerprint, as_text(record)).encode())
        return record if is_ours else None

    def _mark(self, fingerprint: bytes, text: str) -> str:
        return hmac.new(self.key.encode(), fingerprint + text.encode(), hashlib.sha256).hexdigest()


def _place(report: Path, handed_in: list[Path]) -> Path:
    if not any(report.is_relative_to(folder) for folder in handed_in):
        return report / SECRET
    return state() / f"{hashlib.sha256(str(report).encode()).hexdigest()}.json"


def state() -> Path:
    """Where the user who grades keeps what no hand-in may write."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "lmm-verification"
