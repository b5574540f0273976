"""`lmm-verify judge PEER --base REF`: a peer, and what it has lost against another commit of its repository.

The base is checked out beside, its package is installed into a folder of its own, and both are judged by the same
suite in the same environment, so that no processor's rounding counts as a loss. Where there is nothing to compare with
(a first commit, a base without the file or that cannot be installed), the peer is judged alone, and a line says why.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

GRADED = (0, 1)  # pytest's exit status where all tests ran
PACKAGED = ("pyproject.toml", "setup.py", "setup.cfg")


class NothingToCompareError(Exception):
    """Why, in a sentence."""


def judge(peer: Path, base: str | None, options: list[str]) -> int:
    """Pytest's exit status: of the comparison where there is a base, else of the peer alone."""
    peer = peer.absolute()
    if not peer.is_file():
        print(f"implementation {peer} does not exist", file=sys.stderr)
        return 4
    with tempfile.TemporaryDirectory(prefix="lmm-base-") as folder:
        try:
            compared = [f"--baseline={_measured(peer, base, Path(folder), options)}"] if base else []
        except NothingToCompareError as why:
            print(f"nothing to compare with: {why}", flush=True)
            compared = []
        return _pytest(peer, [*compared, *options], {})


def _measured(peer: Path, base: str, folder: Path, options: list[str]) -> Path:
    """The base's accuracy file."""
    root = Path(_git(peer.parent, "rev-parse", "--show-toplevel"))
    tree, lib, accuracy = folder / "tree", folder / "lib", folder / "base.json"
    _git(root, "worktree", "add", "--quiet", "--detach", str(tree), _commit(root, base))
    try:
        old = tree / peer.relative_to(root.resolve() if peer.is_relative_to(root.resolve()) else root)
        if not old.is_file():
            raise NothingToCompareError(f"{base} has no {peer.relative_to(root)}")
        if any((tree / name).is_file() for name in PACKAGED):
            _installed(tree, lib, base)
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, [str(lib), os.environ.get("PYTHONPATH", "")]))}
        print(f"judging {base}", flush=True)
        status = _pytest(old, [f"--accuracy={accuracy}", "-q", *options], environment)
        if status not in GRADED or not accuracy.is_file():
            raise NothingToCompareError(f"{base} could not be judged (pytest ended with {status})")
    finally:
        _git(root, "worktree", "remove", "--force", str(tree))
    return accuracy


def _commit(root: Path, base: str) -> str:
    """The commit of a name, fetched where a shallow checkout lacks it."""
    for name in (base, f"origin/{base}"):
        try:
            return _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except NothingToCompareError:
            continue
    try:
        _git(root, "fetch", "--quiet", "--depth=1", "origin", base)
        return _git(root, "rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}")
    except NothingToCompareError:
        raise NothingToCompareError(f"there is no commit {base} here, nor at origin") from None


def _installed(tree: Path, lib: Path, base: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(lib), str(tree)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NothingToCompareError(f"{base} cannot be installed: {last}")


def _pytest(peer: Path, options: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", f"--implementation={peer}", *options]
    return subprocess.run(command, cwd=peer.parent, env=os.environ | environment, check=False).returncode


def _git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        raise NothingToCompareError((run.stderr.strip().splitlines() or ["git knows nothing of it"])[-1])
    return run.stdout.strip()
