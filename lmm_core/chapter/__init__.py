"""The chapter, worked through: every item of its exercises, in its order, is a function from data to a `Step`.

A notebook can call them one by one; `python -m lmm_core` prints them, and `--html` makes a page of them. A step has
the question in a few words, its numbers, what to show, the theorem with the condition that the chapter's sentence
needs, and the lines of Python and of R that do it. R's lines run as they are printed, in their order.
"""

from collections.abc import Iterator

import pandas as pd

from lmm_core.chapter.exercise_4_1 import replication, the_data, variances, weights
from lmm_core.chapter.exercise_4_2 import by_gls, covariance_corner, covariance_image, gls_beside_ols
from lmm_core.chapter.exercise_4_3 import PAIRS, Fits, by_linear_model, by_mixed_model, correlations
from lmm_core.chapter.exercise_4_4 import by_hand, fitted_image, side_by_side, with_and_without
from lmm_core.chapter.steps import (
    Names,
    Picture,
    Population,
    Printed,
    Step,
    Table,
    first_population,
    is_nested,
    rainbow,
    second_population,
)
from lmm_core.design import denominator_df

__all__ = [
    "PAIRS",
    "Fits",
    "Names",
    "Picture",
    "Population",
    "Printed",
    "Step",
    "Table",
    "by_gls",
    "by_hand",
    "by_linear_model",
    "by_mixed_model",
    "correlations",
    "covariance_corner",
    "covariance_image",
    "first_population",
    "fitted_image",
    "gls_beside_ols",
    "mixed_model",
    "rainbow",
    "replication",
    "second_population",
    "side_by_side",
    "the_data",
    "variances",
    "weights",
    "with_and_without",
    "work_first",
    "work_own",
    "work_second",
]


def work_first(population: Population) -> Iterator[Step]:
    """4.1 and 4.2: a colour for each bucket, V, and least squares by hand."""
    data, names = population.data, population.names
    yield the_data(data, names, "4.1", population.python)
    yield replication(data, names, "4.1, 1")
    yield weights(data, names, "4.1, 2")
    yield variances(data, names, population)
    yield covariance_corner(data, names)
    yield covariance_image(data, names)
    yield by_gls(data, names)
    yield gls_beside_ols(data, names)


def work_second(population: Population) -> Iterator[Step]:
    """4.3 and 4.4: two buckets for each colour, and the mixed model."""
    data, names = population.data, population.names
    yield the_data(data, names, "4.3", population.python)
    yield replication(data, names, "4.3, 1")
    yield weights(data, names, "4.3, 2")
    yield correlations(data, names, population)
    yield from mixed_model(data, names)


def work_own(data: pd.DataFrame, names: Names, python: str) -> Iterator[Step]:
    """All steps that somebody's own data allow. `data` has the chapter's columns, `names` what they were called.

    Where every bucket has a colour of its own, the last step says that no more can be said of colour.
    """
    yield the_data(data, names, "4.1", python)
    if is_nested(data):
        yield replication(data, names, "4.1, 1")
    yield weights(data, names, "4.1, 2")
    if is_nested(data) and denominator_df(data) == 0:
        return
    if data["bucket"].value_counts().min() > 1:
        yield variances(data, names, None)
        yield gls_beside_ols(data, names)
    yield from mixed_model(data, names)


def mixed_model(data: pd.DataFrame, names: Names) -> Iterator[Step]:
    """The second half of 4.3, and 4.4: the naive and the mixed model, what they say of colour, and both by hand."""
    fits = Fits.of(data, names)
    yield by_linear_model(fits, names)
    yield by_mixed_model(fits, names)
    yield side_by_side(fits, names)
    yield with_and_without(fits, names)
    yield fitted_image(fits, data, names)
    yield by_hand(fits, names)
