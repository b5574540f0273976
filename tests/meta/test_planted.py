"""Packages that are right but for one fault, planted where only some of what packages meet would show it.

Each place of the census's list is one: 5 % off there and nowhere else is caught, in every function and quantity.
"""

import json
import sys
from itertools import product

import pytest

from tests.contract import CONTRACT
from tests.meta.graded import PROJECT, typed
from tests.peers import census

pytestmark = pytest.mark.slow
PYTHON, JSON_LINES = "Python", "lines of JSON"
WAYS = {PYTHON: "planted_peer.py", JSON_LINES: "planted.toml"}
in_both_ways = pytest.mark.parametrize("way", WAYS)
NO_FAULT = ("objects", JSON_LINES)  # lines have no such type
LABELS_IN_BOTH_WAYS = [case for case in product(census.LABELS, WAYS) if case != NO_FAULT]
QUANTITIES = ("Vb", "Ve", "coef", "se", "criterion")
HEAD = f"""
import numpy as np
import lmm_core
from lmm_core import mixed
from lmm_core import *
from tests import contract
from tests.peers import census
QUANTITIES = {QUANTITIES}

def fields(fit):
    return {{name: getattr(fit, name) for name in QUANTITIES}}

def off(value):
    if isinstance(value, dict):
        return {{key: off(part) for key, part in value.items()}}
    if isinstance(value, list):
        return list(map(off, value))
    if isinstance(value, int):
        return value + 1
    return 1.05 * value + 0.05 * (np.asarray(value) == 0)

def right(function):
    return getattr(lmm_core, function, None) or getattr(mixed, function)

def everywhere(function):
    def wrong(*arguments):
        value = right(function)(*arguments)
        if function == "simulate_frogs":
            return value
        names = [name for name in contract.EVERY[function].fields if name]
        return off({{name: getattr(value, name) for name in names}} if names else value)
    return wrong

def where(holds, function, wrong):
    def call(*arguments):
        named = dict(zip(contract.EVERY[function].arguments, arguments))
        is_there = census.holds(holds, census.facts(named))
        return (wrong if is_there else right(function))(*arguments)
    return call
"""
PLANTED = """
for function in {functions}:
    globals()[function] = where(census.{table}[{place!r}], function, everywhere(function))
"""


def _run(folder, source: str, *options: str, way: str = PYTHON) -> tuple[set[str], str]:
    """The tests that fail, and what is printed; by lines of JSON the same file is asked in a process of its own."""
    accuracy = folder / "ended.json"
    (folder / "planted_peer.py").write_text(HEAD + source)
    serve = PROJECT / "tests" / "peers" / "programs" / "serve.py"
    (folder / "planted.toml").write_text(f"command = {[sys.executable, str(serve), 'planted_peer.py']}\n")
    judged = ("-q", f"--implementation={folder / WAYS[way]}", f"--accuracy={accuracy}")
    run = typed(*judged, *options, PYTHONPATH=str(PROJECT))
    assert run.returncode in (0, 1), run.stdout[-2000:] + run.stderr[-2000:]
    ended = json.loads(accuracy.read_text())["tests"]
    return {name.partition("::")[2] for name, test in ended.items() if test["outcome"] == "failed"}, run.stdout


def _exercises(*names: str) -> list[str]:
    return [str(PROJECT / "tests" / "exercises" / f"test_package_{name}.py") for name in names]


def _unharmed(printed: str, functions) -> list[str]:
    """Functions of which no test failed, by the table at the end."""
    failed = {line.split()[1] for line in printed.splitlines() if " failed" in line and line.split()[1:2]}
    return [function for function in functions if function not in failed]


@in_both_ways
@pytest.mark.parametrize("place", census.SHAPES)
def test_a_fault_in_a_shape_is_caught_in_every_quantity(place, way, tmp_path):
    """Vb, Ve, coef, se, criterion and df: 5 % off there alone."""
    source = PLANTED.format(functions=census.OF_FITS, table="SHAPES", place=place)
    failed, _ = _run(tmp_path, source, "-k", "reml or df", *_exercises("shapes"), way=way)
    assert {name for name in QUANTITIES if any(test.endswith(f"-{name}]") for test in failed)} == set(QUANTITIES)
    assert any(test.startswith("test_df_of_") for test in failed)


@in_both_ways
@pytest.mark.parametrize("place", census.SHAPES_OF_TABLES)
def test_a_fault_in_a_table_is_caught_in_every_function(place, way, tmp_path):
    """F, df and p, counts and moments: off there alone."""
    source = PLANTED.format(functions=census.OF_TABLES, table="SHAPES_OF_TABLES", place=place)
    assert not _unharmed(_run(tmp_path, source, "-k", "table", *_exercises("shapes"), way=way)[1], census.OF_TABLES)


@pytest.mark.parametrize(("place", "way"), LABELS_IN_BOTH_WAYS)
def test_a_fault_with_labels_is_caught_in_every_function(place, way, tmp_path):
    """A fit, a df, V, X, counts and moments: off with such labels alone."""
    source = PLANTED.format(functions=census.OF_LABELS, table="LABELS", place=place)
    assert not _unharmed(_run(tmp_path, source, *_exercises("labels"), way=way)[1], census.OF_LABELS)


@in_both_ways
@pytest.mark.parametrize("place", census.SHAPES_OF_TERMS)
def test_a_fault_with_two_factors_is_caught_in_every_quantity(place, way, tmp_path):
    """G, coef, se, criterion and df: 5 % off there alone."""
    source = PLANTED.format(functions=census.OF_TERMS, table="SHAPES_OF_TERMS", place=place)
    failed, _ = _run(tmp_path, source, "-k", "shape", *_exercises("terms"), way=way)
    quantities = {"G", "coef", "se", "criterion"}
    assert {name for name in quantities if any(test.endswith(f"-{name}]") for test in failed)} == quantities
    assert any(test.startswith("test_df_of_two_terms") for test in failed)


@pytest.mark.parametrize("place", census.SHAPES_OF_SLOPES)
def test_a_fault_with_slopes_is_caught_in_every_quantity(place, tmp_path):
    """G, coef, se, criterion and df: 5 % off there alone."""
    source = PLANTED.format(functions=census.OF_TERMS, table="SHAPES_OF_SLOPES", place=place)
    failed, _ = _run(tmp_path, source, "-k", "slopes", *_exercises("terms"))
    quantities = {"G", "coef", "se", "criterion"}
    assert {name for name in quantities if any(test.endswith(f"-{name}]") for test in failed)} == quantities
    assert any(test.startswith("test_df_of_slopes") for test in failed)


MODULO = """
def fit_reml(X, y, group):
    group = np.asarray(group)
    return fields(lmm_core.fit_reml(X, y, group % {modulus} if group.dtype.kind == "i" else group))
"""
FIELD = """
def fit_reml(X, y, group):
    fit = fields(lmm_core.fit_reml(X, y, group))
    return fit | {{"{field}": fit["{field}"] * (1 + {by})}}
"""
DF = """
satterthwaite_df = where({holds}, "satterthwaite_df", lambda *a: {by} * lmm_core.satterthwaite_df(*a))
"""
SINGLE = {
    "labels modulo 100": (MODULO.format(modulus=100), None),
    "labels modulo 256": (MODULO.format(modulus=256), None),
    "labels modulo 1000": (MODULO.format(modulus=1000), None),
    "labels cut at 13 characters": (
        (
            "def covariance_matrix(group, Vb, Ve):\n    group = np.array([str(label)[:13] for label in group])\n"
            "    return lmm_core.covariance_matrix(group, Vb, Ve)\n"
        ),
        None,
    ),
    "runs of rows as buckets": (
        (
            "def fit_reml(X, y, group):\n    group = np.asarray(group)\n"
            "    return fields(lmm_core.fit_reml(X, y, np.cumsum(np.append(0, group[1:] != group[:-1]))))\n"
        ),
        None,
    ),
    "labels rounded to whole numbers": (
        (
            "def satterthwaite_df(X, y, group):\n    group = np.asarray(group)\n"
            "    return lmm_core.satterthwaite_df(X, y, group.astype(int) if group.dtype.kind == 'f' else group)\n"
        ),
        None,
    ),
    "a constant that is added": (
        (
            "def fit_reml(X, y, group):\n    whole = np.column_stack([np.ones(len(X)), X])\n"
            "    more = np.linalg.matrix_rank(whole) > X.shape[1]\n"
            "    fit = fields(lmm_core.fit_reml(whole if more else X, y, group))\n"
            "    return fit | {'coef': fit['coef'][-X.shape[1]:], 'se': fit['se'][-X.shape[1]:]}\n"
        ),
        None,
    ),
    "df of ten buckets beyond thirty": (DF.format(holds="lambda f: f.buckets > 30", by=0.5), None),
    "df 1 % off where buckets are unequal": (DF.format(holds="lambda f: not f.equal", by=1.01), 8),
    "Vb off by 1e-6": (FIELD.format(field="Vb", by=1e-6), 8),
    "se off by 1e-7": (FIELD.format(field="se", by=1e-7), 8),
    "coef off by 1e-7": (FIELD.format(field="coef", by=1e-7), 8),
    "criterion off by 1e-7": (FIELD.format(field="criterion", by=1e-7), 8),
}


@in_both_ways
@pytest.mark.parametrize("fault", SINGLE)
def test_one_fault_is_caught(fault, way, tmp_path):
    """Where it is below the digits that are asked of everybody, by asking for eight."""
    source, least = SINGLE[fault]
    options = [] if least is None else [f"--least={least}"]
    assert _run(tmp_path, source, "-x", *options, *_exercises("shapes", "labels"), way=way)[0]


MANNERS = {
    "remembers by shape": (
        "asked = {}\ndef fit_reml(X, y, group):\n"
        "    return asked.setdefault(np.shape(X), lmm_core.fit_reml(X, y, group))\n"
    ),
    "centres y where it lies": ("def ols(X, y):\n    fit = lmm_core.ols(X, y)\n    y -= y.mean()\n    return fit\n"),
    "leaves a column in the table": (
        "def anova_ols(data):\n    table = lmm_core.anova_ols(data)\n    data['cell'] = 1\n    return table\n"
    ),
    "reads y as if it had no gaps": (
        "def gls(X, y, V):\n    whole = y.base if y.base is not None else y\n"
        "    return lmm_core.gls(X, np.ndarray(len(y), buffer=whole), V)\n"
    ),
    "writes into X": (
        "def satterthwaite_df(X, y, group):\n    X += 0\n    return lmm_core.satterthwaite_df(X, y, group)\n"
    ),
    "halves integers": ("def ols(X, y):\n    return lmm_core.ols(X, y // 2 * 2 if y.dtype.kind == 'i' else y)\n"),
    "aligns by the index": (
        "def empirical_variances(data):\n    weight = data['weight'].reindex(range(len(data))).fillna(0)\n"
        "    return lmm_core.empirical_variances(data.assign(weight=weight.to_numpy()))\n"
    ),
    "takes columns by their place": (
        "def empirical_variances(data):\n"
        "    return lmm_core.empirical_variances(data.assign(weight=data.iloc[:, 4].astype(float)))\n"
    ),
    "counts categories": (
        "def denominator_df(data):\n    levels = len(pd.Categorical(data['bucket']).categories)\n"
        "    return lmm_core.denominator_df(data) + levels - data['bucket'].nunique()\n"
    ),
}


THRESHOLDS = {
    "V by a pseudo-inverse": (
        "def gls(X, y, V):\n    W = np.linalg.pinv(V, rcond=1e-3)\n    C = np.linalg.inv(X.T @ W @ X)\n"
        "    return {'coef': C @ X.T @ W @ y, 'se': C.diagonal() ** 0.5}\n"
    ),
    "V far below 1 is nothing": (
        "def gls(X, y, V):\n    return lmm_core.gls(X, y, V if np.max(V) > 1e-8 else np.eye(len(y)) * np.max(V))\n"
    ),
    "V in eight decimals": "def gls(X, y, V):\n    return lmm_core.gls(X, y, np.round(V, 8))\n",
    "V of what is positive": "def gls(X, y, V):\n    return lmm_core.gls(X, y, np.where(V > 0, V, 0.0))\n",
    "a small column is none": (
        "def ols(X, y):\n    fit = lmm_core.ols(X, y)\n    small = np.abs(X).max(axis=0) < 1e-4\n"
        "    coef = np.where(small, 0, fit.coef)\n"
        "    return {'coef': coef, 'se': fit.se, 'sigma2': fit.sigma2, 'df_resid': fit.df_resid}\n"
    ),
    "covariances in eight decimals": (
        "def covariance_matrix(group, Vb, Ve):\n    return np.round(lmm_core.covariance_matrix(group, Vb, Ve), 8)\n"
    ),
    "a standard deviation below 1e-6 is 0": (
        "def model_variances(sigma_bucket, sigma_within):\n"
        "    return lmm_core.model_variances(sigma_bucket if sigma_bucket > 1e-6 else 0, sigma_within)\n"
    ),
}


ML = (
    "fit = mixed.fit_mixed(X, y, terms, method)\n"
    "    fit = {name: getattr(fit, name) for name in ('G', *QUANTITIES[1:])}\n"
)
FIT_MIXED = f'def fit_mixed(X, y, terms, method="REML"):\n    {ML}'
EFFECTS = "def random_effects(X, y, terms):\n    found = mixed.random_effects(X, y, terms)\n"
RATIO = "def likelihood_ratio(X0, X, y, terms):\n    test = mixed.likelihood_ratio(X0, X, y, terms)\n"
MADE = {
    "coef by least squares beside slopes": (
        f"{FIT_MIXED}    beside = len(terms) > 1 and any(Z.shape[1] > 1 for Z, _ in terms)\n"
        "    return fit | ({'coef': lmm_core.ols(X, y).coef} if beside else {})\n"
    ),
    "no covariance without an intercept": (
        f"{FIT_MIXED}    bare = not any(np.all(Z == 1, axis=0).any() for Z, _ in terms)\n"
        "    return fit | ({'G': [np.diag(np.diag(G)) for G in fit['G']]} if bare else {})\n"
    ),
    "ML of many groups is REML": (
        f"{FIT_MIXED}    many = method == 'ML' and len(np.unique(terms[0][1])) > 30\n"
        "    return fit | ({'Ve': mixed.fit_mixed(X, y, terms).Ve * 1.01} if many else {})\n"
    ),
    "labels of eight characters by ML": (
        'def fit_mixed(X, y, terms, method="REML"):\n'
        "    short = [(Z, np.array([str(g)[:8] for g in group])) for Z, group in terms]\n"
        f"    terms = short if method == 'ML' else terms\n    {ML}    return fit\n"
    ),
    "more than 3,000 rows have N - p df": (
        "def mixed_df(X, y, terms):\n    df = mixed.mixed_df(X, y, terms)\n"
        "    return np.full(len(df), float(len(y) - len(df))) if len(y) > 3000 else df\n"
    ),
    "b of the first 32 groups": (
        f"{EFFECTS}    return [{{g: b * (k < 32) for k, (g, b) in enumerate(of.items())}} for of in found]\n"
    ),
    "b of groups by their number": (
        f"{EFFECTS}    of = found[0]\n    ordered = [of[g] for g in sorted(of, key=str)]\n"
        "    return [{g: ordered[k] for k, g in enumerate(of)}]\n"
    ),
    "b without the mean": (
        f"{EFFECTS}    mean = np.mean(list(found[0].values()), axis=0)\n"
        "    return [{g: b - mean for g, b in of.items()} for of in found]\n"
    ),
    "a likelihood ratio has one df": f"{RATIO}    return {{'chi2': test.chi2, 'df': 1, 'p_value': test.p_value}}\n",
    "a likelihood ratio of REML where terms cross": (
        f"{RATIO}    each = [mixed.fit_mixed(M, y, terms).criterion for M in (X0, X)] if len(terms) > 1 else None\n"
        "    chi2 = each[0] - each[1] if each else test.chi2\n"
        "    return {'chi2': chi2, 'df': test.df, 'p_value': test.p_value}\n"
    ),
    "a likelihood ratio keeps the model of the last one": (
        "known = {}\ndef likelihood_ratio(X0, X, y, terms):\n"
        "    return known.setdefault((X0.shape, X.shape), mixed.likelihood_ratio(X0, X, y, terms))\n"
    ),
    "sums in one pass": (
        "def ols(X, y):\n    fit = lmm_core.ols(X, y)\n    sigma2 = (y @ y - fit.coef @ (X.T @ y)) / fit.df_resid\n"
        "    return {'coef': fit.coef, 'se': fit.se, 'sigma2': sigma2, 'df_resid': fit.df_resid}\n"
    ),
    "codes of 8 bits": (
        "def covariance_matrix(group, Vb, Ve):\n    codes = np.unique(group, return_inverse=True)[1].astype('uint8')\n"
        "    return lmm_core.covariance_matrix(codes, Vb, Ve)\n"
    ),
}


BY_FILE = {"manners": MANNERS, "covariances": THRESHOLDS, "models": MADE}


@pytest.mark.parametrize(("file", "fault"), [(file, fault) for file, faults in BY_FILE.items() for fault in faults])
def test_a_fault_is_caught_by_the_file_that_asks_for_it(file, fault, tmp_path):
    """An answer that depends on more than data, or is right in one unit alone; what is made of a fit."""
    assert _run(tmp_path, "import pandas as pd\n" + BY_FILE[file][fault], *_exercises(file))[0]


def test_the_digits_asked_may_stand_in_the_file(tmp_path):
    """LEAST = 8, and the table says so."""
    failed, printed = _run(tmp_path, "LEAST = 8\n" + FIELD.format(field="Vb", by=1e-6), *_exercises("labels"))
    assert failed and "digits asked on ordinary data: Vb, Ve 8, coef 8, se 8, df 8, F 8" in printed


SIXTEEN = {
    "fit_reml": ("SHAPES", ("200 buckets", "no constant", "30 columns", "near-collinear columns")),
    "satterthwaite_df": ("SHAPES", ("several covariates within", "5,000 rows in unequal buckets")),
    "anova_reml": ("SHAPES_OF_TABLES", ("12 colours", "200 buckets")),
    "anova_ols": ("LABELS", ("negative", "floats")),
    "empirical_variances": ("SHAPES_OF_TABLES", ("5,000 rows in unequal buckets",)),
    "covariance_matrix": ("LABELS", ("text that differs by case", "text that differs beyond 13 characters")),
    "design_matrix": ("LABELS", ("integers equal modulo 100", "words for what is missing")),
    "frog_correlation": ("LABELS", ("floats",)),
}


def test_sixteen_faults_at_once_do_not_pass(tmp_path):
    """In what was not asked: every function that has one fails a test."""
    assert sum(len(places) for _, places in SIXTEEN.values()) == 16
    source = "".join(
        f"{name} = where(lambda f: any(census.holds(census.{table}[place], f) for place in {places}), {name!r},"
        f" everywhere({name!r}))\n"
        for name, (table, places) in SIXTEEN.items()
    )
    assert not _unharmed(_run(tmp_path, source, *_exercises("shapes", "labels"))[1], SIXTEEN)


def test_a_run_asks_all_that_is_listed(tmp_path):
    """lmm_core as a package, counted: no shape and no kind of label is left out, and the table is kept."""
    board = tmp_path / "board.md"
    (tmp_path / "right_peer.py").write_text("from lmm_core import *\nfrom lmm_core.mixed import fit_mixed, mixed_df\n")
    run = typed("-q", f"--implementation={tmp_path / 'right_peer.py'}", f"--scoreboard={board}")
    assert run.returncode == 0 and "not asked" not in run.stdout, run.stdout[-3000:]
    counted = {line.split(" | ")[0].strip("| ") for line in board.read_text(encoding="utf-8").splitlines()}
    assert {name for _, name, _ in census.owed()} <= counted


def test_what_a_run_leaves_out_is_named():
    """Of a function that it called."""
    count = census.Census()
    count.note("satterthwaite_df", dict(zip(CONTRACT["satterthwaite_df"].arguments, _three_rows(), strict=True)))
    assert "satterthwaite_df: 200 buckets" in count.not_asked()
    assert not any(line.startswith("fit_reml") for line in count.not_asked())


def _three_rows():
    return [[1.0], [1.0], [1.0]], [1.0, 2.0, 4.0], ["a", "a", "b"]
