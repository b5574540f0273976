"""Labels of every kind and order: twelve unequal buckets, whatever they are called, are twelve buckets (theorem 11)."""

import numpy as np
import pandas as pd
import pytest

from reference import exact
from reference.distributions import f_tail
from tests.assertions import assert_between, assert_close, assert_each_close, assert_equal
from tests.contract import label
from tests.shapes import INTERLEAVED, KINDS, TWO_BUCKETS, labelled, named_table

pytestmark = [pytest.mark.package, pytest.mark.digits]
of_kinds = pytest.mark.parametrize("kind", KINDS)
IN_ORDER = [kind for kind in KINDS if np.issubdtype(KINDS[kind](np.arange(3)).dtype, np.number)]


def assert_fit(impl, design, group):
    """A fit of these buckets by other names; se has a test of its own."""
    expected, asked = exact.reml(design.X, design.y, design.codes), impl.tolerances
    got = impl.fit_reml(design.X, design.y, group)
    variances = [float(expected.Vb), float(expected.Ve)]
    assert_close("Vb and Ve of these buckets", [got.Vb, got.Ve], variances, asked.variance, sum(variances))
    assert_close("coef", got.coef, np.array(expected.coef, float), asked.estimate)
    assert_close("criterion", got.criterion, float(expected.criterion), max(asked.criterion, 1e-9), 1.0)


def assert_df(impl, design, group):
    """2 f^2 / Var(f) with derivatives in exact arithmetic."""
    expected = np.array(exact.reml(design.X, design.y, design.codes).df, float)
    got = impl.satterthwaite_df(design.X, design.y, group)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected, impl.tolerances.df)


@pytest.mark.judges("fit_reml")
@of_kinds
def test_reml_of_buckets_by_any_name(impl, kind):
    """Patterson and Thompson (1971), in exact arithmetic."""
    assert_fit(impl, INTERLEAVED, labelled(INTERLEAVED.codes, kind))


@pytest.mark.judges("fit_reml")
def test_reml_of_buckets_that_are_true_and_false(impl):
    """Two buckets, named by truth values."""
    assert_fit(impl, TWO_BUCKETS, TWO_BUCKETS.codes == 1)


@pytest.mark.judges("fit_reml")
@of_kinds
def test_se_of_buckets_by_any_name(impl, kind):
    """sqrt diag (X'V^-1 X)^-1 at the fit, in exact arithmetic."""
    X, y, codes = INTERLEAVED.X, INTERLEAVED.y, INTERLEAVED.codes
    expected = np.array(exact.reml(X, y, codes).se, float)
    got = impl.fit_reml(X, y, labelled(codes, kind)).se
    assert_each_close("se", got, expected, impl.tolerances.standard_error)


@pytest.mark.judges("satterthwaite_df")
@pytest.mark.satterthwaite
@of_kinds
def test_df_of_buckets_by_any_name(impl, kind):
    """2 f^2 / Var(f) with derivatives in exact arithmetic."""
    assert_df(impl, INTERLEAVED, labelled(INTERLEAVED.codes, kind))


@pytest.mark.judges("satterthwaite_df")
@pytest.mark.satterthwaite
def test_df_of_buckets_that_are_true_and_false(impl):
    """Two buckets, named by truth values."""
    assert_df(impl, TWO_BUCKETS, TWO_BUCKETS.codes == 1)


@pytest.mark.judges("anova_reml")
@pytest.mark.satterthwaite
@of_kinds
def test_anova_reml_of_colors_by_any_name(impl, kind):
    """F in exact arithmetic, df between those of the contrasts (theorem 16), p the upper tail."""
    tub = named_table(kind)
    L, asked = np.eye(3)[1:], impl.tolerances
    low, high = exact.ddf_range(tub.X, tub.y, tub.bucket, L)
    F, got = float(exact.f_statistic(tub.X, tub.y, tub.bucket, L)), impl.anova_reml(tub.data)
    assert_close("F = Wald statistic / q", got.F, F, asked.F)
    assert_between("df_den", got.df_den, low * (1 - asked.df), high * (1 + asked.df))
    p = f_tail(F, 2, [low, high])
    assert_between("p-value", got.p_value, min(p) - asked.p_value, max(p) + asked.p_value)


@pytest.mark.judges("covariance_matrix")
@of_kinds
def test_covariance_matrix_of_buckets_by_any_name(impl, kind):
    """V[i, j] = Vb for two frogs of a bucket, wherever they stand."""
    codes = np.arange(36) * 7 % 12
    expected = 9.0 * (codes[:, None] == codes) + 4.0 * np.eye(36)
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(labelled(codes, kind), 9.0, 4.0), expected, 1e-12)


@pytest.mark.judges("covariance_matrix")
def test_covariance_matrix_of_buckets_that_are_true_and_false(impl):
    """Two buckets, named by truth values."""
    group = np.array([True, False, False, True, True])
    expected = 9.0 * (group[:, None] == group) + 4.0 * np.eye(5)
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(group, 9.0, 4.0), expected, 1e-12)


@pytest.mark.judges("design_matrix")
@of_kinds
def test_every_level_has_a_column_by_any_name(impl, kind):
    """Cell means of twelve levels, in whatever order the levels' names are."""
    codes = np.arange(36) * 7 % 12
    got = impl.design_matrix(labelled(codes, kind), False)
    expected = (codes[:, None] == np.arange(12)).astype(float)
    assert_equal("a column for each level", got[:, np.lexsort(got)], expected[:, np.lexsort(expected)])


@pytest.mark.judges("design_matrix")
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", IN_ORDER)
def test_levels_that_are_numbers_are_in_their_order(impl, kind, intercept):
    """The smallest first: it is the reference of treatment contrasts."""
    labels = labelled(np.arange(36) * 7 % 12, kind)
    expected = (labels[:, None] == np.unique(labels)).astype(float)
    expected[:, 0] = 1.0 if intercept else expected[:, 0]
    assert_equal("columns in the order of the numbers", impl.design_matrix(labels, intercept), expected)


@pytest.mark.judges("buckets_per_color")
@of_kinds
def test_buckets_are_counted_by_any_name(impl, kind):
    """Four buckets of each of three colours."""
    tub = named_table(kind)
    expected = {label(color): 4 for color in tub.data["color"].tolist()}
    assert_equal("buckets of each colour", impl.buckets_per_color(tub.data), expected)


@pytest.mark.judges("denominator_df")
@of_kinds
def test_denominator_df_by_any_name(impl, kind):
    """12 buckets - 3 colours."""
    tub = named_table(kind)
    assert_equal("buckets - colours", impl.denominator_df(tub.data), 9)


@pytest.mark.judges("anova_ols")
@of_kinds
def test_anova_ols_of_colors_by_any_name(impl, kind):
    """Fisher (1925): the one-way F of three colours."""
    tub = named_table(kind)
    n = np.bincount(tub.color)
    means = np.bincount(tub.color, tub.y) / n
    within = np.sum((tub.y - means[tub.color]) ** 2) / (len(tub.y) - 3)
    got = impl.anova_ols(tub.data)
    assert_close("F of colour", got.F, np.sum(n * (means - tub.y.mean()) ** 2) / 2 / within, 1e-9)
    assert_close("df", [got.df_num, got.df_den], [2, len(tub.y) - 3], 1e-12)


@pytest.mark.judges("empirical_variances")
@of_kinds
def test_empirical_variances_of_buckets_by_any_name(impl, kind):
    """The mean of the variances within buckets, and the variance of all weights."""
    tub = named_table(kind)
    Ve = np.mean([np.var(tub.y[tub.bucket == b], ddof=1) for b in range(12)])
    got = impl.empirical_variances(tub.data)
    assert_close("Ve and Vbe", [got.Ve, got.Vbe], [Ve, np.var(tub.y, ddof=1)], 1e-9)


@pytest.mark.judges("frog_correlation")
@of_kinds
def test_frog_correlation_of_buckets_by_any_name(impl, kind):
    """Frogs 1 and 2 of each of twelve buckets."""
    tub = named_table(kind)
    pairs = pd.DataFrame({"bucket": tub.bucket, "id": tub.data["id"], "y": tub.y}).pivot(
        index="bucket", columns="id", values="y"
    )
    got, expected = impl.frog_correlation(tub.data, 1, 2), np.corrcoef(pairs[1], pairs[2])[0, 1]
    assert_close("Pearson correlation of frogs 1 and 2 of each bucket", got, expected, 1e-9, 1.0)
