"""What lmm_core offers beyond the contract: predictions of bucket effects, V's algebra, a printed summary."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from reference import exact, golden
from tests import strategies
from tests.assertions import assert_between, assert_close, assert_equal
from tests.contract import CONTRACT

pytestmark = pytest.mark.core_only

SUMMARISED = [name for name in golden.NAMES if name != "chapter_1"]


@given(strategies.frogs(strategies.layouts(max_frogs=4)), strategies.variances())
def test_inverse_and_log_determinant_in_closed_form_equal_the_dense_ones(core, frogs, variances):
    """Theorem 1, for the functions that never form V."""
    V = frogs.V(*variances)
    got = core.covariance.solve_covariance(frogs.group, *variances, frogs.y)
    assert_close("V^-1 y in closed form", got, np.linalg.solve(V, frogs.y), 1e-10)
    got_logdet = core.covariance.logdet_covariance(frogs.group, *variances)
    assert_close("log|V| in closed form", got_logdet, np.linalg.slogdet(V)[1], 1e-10, max(1.0, abs(got_logdet)))


@given(strategies.clear_frogs())
def test_blups_are_shrunken_mean_residuals_and_solve_hendersons_equations(core, frogs):
    """Theorem 5: Henderson's mixed model equations have the same beta and b (Henderson, 1975).

    [X'X  X'Z; Z'X  Z'Z + Ve/Vb I] [beta; b] = [X'y; Z'y]
    """
    X, Z, y = frogs.treatment, frogs.Z, frogs.y
    fit = core.fit_reml(X, y, frogs.group)
    b = core.reml.blup(X, y, frogs.group, fit).loc[np.unique(frogs.group)].to_numpy()
    ridge = fit.Vb * Z.T @ Z + fit.Ve * np.eye(Z.shape[1])
    right = fit.Vb * Z.T @ (y - X @ fit.coef)
    assert_close("(Vb Z'Z + Ve I) b = Vb Z'(y - X beta)", ridge @ b, right, 1e-10, np.abs(right).max() + fit.Ve)
    residual = X.T @ (y - X @ fit.coef - Z @ b)
    assert_close("X'(y - X beta - Z b) = 0", residual, np.zeros(X.shape[1]), 1e-9, np.abs(X.T @ y).max())


@given(strategies.interior_frogs())
def test_blups_sum_to_zero_within_each_color(core, frogs):
    """Theorem 5: sum of b over the buckets of a colour is 0 where C(X) holds the colour's indicator."""
    X = frogs.cell_means
    fit = core.fit_reml(X, frogs.y, frogs.group)
    b = core.reml.blup(X, frogs.y, frogs.group, fit)
    color_of = frogs.data.groupby("bucket")["color"].first().loc[b.index]
    sums = b.groupby(color_of.to_numpy()).sum()
    assert_close("BLUPs of a colour sum to zero", sums, np.zeros(len(sums)), 1e-9, np.abs(b).max() + np.sqrt(fit.Ve))


@pytest.mark.parametrize("name", SUMMARISED)
def test_blups_agree_with_ranef(core, name):
    """lme4's ranef."""
    fit = golden.load(name)
    got = core.reml.blup(fit.X, fit.y, fit.group, core.fit_reml(fit.X, fit.y, fit.group))
    assert_equal("the name of the series", got.name, "b")
    expected = [fit.expected["blup"][str(bucket)] for bucket in got.index]
    scale = np.abs(expected).max() + 1e-9
    assert_close("BLUPs as in ranef(lmer)", got, expected, max(2 * fit.rtol("Vb"), 1e-9), scale)


@pytest.mark.parametrize("name", SUMMARISED)
def test_summary_reads_like_lmertests_to_the_letter(core, name):
    """All lines from the REML criterion to the correlation of fixed effects."""
    fit = golden.load(name)
    model = core.fit_reml(fit.X, fit.y, fit.group)
    text = core.summary(model, fit.X, fit.y, fit.group, fit.expected["names"])
    got = text.splitlines()[2:]
    assert_equal("the lines of lmerTest's summary", got[: len(fit.expected["summary"])], fit.expected["summary"])


def test_summary_says_that_the_fit_is_singular(core):
    """lme4's remark, in our words, after everything else."""
    fit = golden.load("dyestuff2")
    model = core.fit_reml(fit.X, fit.y, fit.group)
    text = core.summary(model, fit.X, fit.y, fit.group, ["(Intercept)"])
    assert_equal("the last line", text.splitlines()[-1], "boundary (singular) fit: Vb = 0")


def test_summary_refuses_names_that_do_not_fit(core):
    """One name per coefficient."""
    fit = golden.load("chapter_2")
    model = core.fit_reml(fit.X, fit.y, fit.group)
    with pytest.raises(ValueError, match=r"^names has 1 entries but fit has 4 coefficients$"):
        core.summary(model, fit.X, fit.y, fit.group, ["(Intercept)"])


def test_memory_and_time_are_linear_in_frogs(core):
    """A million frogs in 100,000 buckets: below four times the memory of the data.

    tracemalloc counts what numpy allocates; the data are X (4 columns), y and group: 48 MB.
    """
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(100_000), 10)
    X = np.eye(4)[group % 4]
    y = rng.normal(size=100_000)[group] + rng.normal(size=len(group))
    tracemalloc.start()
    fit = core.fit_reml(X, y, group)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    data = X.nbytes + y.nbytes + group.nbytes
    assert peak < 4 * data, f"peak memory is {peak / data:.1f} times the data; allowed is 4"
    assert_close("Vb and Ve of a large sample", [fit.Vb, fit.Ve], [1.0, 1.0], 0.05)


@pytest.mark.parametrize(
    ("nu", "df"),
    [
        ([4, 6], 14 / 3),
        ([3, 1.5], 2),
        ([6, 1, 1], 2),
        ([1.5, 1.5], 1.5),
        ([2, 5], 2),
        ([2.5, 6], 26 / 9),
        ([1000, 1000 + 1e-6], 1000),
    ],
)
def test_pooled_df_is_lmertests(core, nu, df):
    """lmerTest's get_Fstat_ddf: 2 S / (S - q) if all nu exceed 2, else 2; contrasts that agree keep their df."""
    assert_close("pooled df", core.inference._pooled_ddf(np.array(nu, float)), df, 1e-14)


@pytest.mark.parametrize("shift", [0.0, 1e8, 1e11])
def test_a_constant_is_taken_off_beside_a_year(core, shift):
    """X = [1, year]: far from zero, and nearly dependent; still 10 digits of the exact answer."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(8), 4)
    X = np.column_stack([np.ones(32), np.arange(1990.0, 2022.0)])
    y = rng.normal(size=8)[group] + rng.normal(size=32) + shift
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    total = float(expected.Vb + expected.Ve)
    assert_close("Vb, Ve", [fit.Vb, fit.Ve], [float(expected.Vb), float(expected.Ve)], 1e-10, total)


def test_a_year_in_seconds_does_not_stop_the_fit(core):
    """A column of 1e9 beside the constant."""
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(8), 4)
    X = np.column_stack([np.ones(32), 1e9 * rng.normal(size=32)])
    y = rng.normal(size=8)[group] + rng.normal(size=32) + 1e11
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    assert_close("Ve", fit.Ve, float(expected.Ve), 1e-10)


def test_covariates_that_agree_within_buckets_keep_their_digits(core):
    """Vb / Ve = 1e8 and x1 - x2 constant within buckets: sums of squares taken where Vb = 0 lose 8 digits.

    float64 y of size 1e4 leaves a residual of size 1 correct to 1e4 eps = 2e-12.
    """
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(9), [2, 3, 4, 5, 6, 4, 4, 4, 4])
    x = rng.normal(size=len(group))
    X = np.column_stack([np.ones(len(group)), x + rng.normal(size=9)[group], x + rng.normal(size=9)[group]])
    y = 1e4 * rng.normal(size=9)[group] + rng.normal(size=len(group))
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    assert_close("Vb", fit.Vb, float(expected.Vb), 1e-10)
    assert_close("Ve", fit.Ve, float(expected.Ve), 1e-10)
    assert_close("coef", fit.coef, np.array(expected.coef, float), 1e-9)


def test_x_need_not_hold_the_constant(core):
    """One covariate and no intercept: coef, Vb and Ve of the exact answer."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(7), [1, 2, 3, 4, 5, 6, 7])
    X = rng.uniform(1, 2, size=(28, 1))
    y = 3 * X[:, 0] + rng.normal(size=7)[group] + rng.normal(size=28)
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    assert_close("coef", fit.coef, float(expected.coef[0]), 1e-12)
    assert_close("Vb", fit.Vb, float(expected.Vb), 1e-10)
    assert_close("Ve", fit.Ve, float(expected.Ve), 1e-10)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_correlation_has_no_unit(core, scale):
    """Weights times c > 0, however large: the same correlation."""
    data = golden.load("chapter_2").data
    expected = core.frog_correlation(data, 1, 2)
    got = core.frog_correlation(data.assign(weight=scale * data["weight"]), 1, 2)
    assert_close("correlation of c y", got, expected, 1e-12)


def test_categories_that_no_frog_has_do_not_count(core):
    """A pandas Categorical with a colour and a bucket that were never seen."""
    data = golden.load("chapter_2").data
    colors = pd.Categorical(data["color"], categories=[*sorted(set(data["color"])), "violet"])
    buckets = pd.Categorical(data["bucket"], categories=[*sorted(set(data["bucket"])), 99])
    seen = data.assign(color=colors, bucket=buckets)
    assert_equal("buckets per colour", core.buckets_per_color(seen), core.buckets_per_color(data))
    assert_equal("B - C", core.denominator_df(seen), 4)


def test_a_small_spread_within_colors_is_a_spread(core):
    """1e-10 of what colours differ by is far above rounding: F is that of the sums of squares."""
    data = golden.load("chapter_2").data
    level = data["color"].map({color: k for k, color in enumerate(sorted(set(data["color"])))})
    noise = np.tile([1.0, -1.0], len(data) // 2)
    test = core.anova_ols(data.assign(weight=level + 1e-10 * noise))
    between = np.sum((level - level.mean()) ** 2) / 3
    assert_close("F", test.F, between / (1e-20 * len(data) / (len(data) - 4)), 1e-5)


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e9])
def test_no_spread_within_colors_is_refused_in_every_unit(core, scale):
    """Weights that are constant within colours, or all the same, but for rounding."""
    data = golden.load("chapter_2").data
    level = data["color"].map({color: k / 3 for k, color in enumerate(sorted(set(data["color"])))})
    with pytest.raises(ValueError, match="is constant within each of 4 colours"):
        core.anova_ols(data.assign(weight=scale * (level + 1 / 7)))


@pytest.mark.parametrize("seed", range(20))
def test_dependent_columns_are_refused_however_rounding_falls(core, seed):
    """X = [1, x, 2 + 3 x]: the last pivot of X'X is rounding error, of either sign."""
    x = np.random.default_rng(seed).normal(size=40)
    X = np.column_stack([np.ones(40), x, 2 + 3 * x])
    with pytest.raises(ValueError, match="X is rank-deficient: it has 3 columns but rank 2"):
        core.fit_reml(X, x**2, np.repeat(np.arange(10), 4))


@pytest.mark.parametrize("name", ["chapter_2", "ergostool"])
def test_contrasts_keep_the_digits_that_the_constant_could_cost(core, name):
    """Contrasts of 1 to 10 beside an intercept of 200: 14 digits of each."""
    fit = golden.load(name)
    got = core.fit_reml(fit.X, fit.y, fit.group).coef
    assert_between("digits of coef", exact.lre(got, exact.reml(fit.X, fit.y, fit.group).coef), 14, 15)


def test_two_buckets_and_a_spread_of_one_are_enough_for_a_correlation(core):
    """Two points lie on a line: 1 or -1."""
    data = pd.DataFrame({"id": [1, 2, 1, 2], "bucket": [1, 1, 2, 2], "weight": [3.0, 9.0, 4.0, 8.0]})
    assert_close("correlation", core.frog_correlation(data, 1, 2), -1.0, 1e-15)


@pytest.mark.parametrize("Ve", [1.0, 2.0])
def test_solve_covariance_takes_several_columns(core, Ve):
    """V^-1 A, column by column as the dense inverse has it."""
    group, A = np.array([1, 2, 1, 1]), np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 8.0], [4.0, 7.0]])
    V = Ve * np.eye(4) + 3.0 * (group[:, None] == group)
    assert_close("V^-1 A", core.covariance.solve_covariance(group, 3.0, Ve, A), np.linalg.solve(V, A), 1e-12)


def test_everything_of_the_contract_is_offered_and_nothing_else(core):
    """`from lmm_core import *` is a submission."""
    assert_equal("names", sorted(core.__all__), sorted(CONTRACT))
