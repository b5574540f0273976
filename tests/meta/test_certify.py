"""`lmm-verify certify`: numbers as R, SAS and statsmodels print them are told right, and wrong with a digit changed."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests.assertions import assert_between, assert_equal
from tests.peers import certify
from tests.peers.model import Asked

DATA = Path(__file__).parents[2] / "reference" / "data"
DYESTUFF, UNBALANCED, OATS, PONDS = (
    DATA / f"{name}.csv" for name in ("dyestuff", "chapter_2_unbalanced", "oats", "ponds")
)
COLOR = "weight ~ color + (1 | bucket)"
GAPS = [0, 6, 19, 32, 49]  # rows that are taken out of oats

# What programs printed, by data and model: lmerTest 3.1.3 with a tight optimiser (its `anova` is type III), by its
# contr.treatment, contr.SAS and contr.sum; statsmodels 0.15.0.
PRINTED = {
    "lme4, dyestuff": (
        DYESTUFF,
        Asked("weight", ["bucket"]),
        "Vb=1764.05 Ve=2451.25 sd=42.00,49.51 coef=1527.5 se=19.38 df=5 t=78.80 criterion=319.6543 logLik=-159.8271",
    ),
    "statsmodels, dyestuff, ML": (
        DYESTUFF,
        Asked("weight", ["bucket"], ml=True),
        "coef=1527.500 se:Intercept=17.695 logLik=-163.6635 AIC=333.327 Ve=2451.25 p=0.000 lower=1492.82 upper=1562.18",
    ),
    "lmerTest, treatment": (
        UNBALANCED,
        Asked(formula=COLOR),
        (
            "coef=44.9641,40.3671,-30.2014,13.4699 se=8.88018,11.69618,11.81321,12.01231 "
            "df=3.08598,2.51719,2.61157,2.74598 "
            "t:colorgreen=-2.55658 p:colorgreen=0.0958535 F:color=14.422 df2:color=2.2497 "
            "p:color=0.051991 AIC=219.74609"
        ),
    ),
    "lmerTest, SAS": (
        UNBALANCED,
        Asked(formula=COLOR, contrasts="last"),
        (
            "coef=58.4340,-13.4699,26.8972,-43.6712 se:colorblue=11.10769 df:colorblue=2.17848 p:colorblue=0.1261885 "
            "df:color=2.2226 BIC=227.94987"
        ),
    ),
    "lmerTest, sum": (
        UNBALANCED,
        Asked(formula=COLOR, contrasts="sum"),
        "coef=50.87302,-5.90889,34.45817,-36.11026 se:color1=7.47410 p:color3=0.02702420 df2:color=2.19782",
    ),
    "statsmodels, treatment": (
        UNBALANCED,
        Asked("weight", ["bucket"], ["color"]),
        "coef=44.964,40.367,-30.201,13.470 coef:color[T.blue]=40.367 logLik=-103.8730",
    ),
    "lmerTest, an interaction": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        (
            "F:variety=3.66312 F:nitrogen=23.58849 F:variety:nitrogen=0.32118 "
            "df2:variety=49.9692 df2:variety:nitrogen=49.9802 "
            "coef:varietyVictory:nitrogenn0.6=9.128717 p:variety=0.03277 df1:nitrogen=3"
        ),
    ),
    "lmerTest, a factor and a slope": (
        "gaps",
        Asked(formula="yield ~ variety*N + (1 | block)"),
        "F:variety=2.74934 F:N=72.33332 F:variety:N=0.54159 df:variety=56.0093 df2:N=55.9910 p:variety=0.072613",
    ),
    "lme4, two groups, ML": (
        "gaps",
        Asked(formula="yield ~ variety*N + (1 | block/variety)", ml=True),
        "sd:block=12.4108 sd:block:variety=9.7712 sd:Residual=12.3986 logLik=-278.91276 t:N=5.636272 F:N=104.51485",
    ),
    "books, oats": (
        OATS,
        Asked("yield", ["block", "plot"], ["variety", "nitrogen"]),
        "V=214.48,109.69 Ve=162.56 df=10.93,10,10,51,51,51 F:variety=1.4853 F:nitrogen=41.053",
    ),
    "lme4, ponds": (PONDS, Asked("weight", ["pond", "bucket"], (), ["depth"]), "V=9.864,14.352 Ve=6.221"),
}
SLEEP, MACHINES = (DATA / f"{name}.csv" for name in ("sleepstudy", "machines"))
LINES = "weight ~ fixed + (fixed | bucket)"
PRINTED |= {
    "lme4, slopes": (
        SLEEP,
        Asked("weight", ["bucket"], (), ["fixed"], slopes=["fixed"]),
        "V=612.0899,35.07166,654.9410 corr=0.066 sd=24.7405,5.92213,25.5918 se=6.824557,1.545789 df=17,17 F=45.853",
    ),
    "lme4, slopes, ML": (
        SLEEP,
        Asked(formula=LINES, ml=True),
        (
            "V:bucket.(Intercept)=565.515 cov:bucket.(Intercept).fixed=11.0554 se=6.632277,1.502237 df:fixed=18 "
            "AIC=1763.939344"
        ),
    ),
    "lme4, slopes of different times": (
        "thinned",
        Asked(formula=LINES),
        "V=658.562,50.5339,1005.979 corr=0.16155 df=7.7347,8.3998 criterion=602.549125 F=7.4360 p:fixed=0.024834",
    ),
    "lme4, slopes without covariance": (
        "thinned",
        Asked(formula="weight ~ fixed + (fixed || bucket)"),
        "V:bucket=726.75 V:bucket.1.fixed=53.862 Ve=997.591 df=8.949,9.3806 AIC=612.6247",
    ),
    "lme4, machines": (
        MACHINES,
        Asked(formula="score ~ machine + (0 + machine | worker)"),
        (
            "V:worker.machineB=74.3956 cov:worker.machineA.machineC=11.1465 corr=0.80275,0.62250,0.77083 df=5,5,5 "
            "F=41.0038"
        ),
    ),
}
# By other conventions, which the row names: lmerTest by types I and II, nlme 3.1-162, pbkrtest 0.5.2.
ERGO = DATA / "ergostool.csv"
PRINTED |= {
    "nlme, lme": (
        ERGO,
        Asked("weight", ["bucket"], ["fixed"]),
        (
            "AIC=133.1308 BIC=141.9252 df:(Intercept)=24 lower=7.3667247,2.8183781,1.1517114,-0.4038442 "
            "upper=9.744386,4.959400,3.292733,1.737177 p:fixedT4=0.2110 F:fixed=22.3556 p=<.0001,<.0001,0.0003,0.2110"
        ),
    ),
    "nlme, anova in sequence": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "F:variety=3.6560015 p:variety=0.0330 F:nitrogen=23.53296 p:nitrogenn0.2=4.98992681e-02 BIC=548.994988",
    ),
    "nlme, anova marginal": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "F:variety=1.2852208 p:variety=0.2856 F:nitrogen=6.57774",
    ),
    "nlme, gls": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "p:variety=0.0323 p:nitrogenn0.2=0.0494 p:varietyMarvellous:nitrogenn0.2=0.6985",
    ),
    "nlme, nested": (
        "gaps",
        Asked(formula="yield ~ variety*N + (1 | block/plot)"),
        "F:variety=1.5334 df2:variety=10 df:varietyVictory=10 df2:N=46 df:varietyVictory:N=46 lower:N=42.651",
    ),
    "lmerTest, type I": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "F:variety=3.63575 df2:variety=49.95633 p:variety=0.033564 F:nitrogen=23.53682",
    ),
    "lmerTest, type II": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "F:variety=3.49947 df2:variety=49.96002 p:variety=0.037814",
    ),
    "lme4, groups in its own order": (
        OATS,
        Asked(formula="yield ~ variety + nitrogen + (1 | block/variety)"),
        "V=109.69,214.48,162.56 sd:variety:block=10.473 sd:Residual=12.75",
    ),
    "lme4, one group of two columns": (
        OATS,
        Asked(formula="yield ~ nitrogen + (1 | variety:block)"),
        "V:variety:block=307.521 Ve=162.559 df:(Intercept)=29.77376",
    ),
    "names as R and patsy write them": (
        UNBALANCED,
        Asked(formula="weight ~ C(color) + (1 | bucket)"),
        "coef:C(color)[T.blue]=40.3671 coef:factor(color)red=13.4699 se:C(color,Treatment('black'))[T.blue]=11.69618",
    ),
    "names of interactions turned round": (
        "gaps",
        Asked(formula="yield ~ variety*nitrogen + (1 | block)"),
        "coef:nitrogenn0.6:varietyVictory=9.128717 F:nitrogen:variety=0.32118",
    ),
    "as it is copied": (
        UNBALANCED,
        Asked(formula=COLOR),
        "coef:colorgreen=\u221230.2014 p:colorgreen=0.0958535 p:colorblue=>0.0",
    ),
}
KENWARD_ROGER = [("se:fixed", "2.78603"), ("df:fixed", "7.94419")]  # pbkrtest 0.5.2
CASES = [(name, *pair.split("=")) for name, (_, _, text) in PRINTED.items() for pair in text.split()]


@cache
def gaps():
    """Oats, without some rows, nitrogen as numbers beside it."""
    data = pd.read_csv(OATS).drop(index=GAPS)
    return data.assign(N=data["nitrogen"].str.removeprefix("n")).to_csv(index=False)


@cache
def thinned():
    """Half of sleepstudy, without every third row."""
    data = pd.read_csv(SLEEP).head(90)
    return data[data.index % 3 != 1].to_csv(index=False)


TABLES = {"gaps": gaps, "thinned": thinned}


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """Rows of NAME=VALUE by the model that a program printed it of; each model is fitted once."""
    folder, fitted = tmp_path_factory.mktemp("certify"), {}
    for table, text in TABLES.items():
        (folder / table).write_text(text(), encoding="utf-8")

    def rows(case, name, text):
        file, asked, _ = PRINTED[case]
        key = f"{file} {asked}"
        if key not in fitted:
            table = certify.tables.read(folder / file)
            model = certify.model(table, asked)
            fitted[key] = model, certify.truth(model, ml=asked.ml)
        return list(certify._rows(name, text, *fitted[key]))

    return rows


@pytest.mark.parametrize(("case", "name", "text"), CASES, ids=[f"{case}: {name}" for case, name, _ in CASES])
def test_what_is_right_to_its_last_digit_is_told_so(certified, case, name, text):
    """All digits that are printed are those of the right number."""
    assert_equal("rows", [row.whole for row in certified(case, name, text)], [True] * (text.count(",") + 1))


@pytest.mark.parametrize(("case", "name", "text"), CASES, ids=[f"{case}: {name}" for case, name, _ in CASES])
def test_a_changed_digit_is_told(certified, case, name, text):
    """The last one of the last number."""
    changed = text[:-1] + str((int(text[-1]) + 4) % 10)
    assert_equal("last row", certified(case, name, changed)[-1].whole, False)


def test_kenward_rogers_numbers_are_recognised(certified):
    """pbkrtest's se and df of a slope: right by another convention, which the row names."""
    said = [certified("lme4, slopes of different times", name, text)[0] for name, text in KENWARD_ROGER]
    whose = "by Kenward and Roger, expected information"
    assert_equal("rows", [(row.whole, row.note) for row in said], [(True, whose)] * 2)


OTHERS = ["nlme, anova in sequence", "nlme, anova marginal", "nlme, gls", "lmerTest, type I", "lmerTest, type II"]


@pytest.mark.parametrize("case", OTHERS)
def test_another_convention_is_named(certified, case):
    """A row that is right by another hypothesis or df than type III's and Satterthwaite's says whose it is."""
    name, text = PRINTED[case][2].split()[0].split("=")
    (row,) = certified(case, name, text)
    assert case.partition(", ")[2].removeprefix("anova ") in row.note, row


def test_rows_less_coefficients_are_no_df_of_a_mixed_model(certified):
    """72 - 5 - 12: nlme's gls prints p on them, and no program that fits a mixed model has them right."""
    assert_equal("df", [row.whole for row in certified("nlme, gls", "df:nitrogenn0.2", "55")], [False])


def test_rs_stars_are_no_part_of_a_number():
    """As they are copied from a summary."""
    assert_equal("values", certify._values("p", "0.00366 **, 2e-16 ***", 2), ["0.00366", "2e-16"])


def test_the_level_that_others_are_compared_with_is_named():
    """And what takes another."""
    words = "(colorblack is what they are compared with; --contrasts last takes the last level)"
    with pytest.raises(certify.CertifyError, match=re.escape(words)):
        certify.certify(UNBALANCED, Asked(formula=COLOR), [("coef:colorblack", "1")])


def test_columns_stand_in_the_order_in_which_they_are_given(tmp_path):
    """Factors and covariates alike, as in a formula."""
    (tmp_path / "gaps").write_text(gaps(), encoding="utf-8")
    options = ("--response", "yield", "--group", "block", "--covariate", "N", "--factor", "variety", "--json")
    told = json.loads(ran(tmp_path / "gaps", *options, "coef=1,2,3,4").stdout)
    assert_equal("columns", told["columns"], ["(Intercept)", "N", "varietyMarvellous", "varietyVictory"])


def test_rows_that_are_left_out_are_counted(tmp_path):
    """--drop-missing, in the certificate's first line."""
    (tmp_path / "d.csv").write_text(DYESTUFF.read_text(encoding="utf-8") + "Z,\n,1500\n", encoding="utf-8")
    done = ran(tmp_path / "d.csv", *RIGHT[1:], "--drop-missing")
    assert_equal(
        "first line", done.stdout.splitlines()[0].split(",")[0], "d.csv: 30 rows (2 with missing values were left out)"
    )


def test_sixty_numbers_and_more_are_printed():
    """R's, SAS's contrasts and statsmodels'."""
    assert_between("numbers", sum(text.count(",") + 1 for *_, text in CASES), 60, 300)


@pytest.mark.parametrize(
    ("text", "digits", "whole"),
    [("319.66", 4.7, False), ("1e99999", 0.0, False), ("nan", 0.0, False), ("inf", 0.0, False), ("<320", 2.0, False)],
)
def test_digits_are_counted(text, digits, whole):
    """Log relative error; what is no number has none."""
    got = certify.agreement(text, certify.Decimal("319.654276842257"))
    assert_equal("digits", (round(got[0], 1), got[1]), (3.0 if text == "<320" else digits, whole or text == "<320"))


@pytest.mark.parametrize(
    ("asked", "printed", "words"),
    [
        ({}, "Vx=1", "Vx is not known; known are V, Vb, Ve"),
        ({"response": "weigth"}, "Vb=1", "has no column 'weigth'; choose one of bucket, weight by --response"),
        ({}, "coef=1,2", "coef has 2 values; expected 1"),
        ({}, "Vb=many", "Vb = 'many' is no number"),
        ({}, "F=1", "F tests the fixed columns, and there are none"),
        ({"slopes": ["bucket"], "groups": ["bucket", "weight"]}, "V=1", "--slope goes with one --group, not with"),
        ({}, "corr=1", "corr is of random slopes, and there is none"),
        ({"covariates": ["bucket"]}, "Vb=1", "column 'bucket' is not numeric: line 2 has 'A' (decimal point)"),
        ({"formula": "weight ~ 1 + (1 | bucket)"}, "Vb=1", "--response and --model say the same"),
    ],
)
def test_what_cannot_be_certified_is_refused_in_a_sentence(asked, printed, words):
    """The column, the quantity or the number is named."""
    given = Asked(**({"response": "weight", "groups": ["bucket"]} | asked))
    with pytest.raises(certify.CertifyError, match=re.escape(words)):
        certify.certify(DYESTUFF, given, [tuple(printed.split("="))])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("y ~ a + (x | g)", "has no column 'x'"),
        ("y ~ a", "is no y ~ x + (1 | group)"),
        ("y ~ zero + (1 | g)", "column 'zero' is constant"),
        ("y ~ a + b + (1 | g)", "the columns of the model are linearly dependent: Intercept, a, b"),
        ("y ~ a + + * (1 | g)", "--model: "),
    ],
)
def test_models_that_cannot_be_are_refused_in_a_sentence(tmp_path, text, words):
    """A slope of nothing, no group, a column of one value, columns that say the same, what is no formula."""
    rows = "".join(f"{i % 3},{i},{2 * i},0,{i * i % 7}\n" for i in range(9))
    (tmp_path / "d.csv").write_text(f"g,a,b,zero,y\n{rows}", encoding="utf-8")
    with pytest.raises(certify.CertifyError, match=re.escape(words)):
        certify.certify(tmp_path / "d.csv", Asked(formula=text), [("Ve", "1")])


def test_f_of_several_terms_has_to_name_one():
    """Never all columns at once without a word."""
    with pytest.raises(certify.CertifyError, match="F is of one term; say F:variety, F:nitrogen"):
        certify.certify(OATS, Asked("yield", ["block"], ["variety", "nitrogen"]), [("F", "1")])


def ran(*arguments):
    """The command as a user types it."""
    command = [sys.executable, "-c", "from lmm_verification.command import main; raise SystemExit(main())", "certify"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)


RIGHT = (DYESTUFF, "--response", "weight", "--group", "bucket", "Vb=1,764.05", "Ve=2451.25")


@pytest.mark.parametrize(
    ("more", "status"),
    [((), 0), (("se=19.39",), 1), (("se=19.39", "--least", "3"), 0), (("se=19.39", "--least", "4"), 1)],
)
def test_the_exit_status_says_whether_all_are_right(more, status):
    """1 where a number has fewer digits than --least asks, or than are printed; 1,764.05 is one value."""
    done = ran(*RIGHT, *more)
    assert_equal("status", done.returncode, status)
    assert re.search("^Vb +1764.05 ", done.stdout, re.MULTILINE)
    assert "lies 1e-33 above its minimum" in done.stdout


def test_a_certificate_can_be_filed(tmp_path):
    """JSON and a page: hash of the data, model, authority, each number printed, right, digits."""
    done = ran(*RIGHT, "p=<.0001", "--json", "--html", tmp_path / "c.html")
    told, page = json.loads(done.stdout), (tmp_path / "c.html").read_text(encoding="utf-8")
    assert_equal("holds", told["holds"], True)
    assert_equal("model", told["model"], "weight ~ 1 + (1 | bucket)")
    for part in (told["sha256"], "weight ~ 1 + (1 | bucket)", "exact arithmetic", "1764.05", "all 6", "&lt;.0001"):
        assert part in page, part
    assert "<script" not in page


def test_bad_input_of_the_command_is_one_line_and_2():
    """On stderr."""
    done = ran("none.csv", "--response", "y", "--group", "g", "Vb=1")
    assert_equal("told", (done.returncode, done.stderr), (2, "lmm-verify certify: none.csv does not exist\n"))
