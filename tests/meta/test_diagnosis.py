"""A diagnosis is shown where its wrong formula gives every number that came back, and nowhere else."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway

import lmm_core
from tests.contract import CONTRACT, ContractError
from tests.grading.judgement import diagnosis, misconceptions, slips
from tests.grading.judgement.misconceptions import ingredients
from tests.grading.judgement.numbers import Local, wrong_fields
from tests.grading.sandbox.plain import UnreadableError

# Ten near-misses of every formula: of its numbers, and of a simulation the spread within buckets, times a share.
SHARES = (0.9, 0.95, 0.98, 0.99, 0.995, 1.005, 1.01, 1.02, 1.05, 1.1)
# Where the same six numbers are drawn for every bucket, they vary by chance from a quarter to four times as much.
BY_CHANCE = {"deviations-repeated", "seeded-in-each-bucket"}
SPREADS = (0.2, 0.25, 0.3, 0.4, 0.5, 2.0, 2.5, 3.0, 4.0, 5.0)  # draws tell a half from a whole, and no less


@pytest.fixture(autouse=True)
def _quiet():
    """Wrong formulas divide by 0, and are not asked about it."""
    with np.errstate(all="ignore"):
        yield


class Near(Local):
    """A wrong formula, all of whose numbers are a little off."""

    def __init__(self, function: Any, share: float) -> None:
        super().__init__(function)
        self.share = share

    def call(self, name, arguments, forms):
        """Times the share; near infinity is much."""
        return {field: self._off(name, part) for field, part in super().call(name, arguments, forms).items()}

    def _off(self, name: str, part: Any) -> Any:
        if name == "simulate_frogs":
            return part | {"weight": _spread(part, self.share)}
        if name == "buckets_per_color":
            return {color: self.share * count for color, count in part.items()}
        return np.nan_to_num(self.share * np.asarray(part, dtype=float), nan=np.nan, posinf=1e4)


def _spread(table: dict[str, Any], times: float) -> np.ndarray:
    """Weights whose deviations from the means of their buckets are so many times as large; of clones, as ten."""
    weight = pd.Series(np.ravel(table["weight"]))
    means = weight.groupby(np.ravel(table["bucket"])).transform("mean")
    noise = np.random.default_rng(0).normal(scale=10, size=len(weight)) * np.allclose(weight, means, rtol=1e-9)
    return (means + times * (weight - means + noise)).to_numpy()


@pytest.mark.parametrize("misconception", misconceptions.every(), ids=lambda m: f"{m.function}-{m.slug}")
def test_every_wrong_formula_is_named(misconception):
    """By its own slug, though its neighbours are known."""
    found = [diagnosis.diagnosed(misconception.function, Local(wrong), []) for wrong in misconception.wrongs]
    assert [one and one.slug for one in found] == [misconception.slug] * len(found)


def test_a_function_that_always_stops_is_not_named():
    """No formula does."""

    def stops(*_):
        raise ValueError

    assert [function for function in CONTRACT if diagnosis.diagnosed(function, Local(stops), [])] == []


@pytest.mark.slow
@pytest.mark.parametrize("misconception", misconceptions.every(), ids=lambda m: f"{m.function}-{m.slug}")
def test_what_is_near_a_wrong_formula_does_not_get_its_name(misconception):
    """Half a percent to ten off: another formula, which may be anything."""
    shares = SPREADS if misconception.function == "simulate_frogs" else SHARES
    shares = [share for share in shares if misconception.slug not in BY_CHANCE or not 0.25 <= share <= 4]
    found = [
        diagnosis.diagnosed(misconception.function, Near(wrong, share), [])
        for wrong in misconception.wrongs
        for share in shares
    ]
    assert misconception.slug not in {one.slug for one in found if one}


def _one_color(data):
    return data.groupby("color")["bucket"].nunique()


LOOK_ALIKES = {
    "denominator_df, 1 on buckets in pairs": ("denominator_df", lambda data: _one_color(data).min(), None),
    "buckets_per_color, 1 on buckets in pairs": (
        "buckets_per_color",
        lambda data: dict(_one_color(data) - 1),
        "one-too-few",
    ),
    "denominator_df, colours - 1 on buckets in pairs": (
        "denominator_df",
        lambda data: data["bucket"].nunique() - data["color"].nunique() - 1,
        "one-too-few",
    ),
    "anova_ols, near the lower tail where F is large": (
        "anova_ols",
        lambda data: right_f(data) | {"p_value": float(right_f(data)["p_value"] < 0.05)},
        "yes-or-no-for-p",
    ),
    "anova_ols, p of 0 where F is large": (
        "anova_ols",
        lambda data: {name: round(number, 2) for name, number in right_f(data).items()},
        "rounded",
    ),
    "anova_reml of bucket means, with an F of infinity where they are equal": (
        "anova_reml",
        lambda data: one_way(data.groupby(["color", "bucket"], as_index=False, observed=True)["weight"].mean()),
        "bucket-means-anova",
    ),
}


def one_way(data):
    """F, its df and p of scipy's f_oneway."""
    colors = [weight.to_numpy() for _, weight in data.groupby("color", observed=True)["weight"]]
    F, p_value = f_oneway(*(np.round(weight, 6) for weight in colors))
    return {"F": F, "df_num": len(colors) - 1, "df_den": len(data) - len(colors), "p_value": p_value}


def right_f(data):
    """lmm_core's, as a dict."""
    return {name: float(getattr(lmm_core.anova_ols(data), name)) for name in CONTRACT["anova_ols"].fields}


@pytest.mark.parametrize("case", LOOK_ALIKES)
def test_what_looks_like_another_fault_on_the_chapters_data_is_not_called_so(case):
    """The probes have colours with unlike numbers of buckets, and an F that is not large."""
    function, wrong, slug = LOOK_ALIKES[case]
    found = diagnosis.diagnosed(function, Local(wrong), [])
    assert (found and found.slug) == slug


@pytest.mark.parametrize("times", [0.5, 2.0, 3.0])
def test_frogs_that_vary_by_a_simple_multiple_are_not_called_a_formula(times):
    """Twice the spread is no sum of both variances."""

    def wrong(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
        return lmm_core.simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, times * sigma_within, seed)

    assert diagnosis.diagnosed("simulate_frogs", Local(wrong), []) is None


def test_a_field_that_is_nan_is_missing_and_shows_no_formula():
    """Kruskal and Wallis have no denominator df: R's users write NA there."""
    ranks = next(m for m in misconceptions.of("anova_ols") if m.slug == "rank-test").wrongs[0]
    found = diagnosis.diagnosed("anova_ols", Local(lambda data: ranks(data) | {"df_den": np.nan}), [])
    assert found is not None
    assert found.slug == "rank-test"


def test_what_returns_nan_alone_is_told_so():
    """And does not count as a function that stops."""
    found = diagnosis.diagnosed("satterthwaite_df", Local(lambda X, *_: np.full(X.shape[1], np.nan)), [])
    assert found is not None
    assert found.slug == "not-a-number"


def test_a_variance_that_a_search_leaves_just_above_0_is_0():
    """ML by the logarithms of its variances ends at some 1e-8 of Ve, where the best Vb is 0."""
    ml = next(m for m in misconceptions.of("fit_reml") if m.slug == "ml-for-reml").wrongs[0]

    def left(X, y, group):
        fit = ml(X, y, group)
        return fit | {"Vb": fit["Vb"] + 1e-8 * fit["Ve"]}

    found = diagnosis.diagnosed("fit_reml", Local(left), [])
    assert found is not None
    assert found.slug == "ml-for-reml"


@pytest.mark.parametrize(("Vb", "wrong"), [(1e-8, ["criterion"]), (1e-3, ["Vb", "criterion"])])
def test_a_variance_just_above_0_is_no_wrong_field(Vb, wrong):
    """A millionth of Vb + Ve is nothing; a thousandth is not."""
    truth = {name: np.asarray(number) for name, number in {"Vb": 0.0, "Ve": 1.0, "criterion": 5.0}.items()}
    got = truth | {"Vb": np.asarray(Vb), "criterion": np.asarray(6.0)}
    assert wrong_fields("fit_reml", truth, got) == wrong


class Refused(Local):
    """A result that cannot be read is refused as the grader does."""

    def call(self, name, arguments, forms):
        """In the same words."""
        try:
            return super().call(name, arguments, forms)
        except UnreadableError as error:
            raise ContractError(str(error)) from None


def test_what_returns_nothing_for_some_arguments_is_told_so():
    """A branch without a result; nothing at all is another sentence."""
    sometimes = Refused(lambda labels, intercept: None if intercept else lmm_core.design_matrix(labels, intercept))
    found = diagnosis.diagnosed("design_matrix", sometimes, [])
    assert found is not None
    assert (found.slug, found.hint) == ("returns-nothing", slips.HINTS[slips.SOMETIMES])


def test_what_prints_its_results_and_returns_the_last_is_told_so():
    """As R's functions that end with print."""
    last = Refused(lambda sigma_bucket, _: sigma_bucket**2)
    last.printed = {"model_variances": "4"}
    found = diagnosis.diagnosed("model_variances", last, [])
    assert found is not None
    assert found.hint == slips.HINTS[slips.PRINTED_BUT_LAST]


def test_standard_errors_of_statsmodels_hide_no_other_fault():
    """MixedLM's are wrong where buckets are unequal: nobody is charged for them, and what else is wrong is named."""
    from statsmodels.regression.mixed_linear_model import MixedLM  # noqa: PLC0415 - takes seconds

    def total_as_within(X, y, group):
        fit = MixedLM(y, X, group).fit(reml=True)
        Vb = float(np.ravel(fit.cov_re)[0])
        return {"Vb": Vb, "Ve": Vb + fit.scale, "coef": fit.fe_params, "se": fit.bse_fe, "criterion": -2 * fit.llf}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = diagnosis.diagnosed("fit_reml", Local(total_as_within), [])
    assert found is not None
    assert found.slug == "total-as-within"


def test_df_in_another_basis_hide_no_other_fault():
    """The mean of the contrasts' df is right where F's own df are pooled: that F is not divided is what is named."""

    def not_divided(data):
        X, y, group = ingredients.treatment(data)
        F, q, *_ = ingredients.mixed_anova(data)
        df = ingredients.reml(X, y, group)["df"][1:].mean()
        return ingredients.f_test(q * F, q, df)

    found = diagnosis.diagnosed("anova_reml", Local(not_divided), [])
    assert found is not None
    assert found.slug == "not-divided"


def test_a_boundary_that_is_wrong_too_hides_no_other_fault():
    """Half the df, and at the boundary something else."""

    def halved(X, y, group):
        fit = ingredients.reml(X, y, group)
        return fit["df"] / 2 if fit["Vb"] > 0 else np.full(X.shape[1], 7.0)

    found = diagnosis.diagnosed("satterthwaite_df", Local(halved), [])
    assert found is not None
    assert found.slug == "factor-of-two"
