"""The data, and what else a user might fit them with: medians of repeated runs in seconds, and peak memory.

R is timed inside R, by its own clock, so that no conversion of rpy2 is counted.
"""

import gc
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM

from reference import r

REPEATED = """
  run <- function() { began <- Sys.time(); body(); as.numeric(Sys.time() - began, units = "secs") }
  invisible(gc(reset = TRUE))
  first <- run()
  peak <- sum(gc()[, 6])
  c(if (first > 5) first else median(replicate(max(3, min(30, ceiling(2 / first))), run())), peak * 2^20)
"""


@dataclass(frozen=True)
class Frogs:
    """A data set: X (n, p) with p - 4 columns that vary within buckets, y, group, and all of it as a table."""

    X: np.ndarray
    y: np.ndarray
    group: np.ndarray
    table: pd.DataFrame
    formula: str

    @property
    def nbytes(self) -> int:
        """Bytes of X, y and group."""
        return self.X.nbytes + self.y.nbytes + self.group.nbytes


def frogs(n: int, *, balanced: bool, p: int) -> Frogs:
    """n frogs, about ten to a bucket (four, of 40), in four colours; unbalanced: sizes are random."""
    rng = np.random.default_rng(n + p)
    n_buckets = n // 4 if n <= 40 else n // 30 if n == 900 else n // 10
    sizes = np.full(n_buckets, n // n_buckets)
    if not balanced:
        sizes = rng.multinomial(n - n_buckets, np.full(n_buckets, 1 / n_buckets)) + 1
    group = np.repeat(np.arange(n_buckets), sizes)
    color = group % 4
    covariates = rng.normal(size=(n, p - 4))
    X = np.column_stack([np.ones(n), *(color == k for k in (1, 2, 3)), covariates])
    y = 200 + 25 * rng.normal(size=n_buckets)[group] + 10 * rng.normal(size=n)
    names = [f"x{k}" for k in range(p - 4)]
    table = pd.DataFrame(dict(zip(names, covariates.T, strict=True)) | {"weight": y})
    table["bucket"] = group.astype(float)
    table["color"] = np.array(["amber", "blue", "green", "red"])[color]
    return Frogs(X, y, group, table, " + ".join(["weight ~ color", *names, "(1 | bucket)"]))


def lines(n: int, m: int, others: int, *, vary: bool) -> tuple[np.ndarray, np.ndarray, list[Any], pd.DataFrame, str]:
    """X, y, terms, table and formula: n rows of m groups, whose slopes vary or not, and of levels across them."""
    rng = np.random.default_rng(n + others + vary)
    group, other, x = np.sort(rng.integers(0, m, n)), rng.integers(0, max(others, 1), n), rng.normal(size=n)
    y = 5 + x + 2 * rng.normal(size=m)[group] + 0.7 * vary * rng.normal(size=m)[group] * x + rng.normal(size=n)
    y += (others > 0) * rng.normal(size=max(others, 1))[other]
    X = np.column_stack([np.ones(n), x])
    terms = [(X if vary else X[:, :1], group), (X[:, :1], other)][: 1 + (others > 0)]
    table = pd.DataFrame({"y": y, "x": x, "bucket": group.astype(float), "other": [f"o{k}" for k in other]})
    formula = f"y ~ x + ({'x' if vary else '1'} | bucket){' + (1 | other)' if others else ''}"
    return X, y, terms, table, formula


def in_r(code: str, data: pd.DataFrame, formula: str = "") -> tuple[float, float]:
    """Median seconds and peak bytes of an R expression in `data` and `formula`; above 5 s it is run once."""
    prepare = "if (is.null(data$bucket)) 0 else data$bucket <- factor(data$bucket); formula <- as.formula(formula)"
    body = f"body <- function() suppressMessages(suppressWarnings({{ {code} }}))"
    seconds, peak = r.evaluate(f"{prepare}; {body}; {REPEATED}", data=data, formula=formula or "y ~ x")
    return seconds, peak


def in_python(run: Callable[[], Any], at_most: float = 2.0) -> float:
    """Median seconds of a call, repeated 3 to 30 times; once where it takes longer than 5 s."""
    times = [_seconds(run)]
    if times[0] <= 5:
        times = [_seconds(run) for _ in range(max(3, min(30, int(at_most / times[0]))))]
    return float(np.median(times))


def peak_memory(run: Callable[[], Any]) -> int:
    """Peak bytes that a call allocates, as tracemalloc counts them; numpy's arrays are among them."""
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def statsmodels_fit(data: Frogs) -> Any:
    """MixedLM by REML, as its documentation calls it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MixedLM(data.y, data.X, groups=data.group).fit(reml=True)


def one_pass(data: Frogs) -> list[np.ndarray]:
    """The floor: read X, y and group once, and sum X and y by bucket."""
    codes, _ = pd.factorize(data.group)
    return [np.bincount(codes, column) for column in (*data.X.T, data.y)]


def _seconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
