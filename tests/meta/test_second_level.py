"""Mistakes with lme4's models, each of which the tests of the second level must kill."""

import pytest

from tests.contract import CONTRACT
from tests.meta.graded import PROJECT, typed

HEAD = f"""
import numpy as np
from dataclasses import replace
from lmm_core import mixed as right
from lmm_core.mixed import fit_mixed, likelihood_ratio, mixed_df, random_effects
NOT_OFFERED = {tuple(CONTRACT)!r}
def vary(terms):
    return any(Z.shape[1] > 1 for Z, _ in terms)
def fields(fit):
    return {{name: getattr(fit, name) for name in ("G", "Ve", "coef", "se", "criterion")}}
"""
MUTANTS = {
    "right": "",
    "the first component alone": (
        "def fit_mixed(X, y, terms):\n    fit = right.fit_mixed(X, y, terms[:1])\n"
        "    return fields(fit) | {'G': fit.G + [np.zeros((Z.shape[1],) * 2) for Z, _ in terms[1:]]}\n"
    ),
    "an eigenvalue without its multiple": (
        "def fit_mixed(X, y, terms):\n    fit = right.fit_mixed(X, y, terms)\n"
        "    return fields(fit) | {'G': [G * len(y) / len(np.unique(g)) for G, (_, g) in zip(fit.G, terms)]}\n"
    ),
    "labels taken as nested": (
        "def fit_mixed(X, y, terms):\n    groups = [g for _, g in terms]\n"
        "    nested = [np.array([str(v) for v in zip(*groups[:k + 1])]) for k in range(len(groups))]\n"
        "    return fields(right.fit_mixed(X, y, [(Z, g) for (Z, _), g in zip(terms, nested)]))\n"
    ),
    "a variance that may be negative": (
        "def fit_mixed(X, y, terms):\n    fit = right.fit_mixed(X, y, terms)\n"
        "    return fields(fit) | {'G': [G if G.any() else G - fit.Ve / 10 for G in fit.G]}\n"
    ),
    "one component dropped from the information": (
        "def mixed_df(X, y, terms):\n    fit = right.fit_mixed(X, y, terms)\n"
        "    at = replace(fit.at, Lambda=[*fit.at.Lambda[:-1], fit.at.Lambda[-1][:, :0]])\n"
        "    return right.ddf(replace(fit, at=at), np.eye(X.shape[1]))\n"
    ),
    "df by containment": (
        "def within(x, groups):\n"
        "    constant = [g for g in groups if all(len(set(x[g == v])) == 1 for v in set(g))]\n"
        "    return min([len(set(g)) for g in constant] or [len(x)])\n"
        "def mixed_df(X, y, terms):\n    groups = [g for _, g in terms]\n"
        "    return np.array([max(within(x, groups) - X.shape[1], 1) for x in X.T], float)\n"
    ),
    "rows minus coefficients": (
        "def mixed_df(X, y, terms):\n    return np.full(X.shape[1], len(y) - X.shape[1] + 0.0)\n"
    ),
}


# Right but where coefficients vary.
OF_SLOPES = {
    "no covariance": (
        "def fit_mixed(X, y, terms):\n    alone = [(Z[:, [j]], g) for Z, g in terms for j in range(Z.shape[1])]\n"
        "    fit, G = right.fit_mixed(X, y, alone), []\n"
        "    parts = [float(part[0, 0]) for part in fit.G]\n"
        "    for Z, _ in terms:\n        G, parts = [*G, np.diag(parts[:Z.shape[1]])], parts[Z.shape[1]:]\n"
        "    return fields(fit) | {'G': G}\n"
    ),
    "the slope's df by rows": (
        "def mixed_df(X, y, terms):\n    df = right.mixed_df(X, y, terms)\n"
        "    return np.full(X.shape[1], len(y) - X.shape[1] + 0.0) if vary(terms) else df\n"
    ),
    "the slope's df by containment": (
        "def mixed_df(X, y, terms):\n    df, (Z, g) = right.mixed_df(X, y, terms), terms[0]\n"
        "    if not vary(terms):\n        return df\n"
        "    both = np.hstack([X, *(Z * (g == v)[:, None] for v in set(g.tolist()))])\n"
        "    return np.full(X.shape[1], float(len(y) - np.linalg.matrix_rank(both)))\n"
    ),
    "variances at the mean of the covariate": (
        "def fit_mixed(X, y, terms):\n    fit, G = right.fit_mixed(X, y, terms), []\n"
        "    for (Z, _), part in zip(terms, fit.G):\n        T = np.eye(Z.shape[1])\n"
        "        T[0, 1:] = Z.mean(axis=0)[1:]\n        G.append(T @ part @ T.T)\n"
        "    return fields(fit) | {'G': G if vary(terms) else fit.G}\n"
    ),
    "ML for REML": (
        "def fit_mixed(X, y, terms):\n    method = 'ML' if vary(terms) else 'REML'\n"
        "    return fields(right.fit_mixed(X, y, terms, method))\n"
    ),
    "REML for ML": (
        "def likelihood_ratio(X0, X, y, terms):\n    test = right.likelihood_ratio(X0, X, y, terms)\n"
        "    chi2 = right.fit_mixed(X0, y, terms).criterion - right.fit_mixed(X, y, terms).criterion\n"
        "    return replace(test, chi2=chi2)\n"
    ),
    "G relative to Ve": (
        "def fit_mixed(X, y, terms):\n    fit = right.fit_mixed(X, y, terms)\n"
        "    return fields(fit) | {'G': [G / fit.Ve if vary(terms) else G for G in fit.G]}\n"
    ),
    "the two-stage df at a singular fit": (
        "def mixed_df(X, y, terms):\n    fit, m = right.fit_mixed(X, y, terms), len(set(terms[0][1].tolist()))\n"
        "    df, (Lambda, *_) = right.ddf(fit, np.eye(X.shape[1])), fit.at.Lambda\n"
        "    return np.full(len(df), m - 1.0) if Lambda.shape[1] < Lambda.shape[0] and vary(terms) else df\n"
    ),
    "predictions that are not shrunk": (
        "def random_effects(X, y, terms):\n    fit, effects = right.fit_mixed(X, y, terms), []\n"
        "    left = y - X @ fit.coef\n"
        "    for Z, g in terms:\n"
        "        effects.append({v: np.linalg.lstsq(Z[g == v], left[g == v])[0] for v in set(g.tolist())})\n"
        "    return effects\n"
    ),
}
# Right by REML.
OF_ML = {
    "the method passed over": "def fit_mixed(X, y, terms, method='REML'):\n    return right.fit_mixed(X, y, terms)\n",
    "residual variance over n - p": (
        "def fit_mixed(X, y, terms, method='REML'):\n    fit, (n, p) = right.fit_mixed(X, y, terms, method), X.shape\n"
        "    wrong = {'Ve': fit.Ve * n / (n - p), 'G': [G * n / (n - p) for G in fit.G]}\n"
        "    return fields(fit) | (wrong if method == 'ML' else {})\n"
    ),
    "standard errors by REML": (
        "def fit_mixed(X, y, terms, method='REML'):\n"
        "    return fields(right.fit_mixed(X, y, terms, method)) | {'se': right.fit_mixed(X, y, terms).se}\n"
    ),
    "coefficients by REML": (
        "def fit_mixed(X, y, terms, method='REML'):\n"
        "    return fields(right.fit_mixed(X, y, terms, method)) | {'coef': right.fit_mixed(X, y, terms).coef}\n"
    ),
    "a criterion without its constant": (
        "def fit_mixed(X, y, terms, method='REML'):\n    fit = right.fit_mixed(X, y, terms, method)\n"
        "    less = len(y) * np.log(2 * np.pi) if method == 'ML' else 0\n"
        "    return fields(fit) | {'criterion': fit.criterion - less}\n"
    ),
}
CHOSEN = "slope or coefficients or covariate or predictions or likelihood or between"


def judged(path, *options):
    """The exit status of the tests of the second level, and their text."""
    run = typed("-q", f"--implementation={path}", *options, PROJECT / "tests" / "exercises" / "test_7_mixed.py")
    return run.returncode, run.stdout[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_SLOPES)
def test_a_mistake_with_slopes_fails(name, tmp_path):
    """As a peer, which is right where intercepts alone vary."""
    path = tmp_path / "wrong_peer.py"
    path.write_text(HEAD + OF_SLOPES[name])
    status, text = judged(path, "-x", "-k", CHOSEN)
    assert status == 1, text


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ML)
def test_a_mistake_by_ml_fails(name, tmp_path):
    """As a peer, which is right by REML."""
    path = tmp_path / "wrong_peer.py"
    path.write_text(HEAD + OF_ML[name])
    status, text = judged(path, "-x", "-m", "ml")
    assert status == 1, text


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_of_the_second_level_fails(name, tmp_path):
    """As a peer: the right one passes, every other loses a test."""
    path = tmp_path / "wrong_peer.py"
    path.write_text(HEAD + MUTANTS[name])
    status, text = judged(path, *(["-x"] if name != "right" else []))
    assert status == (0 if name == "right" else 1), text
