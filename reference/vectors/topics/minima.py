"""Several minima: a covariate that varies little within groups has two slopes, and REML must choose."""

from collections.abc import Iterator

import numpy as np

from reference.vectors import draw
from reference.vectors.model import Model, Spec

ABOUT = "The criterion has several minima, and the lowest is asked: all stationary points are counted."
FAR, NEAR = (5, 6, 7, 12, 14, 17, 28, 29), (0, 1, 2, 4, 8, 9, 10, 13)  # seeds


def specs() -> Iterator[Spec]:
    """The lowest is that of the large variance, and that of the small one."""
    for seeds, said in ((FAR, "the lowest is at a large Vb / Ve"), (NEAR, "the lowest is at a small Vb / Ve")):
        for seed in seeds:
            model = Model(table(seed), "y", ("x",), ((("1",), "g"),))
            yield Spec(f"two-slopes-{seed}", f"Several minima: {said}", "drawn", model, ("several minima", "covariate"))


def table(seed: int) -> draw.Columns:
    """Four groups of two or three; x differs by whole numbers between them, by hundredths within, where it counts."""
    rng = np.random.RandomState(seed)
    sizes = rng.randint(2, 4, 4)
    code = np.repeat(np.arange(4), sizes)
    between, within = rng.randint(-9, 10, 4)[code], rng.randint(-3, 4, len(code))
    y = rng.randint(-30, 31, 4)[code] + rng.randint(-9, 10, len(code)) + rng.randint(-30, 31) * within
    y = y + between * rng.randint(-9, 10)
    return {
        "y": [draw.shifted(int(v), -1) for v in y],
        "g": draw.labels(code.tolist(), 4),
        "x": [draw.shifted(int(100 * b + w), -2) for b, w in zip(between, within, strict=True)],
    }
