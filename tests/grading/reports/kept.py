"""Files of a report: what somebody else has changed since the last run stays beside, as NAME.kept-1.csv.

`.written` in the folder has the digest of all that was written of each file; what is there and not among them is
another's. Where a suite wrote that kept no such list, the class's own files are taken for another's.
"""

import hashlib
import shutil
from itertools import count
from pathlib import Path

LOG = ".written"


class WriteError(Exception):
    """A file cannot be written, in one sentence."""


def keep(folder: Path, inside: str, text: bytes) -> str:
    """Note that this is about to be written there; the name under which what another wrote there is kept, if it is.

    Raises WriteError.
    """
    path = folder / inside
    ours = _ours(folder, inside)
    digest = hashlib.sha256(text).hexdigest()
    try:
        there = path.read_bytes() if path.is_file() else text
        others = there != text and hashlib.sha256(there).hexdigest() not in ours and (bool(ours) or "/" not in inside)
        copies = (path.with_name(f"{path.stem}.kept-{number}{path.suffix}") for number in count(1))
        copy = next(other for other in copies if not other.exists()) if others else None
        if copy:
            shutil.copy2(path, copy)
        if digest not in ours:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / LOG).open("a", encoding="utf-8") as log:
                log.write(f"{digest} {inside}\n")
        return str(copy.relative_to(folder)) if copy else ""
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}") from None


def _ours(folder: Path, inside: str) -> set[str]:
    """Digests of what was written there."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {digest for digest, _, name in (line.partition(" ") for line in lines) if name == inside}
