"""Two factors, and lines, as packages meet them: unequal, many groups, many columns, named in every kind."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import slopes
from tests import layouts, shapes, tolerances
from tests.assertions import assert_each_close, assert_fit
from tests.shapes import FEW, KINDS

pytestmark = [pytest.mark.package, pytest.mark.digits, pytest.mark.judges("fit_mixed")]
of_df = pytest.mark.judges("mixed_df")
of_shapes = pytest.mark.parametrize("shape", shapes.TWO_FACTORS)
of_lines = pytest.mark.parametrize("shape", shapes.SLOPES)
of_cases = pytest.mark.parametrize("case", slopes.SHAPES)
of_kinds = pytest.mark.parametrize("kind", KINDS)
of_quantities = pytest.mark.parametrize("quantity", ["G", "coef", "se", "criterion"])
SOLVED = 1e-9  # what Newton's method in dense float64 has of the variances here


def conditioned(X, asked: float) -> float:
    """What is asked, or what Newton's method and X let have."""
    return max(asked, SOLVED, tolerances.algebra(X / np.linalg.norm(X, axis=0)))


def assert_quantity(impl, quantity, got, expected, G, X):
    """As `assert_fit`, with what least squares on X costs."""
    asked = impl.tolerances
    variance, criterion = max(asked.variance, SOLVED), max(asked.criterion, SOLVED)
    of_X = {name: conditioned(X, getattr(asked, name)) for name in ("estimate", "standard_error")}
    assert_fit(replace(asked, variance=variance, criterion=criterion, **of_X), quantity, got, expected, G)


def of_ones(variances):
    """G (1, 1) of each term."""
    return [np.array([[V]]) for V in variances]


@of_quantities
@of_shapes
@FEW
@given(data=st.data())
def test_two_terms_of_shape(impl, shape, quantity, data):
    """tr P Z_k Z_k' = y'P Z_k Z_k' P y and tr P = y'P P y; coef and se by GLS at these variances.

    Source: Searle, Casella and McCulloch (1992), Variance Components, section 6.6.
    """
    design = data.draw(shapes.two_factors(shape))
    got, expected = impl.fit_mixed(design.X, design.y, design.terms), layouts.solved(design)
    assert_quantity(impl, quantity, got, expected, of_ones(expected.V), design.X)


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
    design, expected = shapes.named_factors(kind), layouts.solved(shapes.named_factors("consecutive integers"))
    got = impl.fit_mixed(design.X, design.y, design.terms)
    assert_quantity(impl, "G", got, expected, of_ones(expected.V), design.X)


@of_df
@pytest.mark.satterthwaite
@of_kinds
def test_df_of_two_terms_by_any_name(impl, kind):
    """Theorem 21, for df."""
    design = shapes.named_factors(kind)
    expected = layouts.solved(shapes.named_factors("consecutive integers")).df
    got = impl.mixed_df(design.X, design.y, design.terms)
    assert_each_close("df", got, expected, max(impl.tolerances.df, SOLVED))


# --- lines ----------------------------------------------------------------------------------------------


@of_quantities
@of_lines
def test_slopes_of_shape(impl, shape, quantity):
    """Theorem 23: the closed form of balanced groups, singular fits among them."""
    curves = shapes.slopes(shape)
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_quantity(impl, quantity, got, curves.expected, [curves.expected.G], curves.X)


@of_df
@pytest.mark.satterthwaite
@of_lines
def test_df_of_slopes_of_shape(impl, shape):
    """Theorem 24: by what is left of the parameters where G is singular."""
    curves = shapes.slopes(shape)
    got, p = impl.mixed_df(curves.X, curves.y, curves.terms), curves.X.shape[1]
    assert_each_close("df = 2 f^2 / Var(f)", got, curves.expected.ddf(np.eye(p)), max(1e-6, impl.tolerances.df))


@of_quantities
@of_cases
def test_slopes_of_unequal_groups(impl, case, quantity):
    """More than thirty groups, or six columns, or rows in any order: a minimum proved in balls."""
    data, expected = slopes.certified(case)
    got = impl.fit_mixed(data.X, data.y, data.terms)
    assert_quantity(impl, quantity, got, expected, expected.G, data.X)


@of_df
@pytest.mark.satterthwaite
@of_cases
def test_df_of_slopes_of_unequal_groups(impl, case):
    """By the inverse Hessian in balls."""
    data, expected = slopes.certified(case)
    got = impl.mixed_df(data.X, data.y, data.terms)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected.df, max(1e-6, impl.tolerances.df))


@of_quantities
@of_kinds
def test_slopes_by_any_name(impl, kind, quantity):
    """Theorem 11 for lines: groups are told apart, whatever they are called."""
    curves, expected = shapes.named_slopes(kind), shapes.named_slopes("consecutive integers").expected
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_quantity(impl, quantity, got, expected, [expected.G], curves.X)


@of_df
@pytest.mark.satterthwaite
@of_kinds
def test_df_of_slopes_by_any_name(impl, kind):
    """Theorem 11, for df."""
    curves, expected = shapes.named_slopes(kind), shapes.named_slopes("consecutive integers").expected
    got, p = impl.mixed_df(curves.X, curves.y, curves.terms), curves.X.shape[1]
    assert_each_close("df = 2 f^2 / Var(f)", got, expected.ddf(np.eye(p)), max(1e-6, impl.tolerances.df))
