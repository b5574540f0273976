"""Digits of what was answered, and of what is not right the mistake that it looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from reference.vectors import truth, words
from reference.vectors.lint import Vector
from reference.vectors.truth import Numbers
from reference.vectors.wrong import scales
from tests.vectors.answers import Sheet

MOST = 15.0  # digits that are counted
RECOGNISED = 1e-3  # relative: an answer so near to a mistake's number is that mistake,
NEARER = Decimal("0.2")  # if it is as much nearer to it than the truth is
# Digits that are asked of an optimiser at its defaults: of criterion, p and t decimals.
LEAST = {
    **dict.fromkeys(("variances", "Ve"), 3.0),
    "coef": 4.0,
    **dict.fromkeys(("se", "kr_expected_se", "kr_observed_se"), 3.3),
    "criterion": 3.0,
    **dict.fromkeys(("df", "kr_expected_df", "kr_observed_df", "F_df"), 1.7),
    "t": 3.0,
    **dict.fromkeys(("p", "F_p"), 3.0),
    "F": 2.0,
}


@dataclass(frozen=True)
class Cell:
    """A quantity of a vector: its digits (of several numbers the fewest), and of a failure all that is known."""

    id: str
    topic: str
    quantity: str
    flags: tuple[str, ...]
    digits: float
    asked: float
    got: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    mistake: str = ""

    @property
    def right(self) -> bool:
        """Whether it has the digits that are asked."""
        return self.digits >= self.asked

    @property
    def sentence(self) -> str:
        """Of a failure: what it looks like."""
        return words.MISTAKES.get(self.mistake, self.mistake)


def judged(sheet: Sheet, vectors: dict[str, Vector], least: float | None = None) -> list[Cell]:
    """A cell for each quantity that was answered, and for each vector that was refused or should have been."""
    cells = []
    for name, vector in vectors.items():
        if name in sheet.refused:
            cells.append(_refused(vector, sheet.refused[name]))
        elif name in sheet.answered and "refuse" in vector:
            cells.append(_answered_nevertheless(vector, sheet))
        elif name in sheet.answered:
            cells += _of_vector(vector, sheet, least)
    return cells


def _of_vector(vector: Vector, sheet: Sheet, least: float | None) -> list[Cell]:
    right, answered = vector["expected"], sheet.answered[vector["id"]]
    asked = {q: v for q, v in answered.items() if q in right}
    digits = {q: _digits(v, right[q], scales(q, right)) for q, v in asked.items()}
    limits = {q: least if least is not None else LEAST[q] for q in asked}
    failed = [q for q in asked if digits[q] < limits[q]]
    looks = _mistakes(vector, asked, failed)
    return [
        _cell(
            vector,
            q,
            digits[q],
            limits[q],
            got=tuple(map(_shown, asked[q])),
            expected=tuple(f"{Decimal(v):.8g}" for v in right[q]),
            mistake=looks.get(q, "") if q in failed else "",
        )
        for q in asked
    ]


def _digits(got: Sequence[Decimal | None], right: Sequence[str], units: Sequence[Decimal]) -> float:
    """-log10 of the error relative to the unit, the fewest; 0 where a number lacks."""
    found = MOST
    for x, c, unit in zip(got, map(Decimal, right), units, strict=True):
        if x is None:
            return 0.0
        error = abs(x - c) / unit
        found = min(found, MOST if error == 0 else -float(error.log10()))
    return max(found, 0.0)


def _mistakes(vector: Vector, asked: dict, failed: list[str]) -> dict[str, str]:
    """Of each quantity that failed the mistake whose numbers it has: of several, the one with most such quantities."""
    matches = {
        name: {q for q in failed if q in numbers and _is(asked[q], numbers[q], q, vector["expected"])}
        for name, numbers in vector["wrong"].items()
    }
    return {
        q: max((name for name in matches if q in matches[name]), key=lambda name: len(matches[name]))
        for q in failed
        if any(q in of for of in matches.values())
    }


def _is(got: Sequence[Decimal | None], wrong: Sequence[str], quantity: str, expected: Numbers) -> bool:
    """Whether these are a mistake's numbers to the digits of an optimiser, and nearer to them than the truth is."""
    if None in got:
        return False
    units, c = scales(quantity, expected), truth.decimals(wrong)
    near = all(abs(x - b) <= Decimal(RECOGNISED) * max(abs(b), u / 1000) for x, b, u in zip(got, c, units, strict=True))
    return near and _apart(got, c, units) <= NEARER * _apart(truth.decimals(expected[quantity]), c, units)


def _apart(a: Sequence[Decimal], b: Sequence[Decimal], units: Sequence[Decimal]) -> Decimal:
    return max(abs(x - y) / unit for x, y, unit in zip(a, b, units, strict=True))


def _refused(vector: Vector, said: str) -> Cell:
    if "refuse" in vector:
        return _cell(vector, "refuse", MOST, 1.0)
    return _cell(vector, "refuse", 0.0, 1.0, (f"refused: {said}",), ("a fit",), "refused, and there is a fit")


def _answered_nevertheless(vector: Vector, sheet: Sheet) -> Cell:
    numbers = [f"{q} {_shown(v[0])}" for q, v in sheet.answered[vector["id"]].items()]
    if vector["acceptable"]:
        return _cell(vector, "refuse", MOST, 1.0)
    said = f"answered, and there is no fit: {vector['refuse']}"
    return _cell(vector, "refuse", 0.0, 1.0, tuple(numbers[:3]), ("a refusal",), said)


def _shown(value: Decimal | None) -> str:
    return "no number" if value is None else f"{value:.8g}"


def _cell(vector: Vector, quantity: str, digits: float, asked: float, got=(), expected=(), mistake: str = "") -> Cell:
    topic = vector["id"].partition("/")[0]
    return Cell(vector["id"], topic, quantity, tuple(vector["flags"]), digits, asked, got, expected, mistake)


@dataclass(frozen=True)
class Row:
    """A topic and quantity: how many are in tolerance, and the digits."""

    topic: str
    quantity: str
    right: int
    asked: int
    median: float
    least: float


def table(cells: Sequence[Cell]) -> list[Row]:
    """By topic and quantity, in the order of the lists."""
    quantities = [*words.QUANTITIES, "refuse"]
    keys = [(t, q) for t in words.TOPICS for q in quantities]
    rows = []
    for topic, quantity in keys:
        of = [cell for cell in cells if (cell.topic, cell.quantity) == (topic, quantity)]
        if of:
            digits = [cell.digits for cell in of]
            right = sum(cell.right for cell in of)
            rows.append(Row(topic, quantity, right, len(of), median(digits), min(digits)))
    return rows
