"""The goldens are what they say, and as accurate as they say."""

import json
import shutil

import numpy as np
import pytest

from reference import closed_form, exact, golden
from tests.assertions import assert_at_most, assert_close

MEASURED = ["Vb", "Ve", "coef", "se", "df", "criterion"]


@pytest.mark.parametrize("name", golden.NAMES)
@pytest.mark.parametrize("quantity", MEASURED)
def test_golden_is_as_accurate_as_it_says(name, quantity):
    """Digits that agree with 50-digit arithmetic are no fewer than claimed, but for half a digit."""
    fit = golden.load(name)
    digits = exact.lre(fit.expected[quantity], getattr(exact.reml(fit.X, fit.y, fit.group), quantity))
    assert_at_most(f"claimed digits of {quantity}", fit.accuracy[quantity], digits, slack=0.5)


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_carries_its_evidence(name):
    """A vanishing gradient, two optimisers that agree, R's versions and call."""
    fit = golden.load(name)
    assert fit.checks["gradient"] < 1e-9
    assert fit.checks["optimizers_agree"] >= 10
    assert fit.checks["singular"] == (fit.expected["Vb"] == 0)
    assert {"name", "version", "r_version", "call", "optimizer", "tolerance"} == set(fit.authority)


@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled"])
def test_golden_f_test_is_the_closed_form(name):
    """F = MSA / MSB on 3 and 4 df."""
    fit = golden.load(name)
    expected = closed_form.balanced_reml(fit.y, fit.group, fit.data["color"].to_numpy())
    got = fit.expected["anova_reml"]
    assert_close(
        "F, df, p", [got["F"], got["df_den"], got["p_value"]], [expected.F, expected.df, expected.p_value], 1e-6
    )


@pytest.mark.parametrize("name", ["chapter_2", "chapter_2_shuffled", "ergostool"])
def test_kenward_roger_equals_satterthwaite_where_buckets_are_equal(name):
    """Equal n, interior: both give the same df and F (Kenward and Roger, 1997)."""
    fit = golden.load(name).expected
    got, expected = fit["anova_kenward_roger"], fit["anova_reml"]
    assert_close("F and df of Kenward-Roger", [got["F"], got["df_den"]], [expected["F"], expected["df_den"]], 1e-6)


def copied(folder):
    """What make_golden.R writes, in another folder."""
    shutil.copytree(golden.HERE / "golden", folder / "golden")
    shutil.copytree(golden.HERE / "data", folder / "data")
    shutil.copy(golden.HERE / "printing.json", folder)


def test_changed_data_are_noticed(tmp_path):
    """A CSV that is not the one the golden was made of is refused with both hashes."""
    copied(tmp_path)
    with (tmp_path / "data" / "rail.csv").open("a") as csv:
        csv.write("7,1\n")
    with pytest.raises(ValueError, match=r"rail.csv has sha256 .* but rail.json was made of"):
        golden.load("rail", tmp_path)


def test_other_words_of_r_are_noticed(tmp_path, capsys):
    """`python -m reference.golden` reports a number that R prints otherwise."""
    copied(tmp_path)
    path = tmp_path / "printing.json"
    path.write_text(path.read_text(encoding="utf-8").replace("1e-04", "0.0001"), encoding="utf-8")
    assert golden.main(tmp_path) == 1
    assert "printing.json: R prints other words" in capsys.readouterr().out


def test_a_lost_digit_is_noticed(tmp_path):
    """`python -m reference.golden` reports a Vb that moved by more than its accuracy."""
    copied(tmp_path)
    path = tmp_path / "golden" / "rail.json"
    fit = json.loads(path.read_text())
    fit["expected"]["Vb"] *= 1 + 1e-5
    path.write_text(json.dumps(fit))
    found = golden.differences(golden.load("rail"), golden.load("rail", tmp_path))
    assert len(found) == 1 and found[0].startswith("rail: Vb was 615.311")
    assert golden.main(tmp_path) == 1


def test_an_unchanged_run_has_no_differences(capsys):
    """The goldens agree with themselves."""
    assert golden.main(golden.HERE) == 0
    assert "agree within their accuracy" in capsys.readouterr().out


def test_model_matrix_is_rs():
    """The golden's X times R's coefficients reproduces what lm fits: X is coded as R coded it."""
    fit = golden.load("chapter_2_shuffled")
    expected = fit.data.groupby("color")["weight"].transform("mean")
    assert_close("fitted values of lm", fit.X @ np.array(fit.expected["lm"]["coef"]), expected, 1e-12)
