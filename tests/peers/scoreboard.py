"""Digits of every package on every data set: log relative errors against 50-digit arithmetic.

A cell has the correct digits of Vb, Ve, coef, se, df and F, of several the fewest, rounded: 15 is all
that float64 holds, 0 or less is none. "-" is not offered or not asked, "!" raised an error or is no number.
"""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reference import closed_form, exact, golden, nist, second_level, slopes
from reference.strata import strata
from tests.contract import EVERY, NOT_OFFERED
from tests.peers import peer
from tests.peers.peer import Peer, PeerError

QUANTITIES = ("Vb", "Ve", "coef", "se", "df", "F")
INSIDE = (1e-4, 1e-6, 1e-8)


@dataclass(frozen=True)
class Data:
    """One data set, and the right answers."""

    name: str
    X: np.ndarray
    y: np.ndarray
    group: np.ndarray
    table: pd.DataFrame | None  # for anova_reml, where there is a factor

    @property
    def truth(self) -> exact.ExactFit:
        """To 50 digits."""
        return exact.reml(self.X, self.y, self.group)

    @property
    def F(self) -> Decimal:
        """Of all columns of X but the constant."""
        return exact.f_statistic(self.X, self.y, self.group, np.eye(self.X.shape[1])[1:])


def data_sets() -> Iterator[Data]:
    """The goldens, NIST's files, and the cases in which authorities are known to err."""
    for name in golden.NAMES:
        yield _golden(name)
    for name in nist.NAMES:
        data = nist.load(name)
        yield Data(f"NIST {name}", np.ones((len(data.y), 1)), data.y, data.group, None)
    for name, c in (("sleepstudy", 1e4), ("ergostool", 1e-6)):
        fit = _golden(name)
        table = None if fit.table is None else fit.table.assign(weight=c * fit.y)
        yield replace(fit, name=f"{name} × {c:g}", y=c * fit.y, table=table)
    for excess in INSIDE:
        group, y = closed_form.just_inside(excess)
        yield Data(f"MSB/MSE = 1 + {excess:g}", np.ones((len(y), 1)), 10 + y, group, None)


def _golden(name: str) -> Data:
    fit = golden.load(name)
    fixed = fit.model["fixed"]
    has_factor = fixed is not None and not pd.api.types.is_numeric_dtype(fit.data[fixed])
    table = fit.data.drop(columns="color", errors="ignore").assign(color=fit.data[fixed]) if has_factor else None
    return Data(name, fit.X, fit.y, fit.group, table)


def present() -> list[Peer]:
    """lmm_core, and every peer that can be loaded here."""
    found = [peer.core()]
    for path in peer.FILES:
        with contextlib.suppress(PeerError):
            found.append(peer.load(path))
    return found


def digits(judged: Peer, data: Data) -> list[float | None]:
    """LRE of each quantity; None is not offered or not asked, nan an error or no number."""
    regression = {"X": data.X, "y": data.y, "group": data.group}
    fit = _answer(judged, "fit_reml", regression)
    df = _answer(judged, "satterthwaite_df", regression)
    test = _answer(judged, "anova_reml", {"data": data.table}) if data.table is not None else None
    found = [_lre(fit, name, getattr(data.truth, name)) for name in QUANTITIES[:4]]
    return [*found, _lre(df, "", data.truth.df), _lre(test, "F", data.F if test else None)]


def _answer(judged: Peer, function: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The fields as they come, finite or not; without fields where the call failed."""
    if not judged.offers(function):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return judged.backend.call(function, arguments, EVERY[function].forms)
        except AssertionError:
            return {}
        except pytest.skip.Exception:  # refused by design
            return None


def _lre(answer: dict[str, Any] | None, field: str, truth: Any) -> float | None:
    if answer is None:
        return None
    if answer.get(field) is NOT_OFFERED:
        return None
    values = np.ravel(answer.get(field, np.nan))
    is_answer = values.size == np.size(truth) and np.all(np.isfinite(values))
    return exact.lre(values, truth) if is_answer else float("nan")


@dataclass(frozen=True)
class Mixed:
    """X, y and terms, and the right numbers: G's entries, Ve, coef, se, df."""

    name: str
    X: np.ndarray
    y: np.ndarray
    terms: list[tuple[np.ndarray, np.ndarray]]
    truth: dict[str, list[Decimal]]


def mixed_sets() -> Iterator[Mixed]:
    """Components by their strata, slopes in balance in closed form, the others proved in balls."""
    for name in second_level.BALANCED:
        data = second_level.load(name)
        closed = strata(data.X, data.y, data.groups)
        se = np.sqrt(np.einsum("iif,f->i", closed.weights, closed.MS))
        numbers = closed.V, closed.Ve, np.linalg.lstsq(data.X, data.y)[0], se, closed.ddf(np.eye(data.X.shape[1]))
        yield Mixed(name, data.X, data.y, data.terms, _truth(*numbers))
    for name in slopes.NAMES:
        lines = slopes.load(name)
        fit = lines.expected
        numbers = fit.G, fit.Ve, fit.coef, fit.se, fit.ddf(np.eye(len(fit.coef)))
        yield Mixed(f"{name}, slopes", lines.X, lines.y, lines.terms, _truth(*numbers))
    for case, of in slopes.UNBALANCED.items():
        lines = slopes.load(*of)
        yield Mixed(case, lines.X, lines.y, lines.terms, _truth(*slopes.decimals(case)))


def _truth(*numbers: Any) -> dict[str, list[Decimal]]:
    parts = [np.ravel(np.asarray(part, dtype=object)) for part in numbers]
    return dict(zip(("G", "Ve", "coef", "se", "df"), ([Decimal(x) for x in part] for part in parts), strict=True))


def second_table(peers: list[Peer]) -> str:
    """Digits of lme4's models, of those who offer `fit_mixed`."""
    offering = [one for one in peers if one.offers("fit_mixed")]
    lines = ["| digits of G Ve coef se df | " + " | ".join(p.version for p in offering) + " |"]
    lines.append("|---" * (len(offering) + 1) + "|")
    for data in mixed_sets():
        cells = []
        for judged in offering:
            arguments = {"X": data.X, "y": data.y, "terms": data.terms}
            fit, df = (_answer(judged, function, arguments) for function in ("fit_mixed", "mixed_df"))
            if fit and "G" in fit:
                fit["G"] = np.concatenate([np.ravel(G) for G in fit["G"]])
            found = [_lre(fit, part, data.truth[part]) for part in ("G", "Ve", "coef", "se")]
            cells.append(" ".join(map(_cell, [*found, _lre(df, "", data.truth["df"])])))
        lines.append("| " + " | ".join([data.name, *cells]) + " |")
    return "\n".join(lines)


def table(peers: list[Peer]) -> str:
    """The scoreboard in markdown."""
    lines = ["| digits of " + " ".join(QUANTITIES) + " | " + " | ".join(p.version for p in peers) + " |"]
    lines.append("|---" * (len(peers) + 1) + "|")
    for data in data_sets():
        cells = [" ".join(map(_cell, digits(judged, data))) for judged in peers]
        lines.append("| " + " | ".join([data.name, *cells]) + " |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return "!" if np.isnan(value) else str(max(0, round(value)))
