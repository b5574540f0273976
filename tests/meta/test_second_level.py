"""Mistakes with lme4's models, each of which the tests of the second level must kill."""

import subprocess
import sys

import pytest

from tests.contract import CONTRACT
from tests.meta.graded import PROJECT

HEAD = f"""
import numpy as np
from dataclasses import replace
from lmm_core import mixed as right
from lmm_core.mixed import fit_mixed, mixed_df
NOT_OFFERED = {tuple(CONTRACT)!r}
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


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_of_the_second_level_fails(name, tmp_path):
    """As a peer: the right one passes, every other loses a test."""
    path = tmp_path / "wrong_peer.py"
    path.write_text(HEAD + MUTANTS[name])
    command = [sys.executable, "-m", "pytest", "-q", f"--implementation={path}"]
    command += [str(PROJECT / "tests" / "exercises" / "test_7_mixed.py")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == (0 if name == "right" else 1), run.stdout[-2000:]
