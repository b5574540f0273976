"""Any linear covariance: a stationary point of the criterion proved in balls, and what follows from it.

    V = Ve I + sum_k Z_k (I (x) G_k) Z_k' = sum_j t_j A_j,     P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1
    g_j = tr P A_j - y'P A_j P y,    H_jl = -tr P A_j P A_l + 2 y'P A_j P A_l P y        (ML: V^-1 for P in the traces)

The cells are rationals. From a point that somebody found Newton's method goes on in balls (Arb); Krawczyk's test on a
box around its end proves that there is one zero of the gradient in the box, and no other:

    K = x - Y g(x) + (I - Y H(box)) (box - x)  inside the box,     Y near H(x)^-1

That is a fit if moreover, by balls, Ve > 0, every G_k is positive definite on its rank, the Hessian is, too, and out of
the face of a singular G_k the criterion rises: N'Gamma N is positive definite for Gamma = sum_l Z_l'(P - Pyy'P)Z_l (ML:
V^-1 for the first P) and N the null space of G_k. So it is a strict local minimum. That it is the lowest is for a
search to show (`several_minima.py`, `slopes.py`).

Proved is the model with Z_k T_k for Z_k, T_k rational, which makes the columns nearly orthonormal: a covariate far from
its zero would cost balls all their digits. G = T G_T T' is the same fit (theorem 26).
A G_k of rank d < r is [I; B] G_11 [I, B'] on d pivot rows: its parameters are the entries of G_11 and B.
Source: Krawczyk (1969), Computing 4, 187-201; Rump (2010), Acta Numerica 19, 287-449, section 13; Johansson (2017),
IEEE Transactions on Computers 66, 1281-1292 (Arb); Searle, Casella and McCulloch (1992), section 6.6.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat
from numpy.typing import NDArray

from reference import balls
from reference.chart import Chart, Entry

Floats = NDArray[np.float64]
RADIUS, STEPS = 30, 60  # digits of the box, and Newton's steps at most
SHRUNK = 3  # times that a box is made smaller, at most, before its numbers are given up
DIGITS = 25  # that are proved and given


class NotProvedError(ArithmeticError):
    """No stationary point was proved here, and why."""


class TooWideError(NotProvedError):
    """A ball is larger than the last digit that is to be given."""


def rational(cell: Any) -> fmpq:
    """A cell as it is written: text and decimals by their digits, a float by the digits that it prints."""
    ratio = Fraction(str(cell.item() if isinstance(cell, np.generic) else cell))
    return fmpq(ratio.numerator, ratio.denominator)


def exactly(cell: Any) -> fmpq:
    """A float as the number that it is."""
    return fmpq(*float(cell).as_integer_ratio())


@dataclass(frozen=True)
class Model:
    """X (n, p), y (n,) and terms [(Z T, codes)], in balls of no radius."""

    X: arb_mat
    y: arb_mat
    Z: Sequence[arb_mat]  # each (n, m r), level by level
    r: Sequence[int]
    T: Sequence[arb_mat]  # each (r, r)
    ml: bool = False

    @classmethod
    def of(cls, X: Any, y: Any, terms: Sequence[tuple[Any, Any]], *, ml: bool = False, read: Any = rational) -> "Model":
        """From tables of cells: text, decimals or floats."""
        dense, widths, Ts = [], [], []
        for Z, group in terms:
            codes = np.unique(np.asarray(group), return_inverse=True)[1]
            rows = fmpq_mat([[read(cell) for cell in row] for row in Z])
            T = _orthonormal(rows)
            rows = (rows * T).table()
            r, m = len(rows[0]), int(codes.max()) + 1
            Ts.append(balls.matrix(T.table()))
            table = [[fmpq(0)] * (m * r) for _ in rows]
            for i, (row, code) in enumerate(zip(rows, codes, strict=True)):
                table[i][code * r : (code + 1) * r] = row
            dense.append(balls.matrix(table))
            widths.append(r)
        return cls(
            balls.matrix([list(map(read, row)) for row in X]),
            balls.matrix([[read(cell)] for cell in y]),
            dense,
            widths,
            Ts,
            ml,
        )

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.X.nrows())

    @property
    def p(self) -> int:
        """Columns of X."""
        return int(self.X.ncols())

    @property
    def entries(self) -> list[Entry]:
        """Of all G, in order; Ve stands before them."""
        return [(k, a, b) for k, r in enumerate(self.r) for a in range(r) for b in range(a + 1)]


def _orthonormal(Z: fmpq_mat) -> fmpq_mat:
    """T (r, r), for which the columns of Z T are nearly orthonormal."""
    floats = np.array([[float(Fraction(int(cell.p), int(cell.q))) for cell in row] for row in Z.table()])
    T = np.linalg.inv(np.linalg.qr(floats, "r")) * np.sqrt(len(floats))
    return fmpq_mat([[exactly(cell) for cell in row] for row in T])


@dataclass(frozen=True)
class At:
    """The criterion's derivatives at Ve and the G_k, by the entries of these."""

    model: Model
    Ve: arb
    G: Sequence[arb_mat]

    @cached_property
    def V_inverse(self) -> arb_mat:
        """V^-1."""
        V = self.Ve * balls.identity(self.model.n)
        for Z, r, G in zip(self.model.Z, self.model.r, self.G, strict=True):
            V += Z * balls.repeated(G, Z.ncols() // r) * Z.transpose()
        return V.inv()

    @cached_property
    def C(self) -> arb_mat:
        """(X'V^-1 X)^-1."""
        return (self.model.X.transpose() * self.WX).inv()

    @cached_property
    def WX(self) -> arb_mat:
        """V^-1 X."""
        return self.V_inverse * self.model.X

    @cached_property
    def P(self) -> arb_mat:
        """V^-1 - V^-1 X C X'V^-1."""
        return self.V_inverse - self.WX * self.C * self.WX.transpose()

    @cached_property
    def Py(self) -> arb_mat:
        """P y."""
        return self.P * self.model.y

    @cached_property
    def scores(self) -> list[arb_mat]:
        """Z_k'P y, a column of m r."""
        return [Z.transpose() * self.Py for Z in self.model.Z]

    @cached_property
    def M(self) -> arb_mat:
        """P; ML: V^-1."""
        return self.V_inverse if self.model.ml else self.P

    @cached_property
    def PZ(self) -> list[arb_mat]:
        """P Z_k."""
        return [self.P * Z for Z in self.model.Z]

    @cached_property
    def MZ(self) -> list[arb_mat]:
        """M Z_k."""
        return [self.M * Z for Z in self.model.Z] if self.model.ml else self.PZ

    @cached_property
    def ZPZ(self) -> list[list[arb_mat]]:
        """Z_k'P Z_m, for every k and every m <= k."""
        return self._crossed(self.PZ)

    @cached_property
    def ZMZ(self) -> list[list[arb_mat]]:
        """Z_k'M Z_m, for every k and every m <= k."""
        return self._crossed(self.MZ) if self.model.ml else self.ZPZ

    def _crossed(self, columns: list[arb_mat]) -> list[list[arb_mat]]:
        return [[Z.transpose() * of_term for of_term in columns[: k + 1]] for k, Z in enumerate(self.model.Z)]

    @cached_property
    def information(self) -> arb_mat:
        """tr M A_j M A_l (q, q), twice the expected information, by Ve and the entries of the G_k."""
        model, entries = self.model, self.model.entries
        found = arb_mat(1 + len(entries), 1 + len(entries))
        found[0, 0] = balls.sum_of_products(self.M, self.M)
        squared = [MZ.transpose() * MZ for MZ in self.MZ]
        for j, (k, a, b) in enumerate(entries):
            found[0, 1 + j] = balls.sum_of_entries(squared[k], a, b, model.r[k])
            for i, (m, c, d) in enumerate(entries[: j + 1]):
                found[1 + i, 1 + j] = balls.sum_over_pairs(self.ZMZ[k][m], (a, b, model.r[k]), (c, d, model.r[m]))
        return balls.symmetric(found)

    @cached_property
    def derivatives(self) -> tuple[arb_mat, arb_mat]:
        """Gradient (q, 1) and Hessian (q, q) by Ve and the entries of the G_k."""
        model, entries, Py = self.model, self.model.entries, self.Py
        PPy = self.P * Py
        g, H = arb_mat(1 + len(entries), 1), arb_mat(1 + len(entries), 1 + len(entries))
        g[0, 0] = sum((self.M[i, i] for i in range(model.n)), arb(0)) - balls.dot(Py, Py)
        H[0, 0] = balls.dot(Py, PPy)
        Es = [balls.mirrored(self.scores[k], a, b, model.r[k]) for k, a, b in entries]
        for j, (k, a, b) in enumerate(entries):
            trace = balls.sum_of_entries(self.ZMZ[k][k], a, b, model.r[k])
            g[1 + j, 0] = trace - balls.dot(self.scores[k], Es[j])
            H[0, 1 + j] = balls.dot(model.Z[k].transpose() * PPy, Es[j])
            for i, (m, _, _) in enumerate(entries[: j + 1]):
                H[1 + i, 1 + j] = balls.dot(Es[j], self.ZPZ[k][m] * Es[i])
        return g, 2 * balls.symmetric(H) - self.information

    def along(self, w: arb_mat) -> list[arb_mat]:
        """A_j w (n, 1) by Ve and the entries."""
        model = self.model
        b = [Z.transpose() * w for Z in model.Z]
        return [w, *(model.Z[k] * balls.mirrored(b[k], a, c, model.r[k]) for k, a, c in model.entries)]

    @cached_property
    def criterion(self) -> arb:
        """f log 2 pi + log|V| + log|X'V^-1 X| + y'Py, f = n - p; ML: f = n, and without the determinant of X."""
        model, f = self.model, self.model.n - (0 if self.model.ml else self.model.p)
        of_X = arb(0) if model.ml else self.C.det().log()
        return f * (2 * arb.pi()).log() - self.V_inverse.det().log() - of_X + balls.dot(model.y, self.Py)

    @cached_property
    def beta(self) -> arb_mat:
        """C X'V^-1 y."""
        return self.C * (self.WX.transpose() * self.model.y)


# --- the proof --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certified:
    """What follows from a point that is proved: decimals, right to DIGITS digits relative to their unit."""

    G: list[list[list[Decimal]]]
    Ve: Decimal
    coef: list[Decimal]
    se: list[Decimal]
    criterion: Decimal
    df: list[Decimal]
    ranks: tuple[int, ...]
    covariance: list[list[Decimal]]  # of coef (p, p)
    proof: tuple[At, arb_mat, arb_mat] = field(repr=False)  # where, the chart's inverse Hessian, its slopes

    def ddf(self, contrasts: Any) -> list[Decimal]:
        """Satterthwaite's df of the rows l (q, p), floats as the numbers that they are."""
        with balls.precision():
            return [_proved(df, df) for df in (_df(*self.proof, row) for row in _columns(contrasts))]

    def ddf_balls(self, contrasts: Sequence[arb_mat] = ()) -> list[arb]:
        """Satterthwaite's df of columns l (p, 1), or of each coefficient, to be used within `balls.precision()`."""
        each = [balls.unit(j, len(self.coef)) for j in range(len(self.coef))]
        return [_df(*self.proof, row) for row in contrasts or each]

    def kenward_roger(self, contrasts: Any, *, expected: bool = True) -> list[tuple[Decimal, Decimal]]:
        """se and df of the rows l, W = 2 [tr P A_j P A_l]^-1 by the expected information, 2 H^-1 by the observed.

        By the observed one it asks that every G be of full rank. Source: Kenward and Roger (1997), Biometrics 53,
        983-997, for one contrast.
        """
        at, _, _ = self.proof
        if not expected and self.ranks != tuple(at.model.r):
            raise NotProvedError("Kenward and Roger's by the observed information is not defined where G is singular")
        with balls.precision():
            W = 2 * (at.information if expected else at.derivatives[1]).inv()
            return [_kenward_roger(at, W, row) for row in _columns(contrasts)]


def _columns(contrasts: Any) -> list[arb_mat]:
    return [arb_mat([[arb(float(cell))] for cell in row]) for row in contrasts]


def certify(model: Model, Ve: float, G: Sequence[Floats], ranks: Sequence[int]) -> Certified:
    """The strict local minimum near a point in floats, with G_k of the given ranks; raises NotProvedError."""
    with balls.precision():
        of_T = [_carried(T.inv(), G_k) for T, G_k in zip(model.T, G, strict=True)]
        chart = Chart(model.r, [_pivots(G_k, d) for G_k, d in zip(of_T, ranks, strict=True)])
        x = _newton(model, chart, chart.of(Ve, of_T))
        radius = max((abs(value) for value in x), key=float) * arb(10) ** -RADIUS
        box = _krawczyk(model, chart, [value + arb(0, 1) * radius for value in x])
        for _ in range(SHRUNK):  # the same zero, in a box as much smaller as the first was small
            box = _krawczyk(model, chart, box)
            with suppress(TooWideError):  # Vb / Ve of 1e6 costs digits of Ve
                return _proved_in(model, chart, box, tuple(ranks))
        return _proved_in(model, chart, _krawczyk(model, chart, box), tuple(ranks))


def _proved_in(model: Model, chart: Chart, box: Sequence[arb], ranks: tuple[int, ...]) -> Certified:
    at, H, J = _gradient(model, chart, box)
    _minimum(at, chart, box, H)
    return _numbers(at, H, J, ranks)


def _carried(A: arb_mat, G: Floats) -> Floats:
    """A G A' in floats, the products in balls."""
    exact = arb_mat([[arb(float(cell)) for cell in row] for row in np.asarray(G, dtype=float)])
    return np.array([[float(cell.mid()) for cell in row] for row in (A * exact * A.transpose()).tolist()])


def _gradient(model: Model, chart: Chart, x: Sequence[arb]) -> tuple[At, arb_mat, arb_mat]:
    """At x: the derivatives, and by the chart's parameters the Hessian J'HJ + sum of g_j d^2 t_j, and J."""
    at = At(model, x[0], chart.G(x))
    g, H = at.derivatives
    J, curved = chart.slopes(x, model.entries)
    of_chart = J.transpose() * H * J
    for e in range(1, len(model.entries) + 1):
        for i in range(chart.size):
            for j in range(chart.size):
                of_chart[i, j] += g[e, 0] * curved[e][i][j]
    return at, of_chart, J


def _newton(model: Model, chart: Chart, x: list[arb]) -> list[arb]:
    """Newton's method on midpoints, halved while the gradient does not shrink."""
    for _ in range(STEPS):
        at, H, J = _gradient(model, chart, x)
        try:
            step = H.solve(J.transpose() * at.derivatives[0])
        except ZeroDivisionError:
            raise NotProvedError("the Hessian is singular where Newton's method goes") from None
        x = [(value - step[i, 0]).mid() for i, value in enumerate(x)]
        if all(abs(step[i, 0]) < arb(10) ** (-RADIUS - 15) * abs(x[0]) for i in range(len(x))):
            return x
    raise NotProvedError(f"Newton's method does not end in {STEPS} steps")


def _krawczyk(model: Model, chart: Chart, box: list[arb]) -> list[arb]:
    """A box within this one, in both of which the gradient has exactly one zero."""
    x = [edge.mid() for edge in box]
    at, H, J = _gradient(model, chart, x)
    Y = H.mid().inv().mid()
    _, H_box, _ = _gradient(model, chart, box)
    shift, contraction = Y * (J.transpose() * at.derivatives[0]), balls.identity(len(x)) - Y * H_box
    width = arb_mat([[edge - value] for edge, value in zip(box, x, strict=True)])
    image = contraction * width
    for i, value in enumerate(x):
        if not box[i].contains_interior(value - shift[i, 0] + image[i, 0]):
            raise NotProvedError("Krawczyk's test fails: no box around this point has just one zero")
    return [value - shift[i, 0] + image[i, 0] for i, value in enumerate(x)]


def _minimum(at: At, chart: Chart, box: Sequence[arb], H: arb_mat) -> None:
    """Ve > 0, G_k and Hessian positive definite, and out of every face the criterion rises."""
    if not box[0] > 0:
        raise NotProvedError("Ve is not proved positive")
    if not balls.is_positive(H):
        raise NotProvedError("no minimum: the Hessian is not proved positive definite")
    for k, (G_11, B) in enumerate(chart.parts(box)):
        if not balls.is_positive(G_11):
            raise NotProvedError(f"G[{k}] is not proved positive definite on its rank")
        rest, d, r = chart.rest(k), len(chart.pivots[k]), chart.r[k]
        if rest:
            N, order = balls.stacked(-B.transpose(), balls.identity(r - d)), [*chart.pivots[k], *rest]
            rises, s, Z = arb_mat(r, r), at.scores[k], at.model.Z[k]
            S = Z.transpose() * (at.V_inverse if at.model.ml else at.P) * Z
            for level in range(0, S.nrows(), r):
                for i, a in enumerate(order):
                    for j, b in enumerate(order):
                        rises[i, j] += S[level + a, level + b] - s[level + a, 0] * s[level + b, 0]
            if not balls.is_positive(N.transpose() * rises * N):
                raise NotProvedError(f"the criterion is not proved to rise where G[{k}] has a larger rank")


def _numbers(at: At, H: arb_mat, J: arb_mat, ranks: tuple[int, ...]) -> Certified:
    p = at.model.p
    of_Z = [T * M * T.transpose() for T, M in zip(at.model.T, at.G, strict=True)]
    se = [at.C[j, j].sqrt() for j in range(p)]
    C = [[_proved(at.C[i, j], abs(se[i] * se[j])) for j in range(p)] for i in range(p)]
    inverse = H.inv()
    df = [_proved(value, value) for value in (_df(at, inverse, J, balls.unit(j, p)) for j in range(p))]
    return Certified(
        [[[_proved(M[a, b], at.Ve) for b in range(M.ncols())] for a in range(M.nrows())] for M in of_Z],
        _proved(at.Ve, at.Ve),
        [_proved(at.beta[j, 0], se[j]) for j in range(p)],
        [_proved(v, v) for v in se],
        _proved(at.criterion, arb(1)),
        df,
        ranks,
        C,
        (at, inverse, J),
    )


def _df(at: At, inverse: arb_mat, J: arb_mat, row: arb_mat) -> arb:
    """Satterthwaite's: (l'C l)^2 / g'H^-1 g, g the gradient of l'C l by the chart's parameters."""
    w = at.WX * (at.C * row)
    g = arb_mat([[balls.dot(w, part)] for part in at.along(w)])
    g = J.transpose() * g
    return balls.dot(row, at.C * row) ** 2 / balls.dot(g, inverse * g)


def _kenward_roger(at: At, W: arb_mat, row: arb_mat) -> tuple[Decimal, Decimal]:
    """Of l'beta, a_j = A_j w for w = V^-1 X C l: se^2 = l'Cl + 2 sum of W_jl a_j'P a_l, df = 2 (l'Cl)^2 / g'W g."""
    w = at.WX * (at.C * row)
    a, f = at.along(w), balls.dot(row, at.C * row)
    g = arb_mat([[balls.dot(w, part)] for part in a])
    P_a = [at.P * part for part in a]
    more = sum((W[j, i] * balls.dot(a[j], P_a[i]) for j in range(len(a)) for i in range(len(a))), arb(0))
    se, df = (f + 2 * more).sqrt(), 2 * f**2 / balls.dot(g, W * g)
    return _proved(se, se), _proved(df, df)


def _proved(ball: arb, unit: arb) -> Decimal:
    """The middle of a ball whose radius is below the last digit given, relative to a unit."""
    if not ball.rad() < abs(unit) * arb(10) ** -DIGITS:
        raise TooWideError(f"{ball} is not known to {DIGITS} digits")
    return Decimal(ball.mid().str(DIGITS + 5, radius=False))


def _pivots(G: Floats, d: int) -> list[int]:
    """Rows of the largest principal minor of d rows."""
    rows = combinations(range(len(G)), d)
    return list(max(rows, key=lambda chosen: float(np.linalg.det(G[list(chosen)][:, list(chosen)])) if chosen else 0.0))
