"""Exercise 4.1: how many buckets has each colour?"""

import pandas as pd
import pytest
from hypothesis import given

from reference import golden
from tests import strategies
from tests.assertions import assert_equal
from tests.contract import label

pytestmark = pytest.mark.judges("buckets_per_color")


def counted(data) -> dict[str, int]:
    """Distinct buckets of each colour, in plain Python."""
    pairs = set(zip(data["color"], data["bucket"], strict=True))
    return {label(color): sum(c == color for c, _ in pairs) for color in {c for c, _ in pairs}}


@pytest.mark.ordinary
def test_buckets_per_color_by_hand(impl):
    """12 frogs, 4 buckets, 2 colours."""
    got = impl.buckets_per_color(strategies.twelve_frogs().data)
    assert_equal("12 frogs in 4 buckets: each of the 2 colours has 2 buckets", got, {"blue": 2, "red": 2})


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_1", "chapter_2", "chapter_2_shuffled"])
def test_buckets_per_color_of_the_chapter(impl, name):
    """30 colours with a bucket each; four colours with two."""
    data = golden.load(name).data
    assert_equal("a colour's count is its number of buckets", impl.buckets_per_color(data), counted(data))


@pytest.mark.ordinary
@given(strategies.ordinary_frogs(replicated=False))
def test_buckets_per_color_counts_buckets_not_frogs(impl, frogs):
    """Equal buckets, any order of rows, any labels."""
    assert_equal("a colour's count is its number of buckets", impl.buckets_per_color(frogs.data), counted(frogs.data))


@given(strategies.frogs(strategies.layouts(min_colors=2, max_colors=5)))
def test_buckets_per_color_counts_unequal_buckets(impl, frogs):
    """Any bucket sizes: a bucket counts as one."""
    assert_equal("a colour's count is its number of buckets", impl.buckets_per_color(frogs.data), counted(frogs.data))


@pytest.mark.core_only
def test_buckets_are_counted_anew_in_every_color(impl):
    """Bucket 1 of colour a is not bucket 1 of colour b: pairs (colour, bucket) count."""
    data = pd.DataFrame({"bucket": [1, 1, 2, 2], "color": ["a", "b", "b", "b"]})
    assert_equal("distinct buckets of each colour", impl.buckets_per_color(data), {"a": 1, "b": 2})


@pytest.mark.core_only
def test_many_buckets_of_a_color_are_counted(impl):
    """300 buckets, more than 8 bits hold."""
    data = pd.DataFrame({"bucket": range(301), "color": ["a"] * 300 + ["b"]})
    assert_equal("distinct buckets of each colour", impl.buckets_per_color(data), {"a": 300, "b": 1})
    assert_equal("distinct buckets of the colour", impl.buckets_per_color(data[:300]), {"a": 300})


@pytest.mark.core_only
def test_counts_are_whole_numbers_in_the_order_of_sorted_colors(core):
    """Colours as they stand in the table, sorted; counts are of type int."""
    data = pd.DataFrame({"bucket": range(9), "color": [30, 4, 111, -5, 20, 7, 1, 4, 4]})
    got = [(color, count, type(count)) for color, count in core.buckets_per_color(data).items()]
    expected = [(-5, 1), (1, 1), (4, 3), (7, 1), (20, 1), (30, 1), (111, 1)]
    assert_equal("colours in sorted order", got, [(*pair, int) for pair in expected])
