"""Numbers of a submission that people would rather look at: its V, and its p-values under no effect."""

from typing import Any

import numpy as np
import pandas as pd

from tests.contract import ContractError
from tests.grading.judgement.numbers import Caller, normalised

GROUP = np.array(["A", "B", "A", "C", "B", "A"])
VB, VE = 4.0, 1.0
RIGHT_V = VB * (GROUP[:, None] == GROUP) + VE * np.eye(len(GROUP))
DRAWS = 40


def portrait(function: str, submission: Caller) -> list[Any] | None:
    """The numbers of one function's picture; None where it has none, or no answer."""
    try:
        if function == "covariance_matrix":
            return normalised(function, submission, (GROUP, VB, VE)).tolist()
        if function == "anova_reml":
            return [round(float(normalised(function, submission, (table,)).p_value), 6) for table in _under_no_effect()]
    except ContractError:
        pass
    return None


def _under_no_effect() -> list[pd.DataFrame]:
    """Two colours of four buckets of five frogs, without an effect of colour: seeds 0, 1, ..."""
    bucket = np.repeat(np.arange(8), 5)
    tables = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        bucket_mu = (200 + 25 * rng.normal(size=8))[bucket]
        weight = bucket_mu + 10 * rng.normal(size=40)
        columns = {
            "id": np.tile(np.arange(1, 6), 8),
            "bucket": bucket + 1,
            "color": np.array(["blue", "red"])[bucket // 4],
        }
        tables.append(pd.DataFrame(columns | {"bucket_mu": bucket_mu, "weight": weight}))
    return tables
