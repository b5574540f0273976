"""What may be wrong about any function: nothing comes back, arguments in each other's place, rounded numbers, one
number for different questions, a search that ends near the best ones.
"""

import re
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from tests.contract import CONTRACT
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import NO_ANSWER, Caller, Case, answer, asked, is_rounded, wrong_fields
from tests.grading.sandbox.plain import NOTHING

RETURNS_NOTHING, SWAPPED, HARD_CODED, IMPRECISE = "returns-nothing", "arguments-swapped", "hard-coded", "imprecise"
PRINTED, ROUNDED, SOMETIMES, PRINTED_BUT_LAST = "prints", "rounded", "sometimes", "prints-but-last"
NOT_A_NUMBER = "not-a-number"
UNNAMED = "without names"
DECIMALS = range(9)  # that rounded numbers may show
FEW = 3  # arguments of which every order is tried
NEAR = 0.02  # relative difference of what a coarse search finds
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
    NOT_A_NUMBER: "It is NaN whatever the arguments are: a number was missing on the way, as where two tables are "
    "matched by names of rows that never meet, 0 was divided by 0, or a matrix with zeros was inverted element by "
    "element. Look at what stands in each step.",
    HARD_CODED: "{} whatever the arguments are. It is right for one data set at most: let it be computed from the "
    "arguments.",
}


def nothing(function: str, submission: Caller, probes: list[tuple[Any, ...]]) -> Misconception | None:
    """Nothing comes back, for some arguments or for all; or the last of several numbers that it prints."""
    printed: dict[str, str] = getattr(submission, "printed", {})
    try:
        asked(function, submission, probes[0])
    except NO_ANSWER as error:
        said = str(error)
    else:
        return None
    if UNNAMED in said and re.search(r"\d", printed.get(function, "")):
        kind = PRINTED_BUT_LAST
    elif NOTHING not in said:
        return None
    elif any(answer(function, submission, arguments) for arguments in probes[1:]):
        kind = SOMETIMES
    else:
        kind = PRINTED if printed.get(function) else RETURNS_NOTHING
    return Misconception(RETURNS_NOTHING, function, HINTS[kind], ())


def swapped(function: str, submission: Caller, signature: list[str], cases: list[Case]) -> Misconception | None:
    """Another order of the arguments that makes every answer right."""
    names = CONTRACT[function].arguments
    places = range(len(names))
    if len(names) > FEW:  # too many orders to try: only what the names say
        read = dict(zip(places, signature, strict=False))
        orders = [tuple(names.index(read[k]) if read.get(k) in names else k for k in places)]
    else:
        orders = list(permutations(places))
    for order in orders:
        reordered = Reordered(submission, order)
        if sorted(order) == list(places) != list(order) and all(_is_right(function, reordered, case) for case in cases):
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


def _is_right(function: str, submission: Caller, case: Case) -> bool:
    got = answer(function, submission, case.arguments)
    return bool(got) and not wrong_fields(function, case.truth, got)


def imprecise(function: str, cases: list[Case]) -> Misconception | None:
    """Every number of a search within a few percent of the right one, and one at least beyond what is forgiven."""
    answered = [(case.truth, case.got) for case in cases if case.got]
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


def rounded(function: str, cases: list[Case]) -> Misconception | None:
    """Every number that came back is the right one, to some decimals."""
    answered = [(case.got.get(field), part) for case in cases if case.got for field, part in case.truth.items()]
    if function == "simulate_frogs" or not answered:
        return None
    is_all = all(
        got is not None and got.size == part.size and is_rounded(got, part, DECIMALS) for got, part in answered
    )
    return Misconception(ROUNDED, function, HINTS[ROUNDED], ()) if is_all else None


def hard_coded(function: str, cases: list[Case]) -> Misconception | None:
    """A number that is the same on every probe where the right ones differ; all others are right, or such, too."""
    answered = [(case.truth, case.got) for case in cases if case.got]
    if function == "simulate_frogs" or len(answered) < 2:
        return None
    found: list[str] = []
    for field in answered[0][0]:
        truths, gots = ([each.get(field, np.empty(0)) for each in some] for some in zip(*answered, strict=True))
        differ = any(truth.shape != truths[0].shape or not np.allclose(truth, truths[0], rtol=1e-6) for truth in truths)
        values = np.unique(np.concatenate([got.ravel() for got in gots]))
        if differ and len(values) == 1 and np.isnan(values[0]):
            return Misconception(NOT_A_NUMBER, function, HINTS[NOT_A_NUMBER], ())
        if differ and len(values) == 1:
            found.append(f"{field or 'The result'} is {values[0]:.6g}")
        elif any(field in wrong_fields(function, truth, got) for truth, got in answered):
            return None
    return Misconception(HARD_CODED, function, HINTS[HARD_CODED].format(found[0]), ()) if found else None
