"""Exercise 4.2: code colours as columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import golden
from tests.assertions import assert_equal

pytestmark = pytest.mark.judges("design_matrix")


def labels_from(pool):
    """Two levels or more, in any order: R's model.matrix codes no factor of one."""
    return st.tuples(st.permutations(pool), st.lists(st.sampled_from(pool), max_size=8)).map(
        lambda drawn: np.array([drawn[0][0], *drawn[1], drawn[0][1]])
    )


TEXT = labels_from(["red", "green", "blue", "brown", "amber"])
NUMBERS = labels_from([30, 4, 111, 20, 7])
LABELS = TEXT | NUMBERS


@pytest.mark.ordinary
@pytest.mark.parametrize("intercept", [False, True])
def test_design_matrix_by_hand(impl, intercept):
    """Two red frogs, a blue and a green one: levels blue, green, red."""
    expected = [[intercept, 0, 1], [1, 0, 0], [intercept, 0, 1], [intercept, 1, 0]]
    columns = "the constant, green, red" if intercept else "blue, green, red"
    got = impl.design_matrix(np.array(["red", "blue", "red", "green"]), intercept)
    assert_equal(f"frogs red, blue, red, green: the columns are {columns}", got, np.array(expected, dtype=float))


@pytest.mark.ordinary
@pytest.mark.parametrize("intercept", [False, True])
def test_design_matrix_of_numbered_colors_by_hand(impl, intercept):
    """Numbers are sorted by size."""
    expected = [[intercept, 1, 0], [1, 0, 0], [intercept, 0, 1]]
    columns = "the constant, colour 9, colour 10" if intercept else "colour 4, colour 9, colour 10"
    got = impl.design_matrix(np.array([9, 4, 10]), intercept)
    assert_equal(f"frogs of the colours 9, 4, 10: the columns are {columns}", got, np.array(expected, dtype=float))


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled", "chapter_2_unbalanced"])
@pytest.mark.parametrize("intercept", [True, False])
def test_design_matrix_of_the_chapter(impl, name, intercept):
    """R's model.matrix(~ color) and model.matrix(~ color - 1), row by row."""
    fit = golden.load(name)
    X = fit.X.copy()
    X[:, 0] = 1.0 if intercept else 1.0 - X[:, 1:].sum(axis=1)
    got = impl.design_matrix(fit.data["color"].to_numpy(), intercept)
    assert_equal("model.matrix(~ color)" if intercept else "model.matrix(~ color - 1)", got, X)


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


@pytest.mark.core_only
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("label", ["red", 7])
def test_a_single_level_is_a_column_of_ones(impl, label, intercept):
    """The constant, and the only cell's mean."""
    assert_equal("one level", impl.design_matrix([label] * 3, intercept), np.ones((3, 1)))


@pytest.mark.core_only
@pytest.mark.parametrize(
    "labels",
    [
        ["10", "9", "2", "1", "10"],
        ["b", "A", "a", "B"],
        [-3, 2, -1, 0],
        [1.7, 1.2, -0.5, 1.2],
        [(37 * k) % 211 for k in range(211)],
        [f"{(5 * k) % 7}" for k in range(7)],
    ],
    ids=["digits", "mixed case", "negative", "fractions", "211 levels", "7 levels"],
)
def test_levels_of_any_kind_are_sorted_as_python_sorts_them(impl, labels):
    """Strings by code point, digits and capitals included; numbers by size, below 0 included."""
    expected = np.array([[float(label == level) for level in sorted(set(labels))] for label in labels])
    assert_equal("column j marks the j-th level in sorted order", impl.design_matrix(labels, False), expected)


@pytest.mark.core_only
def test_columns_are_float64(core):
    """So that sums of them do not overflow, and products do not round."""
    assert_equal("the type", core.design_matrix(["a", "b"], intercept=False).dtype, np.dtype(float))


@pytest.mark.core_only
def test_intercept_may_be_a_truth_value_of_numpy(core):
    """np.True_ and np.int64(1) are True."""
    got = [core.design_matrix(["a", "b"], intercept=yes).tolist() for yes in (np.True_, np.int64(1), 1)]
    assert_equal("the constant and a contrast", got, [[[1.0, 0.0], [1.0, 1.0]]] * 3)
