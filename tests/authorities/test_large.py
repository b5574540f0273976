"""The frozen answers of large data are what exact arithmetic gives, for the data that are drawn here."""

from dataclasses import replace

import numpy as np
import pytest

from reference import designs, large


def frozen_and_score(name):
    """The frozen fit, se at its variances, and the derivatives of the criterion by Vb and Ve, by theorem 1."""
    fit = large.load(name)
    X, y, codes = fit.data.X, fit.data.y, fit.data.codes
    n = np.bincount(codes)
    Z = codes[:, None] == np.arange(len(n))
    inverse = lambda A: (A - (Z * (fit.Vb / (fit.Ve + n * fit.Vb))) @ (Z.T @ A)) / fit.Ve
    VX = inverse(X)
    C = np.linalg.inv(X.T @ VX)
    Py = inverse(y - X @ fit.coef)
    traces = [np.sum(n / (fit.Ve + n * fit.Vb)), len(y) / fit.Ve - np.sum(fit.Vb * n / (fit.Ve + n * fit.Vb)) / fit.Ve]
    of_X = [np.trace(C @ (Z.T @ VX).T @ (Z.T @ VX)), np.trace(C @ VX.T @ VX)]
    squares = [np.sum((Z.T @ Py) ** 2), Py @ Py]
    return fit, np.sqrt(np.diag(C)), np.array(traces) - of_X - squares


@pytest.mark.parametrize("name", large.PLANS)
def test_the_frozen_fit_solves_the_score_equations(name):
    """d/dVb and d/dVe of the criterion, times the variance, are 0 to rounding; at Vb = 0 d/dVb is positive; and se.

    Of near-collinear columns se has 16 eps cond(X)^2 of rounding here, which is 3e-8.
    """
    fit, se, score = frozen_and_score(name)
    assert abs(score[1] * fit.Ve) < 1e-8 * len(fit.data.y)
    assert abs(score[0] * fit.Vb) < 1e-8 * len(fit.data.y) and (fit.Vb > 0 or score[0] > 0)
    assert se == pytest.approx(fit.se, rel=3e-8)


def test_data_that_are_not_those_of_the_answers_are_refused(monkeypatch):
    """Another seed draws other numbers: one sentence."""
    monkeypatch.setattr(large, "SEED", 25)
    large.load.cache_clear()
    with pytest.raises(ValueError, match=r"17 sizes: the data have sha256 .* but the answers are of"):
        large.load("17 sizes")
    large.load.cache_clear()


def test_a_plan_has_what_its_name_says():
    """A residual mean of 0 in each bucket at spread 0; no constant in the span where there is none."""
    plan = replace(large.PLANS["the boundary"], within=0, between=0)
    data = designs.draw(plan, 1)
    assert np.all(np.bincount(data.codes, data.y - data.y.mean()).round(12) == 0)
    X = large.load("30 columns without the constant").data.X
    assert np.linalg.matrix_rank(np.column_stack([np.ones(len(X)), X])) == X.shape[1] + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", large.PLANS)
def test_the_frozen_answers_are_those_of_exact_arithmetic(name):
    """Computed afresh, to the letter: half a minute each."""
    fit = large.computed(name)
    assert fit == large.frozen(name)
