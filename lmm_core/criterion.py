"""The criterion of a mixed model, profiled over beta and Ve, and its derivatives by the entries of Gamma_k = G_k / Ve.

With H = V / Ve, P = H^-1 - H^-1 X (X'H^-1 X)^-1 X'H^-1 and f = n - p (REML), or P's first part alone and f = n (ML):

    criterion = f (1 + log(2 pi y'Py / f)) + log|H| + log|X'H^-1 X|          (ML: without the last)

and, E and F two symmetric changes of the Gamma, S = Z'PZ (ML: Z'H^-1 Z where it stands alone), s = Z'Py, Ve = y'Py / f:

    by E: tr S E - s'E s / Ve,    by E and F: 2 s'E S F s / Ve - tr S E S F - (s'E s / Ve)(s'F s / Ve) / f

(Searle, Casella and McCulloch, 1992, section 6.6). They are sums over pairs of levels. The first term is whitened level
by level, so its part of S is D - U U', block diagonal less what the few columns of the others explain; the rest is
dense.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from lmm_core.checks import Matrix, Vector
from lmm_core.qr import QR, Blocks, diagonal_above_identity, whitened
from lmm_core.terms import Reduced

TOGETHER = 2**17  # entries of the first term's triangles that are whitened together
Entries = NDArray[np.float64]  # by the entries (a, b) of one Gamma and (c, d) of another: (r, r, r', r')


@dataclass(frozen=True)
class At:
    """The criterion where G_k = Ve Lambda_k Lambda_k', for each term a matrix (r, d) in the basis of its columns."""

    data: Reduced
    Lambda: Sequence[Matrix]
    ml: bool = False

    @property
    def df(self) -> int:
        """f: n - p, or n by ML."""
        return self.data.n - (0 if self.ml else self.data.p)

    @cached_property
    def _first(self) -> tuple[Blocks, QR, float]:
        """The first term away: N', what is left of the rows, and log|H_1| / 2."""
        N, logs = whitened(self.data.A @ self.Lambda[0])
        return N, _left(self.data, N), float(logs @ self.data.counts)

    @property
    def half(self) -> Blocks:
        """D^1/2 = N'A (g, r, r) of the first term."""
        return self._first[0] @ self.data.A

    @cached_property
    def _others(self) -> tuple[Matrix, Matrix, Matrix, float]:
        """The other terms away from the triangle R = [Z_2 .. X y]: N'R, N (k, k), J with J J' = I - N N', log."""
        R, q = self._first[1].R, self.data.q
        others = zip(self.data.terms[1:], self.Lambda[1:], strict=True)
        L = block_diag(*(np.kron(np.eye(term.m), Lambda) for term, Lambda in others)) if q else np.zeros((0, 0))
        k, t, d = len(R), min(len(R), q), L.shape[1]
        N, J, log = np.eye(k), np.zeros((k, d)), 0.0
        if d:
            stacked = QR(np.vstack([R[:t, :q] @ L, np.eye(d)]))
            Q, log = stacked.complete(t), float(np.log(np.abs(stacked.R.diagonal())).sum())
            J[:t], N[:t, :t] = Q[:, :d], Q[:, d:]
        return N.T @ R, N, J, log

    @cached_property
    def _fixed(self) -> tuple[Matrix, Matrix, Vector]:
        """Q (k, p) and the triangle of X whitened, and the residual of y."""
        R, p, q = self._others[0], self.data.p, self.data.q
        Q, T = np.linalg.qr(R[:, q : q + p])
        e = R[:, -1] - Q @ (Q.T @ R[:, -1])
        return Q, T, e - Q @ (Q.T @ e)

    @property
    def rss(self) -> float:
        """y'Py, in squared units of y."""
        return float(self._fixed[2] @ self._fixed[2])

    @property
    def Ve(self) -> float:
        """y'Py / f, in squared units of y."""
        return self.rss / self.df

    @cached_property
    def criterion(self) -> float:
        """In the coordinates and the unit of the data."""
        logs = self._first[2] + self._others[3]
        if not self.ml:
            logs += float(np.log(np.abs(self._fixed[1].diagonal())).sum())
        return float(self.df * (1 + np.log(2 * np.pi * self.Ve)) + 2 * logs)

    @cached_property
    def derivatives(self) -> tuple[list[Matrix], list[Matrix], Matrix, Matrix]:
        """tr S and s s' / Ve of each term (r, r), and tr S E S F and s'E S F s / Ve by the entries of all Gamma."""
        q, (Q, _, _), (R, _, J, _) = self.data.q, self._fixed, self._others
        U, lift, s = self._levels, self._lift, self.scores()
        Z, without_X = R[:, :q], R[:, :q] - Q @ (Q.T @ R[:, :q])
        P = Products(self, _along(U, np.hstack([J, lift(Q)])), _along(U, lift(without_X)), without_X.T @ without_X)
        H = Products(self, _along(U, J), _along(U, lift(Z)), Z.T @ Z) if self.ml else P
        return H.traces(), [v.T @ v / self.Ve for v in s], H.squared(), P.quadratic(s) / self.Ve

    def scores(self) -> list[NDArray[np.float64]]:
        """s = Z'Py of each term, level by level (m, r); of the first, in rotated levels."""
        R, e = self._others[0], self._fixed[2]
        return [self._levels @ self._lift(e), *self._by_level(R[:, : self.data.q].T @ e)]

    @cached_property
    def _levels(self) -> NDArray[np.float64]:
        """A'N Q (M, r, k): the first term's columns, whitened, along the rows that R stands for."""
        M, r, _ = self.data.B.shape
        Q = self._first[1].Q()[len(self.data.C) :].T.reshape(-1, r, M)
        return np.ascontiguousarray(np.einsum("iab,jai->jbi", _of_levels(self.data, self.half), Q).T)

    def _lift(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """N times columns: from coordinates that are whitened to those of R."""
        return self._others[1] @ columns

    def _by_level(self, rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Rows (q, ...) of the other terms, (m, r, ...) each."""
        ends = np.cumsum([term.m * term.r for term in self.data.terms[1:]])
        parts = np.split(rows, ends[:-1]) if len(ends) else []
        terms = self.data.terms[1:]
        return [part.reshape(term.m, term.r, *rows.shape[1:]) for term, part in zip(terms, parts, strict=True)]

    def effects(self) -> tuple[Vector, Matrix, list[NDArray[np.float64]]]:
        """beta, F with F F' = (X'H^-1 X)^-1, and Z'H^-1 X F (m, r, p) of each term, all in the basis of X."""
        q, p, (Q, T, _), R = self.data.q, self.data.p, self._fixed, self._others[0]
        F: Matrix = np.asarray(np.linalg.inv(T), dtype=float)
        return F @ (Q.T @ R[:, q + p]), F, [self._levels @ self._lift(Q), *self._by_level(R[:, :q].T @ Q)]


def _left(data: Reduced, N: Blocks) -> QR:
    """The rows [C; N'B] = Q R, the first of every level first."""
    (M, r, c), k = data.B.shape, len(data.C)
    rows = np.empty((k + r * M, c), order="F")
    rows[:k] = data.C
    np.einsum("iab,ibc->cai", _of_levels(data, N), data.B, out=rows[k:].T.reshape(c, r, M))
    return QR(rows)


def _of_levels(data: Reduced, N: Blocks) -> Blocks:
    """N (M, r, r) of each level; as B, the levels together in memory."""
    return np.asfortranarray(N[data.of])


def scan(data: Reduced, lambdas: Sequence[Matrix], *, ml: bool) -> NDArray[np.float64]:
    """The criterion where Lambda_k is the diagonal of any row of lambdas[k] (g_k, r_k): (g_1, ..., g_K).

    T = qr([[RL, R_X, R_y], [I, 0, 0]]),  2 sum log |diag T[:q + p]| + f (1 + log(2 pi T[-1, -1]^2 / f))    (ML: T[:q])
    """
    n, p, q = data.n, data.p, data.q
    df, of_H = (n, q) if ml else (n - p, q + p)
    m = [term.m for term in data.terms[1:]]
    scales = [np.concatenate([*map(np.tile, rows, m), np.ones(p + 1)]) for rows in product(*lambdas[1:])]
    diagonals, logs_of_H = [], []
    for N, log in _whitened_at(data, lambdas[0]):
        diagonals.append(_diagonals(_left(data, N), scales, q))
        logs_of_H.append(log)
    with np.errstate(divide="ignore"):
        logs = np.log(diagonals)
    halves = logs[..., :of_H].sum(axis=-1) + np.array(logs_of_H)[:, None]
    criteria = df * (1 + np.log(2 * np.pi / df) + 2 * logs[..., -1]) + 2 * halves
    return criteria.reshape([len(rows) for rows in lambdas])


def _whitened_at(data: Reduced, diagonals: Matrix) -> Iterator[tuple[Blocks, float]]:
    """N' and log|H_1| / 2 where Lambda_1 is the diagonal of each row, those of many small levels together."""
    g, at_once = len(data.A), max(1, TOGETHER // data.A.size)
    for start in range(0, len(diagonals), at_once):
        rows = diagonals[start : start + at_once]
        N, logs = whitened((data.A * rows[:, None, None, :]).reshape(-1, *data.A.shape[1:]))
        yield from zip(N.reshape(-1, *data.A.shape), logs.reshape(-1, g) @ data.counts, strict=True)


def _diagonals(left: QR, scales: Sequence[Vector], q: int) -> list[Vector]:
    """|diag T| of [[RL, R_X, R_y], [I, 0, 0]] for each scale L of the columns."""
    if q == 0:
        return [left.diagonal()]
    R = np.zeros((left.c, left.c), order="F")
    R[: left.k] = left.R
    return [diagonal_above_identity(R * L, q) for L in scales]


class Products:
    """Sums over pairs of levels of S: of the first term D - V V', of the first and the others, and of these."""

    def __init__(self, at: At, V: NDArray[np.float64], first: NDArray[np.float64], others: Matrix) -> None:
        """V (M, r, j), first (M, r, q), others (q, q)."""
        half = at.half
        self.V, self.D, self.of, self.counts = V, np.swapaxes(half, 1, 2) @ half, at.data.of, at.data.counts
        dims = [V.shape[:2], *((term.m, term.r) for term in at.data.terms[1:])]
        ends = np.cumsum([0, 0, *(m * r for m, r in dims[1:])])
        columns = [slice(*ends) for ends in pairwise(ends)]
        self.K, self.S = len(dims), {}
        for j in range(1, self.K):
            for i in range(j + 1):
                S = others[columns[i], columns[j]] if i else first[:, :, columns[j]]
                self.S[i, j] = S.reshape(*dims[i], *dims[j])

    def traces(self) -> list[Matrix]:
        """Sum over the levels of S_ll (r, r), for each term."""
        D = np.tensordot(self.counts, self.D, 1) - np.einsum("iat,ibt->ab", self.V, self.V)
        return [D, *(np.einsum("iaib->ab", self.S[k, k]) for k in range(1, self.K))]

    def squared(self) -> Matrix:
        """tr S E S F."""
        D, V, D_of = self.D, self.V, self.D[self.of]
        (M, r, t), P = V.shape, V @ np.swapaxes(V, 1, 2)
        rows = V.transpose(1, 2, 0).reshape(r * t, M)
        VV = (rows @ rows.T).reshape(r, t, r, t).transpose(0, 2, 1, 3).reshape(r * r, t * t)
        DP = np.einsum("iac,ibd->abcd", D_of, P)
        DD = np.einsum("g,gac,gbd->abcd", self.counts, D, D)
        return self._table(
            DD - DP - DP.transpose(1, 0, 3, 2) + (VV @ VV.T).reshape(DD.shape), lambda i, j: _squared(self.S[i, j])
        )

    def quadratic(self, s: Sequence[Matrix]) -> Matrix:
        """s'E S F s."""
        sV = np.tensordot(s[0], self.V, (0, 0))
        sDs = np.einsum("ia,ibc,id->abcd", s[0], self.D[self.of], s[0])
        return self._table(sDs - np.einsum("abt,dct->abcd", sV, sV), lambda i, j: _quadratic(s[i], self.S[i, j], s[j]))

    def _table(self, first: Entries, of: Callable[[int, int], Entries]) -> Matrix:
        """Symmetric, by the entries of every Gamma."""
        T = {(0, 0): first, **{pair: of(*pair) for pair in self.S}}
        flat = {pair: part.reshape(part.shape[0] ** 2, -1) for pair, part in T.items()}
        K = range(self.K)
        return np.block([[flat[i, j] if i <= j else flat[j, i].T for j in K] for i in K])


def _along(U: NDArray[np.float64], columns: Matrix) -> NDArray[np.float64]:
    """U (M, r, k) times columns (k, j), as one product."""
    M, r, k = U.shape
    return (U.reshape(M * r, k) @ columns).reshape(M, r, -1)


def _squared(S: NDArray[np.float64]) -> Entries:
    """Sum over i, j of S_ia,jc S_ib,jd."""
    _, r, _, w = S.shape
    rows = S.transpose(1, 3, 0, 2).reshape(r * w, -1)
    return (rows @ rows.T).reshape(r, w, r, w).transpose(0, 2, 1, 3)


def _quadratic(s: Matrix, S: NDArray[np.float64], t: Matrix) -> Entries:
    """Sum over i, j of s_ia S_ib,jc t_jd."""
    return np.tensordot(np.tensordot(s, S, (0, 0)), t, (2, 0))
