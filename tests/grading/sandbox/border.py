"""The border between the grader and a worker: arguments go out, and values come back, by names and in forms.

A course's names of columns are put on and taken off here; those of its functions where a call is made (submission.py).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tests.contract import ContractError
from tests.grading.intake.text import printable
from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox import wire

MAX_LABEL = 200  # characters: among thousands of labels the longest decides what all of them take
MAX_TEXTS = 200
MOST_ROWS = 2000  # of what a submission asks a right function
FACTORS = ("bucket", "color")  # in R


class CallFailedError(ContractError):
    """The call brought no value; the message says why, in words for the student."""


def outgoing(argument: Any, names: Names = CHAPTER) -> Any:
    """Tables and labels in the form that the worker expects."""
    if isinstance(argument, pd.DataFrame):
        table = {str(name): outgoing(column.to_numpy()) for name, column in argument.items()}
        return {"table": names.there(table), "factors": [names.columns[name] for name in FACTORS]}
    if isinstance(argument, np.ndarray) and argument.ndim == 1 and argument.dtype.kind not in "f":
        return {"labels": argument.tolist()}
    if isinstance(argument, list) and all(isinstance(entry, tuple) for entry in argument):
        return {"terms": [(Z, outgoing(group)) for Z, group in argument]}
    return argument


def asked(argument: Any, names: Names) -> Any:
    """What `outgoing` makes of an argument, made one again: with it a worker asks a right function."""
    if isinstance(argument, dict) and "table" in argument:
        return pd.DataFrame({name: asked(column, names) for name, column in names.back(argument["table"]).items()})
    if isinstance(argument, dict):
        return np.array(argument["labels"][:MOST_ROWS])
    if isinstance(argument, np.ndarray) and (argument.ndim > 2 or max(argument.shape, default=0) > MOST_ROWS):
        raise ValueError(f"arguments of shape {argument.shape}")
    return argument


def typed(value: Any, form: str, name: str) -> Any:
    """Only what the form allows gets past here: float64 arrays, mappings to them, and why a field is missing."""
    if form == "numbers":
        return f"{name}: {text(value)}" if isinstance(value, str) else _numbers(value, name)
    if not isinstance(value, Mapping):
        raise CallFailedError(f"{name} returned no {'table' if form == 'table' else 'mapping'}")
    if form == "counts":
        return {text(key): _numbers(count, name) for key, count in value.items()}
    return {
        text(key): _labels(column, name) if _is_labels(column) else _numbers(column, name)
        for key, column in value.items()
    }


def _numbers(value: Any, name: str) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise CallFailedError(f"{name} returned no numbers")
    return value.astype(np.float64)


def _is_labels(column: Any) -> bool:
    return isinstance(column, list) and wire.PLAIN.issuperset(map(type, column)) and None not in column


def _labels(column: list[Any], name: str) -> list[Any]:
    longest = max((len(entry) for entry in column if isinstance(entry, str)), default=0)
    if longest > MAX_LABEL:
        raise CallFailedError(f"{name} returned a label of {longest:,} characters; at most {MAX_LABEL} are read")
    return [entry if not isinstance(entry, int) or abs(entry) < 2**63 else str(entry)[:MAX_LABEL] for entry in column]


def texts(value: Any) -> list[str]:
    """A list of texts, of bearable length."""
    return list(map(text, value[:MAX_TEXTS])) if isinstance(value, list) else []


def text(value: Any) -> str:
    """A text, fit to be shown."""
    return printable(value[:500]) if isinstance(value, str) else "?"
