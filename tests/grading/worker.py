"""Runs in the sandbox: loads one submission and calls its functions, one request after the other.

Started as `python -I -S worker.py CONFIG`, CONFIG being JSON (see sandbox.py). It imports nothing of the
project but its neighbours `wire` and `plain`, which lie beside it. Nothing that it says is trusted.
"""

import ast
import ctypes
import importlib.util
import json
import os
import resource
import signal
import sys
import traceback
import types

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 36, 38
LANDLOCK_CREATE, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
EXECUTE_AND_READ, APPLIES_TO_FILES = 0b1101, 0xC007  # of Landlock's access rights
CLONE_NEWNET, CLONE_NEWIPC = 0x40000000, 0x08000000


# --- confinement ----------------------------------------------------------------------------------------


def confine(config: dict) -> None:
    """Give up what the submission does not need: network, other files, the uid, processes, memory."""
    ruleset = landlock_rules(config["readable"], config["writable"])
    if config["drop_uid"]:
        if config["tier"] == "process":
            LIBC.unshare(CLONE_NEWNET | CLONE_NEWIPC)
            make_reachable(config)
        os.setgroups([])
        os.setresgid(*[config["drop_uid"]] * 3)
        os.setresuid(*[config["drop_uid"]] * 3)  # with the uid go all capabilities
        LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory runs out, the submission goes first
    if ruleset is not None and LIBC.syscall(LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)):
        raise OSError(ctypes.get_errno(), "Landlock refuses")
    for name, value in config["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def make_reachable(config: dict) -> None:
    """Let an interpreter that lies in root's home be read after the uid is gone.

    A path through the open descriptor of a folder does not pass the folders above it.
    """
    for folder in config["path"]:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        door = f"/proc/self/fd/{descriptor}"
        sys.path[:] = [entry.replace(folder, door, 1) if entry.startswith(folder) else entry for entry in sys.path]
        for module in list(sys.modules.values()):
            if getattr(module, "__path__", None):
                module.__path__ = [entry.replace(folder, door, 1) for entry in module.__path__]
    sys.path_importer_cache.clear()


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("fd", ctypes.c_int32)]


def landlock_rules(readable: list[str], writable: list[str]) -> int | None:
    """A ruleset of Linux's Landlock: files by a list, no TCP, no signals to the outside.

    Numbers and layout are those of linux/landlock.h. None where the kernel does not have it.
    """
    version = LIBC.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return None
    everything = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1
    rules = _Ruleset(everything, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = ctypes.c_size_t(8 if version < 4 else 16 if version < 6 else 24)
    ruleset = LIBC.syscall(LANDLOCK_CREATE, ctypes.byref(rules), size, ctypes.c_uint32(0))
    for paths, access in ((readable, EXECUTE_AND_READ), (writable, everything)):
        for path in filter(os.path.exists, paths):
            descriptor = os.open(path, os.O_PATH)
            allowed = access if os.path.isdir(path) else access & APPLIES_TO_FILES
            rule = _Beneath(allowed & everything, descriptor)
            LIBC.syscall(LANDLOCK_ADD_RULE, ruleset, ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
            os.close(descriptor)
    return ruleset


def supervise(lifeline: int, uid: int | None) -> None:
    """Fork; the child goes on. The parent waits for it, or for the grader's end, and leaves no descendant."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whatever a descendant abandons becomes our child
    ended, child_end = os.pipe()
    child = os.fork()
    if not child:
        os.close(lifeline)
        os.close(ended)
        os.set_inheritable(child_end, False)
        return
    os.close(child_end)
    for descriptor in range(3, 256):
        if descriptor not in (lifeline, ended):
            try:
                os.close(descriptor)
            except OSError:
                pass
    import select

    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    while True:
        events = poll.poll(50)
        if events or os.waitpid(child, os.WNOHANG)[0]:
            break
    while kill_descendants(uid):
        pass
    os._exit(0)


def kill_descendants(uid: int | None) -> bool:
    """Kill all processes below this one; whether there were any.

    As root, all processes of the worker's own uid are killed at once, which no fork can outrun.
    """
    if uid and not (killer := os.fork()):
        os.setresuid(uid, uid, uid)
        os.kill(-1, signal.SIGKILL)
        os._exit(0)
    if uid:
        os.waitpid(killer, 0)
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:  # a name may hold any byte
                parents[int(entry)] = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError):
            continue
    below, more = set(), {os.getpid()}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more}
        below |= more
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in below:
            try:
                os.kill(pid, number)
            except OSError:
                continue
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False  # the last descendant is gone, since all of them end up as our children
    return True


# --- languages ------------------------------------------------------------------------------------------


class PythonSubmission:
    """Functions of a Python file."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            source = file.read()
        ast.parse(source, path)
        specification = importlib.util.spec_from_file_location("submission", path)
        self.module = importlib.util.module_from_spec(specification)
        sys.modules["submission"] = self.module
        exec(compile(source, path, "exec"), self.module.__dict__)

    def function(self, name: str):
        """The function, or None."""
        function = self.module.__dict__.get(name)
        return function if callable(function) else None

    def call(self, function, arguments: list, forms: dict) -> dict:
        """Call it with pandas and numpy objects."""
        return plain.plain(function(*[as_python(argument) for argument in arguments]), forms)


def as_python(argument):
    """Tables as DataFrames, labels as arrays, lists as lists."""
    if isinstance(argument, dict) and "table" in argument:
        import pandas

        return pandas.DataFrame({name: as_python(column) for name, column in argument["table"].items()})
    if isinstance(argument, dict) and "labels" in argument:
        return numpy.array(argument["labels"])
    return argument


def words(error: BaseException, path: str) -> str:
    """An exception in one sentence, with the line of the submission where it arose."""
    if isinstance(error, SyntaxError) and error.filename == path:
        text = (error.text or "").strip()
        return f"syntax error in line {error.lineno}: {error.msg}" + (f": {text}" if text else "")
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    where = f" in line {lines[-1].lineno}" if lines else ""
    try:
        message = " ".join(str(error).split())[:300]
    except Exception:
        message = ""
    return f"{type(error).__name__}{where}" + (f": {message}" if message else "")


class Drawing(types.ModuleType):
    """Stands in for matplotlib: a picture earns nothing and costs nothing, installed or not."""

    __path__: list = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_, **__):
        return self

    def __getitem__(self, _):
        return self

    def __iter__(self):  # figure, axes = plt.subplots()
        return iter((self, self))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class DrawingFinder:
    """Finds matplotlib and everything in it."""

    @staticmethod
    def find_spec(name: str, path=None, target=None):
        """A module that is a Drawing."""
        if name.partition(".")[0] != "matplotlib":
            return None
        return importlib.util.spec_from_loader(name, DrawingFinder, is_package=True)

    @staticmethod
    def create_module(spec):
        """See find_spec."""
        return Drawing(spec.name)

    @staticmethod
    def exec_module(module):
        """Nothing is to be run."""


class Forbidding:
    """Refuses to import what the rubric does not allow; numpy and pandas are here already, for the arguments."""

    def __init__(self, names: list) -> None:
        self.names = names

    def find_spec(self, name: str, path=None, target=None):
        """Nothing, or an error in words."""
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} may not be used in this exercise", name=name)


# --- the loop -------------------------------------------------------------------------------------------


def serve(config: dict, requests: int, replies: int) -> None:
    """Answer requests until the grader hangs up."""
    path = config["submission"]
    try:
        if config["language"] == "R":
            submission = r_submission.RSubmission(path)
        else:
            submission = PythonSubmission(path)
        answer = {"loaded": True}
    except BaseException as error:
        submission, answer = None, {"loaded": False, "error": words(error, path)}
    wire.send(replies, wire.encode({"nonce": config["nonce"], **answer}))
    while True:
        try:
            request = wire.receive(requests)
        except wire.ClosedError:
            return
        wire.send(replies, wire.encode({"nonce": request["nonce"], **answered(submission, request, path)}))


def answered(submission, request: dict, path: str) -> dict:
    """The reply to one request: a value, or an error in words."""
    function = submission.function(request["name"])
    if function is None:
        return {"error": "not defined", "kind": "undefined"}
    try:
        return {"value": submission.call(function, request["arguments"], request["forms"])}
    except plain.UnreadableError as error:
        return {"error": str(error), "kind": "form"}
    except MemoryError:
        return {"error": "it ran out of memory", "kind": "form"}
    except BaseException as error:
        return {"error": words(error, path), "kind": "raised"}


if __name__ == "__main__":
    config = json.loads(sys.argv[1])
    here = os.path.dirname(os.path.abspath(__file__))
    if config["tier"] == "process":
        supervise(config["lifeline"], config["drop_uid"])
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.umask(0o022)
    sys.path += [folder for folder in config["path"] if folder not in sys.path]
    confine(config)
    sys.path.insert(0, here)
    import numpy
    import plain
    import wire

    if config["language"] == "R":
        import r_submission
    del sys.path[0]
    sys.meta_path[:0] = [DrawingFinder, Forbidding(config["forbidden"])]
    sys.argv = [config["submission"]]
    sys.modules["__main__"] = types.ModuleType("__main__")
    serve(config, config["requests"], config["replies"])
    os._exit(0)
