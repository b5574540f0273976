"""Fake simulators, each with one fault in its distribution: every one fails a test on ordinary data."""

import itertools
import types
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.exercises import test_4_1_simulate_frogs as exercise
from tests.implementation import Implementation, InProcess
from tests.tolerances import SUBMISSION

Draw = Callable[..., tuple[np.ndarray, np.ndarray]]


def simulator(draw: Draw) -> types.SimpleNamespace:
    """A submission whose bucket means m (B,) and deviations e (B, n), in units of their sd, come from `draw`."""

    def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
        m, e = draw(np.random.default_rng(seed), n_buckets, n_within)
        bucket = np.repeat(np.arange(n_buckets), n_within)
        bucket_mu = (mu + sigma_bucket * m)[bucket]
        return pd.DataFrame(
            {
                "id": np.tile(np.arange(1, n_within + 1), n_buckets),
                "bucket": bucket + 1,
                "color": np.repeat(colors, n_buckets // len(colors))[bucket],
                "bucket_mu": bucket_mu,
                "weight": bucket_mu + sigma_within * e.ravel(),
            }
        )

    return types.SimpleNamespace(simulate_frogs=simulate_frogs)


def right(rng, B, n):
    return rng.normal(size=B), rng.normal(size=(B, n))


def with_means(change: Callable) -> Draw:
    return lambda rng, B, n: (change(rng, rng.normal(size=B)), rng.normal(size=(B, n)))


def with_frogs(change: Callable) -> Draw:
    return lambda rng, B, n: (rng.normal(size=B), change(rng, rng.normal(size=(B, n))))


def copied(values: np.ndarray) -> np.ndarray:
    """The second half of the buckets is the first again."""
    half = len(values) // 2
    return np.concatenate([values[:half], values[:half], values[2 * half :]])


def mirrored(e: np.ndarray) -> np.ndarray:
    """Every second frog differs from its bucket's mean as the one before it, the other way."""
    e = e.copy()
    e[:, 1::2] = -e[:, : 2 * (e.shape[1] // 2) : 2]
    return e


def both(rng, B, n):
    m, e = right(rng, B, n)
    return copied(m), copied(e)


def one_stream_twice(rng, B, n):
    z = rng.normal(size=B * n + B)
    return z[:B], z[: B * n].reshape(B, n)


def leaning(rng, B, n):
    m, e = right(rng, B, n)
    return m, 0.9 * e + np.sqrt(0.19) * m[:, None]


def wider_when_heavy(rng, B, n):
    m, e = right(rng, B, n)
    return m, e * np.exp(0.2 * m - 0.04)[:, None]


def autocorrelated(e: np.ndarray) -> np.ndarray:
    columns = [e[:, 0]]
    for column in e.T[1:]:
        columns.append(0.5 * columns[-1] + np.sqrt(0.75) * column)
    return np.stack(columns, axis=1)


FAKES = {
    "clones": with_frogs(lambda _, e: np.repeat(e[:, :1], e.shape[1], axis=1)),
    "mirrored frogs": with_frogs(lambda _, e: mirrored(e)),
    "half of the buckets copied": both,
    "half of the deviations copied": with_frogs(lambda _, e: copied(e)),
    "deviations copied backwards": with_frogs(
        lambda _, e: np.concatenate([e[: -(-len(e) // 2)], e[: len(e) // 2][::-1]])
    ),
    "the same deviations in every bucket": with_frogs(lambda _, e: np.repeat(e[:1], len(e), axis=0)),
    "neighbours that are alike": with_frogs(lambda _, e: autocorrelated(e)),
    "frogs without a mean of their own": with_frogs(
        lambda _, e: e - e.mean(axis=1, keepdims=True) if e.shape[1] > 1 else e
    ),
    "one stream twice": one_stream_twice,
    "frogs that lean to their bucket's mean": leaning,
    "heavy buckets spread more": wider_when_heavy,
    "uniform frogs": with_frogs(lambda rng, e: rng.uniform(-np.sqrt(3), np.sqrt(3), e.shape)),
    "uniform buckets": with_means(lambda rng, m: rng.uniform(-np.sqrt(3), np.sqrt(3), m.shape)),
    "exponential frogs": with_frogs(lambda rng, e: rng.exponential(size=e.shape) - 1),
    "exponential buckets": with_means(lambda rng, m: rng.exponential(size=m.shape) - 1),
    "skewed frogs": with_frogs(lambda rng, e: (rng.gamma(20, size=e.shape) - 20) / np.sqrt(20)),
    "long tails": with_frogs(lambda rng, e: rng.standard_t(6, e.shape) / np.sqrt(1.5)),
    "Laplace's frogs": with_frogs(lambda rng, e: rng.laplace(0, np.sqrt(0.5), e.shape)),
    "frogs of plus and minus one sd": with_frogs(lambda rng, e: rng.choice([-1.0, 1.0], e.shape)),
    "cut at two sd": with_frogs(lambda _, e: np.clip(e, -2, 2)),
    "never below the mean": with_frogs(lambda _, e: np.abs(e)),
    "8 % too wide": with_frogs(lambda _, e: 1.08 * e),
    "8 % too narrow": with_frogs(lambda _, e: e / 1.08),
    "buckets 12 % too wide": with_means(lambda _, m: 1.12 * m),
    "buckets that drift": with_means(lambda _, m: m + 0.3 * np.linspace(-1, 1, len(m))),
    "buckets in pairs": with_means(lambda _, m: np.repeat(m[: -(-len(m) // 2)], 2)[: len(m)]),
    "two kinds of buckets": with_frogs(lambda rng, e: e * rng.choice([0.7, np.sqrt(1.51)], (len(e), 1))),
    "the last frog spreads more": with_frogs(lambda _, e: e * np.linspace(0.8, 1.17, e.shape[1])),
}

ORDINARY = [
    (name, function, list(itertools.product(*values)) or [()])
    for name, function in vars(exercise).items()
    if name.startswith("test_")
    for marks in [getattr(function, "pytestmark", [])]
    if any(mark.name == "ordinary" for mark in marks) and not hasattr(function, "hypothesis")
    for values in [[mark.args[1] for mark in marks if mark.name == "parametrize"]]
]


def failed(draw: Draw) -> set[str]:
    """The tests on ordinary data that a simulator fails."""
    exercise.DRAWN.clear()
    impl = Implementation("fake", InProcess(simulator(draw)), SUBMISSION)
    found = set()
    for name, function, cases in ORDINARY:
        names = [mark.args[0] for mark in function.pytestmark if mark.name == "parametrize"]
        for case in cases:
            try:
                function(impl, **dict(zip(names, case, strict=True)))
            except AssertionError:
                found.add(name)
    return found


def test_a_right_simulator_fails_nothing():
    """The stand-in of the fakes is itself right."""
    assert failed(right) == set()


@pytest.mark.parametrize("fake", FAKES)
def test_a_fake_simulator_fails_on_ordinary_data(fake):
    """And so keeps at most a fifth of its points."""
    assert failed(FAKES[fake])


def test_every_test_of_the_distribution_kills_a_fake():
    """None is there for nothing."""
    killers = set().union(*(failed(draw) for draw in FAKES.values()))
    assert {name for name, *_ in ORDINARY} - killers == set()
