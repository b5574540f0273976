"""What the criterion of a mixed model needs of the data, the largest term put away level by level.

    y = X beta + sum_k Z_k b_k + e,   b_kl ~ N(0, G_k) for every level l,   e ~ N(0, Ve I),   G_k = Ve Lambda Lambda'

Of the term with the most columns in all, the rows Z_i (n_i, r) of a level have a QR factorisation of their own. It
rotates the level's rows of W = [Z_2 ... Z_K  X  y] into r rows that its effects touch, and n_i - r that they do not:

    Z_i = Q_i | A_i |,   Q_i'W_i = | B_i |,    Cov = | I + A_i Lambda Lambda'A_i'   0 |   (relative to Ve)
              |  0  |              |  .  |           |              0               I |

The rows that are not touched are kept as one triangle C. Levels of the same A_i, such as buckets of the same size, may
be rotated among one another, too, so that many levels become few rows. Nothing is squared.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmm_core import checks
from lmm_core.basis import ROWS_AT_A_TIME, Basis, least_squares_basis
from lmm_core.checks import Codes, Levels, Matrix, Vector
from lmm_core.qr import NEGLIGIBLE, Blocks, of_levels, triangular


@dataclass(frozen=True)
class Term:
    """Columns (n, r) in the basis Z T, in which Z'Z is I for a level on average; codes (n,) of its m levels."""

    columns: Matrix
    T: Matrix
    codes: Codes
    levels: Levels = field(repr=False)

    @property
    def m(self) -> int:
        """Number of levels."""
        return len(self.levels)

    @property
    def r(self) -> int:
        """Number of columns."""
        return self.columns.shape[1]

    def dense(self, rows: Codes) -> Matrix:
        """The rows of Z (rows, m r), level by level."""
        Z = np.zeros((len(rows), self.m, self.r))
        Z[np.arange(len(rows)), self.codes[rows]] = self.columns[rows]
        return Z.reshape(len(rows), -1)


@dataclass(frozen=True)
class Reduced:
    """The data of a model, reduced.

    terms: the largest first; order: their places among the arguments.   basis: coordinates of X and y; unit: of y.
    X (n, p).   A (g, r, r), counts (g,): the triangles of the first term that differ, and how many levels have each.
    B (M, r, c), of (M,): rows that its effects touch, and which A is theirs.   C (., c): rows that they do not.
    n, p, rank: rows, columns of X, rank of [X Z].
    """

    terms: Sequence[Term]
    order: Sequence[int]
    basis: Basis
    unit: float
    X: Matrix = field(repr=False)
    A: Blocks
    counts: Vector
    B: Blocks
    of: Codes
    C: Matrix
    n: int
    p: int
    rank: int

    @property
    def q(self) -> int:
        """Columns of the terms but the first."""
        return sum(term.m * term.r for term in self.terms[1:])

    def within_X(self) -> list[Vector]:
        """Singular values of X T, nearly orthonormal, within the levels of every term, and of all together."""
        within = [rotated(term, lambda rows: self.X[rows] @ self.basis.T)[2] for term in self.terms]
        Z, X = self.C[:, : self.q], self.C[:, self.q : -1]
        within.append(X - Z @ np.linalg.lstsq(Z, X)[0])
        return [np.asarray(np.linalg.svd(X_w, compute_uv=False), dtype=float) for X_w in within]


def read(X: ArrayLike, y: ArrayLike, terms: Any) -> tuple[Matrix, Vector, list[Term]]:
    """The arguments, checked. Raises ValueError."""
    X, y = checks.array("X", X, 2), checks.array("y", y, 1)
    checks.same_rows("X", len(X), "y", len(y))
    if X.shape[1] >= len(y):
        raise ValueError(f"X has {X.shape[1]} columns but only {len(y)} rows")
    if not isinstance(terms, Sequence) or len(terms) == 0:
        shown = "empty" if isinstance(terms, Sequence) else f"of type {type(terms).__name__}"
        raise ValueError(f"terms is {shown}; expected a list of pairs (Z, group), one for each term")
    return X, y, [_term(f"terms[{k}]", term, len(y)) for k, term in enumerate(terms)]


def _term(name: str, term: Any, n: int) -> Term:
    if not isinstance(term, tuple | list) or len(term) != 2:
        raise ValueError(f"{name} is of type {type(term).__name__}; expected a pair (Z, group)")
    Z, (codes, levels) = checks.array(f"Z of {name}", term[0], 2), checks.labels(f"group of {name}", term[1])
    checks.same_rows("X", n, f"Z of {name}", len(Z))
    checks.same_rows("X", n, f"group of {name}", len(codes))
    (Z, units), r = checks.in_units(Z), Z.shape[1]
    R = triangular(Z)
    lengths = np.linalg.norm(Z, axis=0)
    if len(R) < r or (rank := checks.numerical_rank(R, lengths, n)) < r:
        raise ValueError(f"Z of {name} has {r} columns but rank {rank if len(R) >= r else len(R)}")
    T = np.linalg.inv(R) * np.sqrt(len(levels))
    return Term(Z @ T, T / np.reshape(units, (-1, 1)), codes, levels)


def reduced(X: Matrix, y: Vector, terms: Sequence[Term], basis: Basis | None = None) -> Reduced:
    """One pass over the rows. Raises ValueError where X is not of full rank."""
    basis = basis or least_squares_basis(X, y)
    order = sorted(range(len(terms)), key=lambda k: -terms[k].m * terms[k].r)
    first, *others = (terms[k] for k in order)
    n, p = X.shape
    unit = float(np.sqrt(basis.residual @ basis.residual / (n - p))) or 1.0

    def rows(at: Codes) -> Matrix:
        return np.column_stack([*(term.dense(at) for term in others), X[at] @ basis.T, basis.residual[at] / unit])

    every_A, every_B, C, _ = rotated(first, rows)
    A, of, counts = np.unique(every_A.reshape(len(every_A), -1), axis=0, return_inverse=True, return_counts=True)
    order_of_A = np.argsort(of.ravel(), kind="stable")
    kept = [_fewer(B) for B in np.split(every_B[order_of_A], np.cumsum(counts)[:-1])]
    which, A = np.repeat(np.arange(len(A)), list(map(len, kept))), A.reshape(-1, first.r, first.r)
    return Reduced(
        terms=[first, *others],
        order=order,
        basis=basis,
        unit=unit,
        X=X,
        A=A,
        counts=counts.astype(float),
        B=np.asfortranarray(np.concatenate(kept)),
        of=which,
        C=C,
        n=n,
        p=p,
        rank=int(np.linalg.matrix_rank(A) @ counts) + _rank(C[:, :-1]),
    )


def rotated(term: Term, rows: Callable[[Codes], Matrix]) -> tuple[Blocks, Blocks, Matrix, Codes]:
    """A (m, r, r), B (m, r, c), C and the order (m,) of a term's levels, for columns that are given row by row."""
    every_A, every_B, C, order = [], [], None, []
    for at in _batches(term):
        m, n = at.shape
        W = rows(at.ravel()).reshape(m, n, -1)
        Q, A = of_levels(term.columns[at])
        touched = np.any(A != 0, axis=2)[:, None, :]
        B = np.swapaxes(Q * touched, 1, 2) @ W
        left = (W - (Q * touched) @ B).reshape(m * n, -1)
        C = triangular(left if C is None else np.vstack([C, left]))
        missing = ((0, 0), (0, term.r - A.shape[1]), (0, 0))
        every_A.append(np.pad(A, missing))
        every_B.append(np.pad(B, missing))
        order.append(term.codes[at[:, 0]])
    return np.concatenate(every_A), np.concatenate(every_B), np.asarray(C), np.concatenate(order)


def _batches(term: Term) -> Iterator[Codes]:
    """Rows of levels of one size, (levels, size), some thousand rows at a time."""
    sizes = np.bincount(term.codes)
    order, starts = np.argsort(term.codes, kind="stable"), np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        of_size = starts[sizes == size]
        step = max(1, ROWS_AT_A_TIME // size)
        for k in range(0, len(of_size), step):
            yield order[of_size[k : k + step, None] + np.arange(size)]


def _fewer(B: Blocks) -> Blocks:
    """The rows of levels with the same A, rotated among one another into no more than they have columns."""
    m, r, c = B.shape
    return B if m <= r * c else triangular(B.reshape(m, r * c)).reshape(-1, r, c)


def _rank(C: Matrix) -> int:
    return int(np.count_nonzero(np.linalg.svd(C, compute_uv=False) > NEGLIGIBLE * max(1.0, np.abs(C).max(initial=0.0))))
