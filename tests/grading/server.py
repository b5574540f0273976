"""The server that forks a process for every submission of a class: it lives in the run's folder, and ends with the run.

multiprocessing's own lives on while one of its processes does, and leaves its folder where the run is killed. So it is
tied to the run, its processes are tied to it (tied.py), and its socket lies where all that the run needs for a while
lies. The names with an underscore are multiprocessing's; tests/meta/test_ends.py fails when they are gone.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Iterator
from multiprocessing import forkserver

from lmm_verification import command

from tests.grading import tied
from tests.grading.sandbox import scratch


@contextlib.contextmanager
def serving(modules: list[str]) -> Iterator[None]:
    """With these modules loaded; the script that started this run is not run again in its processes."""
    os.environ[tied.RUN] = str(os.getpid())
    multiprocessing.current_process()._config["tempdir"] = str(scratch.folder())  # type: ignore[attr-defined]
    forkserver.set_forkserver_preload(
        [command.__name__, tied.__name__, *modules]
    )  # the first puts the suite on the path
    main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
    try:
        forkserver.ensure_running()  # by this thread: the server ends with the thread that started it
        yield
    finally:
        sys.modules["__main__"] = main
        stop()


def stop() -> None:
    """End it and its processes, whatever they are at."""
    server = forkserver._forkserver  # type: ignore[attr-defined]
    if server._forkserver_pid is not None and server._forkserver_alive_fd is not None:  # None: a stop was broken off
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()
    multiprocessing.current_process()._config.pop("tempdir", None)  # type: ignore[attr-defined]
