"""Reads files of vectors, and says in one sentence what is wrong with one: file, place, value.

python -m reference.vectors.lint [DIR]
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from reference.vectors import words
from reference.vectors.schema import schema
from reference.vectors.truth import DIGITS
from reference.vectors.wrong import differs

FOLDER = Path(__file__).parent / "files"
SHOWN = 60  # characters of a value
Vector = dict[str, Any]


class VectorsError(ValueError):
    """A file that is no file of vectors, in one sentence."""


def read(folder: Path = FOLDER) -> dict[str, Vector]:
    """Every vector by its id; raises VectorsError."""
    found: dict[str, Vector] = {}
    paths = sorted(path for path in folder.glob("*.json") if path.stem in words.TOPICS)
    if not paths:
        raise VectorsError(f"{folder} has no file of vectors, such as ordinary.json")
    for path in paths:
        for vector in read_file(path):
            if vector["id"] in found:
                raise VectorsError(f"{path.name}: the id {vector['id']!r} is there twice")
            found[vector["id"]] = vector
    return found


def read_file(path: Path) -> list[Vector]:
    """The vectors of one; raises VectorsError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise VectorsError(f"{path.name}: is no JSON: {error}") from None
    _fits_schema(path, content)
    for vector in content["vectors"]:
        for place, said in faults(vector, content["topic"]):
            raise VectorsError(f"{path.name}: {vector['id']}: {place}: {said}")
    if content["sha256"] != sha256(content["vectors"]):
        raise VectorsError(
            f"{path.name}: sha256: {content['sha256'][:12]}..., and of the vectors that are there it is "
            f"{sha256(content['vectors'])[:12]}...: a number or a word was changed"
        )
    return list(content["vectors"])


def sha256(vectors: list[Vector]) -> str:
    """Of the vectors, keys sorted, without blanks."""
    text = json.dumps(vectors, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _fits_schema(path: Path, content: Any) -> None:
    errors = list(Draft202012Validator(schema()).iter_errors(content))
    if not errors:
        return
    error = max(errors, key=lambda one: len(one.absolute_path))
    place = [str(part) for part in error.absolute_path]
    if isinstance(content, dict) and place[:1] == ["vectors"] and len(place) > 1:
        one = content["vectors"][int(place[1])]
        place = [str(one.get("id", f"vector {int(place[1]) + 1}")) if isinstance(one, dict) else place[1], *place[2:]]
    said = error.message if len(error.message) <= 2 * SHOWN else _why(error)
    raise VectorsError(f"{path.name}: {'/'.join(place) or 'the whole'}: {said}")


def _why(error: Any) -> str:
    """A long message of jsonschema, which shows the whole value first."""
    value = json.dumps(error.instance, ensure_ascii=False)
    shown = value if len(value) <= SHOWN else value[:SHOWN] + "..."
    known = (
        [part["const"] for part in error.validator_value if isinstance(part, dict) and "const" in part]
        if isinstance(error.validator_value, list)
        else []
    )
    if known:
        return f"{shown} is unknown; known are {', '.join(known)}"
    return f"{shown} does not fit {error.validator}: {str(error.validator_value)[:SHOWN]}"


def faults(vector: Vector, topic: str) -> Iterator[tuple[str, str]]:
    """Place and sentence of what the schema cannot say."""
    numbers, n, p = vector["numbers"], len(vector["numbers"]["y"]), len(vector["coefficients"])
    if not vector["id"].startswith(f"{topic}/"):
        yield "id", f"is in the file of the topic {topic}"
    for name, column in vector["data"].items():
        if len(column) != n:
            yield f"data/{name}", f"has {len(column)} cells; y has {n}"
    if vector["data"].get(vector["formula"].partition(" ~ ")[0]) != numbers["y"]:
        yield "numbers/y", "is not the formula's response"
    if len(numbers["X"]) != n or any(len(row) != p for row in numbers["X"]):
        yield "numbers/X", f"is not {n} x {p}"
    for k, term in enumerate(numbers["terms"]):
        if len(term["Z"]) != n or len({len(row) for row in term["Z"]}) != 1 or len(term["group"]) != n:
            yield f"numbers/terms/{k}", f"has not {n} rows of Z and of group"
    if "expected" in vector:
        yield from _of_answers(vector, p, [len(term["Z"][0]) for term in numbers["terms"]])


def _of_answers(vector: Vector, p: int, r: list[int]) -> Iterator[tuple[str, str]]:
    sizes = {"variances": sum(k * (k + 1) // 2 for k in r), "Ve": 1, "criterion": 1, "F": 1, "F_df": 2, "F_p": 1}
    for where, numbers in (("expected", vector["expected"]), *vector["wrong"].items()):
        for quantity, values in numbers.items():
            if len(values) != sizes.get(quantity, p):
                yield f"{where}/{quantity}", f"has {len(values)} numbers; expected {sizes.get(quantity, p)}"
                return
    right = vector["expected"]
    for name in ("variances", "Ve", "coef", "se", "criterion"):
        if name not in right:
            yield "expected", f"lacks {name}"
            return
    if Decimal(right["Ve"][0]) <= 0 or any(Decimal(s) <= 0 for s in right["se"]):
        yield "expected", "has a Ve or se that is not positive"
    if "t" in right:
        for j, (b, s, t) in enumerate(zip(*(map(Decimal, right[q]) for q in ("coef", "se", "t")), strict=True)):
            if abs(b / s - t) > (1 + abs(t)) * Decimal(10) ** (4 - DIGITS):
                yield f"expected/t/{j + 1}", f"is {t}, and coef / se is {b / s}"
    for name, numbers in vector["wrong"].items():
        for quantity, values in numbers.items():
            if not differs(quantity, values, right):
                yield f"wrong/{name}/{quantity}", "is what is expected, but for rounding"


def main(arguments: list[str]) -> int:
    """Print the sentence, if there is one."""
    try:
        print(f"{len(read(Path(*arguments) if arguments else FOLDER))} vectors")
    except VectorsError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
