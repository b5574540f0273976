"""What is nearly right: numbers that were rounded, one wrong field of several, an optimiser left at its defaults, what
follows from another function; and right numbers in a form that others cannot compute with.

A consequence is seen computing: run with the right function in place of the wrong one, it is right. What is undefined,
raises, or is the same whatever it is given, is not.

A failing check is excused where every call that it looked at is right but for the one excuse. The calls are those that
the check made, on the class's own draw.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import lmm_core
from tests.contract import COLUMNS, CONTRACT
from tests.grading.judgement.diagnosis import uncharged
from tests.grading.judgement.numbers import (
    NO_ANSWER,
    RIGHT,
    Fields,
    Local,
    asked,
    close,
    fields,
    is_rounded,
    normalised,
    right,
    wrong_fields,
)
from tests.grading.sandbox.columns import LACKS
from tests.grading.sandbox.plain import AS_TEXT, MISNAMED, UNNAMED
from tests.grading.sandbox.submission import RightFunction, Submission
from tests.tolerances import DEFAULT_OPTIMISER, SUBMISSION

ROUNDED_LOSS = 0.25  # of a function's points
CONSEQUENCE_LOSS = 0.5
COLUMN_LOSS = 0.5
FIELD_LOSS = {("fit_reml", "criterion"): 0.25}  # else a field's share is one of all fields
DIGITS = range(3, 9)  # decimals, or significant digits, that rounded numbers show


@dataclass(frozen=True)
class Excuse:
    """Why a function is nearly right, and what it loses for that."""

    slug: str  # "" where the misconception says more
    said: str
    loss: float  # the share of the points
    is_all: bool = False  # whether that is all that it costs, with checks that fail for the same reason and by more


ROUNDED = Excuse(
    "rounded",
    "The numbers are right, but rounded. A result that others compute with is returned with all its digits; it is "
    "rounded where it is printed.",
    ROUNDED_LOSS,
)

SEARCH = Excuse(
    "default-optimiser",
    "This is REML, but the search was left before it was at the minimum: there the criterion is so flat that it "
    "changes in the last digits that are shown, while Vb and Ve still move. An optimiser stops at its own tolerance; "
    "ask it for a smaller one.",
    0.1,
    is_all=True,
)

# Of a result whose numbers are read nevertheless.
FLAWS = {
    UNNAMED: Excuse(
        UNNAMED,
        "The numbers come without names, in the order in which they are asked for. Whoever computes with a result asks "
        "for its fields by name: {}.",
        0.25,
    ),
    MISNAMED: Excuse(
        MISNAMED,
        "The numbers are there under nearly the names that are asked for. Whoever computes with a result asks for them "
        "letter by letter: {}.",
        0.25,
    ),
    AS_TEXT: Excuse(
        AS_TEXT,
        "The numbers are returned as text, formatted for the eye. Text cannot be computed with: a result keeps the "
        "number with all its digits, and it is formatted where it is printed.",
        0.5,
    ),
}

FLAWS |= {
    flaw: Excuse(
        "",
        f"The table lacks {', '.join(columns)}; asked for are {{}}. It was filled in to go with the rest: what checks "
        "say of it is about the rest.",
        len(columns) / len(COLUMNS),
    )
    for flaw, columns in LACKS.items()
}

# By misconception: the one column of a simulation that is wrong, where the rest is right.
OF_A_COLUMN = {"effect-for-mean": "bucket_mu", "sample-mean-for-mean": "bucket_mu"}

CONSEQUENCE = "consequence"
FOLLOWS = "This follows from {0}: with your numbers from there it comes out as it must. Mend {0} first."


@dataclass(frozen=True)
class Called:
    """One call that a check looked at, and its result."""

    arguments: tuple[Any, ...]
    result: Any


def of_a_column(slug: str) -> Excuse | None:
    """Of a table only one column is wrong; checks that look at others beside it fail for that reason."""
    if slug not in OF_A_COLUMN:
        return None
    said = f"Of the table only {OF_A_COLUMN[slug]} is wrong, which the others are judged by; they are right."
    return Excuse("", said, COLUMN_LOSS, is_all=True)


def mended(
    function: str, checks: dict[str, list[Called]], plain: set[str], submission: Submission, origins: Iterable[str]
) -> dict[str, set[str]]:
    """By origin: the failing checks of a function that it passes with the right origin in place of the submission's.

    Of origins with which it passes all plain ones. What it answers rightly by itself follows from nobody: a check that
    fails for another reason than its last calls, or a function that answers otherwise when it is asked again.
    """

    def passes(test: str, origin: str = "") -> bool:
        return all(_is_right(function, call, submission, origin) for call in checks[test])

    found = {}
    for origin in origins:
        if all(passes(test, origin) for test in sorted(plain)):
            found[origin] = plain | {test for test in checks if test not in plain and passes(test, origin)}
    alone = {test for test in checks if passes(test)} if found else set()
    return {origin: tests - alone for origin, tests in found.items() if tests - alone and not alone & plain}


def _is_right(function: str, call: Called, submission: Submission, origin: str) -> bool:
    """Whether the function answers one call rightly, with the right origin in place of its own, if one is named."""
    truth, instead = right(function, call.arguments), RightFunction(origin, _answers(origin)) if origin else None
    try:
        got = fields(function, normalised(function, submission, call.arguments, instead))
    except NO_ANSWER:
        return False
    return bool(truth) and not wrong_fields(function, truth, got)


def _answers(function: str) -> Callable[..., dict[str, Any]]:
    """lmm_core's function, whatever it is asked, as parts that cross to the worker."""

    def answer(*arguments: Any) -> dict[str, Any]:
        given = arguments[: len(CONTRACT[function].arguments)]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return asked(function, Local(getattr(lmm_core, function)), given)

    return answer


def excused(
    function: str, checks: dict[str, list[Called]], plain: set[str], follows: dict[str, set[str]]
) -> tuple[Excuse | None, set[str]]:
    """The excuse that explains most of the failing checks, and which; it has to explain all that are plain.

    `checks`: the calls of each check that failed; `plain`: those of them that are asked on ordinary data; `follows`:
    by function that is wrong in itself, the checks that pass with the right one in its place.
    """
    found = {Excuse(CONSEQUENCE, FOLLOWS.format(origin), CONSEQUENCE_LOSS): set(of) for origin, of in follows.items()}
    for test, calls in checks.items() if function != "simulate_frogs" else ():
        for excuse in _of_check(function, calls):
            found.setdefault(excuse, set()).add(test)
    found = {excuse: tests for excuse, tests in found.items() if tests >= plain}
    if not found:
        return None, set()
    excuse = max(found, key=lambda one: (len(found[one]), -one.loss, one.slug, one.said))
    # a consequence says more, and costs no more
    named = [one for one in found if one.slug == CONSEQUENCE and found[one] >= found[excuse]]
    return (replace(named[0], loss=min(named[0].loss, excuse.loss)) if named else excuse), found[excuse]


def _of_check(function: str, calls: list[Called]) -> list[Excuse]:
    """The excuses that each wrong call of a check has; none where one of them stopped."""
    common: set[Excuse] | None = None
    for call in calls:
        truth, got = right(function, call.arguments), {} if call.result is None else fields(function, call.result)
        if not truth or not got or not set(got) <= set(truth):
            return []
        got = uncharged(function, call.arguments, truth, got)
        wrong = [name for name in truth if not close(function, got.get(name), truth[name], RIGHT)]
        if not wrong:
            continue
        excuses = set(_rounded(got, truth, wrong)) | set(_one_field(function, got, truth))
        excuses |= set(_left_early(function, got, truth))
        common = excuses if common is None else common & excuses
    return sorted(common or (), key=lambda excuse: (excuse.loss, excuse.slug, excuse.said))


def _rounded(got: Fields, truth: Fields, wrong: list[str]) -> Iterable[Excuse]:
    shown = [(got[name], truth[name]) for name in wrong if name in got and got[name].size == truth[name].size]
    if len(shown) == len(wrong) and all(is_rounded(mine, right_one, DIGITS, DIGITS) for mine, right_one in shown):
        yield ROUNDED


def _one_field(function: str, got: Fields, truth: Fields) -> Iterable[Excuse]:
    """One field of several; of a search, where the others are as near as optimisers at their defaults leave them."""
    wrong = wrong_fields(function, truth, got)
    yield from _of_field(function, wrong, got, "right", 0.0)
    if function == "fit_reml":
        far = [name for name in wrong if not _is_near(name, got, truth)]
        yield from _of_field(function, far, got, "as near as a search at its defaults leaves them", SEARCH.loss)


def _of_field(function: str, wrong: list[str], got: Fields, others_are: str, more: float) -> Iterable[Excuse]:
    fields_asked = list(CONTRACT[function].fields)
    if len(wrong) == 1 and len(fields_asked) > 1:
        others = ", ".join(name for name in fields_asked if name != wrong[0])
        loss = FIELD_LOSS.get((function, wrong[0]), 1 / len(fields_asked))
        is_what = "wrong" if wrong[0] in got else "missing"
        said = f"Of the result only {wrong[0]} is {is_what}; {others}: {others_are}."
        yield Excuse("", said, 1 - (1 - loss) * (1 - more))


def _is_near(name: str, got: Fields, truth: Fields) -> bool:
    """Whether a field of a fit is what a search leaves that ends near the minimum of the criterion, not below it."""
    if name not in got or got[name].size != truth[name].size:
        return False
    off, allowed = np.abs(got[name].ravel() - truth[name].ravel()).max(), DEFAULT_OPTIMISER
    if name == "criterion":
        return bool(-SUBMISSION.criterion <= float(got[name].ravel()[0] - truth[name]) <= allowed.criterion)
    unit, share = {
        "Vb": (truth["Vb"] + truth["Ve"], allowed.variance),
        "Ve": (truth["Vb"] + truth["Ve"], allowed.variance),
        "coef": (np.abs(truth["coef"]).max(), allowed.estimate),
        "se": (np.abs(truth["se"]).max(), allowed.standard_error),
    }[name]
    return bool(off <= share * float(unit))


def _left_early(function: str, got: Fields, truth: Fields) -> Iterable[Excuse]:
    """A search that ended near the minimum of the criterion, and not below it."""
    if function == "fit_reml" and set(got) == set(truth) and all(_is_near(name, got, truth) for name in truth):
        yield SEARCH
