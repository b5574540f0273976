"""The public examples, which are the same in every run, as a former run drew them, and the exact REML fits of them, as
JSON: numbers and labels.

They lie, sealed as results are (ledger.py), where the user who grades keeps such things; a run whose fences leave that
open neither reads nor writes them.
"""

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import fields
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from reference import exact
from tests.grading.examples import DRAWN, Examples
from tests.grading.judgement import fingerprint
from tests.grading.reports.ledger import Ledger, LedgerError, state
from tests.grading.reports.written import WriteError
from tests.grading.sandbox.wire import PLAIN
from tests.strategies import Frogs, Regression

EXAMPLES, ANSWERS = "examples", "answers"
KINDS = {kind.__name__: kind for kind in (Frogs, Regression)}


def recall() -> None:
    """Let the checks know what this suite has drawn on this Python, and has answered, in former runs."""
    ledger = _ledger()
    kept = [ledger.known(name, _drawn_by()) or {} for name in (EXAMPLES, ANSWERS)] if ledger else [{}, {}]
    DRAWN.update({test: from_text(text) for test, text in kept[0].items()})
    exact.ANSWERS.update({asked: _fit(numbers) for asked, numbers in kept[1].items()})


def keep_examples() -> None:
    """For the next run, where that can be."""
    _keep(EXAMPLES, {test: as_text(examples) for test, examples in DRAWN.items()})


def keep_answers() -> None:
    """The same."""
    texts = {asked: json.dumps(vars(fit), default=str) for asked, fit in exact.ANSWERS.items()}
    _keep(ANSWERS, {asked: json.loads(text) for asked, text in texts.items()})


def _keep(name: str, record: dict[str, Any]) -> None:
    ledger = _ledger()
    with suppress(WriteError, OSError):
        if ledger:
            ledger.seal(name, _drawn_by(), record)


def _fit(numbers: dict[str, Any]) -> exact.ExactFit:
    """Decimals, and lists of them."""
    made = {part: list(map(Decimal, n)) if isinstance(n, list) else Decimal(n) for part, n in numbers.items()}
    return exact.ExactFit(**made)


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
