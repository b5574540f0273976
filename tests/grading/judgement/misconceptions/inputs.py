"""Inputs to tell misconceptions apart."""

from functools import cache
from typing import Any

import numpy as np

from reference import golden
from tests.grading.judgement.misconceptions.ingredients import covariance
from tests.strategies import fixed_frogs, twelve_frogs

SLOPED = np.column_stack([np.ones(5), [1.0, 3, 2, 7, 4]])
BOUNDARY = ("fit_reml", "satterthwaite_df", "anova_reml")  # whose last input has its minimum at Vb = 0
NUMBERED = np.array([30, 4, 111, 4, 20, 30, 111])


def of(function: str) -> list[tuple[Any, ...]]:
    """Fixed inputs on which the misconceptions about a function differ from the truth and from one another."""
    return _all()[function]


@cache
def _all() -> dict[str, list[tuple[Any, ...]]]:
    unbalanced, shuffled = golden.load("chapter_2_unbalanced"), golden.load("chapter_2_shuffled")
    boundary, chapter = golden.load("chapter_2_boundary"), golden.load("chapter_2")
    twelve = twelve_frogs()
    tables = [chapter.data, unbalanced.data, twelve.data]
    # heavy first frogs with light second ones
    turned = twelve.data.assign(weight=twelve.data["weight"].where(twelve.data["id"] != 2, 130 - twelve.data["weight"]))
    fits = [(fit.X, fit.y, fit.group) for fit in (unbalanced, shuffled, boundary)]
    fits.insert(2, (twelve.cell_means, twelve.y, twelve.group))
    # colours of 4, 2 and 3 buckets, buckets of 2 to 7 frogs, rows in no order
    uneven = fixed_frogs([[7, 3, 4, 2], [5, 6], [3, 7, 2]], 3).data.sample(frac=1, random_state=1)
    counted = uneven.assign(bucket_mu=uneven["weight"].round(-1)).reset_index(drop=True)
    is_left = chapter.data["bucket"] != chapter.data["bucket"].iloc[0]
    lopsided = chapter.data[is_left].reset_index(drop=True)  # a colour has a bucket less
    # colours that differ little, so that p is neither 0 nor 1
    level = chapter.data.groupby("color")["weight"].transform("mean") - chapter.data["weight"].mean()
    alike = chapter.data.assign(weight=chapter.data["weight"] - 0.8 * level)
    # with a colour effect, so that the p-values tell apart
    effects = [data.assign(weight=data["weight"] + 70 * (data["color"] == "red")) for data in tables]
    return {
        "simulate_frogs": [
            (400, 6, ["red", "green"], 200.0, 34.0, 15.0, 7),
            (400, 6, ["red", "green"], 200.0, 30.0, 30.0, 8),
        ],
        "buckets_per_color": [(data,) for data in (*tables, lopsided, counted)],
        "denominator_df": [(data,) for data in (*tables, lopsided, counted)],
        "model_variances": [(25.0, 10.0), (3.0, 7.0)],
        "empirical_variances": [(chapter.data,), (unbalanced.data[1:].reset_index(drop=True),)],
        "design_matrix": [(NUMBERED, True), (NUMBERED, False), (np.array(["red", "blue", "amber", "blue"]), True)],
        "covariance_matrix": [
            (np.array([2, 1, 3, 2, 1, 3, 3, 2]), 3.0, 5.0),
            (unbalanced.group, 900.0, 225.0),
            (np.array([2, 1, 3, 2, 1, 3]), 3.0, 5.0),
        ],
        "gls": [
            (unbalanced.X, unbalanced.y, covariance(unbalanced.group, 900.0, 225.0)),
            (SLOPED, np.array([4.0, 9, 3, 11, 8]), covariance(np.array([2, 1, 2, 2, 1]), 3.0, 5.0)),
        ],
        "ols": [(unbalanced.X, unbalanced.y), (SLOPED, np.array([4.0, 9, 3, 11, 8]))],
        "frog_correlation": [
            (chapter.data, 1, 2),
            (shuffled.data.assign(id=shuffled.data["id"].str[4:].astype(int)), 2, 4),
            (turned, 1, 2),
        ],
        "anova_ols": [(data,) for data in (*effects, alike)],
        "fit_reml": fits,
        "satterthwaite_df": fits,
        "anova_reml": [(data,) for data in (*effects, boundary.data)],
    }
