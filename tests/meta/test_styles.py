"""Correct files in other styles score 100, in every tier, on every run; templates score 0."""

from pathlib import Path

import pytest

from reference import r
from tests.contract import CONTRACT
from tests.grading.intake import template
from tests.grading.sandbox.tiers import TIERS
from tests.meta import bundle
from tests.meta.graded import grade

pytestmark = pytest.mark.slow

DENSE = Path(__file__).parent / "correct" / "dense.py"
STATSMODELS = DENSE.with_name("statsmodels_defaults.py")  # has no Satterthwaite df, and raises at the boundary
STYLES = sorted(
    path for path in DENSE.parent.iterdir() if path.suffix in (".py", ".R") and path.name != STATSMODELS.name
)


IN_TIERS = [(path, tier) for path in STYLES for tier in TIERS if tier == TIERS[0] or path.stem in ("dense", "packaged")]


@pytest.mark.parametrize(("path", "tier"), IN_TIERS, ids=lambda value: getattr(value, "name", value))
def test_correct_file_in_another_style_scores_100(path, tier, tmp_path):
    """Nine styles, from loops over fractions to lme4, in Python and R."""
    if path.suffix == ".R" and r.unavailable():
        pytest.skip(r.unavailable())
    results = grade(path, report=tmp_path, options=(f"--isolation={tier}",))
    lost = {
        name: result["output"]
        for name, result in results[path.stem].items()
        if name in CONTRACT and result["status"] == "failed"
    }
    assert results[path.stem]["total"] == 100, lost


AS_TAUGHT = DENSE.with_name("lme4_defaults.R")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("path", [DENSE, AS_TAUGHT], ids=lambda path: path.name)
def test_correct_file_scores_100_on_other_draws(path, seed, tmp_path):
    """--seed N: no false alarm, for lme4 and lmerTest at their defaults either."""
    if path.suffix == ".R" and r.unavailable():
        pytest.skip(r.unavailable())
    results = grade(path, report=tmp_path, options=(f"--seed={seed}",))
    assert results[path.stem]["total"] == 100


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_statsmodels_at_its_defaults_has_the_points_of_what_it_offers(seed, tmp_path):
    """Eleven functions in full, and 10 of 12 or more of fit_reml: it raises at the boundary and on three frogs."""
    (result,) = grade(STATSMODELS, report=tmp_path, options=(f"--seed={seed}",) if seed else ()).values()
    offered = {name: test for name, test in result.items() if name in CONTRACT and test["score"] < test["max_score"]}
    assert set(offered) == {"fit_reml", "satterthwaite_df", "anova_reml"}
    assert offered["fit_reml"]["score"] >= 10


def test_same_file_same_report(tmp_path):
    """Two runs write the same bytes; wrong file, so that shrinking and diagnoses take part."""
    path = tmp_path / "wrong.py"
    path.write_text(
        bundle.correct()
        + "\ndef ols(X, y):\n    return {'coef': y[:X.shape[1]], 'se': y[:X.shape[1]], 'sigma2': 1, 'df_resid': 2}\n"
    )
    for run in ("first", "second"):
        grade(path, report=tmp_path / run)
    first, second = (tmp_path / run / "wrong" / "results.json" for run in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_two_processes_write_the_same_report_as_one(tmp_path):
    """pytest-xdist deals the tests to two processes; the report does not tell."""
    pytest.importorskip("xdist")
    path = tmp_path / "wrong.py"
    path.write_text(DENSE.read_text() + "\ndef gls(X, y, V):\n    return {'coef': y[:X.shape[1]], 'se': 0 * y}\n")
    grade(path, report=tmp_path / "one")
    grade(path, report=tmp_path / "two", options=("-n", "2"))
    one, two = (tmp_path / run / "wrong" / "results.json" for run in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_template_scores_0_and_lmm_core_in_it_100(tmp_path):
    """The stubs raise; the same file with lmm_core's functions after them is right."""
    template.write(tmp_path / "student.py")
    (tmp_path / "filled.py").write_text((tmp_path / "student.py").read_text() + bundle.correct())
    results = grade(tmp_path / "student.py", tmp_path / "filled.py", report=tmp_path / "report")
    assert (results["student"]["total"], results["filled"]["total"]) == (0, 100)
    assert results["student"]["gls"]["output"] == "Not written yet."


def test_r_template_scores_0(tmp_path):
    """In R too."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    template.write(tmp_path / "student.R")
    results = grade(tmp_path / "student.R", report=tmp_path / "report")
    assert results["student"]["total"] == 0
    assert results["student"]["gls"]["output"] == "Not written yet."
