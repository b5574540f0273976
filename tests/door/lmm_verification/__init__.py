"""The door: a run of pytest that names an option of ours takes place in the suite, by its configuration alone.

pytest takes what follows an option that it does not know for a path, looks there for its configuration and obeys it,
before any plugin is asked: beside a submission lie files of students. So the arguments are put right before pytest
begins, by a line that Python reads when it starts (lmm_verification.pth), and that does nothing where none of these
options is given.
"""

import os
import sys
from pathlib import Path

SUITE = next(path for path in Path(__file__).parents if (path / "conftest.py").is_file() and (path / "tests").is_dir())
SUBMISSION = "--submission"
OURS = (
    *(SUBMISSION, "--report", "--rubric", "--roster", "--write-template"),
    *("--implementation", "--scoreboard", "--accuracy", "--baseline"),
)
PATHS = {*OURS, "--junitxml", "--junit-xml", "--basetemp", "--log-file"}
CONFIGURATION = ("-c", "--config-file")
QUICK = ["--assert=plain", "-p", "no:unraisableexception"]  # our assertions say what failed; it saves a second


def enter(arguments: list[str]) -> None:
    """Where sys.argv starts pytest: go to the suite, and name its configuration and every file by its whole path.

    Who names a configuration has that one, and goes where it lies.
    """
    if not _starts_pytest(arguments[0]):
        return
    given = _joined(arguments[1:])
    own = [value for option, _, value in (argument.partition("=") for argument in given) if option in CONFIGURATION]
    configuration = Path(own[-1]) if own else SUITE / "pyproject.toml"
    os.chdir(configuration.parent)
    quick = QUICK if any(argument.startswith(SUBMISSION) for argument in given) else []
    arguments[1:] = [*quick, *given] if own else [f"--config-file={configuration}", *quick, *given]


def _starts_pytest(program: str) -> bool:
    if program == "-m":
        return "pytest" in sys.orig_argv[sys.orig_argv.index("-m") + 1 :][:1] if "-m" in sys.orig_argv else False
    return Path(program).stem.lower() in ("pytest", "py.test")


def _joined(arguments: list[str]) -> list[str]:
    """--submission FILE as --submission=/FOLDER/FILE, which cannot be taken for a path to collect.

    Paths that follow are submissions, too: a shell makes them of --submission class/*.py.
    """
    joined: list[str] = []
    waits = follows = False
    for argument in arguments:
        option, is_joined, path = argument.partition("=")
        if waits:
            joined[-1] += f"={Path(argument).absolute()}"
        elif follows and not argument.startswith("-"):
            joined.append(f"{SUBMISSION}={Path(argument).absolute()}")
        elif is_joined and option in (*PATHS, *CONFIGURATION):
            joined.append(f"{option}={Path(path).absolute()}")
        else:
            joined.append("--config-file" if argument == "-c" else argument)
        follows = option == SUBMISSION or (follows and not argument.startswith("-"))
        waits = not waits and not is_joined and argument in (*PATHS, *CONFIGURATION)
    return joined
