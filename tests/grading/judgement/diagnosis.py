"""Which misconception explains a submission's wrong numbers?

On a few fixed inputs the submission's numbers are compared with those of each misconception. One is the diagnosis where
a formula of it reproduces every number that the submission returned, right ones too; what nearly fits is not said.
Where none does, the right answer to arguments in each other's place is looked for, right numbers that were rounded,
the same number for different questions, and a search that ends near the best numbers.
"""

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from tests.contract import CONTRACT
from tests.grading.judgement import misconceptions
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import (
    NO_ANSWER,
    Caller,
    Fields,
    Local,
    answer,
    asked,
    close,
    is_rounded,
    right,
    whole_of,
)
from tests.grading.sandbox.plain import NOTHING

WRONG = 1e-3  # relative difference from the truth beyond which a field is wrong
EXPLAINED = 1e-3  # relative difference from a misconception's value within which it is explained
LITTLE = 1e-3  # of that: what a variance of 0 may be left at, as a share of the whole, is nothing
NOUGHT = 1e-12  # numbers below a thousandth of it are 0: the p of an F that is infinite but for rounding
NEARER = 0.05  # or within that share of itself, and of its difference from the truth: where an optimiser stops early
NEAR = 0.02  # relative difference of what a coarse search finds
# What a search leaves of them, relative.
LEFT = {("anova_reml", "F"): 1e-2, ("anova_reml", "p_value"): 2e-2, ("satterthwaite_df", ""): 4e-3}
SEARCHED = ("fit_reml", "satterthwaite_df", "anova_reml")

Case = tuple[Fields, Fields, dict[str, list[Fields]]]  # right, the submission's, of each misconception's formulas

# What may be wrong about any function.
RETURNS_NOTHING, SWAPPED, HARD_CODED, IMPRECISE = "returns-nothing", "arguments-swapped", "hard-coded", "imprecise"
PRINTED, ROUNDED, SOMETIMES, PRINTED_BUT_LAST = "prints", "rounded", "sometimes", "prints-but-last"
UNNAMED = "without names"
DECIMALS = range(9)  # that rounded numbers may show
FEW = 3  # arguments of which every order is tried
HINTS = {
    RETURNS_NOTHING: "It returns nothing: what it computes ends with it. Others compute with what a function hands "
    "back, which it has to say.",
    SOMETIMES: "For some arguments it returns nothing, as where a branch comes to its end without a result. What a "
    "function hands back is the value of its last line: the whole if and else, or a name after them.",
    PRINTED_BUT_LAST: "It prints its results, and hands back the last of them alone. What a function prints is read by "
    "people only; what it hands back, others compute with: all fields, under their names.",
    PRINTED: "It returns nothing: is its result printed instead? What a function prints is read by people only; what "
    "it hands back, others compute with.",
    SWAPPED: "Arguments are in each other's place: {}. It is called as {}; yours reads {}.",
    IMPRECISE: "The numbers are near the best ones and not at them: the search stops too early, or its grid is too "
    "coarse.",
    ROUNDED: "The numbers are right, but rounded, some of them to so few digits that little is left. A result that "
    "others compute with is returned with all its digits; it is rounded where it is printed.",
    HARD_CODED: "{} whatever the arguments are. It is right for one data set at most: let it be computed from the "
    "arguments.",
}


def diagnosed(function: str, submission: Caller, signature: list[str]) -> Misconception | None:
    """What is wrong about `function`, or None; `signature`: the names of its arguments in the submission."""
    said = _first_refusal(function, submission)
    if NOTHING in said or (UNNAMED in said and _printed(function, submission)):
        return Misconception(RETURNS_NOTHING, function, HINTS[_kind_of_nothing(function, submission, said)], ())
    cases = [(truth, _numbers(answer(function, submission, args)), wrongs) for args, truth, wrongs in _cases(function)]
    if not any(_is_wrong(function, truth, got) for truth, got, _ in cases):
        return None
    return (
        _reproduced(function, cases)
        or _swapped(function, submission, signature)
        or _rounded(function, cases)
        or _hard_coded(function, cases)
        or _in_part(function, cases)
        or _imprecise(function, cases)
    )


def _in_part(function: str, cases: list[Case]) -> Misconception | None:
    """Two at once; or beside what no student is charged for, or beside a boundary that is wrong, too."""
    uncharged = [
        (truth, _uncharged(function, args, truth, got), wrongs)
        for (truth, got, wrongs), (args, *_) in zip(cases, _cases(function), strict=True)
    ]
    inside = -1 if function in misconceptions.boundary() else None
    for some in (cases, cases[:inside], uncharged, uncharged[:inside]):
        found = _reproduced(function, some) or _mixed(function, some)
        if found:
            return found
    return None


def wrong_fields(function: str, truth: Fields, got: Fields) -> list[str]:
    """Fields that differ from the right ones."""
    return [
        field
        for field in truth
        if not close(function, got.get(field), truth[field], WRONG, LITTLE * whole_of(function, field, truth))
    ]


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
    if function not in SEARCHED or wrong.shape != truth.shape or not np.all(np.isfinite(wrong)):
        return False
    left = np.max(np.abs(got.ravel() - wrong.ravel()), initial=0.0)
    return bool(left <= NEARER * min(np.max(np.abs(part), initial=0.0) for part in (wrong - truth, wrong)))


def _reproduced(function: str, cases: list[Case]) -> Misconception | None:
    """The misconception of which one wrong formula gives every number that came back, wrong ones among them."""
    for misconception in misconceptions.of(function):
        for k in range(len(misconception.wrongs)):
            answers = [(truth, got, wrongs[misconception.slug][k]) for truth, got, wrongs in cases]
            is_shown = any(_is_wrong(function, truth, got) for truth, got, wrong in answers if got or not wrong)
            if (
                is_shown
                and any(got for _, got, _ in answers)
                and all(_is_of(function, *answer, stops=_stops(answers)) for answer in answers)
            ):
                return misconception
    return None


def _mixed(function: str, cases: list[Case]) -> Misconception | None:
    """Two at once, or one about some of the numbers; of simulations nothing, whose features hang together."""
    from tests.grading.judgement.mixtures import mixed  # noqa: PLC0415 - it imports scipy.stats, as misconceptions do

    answers = [case for case in cases if case[0]]
    wrong = {field for truth, got, _ in answers for field in wrong_fields(function, truth, got) if field in got}
    if function == "simulate_frogs" or any(set(got) - set(truth) or wrong - set(got) for truth, got, _ in answers):
        return None

    def is_same(field: str, got: np.ndarray, other: np.ndarray | None, truth: Fields) -> bool:
        if function != "fit_reml":
            return _is_same(function, field, got, other, truth[field], NOUGHT)
        scale = LITTLE * whole_of(function, field, truth)  # and no search that stops early: two may explain much
        return other is not None and close(function, got, other, EXPLAINED, scale)

    return mixed(function, answers, wrong, is_same) if wrong - {""} else None


def _numbers(got: Fields) -> Fields:
    """What came back but for fields that are NaN, as R's NA, beside others: these are missing."""
    return {field: part for field, part in got.items() if not np.isnan(part).all()} or got


def _uncharged(function: str, arguments: tuple[Any, ...], truth: Fields, got: Fields) -> Fields:
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


@cache
def _cases(function: str) -> list[tuple[tuple[Any, ...], Fields, dict[str, list[Fields]]]]:
    """Arguments, the right fields, and the fields of every wrong implementation, for each probe."""
    return [
        (
            arguments,
            right(function, arguments),
            {
                m.slug: [answer(function, Local(wrong), arguments) for wrong in m.wrongs]
                for m in misconceptions.of(function)
            },
        )
        for arguments in misconceptions.probes(function)
    ]


def _first_refusal(function: str, submission: Caller) -> str:
    """Why the answer to the first probe cannot be read; "" where it can."""
    try:
        asked(function, submission, misconceptions.probes(function)[0])
    except NO_ANSWER as error:
        return str(error)
    return ""


def _printed(function: str, submission: Caller) -> str:
    printed: dict[str, str] = getattr(submission, "printed", {})
    return printed.get(function, "")


def _kind_of_nothing(function: str, submission: Caller, said: str) -> str:
    """Which hint: whether results were printed instead, or come back for other arguments."""
    if NOTHING not in said:
        return PRINTED_BUT_LAST
    if any(answer(function, submission, arguments) for arguments in misconceptions.probes(function)[1:]):
        return SOMETIMES
    return PRINTED if _printed(function, submission) else RETURNS_NOTHING


def _swapped(function: str, submission: Caller, signature: list[str]) -> Misconception | None:
    """Another order of the arguments that makes every answer right."""
    names = CONTRACT[function].arguments
    places = range(len(names))
    if len(names) > FEW:  # too many orders to try: only what the names say
        read = dict(zip(places, signature, strict=False))
        orders = [tuple(names.index(read[k]) if read.get(k) in names else k for k in places)]
    else:
        orders = list(permutations(places))
    for order in orders:
        if sorted(order) == list(places) != list(order) and all(
            _is_right(function, Reordered(submission, order), arguments, truth)
            for arguments, truth, _ in _cases(function)
        ):
            moved = " and ".join(names[k] for k in places if order[k] != k)
            call = f"{function}({', '.join(names)})"
            yours = f"{function}({', '.join(signature)})" if signature else "them in another order"
            return Misconception(SWAPPED, function, HINTS[SWAPPED].format(moved, call, yours), ())
    return None


@dataclass(frozen=True)
class Reordered:
    """A submission that is given its arguments in another order."""

    submission: Caller
    order: tuple[int, ...]

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """The names stay where they are."""
        values = list(arguments.values())
        return self.submission.call(name, dict(zip(arguments, (values[k] for k in self.order), strict=True)), forms)


def _is_right(function: str, submission: Caller, arguments: tuple[Any, ...], truth: Fields) -> bool:
    got = answer(function, submission, arguments)
    return bool(got) and not wrong_fields(function, truth, got)


def _imprecise(function: str, cases: list[Case]) -> Misconception | None:
    """Every number of a search within a few percent of the right one, and one at least beyond what is forgiven."""
    answered = [(truth, got) for truth, got, _ in cases if got]
    near = [
        got.get(field, np.empty(0)).size == part.size
        and np.allclose(np.ravel(got[field]), part.ravel(), rtol=NEAR, atol=NEAR * np.max(np.abs(part), initial=0.0))
        for truth, got in answered
        for field, part in truth.items()
    ]
    is_off = any(wrong_fields(function, truth, got) for truth, got in answered)
    if function != "fit_reml" or len(answered) < len(cases) or not is_off or not all(near):
        return None
    return Misconception(IMPRECISE, function, HINTS[IMPRECISE], ())


def _rounded(function: str, cases: list[Case]) -> Misconception | None:
    """Every number that came back is the right one, to some decimals."""
    answered = [(got.get(field), part) for truth, got, _ in cases if got for field, part in truth.items()]
    if function == "simulate_frogs" or not answered:
        return None
    is_all = all(
        got is not None and got.size == part.size and is_rounded(got, part, DECIMALS) for got, part in answered
    )
    return Misconception(ROUNDED, function, HINTS[ROUNDED], ()) if is_all else None


def _hard_coded(function: str, cases: list[Case]) -> Misconception | None:
    """A number that is the same on every probe where the right ones differ; all others are right, or such, too."""
    answered = [(truth, got) for truth, got, _ in cases if got]
    if function == "simulate_frogs" or len(answered) < 2:
        return None
    found: list[str] = []
    for field in answered[0][0]:
        truths, gots = ([each.get(field, np.empty(0)) for each in some] for some in zip(*answered, strict=True))
        differ = any(truth.shape != truths[0].shape or not np.allclose(truth, truths[0], rtol=1e-6) for truth in truths)
        values = np.unique(np.concatenate([got.ravel() for got in gots]))
        if differ and len(values) == 1:
            found.append(f"{field or 'The result'} is {values[0]:.6g}")
        elif any(field in wrong_fields(function, truth, got) for truth, got in answered):
            return None
    return Misconception(HARD_CODED, function, HINTS[HARD_CODED].format(found[0]), ()) if found else None
