"""One random intercept whose variance is 0, or nearly."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both

ABOUT = "The variance of the groups is 0, or just not: no negative variance, no error, and df that jump to n - p."
INTERCEPT = ((("1",), "g"),)
FLAT = (("9.3", "10.1", "10.6"), ("9.9", "10.4", "9.7"), ("10.2", "9.6", "10.2"), ("10.7", "9.8", "9.5"))


def specs() -> Iterator[Spec]:
    """Dyestuff2, groups of one mean, drawn ones; and just inside."""
    two = Model(draw.book("dyestuff2", bucket="g", weight="y"), "y", (), INTERCEPT, ("g",))
    source = "Box and Tiao (1973), Bayesian Inference in Statistical Analysis, table 5.1.4"
    yield from both(Spec("dyestuff2-1", "Batches differ less than chance has it", source, two, ("book", "boundary")))
    columns = {"y": [y for group in FLAT for y in group], "g": [f"g{k + 1}" for k in range(4) for _ in range(3)]}
    said = "Four groups of one mean: MSB = 0"
    yield from both(Spec("one-mean-1", said, "by hand", Model(columns, "y", (), INTERCEPT), ("boundary",)))
    for seed, sizes in ((41, (4,) * 6), (42, (2, 3, 4, 5, 6)), (43, (1, 2, 3, 4, 5, 6)), (44, (3,) * 8)):
        table = draw.table(seed, sizes, within=1, colors=2, spread=0)
        flags = ("boundary", "covariate")
        yield from both(
            Spec(f"drawn-{seed}", "Groups do not differ", "drawn", Model(table, "y", ("w1",), INTERCEPT), flags)
        )
        model = Model(table, "y", ("color",), INTERCEPT, ("color",))
        yield Spec(f"colors-{seed}", "Groups do not differ, colours may", "drawn", model, ("boundary",), tested=(1,))
    for places in (2, 4, 6, 8):
        yield Spec(
            f"just-inside-{places}",
            f"MSB / MSE = 1 + some 1e-{places}: df = 3, and not n - p",
            "by hand",
            Model(_inside(places), "y", (), INTERCEPT),
            ("just inside the boundary",),
        )


def _inside(places: int) -> draw.Columns:
    """Rows 1, -1 in each of four groups: MSE = 2; means a, -a, a, -a: MSB = 8 a^2 / 3, a = sqrt(3) / 2 and a bit."""
    a = {2: "0.871", 4: "0.86607", 6: "0.8660259", 8: "0.866025409"}[places]
    rows = [("", "1"), ("", "-1"), ("-", "1"), ("-", "-1"), ("", "1"), ("", "-1"), ("-", "1"), ("-", "-1")]
    cells = [draw.plus(draw.plus([within], sign + a), "10")[0] for sign, within in rows]
    return {"y": cells, "g": [f"g{i // 2 + 1}" for i in range(8)]}
