"""The public examples, which are the same in every run, as the last run drew them: numbers and labels, as JSON.

They lie, sealed as results are (ledger.py), where the user who grades keeps such things; a run whose fences leave that
open neither reads nor writes them.
"""

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from tests.grading.examples import Examples
from tests.grading.judgement import fingerprint
from tests.grading.reports.ledger import Ledger, LedgerError, state
from tests.grading.reports.written import WriteError
from tests.strategies import Frogs, Regression

NAME = "examples"
PLAIN = (bool, int, float, str, type(None))
KINDS = {kind.__name__: kind for kind in (Frogs, Regression)}


def recalled() -> dict[str, Examples]:
    """By test, what was drawn by this suite on this Python; nothing where that is not known."""
    ledger = _ledger()
    known = ledger.known(NAME, _drawn_by()) if ledger else None
    return {test: from_text(text) for test, text in known.items()} if known else {}


def remember(drawn: dict[str, Examples]) -> None:
    """Keep them for the next run, where that can be."""
    ledger = _ledger()
    with suppress(WriteError, OSError):
        if ledger:
            ledger.seal(NAME, _drawn_by(), {test: as_text(examples) for test, examples in drawn.items()})


def as_text(examples: Examples) -> str:
    """Raises TypeError for what is neither numbers nor labels."""
    return json.dumps([{name: _plain(value) for name, value in example.items()} for example in examples])


def from_text(text: str) -> Examples:
    """What `as_text` was made of, to the bit."""
    return [{name: _made(value) for name, value in example.items()} for example in json.loads(text)]


def _plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if type(value) is tuple:
        return {"tuple": [_plain(part) for part in value]}
    if type(value) is pd.DataFrame and value.index.equals(pd.RangeIndex(len(value))):
        return {"table": {name: _plain(_labels(column)) for name, column in value.items()}}
    if type(value) is np.ndarray and value.dtype.kind in "biufU":
        return {"array": value.tolist(), "type": value.dtype.str}
    if type(value) in KINDS.values():
        return {type(value).__name__: {field.name: _plain(getattr(value, field.name)) for field in fields(value)}}
    raise TypeError(f"{type(value).__name__} is neither numbers nor labels")


def _labels(column: pd.Series) -> np.ndarray:
    return column.to_numpy() if column.dtype.kind in "biuf" else np.array(column.tolist())


def _made(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind, parts = next(iter(value.items()))
    if kind == "tuple":
        return tuple(map(_made, parts))
    if kind == "array":
        return np.array(parts, dtype=value["type"])
    made = {name: _made(part) for name, part in parts.items()}
    return pd.DataFrame(made) if kind == "table" else KINDS[kind](**made)


def _ledger() -> Ledger | None:
    try:
        return Ledger.of(state(), [])
    except (LedgerError, RuntimeError):  # no home
        return None


def _drawn_by() -> bytes:
    return hashlib.sha256(f"{sys.version} {fingerprint.suite()}".encode()).digest()
