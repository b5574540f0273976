"""Mistakes with several variance components, each of which the tests of the second level must kill."""

import subprocess
import sys

import pytest

from tests.contract import CONTRACT
from tests.meta.graded import PROJECT

HEAD = f"""
import numpy as np
from dataclasses import replace
from lmm_core import components as right
from lmm_core.components import components_df, fit_components
NOT_OFFERED = {tuple(CONTRACT)!r}
def fields(fit):
    return {{name: getattr(fit, name) for name in ("V", "Ve", "coef", "se", "criterion")}}
"""
MUTANTS = {
    "right": "",
    "the first component alone": (
        "def fit_components(X, y, groups):\n    fit = right.fit_components(X, y, groups[:1])\n"
        "    return fields(fit) | {'V': np.append(fit.V, np.zeros(len(groups) - 1))}\n"
    ),
    "an eigenvalue without its multiple": (
        "def fit_components(X, y, groups):\n    fit = right.fit_components(X, y, groups)\n"
        "    return fields(fit) | {'V': fit.V * [len(y) / len(np.unique(g)) for g in groups]}\n"
    ),
    "labels taken as nested": (
        "def fit_components(X, y, groups):\n"
        "    nested = [np.array([str(v) for v in zip(*groups[:k + 1])]) for k in range(len(groups))]\n"
        "    return fields(right.fit_components(X, y, nested))\n"
    ),
    "a variance that may be negative": (
        "def fit_components(X, y, groups):\n    fit = right.fit_components(X, y, groups)\n"
        "    return fields(fit) | {'V': np.where(fit.V == 0, -fit.Ve / 10, fit.V)}\n"
    ),
    "one component dropped from the information": (
        "def components_df(X, y, groups):\n    at = right.fit_components(X, y, groups).at\n"
        "    gamma = at.gamma.copy()\n    gamma[-1] = 0\n"
        "    return right.At.of(at.model, gamma).ddf(np.eye(X.shape[1]))\n"
    ),
    "df by containment": (
        "def within(x, groups):\n"
        "    constant = [g for g in groups if all(len(set(x[g == v])) == 1 for v in set(g))]\n"
        "    return min([len(set(g)) for g in constant] or [len(x)])\n"
        "def components_df(X, y, groups):\n"
        "    return np.array([max(within(x, groups) - X.shape[1], 1) for x in X.T], float)\n"
    ),
    "rows minus coefficients": (
        "def components_df(X, y, groups):\n    return np.full(X.shape[1], len(y) - X.shape[1] + 0.0)\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_of_the_second_level_fails(name, tmp_path):
    """As a peer: the right one passes, every other loses a test."""
    path = tmp_path / "wrong_peer.py"
    path.write_text(HEAD + MUTANTS[name])
    command = [sys.executable, "-m", "pytest", "-q", f"--implementation={path}"]
    command += [str(PROJECT / "tests" / "exercises" / "test_7_components.py")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == (0 if name == "right" else 1), run.stdout[-2000:]
