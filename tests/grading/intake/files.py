"""Files of a hand-in, from a folder or an archive: looked at before they are opened, and read up to a limit.

What lies where hand-ins lie is nobody's configuration and stops nobody: a link, a device, a file of 20 GB, an archive
that unpacks to more than it should or to somewhere else is a sentence.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.grading.intake.documents import READERS
from tests.grading.intake.text import printable

MAX_FILE = {".ipynb": 32 * 2**20, ".zip": 64 * 2**20}  # bytes; outputs and pictures lie in notebooks
MAX_SOURCE = 2**20  # of every other file
MAX_BESIDE, MAX_BESIDE_BYTES = 50, 8 * 2**20  # files beside the source, all together
MAX_MEMBERS, MAX_UNPACKED = 20_000, 2**29  # of an archive
MAX_ENTRY = 2**27  # bytes of one hand-in, all that is in it together
OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz")
NOISE = (
    "__MACOSX",
    "__pycache__",
    "Thumbs.db",
    "desktop.ini",
    "renv",
    ".DS_Store",
    ".git",
    ".gitignore",
    ".idea",
    ".vscode",
)
NOISE_ENDS = (".Rproj", ".Rproj.user", ".Rhistory", ".RData", ".ipynb_checkpoints", ".pyc")


class IntakeError(ValueError):
    """What was handed in cannot be read, in one sentence."""


@dataclass
class Entry:
    """What stands side by side in a class: one file, or a folder or an archive of files by their paths in it."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)  # paths of others, and why
    refused: str = ""  # why none of it could be read
    size: int = 0

    def keep(self, path: str, content: bytes) -> None:
        """One more file; raises IntakeError where all together are too much."""
        if self.size + len(content) > MAX_ENTRY:
            raise IntakeError(f"{printable(self.name)} holds more than {MAX_ENTRY:,} bytes")
        self.size += len(content)
        self.files[path] = content

    @property
    def gradable(self) -> dict[str, bytes]:
        """Files that may hold the functions."""
        return {path: content for path, content in self.files.items() if suffix(path) in READERS}


def suffix(name: str) -> str:
    """The ending, in small letters."""
    return PurePosixPath(name).suffix.lower()


def is_noise(name: str) -> bool:
    """Whether a system or an editor left it."""
    return name in NOISE or name.startswith("._") or name.endswith(NOISE_ENDS)


def entries(folder: Path, without: set[Path]) -> list[Entry]:
    """All in a class's folder but some paths (the report's folder lies there, perhaps)."""
    inside = sorted(path for path in folder.iterdir() if not is_noise(path.name) and _real(path) not in without)
    return [entry(path) for path in inside]


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # which a link to itself does not stop


def entry(path: Path) -> Entry:
    """A file, or a folder or archive with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        found = Entry(path.name)
        for inside in sorted(path.rglob("*")):
            relative = inside.relative_to(path)
            if not any(map(is_noise, relative.parts)) and (inside.is_symlink() or not inside.is_dir()):
                _add(found, relative.as_posix(), inside)
        return found
    found = Entry(path.name)
    try:
        if suffix(path.name) == ".zip":
            return unpacked(path.name, content(path))
        _add(found, path.name, path)
    except IntakeError as error:
        found.refused = str(error)
    return found


def _add(found: Entry, name: str, path: Path) -> None:
    try:
        if suffix(name) == ".zip":
            inner = unpacked(name, content(path))
            if inner.refused:
                raise IntakeError(inner.refused)
            found.unread |= {f"{name}/{part}": why for part, why in inner.unread.items()}
            for part, data in inner.files.items():
                found.keep(f"{PurePosixPath(name).with_suffix('')}/{part}", data)
        else:
            found.keep(name, content(path))
    except IntakeError as error:
        found.unread[name] = str(error)


def content(path: Path) -> bytes:
    """The bytes of a regular file of bearable size; raises IntakeError for whatever else has this name."""
    name, most = printable(path.name), MAX_FILE.get(suffix(path.name), MAX_SOURCE)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise IntakeError(f"{name} is a link or no regular file; hand in the file itself")
        flags = [getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")]
        with open(os.open(path, os.O_RDONLY | sum(flags)), "rb") as file:
            about = os.fstat(file.fileno())
            if about.st_size > most or not stat.S_ISREG(about.st_mode):
                raise IntakeError(f"{name} has {about.st_size:,} bytes; at most {most:,} are read")
            return file.read(most)
    except OSError as error:
        raise IntakeError(f"{name} cannot be read: {error.strerror}") from None


def unpacked(name: str, archive: bytes) -> Entry:
    """What is in a zip, and in zips in it."""
    found = Entry(name)
    try:
        for path, data in members(name, io.BytesIO(archive)):
            if isinstance(data, bytes) and suffix(path) == ".zip":
                for part, more in members(path, io.BytesIO(data)):
                    if suffix(part) != ".zip":
                        _keep(found, f"{PurePosixPath(path).with_suffix('')}/{part}", more)
            else:
                _keep(found, path, data)
    except IntakeError as error:
        return Entry(name, refused=str(error))
    return found


def _keep(found: Entry, path: str, data: bytes | str) -> None:
    if isinstance(data, bytes):
        found.keep(path, data)
    else:
        found.unread[path] = data


def members(name: str, archive: io.BytesIO | Path) -> Iterator[tuple[str, bytes | str]]:
    """Paths in a zip and their bytes, or the sentence why one is not read; raises IntakeError for the whole."""
    name, left = printable(name), MAX_UNPACKED
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            if len(infos) > MAX_MEMBERS:
                raise IntakeError(f"{name} holds {len(infos):,} files; at most {MAX_MEMBERS:,} are read")
            for info in infos:
                path = PurePosixPath(info.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", info.filename):
                    raise IntakeError(f"{name} holds a path that leads out of it: {printable(info.filename)[:80]}")
                if any(map(is_noise, path.parts)) or not path.parts:
                    continue
                most = MAX_FILE.get(suffix(path.name), MAX_SOURCE)
                if stat.S_ISLNK(info.external_attr >> 16):
                    yield str(path), "is a link; hand in the file itself"
                elif info.file_size > most:
                    yield str(path), f"has {info.file_size:,} bytes; at most {most:,} are read"
                else:
                    with opened.open(info) as file:
                        data = file.read(most + 1)
                    left -= len(data)
                    if len(data) > most or left < 0:
                        raise IntakeError(
                            f"{name} unpacks to more than it says, or to more than {MAX_UNPACKED:,} bytes"
                        )
                    yield str(path), data
    except RuntimeError:
        raise IntakeError(f"{name} is locked by a password") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        if isinstance(error, IntakeError):
            raise
        raise IntakeError(f"{name} is no zip archive that can be read") from None
    except Exception as error:  # whatever a broken stream makes zlib, bz2 and lzma say
        raise IntakeError(f"{name} is no zip archive that can be read ({type(error).__name__})") from None
