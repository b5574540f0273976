"""Exercise 4.4: how many degrees of freedom has a coefficient?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import closed_form, exact, golden, nist
from tests import strategies
from tests.assertions import assert_between, assert_close, assert_each_close

pytestmark = pytest.mark.judges("satterthwaite_df")

EQUAL_N = strategies.equal_n_layouts()
INSIDE = strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS)
IN_GRAMS = strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS, scales=(1.0,))
ORDINARY = ["chapter_2", "chapter_2_shuffled"]
OTHERS = ["chapter_2_unbalanced", "rail", "ergostool", "sleepstudy"]


@pytest.mark.ordinary
def test_df_by_hand(impl):
    """12 frogs, 4 buckets, 2 colours: theorem 8, 4 - 2 for each of both."""
    frogs = strategies.twelve_frogs()
    got = impl.satterthwaite_df(frogs.cell_means, frogs.y, frogs.group)
    assert_close("df of both colour means: 4 equal buckets - 2 colours", got, [2, 2], impl.tolerances.df)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ORDINARY)
def test_df_agrees_with_lmertest(impl, name):
    """The df column of lmerTest's summary, to the digits it is known to have."""
    fit = golden.load(name)
    rtol = max(impl.tolerances.df, fit.rtol("df"))
    got = impl.satterthwaite_df(fit.X, fit.y, fit.group)
    assert_each_close("df of lmerTest", got, fit.expected["df"], rtol)


@pytest.mark.satterthwaite
@pytest.mark.parametrize("name", OTHERS)
def test_df_of_other_data_agrees_with_lmertest(impl, name):
    """Unequal buckets, and coefficients of what varies within buckets."""
    fit = golden.load(name)
    rtol = max(impl.tolerances.df, fit.rtol("df"))
    got = impl.satterthwaite_df(fit.X, fit.y, fit.group)
    assert_each_close("df of lmerTest", got, fit.expected["df"], rtol)


@pytest.mark.ordinary
@given(strategies.ordinary_frogs())
def test_df_of_the_chapters_designs_is_buckets_minus_colors(impl, frogs):
    """Theorem 8: B - C, for every colour."""
    got = impl.satterthwaite_df(frogs.cell_means, frogs.y, frogs.group)
    df = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    assert_close("equal buckets, Vb > 0: df = B - C", got, np.full(len(got), float(df)), impl.tolerances.df)


@given(INSIDE)
def test_df_of_equal_buckets_is_buckets_minus_colors(impl, frogs):
    """Theorem 8: equal n, interior: B - C exactly, for every colour; colours may differ in buckets.

    Source: Satterthwaite (1946), Biometrics Bulletin 2, 110-114: a single mean square keeps its df.
    """
    got = impl.satterthwaite_df(frogs.cell_means, frogs.y, frogs.group)
    df = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    assert_close("equal n, Vb > 0: df = B - C", got, np.full(len(got), float(df)), impl.tolerances.df)


@pytest.mark.satterthwaite
@given(strategies.interior_frogs())
def test_df_of_unequal_buckets_to_fifty_digits(impl, frogs):
    """2 f^2 / Var(f) with derivatives in 50-digit arithmetic."""
    expected = np.array(exact.reml(frogs.treatment, frogs.y, frogs.group).df, float)
    got = impl.satterthwaite_df(frogs.treatment, frogs.y, frogs.group)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected, impl.tolerances.df)


@pytest.mark.satterthwaite
def test_df_of_unequal_buckets_is_not_buckets_minus_colors(impl):
    """Theorem 8 is false when n differs: the chapter's data without 11 frogs have 2.52 to 3.09, not 4."""
    fit = golden.load("chapter_2_unbalanced")
    got = impl.satterthwaite_df(fit.X, fit.y, fit.group)
    assert_between("unequal n: the df of the black mean is 3.09, not 4", got[0], 3.08597 * 0.98, 3.08598 * 1.02)


@pytest.mark.satterthwaite
@given(strategies.boundary_frogs())
def test_df_at_the_boundary_is_frogs_minus_coefficients(impl, frogs):
    """Theorem 8: at Vb = 0, in lmerTest's convention, N - p for every contrast and any bucket sizes."""
    X = frogs.treatment
    got = impl.satterthwaite_df(X, frogs.y, frogs.group)
    assert_close("Vb = 0: df = N - p", got, np.full(X.shape[1], float(len(frogs.y) - X.shape[1])), impl.tolerances.df)


@given(IN_GRAMS, st.sampled_from([1e-3, 0.5]))
def test_df_has_no_unit(impl, frogs, c):
    """Theorem 10: y -> c y leaves df."""
    got = impl.satterthwaite_df(frogs.treatment, c * frogs.y, frogs.group)
    df = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    assert_close("c y: df as for y", got, np.full(len(got), float(df)), impl.tolerances.df)


@pytest.mark.satterthwaite
@given(strategies.interior_frogs(), strategies.SEEDS)
def test_df_does_not_depend_on_the_order_of_rows(impl, frogs, seed):
    """Theorem 11."""
    order = np.random.default_rng(seed).permutation(len(frogs.y))
    expected = np.array(exact.reml(frogs.treatment, frogs.y, frogs.group).df, float)
    got = impl.satterthwaite_df(frogs.treatment[order], frogs.y[order], frogs.group[order])
    assert_each_close("rows shuffled: the same df", got, expected, impl.tolerances.df)


@pytest.mark.core_only
@pytest.mark.parametrize("c", [1e-8, 1e-4, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("name", ["chapter_2", "sleepstudy", "ergostool"])
def test_df_at_extreme_scales(impl, name, c):
    """Theorem 10 for c from 1e-8 to 1e8: the same df to 1e-9; lmerTest gives 2.5e23 for 161 at 1e4."""
    fit = golden.load(name)
    expected = np.array(exact.reml(fit.X, fit.y, fit.group).df, float)
    got = impl.satterthwaite_df(fit.X, c * fit.y, fit.group)
    assert_each_close("c y: df as for y", got, expected, 1e-9)


@pytest.mark.core_only
def test_df_of_the_chapter_is_four(impl):
    """8 buckets - 4 colours, to 1e-9."""
    fit = golden.load("chapter_2")
    assert_close("df = 8 - 4", impl.satterthwaite_df(fit.X, fit.y, fit.group), np.full(4, 4.0), 1e-9)


@pytest.mark.package
@given(strategies.frogs(EQUAL_N, ratios=(1 + 1e-8, 1 + 1e-6, 1 + 1e-4)))
def test_df_just_inside_the_boundary(impl, frogs):
    """Theorem 8 where MSB / MSE - 1 is 1e-8 to 1e-4: still B - C; lmerTest returns 7.56 to 57 for 9."""
    got = impl.satterthwaite_df(frogs.cell_means, frogs.y, frogs.group)
    df = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    allowed = max(1e-6, impl.tolerances.df)
    assert_close("just inside the boundary: df = B - C", got, np.full(len(got), float(df)), allowed)


@pytest.mark.package
@given(strategies.frogs(EQUAL_N, ratios=strategies.INTERIOR_RATIOS), st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_df_has_no_favourite_unit(impl, frogs, c):
    """Theorems 8 and 10: equal n, interior: B - C for c y, c from 1e-6 to 1e6."""
    got = impl.satterthwaite_df(frogs.cell_means, c * frogs.y, frogs.group)
    df = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    assert_close(f"{c:g} y: df = B - C", got, np.full(len(got), float(df)), impl.tolerances.df)


@pytest.mark.package
@pytest.mark.parametrize("ratio", [30, 1e3, 1e5])
def test_df_where_buckets_differ_much_more_than_frogs(impl, ratio):
    """Theorem 8: B - 1 where Vb is up to 1e5 times Ve."""
    frogs = strategies.fixed_frogs([[5] * 6], 19, ratio)
    got = impl.satterthwaite_df(np.ones((30, 1)), frogs.y, frogs.group)
    assert_close(f"Vb {ratio:g} times Ve: df = 6 - 1", got, [5.0], impl.tolerances.df)


@pytest.mark.package
@pytest.mark.parametrize("name", nist.NAMES)
def test_df_of_nist_data(impl, name):
    """Theorem 8 on NIST's one-way data, up to 13 constant leading digits: buckets - 1."""
    data = nist.load(name)
    got = impl.satterthwaite_df(np.ones((len(data.y), 1)), data.y, data.group)
    assert_close(f"df of NIST {name}", got, [len(np.unique(data.group)) - 1], impl.tolerances.df)


@pytest.mark.core_only
@given(strategies.interior_frogs(), strategies.SEEDS)
def test_df_with_a_covariate_within_buckets(impl, frogs, seed):
    """X need not be constant within buckets: every term of the derivatives counts."""
    rng = np.random.default_rng(seed)
    n_spare = len(frogs.y) - frogs.Z.shape[1] - 1
    X = np.column_stack([frogs.treatment, rng.normal(size=(len(frogs.y), min(1, max(0, n_spare))))])
    fit = exact.reml(X, frogs.y, frogs.group)
    got = impl.satterthwaite_df(X, frogs.y, frogs.group)
    assert_each_close("df with a covariate", got, np.array(fit.df, float), impl.tolerances.df)


@pytest.mark.core_only
@pytest.mark.parametrize(("n_buckets", "n"), [(6, 4), (100, 20), (700, 3)])
def test_df_of_a_slope_within_buckets_is_that_of_the_mean_square(impl, n_buckets, n):
    """Equal n, x with mean 0 in each bucket: Var(slope) = Ve / Sxx has the df of MSE, N - B - 1; the mean has B - 1.

    Source: Satterthwaite (1946), Biometrics Bulletin 2, 110-114: a single mean square keeps its df.
    """
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n_buckets, n))
    X = np.column_stack([np.ones(n_buckets * n), (x - x.mean(axis=1, keepdims=True)).ravel()])
    group = np.repeat(np.arange(n_buckets), n)
    y = 2 * rng.normal(size=n_buckets)[group] + X[:, 1] + rng.normal(size=len(group))
    expected = [n_buckets - 1, len(group) - n_buckets - 1]
    assert_each_close("df of the mean and the slope", impl.satterthwaite_df(X, y, group), expected, 1e-7)


@pytest.mark.core_only
def test_df_of_many_frogs_at_the_boundary(impl):
    """Theorem 8: Vb = 0: N - p = 1,998."""
    x = np.tile([-1.0, 1.0], 1000)
    y = 3 * x + np.tile([1.0, 1.0, -1.0, -1.0], 500)
    got = impl.satterthwaite_df(np.column_stack([np.ones(2000), x]), y, np.repeat(np.arange(500), 4))
    assert_close("Vb = 0: df = N - p", got, [1998.0, 1998.0], 1e-12)


@pytest.mark.core_only
@pytest.mark.parametrize("excess", [1e-10, 1e-12])
def test_df_a_rounding_error_from_the_boundary(impl, excess):
    """Theorem 8 where n Vb / Ve = excess: still B - 1, not N - 1."""
    group, y = closed_form.just_inside(excess)
    assert_close("df = B - 1", impl.satterthwaite_df(np.ones((40, 1)), y, group), [9.0], 1e-6)
