"""The examples of each theorem that a submission or a package is shown: how many, which, and drawn once."""

import functools
from typing import Any

import hypothesis
import pytest
from hypothesis import Phase
from hypothesis.internal.conjecture import engine

Examples = list[dict[str, Any]]  # each the arguments of a test by name
EXAMPLES, SHRINKS = 8, 40
CHANGEABLE = "the function does not give the same answer twice for the same input"
DRAWN: dict[str, Examples] = {}  # by test: a process that grades many files draws for the first of them


def few_examples(seed: int | None = None) -> None:
    """Hypothesis as others than lmm_core are judged: the same few draws every time, shrunk a little.

    None is the public draw; another number another draw.
    """
    hypothesis.settings.register_profile(
        "submission",
        max_examples=EXAMPLES,
        derandomize=seed is None,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("submission")
    hypothesis.core.global_force_seed = seed
    engine.MAX_SHRINKS = SHRINKS  # a minimum of a few rows is small enough, and a call costs a millisecond


def is_property(item: pytest.Item) -> bool:
    """Whether examples are drawn for a test."""
    return hypothesis.is_hypothesis_test(getattr(item, "obj", None))


def check(item: pytest.Function, *, smallest: bool) -> None:
    """Run a property on its examples; where one fails, on the smallest that hypothesis finds, if that is wanted.

    Hypothesis may find none: it draws by the modules that are loaded, too, which may be others than when it drew these.
    """
    fixtures = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    inner = item.obj.hypothesis.inner_test
    for example in drawn(item):
        try:
            inner(**fixtures, **example)
        except Exception as error:
            if not smallest or isinstance(error, OSError):
                raise
            item.obj(**fixtures)
            inner(**fixtures, **example)
            raise AssertionError(CHANGEABLE) from None


def drawn(item: pytest.Function) -> Examples:
    """What hypothesis shows a test that passes."""
    if item.nodeid not in DRAWN:
        fixtures = dict.fromkeys(item._fixtureinfo.argnames)
        seen: Examples = []
        handle = item.obj.hypothesis
        inner = handle.inner_test

        @functools.wraps(inner)  # hypothesis seeds by the source of the test
        def see(**arguments: Any) -> None:
            seen.append({name: value for name, value in arguments.items() if name not in fixtures})

        handle.inner_test = see
        try:
            item.obj(**fixtures)
        finally:
            handle.inner_test = inner
        DRAWN[item.nodeid] = seen
    return DRAWN[item.nodeid]
