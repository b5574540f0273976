"""The second level's data sets, with the numbers of lme4 and lmerTest (written by make_components.R)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).parent
NAMES = ("penicillin", "pastes", "oats", "machines", "ponds")
BALANCED = NAMES[:4]


@dataclass(frozen=True)
class SecondLevel:
    """X, y and groups, and what R says of them."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    groups: Sequence[NDArray[Any]]
    expected: dict[str, Any]

    @property
    def terms(self) -> list[tuple[NDArray[np.float64], NDArray[Any]]]:
        """A variance component is a term whose Z is a column of ones."""
        return [(np.ones((len(self.y), 1)), group) for group in self.groups]


@cache
def load(name: str) -> SecondLevel:
    """One data set; text columns among the fixed ones are coded by treatment contrasts."""
    fit = json.loads((HERE / "components.json").read_text(encoding="utf-8"))["fits"][name]
    data = pd.read_csv(HERE / "data" / f"{name}.csv")
    columns = [np.ones(len(data))]
    for term in fit["fixed"].split(" + ") if fit["fixed"] != "1" else ():
        values = data[term].to_numpy()
        levels: list[Any] = np.unique(values)[1:].tolist() if values.dtype.kind not in "if" else []
        columns += [(values == level).astype(float) for level in levels] or [values.astype(float)]
    expected = {key: np.atleast_1d(fit[key]) for key in ("V", "coef", "se", "df")}
    groups = [data[group].astype(str).to_numpy().astype(str) for group in fit["groups"]]
    numbers = {"Ve": fit["Ve"], "criterion": fit["criterion"]}
    return SecondLevel(np.column_stack(columns), data[fit["response"]].to_numpy(float), groups, expected | numbers)
