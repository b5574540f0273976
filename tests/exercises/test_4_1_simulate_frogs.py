"""Exercise 4.1: draw frogs in buckets.

The distribution is judged in three ways. Sums of squares of independent standard normal numbers are
chi-squared, which is exact at any sample size: so variances and, through sums of two, covariances. Shapes are
judged by Kolmogorov's distance from the normal, with a bound for every size. And nothing may be drawn twice. Every
test states its bound's false-alarm rate as RATE, shared among the numbers that it looks at. One population, of 4 seeds
and 12000 frogs, is shown to all of them.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from reference.distributions import chi_squared, chi_squared_interval, farthest, kolmogorov_allows
from tests.assertions import assert_at_most, assert_between, assert_close, assert_equal, assert_that

pytestmark = pytest.mark.judges("simulate_frogs")

COLORS = ["red", "green", "blue", "brown"]
MU, SIGMA_BUCKET, SIGMA_WITHIN = 200.0, 30.0, 15.0
ROOT_OF_V = 1e-7  # of mu: a frog drawn by a root of V, which is singular without Ve, is off by sqrt(eps) of its sd
RATE = 1e-8  # false alarms of each Monte Carlo test

SIMULATIONS = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**20)).map(
    lambda drawn: (max(drawn[0], 1 + (drawn[2] == 1)), *drawn[1:])  # two buckets or more: R's factors need two levels
)
DRAWS, BUCKETS, FROGS = (11, 12, 13, 14), 1000, 3  # of the population: dense Z, which the chapter makes, fits 24 MB


class Population:
    """Many buckets of few frogs, as they lie around what was asked for: all entries are normal, independently.

    means (B,): bucket_mu - mu, of sd sigma_bucket.   deviations (B, n): the frogs around it, of sd sigma_within.
    """

    def __init__(self, data: pd.DataFrame, n_within: int) -> None:
        number = {column: data[column].astype(int).to_numpy() for column in ("bucket", "id")}
        data = data.iloc[np.lexsort((number["id"], number["bucket"]))]
        bucket_mu = data["bucket_mu"].to_numpy().reshape(-1, n_within)
        weight = data["weight"].to_numpy().reshape(-1, n_within)
        self.means = bucket_mu[:, 0] - MU
        self.deviations = weight - bucket_mu[:, :1]

    @classmethod
    def together(cls, parts: "list[Population]") -> "Population":
        """Several draws, one below the other."""
        whole = cls.__new__(cls)
        whole.means = np.concatenate([part.means for part in parts])
        whole.deviations = np.concatenate([part.deviations for part in parts])
        return whole


DRAWN: dict[tuple[int, ...], tuple] = {}  # with the implementation, so that no other gets its id


def population(impl, seeds=DRAWS, n_buckets: int = BUCKETS, n_within: int = FROGS) -> Population:
    """What the implementation draws at these seeds, one below the other; drawn once for all tests."""
    key = (id(impl), *seeds, n_buckets, n_within)
    if key not in DRAWN:
        asked = (n_buckets, n_within, COLORS, MU, SIGMA_BUCKET, SIGMA_WITHIN)
        parts = [Population(impl.simulate_frogs(*asked, seed), n_within) for seed in seeds]
        DRAWN[key] = Population.together(parts), impl.calls, impl
    drawn, impl.calls, _ = DRAWN[key]
    return drawn


def assert_variance(claim: str, around: np.ndarray, sd: float, rate: float = RATE) -> None:
    """The mean square of independent N(0, sd^2) is sd^2 chi-squared over their number."""
    low, high = sd**2 * chi_squared_interval(rate, np.size(around)) / np.size(around)
    assert_between(claim, float(np.mean(np.square(around))), low, high)


def assert_distributed(claim: str, values: np.ndarray, distribution: Callable) -> None:
    """Kolmogorov's distance from the distribution function, with a bound that holds for every sample size.

    What is shown is where the two are farthest apart: the share of the values up to there.
    """
    at, got, share = farthest(values, distribution)
    allowed = kolmogorov_allows(RATE, np.size(values))
    assert_between(f"{claim}: the share up to {at:.4g}", got, share - allowed, share + allowed)


def centred(values: np.ndarray) -> np.ndarray:
    """N - 1 independent numbers of the same variance and mean 0, of N with any mean (Helmert, 1876)."""
    values = values.ravel()
    k = np.arange(1, len(values))
    return (np.cumsum(values)[:-1] - k * values[1:]) / np.sqrt(k * (k + 1))


def closest(values: np.ndarray) -> np.ndarray:
    """The two of them that differ least."""
    values = np.sort(values, axis=None)
    k = int(np.argmin(np.diff(values)))
    return values[k : k + 2]


# --- the table ------------------------------------------------------------------------------------------


@pytest.mark.half
@given(SIMULATIONS)
def test_frogs_are_numbered_within_buckets_and_buckets_through(impl, simulation):
    """id = 1..n_within in each of the buckets 1..n_buckets."""
    runs, n_within, n_colors, seed = simulation
    n_buckets = runs * n_colors
    data = impl.simulate_frogs(n_buckets, n_within, COLORS[:n_colors], 200.0, 30.0, 15.0, seed)
    expected = [(str(b), str(i)) for b in range(1, n_buckets + 1) for i in range(1, n_within + 1)]
    got = sorted(
        zip(data["bucket"], data["id"], strict=True), key=lambda pair: (len(pair[0]), pair[0], len(pair[1]), pair[1])
    )
    assert_equal("every bucket 1..n_buckets has the frogs 1..n_within", got, expected)


@pytest.mark.ordinary
@given(SIMULATIONS)
def test_every_bucket_has_one_color(impl, simulation):
    """It is the bucket that is painted."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 30.0, 15.0, seed)
    of_bucket = data.groupby("bucket")["color"].unique()
    got = {bucket: ", ".join(sorted(colors)) for bucket, colors in of_bucket.items() if len(colors) > 1}
    assert_equal("buckets with frogs of several colours", got, {})


@pytest.mark.half
@given(SIMULATIONS)
def test_every_color_has_as_many_buckets(impl, simulation):
    """B / C of them in each colour."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 30.0, 15.0, seed)
    of_bucket = data.groupby("bucket")["color"].unique()
    counts = of_bucket.str[0].value_counts().to_dict()
    assert_equal("buckets of each colour", counts, dict.fromkeys(COLORS[:n_colors], runs))


@pytest.mark.half
@given(SIMULATIONS)
def test_colors_are_dealt_to_consecutive_equal_runs_of_buckets(impl, simulation):
    """Bucket b has colour number ceil(b C / B)."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 30.0, 15.0, seed)
    order = data.drop_duplicates("bucket").set_index("bucket")["color"]
    got = [order.get(str(b + 1)) for b in range(runs * n_colors)]
    claim = f"the first {runs} buckets have the first colour, the next {runs} the second, and so on"
    assert_equal(claim, got, [COLORS[b // runs] for b in range(runs * n_colors)])


@pytest.mark.ordinary
@given(SIMULATIONS)
def test_bucket_mu_is_one_number_for_a_bucket(impl, simulation):
    """bucket_mu[b, i] does not depend on the frog i."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 30.0, 15.0, seed)
    by_bucket = data.groupby("bucket")["bucket_mu"]
    got = by_bucket.get_group((by_bucket.max() - by_bucket.min()).idxmax()).to_numpy()
    assert_close("the frogs of a bucket share one bucket_mu", got, np.full(n_within, got[0]), 1e-9, scale=200.0)


@given(SIMULATIONS)
def test_without_variance_within_a_frog_weighs_its_bucket_mu(impl, simulation):
    """sigma_within = 0 implies weight = bucket_mu."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 30.0, 0.0, seed)
    claim = "with sigma_within = 0 every weight is its bucket_mu"
    assert_close(claim, data["weight"], data["bucket_mu"], ROOT_OF_V, scale=200.0)


@given(SIMULATIONS)
def test_without_variance_between_every_bucket_mu_is_mu(impl, simulation):
    """sigma_bucket = 0 implies bucket_mu = mu."""
    runs, n_within, n_colors, seed = simulation
    data = impl.simulate_frogs(runs * n_colors, n_within, COLORS[:n_colors], 200.0, 0.0, 15.0, seed)
    claim = "with sigma_bucket = 0 every bucket_mu is mu"
    assert_close(claim, data["bucket_mu"], np.full(len(data), 200.0), ROOT_OF_V)


# --- the seed -------------------------------------------------------------------------------------------


@pytest.mark.half
@given(st.integers(0, 2**20))
def test_same_seed_same_data(impl, seed):
    """The draw is a function of the seed."""
    first = impl.simulate_frogs(4, 3, COLORS[:2], 200.0, 30.0, 15.0, seed)
    second = impl.simulate_frogs(4, 3, COLORS[:2], 200.0, 30.0, 15.0, seed)
    assert_equal("the same seed gives the same weights", second["weight"].tolist(), first["weight"].tolist())


@pytest.mark.half
@given(st.integers(0, 2**20))
def test_another_seed_other_data(impl, seed):
    """Two seeds do not give the same weights."""
    first = impl.simulate_frogs(4, 3, COLORS[:2], 200.0, 30.0, 15.0, seed)
    second = impl.simulate_frogs(4, 3, COLORS[:2], 200.0, 30.0, 15.0, seed + 1)
    differ = not np.array_equal(first["weight"], second["weight"])
    assert_that("another seed gives other weights", differ, second)


@pytest.mark.core_only
def test_a_single_frog_is_a_population(impl):
    """One bucket of one frog, in one colour."""
    data = impl.simulate_frogs(1, 1, ["red"], 200.0, 30.0, 15.0, 3)
    assert_equal("id, bucket, color", data[["id", "bucket", "color"]].values.tolist(), [["1", "1", "red"]])


@pytest.mark.core_only
@pytest.mark.parametrize("distance", [2**16, 2**31, 2**32, 2**53, 2**64, 10**30, 2**200])
def test_a_distant_seed_gives_other_data(impl, distance):
    """No bit of the seed is lost, beyond those of a float64 either."""
    seeds = (5, 5 + distance, 6 + distance)
    first = [impl.simulate_frogs(2, 2, COLORS[:2], 200.0, 30.0, 15.0, seed)["weight"][0] for seed in seeds]
    assert_that("three seeds give three first frogs", len(set(first)) == 3, first)


# --- the bucket means -----------------------------------------------------------------------------------


@pytest.mark.ordinary
def test_mean_of_bucket_means_is_mu_in_every_color(impl):
    """The mean of 1000 buckets of a colour ~ N(mu, sigma_bucket^2 / 1000)."""
    by_color = MU + population(impl).means.reshape(len(DRAWS), len(COLORS), -1).mean(axis=(0, 2))
    margin = ndtri(1 - RATE / 8) / np.sqrt(1000)
    assert_close("bucket_mu has mean mu in every colour", by_color, np.full(4, MU), margin, scale=SIGMA_BUCKET)


@pytest.mark.ordinary
def test_variance_of_bucket_means_is_sigma_bucket_squared(impl):
    """Var(bucket_mu) = sigma_bucket^2, over 4000 buckets: that their mean is mu is another claim."""
    assert_variance("bucket_mu has variance sigma_bucket^2", centred(population(impl).means), SIGMA_BUCKET)


@pytest.mark.ordinary
def test_bucket_means_are_normal(impl):
    """bucket_mu ~ N(mu, sigma_bucket^2): not uniform, not skewed, no long tails."""
    assert_distributed("bucket_mu is normal", population(impl).means, lambda x: ndtr(x / SIGMA_BUCKET))


@pytest.mark.ordinary
@pytest.mark.parametrize("apart", [1, 2, 250, 500])
def test_bucket_means_are_uncorrelated(impl, apart):
    """The sum of the means of any two buckets is normal of variance 2 sigma_bucket^2.

    The pairs are disjoint: blocks of 2 `apart` buckets, the first half of each with the second.
    """
    first, second = population(impl).means.reshape(-1, 2, apart).swapaxes(0, 1)
    claim = f"the means of buckets {apart} apart are uncorrelated: their sum has variance 2 sigma_bucket^2"
    assert_variance(claim, first + second, np.sqrt(2) * SIGMA_BUCKET)


# --- the frogs around them ------------------------------------------------------------------------------


@pytest.mark.ordinary
def test_frogs_weigh_their_bucket_mu_on_average(impl):
    """The mean of 4000 first, second and third frogs' deviations ~ N(0, sigma_within^2 / 4000)."""
    margin = ndtri(1 - RATE / 6) / np.sqrt(4000)
    by_frog = population(impl).deviations.mean(axis=0)
    assert_close("weight - bucket_mu has mean 0 for every frog", by_frog, np.zeros(3), margin, scale=SIGMA_WITHIN)


@pytest.mark.ordinary
def test_variance_within_buckets_is_sigma_within_squared(impl):
    """Var(weight - bucket_mu) = sigma_within^2, over 12000 frogs: N - 1 of their squares are free around their mean."""
    claim = "weights have variance sigma_within^2 around bucket_mu"
    assert_variance(claim, centred(population(impl).deviations), SIGMA_WITHIN)


@pytest.mark.ordinary
def test_frogs_are_normal_around_their_bucket_mu(impl):
    """weight - bucket_mu ~ N(0, sigma_within^2)."""
    claim = "weight - bucket_mu is normal around 0"
    assert_distributed(claim, population(impl).deviations, lambda x: ndtr(x / SIGMA_WITHIN))


@pytest.mark.ordinary
@pytest.mark.parametrize("pair", list(combinations(range(3), 2)), ids="{0[0]}{0[1]}".format)
@pytest.mark.parametrize("sign", [1, -1])
def test_frogs_of_a_bucket_vary_independently_around_its_mean(impl, pair, sign):
    """Theorem 18: Cov of two frogs of a bucket is Vb, that of their deviations 0: Var(d_i +- d_j) = 2 Ve.

    Clones have d_i = d_j, mirrored noise d_i = -d_j.
    """
    d = population(impl).deviations
    claim = "frogs of a bucket vary independently around its mean: a sum or difference of two has 2 sigma_within^2"
    assert_variance(claim, d[:, pair[0]] + sign * d[:, pair[1]], np.sqrt(2) * SIGMA_WITHIN)


@pytest.mark.ordinary
def test_covariance_of_two_frogs_of_a_bucket_is_sigma_bucket_squared(impl):
    """Theorem 18: the sum of two frogs of a bucket has variance 4 Vb + 2 Ve around 2 mu."""
    drawn = population(impl)
    total = 2 * drawn.means + drawn.deviations[:, :2].sum(axis=1)
    claim = "the sum of two frogs of a bucket has variance 4 sigma_bucket^2 + 2 sigma_within^2"
    assert_variance(claim, total, np.sqrt(4 * SIGMA_BUCKET**2 + 2 * SIGMA_WITHIN**2))


@pytest.mark.ordinary
@pytest.mark.parametrize("apart", [1, 2, 250, 500])
def test_frogs_of_different_buckets_are_uncorrelated(impl, apart):
    """Theorem 18: V is 0 between buckets: as for the means, for each of the three frogs."""
    first, second = population(impl).deviations.reshape(-1, 2, apart, 3).swapaxes(0, 1)
    claim = f"frogs of buckets {apart} apart are uncorrelated: the sum of their deviations has 2 sigma_within^2"
    assert_variance(claim, first + second, np.sqrt(2) * SIGMA_WITHIN)


@pytest.mark.ordinary
def test_no_two_buckets_vary_alike(impl):
    """24 buckets of 150 frogs: the correlation r of any two has sqrt(148) r / sqrt(1 - r^2) ~ t on 148 df.

    Each of the 276 pairs exceeds |t| = 7.15, which is |r| = 0.507, with probability RATE / 276.
    """
    with np.errstate(invalid="ignore"):  # of buckets without any spread
        correlations = np.corrcoef(population(impl, (21,), 24, 150).deviations)
    largest = np.abs(correlations[np.triu_indices(24, 1)]).max()
    assert_at_most("the frogs of two buckets are not copies or mirrors of each other", largest, 0.507)


def test_no_weight_is_drawn_twice(impl):
    """Of 400 normal numbers two come as close as 1e-13 sd with probability 400^2 / 2 * 1e-13 / sqrt pi < RATE.

    weight - bucket_mu is right to 200 * 2^-52 / 15 = 3e-15 sd, so that of copies would be closer. Who rounds weights
    fails this test and no other.
    """
    drawn = population(impl, (22,), 100, 4)
    means, deviations = closest(drawn.means), closest(drawn.deviations)
    assert_that("no bucket mean occurs twice", np.ptp(means) > 1e-13 * SIGMA_BUCKET, MU + means)
    assert_that("no weight - bucket_mu occurs twice", np.ptp(deviations) > 1e-13 * SIGMA_WITHIN, deviations)


# --- one and the other ----------------------------------------------------------------------------------


def in_sd_within(means: np.ndarray) -> np.ndarray:
    """Bucket means brought to the sd of frogs."""
    return SIGMA_WITHIN / SIGMA_BUCKET * means


@pytest.mark.ordinary
@pytest.mark.parametrize("sign", [1, -1])
def test_deviations_do_not_go_with_bucket_means(impl, sign):
    """Theorem 18: Cov(bucket_mu, weight - bucket_mu) = 0, for each frog; the means brought to their sd."""
    drawn = population(impl)
    together = in_sd_within(drawn.means)[:, None] + sign * drawn.deviations
    claim = "frogs vary independently of their bucket's mean: with it, brought to their sd, they have 2 sigma_within^2"
    for frog in range(3):
        assert_variance(claim, together[:, frog], np.sqrt(2) * SIGMA_WITHIN, RATE / 3)


@pytest.mark.ordinary
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("order", ["frog by frog", "bucket by bucket"])
def test_frogs_do_not_reuse_the_numbers_of_the_bucket_means(impl, order, sign):
    """The seed is set once: the first 1000 deviations of a draw are not its 1000 means again."""
    drawn = population(impl)
    deviations = drawn.deviations.reshape(len(DRAWS), BUCKETS, FROGS)
    in_order = deviations.swapaxes(1, 2) if order == "frog by frog" else deviations
    first = in_order.reshape(len(DRAWS), -1)[:, :BUCKETS].ravel()
    claim = "deviations are other random numbers than the means: both together, of one sd, have 2 sigma_within^2"
    assert_variance(claim, in_sd_within(drawn.means) + sign * first, np.sqrt(2) * SIGMA_WITHIN)


@pytest.mark.ordinary
def test_spread_is_the_same_in_heavy_and_in_light_buckets(impl):
    """Var(weight - bucket_mu) = sigma_within^2 in the 1000 lightest buckets, ..., in the 1000 heaviest."""
    drawn = population(impl)
    for quarter in np.split(drawn.deviations[np.argsort(drawn.means)], 4):
        assert_variance("sigma_within is the same whatever bucket_mu is: its square", quarter, SIGMA_WITHIN, RATE / 4)


@pytest.mark.ordinary
def test_spread_is_the_same_in_every_color_and_for_every_frog(impl):
    """Var(weight - bucket_mu) = sigma_within^2 for each colour's first, second and third frogs."""
    deviations = population(impl).deviations.reshape(len(DRAWS), len(COLORS), -1, FROGS)
    for group in deviations.transpose(1, 3, 0, 2).reshape(12, -1):
        assert_variance(
            "sigma_within is the same for every frog and colour: its square", group, SIGMA_WITHIN, RATE / 12
        )


@pytest.mark.ordinary
def test_spread_is_the_same_in_every_bucket(impl):
    """The three squared deviations of a bucket sum to chi-squared on 3 df: Kolmogorov's distance."""
    sums = np.square(population(impl).deviations).sum(axis=1)
    claim = "sigma_within is the same in every bucket: squares of weight - bucket_mu, summed in a bucket"
    assert_distributed(claim, sums, lambda x: chi_squared(x / SIGMA_WITHIN**2, 3))


@pytest.mark.ordinary
@pytest.mark.parametrize("level", ["means", "deviations"])
def test_third_and_fourth_moments_are_the_normals(impl, level):
    """Skewness 0 and kurtosis 3 of 4000 numbers, to 6 standard errors, sqrt(6 / N) and about sqrt(24 / N).

    Anscombe and Glynn (1983), Biometrika 70, 227-234, make a normal deviate of the kurtosis: -6.05 at 2.62 and 5.93 at
    3.58. (The extremes of 250,000 draws, 2.684 and 3.447, have -4.82 and 4.82; such a normal's have about 4.6.)
    """
    z = getattr(population(impl), level).ravel()[:4000]
    z = (z - z.mean()) / z.std()
    assert_between("skewness is 0", float(np.mean(z**3)), -6 * np.sqrt(6 / 4000), 6 * np.sqrt(6 / 4000))
    assert_between("the fourth standardised moment is 3", float(np.mean(z**4)), 2.62, 3.58)


# --- what lmm_core alone is asked -----------------------------------------------------------------------


@pytest.mark.core_only
@pytest.mark.parametrize(("n_buckets", "n_within"), [(40_000, 1), (1, 300)])
def test_numbers_of_buckets_and_frogs_do_not_overflow(impl, n_buckets, n_within):
    """Bucket 1..40,000 and id 1..300, where 8 and 16 bits end at 127 and 32,767."""
    data = impl.simulate_frogs(n_buckets, n_within, COLORS[:1], MU, SIGMA_BUCKET, SIGMA_WITHIN, 5)
    largest = [data[column].astype(int).to_numpy() for column in ("bucket", "id")]
    assert_equal("the buckets", np.unique(largest[0]).tolist(), list(range(1, n_buckets + 1)))
    assert_equal("the frogs", np.unique(largest[1]).tolist(), list(range(1, n_within + 1)))


@pytest.mark.core_only
@pytest.mark.parametrize(("mu", "sigma_bucket", "sigma_within"), [(-0.3, 0.4, 1.7), (5.6, 0.4, 0.2), (0.0, 30.0, 0.04)])
def test_any_population_is_drawn_as_asked(impl, mu, sigma_bucket, sigma_within):
    """E (bucket_mu - mu)^2 = sigma_bucket^2 and E (weight - bucket_mu)^2 = sigma_within^2, of any size. Seed 28."""
    data = impl.simulate_frogs(4000, 3, COLORS, mu, sigma_bucket, sigma_within, 28)
    of_bucket, of_frog = data["bucket_mu"].to_numpy()[::3] - mu, (data["weight"] - data["bucket_mu"]).to_numpy()
    assert_variance("bucket_mu has variance sigma_bucket^2 around mu", of_bucket, sigma_bucket, RATE / 2)
    assert_variance("weights have variance sigma_within^2 around bucket_mu", of_frog, sigma_within, RATE / 2)


@pytest.mark.core_only
def test_a_single_bucket_has_a_mean_of_its_own(impl):
    """|bucket_mu - mu| < 1e-9 sigma_bucket has probability 8e-10. Seed 29."""
    data = impl.simulate_frogs(1, 2, COLORS[:1], MU, SIGMA_BUCKET, SIGMA_WITHIN, 29)
    got = data["bucket_mu"][0]
    assert_that("the mean of one bucket varies too", abs(got - MU) > 1e-9 * SIGMA_BUCKET, got)


@pytest.mark.core_only
@pytest.mark.parametrize("n_colors", [5, 7, 12])
def test_many_colors_are_dealt_in_the_order_given(impl, n_colors):
    """Bucket b has colour number ceil(b C / B), whatever their number, order and length."""
    colors = [f"the colour of number {(5 * k) % 13}" for k in range(n_colors)]
    data = impl.simulate_frogs(2 * n_colors, 1, colors, MU, SIGMA_BUCKET, SIGMA_WITHIN, 30)
    assert_equal("consecutive runs of 2 buckets", data["color"].tolist(), np.repeat(colors, 2).tolist())


@pytest.mark.core_only
def test_colors_keep_their_type(core):
    """Colours that are numbers stay numbers."""
    data = core.simulate_frogs(2, 1, [30, 4], MU, SIGMA_BUCKET, SIGMA_WITHIN, 31)
    assert_equal("the colours", data["color"].tolist(), [30, 4])


@pytest.mark.core_only
def test_the_table_has_its_columns_in_order_and_numbered_rows(core):
    """`id`, `bucket`, `color`, `bucket_mu`, `weight`; rows 0, 1, ..."""
    data = core.simulate_frogs(2, 3, ["red"], MU, SIGMA_BUCKET, SIGMA_WITHIN, 32)
    assert_equal("the columns", list(data.columns), ["id", "bucket", "color", "bucket_mu", "weight"])
    assert_equal("the rows", data.index.tolist(), list(range(6)))
