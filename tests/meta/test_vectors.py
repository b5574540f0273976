"""The vectors on trial: proved, linted; planted mistakes are named, corruptions are sentences."""

import copy
import json
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy.special import fdtrc

from reference.vectors import generate, lint, words
from tests.vectors import answers, command, core, peers
from tests.vectors.judged import judged

SMALL = ("boundary", "refusals")  # topics
NAME = "boundary/dyestuff2-1"


@pytest.fixture(scope="module")
def vectors():
    return lint.read()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder of two topics."""
    folder = tmp_path_factory.mktemp("vectors")
    for topic in SMALL:
        shutil.copy(lint.FOLDER / f"{topic}.json", folder)
    return folder


@pytest.fixture(scope="module")
def few(small):
    return lint.read(small)


def _sheet(vectors, rows, program="mine"):
    sheet = answers.Sheet(program)
    for row in rows:
        answers._put(sheet, "here", {**row, "value": str(row["value"])}, vectors)
    return sheet


# --- the numbers ----------------------------------------------------------------------------------------


def test_there_are_vectors_of_every_topic_flag_and_mistake(vectors):
    """No word of the lists is idle."""
    assert {name.partition("/")[0] for name in vectors} == set(words.TOPICS)
    assert {flag for vector in vectors.values() for flag in vector["flags"]} == set(words.FLAGS)
    assert {name for vector in vectors.values() for name in vector.get("wrong", ())} == set(words.MISTAKES)
    assert {q for vector in vectors.values() for q in vector.get("expected", ())} == set(words.QUANTITIES)


@pytest.mark.parametrize("topic", ["refusals", "minima", "schema"])
def test_a_topic_computed_afresh_is_the_same_to_the_letter(topic, capsys):
    """`tox run -e vectors` does it for all."""
    assert generate.main([topic]) == 0, capsys.readouterr().out


def test_the_files_are_below_five_megabytes():
    assert sum(path.stat().st_size for path in lint.FOLDER.iterdir()) < 5_000_000


# --- planted mistakes -----------------------------------------------------------------------------------

LINES = "slopes/lines-71"
COLORS = "ordinary/colors-3"
UNEQUAL = "unbalanced/colors-21"
GROWTH = "slopes/orthodont-1"
VARIANCES = {"variances", "Ve"}


def _named(vectors, name, change):
    """The mistake of each quantity that is not right, when lmm_core's answers are changed."""
    rows = core.rows(vectors[name], change(vectors[name]))
    return {cell.quantity: cell.mistake for cell in judged(_sheet(vectors, rows), vectors) if not cell.right}


def _right(vector):
    return core.answered(*core.parts(vector), core.tested_of(vector), vector["method"])


def _mapped(quantities, function):
    return lambda vector: {
        name: [function(vector, value) for value in values] if name in quantities else values
        for name, values in _right(vector).items()
    }


def _by_ml(vector):
    return core.answered(*core.parts(vector), core.tested_of(vector), "ML")


def _of_diagonal_G(vector):
    X, y, ((Z, group),) = core.parts(vector)
    found = core.answered(X, y, [(column[:, None], group) for column in Z.T], core.tested_of(vector), vector["method"])
    return found | {"variances": np.diag(found["variances"])[np.tril_indices(Z.shape[1])]}


def _of_columns(columns):
    """Another X, of the columns of X."""

    def change(vector):
        X, y, terms = core.parts(vector)
        return core.answered(np.column_stack(columns(X.T)), y, terms, core.tested_of(vector), vector["method"])

    return change


def _with_df(df):
    """Of every coefficient, and of a test of one column."""

    def change(vector):
        found, p = _right(vector), len(vector["coefficients"])
        dfs, tested = df(vector) * np.ones(p), core.tested_of(vector)
        F_df = [1, dfs[tested[0]]]
        t, F = np.array(found["t"]), found["F"][0]
        return found | {"df": dfs, "p": fdtrc(1, dfs, t**2), "F_df": F_df, "F_p": [fdtrc(*F_df, F)]}

    return change


def _rows_less_columns(vector):
    return len(vector["numbers"]["y"]) - len(vector["coefficients"])


def _inner_and_outer(vector):
    """nlme's, of a table whose other column is constant within groups: N - m and m - 2."""
    n, m = len(vector["numbers"]["y"]), max(vector["numbers"]["terms"][0]["group"])
    return np.array([n - m, m - 2])


FIT, TESTS = {"variances", "se", "criterion"}, {"df", "t", "p", "F", "F_df"}
PLANTED = {  # a mistake and a vector: what the program does, and what of it is wrong at least
    ("inner and outer df", UNEQUAL): (_with_df(_inner_and_outer), {"df"}),
    ("residual df", UNEQUAL): (_with_df(_rows_less_columns), {"df", "p", "F_df", "F_p"}),
    ("ML", UNEQUAL): (_by_ml, FIT | TESTS),
    ("ML", GROWTH): (_by_ml, FIT | {"df", "F_df"}),
    ("standard deviations", COLORS): (_mapped(VARIANCES, lambda _, value: value**0.5), VARIANCES),
    ("variances of coefficients", COLORS): (_mapped({"se"}, lambda _, value: value**2), {"se"}),
    ("log likelihood", COLORS): (_mapped({"criterion"}, lambda _, value: -value / 2), {"criterion"}),
    ("a diagonal G", LINES): (_of_diagonal_G, {"variances"}),
    ("a diagonal G", "slopes/machines-1"): (_of_diagonal_G, FIT | {"df"}),
    ("last level's treatment", UNEQUAL): (_of_columns(lambda x: [x[0], 1 - x[1]]), {"coef", "se", "df", "t"}),
    ("last level's treatment", COLORS): (_of_columns(lambda x: [x[0], x[0] - x[1] - x[2], x[1]]), {"coef", "t"}),
    ("last level's treatment", GROWTH): (
        _of_columns(lambda x: [x[0], 1 - x[1], x[2], x[2] - x[3]]),
        {"coef", "se", "t"},
    ),
}


@pytest.mark.parametrize(("mistake", "name"), PLANTED, ids=map(" in ".join, PLANTED))
def test_a_planted_mistake_is_named_in_all_that_it_changes(vectors, mistake, name):
    """By another program's numbers, not by the vector's own list of them."""
    change, quantities = PLANTED[mistake, name]
    named = _named(vectors, name, change)
    assert set(named.values()) == {mistake} and set(named) >= quantities


def test_the_higher_of_two_minima_is_named(vectors):
    """For every vector that has one: the numbers of the list, as a program prints them."""
    names = [name for name, vector in vectors.items() if "the higher minimum" in vector.get("wrong", ())]
    assert len(names) >= 10
    rows = [
        {"id": name, "quantity": "criterion", "index": 1, "value": round(float(value), 4)}
        for name in names
        for value in vectors[name]["wrong"]["the higher minimum"].get("criterion", ())
    ]
    cells = judged(_sheet(vectors, rows), vectors)
    assert {cell.mistake for cell in cells if not cell.right} == {"the higher minimum"}


def test_what_is_wrong_by_no_known_mistake_has_no_name(vectors):
    """5 % off; and coefficients that are near to ML's, and as near to the truth."""
    assert _named(vectors, COLORS, _mapped({"se"}, lambda _, value: 1.05 * value)) == {"se": ""}
    assert _named(vectors, "ordinary/covariates-11", _mapped({"coef"}, lambda _, value: 1.0003 * value)) == {"coef": ""}


# --- the page of defects --------------------------------------------------------------------------------

BY_ANSWERS = (
    "-ml, ",
    "ordinary/dyestuff-1, df",
)  # by nlme's and statsmodels' answers to ML, and nlme's df: no peer has them


def test_every_defect_with_its_numbers_is_among_all_that_a_package_misses(vectors):
    """Each line of the first table, by package, vector and quantity; and what is missed is asked."""
    page = peers.PAGE.read_text(encoding="utf-8")
    declared = peers.declared(page)
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (\w+/[^,| ]+)(?:, (\w+))? \|", page, re.MULTILINE)
    lines = {row for row in rows if not any(of in f"{row[1]}, {row[2]}" for of in BY_ANSWERS)}
    of_package = {
        name: missed for version, missed in declared.items() for name in re.findall("[A-Za-z]+[0-9]?", version)
    }
    lost = [row for row in lines if (row[2] or "refuse") not in of_package[row[0]].get(row[1], ())]
    assert len(lines) >= 20 and not lost
    assert {name for missed in declared.values() for name in missed} <= set(vectors)


# --- the command ----------------------------------------------------------------------------------------


def _check(*words_of):
    parser = ArgumentParser()
    command.options(parser)
    return command.check(parser.parse_args(list(map(str, words_of))))


def _rows(few):
    return [row for vector in few.values() for row in core.answers(vector)]


@pytest.fixture
def right(few, tmp_path):
    """A sheet of lmm_core's answers to two topics."""
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"program": "lmm_core", "answers": _rows(few)}))
    return path


def test_right_answers_end_with_0_and_a_table(right, small, capsys):
    """By topic and quantity."""
    assert _check(right, "--vectors", small) == 0
    said = capsys.readouterr().out
    assert said.startswith("lmm_core: 29 of 29 vectors answered, version ")
    assert "  boundary    variances           20/20" in said and said.endswith(" right, 0 not\n")
    assert "  not answered, and not judged: no kr_expected_se kr_expected_df kr_observed_se kr_observed_df\n" in said


def test_csv_says_the_same_as_json(right, small, few, tmp_path, capsys):
    """Without a program's name it is the file's."""
    path = tmp_path / "lmm_core.csv"
    cells = [(row["id"], row["quantity"], row.get("index", ""), f'"{row["value"]}"') for row in _rows(few)]
    path.write_text("\n".join(["id,quantity,index,value", *(",".join(map(str, row)) for row in cells)]))
    _check(right, "--vectors", small)
    by_json = capsys.readouterr().out
    assert _check(path, "--vectors", small) == 0
    assert capsys.readouterr().out == by_json


def test_a_failure_is_written_for_people_and_for_machines(small, tmp_path, capsys):
    """Terminal, JSON, Markdown, JUnit: the numbers, the flag, the mistake."""
    path, out = tmp_path / "a.json", {kind: tmp_path / kind for kind in ("json", "markdown", "junit")}
    row = {"id": NAME, "quantity": "variances", "index": 1, "value": -2.15}
    wrong = float(lint.read(small)[NAME]["wrong"]["a negative variance"]["variances"][0])
    path.write_text(json.dumps([row | {"value": wrong}]))
    options = [word for kind, file in out.items() for word in (f"--{kind}", file)]
    assert _check(path, "--vectors", small, *options) == 1
    sentence = words.MISTAKES["a negative variance"]
    said = capsys.readouterr().out
    assert f"{NAME}: variances has 1.0 digits of 3: {sentence}\n" in said and "\n  boundary: the variance" in said
    (cell,) = json.loads(out["json"].read_text())["cells"]
    assert cell["mistake"] == "a negative variance" and cell["right"] is False and cell["expected"] == ["0"]
    assert f"| {sentence} |" in out["markdown"].read_text()
    suite = ET.fromstring(out["junit"].read_text())
    assert suite.get("failures") == "1" and sentence in suite[0][0].get("message")


def test_a_baseline_alone_decides(right, small, few, tmp_path, capsys):
    """What is lost fails, what was wrong before does not."""
    before, now = tmp_path / "before.json", tmp_path / "now.json"
    assert _check(right, "--vectors", small, "--json", before) == 0
    rows = [row for row in _rows(few) if (row["id"], row["quantity"]) != (NAME, "se")]
    rows = [
        row | {"value": row["value"] * (1 + 1e-9)} if row["id"] == NAME and row["quantity"] == "Ve" else row
        for row in rows
    ]
    now.write_text(json.dumps({"answers": rows}))
    assert _check(now, "--vectors", small) == 0
    assert _check(now, "--vectors", small, "--baseline", before) == 1
    said = capsys.readouterr().out
    assert f"lost: {NAME}: se is not answered any more" in said and f"lost: {NAME}: Ve had " in said
    assert _check(now, "--vectors", small, "--baseline", now) == 2
    assert "is not what --json writes" in capsys.readouterr().err


def test_digits_may_be_asked(right, small):
    """--least: no program has 15 of everything."""
    assert _check(right, "--vectors", small, "--least", "7") == 0
    assert _check(right, "--vectors", small, "--least", "15") == 1
    assert _check(right, "--vectors", small, "--least", "16") == 2


def test_an_answer_where_there_is_none_fails_and_a_refusal_where_there_is_one(few, small, tmp_path, capsys):
    """Unless it is acceptable."""
    rows = [
        {"id": "refusals/single-rows-1", "quantity": "Ve", "index": 1, "value": 1.0},
        {"id": "refusals/same-column-1", "quantity": "Ve", "index": 1, "value": 1.0},
        {"id": NAME, "quantity": "refuse", "value": "no convergence"},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows))
    assert _check(path, "--vectors", small) == 1
    said = capsys.readouterr().out
    assert "refusals/single-rows-1: answered, and there is no fit: every group has one row" in said
    assert f"{NAME}: refused, and there is a fit\n  got       refused: no convergence" in said
    assert "same-column-1" not in said


def test_vectors_are_written_with_what_explains_them(tmp_path, capsys):
    """The topics, the schema, the page, the examples."""
    assert command.copy(tmp_path / "here") == 0
    there = {path.name for path in (tmp_path / "here").iterdir()}
    assert there == {
        *(f"{t}.json" for t in words.TOPICS),
        "schema.json",
        "README.md",
        "CHANGELOG.md",
        "DEFECTS.md",
        "answer.R",
        "answer.py",
    }
    (tmp_path / "file").write_text("")
    assert command.copy(tmp_path / "file") == 2


# --- corruptions ----------------------------------------------------------------------------------------

ROW = {"id": NAME, "quantity": "Ve", "index": 1, "value": 13.8}
SHEETS = {  # name of a file: its text, and the sentence
    "empty.json": ("", "empty.json: is no JSON: "),
    "cut.json": ('{"answers": [{"id"', "cut.json: is no JSON: "),
    "number.json": ("7", 'number.json: is "7"; expected {"program": '),
    "no-list.json": ('{"program": "x"}', 'no-list.json: has no list "answers"; it has ["program"]'),
    "text.json": ('["Ve"]', 'text.json: answer 1: is "Ve"; expected an object with id, quantity, index, value'),
    "nothing.json": ("[]", "nothing.json: answers nothing"),
    "no-id.json": ([{"quantity": "Ve"}], 'no-id.json: answer 1: has ["quantity"]; expected id, '),
    "key.json": ([ROW | {"unit": "kg"}], 'key.json: answer 1: has ["id", "quantity", "index", "value", "unit"]'),
    "id.json": ([ROW | {"id": "boundary/dyestuf2-1"}], f"""no vector; did you mean '{NAME}'?"""),
    "list.json": ([ROW | {"id": ["x"]}], 'list.json: answer 1: id ["x"] is no vector'),
    "quantity.json": ([ROW | {"quantity": "variance"}], "quantity \"variance\" is unknown; did you mean 'variances'?"),
    "index-0.json": ([ROW | {"index": 0}], "index 0 of Ve; it has the indices 1 to 1"),
    "index-2.json": ([ROW, ROW | {"index": 2}], "answer 2: index 2 of Ve; it has the indices 1 to 1"),
    "index-text.json": ([ROW | {"index": "one"}], 'index "one" is no whole number'),
    "index-half.json": ([ROW | {"index": 1.5}], 'index "1.5" is no whole number'),
    "value-text.json": ([ROW | {"value": "13,8"}], 'answer 1: value "13,8" is no number'),
    "value-list.json": ([ROW | {"value": [13.8]}], 'value ["13.8"] is no number'),
    "value-true.json": ([ROW | {"value": True}], "value true is no number"),
    "twice.json": ([ROW, ROW], f"answer 2: Ve 1 of {NAME} is answered twice, at answer 1 before"),
    "both.json": ([ROW, {"id": NAME, "quantity": "refuse"}], f"{NAME} is refused and answered"),
    "head.csv": ("id;quantity;index;value\n", 'head.csv: line 1: has the columns ["id;quantity;index;value"]'),
    "cells.csv": (f"id,quantity,index,value\n{NAME},Ve,1\n", "cells.csv: line 2: has 3 cells; expected 4"),
    "comma.csv": (f"id,quantity,index,value\n{NAME},Ve,1,13,8\n", "comma.csv: line 2: has 5 cells; expected 4"),
    "word.csv": (f"id,quantity,index,value\n{NAME},Ve,1,about 13\n", 'line 2: value "about 13" is no number'),
    "unasked.json": (
        [ROW | {"id": f"{NAME}-ml", "quantity": "df"}],
        f"unasked.json: answers nothing that is asked, such as df of {NAME}-ml",
    ),
    "only-head.csv": ("id,quantity,index,value\n", "only-head.csv: answers nothing"),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_corrupted_sheet_is_one_sentence_with_file_place_and_value(name, few, tmp_path):
    """And nothing is judged."""
    text, words_of = SHEETS[name]
    path = tmp_path / name
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    with pytest.raises(answers.AnswersError) as error:
        answers.read(path, few)
    assert words_of in str(error.value) and name in str(error.value) and "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_one_sentence(few, tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"id,quantity\xff")
    with pytest.raises(answers.AnswersError, match=r"bytes\.csv: is no UTF-8: byte 12 is 255"):
        answers.read(tmp_path / "bytes.csv", few)


@pytest.mark.parametrize("value", ["NaN", "NA", None, float("nan"), "Infinity", ""])
def test_no_number_is_an_answer_that_is_wrong(value, few, tmp_path):
    """A df that a program prints as NaN is no corruption of the sheet."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ROW | {"value": value}]))
    (cell,) = judged(answers.read(path, few), few)
    assert not cell.right and cell.got == ("no number",)


def _set(*place):
    *path, last, value = place

    def change(content):
        for key in path:
            content = content[key]
        content[last] = value

    return change


def _twice(content):
    content["vectors"].append(copy.deepcopy(content["vectors"][0]))


def _rename(content):
    content["vectors"][0]["flag"] = content["vectors"][0].pop("flags")


FIRST = ("vectors", 0)
CORRUPTED = {
    "a version": (_set("version", "2.0.0"), "boundary.json: version: '1.1.0' was expected"),
    "a missing key": (_rename, f"boundary.json: {NAME}: "),
    "a flag": (_set(*FIRST, "flags", ["sunny"]), f"boundary.json: {NAME}/flags/0: "),
    "a number for a decimal": (
        _set(*FIRST, "expected", "Ve", [13.8]),
        f"{NAME}/expected/Ve/0: 13.8 is not of type 'string'",
    ),
    "a word for a decimal": (_set(*FIRST, "expected", "Ve", ["13,8"]), f"{NAME}/expected/Ve/0: '13,8' does not match"),
    "a method": (_set(*FIRST, "method", "MAP"), f"{NAME}/method: 'MAP' is not one of ['REML', 'ML']"),
    "a length": (_set(*FIRST, "expected", "coef", ["1", "2"]), f"{NAME}: expected/coef: has 2 numbers; expected 1"),
    "a cell lost": (_set(*FIRST, "numbers", "y", ["1"]), f"{NAME}: data/"),
    "a negative Ve": (_set(*FIRST, "expected", "Ve", ["-1"]), f"{NAME}: expected: has a Ve or se that is not positive"),
    "a wrong that is right": (
        lambda content: content["vectors"][0]["wrong"]["ML"].update(se=content["vectors"][0]["expected"]["se"]),
        f"{NAME}: wrong/ML/se: is what is expected, but for rounding",
    ),
    "an id twice": (_twice, "sha256: "),
    "a digit": (_set(*FIRST, "expected", "criterion", ["161.8"]), "boundary.json: sha256: "),
    "a t": (_set(*FIRST, "expected", "t", ["1.5"]), f"{NAME}: expected/t/1: is 1.5, and coef / se is "),
}


@pytest.mark.parametrize("name", CORRUPTED)
def test_a_corrupted_file_of_vectors_is_one_sentence(name, small, tmp_path):
    """File, vector, place, value."""
    change, said = CORRUPTED[name]
    content = json.loads((small / "boundary.json").read_text())
    change(content)
    (tmp_path / "boundary.json").write_text(json.dumps(content))
    with pytest.raises(lint.VectorsError) as error:
        lint.read(tmp_path)
    assert said in str(error.value) and str(error.value).startswith("boundary.json: ")
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_a_folder_without_vectors_is_one_sentence(right, tmp_path, capsys):
    assert _check(right, "--vectors", tmp_path) == 2
    assert "has no file of vectors, such as ordinary.json" in capsys.readouterr().err


# --- programs -------------------------------------------------------------------------------------------


def _part(folder, topic, word):
    """The vectors of a topic whose names have a word."""
    content = json.loads((lint.FOLDER / f"{topic}.json").read_text())
    content["vectors"] = [vector for vector in content["vectors"] if word in vector["id"]]
    content["sha256"] = lint.sha256(content["vectors"])
    (folder / f"{topic}.json").write_text(json.dumps(content))


def _answered_by(command_of, folder, tmp_path):
    path = tmp_path / "answered.json"
    run = subprocess.run([*command_of, str(folder), str(path)], capture_output=True, text=True, check=False)
    if "there is no package called" in run.stderr:
        pytest.skip(f"{run.stderr.strip()[:200]}; to install: apt-get install r-cran-lmertest r-cran-jsonlite")
    assert run.returncode == 0, run.stderr[-2000:]
    vectors = lint.read(folder)
    return judged(answers.read(path, vectors), vectors)


def test_lme4_answers_by_the_formula_without_python(tmp_path):
    """answer.R; and its known defect just inside the boundary shows."""
    if shutil.which("Rscript") is None:
        pytest.skip("there is no Rscript on this machine; to install: apt-get install r-cran-lmertest r-cran-jsonlite")
    for topic, word in (("boundary", "inside"), ("refusals", "one"), ("slopes", "lines-71"), ("ordinary", "ergostool")):
        _part(tmp_path, topic, word)
    cells = _answered_by(["Rscript", str(lint.FOLDER / "answer.R")], tmp_path, tmp_path)
    of_fits = [cell for cell in cells if cell.quantity in ("variances", "coef", "se", "criterion")]
    assert len(of_fits) == 32 and all(cell.right for cell in of_fits)
    wrong = {(cell.id, cell.quantity) for cell in cells if not cell.right and cell.topic == "boundary"}
    assert {("boundary/just-inside-6", "df"), ("boundary/just-inside-8", "df")} <= wrong


def test_statsmodels_answers_by_the_matrices(tmp_path):
    """answer.py."""
    _part(tmp_path, "ordinary", "rail")
    cells = _answered_by([sys.executable, str(lint.FOLDER / "answer.py")], tmp_path, tmp_path)
    assert [cell.right for cell in cells if cell.quantity in ("coef", "Ve")] == [True] * 4
