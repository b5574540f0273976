"""Ratios, measured side by side in one run: what is asserted has wide room, what is measured goes to the table.

`extra_info` of pytest-benchmark carries the rivals' seconds; `table.py` makes the README's table of them.
"""

import json
import os
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import GLS

import lmm_core
from lmm_core import mixed
from lmm_core.inference import contrasts_f_test, ddf
from reference import r
from tests.bench import rivals
from tests.grading.judgement import misconceptions
from tests.meta import bundle

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parents[2]
SIZES = (40, 900, 10_000, 100_000, 1_000_000)
MILLION = 1_000_000
STATSMODELS_UP_TO = 10_000  # above, a fit takes many seconds to minutes
LMERTEST_UP_TO = 100_000  # above, its numerical derivatives take minutes
CHAPTER_GLS = """
  X <- as.matrix(data[, c("x1", "x2", "x3", "x4")]); y <- data$y
  V <- outer(data$group, data$group, "==") * 625 + diag(100, length(y))
  Vi <- solve(V); C <- solve(t(X) %*% Vi %*% X)
  list(C %*% t(X) %*% Vi %*% y, sqrt(diag(C)))
"""
CASES = [(n, balanced, p) for n, balanced, p in product(SIZES, (True, False), (4, 30)) if n > 40 or p == 4]


@pytest.mark.parametrize(("n", "balanced", "p"), CASES)
def test_fit_reml(benchmark, n, balanced, p):
    """fit_reml beside lme4, statsmodels and one pass over the data."""
    data = rivals.frogs(n, balanced=balanced, p=p)
    fit = lambda: lmm_core.fit_reml(data.X, data.y, data.group)
    benchmark.pedantic(fit, rounds=5 if n == MILLION else 30, warmup_rounds=1, iterations=max(1, 10_000 // n))
    ours = benchmark.stats.stats.median
    known = benchmark.extra_info
    known.update(n=n, balanced=balanced, p=p, floor=rivals.in_python(lambda: rivals.one_pass(data)))
    known.update(memory=rivals.peak_memory(fit) / data.nbytes)
    if n <= STATSMODELS_UP_TO:
        known.update(statsmodels=rivals.in_python(lambda: rivals.statsmodels_fit(data)))
        assert known["statsmodels"] / ours > 10
    if not r.unavailable():
        known["lme4"], peak = rivals.in_r("lme4::lmer(formula, data)", data.table, data.formula)
        known["lme4_memory"] = peak / data.nbytes
        assert known["lme4"] / ours > 5
    if n == MILLION:
        assert ours / known["floor"] < 10
        assert known["memory"] < 2


@pytest.mark.parametrize(("n", "balanced"), list(product(SIZES, (True, False))))
def test_full_analysis(benchmark, n, balanced):
    """Fit, df and F of colour beside lmerTest's lmer, summary and anova."""
    data = rivals.frogs(n, balanced=balanced, p=4)
    contrasts = np.eye(4)[1:]

    def analysis():
        fit = lmm_core.fit_reml(data.X, data.y, data.group)
        return ddf(fit, np.eye(4)), contrasts_f_test(fit, contrasts)

    benchmark.pedantic(analysis, rounds=5 if n == MILLION else 30, warmup_rounds=1, iterations=max(1, 10_000 // n))
    benchmark.extra_info.update(n=n, balanced=balanced, p=4)
    if n <= LMERTEST_UP_TO and not r.unavailable():
        code = "fit <- lmerTest::lmer(formula, data); list(coef(summary(fit)), anova(fit))"
        benchmark.extra_info["lmerTest"], _ = rivals.in_r(code, data.table, data.formula)
        assert benchmark.extra_info["lmerTest"] / benchmark.stats.stats.median > 5


LEVELS = [
    (100, 10, 5),
    (1000, 100, 20),
    (10_000, 1000, 100),
    (100_000, 3000, 100),
]  # rows, levels, and levels of another factor


@pytest.mark.parametrize("vary", [False, True])
@pytest.mark.parametrize(("n", "m", "others"), [*((n, m, 0) for n, m, _ in LEVELS), *LEVELS])
def test_fit_mixed(benchmark, n, m, others, vary):
    """Fit and df of lines, of one factor and of two crossed ones, beside lmer, and lmerTest's lmer and summary."""
    X, y, terms, table, formula = rivals.lines(n, m, others, vary=vary)

    def analysis():
        return mixed.ddf(mixed.fit_mixed(X, y, terms), np.eye(2))

    benchmark.pedantic(analysis, rounds=5 if n <= 1000 else 2, warmup_rounds=1)
    ours, known = benchmark.stats.stats.median, benchmark.extra_info
    known.update(n=n, m=m, others=others, vary=vary)
    if not r.unavailable():
        known["lme4"], _ = rivals.in_r("lme4::lmer(formula, data)", table, formula)
        known["lmerTest"], _ = rivals.in_r("coef(summary(lmerTest::lmer(formula, data)))", table, formula)
        assert known["lmerTest"] / ours > 0.5


@pytest.mark.parametrize("n", [900, 3000])
def test_gls(benchmark, n):
    """Gls beside statsmodels' and the chapter's R, line by line."""
    data = rivals.frogs(n, balanced=True, p=4)
    V = 625.0 * (data.group[:, None] == data.group) + 100.0 * np.eye(n)
    benchmark.pedantic(lambda: lmm_core.gls(data.X, data.y, V), rounds=5, warmup_rounds=1)
    known = benchmark.extra_info
    known.update(n=n, statsmodels=rivals.in_python(lambda: GLS(data.y, data.X, sigma=V).fit().bse))
    if not r.unavailable():
        table = pd.DataFrame(data.X, columns=["x1", "x2", "x3", "x4"]).assign(y=data.y, group=data.group)
        known["R"], _ = rivals.in_r(CHAPTER_GLS, table)
    assert known["statsmodels"] / benchmark.stats.stats.median > 0.5


def test_time_grows_no_faster_than_the_data():
    """Slope of log time on log N, ten thousand to a million frogs, with room for a noisy machine."""
    sizes = (10_000, 100_000, MILLION)
    cases = [rivals.frogs(n, balanced=False, p=4) for n in sizes]
    times = [rivals.in_python(lambda d=d: lmm_core.fit_reml(d.X, d.y, d.group)) for d in cases]
    assert np.polyfit(np.log(sizes), np.log(times), 1)[0] < 1.15


IMPORTS = "import hypothesis, jinja2, numpy, pandas, pytest, scipy.stats"
WRONG = "\ndef denominator_df(data):\n    return len(data) - data['color'].nunique()\n"
SUITE = {
    "the README's first command, without R": ["-m", "pytest", "-q", "--live-r=off", "-n", "2", "--dist", "loadfile"],
    "one right file, the first time": ["-m", "pytest", "-q", "--submission={right}/0.py", "--report={report}"],
    "one right file": ["-m", "pytest", "-q", "--submission={right}/0.py", "--report={report}"],
    "one wrong file": ["-m", "pytest", "-q", "--submission={wrong}/0.py", "--report={report}"],
    "24 right files, `-n 2`": ["-m", "pytest", "-q", "--submission={right}", "--report={report}", "-n", "2"],
    "75 files, 63 of them wrong, `-n 2`": [
        "-m",
        "pytest",
        "-q",
        "--submission={mixed}",
        "--report={report}",
        "-n",
        "2",
    ],
}


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """lmm_core as 24 files; a wrong one; 63 misconceptions and 12 right ones."""
    folder = tmp_path_factory.mktemp("classes")
    right = [bundle.correct()] * 24
    some = misconceptions.every()[:: len(misconceptions.every()) // 63][:63]
    many = [bundle.wrong(m.function, m.wrongs[0]) for m in some] + right[:12]
    for name, sources in (("right", right), ("wrong", [bundle.correct() + WRONG]), ("mixed", many)):
        (folder / name).mkdir()
        for k, source in enumerate(sources):
            (folder / name / f"{k}.py").write_text(f"# {k}\n{source}")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Of a user who has graded nothing yet."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("what", SUITE)
def test_suite(benchmark, classes, home, tmp_path, what):
    """Wall time of the suite and of grading, beside starting Python with the imports."""
    places = {name: classes / name for name in ("right", "wrong", "mixed")} | {"report": tmp_path / "report"}
    arguments = [argument.format(**places) for argument in SUITE[what]]
    start = one_start()
    finished = benchmark.pedantic(run, args=[arguments, home], rounds=1)
    assert finished.returncode in (0, 1), finished.stdout[-2000:]
    benchmark.extra_info.update(what=what, start=start)


def test_timeline(benchmark, classes, home):
    """Where the time of one right file goes, its examples being drawn already."""
    right = f"--submission={classes / 'right' / '0.py'}"
    run(["-m", "pytest", right], home)
    start = one_start()
    arguments = ["-m", "tests.bench.timeline", f"{time.time()}", right]
    finished = benchmark.pedantic(run, args=[arguments, home, home], rounds=1)  # the suite lends no module where it is
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]
    benchmark.extra_info.update(start=start, **json.loads(finished.stderr.splitlines()[-1]))


def run(arguments, home, folder=PROJECT):
    """Python, with what it remembers in a home of its own."""
    environment = os.environ | {"XDG_STATE_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def one_start() -> float:
    """Seconds of a start of Python with the imports: the middle one of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[1]
