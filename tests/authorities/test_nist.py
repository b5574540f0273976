"""NIST's certified values: true of the printed decimals, and what float64 lets anybody reproduce of them."""

from fractions import Fraction

import numpy as np
import pytest

import lmm_core
from reference import exact, nist
from tests.assertions import assert_between, assert_close

# Digits of a certified variance that survive when the decimals are rounded to float64: 16 less twice the
# constant leading digits that the variance loses (a variance is a difference of squares of what is left
# after them) would be too pessimistic; rounding errors are random and enter linearly, so about
# 16 - constant digits, and one more is granted to NIST's own last digit.
FLOOR = {"lower": 12.0, "average": 9.0, "higher": 3.0}  # 1 to 3, 7, and 13 constant leading digits


def rational_sums_of_squares(data: nist.NistOneWay) -> tuple[Fraction, Fraction]:
    """Between and within treatments, in rational arithmetic from the printed decimals."""
    by_group: dict[int, list[Fraction]] = {}
    for group, text in zip(data.group.tolist(), data.decimals, strict=True):
        by_group.setdefault(group, []).append(Fraction(text))
    means = {group: sum(values) / len(values) for group, values in by_group.items()}
    grand = sum(sum(values) for values in by_group.values()) / len(data.group)
    between = sum(len(values) * (means[group] - grand) ** 2 for group, values in by_group.items())
    return between, sum((value - means[group]) ** 2 for group, values in by_group.items() for value in values)


@pytest.mark.parametrize("name", nist.NAMES)
def test_certified_sums_of_squares_are_true_to_all_their_digits(name):
    """The parsed certified values equal rational arithmetic on the parsed data, to 15 digits."""
    data = nist.load(name)
    between, within = rational_sums_of_squares(data)
    assert_close("between, to half a unit of the 15th digit", float(data.ss_between / between), 1.0, 5.1e-15, 1.0)
    assert_close("within, to half a unit of the 15th digit", float(data.ss_within / within), 1.0, 5.1e-15, 1.0)


@pytest.mark.parametrize("name", nist.NAMES)
def test_certified_values_agree_with_one_another(name):
    """Mean squares, F and residual sd follow from the sums of squares."""
    data = nist.load(name)
    got = [data.ms_between, data.ms_within, data.F, data.residual_sd**2]
    ms_between, ms_within = data.ss_between / data.df_between, data.ss_within / data.df_within
    expected = [ms_between, ms_within, ms_between / ms_within, ms_within]
    ratios = [float(g / e) for g, e in zip(got, expected, strict=True)]
    assert_close("mean squares, F and residual sd are consistent", ratios, np.ones(4), 2e-14, 1.0)


@pytest.mark.parametrize("name", nist.NAMES)
def test_fifty_digits_agree_with_the_certified_variances(name):
    """Vb = (MSB - MSW) / n and Ve = MSW, up to what rounding the data to float64 costs."""
    data = nist.load(name)
    fit = exact.reml(np.ones((len(data.y), 1)), data.y, data.group)
    digits = [exact.lre(float(data.Vb), fit.Vb), exact.lre(float(data.Ve), fit.Ve)]
    assert_between("digits of the certified Vb and Ve", min(digits), FLOOR[data.difficulty], 15)


@pytest.mark.parametrize("name", nist.NAMES)
def test_lmm_core_reaches_the_certified_variances(name):
    """The same floor for the reference implementation."""
    data = nist.load(name)
    fit = lmm_core.fit_reml(np.ones((len(data.y), 1)), data.y, data.group)
    digits = -np.log10([abs(fit.Vb / float(data.Vb) - 1) + 1e-16, abs(fit.Ve / float(data.Ve) - 1) + 1e-16])
    assert_between("digits of the certified Vb and Ve", digits.min(), FLOOR[data.difficulty], 16)


def test_a_file_of_another_layout_is_refused(tmp_path, monkeypatch):
    """A truncated file says how many rows it has."""
    text = (nist.FOLDER / "SiRstv.dat").read_text().splitlines()
    (tmp_path / "SiRstv.dat").write_text("\n".join(text[:-1]))
    monkeypatch.setattr(nist, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"SiRstv.dat has 24 data rows; expected 25"):
        nist.load("SiRstv")
