"""A function of data and of nothing else: not of what was asked before, nor of how the data lie in memory.

Answers are compared with the same package's to the same numbers, so that accuracy does not enter: they may differ
by what sums taken in another order make of an optimiser's last step.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.assertions import assert_each_close, assert_equal, assert_that
from tests.contract import NOT_OFFERED, Answer
from tests.shapes import INTERLEAVED, named_table

pytestmark = pytest.mark.package

SAME = 1e-4  # of each number
X, Y, CODES = INTERLEAVED.X, np.round(7.3 * INTERLEAVED.y), INTERLEAVED.codes  # of y odd and even numbers
N = len(Y)
TABLE = named_table("numpy strings").data
V = 2 * np.eye(N) + 3 * np.equal.outer(CODES, CODES)
WHOLE = np.round(7.3 * X)


def _asked(X: Any, y: Any, table: pd.DataFrame, Vb: float = 3.0) -> dict[str, tuple[Any, ...]]:
    """The arguments of every function that gets data."""
    terms = [(np.ones((N, 1)), CODES)]
    of_tables = ("buckets_per_color", "denominator_df", "empirical_variances", "anova_ols", "anova_reml")
    return {
        **dict.fromkeys(of_tables, (table,)),
        "frog_correlation": (table, 1, 2),
        "design_matrix": (table["color"].to_numpy(), True),
        "covariance_matrix": (CODES, Vb, 2.0),
        "gls": (X, y, V),
        "ols": (X, y),
        **dict.fromkeys(("fit_reml", "satterthwaite_df"), (X, y, CODES)),
        **dict.fromkeys(("fit_mixed", "mixed_df", "random_effects"), (X, y, terms)),
        "likelihood_ratio": (X[:, :1], X, y, terms),
    }


ASKED = _asked(X, Y, TABLE)
REVERSED = TABLE.assign(weight=TABLE["weight"].to_numpy()[::-1] ** 2)
FIRST, SECOND = TABLE["bucket"][TABLE["color"] == TABLE["color"][0]].unique()[:2]
MERGED = REVERSED.assign(bucket=TABLE["bucket"].replace(FIRST, SECOND))  # two buckets of a colour are one
MERGED["id"] = MERGED.groupby("bucket").cumcount() + 1
OTHER = _asked(X[::-1].copy(), Y[::-1] ** 2 / 60, MERGED, Vb=5.0)
OTHER |= {"design_matrix": (TABLE["color"].to_numpy()[::-1], True), "frog_correlation": (REVERSED, 1, 2)}
TABLES = (
    *("buckets_per_color", "denominator_df", "empirical_variances", "frog_correlation", "anova_ols", "anova_reml"),
)
FITS = ("ols", "gls", "fit_reml", "satterthwaite_df", "fit_mixed", "mixed_df")


def _each(*functions: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "function", [pytest.param(name, marks=pytest.mark.judges(name)) for name in functions]
    )


def _numbers(answer: Any) -> Iterator[float]:
    """All numbers of an answer, in its order."""
    if isinstance(answer, Answer):
        answer = {name: field for name, field in vars(answer).items() if field is not NOT_OFFERED}
    if isinstance(answer, dict):
        answer = [answer[key] for key in sorted(answer, key=str)]
    if isinstance(answer, list | tuple):
        for part in answer:
            yield from _numbers(part)
    else:
        yield from np.ravel(np.asarray(answer, dtype=float)).tolist()


@_each(*ASKED)
def test_what_was_asked_before_changes_nothing(impl, function):
    """The same question before and after another of the same shape, which has another answer."""
    ask = getattr(impl, function)
    first = list(_numbers(ask(*copy.deepcopy(ASKED[function]))))
    other = list(_numbers(ask(*copy.deepcopy(OTHER[function]))))
    again = list(_numbers(ask(*copy.deepcopy(ASKED[function]))))
    assert_each_close(f"{function}, asked the same once more", again, first, SAME)
    assert_that("another question has another answer", not np.array_equal(other, first), other)


@_each(*ASKED)
def test_arguments_are_left_as_they_were(impl, function):
    """Who goes on with the data has the data."""
    arguments = copy.deepcopy(ASKED[function])
    getattr(impl, function)(*arguments)
    before = list(map(_plain, ASKED[function]))
    assert_equal(f"what was given to {function}, after the call", list(map(_plain, arguments)), before)


def _plain(argument: Any) -> Any:
    if isinstance(argument, pd.DataFrame):
        return argument.to_dict("list") | {"the index": argument.index.tolist()}
    if isinstance(argument, list):
        return [[np.asarray(part).tolist() for part in term] for term in argument]
    return np.asarray(argument).tolist()


def _strided(array: np.ndarray) -> np.ndarray:
    """Every other number of a larger array, in the order of columns."""
    wide = np.empty([2 * size for size in array.shape], order="F")
    wide[...] = np.nan
    wide[tuple(slice(None, None, 2) for _ in array.shape)] = array
    return wide[tuple(slice(None, None, 2) for _ in array.shape)]


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


LAID: dict[str, Callable[[np.ndarray], np.ndarray]] = {"by columns, with gaps": _strided, "read-only": _read_only}


@_each(*FITS)
@pytest.mark.parametrize("laid", LAID)
def test_numbers_may_lie_in_memory_as_they_like(impl, function, laid):
    """The same numbers elsewhere, or not to be written to."""
    ask = getattr(impl, function)
    first = list(_numbers(ask(*copy.deepcopy(ASKED[function]))))
    otherwise = list(_numbers(ask(*_asked(LAID[laid](X), LAID[laid](Y), TABLE)[function])))
    assert_each_close(f"{function} of the same numbers, {laid}", otherwise, first, SAME)


@_each(*FITS)
def test_whole_numbers_are_numbers(impl, function):
    """X and y of integers, as counts, codes and seconds come."""
    ask = getattr(impl, function)
    first = list(_numbers(ask(*copy.deepcopy(_asked(WHOLE, Y, TABLE)[function]))))
    whole = list(_numbers(ask(*_asked(WHOLE.astype(int), Y.astype(int), TABLE)[function])))
    assert_each_close(f"{function} of integers", whole, first, SAME)


@_each(*FITS)
def test_small_integers_are_numbers(impl, function):
    """Of 8 bits, whose products leave them; of y as well, and of Z."""
    ask, slopes = getattr(impl, function), np.column_stack([np.ones(N), np.arange(N) % 5])
    given = [np.clip(WHOLE, -100, 100), np.clip(Y, -100, 100), slopes]
    answers = []
    for kind in (float, "int8"):
        X, y, Z = (part.astype(kind) for part in given)
        asked = _asked(X, y, TABLE)[function]
        answers.append(list(_numbers(ask(*asked[:2], [(Z, CODES)]) if "mixed" in function else ask(*asked))))
    assert_each_close(f"{function} of integers of 8 bits", answers[1], answers[0], SAME)


@_each("ols", "gls")
def test_numbers_of_32_bits_are_computed_with_in_64(impl, function):
    """What 32 bits hold exactly has the same answer to nine digits."""
    ask = getattr(impl, function)
    asked = _asked(WHOLE, Y, TABLE)[function]
    first = list(_numbers(ask(*copy.deepcopy(asked))))
    single = list(_numbers(ask(*(argument.astype(np.float32) for argument in asked))))
    assert_each_close(f"{function} of numbers of 32 bits", single, first, 1e-9)


@_each(*FITS)
def test_dummies_are_numbers(impl, function):
    """X of true and false, as pandas makes it of a factor."""
    ask, dummies = getattr(impl, function), np.equal.outer(CODES % 3, np.arange(3)) * 1.0
    first = list(_numbers(ask(*_asked(dummies, Y, TABLE)[function])))
    otherwise = list(_numbers(ask(*_asked(dummies == 1, Y, TABLE)[function])))
    assert_each_close(f"{function} of X of true and false", otherwise, first, SAME)


FRAMES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "an index of its own": lambda table: table.set_index(np.arange(len(table))[::-1] + 100),
    "an index of text that repeats": lambda table: table.set_index(pd.Index(["a", "b"] * len(table))[: len(table)]),
    "columns in another order": lambda table: table[table.columns[::-1]],
    "columns beside": lambda table: table.assign(y=0.0, group="x", mu=np.nan),
    "categories that no row has": lambda table: table.assign(
        bucket=pd.Categorical(table["bucket"], [*table["bucket"].unique(), "none"]),
        color=pd.Categorical(table["color"], [*table["color"].unique(), "none"]),
    ),
}


@_each(*TABLES)
@pytest.mark.parametrize("form", FRAMES)
def test_a_table_is_its_rows(impl, function, form):
    """Whatever its index, the order of its columns, what stands beside them, and categories that do not occur."""
    ask = getattr(impl, function)
    others = ASKED[function][1:]
    first = list(_numbers(ask(TABLE.copy(), *others)))
    otherwise = list(_numbers(ask(FRAMES[form](TABLE), *others)))
    assert_each_close(f"{function} of a table with {form}", otherwise, first, SAME)
