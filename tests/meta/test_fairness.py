"""The same file, the same bytes: alone or beside others, on a quiet machine or on one that has no time."""

import os
import subprocess
import sys
import textwrap

import pytest

from tests.meta import bundle
from tests.meta.graded import rubric, typed

pytestmark = pytest.mark.slow

BURNERS = 2 * (os.cpu_count() or 1)  # what is left is a third of the machine
SPIN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"
RIGHT = "return data['bucket'].nunique() - data['color'].nunique()"
FILES = {
    "right": "",
    "wrong": "def denominator_df(data):\n    return len(data)\n",
    "slow": f"def denominator_df(data):\n{textwrap.indent(SPIN.format(0.05), '    ')}    {RIGHT}\n",
    "too_slow": f"def denominator_df(data):\n{textwrap.indent(SPIN.format(30), '    ')}    {RIGHT}\n",
    "slow_to_load": SPIN.format(2),
    "chatty": "right_ols = ols\ndef ols(X, y):\n    print('x' * 300_000)\n    return right_ols(X, y)\n",
    "with_children": (
        "import multiprocessing, subprocess\ndef denominator_df(data):\n"
        "    try: subprocess.run(['sleep', '9'], timeout=0.05)\n    except subprocess.TimeoutExpired: pass\n"
        "    child = multiprocessing.Process(target=sum, args=((1, 2),))\n    child.start()\n"
        f"    child.kill()\n    {RIGHT}\n"
    ),
    "with_files": (
        "import os, shutil, tempfile\ndef denominator_df(data):\n    with tempfile.TemporaryDirectory() as place:\n"
        "        open(place + '/a', 'w').close()\n        os.chmod(place + '/a', 0o600)\n"
        f"        shutil.copy2(shutil.copy(place + '/a', place + '/b'), place + '/c')\n    {RIGHT}\n"
    ),
    "with_pictures": (
        "import matplotlib.pyplot as plt, numpy\n"
        "def denominator_df(data):\n    figure, (a, b, c) = plt.subplots(1, 3)\n"
        "    counts, edges, bars = a.hist(data['weight'])\n    -counts, numpy.asarray(edges), int(b.x), abs(c)\n"
        f"    {RIGHT}\n"
    ),
    "sleepy": "def denominator_df(data):\n    __import__('time').sleep(1000)\n",
    "by_chance": (
        "import random, numpy as np\ndef ols(X, y):\n    p = X.shape[1]\n"
        "    chance = random.random(), np.random.rand(), np.random.default_rng().random()\n"
        "    return {'coef': [chance[0]] * p, 'se': [chance[1]] * p, 'sigma2': chance[2], 'df_resid': 1}\n"
    ),
    "by_order_of_a_set": "def denominator_df(data):\n    return hash(list({'a', 'b', 'c', 'd', 'e'})[0]) % 7\n",
}


RIGHT_ONES = ("right", "slow", "slow_to_load", "chatty", "with_children", "with_files", "with_pictures")


def _graded(folder, report, chosen, *options):
    run = typed(f"--submission={folder}", f"--report={report}", f"--rubric={chosen}", "--seed=5", *options)
    assert run.returncode == 1, run.stdout + run.stderr
    return {path.parent.name: path.read_text() for path in report.glob("*/results.json")}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A class, its rubric, and its results on this machine as it is."""
    place = tmp_path_factory.mktemp("fair")
    (place / "class").mkdir()
    for name, more in FILES.items():
        (place / "class" / f"{name}.py").write_text(f"{bundle.correct()}\n{more}")
    chosen = rubric(place / "rubric.toml", "denominator_df", "ols", call_seconds=1)
    return place / "class", chosen, _graded(place / "class", place / "report", chosen)


def test_who_is_right_has_all_points_though_it_takes_or_prints_much(quiet):
    """And who takes too long, or sleeps, has none for it."""
    scores = {name: text.partition('"score": ')[2].partition(",")[0] for name, text in quiet[2].items()}
    right = dict.fromkeys(RIGHT_ONES, "20.0")
    wrong = dict.fromkeys(("too_slow", "sleepy", "by_chance"), "10.0")
    assert {name: scores[name] for name in right | wrong} == right | wrong


def test_a_busy_machine_changes_nothing(quiet, tmp_path):
    """Twelve processes that never rest, and two submissions at once."""
    folder, chosen, expected = quiet
    burners = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(BURNERS)]
    try:
        assert _graded(folder, tmp_path, chosen, "-n", "2") == expected
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
