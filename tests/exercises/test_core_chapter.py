"""`python -m lmm_core`: the chapter's numbers are R's, its pictures show what they should, bad input ends in a line."""

import base64
import contextlib
import importlib
import io
import json
import re
import subprocess
import sys
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests.assertions import assert_between, assert_close, assert_equal

pytestmark = pytest.mark.core_only

CHAPTER = golden.load("chapter_2").data
RTOL = 1e-9  # of what no optimiser takes part in


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self):
        """It is one."""
        return True


def run(*arguments, cwd=".", out=io.StringIO):
    """The command, in this process: exit code and what it prints."""
    main = importlib.import_module("lmm_core.chapter.command").main
    out, err = out(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@cache
def whole(*arguments):
    """What the command prints of the whole chapter, worked once."""
    return run(*arguments).stdout


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
    monkeypatch.setattr("lmm_core.chapter.with_r.shutil.which", lambda _: None)


@pytest.fixture(scope="module")
def printed():
    """The numbers of both data sets, as --json prints them."""
    return json.loads(whole("--json"))


def numbers(printed, name, title):
    """The numbers of one step."""
    (found,) = [step["numbers"] for step in printed[name] if step["title"].startswith(title)]
    return found


@pytest.mark.parametrize(("n", "population"), [(1, "first_population"), (2, "second_population")])
def test_the_chapters_data_are_those_that_r_was_given(core, n, population):
    """reference/data/chapter_N.csv is what the default seed draws, up to numpy's last bits."""
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    drawn = getattr(chapter, population)().data
    given = golden.load(f"chapter_{n}").data
    assert_close("weights", drawn["weight"], given["weight"], 1e-14)
    assert_equal(
        "labels", drawn[["id", "bucket", "color"]].values.tolist(), given[["id", "bucket", "color"]].values.tolist()
    )


def test_the_settings_are_the_chapters(core):
    """30 x 30, mean 60, sd 25 and 10, rainbow(30); 8 x 5, sd 30 and 15, black, blue, green, red, two buckets each."""
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    first, second = chapter.first_population(), chapter.second_population()
    assert_equal("frogs", [len(first.data), len(second.data)], [900, 40])
    settings = [(p.mu, p.sigma_bucket, p.sigma_within) for p in (first, second)]
    assert_equal("settings", settings, [(60, 25, 10), (60, 30, 15)])
    colors = [p.data.drop_duplicates("bucket")["color"].tolist() for p in (first, second)]
    assert_equal("colours of the second", colors[1], sorted(["black", "blue", "green", "red"] * 2))
    assert_equal("colours of the first", colors[0], chapter.rainbow(30))


def test_rainbow_is_rs(core):
    """R: rainbow(30)."""
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    by_r = (
        "FF0000 FF3300 FF6600 FF9900 FFCC00 FFFF00 CCFF00 99FF00 66FF00 33FF00 00FF00 00FF33 00FF66 00FF99 00FFCC "
        "00FFFF 00CCFF 0099FF 0066FF 0033FF 0000FF 3300FF 6600FF 9900FF CC00FF FF00FF FF00CC FF0099 FF0066 FF0033"
    )
    assert_equal("rainbow(30)", chapter.rainbow(30), [f"#{color}" for color in by_r.split()])


@pytest.mark.parametrize(("name", "title"), [("chapter_1", "The variances"), ("chapter_1", "GLS beside lm")])
def test_moments_and_least_squares_are_rs(printed, name, title):
    """Variances, GLS by hand and lm of the first data set."""
    expected, got = golden.load(name).expected, numbers(printed, name, title)
    by_r = {
        "empirical_variances": expected["empirical_variances"],
        "gls": expected["color"]["gls"],
        "ols": expected["color"]["lm"],
    }
    for part in got.keys() & by_r.keys():
        shared = [key for key in got[part] if key in by_r[part]]
        assert len(shared) >= 2
        for key in shared:
            assert_close(f"{key} of {part}", got[part][key], by_r[part][key], RTOL)


def test_correlations_are_rs(printed):
    """The four pairs that the chapter takes, beside the population's 0.8."""
    got = numbers(printed, "chapter_2", "Two frogs")
    assert_close("four pairs", got["frog_correlations"], golden.load("chapter_2").expected["pairs"], RTOL)
    assert_close("rho", got["rho"], 0.8, 1e-15)


def test_tests_of_color_are_rs(printed):
    """anova(lm) and anova(lmer) of the second data set, on 36 and on 4 df."""
    fit = golden.load("chapter_2")
    for title, name, rtol in (
        ("lm: frogs", "anova_ols", RTOL),
        ("The mixed model: b", "anova_reml", 2 * fit.rtol("Vb")),
    ):
        expected, got = fit.expected[name], numbers(printed, "chapter_2", title)[name]
        assert_close(name, [got[k] for k in expected], list(expected.values()), rtol)


@pytest.mark.parametrize(
    ("title", "part", "name"), [("lm and mixed", "fit", "chapter_2"), ("With and without", "null", "chapter_2_null")]
)
def test_mixed_models_are_rs(printed, title, part, name):
    """VarCorr, coefficients, standard errors and criterion of lmer."""
    fit, got = golden.load(name), numbers(printed, "chapter_2", title)[part]
    for quantity in ("Vb", "Ve", "coef", "se", "criterion"):
        assert_close(quantity, got[quantity], fit.expected[quantity], 2 * fit.rtol(quantity))


def test_fit_by_hand_is_rs(printed):
    """GLS at VarCorr's variances."""
    fit = golden.load("chapter_2")
    got = numbers(printed, "chapter_2", "The mixed model by hand")["by_hand"]
    assert_close("coef by hand", got["coef"], fit.expected["gls"]["coef"], 1e-7)
    assert_close("se by hand", got["se"], fit.expected["gls"]["se"], 2 * fit.rtol("se"))


@pytest.mark.parametrize("part", ["lm", "anova_lm", "anova_lmer"])
def test_printed_text_has_rs_tables_to_the_letter(part):
    """summary(lm), anova(lm) and lmerTest's anova, line by line."""
    said = [line.rstrip() for line in golden.load("chapter_2").expected["printed"][part]]
    lines = [line.removeprefix("  ").rstrip() for line in whole().splitlines()]
    start = lines.index(said[0]) if said[0] else 0
    assert_equal(part, [line for line in said if line and line not in lines[start:]], [])


OTHERS = ["chapter_2_unbalanced", "chapter_2_boundary", "chapter_2_shuffled", "ergostool"]


@pytest.mark.parametrize("name", OTHERS)
def test_tables_of_other_data_are_rs_to_the_letter(core, name):
    """summary(lm), anova(lm) and lmerTest's anova of unequal buckets, no variance, other labels, a crossed factor."""
    fit = golden.load(name)
    data = fit.data.rename(columns={"fixed": "color"})
    said, factor = fit.expected["printed"], fit.model["fixed"]
    module = importlib.import_module(f"{core.__name__}.summary")
    texts = {
        "lm": module.summary_lm(fit.X, fit.y, fit.expected["names"]),
        "anova_lm": module.anova_lm(core.anova_ols(data), core.ols(fit.X, fit.y).sigma2, factor, "weight"),
        "anova_lmer": module.anova_lmer(core.anova_reml(data), core.fit_reml(fit.X, fit.y, fit.group).Ve, factor),
    }
    for part, text in texts.items():
        expected = [line.rstrip() for line in said[part]]
        assert_equal(part, [line.rstrip() for line in text.splitlines()], expected[: len(text.splitlines())])


@pytest.mark.parametrize("name", ["chapter_1", "chapter_2"])
def test_python_lines_run_as_printed(core, name):
    """In their order, after the imports that the page names."""
    pytest.importorskip("matplotlib")
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    population = {"chapter_1": chapter.first_population, "chapter_2": chapter.second_population}[name]()
    work = {"chapter_1": chapter.work_first, "chapter_2": chapter.work_second}[name]
    place = {}
    exec("import numpy as np\nfrom lmm_core import *\nfrom lmm_core import chapter, plots, summary", place)
    for step in work(population):
        exec(step.python, place)
    assert_equal("data", place["data"]["weight"].tolist(), population.data["weight"].tolist())


def test_a_negative_weight_has_one_remark(core):
    """The normal model gives some frogs of seed 7 a weight below 0, and one remark says so."""
    steps = json.loads(run("--json", "--seed", "7").stdout)["chapter_1"]
    assert steps[0]["numbers"]["negative"] > 0
    said = [step["exercise"] for step in steps if "negative: a normal distribution" in step["remark"]]
    assert_equal("remarks", said, ["4.1"])


def test_printed_text_has_the_summaries_to_the_letter():
    """What lmerTest prints of both models stands in the output, line by line; a pipe gets no colour codes."""
    text = whole()
    lines = [line.removeprefix("  ").rstrip() for line in text.splitlines()]
    for name in ("chapter_2", "chapter_2_null"):
        missing = [line for line in golden.load(name).expected["summary"] if line.rstrip() not in lines]
        assert not missing
    assert "\033" not in text


def test_the_output_is_the_recorded_one():
    """To the letter: `python -m lmm_core > tests/exercises/printed/chapter.txt` records it anew."""
    assert_equal("lines", whole().splitlines(), recorded("chapter"))


def test_help_is_the_recorded_one(monkeypatch):
    """A hundred wide."""
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        run("--help", out=lambda: out)
    assert_equal("lines", out.getvalue().splitlines(), recorded("help"))


def test_the_default_seeds_are_41_and_42():
    """--seed N draws the first population from N, the second from N + 1."""
    assert_equal("output", run("--seed", "41", "--json").stdout, whole("--json"))
    assert json.loads(run("--json", "--seed", "42").stdout)["chapter_1"] != json.loads(whole("--json"))["chapter_1"]


def test_a_terminal_gets_bold_titles_and_faint_r_lines(monkeypatch, r_is_missing):
    """Codes are put around the words that a file gets; NO_COLOR switches them off."""
    asked = "--r", "--data", str(golden.HERE / "data" / "chapter_2.csv")
    plain = run(*asked).stdout
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = run(*asked, out=Terminal).stdout
    assert "\033[1m=== chapter_2.csv ===\033[0m\n" in text
    assert "\n\033[1m4.1, 1  Replicates of color\033[0m\n" in text
    assert "\n\033[2m  > per_color <-" in text and "  > per_color\033[0m\n" in text
    assert_equal("words", re.sub("\033\\[\\dm", "", text), plain)
    monkeypatch.setenv("NO_COLOR", "1")
    assert_equal("with NO_COLOR", run(*asked, out=Terminal).stdout, plain)


ITEMS = {
    "chapter_1": {
        "The data": ["rows", "negative", "head"],
        "Replicates of color": ["buckets_per_color", "denominator_df"],
        "Weight by bucket": ["sd_of_means", "sd_within"],
        "The variances": ["model_variances", "empirical_variances"],
        "The covariance matrix V": ["corner"],
        "A picture of V": ["share_in_blocks"],
        "Generalised least squares by hand": ["gls"],
        "GLS beside lm": ["gls", "ols"],
    },
    "chapter_2": {
        "The data": ["rows", "negative", "head"],
        "Replicates of color": ["buckets_per_color", "denominator_df"],
        "Weight by bucket": ["sd_of_means", "sd_within"],
        "Two frogs of a bucket": ["rho", "frog_correlations"],
        "lm: frogs as replicates": ["ols", "anova_ols"],
        "The mixed model: buckets as replicates": ["anova_reml"],
        "lm and mixed model": ["fit", "df"],
        "With and without color": ["null"],
        "A picture of V": ["share_in_blocks"],
        "The mixed model by hand": ["by_hand"],
    },
}


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_of_the_chapter_has_its_numbers_by_name(printed, name):
    """In its order."""
    assert_equal("items", {step["title"]: list(step["numbers"]) for step in printed[name]}, ITEMS[name])
    assert_equal("parts", {tuple(step) for step in printed[name]}, {("exercise", "title", "numbers", "remark")})


def test_numbers_for_machines_are_readable():
    """JSON of one number a line, not all in one."""
    assert whole("--json").startswith('{\n "chapter_1": [\n  {\n   "exercise": "4.1",\n')


def test_r_lines_are_run_and_agree(live_r):
    """--r runs the same steps in R, and every one agrees."""
    assert live_r
    text = run("--r").stdout
    assert text.count("R agrees") == 18
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
    assert not [step for step in steps if step["title"].startswith("Replicates")]


def edited(change):
    """The chapter's second data set, changed."""
    data = golden.load("chapter_2").data.copy()
    return change(data)


def test_own_data_are_printed_as_recorded(ergostool, r_is_missing):
    """Under the owner's names, with R's lines."""
    done = run("--data", "ergoStool.csv", *COLUMNS, "--r", cwd=ergostool)
    assert_equal("lines", done.stdout.splitlines(), recorded("ergostool"))


READ = "mine.csv, read as separated by commas,"
BAD = {
    "missing column": (
        lambda d: d.drop(columns="color"),
        f"{READ} has no column 'color'; choose one of id, bucket, bucket_mu, weight by --factor",
    ),
    "missing bucket": (
        lambda d: d.drop(columns="bucket"),
        f"{READ} has no column 'bucket'; choose one of id, color, bucket_mu, weight by --group",
    ),
    "missing weight": (
        lambda d: d.drop(columns="weight"),
        f"{READ} has no column 'weight'; choose one of id, bucket, color, bucket_mu by --response",
    ),
    "text": (
        lambda d: d.astype({"weight": object}).replace({"weight": {d["weight"][3]: "heavy"}}),
        "mine.csv: column 'weight' is not numeric: line 5 has 'heavy' (decimal point)",
    ),
    "missing value": (
        lambda d: d.assign(weight=d["weight"].where(~d.index.isin([6, 9]))),
        "mine.csv: column 'weight' has 2 missing values, the first in line 8; --drop-missing leaves such rows out",
    ),
    "texts": (
        lambda d: d.astype({"weight": object}).replace({"weight": {d["weight"][3]: "heavy", d["weight"][5]: "light"}}),
        "mine.csv: column 'weight' is not numeric: line 5 has 'heavy' (decimal point)",
    ),
    "single bucket": (lambda d: d[:5], "mine.csv: column 'bucket' has 1 group; at least 2 are needed"),
    "one colour": (lambda d: d.assign(color="red"), "data has 1 colour; a test of colour needs at least 2"),
    "frog each": (
        lambda d: d.assign(bucket=d.index),
        (
            "group has 40 buckets for 40 frogs and X has 4 columns: the criterion is the same for every Vb / Ve; "
            "some bucket needs more frogs"
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
    sentence = "lmm_core: none.csv has no head of columns\n"
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
    assert (done.returncode, done.stderr) == (2, "lmm_core: none.csv does not exist\n")


@pytest.fixture
def own(core):
    """The module that reads."""
    return importlib.import_module(f"{core.__name__}.chapter.own")


def test_own_data_keep_their_labels(own, tmp_path):
    """Whole numbers stay numbers, and their order is that of numbers; the response becomes a float."""
    pd.DataFrame({"g": [1, 1, 2, 2], "f": [10, 10, 9, 9], "y": [1, 2, 3, 4]}).to_csv(tmp_path / "d.csv", index=False)
    data = own.read(tmp_path / "d.csv", "g", "f", "y").data
    assert_equal("columns", data.columns.tolist(), ["bucket", "color", "weight"])
    assert_equal("labels", data["color"].tolist(), [10, 10, 9, 9])
    assert_equal("weights", data["weight"].tolist(), [1.0, 2.0, 3.0, 4.0])


LATIN_1 = 'dat <- read.csv("d.csv", sep = ";", fileEncoding = "latin1", check.names = FALSE)'


def test_names_of_latin_1_are_kept(own, tmp_path):
    """A byte that is no UTF-8."""
    (tmp_path / "d.csv").write_bytes("g;Höhe;y\na;u;1\na;u;2\nb;v;4\n".encode("latin-1"))
    mine = own.read(tmp_path / "d.csv", "g", "Höhe", "y")
    assert_equal("names in R", mine.names.columns, ("g", "`Höhe`", "y"))
    assert_equal("what R is told", mine.names.reading, LATIN_1)


def test_rows_with_missing_values_are_left_out_and_counted(tmp_path):
    """--drop-missing: 3 of 40 rows lack one of the three columns; what other columns lack does not count."""
    data = golden.load("chapter_2").data.astype(object)
    data.loc[3, "weight"], data.loc[[7, 20], "color"], data.loc[0, "id"] = None, None, None
    data.to_csv(tmp_path / "mine.csv", index=False)
    done = run("--data", "mine.csv", "--drop-missing", cwd=tmp_path)
    assert_equal("second line", done.stdout.splitlines()[1], "3 rows with missing values were left out.")
    assert "37 rows." in done.stdout


def test_a_color_for_each_bucket_ends_with_the_reason(tmp_path):
    """The steps of 4.1, and why no more: exit status 0."""
    golden.load("chapter_1").data.to_csv(tmp_path / "mine.csv", index=False)
    done = run("--data", "mine.csv", "--json", cwd=tmp_path)
    titles = [step["title"] for step in json.loads(done.stdout)["mine"]]
    assert_equal("steps", titles, ["The data", "Replicates of color", "Weight by bucket"])
    assert "nothing more can be said of color" in " ".join(run("--data", "mine.csv", cwd=tmp_path).stdout.split())


def test_own_lines_run_in_r_as_printed(live_r, tmp_path):
    """Separator, decimal comma, Latin-1, a name with spaces and brackets, missing rows: every step agrees."""
    assert live_r
    data = golden.load("ergostool").data.set_axis(["Subject", "Mühe (Borg)", "Höhe"], axis=1).astype(object)
    data["Mühe (Borg)"] = [str(effort / 2).replace(".", ",") for effort in data["Mühe (Borg)"]]
    data.loc[5, "Mühe (Borg)"] = ""
    data.to_csv(tmp_path / "europe.csv", sep=";", index=False, encoding="latin-1")
    columns = ("--group", "Subject", "--factor", "Höhe", "--response", "Mühe (Borg)", "--drop-missing")
    text = run("--data", "europe.csv", *columns, "--r", cwd=tmp_path).stdout
    assert_equal("steps that agree, and that differ", (text.count("R agrees"), text.count("DIFFERS")), (10, 0))


@pytest.mark.parametrize(("json_too", "stream"), [((), "stdout"), (("--json",), "stderr")])
def test_figures_are_written(tmp_path, json_too, stream):
    """--figures DIR writes five pictures of a data set and its CSV file, and says where, apart from --json."""
    pytest.importorskip("matplotlib")
    one = "--data", str(golden.HERE / "data" / "chapter_2.csv")
    done = run("--figures", str(tmp_path / "new"), *json_too, *one)
    assert done.returncode == 0, done.stderr
    pictures = sorted(map(str, (tmp_path / "new").iterdir()))
    assert_equal("pictures and data", len(pictures), 6)
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


def test_where_no_variance_is_left_vb_is_not_larger_without_color(chapter):
    """0 is not larger than 0."""
    data = golden.load("chapter_2_boundary").data
    same = data.assign(weight=data["weight"] - data.groupby("color")["weight"].transform("mean"))
    steps = chapter.mixed_model(same, chapter.Names("d.csv"))
    (remark,) = [step.remark for step in steps if step.title == "With and without color"]
    assert remark.startswith("Theorem 15: without colour the variance between buckets is not larger here")


@pytest.mark.parametrize(("size", "titles"), [(2, 1), (1, 0)])
def test_own_buckets_of_two_frogs_have_a_variance(chapter, size, titles):
    """Of one frog they have none, and the step is left out. Other names than the chapter's are not asked for."""
    steps = {step.title: step for step in chapter.work_own(flat([4, 4, 4, 4, size], 2), chapter.Names("d.csv"), "")}
    assert_equal("steps about variances", list(steps).count("The variances"), titles)
    text = steps["lm and mixed model"].blocks[0].text
    assert_equal("group", "groups:  bucket, 5" in text, True)
    assert_equal("factor", "\ncolorc1 " in text, True)


def test_gls_beside_lm_takes_no_negative_variance(chapter):
    """Where Vbe - Ve < 0, V = Ve I, as in the R lines: se = sqrt(Ve / frogs of the colour)."""
    weight = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 1.0, 9.0]
    data = pd.DataFrame({"bucket": np.repeat([1, 2, 3, 4], 2), "color": np.repeat(["a", "b"], 4), "weight": weight})
    Ve = np.mean([32.0, 18.0, 8.0, 32.0])
    got = chapter.gls_beside_ols(data, chapter.Names("d.csv")).numbers["gls"]["se"]
    assert_close("se", got, np.full(2, np.sqrt(Ve / 4)), 1e-12)


def test_crossed_factors_are_told_that_the_theorems_are_not_theirs(chapter):
    """ergoStool: no remark of a nested theorem."""
    data = golden.load("ergostool").data.rename(columns={"fixed": "color"})
    steps = list(chapter.work_own(data, chapter.Names("e.csv", "Subject", "Type", "effort"), ""))
    of_nested = [step.title for step in steps if re.search("Theorem (3|7|8|14|15)", step.remark)]
    assert_equal("steps with theorems of nested colours", of_nested, [])


@pytest.mark.parametrize(("length", "lines"), [(95, 1), (96, 2)])
def test_remarks_are_98_wide(core, chapter, length, lines):
    """With the arrow before them."""
    main = importlib.import_module(f"{core.__name__}.chapter.command")
    step = chapter.Step("4.1", "title", "Why?", {}, [], "x" * (length - 2) + " y", "", "", "", ())
    worked = main.Worked("name", "title", CHAPTER, chapter.Names("d.csv"), b"", [step])
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main._print(worked, [], show_r=False)
    assert_equal("lines of the remark", len(out.getvalue().split("  Why?\n")[1].strip().splitlines()), lines)


def test_long_tables_show_six_rows_and_count_the_others(core, chapter):
    """Seven rows are shown."""
    main = importlib.import_module(f"{core.__name__}.chapter.command")
    for n, shown in ((7, 8), (8, 8), (30, 8)):
        text = main._text(chapter.Table(["", "a"], [[str(i), "1"] for i in range(n)]))
        assert_equal(f"lines of {n} rows", len(text.splitlines()), shown)
        assert_equal("others", f"... {n - 6} more rows" in text, n > 7)


def test_r_is_given_the_data_of_its_set(core, chapter, monkeypatch):
    """And what it says is printed below every step."""
    with_r = importlib.import_module(f"{core.__name__}.chapter.with_r")
    given = []

    def agrees(steps, file, csv):
        given.append((file, csv))
        return [with_r.ours(step) for step in steps]

    monkeypatch.setattr(with_r, "unavailable", lambda: None)
    monkeypatch.setattr(with_r, "numbers", agrees)
    text = run("--r").stdout
    assert_equal("steps that agree", text.count("  R agrees: largest relative difference 0.0e+00\n"), 18)
    for (file, csv), population in zip(given, (chapter.first_population(), chapter.second_population()), strict=True):
        assert_equal("file", file, f"{population.name}.csv")
        assert_close("data", pd.read_csv(io.BytesIO(csv))["weight"], population.data["weight"], 1e-15)


# --- the page -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """What --html writes."""
    pytest.importorskip("matplotlib")
    path = tmp_path_factory.mktemp("page") / "chapter.html"
    done = run("--html", str(path))
    assert_equal("what is said", done.stdout, f"wrote {path}\n")
    return path.read_text(encoding="utf-8")


def test_the_page_stands_alone(html):
    """No script, nothing from elsewhere."""
    assert_equal("scripts", re.findall("<script|javascript:|onclick", html), [])
    sources = re.findall(r'(?:src|href)="([^"]{0,20})', html)
    assert_equal("sources", {s for s in sources if not s.startswith(("data:", "#"))}, set())


def test_the_page_has_every_item_with_its_question_theorem_and_lines(html, core, chapter):
    """Headings in their order; escaped as HTML."""
    for population, work in (
        (chapter.first_population(), chapter.work_first),
        (chapter.second_population(), chapter.work_second),
    ):
        for step in work(population):
            for text in (step.title, step.question, step.remark, step.python, step.r):
                assert_equal(step.title, escape(text) in html, True)
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert_equal("one first heading", levels.count(1), 1)
    assert_equal("no level is left out", max(b - a for a, b in pairwise(levels)), 1)


def test_pictures_of_the_page_have_alternative_texts(html):
    """Four: two of weights, two of V; each says its numbers."""
    alts = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)"', html)
    assert_equal("pictures", len(alts), 4)
    assert all(re.search(r"\d", alt) for alt in alts)


def test_data_of_the_page_can_be_saved(html):
    """As the file that R's lines read."""
    file, content = re.search(r'<a download="([^"]+)" href="data:text/csv;base64,([^"]+)"', html).groups()
    assert_equal("file", file, "chapter_1.csv")
    assert_equal("rows", len(pd.read_csv(io.BytesIO(base64.b64decode(content)))), 900)


def test_contrast_of_the_page_is_aa(core):
    """4.5 : 1 or more for every text colour on every ground, in light and in dark (WCAG 2.2, 1.4.3)."""
    style = importlib.import_module(f"{core.__name__}.chapter.page").STYLE
    for scheme in style.split("@media (prefers-color-scheme: dark)"):
        colors = dict(re.findall(r"--(\w+): (#\w{6})", scheme.split("* {")[0]))
        ratios = [
            contrast(colors[text], colors[on])
            for text in ("ink", "quiet", "mark", "good", "bad")
            for on in ("paper", "soft")
        ]
        assert_between("the lowest contrast", min(ratios), 4.5, 21)


def contrast(first, second):
    """(L1 + 0.05) / (L2 + 0.05), L the relative luminance of sRGB."""
    luminances = []
    for color in (first, second):
        parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        luminances.append(linear @ [0.2126, 0.7152, 0.0722])
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_labels_cannot_write_the_page(tmp_path):
    """Names and labels of somebody's data are text, never HTML."""
    pytest.importorskip("matplotlib")
    data = golden.load("chapter_2").data
    data = data.assign(color=data["color"].map(lambda color: f"<script>{color}</script>"))
    data.rename(columns={"bucket": "<b>tub"}).to_csv(tmp_path / "mine.csv", index=False)
    run("--data", "mine.csv", "--group", "<b>tub", "--html", "mine.html", cwd=tmp_path)
    text = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;red" in text and "<script" not in text and "<b>" not in text
