"""Live R: what the goldens froze is what lme4 and lmerTest say here and now, and on designs never seen."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference import exact, golden
from reference.slopes import HERE
from tests import strategies
from tests.assertions import assert_at_most, assert_close, assert_equal

FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
# lmerTest's df loses its way near the boundary (see test_known_defects.py): these stay away from it.
FAR_INSIDE = strategies.frogs(
    st.lists(st.lists(st.integers(2, 5), min_size=3, max_size=4), min_size=2, max_size=3),
    ratios=(5.0, 20.0),
    scales=(1.0,),
)
COLOR = "weight ~ color + (1 | bucket)"


@pytest.mark.parametrize("name", [name for name in golden.NAMES if name != "chapter_1"])
def test_live_lmer_agrees_with_its_golden(live_r, name):
    """Vb, Ve, coef, se and criterion, to 7 digits: a golden is the best of eight such runs."""
    fit = golden.load(name)
    got = live_r.lmer(fit.data, fit.model["formula"])
    total = fit.expected["Vb"] + fit.expected["Ve"]
    variances = [got.Vb, got.Ve], [fit.expected["Vb"], fit.expected["Ve"]]
    assert_close("Vb and Ve", *variances, 1e-7 + 2 * max(fit.rtol("Vb"), fit.rtol("Ve")), total)
    assert_close("coef", got.coef, fit.expected["coef"], 2 * fit.rtol("coef") + 1e-9)
    assert_close("criterion", got.criterion, fit.expected["criterion"], 1e-8, 1.0)


@FEW
@given(FAR_INSIDE)
def test_lmm_core_agrees_with_live_lmertest(live_r, impl, frogs):
    """The reference implementation and lmerTest on designs that hypothesis draws: F, df, p."""
    as_factor = frogs.data.assign(color=frogs.data["color"].astype(str))
    expected, got = live_r.lmer(as_factor, COLOR), impl.anova_reml(frogs.data)
    assert_close("F", got.F, expected.F, 1e-4, expected.F + 1e-2)
    assert_close("df_den", got.df_den, expected.df_den, 1e-3)
    assert_close("p-value", got.p_value, expected.p_value, 1e-4, 1.0)


@FEW
@given(FAR_INSIDE)
def test_fifty_digits_agree_with_live_lmer(live_r, frogs):
    """Vb, Ve and criterion of lmer run tightly have 6 digits or more; nothing below the exact minimum."""
    got = live_r.lmer(frogs.data.drop(columns="color"), "weight ~ 1 + (1 | bucket)")
    expected = exact.reml(frogs.treatment[:, :1], frogs.y, frogs.group)
    total = float(expected.Vb + expected.Ve)
    assert_close("Vb and Ve", [got.Vb, got.Ve], [float(expected.Vb), float(expected.Ve)], 1e-6, total)
    assert_at_most("the exact minimum <= lmer's criterion", float(expected.criterion), got.criterion, slack=1e-9)


KENWARD_ROGER = """
d$bucket <- factor(d$bucket); d$color <- factor(d$color)
fit <- lmerTest::lmer(weight ~ color + (1 | bucket), d, control = lme4::lmerControl(optCtrl = list(rhoend = 1e-11)))
coef(summary(fit, ddf = "Kenward-Roger"))[, "df"]
"""


@FEW
@given(
    strategies.frogs(
        st.builds(lambda n, counts: [[n] * count for count in counts], st.integers(2, 5), st.just((3, 4))),
        ratios=(5.0, 20.0),
        scales=(1.0,),
    )
)
def test_kenward_roger_is_satterthwaite_in_the_interior_of_equal_buckets(live_r, impl, frogs):
    """Equal n, Vb > 0: Kenward-Roger's scalar df of every colour is B - C, as Satterthwaite's (theorem 8).

    Source: Kenward and Roger (1997), Biometrics 53, 983-997; pbkrtest computes it.
    """
    got = live_r.evaluate(KENWARD_ROGER, d=frogs.data.assign(color=frogs.data["color"].astype(str)))
    n_left = frogs.Z.shape[1] - frogs.cell_means.shape[1]
    assert_close("Kenward-Roger's df = B - C", got, [n_left] * len(got), 1e-4)
    assert_close(
        "Satterthwaite's df = B - C", impl.satterthwaite_df(frogs.treatment, frogs.y, frogs.group), n_left, 1e-6
    )


SUMMARY = """
control <- lme4::lmerControl("bobyqa", calc.derivs = FALSE, optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e5))
fit <- lmerTest::lmer(as.formula(formula), d, control = control)
text <- sub(" +$", "", capture.output(print(summary(fit))))
utf8ToInt(enc2utf8(paste0(text[seq(grep("^REML criterion", text), length(text))], "\n", collapse = "")))
"""
SLOPES = {
    "sleepstudy": "weight ~ fixed + (fixed | bucket)",
    "orthodont": "weight ~ fixed + (fixed | bucket)",
    "machines": "score ~ machine + (machine | worker)",
}


@pytest.mark.parametrize("name", SLOPES)
def test_summaries_of_random_slopes_are_those_on_record(live_r, name):
    """What test_core_slopes.py compares to the letter."""
    data = pd.read_csv(HERE / "data" / f"{name}.csv", dtype={"bucket": str, "worker": str})
    said = "".join(map(chr, map(int, live_r.evaluate(SUMMARY, d=data, formula=SLOPES[name]))))
    printed = Path(__file__).parents[1] / "exercises" / "printed" / f"{name}_slopes.txt"
    assert_equal("the lines", said.splitlines(), printed.read_text(encoding="utf-8").splitlines())
