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
from tests.grading.judgement.numbers import Case, Fields

P, RHO = "p_value", "rho"
# What shows a formula only beside its F: small whole numbers, which two formulas may have in common, and their tail.
WEAK = {"df_num", "df_den", "df_resid", P}

# By field that is made of others in a result: these, and by slug what it may be of them. Nothing is wrong about "".
MADE: dict[str, tuple[tuple[str, ...], list[tuple[str, Callable[..., np.ndarray]]]]] = {
    P: (
        ("F", "df_num", "df_den"),
        [
            ("", stats.f.sf),
            ("lower-tail", stats.f.cdf),
            ("p-doubled", lambda F, q, df: 2 * stats.f.sf(F, q, df)),
            ("p-halved", lambda F, q, df: stats.f.sf(F, q, df) / 2),
            ("df-swapped", lambda F, q, df: stats.f.sf(F, df, q)),
            ("chi-square-p-value", lambda F, q, _: stats.chi2.sf(q * F, q)),
            ("chi-square-p-value", lambda F, q, _: stats.chi2.sf(F, q)),
            ("t-for-f", lambda F, _, df: 2 * stats.t.sf(np.sqrt(F), df)),
            ("t-for-f", lambda F, _, df: stats.t.sf(np.sqrt(F), df)),
        ],
    ),
    RHO: (
        ("Vb", "Ve", "Vbe"),
        [
            ("", lambda Vb, _, Vbe: Vb / Vbe),
            ("rho-without-residual", lambda Vb, Ve, _: Vb / Ve),
            ("residual-share", lambda _, Ve, Vbe: Ve / Vbe),
        ],
    ),
}

# By slug: what is made of numbers that a wrong formula has given.
AFTERWARDS: dict[str, list[tuple[set[str], Callable[[np.ndarray], np.ndarray]]]] = {
    "log-likelihood": [({"criterion"}, lambda c: -c / 2), ({"criterion"}, lambda c: c / 2)],
    "forgot-square-root": [({"se"}, np.square)],
    "variance-not-square-rooted": [({"se"}, np.square)],
    "sd-for-variance": [({"Vb", "Ve", "Vbe", "sigma2"}, np.sqrt)],
}

Same = Callable[[str, np.ndarray, np.ndarray | None, Fields], bool]  # of a field: the one, the other, all right ones


@dataclass(frozen=True)
class Part:
    """What a wrong formula explains, or two."""

    slugs: tuple[str, ...]
    explains: frozenset[str]
    missed: int = 0  # numbers that it has wrong and the submission has not from it

    def __or__(self, other: "Part") -> "Part":
        return Part(self.slugs + other.slugs, self.explains | other.explains, self.missed + other.missed)


def mixed(function: str, cases: list[Case], wrong: set[str], is_same: Same) -> Misconception | None:
    """One or two misconceptions that between them explain every wrong number; the first has more of them."""
    if not all(case.got for case in cases):
        return None
    known = {one.slug: one for one in misconceptions.of(function)}
    made = {field: set(_made_of(field, [case.got for case in cases])) for field in MADE.keys() & wrong}
    question = Question(known, cases, {field for field in wrong if "" not in made.get(field, ())}, is_same)
    single, double = [], []
    for part in question.parts():
        (double if len(part.slugs) == 2 else single).append(part)
    single.sort(key=lambda part: -len(part.explains))
    single += [Part((slug,), frozenset({field})) for field, of in made.items() for slug in sorted(of - {""})]
    double += [one | other for one, other in combinations(single, 2) if one.slugs != other.slugs]
    for some in (single, double):
        found = [part for part in some if part.explains >= question.wrong]
        least = min((part.missed for part in found), default=0)
        best = {frozenset(part.slugs): part for part in found if part.missed == least}
        if best:
            return _said(known, next(iter(best.values())).slugs) if len(best) == 1 else None
    return None


def _said(known: dict[str, Misconception], slugs: tuple[str, ...]) -> Misconception:
    first, *others = (known[slug] for slug in slugs)
    return replace(first, hint=f"There are two things. {first.hint} And: {others[0].hint}") if others else first


@dataclass(frozen=True)
class Question:
    """What is to be explained of a submission, and by what."""

    known: dict[str, Misconception]  # by slug
    cases: list[Case]
    wrong: set[str]
    is_same: Same

    def parts(self) -> Iterator[Part]:
        """Of every wrong formula that answers all that is asked."""
        for slug, one in self.known.items():
            for k in range(len(one.wrongs)):
                formulas = [case.wrongs[slug][k] for case in self.cases]
                if all(formulas):
                    yield from self._of_formula(slug, formulas)

    def _of_formula(self, slug: str, formulas: list[Fields]) -> Iterator[Part]:
        """What it explains by itself, and with something made of its numbers."""
        given = {field: [of.get(field) for of in formulas] for field in self.cases[0].truth}
        gots = {field: [case.got[field] for case in self.cases] for field in self.wrong}
        own = {name for name in given if not self._is_all(name, given[name], [case.truth[name] for case in self.cases])}
        explained = {name for name in own & self.wrong - WEAK if self._is_all(name, given[name], gots[name])}
        if explained >= own - WEAK:  # its F is the submission's, or right
            explained |= {name for name in own & self.wrong & WEAK if self._is_all(name, given[name], gots[name])}
        if not explained:
            return
        missed = own - explained - MADE.keys()
        # what is made rightly of the submission's own numbers, and not of the formula's
        missed |= {name for name in (MADE.keys() & given.keys()) - self.wrong if "" not in _made_of(name, formulas)}
        yield Part((slug,), frozenset(explained), len(missed))
        for after in self.known.keys() & AFTERWARDS.keys():
            for fields, made in AFTERWARDS[after]:
                others = {name: [_made(made, number) for number in given[name]] for name in fields & given.keys()}
                left = fields & self.wrong - explained
                changed = {name for name in left if self._is_all(name, others[name], gots[name])}
                if changed:
                    yield Part((slug, after), frozenset(explained | changed), len(missed - changed))

    def _is_all(self, field: str, others: list[np.ndarray | None], mine: list[np.ndarray]) -> bool:
        """Whether one is the other in every case."""
        return all(self.is_same(field, a, b, case.truth) for a, b, case in zip(mine, others, self.cases, strict=True))


def _made(made: Callable[[np.ndarray], np.ndarray], number: np.ndarray | None) -> np.ndarray | None:
    with np.errstate(all="ignore"):
        return None if number is None else made(number)


def _made_of(field: str, results: list[Fields]) -> Iterator[str]:
    """The slugs of what a field is, of the numbers beside it."""
    names, ways = MADE[field]
    numbers = [[result.get(name, np.array(np.nan)) for name in (*names, field)] for result in results]
    for slug, way in ways:
        with np.errstate(all="ignore"):
            if all(np.allclose(way(*of), made, rtol=1e-6, atol=1e-9) for *of, made in numbers):
                yield slug
