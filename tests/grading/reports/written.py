"""What is written of results: results.json and feedback.html for each, and the class's files.

A result is the dict that `verdict.gradescope` makes; nothing here knows anything else.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.grading.judgement.copies import Cluster
from tests.grading.judgement.verdict import Result
from tests.grading.reports import formats, pages
from tests.grading.reports.lines import Line
from tests.grading.sandbox.laid import below


class WriteError(Exception):
    """A file cannot be written, in one sentence."""


def as_text(result: Result) -> str:
    """results.json."""
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def write_result(folder: Path, name: str, result: Result, assignment: str) -> None:
    """Write DIR/NAME/results.json and feedback.html; the first is whole or not there, and comes last."""
    place = below(folder, name)
    write_whole(place / "feedback.html", pages.feedback(result, assignment))
    write_whole(place / "results.json", as_text(result))


def write_class(
    folder: Path,
    lines: list[Line],
    wanted: Iterable[str],
    copies: list[Cluster],
    about: dict[str, str],
    hints: Mapping[str, str],
) -> None:
    """Write gradebook.csv, index.html, and the formats that other platforms want.

    `about`: assignment and draw; `hints`: the course's own. Where a platform has no empty score, there is no file of
    who was not graded.
    """
    write_whole(folder / "gradebook.csv", formats.gradebook(lines))
    write_whole(folder / "index.html", pages.index(lines, copies, about, hints))
    for name in wanted:
        for path, text in formats.FORMATS[name](lines, about["assignment"]).items():
            if text is None:
                (folder / path).unlink(missing_ok=True)
            else:
                write_whole(folder / path, text)


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
