"""Crossed and nested factors, split plots."""

from collections.abc import Iterator

import numpy as np

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both

ABOUT = "Several random factors, nested and crossed, with equal and with unequal numbers."
ONE = ("1",)


def specs() -> Iterator[Spec]:
    """Books and parts of them, then drawn."""
    pastes = draw.book("pastes", batch="batch", sample="sample", strength="y")
    nested = ((ONE, "sample"), (ONE, "batch"))
    source = "Davies and Goldsmith (1972), table 6.4; R package lme4"
    yield from both(
        _spec("pastes-1", "Samples within batches", source, Model(pastes, "y", (), nested), ("book", "nested"))
    )
    lost = draw.part(pastes, draw.every(60, 7, 3))
    yield _spec(
        "pastes-2", "Samples within batches, some lost", source, Model(lost, "y", (), nested), ("book", "nested")
    )
    oats = draw.book("oats", block="block", plot="plot", variety="variety", nitrogen="nitrogen")
    oats["y"] = draw.book("oats", **{"yield": "y"})["y"]
    split = ((ONE, "plot"), (ONE, "block"))
    factors = ("variety", "nitrogen", "plot", "block")
    source = "Yates (1935), Complex Experiments; R package nlme"
    model = Model(oats, "y", ("variety", "nitrogen"), split, factors)
    flags = ("book", "nested", "several coefficients")
    yield from both(_spec("oats-1", "A split plot", source, model, flags, tested=(3, 4, 5), df2=51))
    less = Model(draw.part(oats, draw.every(72, 5, 2)), "y", ("variety", "nitrogen"), split, factors)
    yield _spec("oats-2", "A split plot, a fifth of the plots lost", source, less, flags, tested=(3, 4, 5))
    ponds = draw.book("ponds", pond="pond", bucket="bucket", depth="depth", weight="y")
    model = Model(ponds, "y", ("depth",), ((ONE, "bucket"), (ONE, "pond")))
    yield from both(_spec("ponds-1", "Buckets in ponds", "drawn", model, ("nested", "covariate"), tested=(1,)))
    penicillin = draw.book("penicillin", plate="plate", sample="sample", diameter="y")
    crossed = ((ONE, "plate"), (ONE, "sample"))
    source = "Davies and Goldsmith (1972), table 6.6; R package lme4"
    for number, rows in ((1, [i < 72 for i in range(144)]), (2, [i < 72 and i % 5 != 2 for i in range(144)])):
        model = Model(draw.part(penicillin, rows), "y", (), crossed)
        yield from both(_spec(f"penicillin-{number}", "Plates and samples", source, model, ("book", "crossed")))
    for seed in (61, 62, 63, 64):
        yield from both(
            _spec(f"crossed-{seed}", "Rows and columns, unequal", "drawn", crossing(seed), ("crossed",), tested=(1,))
        )


def _spec(name: str, comment: str, source: str, model: Model, flags: tuple[str, ...], **more: object) -> Spec:
    return Spec(name, comment, source, model, flags, level=2, **more)  # type: ignore[arg-type]


def crossing(seed: int) -> Model:
    """Six rows and five columns, each pair none to three times."""
    rng = np.random.RandomState(seed)
    cells = [(i, j) for i in range(6) for j in range(5) for _ in range(rng.randint(0, 4))]
    rows, columns = np.array(cells).T
    x = rng.randint(-9, 10, len(rows))
    y = (
        2 * rng.randint(-20, 21, 6)[rows]
        + rng.randint(-20, 21, 5)[columns]
        + rng.randint(-8, 9, (4, len(rows))).sum(0)
        + x
    )
    table = {"y": [draw.shifted(int(v), -1) for v in y], "x": [str(v) for v in x]}
    table |= {"row": [f"r{i}" for i in rows], "column": [f"c{j}" for j in columns]}
    return Model(table, "y", ("x",), ((ONE, "row"), (ONE, "column")))
