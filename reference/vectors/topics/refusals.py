"""What has no fit: a program should say so, and which sentence is its own affair."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec

ABOUT = "Models without a fit: `refuse` has the reason; `acceptable` says that an answer is a matter of convention."
INTERCEPT = ((("1",), "g"),)


def specs() -> Iterator[Spec]:
    """Not identified, of no rank, without residual, not finite."""
    columns = draw.table(101, (3, 4, 3, 4), within=1, colors=2)
    twice = columns | {"v": draw.scaled(columns["w1"], 1)}
    yield _spec(
        "same-column-1",
        "Two columns of X are the same but for their unit",
        Model(twice, "y", ("w1", "v"), INTERCEPT),
        "X has rank 2 and 3 columns: their coefficients are not determined",
        acceptable=True,  # lme4 drops a column, and says so
    )
    yield _spec(
        "too-many-columns-1",
        "As many columns as rows",
        Model(draw.part(columns, [i < 2 for i in range(14)]), "y", ("w1",), INTERCEPT),
        "2 rows and 2 columns: nothing is left for the variances",
    )
    single = draw.table(102, (1,) * 8, within=1)
    said = "every group has one row: Vb and Ve are not told apart"
    yield _spec("single-rows-1", "One row in each group", Model(single, "y", ("w1",), INTERCEPT), said)
    alone = columns | {"color": [f"c{g}" for g in columns["g"]]}
    model = Model(alone, "y", ("color",), INTERCEPT, ("color",))
    said = "every group has its own fixed coefficient: the criterion does not depend on Vb"
    yield _spec("group-is-colour-1", "A colour for each group", model, said)
    one = columns | {"g": ["g1"] * 14}
    said = "one group: the criterion does not depend on Vb"
    yield _spec("one-group-1", "All rows in one group", Model(one, "y", ("w1",), INTERCEPT), said)
    exact = columns | {"y": [str(3 + 2 * int(x)) for x in columns["w1"]]}
    said = "y is a combination of the columns of X: every variance is 0, and the criterion falls without bound"
    yield _spec("no-residual-1", "y lies on a line", Model(exact, "y", ("w1",), INTERCEPT), said)
    flat = columns | {"y": [str(int(g[1:]) ** 2) for g in columns["g"]]}
    said = "rows of a group are the same: Ve is 0, and the criterion falls without bound"
    yield _spec("no-residual-2", "Rows of a group are the same", Model(flat, "y", (), INTERCEPT), said)
    constant = columns | {"y": ["7.5"] * 14}
    yield _spec("constant-1", "All responses are the same", Model(constant, "y", (), INTERCEPT), "every variance is 0")
    pair = {"y": ["1.5", "2.5", "4", "7"], "a": ["a1", "a1", "a2", "a2"], "b": ["b1", "b1", "b2", "b2"]}
    said = "the two factors are one: their variances are not told apart"
    terms = ((("1",), "a"), (("1",), "b"))
    yield _spec("same-factor-1", "A factor under two names", Model(pair, "y", (), terms), said, level=2)


def _spec(name: str, comment: str, model: Model, why: str, *, acceptable: bool = False, level: int = 1) -> Spec:
    return Spec(name, comment, "by hand", model, ("no fit",), refuse=why, acceptable=acceptable, level=level)
