"""Frozen answers of R: load a golden, and verify its schema and that its data are the ones it was made of.

`python -m reference.golden FOLDER` compares a fresh run of make_golden.R in FOLDER with the goldens here.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).parent
SCHEMA = 1
KEYS = {"schema", "data", "model", "authority", "expected", "accuracy", "checks"}
NAMES = tuple(sorted(path.stem for path in (HERE / "golden").glob("*.json")))


@dataclass(frozen=True)
class Golden:
    """One fit by R. `accuracy` says how many digits of `expected` agree with the solved score equations."""

    name: str
    data: pd.DataFrame
    model: dict[str, Any]
    authority: dict[str, Any]
    expected: dict[str, Any]
    accuracy: dict[str, float]
    checks: dict[str, Any]

    @property
    def y(self) -> NDArray[np.float64]:
        """The response."""
        return self.data["weight"].to_numpy(dtype=float)

    @property
    def group(self) -> NDArray[Any]:
        """The bucket labels."""
        return self.data["bucket"].to_numpy()

    @cached_property
    def X(self) -> NDArray[np.float64]:
        """R's model matrix: the intercept, and treatment contrasts of a factor or a covariate as it is."""
        ones = np.ones((len(self.data), 1))
        fixed = self.model["fixed"]
        if fixed is None:
            return ones
        column = self.data[fixed]
        if pd.api.types.is_numeric_dtype(column):
            return np.column_stack([ones, column.to_numpy(dtype=float)])
        levels = sorted(column.unique())
        return np.column_stack([ones, *(column == level for level in levels[1:])]).astype(float)

    def rtol(self, quantity: str) -> float:
        """The relative error that R's value of a quantity is known to have, with half a digit to spare."""
        return float(10 ** -(self.accuracy[quantity] - 0.5))


@cache
def load(name: str, folder: Path = HERE) -> Golden:
    """Load one of `NAMES`; raises a ValueError where schema or data are not what they should be."""
    path = folder / "golden" / f"{name}.json"
    golden = json.loads(path.read_text(encoding="utf-8"))
    if golden.get("schema") != SCHEMA or set(golden) != KEYS:
        raise ValueError(f"{path.name} has schema {golden.get('schema')} and keys {sorted(golden)}")
    csv = folder / "data" / golden["data"]["file"]
    sha256 = hashlib.sha256(csv.read_bytes()).hexdigest()
    if sha256 != golden["data"]["sha256"]:
        raise ValueError(f"{csv.name} has sha256 {sha256} but {path.name} was made of {golden['data']['sha256']}")
    parts = {key: golden[key] for key in KEYS - {"schema", "data"}}
    return Golden(name=name, data=pd.read_csv(csv), **parts)


def printing(folder: Path = HERE) -> dict[str, Any]:
    """How R prints numbers, by function: what it was given, and its words."""
    return dict(json.loads((folder / "printing.json").read_text(encoding="utf-8")))


# What is computed from the fitted variances has their relative error, a p-value a multiple of it (the elasticity of
# the tail of F, which is below 20 here). What does not depend on the fit is algebra.
FROM_VARIANCES = {"anova_reml", "anova_kenward_roger", "blup", "gls"}
P_VALUE_ELASTICITY = 20
ALGEBRA = 1e-9
OF_THE_MACHINE = ("authority/optimizer", "checks/gradient", "checks/optimizers_agree")  # judged by bounds in the tests


def differences(old: Golden, new: Golden) -> list[str]:
    """Where a regenerated golden differs from the committed one: a word, or a number by more than its accuracy."""
    found = [] if old.data.equals(new.data) else [f"{old.name}: the data differ"]
    for part in ("model", "authority", "expected", "checks"):
        found += _differences(old, new, part, getattr(old, part), getattr(new, part))
    for quantity, digits in old.accuracy.items():
        if new.accuracy.get(quantity, -1.0) < digits - 1:
            found.append(f"{old.name}: accuracy/{quantity} was {digits} digits, is {new.accuracy.get(quantity)}")
    return found


def _differences(old: Golden, new: Golden, place: str, a: Any, b: Any) -> list[str]:
    if place in OF_THE_MACHINE:
        return []
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        if place == "expected/blup":  # they are compared with the largest of them
            return _differences(old, new, "expected/blup/all", list(a.values()), list(b.values()))
        return [line for key in a for line in _differences(old, new, f"{place}/{key}", a[key], b[key])]
    if _is_numeric(a) and _is_numeric(b) and np.shape(a) == np.shape(b):
        allowed = _allowed(old, new, place)
        if np.allclose(
            np.asarray(a, float),
            np.asarray(b, float),
            rtol=allowed,
            atol=allowed * np.max(np.abs(a)) * place.endswith("all"),
        ):
            return []
        return [f"{old.name}: {place} was {a}, is {b}; allowed is a relative {allowed:.1e}"]
    return [] if a == b else [f"{old.name}: {place} was {a!r}, is {b!r}"]


def _is_numeric(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "if" and np.size(value) > 0


def _allowed(old: Golden, new: Golden, place: str) -> float:
    """The relative difference that the two accuracies explain."""
    _, quantity, *_ = place.split("/")
    if quantity in old.accuracy:
        return old.rtol(quantity) + new.rtol(quantity)
    if quantity not in FROM_VARIANCES:
        return ALGEBRA
    of_variances = max(old.rtol("Vb") + new.rtol("Vb"), old.rtol("df") + new.rtol("df"))
    return of_variances * (P_VALUE_ELASTICITY if place.endswith("p_value") else 1)


def main(folder: Path) -> int:
    """Print every difference between the goldens here and those in `folder`; 1 if there is any."""
    fresh = {path.stem for path in (folder / "golden").glob("*.json")}
    found = [f"{name}: made by one run only" for name in fresh ^ set(NAMES)]
    for name in sorted(fresh & set(NAMES)):
        found += differences(load(name), load(name, folder))
    if printing(folder) != printing():
        found.append("printing.json: R prints other words")
    print("\n".join(found) or f"{len(fresh)} goldens agree within their accuracy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
