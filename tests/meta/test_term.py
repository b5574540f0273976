"""A term: appeals, regrades, several uploads; what changed and why; what a teacher wrote (DESIGN: section 10)."""

import csv
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.grading.intake.handin import HandIn, taken
from tests.grading.intake.roster import Person
from tests.grading.intake.source import Source
from tests.grading.judgement import rubric, rules
from tests.grading.names import Names
from tests.grading.reports import changed, formats, pages, source
from tests.grading.reports.kept import keep
from tests.grading.reports.lines import Line
from tests.grading.reports.overrides import OverrideError, Overrides, applied
from tests.meta.graded import grade
from tests.meta.test_intake import GLS, OLS, lay

RIGHT = "def denominator_df(data):\n    return data['bucket'].nunique() - data['color'].nunique()\n"
WRONG = "def denominator_df(data):\n    return len(data) - data['color'].nunique()\n"
RUBRIC = "attempts = '{attempts}'\n[functions]\ndenominator_df = {{ points = {points} }}\n"
POINTS = {"canvas": ("Student", "frogs"), "moodle": ("Full name", "Grade"), "nbgrader": ("last_name", "score")}


# --- the story ------------------------------------------------------------------------------------------


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []


class Term:
    """A class's folder, its report, and what the report said after each run."""

    def __init__(self, place: Path) -> None:
        self.place, self.report = place, place / "out"
        self.changes: dict[str, list[tuple[str, ...]]] = {}
        self.exports: dict[str, dict[str, dict[str, str]]] = {}
        lay(
            place / "class",
            {"doe_1_10_a.py": RIGHT, "li_2_11_a.py": WRONG, "poe_3_12_a.py": RIGHT, "roe_4_13_a.pdf": ""},
        )
        self.run("first", 10)

    def run(self, when: str, points: int, attempts: str = "newest") -> None:
        """Grade once more; notes what is new on changed.csv, and the points in every export."""
        (self.place / "course.toml").write_text(RUBRIC.format(points=points, attempts=attempts))
        before = _rows(self.report / "changed.csv")
        options = (f"--rubric={self.place / 'course.toml'}", *(f"--format={name}" for name in POINTS))
        grade(self.place / "class", report=self.report, options=options)
        rows = _rows(self.report / "changed.csv")
        assert rows[: len(before)] == before
        told = ("name", "function", "from", "to", "why")
        self.changes[when] = [tuple(row[part] for part in told) for row in rows[len(before) :]]
        self.exports[when] = {
            name: {row[who]: row[what] for row in _rows(self.report / f"{name}.csv") if "Possible" not in row[who]}
            for name, (who, what) in POINTS.items()
        }


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """First run, an appeal, other points, a new upload, the best that counts, a teacher's own words, an older suite."""
    term = Term(tmp_path_factory.mktemp("term"))
    (term.report / "overrides.csv").write_text("file,function,points,why\nli_2_11_a.py,denominator_df,7,another way\n")
    term.run("appeal", 10)
    term.run("points", 20)
    (term.place / "class" / "poe_3_14_a-1.py").write_text(WRONG)
    term.run("upload", 20)
    term.run("best", 20, "best")
    (term.report / "gradebook.csv").write_text("mine\n")
    (term.report / "doe" / "feedback.html").write_text("well done\n")
    term.run("nothing", 20, "best")
    (term.report / "overrides.csv").unlink()
    term.run("taken back", 20, "best")
    results = term.report / "doe" / "results.json"
    results.write_text(results.read_text().replace('"score": 20.0', '"score": 12.0'))
    (term.report / ".ledger.json").unlink()
    (term.report / ".written").unlink()
    (term.report / "changed.csv").unlink()
    term.run("older suite", 20, "best")
    return term


DF = "denominator_df"
STORY = {
    "first": [],
    "appeal": [("li", DF, "0.0", "7.0", "override: another way")],
    "points": [("doe", DF, "10.0", "20.0", "rubric"), ("poe", DF, "10.0", "20.0", "rubric")],
    "upload": [("poe", DF, "20.0", "0.0", "hand-in")],
    "best": [("poe", DF, "0.0", "20.0", "hand-in, rubric")],
    "nothing": [],
    "taken back": [("li", DF, "7.0", "0.0", "override taken back")],
    "older suite": [("doe", DF, "12.0", "20.0", f"suite: {rules.which(DF, '', 0)}")],
}


@pytest.mark.slow
@pytest.mark.parametrize("when", STORY)
def test_every_change_of_points_is_on_record_with_its_cause(when, term):
    """Who, which function, from, to, why; what was on record before stays there."""
    assert term.changes[when] == STORY[when]


EXPORTED = {
    "first": {"doe": "10.0", "li": "0.0", "poe": "10.0", "roe": ""},
    "appeal": {"doe": "10.0", "li": "7.0", "poe": "10.0", "roe": ""},
    "points": {"doe": "20.0", "li": "7.0", "poe": "20.0", "roe": ""},
    "upload": {"doe": "20.0", "li": "7.0", "poe": "0.0", "roe": ""},
    "best": {"doe": "20.0", "li": "7.0", "poe": "20.0", "roe": ""},
    "taken back": {"doe": "20.0", "li": "0.0", "poe": "20.0", "roe": ""},
}


@pytest.mark.slow
@pytest.mark.parametrize("when", EXPORTED)
def test_exports_are_right_after_each_run(when, term):
    """Canvas's, Moodle's and nbgrader's; not graded is an empty cell."""
    assert term.exports[when] == dict.fromkeys(POINTS, EXPORTED[when])


@pytest.mark.slow
def test_what_a_teacher_wrote_is_kept(term):
    """Beside the new file; nothing else is kept."""
    kept = {str(path.relative_to(term.report)): path.read_text() for path in term.report.rglob("*.kept-*")}
    assert kept["gradebook.kept-1.csv"] == "mine\n" and kept["doe/feedback.kept-1.html"] == "well done\n"


@pytest.mark.slow
def test_uploads_of_a_person_stand_side_by_side(term):
    """Points of each, and which counts; each has its page."""
    row = next(row for row in _rows(term.report / "gradebook.csv") if row["name"] == "poe")
    assert (row["uploads"], row["score"], row["file"]) == ("20 counts; 0", "20.0", "poe_3_12_a.py")
    assert all((term.report / "poe" / "uploads" / str(k) / "feedback.html").exists() for k in (1, 2))
    assert "2 uploads: the best counts, poe_3_12_a.py" in (term.report / "poe" / "feedback.html").read_text()


@pytest.mark.slow
def test_another_report_can_be_compared_with(term):
    """--compare: whose points are others than there."""
    other = term.place / "other"
    (term.place / "course.toml").write_text(RUBRIC.format(points=40, attempts="best"))
    options = (f"--rubric={term.place / 'course.toml'}", f"--compare={term.report}")
    grade(term.place / "class", report=other, options=options)
    assert [row["why"] for row in _rows(other / "changed.csv")] == ["rubric"] * 2


# --- overrides ------------------------------------------------------------------------------------------

ONE = HandIn("Doe, Jane", "doe_1_10_a.py", person=Person("Doe, Jane", "1", login="jdoe"))
MISFITS = {
    "a function": ("id,function,points,why\n1,glss,1,x\n", "line 2: 'glss' is no function here; did you mean gls?"),
    "points beyond": ("id,function,points,why\n1,gls,11,x\n", "line 2: 11 points for gls; expected 0 to 10"),
    "points in words": ("id,function,points,why\n1,gls,ten,x\n", "ten"),
    "no reason": ("id,function,points,why\n1,gls,1,\n", "line 2: there is no reason; expected one in the column why"),
    "other columns": ("student,fn,points\n1,gls,1\n", "has the columns student, fn, points; expected file, function"),
}


def _overrides(place: Path, text: str) -> Overrides:
    place.mkdir(exist_ok=True)
    (place / "overrides.csv").write_text(text)
    return Overrides.read(place, [], rubric.load())


@pytest.mark.parametrize("case", MISFITS)
def test_an_override_that_does_not_fit_is_refused_in_words(case, tmp_path):
    """With the line."""
    text, words = MISFITS[case]
    with pytest.raises(OverrideError) as refusal:
        _overrides(tmp_path, text)
    assert words in str(refusal.value)


@pytest.mark.parametrize(("head", "who"), [("file", ONE.file), ("id", "1"), ("name", '"Doe, Jane"'), ("login", "JDOE")])
def test_an_override_finds_its_person(head, who, tmp_path):
    """By file, id, name or login; of two rows the later one counts, decimal commas are numbers."""
    text = f"{head};function;points;why\n{who};gls;1;x\n{who};gls;2,5;y\n"
    found = _overrides(tmp_path, text).of(ONE)
    assert [(row.points, row.why) for row in found.values()] == [(2.5, "y")]


def test_an_override_of_nobody_is_said(tmp_path):
    """It is not applied, and a near name is named."""
    found = _overrides(tmp_path, "file,function,points,why\ndoe_1_10_b.py,gls,1,x\n")
    (said,) = found.nobodys([ONE])
    assert not found.of(ONE)
    assert said == "overrides.csv, line 2: nobody here is doe_1_10_b.py; did you mean doe_1_10_a.py?; it is not applied"


def test_an_override_that_a_hand_in_may_have_brought_is_refused(tmp_path):
    """The report lies among the hand-ins."""
    (tmp_path / "overrides.csv").write_text("id,function,points,why\n1,gls,10,mine\n")
    with pytest.raises(OverrideError, match="lies among the hand-ins"):
        Overrides.read(tmp_path, [tmp_path], rubric.load())


def _result(**points: float) -> dict:
    """Of some functions, the points of each; all 10 can be had."""
    extra = {"misconception": None, "remark": "", "picture": None, "more": []}
    tests = [
        {"name": f"4.2 {name}: x", "score": score, "max_score": 10.0, "status": "failed", "output": f"{name} is wrong"}
        | {"visibility": "visible", "tags": [name], "extra_data": extra}
        for name, score in points.items()
    ]
    about = {"file": "s.py", "isolation": "bwrap", "draw": "x", "person": asdict(Person("Jane")), "late": False}
    about |= {"remarks": [], "broken": ""}
    return {"score": sum(points.values()), "tests": tests, "extra_data": about}


def test_an_override_is_shown_with_its_reason(tmp_path):
    """On the student's page, in the gradebook, in the sum; the other functions stay."""
    chosen = _overrides(tmp_path, "id,function,points,why\n1,gls,8,another way\n").of(ONE)
    result = applied(_result(gls=2.0, ols=3.0), chosen)
    assert result["score"] == 11.0
    assert "8 points by your teacher, instead of 2: another way" in pages.feedback(result, "Frogs")
    assert "gls: 8 instead of 2, another way" in formats.gradebook([Line.of("s", result)])


def test_who_has_all_points_by_override_is_graded(tmp_path):
    """A scan that a teacher has read; with one function of two an empty cell stays."""
    result = _result(gls=0.0, ols=0.0)
    result["extra_data"]["not_graded"] = "a scan"
    both = _overrides(tmp_path, "id,function,points,why\n1,gls,8,read\n1,ols,2,read\n").of(ONE)
    assert "not_graded" not in applied(result, both)["extra_data"]
    assert "not_graded" in applied(result, {"gls": both["gls"]})["extra_data"]


# --- what changed ---------------------------------------------------------------------------------------

GIVEN = {"hand-in": "a", "rubric": "b", "suite": "c", "draw": "1", "isolation": "bwrap"}


def _entries(before: dict[str, str], **points: float) -> list[changed.Change]:
    """Changes of one person from gls = 2, given `before`, to these points, given GIVEN."""
    old = changed.entry(_result(gls=2.0), before) | {"rules": 0}
    return changed.changes({"s": old}, {"s": changed.entry(_result(**points), GIVEN)}, "today")


@pytest.mark.parametrize("cause", ["hand-in", "rubric", "draw", "isolation"])
def test_a_change_has_the_cause_that_differs(cause):
    """And no other."""
    (change,) = _entries(GIVEN | {cause: "other"}, gls=5.0)
    assert (change.before, change.after, change.why) == (2.0, 5.0, cause)


def test_points_that_stay_are_no_change():
    """Whatever else has changed."""
    assert _entries(dict.fromkeys(GIVEN, "other"), gls=2.0) == []


def test_a_change_by_the_suite_says_which_rule_did_it():
    """Those that came after the class was graded, are about the function, and of which the result speaks."""
    table = "a table without a column loses that column's share"
    assert rules.which("simulate_frogs", "The table lacks id; asked for are", 0) == table
    assert rules.RULES[0]["what"] in rules.which("gls", "", 0) and table not in rules.which("gls", "", 0)
    assert rules.which("gls", "", len(rules.RULES)) == ""
    (change,) = _entries(GIVEN | {"suite": "older"}, gls=5.0)
    assert change.why == f"suite: {rules.which('gls', 'gls is wrong', 0)}"


def test_who_gets_another_name_is_known_by_the_file():
    """A roster that comes later."""
    old, new = (changed.entry(_result(gls=points), GIVEN) for points in (2.0, 5.0))
    assert [change.name for change in changed.changes({"s": old}, {"Doe, Jane": new}, "today")] == ["Doe, Jane"]


def test_what_another_wrote_is_kept_and_what_we_wrote_is_not(tmp_path):
    """By what was written last, and before."""
    assert keep(tmp_path, "a.csv", b"1") == ""
    (tmp_path / "a.csv").write_bytes(b"1")
    assert keep(tmp_path, "a.csv", b"2") == ""
    (tmp_path / "a.csv").write_bytes(b"mine")
    assert keep(tmp_path, "a.csv", b"3") == "a.kept-1.csv"
    assert (tmp_path / "a.kept-1.csv").read_bytes() == b"mine"
    assert keep(tmp_path, "a.csv", b"mine") == ""


def test_the_class_page_shows_what_changed():
    """As many as a page can hold, and how many more there are."""
    one = asdict(changed.Change("today", "Doe", "s.py", "1", "gls", 2.0, "", "hand-in"))
    line = Line.of("s", _result(gls=2.0))
    about = dict.fromkeys(("assignment", "draw", "date", "suite", "rubric", "limits"), "x")
    page = pages.index([line], [], about, {}, [one] * 102)
    assert page.count("<td>Doe</td><td>gls</td><td>2</td><td>not graded</td><td>hand-in</td>") == 100
    assert "And 2 more." in page and "What changed" not in pages.index([line], [], about)


# --- uploads --------------------------------------------------------------------------------------------


def test_earlier_uploads_are_hand_ins_of_the_same_person(tmp_path):
    """Canvas's versions and dated attempts, in the order in which they came, each whole."""
    lay(tmp_path, {"doe_1_10_a.py": OLS, "doe_1_12_a-2.py": GLS, "doe_1_11_a-1.py": OLS + GLS})
    (one,) = taken([str(tmp_path)])
    assert [(before.name, before.source.text) for before in one.earlier] == [
        ("doe/uploads/1", OLS),
        ("doe/uploads/2", OLS + GLS),
    ]


# --- pages for the teacher ------------------------------------------------------------------------------


def test_the_lectures_page_has_pictures_and_no_names():
    """Misconceptions by how many have them, what to say; of what is hidden nothing."""
    result = _result(covariance_matrix=0.0, gls=0.0)
    covariance, gls = result["tests"]
    picture = (pages.RIGHT_V - 1.0 * (pages.RIGHT_V.max() == pages.RIGHT_V)).tolist()
    extra = covariance["extra_data"] | {"misconception": "diagonal-without-residual", "picture": picture}
    covariance["extra_data"] = extra
    gls |= {"visibility": "hidden", "extra_data": extra | {"misconception": "v-not-inverted", "picture": None}}
    page = pages.lecture([Line.of("s", result)] * 3, [result] * 3, {"assignment": "Frogs"})
    assert '<span class="many">3</span> of 3: 4.2 covariance_matrix: x' in page
    assert page.count("V differs") == len(picture) and "v-not-inverted" not in page
    assert not [name for name in ("Jane", "s.py") if name in page]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        self.text += data


def test_the_source_has_the_remarks_beside_its_functions():
    """Numbered lines, cut where a function begins; the last of two definitions; what is not there at the end."""
    cells = ("cell 1", f"import os\n{OLS}def gls(X):\n    pass\n"), ("cell 2", f"def gls(Y):\n    pass\n{GLS}")
    result = _result(gls=2.0, ols=3.0, anova_ols=0.0)
    shown = _Text()
    shown.feed(source.page(Source("Python", cells), result))
    at = {word: shown.text.index(word) for word in ("   1  import os", "ols is wrong", "gls is wrong", "Not found in")}
    assert list(at) == sorted(at, key=at.get)
    assert shown.text.count("gls is wrong") == 1 and shown.text.rindex("def gls") < at["gls is wrong"]
    assert at["Not found in"] < shown.text.index("anova_ols is wrong")


def test_what_is_hidden_is_on_no_source_at_home():
    """A student's own run is no teacher's."""
    result = _result(gls=2.0)
    result["tests"][0]["visibility"] = "hidden"
    at_home, in_class = (source.page(Source.of("Python", GLS), result, is_class=of) for of in (False, True))
    assert "gls is wrong" in in_class and "gls is wrong" not in at_home


def test_the_source_of_a_course_is_cut_at_its_own_names():
    """gls is called generalised there."""
    result = _result(gls=2.0)
    result["tests"][0]["tags"] = ["generalised", "gls"]
    page = source.page(Source.of("R", "generalised <- function(X) 1\n"), result, Names.of({"gls": "generalised"}, {}))
    assert "Not found in the source" not in page
