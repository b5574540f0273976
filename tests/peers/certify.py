"""`lmm-verify certify DATA.csv --response y --group g NAME=VALUE ...`: how many digits of somebody's output are right.

SAS, SPSS, JASP, Stata, statsmodels, a paper: whatever has printed a number of a mixed model. The
truth is exact arithmetic on the table's numbers, or the next best authority (see truth.py); the table is read by
`lmm_core.tables`, as all commands read it.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from lmm_core import tables
from lmm_core.chapter.style import STYLE
from reference import exact
from tests.peers.model import CONTRASTS, Asked, Model, model
from tests.peers.truth import Truth, truth

KNOWN = "V Vb Ve sd cov corr coef se t z df p lower upper F:TERM df1:TERM df2:TERM p:TERM criterion logLik AIC BIC"
FIXED: dict[str, Any] = {"action": "append", "dest": "fixed", "default": [], "metavar": "COLUMN"}  # in their order
ALIASES = {"Vb": "V", "z": "t", "deviance": "criterion"}


class CertifyError(ValueError):
    """What does not fit, in one sentence."""


@dataclass(frozen=True)
class Row:
    """A number as printed beside the right one, the digits that are right, and whether all that are printed are."""

    name: str
    printed: str
    right: str
    digits: float
    whole: bool
    note: str = ""

    @property
    def said(self) -> str:
        """Digits in words."""
        return f"all {self.digits:.0f}" if self.whole else f"{self.digits:.1f}"


@dataclass(frozen=True)
class Certificate:
    """All rows, and of what they are: the data by their hash, the model, the authority."""

    file: str
    sha256: str
    n_rows: int
    n_dropped: int
    model: str
    method: str
    levels: dict[str, int]
    columns: list[str]
    authority: str
    rows: list[Row]
    excess: float | None
    in_r: list[str]

    def holds(self, least: float | None) -> bool:
        """Whether every number has the digits asked for, or all that it is printed with."""
        return all(row.whole or (least is not None and row.digits >= least) for row in self.rows)

    @property
    def said_rows(self) -> str:
        """How many, and how many are not among them."""
        left_out = f" ({self.n_dropped} with missing values were left out)" if self.n_dropped else ""
        return f"{self.n_rows} rows{left_out}"

    def lines(self) -> Iterator[str]:
        """As text."""
        levels = ", ".join(f"{count} of {group}" for group, count in self.levels.items())
        yield f"{self.file}: {self.said_rows}, {levels}, X: {', '.join(self.columns)}"
        yield f"{self.model}, by {self.method}; right is {self.authority}"
        yield f"{'':<24}{'printed':>22}{'right':>26}   digits"
        for row in self.rows:
            yield f"{row.name:<24}{row.printed:>22}{row.right:>26}   {row.said}{row.note and f' ({row.note})'}"
        if self.excess is not None:
            yield f"The criterion at the printed Vb and Ve lies {max(self.excess, 0.0):.2g} above its minimum."
        yield from ("In R:", *self.in_r)


def certify(path: Path, asked: Asked, printed: Sequence[tuple[str, str]]) -> Certificate:
    """Compare; raises CertifyError."""
    try:
        table = tables.read(path)
        fitted = model(table, asked)
        right = truth(fitted, ml=asked.ml)
    except (ValueError, ArithmeticError) as error:
        told = str(error)
        raise CertifyError(told if told.startswith(path.name) else f"{path.name}: {told}") from None
    rows = [row for name, text in printed for row in _rows(name, text, fitted, right)]
    levels = {name: int(codes.max()) + 1 for name, codes in fitted.groups.items()}
    of = hashlib.sha256(table.content).hexdigest(), len(fitted.y), fitted.n_dropped, fitted.fitted
    by = "ML" if asked.ml else "REML"
    above = None if asked.ml else _excess(dict(printed), fitted)
    return Certificate(path.name, *of, by, levels, fitted.names, right.fit.authority, rows, above, fitted.in_r)


def _rows(name: str, text: str, fitted: Model, right: Truth) -> Iterator[Row]:
    """A row for each value of NAME=VALUE, or NAME:PART=VALUE."""
    quantity, colon, part = name.partition(":")
    quantity = ALIASES.get(quantity, quantity)
    part = _written_as_here(part, [*fitted.names, *fitted.terms, *right.numbers["V"]])
    if quantity in {"p", "df"} and part in fitted.terms and part not in fitted.names:
        quantity = {"p": "pF", "df": "df2"}[quantity]
    if quantity not in right.numbers:
        raise CertifyError(f"{name} is not known; known are {', '.join(KNOWN.split())}")
    numbers = right.numbers[quantity]
    if name == "Vb" and len(right.numbers["V"]) > 2:
        raise CertifyError(f"Vb is of one variance between groups; say V, or V:{next(iter(numbers))}")
    if quantity in {"F", "df1", "df2", "pF"} and not numbers:
        raise CertifyError(f"{quantity} tests the fixed columns, and there are none")
    if quantity in {"cov", "corr"} and not numbers:
        raise CertifyError(f"{quantity} is of random slopes, and there is none")
    if colon and part not in numbers:
        raise CertifyError(f"{quantity} has no {part!r}; it has {', '.join(numbers)}{_compared_with(part, fitted)}")
    if not colon and quantity in {"F", "df1", "df2", "pF"} and len(numbers) > 1:
        raise CertifyError(f"{quantity} is of one term; say {', '.join(f'{quantity}:{term}' for term in numbers)}")
    chosen = [part] if colon else [*numbers]
    if not colon and quantity in {"V", "sd"} and (name == "Vb" or len(_split(text)) == len(numbers) - 1):
        chosen = [one for one in chosen if one != "Residual"]
    values = _values(name, text, len(chosen))

    def compared(order: Sequence[str]) -> list[Row]:
        rows = []
        for one, value in zip(order, values, strict=True):
            others = [(whose, of[one]) for q, whose, of in right.others if q == quantity and one in of]
            rows.append(row(f"{name} {one}" if len(chosen) > 1 else name, value, numbers[one], others))
        return rows

    orders = [chosen, _as_lme4(chosen, fitted)] if quantity in {"V", "sd"} else [chosen]
    yield from max(map(compared, orders), key=lambda rows: sum(row.whole for row in rows))


def _written_as_here(part: str, known: Sequence[str]) -> str:
    """A part's name, which R, patsy and formulaic may write as factor(x)b, C(x)[T.b], b:a for a:b, Intercept."""
    part = re.sub(r"(?:C|Q|factor)\(\s*[`'\"]?([^()'\"`,]+?)[`'\"]?(?:,[^()]*(?:\([^()]*\))?)?\s*\)", r"\1", part)
    part = re.sub(r"\[[TS]\.(.*?)\](?=:|$)", r"\1", part)
    part = "(Intercept)" if part == "Intercept" else part
    same = [name for name in known if sorted(name.split(":")) == sorted(part.split(":"))]
    return part if part in known or not same else same[0]


def _compared_with(part: str, fitted: Model) -> str:
    """What to say where a coefficient is asked for of the level that others are compared with."""
    told = [level for level in fitted.reference if part == level]
    return f" ({part} is what they are compared with; --contrasts last takes the last level)" if told else ""


def _as_lme4(parts: Sequence[str], fitted: Model) -> list[str]:
    """The order in which lme4 prints: of the groups, that of most levels first."""

    def levels(part: str) -> int:
        of = [codes.max() for name, codes in fitted.groups.items() if part == name or part.startswith(f"{name}.")]
        return max(of, default=-1)

    return sorted(parts, key=levels, reverse=True)


def _split(text: str) -> list[str]:
    """At commas; without R's stars, and with ASCII's minus."""
    return [part.strip(" *") for part in text.replace("\u2212", "-").split(",")]


def _values(name: str, text: str, count: int) -> list[str]:
    """The numbers in their order; a single one may have thousands marks."""
    values, alone = _split(text), ",".join(_split(text))
    values = [alone.replace(",", "")] if count == 1 and tables.NUMBER["."].fullmatch(alone) else values
    if len(values) != count:
        how = "by decimal points, separated by commas, no thousands marks"
        raise CertifyError(f"{name} has {len(values)} values; expected {count}, {how}")
    for value in values:
        try:
            _number(value)
        except InvalidOperation:
            raise CertifyError(f"{name} = {value!r} is no number") from None
    return values


def row(name: str, value: str, right: Decimal, others: Sequence[tuple[str, Decimal]] = ()) -> Row:
    """One number beside the right one, or beside that of another convention where it is that one to every digit."""
    digits, whole = agreement(value, right)
    fits = [] if whole else [(whose, other) for whose, other in others if agreement(value, other)[1]]
    if fits:
        whose, right = min(fits, key=lambda of: abs(_number(value) - of[1]))
        digits, whole = agreement(value, right)
        return Row(name, value, f"{right:.15g}", digits, whole, whose)
    return Row(name, value, f"{right:.15g}", digits, whole)


def _number(value: str) -> Decimal:
    return Decimal(value.lstrip("<>").strip())


def agreement(value: str, truth: Decimal) -> tuple[float, bool]:
    """Log relative error (McCullough, 1998), and whether the printed digits are those of the right number, rounded.

    Of "<.0001" it is whether the right number is below, of ">.9" above; what is no finite number has no digit.
    """
    number = _number(value)
    if not number.is_finite():
        return 0.0, False
    digits = len(number.as_tuple().digits)
    if value[0] in "<>":
        return (float(digits), True) if (truth < number) == (value[0] == "<") else (0.0, False)
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    if abs(number - truth) <= unit / 2:
        return float(digits), True
    return max(0.0, exact.lre(float(number), truth)), False


def _excess(printed: dict[str, str], fitted: Model) -> float | None:
    if not {"Vb", "Ve"} <= set(printed) or len(fitted.groups) > 1:
        return None
    Vb, Ve = (float(_values(name, printed[name], 1)[0]) for name in ("Vb", "Ve"))
    if not np.isfinite([Vb, Ve]).all():
        return None
    return exact.excess(fitted.X, fitted.y, next(iter(fitted.groups.values())), Vb, Ve)


# --- what is written ------------------------------------------------------------------------------------


def as_json(certificate: Certificate, least: float | None) -> str:
    """For machines."""
    return json.dumps(asdict(certificate) | {"holds": certificate.holds(least)}, indent=1, ensure_ascii=False)


def page(certificate: Certificate, least: float | None) -> str:
    """To file."""
    cells = [
        f'<tr><th scope="row">{escape(row.name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in (row.printed, row.right, row.said, row.note))
        + "</tr>"
        for row in certificate.rows
    ]
    verdict = "Every number has the digits asked for." if certificate.holds(least) else "Not every number is right."
    facts = {
        "Data": f"{certificate.file}, {certificate.said_rows}, SHA-256 {certificate.sha256}",
        "Model": f"{certificate.model}, by {certificate.method}",
        "Columns": ", ".join(certificate.columns),
        "Right is": certificate.authority,
    }
    told = "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts.items())
    head = "".join(f'<th scope="col">{cell}</th>' for cell in ("", "printed", "right", "digits", ""))
    body = "\n".join(cells)
    title = f"Certificate: {escape(certificate.file)}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{verdict}</p>\n<dl>{told}</dl>\n"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>\n'
        f"<h2>In R</h2>\n<pre>{escape(chr(10).join(certificate.in_r))}</pre>\n</main>\n</body>\n</html>\n"
    )


# --- the command ----------------------------------------------------------------------------------------


def options(parser: argparse.ArgumentParser) -> None:
    """What may be said on the command line."""
    add = parser.add_argument
    add("data", type=Path, help="a table, however separated")
    add("--response", default="", metavar="COLUMN")
    add("--group", action="append", default=[], metavar="COLUMN", help="of a random intercept; a/b nests; repeatable")
    add("--slope", action="append", default=[], metavar="COLUMN", help="whose coefficient varies by group; repeatable")
    for kind, told in (("factor", "levels, whatever the cells are"), ("covariate", "numbers")):
        add(f"--{kind}", **FIXED, type=partial(_of_kind, kind), help=f"{told}; repeatable")
    add("--model", default="", metavar="FORMULA", help='instead of these: "y ~ arm*visit + (1 | id)"')
    add(
        "--contrasts",
        choices=CONTRASTS,
        default="treatment",
        help="with the first level, the last (SAS), or sum (JASP)",
    )
    add("--ml", action="store_true", help="maximum likelihood; otherwise REML")
    add("--drop-missing", action="store_true", help="leave out rows that lack a value")
    add("--least", type=float, metavar="DIGITS", help="right digits that are enough; otherwise all that are printed")
    add("--json", action="store_true", help="print JSON")
    add("--html", type=Path, metavar="FILE", help="write a page to file")
    add("printed", nargs="+", metavar="NAME=VALUE", help=f"{KNOWN}; coef=1.2,3.4 or coef:NAME=1.2")


def _of_kind(kind: str, column: str) -> tuple[str, str]:
    return column, kind


def run(given: argparse.Namespace) -> int:
    """0 where every number has its digits, else 1; raises CertifyError."""
    if not given.model and not (given.response and given.group):
        raise CertifyError("--response and --group, or --model, say what was fitted")
    of = [[column for column, kind in given.fixed if kind == which] for which in ("factor", "covariate")]
    columns = given.response, given.group, *of
    order = [column for column, _ in given.fixed]
    asked = Asked(*columns, given.model, given.contrasts, given.ml, given.drop_missing, given.slope, order)
    found = certify(given.data, asked, [_pair(text) for text in given.printed])
    print(as_json(found, given.least) if given.json else "\n".join(found.lines()))
    if given.html:
        given.html.write_text(page(found, given.least), encoding="utf-8")
    return 0 if found.holds(given.least) else 1


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not re.search(r"\S", name):
        raise CertifyError(f"{text!r} is no NAME=VALUE")
    return name.strip(), value
