"""Exercise 4.2: the covariance matrix V of the weights."""

import numpy as np
import pytest
from hypothesis import given

from reference import golden
from tests import strategies
from tests.assertions import assert_close

pytestmark = pytest.mark.judges("covariance_matrix")

DESIGNS = strategies.frogs(strategies.layouts(max_frogs=4))


@pytest.mark.ordinary
@pytest.mark.parametrize("group", ["aab", "aba"])
def test_covariance_matrix_by_hand(impl, group):
    """Three frogs, two of them in bucket a: Vb = 4, Ve = 1."""
    same = {"aab": [[5, 4, 0], [4, 5, 0], [0, 0, 5]], "aba": [[5, 0, 4], [0, 5, 0], [4, 0, 5]]}[group]
    claim = f"V of three frogs in the buckets {', '.join(group)}, with Vb = 4 and Ve = 1"
    assert_close(claim, impl.covariance_matrix(np.array(list(group)), 4.0, 1.0), same, 1e-10)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled"])
def test_covariance_matrix_of_the_chapter(impl, name):
    """V = Ve I + Vb Z Z' with the population's Vb = 900, Ve = 225."""
    group = golden.load(name).group
    expected = 900.0 * (group[:, None] == group) + 225.0 * np.eye(len(group))
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(group, 900.0, 225.0), expected, 1e-10)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs(replicated=False), strategies.variances())
def test_covariance_matrix_follows_the_buckets_in_any_order_of_rows(impl, frogs, variances):
    """V[i, j] = Vb for two frogs of a bucket, wherever they stand."""
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(frogs.group, *variances), frogs.V(*variances), 1e-10)


@given(DESIGNS, strategies.variances())
def test_covariance_matrix_of_unequal_buckets(impl, frogs, variances):
    """V = Ve I + Vb Z Z' for any bucket sizes, a single frog among them."""
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(frogs.group, *variances), frogs.V(*variances), 1e-10)


@given(DESIGNS, strategies.variances())
def test_eigenvalues_of_v_are_ve_and_ve_plus_n_vb(impl, frogs, variances):
    """Theorem 1: V = Ve (I - P) + sum of (Ve + n Vb) P_b, P_b = z_b z_b' / n the projector on bucket b, P their sum.

    Source: Henderson and Searle (1981), SIAM Review 23, 53-60.
    """
    Vb, Ve = variances
    sizes = frogs.Z.sum(axis=0)
    within = np.eye(len(frogs.y)) - frogs.Z / sizes @ frogs.Z.T
    expected = Ve * within + frogs.Z * ((Ve + sizes * Vb) / sizes) @ frogs.Z.T
    claim = "V has eigenvalues Ve (n - 1 times) and Ve + n Vb for each bucket"
    assert_close(claim, impl.covariance_matrix(frogs.group, Vb, Ve), expected, 1e-10)


@given(DESIGNS, strategies.variances())
def test_inverse_of_v_in_closed_form(impl, frogs, variances):
    """Theorem 1: V is the inverse of (I - Z diag(Vb / (Ve + n Vb)) Z') / Ve.

    Source: Henderson and Searle (1981), SIAM Review 23, 53-60.
    """
    Vb, Ve = variances
    sizes = frogs.Z.sum(axis=0)
    inverse = (np.eye(len(frogs.y)) - frogs.Z * (Vb / (Ve + sizes * Vb)) @ frogs.Z.T) / Ve
    got, expected = impl.covariance_matrix(frogs.group, Vb, Ve), np.linalg.inv(inverse)
    assert_close("V is the inverse of its closed-form inverse", got, expected, 1e-10 * np.linalg.cond(inverse))


@pytest.mark.core_only
@pytest.mark.parametrize(
    "group",
    [
        ["a", "a "],
        ["a", "A"],
        ["the bucket of number 1", "the bucket of number 2"],
        [1.0, 1.0 + 2.0**-52],
        [1, "1"],
        [-1, 1],
        [2**53, 2**53 + 1],
        range(300),
    ],
    ids=["space", "case", "long", "eps", "type", "sign", "2^53", "300 buckets"],
)
def test_labels_that_differ_are_different_buckets(impl, group):
    """V = (Vb + Ve) I where every frog has a bucket of its own, however alike their names."""
    got = impl.covariance_matrix(list(group), 0.1, 0.2)
    assert_close("V is diagonal", got, (0.1 + 0.2) * np.eye(len(group)), 1e-15)
