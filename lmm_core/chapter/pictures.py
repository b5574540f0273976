"""The chapter's pictures. matplotlib is an extra: `pip install matplotlib`.

Each function draws one picture of a table with columns `bucket`, `color` and `weight`, and returns its figure;
`called` has the words for the three on axes and in titles.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise ModuleNotFoundError("pictures need matplotlib: pip install matplotlib") from None
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, is_color_like, to_rgba

from lmm_core.checks import Codes, Matrix, Vector
from lmm_core.covariance import covariance_matrix
from lmm_core.design import design_matrix
from lmm_core.least_squares import Gls, Ols, gls, ols
from lmm_core.reml import blup, criterion_curve, fit_reml

MOST_FROGS = 300  # of the image of V
MOST_POINTS = 12  # frogs of a bucket that are drawn one by one; of more, a box
CHAPTERS = {"bucket": "bucket", "color": "colour", "weight": "weight"}
MOST_NAMES = 8  # colours in a legend, and names side by side


def paint(data: pd.DataFrame) -> dict[object, tuple[float, float, float, float]]:
    """The colour to draw each bucket in: its own, where its name is a colour's, else one for each level.

    A bucket that holds several levels of a crossed factor is grey.
    """
    levels = sorted(data["color"].unique(), key=str)
    shades = colormaps["turbo"](np.linspace(0.05, 0.95, len(levels)))
    rgba = {c: to_rgba(str(c)) if is_color_like(str(c)) else tuple(s) for c, s in zip(levels, shades, strict=True)}
    levels_of = data.groupby("bucket", observed=True)["color"].unique()
    grey = to_rgba("lightgrey")
    return {bucket: rgba[found[0]] if len(found) == 1 else grey for bucket, found in levels_of.items()}


def weights_by_bucket(data: pd.DataFrame, called: Mapping[str, str] = CHAPTERS) -> Figure:
    """Every bucket in its own colour: its frogs, or a box where they are many."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    groups = [(bucket, weight.to_numpy()) for bucket, weight in data.groupby("bucket", observed=True)["weight"]]
    fills = paint(data)
    if max(len(weight) for _, weight in groups) > MOST_POINTS:
        boxes = axes.boxplot([weight for _, weight in groups], patch_artist=True, medianprops={"color": "black"})
        for (bucket, _), box in zip(groups, boxes["boxes"], strict=True):
            box.set_facecolor(fills[bucket])
            box.set_gid(f"bucket {bucket}")
            box.set_edgecolor("dimgrey")
        for median, (bucket, _) in zip(boxes["medians"], groups, strict=True):
            median.set_color("white" if sum(fills[bucket][:3]) < 1 else "black")  # to be seen in a dark box
    else:
        for i, (bucket, weight) in enumerate(groups, start=1):
            style: dict[str, Any] = {"color": fills[bucket], "markeredgecolor": "dimgrey", "gid": f"bucket {bucket}"}
            axes.plot([i] * len(weight), weight, "o", **style)
            axes.hlines(weight.mean(), i - 0.3, i + 0.3, color="dimgrey")
    axes.set_xticks(range(1, len(groups) + 1), [str(bucket) for bucket, _ in groups], rotation=90)
    title = f"{called['weight'].capitalize()} by {called['bucket']}, in its own {called['color']}"
    axes.set(xlabel=called["bucket"], ylabel=called["weight"], title=title)
    _name_colors(axes, data, called)
    return figure


def _name_colors(axes: Axes, data: pd.DataFrame, called: Mapping[str, str]) -> None:
    """A legend of colours that are few, and nested: a colour's name is read, not guessed."""
    of_bucket, of_color = paint(data), data.groupby("color", observed=True)["bucket"].first()
    nested = data.groupby("bucket", observed=True)["color"].nunique().max() == 1
    if nested and len(of_color) <= MOST_NAMES:
        for color, bucket in of_color.items():
            axes.plot([], [], "s", color=of_bucket[bucket], markeredgecolor="dimgrey", label=str(color))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), title=called["color"])


def image_of_V(
    data: pd.DataFrame, called: Mapping[str, str] = CHAPTERS, Vb: float | None = None, Ve: float | None = None
) -> Figure:
    """V of the first 300 rows, in their order: three shades, for 0, for Vb and for Vb + Ve.

    The variances are those of the fitted model without colour, where they are not given.
    """
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    if Vb is None or Ve is None:
        fit = fit_reml(np.ones((len(y), 1)), y, group)
        Vb, Ve = fit.Vb, fit.Ve
    codes = np.unique(group[:MOST_FROGS], return_inverse=True)[1]
    kind = (codes[:, None] == codes[None, :]).astype(int) + np.eye(len(codes), dtype=int)
    figure = Figure(figsize=(6.5, 5), layout="constrained")
    axes = figure.subplots()
    shades = ("white", "#4f8fcf", "#0b2545")
    axes.imshow(kind, cmap=ListedColormap(shades), interpolation="nearest", vmin=0, vmax=2)
    for shade, label in zip(shades, ("0", f"{Vb:.4g} = Vb", f"{Vb + Ve:.4g} = Vb + Ve"), strict=True):
        axes.plot([], [], "s", color=shade, markeredgecolor="dimgrey", label=label)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), title="covariance")
    title = f"V of the first {len(codes)} of {len(y)} frogs, by {called['bucket']}"
    axes.set(xlabel="frog", ylabel="frog", title=title)
    return figure


def intervals(data: pd.DataFrame, called: Mapping[str, str] = CHAPTERS) -> Figure:
    """Colour means with one standard error to either side, by GLS and by OLS."""
    model, y, group = _model(data)
    X, colors = design_matrix(data["color"], intercept=False), sorted(data["color"].unique(), key=str)
    fit = fit_reml(model, y, group)
    estimates: dict[str, Gls | Ols] = {"GLS": gls(X, y, covariance_matrix(group, fit.Vb, fit.Ve)), "OLS": ols(X, y)}
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for shift, (name, estimate) in zip((-0.12, 0.12), estimates.items(), strict=True):
        at = np.arange(len(colors)) + shift
        axes.errorbar(at, estimate.coef, yerr=estimate.se, fmt="o", capsize=4, label=name, gid=name)
    axes.set_xticks(range(len(colors)), [str(c) for c in colors], rotation=90 if len(colors) > MOST_NAMES else 0)
    axes.set(
        xlabel=called["color"], ylabel=f"mean {called['weight']}", title="Mean +- standard error, by GLS and by OLS"
    )
    axes.legend()
    return figure


def criterion(data: pd.DataFrame, called: Mapping[str, str] = CHAPTERS) -> Figure:
    """The REML criterion over theta = sqrt(Vb / Ve), with the estimate marked."""
    X, y, group = _model(data)
    fit = fit_reml(X, y, group)
    theta = np.linspace(0, max(2.5 * fit.theta, 1.0), 201)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(theta, criterion_curve(X, y, group, theta))
    axes.plot([fit.theta], [fit.criterion], "o", gid="estimate", label=f"estimate, theta = {fit.theta:.4f}")
    axes.set(
        xlabel="theta = sqrt(Vb / Ve)",
        ylabel="REML criterion",
        title=f"The criterion of {called['weight']}, and its minimum",
    )
    axes.legend()
    return figure


def shrinkage(data: pd.DataFrame, called: Mapping[str, str] = CHAPTERS) -> Figure:
    """How far each bucket's mean lies from its colour's, and how much of that is predicted: an arrow towards 0."""
    X, y, group = _model(data)
    fit = fit_reml(X, y, group)
    b = blup(X, y, group, fit)
    deviations = pd.Series(y - X @ fit.coef).groupby(group).mean()
    fills = paint(data)
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="dimgrey", linewidth=0.8)
    for i, bucket in enumerate(deviations.index):
        axes.annotate("", (i + 0.2, b[bucket]), (i - 0.2, deviations[bucket]), arrowprops={"arrowstyle": "->"})
        for gid, marker, place, height in (("mean", "o", -0.2, deviations[bucket]), ("predicted", "s", 0.2, b[bucket])):
            style: dict[str, Any] = {"color": fills[bucket], "markeredgecolor": "dimgrey", "gid": f"{gid} {bucket}"}
            axes.plot([i + place], [height], marker, **style)
    axes.set_xticks(range(len(deviations)), [str(bucket) for bucket in deviations.index], rotation=90)
    factor = "" if b.empty or not deviations.any() else f" (x {np.max(np.abs(b)) / np.max(np.abs(deviations)):.2f})"
    title = f"Means (o) less those of their {called['color']}, and shrunken predictions (squares){factor}"
    axes.set(xlabel=called["bucket"], ylabel=f"difference in {called['weight']}", title=title)
    return figure


def lines(
    *,
    x: Vector,
    y: Vector,
    codes: Codes,
    groups: Sequence[str],
    own: Matrix | None,
    mixed: Matrix,
    mean: Vector,
    called: Sequence[str],
) -> Figure:
    """Every group's points with its two lines, and the same lines as points (intercept, slope) that shrink.

    own: the groups' least squares (m, 2), dashed, if all have one.   mixed: the model's lines (m, 2).   mean: the line
    of all (2,).   called: covariate, response and group.
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    shades = colormaps["turbo"](np.linspace(0.05, 0.95, len(groups)))
    for i, (group, shade) in enumerate(zip(groups, shades, strict=True)):
        rows = codes == i
        ends = np.array([x[rows].min(), x[rows].max()])
        left.plot(x[rows], y[rows], ".", color=shade, markersize=3, gid=f"rows {group}")
        left.plot(ends, mixed[i, 0] + mixed[i, 1] * ends, color=shade, gid=f"mixed {group}")
        if own is not None:
            left.plot(ends, own[i, 0] + own[i, 1] * ends, "--", color=shade, linewidth=0.8, gid=f"own {group}")
            right.annotate("", mixed[i], own[i], arrowprops={"arrowstyle": "->", "color": shade})
            right.plot(*own[i], "o", color=shade, markerfacecolor="white", gid=f"own {group}")
        right.plot(*mixed[i], "s", color=shade, gid=f"mixed {group}")
    ends = np.array([x.min(), x.max()])
    left.plot(ends, mean[0] + mean[1] * ends, "k", linewidth=2.5, gid="mean")
    right.plot(*mean, "k*", markersize=14, gid="mean")
    covariate, response, group = called
    left.set(xlabel=covariate, ylabel=response, title=f"Lines of {group}: own (dashed), mixed model's")
    title = "The same: own (o), mixed model's (squares), of all (*)"
    right.set(xlabel=f"{response} at {covariate} = 0", ylabel=f"slope of {covariate}", title=title)
    return figure


PICTURES: dict[str, Callable[..., Figure]] = {
    "weights_by_bucket": weights_by_bucket,
    "image_of_V": image_of_V,
    "intervals": intervals,
    "criterion": criterion,
    "shrinkage": shrinkage,
}


def save_all(data: pd.DataFrame, folder: Path, name: str, called: Mapping[str, str] = CHAPTERS) -> list[Path]:
    """Write every picture as FOLDER/NAME_PICTURE.png, under the names that things are `called`; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for title, draw in PICTURES.items():
        path = folder / f"{name}_{title}.png"
        draw(data, called).savefig(path, dpi=120)
        paths.append(path)
    return paths


def _model(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X of colour where colour is identified, else of the mean alone."""
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    identified = data["bucket"].nunique() > data["color"].nunique()
    X = design_matrix(data["color"], intercept=True) if identified else np.ones((len(y), 1))
    return X, y, group
