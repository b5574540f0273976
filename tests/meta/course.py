"""A course with other names: the course file, and hand-ins in its names that are the same work as the chapter's."""

import re
from pathlib import Path

from tests.grading.judgement.rubric import load

FUNCTIONS = {
    "simulate_frogs": "simulate_plots",
    "buckets_per_color": "plots_per_fertiliser",
    "denominator_df": "df_of_plots",
    "gls": "generalised",
    "ols": "least_squares",
    "fit_reml": "fit_model",
    "anova_reml": "test_fertiliser",
}
COLUMNS = {"id": "plant", "bucket": "plot", "color": "fertiliser", "bucket_mu": "plot_mu", "weight": "harvest"}
LINE = (
    "Words of the checks: a bucket is your plot, a colour your fertiliser, a weight your harvest, "
    "a frog's id your plant, bucket_mu your plot_mu."
)

# What follows a right file; each spoils some functions.
IN_PYTHON = {
    "right": "",
    "frogs": (
        "def buckets_per_color(data):\n    return data['color'].value_counts().to_dict()\n"
        "def denominator_df(data):\n    n = buckets_per_color(data)\n    return int(sum(n.values())) - len(n)\n"
    ),
    "squares": (
        "g = gls\ndef gls(X, y, V):\n    a = g(X, y, V)\n    return {'coef': a['coef'], 'se': a['se'] ** 2}\n"
        "o = ols\ndef ols(y, X):\n    return o(X, y)\n"
    ),
    "no means": (
        "s = simulate_frogs\ndef simulate_frogs(*a):\n    return s(*a).drop(columns='bucket_mu')\n"
        "def frog_correlation(data, first_id, second_id):\n    return 0.5\n"
    ),
    "raises": "def anova_ols(data):\n    return data['wieght']\ndef Gls(X, y, V):\n    pass\ndel gls\n",
    "little": "for name in ('fit_reml', 'satterthwaite_df', 'anova_reml'):\n    del globals()[name]\n",
}
IN_R = {
    "right": "",
    "frogs": "buckets_per_color <- function(data) table(data$color)\n",
    "squares": "own <- gls\ngls <- function(X, y, V) { a <- own(X, y, V); list(coef = a$coef, se = a$se^2) }\n",
    "no means": (
        "own <- simulate_frogs\nsimulate_frogs <- function(...) own(...)[, c('id', 'bucket', 'color', 'weight')]\n"
    ),
    "stops": "anova_ols <- function(data) stop('no bucket')\nrm(denominator_df)\n",
    "numbers": "anova_ols <- function(data) anova_reml(transform(data, bucket = as.integer(bucket)))\n",
}


def in_other_names(text: str) -> str:
    """The same source, with every name of the contract as the course has it."""
    names = FUNCTIONS | COLUMNS
    return re.sub(rf"\b({'|'.join(sorted(names, key=len, reverse=True))})\b", lambda found: names[found.group()], text)


def handed_in(folder: Path) -> dict[str, str]:
    """Twelve hand-ins in the chapter's names, by file: six of Python, six of R."""
    python, in_r = ((folder / name).read_text() for name in ("dense.py", "base.R"))
    found = {f"{name} py.py": f"{python}\n{fault}" for name, fault in IN_PYTHON.items()}
    return found | {f"{name} r.R": f"{in_r}\n{fault}" for name, fault in IN_R.items()}


def course(*functions: str) -> str:
    """The course file, of all functions or of some, with the points of the rubric."""
    items = [item for item in load().items.values() if not functions or item.function in functions]
    lines = [
        f'{one.function} = {{ points = {one.points}, name = "{FUNCTIONS.get(one.function, one.function)}" }}'
        for one in items
    ]
    columns = [f'{name} = "{own}"' for name, own in COLUMNS.items()]
    return "\n".join(['assignment = "Plots"', "[functions]", *lines, "[columns]", *columns, ""])
