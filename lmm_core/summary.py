"""Fits in print: in the layout of lmerTest's summary and anova, and of lm's."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from lmm_core import r_format
from lmm_core.checks import Labels, Matrix, Vector
from lmm_core.inference import Anova, ddf
from lmm_core.least_squares import ols
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
        "Scaled residuals: \n" + quartiles(scaled),
        "Random effects:\n" + _variances(fit, group_name),
        "Fixed effects:\n" + r_format.coefficients(names, fit.coef, fit.se, ddf(fit, np.eye(len(names)))),
    ]
    if len(names) > 1:
        blocks.append("Correlation of Fixed Effects:\n" + correlations(fit.correlation, names))
    if fit.singular:
        blocks.append("boundary (singular) fit: Vb = 0")
    return "\n\n".join(blocks)


def summary_lm(X: ArrayLike, y: ArrayLike, names: Sequence[str]) -> str:
    """Describe an ordinary least-squares fit with a constant in X: residuals, coefficients, R^2, F of all others.

    Args:
        X, y: the data (n, p) and (n,), p > 1.
        names: the p names of the columns of X.

    Returns:
        The text, in several lines.

    Raises:
        ValueError: as `ols`.

    Source: the layout of R's summary.lm.
    """
    fit = ols(X, y)
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    residual = y - X @ fit.coef
    p, total = len(fit.coef), np.sum((y - y.mean()) ** 2)
    r_squared = 1 - residual @ residual / total
    adjusted = 1 - fit.sigma2 / (total / (len(y) - 1))
    F = (total - residual @ residual) / (p - 1) / fit.sigma2
    p_value = r_format.p_values(np.array([fdtrc(p - 1, fit.df_resid, F)]), r_format.DIGITS)[0]
    of_F = f"F-statistic: {F:.4g} on {p - 1} and {fit.df_resid} DF"
    return "\n".join(
        [
            "Residuals:",
            quartiles(residual).replace(" \n", "\n") + "\n",
            "Coefficients:",
            r_format.coefficients(names, fit.coef, fit.se, float(fit.df_resid)) + "\n",
            f"Residual standard error: {np.sqrt(fit.sigma2):.4g} on {fit.df_resid} degrees of freedom",
            f"Multiple R-squared:  {r_squared:.4g},\tAdjusted R-squared:  {adjusted:.4g} ",
            f"{of_F},  p-value: {p_value}",
        ]
    )


def anova_lm(test: Anova, sigma2: float, factor: str, response: str) -> str:
    """R's anova of lm(response ~ factor): what `anova_ols` found, with the residual variance `sigma2` of the model."""
    mean_squares = [test.F * sigma2, sigma2]
    df = [test.df_num, test.df_den]
    columns = {"Df": df, "Sum Sq": np.multiply(df, mean_squares).tolist(), "Mean Sq": mean_squares}
    table = r_format.anova([factor, "Residuals"], columns, test.F, test.p_value)
    return f"Analysis of Variance Table\n\nResponse: {response}\n{table}"


def anova_lmer(test: Anova, Ve: float, factor: str) -> str:
    """lmerTest's anova of one factor: what `anova_reml` found; its "mean square" is F times the residual variance."""
    mean_square = test.F * Ve
    columns = {"Sum Sq": test.df_num * mean_square, "Mean Sq": mean_square, "NumDF": test.df_num, "DenDF": test.df_den}
    table = r_format.anova([factor], {head: [value] for head, value in columns.items()}, test.F, test.p_value)
    return f"Type III Analysis of Variance Table with Satterthwaite's method\n{table}"


def quartiles(residuals: Vector) -> str:
    """Residuals as R's summaries show them."""
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


def correlations(R: Matrix, names: Sequence[str]) -> str:
    """The lower triangle; long names are abbreviated as column heads."""
    columns = [["", *names[1:]]]
    for j, name in enumerate(names[:-1]):
        below = [f"{value:.3f}" for value in R[j + 1 :, j]]
        columns.append([r_format.abbreviated(name), *[""] * j, *below])
    return r_format.table(columns)
