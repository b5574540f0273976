"""What a peer says of itself, applied to its answers: fields that it lacks, its constant, what it refuses, its flag."""

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import combinations
from typing import Any, NoReturn

import hypothesis
import numpy as np
import pytest

from reference import exact
from tests.contract import EVERY, NOT_OFFERED, SECOND, ContractError
from tests.grading.sandbox import plain
from tests.strategies import indicators

# What is added to lme4's criterion, by the name of a peer's constant.
CONSTANTS = {
    "lme4": lambda X: 0.0,  # noqa: ARG005
    "+log|X'X|": lambda X: float(np.linalg.slogdet(X.T @ X)[1]),
    "-log|X'X|": lambda X: -float(np.linalg.slogdet(X.T @ X)[1]),
}
# Data that a package may refuse by design.
REFUSABLE = {
    "boundary": lambda X, y, group: exact.reml(X, y, group).Vb == 0,
    "singletons": lambda X, y, group: np.unique(group, return_counts=True)[1].min() == 1,  # noqa: ARG005
    "no intercept": lambda X, y, group: np.linalg.matrix_rank(np.column_stack([np.ones(len(X)), X])) > X.shape[1],  # noqa: ARG005
}
# Mixed models that a package may have none of.
REFUSABLE_TERMS = {
    "slopes": lambda terms: any(np.any(Z != 1) or Z.shape[1] > 1 for Z, _ in terms),
    "several terms": lambda terms: len(terms) > 1,
    "crossed": lambda terms: any(_are_crossed(g, h) for (_, g), (_, h) in combinations(terms, 2)),
}
BY_ML = "ml", "likelihood_ratio"  # what a package may not have, and the function that is by it
FIRST = ("fit_reml", "satterthwaite_df", "anova_reml")
MIXED = tuple(SECOND)
DF = ("satterthwaite", "kenward-roger")


class DeclarationError(ValueError):
    """A declaration that does not fit, in one sentence."""


@dataclass(frozen=True)
class Declared:
    """The declarations of a peer file; all may be absent."""

    not_offered: frozenset[str] = frozenset()  # functions
    lacking: frozenset[str] = frozenset()  # fields, as "fit_reml.criterion"
    criterion: str = "lme4"
    refuses: dict[str, str] = field(default_factory=dict)
    df: str = "satterthwaite"
    known_failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise DeclarationError for what is not known."""
        fields = {f"{name}.{part}" for name, function in EVERY.items() for part in function.fields}
        for said, known in (
            (self.not_offered, set(EVERY)),
            (self.lacking, fields),
            ({self.criterion}, set(CONSTANTS)),
            (self.refuses, {*REFUSABLE, *REFUSABLE_TERMS, BY_ML[0]}),
            ({self.df}, set(DF)),
        ):
            unknown = sorted(set(said) - known)
            if unknown:
                raise DeclarationError(f"declares {unknown[0]!r}; known are {', '.join(sorted(known))}")

    def forms(self, name: str, forms: dict[str, str]) -> dict[str, str]:
        """The fields that are offered."""
        return {part: form for part, form in forms.items() if f"{name}.{part}" not in self.lacking}

    def completed(self, name: str, value: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        """An answer with the fields that are lacking marked so, and lme4's constant."""
        value = {part: value.get(part, NOT_OFFERED) for part in EVERY[name].fields} | (
            {"converged": value["converged"]} if "converged" in value else {}
        )
        if name in ("fit_reml", "fit_mixed") and value["criterion"] is not NOT_OFFERED:
            value["criterion"] = value["criterion"] - CONSTANTS[self.criterion](arguments["X"])
        return value

    def refused(self, name: str, arguments: dict[str, Any], error: ContractError) -> NoReturn:
        """A call that failed: its answer, unless it is of a kind that is refused by design."""
        for kind, why in self.refuses.items():
            of_terms = kind in REFUSABLE_TERMS and name in MIXED and REFUSABLE_TERMS[kind](arguments["terms"])
            of_one = kind in REFUSABLE and name in FIRST and REFUSABLE[kind](*_regression(arguments))
            if of_one or of_terms or (kind, name) == BY_ML:
                if hypothesis.currently_in_test_context():
                    hypothesis.reject()
                pytest.skip(f"refuses {kind}: {why}")
        raise error


def not_asked(names: Collection[str], missing: Collection[str], declared: Collection[str]) -> list[str]:
    """Sentences of what a peer does not define, or declares not to offer, and of what may be a slip of the pen."""
    absent = [name for name in missing if name not in declared]
    slips = [
        f"{close[0]} is defined; did you mean {name}?"
        for name in absent
        for close in [get_close_matches(name, set(names) - set(EVERY), n=1, cutoff=0.85)]
        if close
    ]
    kinds = {"not defined": absent, "declared as not offered": sorted(declared)}
    return [f"Not asked, being {why}: {', '.join(which)}." for why, which in kinds.items() if which] + slips


def flag(value: Any) -> dict[str, bool]:
    """The package's own word on whether it has converged, where the result has a field of that name."""
    names = plain.names_of(value)
    return {"converged": bool(np.all(plain.field_of(value, "converged")))} if "converged" in names else {}


def _are_crossed(first: Any, second: Any) -> bool:
    """Whether neither factor has its levels within those of the other."""
    pairs = len(set(zip(np.asarray(first).tolist(), np.asarray(second).tolist(), strict=True)))
    return pairs > max(len(np.unique(first)), len(np.unique(second)))


def _regression(arguments: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if "data" not in arguments:
        return arguments["X"], arguments["y"], np.asarray(arguments["group"])
    data = arguments["data"]
    X = indicators(data["color"].to_numpy())
    X[:, 0] = 1.0
    return X, data["weight"].to_numpy(float), data["bucket"].to_numpy()
