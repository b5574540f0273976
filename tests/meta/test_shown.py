"""What a failing check shows: numbers that the function returned, and those that a right one returns for the same call.

An implementation whose numbers are all off by a share is judged by every check of the exercises. What is "got" must be
among what it has returned, and what is "expected" among what lmm_core returns: no ratios, logs or differences of them.
simulate_frogs is judged by statistics of some thousand weights, and they are shown (test_simulators.py has its faults).
"""

import importlib
import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import lmm_core
from tests.assertions import ClaimError, assert_at_most, assert_between, assert_close, assert_each_close
from tests.contract import EVERY
from tests.implementation import Call, Implementation, InProcess
from tests.selection import EXERCISES
from tests.tolerances import SUBMISSION

RIGHT = InProcess(lmm_core)
SHOWN = 1e-5  # relative, of a number as it is printed
FEW, MOST = 3, 4  # examples of a property that none of them fails, and cases
AGREE = 1e-3  # relative, of an authority and lmm_core
FILES = sorted(path.stem for path in EXERCISES.glob("test_4_*.py") if "simulate_frogs" not in path.stem)
STATISTICS = {  # of hundreds of calls, which lmm_core alone is asked
    "test_empirical_vb_is_biased_downwards_by_a_known_factor",
    "test_naive_p_values_are_not_uniform_under_no_color_effect",
    "test_p_values_are_uniform_under_no_color_effect",
}


@dataclass(frozen=True)
class Off:
    """lmm_core with every number multiplied by `factor`, and every count one more; it says that it has converged."""

    factor: float

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call it."""
        whole = {"denominator_df", "buckets_per_color", "df_num", "df_resid"}
        value = RIGHT.call(name, arguments, forms)
        return {
            field: _one_more(number) if {name, field} & whole else self.factor * np.asarray(number)
            for field, number in value.items()
        } | {"converged": True}


def _one_more(value: Any) -> Any:
    return {key: count + 1 for key, count in value.items()} if isinstance(value, dict) else np.asarray(value) + 1


def checks(module: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """Every test of a file with the values of its cases, or of some of them where they are many."""
    found = []
    for name, function in vars(module).items():
        if name.startswith("test_") and name not in STATISTICS and "core" not in function.__code__.co_varnames[:1]:
            marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
            cases = list(itertools.product(*(mark.args[1] for mark in marks)))
            for case in cases[:: 1 + len(cases) // MOST]:
                values: dict[str, Any] = {}
                for mark, value in zip(marks, case, strict=True):
                    names = mark.args[0] if isinstance(mark.args[0], tuple | list) else [mark.args[0]]
                    given = getattr(value, "values", value) if hasattr(value, "marks") else value
                    unpacked = len(names) > 1 or hasattr(value, "marks")
                    values |= dict(zip(names, given if unpacked else [given], strict=True))
                found.append((name, function, values))
    return found


def first_failure(function: Any, factor: float, values: dict[str, Any]) -> tuple[str, list[Call]] | None:
    """The message of a check, and the calls that it was made of; of a property the first example that fails."""
    impl, failures, seen = Implementation("off", Off(factor), SUBMISSION), [], itertools.count()
    handle = getattr(function, "hypothesis", None)
    inner = handle.inner_test if handle else function

    def once(*arguments: Any, **named: Any) -> None:
        try:
            inner(*arguments, **named)
        except ClaimError as error:
            failures.append((error.plain, impl.calls))
        except (AssertionError, ValueError, pytest.fail.Exception):
            failures.append(("", []))  # no numbers are shown
        if failures or next(seen) == FEW:
            pytest.skip("enough")  # which stops hypothesis at once

    try:
        if handle:
            handle.inner_test = once
            function(impl, **values)
        else:
            once(impl, **values)
    except pytest.skip.Exception:
        pass
    finally:
        if handle:
            handle.inner_test = inner
    return failures[0] if failures else None


def numbers(result: Any) -> np.ndarray:
    """All numbers of an answer."""
    parts = vars(result).values() if hasattr(result, "__dict__") else [result]
    parts = [list(part.values()) if isinstance(part, dict) else part for part in parts]
    return np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])


def strangers(text: str, known: np.ndarray, rtol: float) -> list[str]:
    """The numbers of a text that are none of those known."""
    said = re.findall(r"(?<![\w'])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w'])", text)
    slack = 1e-9 * np.abs(known).max()
    return [x for x in said if not np.any(np.abs(known - float(x)) <= rtol * np.abs(known) + slack)]


def wrongly_shown(function: Any, factor: float, values: dict[str, Any]) -> list[str]:
    """The numbers that a check shows as got or expected, and that no call has returned, or should have."""
    message, calls = first_failure(function, factor, values) or ("", [])
    if not calls:
        return []
    right = [
        EVERY[call.name].normalised(RIGHT.call(call.name, call.arguments, EVERY[call.name].forms), call.arguments)
        for call in calls
    ]
    got, _, expected = message.partition("\n  got ")[2].partition("\n  expected ")
    is_bound = expected.strip().startswith(("between", "at most"))
    returned = np.concatenate([numbers(call.result) for call in calls])
    owed = np.concatenate([numbers(result) for result in right])
    return strangers(got, returned, SHOWN) + ([] if is_bound else strangers(expected, owed, AGREE))


@pytest.mark.parametrize("file", FILES)
def test_what_is_shown_is_what_was_returned_and_should_have_been(file):
    """Each check of a function, where numbers are 31 % too large."""
    module = importlib.import_module(f"tests.exercises.{file}")
    found = {name: wrongly_shown(function, 1.31, values) for name, function, values in checks(module)}
    assert {name: shown for name, shown in found.items() if shown} == {}


X, Y, V = np.array([[1.0, 0], [1, 1], [1, 3]]), np.array([2.0, 5, 3]), np.diag([1.0, 2, 3])
COEF = lmm_core.gls(X, Y, V).coef
KINDS = {
    "ratio": lambda impl: assert_close("coef", impl.gls(X, Y, V).coef / COEF, np.ones(2), 1e-9),
    "log": lambda impl: assert_close("coef", np.log(impl.gls(X, Y, V).coef), np.log(COEF), 1e-9),
    "difference": lambda impl: assert_close("coef", impl.gls(X, Y, V).coef - COEF, np.zeros(2), 1e-9, 1.0),
    "digits": lambda impl: assert_between("digits", float(-np.log10(impl.gls(X, Y, V).coef[0] / COEF[0] - 1)), 10, 15),
    "excess": lambda impl: assert_at_most("coef", impl.gls(X, Y, V).coef[0] - COEF[0], 1e-9),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_numbers_than_those_returned_are_caught(kind):
    """A check of each kind that has been among the exercises."""
    assert wrongly_shown(KINDS[kind], 1.31, {})


def test_the_numbers_themselves_pass():
    """And the same claim, shown as it was returned, is not."""
    assert not wrongly_shown(lambda impl: assert_each_close("coef", impl.gls(X, Y, V).coef, COEF, 1e-9), 1.31, {})
