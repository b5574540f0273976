"""Files of a hand-in, from a folder or an archive: looked at before they are opened, and read up to a limit.

What lies where hand-ins lie is nobody's configuration and stops nobody: a link, a device, a file of 20 GB, an archive
that unpacks to more than it should or to somewhere else is a sentence. Every limit is one person's, and counts what is
read of it, whether it is of use or not; whoever is beyond it loses what lies beyond, and nobody else does.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from tests.grading.intake.documents import READERS
from tests.grading.intake.text import printable

MAX_FILE = {
    ".ipynb": 32 * 2**20,
    ".yml": 16 * 2**20,
    ".zip": 64 * 2**20,
}  # bytes; outputs and pictures lie in notebooks
MAX_SOURCE = 2**20  # of every other file
MAX_BESIDE, MAX_BESIDE_BYTES = 50, 8 * 2**20  # files beside the source, all together
MAX_FILES, MAX_ENTRY = 20_000, 2**27  # files and bytes of one hand-in
MAX_DEPTH, MAX_PATH = 40, 1000  # folders in one another, and characters of a path
MAX_LISTED = 200_000  # files in an archive, passed over or not
ZIPS = 2  # so many archives in one another are opened
IN_DIRECTORY = b"PK\1\2"  # begins the line of each file in an archive's own list
ENVIRONMENTS = ("venv", ".venv", "site-packages", "node_modules", "renv", "__pycache__", ".git")
NOISE = {*ENVIRONMENTS, "__MACOSX", "Thumbs.db", "desktop.ini", ".DS_Store", ".gitignore", ".idea", ".vscode"}
NOISE_ENDS = (".Rproj", ".Rproj.user", ".Rhistory", ".RData", ".ipynb_checkpoints", ".pyc")

Read = Callable[[], bytes]  # of one file; raises IntakeError


class IntakeError(ValueError):
    """What was handed in cannot be read, in one sentence."""


@dataclass
class Entry:
    """What stands side by side in a class: one file, or a folder or an archive of files by their paths in it."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)  # of others: the sentence that says why
    count: int = 0  # of files, and
    size: int = 0  # of bytes that were read, of use or not

    def keep(self, path: str, read: Read, zips: int = ZIPS) -> None:
        """One more file, or all in it where it is an archive; what cannot be read is a line.

        `zips`: so many archives in one another may still be opened.
        """
        self.count += 1
        try:
            content = self._within_limits(path, read, zips)
            if suffix(path) == ".zip":
                inside = "" if path == self.name else f"{path}/"
                for part, read_part in members(path, content):
                    self.keep(inside + part, read_part, zips - 1)
            else:
                self.files[path] = content
        except IntakeError as error:
            self.unread[path] = str(error)

    def _within_limits(self, path: str, read: Read, zips: int) -> bytes:
        name = printable(self.name)
        if self.count > MAX_FILES:
            raise IntakeError(f"{name} holds more than {MAX_FILES:,} files")
        if path.count("/") > MAX_DEPTH or len(path) > MAX_PATH:
            raise IntakeError(
                f"{printable(path)[:80]}... lies more than {MAX_DEPTH} folders deep, or has a name too long"
            )
        if suffix(path) == ".zip" and not zips:
            raise IntakeError(f"{printable(path)} is a zip in a zip in a zip; hand in what is in it")
        content = read() if self.size <= MAX_ENTRY else b""
        self.size += len(content)
        if self.size > MAX_ENTRY:
            raise IntakeError(f"{name} holds more than {MAX_ENTRY:,} bytes")
        return content

    @property
    def gradable(self) -> dict[str, bytes]:
        """Files that may hold the functions."""
        return {path: content for path, content in self.files.items() if suffix(path) in READERS}


def suffix(name: str) -> str:
    """The ending, in small letters."""
    return PurePosixPath(name).suffix.lower()


def is_noise(name: str) -> bool:
    """Whether a system, an editor or an installation left it."""
    return name in NOISE or name.startswith("._") or name.endswith(NOISE_ENDS)


def entries(folder: Path, without: set[Path]) -> list[Entry]:
    """All in a class's folder but some paths (the report's folder lies there, perhaps)."""
    inside = sorted(path for path in folder.iterdir() if not is_noise(path.name) and _real(path) not in without)
    return [entry(path) for path in inside]


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # which a link to itself does not stop


def entry(path: Path) -> Entry:
    """A file, or a folder or archive with all that is in it."""
    found = Entry(path.name)
    is_folder = path.is_dir() and not path.is_symlink()
    for name, file in _walked(path) if is_folder else [(path.name, path)]:
        found.keep(name, partial(content, file))
        if found.count > MAX_FILES:
            break
    return found


def _walked(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files and links below a folder, by their paths in it; of what lies too deep the folder alone."""
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        closed = [name for name in folders if len(inside.parts) > MAX_DEPTH or Path(place, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in closed and not is_noise(name))
        here = [Path(place, name) for name in (*closed, *names) if not is_noise(name)]
        for path in sorted(here, key=lambda one: (one.lstat().st_size > MAX_SOURCE, one.name)):
            yield (inside / path.name).as_posix(), path


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


def members(name: str, archive: bytes | Path) -> Iterator[tuple[str, Read]]:
    """Files in a zip by their paths, higher ones first, large ones last among them; raises IntakeError for the whole.

    A path that leads out of it can be told by `stays`, and not be read.
    """
    name = printable(name)
    if isinstance(archive, bytes) and archive.count(IN_DIRECTORY) > MAX_LISTED:
        raise IntakeError(f"{name} holds more than {MAX_LISTED:,} files")
    with _opened(name, archive) as opened:
        for info in sorted(opened.infolist(), key=lambda one: (one.filename.count("/"), one.file_size > MAX_SOURCE)):
            path = info.filename.replace("\\", "/")
            is_file = path.strip("./") and not path.endswith("/")
            if is_file and (len(path) > MAX_PATH or not any(map(is_noise, path.split("/")))):
                yield str(PurePosixPath(path)), partial(_member, name, opened, info)


def stays(path: str) -> bool:
    """Whether a path in an archive stays in the folder where that is unpacked, on every system."""
    return not (path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path))


def _opened(name: str, archive: bytes | Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive)
    except Exception:  # whatever a broken list makes of it
        raise IntakeError(f"{name} is no zip archive that can be read") from None


def _member(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of one file in a zip; raises IntakeError."""
    path = info.filename.replace("\\", "/")
    shown, most = printable(info.filename)[:80], MAX_FILE.get(suffix(path), MAX_SOURCE)
    if not stays(path):
        raise IntakeError(f"{name} holds a path that leads out of it: {shown}")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise IntakeError(f"{shown} is a link; hand in the file itself")
    if info.file_size > most:
        raise IntakeError(f"{shown} has {info.file_size:,} bytes; at most {most:,} are read")
    try:
        with archive.open(info) as file:
            return file.read(most)
    except RuntimeError:
        raise IntakeError(f"{name} is locked by a password") from None
    except Exception:  # whatever a broken stream makes zipfile, zlib, bz2 and lzma say
        raise IntakeError(f"{shown} cannot be read: {name} is no zip archive that can be read") from None
