"""What `lmm_core.mixed` owes beyond the contract: what starts are worth, refusals from both sides, ML, BLUPs, units."""

from importlib import import_module
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from reference import certified, exact, second_level, several_minima
from tests import layouts, strategies
from tests.assertions import assert_at_most, assert_between, assert_close, assert_each_close, assert_equal
from tests.layouts import components

pytestmark = pytest.mark.core_only

RNG = np.random.default_rng(7)
A, B = np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)
ONES, Y = np.ones((48, 1)), RNG.normal(size=48) + RNG.normal(size=8)[np.repeat(np.arange(8), 6)]
WOBBLE = RNG.normal(size=(48, 1))


@pytest.fixture(scope="session")
def mixed(core):
    """The module."""
    return import_module(f"{core.__name__}.mixed")


@pytest.fixture(scope="session")
def minima(core):
    """The module of the search."""
    return import_module(f"{core.__name__}.minima")


def refusal(call, *arguments):
    with pytest.raises(ValueError) as found:
        call(*arguments)
    return str(found.value)


# --- the search -----------------------------------------------------------------------------------------


def missed(mixed):
    """How many of the designs on record end above their lowest minimum."""
    designs = ((several_minima.drawn(*case), lowest) for case, lowest in several_minima.load().items())
    return sum(mixed.fit_mixed(d.X, d.y, d.terms).criterion > lowest + 1e-6 for d, lowest in designs)


WITHOUT = {"near": (4.5, 30.0), "far": (0.0, 8.5)}


@pytest.mark.slow
@pytest.mark.parametrize("case", WITHOUT)
def test_no_start_can_be_left_out(mixed, minima, monkeypatch, case):
    """Of 21 designs of two and three terms, two are missed with the starts between these u alone, and none with all."""
    low, high = WITHOUT[case]
    starts = minima.STARTS[(low <= minima.STARTS) & (high >= minima.STARTS)]
    monkeypatch.setattr(minima, "STARTS", starts)
    assert_between("designs whose lowest minimum is missed", missed(mixed), 1, 21)


@pytest.mark.slow
def test_the_best_start_alone_misses_minima(mixed, minima, monkeypatch):
    """Every start that no neighbour is lower than is followed."""
    downhill, ends = minima.downhill, []
    monkeypatch.setattr(minima, "downhill", lambda at: ends.append(downhill(at)) or ends[-1])
    several = 0
    for case in several_minima.load():
        ends.clear()
        design = several_minima.drawn(*case)
        mixed.fit_mixed(design.X, design.y, design.terms)
        several += ends[0].criterion > min(end.criterion for end in ends) + 1e-6
    assert_between("designs in which the first start that is followed does not win", several, 3, 21)


@pytest.mark.parametrize("case", [(2, 2), (16, 3), (49, 2)])
def test_the_end_of_a_search_is_stationary(mixed, minima, case):
    """Along every entry that is not 0 the slope is 0 but for rounding."""
    design = several_minima.drawn(*case)
    at = mixed.fit_mixed(design.X, design.y, design.terms).at
    where = [(k, a, c) for k, L in enumerate(at.Lambda) for a, c in np.ndindex(L.shape)]
    gradient, hessian, _, _ = minima.chain(at, where)
    length = np.array([np.linalg.norm(at.Lambda[k]) for k, _, _ in where])
    assert_close("slope by log lambda", gradient * length, np.zeros(len(where)), 1e-7, 1.0)
    assert_equal("every curvature is positive", bool(np.all(np.linalg.eigvalsh(hessian) > 0)), True)


@given(strategies.SEEDS)
def test_designs_without_a_row_to_spare(mixed, seed):
    """Theorem 21: rank[X Z] = n is fitted where a minimum is lower than Ve = 0, and else refused."""
    design = strategies.saturated_slopes(seed)
    got, expected = (answer(fit, design) for fit in (lambda X, y, g: mixed.fit_mixed(X, y, components(g)), exact.reml))
    assert_close("criterion and Ve, -1 where there is no fit", got, expected, 1e-8, 1.0 + abs(expected[0]))


def answer(fit, design):
    try:
        found = fit(design.X, design.y, design.group)
    except ValueError:
        return np.full(2, -1.0)
    return np.array([float(found.criterion), float(found.Ve) / (1 + float(found.Ve))])


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wobble", [1e-2, 1e-4])
def test_terms_that_nearly_describe_the_same_are_fitted(mixed, wobble):
    """They are identified: the least eigenvalue of the information is some wobble^2."""
    got = mixed.fit_mixed(ONES, Y, [(ONES, A), (1 + wobble * WOBBLE, A)])
    alone = mixed.fit_mixed(ONES, Y, components(A))
    assert_close("V_1 + V_2", got.G[0] + got.G[1], alone.G[0], 0.1)


@pytest.mark.parametrize("wobble", [1e-5, 1e-9, 0.0])
def test_terms_that_describe_the_same_are_refused(mixed, wobble):
    """Both are named, and no other."""
    said = refusal(mixed.fit_mixed, ONES, Y, [(ONES, A), (ONES, B), (1 + wobble * WOBBLE, A)])
    assert_equal("refusal", said.partition(" describe")[0], "terms[0] and terms[2]")


@pytest.mark.parametrize(("slope", "rank"), [(0.0, 13), (3.0, 14)])
def test_where_the_criterion_falls_without_bound_is_said(mixed, slope, rank):
    """Theorem 21: y in C([X Z]), of rank below n, by the terms alone, and by a covariate that varies within them."""
    X = np.column_stack([ONES, WOBBLE]) if slope else ONES
    said = refusal(mixed.fit_mixed, X, np.sqrt(A + 1.0) + slope * WOBBLE[:, 0], components(A, B))
    assert_equal("refusal", said, f"X and terms, of rank {rank}, explain all 48 rows of y: nothing is left for Ve")


BAD = {
    "method": ((ONES, Y, components(A), "reml"), "method is 'reml'; expected 'REML' or 'ML'"),
    "a triple": ((ONES, Y, [(ONES, A, B)]), "terms[0] is of type tuple; expected a pair (Z, group)"),
    "Z of one dimension": ((ONES, Y, [(np.ones(48), A)]), "Z of terms[0] has 1 dimensions (48,); expected 2"),
    "Z of NaN": ((ONES, Y, [(ONES * np.nan, A)]), "Z of terms[0] has 48 NaN or infinite values among its 48"),
    "labels": ((ONES, Y, [(ONES, [None] * 48)]), "group of terms[0] has 48 missing labels among its 48"),
    "columns": ((np.eye(48), Y, components(A)), "X has 48 columns but only 48 rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(mixed, case):
    """One sentence with the argument and the numbers."""
    arguments, words = BAD[case]
    assert_equal("refusal", refusal(mixed.fit_mixed, *arguments), words)


# --- units ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [1e-150, 1e140, 1e153])
def test_every_unit_of_y_that_float64_holds(mixed, c):
    """Theorem 10."""
    data = second_level.load("ponds")
    alone, got = (mixed.fit_mixed(data.X, y, data.terms) for y in (data.y, c * data.y))
    assert_each_close("coef / c", got.coef / c, alone.coef, 1e-12)
    assert_close("sd / c", np.sqrt(got.G[0] / c / c), np.sqrt(alone.G[0]), 1e-12)


@pytest.mark.parametrize("c", [1e-161, 1e155])
def test_units_of_y_that_float64_does_not_hold(mixed, c):
    """Refused, not rounded."""
    data = second_level.load("ponds")
    said = refusal(mixed.fit_mixed, data.X, c * data.y, data.terms)
    assert_equal("refusal", said.partition(", which")[0], "G and Ve lie outside float64")


@pytest.mark.parametrize("c", [1e-200, 1e200])
def test_units_of_X_and_Z(mixed, c):
    """Theorems 9 and 26: coef / c, and G / c^2 by way of the standard deviation."""
    data = second_level.load("ponds")
    alone = mixed.fit_mixed(data.X, data.y, data.terms)
    got = mixed.fit_mixed(c * data.X, data.y, data.terms)
    assert_each_close("c coef", got.coef * c, alone.coef, 1e-12)
    assert_each_close("df", mixed.mixed_df(c * data.X, data.y, data.terms), mixed.ddf(alone, np.eye(2)), 1e-9)


def test_how_far_a_minimum_may_lie_is_asked_within_the_levels_of_each_term_and_of_all(core):
    """Singular values of X's columns, nearly orthonormal, less what Z describes: by dense least squares."""
    X = np.column_stack([ONES, 0.1 * A + B + 1e-3 * WOBBLE[:, 0], WOBBLE])
    terms = import_module(f"{core.__name__}.terms")
    data = terms.reduced(*terms.read(X, Y, [(np.hstack([ONES, WOBBLE]), A), (ONES, B)]))
    Z = [term.dense(np.arange(48)) for term in data.terms]
    within = [X @ data.basis.T - part @ np.linalg.pinv(part) @ X @ data.basis.T for part in (*Z, np.hstack(Z))]
    for got, left in zip(data.within_X(), within, strict=True):
        assert_close("singular values", got, np.linalg.svd(left, compute_uv=False), 1e-12, 1.0)


# --- ML, likelihood ratios, BLUPs -----------------------------------------------------------------------


def test_a_model_that_is_no_part_of_the_other_is_refused(mixed):
    """The columns and the rank of both."""
    said = refusal(mixed.likelihood_ratio, WOBBLE, np.hstack([ONES, B[:, None]]), Y, components(A))
    assert_equal("refusal", said, "X0 has 1 columns, X 2, both of rank 3; expected X0 within X")


@pytest.mark.parametrize("name", ["X0", "X"])
def test_a_table_of_a_likelihood_ratio_is_named(mixed, name):
    """Which of the two is no table."""
    X0, X = (np.ones(48) if name == one else np.ones((48, 1)) for one in ("X0", "X"))
    said = refusal(mixed.likelihood_ratio, X0, X, Y, components(A))
    assert_equal("refusal", said, f"{name} has 1 dimensions (48,); expected 2")


SHAPES = {
    "X has 1 dimensions (48,); expected 2": (Y, Y),
    "y has 2 dimensions (48, 1); expected 1": (ONES, ONES),
    "X has 48 rows but y has 9": (ONES, Y[:9]),
}


@pytest.mark.parametrize("function", ["fit_mixed", "mixed_df"])
@pytest.mark.parametrize("said", SHAPES)
def test_what_is_of_another_shape_is_named(mixed, function, said):
    """X or y, with its numbers: both functions read them."""
    assert_equal("refusal", refusal(getattr(mixed, function), *SHAPES[said], components(A)), said)


def test_random_effects_are_G_times_Z_V_inverse_times_the_residual(mixed):
    """Henderson (1975), by dense matrices, crossed terms and a slope; each level has its own."""
    terms = [(np.column_stack([np.ones(48), WOBBLE]), A), (ONES, np.array(list("abcdef"))[B])]
    fit, got = mixed.fit_mixed(ONES, Y, terms), mixed.random_effects(ONES, Y, terms)
    same = [np.equal.outer(group, group) for _, group in terms]
    V = fit.Ve * np.eye(48) + sum((Z @ G @ Z.T) * S for (Z, _), G, S in zip(terms, fit.G, same, strict=True))
    Py = np.linalg.solve(V, Y - ONES @ fit.coef)
    expected = [fit.G[0] @ terms[0][0][A == 3].T @ Py[A == 3], fit.G[1] @ ONES[B == 2].T @ Py[B == 2]]
    assert_close(
        "b of level 3, and of level c", np.concatenate([got[0][3], got[1]["c"]]), np.concatenate(expected), 1e-9
    )
    assert_equal("levels", [list(part) for part in got], [list(range(8)), list("abcdef")])


# --- df at a singular fit -------------------------------------------------------------------------------


@given(layouts.growth_curves(ranks=((2, 1), (3, 1), (3, 2))))
def test_df_of_any_contrast_at_a_singular_fit(mixed, curves):
    """Theorem 24, of contrasts that lie across the directions with and without variance."""
    L = np.random.default_rng(0).normal(size=(3, curves.X.shape[1]))
    fit = mixed.fit_mixed(curves.X, curves.y, curves.terms)
    assert_each_close("df", mixed.ddf(fit, L), curves.expected.ddf(L), 1e-6)


def test_df_at_a_singular_fit_of_several_terms(mixed):
    """By the inverse Hessian of the chart in balls: one term inside, one at 0."""
    y = Y + 3.0 * (B % 2)
    terms = [(np.column_stack([np.ones(48), WOBBLE]), A), (ONES, B)]
    fit = mixed.fit_mixed(ONES, y, terms)
    ranks = [L.shape[1] for L in sorted(fit.at.Lambda, key=lambda L: -len(L))]
    proved = certified.certify(certified.Model.of(ONES, y, terms, read=certified.exactly), fit.Ve, fit.G, ranks)
    assert_at_most("ranks", min(ranks[0] - 1, 1), 1)
    assert_each_close("df", mixed.ddf(fit, np.eye(1)), np.array(proved.df, float), 1e-9)


# --- digits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ml", [False, True])
@pytest.mark.parametrize("u", [0.05, 4.0, 21.0])
def test_the_criterion_of_the_search_keeps_the_digits_of_its_definition(mixed, core, u, ml):
    """QR of [[ZL, X, y], [I, 0, 0]]; by cross-products it is 8e-9 off at u = 21."""
    X = np.column_stack([ONES, 0.1 * A + B + 1e-6 * WOBBLE[:, 0]])
    criterion, terms = (import_module(f"{core.__name__}.{name}") for name in ("criterion", "terms"))
    data = terms.reduced(*terms.read(X, Y, [(np.hstack([ONES, WOBBLE]), A), (ONES, B)]))
    L = np.array([np.sqrt(np.expm1(u))])
    got = criterion.scan(data, [np.hstack([L, L])[None], L[None]], ml=ml).item()
    rows = np.arange(48)
    Z, of_X = np.hstack([term.dense(rows) for term in data.terms]), X @ data.basis.T
    W = np.column_stack([L * Z, of_X, data.basis.residual / data.unit])
    q, n = Z.shape[1], 48 if ml else 46
    logs = np.log(np.abs(np.linalg.qr(np.vstack([W, np.eye(q, q + 3)]), mode="r").diagonal()))
    expected = n * (1 + np.log(2 * np.pi / n) + 2 * logs[-1]) + 2 * logs[: q if ml else -1].sum()
    assert_close("criterion", got, expected, 1e-11, 1.0 + abs(expected))  # rounding over the least pivot, exp(-u / 2)


@pytest.mark.parametrize("ml", [False, True])
def test_places_of_a_search_may_be_whitened_together_or_one_by_one(mixed, core, monkeypatch, ml):
    """The criterion of every place is that of the place alone; no more is whitened together than may be."""
    criterion, terms = (import_module(f"{core.__name__}.{name}") for name in ("criterion", "terms"))
    X, u, many = np.column_stack([ONES, WOBBLE]), np.sqrt(np.expm1([0.05, 1.0, 9.0])), criterion.TOGETHER
    lines = np.hstack([ONES, WOBBLE]), A
    for several in ([(ONES, A)], [lines], [lines, (ONES, B)]):
        data = terms.reduced(*terms.read(X, Y, several))
        places = [np.stack(np.meshgrid(*[u] * term.r), axis=-1).reshape(-1, term.r) for term in data.terms]
        alone = [criterion.At(data, list(map(np.diag, at)), ml).criterion for at in product(*places)]
        for together in (many, 1):
            seen, whitened = [], import_module(f"{core.__name__}.qr").whitened
            monkeypatch.setattr(criterion, "TOGETHER", together)
            monkeypatch.setattr(criterion, "whitened", lambda M, seen=seen, of=whitened: seen.append(M.size) or of(M))
            got = criterion.scan(data, places, ml=ml).ravel()
            assert_at_most("entries", max(seen), max(together, data.A.size))
            assert_close("criterion", got, alone, 1e-12, 1.0 + np.abs(alone).max())
