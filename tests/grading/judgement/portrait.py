"""Numbers of a submission that people would rather look at: its V, and its p-values under no effect."""

from typing import Any, Protocol

import numpy as np
import pandas as pd

from tests.contract import CONTRACT, ContractError

GROUP = np.array(["A", "B", "A", "C", "B", "A"])
VB, VE = 4.0, 1.0
RIGHT_V = VB * (GROUP[:, None] == GROUP) + VE * np.eye(len(GROUP))
DRAWS = 40


class Caller(Protocol):
    """Whatever answers calls as a submission does."""

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Raise ContractError where there is no answer."""


def portrait(function: str, submission: Caller) -> list[Any] | None:
    """The numbers of one function's picture; None where it has none, or no answer."""
    try:
        if function == "covariance_matrix":
            return _asked(submission, function, GROUP, VB, VE).tolist()
        if function == "anova_reml":
            return [round(float(_asked(submission, function, table).p_value), 6) for table in _under_no_effect()]
    except ContractError:
        pass
    return None


def _asked(submission: Caller, name: str, *values: Any) -> Any:
    function = CONTRACT[name]
    arguments = dict(zip(function.arguments, values, strict=True))
    return function.normalised(submission.call(name, arguments, function.forms), arguments)


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
