"""`python -m lmm_core --data FILE --group G --covariate X --slope X`: lines that differ by group."""

from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference import slopes
from tests import layouts
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

DATA, PRINTED = slopes.HERE / "data", Path(__file__).parent / "printed"
ASKED = {
    "sleepstudy": ("--response", "weight", "--covariate", "fixed", "--group", "bucket", "--slope", "fixed"),
    "orthodont": ("--response", "weight", "--covariate", "fixed", "--group", "bucket", "--slope", "fixed"),
    "machines": ("--response", "score", "--factor", "machine", "--group", "worker", "--slope", "machine"),
}
# Digits of lmer, and those of 26 and 5.415096, which are true.
MISSED = {"26.00001": "26.00000", "5.41509": "5.41510"}
NOISE = np.array([1, -2, 0, 2, -1.0])  # at right angles to the constant and to -2, ..., 2


@pytest.fixture
def run(core, capsys):
    """The command, its status and its lines."""
    main = pytest.importorskip("lmm_core.chapter.command").main

    def ran(*arguments):
        status = main(list(map(str, arguments)))
        said = capsys.readouterr()
        return status, (said.out or said.err).splitlines()

    return ran


def of_data(name):
    """--data and what is asked of it."""
    return "--data", DATA / f"{name}.csv", *ASKED[name]


@pytest.mark.parametrize("name", ASKED)
def test_the_summary_is_lmertests_to_the_letter(run, name):
    """Of a tightly controlled lmer, but for two numbers whose last digit it misses (theorems 23 and 24)."""
    _, lines = run(*of_data(name))
    text = (PRINTED / f"{name}_slopes.txt").read_text(encoding="utf-8")
    expected = reduce(lambda said, pair: said.replace(*pair), MISSED.items(), text).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("REML criterion"))
    assert_equal("the lines of lmerTest", [line.rstrip() for line in lines[start : start + len(expected)]], expected)


def test_two_stages_are_the_t_test_of_the_groups_own_slopes(run):
    """Theorem 25: sleepstudy's 18 slopes have t = 6.7715 on 17 df, which the mixed model has, too."""
    _, lines = run(*of_data("sleepstudy"))
    data = slopes.load("sleepstudy")
    (Z, group), *_ = data.terms
    own = [np.linalg.lstsq(Z[group == g], data.y[group == g])[0][1] for g in np.unique(group)]
    at = lines.index("Two stages: least squares for each bucket, then a t-test of the 18 coefficients on 17 df.")
    assert_equal("slopes", [line.split()[2] for line in lines[at + 2 : at + 20]], [f"{b:.5g}" for b in own])
    assert_equal("t", lines[at + 22].split(), ["t", "36.838", "6.7715"])
    assert_equal("the same", lines[at + 24].endswith(", so these are the tests of the mixed model."), True)


@pytest.fixture
def table(tmp_path):
    """A file with columns g, x, y."""

    def written(y, rows=5):
        m = len(y)
        frame = {"g": np.repeat([f"g{i}" for i in range(m)], rows), "x": np.tile(np.arange(rows) - 2.0, m), "y": y}
        pd.DataFrame(frame | {"y": np.ravel(y)}).to_csv(tmp_path / "own.csv", index=False)
        return "--data", tmp_path / "own.csv", "--response", "y", "--covariate", "x", "--group", "g", "--slope", "x"

    return written


HEIGHTS, X = np.array([[1.0], [9], [4], [20]]), np.arange(5) - 2.0
NO_VARIANCE = {
    "parallel": (HEIGHTS + 2 * X + NOISE, "The slopes of x have no variance: the lines of all g are parallel."),
    "a fan": (HEIGHTS * (X + 1.5) + NOISE, "The lines of all g meet where x is -1.5: there they have no variance."),
    "a fan at 0": (HEIGHTS * X + NOISE, "The lines of all g meet where x is 0: there they have no variance."),
    "one line": (0 * HEIGHTS + 2 * X + NOISE, "The 4 levels of g do not differ: all have one line."),
}


@pytest.mark.parametrize("case", NO_VARIANCE)
def test_what_has_no_variance_is_said_in_words(run, table, case):
    """Lines that differ, by construction, in their height alone, in one point not, or not at all."""
    y, words = NO_VARIANCE[case]
    _, lines = run(*table(y))
    at = next(i for i, line in enumerate(lines) if line.startswith("boundary (singular) fit: G has rank"))
    assert_equal("the words", lines[at + 1].replace("-0:", "0:").replace("e-17", ""), words)


def test_of_several_slopes_the_combination_without_variance_is_said(run, tmp_path):
    """Coefficients of a constant, x and z that differ by multiples of (1, 2, 0) have none along z, and x - 2."""
    x, z = np.array([0, 1, 2, 3, 4, 5.0]), np.array([1, -1, 0, 0, 2, 5.0])
    Q = np.linalg.qr(np.column_stack([np.ones(6), x, z, x**3, z**2, x * z]))[0]
    y = 30 * np.outer([1, 5, 2, 9, 4], 1 + 2 * x) + np.outer([1, -2, 3, 1, 2], Q[:, 3]) + Q[:, 4] + z
    frame = {"g": np.repeat(list("abcde"), 6), "x": np.tile(x, 5), "z": np.tile(z, 5), "y": y.ravel()}
    pd.DataFrame(frame).to_csv(tmp_path / "own.csv", index=False)
    options = ("--covariate", "x", "--covariate", "z", "--slope", "x", "--slope", "z", "--group", "g")
    _, lines = run("--data", tmp_path / "own.csv", "--response", "y", *options)
    told = sorted(line for line in lines if line.startswith("No variance"))
    assert_equal(
        "two directions", told, ["No variance between g has 1 (Intercept) -0.5 x.", "No variance between g has 1 z."]
    )


def test_a_singular_fit_has_other_df_than_the_two_stages(run, table):
    """Theorem 25 is of the interior, and the user is told."""
    _, lines = run(*table(NO_VARIANCE["parallel"][0]))
    told = [line for line in lines if line.startswith("The fit is singular: its df pool")]
    assert_equal("told", len(told), 1)


def test_groups_of_different_times_have_no_two_stages(run, tmp_path):
    """Without a row of sleepstudy."""
    path = tmp_path / "part.csv"
    pd.read_csv(DATA / "sleepstudy.csv").drop(index=7).to_csv(path, index=False)
    _, lines = run("--data", path, *ASKED["sleepstudy"])
    assert_equal("no table", [line for line in lines if line.startswith("Two stages")], [])


# --- predictions ----------------------------------------------------------------------------------------


def henderson(data, x, z, i):
    """Mean and standard error of x'beta + z'b_i by the inverse of Henderson's equations, G as the fit has it."""
    (Z, group), *_ = data.terms
    fit, (m, r) = data.expected, (len(np.unique(group)), Z.shape[1])
    whole = np.hstack([Z * (group == g)[:, None] for g in np.unique(group)])
    both = np.hstack([data.X, whole])
    A = both.T @ both
    A[data.X.shape[1] :, data.X.shape[1] :] += np.kron(np.eye(m), fit.Ve * np.linalg.inv(fit.G))
    c = np.concatenate([x, np.zeros(i * r), z, np.zeros((m - i - 1) * r)])
    return c @ np.linalg.solve(A, both.T @ data.y), np.sqrt(fit.Ve * c @ np.linalg.solve(A, c))


def predictions(run, tmp_path, text):
    """The cells of the table of means, of sleepstudy."""
    (tmp_path / "at.csv").write_text(text, encoding="utf-8")
    _, lines = run(*of_data("sleepstudy"), "--predict", tmp_path / "at.csv")
    start = lines.index("at.csv: means of weight") + 2
    return [line.split() for line in lines[start : start + text.count("\n") - 1]]


def test_a_known_group_is_predicted_by_hendersons_equations(run, tmp_path):
    """BLUP and the standard error of its own error."""
    (row,) = predictions(run, tmp_path, "bucket,fixed\n309,12\n")
    mean, se = henderson(slopes.load("sleepstudy"), np.array([1, 12.0]), np.array([1, 12.0]), 1)
    assert_equal("known, mean, se", row[2:5], ["known", f"{mean:.6g}", f"{se:.6g}"])


@pytest.mark.parametrize("text", ["bucket,fixed\nnobody,3\n", "bucket,fixed\n,3\n", "fixed\n3\n"])
def test_a_new_group_has_the_mean_of_all_and_gs_variance_beside(run, tmp_path, text):
    """se^2 = x'Cov x + z'G z about its own line; x'Cov x about that of all."""
    (row,) = predictions(run, tmp_path, text)
    closed, x = slopes.load("sleepstudy").expected, np.array([1, 3.0])
    m_of_S = closed.G + closed.Ve * np.linalg.inv([[10, 45], [45, 285]])
    of_all = x @ m_of_S @ x / 18
    said = [f"{x @ closed.coef:.6g}", f"{np.sqrt(of_all + x @ closed.G @ x):.6g}", f"{np.sqrt(of_all):.6g}"]
    assert_equal("new, mean, se, se of the mean of all", [row[-5], row[-4], row[-3], row[-1]], ["new", *said])


def test_levels_of_a_factor_are_found_again(run, tmp_path):
    """Machines: the mean of machine C is intercept and contrast, 66.272, whatever else the table holds."""
    (tmp_path / "at.csv").write_text("machine\nC\n", encoding="utf-8")
    _, lines = run(*of_data("machines"), "--predict", tmp_path / "at.csv")
    assert_equal("mean", lines[lines.index("at.csv: means of score") + 2].split()[3], "66.2722")


def test_the_picture_has_both_lines_of_every_group(core):
    """Own least squares and the mixed model's, in both panels; 4.3.2's dashes are the own."""
    pytest.importorskip("matplotlib")
    pictures = pytest.importorskip("lmm_core.chapter.pictures")
    curves = layouts.curves_of((2, 2), 1, False, 3)
    own, mixed = np.arange(8.0).reshape(4, 2), np.ones((4, 2))
    codes, x = np.arange(12) % 4, np.arange(12.0)
    figure = pictures.lines(
        x=x,
        y=curves.y[:12],
        codes=codes,
        groups=list("abcd"),
        own=own,
        mixed=mixed,
        mean=mixed[0],
        called=("x", "y", "g"),
    )
    left, right = figure.axes
    drawn = {line.get_gid(): line for line in left.lines}
    assert_close("own line of c", drawn["own c"].get_ydata(), [4 + 5 * 2, 4 + 5 * 10], 1e-12)
    assert_close("mixed line of c", drawn["mixed c"].get_ydata(), [3, 11], 1e-12)
    points = {line.get_gid(): np.ravel(line.get_data()) for line in right.lines}
    assert_close("own point of d", points["own d"], [6, 7], 1e-12)
    assert_equal("arrows", len(right.texts), 4)


def test_the_picture_is_written(run, tmp_path):
    """By --figures, with its name said."""
    pytest.importorskip("matplotlib")
    _, lines = run(*of_data("sleepstudy"), "--figures", tmp_path / "made")
    assert_equal("said", lines[-1], f"wrote {tmp_path / 'made' / 'sleepstudy_lines.png'}")
    assert_equal("there", (tmp_path / "made" / "sleepstudy_lines.png").exists(), True)


def test_a_picture_of_what_are_no_lines_is_refused(run, tmp_path):
    """Three machines."""
    status, lines = run(*of_data("machines"), "--figures", tmp_path / "made")
    told = "lmm_core: --figures draws lines of one --covariate that is the --slope, not of machineB, machineC"
    assert_equal("status, words, nothing made", (status, lines, (tmp_path / "made").exists()), (2, [told], False))


BAD = {
    "column": (("--slope", "Days"), "has no column 'Days'; choose one of bucket, weight, fixed by --slope"),
    "no mean": (("--slope", "weight"), "--slope weight varies about a mean: say --covariate weight, or --factor"),
    "two groups": (
        ("--slope", "fixed", "--group", "fixed"),
        "--slope goes with one --group, not with bucket and fixed",
    ),
    "json": (("--slope", "fixed", "--json"), "--json does not go with --slope"),
    "predict alone": (("--predict", "at.csv"), "--predict goes with --slope"),
    "no file": (("--slope", "fixed", "--predict", "none.csv"), "none.csv does not exist"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_one_line(run, case):
    """Status 2, the option or the column named."""
    more, words = BAD[case]
    status, lines = run(*of_data("sleepstudy")[:-2], *more)
    assert_equal("status and words", (status, words in lines[0]), (2, True))


@pytest.mark.parametrize(("text", "words"), [("bucket\n308\n", "has no column 'fixed'"), ("fixed\nx\n", "not numeric")])
def test_a_table_to_be_predicted_has_what_the_model_has(run, tmp_path, text, words):
    """Its covariates, as numbers."""
    (tmp_path / "at.csv").write_text(text, encoding="utf-8")
    status, lines = run(*of_data("sleepstudy"), "--predict", tmp_path / "at.csv")
    assert_equal("status and words", (status, words in lines[0]), (2, True))


def test_a_level_that_the_data_lack_is_named(run, tmp_path):
    """Machine D."""
    (tmp_path / "at.csv").write_text("machine\nD\n", encoding="utf-8")
    _, lines = run(*of_data("machines"), "--predict", tmp_path / "at.csv")
    assert_equal("words", "at.csv: machine 'D' is not in machines.csv" in lines[0], True)
