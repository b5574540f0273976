"""Has loaded what the Python of every hand-in loads, and forks a worker for each into the sandbox that stands ready.

Started as `python zygote.py CONFIG`, CONFIG being JSON (see forks.py), outside of all sandboxes: no hand-in's code runs
in it. A fork enters bubblewrap's namespaces, gives up what bubblewrap's own child would have given up, and from then on
is what worker.py is: it confines itself, and serves one submission. It imports nothing of the project but its
neighbours.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import traceback

# What bubblewrap makes anew, as /proc/self/ns calls it, and its flag in linux/sched.h.
NAMESPACES = {
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
USERS = {"user": 0x10000000}  # where it is not started by root
WHERE_POSSIBLE = {"cgroup"}
ENDS = ("requests", "replies", "output", "status", "about", "ready")  # of pipes, in the order in which they come
PR_SET_PDEATHSIG, PR_CAPBSET_DROP = 1, 24
SETGID, SETUID = 6, 7  # of linux/capability.h, with which the worker leaves root
CAPABILITIES, VERSION_3 = 64, 0x20080522
MOST_OPEN = 256  # descriptors; the zygote is started with one


class SandboxError(Exception):
    """There is no sandbox to go into."""


def serve(listener: socket.socket) -> None:
    """Fork for each who connects."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        connection, _ = listener.accept()
        in_a_fork(lambda connection=connection: lead(connection))
        connection.close()


def in_a_fork(work) -> int:
    """Do it in a process that ends with it; the process."""
    pid = os.fork()
    if not pid:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid


def lead(connection: socket.socket) -> None:
    """Let a worker into its sandbox, wait outside for its end, and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    path, numbers, _, _ = socket.recv_fds(connection, os.pathconf("/", "PC_PATH_MAX"), len(ENDS))
    ends = dict(zip(ENDS, numbers, strict=True))
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    names = NAMESPACES if config["drop_uid"] else NAMESPACES | USERS
    outside = {name: namespace(name) for name in names}
    connection.send(b"%d" % os.getpid())
    sandbox = built(ends)
    if confinement.LIBC.setns(sandbox, sum(names.values())):
        raise OSError(ctypes.get_errno(), "the sandbox is not to be entered")
    worker = in_a_fork(lambda: become(config, ends, outside))
    close_all_but([ends["status"]])
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    os.write(ends["status"], b"%d\n" % (code if code >= 0 else 128 - code))


def namespace(name: str) -> int:
    """The number of the one of this process."""
    return os.stat(f"/proc/self/ns/{name}").st_ino


def built(ends: dict) -> int:
    """A descriptor of the sandbox's first process, once all is done in it that bubblewrap does."""
    about = os.read(ends["about"], 4096)
    while b"}" not in about:
        part = os.read(ends["about"], 4096)
        if not part:
            raise SandboxError("bubblewrap has ended")
        about += part
    descriptor = os.pidfd_open(json.loads(about)["child-pid"])
    if not os.read(ends["ready"], 1):
        raise SandboxError("bubblewrap has ended")
    return descriptor


def become(config: dict, ends: dict, outside: dict) -> None:
    """In the sandbox: what worker.py is, and nothing of what was before."""
    same = [name for name, number in outside.items() if namespace(name) == number and name not in WHERE_POSSIBLE]
    if same:
        raise SandboxError(f"{', '.join(same)}: none of its own")
    os.chdir("/tmp")
    os.dup2(ends["output"], 1)
    os.dup2(ends["output"], 2)
    config |= {name: ends[name] for name in ("requests", "replies")}
    close_all_but([config["requests"], config["replies"]])
    keep_capabilities([SETGID, SETUID] if config["drop_uid"] else [])
    serving.run(config, confinement.confine(config))


def close_all_but(kept: list) -> None:
    """Of what is open, but for standard input and output."""
    first = 3
    for descriptor in (*sorted(kept), MOST_OPEN):
        os.closerange(first, descriptor)
        first = descriptor + 1


def keep_capabilities(kept: list) -> None:
    """Give up all others, for good; and let this process look at itself, which is not allowed to who had them."""
    for number in set(range(CAPABILITIES)) - set(kept):
        confinement.LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    mask = sum(1 << number for number in kept)
    if confinement.LIBC.capset(struct.pack("=Ii", VERSION_3, 0), struct.pack("=6I", mask, mask, 0, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "capabilities are not to be given up")
    confinement.LIBC.prctl(confinement.PR_SET_DUMPABLE, 1, 0, 0, 0)


if __name__ == "__main__":
    gc.disable()  # until all is loaded
    config = json.loads(sys.argv[1])
    sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
    sys.path += [folder for folder in config["path"] if folder not in sys.path]
    import confinement

    confinement.LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != config["parent"]:  # it has gone already
        os._exit(1)
    import serving

    for module in config["modules"]:
        importlib.import_module(module)
    serve(socket.socket(fileno=config["listener"]))
