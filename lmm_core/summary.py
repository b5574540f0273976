"""A fit in print, in the layout of lmerTest's summary (lme4's, with a column of df and one of p-values)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lmm_core import r_format
from lmm_core.checks import Labels, Vector
from lmm_core.inference import ddf
from lmm_core.reml import RemlFit, blup


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
        "Fixed effects:\n" + r_format.coefficients(names, fit.coef, fit.se, ddf(fit, np.eye(len(names)))),
    ]
    if len(names) > 1:
        blocks.append("Correlation of Fixed Effects:\n" + _correlations(fit, names))
    if fit.singular:
        blocks.append("boundary (singular) fit: Vb = 0")
    return "\n\n".join(blocks)


def _quartiles(residuals: Vector) -> str:
    quartiles = r_format.zapped(np.quantile(residuals, [0, 0.25, 0.5, 0.75, 1]))
    cells = r_format.padded(["Min", "1Q", "Median", "3Q", "Max", *r_format.together(quartiles)])
    return "\n".join(" ".join(row) + " " for row in (cells[:5], cells[5:]))


def _variances(fit: RemlFit, group_name: str) -> str:
    variances = np.array([fit.Vb, fit.Ve])
    columns = [
        ["Groups", group_name, "Residual"],
        ["Name", "(Intercept)", ""],
        ["Variance", *r_format.padded(r_format.together(variances))],
        ["Std.Dev.", *r_format.padded(r_format.together(np.sqrt(variances)))],
    ]
    widths = [max(map(len, column)) for column in columns]
    rows = [" " + " ".join(map(str.ljust, row, widths)) for row in zip(*columns, strict=True)]
    rows.append(f"Number of obs: {fit.n_obs}, groups:  {group_name}, {fit.n_buckets}")
    return "\n".join(rows)


def _correlations(fit: RemlFit, names: Sequence[str]) -> str:
    """The lower triangle; long names are abbreviated as column heads."""
    columns = [["", *names[1:]]]
    for j, name in enumerate(names[:-1]):
        below = [f"{value:.3f}" for value in fit.correlation[j + 1 :, j]]
        columns.append([r_format.abbreviated(name), *[""] * j, *below])
    return r_format.table(columns)
