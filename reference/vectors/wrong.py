"""The numbers that a program with a known mistake gives, by formulas of their own."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from flint import arb

from reference import balls, exact
from reference.certified import NotProvedError
from reference.vectors import truth
from reference.vectors.model import Model, Spec
from reference.vectors.truth import Fit, Numbers, written

SAME = 1e-3  # relative to the unit: what is as near to the truth is not told apart
SMALL = 70  # rows, up to which models are fitted again by another method


def wrong(spec: Spec, fit: Fit, right: Numbers) -> dict[str, Numbers]:
    """By the name of the mistake, each only with the quantities in which it differs from the truth."""
    found = {}
    with balls.precision():
        for name, numbers in _candidates(spec, fit):
            differing = {q: v for q, v in numbers.items() if q in right and differs(q, v, right)}
            if differing:
                found[name] = differing
    more = of_the_right(spec, right)
    return found | {name: of for name, of in more if any(differs(q, v, right) for q, v in of.items())}


def of_the_right(spec: Spec, right: Numbers) -> Iterator[tuple[str, Numbers]]:
    """What follows from the right numbers and the design: nlme's df, and its standard errors by ML.

    A column that varies within groups has n - (m + #within) df, and so has the constant; one that does not has
    m - (1 + #between). Source: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, section 2.4.2.
    """
    model = spec.model
    names, X = model.design
    n, p = model.n, len(names)
    if spec.method == "ML":
        with localcontext(prec=2 * truth.DIGITS):
            factor = (Decimal(n) / (n - p)).sqrt()
            yield "adjusted ML", {"se": [f"{Decimal(s) * factor:.20g}" for s in right["se"]]}
    elif len(model.terms) == 1:
        groups, m = model.group(0), len(set(model.group(0)))
        inner = [len({(g, row[j]) for g, row in zip(groups, X, strict=True)}) > m for j in range(p)]
        constant = [name == "(Intercept)" for name in names]
        within, outer = n - m - sum(inner), m - any(constant) - (p - sum(inner) - sum(constant))
        df = [within if i or c else outer for i, c in zip(inner, constant, strict=True)]
        if min(df) > 0:
            yield "inner and outer df", {"df": [str(value) for value in df]}


def differs(quantity: str, values: list[str], right: Numbers) -> bool:
    """Whether a program's rounding could not make the one of the other."""
    units = scales(quantity, right)
    pairs = zip(truth.decimals(values), truth.decimals(right[quantity]), units, strict=True)
    return any(abs(a - b) > Decimal(SAME) * unit for a, b, unit in pairs)


def scales(quantity: str, right: Numbers) -> list[Decimal]:
    """What an error is compared with: of a variance the sum of all, of coef its se, of p and the criterion 1."""
    values = truth.decimals(right[quantity])
    if quantity in ("variances", "Ve"):
        total = sum((abs(v) for q in ("variances", "Ve") for v in truth.decimals(right[q])), Decimal(0))
        return [total] * len(values)
    if quantity == "coef":
        return [max(abs(b), s) for b, s in zip(values, truth.decimals(right["se"]), strict=True)]
    if quantity in ("criterion", "p", "F_p"):
        return [Decimal(1)] * len(values)
    return [abs(v) or Decimal(1) for v in values]


def _candidates(spec: Spec, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    model, p, n = spec.model, fit.at.model.p, spec.model.n
    if not fit.ml:
        yield from _by_the_other_method(spec, ml=True, name="ML")
        yield "residual df", _with_df(fit, [arb(n - p)] * p)
        levels = len(set(model.group(0)))
        if levels > p:
            yield "levels minus coefficients df", _with_df(fit, [arb(levels - p)] * p)
        yield "normal distribution", {"p": [_normal(b / s) for b, s in zip(fit.coef, fit.se, strict=True)]}
    else:
        yield from _by_the_other_method(spec, ml=False, name="REML")
    yield "standard deviations", _standard_deviations(fit)
    yield "variances of coefficients", {"se": [written(s * s, s * s) for s in fit.se]}
    yield "ordinary least squares", _ols(fit)
    yield "log likelihood", {"criterion": [written(-fit.at.criterion / 2, arb(1))]}
    if not fit.ml:
        of_X = (fit.at.model.X.transpose() * fit.at.model.X).det().log()
        yield "criterion with log|X'X|", {"criterion": [written(fit.at.criterion - of_X, arb(1))]}
    if model.is_one_intercept:
        (((Vb,),),) = fit.G
        yield "swapped variances", {"variances": [written(fit.at.Ve, fit.at.Ve)], "Ve": [written(Vb, fit.at.Ve)]}
        if not fit.ml:
            yield from _other_minima(model, fit)
            yield from _moments(model)
    yield from _last_level(model, fit)
    if len(model.terms) == 1 and model.terms[0][0][0] == "1" and len(model.terms[0][0]) == 2:
        yield from _diagonal(spec)
        yield "correlation for covariance", _correlation(fit)


def _by_the_other_method(spec: Spec, *, ml: bool, name: str) -> Iterator[tuple[str, Numbers]]:
    if spec.model.n <= SMALL:
        try:
            other = truth.fitted(spec.model, ml=ml)
        except (NotProvedError, exact.NoMinimumError):
            return
        yield name, truth.variances(other) | truth.estimates(other)


def _with_df(fit: Fit, df: list[arb]) -> Numbers:
    t = [b / s for b, s in zip(fit.coef, fit.se, strict=True)]
    ps = [written(truth.two_sided(x, f), arb(1)) for x, f in zip(t, df, strict=True)]
    return {"df": [written(f, f) for f in df], "p": ps}


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


def _ols(fit: Fit) -> Numbers:
    """The groups ignored: coef, se and what follows."""
    X, y, n, p = fit.at.model.X, fit.at.model.y, fit.at.model.n, fit.at.model.p
    C = (X.transpose() * X).inv()
    beta = C * X.transpose() * y
    e = y - X * beta
    sigma2 = balls.dot(e, e) / (n if fit.ml else n - p)
    se = [(sigma2 * C[j, j]).sqrt() for j in range(p)]
    return {
        "coef": [written(beta[j, 0], se[j]) for j in range(p)],
        "se": [written(s, s) for s in se],
    }


def _other_minima(model: Model, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    """The higher of the minima, one of which is at Vb = 0 where the criterion rises from there."""
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
        df = [written(value, value) for value in other.df]
        yield "the higher minimum", truth.variances(other) | truth.estimates(other) | {"df": df}


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


def _last_level(model: Model, fit: Fit) -> Iterator[tuple[str, Numbers]]:
    """Treatment contrasts with the last level (SAS), by A with X = X_last A^-1: the levels in the order asked for."""
    if len(model.fixed) != 1 or model.fixed[0] not in model.factors or not model.constant:
        return
    p = fit.at.model.p
    A = balls.identity(p)
    A[0, p - 1] = arb(1)
    for j in range(1, p):
        A[j, j] = arb(1 if j < p - 1 else -1)
        if j < p - 1:
            A[j, p - 1] = arb(-1)
    order = [0, p - 1, *range(1, p - 1)]  # the first level stands first, as the levels do
    beta, C = A * fit.at.beta, A * fit.at.C * A.transpose()
    se = [C[j, j].sqrt() for j in order]
    coef = [written(beta[j, 0], s) for j, s in zip(order, se, strict=True)]
    yield "last level's treatment", {"coef": coef, "se": [written(s, s) for s in se]}


def _diagonal(spec: Spec) -> Iterator[tuple[str, Numbers]]:
    """Intercepts and slopes without their covariance, lme4's ||."""
    model = spec.model
    ((columns, group),) = model.terms
    apart = Model(
        model.columns,
        model.response,
        model.fixed,
        tuple(((name,), group) for name in columns),
        model.factors,
        model.constant,
    )
    if model.n > 2 * SMALL:
        return
    try:
        other = truth.fitted(apart, ml=spec.method == "ML")
    except NotProvedError:
        return
    numbers = truth.variances(other)
    first, second = numbers["variances"]
    yield "a diagonal G", numbers | truth.estimates(other) | {"variances": [first, "0", second]}
