"""Classroom 50's autograder: copy it into the bundle, beside a checkout of this project named `suite`.

The runner starts it with the student's checkout as working directory, and reads ./result.json there. Exit status 0: it
ran; 1: nothing was graded, and there is no result. The file that is graded is the only one that defines functions of
the contract, wherever it lies.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from pathlib import Path

SUITE = Path(__file__).resolve().parent / "suite"
NOT_HANDED_IN = shutil.ignore_patterns(".git", ".github")


def python() -> str:
    """An interpreter that has the suite: this one, or a new environment beside the suite."""
    try:
        import lmm_verification  # noqa: F401, PLC0415

        return sys.executable
    except ModuleNotFoundError:
        folder = SUITE.parent / "environment"
        if not folder.exists():
            venv.create(folder, with_pip=True)
            subprocess.run([folder / "bin" / "pip", "install", "-q", "-e", f"{SUITE}[test]"], check=True)
        return str(folder / "bin" / "python")


def committed() -> str:
    """When the graded commit was made, in UTC."""
    command = ["git", "log", "-1", "--format=%ct"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return datetime.fromtimestamp(int(said), UTC).isoformat() if said.isdigit() else ""


def main() -> int:
    """Grade the working directory as one person's folder."""
    tier = "bwrap" if shutil.which("bwrap") and _runs("bwrap", "--ro-bind", "/", "/", "true") else "process"
    with tempfile.TemporaryDirectory() as place:
        handed_in, report = Path(place, "class"), Path(place, "report")
        shutil.copytree(Path.cwd(), handed_in / "submission", symlinks=True, ignore=NOT_HANDED_IN)
        options = [f"--submission={handed_in}", f"--report={report}", f"--isolation={tier}", "--format=classroom50"]
        environment = os.environ | {"COMMITTED": committed()}
        subprocess.run([python(), "-m", "pytest", "-q", *options], env=environment, cwd=place, check=False)
        result = report / "submission" / "classroom50.json"
        Path("result.json").unlink(missing_ok=True)  # not what a student hands in under this name
        if result.exists():
            shutil.copy(result, "result.json")
        return int(not result.exists())


def _runs(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
