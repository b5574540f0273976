"""`python -m lmm_core --data FILE --group A --group B`: several random factors of one's own table."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as t_distribution

from reference import second_level
from reference.strata import strata
from tests.assertions import assert_equal

OATS = second_level.HERE / "data" / "oats.csv"
ASKED = ["--data", str(OATS), "--response", "yield", "--factor", "variety", "--factor", "nitrogen"]


@pytest.fixture
def run(core, capsys):
    """The command, its status and its lines."""
    main = pytest.importorskip("lmm_core.chapter.command").main

    def ran(*arguments):
        status = main(list(arguments))
        said = capsys.readouterr()
        return status, (said.out or said.err).splitlines()

    return ran


@pytest.mark.core_only
def test_oats_has_its_variances_df_and_strata(run):
    """Yates (1935): variances 214.477, 109.693, 162.559; df 10.93, 10, 51; mean squares 3175, 601, 163 on 5, 10, 51."""
    status, lines = run(*ASKED, "--group", "block", "--group", "plot")
    cells = [line.split() for line in lines]
    assert_equal("status", status, 0)
    assert_equal("variances", [row[2] for row in cells[3:6]], ["214.477", "109.693", "162.559"])
    assert_equal("df", [row[3] for row in cells[8:14]], ["10.93", "10", "10", "51", "51", "51"])
    assert_equal("block", lines[16].split(maxsplit=3), ["block", "5", "3175.06", "Ve + 12 V(block) + 4 V(plot)"])
    assert_equal("plot", lines[17].split(maxsplit=3), ["plot", "10", "601.331", "Ve + 4 V(plot)"])
    assert_equal("residual", lines[18].split(maxsplit=3), ["residual", "51", "162.559", "Ve"])


@pytest.mark.core_only
def test_a_slash_nests(run):
    """block/variety has the plots as varieties within blocks: the same fit."""
    _, lines = run(*ASKED, "--group", "block/variety")
    _, others = run(*ASKED, "--group", "block", "--group", "plot")
    assert_equal("names", [line.split()[0] for line in lines[3:6]], ["block", "block:variety", "residual"])
    assert_equal("coefficients", lines[8:14], others[8:14])


@pytest.mark.core_only
def test_a_colon_takes_the_combination_alone(run):
    """lme4's (1 | variety:block): 307.521 and 162.559, 18 levels and no other component; R's line says the same."""
    _, lines = run(*ASKED[:4], "--factor", "nitrogen", "--group", "variety:block")
    cells = [line.split() for line in lines[3:5]]
    assert_equal(
        "variances", [row[:3] for row in cells], [["variety:block", "18", "307.521"], ["residual", "72", "162.559"]]
    )
    assert_equal("R", lines[-1], "lmerTest::lmer(yield ~ factor(nitrogen) + (1 | variety:block), dat)")


@pytest.mark.core_only
def test_labels_that_repeat_are_told(run):
    """Penicillin's samples are crossed with its plates, and the user is told."""
    path = str(OATS.with_name("penicillin.csv"))
    _, lines = run("--data", path, "--group", "plate", "--group", "sample", "--response", "diameter")
    told = [line for line in lines if "crossed" in line or "of its own" in line]
    assert_equal(
        "what is told",
        told,
        [
            "The labels of sample are the same in every plate, so the two were taken as crossed.",
            "If every plate has a sample of its own, say --group plate/sample.",
        ],
    )


@pytest.mark.core_only
def test_an_unbalanced_table_has_no_strata(run):
    """Ponds: the variances and df, and no table."""
    path = str(OATS.with_name("ponds.csv"))
    _, lines = run(
        "--data", path, "--group", "pond", "--group", "bucket", "--covariate", "depth", "--response", "weight"
    )
    assert_equal("the table is not there", [line for line in lines if line.startswith("stratum")], [])
    assert_equal("the covariate", lines[9].split()[0], "depth")


LACKING = {4: "block", 11: "plot", 31: "variety", 32: "variety", 60: "nitrogen", 71: "yield"}  # by line


@pytest.fixture
def gaps(tmp_path):
    """Oats, where these lines lack a cell, and all a column that is not asked for; and oats without these lines."""
    data = pd.read_csv(OATS, dtype=str, index_col=False)
    data.index += 2
    data.drop(index=list(LACKING)).to_csv(tmp_path / "gaps.csv", index=False)
    whole = (tmp_path / "gaps.csv").rename(tmp_path / "whole.csv")
    holes = pd.DataFrame({column: data.index.map(LACKING) == column for column in data}, index=data.index)
    data.mask(holes).assign(note="").to_csv(tmp_path / "gaps.csv", index=False)
    return tmp_path / "gaps.csv", whole


LAYOUT = ("--response", "yield", "--factor", "variety", "--factor", "nitrogen", "--group", "block", "--group", "plot")


@pytest.mark.core_only
def test_rows_that_lack_a_cell_are_left_out_and_counted(run, gaps):
    """--drop-missing: the numbers are those of the table without these rows, and six are said to be left out."""
    (_, (first, *lines)), (_, others) = (
        run("--data", str(path), *LAYOUT, *more) for path, more in zip(gaps, (["--drop-missing"], []), strict=True)
    )
    told = f"{others[0].replace('whole', 'gaps')}; 6 rows with missing values were left out"
    assert_equal("first line", first, told)
    assert_equal("numbers", lines[: lines.index("In R:")], others[1 : others.index("In R:")])


@pytest.mark.core_only
def test_rows_that_lack_a_cell_are_refused_otherwise(run, gaps):
    """By line and column, and how to go on."""
    status, lines = run("--data", str(gaps[0]), *LAYOUT)
    words = "gaps.csv: column 'block' has 1 missing values, the first in line 4; --drop-missing leaves such rows out"
    assert_equal("told", (status, lines), (2, [f"lmm_core: {words}"]))


BAD = {
    "column": (("--group", "block", "--group", "nobody"), "has no column 'nobody'; choose one of block, plot"),
    "twice": (("--group", "block", "--group", "block"), "--group block is given twice"),
    "factors": (
        (
            "--group",
            "block",
        ),
        "--factor is given 2 times",
    ),
}


@pytest.mark.core_only
@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_one_line(run, case):
    """Status 2, the column or the option named."""
    arguments, words = BAD[case]
    status, lines = run(*ASKED, *arguments)
    assert_equal("status", status, 2)
    assert_equal("the words", words in lines[0], True)


# --- what the table makes of a fit ----------------------------------------------------------------------


def two_sided(t, df):
    """2 P(T > |t|), as the table prints it."""
    return f"{2 * t_distribution.sf(abs(t), df):.3g}"


@pytest.mark.core_only
def test_the_table_has_the_variances_and_their_roots(run):
    """Yates (1935): 214.477, 109.693 and 162.559, whose roots are 14.645, 10.473 and 12.750."""
    _, lines = run(*ASKED, "--group", "block", "--group", "plot")
    cells = [line.split() for line in lines[3:6]]
    assert_equal("levels", [row[1] for row in cells], ["6", "18", "72"])
    assert_equal("variance and sd", [row[2:] for row in cells], SQUARES_AND_ROOTS)


SQUARES_AND_ROOTS = [["214.477", "14.645"], ["109.693", "10.473"], ["162.559", "12.75"]]
# Row of the table: difference of means, mean square of its stratum, rows of a mean, df of the stratum.
DIFFERENCES = {
    9: ("varietyMarvellous", 5.291667, 601.331, 24, 10),
    10: ("varietyVictory", -6.875, 601.331, 24, 10),
    11: ("nitrogenn0.2", 19.5, 162.559, 18, 51),
    13: ("nitrogenn0.6", 44.0, 162.559, 18, 51),
}


@pytest.mark.core_only
@pytest.mark.parametrize("row", DIFFERENCES)
def test_a_coefficient_is_judged_by_t_on_its_own_df(run, row):
    """se^2 = 2 MS / n, t = difference / se, p = 2 P(T > |t|) on the df of MS: not of n - p = 66, and of both tails."""
    name, difference, MS, n, df = DIFFERENCES[row]
    _, lines = run(*ASKED, "--group", "block", "--group", "plot")
    se = np.sqrt(2 * MS / n)
    expected = [
        name,
        f"{difference:.5g}",
        f"{se:.5g}",
        f"{df}",
        f"{difference / se:.3g}",
        two_sided(difference / se, df),
    ]
    assert_equal("estimate, se, df, t, p", lines[row].split(), expected)


@pytest.mark.core_only
def test_a_mean_across_strata_has_a_fraction_of_a_df(run):
    """Penicillin: se^2 = (MS_plate + MS_sample - Ve) / 144, df by theorem 20, t = mean / se, p two-sided on it."""
    path = str(OATS.with_name("penicillin.csv"))
    _, lines = run("--data", path, "--group", "plate", "--group", "sample", "--response", "diameter")
    data = second_level.load("penicillin")
    (df,) = strata(data.X, data.y, data.groups).ddf(np.ones((1, 1)))
    se, mean = np.sqrt((4.603865 + 89.84444 - 0.3024148) / 144), data.y.mean()
    expected = [f"{mean:.5g}", f"{se:.5g}", f"{df:.4g}", f"{mean / se:.3g}", two_sided(mean / se, df)]
    (row,) = [line.split() for line in lines if line.startswith("(Intercept)")]
    assert_equal("estimate, se, df, t, p", row[1:], expected)
