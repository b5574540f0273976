"""What a student reads first: what is wrong and what to think about, and what it costs (DESIGN: Feedback, Points)."""

import re

import numpy as np
import pytest

import lmm_core
from reference import r
from tests.contract import CONTRACT, ContractError
from tests.grading.judgement import diagnosis, excuses
from tests.grading.judgement.excuses import Called
from tests.grading.judgement.numbers import Local
from tests.grading.reports.words import in_short
from tests.grading.sandbox.plain import NOTHING, lenient
from tests.meta import bundle
from tests.meta.graded import grade
from tests.strategies import twelve_frogs

HIDDEN = re.compile(r"allowed is|RuntimeError|Traceback|traceback object|consolewrite|\.\.\.  #|NULL  #")

# Python that follows a right file; for each function that it spoils: slug, points, words of the first screen.
WRONG = {
    "prints": (
        "def denominator_df(data):\n    print(data.bucket.nunique() - data.color.nunique())\n",
        {"denominator_df": ("returns-nothing", 0.0, "is its result printed instead?")},
    ),
    "four": (
        "def denominator_df(data):\n    return 4\n",
        {"denominator_df": ("hard-coded", 0.8, "The result is 4 whatever the arguments are")},
    ),
    "swapped": (
        "v = covariance_matrix\ndef covariance_matrix(group, Ve, Vb):\n    return v(group, Vb, Ve)\n",
        {"covariance_matrix": ("arguments-swapped", 0.0, "yours reads covariance_matrix(group, Ve, Vb)")},
    ),
    "misnamed": (
        "d = denominator_df\ndel denominator_df\ndef denominator_Df(data):\n    return d(data)\n",
        {"denominator_df": (None, 0.0, "the file defines denominator_Df: did you mean denominator_df?")},
    ),
    "rounded": (
        (
            "a = anova_ols\ndef anova_ols(data):\n    f = a(data)\n    return {'F': round(f.F, 3), 'df_num': f.df_num,"
            " 'df_den': f.df_den, 'p_value': round(f.p_value, 4)}\n"
        ),
        {"anova_ols": ("rounded", 5.25, "The numbers are right, but rounded.")},
    ),
    "density": (
        (
            "f = fit_reml\ndef fit_reml(X, y, group):\n    a = f(X, y, group)\n    return {'Vb': a.Vb, 'Ve': a.Ve,"
            " 'coef': a.coef, 'se': a.se, 'criterion': -a.criterion / 2}\n"
        ),
        {"fit_reml": ("log-likelihood", 9.0, "only criterion is wrong; Vb, Ve, coef, se: right")},
    ),
    "squares": (
        (
            "g = gls\ndef gls(X, y, V):\n    a = g(X, y, V)\n    return {'coef': a.coef, 'se': a.se**2}\n"
            "f = fit_reml\ndef fit_reml(X, y, group):\n    a = f(X, y, group)\n"
            "    V = a.Vb * (group[:, None] == group) + a.Ve * __import__('numpy').eye(len(y))\n"
            "    return {'Vb': a.Vb, 'Ve': a.Ve, 'coef': a.coef, 'se': gls(X, y, V)['se'], 'criterion': a.criterion}\n"
        ),
        {
            "gls": ("forgot-square-root", 5.0, "A standard error is the square root of one."),
            "fit_reml": ("consequence", 9.6, "This follows from gls"),
        },
    ),
    "frogs": (
        (
            "def buckets_per_color(data):\n    return data.color.value_counts().to_dict()\n"
            "def denominator_df(data):\n    n = buckets_per_color(data)\n    return sum(n.values()) - len(n)\n"
        ),
        {
            "buckets_per_color": ("frogs-counted-as-buckets", 0.0, "12 frogs in 4 buckets"),
            "denominator_df": ("consequence", 2.0, "Mend buckets_per_color first."),
        },
    ),
    "unsigned": (
        (
            "h = frog_correlation\ndef frog_correlation(data, first_id, second_id):\n"
            "    return abs(h(data, first_id, second_id))\n"
        ),
        {"frog_correlation": ("sign-lost", 3.0, "the correlation is negative")},
    ),
    "sds": (
        (
            "f = fit_reml\ndef fit_reml(X, y, group):\n    a = f(X, y, group)\n    return {'Vb': a.Vb**0.5,"
            " 'Ve': a.Ve**0.5, 'coef': a.coef, 'se': a.se, 'criterion': a.criterion}\n"
        ),
        {"fit_reml": ("sd-for-variance", 2.4, "These are standard deviations; the variances are their squares.")},
    ),
    "tuple": (
        "def model_variances(b, w):\n    return b**2, w**2\n",
        {"model_variances": (None, 0.0, "it is a tuple without names; asked for are Vb, Ve, Vbe, rho")},
    ),
    "missing": (
        (
            "a = anova_ols\ndef anova_ols(data):\n    f = a(data)\n    return {'F': f.F, 'df_num': f.df_num, 'df_den':"
            " f.df_den, 'p_value': None}\ng = gls\ndef gls(X, y, V):\n    return {'coef': g(X, y, V).coef}\n"
        ),
        {
            "anova_ols": (None, 5.25, "Of the result only p_value is missing; F, df_num, df_den: right."),
            "gls": (None, 5.0, "Of the result only se is missing; coef: right."),
        },
    ),
    "no means": (
        "s = simulate_frogs\ndef simulate_frogs(*a):\n    return s(*a).drop(columns='bucket_mu')\n",
        {"simulate_frogs": (None, 8.0, "The table lacks bucket_mu; asked for are id, bucket, color, bucket_mu,")},
    ),
    "means of no buckets": (
        (
            "import numpy as np\ns = simulate_frogs\ndef simulate_frogs(*a):\n    d = s(*a).drop(columns='bucket_mu')\n"
            "    d.weight = a[3] + np.random.default_rng(a[6]).normal(0, np.hypot(a[4], a[5]), len(d))\n    return d\n"
        ),
        {
            "simulate_frogs": (
                None,
                1.6,
                "It was filled in to go with the rest: what checks say of it is about the rest",
            )
        },
    ),
    "no weights": (
        "s = simulate_frogs\ndef simulate_frogs(*a):\n    return s(*a).drop(columns='weight')\n",
        {"simulate_frogs": (None, 1.67, "lacks the column 'weight'; it has id, bucket, color, bucket_mu")},
    ),
    "colour": (
        (
            "s = simulate_frogs\ndef simulate_frogs(*a):\n    return s(*a).rename(columns={'color': 'colour'})\n"
            "a = anova_ols\ndef anova_ols(data):\n    f = a(data)\n"
            "    return {'F': f.F, 'df.num': f.df_num, 'df.den': f.df_den, 'p.value': f.p_value}\n"
        ),
        {
            "simulate_frogs": ("misnamed", 7.5, "letter by letter: id, bucket, color, bucket_mu, weight."),
            "anova_ols": ("misnamed", 5.25, "letter by letter: F, df_num, df_den, p_value."),
        },
    ),
    "unnamed": (
        (
            "a = anova_ols\ndef anova_ols(data):\n    f = a(data)\n    return f.F, f.df_num, f.df_den, f.p_value\n"
            "d = denominator_df\ndef denominator_df(data):\n    return f'{d(data):.1f}'\n"
        ),
        {
            "anova_ols": ("unnamed", 5.25, "asks for its fields by name: F, df_num, df_den, p_value."),
            "denominator_df": ("text", 2.0, "Text cannot be computed with"),
        },
    ),
    "error": (
        "def denominator_df(data):\n    return data['buckets'].nunique()\n",
        {"denominator_df": (None, 0.0, "denominator_df raised KeyError in line")},
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All of them, as a class."""
    folder, report = tmp_path_factory.mktemp("wrong"), tmp_path_factory.mktemp("report")
    for name, (source, _) in WRONG.items():
        (folder / f"{name}.py").write_text(f"{bundle.correct()}\n{source}")
    return grade(folder, report=report, options=("-n", "2"))


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_the_first_screen_says_what_is_wrong_and_costs_what_it_should(graded, name):
    """Slug, points and words of every function that is wrong; full points for the others."""
    expected = {name: (None, CONTRACT[name] and None, "") for name in CONTRACT} | WRONG[name][1]
    for function, (slug, points, words) in expected.items():
        test = graded[name][function]
        said = (test["extra_data"]["misconception"], test["score"], words in test["output"])
        assert said == (slug, test["max_score"] if points is None else points, True), test["output"]


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_the_first_screen_is_one_screen_that_pastes(graded, name):
    """At most 30 lines, no tolerance and no traceback; the lines to paste are Python that runs as it stands."""
    for function in WRONG[name][1]:
        said = graded[name][function]["output"]
        assert len(said.splitlines()) <= 30 and not HIDDEN.search(said)
        pasted = re.findall(r"^    (.*)$", said.partition("To see it, paste:\n")[2], re.MULTILINE)
        called = []
        exec("\n".join(pasted), {function: lambda *arguments: called.append(arguments)})  # noqa: B023
        assert len(called) == bool(pasted) and all(len(a) == len(CONTRACT[function].arguments) for a in called)


@pytest.mark.slow
def test_r_is_told_in_rs_words(tmp_path):
    """NULL, an unknown function with its line, a vector without names, an example in R."""
    if r.unavailable():
        pytest.skip(r.unavailable())
    source = (bundle.Path(__file__).parent / "correct" / "lme4_defaults.R").read_text()
    source += "\nanova_ols <- function(data) cat('F')\nols <- function(X, y) {\n  coeff(lm(y ~ X - 1))\n}\n"
    source += "model_variances <- function(a, b) c(a^2, b^2)\nfrog_correlation <- function(data, i, j) 0.5\n"
    (tmp_path / "s.R").write_text(source)
    (result,) = grade(tmp_path / "s.R", report=tmp_path / "report").values()
    assert result["anova_ols"]["extra_data"]["misconception"] == "returns-nothing"
    line = source[: source.index("  coeff(lm")].count("\n") + 1
    assert f'ols stopped in line {line}: could not find function "coeff"' in result["ols"]["output"]
    assert "without names; asked for are Vb, Ve, Vbe, rho" in result["model_variances"]["output"]
    assert "frog_correlation(data, 1, 2)" in result["frog_correlation"]["output"]
    assert 'factor(c("red", "red"' in result["frog_correlation"]["output"]
    assert not any(HIDDEN.search(result[name]["output"]) for name in CONTRACT)


# --- in this process ------------------------------------------------------------------------------------

DATA = twelve_frogs().data


def _called(function, change, *arguments):
    """One call of a check, its result changed."""
    value = vars(getattr(lmm_core, function)(*arguments)) if function != "satterthwaite_df" else {}
    result = CONTRACT[function].normalised(
        {name: np.asarray(part) for name, part in change(value).items()},
        dict(zip(CONTRACT[function].arguments, arguments, strict=True)),
    )
    return Called(arguments, result)


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (lambda a: a | {"F": round(a["F"], 3), "p_value": round(a["p_value"], 5)}, "rounded"),
        (lambda a: a | {"F": float(f"{a['F']:.3g}")}, "rounded"),
        (lambda a: a | {"F": round(a["F"], 1)}, "rounded"),  # 19.3 has three digits
        (lambda a: a | {"F": round(a["F"])}, ""),
        (lambda a: a | {"F": a["F"] * 1.01}, ""),
        (lambda a: a | {"F": a["F"] * 1.01, "p_value": 0.5}, None),
        (lambda a: a, None),
    ],
)
def test_what_is_excused_is_nearly_right(change, slug):
    """Rounded to three decimals or digits; one field of several; nothing where two are wrong or none."""
    call = _called("anova_ols", change, DATA)
    excuse, tests = excuses.excused("anova_ols", {"t": [call]}, {"t"}, {})
    assert (excuse.slug if excuse else None, tests) == (slug, {"t"} if excuse else set())


def test_an_excuse_has_to_explain_every_plain_check():
    """One plain check that fails for another reason: none."""
    rounded = _called("anova_ols", lambda a: a | {"F": round(a["F"], 3)}, DATA)
    wrong = _called("anova_ols", lambda a: a | {"F": 1.0, "p_value": 0.9}, DATA)
    checks = {"a": [rounded], "b": [wrong]}
    judged = excuses.excused("anova_ols", checks, {"a", "b"}, {})
    assert judged == (None, set())
    assert excuses.excused("anova_ols", checks, {"a"}, {})[1] == {"a"}


def test_hard_coded_needs_answers_that_ought_to_differ():
    """4 on every probe is hard-coded; buckets - colours is not, nor is what fails."""
    for function, slug in ((lambda _: 4, "hard-coded"), (lmm_core.denominator_df, None)):
        found = diagnosis.diagnosed("denominator_df", Local(function), ["data"])
        assert (found.slug if found else None) == slug

    def fails(_):
        raise ContractError("no")

    assert diagnosis.diagnosed("denominator_df", Local(fails), ["data"]) is None


class Lenient(Local):
    """Reads a result as the worker does."""

    def call(self, name, arguments, forms):  # noqa: ARG002
        """What can be read of it."""
        return lenient(self.function(*arguments.values()), forms)


def test_a_field_that_is_missing_shows_no_misconception():
    """The others are right, and what is not there is no formula's."""
    for function, lacking in (("ols", "sigma2"), ("gls", "se"), ("anova_ols", "p_value"), ("fit_reml", "criterion")):
        right_one = getattr(lmm_core, function)

        def partly(*arguments, right_one=right_one, lacking=lacking):
            return {name: None if name == lacking else value for name, value in vars(right_one(*arguments)).items()}

        assert diagnosis.diagnosed(function, Lenient(partly), []) is None


LEFT = {  # of 12 frogs: Vb, Ve and what is added to the criterion
    "at the minimum": (69.0, 9.0, 0.0, False),
    "left early": (69.3, 8.97, 2e-4, True),
    "below the minimum": (69.3, 8.97, -1e-3, False),
    "far": (72.0, 9.0, 2e-4, False),
    "another criterion": (69.3, 8.97, 2e-3, False),
}


@pytest.mark.parametrize("case", LEFT)
def test_a_search_at_its_defaults_is_excused_near_the_minimum_alone(case):
    """1 % of Vb + Ve, 1e-3 above the criterion and not below it; ML and moments lie outside."""
    frogs = twelve_frogs()
    Vb, Ve, above, is_excused = LEFT[case]
    arguments = frogs.cell_means, frogs.y, frogs.group

    def moved(fit):
        return fit | {"Vb": Vb, "Ve": Ve, "criterion": fit["criterion"] + above}

    call = _called("fit_reml", moved, *arguments)
    excuse, _ = excuses.excused("fit_reml", {"t": [call]}, {"t"}, {})
    assert (excuse == excuses.SEARCH) is is_excused


def test_nothing_is_said_to_be_nothing():
    """None is recognised by the sentence that the worker sends."""

    class Silent:
        def call(self, name, *_):
            raise ContractError(f"{name}: {NOTHING}")

    found = diagnosis.diagnosed("denominator_df", Silent(), ["data"])
    assert found is not None and found.slug == "returns-nothing"


def test_a_result_in_short():
    """What is right in a line, what is not written in another, nothing of what is hidden."""
    tests = [
        {"tags": [name], "visibility": visibility, "status": status, "output": output}
        for name, visibility, status, output in (
            ("gls", "visible", "passed", ""),
            ("ols", "visible", "failed", "Not written yet."),
            ("fit_reml", "hidden", "passed", ""),
        )
    ]
    assert in_short({"tests": tests}) == ["Right (1 of 3): gls.", "Not written yet: ols."]
    assert in_short({"tests": tests[:1]}) == ["All 1 functions are right."]
