"""The hypothesis L beta = 0 of each term of a model by types I, II and III, in the basis that lmerTest takes.

F does not depend on the basis, df of unbalanced data do (theorem 16).
"""

from collections.abc import Sequence

import numpy as np

Terms = dict[str, list[int]]  # by the name of a term, the columns of X; none is of the constant
NEGLIGIBLE = 1e-8


def type_1(X: np.ndarray, terms: Terms) -> dict[str, np.ndarray]:
    """Each term beside those before it: rows of U, X'X = U'DU with ones on U's diagonal (Goodnight, 1979)."""
    R = np.linalg.qr(X)[1]
    U = R / R.diagonal()[:, None]
    return {term: U[columns] for term, columns in terms.items()}


def type_2(X: np.ndarray, terms: Terms, factors: Sequence[str]) -> dict[str, np.ndarray]:
    """Each term beside all that do not contain it: type I of X with the term, then those, put last."""
    found = {}
    for term, own in terms.items():
        after = [j for other, columns in terms.items() if _contains(other, term, factors) for j in columns]
        before = [j for j in range(X.shape[1]) if j not in {*own, *after}]
        order = [*before, *own, *after]
        rows = type_1(X[:, order], {term: list(range(len(before), len(before) + len(own)))})[term]
        found[term] = rows[:, np.argsort(order)]
    return found


def type_3(
    first: np.ndarray, every: np.ndarray, named: list[int], X: np.ndarray, terms: Terms, factors: Sequence[str]
) -> dict[str, np.ndarray]:
    """As SAS has it: by treatment contrasts, what a term has beside all terms that contain it.

    first: X by treatment contrasts, with the columns `terms`.   every: with a column for each level, those of first
    being `named`.   The rows are of X, in any contrasts.
    """
    solve = np.linalg.pinv(first)
    L, to_X = (solve @ every).T, solve @ X
    for term in sorted(terms, key=lambda name: -name.count(":")):
        around = [column for other in terms if _contains(other, term, factors) for column in terms[other]]
        if around:
            own = L[:, terms[term]]
            L[:, terms[term]] = own - L[:, around] @ np.linalg.lstsq(L[:, around], own)[0]
    rows = {term: np.round(L[named][:, columns].T, 13) for term, columns in terms.items()}
    return {term: part[np.abs(part).sum(axis=1) > NEGLIGIBLE] @ np.round(to_X, 13) for term, part in rows.items()}


def _contains(other: str, term: str, factors: Sequence[str]) -> bool:
    """Whether a term has all factors of another and more, and the same covariates."""
    parts, own = set(other.split(":")), set(term.split(":"))
    return own < parts and parts - own <= set(factors)
