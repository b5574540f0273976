"""Frozen answers of data that exact arithmetic needs half a minute for: 5,000 rows, 200 unequal buckets, 30 columns.

`python -m reference.large` computes them and writes `large.json` beside this file. The data are not stored: a plan and
a seed draw them (reference/designs.py), and their hash is checked.
"""

import json
import sys
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import exact
from reference.designs import Drawn, Plan, draw

FILE = Path(__file__).with_suffix(".json")
KEPT = 30  # digits, of the 50 that are proved
SIZES = (5, 13, 25, 57) * 50
PLANS = {
    "30 columns": Plan(SIZES, within=15, between=14),
    "30 columns without the constant": Plan(SIZES, within=16, between=14, constant=False, collinear=10, spread=0.5),
    "17 sizes": Plan(tuple(range(3, 20)) * 6, within=15, between=14),
    "the boundary": Plan(SIZES, within=10, between=9, spread=0),
}
SEED = 24
QUANTITIES = ("Vb", "Ve", "coef", "se", "criterion", "df")


@dataclass(frozen=True)
class Large:
    """One design, and its fit: floats of the proved digits."""

    data: Drawn
    Vb: float
    Ve: float
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    criterion: float
    df: NDArray[np.float64]


@cache
def load(name: str) -> Large:
    """One of `PLANS`; raises a ValueError where other data are drawn than the answers were computed for."""
    written, data = frozen(name), draw(PLANS[name], SEED)
    if data.sha256 != written["sha256"]:
        raise ValueError(f"{name}: the data have sha256 {data.sha256} but the answers are of {written['sha256']}")
    numbers: dict[str, Any] = {
        key: np.array(written[key], float) if isinstance(written[key], list) else float(written[key])
        for key in QUANTITIES
    }
    return Large(data, **numbers)


def frozen(name: str) -> dict[str, Any]:
    """The answers as they are written."""
    return dict(json.loads(FILE.read_text(encoding="utf-8"))[name])


def computed(name: str) -> dict[str, Any]:
    """The answers by exact arithmetic, in decimals, with the hash of their data."""
    data = draw(PLANS[name], SEED)
    fit = exact.reml(data.X, data.y, data.codes)
    return {"sha256": data.sha256} | {key: _written(getattr(fit, key)) for key in QUANTITIES}


def _written(value: Decimal | list[Decimal]) -> str | list[str]:
    if isinstance(value, list):
        return [str(_written(entry)) for entry in value]
    with localcontext(prec=KEPT):
        return str(+value)


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: computed(name) for name in PLANS}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
