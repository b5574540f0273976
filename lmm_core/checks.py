"""Refusals: each check returns its argument in the form that the formulas need, or raises a ValueError
that names the argument and both offending numbers. Nothing is repaired, and nothing is half believed.
"""

import operator
from collections.abc import Hashable, Mapping, Sequence, Set
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Codes = NDArray[np.intp]
Labels = Sequence[object] | NDArray[np.generic] | pd.Series
Levels = NDArray[np.generic] | ExtensionArray

SMALL = 2.0**-400  # sums of squares down to it, and up to 1 over it, are multiplied without leaving float64
SMALLEST, LARGEST = float(np.finfo(float).tiny), float(np.finfo(float).max)
LABEL_TYPES = str, Real, np.bool_, date, timedelta, pd.Period, pd.Interval, tuple
EXACT_FLOATS = 2**53  # whole numbers up to it are float64
MOST_FROGS = 10**9


# --- numbers --------------------------------------------------------------------------------------------


def array(name: str, value: ArrayLike, ndim: int) -> NDArray[np.float64]:
    """`value` as a finite, non-empty float array with `ndim` dimensions."""
    if type(value) is not np.ndarray or value.dtype.kind not in "fiub":
        _real_numbers(name, value)
    try:
        result = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is not numeric: {error}") from None
    if result.ndim != ndim:
        raise ValueError(f"{name} has {result.ndim} dimensions {result.shape}; expected {ndim}")
    if result.size == 0:
        raise ValueError(f"{name} is empty: its shape is {result.shape}")
    n_bad = result.size - np.count_nonzero(np.isfinite(result))
    if n_bad:
        raise ValueError(f"{name} has {n_bad} NaN or infinite values among its {result.size}")
    return result


def _real_numbers(name: str, value: ArrayLike) -> None:
    """What numpy would turn into floats although it is no array of real numbers is refused: text, dates, masks."""
    _no_mask(name, value)
    if isinstance(value, Set | Mapping):
        raise ValueError(f"{name} is not numeric: it is a {type(value).__name__}")
    try:
        entries = np.asarray(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not numeric: its rows have different lengths") from None
    if entries.dtype.kind in "mM":
        raise ValueError(f"{name} is not numeric: it has dates or durations")
    if entries.dtype.kind not in "fiub":
        for entry in np.asarray(value, dtype=object).ravel().tolist():
            if not (entry is None or entry is pd.NA or isinstance(entry, Real | Decimal)):
                raise ValueError(f"{name} is not numeric: it has {entry!r}")


def _no_mask(name: str, value: object) -> None:
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array, {value.mask.sum()} of {value.size} masked: drop these rows")


def non_negative(name: str, value: float) -> float:
    """A finite number that is at least 0."""
    number = array(name, value, 0).item()
    if number < 0:
        raise ValueError(f"{name} is {number:g}; expected at least 0")
    return number


def count(name: str, value: int, at_least: int = 1) -> int:
    """A whole number that is at least `at_least`, of any size."""
    try:
        number = operator.index(value)
    except TypeError:
        real = array(name, value, 0).item()
        if real != np.floor(real) or real < at_least:
            raise ValueError(f"{name} is {real:g}; expected a whole number of at least {at_least}") from None
        if real > EXACT_FLOATS:
            raise ValueError(
                f"{name} is the float {real:g}, which stands for many whole numbers; write it as one"
            ) from None
        number = int(real)
    if number < at_least:
        raise ValueError(f"{name} is {number}; expected a whole number of at least {at_least}")
    return number


def truth(name: str, value: Any) -> bool:
    """True or False, or 1 or 0."""
    if not (isinstance(value, bool | np.bool_ | int | np.integer) and value in {0, 1}):
        shown = repr(value) if np.ndim(value) == 0 else f"of type {type(value).__name__}"
        raise ValueError(f"{name} is {shown}; expected True or False")
    return bool(value)


# --- units ----------------------------------------------------------------------------------------------


def in_units(A: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | float]:
    """A and 1.0; or A / units and units, where the squares of a vector or of a matrix's columns leave float64.

    Units are powers of 2 near the largest entry, which cost no digit: one, or one for every column.
    """
    with np.errstate(over="ignore"):
        squares = A.T @ A
    squares = squares.diagonal() if A.ndim == 2 else squares
    if squares.min() > SMALL and squares.max() < 1 / SMALL:
        return A, 1.0
    largest = np.abs(A).max(axis=0)
    extreme = ~((squares > SMALL) & (squares < 1 / SMALL)) & (largest > 0)
    units = np.where(extreme, 2.0 ** np.clip(np.frexp(largest)[1] - 1.0, -1000, 1000), 1.0)
    return A / units, units


def in_given_units(names: str, values: ArrayLike, *units: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """`values` times the units: back from `in_units`, unless they leave float64 thereby."""
    before = scaled = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        for unit in units:
            scaled = scaled * unit
    size = np.abs(scaled)
    if np.any(~(size <= LARGEST)) or np.any((size < SMALLEST) & (before != 0)):
        raise ValueError(
            f"{names} lie outside float64, which reaches from {SMALLEST:.0e} to {LARGEST:.0e}; use another unit"
        )
    return scaled


# --- matrices -------------------------------------------------------------------------------------------


def same_rows(first: str, n_first: int, second: str, n_second: int) -> None:
    """The arguments `first` and `second` describe the same observations."""
    if n_first != n_second:
        raise ValueError(f"{first} has {n_first} rows but {second} has {n_second}")


def full_rank(name: str, R: Matrix, n_rows: int) -> None:
    """The triangular factor R of the n x p matrix `name` has rank p.

    The columns are scaled to length one first, so that units do not decide. Rank counts the singular
    values above max(n, p) eps times the largest (Golub and Van Loan, 2013, section 5.4.1).
    """
    p = R.shape[1]
    rank = numerical_rank(R, np.linalg.norm(R, axis=0), n_rows)
    if rank < p:
        raise ValueError(f"{name} is rank-deficient: it has {p} columns but rank {rank}")


def numerical_rank(R: Matrix, lengths: Vector, n_rows: int) -> int:
    """Rank of the columns of R measured against `lengths`; a column of length 0 counts as dependent."""
    scaled = R / np.where(lengths > 0, lengths, 1.0)
    negligible = max(n_rows, R.shape[1]) * np.finfo(float).eps
    if np.abs(scaled).max() * np.sqrt(scaled.size) <= negligible:  # bounds the largest singular value
        return 0
    return int(np.count_nonzero(np.linalg.svd(scaled, compute_uv=False) > negligible))


# --- labels and tables ----------------------------------------------------------------------------------


def labels(name: str, value: Labels) -> tuple[Codes, Levels]:
    """Labels as codes 0, 1, ... of their levels, in order of appearance; strings or integers."""
    _no_mask(name, value)
    if not pd.api.types.is_list_like(value) or isinstance(value, Set | Mapping):
        raise ValueError(f"{name} is of type {type(value).__name__}; expected a list of labels")
    shape = np.shape(value) if isinstance(value, np.ndarray | pd.DataFrame) else ()
    if len(shape) > 1 or isinstance(value, pd.MultiIndex):
        raise ValueError(f"{name} has {max(len(shape), 2)} dimensions {shape or (len(value),)}; expected 1")
    try:
        codes, levels = pd.factorize(_entries(value))  # type: ignore[arg-type] # any array
    except TypeError as error:
        raise ValueError(f"{name} has entries that are no labels: {error}") from None
    if len(codes) == 0:
        raise ValueError(f"{name} is empty: it has 0 labels")
    n_missing = np.count_nonzero(codes < 0)
    if n_missing:
        raise ValueError(f"{name} has {n_missing} missing labels among its {len(codes)}")
    if levels.dtype.kind not in "iub":
        for level in levels.tolist():
            if not isinstance(level, LABEL_TYPES) or level in {np.inf, -np.inf}:
                raise ValueError(f"{name} has the entry {level!r}, which is no label")
    return codes, levels


def _entries(value: Labels) -> Levels:
    """Without an index, in numpy's array where it is one of numpy's types."""
    if isinstance(value, np.ndarray):
        return value
    entries = (value if isinstance(value, pd.Series) else pd.Series(value)).array  # type: ignore[arg-type] # any entries
    return entries.to_numpy() if isinstance(entries, pd.arrays.NumpyExtensionArray) else entries


def sorted_labels(name: str, value: Labels) -> tuple[Codes, list[object]]:
    """Labels as codes of their sorted levels: integers by size, strings by letter, whatever order a Categorical has."""
    codes, levels = labels(name, value)
    of_level = levels.tolist()
    try:
        order = sorted(range(len(of_level)), key=lambda k: of_level[k])
    except TypeError:
        raise ValueError(f"{name} mixes types that have no order: {of_level[:4]}") from None
    return np.argsort(order)[codes], [of_level[k] for k in order]


def label(name: str, value: object) -> Hashable:
    """One label, that equals itself."""
    if not isinstance(value, Hashable) or value is None or value is pd.NA or value != value:  # type: ignore[redundant-expr] # noqa: PLR0124 - a list is an object, too
        raise ValueError(f"{name} is {value!r}; expected a label")
    return value


def table(data: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A table that has rows, and the named columns, which lack no value."""
    if not isinstance(data, pd.DataFrame):
        raise ValueError(f"data is a {type(data).__name__}; expected a pandas DataFrame")
    if data.columns.nlevels > 1:
        raise ValueError(f"data has {data.columns.nlevels} levels of column names; expected 1")
    names = data.columns.tolist()
    for column in columns:
        if column not in names:
            raise ValueError(f"data has no column {column!r}; it has {names}")
        if names.count(column) > 1:
            raise ValueError(f"data has {names.count(column)} columns {column!r}; expected 1")
    if len(data) == 0:
        raise ValueError("data is empty: it has 0 rows")
    for column in columns:
        if column != "weight":
            labels(f"data column {column!r}", data[column])
        elif n_missing := int(data[column].isna().sum()):
            raise ValueError(f"data column {column!r} has {n_missing} missing values among its {len(data)}")
    return data


def weights(data: pd.DataFrame) -> Vector:
    """The column `weight` of a checked table as finite floats."""
    return array("data column 'weight'", data["weight"], 1)
