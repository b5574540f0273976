"""Exercise 4.2: the chapter's moment estimators."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from reference import golden
from tests import strategies
from tests.assertions import assert_close

pytestmark = pytest.mark.judges("empirical_variances")

ORDINARY = strategies.ordinary_frogs(replicated=False)
EQUAL_N = strategies.frogs(strategies.equal_n_layouts())
NO_SINGLETONS = strategies.frogs(
    strategies.layouts(max_frogs=4).map(lambda layout: [[n + 1 for n in c] for c in layout])
)


def expected_variances(frogs) -> list[float]:
    """[Vb, Ve, Vbe, rho] by raw numpy."""
    within = [np.var(frogs.y[frogs.group == bucket], ddof=1) for bucket in np.unique(frogs.group)]
    Ve, Vbe = np.mean(within), np.var(frogs.y, ddof=1)
    return [Vbe - Ve, Ve, Vbe, (Vbe - Ve) / Vbe]


@pytest.mark.ordinary
def test_empirical_variances_by_hand(impl):
    """Variances 4, 16, 4, 12 within; sum of squares 3 (15^2 + 3^2 + 3^2 + 15^2) + 8 * 9 = 1476 with 11 df."""
    got = impl.empirical_variances(strategies.twelve_frogs().data)
    Vbe = 1476 / 11
    claim = "12 frogs in 4 buckets: Vb = Vbe - Ve, Ve = mean variance within buckets, Vbe = variance of all weights"
    assert_close(claim, [got.Vb, got.Ve, got.Vbe], [Vbe - 9, 9, Vbe], 1e-10)


@pytest.mark.ordinary
@pytest.mark.parametrize("name", ["chapter_1", "chapter_2", "chapter_2_shuffled"])
def test_empirical_variances_agree_with_r(impl, name):
    """R: mean(tapply(weight, bucket, var)) and var(weight)."""
    fit = golden.load(name)
    expected = fit.expected["empirical_variances"]
    got = impl.empirical_variances(fit.data)
    assert_close(
        "Vb = Vbe - Ve, Ve and Vbe of the chapter's frogs, as R has them",
        [got.Vb, got.Ve, got.Vbe],
        [expected[k] for k in ("Vb", "Ve", "Vbe")],
        1e-10,
    )


@pytest.mark.ordinary
@given(ORDINARY)
def test_empirical_variances_are_the_moments(impl, frogs):
    """Ve = mean of variances within buckets, Vbe = variance of all, Vb = Vbe - Ve."""
    got = impl.empirical_variances(frogs.data)
    assert_close("Vb, Ve, Vbe of divisor n - 1", [got.Vb, got.Ve, got.Vbe], expected_variances(frogs)[:3], 1e-10)


@pytest.mark.ordinary
@given(ORDINARY)
def test_empirical_rho_is_the_share_of_the_variance_between_buckets(impl, frogs):
    """rho = Vb / Vbe, whatever the sign of Vb."""
    got = impl.empirical_variances(frogs.data).rho
    assert_close(
        "rho, the share of the variance that lies between buckets: Vb / Vbe",
        got,
        expected_variances(frogs)[3],
        1e-9,
        scale=1.0,
    )


@given(NO_SINGLETONS)
def test_empirical_variances_of_unequal_buckets(impl, frogs):
    """Ve is the plain mean of the buckets' variances, whatever their sizes (2 or more), and Vb may be negative."""
    got = impl.empirical_variances(frogs.data)
    assert_close("Vb, Ve, Vbe of divisor n - 1", [got.Vb, got.Ve, got.Vbe], expected_variances(frogs)[:3], 1e-10)


@given(EQUAL_N)
def test_total_variance_splits_into_sums_of_squares(impl, frogs):
    """Theorem 6: Vbe = (SS between all buckets + SS within) / (N - 1); for equal n, Ve = SS within / (N - B).

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3.
    """
    got = impl.empirical_variances(frogs.data)
    N, B = len(frogs.y), frogs.Z.shape[1]
    bucket_means = frogs.Z.T @ frogs.y / frogs.Z.sum(axis=0)
    between, within = N / B * np.sum((bucket_means - frogs.y.mean()) ** 2), expected_variances(frogs)[1] * (N - B)
    assert_close("Ve = SS within buckets / (N - B)", got.Ve, within / (N - B), 1e-10)
    claim = "Vbe = (SS between buckets + SS within) / (N - 1)"
    assert_close(claim, got.Vbe, (between + within) / (N - 1), 1e-10)


@pytest.mark.core_only
def test_empirical_vb_is_biased_downwards_by_a_known_factor(impl):
    """Theorem 6: E[Vb] = n (B - 1) / (N - 1) Vb with one common mean; here 5 * 7 / 39 * 900 = 807.7.

    Vb = y'Ay, so that E[Vb] = tr(AV) = sum of u'Au over the columns u of a root of V, the draws of one unit each: no
    draw is by chance (Searle, Casella and McCulloch, 1992, appendix S.5).
    """
    data = golden.load("chapter_2").data
    same = np.equal.outer(data["bucket"].to_numpy(), data["bucket"].to_numpy())
    root = np.linalg.cholesky(900 * same + 225 * np.eye(len(data)))
    mean = sum(impl.empirical_variances(data.assign(weight=u)).Vb for u in root.T)
    assert_close("E[Vb] = n (B - 1) / (N - 1) * 900", mean, 5 * 7 / 39 * 900, 1e-10)


@pytest.mark.core_only
def test_variances_of_weights_far_from_zero(impl):
    """y + 2^36, whole numbers: variances keep n eps mean / sd = 5 * 2.2e-16 * 6e9, where mean squares lose all digits.

    Source: Chan, Golub and LeVeque (1983), The American Statistician 37, 242-247 (the bound of updated sums).
    """
    bucket = np.repeat(np.arange(8), 5)
    y = np.random.default_rng(8).integers(0, 40, 40).astype(float)
    expected = expected_variances(strategies.Frogs(pd.DataFrame({"bucket": bucket, "weight": y})))
    got = impl.empirical_variances(pd.DataFrame({"bucket": bucket, "weight": y + 2.0**36}))
    assert_close("Vb, Ve, Vbe, rho", [got.Vb, got.Ve, got.Vbe, got.rho], expected, 7e-6)


@pytest.mark.core_only
def test_frogs_of_equal_weight_count_each(impl):
    """Weights 1 1 3 and 5 5 5: variances within are 4/3 and 0."""
    frogs = strategies.Frogs(pd.DataFrame({"bucket": [1, 1, 1, 2, 2, 2], "weight": [1.0, 1.0, 3.0, 5.0, 5.0, 5.0]}))
    got = impl.empirical_variances(frogs.data)
    assert_close("Vb, Ve, Vbe, rho", [got.Vb, got.Ve, got.Vbe, got.rho], expected_variances(frogs), 1e-14)


@pytest.mark.core_only
def test_empirical_variances_of_many_buckets(impl):
    """Ve = mean over all of 150 buckets of 2 to 4 frogs."""
    frogs = strategies.fixed_frogs([[2, 3, 4] * 50], 9)
    got = impl.empirical_variances(frogs.data)
    assert_close("Vb, Ve, Vbe, rho", [got.Vb, got.Ve, got.Vbe, got.rho], expected_variances(frogs), 1e-12)
