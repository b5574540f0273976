"""More than one misconception at once, or one about some of the numbers only.

A number is a misconception's where one wrong formula of it gives that number on every probe, and the right one is
another. Numbers that are nobody's have to be right; a p-value has to be a tail of the submission's own F and df, the
right one or one that is known. Where two explanations are as good, none is given.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

from tests.grading.judgement import misconceptions
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import Fields

P = "p_value"
# What shows a formula only beside its F: small whole numbers, which two formulas may have in common, and their tail.
WEAK = {"df_num", "df_den", "df_resid", P}

# By slug: what p is of F and its df. Nothing is wrong about the first.
TAILS: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("", stats.f.sf),
    ("lower-tail", stats.f.cdf),
    ("p-doubled", lambda F, q, df: 2 * stats.f.sf(F, q, df)),
    ("p-halved", lambda F, q, df: stats.f.sf(F, q, df) / 2),
    ("df-swapped", lambda F, q, df: stats.f.sf(F, df, q)),
    ("chi-square-p-value", lambda F, q, _: stats.chi2.sf(q * F, q)),
    ("chi-square-p-value", lambda F, q, _: stats.chi2.sf(F, q)),
    ("t-for-f", lambda F, _, df: 2 * stats.t.sf(np.sqrt(F), df)),
    ("t-for-f", lambda F, _, df: stats.t.sf(np.sqrt(F), df)),
]

# By slug: what is made of numbers that a wrong formula has given.
AFTERWARDS: dict[str, list[tuple[set[str], Callable[[np.ndarray], np.ndarray]]]] = {
    "log-likelihood": [({"criterion"}, lambda c: -c / 2), ({"criterion"}, lambda c: c / 2)],
    "forgot-square-root": [({"se"}, np.square)],
    "variance-not-square-rooted": [({"se"}, np.square)],
    "sd-for-variance": [({"Vb", "Ve", "Vbe", "sigma2"}, np.sqrt)],
}

Answers = list[tuple[Fields, Fields, dict[str, list[Fields]]]]  # right, the submission's, of misconceptions' formulas
Same = Callable[[str, np.ndarray, np.ndarray | None, Fields], bool]  # of a field: the one, the other, all right ones


@dataclass(frozen=True)
class Part:
    """What a wrong formula explains, or two."""

    slugs: tuple[str, ...]
    explains: frozenset[str]
    missed: int = 0  # numbers that it has wrong and the submission has not from it

    def __or__(self, other: "Part") -> "Part":
        return Part(self.slugs + other.slugs, self.explains | other.explains, self.missed + other.missed)


def mixed(function: str, answers: Answers, wrong: set[str], is_same: Same) -> Misconception | None:
    """One or two misconceptions that between them explain every wrong number; the first has more of them."""
    if not all(got for _, got, _ in answers):
        return None
    known = {one.slug: one for one in misconceptions.of(function)}
    tails = set(_tails([got for _, got, _ in answers])) if P in wrong else set()
    wrong = wrong - {P} if "" in tails else wrong
    parts = list(_parts(known, answers, wrong, is_same))
    single = sorted((part for part in parts if len(part.slugs) == 1), key=lambda part: -len(part.explains))
    single += [Part((slug,), frozenset({P})) for slug in sorted(tails - {""})]
    double = [part for part in parts if len(part.slugs) == 2]
    double += [one | other for one, other in combinations(single, 2) if one.slugs != other.slugs]
    for some in (single, double):
        found = [part for part in some if part.explains >= wrong]
        least = min((part.missed for part in found), default=0)
        best = {frozenset(part.slugs): part for part in found if part.missed == least}
        if len(best) == 1:
            return _said(known, next(iter(best.values())).slugs)
        if best:
            return None
    return None


def _said(known: dict[str, Misconception], slugs: tuple[str, ...]) -> Misconception:
    first, *others = (known[slug] for slug in slugs)
    return replace(first, hint=f"There are two things. {first.hint} And: {others[0].hint}") if others else first


def _parts(known: dict[str, Misconception], answers: Answers, wrong: set[str], is_same: Same) -> Iterator[Part]:
    for slug, one in known.items():
        for k in range(len(one.wrongs)):
            formulas = [wrongs[slug][k] for _, _, wrongs in answers]
            if all(formulas):
                yield from _of_formula(slug, formulas, known, answers, wrong, is_same)


def _of_formula(
    slug: str, formulas: list[Fields], known: dict[str, Misconception], answers: Answers, wrong: set[str], is_same: Same
) -> Iterator[Part]:
    """What one wrong formula explains by itself, and with something made of its numbers."""

    def is_all(field: str, others: list[np.ndarray | None], mine: list[np.ndarray]) -> bool:
        return all(is_same(field, a, b, truth) for a, b, (truth, *_) in zip(mine, others, answers, strict=True))

    truths = [truth for truth, *_ in answers]
    gots = {field: [got[field] for _, got, _ in answers] for field in wrong}
    given = {field: [of.get(field) for of in formulas] for field in truths[0]}
    own = {field for field in given if not is_all(field, given[field], [truth[field] for truth in truths])}
    explained = {field for field in own & wrong - WEAK if is_all(field, given[field], gots[field])}
    if explained >= own - WEAK:  # its F is the submission's, or right
        explained |= {field for field in own & wrong & WEAK if is_all(field, given[field], gots[field])}
    if not explained:
        return
    missed = own - explained - {P}
    if P in given and P not in wrong and "" not in _tails(formulas):
        missed |= {P}  # its p is no tail of its F, and the submission's is
    yield Part((slug,), frozenset(explained), len(missed))
    for after in known.keys() & AFTERWARDS.keys():
        for fields, made in AFTERWARDS[after]:
            changed = {f for f in fields & wrong - explained if is_all(f, [_made(made, x) for x in given[f]], gots[f])}
            if changed:
                yield Part((slug, after), frozenset(explained | changed), len(missed - changed))


def _made(made: Callable[[np.ndarray], np.ndarray], number: np.ndarray | None) -> np.ndarray | None:
    with np.errstate(all="ignore"):
        return None if number is None else made(number)


def _tails(results: list[Fields]) -> Iterator[str]:
    """The slugs of the tails that p is, of the F and df beside it."""
    numbers = [[result.get(field, np.array(np.nan)) for field in ("F", "df_num", "df_den", P)] for result in results]
    for slug, tail in TAILS:
        with np.errstate(all="ignore"):
            if all(np.allclose(tail(F, q, df), p, rtol=1e-6, atol=1e-9) for F, q, df, p in numbers):
                yield slug
