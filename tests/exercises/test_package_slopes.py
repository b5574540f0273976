"""Random slopes as packages meet them: many groups, many columns, long series, unequal groups, names of every kind."""

import numpy as np
import pytest

from reference import slopes
from tests import shapes
from tests.assertions import assert_close, assert_each_close
from tests.shapes import KINDS

pytestmark = [pytest.mark.package, pytest.mark.digits, pytest.mark.judges("fit_mixed")]
of_df = pytest.mark.judges("mixed_df")
of_shapes = pytest.mark.parametrize("shape", shapes.SLOPES)
of_cases = pytest.mark.parametrize("case", slopes.SHAPES)
of_kinds = pytest.mark.parametrize("kind", KINDS)
of_quantities = pytest.mark.parametrize("quantity", ["G", "coef", "se", "criterion"])
SOLVED = 1e-9  # what Newton's method in float64 has of the variances here


def assert_quantity(impl, quantity, got, expected, G):
    """G and Ve relative to the sum of variances; coef to the largest; each se by itself; the criterion to rounding."""
    asked, claim = impl.tolerances, f"{quantity} at the minimum"
    if quantity == "G":
        returned = np.concatenate([np.ravel(part) for part in (*got.G, got.Ve)])
        truth = np.concatenate([np.ravel(part) for part in (*G, expected.Ve)])
        total = float(sum(np.trace(part) for part in G) + expected.Ve)
        assert_close(claim, returned, truth, max(asked.variance, SOLVED), total)
    elif quantity == "criterion":
        assert_close(claim, got.criterion, expected.criterion, max(asked.criterion, SOLVED), 1.0)
    elif quantity == "coef":
        assert_close(claim, got.coef, expected.coef, max(asked.estimate, SOLVED))
    else:
        assert_each_close(claim, got.se, expected.se, max(asked.standard_error, SOLVED))


@of_quantities
@of_shapes
def test_slopes_of_shape(impl, shape, quantity):
    """Theorem 23: the closed form of balanced groups, singular fits among them."""
    curves = shapes.slopes(shape)
    got = impl.fit_mixed(curves.X, curves.y, curves.terms)
    assert_quantity(impl, quantity, got, curves.expected, [curves.expected.G])


@of_df
@pytest.mark.satterthwaite
@of_shapes
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
    assert_quantity(impl, quantity, got, expected, expected.G)


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
    assert_quantity(impl, quantity, got, expected, [expected.G])


@of_df
@pytest.mark.satterthwaite
@of_kinds
def test_df_of_slopes_by_any_name(impl, kind):
    """Theorem 11, for df."""
    curves, expected = shapes.named_slopes(kind), shapes.named_slopes("consecutive integers").expected
    got, p = impl.mixed_df(curves.X, curves.y, curves.terms), curves.X.shape[1]
    assert_each_close("df = 2 f^2 / Var(f)", got, expected.ddf(np.eye(p)), max(1e-6, impl.tolerances.df))
