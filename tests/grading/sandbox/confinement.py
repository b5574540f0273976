"""What a worker gives up before it loads a submission: other files, network, other processes, the kernel's extras.

Runs in the sandbox, beside worker.py, on Linux. Three fences, each where the kernel has it: another uid (started as
root), Landlock for files, and a filter of system calls for what is no file.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 22, 36, 38
LANDLOCK_CREATE, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
EXECUTE_AND_READ, LIST, APPLIES_TO_FILES = 0b1101, 0b1000, 0xC007  # of Landlock's access rights
CLONE_NEWNET, CLONE_NEWIPC = 0x40000000, 0x08000000
TRUNCATE_SINCE, SIGNALS_SINCE = 3, 6  # Landlock's versions that keep files from being cut, others from signals


def confine(config: dict) -> list:
    """Give up what the submission does not need; the names of the fences that stand."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.umask(0o022)
    ruleset, version = landlock_rules(config)
    if config["drop_uid"]:
        if config["tier"] == "process":
            LIBC.unshare(CLONE_NEWNET | CLONE_NEWIPC)
            make_reachable(config)
        os.setgroups([])
        os.setresgid(*[config["drop_uid"]] * 3)
        os.setresuid(*[config["drop_uid"]] * 3)  # with the uid go all capabilities
        LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    join_new_keyring()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # where memory runs out, the submission goes first
    if ruleset is not None and LIBC.syscall(LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)):
        raise OSError(ctypes.get_errno(), "Landlock refuses")
    for name, value in config["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    is_apart = config["tier"] == "bwrap"
    filtered = filter_calls(
        signals=not is_apart and version < SIGNALS_SINCE, changes=not is_apart and not config["drop_uid"]
    )
    return [*(["landlock"] if version >= TRUNCATE_SINCE else []), *(["calls"] if filtered else [])]


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


# --- files ----------------------------------------------------------------------------------------------


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("fd", ctypes.c_int32)]


def landlock_rules(config: dict) -> tuple:
    """A ruleset of Linux's Landlock (files by a list, no TCP, no signals to the outside), and Landlock's version.

    Numbers and layout are those of linux/landlock.h. None and 0 where the kernel does not have it.
    """
    version = LIBC.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return None, 0
    everything = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1
    rules = _Ruleset(everything, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = ctypes.c_size_t(8 if version < 4 else 16 if version < 6 else 24)
    ruleset = LIBC.syscall(LANDLOCK_CREATE, ctypes.byref(rules), size, ctypes.c_uint32(0))
    granted = ((config["readable"], EXECUTE_AND_READ), (config["listable"], LIST), (config["writable"], everything))
    for paths, access in granted:
        for path in filter(os.path.exists, paths):
            descriptor = os.open(path, os.O_PATH)
            allowed = access if os.path.isdir(path) else access & APPLIES_TO_FILES
            rule = _Beneath(allowed & everything, descriptor)
            LIBC.syscall(LANDLOCK_ADD_RULE, ruleset, ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
            os.close(descriptor)
    return ruleset, version


# --- system calls ---------------------------------------------------------------------------------------

KEYCTL = {"x86_64": 250, "aarch64": 219}
KEYCTL_JOIN_SESSION_KEYRING = 1
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # of linux/audit.h
X32 = 0x40000000  # the other numbers of an x86_64 kernel
NEW_NAMESPACES = 0x7E020000
# Of each call that is refused: name, number on x86_64, number on aarch64 (0: it has none).
WAYS_TO_NEIGHBOURS = """
socket 41 198   mq_open 240 180   mq_unlink 241 181   shmget 29 194   shmat 30 196   shmctl 31 195
semget 64 190   semop 65 193   semtimedop 220 192   semctl 66 191   msgget 68 186   msgsnd 69 189
msgrcv 70 188   msgctl 71 187   add_key 248 217   request_key 249 218   keyctl 250 219
"""  # other than files and the wire
OTHER_PROCESSES = """
ptrace 101 117   process_vm_readv 310 270   process_vm_writev 311 271   kcmp 312 272   tkill 200 130
rt_sigqueueinfo 129 138   rt_tgsigqueueinfo 297 240   setpriority 141 140   ioprio_set 251 30
sched_setparam 142 118   sched_setscheduler 144 119   sched_setaffinity 203 122   sched_setattr 314 274
migrate_pages 256 238   move_pages 279 239
"""  # and one's own rank among them
CHANGES_OF_FILES = """
chmod 90 0   fchmod 91 52   fchmodat 268 53   chown 92 0   fchown 93 55   lchown 94 0   fchownat 260 54
utime 132 0   utimes 235 0   futimesat 261 0   utimensat 280 88   setxattr 188 5   lsetxattr 189 6
fsetxattr 190 7   removexattr 197 14   lremovexattr 198 15   fremovexattr 199 16
"""  # that it may not even write: Landlock does not ask about these. They do nothing, and say nothing: shutil.copy
NAMESPACES_AND_MORE = """
unshare 272 97   setns 308 268   mount 165 40   umount2 166 39   chroot 161 51   pivot_root 155 41
open_by_handle_at 304 265   fanotify_init 300 262   bpf 321 280   perf_event_open 298 241   userfaultfd 323 282
"""  # mounts, and what else the kernel offers to few
REFUSED = WAYS_TO_NEIGHBOURS + OTHER_PROCESSES + NAMESPACES_AND_MORE
NEW_AND_REFUSED = """
pidfd_send_signal 424   io_uring_setup 425   io_uring_enter 426   io_uring_register 427   open_tree 428
move_mount 429   fsopen 430   fsconfig 431   fsmount 432   fspick 433   pidfd_open 434   pidfd_getfd 438
process_madvise 440   mount_setattr 442   process_mrelease 448   fchmodat2 452   setxattrat 463
removexattrat 466   open_tree_attr 467   file_setattr 469
"""  # of these the number is the same on all machines
CLONE3 = 435
ONLY_MYSELF = {"kill": (62, 129), "tgkill": (234, 131)}  # the first argument is the process
ONLY_ZERO = {"prlimit64": (302, 261)}  # 0: oneself
CLONE, FCNTL, IOCTL = (56, 220), (72, 25), (16, 29)
OWNERS_OF_SIGNALS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: a signal to anybody by way of a file
IOCTLS = (0x8901, 0x8902, 0x5412)  # FIOSETOWN, SIOCSPGRP, TIOCSTI
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_ANY, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, PRETEND = 0x7FFF0000, 0x00050001, 0x00050000  # as it is; EPERM; done, though it is not
UNKNOWN = 0x00050026  # ENOSYS, at which clone3 falls back on clone
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data


def join_new_keyring() -> None:
    """A session keyring of its own: the one that is inherited is shared by all, and outlives them."""
    number = KEYCTL.get(platform.machine())
    if number:
        LIBC.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


def filter_calls(*, signals: bool, changes: bool) -> bool:
    """Refuse system calls that reach beyond the worker; whether this kernel and machine can.

    Signals, and changes of files' modes, only where nothing else keeps them within it.
    """
    machine = platform.machine()
    if machine not in ARCHITECTURES or sys.maxsize < 2**32:
        return False
    code = program(
        list(ARCHITECTURES).index(machine), ARCHITECTURES[machine], os.getpid() if signals else 0, changes=changes
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer)))
    return LIBC.prctl(PR_SET_SECCOMP, 2, header, 0, 0) == 0


def program(machine: int, architecture: int, pid: int, *, changes: bool) -> bytes:
    """The filter as linux/filter.h has it: of each instruction code, jump if true, jump if false, operand.

    `pid` is the only process that may be signalled; 0: any.
    """

    def refused(number: int, answer: int = REFUSE) -> list:
        return [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]

    def examined(number: int, argument: int, *judgement: tuple) -> list:
        """Where this call is made, load the low half of an argument and go through the judgement; else go on."""
        return [
            (JUMP_IF_EQUAL, 0, len(judgement) + 2, number),
            (LOAD, 0, 0, ARGUMENTS + 8 * argument),
            *judgement,
            (RETURN, 0, 0, ALLOW),
        ]

    def refused_if(jump: int, value: int) -> list:
        return [(jump, 0, 1, value), (RETURN, 0, 0, REFUSE)]

    def refused_unless(value: int) -> list:
        return [(JUMP_IF_EQUAL, 1, 0, value), (RETURN, 0, 0, REFUSE)]

    def numbers(table: str) -> list:
        return [int(number) for number in table.split()[1 + machine :: 3] if int(number)]

    signals = ONLY_MYSELF.values() if pid else ()
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        *refused_unless(architecture),
        (LOAD, 0, 0, NUMBER),
        *refused_if(JUMP_IF_AT_LEAST, X32),
        *(step for number in (*numbers(REFUSED), *map(int, NEW_AND_REFUSED.split()[1::2])) for step in refused(number)),
        *(step for number in numbers(CHANGES_OF_FILES if changes else "") for step in refused(number, PRETEND)),
        *refused(CLONE3, UNKNOWN),
        *(step for pair in signals for step in examined(pair[machine], 0, *refused_unless(pid))),
        *(step for pair in ONLY_ZERO.values() for step in examined(pair[machine], 0, *refused_unless(0))),
        *examined(CLONE[machine], 0, *refused_if(JUMP_IF_ANY, NEW_NAMESPACES)),
        *examined(FCNTL[machine], 1, *(s for value in OWNERS_OF_SIGNALS for s in refused_if(JUMP_IF_EQUAL, value))),
        *examined(IOCTL[machine], 1, *(s for value in IOCTLS for s in refused_if(JUMP_IF_EQUAL, value))),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


# --- processes ------------------------------------------------------------------------------------------


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
