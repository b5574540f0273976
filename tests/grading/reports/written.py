"""What is written of results: results.json and feedback.html for each, and the class's files.

A result is the dict that `verdict.gradescope` makes; nothing here knows anything else.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.grading.intake.handin import HandIn
from tests.grading.judgement.copies import Cluster
from tests.grading.judgement.verdict import Result
from tests.grading.names import CHAPTER, Names
from tests.grading.reports import changed, formats, pages, source
from tests.grading.reports.kept import WriteError, keep
from tests.grading.reports.lines import Line
from tests.grading.reports.pages import NONE
from tests.grading.sandbox.laid import below


def as_text(result: Result) -> str:
    """results.json."""
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def write_result(
    folder: Path,
    name: str,
    result: Result,
    assignment: str,
    one: HandIn | None = None,
    names: Names = CHAPTER,
    *,
    is_class: bool = True,
) -> list[str]:
    """Write DIR/NAME/results.json and feedback.html; the first is whole or not there, and comes last.

    Of a hand-in that has a source, source.html, too, for the teacher. The names under which what another has written
    there is kept.
    """
    below(folder, name)
    of_one = {"feedback.html": pages.feedback(result, assignment)}
    if one and one.source:
        of_one["source.html"] = source.page(one.source, result, names, is_class=is_class)
    of_one["results.json"] = as_text(result)
    return write_files(folder, {f"{name}/{inside}": text for inside, text in of_one.items()})


def write_class(
    folder: Path,
    lines: list[Line],
    wanted: Iterable[str],
    copies: list[Cluster],
    about: dict[str, str],
    hints: Mapping[str, str] = NONE,
    changes: Iterable[Mapping[str, Any]] = (),
) -> list[str]:
    """Write gradebook.csv, index.html, and the formats that other platforms want.

    `about`: assignment and draw; `hints`: the course's own; `changes`: of points since the last run. Where a platform
    has no empty score, there is no file of who was not graded. The names under which what another has written is kept.
    """
    files = {
        "gradebook.csv": formats.gradebook(lines),
        "index.html": pages.index(lines, copies, about, hints, list(changes)),
    }
    for name in wanted:
        for path, text in formats.FORMATS[name](lines, about["assignment"]).items():
            if text is None:
                (folder / path).unlink(missing_ok=True)
            else:
                files[path] = text
    return write_files(folder, files)


def write_changes(folder: Path, ledger: str, rows: list[list[Any]]) -> list[str]:
    """Write what the next run compares with, and changed.csv where there is any change."""
    kept = write_files(folder, {changed.FILE: formats.as_csv(rows)} if rows[1:] else {})
    write_whole(folder / changed.LEDGER, ledger)
    return kept


def write_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write each, by its path in the folder; the names under which what another has written there is kept."""
    kept = []
    for inside, text in files.items():
        kept.append(keep(folder, inside, text.encode("utf-8", errors="backslashreplace")))
        write_whole(folder / inside, text)
    return [name for name in kept if name]


def write_whole(path: Path, text: str) -> None:
    """Write a file by way of another beside it, so that it is never seen half; one that says the same stays.

    Raises WriteError, of a full disk for one, and leaves nothing of it.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_bytes() == text.encode("utf-8", errors="backslashreplace"):
            return
    temporary = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        os.replace(temporary, path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}") from None
    finally:  # also when the run is stopped here
        with contextlib.suppress(OSError):
            temporary.unlink()
