"""`python -m lmm_core --data FILE --group A --group B`: several random factors of one's own table."""

import pytest

from reference import second_level
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
