"""How R prints numbers: `format`, `format.pval`, `abbreviate` and the table of `printCoefmat`."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from lmm_core.checks import Vector

STARS = [(0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, ".")]
LEGEND = "Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1"
DIGITS = 4  # R's max(3, getOption("digits") - 3)
ABBREVIATED = 6  # letters


def together(values: Iterable[float], digits: int = DIGITS) -> list[str]:
    """Numbers with as many decimals as the neediest has within `digits` digits.

    Scientific notation is taken for all of them where it is shorter.
    """
    values = [float(value) for value in values]
    if not values:
        return []
    parts = [f"{abs(value):.{digits - 1}e}".split("e") for value in values]
    significant = [len(mantissa.rstrip("0").replace(".", "")) for mantissa, _ in parts]
    exponents = [int(exponent) for _, exponent in parts]
    decimals = max(0, *(s - e - 1 for s, e in zip(significant, exponents, strict=True)))
    most = max(significant)
    point = decimals > 0
    fixed_width = max(0, *exponents) + 1 + point + decimals
    scientific_width = most + (most > 1) + len("e+00")
    if fixed_width <= scientific_width:
        return [f"{value:.{decimals}f}" for value in values]
    return [f"{value:.{most - 1}e}" for value in values]


def p_values(p: Vector, digits: int = DIGITS - 1) -> list[str]:
    """Those below 1e-4 in scientific notation, apart from the others, and "<2e-16" below the machine's epsilon."""
    eps = np.finfo(float).eps
    cells = np.full(len(p), "", dtype=object)
    for chosen in (p >= 1e-4, (p < 1e-4) & (p >= eps)):
        cells[chosen] = together(p[chosen], digits)
    cells[p < eps] = "< 2e-16" if max(map(len, cells)) > len("<2e-16") else "<2e-16"
    return cells.tolist()


def abbreviated(name: str) -> str:
    """Six letters, spaces not counted, and the first of each word kept.

    From the right, vowels in lower case are dropped, then other letters in lower case, then any; ends of words
    first.
    """
    letters, n_spaces = list(name), name.count(" ")
    for dropped, ends in ((_vowel, True), (_vowel, False), (str.islower, True), (str.islower, False), (_any, False)):
        for i in reversed(range(1, len(letters))):
            first, last = letters[i - 1] == " ", letters[i + 1 : i + 2] in ([], [" "])
            if len(letters) - n_spaces > ABBREVIATED and not first and last >= ends and dropped(letters[i]):
                del letters[i]
    long = len(letters) > ABBREVIATED
    return "".join(letter for letter in letters if not long or letter != " ")


def _vowel(letter: str) -> bool:
    return letter in "aeiou"


def _any(letter: str) -> bool:
    return letter != " "


def coefficients(names: Sequence[str], coef: Vector, se: Vector, df: Vector | float) -> str:
    """Estimates, errors and df share their decimals, t has three, p is 2 P(T_df > |t|); stars where one is small.

    One df for all, as lm's, has no column.
    """
    t = coef / se
    p = cast(Vector, 2 * stdtr(df, -np.abs(t)))
    numbers = [coef, se] if np.ndim(df) == 0 else [coef, se, np.asarray(df)]
    cells = iter(padded(together(np.concatenate(numbers))))
    columns = [[head, *islice(cells, len(names))] for head in ("Estimate", "Std. Error", "df")[: len(numbers)]]
    return _starred(
        [["", *names], *columns, ["t value", *together(np.round(t, DIGITS - 1))], ["Pr(>|t|)", *p_values(p)]], p
    )


def anova(names: Sequence[str], columns: Mapping[str, Sequence[float]], F: float, p: float) -> str:
    """An anova table: its first row has F and p, the others none. "Df" and what comes before F have five digits."""
    cells = [["", *names]]
    for head, values in columns.items():
        numbers = np.asarray(values, dtype=float)
        cells.append([head, *together(numbers if head == "Df" else zapped(numbers), DIGITS + 1)])
    none = [""] * (len(names) - 1)
    p_value = cast(Vector, np.array([p, *[np.nan] * len(none)]))
    cells += [["F value", *together([float(np.round(F, DIGITS))], DIGITS + 1), *none]]
    cells += [["Pr(>F)", *p_values(p_value[:1], DIGITS), *none]]
    return _starred(cells, p_value)


def _starred(columns: Sequence[Sequence[str]], p: Vector) -> str:
    """The table with a column of stars and their legend, where a p-value has one."""
    stars = [next((star for limit, star in STARS if value <= limit), " ") for value in p]
    if set(stars) == {" "}:
        return table(columns)
    return table([*columns, ["", *(star.ljust(max(map(len, stars))) for star in stars)]]) + "\n---\n" + LEGEND


def table(columns: Sequence[Sequence[str]]) -> str:
    """Columns side by side: row names to the left, the others to the right, as R prints matrices."""
    names, *others = columns
    width = max(map(len, names))
    rows = zip(names, *map(padded, others), strict=True)
    return "\n".join(" ".join([name.ljust(width), *cells]) for name, *cells in rows)


def padded(cells: Sequence[str]) -> list[str]:
    """As wide as the widest."""
    return [cell.rjust(max(map(len, cells))) for cell in cells]


def zapped(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """R's zapsmall(values, 5): rounded to what is left of five digits after the largest."""
    if not np.any(values):
        return values
    return np.round(values, int(np.floor(DIGITS + 1.5 - np.log10(np.abs(values).max()))))
