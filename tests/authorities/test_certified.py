"""Stationary points proved in balls: against exact arithmetic, and what is not proved."""

import numpy as np
import pandas as pd
import pytest

from reference import certified, exact, golden, several_minima, slopes
from reference.certified import Model, NotProvedError, certify
from reference.coefficients import coefficients


@pytest.mark.parametrize("name", ["chapter_2_unbalanced", "dyestuff"])
def test_one_intercept_agrees_with_exact_arithmetic(name):
    """25 digits of Vb, Ve, se, df, and the criterion, of two authorities that share no search."""
    fit = golden.load(name)
    expected = exact.reml(fit.X, fit.y, fit.group)
    model = Model.of(fit.X, fit.y, [(np.ones((len(fit.y), 1)), fit.group)], read=certified.exactly)
    got = certify(model, float(expected.Ve), [np.array([[float(expected.Vb)]])], [1])
    of_got = [got.G[0][0][0], got.Ve, got.criterion, *got.se, *got.df]
    of_expected = [expected.Vb, expected.Ve, expected.criterion, *expected.se, *expected.df]
    assert max(abs(a / b - 1) for a, b in zip(of_got, of_expected, strict=True)) < 1e-24


@pytest.mark.parametrize("case", [*slopes.UNBALANCED, *slopes.DRAWN, *slopes.SHAPES])
def test_the_file_is_what_is_proved(case):
    """slopes.json, from its own numbers: to 25 digits."""
    data, expected = slopes.certified(case)
    ranks = [int(np.linalg.matrix_rank(G)) for G in expected.G]
    got = certify(Model.of(data.X, data.y, data.terms), expected.Ve, expected.G, ranks)
    assert [str(got.Ve), str(got.criterion), *map(str, got.df)] == slopes.written(case)


def test_the_other_minimum_is_proved_as_well_and_higher():
    """A proof says minimum, not lowest: two of one design, 109.21 apart."""
    design = several_minima.drawn(2, 2)
    model = Model.of(design.X, design.y, design.terms)
    near = certify(model, 1.3125, [np.array([[1.387]]), np.array([[0.0906]])], [1, 1])
    assert float(near.criterion) > several_minima.load()[2, 2] + 100


MEANT = slopes.load("sleepstudy", "index < 40")
AT = (752.6, [np.array([[1394.5, 69.1], [69.1, 74.4]])])


def test_a_covariate_far_from_its_zero_keeps_all_digits():
    """Theorem 26: years for days, 2000 to 2009; Ve, criterion and se are the same decimals."""
    near = certify(Model.of(MEANT.X, MEANT.y, MEANT.terms), *AT, [2])
    shift = np.array([[1.0, -2000.0], [0, 1]])
    ((Z, group),) = MEANT.terms
    years = Model.of(MEANT.X, MEANT.y, [(Z @ np.linalg.inv(shift), group)])
    got = certify(years, AT[0], [shift @ AT[1][0] @ shift.T], [2])
    assert [got.Ve, got.criterion, *got.se, *got.df] == [near.Ve, near.criterion, *near.se, *near.df]
    assert float(got.G[0][1][1]) == pytest.approx(float(near.G[0][1][1]), rel=1e-15)


def test_without_the_covariance_the_zero_of_the_covariate_matters():
    """Theorem 26 is false of lme4's ||: days from 5 are another model, whose criterion is 1.7 higher here."""
    data, expected = slopes.certified("no covariance, seed 1")
    (ones, group), (z, _) = data.terms
    shifted = slopes.Slopes(data.X, data.y, [(ones, group), (z - 5, group)])
    got = slopes.proved(shifted)
    assert abs(float(got.criterion) - expected.criterion) > 0.1


KENWARD_ROGER = """
control <- lme4::lmerControl("bobyqa", calc.derivs = FALSE, optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e5))
fit <- lmerTest::lmer(weight ~ x + (x | bucket), d, control = control)
coef(summary(fit, ddf = "Kenward-Roger"))[, c("Std. Error", "df")]
"""


def test_kenward_roger_by_the_expected_information_is_pbkrtests(live_r):
    """Half of sleepstudy, every third row left out: se and df to the digits that lmer's optimiser leaves."""
    data = slopes.load("sleepstudy", "index % 3 != 1 and index < 60")
    ((Z, group),) = data.terms
    proved = slopes.proved(data)
    got = np.array(proved.kenward_roger(np.eye(2)), float)
    table = pd.DataFrame({"weight": data.y, "x": Z[:, 1], "bucket": group})
    expected = np.reshape(live_r.evaluate(KENWARD_ROGER, d=table), (2, 2)).T
    assert np.allclose(got, expected, rtol=1e-5)
    assert not np.allclose(got[:, 0], np.array(proved.se, float), rtol=1e-3)


def test_kenward_roger_by_the_observed_information_has_satterthwaites_df():
    """Theorem 27. And another se, since these groups differ in their times; by the expected information another df."""
    data = slopes.load("sleepstudy", "index % 3 != 1 and index < 60")
    proved = slopes.proved(data)
    (_, first), (se, second) = proved.kenward_roger(np.eye(2), expected=False)
    assert [f"{df:.24}" for df in (first, second)] == [f"{df:.24}" for df in proved.df]
    assert abs(se / proved.se[1] - 1) > 1e-3
    assert abs(proved.kenward_roger(np.eye(2))[1][1] / second - 1) > 1e-3


def test_kenward_roger_of_balanced_slopes_adds_nothing_to_the_standard_error():
    """Theorem 27: Cov_A = C and m - c df, by both informations."""
    proved = certify(Model.of(MEANT.X, MEANT.y, MEANT.terms), *AT, [2])
    both = [pair for expected in (True, False) for pair in proved.kenward_roger(np.eye(2), expected=expected)]
    assert max(abs(se / C - 1) for (se, _), C in zip(both, proved.se * 2, strict=True)) < 1e-24
    m = len(np.unique(MEANT.terms[0][1]))
    assert max(abs(df - (m - 1)) for _, df in both) < 1e-20


def test_kenward_roger_of_balanced_slopes_adds_nothing_at_a_singular_fit():
    """Theorem 27: Cov_A = C by the expected information, one eigenvalue pooled."""
    ((Z, group),) = MEANT.terms
    y = np.random.default_rng(1).normal(size=len(Z)).round(2) + 3 * (group == group[0])
    closed = coefficients(MEANT.X, y, Z, group)
    assert closed.n_pooled == 1
    proved = certify(Model.of(MEANT.X, y, MEANT.terms), closed.Ve, [closed.G], [1])
    se = [se for se, _ in proved.kenward_roger(np.eye(2))]
    assert max(abs(a / b - 1) for a, b in zip(se, proved.se, strict=True)) < 1e-24


def test_kenward_roger_by_the_observed_information_is_not_defined_at_a_singular_fit():
    """As said; by the expected one it is."""
    data, expected = slopes.certified("years, seed 2")
    proved = certify(Model.of(data.X, data.y, data.terms), expected.Ve, expected.G, [1])
    assert len(proved.kenward_roger(np.eye(2))) == 2
    with pytest.raises(NotProvedError, match="not defined where G is singular"):
        proved.kenward_roger(np.eye(2), expected=False)


def test_the_covariance_has_the_squared_standard_errors():
    """On its diagonal."""
    got = certify(Model.of(MEANT.X, MEANT.y, MEANT.terms), *AT, [2])
    assert np.allclose(np.diag(np.array(got.covariance, float)), np.array(got.se, float) ** 2, rtol=1e-14)


@pytest.mark.parametrize("ml", [False, True])
def test_the_criterion_that_is_searched_is_that_of_dense_matrices(ml):
    """Without a constant in X, too."""
    X, G = MEANT.X[:, 1:], np.array([[2.0, 0.3], [0.3, 1]])
    L, ((Z, group),) = np.linalg.cholesky(G), MEANT.terms
    H = np.eye(len(MEANT.y)) + (Z @ G @ Z.T) * np.equal.outer(group, group)
    W, f = np.linalg.inv(H), len(MEANT.y) - (0 if ml else 1)
    r = MEANT.y - X @ np.linalg.solve(X.T @ W @ X, X.T @ W @ MEANT.y)
    expected = f * (1 + np.log(2 * np.pi * (r @ W @ r) / f)) + np.linalg.slogdet(H)[1]
    expected += 0 if ml else np.linalg.slogdet(X.T @ W @ X)[1]
    got = several_minima.criterion(X, MEANT.y, MEANT.terms, [L], ml=ml)
    assert got == pytest.approx(expected, abs=1e-9)


REFUSED = {
    "a rank too small": (*AT, [1], "not proved"),
    "no component": (2251.0, [np.zeros((2, 2))], [0], "rise"),
    "far away": (1e-3, [np.array([[1e9, 0], [0, 1e-9]])], [2], "Newton|Krawczyk|not proved"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_minimum_is_not_proved(case):
    """A face that the criterion falls from, and a start that leads nowhere."""
    Ve, G, ranks, words = REFUSED[case]
    with pytest.raises(NotProvedError, match=words):
        certify(Model.of(MEANT.X, MEANT.y, MEANT.terms), Ve, G, ranks)
