"""Hand-ins as they come: whose each is, what is run of it, and nothing lost."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.grading.intake import files
from tests.grading.intake.files import IntakeError
from tests.grading.intake.handin import taken
from tests.grading.intake.platforms import label
from tests.grading.intake.roster import Roster, RosterError

GLS, OLS = "def gls(X, y, V):\n    return 1\n", "def ols(X, y):\n    return 2\n"


def lay(folder: Path, contents: dict[str, str | bytes]) -> str:
    """Files in a folder."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def zipped(contents: dict[str, str | bytes]) -> bytes:
    """An archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def notebook(*cells: str, language: str = "python") -> str:
    """A notebook of code cells."""
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells]
    about = {"kernelspec": {"name": "x", "display_name": "x", "language": language}}
    return json.dumps({"cells": code, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


def summary(path: str, roster: Roster | None = None) -> dict[str, str]:
    """What is graded, by the report's name: the text's first word of each chunk, or the reason."""
    return {one.name: one.source.text if one.source else f"not: {one.refused}" for one in taken([path], roster)}


# --- whose it is ----------------------------------------------------------------------------------------

LABELS = {
    "doe_12345_678910_student.py": ("doe", "12345", "", False, "student.py"),
    "doejane_LATE_12345_678910_my_file-2.py": ("doejane", "12345", "", True, "my_file-2.py"),
    "o'neill-smith_1_2_3_4.ipynb": ("o'neill-smith", "1", "", False, "3_4.ipynb"),
    "Jane Doe_987654_assignsubmission_file_": ("Jane Doe", "987654", "", False, ""),
    "Jane Doe_987654_assignsubmission_file": ("Jane Doe", "987654", "", False, ""),
    "Jürgen Müller_1_assignsubmission_file_student.py": ("Jürgen Müller", "1", "", False, "student.py"),
    "Exercise 4_jdoe_attempt_2026-11-25-10-30-00_student.py": ("", "", "jdoe", False, "student.py"),
    "12345-67890 - Jane Doe - Nov 25, 2026 1155 PM": ("Jane Doe", "12345", "", False, ""),
    "12345-67890 - Jane Doe - Nov 5, 2026 155 PM - student.py": ("Jane Doe", "12345", "", False, "student.py"),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_platforms_name_says_whose_it_is(name):
    """Name, id, login, lateness, file."""
    about = label(name)
    assert about and (about.name, about.id, about.login, about.late, about.file) == LABELS[name]


@pytest.mark.parametrize("name", ["student.py", "exercise_4.R", "ex_4_2.py", "jane doe.ipynb", "frogs_2026_final.py"])
def test_other_names_say_nothing(name):
    """What a student calls a file is no platform's form."""
    assert label(name) is None


IMITATIONS = {
    "Moodle's on Canvas": ("{0}_{1}_10_{2}.py", "x_1_assignsubmission_file_y"),
    "Blackboard's on Canvas": ("{0}_{1}_10_{2}.py", "Ex_1_attempt_2026-11-25-10-30-00_y"),
    "Blackboard's on Blackboard": ("Ex_{1}_attempt_2026-11-25-10-30-00_{2}.py", "x_1_attempt_2026-11-26-10-30-00_y"),
    "Canvas's on Moodle": ("{0}_{1}_assignsubmission_file_{2}.py", "1_1_1_y"),
}


@pytest.mark.parametrize("case", IMITATIONS)
def test_a_file_that_is_called_like_anothers_label_stays_its_owners(case, tmp_path):
    """The other's file is graded as the other's, and nothing is merged."""
    form, imitated = IMITATIONS[case]
    lay(tmp_path, {form.format("doe", 1, "student"): GLS, form.format("evil", 2, imitated): OLS})
    assert {one.person.id or one.person.login: one.source.text for one in taken([str(tmp_path)])} == {
        "1": GLS,
        "2": OLS,
    }


ROSTERS = {
    "own": "name,id,login,section\nJane Doe,12345,jdoe,A\n",
    "semicolons": "Name;ID;Login\nJane Doe;12345;jdoe\n",
    "Canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,Frogs (77)\n    Points Possible,,,,,100\n"
        '"Doe, Jane",12345,S9,jdoe,A,\n"Student, Test",99,,,A,\n'
    ),
    "Moodle": "Identifier,Full name,Email address,Status\nParticipant 12345,Jane Doe,jdoe@uni.example,Submitted\n",
    "Blackboard": '"Last Name"\t"First Name"\t"Username"\t"Student ID"\nDoe\tJane\tjdoe\t12345\n',
    "Brightspace": "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#12345,#jdoe,Doe,Jane,#\n",
}


@pytest.mark.parametrize("kind", ROSTERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_roster_is_read_in_every_form(kind, encoding, tmp_path):
    """A platform's id finds the person."""
    (tmp_path / "roster.csv").write_bytes(ROSTERS[kind].encode(encoding))
    roster = Roster.read(tmp_path / "roster.csv")
    about = label("doe_12345_678910_student.py")
    assert about and len(roster.people) == 1
    assert roster.person(about).name in ("Jane Doe", "Doe, Jane")
    assert roster.person(about).id == "12345"


def test_a_roster_finds_by_login_and_by_name(tmp_path):
    """Where only one has them; two of one name are found by neither's name."""
    (tmp_path / "r.csv").write_text("name,id,login\nJane Doe,1,jd\nJürgen Ø,2,jo\nAl Li,3,a1\nAl Li,4,a2\n")
    roster = Roster.read(tmp_path / "r.csv")
    assert [roster.named(n) and roster.named(n).id for n in ("jd", "janedoe", "Jurgen Ø", "Al Li", "a2", "x")] == [
        *("1", "1", "2", None, "4", None)
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "name\nJane\n", "\0\0\0"])
def test_what_is_no_roster_is_a_sentence(text, tmp_path):
    """Its columns are named."""
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(RosterError, match="expected name, and id or login"):
        Roster.read(tmp_path / "r.csv")


def test_a_roster_with_an_open_quotation_mark_is_a_sentence(tmp_path):
    """It makes one field of all that follows."""
    (tmp_path / "r.csv").write_text('name,id\n"Jane,1\n' + "x,2\n" * 60_000)
    with pytest.raises(RosterError, match="quotation mark"):
        Roster.read(tmp_path / "r.csv")


# --- what is graded -------------------------------------------------------------------------------------


def test_the_newest_upload_of_a_person_is_graded_and_the_others_are_named(tmp_path):
    """Canvas: one id, three versions, one late; another person of the same name."""
    lay(tmp_path, {"doe_1_10_a.py": OLS, "doe_LATE_1_12_a-2.py": GLS, "doe_1_11_a-1.py": OLS, "doe_2_9_a.py": OLS})
    first, second = taken([str(tmp_path)])
    assert (first.name, first.source.text, first.late) == ("doe (1)", GLS, True)
    assert (second.name, second.source.text, second.late) == ("doe (2)", OLS, False)
    assert first.remarks == (
        "doe_1_10_a.py: an earlier version, not graded",
        "doe_1_11_a-1.py: an earlier version, not graded",
    )


def test_two_ids_of_one_person_in_the_roster_are_a_sentence(tmp_path):
    """Both are graded, under names that differ."""
    lay(tmp_path / "class", {"doe_1_10_a.py": OLS, "doej_2_11_a.py": GLS})
    (tmp_path / "r.csv").write_text("name,id,sis user id,login\nJane Doe,1,2,jd\n")
    both = taken([str(tmp_path / "class")], Roster.read(tmp_path / "r.csv"))
    assert len({one.name for one in both}) == 2
    assert all("gives several of these hand-ins to Jane Doe" in one.remarks[0] for one in both)


def test_functions_shared_among_files_of_a_person_are_taken_together(tmp_path):
    """Exercise by exercise; of two files with the same functions one is graded, and the other named."""
    lay(tmp_path, {"doe_1_10_ex1.py": GLS, "doe_1_11_ex2.py": OLS, "ann_2_12_x.py": GLS + OLS, "ann_2_13_y.py": OLS})
    ann, doe = sorted(taken([str(tmp_path)]), key=lambda one: one.name)
    assert doe.source.text == GLS + "\n" + OLS and [place for place, _ in doe.source.chunks] == ["ex1.py", "ex2.py"]
    assert ann.source.text == GLS + OLS
    assert ann.remarks == ("y.py: has the functions, too; x.py was graded",)


def test_a_folder_or_an_archive_in_a_class_is_one_persons(tmp_path):
    """Moodle's folder, a zip, a folder in a zip; helpers lie beside."""
    helper = "from helper import f\n" + GLS
    lay(
        tmp_path,
        {
            "Jane Doe_9_assignsubmission_file_/student.py": helper,
            "Jane Doe_9_assignsubmission_file_/helper.py": "f = 1\n",
            "zoe.zip": zipped({"work/student.py": helper, "work/helper.py": "f = 1\n", "__MACOSX/._x": "x"}),
            "tim/deep/student.ipynb": notebook(GLS),
            ".DS_Store": "x",
        },
    )
    found = {one.name: one for one in taken([str(tmp_path)])}
    assert {name: one.source.text.split("\n")[0] for name, one in found.items()} == {
        "Jane Doe": "from helper import f",
        "tim": "def gls(X, y, V):",
        "zoe": "from helper import f",
    }
    assert [name for name, _ in found["zoe"].source.beside] == ["student.py", "helper.py"]


@pytest.mark.parametrize("wrap", ["", "downloads/", "a/b/"])
def test_an_archive_of_a_class_is_the_class(wrap, tmp_path):
    """Whatever folders hold all of it."""
    inner = zipped({"student.py": OLS})
    contents = {
        "doe_1_10_a.py": GLS,
        "ann_2_11_b.zip": inner,
        "Jo X_3_assignsubmission_file_/c.R": "gls <- function() 1",
    }
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({f"{wrap}{name}": content for name, content in contents.items()}))
    assert summary(str(path)) == {"doe": GLS, "ann": OLS, "Jo X": "gls <- function() 1"}


def test_a_file_and_the_helpers_that_it_imports_are_one_persons(tmp_path):
    """Given as a folder or as a zip; two with functions are two persons."""
    alone = {"student.py": "import helper\n" + GLS, "helper.py": "x = 1\n"}
    (tmp_path / "one.zip").write_bytes(zipped(alone))
    (tmp_path / "two.zip").write_bytes(zipped({"a.py": GLS, "b.py": "import a\n" + GLS}))
    assert list(summary(lay(tmp_path / "one", alone))) == ["student"]
    assert list(summary(str(tmp_path / "one.zip"))) == ["student"]
    assert list(summary(str(tmp_path / "two.zip"))) == ["a", "b"]


def test_nobody_is_lost(tmp_path):
    """What cannot be graded is there, with the reason; what belongs to nobody is not."""
    lay(
        tmp_path,
        {
            "doe_1_10_report.pdf": "%PDF",
            "ann_2_11_work.rar": "Rar!",
            "bob_3_12_text.html": "<p>",
            "broken.ipynb": "{",
            "julia.ipynb": notebook("x", language="julia"),
            "locked.zip": b"PK\3\4 no archive",
            "empty/readme.txt": "nothing",
            "right.py": GLS,
            "index.html": "Brightspace's own",
            "Ex_jdoe_attempt_2026-11-25-10-30-00.txt": "Blackboard's receipt",
        },
    )
    reasons = summary(str(tmp_path))
    assert set(reasons) == {"doe", "ann", "bob", "broken", "julia", "locked", "empty", "right"}
    assert reasons["doe"].startswith("not: report.pdf: hand in .py") or "doe_1_10_report.pdf: hand in" in reasons["doe"]
    assert "its language is julia; expected Python or R" in reasons["julia"]
    assert "no zip archive that can be read" in reasons["locked"]
    assert sum(text.startswith("not: ") for text in reasons.values()) == 7


def test_of_several_that_are_named_one_that_cannot_be_graded_stops_nobody(tmp_path):
    """As a shell's `*` names them; alone it is an error, and so is one that is not there."""
    lay(tmp_path, {"a.py": GLS, "pyproject.toml": "", "b.zip": b"no zip", "empty/x.txt": "", "__pycache__/a.pyc": b""})
    named = sorted(map(str, tmp_path.iterdir()))
    assert {one.name: bool(one.source) for one in taken(named)} == {
        "a": True,
        "b": False,
        "empty": False,
        "pyproject.toml": False,
    }
    for alone in (["pyproject.toml"], ["a.py", "missing.py"]):
        with pytest.raises(IntakeError):
            taken([str(tmp_path / name) for name in alone])


def test_a_report_among_the_hand_ins_is_not_handed_in(tmp_path):
    """Nor are the roster and the rubric."""
    lay(tmp_path, {"a.py": GLS, "out/a/results.json": "{}", "roster.csv": "name,id\n"})
    assert [one.name for one in taken([str(tmp_path)], None, [tmp_path / "out", tmp_path / "roster.csv"])] == ["a"]


# --- attacks through the new doors ----------------------------------------------------------------------


def bomb() -> bytes:
    """Forty megabytes of zeros in forty kilobytes, said to be small."""
    archive = bytearray(zipped({"student.py": bytes(40 * 2**20)}))
    size = (40 * 2**20).to_bytes(4, "little")
    while size in archive:
        archive[archive.index(size) : archive.index(size) + 4] = (100).to_bytes(4, "little")
    return bytes(archive)


def link() -> bytes:
    """A link to a file of the system."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("student.py")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


HOSTILE = {
    "bomb": (bomb, "no zip archive that can be read|unpacks to more than it says"),
    "large": (lambda: zipped({"student.py": bytes(2**21)}), "has 2,097,152 bytes; at most 1,048,576 are read"),
    "way out": (lambda: zipped({"../../student.py": GLS}), "leads out of it"),
    "absolute": (lambda: zipped({"/etc/student.py": GLS}), "leads out of it"),
    "windows": (lambda: zipped({"..\\student.py": GLS}), "leads out of it"),
    "drive": (lambda: zipped({"C:/student.py": GLS}), "leads out of it"),
    "link": (link, "is a link; hand in the file itself"),
    "many": (lambda: zipped({f"{k}.txt": b"" for k in range(20_001)}), "holds more than 20,000 files"),
    "zips in it": (
        lambda: zipped({f"{k}.zip": zipped(dict.fromkeys(map(str, range(20)), bytes(2**20))) for k in range(9)}),
        "holds more",
    ),
    "cut": (lambda: zipped({"student.py": GLS})[:-30], "no zip archive"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_a_sentence_and_stops_nobody(case, tmp_path):
    """In a class, and as the class."""
    make, words = HOSTILE[case]
    lay(tmp_path / "class", {"evil.zip": make(), "right.py": GLS})
    evil, right = sorted(taken([str(tmp_path / "class")]), key=lambda one: one.name)
    assert right.source.text == GLS and evil.source is None
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(evil.refused)


def test_no_name_stops_or_hides_another(tmp_path):
    """A link to itself, names too long for a folder, a colon, a number that another would get."""
    lay(tmp_path / "a", {"b~2.py": OLS, "x.py": OLS})
    (tmp_path / "a" / "loop.py").symlink_to("loop.py")
    lay(tmp_path / "b", {"b.py": OLS, " x~2.py": OLS})
    assert {one.name for one in taken(map(str, (tmp_path / "a", tmp_path / "b")))} == {"b~2", "x", "loop", "b", "x~2"}
    long = {f".{'x' * 4000}.py": OLS, f"{chr(0x1F600) * 120}.py": OLS, "doe_1_10_a:b.py": OLS}
    (tmp_path / "class.zip").write_bytes(zipped(long))
    names = [one.name for one in taken([str(tmp_path / "class.zip")])]
    assert len(names) == 3 and "doe" in names and all(len(name.encode()) <= 200 for name in names)


def test_what_is_said_of_a_document_is_fit_for_a_terminal(tmp_path):
    """A language's name may be anything."""
    lay(tmp_path, {"evil.ipynb": notebook("x", language="\x1b]0;owned\x07"), "right.py": OLS})
    assert "its language is ?]0;owned?;" in summary(str(tmp_path))["evil"]


def test_special_files_are_not_opened(tmp_path):
    """A pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(IntakeError, match="no regular file"):
        files.content(tmp_path / "pipe.ipynb")


SMALL = "def denominator_df(data): return {}\n"


def whose(path: str, roster: Roster | None = None) -> dict[str, str]:
    """By person's name, or the report's, the number that the graded function returns."""
    found = taken([path], roster)
    return {
        one.person.name if one.person and one.person.name else one.name: one.source.text.split()[-1]
        for one in found
        if one.source
    }


def test_of_several_versions_the_highest_counts(tmp_path):
    """Teams' folders, by their number; what is called old or a copy only where there is nothing else."""
    of_teams = {f"Zoe/Frogs/Version {n}/student.py": SMALL.format(n) for n in (9, 10, 1)}
    others = {"Jane/old/student.py": SMALL.format(1), "Jane/src/work.py": SMALL.format(2)}
    others |= {"Hoa/student.py": SMALL.format(1), "Hoa/student (2).py": SMALL.format(2), "Li/student_old.py": "x = 1\n"}
    others |= {"Li/backup.py": SMALL.format(3)}
    lay(tmp_path, of_teams | others)
    assert whose(str(tmp_path)) == {"Zoe": "10", "Jane": "2", "Hoa": "2", "Li": "3"}


def test_an_archive_of_one_archive_of_everybody_is_that(tmp_path):
    """A student's own zip in a zip is not."""
    people = {f"doe{k}_{k}_{k}0_hw.zip": zipped({"student.py": SMALL.format(k)}) for k in (1, 2)}
    (tmp_path / "outer.zip").write_bytes(zipped({"all/submissions.zip": zipped(people)}))
    assert sorted(whose(str(tmp_path / "outer.zip")).values()) == ["1", "2"]
    (tmp_path / "mine.zip").write_bytes(zipped({"hw.zip": zipped({"student.py": SMALL.format(3)})}))
    assert list(whose(str(tmp_path / "mine.zip")).values()) == ["3"]


OF_PLATFORMS = {
    "GitHub Classroom's": (
        "identifier,github_username,github_id,name\nZoe Oc,zoe-oc,1,Z\nHoa N,hoa,2,\nA B,,,\n",
        {"frogs-zoe-oc/student.py": "1", "frogs-hoa/R/student.py": "2"},
        {"Zoe Oc": "1", "Hoa N": "2"},
    ),
    "a shared drive's names": (
        "name,id\nZoe O'Connor,1\nJane Doe,2\n",
        {"Zoe O'Connor - student.py": "1", "Jane Doe - student.py": "2", "Jane Doe - student (1).py": "3"},
        {"Zoe O'Connor": "1", "Jane Doe": "3"},
    ),
    "Sakai's": (
        'Name,Login\n"Doe, Jane",jdoe\n',
        {"Doe, Jane(jdoe)/Submission attachment(s)/student.py": "1", "grades.csv": ""},
        {"Doe, Jane": "1"},
    ),
    "Moodle's, without names": (
        "Identifier,Status,Grade\nParticipant 4711,Submitted,\nParticipant 4712,,\n",
        {"Participant_4711_assignsubmission_file_student.py": "1"},
        {"Participant 4711": "1"},
    ),
}


@pytest.mark.parametrize("case", OF_PLATFORMS)
def test_a_platforms_own_roster_finds_its_people(case, tmp_path):
    """By what its downloads are called."""
    text, handed_in, found = OF_PLATFORMS[case]
    (tmp_path / "roster.csv").write_text(text)
    lay(tmp_path / "class", {name: SMALL.format(n) if n else "a,b\n" for name, n in handed_in.items()})
    assert whose(str(tmp_path / "class"), Roster.read(tmp_path / "roster.csv")) == found


def test_a_part_of_a_name_does_not_take_anothers_place(tmp_path):
    """Jane's own file stays hers; who calls a file after her is graded beside it, and the teacher is told."""
    (tmp_path / "roster.csv").write_text("name,login\nJane Doe,jane\n")
    lay(tmp_path / "class", {"jane.py": SMALL.format(1), "frogs-jane.py": SMALL.format(2)})
    found = taken([str(tmp_path / "class")], Roster.read(tmp_path / "roster.csv"))
    assert sorted(one.source.text.split()[-1] for one in found) == ["1", "2"]
    assert all("the roster gives several of these hand-ins to Jane Doe" in "".join(one.remarks) for one in found)
