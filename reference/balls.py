"""Matrices of balls (Arb): each number with a radius that contains what it stands for.

Source: Johansson (2017), IEEE Transactions on Computers 66, 1281-1292.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import flint
from flint import arb, arb_mat, fmpq

WORKING = 110  # digits carried


@contextmanager
def precision() -> Iterator[None]:
    """Balls of so many digits."""
    with flint.ctx.workdps(WORKING):
        yield


def matrix(table: Sequence[Sequence[fmpq]]) -> arb_mat:
    """Rationals as balls."""
    with precision():
        return arb_mat([[arb(cell) for cell in row] for row in table])


def identity(n: int) -> arb_mat:
    """I (n, n)."""
    return arb_mat([[int(i == j) for j in range(n)] for i in range(n)]) if n else arb_mat(0, 0)


def unit(j: int, n: int) -> arb_mat:
    """Column j of I (n, n)."""
    return arb_mat([[int(i == j)] for i in range(n)])


def symmetric(upper: arb_mat) -> arb_mat:
    """The same on and above the diagonal, mirrored below it."""
    n = upper.nrows()
    return arb_mat([[upper[min(i, j), max(i, j)] for j in range(n)] for i in range(n)])


def stacked(top: arb_mat, bottom: arb_mat) -> arb_mat:
    """One above the other; what is missing at the right is 0."""
    whole = arb_mat(top.nrows() + bottom.nrows(), max(top.ncols(), bottom.ncols()))
    for i in range(top.nrows()):
        for j in range(top.ncols()):
            whole[i, j] = top[i, j]
    for i in range(bottom.nrows()):
        for j in range(bottom.ncols()):
            whole[top.nrows() + i, j] = bottom[i, j]
    return whole


def repeated(G: arb_mat, m: int) -> arb_mat:
    """I (x) G."""
    r = G.nrows()
    whole = arb_mat(m * r, m * r)
    for level in range(0, m * r, r):
        for a in range(r):
            for b in range(r):
                whole[level + a, level + b] = G[a, b]
    return whole


def dot(u: arb_mat, v: arb_mat) -> arb:
    """u'v of two columns."""
    return (u.transpose() * v)[0, 0]


def sum_of_products(A: arb_mat, B: arb_mat) -> arb:
    """tr A B' ."""
    return sum((A[i, j] * B[i, j] for i in range(A.nrows()) for j in range(A.ncols())), arb(0))


def mirrored(s: arb_mat, a: int, b: int, r: int) -> arb_mat:
    """(I (x) E) s, E the symmetric unit matrix of (a, b)."""
    out = arb_mat(s.nrows(), 1)
    for level in range(0, s.nrows(), r):
        out[level + a, 0] = s[level + b, 0]
        out[level + b, 0] = s[level + a, 0]
    return out


def sum_of_entries(S: arb_mat, a: int, b: int, r: int) -> arb:
    """tr (I (x) E) S."""
    return sum((S[level + a, level + b] for level in range(0, S.nrows(), r)), arb(0)) * (1 if a == b else 2)


def sum_over_pairs(S: arb_mat, E: tuple[int, int, int], F: tuple[int, int, int]) -> arb:
    """tr (I (x) E) S (I (x) F) S'."""
    (a, b, r), (c, d, w) = E, F
    total = arb(0)
    for e, f in {(a, b), (b, a)}:
        for g, h in {(c, d), (d, c)}:
            for i in range(0, S.nrows(), r):
                for j in range(0, S.ncols(), w):
                    total += S[i + f, j + g] * S[i + e, j + h]
    return total


def is_positive(A: arb_mat) -> bool:
    """Positive definite: every pivot of symmetric elimination is proved positive."""
    M = [[A[i, j] for j in range(A.ncols())] for i in range(A.nrows())]
    for k in range(len(M)):
        if not M[k][k] > 0:
            return False
        for i in range(k + 1, len(M)):
            factor = M[i][k] / M[k][k]
            M[i] = [value - factor * pivot for value, pivot in zip(M[i], M[k], strict=True)]
    return True
