"""One random intercept, groups of one size: books, the chapter's settings, and drawn tables."""

from collections.abc import Iterator

from reference.vectors import draw
from reference.vectors.model import Model, Spec, both

ABOUT = "One random intercept in groups of one size, well inside: what every program should know."
INTERCEPT = ((("1",), "g"),)
BOOKS = {  # file: its columns, what is said, where it is from
    "dyestuff": (
        {"bucket": "g", "weight": "y"},
        "Yield of dyestuff, six batches of five",
        "Davies and Goldsmith (1972), Statistical Methods in Research and Production, Table 6.1",
    ),
    "rail": (
        {"bucket": "g", "weight": "y"},
        "Travel time of an ultrasonic wave, six rails of three",
        "Devore (2000), Probability and Statistics for Engineering, exercise 10.20; R package nlme",
    ),
}


def specs() -> Iterator[Spec]:
    """Books, then drawn."""
    for name, (columns, comment, source) in BOOKS.items():
        model = Model(draw.book(name, **columns), "y", (), INTERCEPT, ("g",))
        yield from both(Spec(f"{name}-1", comment, source, model, ("book",)))
    ergo = Model(draw.book("ergostool", bucket="g", weight="y", fixed="stool"), "y", ("stool",), INTERCEPT, ("stool",))
    yield from both(
        Spec(
            "ergostool-1",
            "Effort to leave four stools, nine subjects: a factor within groups",
            "Wretenberg, Arborelius and Lindberg (1993); R package nlme",
            ergo,
            ("book", "several coefficients"),
            tested=(1, 2, 3),
            df2=24,
        )
    )
    table = draw.part(draw.book("orthodont", bucket="g", weight="y", fixed="age"), [True] * 64 + [False] * 44)
    boys = Model(table, "y", ("age",), INTERCEPT)
    yield from both(
        Spec(
            "orthodont-boys-1",
            "Growth of sixteen boys, a random intercept",
            "Potthoff and Roy (1964), Biometrika 51, 313-326",
            boys,
            ("book", "covariate"),
            tested=(1,),
        )
    )
    for seed, m, n, colors in ((1, 4, 3, 2), (2, 8, 5, 2), (3, 9, 3, 3), (4, 12, 2, 4), (5, 6, 8, 3), (6, 20, 3, 2)):
        model = Model(draw.table(seed, [n] * m, colors=colors), "y", ("color",), INTERCEPT, ("color",))
        yield from both(
            Spec(
                f"colors-{seed}",
                f"{m} groups of {n} in {colors} colours, a factor between groups: df = {m} - {colors}",
                "drawn",
                model,
                ("several coefficients",),
                tested=tuple(range(1, colors)),
                df2=m - colors,
            )
        )
    for seed, m, n in ((11, 6, 4), (12, 10, 3), (13, 15, 4)):
        model = Model(draw.table(seed, [n] * m, within=1, between=1), "y", ("w1", "b1"), INTERCEPT)
        yield from both(
            Spec(
                f"covariates-{seed}",
                f"{m} groups of {n}, a covariate within and one between",
                "drawn",
                model,
                ("covariate",),
                tested=(1,),
            )
        )
