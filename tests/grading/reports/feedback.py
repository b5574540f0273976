"""A call that shows what is wrong, as lines that a student can paste and run."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox.border import FACTORS
from tests.implementation import Call

IMPORTS = {"np": "import numpy as np", "pd": "import pandas as pd"}
MAX_CELLS = 250  # of all arguments together


def example(call: Call, language: str, names: Names = CHAPTER) -> str:
    """A call as lines to paste, indented; nothing where the arguments are too large to read."""
    if sum(map(_cells, call.arguments.values())) > MAX_CELLS:
        return ""
    return "\n".join(f"    {line}" for line in pasteable(call, language, names))


def pasteable(call: Call, language: str, names: Names = CHAPTER) -> list[str]:
    """Lines that make the arguments of a call, and then call it."""
    factors = [names.columns[name] for name in FACTORS]
    as_text = partial(_r, factors=factors) if language == "R" else _python
    lines, inline = [], []
    for name, argument in call.arguments.items():
        value = argument.rename(columns=names.columns) if isinstance(argument, pd.DataFrame) else argument
        if isinstance(value, str | int | float) or (isinstance(value, list) and len(value) <= 6 and not _cells(value)):
            inline.append(as_text(value))
        else:
            lines.append(f"{name} {'<-' if language == 'R' else '='} {as_text(value)}")
            inline.append(name)
    text = "\n".join([*lines, f"{names.functions.get(call.name, call.name)}({', '.join(inline)})"])
    needed = [line for name, line in IMPORTS.items() if language == "Python" and f"{name}." in text]
    return [*needed, *text.splitlines()]


def _cells(value: Any) -> int:
    """Numbers and labels in arrays and tables, those of a list of terms, too."""
    if isinstance(value, list | tuple):
        return sum(map(_cells, value))
    return value.size if isinstance(value, np.ndarray | pd.DataFrame) else 0


def _python(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return "pd.DataFrame({" + ", ".join(f"{str(k)!r}: {v.tolist()!r}" for k, v in value.items()) + "})"
    if isinstance(value, np.ndarray):
        is_whole = value.dtype.kind == "f" and bool(np.all(value == np.floor(value)))
        return f"np.array({value.astype(int).tolist()!r}, float)" if is_whole else f"np.array({value.tolist()!r})"
    if isinstance(value, list) and _cells(value):  # terms, pairs of Z and group
        return "[" + ", ".join(f"({_python(Z)}, {_python(group)})" for Z, group in value) + "]"
    return repr(value)


def _r(value: Any, factors: Iterable[str]) -> str:
    if isinstance(value, pd.DataFrame):
        columns = {name: _r_vector(column.tolist(), factor=name in factors) for name, column in value.items()}
        return "data.frame(" + ", ".join(f"{name} = {text}" for name, text in columns.items()) + ")"
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return f"matrix({_r_vector(value.ravel().tolist())}, nrow = {len(value)}, byrow = TRUE)"
    if isinstance(value, np.ndarray):
        return _r_vector(value.tolist(), factor=value.dtype.kind not in "f")
    if isinstance(value, list) and _cells(value):
        terms = (f"list(Z = {_r(Z, factors)}, group = {_r(group, factors)})" for Z, group in value)
        return f"list({', '.join(terms)})"
    return _r_vector(value) if isinstance(value, list) else _r_scalar(value)


def _r_vector(values: list[Any], *, factor: bool = False) -> str:
    text = "c(" + ", ".join(map(_r_scalar, values)) + ")"
    return f"factor({text})" if factor else text


def _r_scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)
