"""Designs that packages meet, drawn in whole numbers: the same on every machine, and quick in exact arithmetic.

Every number is a whole one over a power of two, and no function is taken of it, so that numpy's and the processor's
rounding have no part in it; `RandomState.randint` is a stream that numpy keeps as it is (NEP 19, 2018).
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIT = 4  # y is a multiple of 1 / UNIT


@dataclass(frozen=True)
class Plan:
    """What the fixed part and the buckets are like."""

    sizes: tuple[int, ...]  # rows of each bucket
    within: int = 1  # covariates that vary within buckets, and little between them
    between: int = 0  # covariates that are constant in a bucket
    constant: bool = True  # whether the constant is the first column; without it, it is not in the span of X
    collinear: int = 0  # bits that the last covariate has in common with the one before it; 0: they are independent
    spread: float = 2.0  # of buckets: Vb is about 3 spread^2 Ve; 0: their mean residuals are 0, and so is Vb


@dataclass(frozen=True)
class Drawn:
    """The data of a plan: X (n, p), y (n,) and the number of each row's bucket; rows in a random order."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    codes: NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Of all numbers, so that frozen answers are used for the data that they were computed for alone."""
        parts = (np.ascontiguousarray(self.X, "<f8"), self.y.astype("<f8"), self.codes.astype("<i8"))
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def draw(plan: Plan, seed: int) -> Drawn:
    """y = X beta + bucket + row: bucket effects of both signs and clear of 0, rows nearly normal (four dice)."""
    rng = np.random.RandomState(seed)
    n_buckets = len(plan.sizes)
    codes = np.repeat(np.arange(n_buckets), plan.sizes)
    n = len(codes)
    X: list[NDArray[np.float64]] = [np.ones(n)] if plan.constant else []
    X += [rng.randint(-9, 10, n_buckets)[codes].astype(np.float64) for _ in range(plan.between)]
    X += [
        (rng.randint(-9, 10, n) + rng.randint(-3, 4, n_buckets)[codes]).astype(np.float64) for _ in range(plan.within)
    ]
    if plan.collinear:
        X[-1] = X[-2] + X[-1] / 2**plan.collinear
    columns = np.column_stack(X)
    effects = rng.randint(8, 25, n_buckets) * np.where(rng.permutation(n_buckets) % 2, 1, -1)
    rows = _dice(rng, n)
    if plan.spread == 0:
        starts = np.cumsum((0, *plan.sizes[:-1]))
        rows = rows - np.append(rows[1:], 0)  # a row less the next of its bucket, the last one less the first
        rows[np.cumsum(plan.sizes) - 1] = -np.add.reduceat(np.where(_is_last(codes), 0, rows), starts)
    beta = rng.randint(-3, 4, columns.shape[1])
    y = columns @ beta + (plan.spread * effects[codes] + rows) / UNIT
    order = rng.permutation(n)
    return Drawn(columns[order], y[order], codes[order])


def _dice(rng: np.random.RandomState, n: int) -> NDArray[np.int64]:
    return np.asarray(rng.randint(-8, 9, (4, n)).sum(axis=0), dtype=np.int64)


def _is_last(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.append(codes[1:] != codes[:-1], True)
