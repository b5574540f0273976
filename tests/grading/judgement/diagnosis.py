"""Which misconception explains a submission's wrong numbers?

On a few fixed inputs the submission's numbers are compared with those of each misconception. One is the diagnosis where
a formula of it reproduces every number that the submission returned, right ones too; what nearly fits is not said.
Where none does, slips are looked for that any function may have (slips.py), and two misconceptions at once
(mixtures.py).
"""

from functools import cache
from typing import Any

import numpy as np

from tests.grading.judgement import misconceptions, slips
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import (
    LITTLE,
    Caller,
    Case,
    Fields,
    Local,
    answer,
    close,
    right,
    whole_of,
    wrong_fields,
)

EXPLAINED = 1e-3  # relative difference from a misconception's value within which it is explained
NOUGHT = 1e-12  # numbers below a thousandth of it are 0: the p of an F that is infinite but for rounding
NEARER = 0.05  # or within that share of itself, and of its difference from the truth: where an optimiser stops early
# What a search leaves of them, relative.
LEFT = {("anova_reml", "F"): 1e-2, ("anova_reml", "p_value"): 2e-2, ("satterthwaite_df", ""): 4e-3}


def diagnosed(function: str, submission: Caller, signature: list[str]) -> Misconception | None:
    """What is wrong about `function`, or None; `signature`: the names of its arguments in the submission."""
    nothing = slips.nothing(function, submission, misconceptions.probes(function))
    if nothing:
        return nothing
    cases = [case._replace(got=_numbers(answer(function, submission, case.arguments))) for case in _probed(function)]
    if not any(_is_wrong(function, case.truth, case.got) for case in cases):
        return None
    return (
        _reproduced(function, cases)
        or slips.swapped(function, submission, signature, cases)
        or slips.rounded(function, cases)
        or slips.hard_coded(function, cases)
        or _in_part(function, cases)
        or slips.imprecise(function, cases)
    )


@cache
def _probed(function: str) -> list[Case]:
    """The probes, with nothing of a submission yet."""
    of = {one.slug: one.wrongs for one in misconceptions.of(function)}
    return [
        Case(
            arguments,
            right(function, arguments),
            {},
            {slug: [answer(function, Local(wrong), arguments) for wrong in wrongs] for slug, wrongs in of.items()},
        )
        for arguments in misconceptions.probes(function)
    ]


def _in_part(function: str, cases: list[Case]) -> Misconception | None:
    """Two at once; or beside what no student is charged for, or beside a boundary that is wrong, too."""
    freed = [case._replace(got=uncharged(function, *case[:3])) for case in cases]
    is_freed = any(one.got is not other.got for one, other in zip(cases, freed, strict=True))
    ends = (None, -1) if function in misconceptions.boundary() else (None,)
    for some in (cases, freed) if is_freed else (cases,):
        for end in ends:
            found = _reproduced(function, some[:end]) or _mixed(function, some[:end])
            if found:
                return found
    return None


def alike(
    function: str, got: np.ndarray | None, wrong: np.ndarray | None, truth: np.ndarray, scale: float = 0.0
) -> bool:
    """Whether a wrong value is explained by another, by way of an optimiser that stops early, too.

    scale: what it is a part of; a variance of 0 is left at 1e-9 of the whole by a search of its logarithm.
    """
    if wrong is None or got is None or got.size != wrong.size:
        return False
    if close(function, got, wrong, EXPLAINED, scale):
        return True
    if wrong.shape != truth.shape or not np.all(np.isfinite(wrong)):
        return False
    left = np.max(np.abs(got.ravel() - wrong.ravel()), initial=0.0)
    return bool(left <= NEARER * min(np.max(np.abs(part), initial=0.0) for part in (wrong - truth, wrong)))


def _reproduced(function: str, cases: list[Case]) -> Misconception | None:
    """The misconception of which one wrong formula gives every number that came back, wrong ones among them."""
    if not any(case.got for case in cases):  # no formula stops everywhere
        return None
    for misconception in misconceptions.of(function):
        for k in range(len(misconception.wrongs)):
            answers = [(case.truth, case.got, case.wrongs[misconception.slug][k]) for case in cases]
            is_shown = any(_is_wrong(function, truth, got) for truth, got, wrong in answers if got or not wrong)
            if is_shown and all(_is_of(function, *answer, stops=_stops(answers)) for answer in answers):
                return misconception
    return None


def _mixed(function: str, cases: list[Case]) -> Misconception | None:
    """Two at once, or one about some of the numbers; of simulations nothing, whose features hang together."""
    from tests.grading.judgement.mixtures import mixed  # noqa: PLC0415 - it imports scipy.stats, as misconceptions do

    answered = [case for case in cases if case.truth]
    wrong = {name for case in answered for name in wrong_fields(function, case.truth, case.got) if name in case.got}
    is_other = any(set(case.got) - set(case.truth) or wrong - set(case.got) for case in answered)
    if function == "simulate_frogs" or is_other or not wrong - {""}:
        return None

    def is_same(field: str, got: np.ndarray, other: np.ndarray | None, truth: Fields) -> bool:
        if function != "fit_reml":
            return _is_same(function, field, got, other, truth[field], 0.0)
        scale = LITTLE * whole_of(function, field, truth)  # and no search that stops early: two may explain much
        return other is not None and close(function, got, other, EXPLAINED, scale)

    return mixed(function, answered, wrong, is_same)


def _numbers(got: Fields) -> Fields:
    """What came back but for fields that are NaN, as R's NA, beside others: these are missing."""
    return {field: part for field, part in got.items() if not np.isnan(part).all()} or got


def uncharged(function: str, arguments: tuple[Any, ...], truth: Fields, got: Fields) -> Fields:
    """What no student is charged for hides nothing else: MixedLM's standard errors, and df of another basis."""
    wrong = set(wrong_fields(function, truth, got)) & set(got) if truth else set()
    if function == "fit_reml" and "se" in wrong:
        of_package = misconceptions.statsmodels_se(arguments)
        return got | {"se": truth["se"]} if close(function, got["se"], of_package, EXPLAINED) else got
    if function == "anova_reml" and "df_den" in wrong and set(got) == set(truth):
        return misconceptions.on_df_of(truth, got, arguments)
    return got


def _stops(answers: list[tuple[Fields, Fields, Fields]]) -> bool:
    """Whether a wrong formula stops somewhere: then where it stops is what it is known by."""
    return any(truth and not wrong for truth, _, wrong in answers)


def _is_of(function: str, truth: Fields, got: Fields, wrong: Fields, *, stops: bool) -> bool:
    """Whether every number of one answer is the wrong formula's; no answer contradicts one that is known by numbers."""
    if not got or not wrong:
        return bool(got) == bool(wrong) if stops else not got
    whole = {field: whole_of(function, field, truth) for field in truth}
    return all(
        _is_same(function, field, got[field], wrong.get(field), truth[field], whole[field])
        for field in got
        if field in truth
    )


def _is_same(
    function: str, field: str, got: np.ndarray, wrong: np.ndarray | None, truth: np.ndarray, whole: float
) -> bool:
    if function == "fit_reml":
        return alike(function, got, wrong, truth, whole)
    rtol = LEFT.get((function, field), EXPLAINED)
    return wrong is not None and got.size == wrong.size and close(function, got, wrong, rtol, NOUGHT)


def _is_wrong(function: str, truth: Fields, got: Fields) -> bool:
    """Whether it stopped, or a number came back that is wrong: one that is missing shows no formula."""
    return bool(truth) and (not got or any(field in got for field in wrong_fields(function, truth, got)))
