"""A release in one command: `tox run -e release -- 0.2.0` (.github/CONTRIBUTING.md).

The version is written where it is read, the changelog is dated, and `dist/` gets the wheel, the sdist and the vectors.
Everything is asked before anything is written; nothing is uploaded.
"""

import datetime
import re
import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
UNRELEASED = "## Unreleased\n"
LINES = {  # what has the version, as a pattern whose group it is
    "pyproject.toml": r'(?m)^version = "(.*)"$',
    "tests/peers/README.md": r"/actions/judge@(\S+)",
    ".github/workflows/grade.yml": r"(?m)^ +ref: (\S+)$",
}
VECTORS = "reference/vectors/files"


class ReleaseError(Exception):
    """A release that cannot be made, in one sentence."""


def written(project: Path, version: str, day: datetime.date) -> dict[Path, str]:
    """The texts of all files that have the version; raises ReleaseError where one does not fit."""
    texts = {project / name: (project / name).read_text(encoding="utf-8") for name in LINES}
    changelog = project / ".github" / "CHANGELOG.md"
    before = re.search(LINES["pyproject.toml"], texts[project / "pyproject.toml"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError(f"{version} is no version of three numbers, such as 0.2.0")
    if before is None or _numbers(version) <= _numbers(before[1]):
        raise ReleaseError(f"{version} is not above {before[1] if before else 'what pyproject.toml has'}")
    head, found, rest = changelog.read_text(encoding="utf-8").partition(UNRELEASED)
    if not found or not rest.partition("\n## ")[0].strip():
        raise ReleaseError(f"{changelog.name} has nothing below {UNRELEASED.strip()!r}: a release changes something")
    for name, pattern in LINES.items():
        now = version if name == "pyproject.toml" else f"v{version}"
        texts[project / name], count = re.subn(pattern, lambda m, now=now: _with(m, now), texts[project / name])
        if count != 1:
            raise ReleaseError(f"{name} has {count} lines with a version; expected 1")
    return texts | {changelog: f"{head}{UNRELEASED}\n## {version} ({day})\n{rest}"}


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _with(found: re.Match[str], version: str) -> str:
    """The match with another version in it."""
    start, end = (place - found.start() for place in found.span(1))
    return found[0][:start] + version + found[0][end:]


def vectors(project: Path, into: Path) -> Path:
    """An archive of the vectors, named by their own version."""
    changes = (project / VECTORS / "CHANGELOG.md").read_text(encoding="utf-8")
    path = into / f"lmm-vectors-{re.findall(r'(?m)^## (.+)$', changes)[0]}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((project / VECTORS).iterdir()):
            if file.is_file():
                archive.write(file, f"{path.stem}/{file.name}")
    return path


def _clean(project: Path) -> None:
    """Raise ReleaseError where the checkout has changes that are not committed."""
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    if changed:
        raise ReleaseError(
            f"{len(changed.splitlines())} files are changed and not committed, {changed.split()[1]} among them"
        )


def main(version: str, project: Path = PROJECT) -> int:
    """Write, build, and say what is left to type."""
    try:
        _clean(project)
        texts = written(project, version, datetime.datetime.now(datetime.UTC).date())
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    into = project / "dist"
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(into), str(project)], check=True)
    made = [*sorted(into.glob(f"*{version}*")), vectors(project, into)]
    print(*(path.relative_to(project) for path in made), sep="\n")
    print(f"left to type, once you have looked at them:\n    git commit -am 'Version {version}' && git tag v{version}")
    print("    git push --follow-tags && python -m twine upload dist/*.whl dist/*.tar.gz")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: tox run -e release -- 0.2.0")
