"""A class: scores as alone, nothing lost and nothing graded twice, pages and files that carry no attack."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.grading.classroom import Class
from tests.grading.intake import handin
from tests.grading.intake.roster import Person
from tests.grading.judgement import copies, misconceptions
from tests.grading.judgement.copies import Cluster
from tests.grading.judgement.rubric import load
from tests.grading.reports import formats, pages, terminal
from tests.grading.reports.ledger import SEALED, Ledger
from tests.grading.reports.lines import Line
from tests.meta import bundle
from tests.meta.browser import chromium
from tests.meta.graded import PROJECT, grade, rubric

HOSTILE = '=1+1"<script>document.title=1<'
COMMANDING = "x\n::error::y.py"
RIGHT = "def denominator_df(data):\n    return data['bucket'].nunique() - data['color'].nunique()\n"
WRONG = "def denominator_df(data):\n    raise ValueError('<script>document.title=\"owned\"</script>')\n"
SLOW = "import time\ndef denominator_df(data):\n    time.sleep(0.15)\n    return 0\n"


def _class(folder: Path, count: int, source: str = RIGHT) -> Path:
    folder.mkdir()
    for k in range(count):
        (folder / f"s{k}.py").write_text(f"# {k}\n{source}")
    return folder


def _command(folder: Path, report: Path, chosen: Path, *options: str) -> list[str]:
    fixed = [sys.executable, "-m", "pytest", f"--submission={folder}", f"--report={report}", f"--rubric={chosen}"]
    return [*fixed, "--seed=1", *options]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _written(report: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in report.glob("*/results.json")}


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """A rubric of one quick function."""
    return rubric(tmp_path_factory.mktemp("rubric") / "rubric.toml", "denominator_df")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, chosen):
    """A class of right, wrong and hostile files, and its report."""
    folder, report = tmp_path_factory.mktemp("class") / "class", tmp_path_factory.mktemp("report")
    _class(folder, 3)
    (folder / f"{HOSTILE}.py").write_text(WRONG)
    (folder / "loops.py").write_text("while True: pass\n")
    (folder / "frogs.py").write_text("def denominator_df(data):\n    return len(data) - data['color'].nunique()\n")
    wanted = [f"--format={name}" for name in formats.FORMATS]
    run = subprocess.run(
        _command(folder, report, chosen, "-n", "2", *wanted), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return folder, report


@pytest.mark.slow
def test_a_class_scores_as_each_file_alone(mixed, chosen, tmp_path):
    """The same bytes of results.json, whatever stands beside the file."""
    folder, report = mixed
    for path in folder.iterdir():
        grade(path, report=tmp_path, options=(f"--rubric={chosen}",))
    assert _written(report) == _written(tmp_path)


@pytest.mark.slow
def test_a_second_run_grades_only_what_changed(chosen, tmp_path):
    """By content of file, rubric and options."""
    folder, report = _class(tmp_path / "class", 3), tmp_path / "report"
    subprocess.run(_command(folder, report, chosen), cwd=PROJECT, check=True, capture_output=True)
    times = {path: path.stat().st_mtime_ns for path in report.glob("*/results.json")}
    (folder / "s1.py").write_text(WRONG)
    run = subprocess.run(_command(folder, report, chosen), cwd=PROJECT, check=False, capture_output=True, text=True)
    assert "2 of 3 are graded already" in run.stdout
    changed = {path.parent.name for path, before in times.items() if path.stat().st_mtime_ns != before}
    assert changed == {"s1"}


@pytest.mark.slow
def test_a_killed_run_is_taken_up_where_it_stopped(chosen, tmp_path):
    """SIGKILL in the middle: what was written stays, the rest is graded, the result is that of one run."""
    folder, report = _class(tmp_path / "class", 6, SLOW), tmp_path / "report"
    process = subprocess.Popen(_command(folder, report, chosen), cwd=PROJECT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(_written(report)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = _written(report)
    times = {path: path.stat().st_mtime_ns for path in report.glob("*/results.json")}
    assert 2 <= len(before) < 6
    subprocess.run(_command(folder, report, chosen), cwd=PROJECT, check=False, capture_output=True)
    assert all(path.stat().st_mtime_ns == then for path, then in times.items())
    subprocess.run(_command(folder, tmp_path / "whole", chosen), cwd=PROJECT, check=False, capture_output=True)
    assert _written(report) == _written(tmp_path / "whole")


@pytest.mark.slow
def test_ctrl_c_leaves_whole_results_only(chosen, tmp_path):
    """Exit status 2 and a sentence; every results.json that is there is the one that a whole run writes."""
    folder, report = _class(tmp_path / "class", 4, SLOW), tmp_path / "report"
    process = subprocess.Popen(
        _command(folder, report, chosen), cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not _written(report) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and "the same command goes on from here" in said
    stopped = _written(report)
    subprocess.run(_command(folder, report, chosen), cwd=PROJECT, check=False, capture_output=True)
    whole = _written(report)
    assert len(whole) == 4 and stopped.items() <= whole.items()


@pytest.mark.slow
@pytest.mark.parametrize("handed_in", ["", COMMANDING, "missing\n::error::"])
def test_a_name_begins_no_line(handed_in, chosen, tmp_path):
    """Of a class, of one file, of one that is not there."""
    folder = _class(tmp_path / "class\n::error::", 1)
    (folder / COMMANDING).write_text(WRONG)
    command = _command(folder / handed_in, tmp_path / "out\n::error::", chosen)
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert not re.findall(r"^\s*::.*", run.stdout + run.stderr, re.MULTILINE)
    assert "?::error::" in run.stdout + run.stderr


@pytest.mark.slow
def test_every_format_agrees_on_the_points(mixed):
    """gradebook.csv, nbgrader's, Canvas's and Moodle's columns, Classroom 50's and Gradescope's JSON."""
    _, report = mixed
    points = {path.parent.name: json.loads(path.read_text())["score"] for path in report.glob("*/results.json")}
    files = ("gradebook", "nbgrader", "canvas", "moodle")
    rows = {name: list(csv.DictReader(_lines(report / f"{name}.csv"))) for name in files}
    named = {formats.harmless(name): score for name, score in points.items()}
    assert {row["name"]: float(row["score"]) for row in rows["gradebook"]} == named
    assert {row["student_id"]: float(row["score"]) for row in rows["nbgrader"]} == named
    assert rows["canvas"][0]["Student"].strip() == "Points Possible" and float(rows["canvas"][0]["frogs"]) == 10
    assert {row["Student"]: float(row["frogs"]) for row in rows["canvas"][1:]} == named
    assert {row["Full name"]: float(row["Grade"]) for row in rows["moodle"]} == named
    for name, score in points.items():
        result = json.loads((report / name / "classroom50.json").read_text())
        assert (result["max-score"], result["score"], result["tests"][0]["passed"]) == (10, round(score), score == 10)


@pytest.mark.slow
def test_a_class_of_a_platform_has_its_names_everywhere(chosen, tmp_path):
    """Canvas's download with a roster: ids in every export, lateness, who was not graded, who handed in nothing."""
    folder, report = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "doejane_LATE_12345_678910_student.py").write_text(RIGHT)
    (folder / "li_77_678911_report.pdf").write_text("%PDF")
    (tmp_path / "roster.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Doe, Jane",12345,S1,jdoe,A\n"Li, Al",77,S2,ali,A\n"Nobody, Jo",78,S3,jo,B\n'
    )
    options = [f"--roster={tmp_path / 'roster.csv'}", "--assignment=Frogs (99)", "--format=canvas", "--format=nbgrader"]
    options.append("--format=classroom50")
    command = _command(folder, report, chosen, *options)
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "2 handed in, 1 graded, 1 not:\n  Li, Al (li_77_678911_report.pdf): " in run.stdout
    assert "no classroom50.json of them" in run.stdout and not (report / "Li, Al" / "classroom50.json").exists()
    assert "of the roster, 1 handed in nothing: Nobody, Jo" in run.stdout
    rows = list(csv.DictReader(_lines(report / "canvas.csv")))
    assert rows[1] == {
        "Student": "Doe, Jane",
        "ID": "12345",
        "SIS User ID": "S1",
        "SIS Login ID": "jdoe",
        "Section": "A",
        "Frogs (99)": "10.0",
    }
    nbgrader = next(csv.DictReader(_lines(report / "nbgrader.csv")))
    assert (nbgrader["student_id"], nbgrader["last_name"], nbgrader["first_name"]) == ("jdoe", "Doe", "Jane")
    gradebook = {row["name"]: row for row in csv.DictReader(_lines(report / "gradebook.csv"))}
    assert (gradebook["Doe, Jane"]["late"], gradebook["Li, Al"]["score"]) == ("late", "")
    assert "hand in .py" in gradebook["Li, Al"]["not graded"]
    assert (
        "<title>Doe, Jane, Frogs (99): 10 of 10 points</title>" in (report / "Doe, Jane" / "feedback.html").read_text()
    )


@pytest.mark.slow
def test_no_cell_becomes_a_formula(mixed):
    """=, +, -, @, tab: text that begins so is quoted."""
    _, report = mixed
    cells = [cell for path in report.glob("*.csv") for row in csv.reader(_lines(path)) for cell in row]
    assert any(cell.startswith("'=1+1") for cell in cells)
    assert not [cell for cell in cells if cell[:1] in tuple("=+@\t\r") or re.match(r"-\D", cell)]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src") and value]


@pytest.mark.slow
def test_pages_show_what_is_hostile_as_text(mixed):
    """No script, no picture, no address outside; the message and the name are there to read."""
    _, report = mixed
    for path in [report / "index.html", *report.glob("*/feedback.html")]:
        tags = _Tags()
        tags.feed(path.read_text())
        assert not {"script", "img", "iframe", "object"} & set(tags.tags)
        assert not [link for link in tags.links if re.match(r"(?i)https?:|//|javascript:", link)]
    assert "&lt;script&gt;" in (report / HOSTILE / "feedback.html").read_text()


ABOUT = {"assignment": "Frogs", "draw": "--seed 3", "date": "2026-01-31", "suite": "version 1", "rubric": "mine.toml"}
ABOUT |= {"limits": "twice as long"}


@pytest.mark.slow
def test_the_class_page_ranks_its_misconceptions(mixed):
    """How many have it, and what to say."""
    _, report = mixed
    text = (report / "index.html").read_text()
    assert re.search(r"1 of 6</strong>: frogs-as-replicates", text)


# Text that is hard to read: the WCAG 2 contrast of every text with what lies behind it, below 4.5 (3 for large text).
FAINT = """
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                     return 0.2126 * r + 0.7152 * g + 0.0722 * b };
const parts = text => text.match(/[0-9.]+/g).map(Number);
const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
                      if (c.length < 4 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
const found = [];
for (const e of document.querySelectorAll("main *")) {
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
  const style = getComputedStyle(e), svg = e.namespaceURI.endsWith("svg");
  const [a, b] = [light(parts(svg ? style.fill : style.color).slice(0, 3)), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) found.push([e.tagName, e.textContent.slice(0, 40), ratio]);
}
return found;
"""
HEADINGS = "return [...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))"
TOO_WIDE = "return document.documentElement.scrollWidth > window.innerWidth"
BROKEN = """
const found = [], range = document.createRange();
for (const cell of document.querySelectorAll("th:not(:first-child), td:not(:first-child)")) {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[\\w.]+/g)) {
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) found.push(word[0]);
  }
}
return found;
"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("size", [(360, 740), (1280, 800)], ids=["phone", "desktop"])
def test_the_pages_can_be_read_by_everybody(mixed, size, scheme):
    """Contrast AA, headings in order, no sideways scroll, nothing on the console, a title with the assignment."""
    _, report = mixed
    with chromium(*size) as browser:
        medium = {"media": "print"} if scheme == "print" else {}
        features = [] if scheme == "print" else [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {**medium, "features": features})
        for path in [report / "index.html", *sorted(report.glob("*/feedback.html"))]:
            browser.get(path.as_uri())
            assert browser.execute_script(FAINT) == [], path
            assert not browser.execute_script(TOO_WIDE), path
            assert browser.execute_script(BROKEN) == [], path
            levels = browser.execute_script(HEADINGS)
            assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels)), path
            assert "frogs" in browser.title
        assert browser.get_log("browser") == []


def test_a_number_in_a_table_is_not_broken():
    """The sheet breaks long words anywhere; a cell that is not a name keeps its 10 in one line, on a phone, too."""
    sheet = pages.TEMPLATES.get_template("page.html").render()
    rules = dict(
        re.findall(r"^(\S[^{}]*?) \{ (overflow-wrap: \w+;) \}", re.sub(r"\} (?=\w)", "}\n", sheet), re.MULTILINE)
    )
    assert rules == {
        "th, td": "overflow-wrap: normal;",
        "th:first-child, td:first-child": "overflow-wrap: anywhere;",
        "td.V": "overflow-wrap: normal;",
    }


@pytest.mark.slow
def test_the_pages_by_the_keyboard(mixed):
    """Charts are there, the name that is a script is text and nothing runs, its page can be reached by Tab."""
    pytest.importorskip("selenium")
    from selenium.webdriver.common.by import By  # noqa: PLC0415 - where there is a browser
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415

    _, report = mixed
    with chromium() as browser:
        browser.get((report / "index.html").as_uri())
        assert browser.title == "frogs: 6 submissions"
        assert browser.find_elements(By.CSS_SELECTOR, "svg rect")
        assert len(browser.find_elements(By.CSS_SELECTOR, "table.heat tbody tr")) == 6
        reached = []
        for _ in range(20):
            browser.switch_to.active_element.send_keys(Keys.TAB)
            reached.append(browser.switch_to.active_element.get_attribute("href"))
        hostile = next(link for link in reached if link and "script" in link)
        browser.get(hostile)
        assert browser.title.startswith(HOSTILE.replace("/", ":")[:8])
        assert "<script>" in browser.find_element(By.TAG_NAME, "pre").text
        assert browser.get_log("browser") == []


@pytest.mark.slow
def test_points_and_visibility_change_without_grading_again(mixed, chosen, tmp_path):
    """Another rubric of the same functions and limits: the points are others, what is hidden is not shown."""
    folder, report = mixed
    again, other = tmp_path / "report", tmp_path / "other.toml"
    shutil.copytree(report, again)
    other.write_text(chosen.read_text().replace("points = 10", 'points = 30, visibility = "hidden"'))
    run = subprocess.run(_command(folder, again, other), cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "6 of 6 are graded already" in run.stdout
    before, after = (_points(directory) for directory in (report, again))
    assert after == {name: 3 * points for name, points in before.items()}
    assert "frogs-as-replicates" not in (again / "frogs" / "feedback.html").read_text()


def _points(report: Path) -> dict[str, float]:
    return {name: json.loads(text)["score"] for name, text in _written(report).items()}


@pytest.mark.slow
def test_a_cluster_grades_as_this_machine_though_a_worker_is_killed(mixed, chosen, tmp_path):
    """A local Dask cluster of two worker processes, one of them killed in the middle: the same bytes."""
    distributed = pytest.importorskip("distributed")
    folder, report = mixed
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        command = _command(folder, tmp_path / "report", chosen, f"--scheduler={cluster.scheduler_address}")
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while not _written(tmp_path / "report") and time.monotonic() < deadline:
            time.sleep(0.05)
        victim = next(iter(cluster.workers.values()))
        os.kill(victim.pid, signal.SIGKILL)
        _, error = process.communicate(timeout=300)
    assert process.returncode == 1, error
    assert _written(tmp_path / "report") == _written(report)


# --- parts ----------------------------------------------------------------------------------------------


def test_copies_are_found_whatever_the_names_are(tmp_path):
    """Renamed variables, comments, a docstring and annotations do not hide a copy; short functions are left out."""
    first = "def gls(X, y, V):\n    W = inv(V)\n    C = inv(X.T @ W @ X)\n    b = C @ X.T @ W @ y\n    return b, C\n"
    second = (
        'def gls(a, b, c: float):\n    """Mine."""\n    Q = inv(c)  # mine\n    S = inv(a.T @ Q @ a)\n'
        "    t = S @ a.T @ Q @ b\n    return t, S\n"
    )
    for name, text in (("one", first + RIGHT), ("two", second + RIGHT), ("core", bundle.correct())):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "broken.py").write_text("def gls(:\n")
    found = copies.copies(handin.taken([str(tmp_path)]))
    assert found == [Cluster(("one", "two"), ("gls",))]


def test_a_copy_of_lmm_core_is_found(tmp_path):
    """The reference implementation's own text."""
    path = tmp_path / "student.py"
    path.write_text((PROJECT / "lmm_core" / "least_squares.py").read_text())
    assert copies.copies(handin.taken([str(path)])) == [Cluster(("student",), ("gls", "ols"), is_core=True)]


def test_copies_in_r_are_found_in_clusters(tmp_path):
    """Three share two functions, renamed and commented; what half of a class of ten writes alike is left out."""
    body = (
        "{{ W <- solve(V) # inverse\n  C <- solve(t({x}) %*% W %*% {x})\n  b <- C %*% t({x}) %*% W %*% y\n"
        "  list({x}, C, b) }}\n"
    )
    for k, x in enumerate(("X", "Z", "M.1")):
        text = "".join(f"{name} <- function({x}, y, V) {body.format(x=x)}" for name in ("gls", "ols"))
        (tmp_path / f"s{k}.R").write_text(text)
    three = copies.copies(handin.taken([str(tmp_path)]))
    assert three == [Cluster(("s0", "s1", "s2"), ("gls", "ols"))]
    for k in range(3, 12):
        (tmp_path / f"s{k}.R").write_text(f"gls <- function(X, y, V) {body.format(x='X')}")
    many = copies.copies(handin.taken([str(tmp_path)]))
    assert many == [Cluster(("s0", "s1", "s2"), ("ols",))]


def test_pictures_mark_what_differs():
    """A V that lacks the residual variance: its diagonal is marked; the histogram counts every p-value."""
    right = pages.RIGHT_V
    test = {"name": "4.2 covariance_matrix: V", "status": "failed", "output": "wrong", "score": 0.0, "max_score": 8.0}
    test |= {"visibility": "visible"}
    extra = {
        "misconception": None,
        "more": [],
        "remark": "",
        "picture": (right - 1.0 * (right == right.max())).tolist(),
    }
    p_values = [(k + 0.5) / 40 for k in range(40)]
    anova = test | {"tags": ["anova_reml"], "extra_data": extra | {"picture": p_values}, "name": "4.4 anova_reml: F"}
    tests = [test | {"tags": ["covariance_matrix"], "extra_data": extra}, anova]
    about = {"file": "s.py", "isolation": "bwrap", "draw": "the public ones", "person": {"name": "Jane"}}
    about |= {"late": False, "remarks": [], "broken": ""}
    page = pages.feedback({"score": 0.0, "tests": tests, "extra_data": about}, "Frogs")
    assert page.count('class="V differs"') == len(right)
    assert page.count("<rect") == 10 and "4, 4, 4, 4, 4, 4, 4, 4, 4, 4" in page


def test_an_empty_class_page_is_a_page():
    """One submission without a misconception."""
    line = Line(
        "s", "s.py", 10.0, 10.0, "bwrap", asdict(Person()), False, "", [], {"gls": 10.0}, {"gls": 10.0}, {}, {}, ""
    )
    text = pages.index([line], [], ABOUT)
    assert "1 submissions, median 10 of 10 points" in text and "No known misconception" in text


def test_a_class_of_300_has_a_page_below_300_kilobytes():
    """A third of all functions wrong in many ways; every person with name, id and points; what has no name."""
    chance, points = random.Random(1), {item.function: item.points for item in load().items.values()}
    lines = []
    for k in range(300):
        wrong = {name: chance.choice(misconceptions.of(name)).slug for name in points if chance.random() < 1 / 3}
        unexplained = {name: "F of 12 frogs" for name in points if name not in wrong and chance.random() < 1 / 20}
        earned = {name: 1.25 if name in wrong or name in unexplained else most for name, most in points.items()}
        whose = asdict(Person(name=f"Surname{k}, Firstname", id=str(10**6 + k), login=f"user{k}"))
        numbers = sum(earned.values()), 100.0, "bwrap", whose, False, "", [], earned, points
        lines.append(Line(f"surname{k}", "s.py", *numbers, wrong, unexplained, ""))
    text = pages.index(lines, [Cluster(tuple(line.name for line in lines[:8]), tuple(points))] * 20, ABOUT)
    assert len(text.encode()) < 300_000
    assert all(f"Surname{k}, Firstname</a> {10**6 + k} user{k}" in text for k in range(300))
    assert re.search(r"<strong>\d+</strong> lose the same check: gls: F of 12 frogs", text)
    assert all(str(value) in text for value in ABOUT.values())


def test_a_result_holds_if_it_is_whole_and_sealed_by_this_folder(tmp_path):
    """Not half, not changed, not sealed elsewhere, not of another file."""
    book, other = (Ledger.of(tmp_path / name, []) for name in ("report", "other"))
    for ledger_ in (book, other):
        (ledger_.report / "s").mkdir()
        ledger_.seal("s", b"file", {"score": 1})
    assert Ledger.of(tmp_path / "report", []).known("s", b"file") == {"score": 1}
    assert book.known("s", b"another file") is None
    kept, elsewhere = (ledger_.report / "s" / SEALED for ledger_ in (book, other))
    before = kept.read_text()
    changed = before.replace('"score": 1', '"score": 100')
    for text in (changed, before[:40], '{"mark": "ü", "record": {"score": 1}}', "[]", elsewhere.read_text()):
        kept.write_text(text)
        assert book.known("s", b"file") is None


def test_the_secret_of_a_report_among_the_hand_ins_lies_elsewhere(tmp_path, monkeypatch):
    """What a hand-in brings along, a secret and a result sealed by it, is not believed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    forged = Ledger.of(tmp_path / "class" / "out", [])
    (forged.report / "s").mkdir()
    forged.seal("s", b"file", {"score": 100})
    taken = Ledger.of(tmp_path / "class" / "out", [tmp_path / "class"])
    assert taken.known("s", b"file") is None and taken.draw != forged.draw
    assert Ledger.of(tmp_path / "class" / "out", [tmp_path / "class"]) == taken
    assert list((tmp_path / "home" / "lmm-verification").iterdir())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::notice::x", ":\\:notice::x"),
        ("  ::add-mask::x", "  :\\:add-mask::x"),
        ("a ##[error]b", "a #\\#[error]b"),
        ("##vso[task.complete]", "#\\#vso[task.complete]"),
        ("## head :: x", "## head :: x"),
        ("a\n::error::b", "a?::error::b"),
        ("a\r\n::error::b\u2028::error::\x85::error::", "a??::error::b?::error::?::error::"),
    ],
)
def test_no_line_is_a_command_to_a_build_server(line, shown):
    """GitHub's, Azure's and TeamCity's are broken, others are as they were."""
    assert terminal.harmless(line) == shown


ENDS = {  # absent, strangers, and what is said of the roster
    "all are there": ([], [], []),
    "one handed in nothing": (["Jane"], [], ["of the roster, 1 handed in nothing: Jane"]),
    "names that say nothing": (
        ["Jane", "Zoe"],
        ["student (1)"],
        [
            "1 of these are nobody's of the roster, by their names: student (1)",
            "of the roster, 2 have no hand-in that bears their name: Jane, Zoe",
        ],
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_nobody_is_said_to_have_handed_in_nothing_whose_file_may_be_there(case):
    """Where hand-ins are nobody's, it is their names that say nothing."""
    absent, strangers, said = ENDS[case]
    run = Class(SimpleNamespace(absent=absent, strangers=strangers, formats=[]), 1)
    assert run._end([]) == ["0 handed in, 0 graded", *said]
