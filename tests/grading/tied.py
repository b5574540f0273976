"""Imported first in the server that forks a process for every submission: it ends when the run does, however that ends.

So do the processes that it forks, when it ends.
"""

import ctypes
import os
import signal
from multiprocessing import parent_process

RUN = "LMM_RUN"  # in the environment: the process of the run
PR_SET_PDEATHSIG = 1
IMPORTED_BY = os.getpid()


def end_with_parent() -> None:
    """In a process that the server has forked, or that stands alone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent_process() and os.getppid() != IMPORTED_BY:  # it has gone already
        os._exit(1)


if os.environ.get(RUN) == str(os.getppid()):
    end_with_parent()
