"""The oracle of balanced designs against the others, and where it says that it has no answer."""

import numpy as np
import pytest

from reference import closed_form, exact, golden
from reference.strata import NotClosedError, strata
from tests import layouts

BALANCED = ["chapter_2", "chapter_2_boundary", "dyestuff", "dyestuff2", "rail", "ergostool"]


@pytest.mark.parametrize("name", BALANCED)
def test_strata_of_one_factor_agree_with_exact_arithmetic(name):
    """K = 1: V, Ve, criterion and df to 10 digits, at the boundary, too."""
    fit = golden.load(name)
    expected, got = exact.reml(fit.X, fit.y, fit.group), strata(fit.X, fit.y, [fit.group])
    total = float(expected.Vb + expected.Ve)
    assert np.allclose([got.V[0], got.Ve], [float(expected.Vb), float(expected.Ve)], rtol=0, atol=1e-10 * total)
    assert got.criterion == pytest.approx(float(expected.criterion), abs=1e-9)
    assert np.allclose(got.ddf(np.eye(fit.X.shape[1])), np.array(expected.df, float), rtol=1e-9)


def test_strata_of_one_factor_are_the_mean_squares():
    """Theorem 6 is theorem 19 with one factor."""
    fit = golden.load("chapter_2")
    expected = closed_form.balanced_reml(fit.y, fit.group, fit.data["color"].to_numpy())
    got = strata(fit.X, fit.y, [fit.group])
    assert np.allclose([got.V[0], got.Ve], [expected.Vb, expected.Ve], rtol=1e-11)


def test_expected_mean_squares_are_those_of_textbooks():
    """4 ponds of 3 buckets of 4 frogs: Ve, Ve + 4 V_bucket, Ve + 4 V_bucket + 12 V_pond on 36, 8 and 3 df."""
    design = layouts.nested((4, 3, 4), seed=3)
    got = strata(design.X, design.y, design.groups)
    rows = {tuple(row): df for row, df in zip(got.expected.tolist(), got.df, strict=True)}
    assert rows == {(1, 0, 0): 36, (1, 0, 4): 8, (1, 12, 4): 3}


LABELS = np.repeat([0, 1, 2, 3], 4)
Y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3])
NOT_CLOSED = {
    "replication": (np.ones((5, 1)), Y[:5], [np.array([0, 0, 0, 1, 1])], "differ in size"),
    "covariate": (np.column_stack([np.ones(16), Y]), Y[::-1], [LABELS], "X is not orthogonal"),
    "incomplete": (
        np.ones((6, 1)),
        Y[:6],
        [np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 2, 0])],
        "not orthogonal",
    ),
}


@pytest.mark.parametrize("case", NOT_CLOSED)
def test_designs_without_closed_form_are_told(case):
    """Replication that differs, a covariate, incomplete blocks."""
    X, y, groups, words = NOT_CLOSED[case]
    with pytest.raises(NotClosedError, match=words):
        strata(X, y, groups)
