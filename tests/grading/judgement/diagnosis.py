"""Which misconception explains a submission's wrong numbers?

On a few fixed inputs the submission's numbers are compared with the right ones, field by field. Each
misconception is given the share of fields that it has wrong in the same way, out of those that either has
wrong; the best one is the diagnosis, if its share is at least a half on average. Where none explains all, the
same answer to different questions is looked for, and the right answer with two arguments in each other's place.
"""

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from tests.contract import CONTRACT
from tests.grading.judgement import misconceptions
from tests.grading.judgement.misconceptions import Misconception
from tests.grading.judgement.numbers import NO_ANSWER, Caller, Fields, Local, answer, asked, close, right
from tests.grading.sandbox.plain import NOTHING

WRONG = 1e-3  # relative difference from the truth beyond which a field is wrong
EXPLAINED = 1e-3  # relative difference from a misconception's value within which it is explained
NEARER = 0.05  # or within that share of its own difference from the truth: where an optimiser stops early
NEAR = 0.02  # relative difference of what a coarse search finds
SEARCHED = ("fit_reml", "satterthwaite_df", "anova_reml")

# What may be wrong about any function.
RETURNS_NOTHING, SWAPPED, HARD_CODED, IMPRECISE = "returns-nothing", "arguments-swapped", "hard-coded", "imprecise"
HINTS = {
    RETURNS_NOTHING: "It returns nothing: is its result printed instead? What a function prints is read by people "
    "only; what it hands back, others compute with.",
    SWAPPED: "Two arguments are in each other's place: {} and {}. It is called as {}; yours reads {}.",
    IMPRECISE: "The numbers are near the best ones and not at them: the search stops too early, or its grid is too "
    "coarse.",
    HARD_CODED: "{} whatever the arguments are. It is right for one data set at most: let it be computed from the "
    "arguments.",
}


def diagnosed(function: str, submission: Caller, signature: list[str]) -> Misconception | None:
    """What is wrong about `function`, or None; `signature`: the names of its arguments in the submission."""
    if _returns_nothing(function, submission):
        return Misconception(RETURNS_NOTHING, function, HINTS[RETURNS_NOTHING], ())
    cases = [(truth, answer(function, submission, arguments), wrongs) for arguments, truth, wrongs in _cases(function)]
    best, share = _best(function, cases)
    if share < 1:
        is_wrong = any(wrong_fields(function, truth, got) for truth, got, _ in cases)
        swapped = _swapped(function, submission, signature) if is_wrong else None
        other = swapped or _hard_coded(function, cases)
        best = other or (best if share >= 0.5 else _imprecise(function, cases) if is_wrong else None)
    return best


def wrong_fields(function: str, truth: Fields, got: Fields) -> list[str]:
    """Fields that differ from the right ones."""
    return [field for field in truth if not close(function, got.get(field), truth[field], WRONG)]


def alike(function: str, got: np.ndarray | None, wrong: np.ndarray | None, truth: np.ndarray) -> bool:
    """Whether a wrong value is explained by another, by way of an optimiser that stops early, too."""
    if wrong is None or got is None or got.size != wrong.size:
        return False
    if close(function, got, wrong, EXPLAINED):
        return True
    if function not in SEARCHED or wrong.shape != truth.shape or not np.all(np.isfinite(wrong)):
        return False
    left = np.max(np.abs(got.ravel() - wrong.ravel()), initial=0.0)
    return bool(left <= NEARER * np.max(np.abs(wrong - truth), initial=0.0))


def _best(function: str, cases: list[tuple[Fields, Fields, dict[str, list[Fields]]]]) -> tuple[Any, float]:
    """The misconception that explains most, and how much."""
    explained: dict[str, list[float]] = {}
    for truth, got, wrongs in cases:
        wrong = wrong_fields(function, truth, got)
        if not got or not wrong:
            continue
        for slug, variants in wrongs.items():
            explained.setdefault(slug, []).append(max(_share(function, got, one, truth, wrong) for one in variants))
    means = {slug: float(np.mean(shares)) for slug, shares in explained.items()}
    best = max(means, key=lambda slug: means[slug], default=None)
    if best is None:
        return None, 0.0
    return next(m for m in misconceptions.of(function) if m.slug == best), means[best]


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


def _share(function: str, got: Fields, wrong: Fields, truth: Fields, fields: list[str]) -> float:
    """Fields that are wrong in the same way, out of those that are wrong in either."""
    differs = {field for field in truth if not close(function, wrong.get(field), truth[field], WRONG)}
    same = {field for field in differs & set(fields) if alike(function, got.get(field), wrong.get(field), truth[field])}
    return len(same) / len(differs | set(fields))


def _returns_nothing(function: str, submission: Caller) -> bool:
    try:
        asked(function, submission, misconceptions.probes(function)[0])
    except NO_ANSWER as error:
        return NOTHING in str(error)
    return False


def _swapped(function: str, submission: Caller, signature: list[str]) -> Misconception | None:
    """Two arguments whose exchange makes every answer right."""
    names = CONTRACT[function].arguments
    if function == "simulate_frogs":  # too many pairs to try: only what the names say
        pairs = [
            (i, j)
            for i, j in combinations(range(len(names)), 2)
            if signature[i : j + 1 : j - i] == [names[j], names[i]]
        ]
    else:
        pairs = list(combinations(range(len(names)), 2))
    for i, j in pairs:
        if all(
            _is_right(function, submission, _exchanged(arguments, i, j), truth)
            for arguments, truth, _ in _cases(function)
        ):
            call = f"{function}({', '.join(names)})"
            yours = f"{function}({', '.join(signature)})" if signature else "them in another order"
            return Misconception(SWAPPED, function, HINTS[SWAPPED].format(names[i], names[j], call, yours), ())
    return None


def _is_right(function: str, submission: Caller, arguments: tuple[Any, ...], truth: Fields) -> bool:
    got = answer(function, submission, arguments)
    return bool(got) and not wrong_fields(function, truth, got)


def _exchanged(arguments: tuple[Any, ...], i: int, j: int) -> tuple[Any, ...]:
    changed = list(arguments)
    changed[i], changed[j] = changed[j], changed[i]
    return tuple(changed)


def _imprecise(function: str, cases: list[tuple[Fields, Fields, Any]]) -> Misconception | None:
    """Every number of a search within a few percent of the right one, and one at least beyond what is forgiven."""
    answered = [(truth, got) for truth, got, _ in cases if got]
    near = [
        got.get(field, np.empty(0)).size == part.size
        and np.allclose(np.ravel(got[field]), part.ravel(), rtol=NEAR, atol=NEAR * np.max(np.abs(part), initial=0.0))
        for truth, got in answered
        for field, part in truth.items()
    ]
    if function != "fit_reml" or not near or not all(near):
        return None
    return Misconception(IMPRECISE, function, HINTS[IMPRECISE], ())


def _hard_coded(function: str, cases: list[tuple[Fields, Fields, Any]]) -> Misconception | None:
    """A number that is the same on every probe where the right ones differ."""
    answered = [(truth, got) for truth, got, _ in cases if got]
    sizes = {truth[field].size == got.get(field, np.empty(0)).size for truth, got in answered for field in truth}
    if function == "simulate_frogs" or len(answered) < 2 or (False in sizes and len(CONTRACT[function].fields) > 1):
        return None
    for field in answered[0][0]:
        truths, gots = ([each.get(field, np.empty(0)) for each in some] for some in zip(*answered, strict=True))
        differ = any(truth.shape != truths[0].shape or not np.allclose(truth, truths[0], rtol=1e-6) for truth in truths)
        values = np.unique(np.concatenate([got.ravel() for got in gots]))
        if differ and len(values) == 1:
            name = field or "The result"
            return Misconception(HARD_CODED, function, HINTS[HARD_CODED].format(f"{name} is {values[0]:.6g}"), ())
    return None
