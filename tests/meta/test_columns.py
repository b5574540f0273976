"""A table that lacks a column, or spells it otherwise, is read by what it has."""

import numpy as np
import pytest
from pandas.api.types import is_numeric_dtype

import lmm_core
from reference import r
from tests.contract import CONTRACT, ContractError
from tests.grading.sandbox.columns import FILLED, whole
from tests.grading.sandbox.plain import MISNAMED, UNNAMED, UnreadableError, lenient

ASKED = dict(zip(CONTRACT["simulate_frogs"].arguments, (8, 3, ["red", "blue"], 200.0, 30.0, 15.0, 7), strict=True))
FROGS = lmm_core.simulate_frogs(*ASKED.values())


def columns(table) -> dict:
    """As a submission sends them."""
    return {
        name: column.to_numpy(float) if is_numeric_dtype(column) else column.tolist() for name, column in table.items()
    }


@pytest.mark.parametrize("lacking", ["bucket", "id", "color"])
@pytest.mark.parametrize("rows", ["bucket by bucket", "frog by frog"])
def test_labels_are_filled_in_as_they_must_be(lacking, rows):
    """Where the rest is right, whichever way rows are dealt."""
    table = FROGS if rows == "bucket by bucket" else FROGS.sort_values(["id", "bucket"])
    filled, flaws = whole(columns(table.drop(columns=lacking)), ASKED)
    assert list(filled[lacking]) == table[lacking].tolist()
    assert flaws == {f"lacks {lacking}"}


@pytest.mark.parametrize(("sigma_bucket", "sigma_within"), [(30.0, 0.0), (0.0, 15.0), (0.0, 0.0)])
def test_a_bucket_mean_without_chance_is_exact(sigma_bucket, sigma_within):
    """It is the weight where frogs do not vary, and mu where buckets do not."""
    asked = ASKED | {"sigma_bucket": sigma_bucket, "sigma_within": sigma_within}
    table = lmm_core.simulate_frogs(*asked.values())
    filled, _ = whole(columns(table.drop(columns="bucket_mu")), asked)
    np.testing.assert_allclose(filled["bucket_mu"], table["bucket_mu"], rtol=1e-14)


def test_a_bucket_mean_has_the_covariance_with_its_weights_that_it_must_have():
    """Var mu_b = Vb and Cov(mu_b, mean_b) = Vb, of 20,000 buckets: 6 standard errors, about sqrt(2 / 20000) each."""
    asked = ASKED | {"n_buckets": 20_000, "n_within": 2}
    table = columns(lmm_core.simulate_frogs(*asked.values()).drop(columns="bucket_mu"))
    means = whole(table, asked)[0]["bucket_mu"].reshape(-1, 2)
    of_means = np.cov(means[:, 0], table["weight"].reshape(-1, 2).mean(axis=1))
    np.testing.assert_allclose(of_means[0] / 900, 1.0, atol=0.06)


def test_a_weight_is_not_filled_in():
    """It is what was asked for."""
    table = columns(FROGS.drop(columns=["weight", "id"]))
    assert whole(table, ASKED) == (table, set())


@pytest.mark.parametrize("empty", [np.full(24, np.nan), ["None"] * 24, ["NA"] * 24])
def test_a_column_of_nothing_is_missing(empty):
    """NaN, None and NA in every row."""
    filled, flaws = whole(columns(FROGS) | {"color": empty}, ASKED)
    assert (list(filled["color"]), flaws) == (FROGS["color"].tolist(), {"lacks color"})


@pytest.mark.parametrize("spelt", ["colour", "Color", "COLOUR"])
def test_a_column_of_nearly_its_name_is_that_column(spelt):
    """English, American, capitals."""
    filled, flaws = whole(columns(FROGS.rename(columns={"color": spelt})), ASKED)
    assert (list(filled["color"]), flaws) == (FROGS["color"].tolist(), {MISNAMED})


def test_a_whole_table_is_left_alone():
    """Also with a column more."""
    table = columns(FROGS.assign(Color="none"))
    filled, flaws = whole(table, ASKED)
    assert set(filled) == {*FILLED, "weight"}
    assert (filled["color"], flaws) == (table["color"], set())


def test_a_field_of_nearly_its_name_is_that_field():
    """R's dots and anybody's capitals; a field that has its name is not another's."""
    forms = CONTRACT["anova_ols"].forms
    read = lenient({"f": 1.0, "df.num": 2.0, "df_den": 3.0, "p.value": 0.5, "Df_Den": 9.0}, forms)
    assert [float(read[field]) for field in forms] == [1.0, 2.0, 3.0, 0.5]
    assert read["flaws"] == [MISNAMED]


def test_the_columns_of_an_anova_table_are_its_fields():
    """As lmerTest names them, of one factor."""
    forms = dict.fromkeys(("F", "df_num", "df_den", "p_value"), "numbers")
    table = {"Sum Sq": 972.0, "Mean Sq": 972.0, "NumDF": 1.0, "DenDF": 10.0, "F value": 19.3, "Pr(>F)": 0.001}
    read = lenient(table, forms)
    assert ([float(read[field]) for field in forms], read["flaws"]) == ([19.3, 1.0, 10.0, 0.001], [MISNAMED])


OF_R = {  # bodies of functions that return F, its df and p under other names
    "R's own spelling": "list(F = 4, df.num = 2, df.den = 3, p.value = 0.1)",
    "a table of anova": (
        "structure(data.frame(NumDF = 2, DenDF = 3, `F value` = 4, `Pr(>F)` = 0.1, check.names = FALSE), "
        "class = c('anova', 'data.frame'))"
    ),
}


@pytest.mark.parametrize("case", OF_R)
def test_fields_of_nearly_their_names_are_read_in_r(case):
    """And so are others beside them."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    from tests.grading.sandbox.r_submission import RSubmission  # noqa: PLC0415 - starts R

    forms = dict.fromkeys(("F", "df_num", "df_den", "p_value"), "numbers")
    submission = RSubmission([("", f"anova_reml <- function(data) {OF_R[case]}\n")])
    read = submission.call(submission.function("anova_reml"), [1.0], forms)
    assert ([read[field].item() for field in forms], read["flaws"]) == ([4, 2, 3, 0.1], [MISNAMED])


def test_whole_numbers_beyond_32_bits_are_labels_in_r():
    """As R reads them; smaller ones are its integers."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    from tests.grading.sandbox.r_submission import factor  # noqa: PLC0415 - starts R

    assert list(factor([2**32 * 2 + 3, 3, 2**32 + 3]).levels) == ["3", "4294967299", "8589934595"]


def test_a_number_for_each_field_is_in_order_only_where_each_field_is_a_number():
    """Coefficients alone, of as many columns as there are fields, are no fields in their order."""
    anova = dict.fromkeys(("F", "df_num", "df_den", "p_value"), "numbers")
    assert lenient(np.array([3.0, 1.0, 10.0, 0.1]), anova)["flaws"] == [UNNAMED]
    assert lenient((np.ones(4), np.ones(4)), {"coef": "numbers", "se": "numbers"})["flaws"] == [UNNAMED]
    for alone in (np.ones(2), np.ones((2, 1))):
        with pytest.raises(UnreadableError, match="no field 'coef': it is a plain array without names"):
            lenient(alone, {"coef": "numbers", "se": "numbers"})


class Variances:
    """Fields as properties, which no list of attributes has to name."""

    def __dir__(self):
        return ["sd"]

    @property
    def Vb(self):
        """A property."""
        return 4.0

    @property
    def Ve(self):
        """One that fails."""
        raise ValueError


def test_a_property_is_a_field():
    """Also of what hides it from `dir`, as results of statsmodels do; one that fails stops the call."""
    assert float(lenient(Variances(), {"Vb": "numbers"})["Vb"]) == 4.0
    with pytest.raises(UnreadableError, match="no field 'Vbe': it is a Variances with sd"):
        lenient(Variances(), {"Vbe": "numbers"})


def test_a_table_without_rows_says_so():
    """And stops no check."""
    empty = columns(FROGS.iloc[:0])
    with pytest.raises(ContractError, match="has no rows; asked for are 8 x 3 frogs"):
        CONTRACT["simulate_frogs"].normalised({"": empty}, ASKED)
