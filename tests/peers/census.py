"""What one run asks of a package: its calls, counted by what their arguments are like.

`SHAPES` and `LABELS` are what packages meet: what a run has to ask (`owed`), and where meta/test_planted.py plants a
fault each.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

import lmm_core
from tests.contract import EVERY
from tests.implementation import Backend

Facts = SimpleNamespace
Holds = Callable[[Facts], bool]

MISSING = {"NA", "nan", "None", "", "null", "NaN", "N/A"}
PREFIX = 13  # characters: what fixed-width files and old Fortran keep
OF_FITS = ("fit_reml", "satterthwaite_df")
OF_TABLES = ("anova_reml", "anova_ols", "empirical_variances", "buckets_per_color", "denominator_df")
OF_TERMS = ("fit_mixed", "mixed_df")
OF_LABELS = (*OF_FITS, *OF_TABLES, "covariance_matrix", "design_matrix", "frog_correlation")

# --- by argument: every call is in one class of each that it has ----------------------------------------

BY_ARGUMENT: dict[str, dict[str, Holds]] = {
    "rows": {
        "up to 50": lambda f: f.rows <= 50,
        "51 to 200": lambda f: 50 < f.rows <= 200,
        "201 to 1,000": lambda f: 200 < f.rows <= 1000,
        "more than 1,000": lambda f: f.rows > 1000,
    },
    "buckets": {
        "up to 10": lambda f: f.buckets <= 10,
        "11 to 30": lambda f: 10 < f.buckets <= 30,
        "31 to 100": lambda f: 30 < f.buckets <= 100,
        "more than 100": lambda f: f.buckets > 100,
    },
    "columns": {
        "1": lambda f: f.columns == 1,
        "2 to 4": lambda f: 2 <= f.columns <= 4,
        "5 to 10": lambda f: 5 <= f.columns <= 10,
        "more than 10": lambda f: f.columns > 10,
    },
    "balance": {"equal buckets": lambda f: f.equal, "unequal": lambda f: not f.equal},
    "constant": {"in the span": lambda f: f.constant, "not in it": lambda f: not f.constant},
    "covariates within": {
        "none": lambda f: f.within == 0,
        "one": lambda f: f.within == 1,
        "several": lambda f: f.within > 1,
    },
    "columns between": {"up to one": lambda f: f.between <= 1, "several": lambda f: f.between > 1},
    "condition": {"up to 100": lambda f: f.condition <= 100, "more": lambda f: f.condition > 100},
    "gamma": {
        "0": lambda f: f.gamma == 0,
        "up to 1": lambda f: 0 < f.gamma <= 1,
        "1 to 100": lambda f: 1 < f.gamma <= 100,
        "more": lambda f: f.gamma > 100,
    },
    "factors": {"one": lambda f: f.factors == 1, "two": lambda f: f.factors == 2, "more": lambda f: f.factors > 2},
    "order of rows": {
        "bucket by bucket": lambda f: not f.interleaved,
        "interleaved": lambda f: f.interleaved,
    },
}

# --- the stated list ------------------------------------------------------------------------------------

SHAPES: dict[str, Holds] = {
    "200 buckets": lambda f: f.buckets >= 200,
    "more than 30 unequal buckets": lambda f: f.buckets > 30 and not f.equal,
    "more than 30 equal buckets": lambda f: f.buckets > 30 and f.equal,
    "more than 200 rows in unequal buckets": lambda f: f.rows > 200 and not f.equal,
    "5,000 rows in unequal buckets": lambda f: f.rows >= 5000 and not f.equal,
    "30 columns": lambda f: f.columns >= 30,
    "10 columns": lambda f: f.columns >= 10,
    "no constant": lambda f: not f.constant,
    "several covariates within": lambda f: f.within > 1,
    "several covariates between": lambda f: f.between > 1,
    "covariates within and between": lambda f: f.within > 1 and f.between > 1,
    "near-collinear columns": lambda f: f.condition > 1000,
    "buckets that differ little": lambda f: 0 < f.gamma < 1,
    "buckets that differ much": lambda f: f.gamma > 1e4,
    "the boundary with covariates": lambda f: f.gamma == 0 and f.within > 1,
}
SHAPES_OF_TABLES: dict[str, Holds] = {
    "200 buckets": SHAPES["200 buckets"],
    "more than 30 unequal buckets": SHAPES["more than 30 unequal buckets"],
    "5,000 rows in unequal buckets": SHAPES["5,000 rows in unequal buckets"],
    "12 colours": lambda f: f.colors >= 12,
}
SHAPES_OF_TERMS: dict[str, Holds] = {
    "crossed and unequal": lambda f: f.factors == 2 and not f.nested and not f.equal,
    "nested and unequal": lambda f: f.factors == 2 and f.nested and not f.equal,
    "10 columns": lambda f: f.factors == 2 and f.columns >= 10,
    "no constant": lambda f: f.factors == 2 and not f.constant,
    "near-collinear columns": lambda f: f.factors == 2 and f.condition > 1000,
}
SHAPES_OF_SLOPES: dict[str, Holds] = {
    "more than 30 groups": lambda f: f.slopes and f.buckets > 30 and f.equal,
    "more than 30 unequal groups": lambda f: f.slopes and f.buckets > 30 and not f.equal,
    "200 groups": lambda f: f.slopes and f.buckets >= 200,
    "more than 5 columns": lambda f: f.slopes and f.columns > 5 and f.equal,
    "more than 5 columns and unequal groups": lambda f: f.slopes and f.columns > 5 and not f.equal,
    "30 rows in each group": lambda f: f.slopes and f.rows >= 30 * f.buckets,
    "groups with one row": lambda f: f.slopes and f.has_single,
    "interleaved rows": lambda f: f.slopes and f.interleaved,
    "groups by text": lambda f: f.slopes and f.named,
}
LABELS: dict[str, Holds] = {
    "negative": lambda f: any(number < 0 for number in f.numbers),
    "floats": lambda f: any(number != int(number) for number in f.numbers),
    "floats alike in six digits": lambda f: len({f"{number:.6g}" for number in f.numbers}) < len(f.numbers),
    "integers equal modulo 100": lambda f: len({number % 100 for number in f.numbers}) < len(f.numbers),
    "integers equal modulo 1000": lambda f: len({number % 1000 for number in f.numbers}) < len(f.numbers),
    "integers above 16 bits": lambda f: any(number > 2**16 for number in f.numbers),
    "text": lambda f: bool(f.texts),
    "objects": lambda f: f.objects,
    "text that differs by case": lambda f: len({text.casefold() for text in f.texts}) < len(f.texts),
    "text that differs beyond 13 characters": lambda f: len({text[:PREFIX] for text in f.texts}) < len(f.texts),
    "text that differs in its first letter": lambda f: len({text[1:] for text in f.texts if text[1:]}) < len(f.texts),
    "text that differs by blanks": lambda f: len({text.strip() for text in f.texts}) < len(f.texts),
    "numbers as text": lambda f: len({text.lstrip("0") for text in f.texts}) < len(f.texts),
    "words for what is missing": lambda f: len(MISSING & f.texts) > 1,
    "other letters": lambda f: not all(text.isascii() for text in f.texts),
    "levels that do not appear in order": lambda f: f.unsorted,
}
TRUTH: dict[str, Holds] = {"truth values": lambda f: f.truth}


def owed() -> Iterator[tuple[str, str, Holds]]:
    """Function, name and predicate of everything that a run has to ask."""
    for functions, asked in (
        (OF_FITS, SHAPES | TRUTH),
        (OF_TABLES, SHAPES_OF_TABLES),
        (OF_TERMS, SHAPES_OF_TERMS),
        (OF_TERMS, SHAPES_OF_SLOPES),
        (OF_LABELS, LABELS),
        (("covariance_matrix",), TRUTH),
    ):
        for function in functions:
            of = "two factors: " if asked is SHAPES_OF_TERMS else "slopes: " if asked is SHAPES_OF_SLOPES else ""
            yield from ((function, f"{of}{name}", holds) for name, holds in asked.items())


# --- facts ----------------------------------------------------------------------------------------------


def facts(arguments: dict[str, Any]) -> Facts:
    """What the arguments of a call are like; of what a function is not given there is no fact."""
    found = Facts()
    data = arguments.get("data")
    group = data["bucket"].to_numpy() if data is not None and "bucket" in data else arguments.get("group")
    labels = arguments.get("labels", group)
    if data is not None and "color" in data:
        found.colors = data["color"].nunique()
    if labels is not None:
        _of_labels(found, np.asarray(labels))
    if group is not None:
        _of_buckets(found, np.asarray(group))
    if "X" in arguments:
        _of_columns(found, np.asarray(arguments["X"]), None if group is None else np.asarray(group))
    if "terms" in arguments:
        found.factors = len(arguments["terms"])
        of_pairs = [np.asarray(group).astype(str) for _, group in arguments["terms"]]
        _of_buckets(found, of_pairs[0])
        found.equal = len(set(np.unique(np.char.add(of_pairs[0], of_pairs[-1]), return_counts=True)[1].tolist())) == 1
        found.nested = _is_nested(of_pairs)
        _of_terms(found, arguments["terms"])
    if {"X", "y", "group"} <= set(arguments):
        found.gamma = _gamma(arguments)
        found.factors = 1
    return found


def _of_labels(found: Facts, labels: np.ndarray) -> None:
    first: list[Any] = list(dict.fromkeys(labels.tolist()))
    found.truth = labels.dtype.kind == "b"
    found.objects = labels.dtype.kind == "O"
    found.texts = {label for label in first if isinstance(label, str)}
    found.numbers = {label for label in first if isinstance(label, int | float) and not isinstance(label, bool)}
    found.unsorted = first != sorted(first, key=lambda label: (isinstance(label, str), label))


def _of_buckets(found: Facts, group: np.ndarray) -> None:
    codes, sizes = np.unique(group, return_inverse=True, return_counts=True)[1:]
    found.rows, found.buckets, found.equal = len(group), len(sizes), bool(np.all(sizes == sizes[0]))
    found.has_single = bool(np.min(sizes) == 1)
    found.interleaved = bool(np.count_nonzero(np.diff(codes)) > len(sizes) - 1)


def _of_terms(found: Facts, terms: Any) -> None:
    """Slopes: a Z of several columns, or of one that varies."""
    found.slopes = any(np.shape(Z)[1] > 1 or np.ptp(Z) > 0 for Z, _ in terms)
    found.named = any(np.asarray(group).dtype.kind in "UO" for _, group in terms)


def _of_columns(found: Facts, X: np.ndarray, group: np.ndarray | None) -> None:
    found.rows, found.columns = X.shape
    norms = np.linalg.norm(X, axis=0)
    found.condition = float(np.linalg.cond(X / norms)) if np.all(norms > 0) else np.inf
    found.constant = bool(np.linalg.matrix_rank(np.column_stack([np.ones(len(X)), X / norms])) == X.shape[1])
    if group is not None:
        codes = np.unique(group, return_inverse=True)[1]
        first = np.unique(codes, return_index=True)[1]
        between = np.all(X[first][codes] == X, axis=0)
        found.within = int(np.count_nonzero(~between))
        found.between = int(np.count_nonzero(between & np.any(X[0] != X, axis=0)))


def _is_nested(groups: list[np.ndarray]) -> bool:
    """Whether every level of the last factor lies in one level of the first."""
    pairs = set(zip(groups[-1].tolist(), groups[0].tolist(), strict=True))
    return len(groups) > 1 and len(pairs) == len(set(groups[-1].tolist()))


def _gamma(arguments: dict[str, Any]) -> float:
    try:
        fit = lmm_core.fit_reml(arguments["X"], arguments["y"], arguments["group"])
    except ValueError:
        return float("nan")
    return float(fit.Vb / fit.Ve)


def holds(predicate: Holds, found: Facts) -> bool:
    """Whether it is so; what speaks of an argument that the function does not take is not."""
    try:
        return predicate(found)
    except AttributeError:
        return False


# --- the count ------------------------------------------------------------------------------------------


@dataclass
class Census:
    """Calls by function, and by function and what their arguments were like."""

    calls: Counter[str] = field(default_factory=Counter)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, function: str, arguments: dict[str, Any]) -> None:
        """One call more."""
        found = facts(arguments)
        self.calls[function] += 1
        self.counted.update((function, row) for row, predicate in _rows() if holds(predicate, found))

    def not_asked(self) -> list[str]:
        """What a run owes and this one has not asked, of the functions that it called."""
        return [
            f"{function}: {name}"
            for function, name, _ in owed()
            if self.calls[function] and not self.counted[function, name]
        ]

    def table(self) -> str:
        """A line for each class of an argument, a column for each function; in markdown."""
        functions = [name for name in EVERY if self.calls[name]]
        lines = ["| calls of | " + " | ".join(functions) + " |", "|---" * (len(functions) + 1) + "|"]
        lines.append("| all | " + " | ".join(str(self.calls[name]) for name in functions) + " |")
        for row, _ in _rows():
            cells = [str(self.counted[name, row] or "") for name in functions]
            lines.append(f"| {row} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def _rows() -> Iterator[tuple[str, Holds]]:
    for argument, classes in BY_ARGUMENT.items():
        yield from ((f"{argument}: {name}", predicate) for name, predicate in classes.items())
    listed = SHAPES | {"12 colours": SHAPES_OF_TABLES["12 colours"]} | LABELS | TRUTH
    yield from listed.items()
    yield from ((f"two factors: {name}", holds) for name, holds in SHAPES_OF_TERMS.items())
    yield from ((f"slopes: {name}", holds) for name, holds in SHAPES_OF_SLOPES.items())


@dataclass(frozen=True)
class Counting:
    """A backend whose calls are counted."""

    backend: Backend
    census: Census

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Count it, and make it."""
        self.census.note(name, arguments)
        return self.backend.call(name, arguments, forms)
