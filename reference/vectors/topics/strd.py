"""NIST's one-way layouts that have up to 189 rows, as models with a random group."""

from collections.abc import Iterator

from reference import nist
from reference.vectors.model import Model, Spec

ABOUT = "NIST's Statistical Reference Datasets: up to 7 leading digits of the response agree."
NAMES = ("SiRstv", "AtmWtAg", "SmLs01", "SmLs04")  # float64 reads SmLs07 with errors of 1e-3 of its criterion


def specs() -> Iterator[Spec]:
    """Lower, average and higher level of difficulty."""
    for name in NAMES:
        data = nist.load(name)
        columns = {"y": list(data.decimals), "g": [f"g{group:02d}" for group in data.group]}
        yield Spec(
            f"{name}-1",
            f"NIST's {data.difficulty} level of difficulty",
            "NIST Statistical Reference Datasets, one-way analysis of variance; public domain",
            Model(columns, "y", (), ((("1",), "g"),)),
            ("book", "leading digits agree"),
        )
