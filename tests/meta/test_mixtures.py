"""Two misconceptions at once are both named; what they do not explain to the last number is not."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import lmm_core
from tests.contract import CONTRACT
from tests.grading.judgement import diagnosis, misconceptions
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import Case, Local


@pytest.fixture(autouse=True)
def _quiet():
    """Wrong formulas divide by 0, and are not asked about it."""
    with np.errstate(all="ignore"):
        yield


def wrong(function: str, slug: str, k: int = 0) -> Any:
    """A misconception's formula."""
    return next(one for one in misconceptions.of(function) if one.slug == slug).wrongs[k]


def made(function: str, *parts: Any, tail: Any = None) -> Any:
    """lmm_core's result with fields of wrong formulas, or what is made of them, in their places; p from F and df."""

    def answer(*arguments: Any) -> dict[str, Any]:
        right = getattr(lmm_core, function)(*arguments)
        result = {field: getattr(right, field) for field in CONTRACT[function].fields}
        for part in parts:
            result |= part(result) if callable(part) else {f: part[1](*arguments)[f] for f in part[0]}
        if tail:
            result["p_value"] = float(tail(result["F"], result["df_num"], result["df_den"]))
        return result

    return answer


class After:
    """What is made of fields at the end."""

    def __init__(self, function: Any, *fields: str) -> None:
        self.function, self.fields = function, fields

    def __call__(self, result: dict[str, Any]) -> dict[str, Any]:
        """Of each of them."""
        return {field: self.function(result[field]) for field in self.fields}


def of(function: str, slug: str, *names: str) -> tuple[tuple[str, ...], Any]:
    """Fields of a misconception's first formula, by default all."""
    return names or CONTRACT[function].fields, wrong(function, slug)


def ratio(result: dict[str, Any]) -> dict[str, Any]:
    """Vb / Ve, of its own."""
    return {"rho": result["Vb"] / result["Ve"]}


MIXED = {
    "standard deviations, and a log-likelihood": (
        "fit_reml",
        made("fit_reml", of("fit_reml", "sd-for-variance"), of("fit_reml", "log-likelihood", "criterion")),
        ("sd-for-variance", "log-likelihood"),
    ),
    "maximum likelihood, and its log-likelihood": (
        "fit_reml",
        made("fit_reml", of("fit_reml", "ml-for-reml"), After(lambda c: -c / 2, "criterion")),
        ("ml-for-reml", "log-likelihood"),
    ),
    "maximum likelihood, and its standard deviations": (
        "fit_reml",
        made("fit_reml", of("fit_reml", "ml-for-reml"), After(np.sqrt, "Vb", "Ve")),
        ("ml-for-reml", "sd-for-variance"),
    ),
    "the root of Vb alone": (
        "fit_reml",
        made("fit_reml", of("fit_reml", "sd-for-variance", "Vb")),
        ("sd-for-variance",),
    ),
    "V for its inverse, and variances for standard errors": (
        "gls",
        made("gls", of("gls", "v-not-inverted"), After(np.square, "se")),
        ("v-not-inverted", "forgot-square-root"),
    ),
    "divided by n, and sigma for sigma2": (
        "ols",
        made("ols", of("ols", "divide-by-n"), After(np.sqrt, "sigma2")),
        ("divide-by-n", "sd-for-variance"),
    ),
    "bucket means, judged on frogs": (
        "anova_reml",
        made(
            "anova_reml",
            of("anova_reml", "bucket-means-anova", "F"),
            of("anova_reml", "residual-df", "df_den"),
            tail=stats.f.sf,
        ),
        ("bucket-means-anova", "residual-df"),
    ),
    "judged on frogs, and p doubled": (
        "anova_reml",
        made("anova_reml", of("anova_reml", "residual-df"), tail=lambda *numbers: 2 * stats.f.sf(*numbers)),
        ("residual-df", "p-doubled"),
    ),
    "divided by the number of colours, and the tail below": (
        "anova_ols",
        made("anova_ols", of("anova_ols", "colors-not-minus-one"), tail=stats.f.cdf),
        ("colors-not-minus-one", "lower-tail"),
    ),
    "divided by n, and a ratio for a share": (
        "empirical_variances",
        made("empirical_variances", of("empirical_variances", "divide-by-n"), ratio),
        ("divide-by-n", "rho-without-residual"),
    ),
    "one numerator df whatever the colours: no t squared": (
        "anova_reml",
        made("anova_reml", After(lambda _: 1, "df_num"), tail=stats.f.sf),
        (),
    ),
}


@pytest.mark.parametrize("case", MIXED)
def test_two_things_at_once_are_both_said(case):
    """The slug is the one's that explains more; the hint is of both."""
    function, student, slugs = MIXED[case]
    found = diagnosis.diagnosed(function, Local(student), [])
    hints = {one.slug: one.hint for one in misconceptions.of(function)}
    assert (found.slug if found else None) == (slugs[0] if slugs else None)
    assert all(hints[slug] in found.hint for slug in slugs)


SEVERAL = {
    f"{one.function}-{one.slug}": one
    for one in misconceptions.every()
    if len(CONTRACT[one.function].fields) > 1 and not one.slug.startswith("boundary")
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SEVERAL)
def test_a_wrong_formula_with_one_number_off_is_not_named(name):
    """By a tenth: no two explain what is left, either."""
    one = SEVERAL[name]
    for field in CONTRACT[one.function].fields:

        def near(*arguments, field=field):
            result = dict(one.wrongs[0](*arguments))
            return result | {field: 1.1 * np.asarray(result[field], dtype=float) + 1e-3}

        assert diagnosis.diagnosed(one.function, Local(near), []) is None, field


ORDERS = {
    "all three of V": ("covariance_matrix", ["Vb", "Ve", "group"], "group and Vb and Ve"),
    "y after V": ("gls", ["X", "V", "y"], "y and V"),
    "seven, by their names": (
        "simulate_frogs",
        ["n_within", "colors", "n_buckets", "mu", "sigma_bucket", "sigma_within", "seed"],
        "n_buckets and n_within and colors",
    ),
}


@pytest.mark.parametrize("case", ORDERS)
def test_arguments_in_another_order_are_named(case):
    """However many of them are in another's place."""
    function, signature, moved = ORDERS[case]

    def student(*arguments):
        return getattr(lmm_core, function)(**dict(zip(signature, arguments, strict=True)))

    found = diagnosis.diagnosed(function, Local(student), signature)
    assert found.slug == "arguments-swapped"
    assert f"in each other's place: {moved}." in found.hint


TRUTH = {"F": np.array(4.0), "df_num": np.array(2.0), "df_den": np.array(9.0)}
MADE_UP = {  # what comes back, by slug the numbers of a wrong formula, and who is named
    "one": (TRUTH | {"F": np.array(5.0)}, {"a": {"F": 5.0}}, "a"),
    "two as good as one another": (TRUTH | {"F": np.array(5.0)}, {"a": {"F": 5.0}, "b": {"F": 5.0}}, None),
    "two, of which one has more wrong": (
        TRUTH | {"F": np.array(5.0)},
        {"a": {"F": 5.0, "df_num": 3.0}, "b": {"F": 5.0}},
        "b",
    ),
    "df of one whose F is another": (TRUTH | {"df_num": np.array(3.0)}, {"a": {"F": 5.0, "df_num": 3.0}}, None),
    "df beside its F": (
        TRUTH | {"F": np.array(5.0), "df_num": np.array(3.0)},
        {"a": {"F": 5.0, "df_num": 3.0}},
        "a",
    ),
}


@pytest.mark.parametrize("case", MADE_UP)
def test_none_is_named_where_two_are_as_good_or_counts_are_all_that_agree(case, monkeypatch):
    """Made-up formulas of a test of colour, without a p."""
    got, formulas, named = MADE_UP[case]
    known = [Misconception(slug, "anova_ols", "why", (None,)) for slug in formulas]
    monkeypatch.setattr(misconceptions, "of", lambda _: known)
    wrongs = {slug: [TRUTH | {name: np.array(n) for name, n in of.items()}] for slug, of in formulas.items()}
    found = diagnosis._mixed("anova_ols", [Case((), TRUTH, got, wrongs)])
    assert (found and found.slug) == named


def test_a_formula_that_always_stops_names_nobody(monkeypatch):
    """Else whoever always stops would be told it."""
    monkeypatch.setattr(misconceptions, "of", lambda _: [Misconception("stops", "anova_ols", "why", (None,))])
    assert diagnosis._reproduced("anova_ols", [Case((), TRUTH, {}, {"stops": [{}]})]) is None
