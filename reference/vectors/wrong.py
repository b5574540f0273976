"""The numbers that a program with a known mistake gives, by formulas of their own."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, fmpq_mat

from reference import balls, exact
from reference.certified import NotProvedError, rational
from reference.vectors import truth
from reference.vectors.model import INTERCEPT, Model, Spec
from reference.vectors.truth import Fit, Numbers, written

SAME = 1e-4  # relative to the unit: what is as near to the truth is not told apart


def wrong(spec: Spec, fit: Fit, right: Numbers) -> dict[str, Numbers]:
    """By the name of the mistake, each only with the quantities in which it differs from the truth."""
    found = {}
    with balls.precision():
        for name, numbers in _candidates(spec, fit):
            differing = {q: v for q, v in numbers.items() if q in right and differs(q, v, right)}
            if differing:
                found[name] = differing
    return found


def differs(quantity: str, values: list[str], right: Numbers) -> bool:
    """Whether a program's rounding could not make the one of the other."""
    units = scales(quantity, right)
    pairs = zip(truth.decimals(values), truth.decimals(right[quantity]), units, strict=True)
    return any(abs(a - b) > Decimal(SAME) * unit for a, b, unit in pairs)


def scales(quantity: str, right: Numbers) -> list[Decimal]:
    """What an error is compared with: of a variance the sum of all, of coef its se or itself, of p and criterion 1."""
    values = truth.decimals(right[quantity])
    if quantity in ("variances", "Ve"):
        total = sum((abs(v) for q in ("variances", "Ve") for v in truth.decimals(right[q])), Decimal(0))
        return [total] * len(values)
    if quantity == "coef":
        return [max(abs(b), s) for b, s in zip(values, truth.decimals(right["se"]), strict=True)]
    if quantity in ("criterion", "p", "F_p"):
        return [Decimal(1)] * len(values)
    if quantity in ("t", "F"):  # as coef: what is nearly 0 is compared with its standard error
        return [max(abs(v), Decimal(1)) for v in values]
    return [abs(v) or Decimal(1) for v in values]


def _candidates(spec: Spec, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    model, p, n = spec.model, fit.at.model.p, spec.model.n
    if not fit.ml:
        yield from _by_the_other_method(spec, ml=True, name="ML")
        yield "residual df", _with_df(spec, fit, arb(n - p))
        levels = len(set(model.group(0)))
        if levels > p:
            yield "levels minus coefficients df", _with_df(spec, fit, arb(levels - p))
        if len(model.terms) == 1:
            yield from _inner_and_outer(spec, fit)
        yield "normal distribution", {"p": [_normal(b / s) for b, s in zip(fit.coef, fit.se, strict=True)]}
    else:
        yield from _by_the_other_method(spec, ml=False, name="REML")
        adjusted = (arb(n) / (n - p)).sqrt()  # nlme's
        yield "adjusted ML", {"se": [written(s * adjusted, s) for s in fit.se]}
    yield "standard deviations", _standard_deviations(fit)
    yield "variances of coefficients", {"se": [written(s * s, s * s) for s in fit.se]}
    yield "ordinary least squares", _ols(spec, fit)
    yield "log likelihood", {"criterion": [written(-fit.at.criterion / 2, arb(1))]}
    if not fit.ml:
        of_X = (fit.at.model.X.transpose() * fit.at.model.X).det().log()
        yield "criterion with log|X'X|", {"criterion": [written(fit.at.criterion - of_X, arb(1))]}
    if model.is_one_intercept:
        (((Vb,),),) = fit.G
        yield "swapped variances", {"variances": [written(fit.at.Ve, fit.at.Ve)], "Ve": [written(Vb, fit.at.Ve)]}
        if not fit.ml:
            yield from _other_minima(spec, fit)
            yield from _moments(model)
    yield from _last_level(spec, fit)
    if len(model.terms) == 1 and len(model.Z(0)[0]) > 1:
        yield from _diagonal(spec)
    if len(model.terms) == 1 and len(model.Z(0)[0]) == 2:
        yield "correlation for covariance", _correlation(fit)


def _all_of(spec: Spec, other: Fit) -> Numbers:
    """What a program prints that has fitted this, df by the Hessian of its own criterion."""
    df = other.df
    common = {f"{float(df[j]):.9g}" for j in spec.tested}
    df2 = df[spec.tested[0]] if len(common) == 1 else None
    return truth.variances(other) | truth.estimates(other) | truth.inferred(spec, other.coef, other.at.C, df, df2)


def _by_the_other_method(spec: Spec, *, ml: bool, name: str) -> Iterator[tuple[str, Numbers]]:
    try:
        yield name, _all_of(spec, truth.fitted(spec.model, ml=ml))
    except (NotProvedError, exact.NoMinimumError):
        return


def _with_df(spec: Spec, fit: Fit, df: arb) -> Numbers:
    return truth.inferred(spec, fit.coef, fit.at.C, [df] * len(fit.coef), df)


def _inner_and_outer(spec: Spec, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    """nlme's df: n - (m + #within) of a column that varies within groups and of the constant, else m - (1 + #between).

    Source: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, section 2.4.2.
    """
    names, X = spec.model.design
    n, p, groups = len(X), len(names), spec.model.group(0)
    m = len(set(groups))
    inner = [len({(g, row[j]) for g, row in zip(groups, X, strict=True)}) > m for j in range(p)]
    constant = [name == INTERCEPT for name in names]
    within, outer = n - m - sum(inner), m - any(constant) - (p - sum(inner) - sum(constant))
    df = [within if i or c else outer for i, c in zip(inner, constant, strict=True)]
    tested = {df[j] for j in spec.tested}
    if min(df) > 0 and len(tested) <= 1:
        of_F = arb(tested.pop()) if tested else None
        yield "inner and outer df", truth.inferred(spec, fit.coef, fit.at.C, list(map(arb, df)), of_F)


def _normal(z: arb) -> str:
    return written((abs(z) / arb(2).sqrt()).erfc(), arb(1))


def _standard_deviations(fit: Fit) -> Numbers:
    """Sd where a variance is asked; of a covariance the correlation, as lme4 prints them."""
    flat = []
    for G in fit.G:
        for a in range(len(G)):
            if not all(G[b][b] > 0 for b in range(a + 1)):
                return {"Ve": [written(fit.at.Ve.sqrt(), fit.at.Ve.sqrt())]}
            flat += [G[a][b] / (G[a][a] * G[b][b]).sqrt() for b in range(a)] + [G[a][a].sqrt()]
    return {
        "variances": [written(v, arb(1)) for v in flat],
        "Ve": [written(fit.at.Ve.sqrt(), fit.at.Ve.sqrt())],
    }


def _correlation(fit: Fit) -> Numbers:
    (G,) = fit.G
    if not (G[0][0] > 0 and G[1][1] > 0):
        return {}
    r = G[1][0] / (G[0][0] * G[1][1]).sqrt()
    return {"variances": [written(v, fit.at.Ve) for v in (G[0][0], r, G[1][1])]}


def _ols(spec: Spec, fit: Fit) -> Numbers:
    """The groups ignored: sigma^2, coef, se and what follows."""
    X, y, n, p = fit.at.model.X, fit.at.model.y, fit.at.model.n, fit.at.model.p
    C = (X.transpose() * X).inv()
    beta = C * X.transpose() * y
    e = y - X * beta
    sigma2 = balls.dot(e, e) / (n if fit.ml else n - p)
    C *= sigma2
    coef, se = [beta[j, 0] for j in range(p)], [C[j, j].sqrt() for j in range(p)]
    estimates = {"coef": [written(b, s) for b, s in zip(coef, se, strict=True)], "se": [written(s, s) for s in se]}
    estimates["Ve"] = [written(sigma2, sigma2)]
    return estimates | truth.inferred(spec, coef, C, [arb(n - p)] * p, arb(n - p))


def _other_minima(spec: Spec, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    """The higher of the minima, one of which is at Vb = 0 where the criterion rises from there."""
    model = spec.model
    X, y, ((_, group),) = model.X, model.y, model.float_terms
    Vb, Ve = fit.proved.G[0][0][0], fit.proved.Ve
    for gamma in (Decimal(0), *exact.reml(X, y, group).stationary):
        if abs(gamma - Vb / Ve) <= Decimal("1e-6") * gamma:
            continue
        with balls.precision():
            at = float(exact.ExactModel(X, y, group).residual_variance(arb(str(gamma))))
        try:
            other = truth.proved_at(model, at, [np.array([[float(gamma) * at]])], [int(gamma > 0)], ml=False)
        except NotProvedError:  # a maximum
            continue
        yield "the higher minimum", _all_of(spec, other)


def _moments(model: Model) -> Iterator[tuple[str, Numbers]]:
    """(MSB - MSE) / n, also where it is negative: of equal groups and a constant alone."""
    groups = model.group(0)
    sizes = {groups.count(level) for level in groups}
    if model.fixed or len(sizes) != 1 or not model.constant:
        return
    y = [Fraction(cell) for cell in model.columns[model.response]]
    by_level = [[v for v, g in zip(y, groups, strict=True) if g == level] for level in sorted(set(groups))]
    n, m = sizes.pop(), len(by_level)
    if n == 1:
        return
    means = [sum(part, Fraction(0)) / n for part in by_level]
    MSE = sum(((v - mean) ** 2 for part, mean in zip(by_level, means, strict=True) for v in part), Fraction(0))
    MSE /= m * (n - 1)
    MSB = n * sum(((mean - sum(means, Fraction(0)) / m) ** 2 for mean in means), Fraction(0)) / (m - 1)
    Vb, Ve = (arb(str(v.numerator)) / arb(str(v.denominator)) for v in ((MSB - MSE) / n, MSE))
    yield "a negative variance", {"variances": [written(Vb, Ve)], "Ve": [written(Ve, Ve)]} if MSB < MSE else {}


def _last_level(spec: Spec, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    """Treatment contrasts with the last level (SAS), by A with X = X_last A: the levels in the order asked for."""
    model = spec.model
    factors = {name for entry in model.fixed for name in entry.split(":")} & set(model.factors)
    if not factors or not model.constant:
        return
    sorted_first = {name: _last_first(model.columns[name]) for name in factors}
    last = replace(model, columns=model.columns | sorted_first)
    X, X_last = (fmpq_mat([list(map(rational, row)) for row in m.design[1]]) for m in (model, last))
    A = arb_mat((X_last.transpose() * X_last).solve(X_last.transpose() * X))
    beta, C = A * fit.at.beta, A * fit.at.C * A.transpose()
    coef, se = [beta[j, 0] for j in range(len(fit.coef))], [C[j, j].sqrt() for j in range(len(fit.coef))]
    numbers = {"coef": [written(b, s) for b, s in zip(coef, se, strict=True)], "se": [written(s, s) for s in se]}
    if not fit.ml:
        rows = [A.transpose() * balls.unit(j, len(coef)) for j in range(len(coef))]
        numbers |= truth.inferred(spec, coef, C, fit.proved.ddf_balls(rows))
    yield "last level's treatment", numbers


def _last_first(column: list[str]) -> list[str]:
    """A factor whose last level is sorted before the others."""
    return ["" if cell == max(column) else cell for cell in column]


def _diagonal(spec: Spec) -> Iterator[tuple[str, Numbers]]:
    """Intercepts and slopes without their covariance, lme4's ||."""
    model = spec.model
    Z, group = list(zip(*model.Z(0), strict=True)), model.terms[0][1]
    apart = {f"z{a}": list(column) for a, column in enumerate(Z)}
    terms = tuple(((name,), group) for name in apart)
    try:
        other = truth.fitted(replace(model, columns=model.columns | apart, terms=terms), ml=spec.method == "ML")
    except NotProvedError:
        return
    numbers = _all_of(spec, other)
    on_the_diagonal = iter(numbers["variances"])
    flat = [next(on_the_diagonal) if a == b else "0" for a in range(len(Z)) for b in range(a + 1)]
    yield "a diagonal G", numbers | {"variances": flat}
