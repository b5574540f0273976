"""Exercise 4.1: how many buckets has each colour?"""

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


@given(strategies.frogs(strategies.layouts(max_colors=5)))
def test_buckets_per_color_counts_unequal_buckets(impl, frogs):
    """Any bucket sizes: a bucket counts as one."""
    assert_equal("a colour's count is its number of buckets", impl.buckets_per_color(frogs.data), counted(frogs.data))
