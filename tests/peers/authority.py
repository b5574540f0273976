"""The fit of a model by the highest authority that there is for it."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lmm_core.mixed import MixedFit, covariance, ddf, fit_mixed
from reference import certified, exact, slopes
from reference.certified import NotProvedError
from reference.coefficients import coefficients
from reference.strata import NotClosedError, strata
from tests.peers.model import Model

MOST_ROWS = 150  # that balls hold in seconds
EXACT = "exact arithmetic on the table's numbers (reference/exact.py)"
CLOSED = "the strata of a balanced design (reference/strata.py), to some 13 digits"
COEFFICIENTS = "the closed form of balanced random coefficients (reference/coefficients.py), to some 13 digits"
CERTIFIED = "a minimum proved in ball arithmetic to 25 digits (reference/certified.py), the lowest that a search found"
FITTED = "lmm_core, to some 10 digits"


@dataclass(frozen=True)
class Fit:
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
    others: tuple[tuple[str, list[Any], np.ndarray], ...] = ()  # whose, se and df of every coefficient


def fitted(model: Model, *, ml: bool) -> Fit:
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


def _of_core(authority: str, fit: MixedFit, G: Any, Ve: Any, coef: Any, se: Any, criterion: Any) -> Fit:
    """What is known, with the covariance and the df of contrasts by lmm_core."""
    C = covariance(fit)
    return Fit(authority, G, Ve, [*coef], [*se], criterion, C, lambda L: ddf(fit, L), wald(fit.coef, C))


def _exactly(model: Model) -> Fit:
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


def _by_strata(model: Model, *, ml: bool) -> Fit:
    """Random intercepts in balance, by REML."""
    if ml:
        raise NotClosedError("the strata have no ML")
    closed = strata(model.X, model.y, list(model.groups.values()))
    C, coef = np.einsum("ijf,f->ij", closed.weights, closed.MS), np.linalg.lstsq(model.X, model.y)[0]
    se, G = np.sqrt(C.diagonal()), [[[V]] for V in closed.V]
    return Fit(CLOSED, G, closed.Ve, [*coef], [*se], closed.criterion, C, closed.ddf, wald(coef, C))


def _by_coefficients(model: Model, *, ml: bool) -> Fit:
    """One component in balance."""
    terms = _terms(model)
    if len(terms) > 1:
        raise NotClosedError("several components")
    ((Z, group),) = terms
    closed = coefficients(model.X, model.y, Z, group, ml=ml)
    sums = [closed.X_plus[:, group == i] @ Z[group == i] for i in range(int(group.max()) + 1)]
    C = closed.Ve * closed.X_plus @ closed.X_plus.T + sum(part @ closed.G @ part.T for part in sums)
    F = wald(closed.coef, C)
    return Fit(
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


def _by_balls(model: Model, *, ml: bool) -> Fit:
    """Any components of some rows."""
    if len(model.y) > MOST_ROWS:
        raise NotProvedError(f"{len(model.y)} rows are too many")
    proved = slopes.proved(slopes.Slopes(model.X, model.y, _terms(model)), ml=ml)
    C, coef = np.array(proved.covariance, float), np.array(proved.coef, float)
    return Fit(
        CERTIFIED,
        proved.G,
        proved.Ve,
        proved.coef,
        proved.se,
        proved.criterion,
        C,
        lambda L: np.array(proved.ddf(L), float),
        wald(coef, C),
        () if ml else _kenward_roger(proved),
    )


def _kenward_roger(proved: certified.Certified) -> tuple[tuple[str, list[Any], np.ndarray], ...]:
    """By the expected information, as pbkrtest, and by the observed one, as SAS may, where it is defined."""
    found: list[tuple[str, list[Any], np.ndarray]] = []
    for information in ("expected", "observed"):
        with contextlib.suppress(NotProvedError):
            each = proved.kenward_roger(np.eye(len(proved.coef)), expected=information == "expected")
            se, df = zip(*each, strict=True)
            found.append((f"by Kenward and Roger, {information} information", list(se), np.array(df, float)))
    return tuple(found)


def wald(coef: np.ndarray, C: np.ndarray) -> Callable[[np.ndarray], float]:
    """F of L, by the coefficients' covariance."""
    return lambda L: float(L @ coef @ np.linalg.solve(L @ C @ L.T, L @ coef)) / len(L)
