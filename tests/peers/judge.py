"""`lmm-verify judge PEER --base REF`: a peer, and what it has lost against another commit of its repository.

The base is checked out beside, its package is installed into a library of its own, and both are judged by the same
suite in the same environment, so that no processor's rounding counts as a loss. Afterwards each run says from where it
loaded the package: the same place is a failure, and so is a base that cannot be installed. Where there is nothing to
compare with (a first commit, a base without the file) the peer is judged alone, and a line says why. The program of a
peer.toml is started in the base's checkout, with the package that its file in R or Python names.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.base import InstallError, Libraries, compared, installed

TOML = ".toml"  # of a program
GRADED = (0, 1)  # pytest's exit status where all tests ran


class NothingToCompareError(Exception):
    """Why, in a sentence."""


def judge(peer: Path, base: str | None, options: list[str], accuracy: Path | None = None) -> int:
    """Pytest's exit status: of the comparison where there is a base, else of the peer alone; 1 where it cannot be."""
    peer = peer.resolve()
    kept = [f"--accuracy={accuracy.absolute()}"] if accuracy else []
    if not peer.is_file():
        print(f"implementation {peer} does not exist", file=sys.stderr)
        return 4
    if not base:
        return _pytest(peer, [*kept, *options], {})
    try:
        return _compared(peer, base, options, kept)
    except NothingToCompareError as why:
        print(f"nothing to compare with: {why}", flush=True)
        return _pytest(peer, [*kept, *options], {})
    except InstallError as why:
        print(f"{base} {why}", flush=True)
        return 1


def _compared(peer: Path, base: str, options: list[str], kept: list[str]) -> int:
    root = Path(_git(peer.parent, "rev-parse", "--show-toplevel")).resolve()
    with tempfile.TemporaryDirectory(prefix="lmm-base-") as name:
        folder = Path(name).resolve()
        there, here = folder / "base.json", folder / "here.json"
        with _checked_out(root, _commit(root, base), folder / "tree") as tree:
            old = tree / peer.relative_to(root)
            if not old.is_file():
                raise NothingToCompareError(f"{base} has no {peer.relative_to(root)}")
            source = _source(old)
            libraries = installed(source, root, tree, folder / "libraries") if source else Libraries(folder, root, tree)
            print(f"judging {base}", flush=True)
            status = _pytest(old, [f"--accuracy={there}", "-q", *options], libraries.environment())
            if status not in GRADED or not there.is_file():
                raise NothingToCompareError(f"{base} could not be judged (pytest ended with {status})")
            status = _pytest(peer, [f"--baseline={there}", *(kept or [f"--accuracy={here}"]), *options], {})
            if old.suffix == TOML:
                print(f"what {base}'s program has loaded is not known: it ran in its own checkout", flush=True)
            elif status in GRADED:
                _say(libraries, there, Path(kept[0].partition("=")[2]) if kept else here, base)
    return status


def _source(peer: Path) -> Path | None:
    """The file that names the package: the peer, or of a program the first of its words that is R or Python here."""
    if peer.suffix != TOML:
        return peer
    try:
        command = tomllib.loads(peer.read_text(encoding="utf-8-sig")).get("command", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None
    files = [peer.parent / word for word in command if isinstance(word, str) and word.lower().endswith((".py", ".r"))]
    return next((file for file in files if file.is_file()), None)


def _say(libraries: Libraries, there: Path, here: Path, base: str) -> None:
    """From where each run loaded the package; raises InstallError where that is no comparison."""
    try:
        loaded = [json.loads(path.read_text(encoding="utf-8"))["loaded"] for path in (there, here)]
    except KeyError:
        raise NothingToCompareError(f"the suite of {base} does not say from where it loads a package") from None
    print("\n".join(compared(libraries, *loaded)), flush=True)


@contextmanager
def _checked_out(root: Path, commit: str, tree: Path) -> Iterator[Path]:
    _git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit)
    try:
        yield tree
    finally:
        _git(root, "worktree", "remove", "--force", str(tree))


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


def _pytest(peer: Path, options: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", f"--implementation={peer}", *options]
    return subprocess.run(command, cwd=peer.parent, env=os.environ | environment, check=False).returncode


def _git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        raise NothingToCompareError((run.stderr.strip().splitlines() or ["git knows nothing of it"])[-1])
    return run.stdout.strip()
