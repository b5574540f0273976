"""`python tests/grading/platforms/gradescope/build.py FILE.zip`: what Gradescope's "Upload autograder" takes.

The scripts stand at the top, as Gradescope wants them; beside them the project, without what grades nothing.
"""

import secrets
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[3]
PARTS = ("conftest.py", "pyproject.toml", "README.md", "LICENSE", "lmm_core", "reference", "tests")
LEFT_OUT = {"__pycache__", "meta", "bench"}


def build(target: Path) -> None:
    """Write the zip; scripts are executable, and `draw` is a number of this zip's own that students do not know."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, (HERE / name).read_bytes())
        entry = zipfile.ZipInfo("draw")
        entry.external_attr = 0o600 << 16
        archive.writestr(entry, f"{1 + secrets.randbelow(10**9)}\n")
        for part in PARTS:
            root = PROJECT / part
            for path in sorted([root] if root.is_file() else root.rglob("*")):
                inside = path.relative_to(PROJECT)
                if path.is_file() and not LEFT_OUT & set(inside.parts):
                    archive.write(path, inside)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    print(f"wrote {sys.argv[1]}")
