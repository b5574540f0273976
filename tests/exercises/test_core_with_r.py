"""`lmm_core.with_r`: R gets the steps' lines and the data, and what it answers is read and compared.

A file named Rscript stands in for R: it says what a test wants said, and keeps what it was given.
"""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

DATA = "data.csv", b"bucket,color,weight\n1,red,1.5\n"

STAND_IN = """#!{python}
import shutil, sys
if sys.argv[1] == "-e":
    print("Loading"), print("there is no package", file=sys.stderr)
    sys.exit({lacks} if sys.argv[2:] == ["library(lmerTest)"] else 9)
assert sys.argv[1:] == ["--vanilla", "steps.R"]
shutil.copy("steps.R", "{folder}"), shutil.copy("data.csv", "{folder}")
sys.stdout.write({says!r}), sys.stderr.write({complains!r})
sys.exit({code})
"""

SENT = """\
options(digits = 15, warn = -1); suppressPackageStartupMessages(library(lmerTest))
a <- 1
a + 1
cat('\\n@numbers@', format(as.numeric(unlist(c(a, 2))), digits = 17), '\\n')

cat('\\n@numbers@', format(as.numeric(unlist(3)), digits = 17), '\\n')"""


@pytest.fixture
def with_r(core):
    """The module."""
    return importlib.import_module(f"{core.__name__}.chapter.with_r")


@pytest.fixture
def rscript(tmp_path, monkeypatch):
    """Put a stand-in for R on the PATH."""

    def install(*, lacks=0, says="", complains="", code=0):
        path = tmp_path / "Rscript"
        settings = {"lacks": lacks, "says": says, "complains": complains, "code": code}
        path.write_text(STAND_IN.format(python=sys.executable, folder=tmp_path, **settings))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path

    return install


@pytest.fixture
def steps(core):
    """Two steps with R lines: several numbers, and one."""
    step = importlib.import_module(f"{core.__name__}.chapter").Step
    matrix = {"M": np.array([[1.0, 3.0], [2.0, 4.0]]), "v": {"b": 5.0, "c": 6.0}, "unused": 9.0}
    return [
        step("4.1", "first", "", matrix, [], "", "", "a <- 1\na + 1", "c(a, 2)", ("v", "M")),
        step("4.2", "second", "", {"x": 3.0}, [], "", "", "", "3", ("x",)),
    ]


@pytest.mark.parametrize(("lacks", "reason"), [(0, None), (1, "R lacks the package lmerTest")])
def test_r_is_asked_whether_it_has_lmertest(with_r, rscript, capfd, lacks, reason):
    """And nothing is printed."""
    rscript(lacks=lacks)
    assert_equal("why not", with_r.unavailable(), reason)
    assert_equal("printed", capfd.readouterr(), ("", ""))


def test_a_machine_without_r_says_so(with_r, monkeypatch, tmp_path):
    """No Rscript on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert_equal("why not", with_r.unavailable(), "there is no Rscript on this machine")


def test_r_gets_data_and_lines_and_its_numbers_are_read(with_r, rscript, steps):
    """Lines of a step in one expression, its numbers on a marked line; other output is passed over."""
    folder = rscript(says="[1] 2\n@numbers@ 1 2.5 \n@numbers@ NA \n")
    first, second = with_r.numbers(steps, *DATA)
    assert_equal("what R was given", (folder / "steps.R").read_text(), SENT)
    assert_equal("data", (folder / "data.csv").read_bytes(), DATA[1])
    assert_close("numbers of the first step", first, [1.0, 2.5], 0.0)
    assert_equal("numbers of the second", [str(x) for x in second], ["nan"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {"code": 1, "complains": "Error in f()\n  object 'a'\n  not found\nExecution halted\n"},
            "R stopped:   not found",
        ),
        ({"code": 1, "says": "@numbers@ 1\n@numbers@ 2\n"}, "R stopped: no message"),
        ({"says": "@numbers@ 1\n"}, "R stopped: no message"),
    ],
)
def test_an_error_in_r_is_passed_on(with_r, rscript, steps, said, words):
    """Its last line; a step without numbers is an error, too."""
    rscript(**said)
    with pytest.raises(RuntimeError) as error:
        with_r.numbers(steps, *DATA)
    assert_equal("message", str(error.value), words)


def test_our_numbers_are_in_rs_order(with_r, steps):
    """As named in `compared`; matrices by columns."""
    assert_close("ours", with_r.ours(steps[0]), [5, 6, 1, 2, 3, 4], 0.0)


@pytest.mark.parametrize(
    ("by_r", "gap"),
    [
        ([5, 6, 1, 2, 3, 4], 0.0),
        ([5, 6, 1.25, 2, 3, 4], 0.2),
        ([5, 6, 1, 2, 3, 3.2], 0.25),
        ([5, 6, 0, 2, 3, 4], 1 / 6e-6),
        ([0, 0, 0, 0, 0, 0], 6.0),
        ([5, 6, 1, 2, 3], np.inf),
    ],
)
def test_difference_is_relative_to_each_number(with_r, steps, by_r, gap):
    """But to a millionth of the largest where a number is smaller, and to 1 where all are 0."""
    got = with_r.difference(steps[0], np.array(by_r, float))
    assert_close("difference", min(got, 1e9), min(gap, 1e9), 1e-12)


@pytest.mark.parametrize(("factor", "verdict"), [(1 + 4e-6, "R agrees: "), (1 + 4e-5, "R DIFFERS by 4.0e-05")])
def test_five_digits_are_agreement(core, with_r, steps, monkeypatch, factor, verdict):
    """lmer's optimiser leaves five to seven."""
    main = importlib.import_module(f"{core.__name__}.chapter.command")
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    monkeypatch.setattr(with_r, "unavailable", lambda: None)
    monkeypatch.setattr(with_r, "numbers", lambda steps, *_: [factor * with_r.ours(step) for step in steps])
    said = main._asked(main.Worked("name", "title", None, chapter.Names("data.csv"), b"", steps))
    assert_equal("what is said of the second step", said[1][: len(verdict)], verdict)


@pytest.mark.parametrize("name", ["first", "second"])
def test_r_is_sent_the_recorded_lines(core, with_r, rscript, name):
    """Those of every step; `--r` runs them, and `test_r_lines_are_run_and_agree` sees that they are right."""
    chapter = importlib.import_module(f"{core.__name__}.chapter")
    population = getattr(chapter, f"{name}_population")()
    steps = list(getattr(chapter, f"work_{name}")(population))
    folder = rscript(says="@numbers@ 1\n" * len(steps))
    with_r.numbers(steps, "data.csv", population.data.to_csv(index=False).encode())
    recorded = Path(__file__).with_name("printed").joinpath(f"{name}.R").read_text(encoding="utf-8")
    assert_equal("lines", (folder / "steps.R").read_text(encoding="utf-8").splitlines(), recorded.splitlines())
