"""The same work in every kind of file, and lines that cannot run here."""

import json
import re

import pytest

from reference import r
from tests.grading.intake.source import Source
from tests.grading.sandbox.submission import CallFailedError, Submission
from tests.meta.graded import PROJECT, rubric, typed
from tests.meta.test_intake import notebook, zipped

CORRECT = PROJECT / "tests" / "meta" / "correct"
WRONG_PYTHON = "def ols(X, y):\n    return {'coef': y[:X.shape[1]], 'se': 0 * y}\n"
WRONG_R = "ols <- function(X, y) list(coef = y[seq_len(ncol(X))], se = 0 * y)\n"


def _python_kinds() -> dict[str, bytes]:
    text = (CORRECT / "dense.py").read_text() + WRONG_PYTHON
    return {"a.py": text.encode(), "a.ipynb": notebook(text).encode(), "a.zip": zipped({"a.py": text})}


def _r_kinds() -> dict[str, bytes]:
    text = (CORRECT / "base.R").read_text() + WRONG_R
    chunk = f"---\ntitle: x\n---\n\n```{{r}}\n{text}```\n"
    return {"a.R": text.encode(), "a.Rmd": chunk.encode(), "a.qmd": chunk.encode()}


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [_python_kinds, _r_kinds])
def test_the_same_work_has_the_same_points_and_feedback_in_every_file(kinds, tmp_path):
    """But for the file's name, and a line's that is now a cell's."""
    if kinds is _r_kinds and r.unavailable():
        pytest.skip(r.unavailable())
    chosen, results = rubric(tmp_path / "rubric.toml", "ols", "gls", "design_matrix", "denominator_df"), {}
    for name, content in kinds().items():
        (tmp_path / name).write_bytes(content)
        report = tmp_path / f"of_{name}"
        run = typed("-q", f"--submission={tmp_path / name}", f"--report={report}", f"--rubric={chosen}", "--seed=1")
        assert run.returncode == 1, run.stdout + run.stderr
        text = (report / "a" / "results.json").read_text()
        text = re.sub(r" of (?:cell|chunk) 1", "", text)
        results[name] = {**json.loads(text), "extra_data": None}
    first, *others = results.values()
    assert first["score"] == 30
    assert all(other == first for other in others)


# --- lines that cannot run here -------------------------------------------------------------------------

PASSED_OVER = {
    "input": ("name = input('who?')", "line 1, `name = input('who?')`: passed over, it waits for input"),
    "file": ("d = open('x.csv')", "line 1, `d = open('x.csv')`: passed over, there is no file 'x.csv' here"),
    "exit": ("import sys; sys.exit()", "line 1, `import sys; sys.exit()`: passed over, it ends the program"),
    "package": ("import sklearnx", "line 1, `import sklearnx`: passed over, sklearnx is not installed here"),
    "loop": ("while True: pass", "line 1, `while True: pass`: passed over, it takes more than 5 seconds"),
    "sleep": ("import time; time.sleep(1e6)", None),
    "folder": ("import os; os.chdir('C:/x')", "passed over, there is no file 'C:/x' here"),
    "magic": ("%matplotlib inline\n!pip install x\nx?", None),
    "ipython": ("get_ipython().run_line_magic('matplotlib', 'inline'); display(3)", None),
    "pictures": (
        (
            "import matplotlib.pyplot as plt, seaborn as sns, pandas as pd\nfig, ax = plt.subplots(2)\n"
            "pd.DataFrame({'a': [1, 2]}).plot(); pd.DataFrame({'a': [1]}).hist(); pd.DataFrame({'a': [1]}).boxplot()\n"
            "sns.set_theme(); ax.set_ylim(0, ax.get_ylim()[1] * 1.1); plt.show()"
        ),
        None,
    ),
    "colab": ("from google.colab import drive\ndrive.mount('/content')", None),
    "consequence": ("d = open('x.csv')\nprint(d.read())\nn = len(d)", "line 1, `d = open('x.csv')`"),
}


@pytest.mark.parametrize("case", PASSED_OVER)
def test_a_line_that_cannot_run_is_passed_over(case):
    """With one remark, or none where nothing is lost; the function below is graded."""
    line, remark = PASSED_OVER[case]
    submission = Submission(Source.of("Python", f"{line}\ndef denominator_df(data):\n    return 7\n"), "process")
    assert submission.call("denominator_df", {"data": 1}, {"": "numbers"})[""] == 7
    assert len(submission.remarks) == (remark is not None) and (remark or "") in "".join(submission.remarks)
    submission.close()


SLOW = "from time import process_time as now\nbegan = now()\nwhile now() - began < 6: pass\n"
INSTALLED = (
    f"import os, sys\nos.mkdir('p')\nopen('p/slow.py', 'w').write({SLOW!r})\nsys.path.insert(0, 'p')\nimport slow"
)


@pytest.mark.slow
def test_a_package_may_take_longer_to_load_than_a_statement_may_run():
    """statsmodels takes ten seconds on a slow machine; who imports it has done nothing wrong."""
    submission = Submission(Source.of("Python", f"{INSTALLED}\ndef denominator_df(data):\n    return 7\n"), "process")
    assert submission.call("denominator_df", {"data": 1}, {"": "numbers"})[""] == 7
    assert submission.remarks == []
    submission.close()


@pytest.mark.slow
def test_a_file_beside_is_no_package():
    """A loop in it is one in the file."""
    beside = INSTALLED.replace("p/slow", "slow").replace("'p')\nimport", "'.')\nimport")
    submission = Submission(Source.of("Python", f"{beside}\ndef denominator_df(data):\n    return 7\n"), "process")
    assert submission.call("denominator_df", {"data": 1}, {"": "numbers"})[""] == 7
    assert "`import slow`: passed over, it takes more than 5 seconds" in "".join(submission.remarks)
    submission.close()


def test_a_definition_is_taken_from_its_last_cell():
    """As a notebook that is run from top to bottom has it."""
    cells = (("cell 1", "def denominator_df(d):\n    return 1\n"), ("cell 2", "def denominator_df(d):\n    return 2\n"))
    submission = Submission(Source("Python", cells), "process")
    assert submission.call("denominator_df", {"data": 1}, {"": "numbers"})[""] == 2
    submission.close()


R_PASSED_OVER = {
    "folder": ('setwd("C:/x")', "passed over, it changes the folder"),
    "viewer": ("View(1)", "passed over, it opens a viewer"),
    "install": ('install.packages("x")', "passed over, it installs packages"),
    "package": ("library(tidyversex)", "line 1, `library(tidyversex)`: passed over, tidyversex is not installed here"),
    "file": ('d <- read.csv("x.csv")\nprint(d)', 'line 1, `d <- read.csv("x.csv")`: passed over, cannot open'),
    "input": ('x <- readline("who?")', "passed over, it waits for input"),
    "loop": ("while (TRUE) 1", "passed over, reached CPU time limit"),
    "end": ("q()", "passed over, it ends R"),
    "slow package": (
        "{library(stats); began <- proc.time()[[1]]; while (proc.time()[[1]] - began < 6) 1}",
        None,
    ),
    "pictures": ("plot(1:3); hist(c(1, 2)); boxplot(1:3); pdf('x.pdf'); dev.off(); par(mfrow = c(1, 2))", None),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", R_PASSED_OVER)
def test_a_line_of_r_that_cannot_run_is_passed_over(case):
    """As in Python."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    line, remark = R_PASSED_OVER[case]
    submission = Submission(Source.of("R", f"{line}\ndenominator_df <- function(data) 7\n"), "process")
    assert submission.call("denominator_df", {"data": 1}, {"": "numbers"})[""] == 7
    assert len(submission.remarks) == (remark is not None) and (remark or "") in "".join(submission.remarks)
    submission.close()


@pytest.mark.slow
def test_r_says_where_it_stopped_and_why():
    """In R's words, with the line, and what could not be loaded before."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    text = (
        "library(tidyversex)\nx <- y_unknown\ndenominator_df <- function(data) {\n  z <- 1\n  x + z\n}\n"
        "ols <- function(X, y) nrows(X)\n"
    )
    submission = Submission(Source("R", (("chunk 1", "a <- 1"), ("chunk 2", text))), "process")
    said = {}
    for name, arguments in (("denominator_df", {"data": 1}), ("ols", {"X": 1, "y": 1})):
        with pytest.raises(CallFailedError) as failure:
            submission.call(name, arguments, {"": "numbers"})
        said[name] = str(failure.value)
    submission.close()
    assert said == {
        "denominator_df": (
            "denominator_df stopped in line 5 of chunk 2: object 'x' not found; "
            "it is made in line 2 of chunk 2, which could not run here: object 'y_unknown' not found"
        ),
        "ols": (
            'ols stopped in line 7 of chunk 2: could not find function "nrows"; tidyversex could not be loaded here'
        ),
    }
