"""`python -m lmm_core --data FILE.csv --group subject --covariate days --slope days`: lines that differ by group.

y = X beta + Z b + e,   Z the constant and the columns of the slopes,   b_i ~ N(0, G) in group i
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import qr
from scipy.special import stdtr

from lmm_core import r_format, tables
from lmm_core.chapter.reading import in_r
from lmm_core.chapter.steps import r_name
from lmm_core.checks import Codes, Matrix, Vector
from lmm_core.mixed import MixedFit, covariance, ddf, fit_mixed
from lmm_core.summary import correlations, quartiles
from lmm_core.tables import Table

SAME = 1e-9  # relative differences that rounding leaves
FAR = 1e6  # standard deviations of a covariate: where lines meet there, they are parallel
MOST_GROUPS = 30  # whose own coefficients are listed


@dataclass(frozen=True)
class Asked:
    """The columns that were chosen."""

    response: str
    group: str
    slopes: Sequence[str]
    factors: Sequence[str]
    covariates: Sequence[str]


@dataclass(frozen=True)
class Lines:
    """A table with what is asked of it, and its fit."""

    table: Table
    asked: Asked

    @cached_property
    def levels(self) -> dict[str, list[str]]:
        """The cells of each factor in the order of its levels."""
        found = {}
        for factor in self.asked.factors:
            cells = dict(zip(self.table.labels(factor), self.table.cells(factor), strict=True))
            found[factor] = [cells[label] for label in sorted(cells)]
        return found

    def columns(self, table: Table, words: Sequence[str]) -> tuple[list[str], Matrix]:
        """The constant, treatment contrasts of the factors among the words, and the covariates as they are."""
        names, found = ["(Intercept)"], [np.ones(len(table))]
        for word in words:
            if word in self.asked.factors:
                cells = table.cells(word)
                unknown = next((cell for cell in cells if cell not in self.levels[word]), None)
                if unknown is not None:
                    raise ValueError(f"{table.file}: {word} {unknown!r} is not in {self.table.file}")
                names += [f"{word}{level}" for level in self.levels[word][1:]]
                found += [np.array([cell == level for cell in cells], float) for level in self.levels[word][1:]]
            else:
                names.append(word)
                found.append(table.numbers(word))
        return names, np.column_stack(found)

    @cached_property
    def fixed(self) -> tuple[list[str], Matrix]:
        """Names and columns of X."""
        return self.columns(self.table, [*self.asked.factors, *self.asked.covariates])

    @cached_property
    def varying(self) -> tuple[list[str], Matrix]:
        """Names and columns of Z."""
        return self.columns(self.table, self.asked.slopes)

    @cached_property
    def y(self) -> Vector:
        """The response."""
        return self.table.numbers(self.asked.response)

    @cached_property
    def groups(self) -> list[str]:
        """Labels in order of appearance."""
        return list(dict.fromkeys(self.table.cells(self.asked.group)))

    @cached_property
    def codes(self) -> Codes:
        """The group of each row."""
        return self.table.combined([self.asked.group])

    @cached_property
    def fit(self) -> MixedFit:
        """By REML."""
        return fit_mixed(self.fixed[1], self.y, [(self.varying[1], self.codes)])

    @property
    def rank(self) -> int:
        """Of G."""
        return int(self.fit.at.Lambda[0].shape[1])

    def crossed(self, columns: Matrix) -> Matrix:
        """Z_i' columns of every group (m, r, columns)."""
        found = np.zeros((len(self.groups), self.varying[1].shape[1], columns.shape[1]))
        np.add.at(found, self.codes, self.varying[1][:, :, None] * columns[:, None, :])
        return found

    @cached_property
    def weights(self) -> Matrix:
        """K_i = G (Ve I + Z_i'Z_i G)^-1 of every group (m, r, r): b_i = K_i Z_i'(y_i - X_i beta)."""
        G, Z = self.fit.G[0], self.varying[1]
        inverse = np.linalg.inv(self.fit.Ve * np.eye(len(G)) + self.crossed(Z) @ G)
        return np.asarray(G @ inverse)

    @cached_property
    def effects(self) -> Matrix:
        """Best linear unbiased predictions b_i (m, r). Source: Henderson (1975), Biometrics 31, 423-447."""
        left = self.y - self.fixed[1] @ self.fit.coef
        return np.asarray((self.weights @ self.crossed(left[:, None]))[:, :, 0])

    def own(self) -> Matrix | None:
        """Each group's least-squares coefficients on Z (m, r); None where some group has too few rows for them."""
        gram = self.crossed(self.varying[1])
        if np.linalg.matrix_rank(gram, hermitian=True).min() < gram.shape[1]:
            return None
        return np.asarray(np.linalg.solve(gram, self.crossed(self.y[:, None]))[:, :, 0])


def read(table: Table, asked: Asked, *, drop_missing: bool) -> Lines:
    """The rows that are complete; raises ValueError where a column is not there, or a slope has no mean."""
    options = {"--group": [asked.group], "--factor": asked.factors, "--covariate": asked.covariates}
    for option, names in (options | {"--slope": asked.slopes, "--response": [asked.response]}).items():
        for name in names:
            table.require(option, name)
    for slope in asked.slopes:
        if slope not in [*asked.factors, *asked.covariates]:
            raise ValueError(f"--slope {slope} varies about a mean: say --covariate {slope}, or --factor {slope}, too")
    used = dict.fromkeys([asked.group, *asked.factors, *asked.covariates, asked.response])
    return Lines(table.complete([*used], drop=drop_missing), asked)


def report(lines: Lines, predicted: Path | None = None) -> list[str]:
    """What to print: lmerTest's summary, what has no variance, two stages, predictions, R's lines."""
    table, fit = lines.table, lines.fit
    names, X = lines.fixed
    left_out = f"; {table.n_dropped} rows with missing values were left out" if table.dropped else ""
    fitted = X @ fit.coef + np.sum(lines.varying[1] * lines.effects[lines.codes], axis=1)
    title = "Linear mixed model fit by REML. t-tests use Satterthwaite's method"
    blocks = [
        "\n".join([f"{table.file}: {len(table)} rows{left_out}", title, f"Formula: {_formula(lines.asked)}"]),
        f"REML criterion at convergence: {round(fit.criterion, 1):.7g}",
        "Scaled residuals: \n" + quartiles((lines.y - fitted) / np.sqrt(fit.Ve)),
        "Random effects:\n" + _variances(lines),
        "Fixed effects:\n" + r_format.coefficients(names, fit.coef, fit.se, ddf(fit, np.eye(len(names)))),
    ]
    if len(names) > 1:
        C = covariance(fit) / np.outer(fit.se, fit.se)
        blocks.append("Correlation of Fixed Effects:\n" + correlations(C, names))
    for more in (_no_variance(lines), _two_stages(lines), _predicted(lines, predicted) if predicted else []):
        blocks += ["\n".join(more)] if more else []
    return [*"\n\n".join([*blocks, "\n".join(_by_r(lines))]).splitlines()]


def _formula(asked: Asked, *, factor: str = "{}") -> str:
    said = {word: factor.format(r_name(word)) if word in asked.factors else r_name(word) for word in asked.slopes}
    said |= {word: factor.format(r_name(word)) for word in asked.factors}
    fixed = " + ".join([*(said[word] for word in asked.factors), *map(r_name, asked.covariates)])
    random = " + ".join(said[word] for word in asked.slopes)
    return f"{r_name(asked.response)} ~ {fixed} + ({random} | {r_name(asked.group)})"


def _by_r(lines: Lines) -> list[str]:
    """The lines of R that read and fit the same."""
    asked = lines.asked
    reading = in_r(lines.table, [asked.group, *asked.factors], [*asked.covariates, asked.response])
    return ["In R:", *reading, f"lmerTest::lmer({_formula(asked, factor='factor({})')}, dat)"]


def _variances(lines: Lines) -> str:
    """The layout of lme4's VarCorr; a correlation with what has no variance is NaN there, too."""
    fit, (names, _) = lines.fit, lines.varying
    sd = np.sqrt(np.append(fit.G[0].diagonal(), fit.Ve))
    columns = [
        ["Groups", lines.asked.group, *[""] * (len(names) - 1), "Residual"],
        ["Name", *names, ""],
        ["Variance", *r_format.padded(r_format.together(sd**2))],
        ["Std.Dev.", *r_format.padded(r_format.together(sd))],
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        R = fit.G[0] / np.outer(sd[:-1], sd[:-1])
    pairs = [(i, j) for j in range(len(names)) for i in range(j + 1, len(names))]
    cells = r_format.padded([f"{R[pair]:.2f}" if np.isfinite(R[pair]) else "NaN" for pair in pairs])
    below = dict(zip(pairs, cells, strict=True))
    for j in range(len(names) - 1):
        column = [below.get((i, j), "") for i in range(len(names))]
        columns.append(["Corr" if j == 0 else "", *column, ""])
    widths = [max(map(len, column)) for column in columns]
    rows = [(" " + " ".join(map(str.ljust, row, widths))) for row in zip(*columns, strict=True)]
    return "\n".join([*rows, f"Number of obs: {len(lines.y)}, groups:  {lines.asked.group}, {len(lines.groups)}"])


# --- in words -------------------------------------------------------------------------------------------


def _no_variance(lines: Lines) -> list[str]:
    """Of a singular fit the directions in which the groups do not differ: n'b_i = 0 for n'G n = 0."""
    (names, Z), G, group = lines.varying, lines.fit.G[0], lines.asked.group
    lacking = len(G) - lines.rank
    if not lacking:
        return []
    told = [f"boundary (singular) fit: G has rank {lines.rank}, not {len(G)}."]
    if lines.rank == 0:
        return [*told, f"The {len(lines.groups)} levels of {group} do not differ: all have one line."]
    size = np.linalg.norm(Z, axis=0) / np.sqrt(len(Z))
    null = size[:, None] * np.linalg.eigh(G * np.outer(size, size))[1][:, :lacking]
    if len(G) == 2:
        at = null[1, 0] / null[0, 0] if null[0, 0] else np.inf
        if abs(at) > FAR * size[1]:
            return [*told, f"The slopes of {names[1]} have no variance: the lines of all {group} are parallel."]
        return [*told, f"The lines of all {group} meet where {names[1]} is {at:.4g}: there they have no variance."]
    rows = qr(null.T, pivoting=True)[2][:lacking]
    for n in (null @ np.linalg.inv(null[rows])).T:
        parts = [f"{value:+.4g} {name}" for value, name in zip(n, names, strict=True) if abs(value) > SAME]
        told.append(f"No variance between {group} has {' '.join(parts).lstrip('+')}.")
    return told


def _two_stages(lines: Lines) -> list[str]:
    """Of a balanced table the groups' own coefficients, and the t-test of their mean (theorem 25)."""
    (names, Z), own, m = lines.varying, lines.own(), len(lines.groups)
    gram = lines.crossed(Z)
    if own is None or np.abs(gram - gram[0]).max() > SAME * np.abs(gram[0]).max():
        return []
    of_X = np.linalg.solve(gram, lines.crossed(lines.fixed[1]))
    if np.ptp(of_X, axis=0).max() > SAME * np.abs(of_X).max():
        return []
    mean, se = own.mean(axis=0), own.std(axis=0, ddof=1) / np.sqrt(m)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / se
    p = 2 * stdtr(m - 1, -np.abs(t))
    group = lines.asked.group
    told = [f"Two stages: least squares for each {group}, then a t-test of the {m} coefficients on {m - 1} df."]
    listed = [list(row) for row in own[:MOST_GROUPS]]
    below = {"mean": mean, "sd / sqrt(m)": se, "t": t, "p": p}
    rows = [*zip(lines.groups, listed, strict=False), *below.items()]
    columns = [["", *(label for label, _ in rows)]]
    columns += [[name, *(f"{row[j]:.5g}" for _, row in rows)] for j, name in enumerate(names)]
    told += r_format.table(columns).splitlines()
    if m > MOST_GROUPS:
        told.insert(1 + MOST_GROUPS + 1, f"... {m - MOST_GROUPS} more")
    if lines.rank < len(names):
        return [*told, "The fit is singular: its df pool what has no variance with the residual, and are others."]
    return [*told, f"Every {group} has the same {', '.join(names[1:])}, so these are the tests of the mixed model."]


def pictured(lines: Lines) -> dict[str, Any]:
    """What `pictures.lines` draws; raises ValueError where the model is no lines of one covariate."""
    asked, names = lines.asked, lines.fixed[0]
    if len(names) != 2 or asked.factors:
        raise ValueError(f"--figures draws lines of one --covariate that is the --slope, not of {', '.join(names[1:])}")
    return {
        "x": lines.varying[1][:, 1],
        "y": lines.y,
        "codes": lines.codes,
        "groups": lines.groups,
        "own": lines.own(),
        "mixed": lines.fit.coef + lines.effects,
        "mean": lines.fit.coef,
        "called": (*asked.slopes, asked.response, asked.group),
    }


# --- predictions ----------------------------------------------------------------------------------------


def _predicted(lines: Lines, path: Path) -> list[str]:
    """Means at the rows of another table: of the row's group, known or new, and of all groups.

    error variance of x'beta + z'b_i: z'(G - K_i Z_i'Z_i G) z + u'Cov(beta) u, u = x - X_i'Z_i K_i'z; of a new group
    K_i = 0. The variances are taken as known. Source: Henderson (1975), Biometrics 31, 423-447.
    """
    table, asked = tables.read(path), lines.asked
    words = [*asked.factors, *asked.covariates]
    for word in words:
        table.require("--covariate" if word in asked.covariates else "--factor", word)
    table = table.complete(words, drop=False)
    labels = table.cells(asked.group) if asked.group in table else [""] * len(table)
    X, Z = lines.columns(table, words)[1], lines.columns(table, asked.slopes)[1]
    rows = list(_means(lines, X, Z, labels))
    group, response = asked.group, asked.response
    columns = [[group, *(label or "-" for label in labels)]]
    columns += [[word, *table.cells(word)] for word in words]
    columns.append(["", *(kind for kind, *_ in rows)])
    heads = (f"mean {response}", "se", "mean of all", "se")
    columns += [[head, *(f"{row[j]:.6g}" for row in rows)] for j, head in enumerate(heads, start=1)]
    return [
        f"{table.file}: means of {response}",
        *r_format.table(columns).splitlines(),
        f"se of a known {group}: of the error of the line predicted for it (variances taken as known).",
        f"se of a new {group}: of the distance of its own line from that of all, which varies by G, too.",
        f"se of the mean of all: of the estimated line of all {group}.",
    ]


def _means(
    lines: Lines, X: Matrix, Z: Matrix, labels: Sequence[str]
) -> Iterator[tuple[str, float, float, float, float]]:
    fit, C, G = lines.fit, covariance(lines.fit), lines.fit.G[0]
    with_Z, with_X = lines.crossed(lines.varying[1]), lines.crossed(lines.fixed[1])
    at = {label: i for i, label in enumerate(lines.groups)}
    for x, z, label in zip(X, Z, labels, strict=True):
        i, mean, left, u = at.get(label), float(x @ fit.coef), G, x
        b = np.zeros(len(G))
        if i is not None:
            K, b = lines.weights[i], lines.effects[i]
            left, u = G - K @ with_Z[i] @ G, x - with_X[i].T @ (K.T @ z)
        of_group = float(np.sqrt(max(0.0, z @ left @ z) + u @ C @ u))
        yield "new" if i is None else "known", mean + float(z @ b), of_group, mean, float(np.sqrt(x @ C @ x))
