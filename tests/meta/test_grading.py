"""The grading machinery, part by part: options, wire, forms, rubric, feedback, reports, limits."""

import contextlib
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from reference import r
from tests.assertions import assert_equal
from tests.contract import CONTRACT, Answer, ContractError, Table
from tests.grading.intake import template
from tests.grading.intake.handin import taken
from tests.grading.intake.source import Source
from tests.grading.judgement import rubric
from tests.grading.reports import feedback, formats
from tests.grading.sandbox import border, clock, tiers, wire
from tests.grading.sandbox.border import CallFailedError
from tests.grading.sandbox.limits import PACKAGES, Limits
from tests.grading.sandbox.plain import UnreadableError, plain
from tests.grading.sandbox.submission import RightFunction, Submission
from tests.grading.sandbox.tiers import TIERS
from tests.implementation import Call, Implementation
from tests.meta.graded import PROJECT, typed

NUMBERS = {"": "numbers"}
GLS = {"coef": "numbers", "se": "numbers"}


# --- options --------------------------------------------------------------------------------------------

USAGE = {
    "missing_file": (["--submission=nobody.py"], "/nobody.py does not exist"),
    "missing_file_apart": (["--submission", "/nowhere/nobody.py"], "submission /nowhere/nobody.py does not exist"),
    "other_language": (["--submission=README.md"], "is no file that can be graded"),
    "empty_folder": (["--submission=.ci"], "holds no file that can be graded"),
    "roster": (["--submission=conftest.py", "--roster=README.md"], "expected name, and id or login"),
    "no_roster": (["--submission=conftest.py", "--roster=none.csv"], "/none.csv cannot be read"),
    "rubric": (["--submission=conftest.py", "--rubric=README.md"], "is no TOML"),
    "no_rubric": (["--submission=conftest.py", "--rubric=none.toml"], "/none.toml cannot be read"),
    "report_without_submission": (["--report=out"], "--report goes with --submission"),
    "report_is_a_file": (["--submission=conftest.py", "--report=README.md"], "/README.md is a file; expected a folder"),
    "isolation": (["--submission=conftest.py", "--isolation=jail"], "invalid choice: 'jail'"),
    "seed": (["--submission=conftest.py", "--seed=x"], "invalid int value: 'x'"),
    "template_exists": (["--write-template=conftest.py"], "/conftest.py: this file is there already"),
    "template_ending": (["--write-template=student.txt"], "expected a name that ends in .py, .R, .ipynb, .Rmd"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", USAGE)
def test_an_option_that_does_not_fit_ends_with_4_and_one_sentence(case):
    """pytest's usage error, no traceback."""
    arguments, words = USAGE[case]
    run = typed(*arguments)
    assert run.returncode == 4
    assert words in run.stderr + run.stdout
    assert "Traceback" not in run.stderr + run.stdout


NOT_READ = {
    "student.ipynb": ('{"cells": [', "student.ipynb: it is no notebook: "),
    "student.Rmd": ("What I think of it.", "student.Rmd: it has no chunk of code"),
    "student.py": ("#" * 2**20 + "\n", "student.py has 1,048,577 bytes; at most 1,048,576 are read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOT_READ)
def test_a_file_that_cannot_be_read_is_one_sentence(name, tmp_path):
    """Alone as in a class."""
    content, words = NOT_READ[name]
    (tmp_path / name).write_text(content)
    run = typed(f"--submission={tmp_path / name}")
    assert (run.returncode, run.stdout) == (4, "")
    assert run.stderr.strip().startswith(f"ERROR: {words}") and "\n" not in run.stderr.strip()


def test_a_conftest_beside_the_submission_is_not_run(tmp_path):
    """pytest collects neither configuration nor conftest.py from the submission's folder."""
    (tmp_path / "conftest.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nraise SystemExit(0)\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (tmp_path / "x.py").write_text("def denominator_df(data): return 1\n")
    chosen = tmp_path / "rubric.toml"
    chosen.write_text("[functions]\ndenominator_df = { points = 1 }\n")
    run = typed("--submission", tmp_path / "x.py", "--rubric", chosen)
    assert run.returncode == 1, run.stdout
    assert "x.py: 0 of 1 points" in run.stdout
    assert not (tmp_path / "run").exists()


# --- the wire -------------------------------------------------------------------------------------------


def test_wire_carries_arrays_text_and_tables_unchanged():
    """encode, then decode: the same values, float64 and int64 to the bit."""
    message = {"a": np.array([[0.1, np.nan], [np.inf, -0.0]]), "b": np.arange(3), "c": ["x", 1, 2.5], "d": {"e": None}}
    frame = wire.encode(message)
    header_length, _ = wire.PREFIX.unpack(frame[: wire.PREFIX.size])
    body = frame[wire.PREFIX.size :]
    got = wire.decode(body[:header_length], body[header_length:])
    assert got["a"].tobytes() == message["a"].tobytes()
    assert got["b"].tolist() == [0, 1, 2]
    assert (got["c"], got["d"]) == (["x", 1, 2.5], {"e": None})


MALFORMED = [
    *(b"", b"{", b"[]", b"\xff", b"[" * 10**5, b'{"a": 1e999999}' * 2, b'{"a": ' + b"9" * 5000 + b"}"),
    b'{"a": {"array": 0, "shape": [9], "type": "<f8"}}',
    b'{"a": {"array": -8, "shape": [1], "type": "<f8"}}',
    b'{"a": {"array": 0, "shape": [1], "type": "O"}}',
    b'{"a": {"array": 0, "shape": [-1, -8], "type": "<f8"}}',
    b'{"a": {"array": 0, "shape": "x", "type": "<f8"}}',
    b'{"a": {"array": true, "shape": [1], "type": "<f8"}}',
    b'{"a": {"array": 0, "shape": [1, 1, 1, 1, 1, 1, 1, 1, 1], "type": "<f8"}}',
    b'{"a": {"array": 0, "shape": [1], "type": "<f8"}, "b": {"array": 0, "shape": [1], "type": "<f8"}}',
]


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_frame_is_a_protocol_error(header):
    """Whatever the bytes, decode raises ProtocolError and nothing else."""
    with pytest.raises(wire.ProtocolError):
        wire.decode(header, b"\0" * 8)


@pytest.mark.parametrize("column", [["x", None], ["x", ["y"]], ["x", {}], "x", None])
def test_a_column_is_numbers_or_labels_and_nothing_else(column):
    """Whatever a worker says that it is."""
    with pytest.raises(CallFailedError, match="returned no numbers"):
        border.typed({"color": column}, "table", "simulate_frogs")
    assert border.typed({"color": ["x", 1, 2.5, True]}, "table", "simulate_frogs") == {"color": ["x", 1, 2.5, True]}


# --- forms ----------------------------------------------------------------------------------------------


class Named:
    """An object with attributes."""

    coef, se, other = [1.0], np.float32(2), "more"


@pytest.mark.parametrize(
    "value",
    [
        {"coef": [1], "se": 2},
        Named(),
        pd.Series({"coef": 1.0, "se": 2.0}),
        pd.DataFrame({"coef": [1.0], "se": [2.0]}),
        {"coef": pd.Series([1.0]), "se": np.array([[2]]), "extra": object()},
    ],
    ids=["dict", "object", "series", "frame", "mixed"],
)
def test_results_of_many_kinds_are_read(value):
    """Fields by key or by attribute, numbers in any numeric form, extra fields ignored."""
    got = CONTRACT["gls"].normalised(plain(value, GLS), {"X": np.ones((3, 1))})
    assert (got.coef.tolist(), got.se.tolist()) == ([1.0], [2.0])


UNREADABLE = {
    "missing field": ({"coef": [1]}, "the result has no field 'se': it is a dict with coef"),
    "tuple": (([1], [2]), "the result has no field 'coef': it is a tuple"),
    "nothing": (None, "it returns nothing"),
    "text": ({"coef": "x", "se": [1]}, "coef holds text, not real numbers"),
    "object": ({"coef": [object()], "se": [1]}, "that is no array of numbers"),
    "none inside": ({"coef": None, "se": [1]}, "coef is None"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_results_that_cannot_be_read_are_refused_in_words(case):
    """One sentence that names the field."""
    value, words = UNREADABLE[case]
    with pytest.raises(UnreadableError) as refusal:
        plain(value, GLS)
    assert words in str(refusal.value)


WRONG_SHAPES = {
    "three dimensions": (
        "gls",
        {"coef": np.ones((4, 1, 1)), "se": np.ones(4)},
        "coef is a table of 4 x 1 x 1 numbers; expected 4 numbers",
    ),
    "too few": ("gls", {"coef": np.ones(3), "se": np.ones(4)}, "coef is 3 numbers; expected 4 numbers"),
    "a second constant": (
        "gls",
        {"coef": np.ones(5), "se": np.ones(5)},
        "coef is 5 numbers; expected 4 numbers; is there a constant more than X has, or a variance?",
    ),
    "nan": (
        "gls",
        {"coef": np.ones(4), "se": np.full(4, np.nan)},
        "se has 4 numbers, of which 4 are NA",
    ),
    "complex": ("gls", {"coef": np.ones(4) * 1j, "se": np.ones(4)}, "coef is no array of real numbers"),
    "half": ("denominator_df", {"": np.array(2.5)}, "the result is 2.5; expected a whole number"),
    "matrix": (
        "covariance_matrix",
        {"": np.ones((2, 3))},
        "of 2 x 3 numbers; expected a table of 5 x 5",
    ),
    "column": ("simulate_frogs", {"": {"id": [1]}}, "the result lacks the column 'weight'; it has id"),
    "columns": (
        "simulate_frogs",
        {"": {"mass": [1]}},
        "none of the columns id, bucket, color, bucket_mu, weight; it",
    ),
}


def _all_of(answer):
    """Every field, as a check reads it."""
    if isinstance(answer, Table):
        return answer.iloc[:0]["weight"]
    return (answer.coef, answer.se) if isinstance(answer, Answer) else answer


@pytest.mark.parametrize("case", WRONG_SHAPES)
def test_values_of_a_wrong_form_are_refused_in_words(case):
    """Exact shape, finite, real."""
    name, value, words = WRONG_SHAPES[case]
    with pytest.raises(ContractError) as refusal:
        _all_of(CONTRACT[name].normalised(value, {"X": np.ones((9, 4)), "group": np.arange(5)}))
    assert words in str(refusal.value)


# --- rubric, points, reports ----------------------------------------------------------------------------


def test_the_default_rubric_gives_100_points_for_the_contract():
    """100 over all functions, exercises 4.1 to 4.4."""
    items = rubric.load().items
    assert list(items) == list(CONTRACT)
    assert sum(item.points for item in items.values()) == 100
    assert {item.exercise for item in items.values()} == {"4.1", "4.2", "4.3", "4.4"}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("", "statsmodels may not be used in this exercise"),
        ("import sys; del sys.meta_path[:2]", "ModuleNotFoundError|PermissionError"),
        ("import sys; sys.path_hooks.clear(); sys.meta_path[:] = sys.meta_path[2:]", "NotFoundError|PermissionError"),
    ],
)
def test_a_package_that_the_rubric_does_not_allow_cannot_be_imported(tier, before, words):
    """statsmodels, where the rubric leaves it out; scipy is there; who silences the messenger finds no file."""
    source = f"import scipy.stats, numpy, pandas\ndef denominator_df(data):\n    {before}\n    import statsmodels.api\n"
    submission = Submission(Source.of("Python", source), tier, Limits(packages=("scipy",)))
    with pytest.raises(ContractError, match=words):
        Implementation("student", submission).denominator_df(pd.DataFrame({"bucket": [1]}))
    submission.close()


R_FROM_PYTHON = {
    "rpy2": ("import rpy2.rinterface", "rpy2 may not be used in this exercise"),
    "rpy2, the messenger silenced": (
        "import sys; del sys.meta_path[:2]\n    import rpy2.rinterface",
        "ModuleNotFoundError|PermissionError",
    ),
    "Rscript": ("import subprocess\n    return subprocess.check_output(['Rscript', '-e', 'cat(7)'])", "raised"),
    "R": ("import subprocess\n    return subprocess.check_output(['R', '-s', '-e', 'cat(7)'])", "raised"),
    "the library": (
        "import ctypes, glob\n    return ctypes.CDLL(glob.glob('/usr/lib*/R/lib/libR.so')[0])",
        "raised (IndexError|OSError)",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("packages", [("numpy",), PACKAGES], ids=["numpy", "all"])
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("case", R_FROM_PYTHON)
def test_python_may_not_ask_r(tier, case, packages):
    """R has the answers, and is no package of the rubric: neither its bridge nor its programs are there."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    body, words = R_FROM_PYTHON[case]
    source = f"def denominator_df(data):\n    {body}\n    return 7\n"
    submission = Submission(Source.of("Python", source), tier, Limits(packages=packages))
    with pytest.raises(ContractError, match=words):
        Implementation("student", submission).denominator_df(pd.DataFrame({"bucket": [1]}))
    submission.close()


@pytest.mark.parametrize(
    ("plain", "subtle", "half", "loss", "points"),
    [
        ((4, 4), (6, 6), (0, 0), 0.0, 10.0),
        ((4, 4), (3, 6), (0, 0), 0.0, 9.0),
        ((4, 4), (0, 6), (0, 0), 0.0, 8.0),
        ((3, 4), (6, 6), (0, 0), 0.0, 2.0),
        ((0, 4), (3, 6), (0, 0), 0.0, 1.0),
        ((0, 4), (0, 6), (0, 0), 0.0, 0.0),
        ((4, 4), (0, 0), (0, 0), 0.0, 10.0),
        ((0, 0), (3, 6), (0, 0), 0.0, 5.0),
        ((1, 4), (0, 0), (0, 0), 0.0, 2.0),
        ((0, 0), (0, 0), (0, 0), 0.0, 0.0),
        ((4, 4), (6, 6), (1, 1), 0.0, 10.0),
        ((4, 4), (6, 6), (0, 1), 0.0, 5.0),
        ((3, 4), (6, 6), (0, 1), 0.0, 2.0),
        ((4, 4), (6, 6), (0, 0), 0.25, 7.5),
        ((3, 4), (6, 6), (0, 0), 0.25, 1.5),
    ],
)
def test_points_are_shared_and_capped_where_ordinary_values_are_wrong(plain, subtle, half, loss, points):
    """Plain claims carry four fifths, subtle ones the rest; at most a fifth is kept where a plain one fails.

    At most a half where a claim marked so fails; an excuse costs its share of what is kept.
    """
    assert rubric.earned(10.0, plain, subtle, half, loss) == points


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_text_in_the_gradebook_is_no_formula(cell):
    """What a spreadsheet would compute is quoted."""
    assert formats.harmless(cell) == f"'{cell}"


def test_numbers_in_the_gradebook_stay_numbers():
    """A negative number is no formula."""
    assert formats.harmless(-1.5) == -1.5


def test_feedback_lines_can_be_pasted():
    """Python's lines rebuild the arguments to the bit, and call the function."""
    data = pd.DataFrame({"bucket": ["a", "b"], "weight": [0.1, 1 / 3]})
    arguments = {"X": np.array([[1.0, 0.1], [1.0, 1 / 3]]), "data": data, "first_id": 1, "colors": ["red"]}
    got = {}
    lines = feedback.pasteable(Call("see", arguments), "Python")
    exec("\n".join(lines), {"see": lambda *values: got.update(zip(arguments, values, strict=True))})
    assert got["X"].tobytes() == arguments["X"].tobytes()
    assert got["data"].equals(data)
    assert (got["first_id"], got["colors"]) == (1, ["red"])


def test_lines_of_several_terms_can_be_pasted():
    """Pairs of Z and group, as a peer in Python or R takes them; what is too large to read is not shown."""
    Z, group = np.array([[1.0, 0.5], [1.0, 1 / 3]]), np.array(["a", "b"])
    call = Call("see", {"X": np.eye(2), "terms": [(Z, group), (np.ones((2, 1)), np.array([7, 8]))], "method": "ML"})
    got = []
    exec("\n".join(feedback.pasteable(call, "Python")), {"see": lambda _, terms, method: got.extend([*terms, method])})
    assert got[0][0].tobytes() == Z.tobytes() and got[0][1].tolist() == ["a", "b"]
    assert got[1][0].tolist() == [[1], [1]] and got[1][1].tolist() == [7, 8] and got[2] == "ML"
    first = f'list(Z = matrix(c(1.0, 0.5, 1.0, {1 / 3!r}), nrow = 2, byrow = TRUE), group = factor(c("a", "b")))'
    second = "list(Z = matrix(c(1.0, 1.0), nrow = 2, byrow = TRUE), group = factor(c(7, 8)))"
    assert feedback.pasteable(call, "R")[-2:] == [f"terms <- list({first}, {second})", 'see(X, terms, "ML")']
    assert feedback.example(Call("see", {"terms": [(np.ones((300, 1)), np.arange(300))]}), "R") == ""


@pytest.mark.parametrize("ending", template.ENDINGS)
def test_templates_have_every_function_and_what_it_returns(ending, tmp_path):
    """Signatures and fields of the contract, the line that checks; nothing of theorems, numerics and Python in R."""
    path = tmp_path / f"mine{ending}"
    template.write(path)
    one = taken([str(path)])[0]
    text = one.source.text
    head = "def {}({}):" if one.source.language == "Python" else "{} <- function({}) {{"
    assert all(head.format(name, ", ".join(f.arguments)) in text for name, f in CONTRACT.items())
    assert all(field in template.TASKS[name]["returns"] for name, f in CONTRACT.items() for field in f.fields)
    assert f"pytest --submission mine{ending}" in path.read_text()
    strange = r"theorem|Raises|float64|O\(|eigen" + ("" if one.source.language == "Python" else r"|dict|np\.|None|def ")
    assert not re.findall(strange, path.read_text())
    assert max(map(len, text.split("\n"))) <= 120


# --- the sandbox ----------------------------------------------------------------------------------------


@pytest.fixture(params=TIERS)
def submitted(request):
    """Make a submission of some source text in each tier."""
    reason = tiers.unusable(request.param)
    if reason:
        pytest.skip(f"{request.param}: {reason}")
    made = []

    def submit(source: str) -> Implementation:
        made.append(Submission(Source.of("Python", source), request.param, Limits(call_seconds=1.5, load_seconds=10)))
        return Implementation("student", made[-1])

    yield submit
    for submission in made:
        submission.close()


FAILURES = {
    "undefined": ("def gls(X, y, V): pass", "denominator_df is not defined"),
    "empty": ("", "there is no function here that is asked for: put the lines of each answer into a function"),
    "syntax": (
        "def f(:\n  pass",
        "none of its functions can be read: f, which begins in line 1, cannot be read: invalid",
    ),
    "import": (
        "\nimport nothing_like_it as n\ndef denominator_df(d): return n.x",
        "name 'n' is not defined; line 2 could not run here: nothing_like_it is not installed here",
    ),
    "variable": (
        "data = open('frogs.csv')\ndef denominator_df(d): return data",
        "name 'data' is not defined; it is made in line 1, which could not run here: there is no file 'frogs.csv' here",
    ),
    "arguments": ("def denominator_df(): pass", "denominator_df raised TypeError: denominator_df() takes 0 positional"),
    "exception": (
        "def denominator_df(d):\n  return 1 / 0",
        "denominator_df raised ZeroDivisionError in line 2: division by zero",
    ),
    "nothing": (
        "def denominator_df(d): d.shape",
        "denominator_df: it returns nothing",
    ),
    "stub": ("def denominator_df(d): 'doc'; pass", "denominator_df raised NotImplementedError: not written yet"),
    "loop": ("def denominator_df(d):\n  while True: pass", "denominator_df did not finish within 1.5 seconds"),
    "crash": ("import os\ndef denominator_df(d): os._exit(3)", "denominator_df ended the process it runs in"),
    "exit": ("import os; os._exit(0)", "the file ends the process while it is loaded"),
    "memory": ("def denominator_df(d): return bytearray(10**11)", "denominator_df: it ran out of memory"),
    "project": (
        "import lmm_core\ndef denominator_df(d): return lmm_core.denominator_df(d)",
        "lmm_core is not installed here",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_goes_wrong_in_a_call_is_its_verdict_in_one_sentence(submitted, case):
    """The sentence names the function, the line, or what is missing."""
    source, words = FAILURES[case]
    with pytest.raises(ContractError) as verdict:
        submitted(source).denominator_df(pd.DataFrame({"bucket": [1]}))
    assert words in str(verdict.value)


def test_a_function_that_cost_a_worker_is_not_called_again_and_the_rest_is(submitted):
    """The worker is started anew for the others."""
    impl = submitted(
        "import os\ndef denominator_df(d): os._exit(1)\ndef gls(X, y, V): return {'coef': X[0], 'se': X[0]}"
    )
    for _ in range(2):
        with pytest.raises(ContractError, match="ended the process"):
            impl.denominator_df(pd.DataFrame({"bucket": [1]}))
    assert impl.gls(np.ones((2, 1)), np.ones(2), np.eye(2)).coef.tolist() == [1.0]


SPOKEN = """
def denominator_df(data): return buckets_per_color(data)["red"] - 1
def buckets_per_color(data): return {"red": "2"}
def ols(X, y): return print
def gls(X, y, V): return 1 / 0
"""


def test_the_messages_of_the_readme_are_those_that_go_over_the_wire(monkeypatch):
    """Its table has every part and every kind of failure, and no other."""
    said, encode, receive = [], wire.encode, wire.receive
    monkeypatch.setattr(wire, "encode", lambda message: said.append(message) or encode(message))
    monkeypatch.setattr(wire, "receive", lambda *given: said.append(receive(*given)) or said[-1])
    right = RightFunction("buckets_per_color", lambda _: {"": {"red": np.array(3.0)}})
    for text in (SPOKEN, "1 +"):
        one = Submission(Source.of("Python", text), "none")
        for function, arguments, *instead in (
            *(("buckets_per_color", ["data"]), ("denominator_df", ["data"], right), ("fit_reml", ["X", "y", "group"])),
            *(("ols", ["X", "y"]), ("gls", ["X", "y", "V"])),
        ):
            with contextlib.suppress(ContractError):
                one.call(function, dict.fromkeys(arguments, np.eye(2)), CONTRACT[function].forms, *instead)
        one.close()
    text = (PROJECT / "tests" / "grading" / "README.md").read_text(encoding="utf-8").partition("over the wire")[2]
    parts = {part for told in re.findall(r"`\{(.*?)\}`", text) for part in re.split(r"[:,] ", told)} - {"false"}
    assert_equal(
        "parts", parts, {part for message in said for part in message} | {"labels", "table", "factors", "flaws"}
    )
    kinds = set(re.findall(r"`(\w+)`", text.partition("kind}` |")[2].partition("\n")[0]))
    assert_equal("kinds", kinds, {message["kind"] for message in said if "kind" in message} | {"stopped"})


def test_a_call_costs_less_than_a_twentieth_of_a_start_with_numpy(submitted):
    """The median of 200 calls on a 40-row problem, beside the function's own time, which is nothing."""
    start = min(_seconds([sys.executable, "-c", "import numpy"]) for _ in range(3))
    impl = submitted("def ols(X, y): return {'coef': X[0], 'se': X[0], 'sigma2': 1, 'df_resid': 36}")
    X, y = np.ones((40, 4)), np.ones(40)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        impl.ols(X, y)
        times.append(time.perf_counter() - began)
    assert np.median(times) < start / 20


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def test_arguments_arrive_as_they_are(submitted):
    """A table with its dtypes and row order, labels as an array, numbers as numbers."""
    impl = submitted(
        "import numpy as np\n"
        "def denominator_df(d):\n"
        "    assert list(d.columns) == ['bucket', 'color', 'weight'] and d['bucket'].tolist() == [3, 1, 2]\n"
        "    assert d['bucket'].dtype == np.int64 and d['weight'].dtype == np.float64\n"
        "    assert d['color'].tolist() == ['r', 'g', 'b']\n"
        "    return 3\n"
    )
    data = pd.DataFrame({"bucket": [3, 1, 2], "color": ["r", "g", "b"], "weight": [0.1, 0.2, 0.3]})
    assert impl.denominator_df(data) == 3


PRINTS = "import os\ndef denominator_df(d):\n    for _ in range({}): os.write(1, b'x' * 65536)\n    return 3\n"
ONE = pd.DataFrame({"bucket": [1]})


def test_what_is_printed_costs_no_time_however_slowly_it_is_read(submitted, monkeypatch):
    """Six megabytes, taken in ten seconds, within a limit of one and a half."""
    monkeypatch.setattr(Submission, "_keep", lambda *_: time.sleep(0.1))
    assert submitted(PRINTS.format(100)).denominator_df(ONE) == 3


def test_what_is_printed_without_end_is_cut_by_its_size(submitted, monkeypatch):
    """The same verdict on every machine."""
    monkeypatch.setattr(clock, "MOST_PRINTED", 2**22)
    with pytest.raises(ContractError, match="it printed more than 4 MB"):
        submitted(PRINTS.format(10**9)).denominator_df(ONE)


def test_a_byte_now_and_then_is_sleep(submitted):
    """Who prints a little between naps has slept."""
    source = "import os, time\ndef denominator_df(d):\n    while True: os.write(1, b'x'); time.sleep(0.02)\n"
    with pytest.raises(ContractError, match=r"did not finish within 1\.5 seconds"):
        submitted(source).denominator_df(ONE)
