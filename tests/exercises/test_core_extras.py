"""What lmm_core offers beyond the contract: predictions of bucket effects, V's algebra, a printed summary."""

import tracemalloc
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from reference import closed_form, exact, golden
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
        ([4, 4.001], 2 * (2 + 4.001 / 2.001) / (4.001 / 2.001)),
        ([5, 5, 5, 9], 2 * (5 + 9 / 7) / (1 + 9 / 7)),
        ([2 + 2**-12, 6], 2 * (2**13 + 2.5) / (2**13 + 0.5)),
    ],
)
def test_pooled_df_is_lmertests(core, nu, df):
    """lmerTest's get_Fstat_ddf: 2 S / (S - q) if all nu exceed 2, else 2; contrasts that agree keep their df."""
    assert_close("pooled df", core.inference.pooled_ddf(np.array(nu, float)), df, 1e-14)


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


@pytest.mark.parametrize("size", [100.0, 1e3, 1e4])
def test_a_fit_is_read_off_where_no_rounding_error_grows_100_times(core, size):
    """Covariates that agree within buckets, Vb / Ve = size^2: inflation is below 100, and Ve is right to 5 eps size."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(9), [2, 3, 4, 5, 6, 4, 4, 4, 4])
    x = rng.normal(size=len(group))
    X = np.column_stack([np.ones(len(group)), x + rng.normal(size=9)[group], x + rng.normal(size=9)[group]])
    y = size * rng.normal(size=9)[group] + rng.normal(size=len(group))
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    assert_between("inflation", fit.profile.inflation, 1 - 1e-9, 100)
    assert_close("Ve", fit.Ve, float(expected.Ve), 5 * 2.0**-52 * size)


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


@pytest.mark.parametrize("distance", [1e5, 1e6, 4e6, 3e7])
def test_a_constant_is_taken_off_beside_a_covariate_of_any_distance(core, distance):
    """X = [1, distance + k] with y = 10^11 + noise: X'X has an error of eps cond(X)^2, 1e-7 to 1e-2."""
    rng = np.random.default_rng(22)
    group = np.repeat(np.arange(8), 4)
    X = np.column_stack([np.ones(32), distance + np.arange(32.0)])
    y = rng.normal(size=8)[group] + rng.normal(size=32) + 1e11
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    total = float(expected.Vb + expected.Ve)
    assert_close("Vb, Ve", [fit.Vb, fit.Ve], [float(expected.Vb), float(expected.Ve)], 1e-10, total)


@pytest.mark.parametrize("wobble", [1e-5, 1e-8, 1e-10])
def test_a_column_that_is_nearly_constant_is_no_constant(core, wobble):
    """One column 1 + wobble e, no intercept, y = 10^6 + noise; y - X coef is right to 1e6 eps = 2e-10 of the noise."""
    rng = np.random.default_rng(23)
    group = np.repeat(np.arange(8), 4)
    X, noise = 1 + wobble * rng.normal(size=(32, 1)), rng.normal(size=8)[group] + rng.normal(size=32)
    fit, expected = core.fit_reml(X, 1e6 + noise, group), exact.reml(X, 1e6 + noise, group)
    assert_close("Vb", fit.Vb, float(expected.Vb), 4e-9)
    assert_close("Ve", fit.Ve, float(expected.Ve), 4e-9)


@pytest.mark.parametrize("p", [2, 8])
def test_columns_that_nearly_agree_keep_their_variances(core, p):
    """The last two of p columns differ by 2e-8 of their length, where X'X has no digit: Vb and Ve to 1e-9."""
    rng = np.random.default_rng(24)
    group = np.repeat(np.arange(12), 4)
    X, y = rng.normal(size=(48, p)), rng.normal(size=12)[group] + rng.normal(size=48)
    X[:, -1] = X[:, -2] + 2e-8 * X[:, -1]
    fit, expected = core.fit_reml(X, y, group), exact.reml(X, y, group)
    assert_close("Vb", fit.Vb, float(expected.Vb), 1e-9)
    assert_close("Ve", fit.Ve, float(expected.Ve), 1e-9)


def test_dependent_columns_of_many_rows_are_refused(core):
    """X = [1, x, 2 + 3 x] with 30,000 rows, whose rounding errors add up."""
    x = np.random.default_rng(25).normal(size=30_000)
    with pytest.raises(ValueError, match="X is rank-deficient: it has 3 columns but rank 2"):
        core.fit_reml(np.column_stack([np.ones(30_000), x, 2 + 3 * x]), x**2, np.arange(30_000) // 4)


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


@pytest.mark.parametrize("name", ["sleepstudy", "chapter_2_unbalanced"])
@pytest.mark.parametrize("unit", [1.0, 2.0**-600, 2.0**450])
def test_criterion_curve_is_the_criterion_at_every_theta_in_the_order_given(core, name, unit):
    """The criterion by dense matrices at gamma = theta^2; + 2 p log d for X d, and + (N - p) log c^2 for c y."""
    fit, theta = golden.load(name), [30.0, 0.0, 1e3, 0.3, 1e-6, 1.0]
    slopes = strategies.Slopes(fit.X, fit.y, fit.group)
    got = core.reml.criterion_curve(fit.X * unit, fit.y * unit, fit.group, theta)
    expected = np.array([slopes.criterion(t**2) for t in theta]) + 2 * len(fit.y) * np.log(unit)
    assert_close("criterion", got, expected, slopes.rounding, 1.0 + len(fit.y) * abs(np.log(unit)))


FIT = golden.load("chapter_2_unbalanced")
CALLS = {
    "ols": lambda core, X, y, **_: core.ols(X, y),
    "gls": lambda core, X, y, V: core.gls(X, y, V),
    "fit_reml": lambda core, X, y, **_: core.fit_reml(X, y, FIT.group),
    "satterthwaite_df": lambda core, X, y, **_: core.satterthwaite_df(X, y, FIT.group),
    "criterion_curve": lambda core, X, y, **_: core.reml.criterion_curve(X, y, FIT.group, abs(y) / abs(y).max()),
    "blup": lambda core, X, y, **_: core.reml.blup(X, y, FIT.group, core.fit_reml(X, y, FIT.group)),
    "solve_covariance": lambda core, X, **_: core.covariance.solve_covariance(FIT.group, 9.0, 4.0, X),
    "contrasts_f_test": lambda core, X, y, **_: core.inference.contrasts_f_test(core.fit_reml(X, y, FIT.group), X[:1]),
}


@pytest.mark.parametrize("unit", [1.0, 2.0**-470])
@pytest.mark.parametrize("call", CALLS)
def test_arguments_that_are_read_only_do(core, call, unit):
    """Nothing is written to X, y or V, whether or not they are brought to other units."""
    V = FIT.y.max() * np.eye(len(FIT.y))
    X, y, copies = FIT.X * unit, FIT.y * unit, (FIT.X * unit, FIT.y * unit, V.copy())
    for argument in (X, y, V):
        argument.flags.writeable = False
    CALLS[call](core, X=X, y=y, V=V)
    assert_equal(
        "arguments as they were", [np.array_equal(*pair) for pair in zip((X, y, V), copies, strict=True)], [True] * 3
    )


@pytest.mark.parametrize("Ve", [0.5, 3.0])
def test_closed_forms_of_a_large_bucket(core, Ve):
    """Theorem 1 with 200, 30 and 2 frogs: V^-1 A and log|V| as the dense ones."""
    group = np.repeat([7, -1, 3], [200, 30, 2])
    A = np.random.default_rng(17).normal(size=(232, 2))
    V = Ve * np.eye(232) + 2.0 * (group[:, None] == group)
    got = core.covariance.solve_covariance(group, 2.0, Ve, A)
    assert_close("V^-1 A", got, np.linalg.solve(V, A), 1e-12)
    assert_close("log|V|", core.covariance.logdet_covariance(group, 2.0, Ve), np.linalg.slogdet(V)[1], 1e-12)


@pytest.mark.parametrize("n_rows", [8191, 8192, 8193, 16384, 16385, 20000])
def test_triangular_factor_of_many_rows_has_them_all(core, n_rows):
    """R'R = A'A, with a last row that is as long as all others."""
    A = np.random.default_rng(18).normal(size=(n_rows, 3))
    A[[-1, 8190]] *= 100
    R = core.basis.triangle(A)
    assert_close("R'R = A'A", R.T @ R, A.T @ A, 1e-12)
    assert_close("R is triangular", np.tril(R, -1), np.zeros((3, 3)), 0.0)


@pytest.mark.parametrize("n_rows", [8192, 8193, 16385])
def test_sums_of_many_rows_have_them_all(core, n_rows):
    """Ve of unequal buckets where the last row alone has half of the sum of squares: exact answer of its two sizes."""
    group = np.append(np.arange(n_rows - 1) // 2 % 4000, 3999)
    y = np.random.default_rng(19).integers(0, 9, n_rows).astype(float)
    y[-1] += 500
    fit, X = core.fit_reml(np.ones((n_rows, 1)), y, group), np.ones((n_rows, 1))
    expected = exact.reml(X, y, group)
    assert_close("Vb, Ve", [fit.Vb, fit.Ve], [float(expected.Vb), float(expected.Ve)], 1e-10)


def test_a_fit_counts_its_frogs_and_buckets(core):
    """N = 3,005, B = 1,201, and N - p."""
    frogs = strategies.fixed_frogs([[2] * 600 + [5], [3] * 600], 20)
    fit = core.fit_reml(frogs.treatment, frogs.y, frogs.group)
    got = (fit.n_obs, fit.n_buckets, fit.profile.sums.df_resid)
    assert_equal("N, B, N - p", got, (3005, 1201, 3003))


@pytest.mark.parametrize(("excess", "singular"), [(1e-12, False), (1e-7, False), (-1e-12, True)])
def test_a_fit_is_singular_at_the_boundary_only(core, excess, singular):
    """Vb > 0 where MSB / MSE exceeds 1, were it by rounding errors (theorem 6)."""
    group, y = closed_form.just_inside(excess)
    assert_equal("Vb = 0", core.fit_reml(np.ones((40, 1)), y, group).singular, singular)


INDEXED = ("empirical_variances", "anova_ols", "anova_reml", "buckets_per_color", "denominator_df")


@pytest.mark.parametrize("index", [range(39, -1, -1), [0] * 40, range(7, 47)], ids=["reversed", "repeated", "late"])
@pytest.mark.parametrize("name", INDEXED)
def test_names_of_rows_do_not_matter(core, name, index):
    """Tables are read by position, whatever their index says."""
    data = golden.load("chapter_2").data
    assert_equal("the answer", getattr(core, name)(data.set_axis(index)), getattr(core, name)(data))


@pytest.mark.parametrize("index", [range(39, -1, -1), [0] * 40, range(7, 47)], ids=["reversed", "repeated", "late"])
def test_names_of_rows_do_not_matter_to_a_correlation(core, index):
    """Frogs are paired by bucket and id."""
    data = golden.load("chapter_2").data
    expected = core.frog_correlation(data, 1, 2)
    assert_equal("the correlation", core.frog_correlation(data.set_axis(index), 1, 2), expected)


def test_predictions_are_indexed_by_the_labels_given(core):
    """In order of appearance, and of their type."""
    group = np.array([30, 4, 111, 4, 30, 111, -7, -7])
    y = np.array([1.0, 5.0, 2.0, 6.0, 1.5, 3.0, 9.0, 8.0])
    fit = core.fit_reml(np.ones((8, 1)), y, group)
    assert_equal("index", core.reml.blup(np.ones((8, 1)), y, group, fit).index.tolist(), [30, 4, 111, -7])


@pytest.mark.parametrize(
    "labels",
    [[date(2020, 1, 2), date(2019, 1, 1)], [(1, 2), (1, 1)], [True, False], [1.5, -2.0]],
    ids=["dates", "tuples", "truth values", "floats"],
)
def test_whatever_has_an_order_is_a_label(core, labels):
    """Two levels in sorted order; the first label is the second level."""
    assert_equal("cell means", core.design_matrix(labels, intercept=False).tolist(), [[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    "colors",
    [
        pd.Series(["a", "b"]),
        pd.Series(["a", "b"], dtype=object),
        pd.Series(["b", "a"], dtype="category"),
        pd.Series([3, 30]),
        pd.Series([3, 30], dtype="Int64"),
        pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).dt.as_unit("ns"),
        pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).dt.tz_localize("UTC"),
        pd.Series(pd.to_timedelta([1, 2], unit="s")).dt.as_unit("ns"),
        pd.Series(pd.period_range("2020", periods=2)),
    ],
    ids=lambda colors: str(colors.dtype),
)
def test_levels_are_called_what_the_column_shows(core, colors):
    """Of the same type, whatever pandas keeps them in."""
    data = pd.DataFrame({"bucket": [1, 2, 3, 4], "color": [colors[0], colors[1], colors[1], colors[1]]})
    data["color"] = data["color"].astype(colors.dtype)
    counts = core.buckets_per_color(data)
    assert_equal("buckets of each", counts, {colors[0]: 1, colors[1]: 3})
    assert_equal("types", {type(level) for level in counts}, {type(level) for level in colors.tolist()})


def test_numbers_may_be_decimals(core):
    """Decimal is a real number."""
    got = core.ols([[Decimal(1)], [Decimal(1)]], [Decimal("1.5"), Decimal("2.5")])
    assert_close("the mean", got.coef, 2.0, 1e-15)


def test_a_float_up_to_2_to_the_53_is_a_whole_number(core):
    """seed = 2.0^53 is the seed 2^53."""
    first, second = (core.simulate_frogs(2, 2, ["red"], 0, 1, 1, seed) for seed in (2.0**53, 2**53))
    assert_equal("the same draw", first["weight"].tolist(), second["weight"].tolist())


def test_a_tiny_spread_within_colors_is_a_spread(core):
    """1e-12 of what colours differ by is a thousand times rounding: F to the 3 digits that weights have left."""
    data = golden.load("chapter_2").data
    level = data["color"].map({color: k for k, color in enumerate(sorted(set(data["color"])))})
    test = core.anova_ols(data.assign(weight=level + 2.0**-40 * np.tile([1.0, -1.0], len(data) // 2)))
    between = np.sum((level - level.mean()) ** 2) / 3
    assert_close("F", test.F, between / (2.0**-80 * len(data) / (len(data) - 4)), 1e-2)


@pytest.mark.parametrize("seed", range(5))
def test_a_response_that_x_explains_but_for_rounding_is_refused(core, seed):
    """y = 3 + 0.1 x in float64 leaves residuals of an eps or less: no Ve, however small, is read from them."""
    x = np.random.default_rng(seed).normal(size=40)
    X = np.column_stack([np.ones(40), x])
    with pytest.raises(ValueError, match=r"by no more than rounding beside its size: nothing is left to estimate Ve$"):
        core.fit_reml(X, 3 + 0.1 * x, np.repeat(np.arange(10), 4))


def test_a_spread_of_a_hundred_roundings_is_fitted(core):
    """sd 1e-13 beside a mean of 3: Ve within the chi-squared's 1e-8 on 30 df."""
    rng = np.random.default_rng(1)
    y = 3 + 1e-13 * rng.normal(size=40)
    Ve = core.fit_reml(np.ones((40, 1)), y, np.repeat(np.arange(10), 4)).Ve
    assert_between("Ve / 1e-26", Ve / 1e-26, 0.1, 4)


def test_empirical_variances_keep_the_digits_that_a_common_weight_could_cost(core):
    """0 to 39 beside 2^36: Ve = 2.5 exactly, in buckets of 5 neighbours; Vbe = 40 * 41 / 12."""
    data = pd.DataFrame({"bucket": np.repeat(np.arange(8), 5), "weight": 2.0**36 + np.arange(40)})
    got = core.empirical_variances(data)
    assert_close("Ve, Vbe", [got.Ve, got.Vbe], [2.5, 40 * 41 / 12], 1e-14)
