"""What follows from a fit: t and F on given degrees of freedom, intervals, likelihoods, by their names."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.special import fdtrc, stdtr, stdtrit

from lmm_core.inference import pooled_ddf
from tests.peers.authority import Fit
from tests.peers.model import Model

Numbers = dict[str, Decimal]  # by the name of a part: a coefficient, a component, a term, or "" for the model
Other = tuple[str, str, Numbers]  # quantity, whose, numbers
Hypotheses = dict[str, np.ndarray]  # of each term the rows of L beta = 0


def named(names: Sequence[str], values: Iterable[Any]) -> Numbers:
    """Numbers by their names."""
    return dict(zip(names, (x if isinstance(x, Decimal) else Decimal(float(x)) for x in values), strict=True))


def by_t(names: Sequence[str], coef: Sequence[Any], se: Sequence[Any], df: np.ndarray) -> dict[str, Numbers]:
    """What is said of each coefficient on so many degrees of freedom, which have no digits where they are infinite."""
    b, s = (np.array([float(x) for x in values]) for values in (coef, se))
    half = stdtrit(df, 0.975) * s
    found = {
        "t": named(names, [Decimal(x) / Decimal(y) for x, y in zip(coef, se, strict=True)]),
        "p": named(names, 2 * stdtr(df, -abs(b / s))),
        "lower": named(names, b - half),
        "upper": named(names, b + half),
    }
    return found | ({"df": named(names, df)} if np.isfinite(df).all() else {})


def by_F(model: Model, fit: Fit, hypotheses: Hypotheses, df: Sequence[float]) -> dict[str, Numbers]:
    """F of each term on so many degrees of freedom."""
    terms, rows = list(model.terms), [len(L) for L in hypotheses.values()]
    F = [fit.F(L) for L in hypotheses.values()]
    p = [fdtrc(q, of, float(f)) for q, of, f in zip(rows, df, F, strict=True)]
    return {"F": named(terms, F), "df1": named(terms, rows), "df2": named(terms, df), "pF": named(terms, p)}


def satterthwaite(fit: Fit, hypotheses: Hypotheses) -> list[float]:
    """Of each term, as lmerTest pools those of the eigenvectors of L Cov L'."""
    return [float(pooled_ddf(fit.ddf(np.linalg.eigh(L @ fit.covariance @ L.T)[1].T @ L))) for L in hypotheses.values()]


def likelihoods(fit: Fit, n: int) -> dict[str, Numbers]:
    """The criterion, and AIC and BIC as lme4 counts: fixed effects and variances, n rows."""
    parameters, criterion = len(fit.coef) + variances(fit), float(fit.criterion)
    return {
        "criterion": named([""], [fit.criterion]),
        "logLik": named([""], [-Decimal(fit.criterion) / 2]),
        "AIC": named([""], [criterion + 2 * parameters]),
        "BIC": named([""], [criterion + np.log(n) * parameters]),
    }


def variances(fit: Fit) -> int:
    """Variances and covariances that were fitted."""
    return sum(len(G) * (len(G) + 1) // 2 for G in fit.G) + 1
