"""A table of decimals, and the model that lme4's formula says of it, as decimals, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = list[list[str]]
INTERCEPT = "(Intercept)"


@dataclass(frozen=True, eq=False)
class Model:
    """`fixed` are columns, or products "a:b" of them; `terms` are pairs (columns, group), the column "1" of ones.

    A factor among `fixed` has treatment contrasts with its first level (without a constant the first factor has all its
    levels), among the columns of a term an indicator of each level. Levels are sorted by their characters.
    """

    columns: dict[str, list[str]]
    response: str
    fixed: tuple[str, ...]
    terms: tuple[tuple[tuple[str, ...], str], ...]
    factors: tuple[str, ...] = ()
    constant: bool = True

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.columns[self.response])

    @property
    def formula(self) -> str:
        """lme4's."""
        fixed = " + ".join(("1" if self.constant else "0", *self.fixed))
        random = (f"({' + '.join(columns if '1' in columns else ('0', *columns))} | {g})" for columns, g in self.terms)
        return f"{self.response} ~ {' + '.join([fixed, *random])}"

    @cached_property
    def design(self) -> tuple[list[str], Rows]:
        """Names of the fixed columns, and X (n, p)."""
        parts = [(INTERCEPT, ["1"] * self.n)] if self.constant else []
        for entry in self.fixed:
            of_entry = [("", ["1"] * self.n)]
            for name in entry.split(":"):
                dropped = self.constant or len(parts) > 0
                of_entry = [
                    (f"{before}:{after}" if before else after, list(map(_product, u, v)))
                    for before, u in of_entry
                    for after, v in self._columns(name, dropped=dropped)
                ]
            parts += of_entry
        return [name for name, _ in parts], [list(row) for row in zip(*(column for _, column in parts), strict=True)]

    def Z(self, k: int) -> Rows:
        """(n, r_k)."""
        parts = []
        for name in self.terms[k][0]:
            parts += [["1"] * self.n] if name == "1" else [c for _, c in self._columns(name, dropped=False)]
        return [list(row) for row in zip(*parts, strict=True)]

    def group(self, k: int) -> list[str]:
        """The labels of a term's levels."""
        return self.columns[self.terms[k][1]]

    def _columns(self, name: str, *, dropped: bool) -> list[tuple[str, list[str]]]:
        column = self.columns[name]
        if name not in self.factors:
            return [(name, column)]
        levels = sorted(set(column))[int(dropped) :]
        return [(name + level, [str(int(cell == level)) for cell in column]) for level in levels]

    @property
    def X(self) -> Floats:
        """In floats."""
        return np.array(self.design[1], dtype=float)

    @property
    def y(self) -> Floats:
        """In floats."""
        return np.array(self.columns[self.response], dtype=float)

    @property
    def float_terms(self) -> list[tuple[Floats, NDArray[Any]]]:
        """In floats."""
        return [(np.array(self.Z(k), dtype=float), np.array(self.group(k))) for k in range(len(self.terms))]

    @property
    def is_one_intercept(self) -> bool:
        """What `exact.py` knows."""
        return len(self.terms) == 1 and self.terms[0][0] == ("1",)


@dataclass(frozen=True)
class Spec:
    """What a topic asks: a model, and what is said of it.

    tested: columns of X whose F is asked; df2: its denominator df, where they are known and the columns several.
    """

    id: str
    comment: str
    source: str
    model: Model
    flags: tuple[str, ...] = ()
    method: str = "REML"
    tested: tuple[int, ...] = ()
    df2: int | None = None
    refuse: str = ""
    acceptable: bool = False
    level: int = 1


def both(spec: Spec) -> Sequence[Spec]:
    """The same by REML and by ML."""
    by_ml = {**spec.__dict__, "id": f"{spec.id}-ml", "flags": (*spec.flags, "ML"), "method": "ML"}
    return spec, Spec(**by_ml)


def _product(a: str, b: str) -> str:
    return str(Decimal(a) * Decimal(b))
