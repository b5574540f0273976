"""What packages meet and the chapter does not: X, buckets and rows of every shape, each quantity by itself.

A quantity is asked apart from the others, so that a package's known failure in one hides none of them.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import exact, large
from reference.distributions import chi_squared_interval, f_tail
from tests import shapes, tolerances
from tests.assertions import assert_between, assert_close, assert_each_close, assert_equal
from tests.shapes import FEW

pytestmark = [pytest.mark.package, pytest.mark.digits]
of_fit, of_df = pytest.mark.judges("fit_reml"), pytest.mark.judges("satterthwaite_df")
of_anova = pytest.mark.judges("anova_reml")
of_quantities = pytest.mark.parametrize("quantity", ["Vb", "Ve", "coef", "se", "criterion"])
of_shapes = pytest.mark.parametrize("shape", shapes.SHAPES)
of_large = pytest.mark.parametrize("name", large.PLANS)
of_tables = pytest.mark.parametrize("shape", shapes.TABLES)
OF_V = ("no constant", "covariates within and between", "near-collinear columns", "ten columns", "two hundred buckets")


def conditioned(X, asked: float) -> float:
    """What is asked, or what X lets have: its columns' own units cost nothing."""
    return max(asked, tolerances.algebra(X / np.linalg.norm(X, axis=0)))


def assert_quantity(impl, quantity, got, expected, X):
    """Vb relative to Vb + Ve; Ve and each se by itself; coef to the largest; the criterion to its rounding."""
    asked, claim = impl.tolerances, f"{quantity} in exact arithmetic"
    value, truth = getattr(got, quantity), np.array(getattr(expected, quantity), float)
    if quantity == "Vb":
        assert_close(claim, value, truth, asked.variance, float(expected.Vb) + float(expected.Ve))
    elif quantity == "criterion":
        assert_close(claim, value, truth, max(asked.criterion, 1e-12 * abs(truth)), 1.0)
    elif quantity == "coef":
        assert_close(claim, value, truth, conditioned(X, asked.estimate))
    else:
        rtol = {"Ve": 10 * asked.variance, "se": conditioned(X, asked.standard_error)}[quantity]
        assert_each_close(claim, value, truth, rtol)


# --- shapes ---------------------------------------------------------------------------------------------


@of_fit
@of_quantities
@of_shapes
@FEW
@given(data=st.data())
def test_reml_of_shape(impl, shape, quantity, data):
    """Patterson and Thompson (1971): the minimum of the criterion, in exact arithmetic."""
    design = data.draw(shapes.designs(shape))
    expected = exact.reml(design.X, design.y, design.codes)
    got = impl.fit_reml(design.X, design.y, design.codes + 1)
    assert_quantity(impl, quantity, got, expected, design.X)


@of_df
@pytest.mark.satterthwaite
@of_shapes
@FEW
@given(data=st.data())
def test_df_of_shape(impl, shape, data):
    """2 f^2 / Var(f) with derivatives in exact arithmetic; N - p at the boundary."""
    design = data.draw(shapes.designs(shape))
    expected = np.array(exact.reml(design.X, design.y, design.codes).df, float)
    got = impl.satterthwaite_df(design.X, design.y, design.codes + 1)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected, impl.tolerances.df)


@of_fit
@of_quantities
@of_large
def test_reml_of_large_data(impl, name, quantity):
    """Up to 5,000 rows, 200 unequal buckets and 30 columns: exact arithmetic, frozen."""
    expected = large.load(name)
    got = impl.fit_reml(expected.data.X, expected.data.y, expected.data.codes)
    assert_quantity(impl, quantity, got, expected, expected.data.X)


@of_df
@pytest.mark.satterthwaite
@of_large
def test_df_of_large_data(impl, name):
    """Each of up to 30 coefficients has its own df: exact arithmetic, frozen."""
    expected = large.load(name)
    got = impl.satterthwaite_df(expected.data.X, expected.data.y, expected.data.codes)
    assert_each_close("df = 2 f^2 / Var(f)", got, expected.df, impl.tolerances.df)


# --- least squares --------------------------------------------------------------------------------------


@pytest.mark.judges("gls")
@pytest.mark.parametrize("shape", OF_V)
def test_gls_of_shape(impl, shape):
    """Theorem 1: V^-1/2 takes (1 - 1 / sqrt(1 + n Vb / Ve)) of its mean from each row of a bucket of n, Vb = 9 Ve.

    Source: Fuller and Battese (1973), Journal of the American Statistical Association 68, 626-632.
    """
    design = shapes.design(shape, seed=1)
    n = np.bincount(design.codes)
    table = pd.DataFrame(design.X).assign(y=design.y)
    shrunk = table - table.groupby(design.codes).transform("mean").mul(
        (1 - 1 / np.sqrt(1 + 9 * n))[design.codes], axis=0
    )
    X, y = shrunk.drop(columns="y").to_numpy(), shrunk["y"].to_numpy()
    Q, R = np.linalg.qr(X)
    V = 36.0 * (design.codes[:, None] == design.codes) + 4 * np.eye(len(y))
    got, rtol = impl.gls(design.X, design.y, V), conditioned(design.X, 1e-9)
    assert_close("coef = (X'V^-1 X)^-1 X'V^-1 y", got.coef, np.linalg.solve(R, Q.T @ y), rtol)
    expected = 2 * np.linalg.norm(np.linalg.inv(R), axis=1)
    assert_each_close("se = sqrt diag (X'V^-1 X)^-1", got.se, expected, rtol)


@pytest.mark.judges("ols")
@pytest.mark.parametrize("name", large.PLANS)
def test_ols_of_large_data(impl, name):
    """X = QR: coef = R^-1 Q'y, sigma2 = RSS / (n - p), se = sigma times the lengths of the rows of R^-1."""
    X, y = large.load(name).data.X, large.load(name).data.y
    Q, R = np.linalg.qr(X)
    df = len(y) - X.shape[1]
    sigma2 = np.sum((y - Q @ (Q.T @ y)) ** 2) / df
    got, rtol = impl.ols(X, y), conditioned(X, 1e-9)
    assert_equal("df_resid = n - p", got.df_resid, df)
    assert_close("coef", got.coef, np.linalg.solve(R, Q.T @ y), rtol)
    assert_close("sigma2 = RSS / (n - p)", got.sigma2, sigma2, rtol)
    expected = np.sqrt(sigma2) * np.linalg.norm(np.linalg.inv(R), axis=1)
    assert_each_close("se", got.se, expected, rtol)


@pytest.mark.judges("covariance_matrix")
def test_covariance_matrix_of_many_frogs(impl):
    """V[i, j] = Vb within each of 102 buckets of 3 to 19 frogs, 1,122 rows in a random order."""
    codes = large.load("17 sizes").data.codes
    expected = 9.0 * (codes[:, None] == codes) + 4.0 * np.eye(len(codes))
    assert_close("V = Ve I + Vb Z Z'", impl.covariance_matrix(codes, 9.0, 4.0), expected, 1e-12)


# --- tables ---------------------------------------------------------------------------------------------


@of_anova
@pytest.mark.satterthwaite
@of_tables
@FEW
@given(data=st.data())
def test_anova_reml_of_table(impl, shape, data):
    """F = (L beta)'(L C L')^-1 (L beta) / q on q and ddf: exact arithmetic.

    Theorem 16: ddf lies between those of the contrasts, which two colours and equal buckets leave one value.
    """
    tub, asked = data.draw(shapes.tables(shape)), impl.tolerances
    L = np.eye(tub.X.shape[1])[1:]
    F, got = float(exact.f_statistic(tub.X, tub.y, tub.bucket, L)), impl.anova_reml(tub.data)
    assert_close("F = Wald statistic / q", got.F, F, asked.F)
    assert_close("df_num = C - 1", got.df_num, len(L), 1e-12)
    low, high = exact.ddf_range(tub.X, tub.y, tub.bucket, L)
    assert_between(
        "df_den lies in the range of the contrasts' df", got.df_den, low * (1 - asked.df), high * (1 + asked.df)
    )
    p = f_tail(F, len(L), [low, high])
    assert_between("p = upper tail of F(df_num, df_den)", got.p_value, min(p) - asked.p_value, max(p) + asked.p_value)


@pytest.mark.judges("anova_ols")
@of_tables
@FEW
@given(data=st.data())
def test_anova_ols_of_table(impl, shape, data):
    """Fisher (1925): mean square of colours over mean square within them, on C - 1 and N - C df."""
    tub = data.draw(shapes.tables(shape))
    n = np.bincount(tub.color)
    means = np.bincount(tub.color, tub.y) / n
    q, df = len(n) - 1, len(tub.y) - len(n)
    F = np.sum(n * (means - tub.y.mean()) ** 2) / q / (np.sum((tub.y - means[tub.color]) ** 2) / df)
    got = impl.anova_ols(tub.data)
    assert_close("df: C - 1 and N - C", [got.df_num, got.df_den], [q, df], 1e-12)
    assert_close("F of colour, buckets ignored", got.F, F, 1e-9)
    assert_close("p-value", got.p_value, f_tail(F, q, df), 1e-9, 1.0)


@pytest.mark.judges("empirical_variances")
@of_tables
@FEW
@given(data=st.data())
def test_empirical_variances_of_table(impl, shape, data):
    """Ve the mean of the variances within buckets, Vbe the variance of all weights, Vb = Vbe - Ve."""
    tub = data.draw(shapes.tables(shape))
    Ve = np.mean([np.var(tub.y[tub.bucket == b], ddof=1) for b in range(tub.bucket.max() + 1)])
    Vbe, got = np.var(tub.y, ddof=1), impl.empirical_variances(tub.data)
    assert_close("Vb, Ve and Vbe", [got.Vb, got.Ve, got.Vbe], [Vbe - Ve, Ve, Vbe], 1e-9)
    assert_close("rho = Vb / Vbe", got.rho, 1 - Ve / Vbe, 1e-9, 1.0)


@pytest.mark.judges("denominator_df")
@of_tables
@FEW
@given(data=st.data())
def test_denominator_df_of_table(impl, shape, data):
    """Up to 200 buckets and 12 colours."""
    tub = data.draw(shapes.tables(shape))
    expected = int(tub.bucket.max() - tub.color.max())
    assert_equal("buckets - colours", impl.denominator_df(tub.data), expected)


@pytest.mark.judges("buckets_per_color")
@of_tables
@FEW
@given(data=st.data())
def test_buckets_per_color_of_table(impl, shape, data):
    """Up to 200 buckets and 12 colours."""
    tub = data.draw(shapes.tables(shape))
    counts = np.bincount(tub.color[np.unique(tub.bucket, return_index=True)[1]])
    expected = {str(color + 1): int(count) for color, count in enumerate(counts)}
    assert_equal("buckets of each colour", impl.buckets_per_color(tub.data), expected)


@pytest.mark.judges("simulate_frogs")
@pytest.mark.parametrize(("n_buckets", "n_within", "draws"), [(2000, 2, 8), (20, 200, 8)])
def test_many_simulated_frogs_have_the_spreads_asked_for(impl, n_buckets, n_within, draws):
    """Sums of squares over variances are chi-squared on the number of buckets and of frogs in them, each to 1e-8."""
    colors = list("abcdefghij")
    drawn = [impl.simulate_frogs(n_buckets, n_within, colors, -5.0, 0.5, 2.0, seed) for seed in range(draws)]
    weights = np.array([data["weight"].to_numpy().reshape(n_buckets, n_within) for data in drawn])
    bucket_mu = np.array([data["bucket_mu"].to_numpy().reshape(n_buckets, n_within) for data in drawn])
    within = np.sum((weights - bucket_mu) ** 2) / 2.0**2
    between = np.sum((bucket_mu[:, :, 0] + 5.0) ** 2) / 0.5**2
    assert_between("sum of squares between", between, *chi_squared_interval(1e-8, draws * n_buckets))
    assert_between("sum of squares within", within, *chi_squared_interval(1e-8, draws * n_buckets * n_within))
    runs = [str(color) for color in drawn[0]["color"].to_numpy().reshape(10, -1)[:, [0, -1]].ravel()]
    assert_equal("ten colours, dealt to equal runs of buckets", runs, [color for color in colors for _ in range(2)])
