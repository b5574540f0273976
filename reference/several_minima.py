"""Unbalanced designs of one to three terms, whose criterion has several minima, and how low the lowest is.

A covariate that varies little within the levels of the factors puts a minimum at n gamma of 1e3 to 1e9 beside the one
near 1. Nothing proves which is the lowest of several terms; differential evolution, which follows no slope and is
started nowhere, finds none lower than `lowest` of `several_minima.json`, a criterion computed by 40 digits of Arb.

    python -m reference.several_minima      writes the file afresh (minutes)

Source: Storn and Price (1997), Journal of Global Optimization 11, 341-359; Johansson (2017), Arb.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flint
import numpy as np
import scipy  # whose submodules are imported when they are asked for
from flint import arb, arb_mat
from numpy.typing import NDArray

FILE = Path(__file__).with_suffix(".json")
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
LOG_GAMMA = (-20.0, 24.0)
DIGITS = 40


@dataclass(frozen=True, eq=False)
class Design:
    """y on X (n, p) and K factors, drawn by a seed."""

    X: Floats
    y: Floats
    groups: list[Codes]

    @property
    def terms(self) -> list[tuple[Floats, Codes]]:
        """A variance component is a term whose Z is a column of ones."""
        return [(np.ones((len(self.y), 1)), group) for group in self.groups]


def drawn(seed: int, terms: int) -> Design:
    """Crossed or nested factors of 3 to 32 levels, one to three covariates that vary by 1e-4 to 1 within them."""
    rng = np.random.default_rng(seed)
    n, levels = int(rng.integers(20, 70)), rng.integers(3, 9, terms)
    groups = [rng.integers(0, m, n) for m in levels]
    if rng.random() < 0.5:
        for k in range(1, terms):
            groups[k] = groups[k - 1] * 4 + rng.integers(0, 3, n)
    codes = [np.unique(group, return_inverse=True)[1] for group in groups]
    q = int(rng.integers(1, 4))
    between = sum((rng.normal(0, 3, (code.max() + 1, q))[code] for code in codes), np.zeros((n, q)))
    within = rng.normal(size=(n, q)) * 10 ** rng.uniform(-4, 0, q)
    effects = sum((rng.normal(size=code.max() + 1)[code] * 10 ** rng.uniform(-2, 1) for code in codes), np.zeros(n))
    kicks = within @ (rng.normal(size=q) * 10 ** rng.uniform(0, 3, q))
    y = between @ rng.normal(0, 3, q) + kicks + effects + rng.normal(size=n) * 10 ** rng.uniform(-2, 0)
    return Design(np.column_stack([np.ones(n), np.round(between + within, 5)]), np.round(y, 4), codes)


def criterion(
    X: Floats, y: Floats, terms: Sequence[tuple[Floats, Any]], Lambda: Sequence[Floats], *, ml: bool = False
) -> float:
    """R = qr([[Z L, X, y], [I, 0, 0]]); 2 sum log |diag R[:q + p]| + (n - p)(1 + log(2 pi r^2 / (n - p))).

    ML: of R[:q], and n for n - p. y is taken less its least-squares fit on X, which changes nothing but rounding.
    """
    (n, p), blocks = X.shape, []
    for (Z, group), L in zip(terms, Lambda, strict=True):
        indicator = np.equal.outer(group, np.unique(group)).astype(float)
        blocks.append(np.einsum("nl,nr->nlr", indicator, Z @ L).reshape(n, -1))
    ZL = np.hstack(blocks)
    q = ZL.shape[1]
    R = np.linalg.qr(
        np.vstack([np.column_stack([ZL, X, y - X @ np.linalg.lstsq(X, y)[0]]), np.eye(q, q + p + 1)]), mode="r"
    )
    diagonal, f = np.abs(np.diag(np.asarray(R))), n if ml else n - p
    logs = np.log(diagonal[: q if ml else -1]).sum()
    return float(2 * logs + f * (1 + np.log(2 * np.pi * diagonal[-1] ** 2 / f)))


def exactly(design: Design, gamma: Floats) -> float:
    """The same from V, by 40 digits: (n - p)(1 + log(2 pi rss / (n - p))) + log|H| + log|X'H^-1 X|."""
    n, p = design.X.shape
    with flint.ctx.workdps(3 * DIGITS):
        same = [np.equal.outer(g, g) for g in design.groups]
        H = [
            [
                arb(int(i == j)) + sum((arb(v) for v, S in zip(gamma.tolist(), same, strict=True) if S[i, j]), arb(0))
                for j in range(n)
            ]
            for i in range(n)
        ]
        Xy = arb_mat([[arb(v) for v in row] for row in np.column_stack([design.X, design.y]).tolist()])
        M = Xy.transpose() * arb_mat(H).solve(Xy)
        XX = arb_mat([[M[i, j] for j in range(p)] for i in range(p)])
        rss = M.det() / XX.det()
        at = (n - p) * (1 + (2 * arb.pi() * rss / (n - p)).log()) + arb_mat(H).det().log() + XX.det().log()
        return float(at)


def lowest(design: Design, seeds: int = 2) -> tuple[Floats, float]:
    """gamma and criterion of the lowest point that was found."""

    def at(u: Floats) -> float:
        return criterion(design.X, design.y, design.terms, [np.full((1, 1), np.exp(v / 2)) for v in u])

    within = scipy.optimize.Bounds(*(np.full(len(design.groups), end) for end in LOG_GAMMA))
    found = [
        scipy.optimize.differential_evolution(at, within, seed=seed, popsize=40, tol=1e-12, maxiter=400)
        for seed in range(seeds)
    ]
    best = np.exp(min(found, key=lambda one: float(one.fun)).x)
    return best, exactly(design, best)


# (seed, terms): the far minimum is the lowest in some, the near one in others
TWO = (2, 5, 8, 12, 24, 27, 35, 40, 46, 49, 51, 54, 57)
THREE = (5, 16, 17, 20, 35, 37, 46, 47)
DESIGNS = (*((seed, 2) for seed in TWO), *((seed, 3) for seed in THREE))


def load() -> dict[tuple[int, int], float]:
    """The lowest criterion of each design."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["designs"]
    return {(entry["seed"], entry["terms"]): entry["lowest"] for entry in entries}


def main() -> None:
    """Write the file."""
    entries = []
    for seed, terms in DESIGNS:
        gamma, least = lowest(drawn(seed, terms))
        entries.append({"seed": seed, "terms": terms, "gamma": gamma.tolist(), "lowest": least})
    FILE.write_text(json.dumps({"schema": 1, "designs": entries}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
