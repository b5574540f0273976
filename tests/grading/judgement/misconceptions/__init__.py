"""Misconceptions: one definition each, used twice, as a diagnosis and as a mutant that the suite must kill.

Each is a wrong implementation of one function of the contract, written as students write it, and a hint
that explains the idea without giving the code. A submission is diagnosed by running it and every wrong
implementation of the same function on a few fixed inputs: the one that explains its wrong numbers has it.

They are imported when the first question is asked: a right submission asks none, and scipy.stats takes a second.
"""

from importlib import import_module
from typing import Any

from tests.grading.judgement.misconceptions.registry import ALL, Misconception

SUBJECTS = (
    "simulation",
    "draws",
    "counts",
    "variances",
    "matrices",
    "estimates",
    "correlation",
    "naive",
    "mixed_fit",
    "mixed_df",
    "mixed_test",
    "mixed_tail",
)

__all__ = ["Misconception", "boundary", "every", "of", "on_df_of", "probes", "statsmodels_se"]


def every() -> list[Misconception]:
    """All of them."""
    for subject in SUBJECTS:
        import_module(f"{__name__}.{subject}")
    return ALL


def of(function: str) -> list[Misconception]:
    """All about one function."""
    return [one for one in every() if one.function == function]


def boundary() -> tuple[str, ...]:
    """The functions whose last probe has its minimum at Vb = 0, where a submission may have something else wrong."""
    functions: tuple[str, ...] = import_module(f"{__name__}.inputs").BOUNDARY
    return functions


def on_df_of(truth: Any, got: Any, arguments: tuple[Any, ...]) -> Any:
    """A test of colour on the right pooled df, where its own are those of the contrasts in another basis."""
    moved: dict[str, Any] = import_module(f"{__name__}.ingredients").on_df_of(truth, got, *arguments)
    return moved


def statsmodels_se(arguments: tuple[Any, ...]) -> Any:
    """What MixedLM has for standard errors of these X, y and group."""
    return import_module(f"{__name__}.ingredients").statsmodels_se(*arguments)


def probes(function: str) -> list[tuple[Any, ...]]:
    """Fixed inputs on which those about a function differ from the truth and from one another."""
    made: list[tuple[Any, ...]] = import_module(f"{__name__}.inputs").of(function)
    return made
