"""From the paths that a teacher names to hand-ins: one source text each, and what its report is called.

What lies where hand-ins lie is looked at before it is opened, and read up to a limit: it is nobody's configuration and
stops nobody.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.grading.intake.text import printable

LANGUAGES = {".py": "Python", ".r": "R"}
MAX_SOURCE = 2**20  # bytes
RESERVED = ("gradebook.csv", "index.html", "nbgrader.csv", "canvas.csv")  # the class's own files in a report


class IntakeError(ValueError):
    """What was named cannot be graded, in one sentence."""


@dataclass(frozen=True)
class HandIn:
    """What one person handed in."""

    name: str  # of its report
    file: str  # as it was called, fit to be shown
    language: str
    source: bytes = b""
    refused: str = ""  # why there is no source to run, in words for the student


def taken(wanted: Iterable[str]) -> list[HandIn]:
    """The hand-ins behind some paths; raises IntakeError for a path that is none."""
    paths = [path for entry in map(Path, wanted) for path in _named(entry)]
    return [_handed_in(path, name) for name, path in report_names(list(dict.fromkeys(paths))).items()]


def is_class(wanted: list[str]) -> bool:
    """Whether a teacher grades: a folder, or several files."""
    return len(wanted) > 1 or Path(wanted[0]).is_dir()


def _named(entry: Path) -> list[Path]:
    if entry.is_dir():
        inside = sorted(path for path in entry.iterdir() if path.suffix.lower() in LANGUAGES and not path.is_dir())
        if not inside:
            raise IntakeError(f"submission {entry} is a folder without a .py or .R file")
        return inside
    if not (entry.exists() or entry.is_symlink()):
        raise IntakeError(f"submission {entry} does not exist")
    if entry.suffix.lower() not in LANGUAGES:
        raise IntakeError(f"submission {entry} is neither a .py nor a .R file")
    return [entry]


def report_names(paths: list[Path]) -> dict[str, Path]:
    """Paths by the name that they are reported under.

    The stem, or the whole name where stems clash, numbered where that clashes too; never one that leaves the report's
    folder or is one of its own files.
    """
    stems = [path.stem for path in paths]
    names: dict[str, Path] = {}
    for path in paths:
        name = printable(path.stem if stems.count(path.stem) == 1 else path.name)
        name = f"_{name}" if name.startswith((".", *RESERVED)) or not name else name
        alike = sum(known == name or known.rpartition("~")[0] == name for known in names)
        names[f"{name}~{alike + 1}" if alike else name] = path
    return names


def _handed_in(path: Path, name: str) -> HandIn:
    file, language = printable(path.name), LANGUAGES[path.suffix.lower()]
    try:
        return HandIn(name, file, language, content(path))
    except IntakeError as error:
        return HandIn(name, file, language, refused=str(error))


def content(path: Path) -> bytes:
    """The bytes of a regular file of bearable size; raises IntakeError for whatever else has this name."""
    name = printable(path.name)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise IntakeError(f"{name} is a link or no regular file; hand in the file itself")
        flags = [getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")]
        with open(os.open(path, os.O_RDONLY | sum(flags)), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_SOURCE or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise IntakeError(f"{name} has {size:,} bytes; at most {MAX_SOURCE:,} are read")
            return file.read(MAX_SOURCE)
    except OSError as error:
        raise IntakeError(f"{name} cannot be read: {error.strerror}") from None
