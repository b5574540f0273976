"""Whose a hand-in is: the roster and the platform's own lists say it before a pattern does."""

import csv
import io
from dataclasses import replace

import pytest

from tests.grading.intake.handin import taken
from tests.grading.intake.platforms import label, submitters
from tests.grading.intake.roster import Person, Roster
from tests.grading.reports import formats, written
from tests.grading.reports.lines import Line
from tests.meta.test_intake import GLS, OLS, lay, zipped

AT = "attempt_2026-11-25-10-30-00"
SMITHS = Roster.of(*(Person(login.title(), login=login) for login in ("a_smith", "b_smith", "smith")))


def logins(folder, roster: Roster | None = None) -> list[str]:
    """Of all who handed in."""
    return sorted(one.person.login for one in taken([str(folder)], roster) if one.person)


UNDERSCORES = {
    "two of them": (["Ex 4_a_smith", "Ex 4_b_smith"], ["a_smith", "b_smith"]),
    "one alone, in the roster": (["Ex 4_a_smith"], ["a_smith"]),
    "in the assignment, too": (["Ex_4_a_smith", "Ex_4_b_smith"], ["a_smith", "b_smith"]),
    "in the assignment alone": (["Ex_4_jdoe", "Ex_4_smith"], ["jdoe", "smith"]),
    "one that begins another": (["Ex 4_a", "Ex 4_a_b"], ["a", "a_b"]),
    "of several assignments": (["Ex 4_a_smith", "Ex 5_b_smith"], ["a_smith", "b_smith"]),
}


@pytest.mark.parametrize("case", UNDERSCORES)
def test_a_login_of_blackboard_may_hold_an_underscore(case, tmp_path):
    """The roster, or what all names begin with, says where it begins."""
    names, expected = UNDERSCORES[case]
    lay(tmp_path, {f"{name}_{AT}_student.py": GLS for name in names})
    assert logins(tmp_path, SMITHS) == expected


def test_blackboards_logins_are_told_apart_without_a_roster(tmp_path):
    """By what their names begin with alike."""
    lay(tmp_path, {f"Ex_4_{name}_{AT}_student.py": GLS for name in ("a_smith", "b_smith")})
    assert logins(tmp_path) == ["a_smith", "b_smith"]


def test_a_receipt_of_blackboard_says_whose_it_is(tmp_path):
    """Name and login stand in its first line."""
    receipt = "Name: Anna Smith (a_smith)\nAssignment: Ex 4\n\nComments:\nName: Carl (smith)\n"
    lay(tmp_path, {f"Ex 4_a_smith_{AT}_student.py": GLS, f"Ex 4_a_smith_{AT}.txt": receipt})
    (one,) = taken([str(tmp_path)])
    assert (one.name, one.person.login) == ("Anna Smith", "a_smith")


ATTEMPTS = {
    "Blackboard": [
        f"Ex_jdoe_attempt_2026-11-{day}-10-30-00_{name}.py" for day, name in ((24, "a"), (25, "c"), (26, "b"))
    ],
    "Brightspace": [
        *(
            f"1-2 - Jane Doe - Nov {time} - {name}.py"
            for time, name in (("9, 2026 1155 PM", "a"), ("25, 2026 155 PM", "c"))
        ),
        "1-2 - Jane Doe - Dec 1, 2026 1205 AM - b.py",
    ],
}


@pytest.mark.parametrize("case", ATTEMPTS)
def test_the_newest_attempt_is_graded_under_whatever_name(case, tmp_path):
    """By the platform's date, not by the alphabet; earlier ones are named."""
    old, older, new = ATTEMPTS[case]
    lay(tmp_path, {old: OLS + GLS, older: OLS, new: GLS + OLS})
    (one,) = taken([str(tmp_path)])
    assert one.source.text == GLS + OLS
    assert one.remarks == tuple(f"{name}: an earlier version, not graded" for name in (old, older))


def test_earlier_attempts_with_other_functions_are_taken_together(tmp_path):
    """Exercise by exercise; one without a function replaces nothing."""
    contents = zip(("24-10-30-00_a.py", "25-10-30-00_b.py", "26-10-30-00_notes.md"), (GLS, OLS, "done"), strict=True)
    lay(tmp_path, {f"Ex_jdoe_attempt_2026-11-{name}": content for name, content in contents})
    (one,) = taken([str(tmp_path)])
    assert one.source.text == GLS + "\n" + OLS


def test_canvas_without_names(tmp_path):
    """LATE stands first, numbers are of letters and digits, and nobody's id."""
    names = ("anon_k3x9q_10_a.py", "anon_k3x9q_11_b.py", "LATE_anon_Zz81b_12_student.py", "anon_77123_13_student.py")
    lay(tmp_path, dict(zip(names, (GLS, OLS, GLS, GLS), strict=True)))
    roster = Roster.of(Person("Jane Doe", id="77123"))
    found = {one.name: one for one in taken([str(tmp_path)], roster)}
    assert {name: one.late for name, one in found.items()} == {
        "anon_k3x9q": False,
        "anon_Zz81b": True,
        "anon_77123": False,
    }
    assert found["anon_k3x9q"].source.text == GLS + "\n" + OLS
    assert [one.person.id for one in found.values()] == ["", "", ""]


METADATA = """
submission_1001:
  :submitters:
  - :name: Jane Doe
    :sid: "123"
    :email: jane@uni.example
  :created_at: 2026-11-25 10:30:00.000000000 Z
submission_1002:
  :submitters:
  - :name: Rik Roe
    :sid: '124'
    :email: rik@uni.example
  - :name: Bo Bee
    :sid:
    :email: bo@uni.example
"""


@pytest.mark.parametrize("wrap", ["", "assignment_7_export/"])
@pytest.mark.parametrize("is_zip", [True, False])
def test_gradescopes_metadata_says_whose_a_folder_is(wrap, is_zip, tmp_path):
    """Who worked together has a result each; the metadata is nobody's hand-in."""
    contents = {f"{wrap}submission_{number}/student.py": GLS for number in (1001, 1002, 1003)}
    contents[f"{wrap}submission_metadata.yml"] = METADATA
    path = tmp_path / "gs.zip"
    path.write_bytes(zipped(contents))
    found = taken([str(path) if is_zip else lay(tmp_path / "gs", contents)])
    assert {one.name: one.person and (one.person.id, one.person.login) for one in found} == {
        "Jane Doe": ("123", "jane@uni.example"),
        "Rik Roe": ("124", "rik@uni.example"),
        "Bo Bee": ("", "bo@uni.example"),
        "submission_1003": None,
    }
    assert {one.name: one.remarks for one in found if one.remarks} == {
        "Rik Roe": ("handed in together with Bo Bee",),
        "Bo Bee": ("handed in together with Rik Roe",),
    }


BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [{f'*a{k - 1}, ' * 9}]}}\n" for k in range(1, 30))


@pytest.mark.parametrize(
    "text", [BOMB, "", "[", "- 1", "a: b", "a: {:submitters: 3}", "!!python/object/apply:os.getcwd []"]
)
def test_what_is_no_metadata_says_nothing(text):
    """And runs nothing."""
    assert submitters(text) == {}


NESTED = {
    "two folders in a folder": ({"all/rik/a.py": GLS, "all/jane/b.py": GLS}, {"rik", "jane"}),
    "a platform's folder in two": (
        {"x/Übung/Jörg M_5_assignsubmission_file_/a.py": GLS, "x/.DS_Store": ""},
        {"Jörg M"},
    ),
    "what a Mac leaves": ({"all/doe_1_2_a.py": GLS, "__MACOSX/all/._doe_1_2_a.py": "x"}, {"doe"}),
    "an archive of everybody": ({"all.zip": zipped({"rik/a.py": GLS, "jane/b.py": GLS})}, {"rik", "jane"}),
    "one person's folder": ({"rik/a.py": GLS, "rik/old.py": GLS + OLS}, {"rik"}),
    "one person's parts": ({"rik/1/a.py": GLS, "rik/2/b.py": OLS}, {"rik"}),
}


@pytest.mark.parametrize("case", NESTED)
def test_a_folder_that_holds_one_folder_of_everybody_is_the_class(case, tmp_path):
    """As from the zip of the same; one person's folder stays that person's."""
    contents, names = NESTED[case]
    assert {one.name for one in taken([lay(tmp_path, contents)])} == names


def test_two_files_become_one_person_only_where_both_name_that_person(tmp_path):
    """One id under two names is two people."""
    lay(tmp_path, {"Jane Doe_5_assignsubmission_file_/a.py": GLS, "Rik Roe_5_assignsubmission_file_/b.py": OLS})
    assert {one.name: one.source.text for one in taken([str(tmp_path)])} == {"Jane Doe": GLS, "Rik Roe": OLS}


def test_a_full_name_outranks_a_number_of_another_kind():
    """Moodle's participant 5 is not the student whose number is 5."""
    roster = Roster.of(Person("Rik Roe", id="5"), Person("Jane Doe", id="6"))
    about = label("Jane Doe_5_assignsubmission_file_")
    assert about and roster.person(about).name == "Jane Doe"


def line(name: str, not_graded: str) -> Line:
    """Of somebody."""
    person = dict.fromkeys(("name", "id", "sis", "login", "email", "section"), "") | {"name": name}
    empty = {"remarks": [], "misconceptions": {}, "unexplained": {}, "broken": ""}
    points = {"points": {"gls": 0.0}, "max_points": {"gls": 7.0}}
    return Line(name, "a.py", 0.0, 7.0, "process", person, late=False, not_graded=not_graded, **points, **empty)


EXPORTS = {
    "gradebook.csv": formats.gradebook,
    "canvas.csv": lambda lines: formats.canvas(lines, "Frogs")["canvas.csv"],
    "moodle.csv": lambda lines: formats.moodle(lines, "Frogs")["moodle.csv"],
    "nbgrader.csv": lambda lines: formats.nbgrader(lines, "Frogs")["nbgrader.csv"],
}
SCORES = {
    "gradebook.csv": ["score", "gls"],
    "canvas.csv": ["Frogs"],
    "moodle.csv": ["Grade"],
    "nbgrader.csv": ["raw_score", "score"],
}


@pytest.mark.parametrize("name", EXPORTS)
def test_not_graded_is_an_empty_cell(name):
    """Nought points are 0.0."""
    graded = line("Jane", "")
    *_, right, broken = csv.DictReader(
        io.StringIO(EXPORTS[name]([graded, replace(graded, name="Rik", not_graded="why")]))
    )
    assert [right[column] for column in SCORES[name]] == ["0.0"] * len(SCORES[name])
    assert [broken[column] for column in SCORES[name]] == [""] * len(SCORES[name])


def test_classroom_50_has_no_file_of_what_was_not_graded(tmp_path):
    """Its score cannot be empty; one of a former run goes."""
    jane, rik = line("Jane", ""), line("Rik", "")
    about = dict.fromkeys(("assignment", "date", "draw", "rubric", "suite", "limits"), "")
    written.write_class(tmp_path, [jane, rik], ["classroom50"], [], about)
    written.write_class(tmp_path, [jane, replace(rik, not_graded="why")], ["classroom50"], [], about)
    assert [path.parent.name for path in tmp_path.glob("*/classroom50.json")] == ["Jane"]
