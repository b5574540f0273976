"""The same tables in other units, and far from zero."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec

ABOUT = "Other units and far from zero: answers follow the unit, and no digit is lost that the numbers have."
INTERCEPT = ((("1",), "g"),)


def specs() -> Iterator[Spec]:
    """y in units from 1e-6 to 1e6, with a constant of 1e5 spreads; a covariate far from its zero, small and large."""
    columns = draw.table(51, (3, 4, 5, 4, 3, 5), within=1, colors=2)
    for places in (-6, -3, 3, 6):
        table = columns | {"y": draw.scaled(columns["y"], places)}
        model = Model(table, "y", ("w1",), INTERCEPT)
        yield Spec(
            f"unit-{places}", f"The response times 1e{places}", "drawn", model, ("unit", "covariate"), tested=(1,)
        )
        colors = Model(table, "y", ("color",), INTERCEPT, ("color",))
        yield Spec(f"unit-colors-{places}", f"The response times 1e{places}", "drawn", colors, ("unit",), tested=(1,))
    for constant in ("1000000", "-300000.5"):
        table = columns | {"y": draw.plus(columns["y"], constant)}
        model = Model(table, "y", ("w1",), INTERCEPT)
        yield Spec(f"far-{constant}", f"The response and {constant}", "drawn", model, ("far from zero", "covariate"))
    for name, change in (("far", 100000), ("near", 2000)):
        table = columns | {"w1": draw.plus(columns["w1"], str(change))}
        said = f"A covariate from {change - 9} to {change + 9}"
        yield Spec(
            f"covariate-{name}", said, "drawn", Model(table, "y", ("w1",), INTERCEPT), ("far from zero", "covariate")
        )
    for places in (-6, 6):
        table = columns | {"w1": draw.scaled(columns["w1"], places)}
        said = f"A covariate times 1e{places}"
        yield Spec(
            f"covariate-unit-{places}", said, "drawn", Model(table, "y", ("w1",), INTERCEPT), ("unit", "covariate")
        )
    uneven = Model(draw.table(52, (3, 4, 5, 4, 3, 5), within=1, spread=2000), "y", ("w1",), INTERCEPT)
    yield Spec(
        "groups-far-apart-52",
        "Groups differ some 1e3 times as much as rows",
        "drawn",
        uneven,
        ("far apart", "covariate"),
    )
