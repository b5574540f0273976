"""Where a submission runs: a process of its own, confined.

Two tiers. `bwrap`: bubblewrap gives it a file system of its own without the project in it, no network, no
other processes to see. `process`: a session of its own under a supervisor that leaves no descendant behind.
In both the worker then drops root's uid, takes limits on itself, and fences itself in as far as the kernel can (see
confinement.py).
"""

import json
import math
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.grading.intake.source import Source
from tests.grading.sandbox import forks, laid, scratch, view
from tests.grading.sandbox.limits import Limits

PARTS = (
    *("worker.py", "confinement.py", "serving.py", "wire.py", "plain.py", "stand_ins.py"),
    *("pasted.py", "python_reading.py", "python_submission.py", "r_reading.py", "r_submission.py"),
)
MiB = 2**20

LIMITS = {
    "AS": 4096 * MiB,  # memory
    "FSIZE": 64 * MiB,  # of a file
    "NOFILE": 256,
    "NPROC": 64,  # processes and threads of the worker's uid
    "CORE": 0,
}
SUPERVISOR_SECONDS = 20  # to kill whatever a submission has started


@dataclass
class Worker:
    """A running worker and the pipes to it."""

    process: subprocess.Popen[bytes]
    requests: int
    replies: int
    output: int
    nonce: str
    folder: Path
    lifeline: int
    roots: list[int]  # processes: what a worker is and starts is below one of them
    supervised: bool = False  # in the process tier, by the parent of the worker
    _open: bool = field(default=True)

    def stop(self) -> None:
        """Kill it and everything that it started, and leave nothing on disk."""
        if not self._open:
            return
        self._open = False
        for descriptor in (self.requests, self.replies, self.lifeline):
            os.close(descriptor)
        try:
            self.process.wait(timeout=SUPERVISOR_SECONDS if self.supervised else 0.2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.output)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():  # folders in folders deeper than Python removes, or closed ones
            subprocess.run(["chmod", "-R", "u+rwx", self.folder], check=False, stderr=subprocess.DEVNULL)
            subprocess.run(["rm", "-rf", self.folder], check=False)


def start(source: Source, tier: str, limits: Limits) -> Worker:
    """Start a worker on a copy of the source; what lies beside it lies in the folder where it runs."""
    folder = Path(tempfile.mkdtemp(dir=scratch.folder()))
    folder.chmod(0o755)
    kitchen, home = folder / "grader", folder / "home"
    home.mkdir()
    laid.lay(home, source.beside)
    shutil.copytree(view.HERE, kitchen, ignore=lambda _, names: [name for name in names if name not in PARTS])
    copy = kitchen / "submission.json"
    copy.write_text(json.dumps(source.chunks), encoding="utf-8")
    for path in kitchen.iterdir():
        path.chmod(0o444)
    uid = 100_000 + secrets.randbelow(400_000) if os.geteuid() == 0 else None
    if uid:
        for path in (home, *home.rglob("*")):
            os.chown(path, uid, uid)
    request_end, requests = os.pipe()
    replies, reply_end = os.pipe()
    lifeline_end, lifeline = os.pipe()
    output, output_end = os.pipe()
    for descriptor in (requests, replies):
        os.set_blocking(descriptor, False)  # clock.py waits for them
    inside, forbidden = tier == "bwrap", limits.forbidden(source.language)
    most = LIMITS | {
        "CPU": math.ceil(2 * limits.unit * (limits.submission_seconds + limits.load_seconds))
    }  # clock.py is first
    if not uid and not inside:
        most["NPROC"] += own_processes()
    config = {
        "tier": tier,
        "language": source.language,
        "forbidden": forbidden,
        "absent": view.ANSWERS,
        "nonce": secrets.token_hex(8),
        "submission": "/grader/submission.json" if inside else str(copy),
        "path": view.library_folders(),
        "drop_uid": uid,
        "readable": view.readable("/grader" if inside else str(kitchen), forbidden),
        "listable": view.library_folders(),
        "writable": ["/tmp", "/dev/shm", "/dev/null"] if inside else [str(home), "/dev/null"],
        "limits": most,
        "requests": request_end,
        "replies": reply_end,
        "lifeline": lifeline_end,
    }
    walls = view.bubblewrap(kitchen, home, uid, forbidden) if inside else []
    forked = forks.start(walls, config, output_end, folder) if inside and source.language == "Python" else None
    process, *parents = forked or [_executed(walls, kitchen, home, config, output_end)]
    for descriptor in (request_end, reply_end, lifeline_end, output_end):
        os.close(descriptor)
    roots = [process.pid, *parents]
    return Worker(process, requests, replies, output, config["nonce"], folder, lifeline, roots, supervised=not inside)


def _executed(
    walls: list[str], kitchen: Path, home: Path, config: dict[str, Any], output: int
) -> "subprocess.Popen[bytes]":
    """A Python of its own, in the sandbox where there is one."""
    worker = "/grader/worker.py" if walls else str(kitchen / "worker.py")
    ends = (config["requests"], config["replies"], *(() if walls else (config["lifeline"],)))
    return subprocess.Popen(
        [*walls, *(["--"] if walls else []), *view.python(worker), json.dumps(config)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=ends,
        start_new_session=True,
        cwd="/" if walls else home,
        env=view.environment("/tmp" if walls else str(home)),
    )


def own_processes() -> int:
    """How many processes and threads the user has already: RLIMIT_NPROC counts all of them."""
    count = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid == os.geteuid():
                count += len(list((entry / "task").iterdir()))
        except OSError:
            continue
    return count
