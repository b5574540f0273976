"""The degrees of freedom that R's nlme gives columns and terms: those of the stratum that contains them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def containment(X: np.ndarray, groups: Sequence[np.ndarray], terms: Sequence[Sequence[int]]) -> np.ndarray | None:
    """df of each term, None where groups are not nested or a stratum has none left.

    With m_i groups at level i of Q, the outermost first, m_0 = 1 where X has a constant, else 0, and m_(Q+1) rows,

        df_i = m_i - (m_(i-1) + p_i),

    where p_i columns are estimated at level i: they vary within groups of level i - 1, and of no finer level. A
    constant has the largest of these df. (Pinheiro and Bates, 2000, p. 91.)

    Args:
        X: (n, p).
        groups: codes (n,) of each level, in any order.
        terms: columns of X.
    """
    levels = sorted(groups, key=lambda codes: int(codes.max()))
    if any(_varies(outer.astype(float), inner) for outer, inner in pairwise(levels)):
        return None
    constant = [j for j in range(X.shape[1]) if np.ptp(X[:, j]) == 0]
    at = np.array([max(sum(_varies(X[:, j], codes) for codes in levels) for j in term) for term in terms], dtype=int)
    is_constant = np.array([set(term) <= set(constant) for term in terms], dtype=bool)
    sizes = np.array([bool(constant), *(int(codes.max()) + 1 for codes in levels), len(X)])
    p = np.bincount(at, [len(term) for term in terms] * ~is_constant, minlength=len(levels) + 1)
    df = np.diff(sizes) - p
    df[1:] += not constant  # as nlme does: cell means hold the constant
    return np.where(is_constant, df.max(), df[at]).astype(float) if df.min() > 0 else None


def _varies(x: np.ndarray, codes: np.ndarray) -> bool:
    """Whether x takes two values in one group."""
    low, high = np.full(codes.max() + 1, np.inf), np.full(codes.max() + 1, -np.inf)
    np.minimum.at(low, codes, x)
    np.maximum.at(high, codes, x)
    return bool((high > low).any())
