"""`lmm-verify check answers.json` and `lmm-verify vectors DIR`."""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree as ET

from reference.vectors import lint, words
from tests.vectors import answers
from tests.vectors.judged import MOST, Cell, judged, table

SCHEMA = 1
MOST_SHOWN = 40  # failures in the terminal
LOST = 0.5  # digits, from which on a baseline says so


class CheckError(Exception):
    """What cannot be checked, in one sentence."""


def options(parser: argparse.ArgumentParser) -> None:
    """Of check."""
    parser.add_argument("answers", type=Path, help="JSON or CSV with id, quantity, index, value")
    parser.add_argument(
        "--vectors", type=Path, default=lint.FOLDER, help="a folder of vectors, else those of the suite"
    )
    parser.add_argument("--least", type=float, metavar="DIGITS", help="digits that are asked of every quantity")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all digits, for machines")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="the table and the failures, for a summary of CI")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="a case for each quantity of each vector")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="a --json of before: fails where digits were lost"
    )


def copy(folder: Path) -> int:
    """The files of vectors into a folder."""
    if folder.exists() and not folder.is_dir():
        print(f"lmm-verify vectors: {folder} is no folder", file=sys.stderr)
        return 2
    shutil.copytree(lint.FOLDER, folder, dirs_exist_ok=True)
    print(f"vectors {words.VERSION} in {folder}; begin with {folder / 'README.md'}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """0: all answered is right; 1: some is not, or has lost digits; 2: nothing can be judged."""
    try:
        if arguments.least is not None and not 0 < arguments.least <= MOST:
            raise CheckError(f"--least {arguments.least:g}; expected a number above 0, and 15 at most")
        vectors = lint.read(arguments.vectors)
        sheet = answers.read(arguments.answers, vectors)
        cells = judged(sheet, vectors, arguments.least)
        before = _baseline(arguments.baseline) if arguments.baseline else None
        lost = list(_lost(cells, before)) if before is not None else []
        _write(arguments, sheet.program, cells)
    except (CheckError, lint.VectorsError, answers.AnswersError) as error:
        print(f"lmm-verify check: {error}", file=sys.stderr)
        return 2
    print("\n".join([*_terminal(sheet.program, cells, vectors), *lost]))
    print(f"{sum(cell.right for cell in cells)} right, {sum(not cell.right for cell in cells)} not")
    failed = any(not cell.right for cell in cells)
    return int(bool(lost) if before is not None else failed)


def _terminal(program: str, cells: Sequence[Cell], vectors: dict[str, lint.Vector]) -> Iterator[str]:
    answered = {cell.id for cell in cells}
    yield f"{program}: {len(answered)} of {len(vectors)} vectors answered, version {words.VERSION}"
    yield from _not_answered(cells, [vector for name, vector in vectors.items() if name not in answered])
    yield f"  {'topic':<12}{'quantity':<16}{'right':>9}  digits: median, least"
    for row in table(cells):
        right = f"{row.right}/{row.asked}"
        yield f"  {row.topic:<12}{row.quantity:<16}{right:>9}  {row.median:14.1f}  {row.least:5.1f}"
    failed = [cell for cell in cells if not cell.right]
    for cell in failed[:MOST_SHOWN]:
        yield ""
        yield from _failure(cell)
    if len(failed) > MOST_SHOWN:
        yield f"\n... and {len(failed) - MOST_SHOWN} more; --json FILE has all"
    yield from _mistakes(failed)


def _not_answered(cells: Sequence[Cell], others: Sequence[lint.Vector]) -> Iterator[str]:
    """What nothing is said of, and so was not judged."""
    topics = Counter(vector["id"].partition("/")[0] for vector in others)
    quantities = [name for name in words.QUANTITIES if name not in {cell.quantity for cell in cells}]
    said = [f"{number} of {topic}" for topic, number in topics.items()]
    said += [f"no {' '.join(quantities)}"] if quantities else []
    if said:
        yield f"  not answered, and not judged: {', '.join(said)}"


def _failure(cell: Cell) -> Iterator[str]:
    yield f"{cell.id}: {_said(cell)}"
    yield f"  got       {' '.join(cell.got)}"
    yield f"  expected  {' '.join(cell.expected)}"
    yield from (f"  {flag}: {words.FLAGS[flag]}" for flag in cell.flags)


def _said(cell: Cell) -> str:
    """Of a failure: how many digits of how many, and what it looks like."""
    if cell.quantity == answers.REFUSES:
        return cell.sentence
    looks = f": {cell.sentence}" if cell.mistake else ""
    return f"{cell.quantity} has {cell.digits:.1f} digits of {cell.asked:g}{looks}"


def _mistakes(failed: Sequence[Cell]) -> Iterator[str]:
    named = [cell.sentence for cell in failed if cell.mistake in words.MISTAKES]
    if named:
        yield ""
        yield "what it looks like, and how often:"
    for sentence in sorted(set(named), key=lambda one: -named.count(one)):
        yield f"  {named.count(sentence):4}  {sentence}"


def _write(arguments: argparse.Namespace, program: str, cells: Sequence[Cell]) -> None:
    texts = {
        arguments.json: lambda: json.dumps(_content(program, cells), indent=1) + "\n",
        arguments.markdown: lambda: "\n".join(_markdown(program, cells)) + "\n",
        arguments.junit: lambda: _junit(program, cells),
    }
    for path, text in texts.items():
        if path is not None:
            try:
                path.write_text(text(), encoding="utf-8")
            except OSError as error:
                raise CheckError(f"{path} cannot be written: {error.strerror}") from None


def _content(program: str, cells: Sequence[Cell]) -> dict:
    return {
        "schema": SCHEMA,
        "program": program,
        "vectors": words.VERSION,
        "table": [asdict(row) for row in table(cells)],
        "cells": [asdict(cell) | {"right": cell.right, "sentence": cell.sentence} for cell in cells],
    }


def _markdown(program: str, cells: Sequence[Cell]) -> Iterator[str]:
    yield f"### {program}: vectors {words.VERSION}\n"
    yield "| topic | quantity | right | median digits | least |\n|---|---|---|---|---|"
    for row in table(cells):
        yield f"| {row.topic} | {row.quantity} | {row.right}/{row.asked} | {row.median:.1f} | {row.least:.1f} |"
    failed = [cell for cell in cells if not cell.right]
    if failed:
        yield "\n| vector | quantity | got | expected | flags | looks like |\n|---|---|---|---|---|---|"
    for cell in failed:
        parts = (
            cell.id,
            cell.quantity,
            " ".join(cell.got),
            " ".join(cell.expected),
            ", ".join(cell.flags),
            cell.sentence,
        )
        yield "| " + " | ".join(part.replace("|", "\\|").replace("\n", " ") for part in parts) + " |"


def _junit(program: str, cells: Sequence[Cell]) -> str:
    failures = sum(not cell.right for cell in cells)
    suite = ET.Element("testsuite", name=program, tests=str(len(cells)), failures=str(failures))
    for cell in cells:
        case = ET.SubElement(suite, "testcase", classname=cell.id, name=cell.quantity)
        if not cell.right:
            ET.SubElement(
                case, "failure", message=_said(cell)
            ).text = f"got {' '.join(cell.got)}\nexpected {' '.join(cell.expected)}"
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _baseline(path: Path) -> dict[tuple[str, str], float]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {(cell["id"], cell["quantity"]): float(cell["digits"]) for cell in content["cells"]}
    except OSError as error:
        raise CheckError(f"--baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CheckError(f"--baseline {path} is not what --json writes") from None


def _lost(cells: Sequence[Cell], before: dict[tuple[str, str], float]) -> Iterator[str]:
    """Sentences: more than half a digit less than before, or not answered any more."""
    now = {(cell.id, cell.quantity): cell.digits for cell in cells}
    for (name, quantity), digits in before.items():
        left = now.get((name, quantity))
        if left is None:
            yield f"lost: {name}: {quantity} is not answered any more"
        elif left < digits - LOST:
            yield f"lost: {name}: {quantity} had {digits:.1f} digits, has {left:.1f}"
