"""The answers to a model, in balls: by `certified.py`, from where `exact.py` or a search says that the lowest is."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq_mat

from reference import balls, certified, exact, slopes
from reference.vectors.model import Floats, Model, Spec

DIGITS = 24  # that are given, of the unit that a number is compared with
Numbers = dict[str, list[str]]  # by quantity
COUNTED = (
    "every stationary point counted (exact.py), and this one proved a strict local minimum in balls (certified.py)"
)
SEARCHED = "a strict local minimum proved in balls (certified.py), the lowest that a search found (slopes.py)"
MOST_ROWS_OF_KR = 100


@dataclass(frozen=True)
class Fit:
    """What is proved of a model: at the box of the variances, the inverse Hessian of the chart, its slopes."""

    model: Model
    proved: certified.Certified
    ml: bool

    @property
    def at(self) -> certified.At:
        """Where."""
        return self.proved.proof[0]

    @property
    def se(self) -> list[arb]:
        """In balls."""
        return [self.at.C[j, j].sqrt() for j in range(self.at.model.p)]

    @property
    def coef(self) -> list[arb]:
        """In balls."""
        return [self.at.beta[j, 0] for j in range(self.at.model.p)]

    @property
    def G(self) -> list[list[list[arb]]]:
        """Of the columns as they are given."""
        of_Z = [T * M * T.transpose() for T, M in zip(self.at.model.T, self.at.G, strict=True)]
        return [[[M[a, b] for b in range(M.ncols())] for a in range(M.nrows())] for M in of_Z]

    @property
    def df(self) -> list[arb]:
        """Satterthwaite's of the coefficients, in balls."""
        return self.proved.ddf_balls()


@lru_cache(maxsize=8)  # a model is asked by REML and by ML, and each names the other's numbers as a mistake
def fitted(model: Model, *, ml: bool) -> Fit:
    """The lowest minimum; raises NotProvedError, and NoMinimumError where there is none."""
    X, y, terms = model.X, model.y, model.float_terms
    if model.is_one_intercept and not ml:
        found = exact.reml(X, y, terms[0][1])
        start: tuple[float, list[Floats], list[int]] = (
            float(found.Ve),
            [np.array([[float(found.Vb)]])],
            [int(found.Vb > 0)],
        )
    else:
        start = slopes.searched(slopes.Slopes(X, y, terms), ml=ml)
    return proved_at(model, *start, ml=ml)


def assert_no_fit(model: Model) -> None:
    """X has too small a rank, or the variances are not identified, or the criterion has no minimum; else ValueError."""
    X = fmpq_mat([list(map(certified.rational, row)) for row in model.design[1]])
    n, p = X.nrows(), X.ncols()
    if X.rank() < p or n <= p:
        return
    if model.is_one_intercept:
        try:
            exact.reml(model.X, model.y, model.group(0))
        except exact.NoMinimumError:
            return
    else:
        K = np.linalg.svd(model.X)[0][:, p:]
        same = [np.equal.outer(group, group).astype(float) for _, group in model.float_terms]
        if np.linalg.matrix_rank(np.array([(K.T @ A @ K).ravel() for A in (np.eye(n), *same)])) <= len(same):
            return
    raise ValueError(f"{model.formula} has a fit")


def proved_at(model: Model, Ve: float, G: list[Floats], ranks: list[int], *, ml: bool) -> Fit:
    """The minimum near a point, of the decimals as they are written."""
    cells = [(model.Z(k), model.group(k)) for k in range(len(model.terms))]
    exactly = certified.Model.of(model.design[1], model.columns[model.response], cells, ml=ml)
    return Fit(model, certified.certify(exactly, Ve, G, ranks), ml)


def expected(spec: Spec, fit: Fit) -> Numbers:
    """All quantities that are asked, as decimals."""
    with balls.precision():
        numbers = variances(fit) | estimates(fit)
        if not fit.ml:
            df2 = None if spec.df2 is None else arb(spec.df2)
            numbers |= inferred(spec, fit.coef, fit.at.C, fit.df, df2) | kenward_roger(fit)
        return numbers


def variances(fit: Fit) -> Numbers:
    """The lower triangles of all G, row by row, and Ve, to the digits of the largest variance of their kind."""
    Ve, G = fit.at.Ve, fit.G
    flat = [written(M[a][b], Ve) for M in G for a in range(len(M)) for b in range(a + 1)]
    return {"variances": flat, "Ve": [written(Ve, Ve)]}


def estimates(fit: Fit) -> Numbers:
    """coef, to the digits of its standard error, se and the criterion."""
    return {
        "coef": [written(b, s) for b, s in zip(fit.coef, fit.se, strict=True)],
        "se": [written(s, s) for s in fit.se],
        "criterion": [written(fit.at.criterion, arb(1))],
    }


def inferred(spec: Spec, coef: list[arb], C: arb_mat, df: list[arb], df2: arb | None = None) -> Numbers:
    """df, t, p, and F = (L beta)'(L C L')^-1 (L beta) / q of the tested columns with its df and p.

    df2: the denominator df of several columns, where they are no matter of basis; of one they are the column's own.
    """
    t = [b / C[j, j].sqrt() for j, b in enumerate(coef)]
    numbers = {
        "df": [written(f, f) for f in df],
        "t": [written(x, arb(1)) for x in t],
        "p": [written(two_sided(x, f), arb(1)) for x, f in zip(t, df, strict=True)],
    }
    if not spec.tested:
        return numbers
    rows, q = spec.tested, len(spec.tested)
    beta = arb_mat([[coef[j]] for j in rows])
    F = balls.dot(beta, arb_mat([[C[i, j] for j in rows] for i in rows]).inv() * beta) / q
    numbers["F"] = [written(F, arb(1))]
    df2 = df[rows[0]] if q == 1 else df2
    if df2 is not None:
        numbers |= {"F_df": [str(q), written(df2, df2)], "F_p": [written(upper(F, q, df2), arb(1))]}
    return numbers


def kenward_roger(fit: Fit) -> Numbers:
    """Se and df by the expected and by the observed information, the latter where no G is singular."""
    numbers: Numbers = {}
    if fit.at.model.n > MOST_ROWS_OF_KR:
        return numbers
    full = fit.proved.ranks == tuple(fit.at.model.r)
    for kind in ("expected", "observed") if full else ("expected",):
        try:
            pairs = fit.proved.kenward_roger(np.eye(fit.at.model.p), expected=kind == "expected")
        except certified.TooWideError:  # Vb / Ve of 1e6: not asked
            continue
        for name, values in zip(("se", "df"), zip(*pairs, strict=True), strict=True):
            numbers[f"kr_{kind}_{name}"] = [written(arb(str(value)), arb(str(value))) for value in values]
    return numbers


def two_sided(t: arb, df: arb) -> arb:
    """P(|T| > |t|) = I(df / (df + t^2); df / 2, 1 / 2)."""
    return (df / (df + t * t)).beta_lower(df / 2, arb(1) / 2, regularized=True)


def upper(F: arb, df1: int, df2: arb) -> arb:
    """P(F' > F)."""
    return (df2 / (df2 + df1 * F)).beta_lower(df2 / 2, arb(df1) / 2, regularized=True)


def written(ball: arb, unit: arb) -> str:
    """A decimal of DIGITS digits of a unit; raises NotProvedError where the ball is larger than the last of them."""
    if not ball.is_finite():
        raise certified.NotProvedError(f"{ball} is no number")
    scale = Decimal(abs(unit).mid().str(5, radius=False)).adjusted()
    places = DIGITS - 1 - scale
    if not ball.rad() < arb(10) ** -(places + 1):
        raise certified.NotProvedError(f"{ball} is not known to {DIGITS} digits of {unit}")
    if abs(ball) < arb(10) ** -(places + 1):
        return "0"
    with localcontext(prec=4 * DIGITS):
        return plainly(Decimal(ball.mid().str(3 * DIGITS, radius=False)), places)


def plainly(value: Decimal, places: int) -> str:
    """Rounded to so many places, without the zeros at the end."""
    rounded = round(value, places) if places > 0 else round(value, 0)
    text = format(rounded, "f") if rounded == 0 or abs(rounded.adjusted()) < DIGITS else format(rounded, "e")
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if rounded == 0 else text


def decimals(values: Any) -> list[Decimal]:
    """Of written numbers."""
    return [Decimal(value) for value in values]
