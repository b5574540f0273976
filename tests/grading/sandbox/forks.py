"""Workers of a class, forked from a process that has loaded numpy, pandas and much of scipy for all (zygote.py).

For each, bubblewrap builds the same sandbox as for any worker, around a shell that does nothing until the worker has
ended; the fork goes into it.
"""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.grading.sandbox import scratch, view

ZYGOTE = "LMM_ZYGOTE"  # in the environment of who grades: where it listens
WAITS = 'echo; read -r status; exit "${status:-1}"'  # in the sandbox: it ends as the worker has ended
PATIENCE = 60.0  # seconds until a worker is started without it
LAZY = ("scipy.linalg", "scipy.special")  # "import scipy" alone has these, too, and they make no other name known


@contextlib.contextmanager
def served(forbidden: list[str]) -> Iterator[None]:
    """With a zygote, which has loaded nothing that is forbidden, for this process and all that it starts."""
    path = Path(tempfile.mkdtemp(dir=scratch.folder())) / "zygote"  # nobody else may come to it
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        config = {
            "path": view.library_folders(),
            "modules": [module for module in LAZY if module.partition(".")[0] not in forbidden],
            "parent": os.getpid(),
            "listener": listener.fileno(),
        }
        zygote = subprocess.Popen(
            [*view.python(str(view.HERE / "zygote.py")), json.dumps(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
            start_new_session=True,
            cwd=path.parent,
            env=view.environment("/tmp") | {"PWD": "/tmp"},  # which bubblewrap says, too
        )
    os.environ[ZYGOTE] = str(path)
    try:
        yield
    finally:
        refuse()
        del os.environ[ZYGOTE]
        zygote.kill()
        zygote.wait()


def is_served() -> bool:
    """Whether there is one for this process."""
    return ZYGOTE in os.environ


def refuse() -> None:
    """From now on workers are started without it."""
    Path(os.environ[ZYGOTE]).unlink(missing_ok=True)


def start(
    bubblewrap: list[str], config: dict[str, Any], output: int, folder: Path
) -> tuple["subprocess.Popen[bytes]", int] | None:
    """The sandbox's process, and that of the worker's parent outside; None where no zygote answers.

    `output` is the end of the pipe for what is printed, `folder` one that no sandbox shows.
    """
    if not is_served():
        return None
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    pipes = [os.pipe() for _ in range(3)]
    (status, say), (about, tell), (ready, is_ready) = pipes
    ends = [config["requests"], config["replies"], output, say, about, ready]
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(os.environ[ZYGOTE])
            socket.send_fds(connection, [str(path).encode()], ends)
            parent = int(connection.recv(16))
        sandbox = subprocess.Popen(
            [*bubblewrap, "--info-fd", str(tell), "--", "/bin/sh", "-c", WAITS],
            stdin=status,
            stdout=is_ready,
            stderr=output,
            pass_fds=(tell,),
            start_new_session=True,
            cwd="/",
            env=view.environment("/tmp"),
        )
    except (OSError, ValueError):
        return None
    finally:
        for descriptor in (end for pipe in pipes for end in pipe):
            os.close(descriptor)
    return sandbox, parent
