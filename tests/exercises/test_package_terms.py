"""Two factors as packages meet them: crossed and nested, unequal, with covariates, and named in every kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import layouts, shapes, tolerances
from tests.assertions import assert_close, assert_each_close
from tests.shapes import FEW, KINDS

pytestmark = [pytest.mark.package, pytest.mark.digits, pytest.mark.judges("fit_mixed")]
of_df = pytest.mark.judges("mixed_df")
of_shapes = pytest.mark.parametrize("shape", shapes.TWO_FACTORS)
of_kinds = pytest.mark.parametrize("kind", KINDS)
SOLVED = 1e-9  # what Newton's method in dense float64 has of the variances here


def conditioned(X, asked: float) -> float:
    """What is asked, or what Newton's method and X let have."""
    return max(asked, SOLVED, tolerances.algebra(X / np.linalg.norm(X, axis=0)))


def assert_quantity(impl, quantity, got, expected, X):
    """V_1, V_2 and Ve relative to their sum; coef to the largest; each se by itself; the criterion to rounding."""
    asked, claim = impl.tolerances, f"{quantity} where the score is 0"
    if quantity == "G":
        variances = [*expected.V, expected.Ve]
        returned = [*(float(G[0, 0]) for G in got.G), got.Ve]
        assert_close(claim, returned, variances, max(asked.variance, SOLVED), sum(variances))
    elif quantity == "criterion":
        assert_close(claim, got.criterion, expected.criterion, max(asked.criterion, SOLVED), 1.0)
    elif quantity == "coef":
        assert_close(claim, got.coef, expected.coef, conditioned(X, asked.estimate))
    else:
        assert_each_close(claim, got.se, expected.se, conditioned(X, asked.standard_error))


@pytest.mark.parametrize("quantity", ["G", "coef", "se", "criterion"])
@of_shapes
@FEW
@given(data=st.data())
def test_two_terms_of_shape(impl, shape, quantity, data):
    """tr P Z_k Z_k' = y'P Z_k Z_k' P y and tr P = y'P P y; coef and se by GLS at these variances.

    Source: Searle, Casella and McCulloch (1992), Variance Components, section 6.6.
    """
    design = data.draw(shapes.two_factors(shape))
    got = impl.fit_mixed(design.X, design.y, design.terms)
    assert_quantity(impl, quantity, got, layouts.solved(design), design.X)


@of_df
@pytest.mark.satterthwaite
@of_shapes
@FEW
@given(data=st.data())
def test_df_of_two_terms_of_shape(impl, shape, data):
    """Giesbrecht and Burns (1985): 2 f^2 / Var(f), by the observed information."""
    design = data.draw(shapes.two_factors(shape))
    expected = layouts.solved(design).df
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected, conditioned(design.X, impl.tolerances.df))


@of_kinds
def test_two_terms_by_any_name(impl, kind):
    """Theorem 21: levels are told apart, whatever they are called."""
    design = shapes.named_factors(kind)
    got = impl.fit_mixed(design.X, design.y, design.terms)
    assert_quantity(impl, "G", got, layouts.solved(shapes.named_factors("consecutive integers")), design.X)


@of_df
@pytest.mark.satterthwaite
@of_kinds
def test_df_of_two_terms_by_any_name(impl, kind):
    """Theorem 21, for df."""
    design = shapes.named_factors(kind)
    expected = layouts.solved(shapes.named_factors("consecutive integers")).df
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_each_close("df", got, expected, max(impl.tolerances.df, SOLVED))
