"""Random coefficients in closed form against the other authorities, and where it says that it has no answer."""

import numpy as np
import pytest

from reference import certified, exact, golden, slopes
from reference.coefficients import coefficients
from reference.strata import NotClosedError, strata
from tests import layouts

DIGITS = {
    "sleepstudy": ([612.0899386625, 9.6043333167, 35.0716604983], 654.9410270723, 17),
    "orthodont": ([5.78643314394, -0.28962716751, 0.03252447391], 1.7162037037, 25),
}


@pytest.mark.parametrize("name", DIGITS)
def test_digits_of_known_data(name):
    """G and Ve to the digits that are on record."""
    G, Ve, _ = DIGITS[name]
    got = slopes.load(name).expected
    assert np.allclose([got.G[0, 0], got.G[1, 0], got.G[1, 1]], G, rtol=1e-9, atol=0)
    assert np.allclose(got.Ve, Ve, rtol=1e-10)


@pytest.mark.parametrize("name", DIGITS)
def test_df_of_known_data(name):
    """m - c."""
    data = slopes.load(name)
    assert np.allclose(data.expected.ddf(np.eye(data.X.shape[1])), DIGITS[name][2])


def test_a_contrast_across_has_df_between():
    """Orthodont: a male at 8 minus a female at 14."""
    assert slopes.load("orthodont").expected.ddf([[0, -1, 8 - 14, -14]])[0] == pytest.approx(36.647, abs=5e-4)


@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_boundary", "dyestuff", "dyestuff2"])
def test_one_column_agrees_with_exact_arithmetic(name):
    """r = 1: Vb, Ve, df, at the boundary, too."""
    fit = golden.load(name)
    expected, got = exact.reml(fit.X, fit.y, fit.group), coefficients(fit.X, fit.y, np.ones((len(fit.y), 1)), fit.group)
    assert np.allclose([got.G[0, 0], got.Ve], [float(expected.Vb), float(expected.Ve)], rtol=1e-9, atol=1e-10)
    assert np.allclose(got.ddf(np.eye(fit.X.shape[1])), np.array(expected.df, float), rtol=1e-9)


def test_one_column_agrees_with_the_strata():
    """And the criterion."""
    fit = golden.load("dyestuff")
    got, expected = coefficients(fit.X, fit.y, fit.X[:, :1], fit.group), strata(fit.X, fit.y, [fit.group])
    assert got.criterion == pytest.approx(expected.criterion, abs=1e-10)


PROVED = [(layouts.curves_of((r, d), c, beside, seed), d) for r, d, c, beside, seed in (
    (2, 0, 1, False, 1), (2, 1, 2, True, 2), (2, 2, 1, False, 3), (3, 1, 1, False, 4), (3, 2, 1, True, 5),
)]  # fmt: skip


@pytest.mark.parametrize(("curves", "rank"), PROVED)
@pytest.mark.parametrize("ml", [False, True])
def test_the_closed_form_is_a_minimum_proved_in_balls(curves, rank, ml):
    """Krawczyk's test from the closed form ends where it began, with the same df, at every rank of G."""
    closed = coefficients(curves.X, curves.y, curves.Z, curves.group, ml=ml)
    rank = curves.Z.shape[1] - closed.n_pooled
    model = certified.Model.of(curves.X, curves.y, curves.terms, ml=ml, read=certified.exactly)
    proved = certified.certify(model, closed.Ve, [closed.G], [rank])
    total = np.trace(closed.G) + closed.Ve
    assert np.allclose(np.array(proved.G[0], float), closed.G, rtol=0, atol=1e-10 * total)
    assert np.allclose(float(proved.criterion), closed.criterion, rtol=0, atol=1e-8)
    assert np.allclose(np.array(proved.se, float), closed.se, rtol=1e-9)


@pytest.mark.parametrize(("curves", "rank"), PROVED)
def test_df_at_every_rank_are_those_of_balls(curves, rank):
    """Theorem 24 against the inverse Hessian of the chart of rank d."""
    closed = curves.expected
    model = certified.Model.of(curves.X, curves.y, curves.terms, read=certified.exactly)
    proved = certified.certify(model, closed.Ve, [closed.G], [rank])
    assert np.allclose(np.array(proved.df, float), closed.ddf(np.eye(curves.X.shape[1])), rtol=1e-7)
    mixed = np.random.default_rng(1).normal(size=(2, curves.X.shape[1]))
    assert np.allclose(np.array(proved.ddf(mixed), float), closed.ddf(mixed), rtol=1e-7)


def _thinned():
    data = slopes.load("sleepstudy", "index % 3 != 1")
    return data.X, data.y, *data.terms[0]


def _age_beside():
    """A covariate of the groups times the slope alone lies in neither part."""
    data = slopes.load("orthodont")
    X = data.X[:, [0, 2, 3]]
    return X, data.y, *data.terms[0]


NOT_CLOSED = {
    "groups of different times": (_thinned, "different Z'Z"),
    "a column that lies in neither part": (_age_beside, "neither"),
    "too few groups": (lambda: (np.eye(4, 2)[[0, 0, 1, 1]], np.arange(4.0), np.ones((4, 1)), [0, 0, 1, 1]), "S 0"),
}


@pytest.mark.parametrize("case", NOT_CLOSED)
def test_designs_without_closed_form_are_told(case):
    """And why."""
    arguments, words = NOT_CLOSED[case]
    with pytest.raises(NotClosedError, match=words):
        coefficients(*arguments())
