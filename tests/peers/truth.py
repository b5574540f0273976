"""What a program should have printed of a mixed model, each number by its highest authority."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.special import fdtrc, ndtri, stdtr, stdtrit

from lmm_core.inference import pooled_ddf
from lmm_core.mixed import MixedFit, covariance, ddf, fit_mixed
from reference import certified, exact, slopes
from reference.certified import NotProvedError
from reference.coefficients import coefficients
from reference.strata import NotClosedError, strata
from tests.peers.model import Model

MOST_ROWS = 150  # that balls hold in seconds
Numbers = dict[str, Decimal]  # by the name of a part: a coefficient, a component, a term, or "" for the model
EXACT = "exact arithmetic on the table's numbers (reference/exact.py)"
CLOSED = "the strata of a balanced design (reference/strata.py), to some 13 digits"
COEFFICIENTS = "the closed form of balanced random coefficients (reference/coefficients.py), to some 13 digits"
CERTIFIED = "a minimum proved in ball arithmetic to 25 digits (reference/certified.py), the lowest that a search found"
FITTED = "lmm_core, to some 10 digits"


@dataclass(frozen=True)
class Truth:
    """The right numbers by quantity and part; others that programs print under the same name, with whose they are."""

    authority: str
    numbers: dict[str, Numbers]
    others: list[tuple[str, str, Numbers]]  # quantity, whose, numbers


@dataclass(frozen=True)
class _Fit:
    """What all else follows from."""

    authority: str
    G: list[Any]  # of each component (r, r)
    Ve: Any
    coef: list[Any]
    se: list[Any]
    criterion: Any
    covariance: np.ndarray
    ddf: Callable[[np.ndarray], np.ndarray]
    F: Callable[[np.ndarray], Any]
    others: tuple[tuple[str, str, list[Any]], ...] = ()  # quantity, whose, of every coefficient


def truth(model: Model, *, ml: bool) -> Truth:
    """All quantities; raises ValueError where there is no fit."""
    fit = _fit(model, ml=ml)
    coef, se, df = (np.array([float(x) for x in v]) for v in (fit.coef, fit.se, fit.ddf(np.eye(len(fit.coef)))))
    t, K = coef / se, sum(len(G) * (len(G) + 1) // 2 for G in fit.G)
    parts, of_X, V = _parts(model), model.names, [G[a][a] for G in fit.G for a in range(len(G))]
    half, by_normal = stdtrit(df, 0.975) * se, ndtri(0.975) * se
    numbers = {
        "V": _named([*parts, "Residual"], [*V, fit.Ve]),
        "Ve": _named([""], [fit.Ve]),
        "sd": _named([*parts, "Residual"], [Decimal(x).sqrt() for x in (*V, fit.Ve)]),
        **_between(model, fit.G),
        "coef": _named(of_X, fit.coef),
        "se": _named(of_X, fit.se),
        "df": _named(of_X, df),
        "t": _named(of_X, [Decimal(b) / Decimal(s) for b, s in zip(fit.coef, fit.se, strict=True)]),
        "p": _named(of_X, 2 * stdtr(df, -abs(t))),
        "lower": _named(of_X, coef - half),
        "upper": _named(of_X, coef + half),
        **_likelihoods(float(fit.criterion), len(coef) + K + 1, len(model.y)),
    } | _tests(model, fit)
    numbers["criterion"] = _named([""], [fit.criterion])
    numbers["logLik"] = _named([""], [-Decimal(fit.criterion) / 2])
    others = [
        ("p", "of z, by the normal distribution", _named(of_X, 2 * stdtr(np.inf, -abs(t)))),
        ("lower", "by the normal distribution", _named(of_X, coef - by_normal)),
        ("upper", "by the normal distribution", _named(of_X, coef + by_normal)),
        ("AIC", "as SAS counts by REML, variances alone", _named([""], [float(fit.criterion) + 2 * (K + 1)])),
        ("BIC", "as SAS counts, subjects for rows", _named([""], [_sas_bic(model, fit, ml=ml)])),
    ]
    others += [(quantity, whose, _named(of_X, values)) for quantity, whose, values in fit.others]
    return Truth(fit.authority, numbers, others)


def _parts(model: Model) -> list[str]:
    """A group where its intercept alone varies, else group.column, as lme4's VarCorr has them."""
    return [
        group if names == ["(Intercept)"] else f"{group}.{name}"
        for group, (names, _) in model.Z.items()
        for name in names
    ]


def _between(model: Model, Gs: list[Any]) -> dict[str, Numbers]:
    """Covariances and correlations of a component's columns: group.a.b; none where a variance is 0."""
    cov, corr = {}, {}
    for (group, (names, _)), G in zip(model.Z.items(), Gs, strict=True):
        for b in range(len(names)):
            for a in range(b + 1, len(names)):
                part, of = f"{group}.{names[b]}.{names[a]}", Decimal(G[a][b])
                cov[part] = of
                if G[a][a] > 0 and G[b][b] > 0:
                    corr[part] = of / (Decimal(G[a][a]) * Decimal(G[b][b])).sqrt()
    return {"cov": cov, "corr": corr}


def _named(names: list[str], values: Any) -> Numbers:
    return dict(zip(names, (x if isinstance(x, Decimal) else Decimal(float(x)) for x in values), strict=True))


def _likelihoods(criterion: float, parameters: int, n: int) -> dict[str, Numbers]:
    """AIC and BIC as lme4 counts: fixed effects and variances, n rows."""
    return {
        "AIC": _named([""], [criterion + 2 * parameters]),
        "BIC": _named([""], [criterion + np.log(n) * parameters]),
    }


def _sas_bic(model: Model, fit: _Fit, *, ml: bool) -> float:
    """Parameters, by REML the variances alone, times the logarithm of the levels of the first group."""
    parameters = sum(len(G) * (len(G) + 1) // 2 for G in fit.G) + 1 + ml * len(fit.coef)
    return float(fit.criterion) + np.log(next(iter(model.groups.values())).max() + 1) * parameters


def _tests(model: Model, fit: _Fit) -> dict[str, Numbers]:
    """F of each term, type III, with Satterthwaite's df as lmerTest pools them."""
    found: dict[str, Numbers] = {"F": {}, "df1": {}, "df2": {}, "pF": {}}
    for term, L in model.terms.items():
        C, F = L @ fit.covariance @ L.T, fit.F(L)
        df2 = float(pooled_ddf(fit.ddf(np.linalg.eigh(C)[1].T @ L)))
        row = {"F": F, "df1": len(L), "df2": df2, "pF": fdtrc(len(L), df2, float(F))}
        for name, value in row.items():
            found[name] |= _named([term], [value])
    return found


def _fit(model: Model, *, ml: bool) -> _Fit:
    """By the highest authority that there is for it."""
    alone = all(names == ["(Intercept)"] for names, _ in model.Z.values())
    if not ml and alone and len(model.Z) == 1:
        return _exactly(model)
    for of in (_by_strata if alone and not ml else _by_coefficients, _by_balls):
        with contextlib.suppress(NotClosedError, NotProvedError):
            return of(model, ml=ml)
    fit = fit_mixed(model.X, model.y, _terms(model), "ML" if ml else "REML")
    return _of_core(FITTED, fit, [*fit.G], fit.Ve, fit.coef, fit.se, fit.criterion)


def _terms(model: Model) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(Z, model.groups[group]) for group, (_, Z) in model.Z.items()]


def _of_core(authority: str, fit: MixedFit, G: Any, Ve: Any, coef: Any, se: Any, criterion: Any) -> _Fit:
    """What is known, with the covariance and the df of contrasts by lmm_core."""
    C = covariance(fit)
    return _Fit(authority, G, Ve, [*coef], [*se], criterion, C, lambda L: ddf(fit, L), _wald(fit.coef, C))


def _exactly(model: Model) -> _Fit:
    """One random intercept."""
    X, y, (group,) = model.X, model.y, model.groups.values()
    right = exact.reml(X, y, group)
    df = np.array([float(x) for x in right.df])
    fit = _of_core(
        EXACT,
        fit_mixed(X, y, _terms(model)),
        [[[right.Vb]]],
        right.Ve,
        right.coef,
        right.se,
        right.criterion,
    )

    def satterthwaite(L: np.ndarray) -> np.ndarray:
        return df if np.array_equal(L, np.eye(len(df))) else fit.ddf(L)

    return replace(fit, ddf=satterthwaite, F=lambda L: exact.f_statistic(X, y, group, L))


def _by_strata(model: Model, *, ml: bool) -> _Fit:
    """Random intercepts in balance, by REML."""
    if ml:
        raise NotClosedError("the strata have no ML")
    closed = strata(model.X, model.y, list(model.groups.values()))
    C, coef = np.einsum("ijf,f->ij", closed.weights, closed.MS), np.linalg.lstsq(model.X, model.y)[0]
    se, G = np.sqrt(C.diagonal()), [[[V]] for V in closed.V]
    return _Fit(CLOSED, G, closed.Ve, [*coef], [*se], closed.criterion, C, closed.ddf, _wald(coef, C))


def _by_coefficients(model: Model, *, ml: bool) -> _Fit:
    """One component in balance."""
    terms = _terms(model)
    if len(terms) > 1:
        raise NotClosedError("several components")
    ((Z, group),) = terms
    closed = coefficients(model.X, model.y, Z, group, ml=ml)
    sums = [closed.X_plus[:, group == i] @ Z[group == i] for i in range(int(group.max()) + 1)]
    C = closed.Ve * closed.X_plus @ closed.X_plus.T + sum(part @ closed.G @ part.T for part in sums)
    F = _wald(closed.coef, C)
    return _Fit(
        COEFFICIENTS,
        [closed.G],
        closed.Ve,
        [*closed.coef],
        [*closed.se],
        closed.criterion,
        C,
        closed.ddf,
        F,
    )


def _by_balls(model: Model, *, ml: bool) -> _Fit:
    """Any components of some rows."""
    if len(model.y) > MOST_ROWS:
        raise NotProvedError(f"{len(model.y)} rows are too many")
    terms = _terms(model)
    start = slopes.searched(slopes.Slopes(model.X, model.y, terms), ml=ml)
    proved = certified.certify(certified.Model.of(model.X, model.y, terms, ml=ml), *start)
    C, coef = np.array(proved.covariance, float), np.array(proved.coef, float)
    return _Fit(
        CERTIFIED,
        proved.G,
        proved.Ve,
        proved.coef,
        proved.se,
        proved.criterion,
        C,
        lambda L: np.array(proved.ddf(L), float),
        _wald(coef, C),
        () if ml else _kenward_roger(proved),
    )


def _kenward_roger(proved: certified.Certified) -> tuple[tuple[str, str, list[Any]], ...]:
    """By the expected information, as pbkrtest, and by the observed one, as SAS may, where it is defined."""
    found: list[tuple[str, str, list[Any]]] = []
    for information in ("expected", "observed"):
        with contextlib.suppress(NotProvedError):
            each = proved.kenward_roger(np.eye(len(proved.coef)), expected=information == "expected")
            whose = f"by Kenward and Roger, {information} information"
            found += [(q, whose, list(of)) for q, of in zip(("se", "df"), zip(*each, strict=True), strict=True)]
    return tuple(found)


def _wald(coef: np.ndarray, C: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda L: float(L @ coef @ np.linalg.solve(L @ C @ L.T, L @ coef)) / len(L)
