"""How `lmm_core.search` searches: no minimum is passed over, and few steps of Newton's method reach it."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

from reference import closed_form, exact, golden
from tests import strategies
from tests.assertions import assert_at_most, assert_between, assert_close, assert_equal

pytestmark = pytest.mark.core_only

# Drawn by machine among 60,000 unequal layouts, and rounded: the criterion has two minima, of which
# the named is lower. Buckets, a covariate (none where it is 0), weights.
TWO_MINIMA = {
    "the right of two": (
        [0, 0, 0, 1, 2, 2],
        [9.3, 7.1, 7.7, -3.3, 12.0, 12.4],
        [3.2, 0.2, 1.6, 4.4, -2.9, -3.4],
    ),
    "the left of two": (
        [0, 0, 1, 1, 1, 2, 3, 4],
        [-5.8, -6.1, 12.9, 16.0, 14.5, -1.3, -4.1, 3.3],
        [-2.5, -2.1, 1.2, -0.3, 0.6, 1.3, -2.1, 0.2],
    ),
    "one where n gamma is 7,000": (
        [0, 0, 1, 2, 2, 2, 2, 2],
        [-14.0, -15.3, 2.3, 22.5, 20.5, 22.9, 22.4, 21.1],
        [-2.4, -2.7, -1.0, 0.5, -0.2, 0.6, 0.3, 0.1],
    ),
    "the boundary": (
        [0, 0, 1, 2, 2, 2],
        [-0.1, -0.2, -2.5, 0.8, 1.4, 0.5],
        [0.5, -0.2, -0.8, -0.4, 0.8, -1.8],
    ),
    "a narrow one beside the boundary": (
        [0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 6],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0.66, 0.19, 0.28, -0.45, 2.13, 1.05, 3.93, -0.19, 0.31, -0.11, 0.07],
    ),
}


def scanned(X, y, group):
    """The criterion at theta = 0 and at 500 more places, from dense matrices."""
    same = group[:, None] == group
    values = []
    for gamma in [0.0, *np.geomspace(1e-4, 1e6, 500)]:
        H = np.eye(len(y)) + gamma * same
        A = X.T @ np.linalg.solve(H, X)
        residual = y - X @ np.linalg.solve(A, X.T @ np.linalg.solve(H, y))
        df = len(y) - X.shape[1]
        rss = residual @ np.linalg.solve(H, residual)
        values.append(df * (1 + np.log(2 * np.pi * rss / df)) + np.linalg.slogdet(H)[1] + np.linalg.slogdet(A)[1])
    return np.array(values)


@pytest.mark.parametrize("case", TWO_MINIMA)
def test_the_lower_of_two_minima_is_taken(core, case):
    """No value of a scan by dense matrices is lower."""
    group, x, y = map(np.array, TWO_MINIMA[case])
    X = np.column_stack([np.ones(len(y)), x]) if x.any() else np.ones((len(y), 1))
    values = scanned(X, y, group)
    inner = np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] < values[2:])) + 1
    assert_equal("minima of the scan", len(inner) + (values[0] < values[1]), 2)
    assert_at_most("criterion", core.fit_reml(X, y, group).criterion, values.min(), 1e-10)


EQUAL = ["chapter_2", "chapter_2_null", "dyestuff", "ergostool", "rail", "sleepstudy"]
UNEQUAL = ["chapter_2_unbalanced", "chapter_2_unbalanced_null"]


@pytest.fixture
def evaluations(core, monkeypatch):
    """The gammas where the criterion was evaluated one by one."""
    gammas = []

    class Counted(core.search.Profile):
        def __init__(self, sums, gamma):
            super().__init__(sums, gamma)
            if np.ndim(gamma) == 0:
                gammas.append(gamma)

    monkeypatch.setattr(core.search, "Profile", Counted)
    return gammas


@pytest.mark.parametrize("name", EQUAL)
def test_equal_buckets_need_no_step(core, evaluations, name):
    """1 / quadratic - 1 / trace over 1 + n gamma is linear: its root between two grid points is the answer."""
    fit = golden.load(name)
    core.fit_reml(fit.X, fit.y, fit.group)
    assert_equal("evaluations", len(evaluations), 1)


@pytest.mark.parametrize("name", UNEQUAL)
def test_unequal_buckets_need_few_steps(core, evaluations, name):
    """From where the line between two grid points leads: two or three."""
    fit = golden.load(name)
    core.fit_reml(fit.X, fit.y, fit.group)
    assert_between("evaluations", len(evaluations), 3, 4)


@pytest.mark.parametrize("start", [0.02, 0.5, 0.99, 1.01, 1.5, 3.0, 8.0])
@pytest.mark.parametrize("name", [*EQUAL, *UNEQUAL])
def test_newton_finds_the_root_from_any_start(core, evaluations, name, start):
    """In ten evaluations or fewer; the score is zero to 2^-48 of its terms, and gamma is to ten times that."""
    fit = golden.load(name)
    sums = core.fit_reml(fit.X, fit.y, fit.group).profile.sums
    expected = exact.reml(fit.X, fit.y, fit.group)
    gamma = float(expected.Vb / expected.Ve)
    root = float(np.log1p(sums.sizes.max() * gamma))
    evaluations.clear()
    found = core.search._newton(sums, sums.sizes.max(), 0.0, start * root, 8.5 * root)
    assert_close("gamma", found.gamma, gamma, 10 * 2.0**-48)
    assert_between("evaluations", len(evaluations), 1, 10)


@given(strategies.interior_frogs())
def test_inflation_is_the_largest_variance_inflation_factor(core, frogs):
    """max of M_jj (M^-1)_jj (Belsley, Kuh and Welsch, 1980, Regression Diagnostics, section 3.2)."""
    at = core.fit_reml(frogs.treatment, frogs.y, frogs.group).profile
    factors = np.diag(at.M) * np.diag(np.linalg.inv(at.M))
    assert_close("inflation", at.inflation, factors.max(), 1e-8)


def test_a_score_that_jumps_over_zero_ends_the_search_there(core, monkeypatch):
    """Noise that never comes near zero, and steps that leave the bracket: bisection down to the last digits."""
    evaluated = []

    def jump(_, gamma):
        evaluated.append(gamma)
        return SimpleNamespace(score=-1.0 if np.log1p(gamma) < 0.3 else 1.0, trace=1.0, curvature=0.0, gamma=gamma)

    monkeypatch.setattr(core.search, "Profile", jump)
    found = core.search._newton(None, 1.0, 0.0, 0.8, 0.9)
    assert_close("u", np.log1p(found.gamma), 0.3, 2.0**-47)
    assert_between("evaluations", len(evaluated), 48, 51)


def test_noise_in_the_score_does_not_keep_the_search_from_ending(core, monkeypatch):
    """A score that is never below 1e-12 of its terms: the first step below 1e-8 of u is the last."""
    evaluated = []

    def noisy(_, gamma):
        evaluated.append(gamma)
        score = np.log1p(gamma) - 0.3 + (-1) ** len(evaluated) * 1e-12
        return SimpleNamespace(score=score, trace=1.0, curvature=(1 - score) / (1 + gamma), gamma=gamma)

    monkeypatch.setattr(core.search, "Profile", noisy)
    found = core.search._newton(None, 1.0, 0.0, 0.8, 0.9)
    assert_close("u", np.log1p(found.gamma), 0.3, 1e-11)
    assert_between("evaluations", len(evaluated), 3, 4)


def test_a_search_without_end_is_given_up(core, monkeypatch):
    """A score that stays -1, and steps of 1e-4: a hundred of them."""
    evaluated = []

    def endless(_, gamma):
        evaluated.append(gamma)
        return SimpleNamespace(score=-1.0, trace=1.0, curvature=(1e4 + 1) / (1 + gamma), gamma=gamma)

    monkeypatch.setattr(core.search, "Profile", endless)
    sentence = r"^the REML score has no root after 100 steps between u = 0\.309[89]\d+ and 0\.9$"
    with pytest.raises(ArithmeticError, match=sentence):
        core.search._newton(None, 1.0, 0.0, 0.3, 0.9)
    assert_equal("evaluations", len(evaluated), 100)


@pytest.mark.parametrize("away", [1e-6, 0.02, 0.7, 1.0, 1.5, 40.0, 1e6])
@pytest.mark.parametrize("name", UNEQUAL)
def test_a_minimum_is_found_again_in_other_coordinates(core, monkeypatch, name, away):
    """From where rounding errors have put it: the bracket of half a step around it moves until it holds the root."""
    monkeypatch.setattr(core.search, "INFLATED", 0.0)
    fit = golden.load(name)
    codes = np.unique(fit.group, return_inverse=True)[1]
    basis = core.basis.least_squares_basis(fit.X, fit.y)
    sums = core.sums.identified(fit.X, basis, codes)
    expected = exact.reml(fit.X, fit.y, fit.group)
    gamma = float(expected.Vb / expected.Ve)
    found = core.search._without_inflation(fit.X, basis, codes, core.search.Profile(sums, np.array(away * gamma)))
    assert_close("gamma", found.gamma, gamma, 1e-12)


def test_a_minimum_that_is_none_in_other_coordinates_is_the_boundary(core, monkeypatch):
    """The criterion rises from gamma = 0 on: wherever rounding errors saw a minimum, there is no other."""
    monkeypatch.setattr(core.search, "INFLATED", 0.0)
    fit = golden.load("chapter_2_boundary")
    codes = np.unique(fit.group, return_inverse=True)[1]
    basis = core.basis.least_squares_basis(fit.X, fit.y)
    sums = core.sums.identified(fit.X, basis, codes)
    for gamma in (1e-9, 0.05, 0.3, 7.0):
        found = core.search._without_inflation(fit.X, basis, codes, core.search.Profile(sums, np.array(gamma)))
        assert_equal("gamma", float(found.gamma), 0.0)


def test_a_minimum_that_runs_away_leaves_nothing_for_ve(core, monkeypatch):
    """y constant within buckets: the score is negative as far as float64 reaches."""
    monkeypatch.setattr(core.search, "INFLATED", 0.0)
    group = np.repeat(np.arange(4), 3)
    X, y = np.ones((12, 1)), np.array([1.0, 2.0, 4.0, 8.0])[group]
    basis = core.basis.least_squares_basis(X, y)
    sums = core.sums.identified(X, basis, group)
    with pytest.raises(ValueError, match=r"nothing is left to estimate Ve$"):
        core.search._without_inflation(X, basis, group, core.search.Profile(sums, np.array(3.0)))


@pytest.mark.parametrize("excess", [1e-3, 1e-5, 1e-7])
def test_newton_finds_a_root_next_to_the_boundary(core, evaluations, excess):
    """MSB / MSE = 1 + excess, and n gamma = excess (theorem 6); the rounding of the score is absolute there."""
    group, y = closed_form.just_inside(excess)
    sums = core.fit_reml(np.ones((40, 1)), y, group).profile.sums
    for start in (0.1, 0.9, 4.0):
        evaluations.clear()
        found = core.search._newton(sums, 4.0, 0.0, start * excess, 5 * excess)
        assert_close("n gamma", 4 * found.gamma, excess, 10 * 2.0**-48, 1.0)
        assert_between("evaluations", len(evaluations), 1, 10)


@pytest.mark.parametrize("name", ["sleepstudy", "chapter_2_unbalanced"])
def test_an_array_of_places_gives_what_each_of_them_gives(core, name):
    """Criterion, score and both curvatures."""
    fit = golden.load(name)
    sums = core.fit_reml(fit.X, fit.y, fit.group).profile.sums
    gammas = np.array([0.0, 0.5, 3.0, 20.0])
    together = core.search.Profile(sums, gammas)
    for quantity in ("criterion", "score", "curvature", "curvature_at_fixed_Ve"):
        apart = [getattr(core.search.Profile(sums, gamma), quantity) for gamma in gammas]
        assert_close(quantity, getattr(together, quantity), apart, 1e-13)


def test_a_fit_in_print_is_a_line_of_estimates(core):
    """Without matrices, or the sums that it was made of."""
    fit = golden.load("chapter_2")
    fitted = core.fit_reml(fit.X, fit.y, fit.group)
    assert_equal("matrices in print", [word for word in ("vcov_beta", "profile") if word in repr(fitted)], [])
    assert_equal("sums in print", "sums" in repr(fitted.profile), False)


# Of 16,008 seeds, some at which a shorter search passes a minimum over.
SEEDS = (145, 174, 199, 209, 236, 381, 487, 849, 907, 1290, 1551, 2611, 3046, 3795)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_minimum_is_found(core, seed):
    """k stationary points, which alternate, have k // 2 + 1 minima, the boundary's among them."""
    slopes = strategies.slopes_of_many_kinds(seed)
    expected = exact.reml(slopes.X, slopes.y, slopes.group)
    fit = core.fit_reml(slopes.X, slopes.y, slopes.group)
    minima = core.search._minima(sums_of(core, slopes.X, slopes.y, slopes.group))
    assert_close("criterion", fit.criterion, float(expected.criterion), 1e-8, 1.0)
    assert_equal("minima", len(minima), len(expected.stationary) // 2 + 1)


# Weights moved, in standard deviations, to within 0.3 percent of where a minimum and the maximum beside it meet.
NEARLY_NONE = {849: -0.00117186, 1290: -0.00013845, 1551: -0.00024424, 2611: 0.00018099, 6600: 0.000521485}


@pytest.mark.parametrize("seed", NEARLY_NONE)
def test_a_minimum_that_hardly_is_one_is_found(core, seed):
    """The score crosses 0 twice between two places of the grid, and hardly: k // 2 + 1 minima all the same."""
    slopes = strategies.slopes_of_many_kinds(seed)
    y = slopes.y + NEARLY_NONE[seed] * np.std(slopes.y) * np.cos(np.arange(len(slopes.y)))
    expected = exact.reml(slopes.X, y, slopes.group)
    minima = core.search._minima(sums_of(core, slopes.X, y, slopes.group))
    assert_equal("minima", len(minima), len(expected.stationary) // 2 + 1)


def sums_of(core, X, y, group):
    """What the search sees of the data."""
    codes = np.unique(group, return_inverse=True)[1]
    return core.sums.bucket_sums(X, core.basis.least_squares_basis(X, y), codes)


def eigenvalues(X, group):
    """The positive eigenvalues of K'ZZ'K, K orthonormal with K'X = 0, from dense matrices; and N - rank[X Z]."""
    Z = strategies.indicators(group)
    K = np.linalg.svd(X)[0][:, X.shape[1] :]
    singular = np.linalg.svd(K.T @ Z, compute_uv=False)
    rank = np.linalg.matrix_rank(np.column_stack([X / np.linalg.norm(X, axis=0), Z]), 1e-14)
    return singular[: rank - X.shape[1]] ** 2, len(X) - rank


def design(case):
    """The constant and covariates that vary within buckets by so much, and buckets of those sizes."""
    sizes, within = case
    rng = np.random.default_rng(26)
    group = np.repeat(np.arange(len(sizes)), sizes)
    between = rng.normal(size=(len(sizes), len(within)))[group]
    return np.column_stack([np.ones(len(group)), between + rng.normal(size=between.shape) * within]), group


DESIGNS = {
    "equal": ([4] * 6, []),
    "equal, a covariate between": ([4] * 6, [0.0]),
    "equal, a covariate within": ([4] * 6, [0.01]),
    "unequal": ([9, 2, 3, 3, 1], []),
    "unequal, a covariate between": ([9, 2, 3, 3, 1], [0.0]),
    "unequal, a covariate within": ([9, 2, 3, 3, 1], [0.01]),
    "covariates of two kinds": ([9, 2, 3, 3, 5, 4, 2], [0.3, 1e-3]),
    "covariates of three kinds": ([4] * 8, [0.1, 0.0, 1e-4]),
    "three that vary alike": ([3, 3, 2, 4, 2, 5, 2, 1, 1], [0.01, 0.01, 0.01]),
    "little": ([9, 2, 3, 3, 1], [1e-6]),
    "hardly anything": ([9, 2, 3, 3, 1], [1e-9]),
    "few frogs to a bucket": ([1] * 450 + [2], []),
    "few frogs and a covariate": ([1] * 60 + [2, 2], [1e-2]),
}


@pytest.mark.parametrize("case", DESIGNS)
def test_bounds_of_the_search_are_bounds(core, case):
    """Neither the least positive eigenvalue of K'ZZ'K nor N - rank[X Z] is overstated; equal are those that are."""
    X, group = design(DESIGNS[case])
    sums = sums_of(core, X, np.random.default_rng(27).normal(size=len(X)), group)
    values, df = eigenvalues(X, group)
    assert_at_most("a bound of the least eigenvalue", sums.least_eigenvalue, values.min() * (1 + 1e-6))
    assert_between("a bound of N - rank[X Z]", sums.df_within, 1, df)
    assert_equal("all eigenvalues are equal", sums.eigenvalues_are_equal, bool(np.ptp(values) < 1e-6 * values.max()))


@pytest.mark.parametrize("case", DESIGNS)
def test_the_grid_reaches_beyond_the_last_minimum_that_may_be(core, case):
    """Its end is at lambda gamma >= 2 (N - p) / d, for the least eigenvalue lambda and d = N - rank[X Z]."""
    X, group = design(DESIGNS[case])
    sums = sums_of(core, X, np.random.default_rng(27).normal(size=len(X)), group)
    values, df = eigenvalues(X, group)
    n = sums.sizes.max()
    u, _ = core.search._grid(sums, n)
    end = np.log1p(n * 2 * (len(X) - X.shape[1]) / (df * values.min()))
    assert_at_most("where the last minimum may be, in u = log(1 + n gamma)", end, u[-1], 1e-6)


@pytest.mark.parametrize("layout", [[[2, 3, 4]] * 2, [[9, 1, 1, 2]], [[3] * 4] * 3], ids=str)
def test_the_grid_is_fine_beside_the_boundary_and_half_wide_beyond(core, layout):
    """u = 0, 1/8, 1/4, 1/2, 1, ...: no two places are further apart than a half."""
    frogs = strategies.fixed_frogs(layout, 28)
    sums = sums_of(core, frogs.treatment, frogs.y, frogs.group)
    u, _ = core.search._grid(sums, sums.sizes.max())
    assert_at_most("steps of the grid", np.diff(u), 0.5)
    assert_at_most("the first steps of the grid", u[:4], [0.0, 0.125, 0.25, 0.5])


def test_rounding_of_bucket_means_is_no_variation_within(core):
    """A year and tenths of it, the same throughout each bucket: means of three equal numbers round, X_w'X_w is 0."""
    year = np.repeat(2000 + np.arange(12) / 10, 3)
    y = np.sin(np.arange(36.0) ** 2)
    sums = core.fit_reml(np.column_stack([np.ones(36), year]), y, np.repeat(np.arange(12), 3)).profile.sums
    assert_between("what is left of X within buckets", sums.within[1, 1], 1e-45, 1e-20)
    assert_equal("columns that vary within buckets", len(sums._varying), 0)
