"""Exercise 4.1: with how many degrees of freedom can colour be judged?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from reference import golden
from tests import strategies
from tests.assertions import assert_equal

pytestmark = pytest.mark.judges("denominator_df")


@pytest.mark.ordinary
def test_denominator_df_by_hand(impl):
    """12 frogs, 4 buckets, 2 colours: 4 - 2."""
    got = impl.denominator_df(strategies.twelve_frogs().data)
    assert_equal("12 frogs in 4 buckets of 2 colours: buckets - colours", got, 2)


@pytest.mark.ordinary
@pytest.mark.parametrize(("name", "df"), [("chapter_1", 0), ("chapter_2", 4), ("chapter_2_shuffled", 4)])
def test_denominator_df_of_the_chapter(impl, name, df):
    """30 - 30 = 0: colour cannot be estimated. 8 - 4 = 4."""
    assert_equal("denominator df = buckets - colours", impl.denominator_df(golden.load(name).data), df)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs(replicated=False))
def test_denominator_df_is_buckets_minus_colors(impl, frogs):
    """B - C where every bucket has as many frogs."""
    df = frogs.data["bucket"].nunique() - frogs.data["color"].nunique()
    assert_equal("denominator df = buckets - colours", impl.denominator_df(frogs.data), df)


@given(strategies.frogs(strategies.layouts(min_colors=2, max_colors=5)))
def test_denominator_df_of_unequal_buckets(impl, frogs):
    """B - C for any bucket sizes; of two colours or more, as R's model matrices want them."""
    df = frogs.data["bucket"].nunique() - frogs.data["color"].nunique()
    assert_equal("denominator df = buckets - colours", impl.denominator_df(frogs.data), df)


@pytest.mark.core_only
@pytest.mark.parametrize(("n_buckets", "n_colors"), [(300, 2), (24, 8), (3, 3), (200, 40), (5, 1), (1, 1)])
def test_denominator_df_of_many_colors_and_buckets(impl, n_buckets, n_colors):
    """B - C."""
    data = pd.DataFrame({"bucket": range(n_buckets), "color": np.arange(n_buckets) % n_colors})
    assert_equal("denominator df = buckets - colours", impl.denominator_df(data), n_buckets - n_colors)
