"""Whether a course file fits its schema, and the one sentence that says where it does not."""

import difflib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tests.grading.judgement.hints import slugs

SCHEMA = Path(__file__).parents[1] / "rubric.schema.json"
MANY = 20  # names that a sentence can hold


def misfit(course: dict[str, Any]) -> str:
    """What does not fit, unknown names before values; nothing where all does."""
    errors = sorted(
        _validator(bool(course.get("hints"))).iter_errors(course),
        key=lambda error: error.validator != "additionalProperties",
    )
    return _sentence(errors[0]) if errors else ""


@cache
def _validator(with_hints: bool) -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    if with_hints:
        schema["properties"]["hints"]["properties"] = {slug: {"$ref": "#/$defs/hint"} for slug in slugs()}
    return Draft202012Validator(schema)


def _sentence(error: ValidationError) -> str:
    path, value = list(error.absolute_path), error.instance
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(key for key in value if key not in known)
        shown = f"[{unknown}]" if not path and isinstance(value[unknown], dict) else unknown
        return f"{_where([*path, shown])} is not known{_meant(unknown, known, in_brackets=shown != unknown)}"
    if error.validator in ("required", "minProperties"):
        return f"{_where(path)} has no points" if path[1:] else "there is nothing in the table [functions]"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return f"{_where(path)} = {shown[:80]}; expected {error.schema['description']}"


def _where(path: Sequence[Any]) -> str:
    """As TOML has it: [functions] gls.points."""
    head, *rest = [str(part) for part in path] or [""]
    return f"[{head}] {'.'.join(rest)}" if rest and not rest[0].isdigit() else head


def _meant(name: str, known: Iterable[str], *, in_brackets: bool) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"; did you mean {f'[{close[0]}]' if in_brackets else close[0]}?"
    return f"; there are {', '.join(names[:MANY])}{' and others' if names[MANY:] else ''}"
