"""What a program should have printed of a mixed model with random intercepts, each number by its highest authority."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.special import fdtrc, ndtri, stdtr, stdtrit

from lmm_core.inference import pooled_ddf
from lmm_core.mixed import covariance, ddf, fit_mixed
from reference import exact
from reference.strata import NotClosedError, strata
from tests.peers.model import Model

Numbers = dict[str, Decimal]  # by the name of a part: a coefficient, a component, a term, or "" for the model
EXACT = "exact arithmetic on the table's numbers (reference/exact.py)"
CLOSED = "the strata of a balanced design (reference/strata.py), to some 13 digits"
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
    V: list[Any]
    Ve: Any
    coef: list[Any]
    se: list[Any]
    criterion: Any
    covariance: np.ndarray
    ddf: Callable[[np.ndarray], np.ndarray]
    F: Callable[[np.ndarray], Any]


def truth(model: Model, *, ml: bool) -> Truth:
    """All quantities; raises ValueError where there is no fit."""
    fit = _fit(model, ml=ml)
    coef, se, df = (np.array([float(x) for x in v]) for v in (fit.coef, fit.se, fit.ddf(np.eye(len(fit.coef)))))
    t, K = coef / se, len(fit.V)
    parts, of_X = list(model.groups), model.names
    half, by_normal = stdtrit(df, 0.975) * se, ndtri(0.975) * se
    numbers = {
        "V": _named([*parts, "Residual"], [*fit.V, fit.Ve]),
        "Ve": _named([""], [fit.Ve]),
        "sd": _named([*parts, "Residual"], [Decimal(x).sqrt() for x in (*fit.V, fit.Ve)]),
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
    return Truth(fit.authority, numbers, others)


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
    parameters = len(fit.V) + 1 + ml * len(fit.coef)
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
    X, y, groups = model.X, model.y, list(model.groups.values())
    if not ml and len(groups) > 1:
        try:
            closed = strata(X, y, groups)
        except NotClosedError:
            pass
        else:
            C, coef = np.einsum("ijf,f->ij", closed.weights, closed.MS), np.linalg.lstsq(X, y)[0]
            se, F = np.sqrt(C.diagonal()), _wald(coef, C)
            return _Fit(CLOSED, [*closed.V], closed.Ve, [*coef], [*se], closed.criterion, C, closed.ddf, F)
    fit = fit_mixed(X, y, [(np.ones((len(y), 1)), group) for group in groups], "ML" if ml else "REML")
    C = covariance(fit)
    if not ml and len(groups) == 1:
        right = exact.reml(X, y, groups[0])
        df = np.array([float(x) for x in right.df])

        def satterthwaite(L: np.ndarray) -> np.ndarray:
            return df if np.array_equal(L, np.eye(len(df))) else ddf(fit, L)

        def F(L: np.ndarray) -> Decimal:
            return exact.f_statistic(X, y, groups[0], L)

        return _Fit(EXACT, [right.Vb], right.Ve, right.coef, right.se, right.criterion, C, satterthwaite, F)
    V = [G[0, 0] for G in fit.G]
    return _Fit(FITTED, V, fit.Ve, [*fit.coef], [*fit.se], fit.criterion, C, lambda L: ddf(fit, L), _wald(fit.coef, C))


def _wald(coef: np.ndarray, C: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda L: float(L @ coef @ np.linalg.solve(L @ C @ L.T, L @ coef)) / len(L)
