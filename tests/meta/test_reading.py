"""Sources are recognised by what they define, and what cannot be read costs itself alone."""

import contextlib
import platform

import pytest

from reference import r
from tests.grading.intake.source import Source
from tests.grading.sandbox import python_reading
from tests.grading.sandbox.plain import UnreadableError
from tests.grading.sandbox.submission import CallFailedError, Submission

DF = "def denominator_df(data):\n    return 7\n"
HERE = f"Python {platform.python_version()}"
FENCES, CONSOLE = "a pasted answer's fences and words, no code", "a console's output, no code"


def run(text: str) -> tuple:
    """What denominator_df of a text returns, what could not be read, and the remark."""
    reading, module = python_reading.read(text, "<file>"), {"__name__": "submission"}
    for node in reading.nodes:
        with contextlib.suppress(ImportError, NameError, python_reading.CommandError):
            exec(compile(python_reading.ast.Module([node], []), "<file>", "exec", reading.flags), module)
    return module["denominator_df"](1), reading.unread, reading.remark


PYTHON = {
    "a chatbot's answer": (
        f"Sure! Here it is:\n\n```python\n{DF}```\n\n### Explanation\n- **It** counts. It's easy!\n",
        f"lines 1 to 3, 6 to 9: passed over: {FENCES}",
    ),
    "four backticks": (f"````py\n{DF}````\n", f"lines 1, 4: passed over: {FENCES}"),
    "the opening fence is missing": (f"{DF}```\nIt's done\n", f"lines 3 to 4: passed over: {FENCES}"),
    "several fences, one in another language": (
        f"```bash\npip install x\n```\n```python\n{DF}```\n```\n7\n```",
        f"lines 1 to 4, 7 to 8, 10: passed over: {FENCES}",
    ),
    "a console's prompts": (
        ">>> def denominator_df(data):\n...     return 7\n...\n>>> denominator_df(1)\n7\n",
        f"lines 3, 5: passed over: {CONSOLE}",
    ),
    "a shell's output in a name": (f"here = !ls\n{DF}n = %sx wc\n!ls\nx?\nprint(here)\n", ""),
    "a word processor's signs": (
        f"{DF}x = \u201ca\u201d\ny =\u00a02 \u2013 1\n",
        "lines 3, 4: quotation marks, dashes or blanks of a word processor were read as those of a keyboard",
    ),
    "its signs in a text that is read as it stands": (f"{DF}x = '\u201ca\u201d \u2013 1'\n", ""),
    "annotations that are never evaluated": (
        (
            "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import x\n"
            "def denominator_df(data: x.Table) -> x.Number:\n    return 7\n"
        ),
        "",
    ),
    "behind `if __name__`": (f'if __name__ == "__main__":\n    {DF.replace("    ", "        ")}    quit()\n', ""),
    "marimo's functions": (
        (
            "import marimo\napp = marimo.App(width='medium')\nwith app.setup:\n    seven = 7\n"
            "@app.function(hide_code=True)\ndef denominator_df(data):\n    return seven\n"
            'if __name__ == "__main__":\n    app.run()\n'
        ),
        "",
    ),
    "marimo's cells, in any order": (
        (
            "import marimo as mo\napp = mo.App()\n@app.cell\ndef _(seven):\n    six = seven - 1\n"
            "    def denominator_df(data):\n        return six + 1\n    return (denominator_df,)\n"
            "@app.cell(hide_code=True)\ndef _():\n    seven = 7\n    return (seven,)\n"
            "@app.cell\ndef _(mo):\n    mo.md('text')\n    return\n"
        ),
        "",
    ),
}


@pytest.mark.parametrize("case", PYTHON)
def test_a_python_file_is_read_for_what_it_defines(case):
    """All of it but what is no code, which has one remark."""
    text, remark = PYTHON[case]
    assert run(text) == (7, [], remark)


BY = f" (read by {HERE})"
UNREAD = {
    "fences in a docstring": (
        f'"""How to:\n\n```python\nx\n```\n"""\n{DF}x = = 1\n',
        (9, "", "x = = 1", f"invalid syntax{BY}"),
    ),
    "a greeting without fences": (
        f"Here's the code you asked for:\n{DF}",
        (1, "", "Here's the code you asked for:", f"unterminated string literal (detected at line 1){BY}"),
    ),
    "a bracket that is left open in the function before it": (
        f"def gls(X, y, V):\n    return inv((X\n\n{DF}",
        (1, "gls", "def gls(X, y, V):", f"'(' was never closed in line 2, `return inv((X`{BY}"),
    ),
    "a string that is left open in the function before it": (
        f'def gls(X, y, V):\n    """Beta\n    return 1\n\n\n{DF}',
        (1, "gls", "def gls(X, y, V):", "unterminated triple-quoted string literal"),
    ),
    "a decorated function that breaks off": (
        f"{DF}@cache\ndef gls(X, y, V):\n    return (1\n",
        (3, "gls", "@cache", f"'(' was never closed in line 5, `return (1`{BY}"),
    ),
    "a function without a body at the end": (
        f"{DF}def gls(X, y, V):\n",
        (3, "gls", "def gls(X, y, V):", f"expected an indented block after function definition on line 3{BY}"),
    ),
    "Python 2": (
        f'print "hello"\n{DF}',
        (1, "", 'print "hello"', "Python 2 reads this, here it is read by"),
    ),
    "prose at both ends": (f"All of it\nNow see\n\n{DF}", (1, "", "All of it", f"invalid syntax{BY}")),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_cannot_be_read_costs_itself_alone(case):
    """It is said where it begins, what it would have defined, why, and by which Python."""
    text, (line, name, there, why) = UNREAD[case]
    value, unread, _ = run(text)
    assert (value, [entry[:3] for entry in unread]) == (7, [(line, name, there)])
    assert why in unread[0][3]


@pytest.mark.skipif(platform.python_version() >= "3.12", reason="Python 3.12 and newer read it")
def test_quotes_in_an_f_strings_braces_name_both_versions():
    """The line is passed over."""
    value, unread, _ = run(f'{DF}print(f"value {{"x"}}")\n')
    assert value == 7 and f"are for Python 3.12 and newer, here it is read by {HERE}" in unread[0][3]


# --- in a worker ----------------------------------------------------------------------------------------


def called(source: Source, *names: str) -> tuple:
    """What functions return or what is said, and the remarks."""
    submission, values = Submission(source, "process"), []
    for name in names:
        try:
            values.append(float(submission.call(name, {"data": 1}, {"": "numbers"})[""]))
        except CallFailedError as error:
            values.append(str(error))
    submission.close()
    return values, submission.remarks


METHODS = """
class Work:
    seven = 7
    def denominator_df(self, data): return self.seven
    @staticmethod
    def gls(data): return 7
    @classmethod
    def ols(cls, data): return cls.seven
    def anova_ols(data): return 7
class Mine:
    def __init__(self, seven): self.seven = seven
    def fit_reml(self, data): return self.seven
mine = Mine(7)
class More(Mine):
    def anova_reml(self, data): return 7
"""


def test_methods_are_called_with_a_remark():
    """On an instance that the file made, or a new one, which may want arguments."""
    names = ["denominator_df", "gls", "ols", "anova_ols", "fit_reml", "anova_reml"]
    values, remarks = called(Source.of("Python", METHODS), *names)
    assert values[:-1] == [7] * 5 and "missing 1 required positional argument: 'seven'" in values[-1]
    assert remarks == [
        "denominator_df, gls, ols, anova_ols: plain functions are asked for; called on Work, which has them",
        "fit_reml: plain functions are asked for; called on Mine, which has them",
        "anova_reml: plain functions are asked for; called on More, which has them",
    ]


def test_what_is_passed_over_is_said_with_its_cell_and_at_the_call():
    """A command, and a function that cannot be read."""
    cells = (("cell 1", f"here = !ls\n{DF}"), ("cell 2", "def gls(X, y, V):\n    return (\n"))
    values, remarks = called(Source("Python", cells), "denominator_df", "gls")
    why = f"'(' was never closed in line 2, `return (` (read by {HERE})"
    assert values == [7, f"gls is not defined: it begins in line 1 of cell 2, and cannot be read: {why}"]
    assert remarks == [
        "line 1 of cell 1, `here = !ls`: passed over, it is a notebook's command, not Python",
        f"gls, which begins in line 1 of cell 2, cannot be read: {why}",
    ]


NO_FUNCTION = {
    "a script": ("x = 1\nprint(x)\n", "there is no function here that is asked for: put the lines"),
    "other functions": ("def load(): pass\n", "there is no function here that is asked for; it defines load: put the"),
    "all of them inside another": (
        "def main():\n    def gls(X, y, V):\n        return 1\n    def ols(X, y):\n        return 2\nmain()\n",
        "gls, ols: defined inside another function, where nobody can call them; move them out of it",
    ),
    "a letter": ("Dear Prof, I am late.\nLena\n", "there is no function here that is asked for: put the lines"),
    "none that can be read": ("def gls(:\n", "none of its functions can be read: gls, which begins in line 1, cannot"),
}


@pytest.mark.parametrize("case", NO_FUNCTION)
def test_where_there_is_no_function_that_is_the_sentence(case):
    """Of the whole file."""
    text, words = NO_FUNCTION[case]
    assert called(Source.of("Python", text), "gls")[0][0].startswith(words)


NEARLY = {
    "my_ols": "ols",
    "reml_fit": "fit_reml",
    "den_df": "denominator_df",
    "CovarianceMatrix": "covariance_matrix",
    "anova": "",
    "df": "",
    "reml": "",
}


@pytest.mark.parametrize("name", NEARLY)
def test_a_name_that_is_nearly_right_is_asked_about(name):
    """With the words that are asked for, in any order, among others, or shortened; one word alone is nobody's."""
    asked = NEARLY[name] or "fit_reml"
    (said, _), _ = called(Source.of("Python", f"def {name}(*_): return 1\ndef gls(*_): return 1\n"), asked, "gls")
    assert (f"the file defines {name}: did you mean {asked}?" in said) == bool(NEARLY[name])


def test_a_function_that_asks_at_the_keyboard_is_told_so():
    """It gets what it needs as arguments."""
    (said,), _ = called(Source.of("Python", "def gls(*_): return input('V? ')\n"), "gls")
    assert "it asks at the keyboard, where nobody answers: what it needs comes as its arguments" in said


def test_a_second_definition_with_nothing_in_it_is_named():
    """It is the one that counts."""
    twice = f"{DF}\ndef denominator_df(data):\n    'todo'\n    pass\n"
    _, remarks = called(Source.of("Python", twice), "denominator_df")
    assert remarks == ["denominator_df is defined in line 1 and in line 4; the last counts, and is empty"]


# --- R --------------------------------------------------------------------------------------------------

R_DF = "denominator_df <- function(data) {\n  7\n}\n"
R = {
    "\\(x)": ("denominator_df <- \\(data) 7\n", []),
    "=": ("denominator_df = function(data) 7\n", []),
    "to the right": ("function(data) 7 -> .x; (function(data) 7) -> denominator_df\n", []),
    "assign": ('assign("denominator_df", function(data) 7)\n', []),
    "assign, in R's own environment": ('assign("denominator_df", function(data) 7, envir = .GlobalEnv)\n', []),
    "<<-": ("denominator_df <<- function(data) 7\n", []),
    "Vectorize": ("denominator_df <- Vectorize(function(data) 7)\n", []),
    "composed": ("compose <- function(f, g) function(x) g(f(x))\ndenominator_df <- compose(abs, \\(x) 7)\n", []),
    "a generic": (
        (
            'setGeneric("denominator_df", function(data) standardGeneric("denominator_df"))\n'
            'setMethod("denominator_df", "numeric", function(data) 7)\n'
        ),
        [],
    ),
    "a list": (
        "work <- list(denominator_df = function(data) 7)\n",
        [],
    ),
    "a reference class": (
        'Work <- setRefClass("Work", methods = list(denominator_df = function(data) 7))\n',
        [],
    ),
    "a chatbot's answer": (
        f"Here it is:\n```r\n{R_DF}```\nIt's easy.\n",
        ["lines 1 to 2, 6 to 7: passed over: a pasted answer's fences and words, no code"],
    ),
    "a console": (
        "> denominator_df <- function(data) {\n+   7\n+ }\n> denominator_df(1)\n[1] 7\n",
        ["line 5: passed over: a console's output, no code"],
    ),
    "a word processor's signs": (
        f"{R_DF}x <- \u201ca\u201d\ngls <- function(X, y, V) 3\u00a0\u2013 1\n",
        ["lines 4, 5: quotation marks, dashes or blanks of a word processor were read as those of a keyboard"],
    ),
    "a second definition, of few words": (
        f"f <- function(x) x\nf <- function(x) x\nf <- sum\ng <- function(x) x\ng <- function(x) x\n{R_DF}",
        [],
    ),
    "a second definition with nothing in it": (
        f"gls <- function(X, y, V) 1\n{R_DF}gls <- function(X, y, V) {{ # TODO\n}}\n",
        ["gls is defined in line 1 and line 5; the last counts, and is empty"],
    ),
    "a brace left open": (
        f"{R_DF}gls <- function(X, y, V) {{\n  if (TRUE) {{\n  1\n}}\n\nols <- function(X, y) {{\n",
        [
            "gls, which begins in line 4, cannot be read: the { of line 4 is not closed (read by R VERSION)",
            "ols, which begins in line 9, cannot be read: the { of line 9 is not closed (read by R VERSION)",
        ],
    ),
    "two brackets left open before a whole function": (
        f"ols <- function(X, y) {{\n  m <- lm(y ~ X)\n  return(summary(m)\n\n{R_DF}",
        ["ols, which begins in line 1, cannot be read: unexpected symbol in line 5 (read by R VERSION)"],
    ),
    "a quotation mark left open": (
        f'{R_DF}x <- "abc # }}\n',
        ['line 4, `x <- "abc # }`: passed over, syntax error: the " of line 4 is not closed (read by R VERSION)'],
    ),
    "a line that is no R": (
        f"x <- 5 5\n{R_DF}",
        ["line 1, `x <- 5 5`: passed over, syntax error: unexpected numeric constant (read by R VERSION)"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", R)
def test_an_r_file_is_read_for_what_it_defines(case):
    """As in Python."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    from tests.grading.sandbox.r_submission import RSubmission  # noqa: PLC0415 - starts R

    text, remarks = R[case]
    submission = RSubmission([("", text)])
    value = submission.call(submission.function("denominator_df"), [1.0], {"": "numbers"})[""]
    robjects = r._robjects()
    robjects.r('rm(list = intersect("denominator_df", ls(globalenv())), envir = globalenv())')
    said = [remark.replace("VERSION", submission.version) for remark in remarks]
    assert (value.item(), submission.remarks) == (7, said)


R_WORDS = {
    "a vector for a table": (
        ("c(1, 2)", {"": "table"}),
        "the result is a numeric; expected a table with named columns; is it the table that comes back?",
    ),
    "a list that lacks a field": (
        ("list(coef = 1)", {"coef": "numbers", "se": "numbers"}),
        "the result has no field 'se': it is a list with coef",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", R_WORDS)
def test_what_is_wrong_with_a_result_is_said_in_rs_words(case):
    """No ndarray, no dict."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    from tests.grading.sandbox.r_submission import RSubmission  # noqa: PLC0415 - starts R

    (body, forms), words = R_WORDS[case]
    submission = RSubmission([("", f"ols <- function(X) {body}\n")])
    try:
        said = submission.call(submission.function("ols"), [1.0], forms)["se"]
    except UnreadableError as error:
        said = str(error)
    assert said == words
