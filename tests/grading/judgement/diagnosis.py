"""Which misconception explains a submission's wrong numbers?

On a few fixed inputs the submission's numbers are compared with the right ones, field by field. Each
misconception is given the share of fields that it has wrong in the same way, out of those that either has
wrong; the best one is the diagnosis, if its share is at least a half on average.
"""

from functools import cache
from typing import Any, Protocol

import numpy as np

import lmm_core
from tests.contract import CONTRACT, ContractError, label
from tests.grading.judgement import misconceptions
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.sandbox.plain import plain

Fields = dict[str, np.ndarray]

WRONG = 1e-3  # relative difference from the truth beyond which a field is wrong
EXPLAINED = 1e-3  # relative difference from a misconception's value within which it is explained
ROUGHLY = 0.35  # the same for statistics of random draws, as logarithms


class Caller(Protocol):
    """Whatever answers calls as a submission does."""

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Raise ContractError where there is no answer."""


def diagnosed(function: str, submission: Caller) -> Misconception | None:
    """The misconception about `function` that this submission has, or None."""
    explained: dict[str, list[float]] = {}
    for arguments, truth, wrongs in _cases(function):
        got = _answer(function, submission, arguments)
        wrong_fields = [field for field in truth if not _close(function, got.get(field), truth[field], WRONG)]
        if not got or not wrong_fields:
            continue
        for slug, variants in wrongs.items():
            shares = [_share(function, got, variant, truth, wrong_fields) for variant in variants]
            explained.setdefault(slug, []).append(max(shares))
    means = {slug: float(np.mean(shares)) for slug, shares in explained.items()}
    best = max(means, key=lambda slug: means[slug], default=None)
    if best is None or means[best] < 0.5:
        return None
    return next(m for m in misconceptions.of(function) if m.slug == best)


@cache
def _cases(function: str) -> list[tuple[tuple[Any, ...], Fields, dict[str, list[Fields]]]]:
    """Arguments, the right fields, and the fields of every wrong implementation, for each probe."""
    module = _Local(getattr(lmm_core, function))
    cases = []
    for arguments in misconceptions.probes(function):
        wrongs = {
            m.slug: [_answer(function, _Local(wrong), arguments) for wrong in m.wrongs]
            for m in misconceptions.of(function)
        }
        cases.append((arguments, _answer(function, module, arguments), wrongs))
    return cases


class _Local:
    """A function of this process that answers as a submission does."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:  # noqa: ARG002
        return plain(self.function(*arguments.values()), forms)


def _answer(function: str, caller: Caller, arguments: tuple[Any, ...]) -> Fields:
    """The fields of one call as arrays; none where it fails."""
    contract = CONTRACT[function]
    named = dict(zip(contract.arguments, arguments, strict=True))
    try:
        value = caller.call(function, named, contract.forms)
        if function == "simulate_frogs":
            return _features(value[""], caller.call(function, named, contract.forms)[""], *arguments[:6])
        if function == "buckets_per_color":
            counts = {label(key): count for key, count in value[""].items()}
            return {"": np.array([float(counts[key]) for key in sorted(counts)])}
    except (ContractError, ArithmeticError, LookupError, TypeError, ValueError):
        return {}
    return {field: np.asarray(number, dtype=float) for field, number in value.items()}


def _features(table: Any, again: Any, n_buckets: int, n_within: int, colors: Any, *numbers: float) -> Fields:
    """What the misconceptions change in a simulation, as statistics that do not depend on the generator."""
    mu, sigma_bucket, sigma_within = numbers
    if len(table["bucket"]) != n_buckets * n_within:
        raise ValueError("another number of frogs")
    bucket = np.array([label(b) for b in table["bucket"]])
    bucket_mu, weight = (np.asarray(table[column], dtype=float).ravel() for column in ("bucket_mu", "weight"))
    Z = bucket[:, None] == np.unique(bucket)
    means = Z.T @ weight / Z.sum(axis=0)
    colors_of = [len({label(c) for c, here in zip(table["color"], row, strict=True) if here}) for row in Z.T]
    spread = max(np.ptp(bucket_mu[here]) for here in Z.T)
    statistics = {
        "bucket means": np.std(means, ddof=1) / np.hypot(sigma_bucket, sigma_within / np.sqrt(n_within)),
        "within": np.sqrt(np.mean((weight - Z @ means) ** 2)) / sigma_within,
        "bucket_mu": np.std(bucket_mu) / sigma_bucket,
    }
    features = {name: np.log(max(value, 1e-6)) for name, value in statistics.items()}
    features["one bucket_mu"] = float(spread > 1e-9 * abs(mu))
    features["colours of a bucket"] = float(max(colors_of))
    features["same again"] = float(np.array_equal(weight, np.asarray(again["weight"], dtype=float).ravel()))
    return {name: np.asarray(value) for name, value in features.items()}


def _close(function: str, got: np.ndarray | None, expected: np.ndarray, rtol: float) -> bool:
    if got is None or got.size != expected.size or (got.ndim > 1 and got.shape != expected.shape):
        return False
    got = got.reshape(expected.shape)
    if function == "simulate_frogs":
        return bool(np.allclose(got, expected, rtol=0, atol=ROUGHLY))
    finite = expected[np.isfinite(expected)]
    scale = float(np.max(np.abs(finite), initial=0.0))
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * scale * 1e-3))


def _share(function: str, got: Fields, wrong: Fields, truth: Fields, wrong_fields: list[str]) -> float:
    """Fields that are wrong in the same way, out of those that are wrong in either."""
    differs = {field for field in truth if not _close(function, wrong.get(field), truth[field], WRONG)}
    same = {
        field
        for field in differs & set(wrong_fields)
        if field in wrong and _close(function, got.get(field), wrong[field], EXPLAINED)
    }
    return len(same) / len(differs | set(wrong_fields))
