"""One random intercept, groups of several sizes."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both

ABOUT = "One random intercept in groups of several sizes, single rows among them: df are no whole numbers."
INTERCEPT = ((("1",), "g"),)
SIZES = {  # seed: sizes of the groups
    21: (2, 3, 4, 5, 6, 7),
    22: (1, 1, 2, 3, 5, 8),
    23: (3, 3, 3, 3, 1, 1, 1, 1),
    24: (12, 2, 2, 2, 2, 2),
    25: (1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2),
    26: (4, 9, 2, 7, 3, 8, 5),
}


def specs() -> Iterator[Spec]:
    """With a constant alone, colours, covariates; without a constant; many columns."""
    for seed, sizes in SIZES.items():
        columns = draw.table(seed, sizes, within=2, between=1, colors=2)
        said = f"groups of {', '.join(map(str, sizes))}"
        yield from both(Spec(f"mean-{seed}", f"One mean, {said}", "drawn", Model(columns, "y", (), INTERCEPT)))
        colors = Model(columns, "y", ("color",), INTERCEPT, ("color",))
        yield from both(Spec(f"colors-{seed}", f"Two colours, {said}", "drawn", colors, tested=(1,)))
        covariates = Model(columns, "y", ("w1", "w2", "b1"), INTERCEPT)
        flags = ("covariate", "several coefficients")
        yield Spec(f"covariates-{seed}", f"Three covariates, {said}", "drawn", covariates, flags, tested=(1, 2))
    columns = draw.table(31, (3, 5, 2, 6, 4, 3), within=2)
    through = Model(columns, "y", ("w1", "w2"), INTERCEPT, constant=False)
    yield from both(Spec("through-0-31", "Through the origin: no constant in X", "drawn", through, ("no constant",)))
    cells = Model(draw.table(32, (3, 5, 2, 6, 4, 3), colors=3), "y", ("color",), INTERCEPT, ("color",), constant=False)
    flags = ("no constant", "several coefficients")
    yield from both(Spec("cell-means-32", "A column for each of three colours", "drawn", cells, flags))
    shuffled = draw.table(33, (3, 5, 2, 6, 4, 3), within=1)
    order = sorted(range(23), key=lambda i: i * 7 % 23)
    mixed = {name: [column[i] for i in order] for name, column in shuffled.items()}
    yield Spec("any-order-33", "The rows in no order", "drawn", Model(mixed, "y", ("w1",), INTERCEPT), ("any order",))
    wide = draw.table(34, (4, 7, 3, 6, 5, 8, 2), within=8)
    model = Model(wide, "y", tuple(f"w{j}" for j in range(1, 9)), INTERCEPT)
    yield Spec("many-34", "Eight covariates", "drawn", model, ("covariate", "several coefficients"))
