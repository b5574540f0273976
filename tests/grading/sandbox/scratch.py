"""A folder for all that a run needs for a while, which is gone when its process is, however that ends."""

import atexit
import errno
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Once the process at the other end of the pipe has gone; again while a worker that is being ended still writes.
REMOVE = 'cat; for _ in $(seq 100); do chmod -R u+rwx "$0"; rm -rf "$0"; [ -e "$0" ] || break; sleep 0.1; done'
LEAST = 16 * 2**20  # bytes: a run begins with so much room
_OPEN: list[tuple[int, Path, int, "subprocess.Popen[bytes]"]] = []  # of at most one: process, folder, pipe, janitor


def folder() -> Path:
    """This process's folder; other users may pass through it."""
    if not (_OPEN and _OPEN[0][0] == os.getpid()):
        path = Path(tempfile.mkdtemp(prefix="lmm-"))
        path.chmod(0o711)
        end, alive = os.pipe()
        null = subprocess.DEVNULL
        janitor = subprocess.Popen(
            ["/bin/sh", "-c", REMOVE, str(path)], stdin=end, stdout=null, stderr=null, start_new_session=True, cwd="/"
        )
        os.close(end)
        _OPEN[:] = [(os.getpid(), path, alive, janitor)]
    return _OPEN[0][1]


def lacking() -> str:
    """Why there is no room for it, or nothing."""
    place, error = tempfile.gettempdir(), os.strerror(errno.ENOSPC)
    free = shutil.disk_usage(place).free
    return f"{error}: {place} (TMPDIR) has {free / 2**20:.1f} MiB left" if free < LEAST else ""


def remove() -> None:
    """Remove it now."""
    if _OPEN and _OPEN[0][0] == os.getpid():
        _, _, alive, janitor = _OPEN.pop()
        os.close(alive)
        janitor.wait()


atexit.register(remove)
