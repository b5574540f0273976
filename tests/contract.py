"""What each function takes and returns, and the one place where a returned value becomes plain numbers.

Whatever a submission returns is turned into float64 of the exact shape, finite, before anything is
compared. What cannot be is a `ContractError`, in one sentence that names the field.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

Arguments = Mapping[str, Any]
Convert = Callable[[Any, str, Arguments], Any]

VERSION = 2  # of the contract, which a peer or a submission may name: CONTRACT = 2
OLDER = {
    "fit_components": "fit_mixed",
    "components_df": "mixed_df",
}  # version 1, and what took their place
WHOLE = ""  # the field name of a result that has no fields


class ContractError(AssertionError):
    """A returned value is not of the form that the contract asks for."""


class NotOffered:
    """Stands for a field that an implementation does not offer: a check that reads it is skipped."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        pytest.skip("reads a field that is not offered")

    __float__ = __array__


NOT_OFFERED = NotOffered()


class Answer(SimpleNamespace):
    """A result of several fields; one that is missing, or of another form, says so where it is read."""

    __slots__ = ("_missing",)

    def __init__(self, fields: Mapping[str, Any], missing: Mapping[str, str]) -> None:
        super().__init__(**fields)
        self._missing = missing

    def __getattr__(self, name: str) -> Any:
        if name != "_missing" and name in self._missing:
            raise ContractError(self._missing[name])
        raise AttributeError(name)


@dataclass(frozen=True)
class Kind:
    """How a value crosses from the submission (`form`, see grading/sandbox/plain.py), and what it must then be."""

    form: str
    convert: Convert


@dataclass(frozen=True)
class Function:
    """One function of the contract."""

    name: str
    exercise: str
    arguments: tuple[str, ...]
    fields: dict[str, Kind]
    optional: tuple[str, ...] = ()  # arguments more, that a package may take by their names

    def parted(self, arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
        """The values that are given by place, and the optional ones by name."""
        named = {name: value for name, value in arguments.items() if name in self.optional}
        return [arguments[name] for name in self.arguments], named

    @property
    def forms(self) -> dict[str, str]:
        """What the worker has to know of the result."""
        return {field: kind.form for field, kind in self.fields.items()}

    def normalised(self, value: dict[str, Any], arguments: Arguments) -> Any:
        """The plain value of a call as a number, array, table or `Answer`; raises ContractError where none of it fits.

        A field that is NOT_OFFERED stays so; one that is a text, the sentence that says why, is missing.
        """
        parts: dict[str, Any] = {}
        missing: dict[str, str] = {}
        for field, kind in self.fields.items():
            part = value[field]
            try:
                if isinstance(part, str):
                    raise ContractError(part)
                parts[field] = part if part is NOT_OFFERED else kind.convert(part, field or "the result", arguments)
            except ContractError as error:
                missing[field] = str(error)
        if not parts:
            raise ContractError(next(iter(missing.values())))
        return parts[WHOLE] if WHOLE in parts else Answer(parts, missing)


def _number(value: Any, name: str, _: Arguments) -> float:
    shape = np.shape(value)
    if np.size(value) != 1 or len(shape) > 2:
        more = "; is one of them a p-value?" if name == "the result" else "; is it a whole column of a table?"
        raise ContractError(f"{name} is {_many(shape)}; expected 1 number{more if shape == (2,) else ''}")
    return float(_real(value, name).reshape(()))


def _whole(value: Any, name: str, arguments: Arguments) -> int:
    number = _number(value, name, arguments)
    if number != math.floor(number):
        raise ContractError(f"{name} is {number:g}; expected a whole number")
    return int(number)


def _vector(length: Callable[[Arguments], int]) -> Convert:
    def convert(value: Any, name: str, arguments: Arguments) -> np.ndarray:
        shape, n = np.shape(value), length(arguments)
        if shape not in ((n,), (n, 1), (1, n)) and not (n == 1 and shape == ()):
            is_one_more = shape in ((n + 1,), (n + 1, 1)) and "X" in arguments
            more = "; is there a constant more than X has, or a variance?" if is_one_more else ""
            raise ContractError(f"{name} is {_many(shape)}; expected {n} number{'s' * (n != 1)}{more}")
        return _real(value, name).reshape(n)

    return convert


def _matrix(shape: Callable[[Arguments], tuple[int, int]]) -> Convert:
    def convert(value: Any, name: str, arguments: Arguments) -> np.ndarray:
        expected = shape(arguments)
        if np.shape(value) != expected:
            raise ContractError(f"{name} is {_many(np.shape(value))}; expected {_many(expected)}")
        return _real(value, name)

    return convert


def _many(shape: tuple[int, ...]) -> str:
    """A shape in words."""
    if len(shape) < 2:
        count = math.prod(shape)
        return f"{count} number{'s' * (count != 1)}"
    return f"a table of {' x '.join(map(str, shape))} numbers"


def _counts(value: Any, name: str, arguments: Arguments) -> dict[str, int]:
    return {label(key): _whole(count, f"{name} of {key}", arguments) for key, count in value.items()}


class Table(pd.DataFrame):
    """A simulation's columns; one that is missing says so where it is read."""

    @property
    def _constructor(self) -> type:
        return Table

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key in COLUMNS and key not in self.columns:
            raise ContractError(f"the result lacks the column {key!r}; it has {', '.join(self.columns)}")
        return super().__getitem__(key)


def _table(value: Any, name: str, arguments: Arguments) -> pd.DataFrame:
    n_rows = {column: len(np.atleast_1d(value[column])) for column in COLUMNS if column in value}
    if not n_rows:
        raise ContractError(f"{name} has none of the columns {', '.join(COLUMNS)}; it has {', '.join(value)}")
    if len(set(n_rows.values())) > 1:
        raise ContractError(f"the columns of {name} have different lengths: {n_rows}")
    if not max(n_rows.values()) and {"n_buckets", "n_within"} <= set(arguments):
        asked = f"{arguments['n_buckets']} x {arguments['n_within']} frogs"
        raise ContractError(f"{name} has no rows; asked for are {asked}")
    labels = {c: [label(entry) for entry in value[c]] for c in ("id", "bucket", "color") if c in n_rows}
    convert = {c: _vector(lambda _, c=c: n_rows[c]) for c in ("bucket_mu", "weight") if c in n_rows}
    return Table(labels | {c: of(value[c], f"column {c}", {}) for c, of in convert.items()})


def _real(value: Any, name: str) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ContractError(f"{name} is no array of real numbers")
    array = array.astype(np.float64)
    n_bad = int(array.size - np.isfinite(array).sum())
    if n_bad:
        are = "is" if array.size == 1 else f"has {array.size} numbers, of which {n_bad} are"
        raise ContractError(f"{name} {are} NA, NaN or infinite")
    return array


def label(value: Any) -> str:
    """Labels are compared as text: 3, 3.0 and "3" are the same bucket."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _coefficients(arguments: Arguments) -> int:
    return int(np.shape(arguments["X"])[1])


def _n_by_n(arguments: Arguments) -> tuple[int, int]:
    return len(arguments["group"]), len(arguments["group"])


def _n_by_levels(arguments: Arguments) -> tuple[int, int]:
    return len(arguments["labels"]), len(set(arguments["labels"]))


def _matrices(value: Any, name: str, arguments: Arguments) -> list[np.ndarray]:
    """A symmetric matrix for each term, as large as its Z is wide."""
    sizes = [np.shape(Z)[1] for Z, _ in arguments["terms"]]
    if len(value) != len(sizes):
        raise ContractError(f"{name} has {len(value)} matrices; expected {len(sizes)}, one for each term")
    return [_matrix(lambda _, r=r: (r, r))(G, f"{name}[{k}]", {}) for k, (G, r) in enumerate(zip(value, sizes))]  # noqa: B905 - just compared


def _effects(value: Any, name: str, arguments: Arguments) -> list[dict[str, np.ndarray]]:
    """For each term a vector as long as its Z is wide, by the label of the level."""
    terms = arguments["terms"]
    if len(value) != len(terms):
        raise ContractError(f"{name} has {len(value)} mappings; expected {len(terms)}, one for each term")
    found = []
    for k, (Z, group) in enumerate(terms):
        r, part = np.shape(Z)[1], {label(key): b for key, b in value[k].items()}
        lacking = [level for level in map(label, np.unique(group).tolist()) if level not in part]
        if lacking:
            raise ContractError(f"{name}[{k}] lacks the level {lacking[0]}; it has {', '.join(list(part)[:12])}")
        found.append({level: _vector(lambda _, r=r: r)(b, f"{name}[{k}] of {level}", {}) for level, b in part.items()})
    return found


COLUMNS = ("id", "bucket", "color", "bucket_mu", "weight")
NUMBER, WHOLE_NUMBER = Kind("numbers", _number), Kind("numbers", _whole)
P_NUMBERS = Kind("numbers", _vector(_coefficients))
VARIANCES = dict.fromkeys(("Vb", "Ve", "Vbe", "rho"), NUMBER)
ANOVA = dict.fromkeys(("F", "df_num", "df_den", "p_value"), NUMBER)
ESTIMATES = {"coef": P_NUMBERS, "se": P_NUMBERS}
SIMULATION = ("n_buckets", "n_within", "colors", "mu", "sigma_bucket", "sigma_within", "seed")

CONTRACT = {
    function.name: function
    for function in (
        Function("simulate_frogs", "4.1", SIMULATION, {WHOLE: Kind("table", _table)}),
        Function("buckets_per_color", "4.1", ("data",), {WHOLE: Kind("counts", _counts)}),
        Function("denominator_df", "4.1", ("data",), {WHOLE: WHOLE_NUMBER}),
        Function("model_variances", "4.2", ("sigma_bucket", "sigma_within"), VARIANCES),
        Function("empirical_variances", "4.2", ("data",), VARIANCES),
        Function("design_matrix", "4.2", ("labels", "intercept"), {WHOLE: Kind("numbers", _matrix(_n_by_levels))}),
        Function("covariance_matrix", "4.2", ("group", "Vb", "Ve"), {WHOLE: Kind("numbers", _matrix(_n_by_n))}),
        Function("gls", "4.2", ("X", "y", "V"), ESTIMATES),
        Function("ols", "4.2", ("X", "y"), ESTIMATES | {"sigma2": NUMBER, "df_resid": WHOLE_NUMBER}),
        Function("frog_correlation", "4.3", ("data", "first_id", "second_id"), {WHOLE: NUMBER}),
        Function("anova_ols", "4.3", ("data",), ANOVA),
        Function(
            "fit_reml", "4.4", ("X", "y", "group"), {"Vb": NUMBER, "Ve": NUMBER, **ESTIMATES, "criterion": NUMBER}
        ),
        Function("satterthwaite_df", "4.4", ("X", "y", "group"), {WHOLE: P_NUMBERS}),
        Function("anova_reml", "4.4", ("data",), ANOVA),
    )
}

# The second level: lme4's models. Packages are judged on it where they offer it, students are not.
SECOND = {
    function.name: function
    for function in (
        Function(
            "fit_mixed",
            "7",
            ("X", "y", "terms"),
            {"G": Kind("matrices", _matrices), "Ve": NUMBER, **ESTIMATES, "criterion": NUMBER},
            optional=("method",),
        ),
        Function("mixed_df", "7", ("X", "y", "terms"), {WHOLE: P_NUMBERS}),
        Function("random_effects", "7", ("X", "y", "terms"), {WHOLE: Kind("effects", _effects)}),
        Function(
            "likelihood_ratio",
            "7",
            ("X0", "X", "y", "terms"),
            {"chi2": NUMBER, "df": WHOLE_NUMBER, "p_value": NUMBER},
        ),
    )
}
EVERY = CONTRACT | SECOND
