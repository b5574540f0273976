"""Random slopes whose G is singular."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both
from reference.vectors.topics.slopes import ONE_X, lines

ABOUT = "Random intercepts and slopes whose G has rank 1 or 0: no error, and no negative eigenvalue."


def specs() -> Iterator[Spec]:
    """Slopes that do not differ, lines through one point, and lines that do not differ."""
    cases = (
        ("slopes-alike", {"slopes": 0}, "Slopes that differ less than chance has it", (81, 82, 83)),
        ("one-point", {"intercepts": 0, "together": 2}, "Lines through one point", (84, 85, 86)),
        ("intercepts-alike", {"intercepts": 0}, "Intercepts that do not differ", (87, 88)),
        ("lines-alike", {"intercepts": 0, "slopes": 0}, "Lines that do not differ", (89, 90)),
    )
    for name, how, said, seeds in cases:
        for seed in seeds:
            table = lines(seed, 8, 5, **how)
            model = Model(table if seed % 2 else draw.part(table, draw.every(40, 6, 1)), "y", ("x",), (ONE_X,))
            yield from both(
                Spec(f"{name}-{seed}", said, "drawn", model, ("singular", "covariate"), tested=(1,), level=2)
            )
