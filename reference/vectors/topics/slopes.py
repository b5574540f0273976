"""Random intercepts and slopes, well inside."""

from collections.abc import Iterator

import numpy as np

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both

ABOUT = "Random intercepts and slopes, G of full rank: lme4's (x | g), with equal and with unequal groups."
ONE_X = (("1", "x"), "g")


def specs() -> Iterator[Spec]:
    """Parts of books, then drawn."""
    sleep = draw.book("sleepstudy", bucket="g", weight="y", fixed="x")
    source = "Belenky et al. (2003), Journal of Sleep Research 12, 1-12; R package lme4"
    half = draw.part(sleep, [i < 90 for i in range(180)])
    yield from both(_spec("sleepstudy-1", "The first nine subjects", source, half, ("book", "covariate"), ("g",)))
    less = draw.part(half, draw.every(90, 3, 1))
    yield from both(
        _spec("sleepstudy-2", "Nine subjects, a third of the days lost", source, less, ("book", "covariate"), ("g",))
    )
    growth = draw.book("orthodont", bucket="g", weight="y", fixed="x")
    growth["sex"] = ["female" if g.startswith("F") else "male" for g in growth["g"]]
    source = "Potthoff and Roy (1964), Biometrika 51, 313-326"
    model = Model(growth, "y", ("sex", "x", "sex:x"), (ONE_X,), ("sex",))
    flags = ("book", "covariate", "several coefficients")
    yield Spec("orthodont-1", "Growth of boys and girls", source, model, flags, tested=(3,), level=2)
    machines = draw.book("machines", worker="g", machine="machine", score="y")
    source = "Milliken and Johnson (1984), Analysis of Messy Data, table 23.1"
    model = Model(machines, "y", ("machine",), ((("machine",), "g"),), ("machine", "g"))
    yield Spec("machines-1", "G of three machines", source, model, ("book", "several coefficients"), level=2)
    for seed, m, rows in ((71, 8, 4), (72, 10, 5), (73, 6, 6)):
        yield from both(_spec(f"lines-{seed}", f"{m} lines of {rows}", "drawn", lines(seed, m, rows), ("covariate",)))
    for seed in (74, 75):
        table = draw.part(lines(seed, 8, 6), draw.every(48, 5, 2))
        yield from both(_spec(f"lines-{seed}", "Lines of unequal numbers", "drawn", table, ("covariate",)))


def _spec(
    name: str, comment: str, source: str, table: draw.Columns, flags: tuple[str, ...], factors: tuple[str, ...] = ()
) -> Spec:
    return Spec(name, comment, source, Model(table, "y", ("x",), (ONE_X,), factors), flags, tested=(1,), level=2)


def lines(seed: int, m: int, rows: int, *, intercepts: int = 4, slopes: int = 1, together: int = 0) -> draw.Columns:
    """m lines at x = 0, 1, ...; `together` puts the intercepts on a multiple of the slopes."""
    rng = np.random.RandomState(seed)
    code, x = np.repeat(np.arange(m), rows), np.tile(np.arange(rows), m)
    slope = rng.randint(8, 25, m) * np.where(rng.permutation(m) % 2, 1, -1)
    start = intercepts * rng.randint(8, 25, m) * np.where(rng.permutation(m) % 2, 1, -1) + together * slope
    y = 2000 + start[code] + (30 + slopes * slope[code]) * x + rng.randint(-8, 9, (4, len(x))).sum(axis=0)
    return {"y": [draw.shifted(int(v), -1) for v in y], "g": draw.labels(code.tolist(), m), "x": [str(v) for v in x]}
