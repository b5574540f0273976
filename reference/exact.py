"""REML to 50 digits, for the float64 numbers exactly as they stand, with the proof that no minimum is missed.

A float64 is a rational number, so with gamma = Vb / Ve and s the column sums of [X y] in a bucket of n frogs

    M(gamma) = [X y]'[X y] - sum over buckets of gamma / (1 + n gamma) s s'
    |M_XX(gamma)| = |X'H^-1 X|,    rss(gamma) = |M| / |M_XX|,    |H| = product of (1 + n gamma)

are rational functions with rational coefficients, and so is the derivative of

    criterion(gamma) = (N - p) log rss + log|H| + log|M_XX| + constant.

The positive roots of its numerator, a polynomial, are all the places where the criterion can turn. FLINT
isolates every one of them with a certificate; at each, at gamma = 0 and in the limit of gamma = infinity (Ve = 0),
where it is finite, the criterion is computed in ball arithmetic, whose radius is the proof of its digits. Nothing is
searched and no rank is estimated, so nothing is shared with an implementation that is judged: no grid, no start, no
stopping rule, no refusal.

Derivatives are truncated power series (arb_series) put through the same formulas.

Source: Johansson (2017), IEEE Transactions on Computers 66, 1281-1292 (Arb); Gentle (2007), Matrix Algebra,
section 5.9 (Gaussian elimination); Bareiss (1968), Mathematics of Computation 22, 565-578 (without fractions).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement, pairwise
from math import prod
from typing import Any, NamedTuple

import flint
import numpy as np
from flint import arb, arb_series, fmpq, fmpq_poly, fmpz_poly
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

Labels = Sequence[object] | NDArray[np.generic]
Table = NDArray[Any]  # an array of numbers of FLINT: rationals, polynomials, balls or series of balls
Number = Any  # one of them

DIGITS = 50  # that are proved
WORKING_DIGITS = (100, 200, 400)  # of the arithmetic; the next where the balls have grown too large for the proof
REMEMBERED = 1024  # answers
GAMMA, ONE = fmpq_poly([0, 1]), fmpq_poly([1])


class NoMinimumError(ValueError):
    """The criterion has no minimum with Ve > 0, or does not depend on Vb / Ve, or is lowest at several places."""


class TieError(NoMinimumError):
    """Two places are lowest, or the balls of their criteria are too large to say which is."""


@dataclass(frozen=True)
class ExactFit:
    """The REML fit; `df` is Satterthwaite's, per coefficient, and N - p of each at the boundary.

    `stationary` has every positive gamma at which the criterion has derivative 0, in ascending order.
    """

    Vb: Decimal
    Ve: Decimal
    coef: list[Decimal]
    se: list[Decimal]
    df: list[Decimal]
    criterion: Decimal
    stationary: list[Decimal]

    @property
    def singular(self) -> bool:
        """Whether Vb = 0."""
        return self.Vb == 0


class ExactModel:
    """y = X beta + Z b + e with every sum exact. To be used within `flint.ctx.workdps(...)`."""

    def __init__(self, X: ArrayLike, y: ArrayLike, group: Labels) -> None:
        """Take the data: X (n, p), y (n,), group n labels."""
        A = np.column_stack([np.asarray(X, float), np.asarray(y, float)])
        units = [max((value.as_integer_ratio()[1] for value in column), default=1) for column in A.T.tolist()]
        whole = np.array(
            [[_whole(value, unit) for value, unit in zip(row, units, strict=True)] for row in A.tolist()], dtype=object
        )
        _, codes = np.unique(np.asarray(group), return_inverse=True)
        sizes = np.bincount(codes)
        sums = np.full((len(sizes), A.shape[1]), 0, dtype=object)
        np.add.at(sums, codes, whole)
        self.n, self.p = len(A), A.shape[1] - 1
        scale = np.array([[fmpq(1, a * b) for b in units] for a in units], dtype=object)
        self.total: Table = (whole.T @ whole) * scale
        self.by_size: dict[int, Table] = {
            int(n): (sums[sizes == n].T @ sums[sizes == n]) * scale for n in np.unique(sizes)
        }
        self.n_buckets = {n: int(np.count_nonzero(sizes == n)) for n in self.by_size}

    # --- the criterion ----------------------------------------------------------------------------------

    def moments(self, gamma: Number) -> Table:
        """M(gamma) = [X y]'H^-1 [X y]."""
        return self.total - sum(_times(outer, gamma / (1 + n * gamma)) for n, outer in self.by_size.items())

    def pivots(self, gamma: Number) -> Table:
        """Pivots of Gaussian elimination of M: their product over X is |X'H^-1 X|, the last one is rss."""
        return np.diag(_eliminated(self.moments(gamma), self.p))

    def residual_variance(self, gamma: Number) -> Number:
        """Ve = rss / (n - p)."""
        return self.pivots(gamma)[-1] / (self.n - self.p)

    def criterion(self, Vb: Number, Ve: Number) -> Number:
        """-2 log REML likelihood: (n-p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r."""
        *of_X, rss = self.pivots(Vb / Ve)
        det_H = prod(((1 + n * (Vb / Ve)) ** count for n, count in self.n_buckets.items()), start=arb(1))
        return (self.n - self.p) * (2 * arb.pi() * Ve).log() + (det_H * prod(of_X, start=arb(1))).log() + rss / Ve

    def profiled(self, gamma: Number) -> Number:
        """The criterion where Ve = rss / (n - p)."""
        Ve = self.residual_variance(gamma)
        return self.criterion(gamma * Ve, Ve)

    # --- all its stationary points ----------------------------------------------------------------------

    @cached_property
    def polynomials(self) -> tuple[fmpq_poly, fmpq_poly, fmpq_poly]:
        """P = product of (1 + n gamma) over the distinct sizes, b = |P M_XX| and a = |P M|.

        Raises:
            NoMinimumError: X is rank-deficient, or y is in its span.
        """
        P = prod((1 + n * GAMMA for n in self.by_size), start=ONE)
        between = sum(_times(outer, GAMMA * self._without(n)) for n, outer in self.by_size.items())
        minors = _leading_minors(_times(self.total, P) - between)
        b, a = (minors[-2] if self.p else ONE), minors[-1]
        if a == 0 or b == 0:
            raise NoMinimumError("the columns of [X y] are linearly dependent: rss is 0 for every gamma")
        return P, b, a

    def _without(self, n: int) -> fmpq_poly:
        """P / (1 + n gamma)."""
        return prod((1 + m * GAMMA for m in self.by_size if m != n), start=ONE)

    @property
    def rank(self) -> int:
        """rank[X Z] = p + the degree in gamma of |H| |M_XX|, |X'X| times the product of (1 + gamma lambda_i)."""
        P, b, _ = self.polynomials
        return int(sum(self.n_buckets.values()) + b.degree() - self.p * (P.degree() - 1))

    @cached_property
    def score_numerator(self) -> fmpz_poly:
        """A polynomial whose positive roots are the positive roots of the score, with its sign there.

        With P, a and b as above,

            score = (N-p) a'/a - (N-p-1) b'/b - N P'/P + sum over buckets of n / (1 + n gamma)

        is multiplied by a b P, which is positive for gamma >= 0. Factors 1 + n gamma, which have no positive
        root, are divided out.

        Raises:
            NoMinimumError: as `polynomials`; the criterion does not depend on gamma; or it falls without bound.
        """
        P, b, a = self.polynomials
        of_H = sum(count * n * self._without(n) for n, count in self.n_buckets.items()) - self.n * P.derivative()
        df = self.n - self.p
        numerator = (df * a.derivative() * b - (df - 1) * a * b.derivative()) * P + a * b * of_H
        if numerator == 0 and self.rank == self.p:
            raise NoMinimumError("X describes every bucket: the criterion does not depend on Vb")
        if numerator == 0:
            raise NoMinimumError("K'ZZ'K is proportional to K'K: the criterion does not depend on Vb / Ve")
        if a.degree() < b.degree() + P.degree() and self.rank < self.n:
            raise NoMinimumError("y is a combination of the columns of X and the buckets: rss goes to 0 with 1 / gamma")
        for n in self.by_size:
            while numerator(fmpq(-1, n)) == 0:
                numerator //= 1 + n * GAMMA
        whole = numerator.numer()
        return whole // whole.content()

    def stationary(self) -> list[arb]:
        """Every gamma > 0 at which the score is 0, in ascending order, each enclosed by a ball of its own."""
        real = [root.real for root, _ in self.score_numerator.complex_roots() if root.imag == 0]
        return sorted((gamma for gamma in real if gamma > 0), key=lambda gamma: gamma.mid())

    def limit(self) -> arb | None:
        """The profiled criterion in the limit of gamma = infinity, where Ve is 0; None where it rises without bound.

        With rank[X Z] = N both gamma rss and |H| |M_XX| / gamma^(N - p) have limits: quotients of the leading
        coefficients of the polynomials. The powers of gamma cancel.
        """
        if self.rank < self.n:
            return None
        df = self.n - self.p
        leading_P, leading_b, leading_a = (poly[poly.degree()] for poly in self.polynomials)
        det_Z = prod((fmpq(n) ** count for n, count in self.n_buckets.items()), start=fmpq(1))
        rss, det = arb(leading_a / (leading_b * leading_P)), arb(det_Z * leading_b / leading_P**self.p)
        return df * (1 + (2 * arb.pi() * rss / df).log()) + det.log()

    def best_gamma(self, stationary: Sequence[arb]) -> Number:
        """The gamma of the lowest criterion: of all stationary points, of 0, and of the limit where Ve is 0.

        Raises:
            NoMinimumError: as `score_numerator`; or Ve = 0 is lowest; or two are lowest (`TieError`).
        """
        places = [(gamma, self.profiled(arb(gamma))) for gamma in (fmpq(0), *stationary)]
        limit = self.limit()
        if limit is not None:
            places.append((None, limit))
        lowest = [gamma for gamma, criterion in places if not any(other < criterion for _, other in places)]
        if len(lowest) > 1:
            names = " and ".join("infinity" if gamma is None else arb(gamma).str(8, radius=False) for gamma in lowest)
            raise TieError(f"the criterion is lowest at gamma = {names}")
        if lowest[0] is None:
            raise NoMinimumError("the criterion is lowest at Ve = 0")
        return lowest[0]

    # --- what follows from a gamma ----------------------------------------------------------------------

    def beta(self, gamma: Number) -> Table:
        """(X'H^-1 X)^-1 X'H^-1 y."""
        M = self.moments(gamma)
        return _inverse(M[:-1, :-1]) @ M[:-1, -1]

    def covariance(self, Vb: Number, Ve: Number) -> Table:
        """Cov(beta) = (X'V^-1 X)^-1."""
        return _times(_inverse(self.moments(Vb / Ve)[:-1, :-1]), Ve)

    def gradient(self, Vb: Number, Ve: Number) -> tuple[arb, arb]:
        """Derivatives of the criterion by Vb and Ve."""
        by_Vb, by_Ve = (self.criterion(*_line(Vb, Ve, direction)) for direction in ((1, 0), (0, 1)))
        return by_Vb[1], by_Ve[1]

    def derivatives(self, Vb: Number, Ve: Number) -> tuple[Table, Table, Table]:
        """dCov(beta)/dVb, dCov(beta)/dVe, and Cov(Vb, Ve) = 2 Hessian^-1.

        A second derivative in the direction (1, 1) is the sum of all four, which gives the mixed one.
        """
        bb, ee, both = (2 * self.criterion(*_line(Vb, Ve, direction))[2] for direction in ((1, 0), (0, 1), (1, 1)))
        mixed = (both - bb - ee) / 2
        hessian = np.array([[bb, mixed], [mixed, ee]], dtype=object)
        slope = np.vectorize(lambda entry: entry[1], otypes=[object])
        by_Vb, by_Ve = (slope(self.covariance(*_line(Vb, Ve, direction))) for direction in ((1, 0), (0, 1)))
        return by_Vb, by_Ve, 2 * _inverse(hessian)


class Frozen(NamedTuple):
    """An array as a key of the answers that are remembered: a class of submissions is asked the same."""

    values: bytes
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: NDArray[Any]) -> "Frozen":
        """The array, frozen."""
        return cls(array.tobytes(), array.dtype.str, array.shape)

    @property
    def array(self) -> NDArray[Any]:
        """The array, read-only."""
        return np.frombuffer(self.values, self.dtype).reshape(self.shape)


def _frozen(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[Frozen, Frozen, Frozen]:
    codes = np.unique(np.asarray(group), return_inverse=True)[1]
    return Frozen.of(np.asarray(X, float)), Frozen.of(np.asarray(y, float)), Frozen.of(codes)


def reml(X: ArrayLike, y: ArrayLike, group: Labels) -> ExactFit:
    """The REML fit of these very numbers, every digit of the first 50 proved.

    Raises:
        NoMinimumError: the criterion has no minimum with Ve > 0, does not depend on Vb / Ve, or has two lowest minima.
    """
    asked = _frozen(X, y, group)
    name = hashlib.sha256(repr(asked).encode()).hexdigest()
    if name not in ANSWERS:
        if len(ANSWERS) == REMEMBERED:
            ANSWERS.pop(next(iter(ANSWERS)))
        ANSWERS[name] = _reml(*asked)
    return ANSWERS[name]


ANSWERS: dict[str, ExactFit] = {}  # of `reml`, by a digest of the numbers that it was asked about


def _reml(X: Frozen, y: Frozen, codes: Frozen) -> ExactFit:
    model = ExactModel(X.array, y.array, codes.array)
    for digits in WORKING_DIGITS:
        try:
            with flint.ctx.workdps(digits):
                fit = _fit(model)
        except TieError:
            if digits == WORKING_DIGITS[-1]:
                raise
        else:
            if fit is not None:
                return fit
    raise ArithmeticError(f"{WORKING_DIGITS[-1]} digits are not enough for {DIGITS} that are proved")


def _fit(model: ExactModel) -> ExactFit | None:
    """The fit, or None where a ball is too large to prove its digits."""
    stationary = model.stationary()
    gamma = model.best_gamma(stationary)
    Ve = model.residual_variance(arb(gamma))
    Vb = gamma * Ve
    variances = np.diag(model.covariance(Vb, Ve))
    df = np.full(model.p, arb(model.n - model.p), dtype=object)
    if gamma != 0:
        by_Vb, by_Ve, covariance = model.derivatives(Vb, Ve)
        g = np.stack([np.diag(by_Vb), np.diag(by_Ve)])
        df = 2 * variances**2 / np.sum(g * (covariance @ g), axis=0)
    se = [variance.sqrt() for variance in variances]
    coef, criterion = list(model.beta(arb(gamma))), model.criterion(Vb, Ve)
    proved = [
        *((number, number) for number in (Vb, Ve, *se, *df, *stationary)),
        *((estimate, error) for estimate, error in zip(coef, se, strict=True)),
        (criterion, arb(1)),
    ]
    if not all(number.rad() * arb(10) ** DIGITS <= abs(unit) for number, unit in proved):
        return None
    lists_of_balls: dict[str, Any] = {"coef": coef, "se": se, "df": df, "stationary": stationary}
    lists = {name: list(map(_decimal, numbers)) for name, numbers in lists_of_balls.items()}
    return ExactFit(Vb=_decimal(Vb), Ve=_decimal(Ve), criterion=_decimal(criterion), **lists)


def excess(X: ArrayLike, y: ArrayLike, group: Labels, Vb: float, Ve: float) -> float:
    """The criterion at these variances, minus its minimum; inf where they are no variances."""
    if not (Vb >= 0 and Ve > 0):
        return float("inf")
    with flint.ctx.workdps(WORKING_DIGITS[0]):
        at = ExactModel(X, y, group).criterion(arb(Vb), arb(Ve))
        return float(_decimal(at) - reml(X, y, group).criterion)


def gradient(X: ArrayLike, y: ArrayLike, group: Labels, Vb: float, Ve: float) -> tuple[float, float]:
    """Derivatives of the REML criterion by Vb and Ve at the float64 point (Vb, Ve)."""
    with flint.ctx.workdps(WORKING_DIGITS[0]):
        by_Vb, by_Ve = ExactModel(X, y, group).gradient(arb(Vb), arb(Ve))
        return float(by_Vb), float(by_Ve)


def ddf_range(X: ArrayLike, y: ArrayLike, group: Labels, L: ArrayLike) -> tuple[float, float]:
    """Smallest and largest Satterthwaite df among all contrasts in the row space of L (q, p).

    With f = l'C l and t = l'(dC/dVb) l / f, homogeneity (f is of degree 1 in the variances) makes the
    gradient of log f equal (t, (1 - Vb t) / Ve), so 2 / ddf is a convex parabola in t, which runs between
    the extreme eigenvalues of L (dC/dVb) L' relative to L C L'. A pooled df of several contrasts is a mean
    of theirs: 2 S / (S - q), S = sum of nu / (nu - 2), increases in every nu > 2. So in whatever basis, it
    lies in this interval if all of it is above 2.
    """
    return _ddf_range(*_frozen(X, y, group), Frozen.of(np.asarray(L, float)))


@lru_cache(maxsize=REMEMBERED)
def _ddf_range(X: Frozen, y: Frozen, codes: Frozen, L: Frozen) -> tuple[float, float]:
    with flint.ctx.workdps(WORKING_DIGITS[0]):
        model, Vb, Ve = _fitted(X.array, y.array, codes.array)
        if Vb == 0:
            return float(model.n - model.p), float(model.n - model.p)
        by_Vb, _, covariance = (table.astype(float) for table in model.derivatives(Vb, Ve))
        C = model.covariance(Vb, Ve).astype(float)
    rows = L.array
    t = eigh(rows @ by_Vb @ rows.T, rows @ C @ rows.T, eigvals_only=True)
    a, b = np.array([0.0, 1 / float(Ve)]), np.array([1.0, -float(Vb / Ve)])  # gradient of log f = a + b t
    vertex = np.clip(-(a @ covariance @ b) / (b @ covariance @ b), t[0], t[-1])
    ddf = [2 / ((a + b * at) @ covariance @ (a + b * at)) for at in (t[0], t[-1], vertex)]
    return float(min(ddf)), float(max(ddf))


def f_statistic(X: ArrayLike, y: ArrayLike, group: Labels, L: ArrayLike) -> Decimal:
    """F = (L beta)'(L Cov(beta) L')^-1 (L beta) / q at the REML fit, for the q rows of L."""
    with flint.ctx.workdps(WORKING_DIGITS[0]):
        model, Vb, Ve = _fitted(X, y, group)
        rows = np.array([list(map(_rational, row)) for row in np.asarray(L, float).tolist()], dtype=object)
        contrasts = rows @ model.beta(Vb / Ve)
        covariance = rows @ model.covariance(Vb, Ve) @ rows.T
        return _decimal(contrasts @ _inverse(covariance) @ contrasts / len(rows))


def _fitted(X: ArrayLike, y: ArrayLike, group: Labels) -> tuple[ExactModel, arb, arb]:
    """The model, and the Vb and Ve of `reml`: what is computed from them has its digits."""
    fit = reml(X, y, group)
    return ExactModel(X, y, group), arb(str(fit.Vb)), arb(str(fit.Ve))


def lre(value: ArrayLike, truth: Sequence[Decimal] | Decimal) -> float:
    """Log relative error: digits of `value` that agree with `truth`, the fewest of several, at most 15.

    Source: McCullough (1998), The American Statistician 52, 358-366.
    """
    truths = truth if isinstance(truth, Sequence) else [truth]
    values = np.atleast_1d(np.asarray(value, dtype=float)).tolist()
    with localcontext(prec=2 * DIGITS):
        return min(_digits(Decimal(x), c) for x, c in zip(values, truths, strict=True))


def _digits(x: Decimal, c: Decimal) -> float:
    error = abs(x - c) / (abs(c) if c else 1)
    return min(-float(error.log10()), 15.0) if error else 15.0


def sturm(polynomial: fmpz_poly) -> int:
    """Number of distinct positive roots: sign changes of the Sturm chain at 0 less those at infinity.

    0 must be no root. It isolates nothing, and so is a witness of `ExactModel.stationary`.

    Source: Sturm (1829), Bulletin de Ferussac 11, 419-422.
    """
    chain = [fmpq_poly(polynomial), fmpq_poly(polynomial).derivative()]
    while chain[-1].degree() > 0:
        remainder = -(chain[-2] % chain[-1])
        if remainder == 0:
            break
        chain.append(remainder * fmpq(remainder.denom(), remainder.numer().content()))
    return _sign_changes([member(0) for member in chain]) - _sign_changes([member[member.degree()] for member in chain])


def _sign_changes(values: list[fmpq]) -> int:
    positive = [value > 0 for value in values if value != 0]
    return sum(before != after for before, after in pairwise(positive))


def _rational(value: float) -> fmpq:
    return fmpq(*value.as_integer_ratio())


def _whole(value: float, unit: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator * (unit // denominator)


def _decimal(number: Number) -> Decimal:
    """The middle of a ball, to more digits than are proved."""
    return Decimal(arb(number).mid().str(2 * DIGITS, radius=False))


def _line(Vb: Number, Ve: Number, direction: tuple[int, int]) -> tuple[arb_series, arb_series]:
    """(Vb, Ve) + h direction as series in h, with the terms of order 0, 1 and 2."""
    return arb_series([Vb, direction[0]], prec=3), arb_series([Ve, direction[1]], prec=3)


def _times(M: Table, factor: Number) -> Table:
    """M times one number; a polynomial or a series is one, which numpy would take for several."""
    return np.vectorize(lambda entry: entry * factor, otypes=[object])(M)


def _eliminated(M: Table, n_pivots: int) -> Table:
    """M after Gaussian elimination of its first columns, without interchanges: M is positive definite."""
    M = M.copy()
    for k in range(n_pivots):
        for i in range(k + 1, len(M)):
            M[i] -= _times(M[k], M[i, k] / M[k, k])
    return M


def _leading_minors(M: Table) -> list[fmpq_poly]:
    """The determinants of the leading squares of M, polynomials, by Bareiss's elimination without fractions."""
    M, before = M.copy(), fmpq_poly([1])
    for k in range(len(M) - 1):
        for i, j in combinations_with_replacement(range(k + 1, len(M)), 2):
            M[i, j] = M[j, i] = (M[k, k] * M[i, j] - M[i, k] * M[k, j]) // before
        before = M[k, k]
    return list(np.diag(M))


def _inverse(M: Table) -> Table:
    """Gauss-Jordan: eliminate downwards, then upwards."""
    p = len(M)
    both = _eliminated(np.hstack([M, np.eye(p, dtype=int).astype(object)]), p)
    for k in reversed(range(p)):
        both[k] = _times(both[k], 1 / both[k, k])
        for i in range(k):
            both[i] -= _times(both[k], both[i, k])
    return both[:, p:]
