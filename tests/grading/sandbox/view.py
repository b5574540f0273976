"""What a worker sees of this machine: its files, by bubblewrap and by Landlock, its environment and its Python."""

import glob
import os
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path

from tests.grading.sandbox.limits import BRIDGE

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
ANSWERS = ["lmm_core", "lmm_verification"]  # the names that the suite is installed by
R_FOLDERS = (
    "/etc/R",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
)
R_HOMES = (  # its programs do nothing without
    *("/usr/lib/R", "/usr/lib64/R", "/usr/local/lib/R", "/usr/local/lib64/R"),
    f"{sys.base_prefix}/lib/R",
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SCRATCH = 256 * 2**20  # bytes: all files together, where the tier can say so


def environment(home: str) -> dict[str, str]:
    """The same for every submission, wherever and whenever it is graded."""
    kept = {name: os.environ[name] for name in ("R_HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "RPY2_CFFI_MODE": "ABI",
        "R_LIBS_USER": "NULL",
        "R_PROFILE_USER": "",  # R reads no .Rprofile and no .Renviron of a folder
        "R_ENVIRON_USER": "",
        **ONE_THREAD,
        **kept,
    }


def bubblewrap(kitchen: Path, home: Path, uid: int | None, forbidden: list[str]) -> list[str]:
    """The command that builds the worker's file system, and after "--" runs what follows it there."""
    command = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--new-session", "--hostname", "grader"]
    if uid is None:
        command += ["--unshare-user", "--disable-userns"]
    else:  # the worker drops root itself; a user namespace would leave it root's real uid
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    command += ["--size", str(SCRATCH), "--perms", "1777", "--tmpfs", "/tmp"]
    for path in SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    mounts = [*R_FOLDERS, *interpreter_folders()]
    for parent in sorted({str(parent) for path in mounts for parent in Path(path).parents} - {"/", "/tmp"}):
        command += ["--perms", "0755", "--dir", parent]  # bubblewrap's own parents are closed to other uids
    for path in mounts:
        command += ["--ro-bind-try", path, path]
    shown = [f"{path}/" for path in (*SYSTEM, *mounts)]
    for path in hidden(forbidden):
        command += ["--perms", "0000", "--tmpfs", path] if path.startswith(tuple(shown)) else []
    command += ["--ro-bind", str(kitchen), "/grader", "--proc", "/proc", "--dev", "/dev"]
    command += ["--size", str(SCRATCH), "--perms", "1777", "--tmpfs", "/dev/shm"]
    for path in sorted(home.rglob("*")):
        command += [*(["--dir"] if path.is_dir() else ["--ro-bind", str(path)]), f"/tmp/{path.relative_to(home)}"]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]


def python(script: str) -> list[str]:
    """The command that runs a script and takes nothing from where it is started, or from who starts it."""
    return [_interpreter(), "-P", "-s", "-S", "-u", script]


@cache
def _interpreter() -> str:
    """The Python below the virtual environment, which lies in the project and is not to be seen."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


@cache
def library_folders() -> list[str]:
    """Folders of the standard library and of installed packages, as sys.path has them.

    The project itself is installed by a file in one of them, which a worker does not read (python -S).
    """
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    standard = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    standard = [folder.replace(sys.prefix, sys.base_prefix, 1) for folder in standard]
    return list(dict.fromkeys([*standard, *sorted(folder for folder in packages if os.path.isdir(folder))]))


def interpreter_folders() -> list[str]:
    """What has to be mounted for Python where it does not lie under /usr."""
    folders = [sys.base_prefix, *library_folders()]
    return [folder for folder in folders if not folder.startswith("/usr/")]


def hidden(forbidden: list[str]) -> list[str]:
    """Folders that no worker may look into: of packages that may not be imported, and where the answers lie.

    With the bridge to R, R itself.
    """
    found = [f"{folder}/{name}" for folder in library_folders() for name in forbidden] + answers()
    found += [os.environ.get("R_HOME", ""), *R_HOMES] if BRIDGE in forbidden else []
    names = {name for path in filter(os.path.isdir, found) for name in (path, os.path.realpath(path))}
    return sorted(name for name in names if not any(name.startswith(f"{other}/") for other in names))


@cache
def answers() -> list[str]:
    """Folders of the suite: what is installed of it in any environment near this one, or left behind, and a checkout.

    Of a checkout the folders in it, but not the one that holds the environment.
    """
    environments = {sys.prefix, sys.base_prefix, "/usr", "/usr/local", *glob.glob(f"{sys.base_prefix}/envs/*")}
    near = {folder for path in environments for folder in glob.glob(f"{path}/lib*/python3*/*-packages")}
    installed = [path for folder in {*near, *library_folders()} for path in glob.glob(f"{folder}/[l~]mm_*")]
    parts = [str(path) for path in PROJECT.iterdir() if path.is_dir()]
    return installed + [path for path in parts if not any(f"{at}/".startswith(f"{path}/") for at in library_folders())]


def readable(grader: str, forbidden: list[str]) -> list[str]:
    """What Landlock lets a worker read: where something is hidden, what lies beside it, one by one."""
    open_to_all = [*SYSTEM, *R_FOLDERS, "/proc", "/dev", grader, sys.base_prefix, *library_folders()]
    open_to_all = list(dict.fromkeys(map(os.path.realpath, open_to_all)))
    for path in hidden(forbidden):
        open_to_all = [entry for shown in open_to_all for entry in _without(shown, path)]
    return open_to_all


def _without(folder: str, path: str) -> list[str]:
    """A folder, or all in it but one path, however deep that lies."""
    if folder == path:
        return []
    if not path.startswith(f"{folder}/"):
        return [folder]
    return [entry for name in os.listdir(folder) for entry in _without(f"{folder}/{name}", path)]
