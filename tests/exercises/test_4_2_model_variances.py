"""Exercise 4.2: variances and correlation of the population."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assertions import assert_close

pytestmark = pytest.mark.judges("model_variances")

SDS = st.floats(0.01, 1000)


@pytest.mark.ordinary
@pytest.mark.parametrize(
    ("sds", "expected"), [((25.0, 10.0), (625.0, 100.0, 725.0, 25 / 29)), ((30.0, 15.0), (900.0, 225.0, 1125.0, 0.8))]
)
def test_model_variances_of_the_chapter(impl, sds, expected):
    """sd 25 and 10: 625, 100, 725, 0.862; sd 30 and 15: 900, 225, 1125, 0.8."""
    got = impl.model_variances(*sds)
    assert_close(
        f"Vb, Ve, Vbe and rho where the sd are {sds[0]:g} and {sds[1]:g}",
        [got.Vb, got.Ve, got.Vbe, got.rho],
        expected,
        1e-10,
    )


@pytest.mark.ordinary
@given(SDS, SDS)
def test_variances_are_squared_standard_deviations(impl, sigma_bucket, sigma_within):
    """Vb = sigma_bucket^2, Ve = sigma_within^2, Vbe = Vb + Ve."""
    got = impl.model_variances(sigma_bucket, sigma_within)
    expected = [sigma_bucket**2, sigma_within**2, sigma_bucket**2 + sigma_within**2]
    assert_close("Vb, Ve = squared standard deviations, Vbe = Vb + Ve", [got.Vb, got.Ve, got.Vbe], expected, 1e-10)


@pytest.mark.ordinary
@given(SDS, SDS)
def test_rho_is_the_share_of_the_variance_between_buckets(impl, sigma_bucket, sigma_within):
    """rho = Vb / (Vb + Ve)."""
    expected = sigma_bucket**2 / (sigma_bucket**2 + sigma_within**2)
    claim = "rho, the share of the variance that lies between buckets: Vb / (Vb + Ve)"
    assert_close(claim, impl.model_variances(sigma_bucket, sigma_within).rho, expected, 1e-10)


@given(SDS)
def test_rho_is_zero_without_variance_between_buckets(impl, sigma_within):
    """sigma_bucket = 0: frogs of a bucket are no more alike than others."""
    got = impl.model_variances(0.0, sigma_within)
    assert_close("sigma_bucket = 0 gives rho = 0", got.rho, 0.0, 1e-10, scale=1.0)


@pytest.mark.core_only
def test_rho_is_one_without_variance_within_buckets(impl):
    """sigma_within = 0: frogs of a bucket are all alike."""
    assert_close("sigma_within = 0 gives rho = 1", impl.model_variances(3.0, 0.0).rho, 1.0, 1e-15)


@pytest.mark.core_only
@pytest.mark.parametrize("unit", [1e-150, 1e-13, 1e150])
def test_variances_of_any_unit(impl, unit):
    """sd 2 c and c: Vb = 4 c^2, Ve = c^2, rho = 4 / 5."""
    got = impl.model_variances(2 * unit, unit)
    assert_close("Vb, Ve", [got.Vb, got.Ve], [4 * unit**2, unit**2], 1e-15)
    assert_close("rho = 4 / 5", got.rho, 0.8, 1e-15)
