"""A fit in print, in the layout of lmerTest's summary (lme4's, with a column of df and one of p-values)."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from lmm_core.checks import Labels
from lmm_core.inference import ddf
from lmm_core.reml import RemlFit, blup

STARS = [(0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "."), (1.0, " ")]
LEGEND = "Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1"
DIGITS = 4  # R's max(3, getOption("digits") - 3)


def summary(
    fit: RemlFit, X: ArrayLike, y: ArrayLike, group: Labels, names: Sequence[str], group_name: str = "bucket"
) -> str:
    """Describe a fit: criterion, scaled residuals, variances, coefficients and their correlation.

        scaled residuals = (y - X coef - Z b) / sqrt(Ve),    t = coef / se,    p = 2 P(T_ddf > |t|)

    Args:
        fit: what `fit_reml` returned for X, y and group.
        X, y, group: the data that were fitted.
        names: the p names of the columns of X.
        group_name: what the groups are called.

    Returns:
        The text, in several lines.

    Raises:
        ValueError: names or X do not fit the number of coefficients.

    Source: the layout of Bates et al. (2015) and Kuznetsova et al. (2017), Journal of Statistical Software.
    """
    if len(names) != len(fit.coef):
        raise ValueError(f"names has {len(names)} entries but fit has {len(fit.coef)} coefficients")
    effects = blup(X, y, group, fit)
    fitted = np.asarray(X, dtype=float) @ fit.coef + effects.loc[np.asarray(group)].to_numpy()
    scaled = (np.asarray(y, dtype=float) - fitted) / np.sqrt(fit.Ve)
    blocks = [
        "Linear mixed model fit by REML. t-tests use Satterthwaite's method",
        f"REML criterion at convergence: {round(fit.criterion, 1):.7g}",
        "Scaled residuals: \n" + _quartiles(scaled),
        "Random effects:\n" + _variances(fit, group_name),
        "Fixed effects:\n" + _coefficients(fit, names),
    ]
    if len(names) > 1:
        blocks.append("Correlation of Fixed Effects:\n" + _correlations(fit, names))
    if fit.singular:
        blocks.append("boundary (singular) fit: Vb = 0")
    return "\n\n".join(blocks)


def _quartiles(residuals: NDArray[np.float64]) -> str:
    quartiles = np.quantile(residuals, [0, 0.25, 0.5, 0.75, 1])
    decimals = int(np.floor(DIGITS + 1.5 - np.log10(np.abs(quartiles).max())))  # R's zapsmall
    values = format_like_r(np.round(quartiles, decimals), DIGITS)
    cells = _padded(["Min", "1Q", "Median", "3Q", "Max", *values])
    return "\n".join(" ".join(row) + " " for row in (cells[:5], cells[5:]))


def _variances(fit: RemlFit, group_name: str) -> str:
    variances = np.array([fit.Vb, fit.Ve])
    columns = [
        ["Groups", group_name, "Residual"],
        ["Name", "(Intercept)", ""],
        ["Variance", *_padded(format_like_r(variances, DIGITS))],
        ["Std.Dev.", *_padded(format_like_r(np.sqrt(variances), DIGITS))],
    ]
    widths = [max(map(len, column)) for column in columns]
    rows = [" " + " ".join(map(str.ljust, row, widths)) for row in zip(*columns, strict=True)]
    rows.append(f"Number of obs: {fit.n_obs}, groups:  {group_name}, {fit.n_buckets}")
    return "\n".join(rows)


def _coefficients(fit: RemlFit, names: Sequence[str]) -> str:
    """R's printCoefmat: estimates, errors and df share their decimals, t has three, p as format.pval."""
    df = ddf(fit, np.eye(len(fit.coef)))
    t = fit.coef / fit.se
    p = 2 * stdtr(df, -np.abs(t))
    numbers = np.stack([fit.coef, fit.se, df])
    smallest = np.floor(np.log10(np.abs(numbers[numbers != 0]).min()))
    cells = _padded(format_like_r(np.round(numbers, max(1, DIGITS - 1 - int(smallest))).ravel(), DIGITS))
    columns = [
        ["", *names],
        ["Estimate", *cells[: len(names)]],
        ["Std. Error", *cells[len(names) : -len(names)]],
        ["df", *cells[-len(names) :]],
        ["t value", *format_like_r(np.round(t, DIGITS - 1), DIGITS)],
        ["Pr(>|t|)", *_p_values(p)],
    ]
    stars = [next(star for limit, star in STARS if value <= limit) for value in p]
    if all(star == " " for star in stars):
        return _table(list(zip(*columns, strict=True)))
    columns.append(["", *(star.ljust(max(map(len, stars))) for star in stars)])
    return _table(list(zip(*columns, strict=True))) + "\n---\n" + LEGEND


def _correlations(fit: RemlFit, names: Sequence[str]) -> str:
    """The lower triangle; long names are abbreviated to six letters as column heads."""
    correlation = fit.vcov_beta / np.outer(fit.se, fit.se)
    rows = [["", *(_abbreviated(name) for name in names[:-1])]]
    for i, name in enumerate(names[1:], start=1):
        cells = [f"{value:.3f}" for value in correlation[i, :i]]
        rows.append([name, *cells, *[""] * (len(names) - 1 - i)])
    return _table(rows)


def _padded(cells: Sequence[str]) -> list[str]:
    return [cell.rjust(max(map(len, cells))) for cell in cells]


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Cells in columns: row names to the left, the others to the right, as R prints matrices."""
    names, *columns = zip(*rows, strict=True)
    width = max(map(len, names))
    return "\n".join(
        " ".join([name.ljust(width), *cells]) for name, *cells in zip(names, *map(_padded, columns), strict=True)
    )


def _p_values(p: NDArray[np.float64]) -> list[str]:
    """R's format.pval: small ones in scientific notation, apart from the others."""
    eps = np.finfo(float).eps
    fixed, scientific = p >= 1e-4, (p < 1e-4) & (p >= eps)
    cells = np.full(len(p), "<2e-16", dtype=object)
    for chosen in (fixed, scientific):
        cells[chosen] = format_like_r(p[chosen], DIGITS - 1)
    return cells.tolist()


def format_like_r(values: Iterable[float], digits: int) -> list[str]:
    """Format numbers together as R does: as many decimals as the neediest has within `digits` digits.

    Scientific notation is taken for all of them where it is shorter.
    """
    values = [float(value) for value in values]
    if not values:
        return []
    parts = [f"{abs(value):.{digits - 1}e}".split("e") for value in values]
    significant = [max(1, len(mantissa.replace(".", "").rstrip("0"))) for mantissa, _ in parts]
    exponents = [int(exponent) if value else 0 for (_, exponent), value in zip(parts, values, strict=True)]
    decimals = max(0, *(s - e - 1 for s, e in zip(significant, exponents, strict=True)))
    most = max(significant)
    fixed_width = max(1, max(exponents) + 1) + (decimals + 1 if decimals else 0)
    scientific_width = most + (most > 1) + 4
    if fixed_width <= scientific_width:
        return [f"{value:.{decimals}f}" for value in values]
    return [f"{value:.{most - 1}e}" for value in values]


def _abbreviated(name: str) -> str:
    """R's abbreviate(name, 6): drop lower-case vowels from the end, then lower-case letters."""
    if name == "(Intercept)":
        return "(Intr)"
    letters = list(name)
    for droppable in ("aeiou", "abcdefghijklmnopqrstuvwxyz"):
        for i in range(len(letters) - 1, 0, -1):
            if len(letters) <= 6:
                break
            if letters[i] in droppable:
                del letters[i]
    return "".join(letters)
