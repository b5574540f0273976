"""A chart of the parameters of a linear covariance, by the ranks of its G_k.

G = [I; B] G_11 [I, B'] on d pivot rows, the largest principal minor: d (d + 1) / 2 + (r - d) d parameters, without sign
or rotation, in which the criterion of a fit of rank d has a regular Hessian.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from reference import balls

Floats = NDArray[np.float64]
Entry = tuple[int, int, int]  # of a G: term, row, column (row >= column)


@dataclass(frozen=True)
class Chart:
    """Ve and, for each term, the entries of G_11 and B on its pivot rows: G = [I; B] G_11 [I, B'] (in their order)."""

    r: Sequence[int]
    pivots: Sequence[Sequence[int]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return 1 + sum(
            len(d) * (len(d) + 1) // 2 + (r - len(d)) * len(d) for r, d in zip(self.r, self.pivots, strict=True)
        )

    def rest(self, k: int) -> list[int]:
        """Rows that are no pivots."""
        return [a for a in range(self.r[k]) if a not in self.pivots[k]]

    def parts(self, x: Sequence[arb]) -> list[tuple[arb_mat, arb_mat]]:
        """G_11 (d, d) and B (r - d, d) of each term."""
        found, at = [], 1
        for k, pivots in enumerate(self.pivots):
            d, rest = len(pivots), self.rest(k)
            G, B = arb_mat(d, d), arb_mat(len(rest), d)
            for a in range(d):
                for b in range(a + 1):
                    G[a, b] = G[b, a] = x[at]
                    at += 1
            for a in range(len(rest)):
                for b in range(d):
                    B[a, b] = x[at]
                    at += 1
            found.append((G, B))
        return found

    def G(self, x: Sequence[arb]) -> list[arb_mat]:
        """The G_k."""
        found = []
        for k, (G_11, B) in enumerate(self.parts(x)):
            order, d = [*self.pivots[k], *self.rest(k)], len(self.pivots[k])
            F = balls.stacked(balls.identity(d), B)
            whole, G = F * G_11 * F.transpose(), arb_mat(self.r[k], self.r[k])
            for i, a in enumerate(order):
                for j, b in enumerate(order):
                    G[a, b] = whole[i, j]
            found.append(G)
        return found

    def of(self, Ve: float, G: Sequence[Floats]) -> list[arb]:
        """The parameters of a point in floats."""
        x = [arb(float(Ve))]
        for k, pivots in enumerate(self.pivots):
            whole, rest, p = np.asarray(G[k], dtype=float), self.rest(k), list(pivots)
            x += [arb(float(whole[p[a], p[b]])) for a in range(len(p)) for b in range(a + 1)]
            if p and rest:
                B = np.linalg.solve(whole[np.ix_(p, p)], whole[np.ix_(p, rest)]).T
                x += [arb(float(cell)) for cell in B.ravel()]
        return x

    def slopes(self, x: Sequence[arb], entries: Sequence[Entry]) -> tuple[arb_mat, list[list[list[arb]]]]:
        """J (entries, parameters), and of each entry the second derivatives; Ve is entry and parameter 0."""
        parts, directions = self.parts(x), self._directions()
        J = arb_mat(1 + len(entries), self.size)
        J[0, 0] = arb(1)
        first, second = {}, {}
        for i, (k, dF, dG) in enumerate(directions, 1):
            G, B = parts[k]
            F = balls.stacked(balls.identity(len(self.pivots[k])), B)
            first[i] = dF * G * F.transpose() + F * dG * F.transpose() + F * G * dF.transpose()
            for j, (m, eF, eG) in enumerate(directions[:i], 1):
                if m == k:
                    half = dF * G * eF.transpose() + dF * eG * F.transpose() + eF * dG * F.transpose()
                    second[i, j] = second[j, i] = half + half.transpose()
        curved = [[[arb(0)] * self.size for _ in range(self.size)] for _ in range(1 + len(entries))]
        for e, (k, a, b) in enumerate(entries, 1):
            order = [*self.pivots[k], *self.rest(k)]
            u, v = order.index(a), order.index(b)
            for i, (m, _, _) in enumerate(directions, 1):
                if m == k:
                    J[e, i] = first[i][u, v]
                    for j, (w, _, _) in enumerate(directions, 1):
                        if w == k:
                            curved[e][i][j] = second[i, j][u, v]
        return J, curved

    def _directions(self) -> list[tuple[int, arb_mat, arb_mat]]:
        """Of each parameter but Ve: its term, and what it changes in F = [I; B] and in G_11."""
        found = []
        for k, pivots in enumerate(self.pivots):
            d, r = len(pivots), self.r[k]
            for a in range(d):
                for b in range(a + 1):
                    dG = arb_mat(d, d)
                    dG[a, b] = dG[b, a] = arb(1)
                    found.append((k, arb_mat(r, d), dG))
            for a in range(d, r):
                for b in range(d):
                    dF = arb_mat(r, d)
                    dF[a, b] = arb(1)
                    found.append((k, dF, arb_mat(d, d)))
        return found
