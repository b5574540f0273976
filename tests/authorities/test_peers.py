"""Peers on trial: each fails only what it declares, the README shows their digits, a lost digit is noticed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reference import r, slopes
from reference.vectors import lint
from tests.peers import peer, scoreboard
from tests.vectors import peers as page

PROJECT = Path(__file__).parents[2]
EXACT = "from lmm_core import *\n"
WORSE = """
import lmm_core
def gls(X, y, V):
    right = lmm_core.gls(X, y, V)
    return {"coef": right.coef, "se": right.se * (1 + 1e-12)}
"""


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def _loaded(path: Path) -> peer.Peer:
    try:
        return peer.load(path)
    except peer.PeerError as error:
        pytest.skip(str(error))


# Where L-BFGS-B stops depends on rounding, and so on where arrays lie: what it fails is not the same twice.
UNSETTLED = ("statsmodels_lbfgs_peer",)
SETTLED = [path for path in peer.FILES if path.stem not in UNSETTLED]


@pytest.mark.slow
@pytest.mark.parametrize("path", SETTLED, ids=lambda path: path.stem)
def test_peer_fails_what_it_declares_and_nothing_else(path):
    """Strictly: a declared failure that does not happen any more fails the run, and says so."""
    _loaded(path)
    run = _pytest(f"--implementation={path}")
    assert run.returncode == 0, run.stdout[-3000:]
    assert "not offered" in run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", SETTLED, ids=lambda path: path.stem)
def test_peer_misses_of_the_vectors_what_their_page_says_and_nothing_else(path):
    """By REML, to the digits of an optimiser at its defaults; `python -m tests.vectors.peers` writes the page."""
    judged, declared = _loaded(path), page.declared(page.PAGE.read_text(encoding="utf-8"))
    if judged.version not in declared:
        pytest.skip(f"the page shows other versions than {judged.version}: {', '.join(declared)}")
    missed = {}
    for cell in page.missed(judged, lint.read()):
        missed.setdefault(cell.id, set()).add(cell.quantity)
    assert missed == declared[judged.version]


@pytest.fixture(scope="module")
def shown():
    """The README's scoreboard."""
    text = (PROJECT / "tests" / "peers" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- scoreboard -->\n\n(.*?)\n\n<!-- end of scoreboard -->", text, re.DOTALL)
    assert found
    return found.group(1)


def test_lmm_core_has_thirteen_digits_of_minima_that_are_proved():
    """Ponds and slopes of different times, by balls; of the closed forms, which have some 13 themselves, twelve."""
    rows = [line.strip("| ").split(" | ") for line in scoreboard.second_table([peer.core()]).splitlines()[2:]]
    least = {name: min(map(int, cells.split())) for name, cells in rows}
    assert min(least[case] for case in slopes.UNBALANCED) >= 13, rows
    assert min(least.values()) >= 12, rows
    text = (PROJECT / "tests" / "peers" / "README.md").read_text(encoding="utf-8")
    assert [*least] == re.findall(r"^\| ([^|]+?) \|", text.split("digits of G Ve")[1], re.MULTILINE)


@pytest.mark.slow
def test_readme_shows_what_a_run_writes(shown):
    """The same cells, but for one digit in which processors differ; where L-BFGS-B stops, they differ by more."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    now = scoreboard.table(scoreboard.present())
    if now.splitlines()[0] != shown.splitlines()[0]:
        pytest.skip(f"the README shows other versions than are here: {now.splitlines()[0]}")
    cells = re.compile(r"[-!]|\d+")
    unsettled = next(i for i, name in enumerate(now.splitlines()[0].strip("| ").split(" | ")[1:]) if "lbfgs" in name)
    for line, old in zip(now.splitlines()[2:], shown.splitlines()[2:], strict=True):
        name, *values = line.strip("| ").split(" | ")
        old_name, *old_values = old.strip("| ").split(" | ")
        assert name == old_name
        del values[unsettled], old_values[unsettled]
        for a, b in zip(cells.findall(" ".join(values)), cells.findall(" ".join(old_values)), strict=True):
            assert a == b or ((a + b).isdigit() and abs(int(a) - int(b)) <= 1), f"{line}\n{old}"


def test_lmm_core_has_as_many_digits_as_every_peer(shown):
    """In every cell that the README shows; and the known defects are there."""
    rows = {}
    for line in shown.splitlines()[2:]:
        name, core, *peers = line.strip("| ").split(" | ")
        rows[name] = peers
        for theirs in peers:
            pairs = zip(core.split(), theirs.split(), strict=True)
            assert all(b in "-!" or int(a) >= int(b) for a, b in pairs), line
    columns = shown.splitlines()[0].strip("| ").split(" | ")[2:]
    lme4, lbfgs = (next(i for i, name in enumerate(columns) if word in name) for word in ("lme4", "lbfgs"))
    assert [rows[f"NIST SmLs0{k}"][lme4].split()[0] in "012" for k in (7, 8)] == [True, True]
    assert [rows[name][lme4].split()[4] for name in ("sleepstudy × 10000", "ergostool × 1e-06")] == ["0", "0"]
    assert rows["NIST SmLs01"][lbfgs].split()[:3] == ["0", "1", "0"]


@pytest.mark.slow
def test_a_lost_digit_that_every_tolerance_lets_through_fails_against_the_baseline(tmp_path):
    """se times 1 + 1e-12: passes (1e-10 is allowed), and has lost two digits."""
    for name, text in (("exact.py", EXACT), ("worse.py", EXACT + WORSE)):
        (tmp_path / name).write_text(text)
    exact, worse = (f"--implementation={tmp_path / name}" for name in ("exact.py", "worse.py"))
    baseline = tmp_path / "base.json"
    assert _pytest(exact, f"--accuracy={baseline}", "-k", "gls").returncode == 0
    assert _pytest(exact, f"--baseline={baseline}", "-k", "gls").returncode == 0
    assert _pytest(worse, "-k", "gls").returncode == 0
    run = _pytest(worse, f"--baseline={baseline}", "-k", "gls")
    assert run.returncode == 1
    assert re.search(r"LOST .*test_gls.*: .*se.*: 1[45]\.\d -> 12\.\d digits", run.stdout), run.stdout[-2000:]


LESS_ON_NIST = """
import lmm_core
def fit_reml(X, y, group):
    right = lmm_core.fit_reml(X, y, group)
    factor = 1 + 1e-9 if len(set(group)) == 9 else 1
    return {"Vb": right.Vb * factor, "Ve": right.Ve, "coef": right.coef, "se": right.se, "criterion": right.criterion}
"""


@pytest.mark.slow
def test_digits_lost_on_nist_alone_fail_against_the_baseline(tmp_path):
    """Vb of the nine treatments of NIST's SmLs files, wrong in the ninth digit: every tolerance lets it pass."""
    for name, source in (("exact", EXACT), ("less", EXACT + LESS_ON_NIST)):
        (tmp_path / f"{name}_peer.py").write_text(source)
    test = str(PROJECT / "tests" / "exercises" / "test_4_4_fit_reml.py")
    base = f"{tmp_path / 'base.json'}"
    _pytest(f"--implementation={tmp_path / 'exact_peer.py'}", f"--accuracy={base}", "-k", "nist", test)
    run = _pytest(f"--implementation={tmp_path / 'less_peer.py'}", f"--baseline={base}", "-k", "nist", test)
    lost = [line for line in run.stdout.splitlines() if "LOST" in line]
    assert run.returncode == 1 and len(lost) == 9, run.stdout[-2000:]
    assert all("Vb of NIST SmLs0" in line for line in lost)


@pytest.mark.slow
def test_a_test_that_failed_before_may_fail_again(tmp_path):
    """The baseline decides alone: what failed and fails is no loss, what passed and fails is one."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(EXACT + "def gls(X, y, V):\n    return {'coef': y[:X.shape[1]], 'se': y[:X.shape[1]]}\n")
    baseline = tmp_path / "base.json"
    assert _pytest(f"--implementation={wrong}", f"--accuracy={baseline}", "-k", "gls").returncode == 1
    assert _pytest(f"--implementation={wrong}", f"--baseline={baseline}", "-k", "gls").returncode == 0
    content = json.loads(baseline.read_text())
    for test in content["tests"].values():
        test["outcome"] = "passed"
    baseline.write_text(json.dumps(content))
    run = _pytest(f"--implementation={wrong}", f"--baseline={baseline}", "-k", "gls")
    assert run.returncode == 1 and "passed -> failed" in run.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--implementation=nobody.py", "/nobody.py does not exist"),
        ("--implementation=README.md", "is neither a .py nor a .R file"),
        ("--baseline=README.md", "--baseline README.md was not written by --accuracy"),
        ("--baseline=none.json", "--baseline none.json cannot be read"),
        ("--scoreboard=none/board.md", "/none/board.md cannot be written"),
        ("--accuracy=none/a.json", "there is no such folder"),
    ],
)
def test_an_option_that_does_not_fit_is_one_sentence(argument, sentence):
    """Exit status 4."""
    run = _pytest(argument)
    assert run.returncode == 4
    assert sentence in run.stderr + run.stdout
