"""A program behind lines of JSON on trial: it is judged as in Python, and what goes wrong is one sentence."""

import json
import re
import runpy
import shutil
import sys
import time

import numpy as np
import pytest

import lmm_core
from tests import shapes
from tests.contract import EVERY, ContractError
from tests.meta.graded import PROJECT, typed
from tests.peers import census, peer, smoke
from tests.peers.dialogue import question
from tests.peers.judge import _source
from tests.peers.program import example
from tests.selection import EXERCISES

PROGRAMS = PROJECT / "tests" / "peers" / "programs"
SERVING = """
import json, sys
import numpy as np
PLANTED
for line in sys.stdin:
    asked = json.loads(line)
    result = NAME(*(np.array(part) if isinstance(part, list) else part for part in asked["arguments"].values()))
    print(json.dumps({"id": asked["id"], "result": result}, default=lambda array: array.tolist()), flush=True)
"""
# What a program may do instead of answering, by the function that it is asked for; the others it answers.
MISBEHAVING = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    name, id = asked["function"], asked["id"]
    said = {"id": id, "result": 2}
    if name == "gls":
        print("no memory left", file=sys.stderr, flush=True)
        os._exit(3)
    elif name == "ols":
        print("Fitting ...", flush=True)
    elif name == "anova_ols":
        said = {"id": id, "error": "colours are not my subject"}
    elif name == "anova_reml":
        said = [1, 2]
    elif name == "fit_reml":
        said = {"id": id}
    elif name == "satterthwaite_df":
        said = {"id": id + 1, "result": [2, 2]}
    elif name == "mixed_df":
        said = {"id": id, "result": [None, 2]}
    elif name == "fit_mixed":
        said = {"id": id, "result": {"G": [[[1]]], "Ve": 1, "coef": [1, 2]}}
    elif name == "frog_correlation":
        time.sleep(600)
    print(json.dumps(said), flush=True)
"""
SENTENCES = {
    "gls": "gls was not answered: the program ended with status 3; its last words: no memory left",
    "ols": "ols was answered with what is no JSON: 'Fitting ...'",
    "anova_ols": "anova_ols answered with an error: colours are not my subject",
    "anova_reml": r"anova_reml was answered with what has no whole number as id: '\[1, 2\]'",
    "fit_reml": "fit_reml was answered without a result and without an error: ",
    "satterthwaite_df": r"satterthwaite_df was answered with id \d+; it was asked with id \d+",
    "mixed_df": "the result has 2 numbers, of which 1 are NA, NaN or infinite",
    "fit_mixed": "fit_mixed: the result has no field 'se'",
    "frog_correlation": "frog_correlation was not answered within 1 seconds",
    "model_variances": "model_variances: the result has no field 'Vb'",
}
LEAST_SQUARES = """
import json, sys
import numpy as np
def gls(X, y, V):
    C = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    return {"coef": C @ X.T @ np.linalg.solve(V, y), "se": np.sqrt(np.diag(C))}
def ols(X, y):
    C, n, p = np.linalg.inv(X.T @ X), *X.shape
    rss = np.sum((y - X @ C @ X.T @ y) ** 2)
    return {"coef": C @ X.T @ y, "sigma2": rss / n, "se": np.sqrt(np.diag(C) * rss / n), "df_resid": n - p}
for line in sys.stdin:
    asked = json.loads(line)
    result = globals()[asked["function"]](*map(np.array, asked["arguments"].values()))
    print(json.dumps({"id": asked["id"], "result": result}, default=lambda array: array.tolist()), flush=True)
"""


def _of_group(group):
    return {"X": shapes.INTERLEAVED.X, "y": shapes.INTERLEAVED.y, "group": group}


def _toml(folder, source, *lines):
    (folder / "serve.py").write_text(source)
    path = folder / "peer.toml"
    path.write_text("\n".join([f'command = ["{sys.executable}", "serve.py"]', *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("misbehaving")
    functions = ", ".join(f'"{name}"' for name in [*SENTENCES, "denominator_df"])
    return peer.load(_toml(folder, MISBEHAVING, "seconds = 1", f"functions = [{functions}]"))


@pytest.mark.parametrize("name", SENTENCES)
def test_what_goes_wrong_is_one_sentence_and_the_next_question_is_answered(misbehaving, name):
    """It dies, is late, talks nonsense, forgets a field: that call fails, and no other."""
    impl = misbehaving.implementation()
    with pytest.raises(ContractError, match=SENTENCES[name]):
        getattr(impl, name)(*example(name).values())
    assert impl.denominator_df(*example("denominator_df").values()) == 2


def test_a_function_that_is_always_late_is_not_waited_for_any_more(tmp_path):
    """Hypothesis would wait for it a hundred times."""
    late = "import sys, time\nfor line in sys.stdin: time.sleep(600)\n"
    impl = peer.load(_toml(tmp_path, late, "seconds = 0.2", 'functions = ["denominator_df"]')).implementation()
    arguments = example("denominator_df").values()
    for _ in range(3):
        with pytest.raises(ContractError, match=r"was not answered within 0\.2 seconds"):
            impl.denominator_df(*arguments)
    with pytest.raises(ContractError, match="was late 3 times, and is not asked any more"):
        impl.denominator_df(*arguments)


def test_a_late_answer_is_not_taken_for_the_next(tmp_path):
    """Two answers to one question: the second has an id of the past."""
    twice = 'print(json.dumps({"id": asked["id"], "result": 7}), flush=True)\n'
    source = f"import json, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n    {twice}    {twice}"
    impl = peer.load(_toml(tmp_path, source, 'functions = ["denominator_df"]')).implementation()
    assert [impl.denominator_df(*example("denominator_df").values()) for _ in range(4)] == [7] * 4


UNUSABLE = {  # a file, and the sentence
    "no TOML": ("command = [", "is no TOML: "),
    "no command": ('version = "1"', "has command = None; expected a list of words"),
    "a text": ('command = "julia peer.jl"', "has command = 'julia peer.jl'; expected a list"),
    "nobody": ('command = ["no-such-program"]', "there is no no-such-program on this machine"),
    "a slip": ('command = ["python3"]\nknown_failure = 1', "declares 'known_failure'; known are command, "),
    "time": ('command = ["python3"]\nseconds = 0', "has seconds = 0; expected a number above 0"),
    "function": ('command = ["python3"]\nfunctions = ["reml"]', "offers 'reml'; functions of the contract are "),
    "ends": (f'command = ["{sys.executable}", "-c", "raise SystemExit(5)"]', "ended with status 5, without a word"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, capsys, case):
    """By smoke, too, which ends with 2."""
    text, words = UNUSABLE[case]
    path = tmp_path / "peer.toml"
    path.write_text(text)
    assert smoke.smoke(path) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_smoke_says_what_is_answered_and_what_is_not(misbehaving, capsys, monkeypatch):
    """A line for each function; 1 where the form is wrong."""
    monkeypatch.setattr(peer, "load", lambda _: misbehaving)
    assert smoke.smoke(PROGRAMS / "frogs.toml") == 1
    said = capsys.readouterr().out
    assert "  denominator_df         2 (" in said and "  covariance_matrix      not offered" in said
    assert said.endswith("1 of 11 functions offered are answered in the contract's form\n")


@pytest.mark.parametrize("name", EVERY)
def test_a_question_is_of_plain_json(name):
    """No NaN, no numpy; a list that is no term stays one."""
    line = question(7, name, example(name))
    assert line.startswith(f'{{"id": 7, "function": "{name}", "arguments": {{') and "NaN" not in line
    assert ('"terms": [{"Z": [[1.0], ' in line) == ("terms" in EVERY[name].arguments)


def test_numbers_lose_no_bit_on_their_way(tmp_path):
    """What is echoed is what was sent."""
    echo = 'said = {"coef": asked["arguments"]["y"], "se": asked["arguments"]["X"][0]}'
    source = f"import json, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n    {echo}\n"
    source += '    print(json.dumps({"id": asked["id"], "result": said}), flush=True)\n'
    impl = peer.load(_toml(tmp_path, source, 'functions = ["gls"]')).implementation()
    X = np.random.default_rng(1).normal(size=(3, 3)) * 10.0 ** np.array([-200, 0, 200])
    got = impl.gls(X, X[1], np.eye(3))
    assert np.array_equal(got.coef, X[1]) and np.array_equal(got.se, X[0])


def test_a_planted_fault_is_caught_and_shown_as_a_line_to_send(tmp_path):
    """RSS / n for RSS / (n - p): the run fails, and says how to see it and how to declare it."""
    path = _toml(tmp_path, LEAST_SQUARES, 'functions = ["ols", "gls"]')
    run = _judged(path, "-k", "by_hand", *(str(EXERCISES / f"test_4_2_{name}.py") for name in ("ols", "gls")))
    assert run.returncode == 1, run.stdout[-2000:] + run.stderr[-2000:]
    assert 'send the program:\n{"id": 1, "function": "ols", ' in run.stdout
    assert '[known_failures]\n"test_ols_by_hand" = ' in run.stdout
    assert "  4.2  gls                    1 passed" in run.stdout


def test_a_peer_in_python_answers_by_lines_as_it_does_in_process(tmp_path, monkeypatch):
    """Every function of lmm_core behind serve.py: the same numbers, to the bit."""
    source = (
        "from lmm_core import *\nfrom lmm_core.mixed import fit_mixed, likelihood_ratio, mixed_df, random_effects\n"
    )
    (tmp_path / "right_peer.py").write_text(source + "print('Fitting ...')\n")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    command = [sys.executable, str(PROGRAMS / "serve.py"), "right_peer.py"]
    (tmp_path / "right.toml").write_text(f"command = {command}\n")
    loaded = peer.load(tmp_path / "right.toml")
    behind = loaded.implementation()
    assert loaded.by_ml
    told, right = (
        [repr(getattr(impl, name)(*example(name).values())) for name in EVERY]
        for impl in (behind, peer.core().implementation())
    )
    assert told == right


def test_a_program_whose_answer_is_the_same_by_ml_is_not_asked_by_it(tmp_path, monkeypatch):
    """It may not know the argument, or refuse it: that is said."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    for k, taken in enumerate(("", ", method=None", ", *, key=1")):
        source = f"def fit_mixed(X, y, terms{taken}):\n    return mixed.fit_mixed(X, y, terms)\n"
        (tmp_path / f"p{k}.py").write_text("from lmm_core import mixed\n" + source)
        command = [sys.executable, str(PROGRAMS / "serve.py"), f"p{k}.py"]
        (tmp_path / f"p{k}.toml").write_text(f"command = {command}\nfunctions = ['fit_mixed']\n")
        loaded = peer.load(tmp_path / f"p{k}.toml")
        assert not loaded.by_ml
        assert any(remark.startswith(peer.NOT_BY_ML) for remark in loaded.remarks)


def _behind(name, arguments):
    """As serve.py hands them to its peer."""
    argument = runpy.run_path(str(PROGRAMS / "serve.py"))["argument"]
    sent = json.loads(question(1, name, arguments))["arguments"]
    return {key: argument(key, value) for key, value in sent.items()}


ASKED = {
    **{kind: ("fit_reml", _of_group(shapes.labelled(shapes.INTERLEAVED.codes, kind))) for kind in shapes.KINDS},
    "truth values": ("fit_reml", _of_group(shapes.INTERLEAVED.codes % 2 == 1)),
    **{f"a table, {kind}": ("anova_reml", {"data": shapes.named_table(kind).data}) for kind in shapes.KINDS},
    "two terms": ("fit_mixed", example("fit_mixed") | {"terms": [example("fit_mixed")["terms"][0]] * 2}),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_a_peer_may_trip_over_is_there_behind_lines_of_json_too(case):
    """All that the faults of test_planted.py look at: shapes, labels, their order; the type object alone is lost."""
    name, arguments = ASKED[case]
    here, there = (vars(census.facts(given)) | {"objects": None} for given in (arguments, _behind(name, arguments)))
    assert there == here


FAULTS = {  # one function of lmm_core, and what is made of its result
    "ols": '{"sigma2": 0.9 * right.sigma2, "se": 0.9 * right.se, "coef": right.coef, "df_resid": right.df_resid}',
    "satterthwaite_df": "0 * right + len(arguments[1]) - arguments[0].shape[1]",
    "fit_reml": '{name: getattr(right, name) * 1.01 for name in ("Vb", "Ve", "coef", "se", "criterion")}',
    "covariance_matrix": "np.diag(np.diag(right))",
}


@pytest.mark.slow
@pytest.mark.parametrize("function", FAULTS)
def test_a_fault_behind_lines_of_json_fails_the_tests_that_it_fails_in_python(tmp_path, monkeypatch, function):
    """And without the fault none."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    wrong = f"import numpy as np\nimport lmm_core\ndef {function}(*arguments):\n"
    wrong += f"    right = lmm_core.{function}(*arguments)\n    return {FAULTS[function]}\n"
    (tmp_path / "wrong_peer.py").write_text(wrong)
    served = SERVING.replace("PLANTED", "from wrong_peer import *").replace("NAME", function)
    behind = _judged(_toml(tmp_path, served, f'functions = ["{function}"]'))
    inside = _judged(tmp_path / "wrong_peer.py")
    failed = [set(re.findall(r'^ *"(test_[^"]+)"(?::| =)', run.stdout, re.MULTILINE)) for run in (behind, inside)]
    assert failed[0] and failed[0] == failed[1]


def _judged(path, *options):
    return typed("-q", f"--implementation={path}", *options)


def test_javascript_answers_as_lmm_core_does():
    """The functions before fit_reml, by node."""
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine; to install: apt-get install nodejs")
    frogs = peer.load(PROGRAMS / "frogs.toml")
    assert [name for name in EVERY if frogs.offers(name)] == [
        *("buckets_per_color", "denominator_df", "model_variances", "empirical_variances"),
        *("design_matrix", "covariance_matrix", "gls", "ols"),
    ]
    impl = frogs.implementation()
    X, y, V = example("gls").values()
    assert np.allclose(impl.gls(X, y, V).se, lmm_core.gls(X, y, V).se, rtol=1e-12)
    assert impl.ols(X, y).sigma2 == pytest.approx(50.4)


@pytest.mark.slow
def test_javascript_passes_all_that_it_offers():
    """Every test of the eight functions."""
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine; to install: apt-get install nodejs")
    run = _judged(PROGRAMS / "frogs.toml")
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout[-3000:]


def test_a_peer_in_r_is_judged_without_rpy2():
    """lme4's file behind lines of JSON."""
    if shutil.which("Rscript") is None:
        pytest.skip("there is no Rscript on this machine; to install: apt-get install r-cran-lmertest r-cran-jsonlite")
    try:
        lme4 = peer.load(PROGRAMS / "lme4.toml")
    except peer.PeerError as error:
        pytest.skip(str(error))
    offered = {name for name in EVERY if lme4.offers(name)}
    assert {"fit_reml", "satterthwaite_df", "anova_reml", "fit_mixed", "mixed_df"} < offered and "ols" not in offered
    impl = lme4.implementation()
    fit = impl.fit_reml(*example("fit_reml").values())
    assert (fit.Vb, fit.Ve) == pytest.approx((69, 9), rel=1e-5)
    F = impl.anova_reml(*example("anova_reml").values()).F
    assert pytest.approx(4.5, rel=1e-5) == F
    assert np.allclose(impl.mixed_df(*example("mixed_df").values()), 2, rtol=1e-3)


def test_a_program_ends_with_its_peer(tmp_path):
    """No process is left behind."""
    source = MISBEHAVING.replace("import json", "open('there', 'w').close()\nimport json", 1)
    loaded = peer.load(_toml(tmp_path, source, 'functions = ["denominator_df"]'))
    loaded.implementation().denominator_df(*example("denominator_df").values())
    process = loaded.backend.declaration.program.running.process
    del loaded
    for _ in range(100):
        if process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() is not None


def test_judge_installs_the_package_that_the_programs_file_names(tmp_path):
    """The first word of the command that is R or Python; of a compiled program nothing is known."""
    path = _toml(tmp_path, "import mine\n")
    assert _source(path) == tmp_path / "serve.py"
    path.write_text('command = ["julia", "peer.jl"]\n')
    assert _source(path) is None
