"""The chapter's pictures. matplotlib is an extra: `pip install matplotlib`.

Each function draws one picture of a table with columns `bucket`, `color` and `weight`, and returns its figure.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise ModuleNotFoundError("pictures need matplotlib: pip install matplotlib") from None
from matplotlib import colormaps
from matplotlib.colors import is_color_like, to_rgba

from lmm_core.covariance import covariance_matrix
from lmm_core.design import design_matrix
from lmm_core.least_squares import Gls, Ols, gls, ols
from lmm_core.reml import blup, criterion_curve, fit_reml

MOST_FROGS = 300  # of the image of V


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


def weights_by_bucket(data: pd.DataFrame) -> Figure:
    """A box for every bucket, in the bucket's own colour."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    groups = list(data.groupby("bucket", observed=True)["weight"])
    boxes = axes.boxplot([w.to_numpy() for _, w in groups], patch_artist=True, medianprops={"color": "black"})
    fills = paint(data)
    for (bucket, _), box in zip(groups, boxes["boxes"], strict=True):
        box.set_facecolor(fills[bucket])
        box.set_gid(f"bucket {bucket}")
    axes.set_xticks(range(1, len(groups) + 1), [str(bucket) for bucket, _ in groups], rotation=90)
    axes.set(xlabel="bucket", ylabel="weight", title="Weights by bucket, in the bucket's own colour")
    return figure


def image_of_V(data: pd.DataFrame) -> Figure:
    """V at the fitted variances of the model without colour, in the order of the rows; the first 300 of them."""
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    fit = fit_reml(np.ones((len(y), 1)), y, group)
    V = covariance_matrix(group[:MOST_FROGS], fit.Vb, fit.Ve)
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(V, cmap="Greys", interpolation="nearest", vmin=0)
    figure.colorbar(image, ax=axes, label="covariance")
    axes.set(xlabel="frog", ylabel="frog", title=f"V of the first {len(V)} of {len(y)} frogs")
    return figure


def intervals(data: pd.DataFrame) -> Figure:
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
    axes.set_xticks(range(len(colors)), [str(c) for c in colors], rotation=90 if len(colors) > 8 else 0)
    axes.set(xlabel="colour", ylabel="mean weight", title="Mean +- standard error, by GLS and by OLS")
    axes.legend()
    return figure


def criterion(data: pd.DataFrame) -> Figure:
    """The REML criterion over theta = sqrt(Vb / Ve), with the estimate marked."""
    X, y, group = _model(data)
    fit = fit_reml(X, y, group)
    theta = np.linspace(0, max(2.5 * fit.theta, 1.0), 201)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(theta, criterion_curve(X, y, group, theta))
    axes.plot([fit.theta], [fit.criterion], "o", gid="estimate", label=f"estimate, theta = {fit.theta:.4f}")
    axes.set(xlabel="theta = sqrt(Vb / Ve)", ylabel="REML criterion", title="The criterion and its minimum")
    axes.legend()
    return figure


def shrinkage(data: pd.DataFrame) -> Figure:
    """Bucket means, and where they are predicted: drawn towards the mean of their colour."""
    X, y, group = _model(data)
    fit = fit_reml(X, y, group)
    b = blup(X, y, group, fit)
    fitted = pd.Series(X @ fit.coef).groupby(group).mean()
    means = pd.Series(y).groupby(group).mean()
    fills = paint(data)
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for i, bucket in enumerate(means.index):
        predicted = fitted[bucket] + b[bucket]
        axes.annotate("", (i, predicted), (i, means[bucket]), arrowprops={"arrowstyle": "->"})
        axes.plot([i], [means[bucket]], "o", color=fills[bucket], markeredgecolor="black", gid=f"mean {bucket}")
        axes.plot([i], [predicted], "s", color=fills[bucket], markeredgecolor="black", gid=f"predicted {bucket}")
        axes.hlines(fitted[bucket], i - 0.4, i + 0.4, color=fills[bucket])
    axes.set_xticks(range(len(means)), [str(bucket) for bucket in means.index], rotation=90)
    axes.set(xlabel="bucket", ylabel="weight", title="Bucket means (o) shrink towards their colour's mean (line)")
    return figure


PICTURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "weights_by_bucket": weights_by_bucket,
    "image_of_V": image_of_V,
    "intervals": intervals,
    "criterion": criterion,
    "shrinkage": shrinkage,
}


def save_all(data: pd.DataFrame, folder: Path, name: str) -> list[Path]:
    """Write every picture as FOLDER/NAME_PICTURE.png; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for title, draw in PICTURES.items():
        path = folder / f"{name}_{title}.png"
        draw(data).savefig(path, dpi=120)
        paths.append(path)
    return paths


def _model(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X of colour where colour is identified, else of the mean alone."""
    y, group = data["weight"].to_numpy(dtype=float), data["bucket"].to_numpy()
    identified = data["bucket"].nunique() > data["color"].nunique()
    X = design_matrix(data["color"], intercept=True) if identified else np.ones((len(y), 1))
    return X, y, group
