"""Refusals: each check returns its argument in the form that the formulas need, or raises a ValueError
that names the argument and both offending numbers. Nothing is repaired.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Codes = NDArray[np.intp]
Labels = Sequence[object] | NDArray[np.generic] | pd.Series


def array(name: str, value: ArrayLike, ndim: int) -> NDArray[np.float64]:
    """`value` as a finite, non-empty float array with `ndim` dimensions."""
    try:
        if np.iscomplexobj(value):
            raise TypeError("it has complex numbers")
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


def labels(name: str, value: Labels) -> tuple[Codes, NDArray[np.generic] | pd.Index]:
    """Labels as codes 0, 1, ... of their levels, in order of appearance; strings or integers."""
    one_dimensional = value if isinstance(value, np.ndarray) else pd.Series(value)
    if one_dimensional.ndim != 1:
        raise ValueError(f"{name} has {one_dimensional.ndim} dimensions {one_dimensional.shape}; expected 1")
    if one_dimensional.size == 0:
        raise ValueError(f"{name} is empty: it has 0 labels")
    codes, levels = pd.factorize(one_dimensional)
    n_missing = np.count_nonzero(codes < 0)
    if n_missing:
        raise ValueError(f"{name} has {n_missing} missing labels among its {len(codes)}")
    return codes, levels


def table(data: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns of a table that has rows and lacks no value."""
    if not isinstance(data, pd.DataFrame):
        raise ValueError(f"data is a {type(data).__name__}; expected a pandas DataFrame")
    for column in columns:
        if column not in data.columns:
            raise ValueError(f"data has no column {column!r}; it has {list(data.columns)}")
    if len(data) == 0:
        raise ValueError("data is empty: it has 0 rows")
    for column in columns:
        n_missing = int(data[column].isna().sum())
        if n_missing:
            raise ValueError(f"data column {column!r} has {n_missing} missing values among its {len(data)}")
    return data[list(columns)]


def weights(data: pd.DataFrame) -> Vector:
    """The column `weight` of a checked table as finite floats."""
    return array("data column 'weight'", data["weight"], 1)


def non_negative(name: str, value: float) -> float:
    """A finite number that is at least 0."""
    number = array(name, value, 0).item()
    if number < 0:
        raise ValueError(f"{name} is {number:g}; expected at least 0")
    return number


def count(name: str, value: int, at_least: int = 1) -> int:
    """A whole number that is at least `at_least`."""
    number = array(name, value, 0).item()
    if number != int(number) or number < at_least:
        raise ValueError(f"{name} is {number:g}; expected a whole number of at least {at_least}")
    return int(number)
