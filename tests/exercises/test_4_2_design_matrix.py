"""Exercise 4.2: code colours as columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import golden
from tests.assertions import assert_equal

pytestmark = pytest.mark.judges("design_matrix")

TEXT = st.lists(st.sampled_from(["red", "green", "blue", "brown", "amber"]), min_size=1, max_size=8)
NUMBERS = st.lists(st.sampled_from([30, 4, 111, 20, 7]), min_size=1, max_size=8)
LABELS = (TEXT | NUMBERS).map(np.array)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_unbalanced", "chapter_2_shuffled"])
@pytest.mark.parametrize("intercept", [True, False])
def test_design_matrix_of_the_chapter(impl, name, intercept):
    """R's model.matrix(~ color) and model.matrix(~ color - 1), row by row."""
    fit = golden.load(name)
    X = fit.X.copy()
    X[:, 0] = 1.0 if intercept else 1.0 - X[:, 1:].sum(axis=1)
    assert_equal(
        f"model.matrix with intercept={intercept}", impl.design_matrix(fit.data["color"].to_numpy(), intercept), X
    )


@pytest.mark.ordinary
@given(LABELS)
def test_cell_means_have_a_column_for_every_sorted_level(impl, labels):
    """X[i, j] = 1 where labels[i] is the j-th of the sorted levels."""
    expected = (labels[:, None] == np.unique(labels)).astype(float)
    assert_equal("column j marks the j-th level in sorted order", impl.design_matrix(labels, False), expected)


@pytest.mark.ordinary
@given(LABELS)
def test_treatment_contrasts_replace_the_first_level_by_the_constant(impl, labels):
    """Column 0 is 1 throughout; the other columns are those of the cell means."""
    expected = (labels[:, None] == np.unique(labels)).astype(float)
    expected[:, 0] = 1.0
    assert_equal(
        "column 0 is the constant, the first sorted level has no column", impl.design_matrix(labels, True), expected
    )
