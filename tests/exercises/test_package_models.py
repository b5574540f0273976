"""What is made of a fit, as packages meet it: predictions, likelihood ratios, other units, designs and sizes."""

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reference import closed_form, exact, slopes
from reference.coefficients import coefficients
from reference.designs import Plan, draw
from reference.distributions import chi_squared
from tests import layouts
from tests.assertions import assert_close, assert_each_close, assert_equal, assert_fit
from tests.contract import label
from tests.layouts import components
from tests.shapes import INTERLEAVED, KINDS, labelled, named_table

pytestmark = pytest.mark.package
of_effects = pytest.mark.judges("random_effects")
of_ratio = pytest.mark.judges("likelihood_ratio")
by_methods = pytest.mark.parametrize("method", ["REML", pytest.param("ML", marks=pytest.mark.ml)])
of_units = pytest.mark.parametrize("c", [1e-6, 1e6])
SOLVED = 1e-9  # what Newton's method in dense float64 has of the variances


# --- predictions ----------------------------------------------------------------------------------------


def assert_shrunk(impl, X, y, codes, group):
    """b_i = n Vb / (n Vb + Ve) times the mean of group i's residuals; Henderson (1975)."""
    fit, got = exact.reml(X, y, codes), impl.random_effects(X, y, components(group))[0]
    Vb, Ve, n = float(fit.Vb), float(fit.Ve), np.bincount(codes)
    means = np.bincount(codes, y - X @ np.array(fit.coef, float)) / n
    first = np.unique(codes, return_index=True)[1]
    wanted = n * Vb / (n * Vb + Ve) * means
    of_levels = [got[label(level)] for level in np.asarray(group, dtype=object)[first].tolist()]
    allowed = max(SOLVED, impl.tolerances.variance)
    assert_close("b of every bucket", np.ravel(of_levels), wanted, allowed, np.abs(wanted).max())


NAMED = [kind for kind in KINDS if kind != "floats that are nearly equal"]  # of which R writes 15 digits


@of_effects
@pytest.mark.parametrize("kind", NAMED)
def test_predictions_of_buckets_by_any_name(impl, kind):
    """Twelve unequal buckets."""
    assert_shrunk(impl, INTERLEAVED.X, INTERLEAVED.y, INTERLEAVED.codes, labelled(INTERLEAVED.codes, kind))


@of_effects
def test_predictions_of_forty_buckets(impl):
    """Unequal, in any order of rows."""
    design = draw(Plan((3, 5, 2, 1) * 10, within=1, between=1), seed=5)
    assert_shrunk(impl, design.X, design.y, design.codes, design.codes + 7)


@of_effects
def test_predictions_without_a_constant(impl):
    """X does not take their mean off."""
    design = draw(Plan((3, 5, 2, 4) * 2, within=1), seed=6)
    X = design.X[:, 1:]
    assert_shrunk(impl, X, design.y, design.codes, design.codes)


@of_effects
@pytest.mark.parametrize("r", [1, 2])
def test_predictions_at_the_boundary_are_zero(impl, r):
    """G = 0: no group is better known than another."""
    curves = layouts.curves_of((r, 0), 1, beside=False, seed=3)
    got = impl.random_effects(curves.X, curves.y, curves.terms)[0]
    assert_close("b of every group", np.array(list(got.values())), 0.0, 1e-3, np.sqrt(curves.expected.Ve))


# --- likelihood ratios ----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def proved(case: str, columns: tuple[int, ...]) -> float:
    """-2 log L at a minimum that a search of its own found, and balls have proved."""
    X, y, terms, _ = CROSSED[case]
    return float(slopes.proved(slopes.Slopes(X[:, columns], y, terms), ml=True).criterion)


def crossed(seed, columns, *, constant=True):
    """Two crossed factors with empty cells, or one; what X0 has, and X besides."""
    rng = np.random.default_rng(seed)
    a, b = np.repeat(np.arange(6), 5), np.tile(np.arange(5), 6)
    here = rng.random(30) > 0.15
    X = np.column_stack([np.ones(30) if constant else rng.normal(size=30), rng.normal(size=(30, 2)).round(2)])
    y = X @ [3, 0.4, -0.2] + 2 * rng.normal(size=6)[a] + 1.5 * rng.normal(size=5)[b] + rng.normal(size=30)
    terms = components(a[here], b[here]) if constant else components(a[here])
    return X[here], y[here].round(2), terms, columns


CROSSED = {
    "two crossed terms, two columns": crossed(1, (0,)),
    "two crossed terms, one column": crossed(2, (0, 1)),
    "no constant": crossed(3, (0,), constant=False),
}


def assert_ratio(impl, got, chi2, df):
    """chi2, df, and the tail of chi-squared."""
    assert_close("chi2: both by ML", got.chi2, chi2, max(1e-8, impl.tolerances.criterion), 1.0)
    assert_equal("df: columns of X that X0 has not", float(got.df), float(df))
    assert_close(
        "p = P(chi-squared > chi2)", got.p_value, 1 - chi_squared(chi2, df), max(1e-7, impl.tolerances.p_value), 1
    )


@of_ratio
@pytest.mark.parametrize("case", CROSSED)
def test_a_likelihood_ratio_of_unbalanced_data(impl, case):
    """-2 log L of X0 less that of X, each at its own minimum."""
    X, y, terms, columns = CROSSED[case]
    chi2 = proved(case, columns) - proved(case, tuple(range(X.shape[1])))
    assert_ratio(impl, impl.likelihood_ratio(X[:, columns], X, y, terms), chi2, X.shape[1] - len(columns))


@of_ratio
@pytest.mark.parametrize(("r", "c"), [(1, 2), (1, 3), (2, 2), (3, 2)])
def test_a_likelihood_ratio_of_a_between_design(impl, r, c):
    """Theorem 23 by ML: r (c - 1) df; the second is of the same shape, with another y."""
    for seed in (8, 9):
        curves = layouts.curves_of((r, r), c, beside=False, seed=seed, sizes=(12, r + 3))
        X0 = curves.X[:, :r]
        each = [coefficients(X, curves.y, curves.Z, curves.group, ml=True).criterion for X in (X0, curves.X)]
        got = impl.likelihood_ratio(X0, curves.X, curves.y, curves.terms)
        assert_ratio(impl, got, float(each[0]) - float(each[1]), r * (c - 1))


# --- units ----------------------------------------------------------------------------------------------


def sleepstudy(method="REML"):
    """The data, and the fit in closed form."""
    data = slopes.load("sleepstudy")
    ((Z, group),) = data.terms
    return data, coefficients(data.X, data.y, Z, group, ml=method == "ML")


def by(method):
    """What is asked besides."""
    return ("ML",) if method == "ML" else ()


@pytest.mark.judges("fit_mixed")
@by_methods
@of_units
def test_lines_in_other_units(impl, c, method):
    """Theorem 10: G and Ve of c y are c^2 times those of y, coef and se c times, and -2 log L has n log c^2 more."""
    (data, expected), asked = sleepstudy(method), impl.tolerances
    got = impl.fit_mixed(data.X, c * data.y, data.terms, *by(method))
    free = len(data.y) - (data.X.shape[1] if method == "REML" else 0)
    scale = float(np.trace(expected.G) + expected.Ve)
    assert_close("G / c^2", got.G[0] / c**2, expected.G, max(SOLVED, asked.variance), scale)
    assert_close("Ve / c^2", got.Ve / c**2, expected.Ve, max(SOLVED, asked.variance), scale)
    assert_each_close("coef / c", got.coef / c, expected.coef, max(SOLVED, asked.estimate))
    assert_each_close("se / c", got.se / c, expected.se, max(SOLVED, asked.standard_error))
    moved = got.criterion - free * np.log(c**2)
    assert_close("criterion - (n - p) log c^2", moved, expected.criterion, max(1e-8, asked.criterion), 1.0)


@pytest.mark.judges("mixed_df")
@pytest.mark.satterthwaite
@of_units
def test_df_of_lines_in_other_units(impl, c):
    """Theorem 24: m - c, whatever the unit."""
    data, expected = sleepstudy()
    got = impl.mixed_df(data.X, c * data.y, data.terms)
    assert_each_close("df = m - c", got, np.full(len(got), float(expected.f_b)), max(1e-6, impl.tolerances.df))


@pytest.mark.judges("fit_mixed")
def test_lines_around_a_large_mean(impl):
    """A constant that is 10,000 times the spread moves the intercept alone."""
    (data, expected), asked = sleepstudy(), impl.tolerances
    got = impl.fit_mixed(data.X, data.y + 1e4 * np.std(data.y), data.terms)
    scale = float(np.trace(expected.G) + expected.Ve)
    assert_close("G", got.G[0], expected.G, max(1e-7, asked.variance), scale)
    assert_each_close("se", got.se, expected.se, max(1e-7, asked.standard_error))
    assert_close("the slope", got.coef[1], expected.coef[1], max(1e-7, asked.estimate))


# --- designs ---------------------------------------------------------------------------------------------


def small(seed, X_columns, Z_columns, *, beside=False):
    """28 rows in 7 groups: X and Z of the constant, x and z, by number; another factor beside."""
    rng = np.random.default_rng(seed)
    group, other = np.arange(28) * 3 % 7, np.arange(28) * 5 % 4
    columns = np.column_stack([np.ones(28), rng.normal(size=(28, 2)).round(2)])
    X, Z = columns[:, X_columns], columns[:, Z_columns]
    b = rng.normal(size=(7, len(Z_columns))) * 3
    y = 20 * columns[:, 0] + columns[:, 1] + np.sum(Z * b[group], axis=1) + rng.normal(size=28)
    y = y + beside * 2 * rng.normal(size=4)[other]
    return X, y.round(2), [(Z, group), *(components(other) if beside else [])]


DESIGNS = {
    "a slope that X has not": small(1, [0], [0, 1]),
    "slopes without an intercept": small(2, [0, 1, 2], [1, 2]),
    "no constant, two terms": small(3, [1, 2], [0], beside=True),
    "slopes beside another factor": small(4, [0, 1], [0, 1], beside=True),
}


@lru_cache(maxsize=16)
def proved_fit(name: str, method: str) -> SimpleNamespace:
    """A minimum that a search of its own found, and balls have proved."""
    X, y, terms = DESIGNS[name]
    fit = slopes.proved(slopes.Slopes(X, y, terms), ml=method == "ML")
    numbers = {name: np.array(getattr(fit, name), float) for name in ("Ve", "coef", "se", "criterion")}
    df = np.array(fit.ddf(np.eye(X.shape[1])), float) if method == "REML" else None
    return SimpleNamespace(**numbers, G=[np.array(G, float) for G in fit.G], df=df)


@pytest.mark.judges("fit_mixed")
@by_methods
@pytest.mark.parametrize("quantity", ["G", "coef", "se", "criterion"])
@pytest.mark.parametrize("name", DESIGNS)
def test_small_designs_to_25_digits(impl, name, quantity, method):
    """What X lacks, what Z lacks, and several terms with slopes, by both methods."""
    (X, y, terms), expected = DESIGNS[name], proved_fit(name, method)
    asked = replace(impl.tolerances, criterion=max(1e-8, impl.tolerances.criterion))
    assert_fit(asked, quantity, impl.fit_mixed(X, y, terms, *by(method)), expected, expected.G)


@pytest.mark.judges("mixed_df")
@pytest.mark.satterthwaite
@pytest.mark.parametrize("name", DESIGNS)
def test_df_of_small_designs_to_25_digits(impl, name):
    """By the inverse Hessian in balls."""
    X, y, terms = DESIGNS[name]
    assert_each_close("df", impl.mixed_df(X, y, terms), proved_fit(name, "REML").df, max(1e-6, impl.tolerances.df))


LOPSIDED = {
    "one bucket has nine of ten rows": draw(Plan((57, 2, 1, 2), within=1), seed=21),
    "one bucket has a second row": draw(Plan((4, 1, 1, 1, 1, 1), within=1), seed=22),
    "more columns than buckets": draw(Plan((7, 6, 5, 5), within=5), seed=23),
}


@pytest.mark.judges("fit_reml")
@pytest.mark.parametrize("name", LOPSIDED)
def test_reml_of_lopsided_buckets(impl, name):
    """In exact arithmetic."""
    design, asked = LOPSIDED[name], impl.tolerances
    expected, got = exact.reml(design.X, design.y, design.codes), impl.fit_reml(design.X, design.y, design.codes)
    variances = [float(expected.Vb), float(expected.Ve)]
    assert_close("Vb and Ve", [got.Vb, got.Ve], variances, asked.variance, sum(variances))
    assert_each_close("se", got.se, np.array(expected.se, float), asked.standard_error)


@pytest.mark.judges("satterthwaite_df")
@pytest.mark.satterthwaite
@pytest.mark.parametrize("name", LOPSIDED)
def test_df_of_lopsided_buckets(impl, name):
    """2 f^2 / Var(f) with derivatives in exact arithmetic."""
    design = LOPSIDED[name]
    expected = np.array(exact.reml(design.X, design.y, design.codes).df, float)
    assert_each_close("df", impl.satterthwaite_df(design.X, design.y, design.codes), expected, impl.tolerances.df)


@pytest.mark.judges("fit_mixed")
@by_methods
@pytest.mark.parametrize(("r", "sizes"), [(2, (40, 5)), (4, (16, 7))])
def test_lines_of_many_groups_and_of_four_columns(impl, r, sizes, method):
    """Theorem 23: groups by long names; a cubic in each."""
    curves = layouts.curves_of((r, r), 2, beside=False, seed=41, sizes=sizes)
    expected = coefficients(curves.X, curves.y, curves.Z, curves.group, ml=method == "ML")
    group, asked = labelled_long(curves.group), impl.tolerances
    got = impl.fit_mixed(curves.X, curves.y, [(curves.Z, group)], *by(method))
    units = np.sqrt(np.diag(expected.G) + 1e-3 * np.max(np.diag(expected.G)))
    along = np.outer(units, units)
    assert_close("G, in units of its own", got.G[0] / along, expected.G / along, max(SOLVED, asked.variance), 1.0)
    assert_close("Ve", got.Ve, expected.Ve, max(SOLVED, asked.variance))
    assert_each_close("se", got.se, expected.se, max(SOLVED, asked.standard_error))


def labelled_long(codes):
    """Names that differ beyond 8 characters."""
    return np.array([f"subject number {code}" for code in codes.tolist()])


@pytest.mark.judges("mixed_df")
@pytest.mark.satterthwaite
def test_df_of_three_thousand_rows(impl):
    """Theorem 24: m - c of 400 groups, and no number of rows."""
    curves = layouts.curves_of((2, 2), 1, beside=False, seed=42, sizes=(400, 8))
    got = impl.mixed_df(curves.X, curves.y, curves.terms)
    assert_each_close("df = m - c", got, np.full(2, 399.0), max(1e-6, impl.tolerances.df))


# --- sums around a large mean -----------------------------------------------------------------------------

FAR = 2.0**26  # to which these weights add without rounding; sums of squares lose 16 of 16 digits
WEIGHTS = np.round(1024 * INTERLEAVED.y) / 1024


def around(mean: float) -> pd.DataFrame:
    """The table of twelve buckets around another mean."""
    table = named_table("numpy strings").data
    return table.assign(weight=mean + np.round(1024 * table["weight"].to_numpy()) / 1024)


@pytest.mark.judges("ols")
def test_least_squares_around_a_large_mean(impl):
    """sigma2, and all coefficients but the constant, do not know of it."""
    near, far = (impl.ols(INTERLEAVED.X, WEIGHTS + mean) for mean in (0.0, FAR))
    assert_close("sigma2", far.sigma2, near.sigma2, 1e-6)
    assert_each_close("se", far.se, near.se, 1e-6)
    assert_each_close("coefficients but the constant", far.coef[1:], near.coef[1:], 1e-6)


OF_TABLES = {"empirical_variances": ("Vb", "Ve", "Vbe"), "anova_ols": ("F",), "anova_reml": ("F",)}


@pytest.mark.parametrize("function", [pytest.param(name, marks=pytest.mark.judges(name)) for name in OF_TABLES])
def test_tables_around_a_large_mean(impl, function):
    """Variances and F do not know of it."""
    near, far = (getattr(impl, function)(around(mean)) for mean in (0.0, FAR))
    allowed = max(1e-6, impl.tolerances.F) if function == "anova_reml" else 1e-6
    for field in OF_TABLES[function]:
        assert_close(f"{field} of {function}", getattr(far, field), getattr(near, field), allowed)


@pytest.mark.judges("frog_correlation")
def test_correlation_around_a_large_mean(impl):
    """Nor do correlations."""
    near, far = (impl.frog_correlation(around(mean), 1, 2) for mean in (0.0, FAR))
    assert_close("correlation of frogs 1 and 2", far, near, 1e-6, 1.0)


# --- 320 buckets in 40 colours --------------------------------------------------------------------------


@lru_cache(maxsize=1)
def many():
    """640 frogs in pairs, in any order, and their closed form."""
    rng = np.random.default_rng(31)
    order, bucket = rng.permutation(640), np.repeat(np.arange(320), 2)
    weight = 60 + 4 * rng.normal(size=320)[bucket] + rng.normal(size=40)[bucket // 8] + 3 * rng.normal(size=640)
    names = {"id": np.tile([1, 2], 320), "bucket": bucket + 1, "color": np.array([f"c{k:02}" for k in bucket // 8])}
    data = pd.DataFrame({**names, "bucket_mu": weight, "weight": weight}).iloc[order].reset_index(drop=True)
    y, group, color = (data[name].to_numpy() for name in ("weight", "bucket", "color"))
    X = (color[:, None] == np.unique(color)).astype(float)
    return data, X, y, group, closed_form.balanced_reml(y, group, color)


@pytest.mark.judges("fit_reml")
def test_reml_of_many_buckets(impl):
    """Vb = (MSB - MSE) / 2 and Ve = MSE, and se of a colour's mean of 8 buckets."""
    _, X, y, group, expected = many()
    got, asked = impl.fit_reml(X, y, group), impl.tolerances
    se = np.full(40, np.sqrt((expected.Ve / 2 + expected.Vb) / 8))
    assert_each_close("se = sqrt((Ve / n + Vb) / 8)", got.se, se, asked.standard_error)
    assert_close("Vb and Ve", [got.Vb, got.Ve], [expected.Vb, expected.Ve], asked.variance, expected.Vb + expected.Ve)


@pytest.mark.judges("satterthwaite_df")
@pytest.mark.satterthwaite
def test_df_of_many_buckets(impl):
    """B - C, of each of 40 colours."""
    _, X, y, group, expected = many()
    assert_each_close("df = B - C", impl.satterthwaite_df(X, y, group), np.full(40, expected.df), impl.tolerances.df)


@pytest.mark.judges("anova_reml")
def test_anova_of_forty_colors(impl):
    """F = MSA / MSB on 39 df."""
    data, *_, expected = many()
    got = impl.anova_reml(data)
    assert_close("F = MSA / MSB", got.F, expected.F, max(1e-7, impl.tolerances.F))
    assert_equal("df_num", float(got.df_num), 39.0)


@pytest.mark.judges("fit_mixed")
def test_a_component_of_many_levels(impl):
    """The same by the second level."""
    _, X, y, group, expected = many()
    got, asked = impl.fit_mixed(X, y, components(group)), impl.tolerances
    both = [float(got.G[0][0, 0]), got.Ve]
    assert_close("Vb and Ve", both, [expected.Vb, expected.Ve], max(SOLVED, asked.variance), expected.Vb + expected.Ve)


@pytest.mark.judges("covariance_matrix")
def test_covariance_matrix_of_many_buckets(impl):
    """V[i, j] = Vb for two frogs of a bucket."""
    *_, group, _ = many()
    expected = 9.0 * (group[:, None] == group) + 4.0 * np.eye(640)
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(group, 9.0, 4.0), expected, 1e-12)


@pytest.mark.judges("design_matrix")
def test_many_levels_have_a_column_each(impl):
    """In the order of the numbers."""
    *_, group, _ = many()
    expected = (group[:, None] == np.arange(1, 321)).astype(float)
    assert_equal("a column for each level", impl.design_matrix(group, False), expected)
