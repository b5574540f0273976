"""`lmm_core.plots`: the pictures show the numbers, where the reader looks for them."""

import importlib

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

CHAPTER = golden.load("chapter_2").data
SHUFFLED = golden.load("chapter_2_shuffled").data


@pytest.fixture(scope="module")
def plots(core):
    """lmm_core.plots, which needs matplotlib."""
    pytest.importorskip("matplotlib")
    return importlib.import_module(f"{core.__name__}.plots")


def rendered(figure) -> np.ndarray:
    """The picture as an array of pixels (height, width, 3), values 0 to 1."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra

    figure.set_dpi(300)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255


@pytest.mark.parametrize("data", [CHAPTER, SHUFFLED], ids=["sorted", "shuffled"])
def test_every_box_is_painted_in_its_buckets_own_color(plots, data):
    """Fifteen frogs a bucket: most pixels of each box have the colour that the bucket was painted in."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - an extra

    data = crowded(data)
    figure = plots.weights_by_bucket(data)
    pixels = rendered(figure)
    boxes = [patch for patch in figure.axes[0].patches if str(patch.get_gid()).startswith("bucket ")]
    names = data.groupby("bucket")["color"].first()
    assert_equal("a box for every bucket", len(boxes), len(names))
    for box, color in zip(boxes, names, strict=True):
        extent = box.get_window_extent()
        rows = slice(int(pixels.shape[0] - extent.y1) + 4, int(pixels.shape[0] - extent.y0) - 3)
        inside = pixels[rows, int(extent.x0) + 6 : int(extent.x1) - 5].reshape(-1, 3)
        shares = {c: np.mean(np.abs(inside - to_rgb(c)).max(axis=1) < 0.02) for c in set(names)}
        assert_equal(f"the colour that fills {box.get_gid()}", max(shares, key=shares.get), color)


def crowded(data):
    """Three times as many frogs in every bucket."""
    return pd.concat([data, data.assign(weight=data["weight"] + 9), data.assign(weight=data["weight"] - 7)])


@pytest.mark.parametrize("data", [CHAPTER, SHUFFLED], ids=["sorted", "shuffled"])
def test_few_frogs_are_points_in_their_buckets_own_color(plots, data):
    """Twelve or fewer to a bucket: each of them, and a line at their mean."""
    axes = plots.weights_by_bucket(data).axes[0]
    names = data.groupby("bucket")["color"].first()
    points = {line.get_gid(): line for line in axes.lines if str(line.get_gid()).startswith("bucket ")}
    for place, (bucket, color) in enumerate(names.items(), start=1):
        line = points[f"bucket {bucket}"]
        assert_equal(f"colour of bucket {bucket}", plots.to_rgba(line.get_color()), plots.to_rgba(color))
        assert_equal("weights", sorted(line.get_ydata()), sorted(data.loc[data["bucket"] == bucket, "weight"]))
        assert_equal("place", set(line.get_xdata()), {place})
    means = [segments.get_segments()[0] for segments in axes.collections]
    assert_close("means", [segment[0, 1] for segment in means], data.groupby("bucket")["weight"].mean(), 1e-12)
    assert_close("their ends", [segment[:, 0] for segment in means], np.arange(1, 9)[:, None] + [-0.3, 0.3], 1e-12)


@pytest.mark.parametrize(("n", "boxes"), [(12, 0), (13, 2)])
def test_more_than_twelve_frogs_are_a_box(plots, n, boxes):
    """In the fullest bucket."""
    data = pd.DataFrame({"bucket": [1, 2, *[2] * (n - 1)], "color": "red", "weight": np.sin(np.arange(n + 1))})
    assert_equal("boxes", len(plots.weights_by_bucket(data).axes[0].patches), boxes)


def test_a_median_is_seen_in_a_dark_box(plots):
    """White in black, blue and green; black where the colours of the box sum to more than 1."""
    figure = plots.weights_by_bucket(crowded(CHAPTER).replace({"color": {"red": "orange"}}))
    medians = [line.get_color() for line in figure.axes[0].lines if line.get_color() in ("white", "black")]
    assert_equal("medians", [color for color in medians if color == "white"], ["white"] * 4)


@pytest.mark.parametrize(("name", "names"), [("chapter_2", ["black", "blue", "green", "red"]), ("chapter_1", None)])
def test_colors_that_are_few_have_a_legend(plots, name, names):
    """Four are named, thirty are not."""
    legend = plots.weights_by_bucket(golden.load(name).data).axes[0].get_legend()
    assert_equal("legend", legend and [text.get_text() for text in legend.get_texts()], names)
    assert_equal("its title", legend and legend.get_title().get_text(), "colour" if names else None)


def test_a_crossed_factor_has_no_legend(plots):
    """A subject has no colour of its own."""
    data = golden.load("ergostool").data.rename(columns={"fixed": "color"})
    assert_equal("legend", plots.weights_by_bucket(data).axes[0].get_legend(), None)


@pytest.mark.parametrize("data", [CHAPTER, SHUFFLED], ids=["sorted", "shuffled"])
def test_blocks_of_v_are_where_the_buckets_are(plots, data):
    """Three shades: 0, Vb where two frogs share a bucket, Vb + Ve on the diagonal."""
    image = plots.image_of_V(data, Vb=2.0, Ve=3.0).axes[0].images[0].get_array()
    group = data["bucket"].to_numpy()
    assert_equal("shades", np.asarray(image), (group[:, None] == group) + np.eye(40, dtype=int))


def test_shades_of_v_differ_and_are_named(plots):
    """Contrasts of 3 : 1 and more (WCAG 2.2, 1.4.11); the variances are those that are given, or the null model's."""
    axes = plots.image_of_V(CHAPTER, Vb=2.0, Ve=3.0).axes[0]
    rgb = axes.images[0].cmap(range(3))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    assert np.all((linear[:-1] + 0.05) / (linear[1:] + 0.05) >= 3)
    assert_equal("white where V is 0", axes.images[0].cmap(0), (1.0, 1.0, 1.0, 1.0))
    assert_equal("limits", (axes.images[0].norm.vmin, axes.images[0].norm.vmax), (0, 2))
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert_equal("legend", words, ["0", "2 = Vb", "5 = Vb + Ve"])
    fitted = [text.get_text() for text in plots.image_of_V(CHAPTER).axes[0].get_legend().get_texts()]
    assert_equal("legend of the fit", fitted, ["0", "899.7 = Vb", "1032 = Vb + Ve"])


def test_image_of_v_shows_at_most_300_frogs(plots):
    """The first 300 of the chapter's 900."""
    image = plots.image_of_V(golden.load("chapter_1").data).axes[0].images[0].get_array()
    assert_equal("size of the image", image.shape, (300, 300))


def test_intervals_of_ols_are_shorter_than_those_of_gls(plots):
    """Two series of four, side by side, with their standard errors."""
    axes = plots.intervals(CHAPTER).axes[0]
    lengths = {bar.get_label(): [np.ptp(s[:, 1]) for s in bar.lines[2][0].get_segments()] for bar in axes.containers}
    assert_equal("colours", len(lengths["GLS"]), 4)
    assert np.all(np.array(lengths["OLS"]) < np.array(lengths["GLS"]))


def test_the_marked_estimate_is_the_minimum_of_the_drawn_criterion(plots):
    """theta = sqrt(1389 / 345) lies at the bottom of the curve, and no drawn point is lower."""
    fit = golden.load("chapter_2_unbalanced")
    curve, mark = plots.criterion(fit.data).axes[0].lines
    assert_close("theta of the mark", mark.get_xdata()[0], np.sqrt(fit.expected["Vb"] / fit.expected["Ve"]), 1e-6)
    assert_close("criterion of the mark", mark.get_ydata()[0], fit.expected["criterion"], 1e-9)
    assert np.all(curve.get_ydata() >= mark.get_ydata()[0] - 1e-9)


def test_predictions_are_blups(plots):
    """Beside the mean's difference from its colour's mean stands the BLUP; all shrink by n Vb / (Ve + n Vb) = 0.898."""
    fit = golden.load("chapter_2")
    axes = plots.shrinkage(fit.data).axes[0]
    drawn = {line.get_gid(): float(line.get_ydata()[0]) for line in axes.lines if line.get_gid()}
    residual = fit.data["weight"] - fit.data.groupby("color")["weight"].transform("mean")
    means = residual.groupby(fit.data["bucket"]).mean()
    expected = {f"predicted {b}": fit.expected["blup"][str(b)] for b in means.index}
    assert_close("predictions", [drawn[k] for k in expected], list(expected.values()), 1e-6)
    assert_close("means", [drawn[f"mean {b}"] for b in means.index], means, 1e-9)
    assert axes.get_title().endswith(" (x 0.90)")


def test_crossed_factors_are_drawn_in_grey(plots):
    """A subject that sits on every stool has no colour of its own."""
    data = golden.load("ergostool").data.rename(columns={"fixed": "color"})
    assert set(plots.paint(data).values()) == {plots.to_rgba("lightgrey")}


PAPER = {
    "weights_by_bucket": ((9, 4), "bucket", "weight", "Weight by bucket, in its own colour"),
    "image_of_V": ((6.5, 5), "frog", "frog", "V of the first 40 of 40 frogs, by bucket"),
    "intervals": ((7, 4), "colour", "mean weight", "Mean +- standard error, by GLS and by OLS"),
    "criterion": ((6, 4), "theta = sqrt(Vb / Ve)", "REML criterion", "The criterion of weight, and its minimum"),
    "shrinkage": (
        (8, 4),
        "bucket",
        "difference in weight",
        "Means (o) less those of their colour, and shrunken predictions (squares) (x 0.90)",
    ),
}
OWN = {"bucket": "tub", "color": "paint", "weight": "mass"}


@pytest.mark.parametrize("name", PAPER)
def test_pictures_say_the_owners_names(plots, name):
    """In place of the chapter's, on axes and in titles."""
    axes = plots.PICTURES[name](CHAPTER, OWN).axes[0]
    words = " ".join([axes.get_xlabel(), axes.get_ylabel(), axes.get_title()])
    assert any(own in words for own in OWN.values())
    assert not any(f" {word} " in f" {words} ".replace(",", " ") for word in ("bucket", "weight", "colour"))


@pytest.mark.parametrize("name", PAPER)
def test_pictures_have_their_size_and_say_what_they_show(plots, name):
    """Inches, both axes and the title."""
    figure = plots.PICTURES[name](CHAPTER)
    axes = figure.axes[0]
    shown = (tuple(figure.get_size_inches()), axes.get_xlabel(), axes.get_ylabel(), axes.get_title())
    assert_equal("size, axes and title", shown, PAPER[name])


def ticks(axes):
    """Places, words and angles below a picture."""
    labels = axes.get_xticklabels()
    return list(axes.get_xticks()), [label.get_text() for label in labels], {label.get_rotation() for label in labels}


def test_a_tick_stands_below_every_box_with_its_bucket(plots):
    """Boxes are numbered from 1; names stand upright."""
    axes = plots.weights_by_bucket(CHAPTER).axes[0]
    buckets = list(range(1, 9))
    assert_equal("ticks", ticks(axes), (buckets, [str(b) for b in buckets], {90.0}))
    axes = plots.weights_by_bucket(crowded(CHAPTER)).axes[0]
    assert_equal("ticks of boxes", ticks(axes), (buckets, [str(b) for b in buckets], {90.0}))
    boxes = [patch.get_path().get_extents() for patch in axes.patches]
    assert_close("middle of each box", [(box.x0 + box.x1) / 2 for box in boxes], buckets, 1e-12)


def test_buckets_that_no_frog_is_in_are_not_drawn(plots):
    """A pandas Categorical with a bucket that was never seen."""
    seen = CHAPTER.assign(bucket=pd.Categorical(CHAPTER["bucket"], categories=range(1, 10)))
    assert_equal("painted", list(plots.paint(seen)), list(range(1, 9)))
    assert_equal("buckets", len(plots.weights_by_bucket(seen).axes[0].collections), 8)


def test_gls_stands_left_of_ols_at_every_color(plots):
    """0.12 to either side of the tick; the dots are the coefficients, the bars one standard error."""
    axes = plots.intervals(CHAPTER).axes[0]
    assert_equal("ticks", ticks(axes), ([0, 1, 2, 3], ["black", "blue", "green", "red"], {0.0}))
    for bar, shift in zip(axes.containers, (-0.12, 0.12), strict=True):
        assert_close(f"places of {bar.get_label()}", bar.lines[0].get_xdata(), np.arange(4) + shift, 1e-12)
        middles = [segment[:, 1].mean() for segment in bar.lines[2][0].get_segments()]
        assert_equal(f"caps of {bar.get_label()}", {line.get_markersize() for line in bar.lines[1]}, {8.0})
        assert_close(f"middles of {bar.get_label()}", middles, CHAPTER.groupby("color")["weight"].mean(), 1e-9)
    assert_equal("legend", [text.get_text() for text in axes.get_legend().get_texts()], ["GLS", "OLS"])


@pytest.mark.parametrize(("n_colors", "angle"), [(8, 0.0), (9, 90.0)])
def test_many_names_stand_upright(plots, n_colors, angle):
    """Up to eight colours have room side by side."""
    frogs = np.arange(4 * n_colors)
    data = CHAPTER.iloc[np.zeros(len(frogs), int)].assign(
        bucket=frogs // 2, color=[f"c{k}" for k in frogs // 4], weight=np.sin(frogs)
    )
    assert_equal("angle", ticks(plots.intervals(data).axes[0])[2], {angle})


@pytest.mark.parametrize(("name", "end"), [("chapter_2", 2.5), ("dyestuff2", None)])
def test_the_curve_runs_from_the_boundary_beyond_the_estimate(plots, name, end):
    """201 points from theta = 0 to 2.5 times the estimate, or to 1 where the estimate is 0."""
    fit = golden.load(name)
    data = fit.data.assign(color="grey") if end is None else fit.data
    axes = plots.criterion(data).axes[0]
    theta = axes.lines[0].get_xdata()
    last = 1.0 if end is None else end * axes.lines[1].get_xdata()[0]
    assert_close("theta", theta, np.linspace(0, last, 201), 1e-12)
    assert_equal("what is marked", axes.lines[1].get_gid(), "estimate")
    (words,) = [text.get_text() for text in axes.get_legend().get_texts()]
    assert_equal("legend", words, f"estimate, theta = {axes.lines[1].get_xdata()[0]:.4f}")


def test_arrows_lead_from_means_to_predictions(plots):
    """One arrow for every bucket, 0.2 to either side of its tick, and a line at 0."""
    axes = plots.shrinkage(CHAPTER).axes[0]
    names = [f"{b}" for b in range(1, 9)]
    assert_equal("ticks", ticks(axes), (list(range(8)), names, {90.0}))
    drawn = {line.get_gid(): line for line in axes.lines if line.get_gid()}
    shades = plots.paint(CHAPTER)
    for i, name in enumerate(names):
        arrow = axes.texts[i]
        mean, predicted = drawn[f"mean {name}"], drawn[f"predicted {name}"]
        assert_equal("places", [float(mean.get_xdata()[0]), float(predicted.get_xdata()[0])], [i - 0.2, i + 0.2])
        assert_close("where the arrow begins", arrow.xyann, mean.get_xydata()[0], 1e-12)
        assert_close("where it ends", arrow.xy, predicted.get_xydata()[0], 1e-12)
        assert_equal("markers", (mean.get_marker(), predicted.get_marker()), ("o", "s"))
        assert_equal("colour", plots.to_rgba(mean.get_color()), shades[int(name)])
    assert_equal("line at 0", list(axes.lines[0].get_ydata()), [0, 0])


def test_names_that_are_no_colors_take_shades_from_both_ends_and_between(plots):
    """Three types: turbo at 0.05, 0.5 and 0.95, up to a neighbour among its 256 shades."""
    from matplotlib import colormaps  # noqa: PLC0415 - an extra

    data = CHAPTER[:6].assign(bucket=[1, 1, 2, 2, 3, 3], color=["T1", "T1", "T2", "T2", "T3", "T3"])
    shades = plots.paint(data)
    assert_close("shades", list(shades.values()), colormaps["turbo"]([0.05, 0.5, 0.95]), 0.02)


def test_pictures_are_written_at_120_dots_an_inch(plots, tmp_path):
    """FOLDER/NAME_PICTURE.png; folders are made, and may be there already."""
    for _ in range(2):
        paths = plots.save_all(CHAPTER, tmp_path / "a" / "b", "mine")
    assert_equal("files", paths, [tmp_path / "a" / "b" / f"mine_{name}.png" for name in plots.PICTURES])
    for path, (inches, *_) in zip(paths, PAPER.values(), strict=True):
        width, height = (int.from_bytes(path.read_bytes()[at : at + 4]) for at in (16, 20))
        assert_equal(f"pixels of {path.name}", (width, height), tuple(int(120 * inch) for inch in inches))


def test_a_color_for_each_bucket_is_no_part_of_the_model(plots):
    """Where colour cannot be told from bucket, the criterion is that of the model without it."""
    fit = golden.load("chapter_1")
    mark = plots.criterion(fit.data).axes[0].lines[1]
    assert_close("criterion of the mark", mark.get_ydata()[0], fit.expected["criterion"], 1e-9)
