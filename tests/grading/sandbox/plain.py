"""Turn what a function returned into plain parts: numbers, text, and dicts, lists and arrays of them.

This file also runs beside the submission, in the sandbox; it imports nothing of the project.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

UNNAMED, MISNAMED, AS_TEXT = "unnamed", "misnamed", "text"  # flaws of a result that can be read nevertheless
NOTHING = "it returns nothing"
IN_R = {"F": "fvalue", "df_num": "numdf", "df_den": "dendf", "p_value": "pr(>f)"}  # in a table that anova prints


class UnreadableError(Exception):
    """The value lacks a field, or is not of the form that is asked for."""


def lenient(value: Any, forms: dict[str, str]) -> dict[str, Any]:
    """The fields of what a student returns: what can be read counts, and of what cannot be read the sentence why.

    A sequence without names has the fields in the order in which they are asked for, a field of nearly its name is
    that field, and numbers that were formatted are read; the part "flaws" says so. Raises UnreadableError where nothing
    can be read.
    """
    named = dict(zip(forms, value, strict=True)) if _is_in_order(value, forms) else value
    flaws, parts = {UNNAMED} if named is not value else set(), {}
    names = {} if "" in forms or value is None else renamed(names_of(named, forms), forms)
    if any(field != name for field, name in names.items()):
        named = {field: field_of(named, name) for field, name in names.items()}
        flaws |= {MISNAMED}
    for field, form in forms.items():
        try:
            parts |= plain(named, {field: form})
        except UnreadableError as error:
            part = named if field == "" else field_of(named, field) if field in names_of(named, forms) else None
            numbers = _from_text(part) if form == "numbers" else None
            parts[field] = str(error).partition("; asked for")[0] if numbers is None else numbers
            flaws |= {AS_TEXT} if numbers is not None else set()
    if all(isinstance(part, str) for part in parts.values()):
        return plain(named, forms)
    return parts | ({"flaws": sorted(flaws)} if flaws else {})


def renamed(names: Iterable[str], fields: Iterable[str]) -> dict[str, str]:
    """By field that is asked for the name under which it is there: its own, or one that differs as names are spelt."""
    names, fields = list(names), list(fields)
    near = {bare(name): name for name in names if name not in fields}
    found = {
        field: field if field in names else near.get(bare(field), near.get(IN_R.get(field, ""))) for field in fields
    }
    return {field: name for field, name in found.items() if name is not None}


def bare(name: str) -> str:
    """Without what is easily mistaken: capitals, dots, underscores, English for American."""
    return re.sub(r"[._ -]", "", name).lower().replace("colour", "color")


def _is_in_order(value: Any, forms: dict[str, str]) -> bool:
    """Whether a value is a sequence of as many parts as are asked for by name, and names none."""
    is_array = isinstance(value, np.ndarray) and value.ndim > 0
    if is_array and value.dtype.kind in "biuf" and value.size == len(value) and "coef" in forms:
        return False  # a number for each field, where one at least has several
    is_sequence = isinstance(value, list | tuple) or is_array
    return "" not in forms and is_sequence and not hasattr(value, "_fields") and len(value) == len(forms)


def _from_text(value: Any) -> np.ndarray | None:
    """Numbers of a text, or of several, that show nothing else."""
    try:
        array = np.asarray(value)
        is_text = array.size and (array.dtype.kind == "U" or any(isinstance(part, str) for part in array.flat))
        return array.astype(np.float64) if is_text else None
    except (TypeError, ValueError):
        return None


def plain(value: Any, forms: dict[str, str]) -> dict[str, Any]:
    """The fields of a result, each in its form; a result without fields is the field "" of itself.

    Forms: "numbers" (an array of any shape), "counts" (a mapping to numbers), "table" (named columns), "matrices" (a
    list of arrays), "effects" (a list of mappings to numbers).
    """
    if value is None:
        raise UnreadableError(NOTHING)
    if "" in forms:
        return {"": FORMS[forms[""]](value, "the result")}
    names = names_of(value, forms)
    missing = [field for field in forms if field not in names]
    if missing:
        has = f"with {', '.join(names[:12])}" if names else "without names"
        asked = ", ".join(forms)
        raise UnreadableError(
            f"the result has no field {missing[0]!r}: it is a {_kind(value)} {has}; asked for are {asked}"
        )
    return {field: FORMS[form](field_of(value, field), field) for field, form in forms.items()}


def _numbers(value: Any, name: str) -> np.ndarray:
    if value is None:
        raise UnreadableError(f"{name} is None; expected numbers")
    array = value.toarray() if hasattr(value, "toarray") else value  # a scipy sparse matrix
    try:
        array = np.asarray(array)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise UnreadableError(f"{name} is a {type(value).__name__} that is no array of numbers") from None
    if array.dtype.kind not in "biuf":
        kinds = {"U": "text", "S": "text", "c": "complex numbers", "M": "dates", "m": "durations"}
        raise UnreadableError(f"{name} holds {kinds.get(array.dtype.kind, array.dtype)}, not real numbers")
    return array.astype(np.float64)


def _counts(value: Any, name: str) -> dict[Any, Any]:
    if hasattr(value, "columns"):
        raise UnreadableError(
            f"{name} is a table with {', '.join(map(str, value))}; expected one number for each label"
        )
    items = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(items, Mapping):
        raise UnreadableError(f"{name} is a {type(value).__name__}; expected a mapping from label to number")
    return {_scalar(key): _numbers(count, f"{name} of {key}") for key, count in items.items()}


def _table(value: Any, name: str) -> dict[str, Any]:
    columns = dict(value.items()) if hasattr(value, "columns") else value
    if not isinstance(columns, Mapping):
        raise UnreadableError(
            f"{name} is a {type(value).__name__}; expected a table with named columns; is it the table that comes back?"
        )
    return {str(key): _column(column) for key, column in columns.items() if column is not None}


def _column(values: Iterable[Any]) -> Any:
    values = np.asarray(values) if hasattr(values, "__array__") else values  # R's vectors may have names
    if getattr(values, "ndim", 1) == 2 and values.shape[1] == 1:  # X %*% beta is a matrix of one column
        values = values[:, 0]
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in "iuf" and isinstance(values, np.ndarray):
        return values.astype(np.float64) if kind == "f" else values.tolist()
    entries = [_scalar(value) for value in values]
    return np.array(entries, dtype=np.float64) if all(isinstance(e, float) for e in entries) else entries


def _scalar(value: Any) -> str | int | float:
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, int | float) else str(value)


def _matrices(value: Any, name: str) -> list[np.ndarray]:
    entries = list(value.values()) if isinstance(value, Mapping) else value  # R's list
    if not isinstance(entries, list | tuple | np.ndarray):
        raise UnreadableError(f"{name} is a {type(value).__name__}; expected a list of matrices")
    return [_numbers(entry, f"{name}[{k}]") for k, entry in enumerate(entries)]


def _effects(value: Any, name: str) -> list[dict[Any, Any]]:
    if not isinstance(value, list | tuple):
        raise UnreadableError(f"{name} is a {type(value).__name__}; expected a list of mappings, one for each term")
    return [_counts(entry, f"{name}[{k}]") for k, entry in enumerate(value)]


FORMS = {"numbers": _numbers, "counts": _counts, "table": _table, "matrices": _matrices, "effects": _effects}


def names_of(value: Any, asked: Iterable[str] = ()) -> list[str]:
    """The fields of a result: keys, or attributes, a class's properties too where they are `asked`."""
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    if hasattr(value, "to_dict"):  # a pandas Series by its index, a DataFrame by its columns
        return [str(name) for name in value.to_dict()]
    if isinstance(value, np.ndarray | float | int | str):
        return []
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        names = [name for name in dir(value) if not name.startswith("_") and not callable(getattr(value, name, None))]
    # dir may hide what is there, as that of statsmodels' results does
    return names + [name for name in asked if name not in names and not callable(getattr(value, name, callable))]


def _kind(value: Any) -> str:
    return {"ndarray": "plain array", "NamedNumbers": "vector"}.get(type(value).__name__, type(value).__name__)


def field_of(value: Any, field: str) -> Any:
    by_key = isinstance(value, Mapping) or hasattr(value, "to_dict")
    return value[field] if by_key else getattr(value, field)
