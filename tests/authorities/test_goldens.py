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
    assert len(found) == 1 and found[0].startswith("rail: expected/Vb was 615.311")
    assert golden.main(tmp_path) == 1


def doubled(value):
    return 2 * value


def first_longer(excess):
    return lambda values: [values[0] * (1 + excess), *values[1:]]


def in_other_words(lines):
    return [line.replace("Groups", "Gruppen") for line in lines]


CORRUPTIONS = {
    "F": ("chapter_2", ["anova_reml", "F"], doubled),
    "F a little": ("chapter_2", ["anova_reml", "F"], lambda F: F * (1 + 1e-5)),
    "p": ("chapter_2", ["anova_reml", "p_value"], doubled),
    "df": ("chapter_2", ["anova_reml", "df_den"], lambda df: df + 0.001),
    "F of Kenward and Roger": ("chapter_2_unbalanced", ["anova_kenward_roger", "F"], doubled),
    "F of lm": ("chapter_2", ["anova_ols", "F"], lambda F: F * (1 + 1e-8)),
    "p of lm": ("chapter_2", ["anova_ols", "p_value"], lambda p: p * (1 + 1e-8)),
    "coefficients of lm": ("ergostool", ["lm", "coef"], first_longer(1e-8)),
    "variance of lm": ("rail", ["lm", "sigma2"], doubled),
    "se of gls": ("sleepstudy", ["gls", "se"], first_longer(1e-5)),
    "blup": ("dyestuff", ["blup", "A"], lambda b: b + 0.1),
    "summary": ("orthodont", ["summary"], in_other_words),
    "names": ("ergostool", ["names"], lambda names: names[::-1]),
    "moments": ("chapter_1", ["empirical_variances", "rho"], doubled),
    "correlation": ("chapter_2", ["frog_correlation", "value"], lambda value: -value),
    "gls at the moments": ("chapter_2", ["color", "gls", "se"], first_longer(1e-8)),
}


@pytest.mark.parametrize("case", CORRUPTIONS)
def test_every_number_and_word_is_compared(case, tmp_path):
    """`python -m reference.golden` names what changed: one number of a golden, or one word."""
    name, place, change = CORRUPTIONS[case]
    copied(tmp_path)
    path = tmp_path / "golden" / f"{name}.json"
    fit = json.loads(path.read_text(encoding="utf-8"))
    *folders, last = place
    holder = fit["expected"]
    for folder in folders:
        holder = holder[folder]
    holder[last] = change(holder[last])
    path.write_text(json.dumps(fit), encoding="utf-8")
    found = golden.differences(golden.load(name), golden.load(name, tmp_path))
    assert len(found) == 1 and found[0].startswith(f"{name}: expected/{place[0]}"), found


CHANGES = {
    "model": ("formula", "y ~ 1"),
    "authority": ("version", "0"),
    "checks": ("singular", True),
    "accuracy": ("Vb", 3.0),
}


@pytest.mark.parametrize("part", CHANGES)
def test_what_a_golden_says_of_itself_is_compared(part, tmp_path):
    """Formula, versions, whether the fit is singular, and digits that are lost."""
    copied(tmp_path)
    path = tmp_path / "golden" / "rail.json"
    fit = json.loads(path.read_text(encoding="utf-8"))
    key, value = CHANGES[part]
    fit[part][key] = value
    path.write_text(json.dumps(fit), encoding="utf-8")
    found = golden.differences(golden.load("rail"), golden.load("rail", tmp_path))
    assert len(found) == 1 and found[0].startswith(f"rail: {part}/"), found


def test_an_unchanged_run_has_no_differences(capsys):
    """The goldens agree with themselves."""
    assert golden.main(golden.HERE) == 0
    assert "agree within their accuracy" in capsys.readouterr().out


def test_model_matrix_is_rs():
    """The golden's X times R's coefficients reproduces what lm fits: X is coded as R coded it."""
    fit = golden.load("chapter_2_shuffled")
    expected = fit.data.groupby("color")["weight"].transform("mean")
    assert_close("fitted values of lm", fit.X @ np.array(fit.expected["lm"]["coef"]), expected, 1e-12)
