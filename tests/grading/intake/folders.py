"""What stands side by side behind a path that a teacher names, below the folders that hold all of it."""

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tests.grading.intake import files
from tests.grading.intake.definitions import ASKED, defined
from tests.grading.intake.documents import READERS
from tests.grading.intake.encodings import text_of
from tests.grading.intake.files import Entry, IntakeError, suffix
from tests.grading.intake.platforms import label

EXPECTED = "hand in .py, .R, .ipynb, .Rmd or .qmd, or a .zip of it"


def entries(path: Path, without: set[Path], asked: tuple[str, ...] = ASKED) -> list[Entry]:
    if path.is_dir():
        found = _side_by_side(files.entries(path, without), path, without, asked)
    elif not (path.exists() or path.is_symlink()):
        raise IntakeError(f"submission {path} does not exist")
    elif suffix(path.name) == ".zip":
        found = _archive(path.name, path, asked)
    elif suffix(path.name) in READERS:
        return [files.entry(path)]
    else:
        raise IntakeError(f"submission {path} is no file that can be graded; {EXPECTED}")
    if not any(entry.gradable or entry.unread for entry in found):
        raise IntakeError(f"submission {path} holds no file that can be graded; {EXPECTED}")
    alone = _together(found, asked)
    return [alone] if alone else found


def _side_by_side(found: list[Entry], folder: Path, without: set[Path], asked: tuple[str, ...]) -> list[Entry]:
    """Of a folder that holds one folder or one archive of everybody, what stands side by side in that."""
    if len(found) != 1 or label(found[0].name):
        return found
    only = folder / found[0].name
    if only.is_dir():
        below = _side_by_side(files.entries(only, without), only, without, asked)
    elif suffix(only.name) == ".zip":
        below = _archive(only.name, only, asked)
    else:
        return found
    return below if _is_everybodys(below, asked) else found


def _is_everybodys(found: list[Entry], asked: tuple[str, ...]) -> bool:
    """Whether a platform named one of them, or two folders or archives have the same functions."""
    several = [entry for entry in found if list(entry.files) != [entry.name]]
    counts = Counter(name for entry in several for name in entry_defines(entry, asked))
    return any(label(entry.name) for entry in found) or any(count > 1 for count in counts.values())


def _archive(called: str, archive: Path | bytes, asked: tuple[str, ...], zips: int = files.ZIPS) -> list[Entry]:
    """What stands side by side in a class's archive, below the folders, or the one archive, that hold all of it."""
    names = [name for name, _ in files.members(called, archive)]
    if zips and len(names) == 1 and suffix(names[0]) == ".zip" and not label(PurePosixPath(names[0]).name):
        with suppress(IntakeError):
            for name, read in files.members(called, archive):
                below = _archive(name, read(), asked, zips - 1)
                if _is_everybodys(below, asked):
                    return below
    within = [PurePosixPath(name).parts for name in names if files.stays(name)]
    depth = 0
    while len({parts[depth] for parts in within}) == 1 and all(len(parts) > depth + 1 for parts in within):
        if label(within[0][depth]):
            break
        depth += 1
    found: dict[str, Entry] = {}
    for name, read in files.members(called, archive):
        parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")] or [name]
        top, *rest = parts[min(depth, len(parts) - 1) :]
        found.setdefault(top, Entry(top)).keep("/".join(rest) or top, read)
    return [found[name] for name in sorted(found)]


def _together(found: list[Entry], asked: tuple[str, ...]) -> Entry | None:
    """All as one person's: where one file has the functions, and loads all others that could be graded."""
    single = [entry for entry in found if list(entry.files) == [entry.name]]
    sources = {entry.name: content for entry in single for content in entry.gradable.values()}
    main = [name for name, content in sources.items() if content_defines(content, asked)]
    if len(single) < len(found) or len(main) != 1 or len(sources) < 2 or any(label(name) for name in sources):
        return None
    text = text_of(sources[main[0]])
    others = [PurePosixPath(name).stem for name in sources if name != main[0]]
    sourced = [line.partition("source(")[2] for line in text.splitlines()]
    loads = [rf"\b(?:import|from)\s+{re.escape(stem)}\b" for stem in others]
    if not all(
        re.search(pattern, text) or any(stem in line for line in sourced)
        for pattern, stem in zip(loads, others, strict=True)
    ):
        return None
    return Entry(main[0], {name: content for entry in single for name, content in entry.files.items()})


def content_defines(content: bytes, asked: tuple[str, ...]) -> set[str]:
    """Functions that are asked for which a file seems to define, without running it."""
    return defined(text_of(content[: files.MAX_FILE[".ipynb"]]), asked)


def entry_defines(entry: Entry, asked: tuple[str, ...]) -> set[str]:
    """Those of all its files."""
    return {name for content in entry.gradable.values() for name in content_defines(content, asked)}
