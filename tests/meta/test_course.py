"""A course of one's own: its file, what is wrong with one, and the same work in other names (DESIGN: section 10)."""

import csv
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from reference import r
from tests.contract import COLUMNS, CONTRACT
from tests.grading.intake import template
from tests.grading.intake.handin import HandIn, taken
from tests.grading.intake.source import Source
from tests.grading.judgement import fingerprint, fits, misconceptions, rubric
from tests.grading.judgement.hints import slugs, to_a_class
from tests.grading.judgement.rubric import VISIBILITIES
from tests.grading.judgement.verdict import Outcome, Verdict, gradescope, record
from tests.grading.names import CHAPTER, Names
from tests.grading.reports import feedback
from tests.grading.sandbox import border, tiers
from tests.grading.sandbox.columns import whole
from tests.grading.sandbox.limits import PACKAGES
from tests.grading.sandbox.plain import MISNAMED
from tests.grading.sandbox.submission import RightFunction, Submission
from tests.implementation import Call, Implementation
from tests.meta import course
from tests.meta.graded import PROJECT, grade, typed

CORRECT = Path(__file__).with_name("correct")
NAMES = Names.of(course.FUNCTIONS, course.COLUMNS)
SWAPPED = Names.of({"gls": "ols", "ols": "gls"}, {"bucket": "color", "color": "bucket"})

# --- its file -------------------------------------------------------------------------------------------

GLS = "[functions]\ngls = { points = 1 }\n"
FAULTS = {
    "a table": (f"[limit]\n{GLS}", "[limit] is not known; did you mean [limits]?"),
    "a key": (f"assignmnet = 'x'\n{GLS}", "assignmnet is not known; did you mean assignment?"),
    "a key of a function": (
        "[functions]\ngls = { points = 1, titel = 'x' }",
        "[functions] gls.titel is not known; did you mean title?",
    ),
    "a function": ("[functions]\nglss = { points = 1 }", "[functions] glss is not known; did you mean gls?"),
    "a function called as there": (
        "[functions]\nsimulate_plots = { points = 1 }",
        "[functions] simulate_plots is not known; did you mean simulate_frogs?",
    ),
    "a column": (f"{GLS}[columns]\nbuckets = 'plot'", "[columns] buckets is not known; did you mean bucket?"),
    "a column of its own": (
        f"{GLS}[columns]\nmoisture = 'x'",
        "[columns] moisture is not known; there are bucket, bucket_mu, color, id, weight",
    ),
    "a slug": (f"{GLS}[hints]\ndummy-trapp = ''", "[hints] dummy-trapp is not known; did you mean dummy-trap?"),
    "a limit": (f"{GLS}[limits]\ncal_seconds = 1", "[limits] cal_seconds is not known; did you mean call_seconds?"),
    "a limit of no time": (f"{GLS}[limits]\ncall_seconds = 0", "[limits] call_seconds = 0; expected seconds above 0"),
    "no number of seconds": (f"{GLS}[limits]\nload_seconds = nan", "[limits] load_seconds = nan; expected a number"),
    "limits that are no table": (f"limits = 3\n{GLS}", "limits = 3; expected a table of limits"),
    "a package": (f"packages = ['torch']\n{GLS}", 'packages = "torch"; expected numpy, scipy, pandas or statsmodels'),
    "packages in a word": (f"packages = 'numpy'\n{GLS}", 'packages = "numpy"; expected a list of packages'),
    "attempts": (f"attempts = 'last'\n{GLS}", 'attempts = "last"; expected "newest" or "best"'),
    "no points": ("[functions]\ngls = { title = 'x' }", "[functions] gls has no points"),
    "points below 0": ("[functions]\ngls = { points = -1 }", "[functions] gls.points = -1; expected a number of at"),
    "points in words": ("[functions]\ngls = { points = '10' }", '[functions] gls.points = "10"; expected a number'),
    "points that are no number": ("[functions]\ngls = { points = nan }", "gls.points = nan; expected a number"),
    "points alone": ("[functions]\ngls = 10", "[functions] gls = 10; expected a table with points, such as { points ="),
    "no points at all": ("[functions]\ngls = { points = 0 }", "[functions] gives no points"),
    "visibility": (
        "[functions]\ngls = { points = 1, visibility = 'x' }",
        'gls.visibility = "x"; expected visible, hid',
    ),
    "a title that is a number": ("[functions]\ngls = { points = 1, title = 4 }", "gls.title = 4; expected a line of"),
    "a name of two words": ("[functions]\ngls = { points = 1, name = 'my gls' }", 'gls.name = "my gls"; expected a na'),
    "a name of Python's": (
        "[functions]\ngls = { points = 1, name = 'lambda' }",
        "[functions] gls.name = 'lambda', which is a word of Python's or R's own",
    ),
    "a name of R's": ("[functions]\ngls = { points = 1, name = 'repeat' }", "a word of Python's or R's own"),
    "one name of two functions": (
        "[functions]\ngls = { points = 1, name = 'fit' }\nols = { points = 1, name = 'fit' }",
        "two functions are called fit",
    ),
    "another function's name": (
        "[functions]\ngls = { points = 1, name = 'ols' }\nols = { points = 1 }",
        "two functions are called ols",
    ),
    "one name of two columns": (f"{GLS}[columns]\nbucket = 'color'", "two columns are called color"),
    "a column's name": (f"{GLS}[columns]\nbucket = ''", '[columns] bucket = ""; expected a name of letters'),
    "a hint": (f"{GLS}[hints]\ndummy-trap = 3", '[hints] dummy-trap = 3; expected a text, or "" for no hint'),
    "an empty file": ("", "there is nothing in the table [functions]"),
    "no functions": ("[functions]", "there is nothing in the table [functions]"),
    "syntax": ("[functions", "is no TOML"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_course_file_that_does_not_fit_is_refused_in_one_sentence(case, tmp_path):
    """With the file, the entry as TOML has it, and what was meant."""
    text, words = FAULTS[case]
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(rubric.RubricError) as refusal:
        rubric.load(path)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith(f"rubric {path}") and "\n" not in str(refusal.value)


@pytest.mark.parametrize("option", ["--submission=conftest.py", "--write-template=s.py"])
def test_a_course_file_that_does_not_fit_ends_with_4(option, tmp_path):
    """pytest's usage error, before anything is graded or written."""
    (tmp_path / "course.toml").write_text(f"[limit]\n{GLS}")
    run = typed(option, "--rubric=course.toml", cwd=tmp_path)
    assert run.returncode == 4 and "did you mean [limits]?" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["course.toml"]


def test_the_schema_is_one_and_knows_what_the_suite_knows():
    """JSON Schema 2020-12; the functions, columns, packages and visibilities that the code has."""
    schema = json.loads(fits.SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    parts, item = schema["properties"], schema["$defs"]["function"]["properties"]
    assert list(parts["functions"]["properties"]) == list(CONTRACT)
    assert list(parts["columns"]["properties"]) == list(COLUMNS)
    assert (tuple(parts["packages"]["items"]["enum"]), tuple(item["visibility"]["enum"])) == (PACKAGES, VISIBILITIES)


def test_the_course_file_that_is_written_is_the_default(tmp_path):
    """With comments; and with them taken off it is a course with other names and a hint."""
    path = tmp_path / "course.toml"
    template.write(path)
    assert replace(rubric.load(path), name="") == replace(rubric.load(), name="")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(re.sub(r"^# (?=[\w-]+ = \")", "", line) for line in lines))
    read = rubric.load(path)
    assert (read.names.columns["color"], list(read.hints)) == ("fertiliser", ["frogs-counted-as-buckets"])


def test_the_course_of_the_readme_is_one(tmp_path):
    """What a lecturer copies: three functions, every column by another name, a hint."""
    text = (PROJECT / "tests" / "grading" / "README.md").read_text()
    (tmp_path / "course.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    read = rubric.load(tmp_path / "course.toml")
    assert (len(read.items), len(read.hints), set(read.names.columns.values()) & set(COLUMNS)) == (3, 1, set())


@pytest.mark.parametrize("ending", [".py", ".R", ".ipynb", ".Rmd"])
def test_a_template_follows_the_course(ending, tmp_path):
    """Its functions by their names and no others, its columns, the line about words, and how to check with it."""
    path, chosen = tmp_path / f"mine{ending}", tmp_path / "course.toml"
    chosen.write_text(course.course("simulate_frogs", "gls"))
    assert typed(f"--write-template={path}", f"--rubric={chosen}").returncode == 0
    text, asked = taken([str(path)])[0].source.text, "plant, plot, fertiliser, plot_mu and harvest"
    assert "simulate_plots" in text and "generalised" in text and "bucket_mu is" not in text
    assert not [name for name in (*CONTRACT, "least_squares") if name in text]
    said = " ".join(path.read_text().replace("# ", "").replace("\\n", " ").split()).replace(' ", "', " ")
    assert asked in said and "a bucket is your plot" in said
    assert f"pytest --submission mine{ending} --rubric course.toml" in said


# --- its names ------------------------------------------------------------------------------------------


def test_a_course_without_names_says_nothing_of_them():
    """The chapter's names, and no line."""
    assert (CHAPTER.line, CHAPTER.told("gls lacks bucket_mu")) == ("", "gls lacks bucket_mu")
    assert rubric.load().names == CHAPTER


def test_the_line_says_what_the_words_of_the_checks_mean():
    """One word, and all of them."""
    assert Names.of({}, {"bucket": "plot"}).line == "Words of the checks: a bucket is your plot."
    assert NAMES.line == course.LINE


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("This follows from gls: mend gls first.", "This follows from generalised: mend generalised first."),
        ("nlme::gls and sm.gls are not ours, nor is gls2", "nlme::gls and sm.gls are not ours, nor is gls2"),
        (
            "The table lacks id, bucket_mu; asked for are id, bucket",
            "The table lacks plant, plot_mu; asked for are plant, plot",
        ),
        ("the result lacks the column 'weight'", "the result lacks the column 'harvest'"),
        ("a bucket holds frogs of one weight", "a bucket holds frogs of one weight"),
    ],
)
def test_identifiers_are_told_as_the_course_has_them(said, told):
    """And words stay words."""
    assert NAMES.told(said) == told


def test_names_that_are_exchanged_are_exchanged_once():
    """gls is called ols there, and ols gls."""
    assert SWAPPED.told("gls: see ols") == "ols: see gls"
    table = pd.DataFrame({"bucket": [1.0], "color": [2.0]})
    there = border.outgoing(table, SWAPPED)
    assert {name: float(column[0]) for name, column in there["table"].items()} == {"color": 1.0, "bucket": 2.0}
    pd.testing.assert_frame_equal(border.asked(there, SWAPPED), table)


def test_a_function_whose_name_another_has_taken_is_not_asked_for():
    """gls is called ols in a course without ols."""
    assert Names.of({"gls": "ols"}, {}).functions["gls"] == "ols"
    assert "ols" not in Names.of({"gls": "ols"}, {}).functions


ASKED = {"n_buckets": 2, "n_within": 2, "colors": ["a"], "mu": 1.0, "sigma_bucket": 1.0, "sigma_within": 1.0}
THERE = {"plant": np.array([1.0, 2, 1, 2]), "plot": np.array([1.0, 1, 2, 2]), "fertiliser": ["a"] * 4}
THERE |= {"plot_mu": np.array([1.0, 1, 3, 3]), "harvest": np.array([0.5, 1.5, 2.5, 3.5])}


def test_a_table_comes_back_under_the_chapters_names():
    """A column of nearly its name, as the course has it, is that column, and told."""
    table, flaws = whole(THERE, ASKED, NAMES)
    assert set(table) == set(COLUMNS) and not flaws
    near, flaws = whole({name.title(): column for name, column in THERE.items()}, ASKED, NAMES)
    assert set(near) == set(COLUMNS) and flaws == {MISNAMED}


def test_the_chapters_columns_are_none_of_the_courses():
    """weight is not harvest: it is passed over, and what lacks is filled in or missing."""
    table, flaws = whole({**THERE, "color": ["b"] * 4, "weight": THERE["plot_mu"]}, ASKED, NAMES)
    assert (table["color"], table["weight"].tolist(), flaws) == (["a"] * 4, [0.5, 1.5, 2.5, 3.5], set())
    with pytest.raises(border.ContractError, match="has none of the columns"):
        whole({"weight": THERE["harvest"], "moisture": THERE["harvest"]}, ASKED, NAMES)


def test_lines_to_paste_are_in_the_courses_names():
    """Python and R, the factors of R too."""
    call = Call("denominator_df", {"data": pd.DataFrame({"bucket": [1], "color": ["red"]})})
    python, in_r = (feedback.example(call, language, NAMES) for language in ("Python", "R"))
    assert "'plot': [1], 'fertiliser': ['red']" in python and "df_of_plots(data)" in python
    assert 'data.frame(plot = factor(c(1)), fertiliser = factor(c("red")))' in in_r and "df_of_plots(data)" in in_r


CALLED = {
    "Python": (
        "def df_of_plots(data):\n    return data['plot'].nunique() - data['fertiliser'].nunique()\n"
        "def simulate_plots(*a):\n    import pandas as pd\n"
        "    return pd.DataFrame({'plant': 1, 'plot': 1, 'fertiliser': 'a', 'plot_mu': 2.0, 'harvest': 3.0}, [0])\n"
    ),
    "R": (
        "df_of_plots <- function(data) nlevels(data$plot) - nlevels(data$fertiliser)\n"
        "simulate_plots <- function(...) data.frame(plant = 1, plot = 1, fertiliser = 'a', plot_mu = 2, harvest = 3)\n"
    ),
}
FROGS = pd.DataFrame({"id": [1, 1, 1], "bucket": [7, 7, 12], "color": ["a", "a", "b"]})
DRAW = (1, 1, ["a"], 1.0, 1.0, 1.0, 1)


@pytest.mark.parametrize("language", CALLED)
def test_a_hand_in_is_called_and_given_and_gives_in_its_own_names(language):
    """Tests know the chapter's names alone; what is not there is said in the course's. In R, factors stay factors."""
    if language == "R" and r.unavailable():
        pytest.skip(r.unavailable())
    submission = Submission(Source.of(language, CALLED[language]), "none", course=NAMES)
    impl = Implementation("student", submission)
    assert impl.denominator_df(FROGS) == 0
    assert impl.simulate_frogs(*DRAW)["weight"].tolist() == [3.0]
    with pytest.raises(border.CallFailedError, match=r"^generalised is not defined"):
        impl.gls(np.eye(2), np.ones(2), np.eye(2))
    submission.close()


def test_a_right_function_is_lent_under_the_courses_name():
    """It is asked with the course's columns, and answers as if they were the chapter's."""
    text = (
        "def plots_per_fertiliser(data):\n    return {}\n"
        "def df_of_plots(data):\n    return sum(plots_per_fertiliser(data).values())\n"
    )
    submission = Submission(Source.of("Python", text), "none", course=NAMES)
    right = RightFunction("buckets_per_color", lambda data: {"": {"a": np.array(float(data["bucket"].nunique()))}})
    assert submission.call("denominator_df", {"data": FROGS}, {"": "numbers"}, right)[""] == 2
    submission.close()


def test_files_are_taken_together_by_the_courses_names(tmp_path):
    """Each has one of its functions: without the names one alone would be graded."""
    for name in ("generalised", "least_squares"):
        (tmp_path / f"{name}.py").write_text(f"def {name}(X):\n    return 1\n")
    with zipfile.ZipFile(tmp_path / "doe_1_10_a.zip", "w") as archive:
        for name in ("generalised", "least_squares"):
            archive.write(tmp_path / f"{name}.py", f"{name}.py")
            (tmp_path / f"{name}.py").unlink()
    (one,) = taken([str(tmp_path)], asked=tuple(NAMES.functions.values()))
    assert len(one.source.chunks) == 2


def test_other_names_are_graded_anew():
    """And other points, titles and hints are not."""
    one, chosen = HandIn("s", "s.py", Source.of("Python", "")), rubric.load()
    marks = {
        fingerprint.fingerprint(one, replace(chosen, **changed), tiers.HOME, 1)
        for changed in ({}, {"hints": {"dummy-trap": ""}}, {"assignment": "x"}, {"names": NAMES})
    }
    assert len(marks) == 2


# --- its hints ------------------------------------------------------------------------------------------


def _result(slug: str, function: str, hints: dict[str, str]) -> dict:
    """The result of a function with a misconception, in a course with hints of its own."""
    chosen = rubric.load()
    chosen = replace(chosen, items={function: chosen.items[function]}, hints=hints)
    found = next(one for one in misconceptions.of(function) if one.slug == slug)
    verdict = Verdict("s.py", "none", "the public ones", diagnoses={function: found})
    verdict.outcomes = [
        Outcome(function, "t", passed=False, kind="ordinary", plain="claim", told="claim", example="  x")
    ]
    return gradescope(record(verdict, chosen.items), chosen)["tests"][0]


def test_a_hint_of_the_courses_own_takes_the_suites_place():
    """After the words that name the misconception; on the page of the class, too."""
    own = {"frogs-counted-as-buckets": "Plots or plants?"}
    said = _result("frogs-counted-as-buckets", "buckets_per_color", own)["output"]
    assert said.startswith(
        "This looks like a known misconception (frogs-counted-as-buckets):\nPlots or plants?\n\nclaim"
    )
    assert to_a_class("buckets_per_color", "frogs-counted-as-buckets", own) == "Plots or plants?"


def test_a_hint_that_is_empty_is_not_said():
    """The slug stays in the gradebook; the student reads the check."""
    result = _result("frogs-counted-as-buckets", "buckets_per_color", {"frogs-counted-as-buckets": ""})
    assert result["output"] == "claim\n\nTo see it, paste:\n  x"
    assert result["extra_data"]["misconception"] == "frogs-counted-as-buckets"


def test_every_slug_has_a_hint_and_may_have_another():
    """Those of misconceptions, and those of any function."""
    assert {one.slug for one in misconceptions.every()} < set(slugs())
    assert {"returns-nothing", "hard-coded", "rounded", "consequence", "misnamed", "text"} < set(slugs())
    assert not fits.misfit({"functions": {"gls": {"points": 1}}, "hints": dict.fromkeys(slugs(), "")})


# --- the same work --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A class of twelve in the chapter's names and in a course's: results by file, and the course's report."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    place = tmp_path_factory.mktemp("course")
    (place / "course.toml").write_text(course.course())
    for name, text in course.handed_in(CORRECT).items():
        (folder := place / "chapter").mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder := place / "there").mkdir(exist_ok=True)
        (folder / name).write_text(course.in_other_names(text))
    chapter = grade(place / "chapter", report=place / "first")
    there = grade(place / "there", report=place / "second", options=(f"--rubric={place / 'course.toml'}",))
    return chapter, there, place / "second"


def _judged(results: dict, name: dict[str, str]) -> dict:
    """Points and slugs by person and function."""
    return {
        person: {f: (of[name.get(f, f)]["score"], of[name.get(f, f)]["extra_data"]["misconception"]) for f in CONTRACT}
        for person, of in results.items()
    }


@pytest.mark.slow
def test_the_same_work_has_the_same_points_and_slugs_in_other_names(both):
    """Twelve hand-ins, Python and R, to the last digit; of all kinds: right, wrong, excused, flawed, not there."""
    chapter, there, _ = both
    judged = _judged(chapter, {})
    assert len(judged) == 12 and judged == _judged(there, course.FUNCTIONS)
    slugs = {slug for of in judged.values() for _, slug in of.values()}
    assert {"frogs-counted-as-buckets", "consequence", "forgot-square-root", "arguments-swapped"} < slugs


@pytest.mark.slow
def test_pages_and_exports_are_in_the_courses_names(both):
    """Every page has the line; no page, no head of gradebook.csv has the chapter's name of what has another."""
    *_, report = both
    pages = [report / "index.html", *report.glob("*/feedback.html")]
    assert len(pages) == 13 and all(course.LINE.replace("'", "&#39;") in path.read_text() for path in pages)
    heads = next(csv.reader((report / "gradebook.csv").read_text().splitlines()))
    assert set(course.FUNCTIONS.values()) < set(heads) and not set(course.FUNCTIONS) & set(heads)
    told = [(report / person / "results.json").read_text() for person in ("frogs py", "stops r")]
    assert "Mend plots_per_fertiliser first" in told[0] and "df_of_plots is not defined" in told[1]
