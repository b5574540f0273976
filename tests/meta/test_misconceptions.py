"""The confusion matrix: each misconception, as a submission, is killed and named, and costs its own function only."""

import re
from pathlib import Path

import pytest

from tests.contract import CONTRACT
from tests.grading.judgement import misconceptions
from tests.meta import bundle
from tests.meta.graded import PROJECT, grade, rubric

MUTANTS = {
    f"{m.function}-{m.slug}-{i}": (m, wrong)
    for m in misconceptions.every()
    for i, wrong in enumerate(m.wrongs, start=1)
}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """Every mutant graded on its own function, and one of each function on all."""
    folder, report = tmp_path_factory.mktemp("mutants"), tmp_path_factory.mktemp("report")
    results = {}
    for function in CONTRACT:
        (folder / function).mkdir()
        for name, (misconception, wrong) in MUTANTS.items():
            if misconception.function == function:
                (folder / function / f"{name}.py").write_text(bundle.wrong(function, wrong))
        chosen = rubric(folder / f"{function}.toml", function)
        results |= grade(folder / function, report=report / function, options=(f"--rubric={chosen}",))
    return results


@pytest.mark.slow
@pytest.mark.xdist_group("misconceptions")
@pytest.mark.parametrize("name", MUTANTS)
def test_misconception_loses_points_and_is_named(matrix, name):
    """The diagonal of the confusion matrix is full."""
    misconception = MUTANTS[name][0]
    result = matrix[name][misconception.function]
    assert result["score"] < result["max_score"]
    assert result["extra_data"]["misconception"] == misconception.slug, result["output"]
    assert misconception.hint in result["output"]


# The share that is kept at most, where it is more than a fifth: right but for one field or one plain part, or on equal
# buckets alone. The design's rules, not the wrong code's merits.
KEPT = {
    "model_variances-(rho|residual-share|sd-for-variance)|empirical_variances-(rho|residual-share)": 3 / 4,
    "gls-(forgot-square-root|ols-in-disguise-3|ols-standard-errors|scaled-by-sigma|sandwich|v-not-inverted-3)": 1 / 2,
    "gls-(matrix-not-inverted|divided-by-n-again|v-on-one-side)": 1 / 2,
    "ols-(variance-not-square-rooted|sd-for-variance|sum-of-squares-for-variance-1|sigma-left-out)": 3 / 4,
    "ols-(standard-error-of-a-mean|root-of-sigma-only|matrix-not-inverted|other-df-[124]|divide-by-n-3)": 3 / 4,
    "ols-another-column|anova_(ols|reml)-(t-for-f|p-of-one-color)": 3 / 4,
    "ols-other-df-3": 4 / 5,
    "anova_reml-colors-not-minus-one-2": 3 / 4,
    "anova_(ols|reml)-(lower-tail|chi-square-p-value|p-doubled|p-halved|df-swapped-1|not-divided-2)": 3 / 4,
    "anova_ols-(density-for-tail|p-halved|yes-or-no-for-p|root-of-f|colors-not-minus-one-3)": 3 / 4,
    "fit_reml-(log-likelihood|constant-|penalty-added|ml-criterion)": 3 / 4,
    "fit_reml-(naive-standard-errors|forgot-square-root|ratio-for-variance|total-as-within|sigma-left-out)": 4 / 5,
    "fit_reml-(another-column|variance-of-blups|variance-of-bucket-means-2|mean-square-for-variance-3)": 4 / 5,
    "simulate_frogs-(seed-(fixed|ignored)|colors-(cycled|shifted|by)|numbered-from-zero|frogs-numbered-through)": 1 / 2,
    "pairs-not-matched|sign-lost|effect-for-mean|sample-mean-for-mean": 1 / 2,
    "negative-variance|pooled-variance|buckets-minus-(coefficients|colors)|bucket-means-anova|analysis-by-strata": 0.96,
    "one-for-all|one-variance-only-2|cut-to-whole-numbers|equal-shares|equal-buckets": 0.96,
    "boundary-refused|kenward-roger": 0.99,
}


@pytest.mark.slow
@pytest.mark.xdist_group("misconceptions")
@pytest.mark.parametrize("name", MUTANTS)
def test_a_misconception_keeps_no_more_than_its_kind(matrix, name):
    """A fifth of 10 points, or what the design's exceptions leave."""
    share = next((kept for pattern, kept in KEPT.items() if re.search(pattern, name)), 1 / 5)
    assert matrix[name][MUTANTS[name][0].function]["score"] <= 10 * share


@pytest.mark.slow
def test_a_misconception_costs_its_own_function_only(tmp_path):
    """One mutant of each function under the full rubric: all other functions keep full marks."""
    first = {m.function: wrong for m in reversed(misconceptions.every()) for wrong in m.wrongs[:1]}
    for function, wrong in first.items():
        (tmp_path / f"{function}.py").write_text(bundle.wrong(function, wrong))
    results = grade(*(tmp_path / f"{function}.py" for function in first), report=tmp_path / "report")
    lost = {
        (function, other)
        for function, result in results.items()
        for other in CONTRACT
        if result[other]["score"] < result[other]["max_score"]
    }
    assert lost == {(function, function) for function in first}


def test_every_slug_of_the_contract_has_a_definition():
    """251 of them, with a hint each, that does not print code."""
    assert len(misconceptions.every()) == 251
    assert {m.function for m in misconceptions.every()} == set(CONTRACT)
    assert not [m.slug for m in misconceptions.every() if not m.hint or re.search(r"np\.|\(\)|<-|==", m.hint)]


def test_exercises_call_the_one_function_that_they_judge():
    """One unknown per test: `impl.` is followed by the function of the file's mark, so penalties are single."""
    for path in sorted(Path(PROJECT, "tests", "exercises").glob("test_4_*.py")):
        text = path.read_text()
        judged = re.search(r'judges\("(\w+)"\)', text)
        assert judged is not None, path.name
        called = set(re.findall(r"\bimpl\.(\w+)\(", text))
        assert called == {judged.group(1)}, f"{path.name} judges {judged.group(1)} and calls {called}"
