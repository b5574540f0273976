"""`lmm_core.tables`: files as people's programs write them (files.py) mean the same to every command, and to R."""

import importlib
import json
import subprocess

import pytest

from tests.assertions import assert_close, assert_equal
from tests.exercises.files import READ, REFUSED

pytestmark = pytest.mark.core_only


@pytest.fixture(scope="module")
def tables(core):
    """The module."""
    return importlib.import_module(f"{core.__name__}.tables")


@pytest.fixture(scope="module")
def in_r(core):
    """The lines of R that read a table."""
    return importlib.import_module(f"{core.__name__}.chapter.reading").in_r


def content(written):
    """The bytes of a file."""
    return written if isinstance(written, bytes) else written.encode()


def understood(tables, written):
    """Its table, g and y, as all commands take them."""
    table = tables.parse("d.csv", content(written))
    for option, column in (("--group", "g"), ("--response", "y")):
        table.require(option, column)
    table = table.complete(["g", "y"], drop=False)
    return table, table.labels("g").tolist(), table.numbers("y")


@pytest.mark.parametrize("case", READ)
def test_a_file_means_its_labels_and_numbers(tables, case):
    """Labels are text as written, or numbers that R would write so; numbers are exact."""
    written, labels, numbers = READ[case]
    _, got, y = understood(tables, written)
    assert_equal("labels", got, list(labels))
    assert_close("numbers", y, numbers, 0.0)


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_does_not_fit_is_one_sentence_with_the_line(tables, case):
    """And column and cell."""
    written, words = REFUSED[case]
    with pytest.raises(ValueError) as error:
        understood(tables, written)
    assert_equal("one line", str(error.value).count("\n"), 0)
    assert words in str(error.value), str(error.value)


def test_rows_without_a_value_are_left_out_and_counted(tables):
    """--drop-missing; lines and the file's decimal mark stay what they were."""
    table = tables.parse("d.csv", b"g;y\na;1,5\na;\n;2\nNA;3\nb;1,007\nb;lost\n").complete(["g", "y"], drop=True)
    assert_equal("left out", (table.n_dropped, table.lines), (3, [2, 6, 7]))
    assert_equal("mark", table.mark, ",")


def test_labels_are_never_joined(tables):
    """a = 1, b = 1:2 and a = 1:1, b = 2 are two."""
    table = tables.parse("d.csv", b"a,b\n1,1:2\n1:1,2\n1,1:2\n")
    assert_equal("codes", table.combined(["a", "b"]).tolist(), [0, 1, 0])


UNNAMED = '"d.csv", header = FALSE, skip = 2, col.names = c("g", "y", "", "")'


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("g,y\na,1\nb,2\n", ['dat <- read.csv("d.csv", check.names = FALSE)']),
        (
            "# a\ng,y\na,1,,\nb,2,,\n",
            [f"dat <- read.csv({UNNAMED}, check.names = FALSE)", 'dat <- dat[names(dat) != ""]'],
        ),
    ],
)
def test_r_is_told_of_separators_too_many(tables, in_r, written, lines):
    """As many empty names as the rows have more cells than the head: R would take a cell too many for a row's name."""
    assert_equal("lines", in_r(tables.parse("d.csv", written.encode()), ["g"], ["y"]), lines)


# --- R beside it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_r(live_r, tables, in_r, tmp_path_factory):
    """What R's lines make of every file: labels as text, and numbers."""
    assert live_r
    folder = tmp_path_factory.mktemp("tables")
    lines = ["options(warn = -1); said <- list()"]
    for i, (written, *_) in enumerate(READ.values()):
        table = tables.parse(f"{i}.csv", content(written))
        (folder / f"{i}.csv").write_bytes(content(written))
        answer = f"said[['{i}']] <- list(g = as.character(dat$g), y = format(dat$y, digits = 17))"
        lines += [f"said[['{i}']] <- tryCatch({{", *in_r(table, ["g"], ["y"]), answer]
        lines += [f"said[['{i}']]}}, error = function(e) conditionMessage(e))"]
    lines.append("cat(jsonlite::toJSON(said))")
    (folder / "all.R").write_text("\n".join(lines), encoding="utf-8")
    command = ["Rscript", "--vanilla", "all.R"]
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=ENGLISH, check=False)
    assert run.returncode == 0, run.stderr
    return dict(zip(READ, json.loads(run.stdout).values(), strict=True))


ENGLISH = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.mark.parametrize("case", READ)
def test_rs_lines_read_the_same(by_r, case):
    """Labels as text, and numbers."""
    _, labels, numbers = READ[case]
    assert isinstance(by_r[case], dict), by_r[case]
    assert_equal("labels", by_r[case]["g"], [str(label) for label in labels])
    assert_close("numbers", [float(cell) for cell in by_r[case]["y"]], numbers, 1e-15)
