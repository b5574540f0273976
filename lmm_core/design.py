"""What the layout of an experiment fixes before a weight is measured: model matrices and replication."""

import numpy as np
import pandas as pd

from lmm_core import checks
from lmm_core.checks import Labels, Matrix


def design_matrix(labels: Labels, intercept: bool) -> Matrix:
    """Code labels as columns: one per level (`~ color - 1`), or the intercept and contrasts (`~ color`).

        intercept=False:  X[i, j] = 1 if labels[i] is level j, else 0              (cell means)
        intercept=True:   column 0 is 1 and stands for the first level; column j > 0 as above

    Args:
        labels: n strings or integers. The levels are sorted: integers by size, strings by letter.
        intercept: whether the first column is the constant.

    Returns:
        X (n, number of levels).

    Raises:
        ValueError: labels is empty, has missing entries, or mixes types that have no order; intercept is
            neither True nor False.

    Source: Chambers and Hastie (1992), Statistical Models in S, chapter 2 (`contr.treatment`).
    """
    codes, levels = checks.sorted_labels("labels", labels)
    X = np.eye(len(levels))[codes]
    if checks.truth("intercept", intercept):
        X[:, 0] = 1.0
    return X


def buckets_per_color(data: pd.DataFrame) -> dict[object, int]:
    """Count the buckets of each colour: the number of independent replicates of a colour.

    Args:
        data: a table with columns `bucket` and `color`, a row per frog.

    Returns:
        A mapping colour -> number of distinct buckets, colours in sorted order.

    Raises:
        ValueError: a missing column or value, no rows, or colours of types that have no order.

    Source: Hurlbert (1984), Ecological Monographs 54, 187-211 (what counts as a replicate).
    """
    return replicates(checks.table(data, ["bucket", "color"]))


def replicates(data: pd.DataFrame) -> dict[object, int]:
    """`buckets_per_color` of a table that is checked already."""
    buckets, names = pd.factorize(data["bucket"])
    codes, colors = checks.sorted_labels("data column 'color'", data["color"])
    pairs = np.unique(codes * len(names) + buckets)
    return dict(zip(colors, np.bincount(pairs // len(names)).tolist(), strict=True))


def denominator_df(data: pd.DataFrame) -> int:
    """Degrees of freedom left to judge colour by: ddf = B - C, buckets minus colours.

    0 says that every colour has one bucket, so that colour and bucket cannot be told apart.

    Args:
        data: a table with columns `bucket` and `color`.

    Returns:
        B - C.

    Raises:
        ValueError: as `buckets_per_color`, or a bucket with several colours: colour is not nested then.

    Source: Hurlbert (1984), Ecological Monographs 54, 187-211; theorem 8 says when it is exact.
    """
    counts = buckets_per_color(data)
    colors_of = data.groupby("bucket", observed=True)["color"].nunique()
    if colors_of.max() > 1:
        raise ValueError(
            f"data has {colors_of.max()} colours in bucket {colors_of.idxmax()}; expected 1 colour per bucket"
        )
    return sum(counts.values()) - len(counts)
