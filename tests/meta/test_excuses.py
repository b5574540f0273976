"""Nothing is earned by what was not seen computing; what follows from another function's fault keeps half."""

import warnings

import pandas as pd
import pytest

from reference import golden, r
from tests.contract import CONTRACT
from tests.grading.intake.source import Source
from tests.grading.judgement import excuses
from tests.grading.judgement.excuses import Called
from tests.grading.sandbox.submission import CallFailedError, RightFunction, Submission
from tests.meta.graded import grade
from tests.strategies import twelve_frogs

FROGS = twelve_frogs()
ARGUMENTS = {"denominator_df": (FROGS.data,), "fit_reml": (FROGS.cell_means, FROGS.y, FROGS.group)}
ARGUMENTS |= {"anova_reml": (FROGS.data,), "ols": (FROGS.cell_means, FROGS.y)}

COUNTS = "def buckets_per_color(data):\n    return {counted}\n"
BY_COUNTS = "def denominator_df(data):\n    n = buckets_per_color(data)\n    return {formula}\n"
FOLLOWS = {  # function, origin, and a file whose function is right with the right origin in place of its own
    "a mapping": (
        *("denominator_df", "buckets_per_color"),
        COUNTS.format(counted="data.color.value_counts().to_dict()")
        + BY_COUNTS.format(formula="sum(n.values()) - len(n)"),
    ),
    "a Series": (
        *("denominator_df", "buckets_per_color"),
        COUNTS.format(counted="data.color.value_counts()") + BY_COUNTS.format(formula="n.sum() - len(n.index)"),
    ),
    "what stops": (
        *("denominator_df", "buckets_per_color"),
        COUNTS.format(counted="{}") + BY_COUNTS.format(formula="sum(n.values()) - len(n) + 0 / len(n)"),
    ),
    "a tuple": (
        *("ols", "gls"),
        (
            "import numpy as np\ndef gls(X, y, V):\n    return 0 * X[0], 0 * X[0]\ndef ols(X, y):\n"
            "    coef, se = gls(y=y, X=X, V=np.eye(len(y)))\n    df = len(y) - X.shape[1]\n"
            "    s2 = ((y - X @ coef) ** 2).sum() / df\n"
            "    return {'coef': coef, 'se': se * s2**0.5, 'sigma2': s2, 'df_resid': df}\n"
        ),
    ),
    "an object": (
        *("ols", "gls"),
        (
            "import numpy as np\nfrom types import SimpleNamespace\ndef gls(X, y, V):\n"
            "    return SimpleNamespace(coef=0 * X[0], se=0 * X[0])\ndef ols(X, y):\n"
            "    fit = gls(X, y, np.eye(len(y)))\n    df = len(y) - X.shape[1]\n"
            "    s2 = ((y - X @ fit.coef) ** 2).sum() / df\n"
            "    return {'coef': fit.coef, 'se': fit.se * s2**0.5, 'sigma2': s2, 'df_resid': df}\n"
        ),
    ),
}
DEGENERATE = {  # in the place of denominator_df, beside a wrong buckets_per_color
    "undefined": "",
    "raises": "def denominator_df(data):\n    raise ValueError\n",
    "zero": "def denominator_df(data):\n    return 0\n",
    "constant": "def denominator_df(data):\n    return 7\n",
    "nothing": "def denominator_df(data):\n    buckets_per_color(data)\n",
    "empty": "def denominator_df(data):\n    return {}\n",
    "wrong too": BY_COUNTS.format(formula="sum(n.values()) - 1"),
    "asks and raises": BY_COUNTS.format(formula="1 / 0"),
    "loses its worker": "import os\ndef denominator_df(data):\n    os._exit(buckets_per_color(data) is None)\n",
    "right by itself": "def denominator_df(data):\n    return data.bucket.nunique() - data.color.nunique()\n",
    "asks for ever": "def denominator_df(data):\n    while True:\n        buckets_per_color(data)\n",
    "asks for too much": "def denominator_df(data):\n    return buckets_per_color(data.sample(10**6, replace=True))\n",
}


def mended(function: str, origin: str, text: str, language: str = "Python", tier: str = "none") -> dict[str, set[str]]:
    """What `excuses.mended` finds for one failing check of twelve frogs."""
    submission = Submission(Source.of(language, text), tier)
    called = Called(ARGUMENTS[function], None)
    found = excuses.mended(function, {"t": [called]}, {"t"}, submission, [origin])
    submission.close()
    return found


@pytest.mark.parametrize("case", FOLLOWS)
def test_a_consequence_is_right_with_the_right_function_in_its_place(case):
    """Whatever form its own has, and by whatever arguments it is called."""
    function, origin, text = FOLLOWS[case]
    assert mended(function, origin, text) == {origin: {"t"}}


@pytest.mark.parametrize("case", DEGENERATE)
def test_what_was_not_seen_computing_is_no_consequence(case):
    """Undefined, raising, constant, empty, wrong in itself, right by itself; and whoever asks without end."""
    text = COUNTS.format(counted="{}") + DEGENERATE[case]
    assert mended("denominator_df", "buckets_per_color", text) == {}


@pytest.mark.slow
def test_the_length_of_a_file_changes_nothing(tmp_path):
    """Hypothesis shows no more of it than its name, and the check that failed is the one that is told."""
    wrong = (  # in drawn examples first
        "import numpy as np\ndef covariance_matrix(group, Vb, Ve):\n    n, group = len(group), np.asarray(group)\n"
        "    V = Vb * (group[:, None] == group) + Ve * np.eye(n)\n    return V * (1 + (12 < n < 40))\n"
    )
    for name, text in (("short", wrong), ("long", f"{wrong}# {'x' * 100_000}\n")):
        (tmp_path / f"{name}.py").write_text(text)
    results = grade(tmp_path / "short.py", tmp_path / "long.py", report=tmp_path / "report")
    assert results["short"]["covariance_matrix"] == results["long"]["covariance_matrix"]
    assert "the check itself stopped" not in results["long"]["covariance_matrix"]["output"]


def test_r_follows_too():
    """By name and by order, of a list and of a vector with names."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    counts = "buckets_per_color <- function(data) table(data$color)\n"
    text = counts + "denominator_df <- function(data) { n <- buckets_per_color(data); sum(n) - length(n) }\n"
    assert mended("denominator_df", "buckets_per_color", text, "R", "process") == {"buckets_per_color": {"t"}}
    text = (
        "gls <- function(X, y, V) list(coef = 0 * X[1, ], se = 0)\nols <- function(X, y) {\n"
        "  fit <- gls(V = diag(length(y)), X, y)\n  df <- length(y) - ncol(X)\n"
        "  s2 <- sum((y - X %*% fit$coef)^2) / df\n"
        "  list(coef = fit$coef, se = fit$se * sqrt(s2), sigma2 = s2, df_resid = df)\n}\n"
    )
    assert mended("ols", "gls", text, "R", "process") == {"gls": {"t"}}


def test_the_right_function_is_lent_for_one_call():
    """The next one has the submission's own again."""
    submission = Submission(Source.of("Python", FOLLOWS["a mapping"][2]), "none")
    right = RightFunction("buckets_per_color", excuses._answers("buckets_per_color"))
    forms = CONTRACT["denominator_df"].forms
    values = [submission.call("denominator_df", {"data": FROGS.data}, forms, *one)[""] for one in ([], [right], [])]
    submission.close()
    assert [float(value) for value in values] == [10, 2, 10]


def test_without_one_lent_nothing_is_answered():
    """Who asks on his own has broken the wire, and his worker."""
    text = (
        "import sys\ndef denominator_df(data):\n    f = sys._getframe()\n"
        "    while 'ask' not in f.f_locals: f = f.f_back\n"
        "    return f.f_locals['ask']([data])\n"
    )
    submission = Submission(Source.of("Python", text), "none")
    with pytest.raises(CallFailedError, match="does not answer the question"):
        submission.call("denominator_df", {"data": 1}, {"": "numbers"})
    submission.close()


# --- a class --------------------------------------------------------------------------------------------

ZEROS = "import numpy as np\ndef covariance_matrix(group, Vb, Ve):\n    return np.zeros((len(group), len(group)))\n"
RAISING = "".join(f"def {name}(*_): raise ValueError\n" for name in ("fit_reml", "satterthwaite_df", "anova_reml"))
NO_TEST = "return {'F': 0, 'df_num': 1, 'df_den': 2, 'p_value': 1}\n"
EMPTY = {
    "zeros": ZEROS,
    "raising": ZEROS + RAISING,
    "counts": COUNTS.format(counted="{}") + DEGENERATE["zero"],
    "no test": "import numpy as np\ndef gls(X, y, V):\n    return {'coef': 0 * X[0], 'se': 0 * X[0]}\n"
    f"def anova_ols(data): {NO_TEST}def anova_reml(data): {NO_TEST}",
    "constant fit": "import numpy as np\ndef fit_reml(X, y, group):\n    z = np.ones(X.shape[1])\n"
    "    return {'Vb': 1.0, 'Ve': 1.0, 'coef': z, 'se': z, 'criterion': 1.0}\n"
    f"def satterthwaite_df(X, y, group): return np.ones(X.shape[1])\ndef anova_reml(data): {NO_TEST}",
    "a pair": (
        "def buckets_per_color(data):\n    n = data.groupby('color').bucket.nunique().to_dict()\n"
        "    return n if denominator_df(data) == sum(n.values()) - len(n) else {}\n"
        + BY_COUNTS.format(formula="sum(n.values()) - len(n) if n else 0")
    ),
}


@pytest.mark.slow
def test_a_class_earns_nothing_by_what_it_did_not_write(tmp_path):
    """Constants have what their few right answers are worth, below a fifth; nothing follows from anything."""
    (tmp_path / "class").mkdir()
    for name, text in EMPTY.items():
        (tmp_path / "class" / f"{name}.py").write_text(text)
    graded = grade(tmp_path / "class", report=tmp_path / "out", options=("-n", "2"))
    totals = {name: result["total"] for name, result in graded.items()}
    assert all(totals[name] == 0 for name in ("zeros", "raising", "a pair")) and all(t < 1 for t in totals.values())
    slugs = {test["extra_data"]["misconception"] for result in graded.values() for test in map(result.get, CONTRACT)}
    assert "consequence" not in slugs


def test_one_wrong_field_beside_a_search_at_its_defaults_costs_its_share_and_a_tenth():
    """MixedLM's: Vb in units of Ve, and standard errors that nobody is charged for; two wrong fields are no excuse."""
    from statsmodels.regression.mixed_linear_model import MixedLM  # noqa: PLC0415 - takes seconds

    asked = [(fit.X, fit.y, fit.group) for fit in map(golden.load, ("chapter_2", "chapter_2_unbalanced"))]

    def result(X, y, group, **changed):
        fit = MixedLM(y, X, pd.factorize(group)[0]).fit(reml=True)
        numbers = {"Vb": fit.params[-1], "Ve": fit.scale, "coef": fit.fe_params, "se": fit.bse_fe}
        return numbers | {"criterion": -2 * fit.llf} | changed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calls = [Called(arguments, result(*arguments)) for arguments in asked]
        twice = [Called(arguments, result(*arguments, criterion=1.0)) for arguments in asked]
    found = excuses.excused("fit_reml", {"test": calls}, {"test"}, {})[0]
    assert found is not None and found.said.startswith("Of the result only Vb is wrong; Ve, coef, se, criterion: ")
    assert found.loss in (pytest.approx(0.2), pytest.approx(0.28))
    assert excuses.excused("fit_reml", {"test": twice}, {"test"}, {}) == (None, set())


def test_a_wrong_column_of_a_simulation_keeps_a_half():
    """bucket_mu alone; any other slug is no excuse."""
    assert [one and one.loss for one in map(excuses.of_a_column, ("effect-for-mean", "sds-swapped"))] == [0.5, None]
