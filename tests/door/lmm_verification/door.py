"""The door: a run of pytest that names an option of ours takes place in the suite, by its configuration alone.

pytest takes what follows an option that it does not know for a path, looks there for its configuration and obeys it,
before any plugin is asked: beside a submission lie files of students. So the arguments are put right before pytest
reads them, in whatever way it was started, and a run that names none of ours is left as it is.

What pytest calls to read them is `_prepareconfig`, a private name: tests/meta/test_door.py fails when it is gone.
"""

import functools
import importlib.util
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

SUITE = next(path for path in Path(__file__).parents if (path / "conftest.py").is_file() and (path / "tests").is_dir())
CONFIGURATION = SUITE / "pyproject.toml"
SUBMISSION, IMPLEMENTATION, TEMPLATE = "--submission", "--implementation", "--write-template"
GRADING_PATHS = (SUBMISSION, "--report", "--rubric", "--roster", "--compare", TEMPLATE)
GRADING = (*GRADING_PATHS, "--isolation", "--seed", "--format", "--assignment", "--scheduler")
MEASURED = ("--scoreboard", "--accuracy", "--baseline")  # of lmm_core, too, without a peer
CONFIGURATIONS = ("-c", "--config-file")
PATHS = {
    *(*GRADING_PATHS, *CONFIGURATIONS, IMPLEMENTATION, *MEASURED),
    *("--junitxml", "--junit-xml", "--basetemp", "--log-file"),
}
PEERS = (".py", ".r", ".toml")
MOST_FILES = 100  # of arguments, one naming the next
PASSED = "lmm-door"  # the plugin that says that a run came through here
GIVEN: list[str] = []  # the arguments of the run that came through last

# A grading run has the plugins it needs, not those that happen to be installed, and no conftest.py but the suite's.
APART = [
    *("--disable-plugin-autoload", "-p", "hypothesispytest", "--noconftest", "-p", "conftest"),
    *("--assert=plain", "-p", "no:unraisableexception"),  # our assertions say what failed; it saves a second
]
FROM_THE_ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_DEBUG")


def stand_before(pytest_config: ModuleType) -> None:
    """Put the door before `_prepareconfig`; a pytest that has none grades nothing."""
    prepare = getattr(pytest_config, "_prepareconfig", None)
    if prepare is None:
        if asks_for_grading(sys.orig_argv[1:]):
            raise SystemExit(f"pytest {pytest_config.__version__} is newer than this suite: pip install 'pytest<10'")
        return

    @functools.wraps(prepare)
    def _prepareconfig(args: Any = None, plugins: Any = None, **others: Any) -> Any:
        given = sys.argv[1:] if args is None else [os.fspath(args)] if isinstance(args, os.PathLike) else args
        arguments = put_right(given) if isinstance(given, list) else None
        if arguments is None:
            return prepare(given, plugins, **others)
        named = [value for option, value in map(_parted, arguments) if option == "--config-file"]
        is_grading = _names(arguments, SUBMISSION)
        if is_grading and not all(Path(path).resolve() == CONFIGURATION.resolve() for path in named):
            raise pytest_config.UsageError("a grading run has the suite's own configuration: leave out -c FILE")
        leave = _enter(Path(named[-1]).parent if named else SUITE, arguments)
        try:
            config = prepare(_in_front(arguments, is_grading=is_grading, is_named=bool(named)), plugins, **others)
        except BaseException:
            leave()
            raise
        config.add_cleanup(leave)
        config.pluginmanager.register(object(), PASSED)
        return config

    pytest_config._prepareconfig = _prepareconfig  # type: ignore[attr-defined]


def put_right(given: list[str]) -> list[str] | None:
    """The arguments of a run of ours, with whole paths; None where it is somebody else's.

    PYTEST_ADDOPTS may ask for a run, and is no part of one that grades: there it says what to grade and nothing else.
    """
    here, around = list(_joined(given)), list(_joined(_from_environment()))
    if _names(here, SUBMISSION):
        return here
    if _names(around, SUBMISSION):
        return [*(word for word in around if _parted(word)[0] in GRADING), *here]
    return [*around, *here] if any(map(_asks, (*around, *here))) else None


def asks_for_grading(words: list[str]) -> bool:
    """Whether these words of a command, or the environment, name a submission."""
    return any(SUBMISSION in word for word in (*_joined(words), *_from_environment()))


def apart() -> list[str]:
    """The options of a grading run; and nothing of the environment is left to it."""
    for name in FROM_THE_ENVIRONMENT:
        os.environ.pop(name, None)
    return [f"--config-file={CONFIGURATION}", *APART]


def _in_front(arguments: list[str], *, is_grading: bool, is_named: bool) -> list[str]:
    if is_grading:
        with_xdist = ["-p", "xdist"] if importlib.util.find_spec("xdist") else []
        end = arguments.index("--") if "--" in arguments else len(arguments)
        return [*with_xdist, *arguments[:end], *apart(), *arguments[end:]]  # the last configuration counts
    return arguments if is_named else [f"--config-file={CONFIGURATION}", *arguments]


def _enter(folder: Path, arguments: list[str]) -> Callable[[], None]:
    """Go to the suite; what goes back."""
    before, kept = os.getcwd(), {name: os.environ[name] for name in FROM_THE_ENVIRONMENT if name in os.environ}
    os.environ.pop("PYTEST_ADDOPTS", None)  # its words are among the arguments
    handed_in = [Path(value) for option, value in map(_parted, arguments) if option == SUBMISSION]
    if handed_in:
        near = {"", before, *map(str, handed_in), *(str(path.parent) for path in handed_in)}
        sys.path[:] = [entry for entry in sys.path if entry not in near]
    for finder in sys.meta_path:
        if type(finder).__name__ == "Watch":
            finder.closed = ()  # type: ignore[attr-defined]
    GIVEN[:] = arguments
    os.chdir(folder)

    def leave() -> None:
        os.chdir(before)
        os.environ.update(kept)

    return leave


def _from_environment() -> list[str]:
    try:
        return shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    except ValueError:  # pytest says so
        return []


def _parted(word: str) -> tuple[str, str]:
    option, _, value = word.partition("=")
    return option, value


def _names(arguments: list[str], option: str) -> bool:
    return any(_parted(word)[0] == option for word in arguments)


def _asks(word: str) -> bool:
    """Whether an argument asks for a run of ours, and is not somebody's own option of the same name."""
    option, value = _parted(word)
    is_peer = Path(value).suffix.lower() in PEERS and Path(value).is_file()
    is_measured = option in MEASURED and os.path.samefile(os.curdir, SUITE)
    return option in (SUBMISSION, TEMPLATE) or (option == IMPLEMENTATION and is_peer) or is_measured


def _joined(words: list[str]) -> Iterator[str]:
    """--submission FILE as --submission=/FOLDER/FILE, which cannot be taken for a path to collect; @FILE as its lines.

    What follows it is a submission, too, as a shell makes it of --submission class/*.py: also a file whose name would
    be an option, or a file of arguments.
    """
    left, files = list(reversed(words)), 0
    waits, follows = "", False
    while left:
        word = left.pop()
        is_there = (waits in GRADING_PATHS or follows) and os.path.lexists(word)
        if word.startswith("@") and not is_there and files < MOST_FILES and (lines := _lines(word[1:])) is not None:
            files += 1
            left += reversed(lines)
            continue
        option, value = _parted(word)
        if waits:
            yield f"{waits}={_whole(waits, word)}"
            waits = ""
        elif follows and (is_there or not word.startswith("-")):
            yield f"{SUBMISSION}={_whole(SUBMISSION, word)}"
        elif "=" not in word and option in {*PATHS, *GRADING}:
            waits = "--config-file" if option == "-c" else option
            follows = option == SUBMISSION
        else:
            follows = option == SUBMISSION
            yield f"{option}={_whole(option, value)}" if "=" in word and option in PATHS else word
    if waits:
        yield waits


def _whole(option: str, value: str) -> str:
    return os.path.abspath(value) if option in PATHS or option == "--config-file" else value


def _lines(path: str) -> list[str] | None:
    """The arguments in a file, as argparse reads them."""
    try:
        text = Path(path).read_text(encoding=sys.getfilesystemencoding(), errors=sys.getfilesystemencodeerrors())
    except (OSError, ValueError):
        return None
    return text.splitlines()
