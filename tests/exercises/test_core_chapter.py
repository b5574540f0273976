"""`python -m lmm_core`: the chapter's numbers are R's, its pictures show what they should, bad input ends in a line."""

import contextlib
import importlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

RTOL = 1e-9  # of what no optimiser takes part in


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self):
        """It is one."""
        return True


def run(*arguments, cwd=".", out=io.StringIO):
    """The command, in this process: exit code and what it prints."""
    main = importlib.import_module("lmm_core.__main__").main
    out, err = out(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def typed(*arguments, cwd=None):
    """The command as a user types it."""
    command = [sys.executable, "-m", "lmm_core", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def recorded(name):
    """The lines that were printed when the text was last read by somebody."""
    return Path(__file__).with_name("printed").joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def r_is_missing(monkeypatch):
    """A machine without R."""
    monkeypatch.setattr("lmm_core.with_r.shutil.which", lambda _: None)


@pytest.fixture(scope="module")
def printed():
    """The numbers of both data sets, as --json prints them."""
    done = run("--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(printed, name, title):
    """The numbers of one step."""
    (found,) = [step["numbers"] for step in printed[name] if step["title"].startswith(title)]
    return found


@pytest.mark.parametrize(("n", "population"), [(1, "first_population"), (2, "second_population")])
def test_the_seeded_data_are_those_that_r_was_given(core, n, population):
    """reference/data/seeded_N.csv is what the default seed draws, up to numpy's last bits."""
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    drawn = getattr(chapter, population)().data
    given = golden.load(f"seeded_{n}").data
    assert_close("weights of the seeded data set", drawn["weight"], given["weight"], 1e-14)


@pytest.mark.parametrize(("n", "name"), [(1, "first"), (2, "second")])
def test_moments_and_least_squares_are_rs(printed, n, name):
    """Variances, GLS by hand, OLS and the correlation, for both data sets."""
    expected = golden.load(f"seeded_{n}").expected
    sample = numbers(printed, name, "Variances")["empirical_variances"]
    assert_close(
        "variances",
        [sample[k] for k in ("Vb", "Ve", "Vbe")],
        [expected["empirical_variances"][k] for k in ("Vb", "Ve", "Vbe")],
        RTOL,
    )
    beside = numbers(printed, name, "GLS beside OLS")
    for ours, theirs in (("gls", "gls"), ("ols", "lm")):
        assert_close(f"coef of {ours}", beside[ours]["coef"], expected["color"][theirs]["coef"], RTOL)
        assert_close(f"se of {ours}", beside[ours]["se"], expected["color"][theirs]["se"], RTOL)
    r = numbers(printed, name, "Two frogs")["frog_correlation"]
    assert_close("correlation", r, expected["frog_correlation"]["value"], RTOL)


def test_tests_of_color_are_rs(printed):
    """anova(lm) and anova(lmer) of the second data set."""
    fit = golden.load("seeded_2")
    got = numbers(printed, "second", "Colour judged")
    for name, rtol in (("anova_ols", RTOL), ("anova_reml", 2 * fit.rtol("Vb"))):
        expected = fit.expected[name]
        assert_close(name, [got[name][k] for k in expected], list(expected.values()), rtol)


@pytest.mark.parametrize(
    ("title", "name"), [("The mixed model with colour", "seeded_2"), ("The mixed model without", "seeded_2_null")]
)
def test_mixed_models_are_rs(printed, title, name):
    """VarCorr, coefficients, standard errors and criterion of lmer."""
    fit, got = golden.load(name), numbers(printed, "second", title)
    for quantity in ("Vb", "Ve", "coef", "se", "criterion"):
        assert_close(quantity, got[quantity], fit.expected[quantity], 2 * fit.rtol(quantity))


def test_fit_by_hand_is_rs(printed):
    """GLS at VarCorr's variances."""
    fit = golden.load("seeded_2")
    got = numbers(printed, "second", "By hand")["gls"]
    assert_close("coef by hand", got["coef"], fit.expected["gls"]["coef"], 1e-7)
    assert_close("se by hand", got["se"], fit.expected["gls"]["se"], 2 * fit.rtol("se"))


def test_printed_text_has_the_summaries_to_the_letter():
    """What lmerTest prints of both models stands in the output, line by line; a pipe gets no colour codes."""
    text = typed().stdout
    lines = [line.removeprefix("  ").rstrip() for line in text.splitlines()]
    for name in ("seeded_2", "seeded_2_null"):
        missing = [line for line in golden.load(name).expected["summary"] if line.rstrip() not in lines]
        assert not missing
    assert "\033" not in text


def test_the_output_is_the_recorded_one():
    """To the letter: `python -m lmm_core > tests/exercises/printed/chapter.txt` records it anew."""
    assert_equal("lines", run().stdout.splitlines(), recorded("chapter"))


def test_help_is_the_recorded_one(monkeypatch):
    """A hundred wide."""
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        run("--help", out=lambda: out)
    assert_equal("lines", out.getvalue().splitlines(), recorded("help"))


def test_the_default_seeds_are_41_and_42():
    """--seed N draws the first population from N, the second from N + 1."""
    assert_equal("output", run("--seed", "41").stdout, run().stdout)
    assert json.loads(run("--json", "--seed", "42").stdout)["first"] != json.loads(run("--json").stdout)["first"]


def test_a_terminal_gets_bold_titles_and_faint_r_lines(monkeypatch, r_is_missing):
    """Codes are put around the words that a file gets; NO_COLOR switches them off."""
    plain = run("--r").stdout
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = run("--r", out=Terminal).stdout
    assert "\033[1m=== first data set ===\033[0m\n" in text
    assert "\n\033[1m4.1  Replication: buckets, not frogs\033[0m\n" in text
    assert "\n\033[2m  > per_color <-" in text and "  > per_color\033[0m\n" in text
    assert_equal("words", re.sub("\033\\[\\dm", "", text), plain)
    monkeypatch.setenv("NO_COLOR", "1")
    assert_equal("with NO_COLOR", run("--r", out=Terminal).stdout, plain)


NUMBERS = {
    "Replication: buckets, not frogs": ["buckets_per_color", "denominator_df"],
    "Variances: population and sample": ["empirical_variances", "model_variances"],
    "The corner of V, frogs 1 to 6": ["corner"],
    "GLS beside OLS": ["gls", "ols"],
    "Two frogs of a bucket": ["frog_correlation", "rho"],
    "Colour judged with frogs, and with buckets, as replicates": ["anova_ols", "anova_reml"],
    "The mixed model with colour": ["Vb", "Ve", "coef", "se", "criterion"],
    "The mixed model without colour": ["Vb", "Ve", "coef", "se", "criterion"],
    "By hand from V at the fitted variances": ["gls"],
}


def test_numbers_for_machines_have_names(printed):
    """Every step has its exercise, its title, its numbers by name and its remark."""
    assert_equal("numbers", {step["title"]: list(step["numbers"]) for step in printed["second"]}, NUMBERS)
    assert_equal("parts", {tuple(step) for step in printed["second"]}, {("exercise", "title", "numbers", "remark")})


def test_numbers_for_machines_are_readable():
    """JSON of one number a line, not all in one."""
    assert run("--json").stdout.startswith('{\n "first": [\n  {\n   "exercise": "4.1",\n')


def test_r_lines_are_run_and_agree(live_r):
    """--r runs the same steps in R, and every one agrees."""
    assert live_r
    text = run("--r").stdout
    assert text.count("R agrees") == 14
    assert "DIFFERS" not in text


# --- own data -------------------------------------------------------------------------------------------


@pytest.fixture
def ergostool(tmp_path):
    """ergoStool under its own column names."""
    data = golden.load("ergostool").data
    data.set_axis(["Subject", "effort", "Type"], axis=1).to_csv(tmp_path / "ergoStool.csv", index=False)
    return tmp_path


COLUMNS = ("--group", "Subject", "--factor", "Type", "--response", "effort")


def test_own_data_under_other_names(ergostool):
    """F = 22.3556 on 3 and 24 df; the factor is crossed with subjects, so no step counts buckets per colour."""
    done = run("--data", "ergoStool.csv", *COLUMNS, "--json", cwd=ergostool)
    steps = json.loads(done.stdout)["ergoStool"]
    got = next(step["numbers"]["anova_reml"] for step in steps if "anova_reml" in step["numbers"])
    assert_close("F, df of ergoStool", [got["F"], got["df_num"], got["df_den"]], [22.3556407, 3, 24], 1e-8)
    assert not [step for step in steps if step["title"].startswith("Replication")]


def edited(change):
    """The chapter's second data set, changed."""
    data = golden.load("chapter_2").data.copy()
    return change(data)


def test_own_data_are_printed_as_recorded(ergostool, r_is_missing):
    """Under the owner's names, with R's lines."""
    done = run("--data", "ergoStool.csv", *COLUMNS, "--r", cwd=ergostool)
    assert_equal("lines", done.stdout.splitlines(), recorded("ergostool"))


BAD = {
    "missing column": (
        lambda d: d.drop(columns="color"),
        "mine.csv has no column 'color'; choose one of id, bucket, bucket_mu, weight by --factor",
    ),
    "missing bucket": (
        lambda d: d.drop(columns="bucket"),
        "mine.csv has no column 'bucket'; choose one of id, color, bucket_mu, weight by --group",
    ),
    "missing weight": (
        lambda d: d.drop(columns="weight"),
        "mine.csv has no column 'weight'; choose one of id, bucket, color, bucket_mu by --response",
    ),
    "text": (
        lambda d: d.astype({"weight": object}).replace({"weight": {d["weight"][3]: "heavy"}}),
        "mine.csv: column 'weight' is not numeric: line 5 has 'heavy'",
    ),
    "missing value": (
        lambda d: d.assign(weight=d["weight"].where(~d.index.isin([6, 9]))),
        "mine.csv: column 'weight' has 2 missing values, the first in line 8",
    ),
    "texts": (
        lambda d: d.astype({"weight": object}).replace({"weight": {d["weight"][3]: "heavy", d["weight"][5]: "light"}}),
        "mine.csv: column 'weight' is not numeric: line 5 has 'heavy'",
    ),
    "bucket each": (
        lambda d: d.assign(color=d["bucket"]),
        "data has 8 colours in 8 buckets: colour cannot be told from bucket; some colour needs more than one bucket",
    ),
    "single bucket": (lambda d: d[:5], "mine.csv: column 'bucket' has 1 group; at least 2 are needed"),
    "one colour": (lambda d: d.assign(color="red"), "data has 1 colour; a test of colour needs at least 2"),
    "frog each": (
        lambda d: d.assign(bucket=d.index),
        (
            "group has 40 buckets for 40 frogs and X has 4 columns: nothing is left to estimate Ve; some "
            "bucket needs more frogs"
        ),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_end_with_one_line_and_2(tmp_path, case):
    """What and where, no traceback, nothing half printed."""
    change, sentence = BAD[case]
    edited(change).to_csv(tmp_path / "mine.csv", index=False)
    done = run("--data", "mine.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    assert_equal("the line", done.stderr, f"lmm_core: {sentence}\n")


def test_an_empty_file_ends_with_one_line_and_2(tmp_path):
    """It is no table."""
    (tmp_path / "none.csv").write_text("")
    done = run("--data", "none.csv", cwd=tmp_path)
    sentence = "lmm_core: --data none.csv is no CSV file: No columns to parse from file\n"
    assert_equal("code and line", (done.returncode, done.stderr), (2, sentence))


def test_a_column_named_twice_ends_with_one_line_and_2(tmp_path):
    """Three columns are needed."""
    golden.load("chapter_2").data.to_csv(tmp_path / "mine.csv", index=False)
    done = run("--data", "mine.csv", "--group", "color", cwd=tmp_path)
    sentence = "lmm_core: --group color, --factor color and --response weight must be three columns\n"
    assert_equal("code and line", (done.returncode, done.stderr), (2, sentence))


def test_a_file_that_is_missing_ends_with_one_line_and_2(tmp_path):
    """--data of nothing."""
    done = run("--data", "none.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "lmm_core: --data none.csv does not exist\n")


def test_own_data_keep_their_labels(core, tmp_path):
    """Numbers as labels stay numbers of the file; the response becomes a float."""
    pd.DataFrame({"g": [1, 1, 2, 2], "f": [7, 7, 8, 8], "y": [1, 2, 3, 4]}).to_csv(tmp_path / "d.csv", index=False)
    main = importlib.import_module(f"{core.__name__}.__main__")
    data = main.own_data(tmp_path / "d.csv", "g", "f", "y")
    assert_equal("columns", data.columns.tolist(), ["bucket", "color", "weight"])
    assert_equal("labels", data["color"].tolist(), ["7", "7", "8", "8"])


@pytest.mark.parametrize(("json_too", "stream"), [((), "stdout"), (("--json",), "stderr")])
def test_figures_are_written(tmp_path, json_too, stream):
    """--figures DIR writes five pictures of each data set and says where, apart from numbers for machines."""
    pytest.importorskip("matplotlib")
    done = run("--figures", str(tmp_path / "new"), *json_too)
    assert done.returncode == 0, done.stderr
    pictures = sorted(map(str, (tmp_path / "new").glob("*.png")))
    assert_equal("pictures", len(pictures), 10)
    said = [line for line in getattr(done, stream).splitlines() if line.startswith("wrote ")]
    assert_equal("what is said", sorted(said), [f"wrote {picture}" for picture in pictures])


def test_without_matplotlib_one_line_says_what_is_missing(tmp_path):
    """A clear line, exit 2."""
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('no matplotlib')")
    done = typed("--figures", "out", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "lmm_core: pictures need matplotlib: pip install matplotlib\n"


# --- steps one by one -----------------------------------------------------------------------------------


@pytest.fixture
def chapter(core):
    """The module."""
    return importlib.import_module(f"{core.__name__}.chapter")


def flat(sizes, colors):
    """Buckets of these sizes, painted in turn, with weights that differ."""
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    color = np.array([f"c{k % colors}" for k in range(len(sizes))])[bucket]
    return pd.DataFrame({"bucket": bucket, "color": color, "weight": bucket**2 + np.sin(np.arange(len(bucket)) ** 2)})


@pytest.mark.parametrize(("colors", "more"), [(6, False), (7, True)])
def test_colors_beyond_six_are_counted(chapter, colors, more):
    """Six lines are shown; "... and 1 more colours" below them."""
    data = flat([3] * 14, colors)
    for step in (chapter.replication(data), chapter.least_squares(data)):
        assert_equal(step.title, "... and 1 more colours" in step.text, more)
        assert_equal(step.title, " more " in step.text, more)


def test_where_no_variance_is_left_vb_is_not_larger_without_color(chapter):
    """0 is not larger than 0."""
    steps = chapter.mixed_model(golden.load("chapter_2_boundary").data)
    (remark,) = [step.remark for step in steps if step.title == "The mixed model without colour"]
    assert remark.startswith("Theorem 15: without colour Vb is not larger here")


@pytest.mark.parametrize(("size", "titles"), [(2, 1), (1, 0)])
def test_own_buckets_of_two_frogs_have_a_variance(chapter, size, titles):
    """Of one frog they have none, and the step is left out. Other names than the chapter's are not asked for."""
    steps = {step.title: step.text for step in chapter.work_own(flat([4, 4, 4, 4, size], 2))}
    assert_equal("steps about variances", list(steps).count("Variances: population and sample"), titles)
    assert_equal("group", "groups:  bucket, 5" in steps["The mixed model with colour"], True)
    assert_equal("factor", "\ncolorc1 " in steps["The mixed model with colour"], True)


def test_one_color_of_two_buckets_is_refused(chapter):
    """B - C = 1, and nothing to compare."""
    population = chapter.Population("one", flat([3, 3], 1).assign(id=[1, 2, 3] * 2), 1.0, 1.0)
    with pytest.raises(ValueError, match="data has 1 colour"):
        list(chapter.work(population))


@pytest.mark.parametrize(("length", "lines"), [(95, 1), (96, 2)])
def test_remarks_are_a_hundred_wide(core, chapter, length, lines):
    """With the arrow before them."""
    main = importlib.import_module(f"{core.__name__}.__main__")
    step = chapter.Step("4.1", "title", {}, "text", "x" * length + " y")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main._print("name", [step], None, show_r=False)
    assert_equal("lines of the remark", len(out.getvalue().split("  text\n")[1].strip().splitlines()), lines)


def test_r_is_given_the_data_of_its_set(core, chapter, monkeypatch):
    """And what it says is printed below every step."""
    with_r = importlib.import_module(f"{core.__name__}.with_r")
    given = []

    def agrees(data, steps):
        given.append(data)
        return [with_r.ours(step) for step in steps]

    monkeypatch.setattr(with_r, "unavailable", lambda: None)
    monkeypatch.setattr(with_r, "numbers", agrees)
    text = run("--r").stdout
    assert_equal("steps that agree", text.count("  R agrees: largest relative difference 0.0e+00\n"), 14)
    for data, population in zip(given, (chapter.first_population(), chapter.second_population()), strict=True):
        assert_equal("data", data["weight"].tolist(), population.data["weight"].tolist())
