"""`python -m lmm_core`: the chapter's numbers are R's, its pictures show what they should, bad input ends in a line."""

import contextlib
import importlib
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

RTOL = 1e-9  # of what no optimiser takes part in
SHUFFLED = golden.load("chapter_2_shuffled").data


def run(*arguments, cwd="."):
    """The command, in this process: exit code and what it prints."""
    main = importlib.import_module("lmm_core.__main__").main
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def typed(*arguments, cwd=None):
    """The command as a user types it."""
    command = [sys.executable, "-m", "lmm_core", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


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


def test_another_seed_gives_another_population():
    """--seed N."""
    first, second = (json.loads(run("--json", "--seed", seed).stdout) for seed in ("7", "8"))
    assert first != second


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


BAD = {
    "missing column": (
        lambda d: d.drop(columns="color"),
        "has no column 'color'; choose one of id, bucket, bucket_mu, weight by --factor",
    ),
    "text": (
        lambda d: d.astype({"weight": object}).replace({"weight": {d["weight"][3]: "heavy"}}),
        "column 'weight' is not numeric: line 5 has 'heavy'",
    ),
    "missing value": (
        lambda d: d.assign(weight=d["weight"].where(d.index != 6)),
        "column 'weight' has 1 missing values, the first in line 8",
    ),
    "bucket each": (lambda d: d.assign(color=d["bucket"]), "some colour needs more than one bucket"),
    "single bucket": (lambda d: d[:5], "column 'bucket' has 1 group; at least 2 are needed"),
    "one colour": (lambda d: d.assign(color="red"), "data has 1 colour; a test of colour needs at least 2"),
    "frog each": (lambda d: d.assign(bucket=d.index), "some bucket needs more frogs"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_end_with_one_line_and_2(tmp_path, case):
    """What and where, no traceback, nothing half printed."""
    change, words = BAD[case]
    edited(change).to_csv(tmp_path / "mine.csv", index=False)
    done = run("--data", "mine.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    assert words in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_missing_ends_with_one_line_and_2(tmp_path):
    """--data of nothing."""
    done = run("--data", "none.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "lmm_core: --data none.csv does not exist\n")


# --- pictures -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plots(core):
    """lmm_core.plots, which needs matplotlib."""
    pytest.importorskip("matplotlib")
    return importlib.import_module(f"{core.__name__}.plots")


def rendered(figure) -> np.ndarray:
    """The picture as an array of pixels (height, width, 3), values 0 to 1."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra

    figure.set_dpi(300)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255


@pytest.mark.parametrize("data", [golden.load("chapter_2").data, SHUFFLED], ids=["sorted", "shuffled"])
def test_every_box_is_painted_in_its_buckets_own_color(plots, data):
    """The pixels in the middle of each box have the colour that the bucket was painted in."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - an extra

    figure = plots.weights_by_bucket(data)
    pixels = rendered(figure)
    boxes = [patch for patch in figure.axes[0].patches if str(patch.get_gid()).startswith("bucket ")]
    names = data.groupby("bucket")["color"].first()
    assert_equal("a box for every bucket", len(boxes), len(names))
    for box, color in zip(boxes, names, strict=True):
        extent = box.get_window_extent()
        rows = slice(int(pixels.shape[0] - extent.y1), int(pixels.shape[0] - extent.y0) + 1)
        inside = pixels[rows, int(extent.x0) + 3 : int(extent.x1) - 2].reshape(-1, 3)
        shares = {c: np.mean(np.abs(inside - to_rgb(c)).max(axis=1) < 0.02) for c in set(names)}
        assert_equal(f"the colour that fills {box.get_gid()}", max(shares, key=shares.get), color)
        assert_equal(f"the colours inside {box.get_gid()}", {c for c, share in shares.items() if share > 0}, {color})


@pytest.mark.parametrize("data", [golden.load("chapter_2").data, SHUFFLED], ids=["sorted", "shuffled"])
def test_blocks_of_v_are_where_the_buckets_are(plots, data):
    """The image is V: dark exactly where two frogs share a bucket."""
    image = plots.image_of_V(data).axes[0].images[0].get_array()
    group = data["bucket"].to_numpy()
    assert_equal("covariance is positive where buckets agree", np.asarray(image) > 0, group[:, None] == group)


def test_image_of_v_shows_at_most_300_frogs(plots):
    """The first 300 of the chapter's 900."""
    image = plots.image_of_V(golden.load("chapter_1").data).axes[0].images[0].get_array()
    assert_equal("size of the image", image.shape, (300, 300))


def test_intervals_of_ols_are_shorter_than_those_of_gls(plots):
    """Two series of four, side by side, with their standard errors."""
    axes = plots.intervals(golden.load("chapter_2").data).axes[0]
    lengths = {bar.get_label(): [np.ptp(s[:, 1]) for s in bar.lines[2][0].get_segments()] for bar in axes.containers}
    assert_equal("colours", len(lengths["GLS"]), 4)
    assert np.all(np.array(lengths["OLS"]) < np.array(lengths["GLS"]))


def test_the_marked_estimate_is_the_minimum_of_the_drawn_criterion(plots):
    """theta = sqrt(1389 / 345) lies at the bottom of the curve, and no drawn point is lower."""
    fit = golden.load("chapter_2_unbalanced")
    curve, mark = plots.criterion(fit.data).axes[0].lines
    assert_close("theta of the mark", mark.get_xdata()[0], np.sqrt(fit.expected["Vb"] / fit.expected["Ve"]), 1e-6)
    assert_close("criterion of the mark", mark.get_ydata()[0], fit.expected["criterion"], 1e-9)
    assert np.all(curve.get_ydata() >= mark.get_ydata()[0] - 1e-9)


def test_bucket_means_shrink_towards_their_colors_mean(plots):
    """Every prediction lies between the bucket's mean and the colour's, and is mean + BLUP."""
    fit = golden.load("chapter_2")
    axes = plots.shrinkage(fit.data).axes[0]
    drawn = {line.get_gid(): float(line.get_ydata()[0]) for line in axes.lines if line.get_gid()}
    of_color = fit.data.groupby("color")["weight"].mean()
    color = fit.data.groupby("bucket")["color"].first()
    expected = {f"predicted {b}": of_color[color[b]] + fit.expected["blup"][str(b)] for b in color.index}
    assert_close("predictions", [drawn[k] for k in expected], list(expected.values()), 1e-6)


def test_figures_are_written(tmp_path):
    """--figures DIR writes five pictures of each data set."""
    done = run("--figures", str(tmp_path / "new"), "--json")
    assert done.returncode == 0, done.stderr
    assert_equal("pictures", len(list((tmp_path / "new").glob("*.png"))), 10)


def test_without_matplotlib_one_line_says_what_is_missing(tmp_path):
    """A clear line, exit 2."""
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('no matplotlib')")
    done = typed("--figures", "out", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "lmm_core: pictures need matplotlib: pip install matplotlib\n"


def test_crossed_factors_are_drawn_in_grey(plots):
    """A subject that sits on every stool has no colour of its own."""
    data = golden.load("ergostool").data.rename(columns={"fixed": "color"})
    assert set(plots.paint(data).values()) == {plots.to_rgba("lightgrey")}


def test_own_data_keep_their_labels(core, tmp_path):
    """Numbers as labels stay numbers of the file; the response becomes a float."""
    pd.DataFrame({"g": [1, 1, 2, 2], "f": [7, 7, 8, 8], "y": [1, 2, 3, 4]}).to_csv(tmp_path / "d.csv", index=False)
    main = importlib.import_module(f"{core.__name__}.__main__")
    data = main.own_data(tmp_path / "d.csv", "g", "f", "y")
    assert_equal("columns", data.columns.tolist(), ["bucket", "color", "weight"])
    assert_equal("labels", data["color"].tolist(), ["7", "7", "8", "8"])
