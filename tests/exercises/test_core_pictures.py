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
    """The pixels in the middle of each box have the colour that the bucket was painted in."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - an extra

    figure = plots.weights_by_bucket(data)
    pixels = rendered(figure)
    boxes = [patch for patch in figure.axes[0].patches if str(patch.get_gid()).startswith("bucket ")]
    names = data.groupby("bucket")["color"].first()
    assert_equal("a box for every bucket", len(boxes), len(names))
    for box, color in zip(boxes, names, strict=True):
        extent = box.get_window_extent()
        rows = slice(int(pixels.shape[0] - extent.y1), int(pixels.shape[0] - extent.y0) + 1)
        inside = pixels[rows, int(extent.x0) + 3 : int(extent.x1) - 2].reshape(-1, 3)
        shares = {c: np.mean(np.abs(inside - to_rgb(c)).max(axis=1) < 0.02) for c in set(names)}
        assert_equal(f"the colour that fills {box.get_gid()}", max(shares, key=shares.get), color)
        assert_equal(f"the colours inside {box.get_gid()}", {c for c, share in shares.items() if share > 0}, {color})


@pytest.mark.parametrize("data", [CHAPTER, SHUFFLED], ids=["sorted", "shuffled"])
def test_blocks_of_v_are_where_the_buckets_are(plots, data):
    """The image is V: dark exactly where two frogs share a bucket."""
    image = plots.image_of_V(data).axes[0].images[0].get_array()
    group = data["bucket"].to_numpy()
    assert_equal("covariance is positive where buckets agree", np.asarray(image) > 0, group[:, None] == group)


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


def test_bucket_means_shrink_towards_their_colors_mean(plots):
    """Every prediction lies between the bucket's mean and the colour's, and is mean + BLUP."""
    fit = golden.load("chapter_2")
    axes = plots.shrinkage(fit.data).axes[0]
    drawn = {line.get_gid(): float(line.get_ydata()[0]) for line in axes.lines if line.get_gid()}
    of_color = fit.data.groupby("color")["weight"].mean()
    color = fit.data.groupby("bucket")["color"].first()
    expected = {f"predicted {b}": of_color[color[b]] + fit.expected["blup"][str(b)] for b in color.index}
    assert_close("predictions", [drawn[k] for k in expected], list(expected.values()), 1e-6)


def test_crossed_factors_are_drawn_in_grey(plots):
    """A subject that sits on every stool has no colour of its own."""
    data = golden.load("ergostool").data.rename(columns={"fixed": "color"})
    assert set(plots.paint(data).values()) == {plots.to_rgba("lightgrey")}


PAPER = {
    "weights_by_bucket": ((9, 4), "bucket", "weight", "Weights by bucket, in the bucket's own colour"),
    "image_of_V": ((5.5, 5), "frog", "frog", "V of the first 40 of 40 frogs"),
    "intervals": ((7, 4), "colour", "mean weight", "Mean +- standard error, by GLS and by OLS"),
    "criterion": ((6, 4), "theta = sqrt(Vb / Ve)", "REML criterion", "The criterion and its minimum"),
    "shrinkage": ((8, 4), "bucket", "weight", "Bucket means (o) shrink towards their colour's mean (line)"),
}


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
    boxes = [patch.get_path().get_extents() for patch in axes.patches]
    assert_close("middle of each box", [(box.x0 + box.x1) / 2 for box in boxes], buckets, 1e-12)


def test_buckets_that_no_frog_is_in_are_not_drawn(plots):
    """A pandas Categorical with a bucket that was never seen."""
    seen = CHAPTER.assign(bucket=pd.Categorical(CHAPTER["bucket"], categories=range(1, 10)))
    assert_equal("painted", list(plots.paint(seen)), list(range(1, 9)))
    assert_equal("boxes", len(plots.weights_by_bucket(seen).axes[0].patches), 8)


def test_v_is_white_where_it_is_zero(plots):
    """The greys begin at 0, and a bar says what they mean."""
    image, bar = (axes for axes in plots.image_of_V(CHAPTER).axes)
    assert_equal("white", image.images[0].norm.vmin, 0)
    assert_equal("what the bar says", bar.get_ylabel(), "covariance")


def test_gls_stands_left_of_ols_at_every_color(plots):
    """0.12 to either side of the tick; the dots are the coefficients, the bars one standard error."""
    axes = plots.intervals(CHAPTER).axes[0]
    assert_equal("ticks", ticks(axes), ([0, 1, 2, 3], ["blue", "brown", "green", "red"], {0.0}))
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


def test_arrows_lead_from_means_to_predictions_beside_their_colors_line(plots):
    """One arrow and one line of 0.8 for every bucket."""
    axes = plots.shrinkage(CHAPTER).axes[0]
    names = [f"{b}" for b in range(1, 9)]
    assert_equal("ticks", ticks(axes), (list(range(8)), names, {90.0}))
    drawn = {line.get_gid(): line.get_xydata()[0] for line in axes.lines if line.get_gid()}
    means = CHAPTER.groupby("bucket")["weight"].mean()
    of_color = CHAPTER.groupby("color")["weight"].mean()
    color = CHAPTER.groupby("bucket")["color"].first()
    for i, name in enumerate(names):
        arrow, line = axes.texts[i], axes.collections[i].get_segments()[0]
        level = of_color[color[int(name)]]
        assert_close("mean", drawn[f"mean {name}"], [i, means[int(name)]], 1e-12)
        assert_close("where the arrow begins", arrow.xyann, drawn[f"mean {name}"], 1e-12)
        assert_close("where it ends", arrow.xy, drawn[f"predicted {name}"], 1e-12)
        assert_close("line", line, [[i - 0.4, level], [i + 0.4, level]], 1e-9)


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
