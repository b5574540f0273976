"""NIST Statistical Reference Datasets, one-way analysis of variance: data and certified mean squares.

The eleven files in `nist/` are in the public domain, from the Statistical Reference Datasets of the
National Institute of Standards and Technology (www.itl.nist.gov/div898/strd/anova/anova.html). The
certified values are true to all their printed digits, for the data as printed in decimals.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "nist"
NAMES = (
    *("SiRstv", "SmLs01", "SmLs02", "SmLs03"),
    *("AtmWtAg", "SmLs04", "SmLs05", "SmLs06"),
    *("SmLs07", "SmLs08", "SmLs09"),
)


@dataclass(frozen=True)
class NistOneWay:
    """A one-way layout with equal replication, and what NIST certifies of it."""

    name: str
    difficulty: str
    group: NDArray[np.intp]
    decimals: tuple[str, ...]
    df_between: int
    df_within: int
    ss_between: Fraction
    ms_between: Fraction
    ss_within: Fraction
    ms_within: Fraction
    F: Fraction
    residual_sd: Fraction

    @property
    def y(self) -> NDArray[np.float64]:
        """The response, each decimal rounded to the nearest float64."""
        return np.array([float(text) for text in self.decimals])

    @property
    def n_within(self) -> int:
        """Replicates in every treatment."""
        return len(self.group) // (self.df_between + 1)

    @property
    def Ve(self) -> Fraction:
        """REML: the mean square within."""
        return self.ms_within

    @property
    def Vb(self) -> Fraction:
        """REML: (MSB - MSW) / n, positive in all eleven files."""
        return (self.ms_between - self.ms_within) / self.n_within


def load(name: str) -> NistOneWay:
    """Parse one of `NAMES`; raises a ValueError where the file is not laid out as NIST's."""
    lines = (FOLDER / f"{name}.dat").read_text(encoding="ascii").splitlines()
    head = "\n".join(lines[:60])
    between = _numbers(r"^Between .*?(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$", head)
    within = _numbers(r"^Within .*?(\d+)\s+(\S+)\s+(\S+)\s*$", head)
    difficulty = re.search(r"(Lower|Average|Higher) Level of Difficulty", head)
    residual = re.search(r"Standard Deviation\s+(\S+)", head)
    rows = [line.split() for line in lines[60:] if line.strip()]
    if difficulty is None or residual is None or len(rows) != between[0] + within[0] + 1:
        raise ValueError(f"{name}.dat has {len(rows)} data rows; expected {between[0] + within[0] + 1}")
    return NistOneWay(
        name=name,
        difficulty=difficulty.group(1).lower(),
        group=np.array([int(group) for group, _ in rows]),
        decimals=tuple(value for _, value in rows),
        df_between=int(between[0]),
        df_within=int(within[0]),
        ss_between=between[1],
        ms_between=between[2],
        ss_within=within[1],
        ms_within=within[2],
        F=between[3],
        residual_sd=Fraction(residual.group(1)),
    )


def _numbers(pattern: str, text: str) -> list[Fraction]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no line matches {pattern!r}")
    return [Fraction(number) for number in found.groups()]
