"""Run a command as an ordinary user, started by root: what a teacher without rights sees, tested on any machine."""

import os
import subprocess
import sys
from pathlib import Path

from tests.meta.graded import PROJECT

NOBODY = 65534
NEEDED = (Path(sys.base_prefix), Path(sys.prefix), PROJECT)


def command_of(command: list[str]) -> list[str]:
    """The command under nobody's uid, in a view of the files where what it needs is not in a closed folder."""
    lines = ["set -e", "mount --make-rprivate /"]
    closed = {path for needed in NEEDED for path in needed.parents if not path.stat().st_mode & 0o001}
    for folder in sorted(path for path in closed if not closed & set(path.parents)):  # a home; the .tox of tox
        inside = [str(path) for path in NEEDED if path.is_relative_to(folder)]
        for number, path in enumerate(inside):
            lines += [f"mkdir -p /tmp/.view/{number}", f"mount --bind {path} /tmp/.view/{number}"]
        lines += [f"mount -t tmpfs -o mode=755 tmpfs {folder}"]
        for number, path in enumerate(inside):
            lines += [f"mkdir -p {path}", f"mount --bind /tmp/.view/{number} {path}", f"umount /tmp/.view/{number}"]
    lines.append(f'exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "$@"')
    return ["unshare", "-m", "sh", "-c", "\n".join(lines), "sh", *command]


def is_possible() -> bool:
    """Whether there is another user to become, who can read this interpreter and its packages."""
    command = command_of([sys.executable, "-c", "import pandas, pytest"])
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
