"""Exercise 4.3: frogs of the same bucket are alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import golden
from tests import strategies
from tests.assertions import assert_close

pytestmark = pytest.mark.judges("frog_correlation")

# Four to nine buckets, every one with at least two frogs.
WITH_PAIRS = strategies.frogs(
    st.lists(st.lists(st.integers(2, 4), min_size=2, max_size=3), min_size=2, max_size=3),
    ratios=strategies.INTERIOR_RATIOS,
)
# 0.001 y + 5 has a mean 300 times its sd at most, so that sums of squares keep 1e5 eps = 2e-11.
IN_GRAMS = strategies.frogs(
    st.lists(st.lists(st.integers(2, 4), min_size=2, max_size=3), min_size=2, max_size=3),
    ratios=strategies.INTERIOR_RATIOS,
    scales=(1.0,),
)
WITH_MISSING = strategies.frogs(
    st.lists(st.integers(1, 3), min_size=0, max_size=3).map(lambda extra: [[2, 3, 2, 4], [3, *extra]]),
    ratios=strategies.INTERIOR_RATIOS,
)


def paired_correlation(data, first_id, second_id) -> float:
    """Pearson correlation of the two frogs over the buckets that have both, by numpy."""
    weights = {(b, i): w for b, i, w in zip(data["bucket"], data["id"], data["weight"], strict=True)}
    buckets = [b for b in sorted(set(data["bucket"])) if (b, first_id) in weights and (b, second_id) in weights]
    pairs = np.array([[weights[b, first_id], weights[b, second_id]] for b in buckets])
    return float(np.corrcoef(pairs.T)[0, 1])


@pytest.mark.ordinary
@pytest.mark.parametrize(
    ("other", "weights"), [(2, [50.0, 66.0, 66.0, 82.0]), (3, [52.0, 58.0, 68.0, 76.0])], ids=["1 and 2", "1 and 3"]
)
def test_frog_correlation_by_hand(impl, other, weights):
    """Frog 1 of the four buckets weighs 48, 62, 70 and 82."""
    got = impl.frog_correlation(strategies.twelve_frogs().data, 1, other)
    first, second = np.array([48.0, 62.0, 70.0, 82.0]) - 65.5, np.array(weights) - np.mean(weights)
    expected = first @ second / np.sqrt(first @ first * (second @ second))
    assert_close(f"correlation of frog 1 and frog {other} over four buckets", got, expected, 1e-9, scale=1.0)


@pytest.mark.half
def test_frog_correlation_by_hand_in_another_order_of_rows(impl):
    """A pair is two frogs of the same bucket, wherever they stand."""
    data = strategies.twelve_frogs().data
    shuffled = data.iloc[[4, 9, 0, 11, 7, 2, 5, 3, 10, 1, 6, 8]].reset_index(drop=True)
    got, expected = impl.frog_correlation(shuffled, 1, 2), paired_correlation(data, 1, 2)
    assert_close("frogs 1 and 2 of each bucket, rows in another order", got, expected, 1e-9, scale=1.0)


@pytest.mark.half
def test_frog_correlation_has_a_sign(impl):
    """Where heavy first frogs go with light second ones: the same with the sign changed."""
    data = strategies.twelve_frogs().data
    turned = data.assign(weight=data["weight"].where(data["id"] != 2, 130 - data["weight"]))
    claim = "where the first frog is heavy the second is light: the correlation is negative"
    expected = -paired_correlation(data, 1, 2)
    assert_close(claim, impl.frog_correlation(turned, 1, 2), expected, 1e-9, scale=1.0)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("chapter_1", marks=pytest.mark.ordinary),
        pytest.param("chapter_2", marks=pytest.mark.ordinary),
        pytest.param("chapter_2_shuffled", marks=pytest.mark.half),
    ],
)
def test_frog_correlation_agrees_with_r(impl, name):
    """R: cor of the two columns after merge by bucket."""
    fit = golden.load(name)
    expected = fit.expected["frog_correlation"]
    got = impl.frog_correlation(fit.data, expected["first_id"], expected["second_id"])
    assert_close("correlation of two frogs across buckets", got, expected["value"], 1e-9, scale=1.0)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_frog_correlation_of_the_chapters_designs(impl, frogs):
    """The same frogs in every bucket, in the order of buckets and frogs."""
    data = frogs.data.sort_values(["bucket", "id"], ignore_index=True)
    got, expected = impl.frog_correlation(data, 1, 2), paired_correlation(data, 1, 2)
    assert_close("Pearson correlation of frogs 1 and 2 of each bucket", got, expected, 1e-9, scale=1.0)


@pytest.mark.half
@given(WITH_PAIRS)
def test_frog_correlation_pairs_frogs_by_bucket(impl, frogs):
    """Rows in any order: a pair is two frogs of the same bucket."""
    expected = paired_correlation(frogs.data, 1, 2)
    assert_close(
        "Pearson correlation of frogs 1 and 2 of each bucket",
        impl.frog_correlation(frogs.data, 1, 2),
        expected,
        1e-9,
        scale=1.0,
    )


@given(WITH_MISSING)
def test_frog_correlation_leaves_out_buckets_that_lack_a_frog(impl, frogs):
    """A bucket of one frog has no second one to pair."""
    expected = paired_correlation(frogs.data, 1, 2)
    assert_close(
        "buckets that lack one of the frogs are left out",
        impl.frog_correlation(frogs.data, 1, 2),
        expected,
        1e-9,
        scale=1.0,
    )


@given(WITH_PAIRS)
def test_frog_correlation_is_symmetric(impl, frogs):
    """cor(first, second) = cor(second, first)."""
    got, expected = impl.frog_correlation(frogs.data, 2, 1), paired_correlation(frogs.data, 1, 2)
    assert_close("correlation of frogs 2 and 1 of each bucket, as of 1 and 2", got, expected, 1e-9, scale=1.0)


@given(IN_GRAMS)
def test_frog_correlation_has_no_unit(impl, frogs):
    """Weights in grams or in tons correlate alike."""
    data = frogs.data.assign(weight=0.001 * frogs.data["weight"] + 5.0)
    assert_close(
        "correlation does not depend on the unit",
        impl.frog_correlation(data, 1, 2),
        paired_correlation(frogs.data, 1, 2),
        1e-9,
        scale=1.0,
    )


@pytest.mark.core_only
def test_a_large_constant_costs_no_digit_of_the_correlation(impl):
    """y + 2^36, whole numbers: the mean is right to m = 2^36 eps / 2, sums of squares to (m / sd)^2 = 1e-12."""
    y = np.random.default_rng(10).integers(0, 40, (9, 2)).astype(float)
    ids = {"id": np.tile([1, 2], 9), "bucket": np.repeat(np.arange(9), 2)}
    got = impl.frog_correlation(pd.DataFrame({**ids, "weight": y.ravel() + 2.0**36}), 1, 2)
    assert_close("correlation far from zero", got, np.corrcoef(y.T)[0, 1], 1e-11, scale=1.0)


@pytest.mark.core_only
def test_a_frog_correlates_fully_with_itself(impl):
    """cor(y, y) = 1."""
    got = impl.frog_correlation(golden.load("chapter_2").data, 2, 2)
    assert_close("correlation of a frog with itself", got, 1.0, 1e-15)


@pytest.mark.core_only
def test_buckets_of_different_types_are_different_buckets(impl):
    """1 and "1" are two buckets: numpy's correlation of the three pairs."""
    y = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]])
    data = pd.DataFrame({"id": [1, 2] * 3, "bucket": [1, 1, "1", "1", 2, 2], "weight": y.ravel()})
    got = impl.frog_correlation(data, 1, 2)
    assert_close("Pearson correlation of three pairs", got, np.corrcoef(y.T)[0, 1], 1e-14, scale=1.0)
