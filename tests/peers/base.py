"""The package of another commit, installed beside: which of its projects a peer loads, and from where it did.

A project is a folder that git tracks and that pip (pyproject.toml, setup.py, setup.cfg) or R (DESCRIPTION) installs,
at the root or below it. A peer loads the one that it names.
"""

import filecmp
import os
import re
import subprocess
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PYTHON, R = ("pyproject.toml", "setup.py", "setup.cfg"), ("DESCRIPTION",)
LAST = 300  # characters of what an installer says
NOT_CODE = {"__pycache__", "DESCRIPTION", "INDEX", "Meta", "help", "html"}  # what an installer writes beside it


class InstallError(Exception):
    """Why, in a sentence."""


@dataclass(frozen=True)
class Libraries:
    """Where the base's packages are, one folder for Python's and one for R's, and the names of what is in them.

    root, tree: the repository, and the base's checkout.
    """

    folder: Path
    root: Path
    tree: Path
    names: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """Of a process that finds them first, and the base's files where a path leads into the repository."""
        paths = [Path(entry).resolve() for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        paths = [self.tree / path.relative_to(self.root) if path.is_relative_to(self.root) else path for path in paths]
        return {
            "PYTHONPATH": os.pathsep.join(map(str, [self.folder / "python", *paths])),
            "R_LIBS": os.pathsep.join(filter(None, [str(self.folder / "r"), os.environ.get("R_LIBS")])),
        }


def installed(peer: Path, root: Path, tree: Path, folder: Path) -> Libraries:
    """What the peer names of the projects in the tree, in a library of its own; raises InstallError.

    peer: the file in the tree.
    """
    in_r = peer.suffix.lower() == ".r"
    files = R if in_r else PYTHON
    project = _named(peer, tree, projects(tree, files))
    library = folder / ("r" if in_r else "python")
    library.mkdir(parents=True)
    if project is None and projects(root, files):
        raise InstallError("has no package to install, and this commit has one")
    if project is None:
        return Libraries(folder, root, tree)
    command = (
        ["R", "CMD", "INSTALL", "--no-docs", "--no-test-load", f"--library={library}", str(project)]
        if in_r
        else [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(library), str(project)]
    )
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise InstallError(f"cannot be installed: there is no {command[0]} on this machine") from None
    if run.returncode:
        said = [line for line in run.stderr.splitlines() if line.strip()] or ["no reason given"]
        why = next((line for line in said if line.startswith("ERROR")), said[-1])[:LAST]
        raise InstallError(f"cannot be installed: {why}")
    names = {path.name for path in library.iterdir()} if in_r else _modules(library)
    return Libraries(folder, root, tree, tuple(sorted(names)))


def projects(tree: Path, files: tuple[str, ...]) -> list[Path]:
    """The folders of a checkout that an installer takes."""
    tracked = [tree / name for name in _tracked(tree) if name.rpartition("/")[2] in files]
    return sorted({path.parent for path in tracked if path.is_file() and _installs(path)})


def _tracked(tree: Path) -> list[str]:
    listed = subprocess.run(["git", "-C", str(tree), "ls-files", "-z"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


def _installs(path: Path) -> bool:
    """A pyproject.toml may have the settings of tools alone; what cannot be read is an installer's to refuse."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.name == "pyproject.toml":
        try:
            return bool({"project", "build-system"} & set(tomllib.loads(text)))
        except tomllib.TOMLDecodeError:
            return True
    return {"setup.cfg": "[metadata]", "DESCRIPTION": "Package:"}.get(path.name, "") in text


def _named(peer: Path, tree: Path, found: list[Path]) -> Path | None:
    """The project that a peer imports; where there is but one, it is that."""
    text = peer.read_text(encoding="utf-8", errors="replace")
    named = [project for project in found if any(_mentions(text, name, peer.suffix) for name in _names(project))]
    if len(named or found) > 1:
        folders = ", ".join(str(project.relative_to(tree)) for project in named or found)
        raise InstallError(f"has packages in the folders {folders}; {peer.name} names {len(named)} of them, not one")
    return (named or found or [None])[0]


def _mentions(text: str, name: str, suffix: str) -> bool:
    """Whether a source imports a module, or names a package of R."""
    name = re.escape(name)
    imported = rf"^\s*(?:from\s+{name}\b|import\s+(?:[^#\n]*,\s*)?{name}\b)"
    return bool(re.search(rf"\b{name}\b" if suffix.lower() == ".r" else imported, text, re.MULTILINE))


def _names(project: Path) -> set[str]:
    """What may be imported of a project: its name, and the modules that lie in it."""
    names = _modules(project) | _modules(project / "src")
    if (project / "pyproject.toml").is_file():
        with suppress(tomllib.TOMLDecodeError, KeyError, UnicodeDecodeError):
            names.add(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"])
    if (project / "DESCRIPTION").is_file():
        description = (project / "DESCRIPTION").read_text(encoding="utf-8", errors="replace")
        return {match[1] for match in re.finditer(r"^Package:\s*(\S+)", description, re.MULTILINE)}
    return {name.replace("-", "_") for name in names} - {"setup", "conftest", "tests"}


def _modules(folder: Path) -> set[str]:
    """The modules and packages that lie in a folder."""
    if not folder.is_dir():
        return set()
    files = {path.name.partition(".")[0] for path in folder.iterdir() if path.suffix in (".py", ".so", ".pyd")}
    return files | {path.parent.name for path in folder.glob("*/__init__.py")}


def compared(libraries: Libraries, base: dict[str, str], head: dict[str, str]) -> list[str]:
    """A line for every package of the base's, or of this repository's, that both runs loaded.

    base, head: where each run loaded each module or package. Raises InstallError where both loaded the same files, or
    neither what was installed for the base.
    """
    tracked = [str(libraries.root / name) for name in _tracked(libraries.root)]
    own = [
        name
        for name in sorted(set(base) & set(head))
        if name in libraries.names or any(path.startswith(os.path.realpath(head[name])) for path in tracked)
    ]
    lines = []
    for name in own:
        if os.path.realpath(base[name]) == os.path.realpath(head[name]):
            raise InstallError(f"was judged by the package of this commit: both runs loaded {name} from {base[name]}")
        same = "unchanged" if identical(Path(base[name]), Path(head[name])) else "changed"
        lines.append(f"{name}: {same}, at the base from {base[name]}, here from {head[name]}")
    if libraries.names and not set(own) & set(libraries.names):
        raise InstallError(f"was judged without its package: no run loaded {' or '.join(libraries.names)}")
    return lines


def identical(a: Path, b: Path) -> bool:
    """Whether two files, or all files of two folders, have the same bytes; what Python compiles does not count."""
    if a.is_file() and b.is_file():
        return filecmp.cmp(a, b, shallow=False)
    of_a, of_b = ({p.relative_to(folder) for p in folder.rglob("*") if p.is_file()} for folder in (a, b))
    of_a, of_b = ({p for p in of if not NOT_CODE & set(p.parts)} for of in (of_a, of_b))
    return of_a == of_b and all(filecmp.cmp(a / p, b / p, shallow=False) for p in of_a)
