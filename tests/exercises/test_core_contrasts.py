"""Contrasts of a fit and predictions from it: what they are, whatever units and rows, and what they refuse."""

import numpy as np
import pytest

from reference import golden
from reference.distributions import f_tail
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

DATA = golden.load("chapter_2_unbalanced")
BOUNDARY = golden.load("chapter_2_boundary")
COLORS = np.eye(4)[1:]
ONE = np.array([[0.0, 1.0, -1.0, 0.0]])


@pytest.fixture
def fit(core):
    """The chapter's second setting without 11 of its frogs: 4 coefficients, Vb inside."""
    return core.fit_reml(DATA.X, DATA.y, DATA.group)


# --- what they are --------------------------------------------------------------------------------------


def test_one_contrast_has_t_squared_and_its_own_df(core, fit):
    """Theorem 16: F = (l'beta)^2 / l'Cov(beta) l on 1 and ddf(l), p its upper tail."""
    got, (one,) = core.inference.contrasts_f_test(fit, ONE), ONE
    F, df = (one @ fit.coef) ** 2 / (one @ fit.vcov_beta @ one), core.inference.ddf(fit, ONE)[0]
    assert_close("F = t^2", got.F, F, 1e-12)
    assert_close("df_den", got.df_den, df, 1e-12)
    assert_close("p", got.p_value, f_tail(F, 1, df), 1e-9)


def test_several_contrasts_are_walds(core, fit):
    """F = (L beta)'(L Cov(beta) L')^-1 (L beta) / q."""
    beta, C = COLORS @ fit.coef, COLORS @ fit.vcov_beta @ COLORS.T
    got = core.inference.contrasts_f_test(fit, COLORS)
    assert_close("F", got.F, beta @ np.linalg.solve(C, beta) / 3, 1e-12)
    assert_equal("df_num", got.df_num, 3)


@pytest.mark.parametrize("unit", [1e-200, 1e-9, 1e200])
def test_the_unit_of_contrasts_does_not_matter(core, fit, unit):
    """F and ddf of c L are those of L; each row's ddf is its own."""
    expected, got = (core.inference.contrasts_f_test(fit, c * COLORS) for c in (1.0, unit))
    assert_close("F of c L", got.F, expected.F, 1e-12)
    assert_close("df of c L", got.df_den, expected.df_den, 1e-9)
    of_each, units = core.inference.ddf(fit, COLORS), np.array([[unit], [1.0], [1 / unit]])
    assert_close("df of each row of its own unit", core.inference.ddf(fit, units * COLORS), of_each, 1e-12)


@pytest.mark.parametrize("small", [[0], [1], [2], [0, 2], [0, 1]])
def test_rows_of_different_size_have_the_f_of_their_span(core, fit, small):
    """F depends on the span of L's rows alone: with a row of 1e-9 the eigenvalues of L C L' are 1e-18 apart."""
    units = np.ones((3, 1))
    units[small] = 1e-9
    got, expected = (core.inference.contrasts_f_test(fit, L) for L in (units * COLORS, COLORS))
    assert_close("F", got.F, expected.F, 1e-12)


@pytest.mark.parametrize("unit", [2.0**-60, 2.0**60])
def test_independent_contrasts_are_so_in_any_unit_of_a_column(core, fit, unit):
    """Theorem 9: X D has coef D^-1 beta, so L D contrasts what L does."""
    D, L = np.array([1.0, 1.0, unit, 1.0]), np.array([[0, 1.0, -1, 0], [0, 0, 1, -1]])
    got = core.inference.contrasts_f_test(core.fit_reml(DATA.X * D, DATA.y, DATA.group), L * D)
    assert_close("F", got.F, core.inference.contrasts_f_test(fit, L).F, 1e-9)


def test_the_size_of_rows_weighs_the_pooled_df_as_in_lmertest(core, fit):
    """With a row of 1e-9 the eigencontrasts are it and what is left of the other: df pooled of these two."""
    L, C = COLORS[:2], fit.vcov_beta[1:3, 1:3]
    first = np.array([0.0, 1.0, 0.0, 0.0])
    second = np.array([0.0, -C[0, 1] / C[0, 0], 1.0, 0.0])
    expected = core.inference.pooled_ddf(core.inference.ddf(fit, np.array([first, second])))
    got = core.inference.contrasts_f_test(fit, np.array([[1.0], [1e-9]]) * L)
    assert_close("df", got.df_den, expected, 1e-6)


def test_contrasts_stay_as_they_were(core, fit):
    """L is not written to."""
    L = 3.0 * COLORS
    core.inference.ddf(fit, L), core.inference.contrasts_f_test(fit, L)
    assert_equal("L", L, 3.0 * COLORS)


def test_dependent_contrasts_have_each_their_df(core, fit):
    """ddf asks of each row by itself."""
    (one,) = core.inference.ddf(fit, ONE)
    assert_close("df of l, -2 l and l", core.inference.ddf(fit, np.vstack([ONE, -2 * ONE, ONE])), [one] * 3, 1e-12)


# --- what they refuse -----------------------------------------------------------------------------------

ZERO = np.zeros((1, 4))
BAD = {
    "a vector": (ONE[0], "L has 1 dimensions (4,); expected 2"),
    "no rows": (ZERO[:0], "L is empty: its shape is (0, 4)"),
    "columns": (COLORS[:, 1:], "L has 3 columns but fit has 4 coefficients"),
    "nan": (np.nan * ONE, "L has 4 NaN or infinite values among its 4"),
    "zero": (ZERO, "L has 1 rows of zeros among its 1, which contrast nothing"),
    "zeros among others": (
        np.vstack([ZERO, ONE, ZERO]),
        "L has 2 rows of zeros among its 3, which contrast nothing",
    ),
}
DEPENDENT = {
    "twice": (np.vstack([ONE, ONE]), 1),
    "other sign and size": (np.vstack([ONE, -1e-7 * ONE]), 1),
    "a sum": (np.array([[0, 1, -1, 0], [0, 0, 1, -1], [0, 1, 0, -1]]), 2),
    "thirds": (np.array([[1, 1, 1, 0], [1, -1, 0, 0], [2, 0, 1, 0]]) / 3, 2),
    "more than coefficients": (np.vstack([np.eye(4), ONE]), 4),
}


@pytest.mark.parametrize("function", ["ddf", "contrasts_f_test"])
@pytest.mark.parametrize("data", [DATA, BOUNDARY], ids=["inside", "boundary"])
@pytest.mark.parametrize("case", BAD)
def test_what_is_no_contrast_is_refused(core, function, data, case):
    """One sentence, and no warning before it; at the boundary, too."""
    L, sentence = BAD[case]
    with pytest.raises(ValueError) as refusal:
        getattr(core.inference, function)(core.fit_reml(data.X, data.y, data.group), L)
    assert_equal("the refusal", str(refusal.value), sentence)


@pytest.mark.parametrize("function", ["ddf", "contrasts_f_test"])
def test_what_is_no_fit_is_refused(core, function):
    """Nor has it contrasts."""
    with pytest.raises(ValueError, match="fit is a NoneType; expected what fit_reml returns"):
        getattr(core.inference, function)(None, ONE)


@pytest.mark.parametrize("case", DEPENDENT)
@pytest.mark.parametrize("unit", [2.0**-60, 1.0, 2.0**60])
def test_dependent_contrasts_have_no_f(core, case, unit):
    """L Cov(beta) L' is singular; a column of X in another unit changes nothing."""
    L, rank = DEPENDENT[case]
    D = np.array([1.0, 1.0, unit, 1.0])
    with pytest.raises(ValueError) as refusal:
        core.inference.contrasts_f_test(core.fit_reml(DATA.X * D, DATA.y, DATA.group), L * D)
    sentence = f"L has {len(L)} rows but rank {rank}: its contrasts are linearly dependent"
    assert_equal("the refusal", str(refusal.value), sentence)


# --- predictions ----------------------------------------------------------------------------------------

CODES = np.unique(DATA.group, return_inverse=True)[1]
OTHERS = {
    "two buckets as one": (np.where(CODES == 1, 0, CODES), f"{np.sum(CODES >= 1)} of its 29 rows"),
    "a bucket as two": (np.where(np.arange(29) == 28, 99, CODES), "1 of its 29 rows"),
    "a frog in another": (np.where(np.arange(29) == 28, 0, CODES), "1 of its 29 rows"),
    "rows turned": (CODES[::-1], " of its 29 rows"),
    "row by row": (np.arange(29), " of its 29 rows"),
}


def test_predictions_do_not_depend_on_names(core, fit):
    """The same buckets under other labels: the same b."""
    renamed = np.array([f"bucket {label}" for label in DATA.group])
    got, expected = (core.reml.blup(DATA.X, DATA.y, group, fit).tolist() for group in (renamed, DATA.group))
    assert_equal("b", got, expected)


@pytest.mark.parametrize("case", OTHERS)
def test_other_buckets_than_those_fitted_are_refused(core, fit, case):
    """b would shrink by the Vb of another grouping."""
    group, words = OTHERS[case]
    with pytest.raises(ValueError) as refusal:
        core.reml.blup(DATA.X, DATA.y, group, fit)
    assert_equal("says how many", words in str(refusal.value), True)
    assert_equal("and what", str(refusal.value).endswith("in other buckets than those that were fitted"), True)


def test_fewer_frogs_than_fitted_are_refused(core, fit):
    """One row less of X, y and group."""
    with pytest.raises(ValueError, match="group has 28 rows but fit has 29"):
        core.reml.blup(DATA.X[:-1], DATA.y[:-1], DATA.group[:-1], fit)


def test_other_buckets_are_refused_where_buckets_do_not_differ(core):
    """At Vb = 0 all b are 0, but of other buckets."""
    fit = core.fit_reml(BOUNDARY.X, BOUNDARY.y, BOUNDARY.group)
    with pytest.raises(ValueError, match="in other buckets"):
        core.reml.blup(BOUNDARY.X, BOUNDARY.y, np.arange(len(BOUNDARY.y)), fit)
