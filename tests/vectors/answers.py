"""An answer sheet, JSON or CSV, as numbers by vector and quantity; what does not fit is one sentence."""

import csv
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reference.vectors import words
from reference.vectors.lint import Vector

KEYS = ("id", "quantity", "index", "value")
REFUSES = "refuse"  # the quantity of a program that says no
MOST_BYTES = 100_000_000
NOTHING = (
    "",
    "na",
    "nan",
    "null",
    "none",
    "inf",
    "-inf",
    "infinity",
    "-infinity",
)  # what is no number, and may be said
Answered = dict[str, dict[str, list[Decimal | None]]]  # by id and quantity, None where there is no number


class AnswersError(ValueError):
    """A sheet that cannot be judged, in one sentence: file, place, value."""


@dataclass(frozen=True)
class Sheet:
    """What a program has answered, and which vectors it has refused, with its words."""

    program: str
    answered: Answered = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def read(path: Path, vectors: dict[str, Vector]) -> Sheet:
    """The sheet; raises AnswersError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AnswersError(f"{path.name}: has more than {MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AnswersError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise AnswersError(f"{path.name}: is no UTF-8: byte {error.start + 1} is {error.object[error.start]}") from None
    is_json = path.suffix.lower() == ".json"
    program, rows = _of_json(path, text) if is_json else (path.stem, list(_of_csv(path, text)))
    sheet, seen = Sheet(program), {}
    for place, row in rows:
        where = f"{path.name}: {place}"
        key = _put(sheet, where, row, vectors)
        if key in seen:
            raise AnswersError(f"{where}: {_named(key)} is answered twice, at {seen[key]} before")
        seen[key] = place
    if not seen:
        raise AnswersError(f"{path.name}: answers nothing")
    _complete(path, sheet, vectors)
    if not sheet.refused and not any(_is_asked(vectors[name], of) for name, of in sheet.answered.items()):
        first = next(iter(seen))
        raise AnswersError(f"{path.name}: answers nothing that is asked, such as {first[1]} of {first[0]}")
    return sheet


def _is_asked(vector: Vector, quantities: Iterable[str]) -> bool:
    """Whether some of these are judged: of a vector without a fit any answer is."""
    return "refuse" in vector or not vector["expected"].keys().isdisjoint(quantities)


def _of_json(path: Path, text: str) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    try:
        content = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise AnswersError(f"{path.name}: is no JSON: {error}") from None
    program = path.stem
    if isinstance(content, dict):
        if not isinstance(content.get("answers"), list):
            raise AnswersError(f'{path.name}: has no list "answers"; it has {_shown(list(content))}')
        program, content = str(content.get("program", program)), content["answers"]
    if not isinstance(content, list):
        raise AnswersError(f'{path.name}: is {_shown(content)}; expected {{"program": ..., "answers": [...]}}')
    for i, row in enumerate(content, 1):
        if not isinstance(row, dict):
            raise AnswersError(f"{path.name}: answer {i}: is {_shown(row)}; expected an object with {', '.join(KEYS)}")
    return program, [(f"answer {i}", row) for i, row in enumerate(content, 1)]


def _of_csv(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    lines = csv.reader(text.splitlines())
    head = [cell.strip() for cell in next(lines, [])]
    if sorted(head) != sorted(KEYS):
        raise AnswersError(f"{path.name}: line 1: has the columns {_shown(head)}; expected {','.join(KEYS)}")
    for cells in lines:
        if len(cells) != len(head) and any(cells):
            raise AnswersError(f"{path.name}: line {lines.line_num}: has {len(cells)} cells; expected {len(head)}")
        if any(cells):
            yield f"line {lines.line_num}", dict(zip(head, (cell.strip() for cell in cells), strict=True))


def _put(sheet: Sheet, where: str, row: dict[str, Any], vectors: dict[str, Vector]) -> tuple[str, str, int]:
    unknown = [key for key in row if key not in KEYS]
    if unknown or "id" not in row or "quantity" not in row:
        raise AnswersError(f"{where}: has {_shown(list(row))}; expected {', '.join(KEYS)}")
    name, quantity = row["id"], row["quantity"]
    if not isinstance(name, str) or name not in vectors:
        raise AnswersError(f"{where}: id {_shown(name)} is no vector{_near(name, vectors)}")
    if quantity == REFUSES:
        sheet.refused[name] = str(row.get("value") or "without a word")
        return name, quantity, 1
    if not isinstance(quantity, str) or quantity not in words.QUANTITIES:
        known = [*words.QUANTITIES, REFUSES]
        raise AnswersError(f"{where}: quantity {_shown(quantity)} is unknown{_near(quantity, known)}")
    size = _size(vectors[name], quantity)
    index = _index(where, row.get("index"), size, quantity)
    values = sheet.answered.setdefault(name, {}).setdefault(quantity, [None] * max(size, index))
    values[index - 1] = _value(where, row.get("value"))
    return name, quantity, index


def _size(vector: Vector, quantity: str) -> int:
    """How many numbers are asked; of a vector without a fit, or a quantity that is not asked, as many as come."""
    return len(vector.get("expected", {}).get(quantity, ())) or 10_000


def _index(where: str, said: Any, size: int, quantity: str) -> int:
    if said in (None, "") or str(said).strip().lower() in NOTHING:
        return 1
    try:
        index = int(str(said))
    except ValueError:
        raise AnswersError(f"{where}: index {_shown(said)} is no whole number") from None
    if not 1 <= index <= size:
        raise AnswersError(f"{where}: index {index} of {quantity}; it has the indices 1 to {size}")
    return index


def _value(where: str, said: Any) -> Decimal | None:
    if said is None or (isinstance(said, str) and said.strip().lower() in NOTHING):
        return None
    try:
        value = Decimal(said) if isinstance(said, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise AnswersError(f"{where}: value {_shown(said)} is no number")
    return value if math.isfinite(float(value)) else None


def _complete(path: Path, sheet: Sheet, vectors: dict[str, Vector]) -> None:
    for name, quantities in sheet.answered.items():
        if name in sheet.refused:
            raise AnswersError(f"{path.name}: {name} is refused and answered")
        right = vectors[name].get("expected", {})
        for quantity, values in quantities.items():
            if quantity not in right:
                del values[sum(value is not None for value in values) or 1 :]


def _named(key: tuple[str, str, int]) -> str:
    return f"{key[1]} {key[2]} of {key[0]}"


def _near(name: Any, known: Any) -> str:
    close = get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:60] + "..."
