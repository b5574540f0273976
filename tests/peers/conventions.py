"""Numbers that programs print under the same name by another convention than lme4's and lmerTest's."""

from dataclasses import replace

import numpy as np

from tests.peers.authority import Fit, wald
from tests.peers.containment import containment
from tests.peers.inferred import Other, by_F, by_t, named, satterthwaite, variances
from tests.peers.model import Model

NORMAL = "by the normal distribution"
NLME = "by nlme's df"
GLS = "on rows less coefficients, as nlme's gls"


def other_criteria(model: Model, fit: Fit, *, ml: bool) -> list[Other]:
    """AIC and BIC as SAS and nlme count: by REML variances alone, subjects for rows; rows less coefficients."""
    n, p, K, criterion = len(model.y), len(fit.coef), variances(fit), float(fit.criterion)
    subjects = next(iter(model.groups.values())).max() + 1
    found = [("BIC", "as SAS counts, subjects for rows", criterion + np.log(subjects) * (K + ml * p))]
    if not ml:
        found.append(("AIC", "as SAS counts by REML, variances alone", criterion + 2 * K))
        found.append(("BIC", "as nlme counts by REML, rows less coefficients", criterion + np.log(n - p) * (p + K)))
    return [(quantity, whose, named([""], [value])) for quantity, whose, value in found]


def other_tests(model: Model, fit: Fit) -> list[Other]:
    """Coefficients and terms by other degrees of freedom, and terms by other hypotheses.

    Rows less coefficients are no df of a mixed model: what gls makes of them is known, they themselves are not.
    """
    found = [*_of_coefficients(model, fit), *_of_terms(model, fit)]
    return [(quantity, whose, of) for quantity, whose, of in found if GLS not in whose or quantity not in ("df", "df2")]


def _of_coefficients(model: Model, fit: Fit) -> list[Other]:
    p = len(fit.coef)
    by = [(NORMAL, fit.se, np.full(p, np.inf)), (GLS, fit.se, np.full(p, float(len(model.y) - p))), *fit.others]
    by += [(NLME, fit.se, df) for df in _contained(model, [[j] for j in range(p)])]
    return [
        (quantity, whose, numbers)
        for whose, se, df in by
        for quantity, numbers in ({"se": named(model.names, se)} | by_t(model.names, fit.coef, se, df)).items()
    ]


def _of_terms(model: Model, fit: Fit) -> list[Other]:
    """By types I and II with Satterthwaite's df; as R's anova of nlme, in sequence and marginal."""
    terms = list(model.terms.values())
    fit = replace(fit, F=wald(np.array(fit.coef, float), fit.covariance))  # some 10 digits are enough for these
    R = np.linalg.cholesky(np.linalg.inv(fit.covariance)).T
    each = np.eye(len(R))
    others = [(NLME, list(df)) for df in _contained(model, terms)] + [
        (GLS, [float(len(model.y) - len(R))] * len(terms))
    ]
    by = [(f"type {kind}", model.L[kind], satterthwaite(fit, model.L[kind])) for kind in ("I", "II")]
    for whose, df in others:
        by += [
            (f"type III, {whose}", model.L["III"], df),
            (f"in sequence, {whose}", {term: R[columns] for term, columns in model.terms.items()}, df),
            (f"marginal, {whose}", {term: each[columns] for term, columns in model.terms.items()}, df),
        ]
    return [
        (quantity, whose, numbers)
        for whose, hypotheses, df in by
        for quantity, numbers in by_F(model, fit, hypotheses, df).items()
    ]


def _contained(model: Model, terms: list[list[int]]) -> list[np.ndarray]:
    """The df of these columns of X by containment; none where groups are not nested, or a stratum has none left."""
    df = containment(model.X, list(model.groups.values()), terms)
    return [] if df is None else [df]
