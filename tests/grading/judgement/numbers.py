"""Results as named arrays, and what lmm_core answers: what diagnoses and excuses compare."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

import lmm_core
from tests.contract import CONTRACT, ContractError, label
from tests.grading.sandbox.plain import plain

WRONG = 1e-3  # relative difference from the truth beyond which a field is wrong
LITTLE = 1e-3  # of that: what a variance of 0 may be left at, as a share of the whole, is nothing
RIGHT = 1e-6  # relative difference of a number that is right with all its digits
NONE = range(0)
Fields = dict[str, np.ndarray]
NO_ANSWER = (ContractError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Case(NamedTuple):
    """One probe: its arguments, the right fields, the submission's, and those of each misconception's formulas."""

    arguments: tuple[Any, ...]
    truth: Fields
    got: Fields
    wrongs: dict[str, list[Fields]]


class Caller(Protocol):
    """Whatever answers calls as a submission does."""

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Raise ContractError where there is no answer."""


class Local:
    """A function of this process that answers as a submission does."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:  # noqa: ARG002
        """Whatever the name, it is this function."""
        return plain(self.function(*arguments.values()), forms)


def asked(function: str, caller: Caller, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The plain value of one call, in any shape; raises one of NO_ANSWER."""
    contract = CONTRACT[function]
    return caller.call(function, dict(zip(contract.arguments, arguments, strict=True)), contract.forms)


def normalised(function: str, caller: Caller, arguments: tuple[Any, ...], *instead: Any) -> Any:
    """The value of one call in the form that the contract asks for; raises one of NO_ANSWER.

    `instead`: a right function that a submission is to take in place of its own.
    """
    contract = CONTRACT[function]
    named = dict(zip(contract.arguments, arguments, strict=True))
    return contract.normalised(caller.call(function, named, contract.forms, *instead), named)


def answer(function: str, caller: Caller, arguments: tuple[Any, ...]) -> Fields:
    """The fields of one call as arrays; none where it fails."""
    try:
        value = asked(function, caller, arguments)
        if function == "simulate_frogs":
            others = [asked(function, caller, (*arguments[:6], arguments[6] + more))[""] for more in (0, 1)]
            return _features(value[""], others, *arguments[:6])
        return fields(function, value[""] if set(value) == {""} else value)
    except NO_ANSWER:
        return {}


def right(function: str, arguments: tuple[Any, ...]) -> Fields:
    """What lmm_core answers; none where it refuses."""
    return answer(function, Local(getattr(lmm_core, function)), arguments)


def fields(function: str, value: Any) -> Fields:
    """Named arrays of a result: of its fields, of counts in the order of their labels, of the whole as ""."""
    if isinstance(value, pd.DataFrame):
        return {}
    if function == "buckets_per_color":
        counts = {label(key): count for key, count in value.items()}
        return {"": np.array([float(counts[key]) for key in sorted(counts)])}
    named = value if isinstance(value, dict) else vars(value) if isinstance(value, SimpleNamespace) else {"": value}
    return {name: np.asarray(number, dtype=float) for name, number in named.items() if not isinstance(number, str)}


def close(function: str, got: np.ndarray | None, expected: np.ndarray, rtol: float, scale: float = 0.0) -> bool:
    """Whether two fields agree, their shapes too but for rows and columns of one; to rtol of a scale if given."""
    if got is None or got.size != expected.size or (expected.ndim > 1 and got.shape != expected.shape):
        return False
    got, expected = (np.clip(part, -ENDLESS, ENDLESS) for part in (got.reshape(expected.shape), expected))
    if function == "simulate_frogs":
        return bool(np.allclose(got, expected, rtol=0, atol=ROUGHLY))
    finite = expected[np.isfinite(expected)]
    largest = float(np.max(np.abs(finite), initial=0.0))
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * max(1e-3 * largest, scale)))


def is_rounded(got: np.ndarray, truth: np.ndarray, decimals: range, digits: range = NONE) -> bool:
    """Every number is the right one, or that with so many decimals, or significant digits."""
    got, truth = got.ravel(), truth.ravel()
    fits = np.isclose(got, truth, rtol=RIGHT, atol=0)
    for n in decimals:
        fits |= np.isclose(got, np.round(truth, n), rtol=1e-12, atol=1e-15)
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(truth)))
        for n in digits:
            unit = 10.0 ** (magnitude - n + 1)
            fits |= np.isclose(got, np.round(truth / unit) * unit, rtol=1e-12, atol=0)
    return bool(fits.all())


def whole_of(function: str, field: str, truth: Fields) -> float:
    """What a number is a part of: of REML's variances their sum; 0 where it stands for itself."""
    return float(np.sum(truth["Vb"] + truth["Ve"])) if function == "fit_reml" and field in ("Vb", "Ve") else 0.0


def wrong_fields(function: str, truth: Fields, got: Fields) -> list[str]:
    """Fields that differ from the right ones."""
    return [
        field
        for field in truth
        if not close(function, got.get(field), truth[field], WRONG, LITTLE * whole_of(function, field, truth))
    ]


ENDLESS = 1e15  # what divides by rounding is as good as infinity
ROUGHLY = 0.15  # the difference of statistics of random draws, as logarithms: four standard errors of the least sure
BY_CHANCE = 1.2  # the logarithm by which the spread of few numbers is off by chance, where the same are drawn again
HARDLY = 0.05  # the share of draws that are the same by chance is below it


def _features(table: Any, others: list[Any], n_buckets: int, n_within: int, colors: Any, *numbers: float) -> Fields:
    """What the misconceptions change in a simulation, as statistics that do not depend on the generator."""
    mu, sigma_bucket, sigma_within = numbers
    bucket = np.array([label(b) for b in table["bucket"]])
    color, ids = np.array([label(c) for c in table["color"]]), {label(i) for i in table["id"]}
    bucket_mu, weight = (np.asarray(table[column], dtype=float).ravel() for column in ("bucket_mu", "weight"))
    first, codes, sizes = np.unique(bucket, return_index=True, return_inverse=True, return_counts=True)[1:]
    means = np.bincount(codes, weight) / sizes
    in_order = color[np.sort(first)]
    statistics = {
        "rows": len(weight) / (n_buckets * n_within),
        "buckets": len(sizes) / n_buckets,
        "bucket means": np.std(means, ddof=1) / np.hypot(sigma_bucket, sigma_within / np.sqrt(n_within)),
        "within": np.sqrt(np.mean((weight - means[codes]) ** 2)) / sigma_within,
        "bucket_mu": np.std(bucket_mu) / sigma_bucket,
        "deviations": len(np.unique(np.round((weight - bucket_mu) / sigma_within, 6))) / len(weight),
        "changes of colour": np.count_nonzero(in_order[1:] != in_order[:-1]) / (len(colors) - 1),
    }
    features = {name: np.log(max(value, 1e-6)) for name, value in statistics.items()}
    if statistics["deviations"] < 0.1 and abs(features["within"]) < BY_CHANCE:
        features["within"] = 0.0
    sorted_mu, starts = bucket_mu[np.argsort(codes)], np.cumsum(sizes) - sizes
    spread = np.maximum.reduceat(sorted_mu, starts) - np.minimum.reduceat(sorted_mu, starts)
    features["one bucket_mu"] = float(spread.max() > 1e-9 * abs(mu))
    pairs = set(zip(codes.tolist(), color.tolist(), strict=True))
    features["colours of a bucket"] = float(max(Counter(code for code, _ in pairs).values()))
    again, another = (np.array_equal(weight, np.asarray(other["weight"], dtype=float).ravel()) for other in others)
    features |= {"same again": float(again), "same by another seed": float(another)}
    features["bucket_mu around mu"] = float(np.round((bucket_mu.mean() - mu) / mu))
    features["weights around bucket_mu"] = float(np.round((weight - bucket_mu).mean() / mu))
    features["as many buckets of each colour"] = float(len(set(np.unique(in_order, return_counts=True)[1])) == 1)
    features["bucket_mu is an average"] = float(np.allclose(np.bincount(codes, bucket_mu), means * sizes, rtol=1e-9))
    drawn = (np.round(part, 6) for part in ((weight - bucket_mu) / sigma_within, (bucket_mu - mu) / sigma_bucket))
    features["the same draws twice"] = float(np.isin(*drawn).mean() > HARDLY)
    features |= {"an id 0": float("0" in ids), "a bucket 0": float("0" in bucket)}
    features["means drawn"] = np.log(len(set(np.round((bucket_mu - mu) / sigma_bucket, 9))) / n_buckets)
    features["ids"] = np.log(len(ids) / n_within)
    return {name: np.asarray(value) for name, value in features.items()}
