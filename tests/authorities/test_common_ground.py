"""What exact.py and lmm_core both take for granted, judged by neither: by dense matrices of rationals, by scans, by R.

The list is in reference/README.md. `criterion` below is the definition, from whole matrices, and shares no formula with
either: no sums over buckets, no closed form of V^-1, no profile, no derivative.
"""

import flint
import numpy as np
import pandas as pd
import pytest
from flint import arb, fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import exact
from tests import strategies
from tests.assertions import assert_at_most, assert_close, assert_equal, assert_that

FEW = settings(max_examples=10, deadline=None)
SMALL = strategies.frogs(strategies.layouts(max_colors=2, max_buckets=2, max_frogs=3), ratios=(0.5, 3.0, 30.0))


def rationals(A):
    """The float64 numbers as they stand."""
    A = np.asarray(A, dtype=float)
    entries = [fmpq(*value.as_integer_ratio()) for value in A.ravel().tolist()]
    return fmpq_mat(len(A), A.size // len(A), entries)


def criterion(X, y, group, Vb, Ve):
    """(N-p) log 2 pi + log|V| + log|X'V^-1 X| + (y - X beta)'V^-1 (y - X beta), and Cov(beta): V written out."""
    X, y, N = rationals(X), rationals(y), len(y)
    same = [fmpq(int(a == b)) * Vb + fmpq(int(i == j)) * Ve for i, a in enumerate(group) for j, b in enumerate(group)]
    V = fmpq_mat(N, N, same)
    W = V.inv()
    XWX = X.transpose() * W * X
    r = y - X * (XWX.inv() * (X.transpose() * W * y))
    quadratic = (r.transpose() * W * r)[0, 0]
    logs = arb(V.det()).log() + arb(XWX.det()).log()
    return (N - X.ncols()) * (2 * arb.pi()).log() + logs + arb(quadratic), XWX.inv()


def rational(number):
    """A Decimal or float as the fraction that it is."""
    return fmpq(*number.as_integer_ratio())


@FEW
@given(SMALL, st.sampled_from([0.0, 0.3, 7.0, 2.0**40]), st.sampled_from([0.25, 3.0]))
def test_sums_over_buckets_stand_for_whole_matrices(frogs, Vb, Ve):
    """V^-1 of a bucket is (I - Vb / (Ve + n Vb) J) / Ve, and no other bucket enters: the criterion to 40 digits."""
    with flint.ctx.workdps(60):
        dense, _ = criterion(frogs.treatment, frogs.y, frogs.group, rational(Vb), rational(Ve))
        of_sums = exact.ExactModel(frogs.treatment, frogs.y, frogs.group).criterion(arb(Vb), arb(Ve))
        assert_at_most("difference", float(abs(dense - of_sums).upper()), 1e-40)


@FEW
@given(SMALL)
def test_nothing_is_lost_by_taking_ve_out_of_the_criterion(impl, frogs):
    """At 80 pairs of variances, both drawn over 12 orders of magnitude, the definition is no lower than at a fit."""
    fit = impl.fit_reml(frogs.treatment, frogs.y, frogs.group)
    total = fit.Vb + fit.Ve
    drawn = total * 10 ** np.random.default_rng(3).uniform(-6, 6, (80, 2))
    with flint.ctx.workdps(30):
        values = [
            float(criterion(frogs.treatment, frogs.y, frogs.group, *map(rational, at))[0]) for at in drawn.tolist()
        ]
        own = float(criterion(frogs.treatment, frogs.y, frogs.group, rational(fit.Vb), rational(fit.Ve))[0])
    assert_close("the criterion that the fit names is that of its variances", fit.criterion, own, 1e-9, 1.0)
    assert_at_most("the fit <= the lowest of the others", own, min(values), 1e-9)


@FEW
@given(strategies.interior_frogs(strategies.layouts(max_colors=2, max_buckets=2, max_frogs=3)))
def test_df_are_those_of_difference_quotients_of_the_definition(impl, frogs):
    """2 f^2 / (g'Sigma g) with a gradient and a Hessian from differences of 1e-15 in the logarithm, at 80 digits."""
    X, y, group = frogs.treatment, frogs.y, frogs.group
    fit = exact.reml(X, y, group)
    at, h = np.array([rational(fit.Vb), rational(fit.Ve)]), fmpq(1, 10**15)
    with flint.ctx.workdps(80):
        tried = {
            (i, j): criterion(X, y, group, at[0] * (1 + i * h), at[1] * (1 + j * h))
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
        }
        c = {place: value for place, (value, _) in tried.items()}
        mixed = (c[1, 1] - c[1, -1] - c[-1, 1] + c[-1, -1]) / 4
        H = np.array([[c[1, 0] - 2 * c[0, 0] + c[-1, 0], mixed], [mixed, c[0, 1] - 2 * c[0, 0] + c[0, -1]]])
        H = np.array([[float(entry / arb(h) ** 2) for entry in row] for row in H])
        f = [float(arb(tried[0, 0][1][k, k])) for k in range(X.shape[1])]
        steps = ((1, 0), (-1, 0)), ((0, 1), (0, -1))
        g = np.array(
            [[float(arb((tried[a][1][k, k] - tried[b][1][k, k]) / (2 * h))) for a, b in steps] for k in range(len(f))]
        )
    expected = 2 * np.array(f) ** 2 / np.einsum("ki,ij,kj->k", g, 2 * np.linalg.inv(H), g)
    assert_close("df, exact", np.array(fit.df, float), expected, 1e-9)
    assert_close("df", impl.satterthwaite_df(X, y, group), expected, 1e-6)


@given(strategies.SEEDS, st.sampled_from([0.0, 1e-3]))
def test_the_criterion_is_flat_iff_eigenvalues_are_equal(seed, apart):
    """Identified are the variances iff K'ZZ'K is no multiple of I: eigenvalues and a scan, by dense float64 algebra."""
    slopes = strategies.alike_slopes(seed, apart)
    K, Z = np.linalg.svd(slopes.X)[0][:, slopes.X.shape[1] :], strategies.indicators(slopes.group)
    values = np.linalg.svd(K.T @ Z, compute_uv=False) ** 2
    scan = [slopes.criterion(gamma) for gamma in np.geomspace(1e-2, 1e2, 5)]
    assert_equal("equal eigenvalues, flat criterion", np.ptp(values) < 1e-8 * values.max(), np.ptp(scan) < 1e-8)


@given(strategies.SEEDS)
def test_where_a_frog_is_to_spare_the_criterion_rises_or_falls_without_bound(seed):
    """m = rank[X Z] - p, d = N - rank[X Z]: by m log gamma if y is not in C([X Z]), else by -d log gamma."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(4), rng.integers(2, 5, 4))
    X = np.column_stack([np.ones(len(group)), rng.normal(size=len(group))])
    y = rng.normal(size=len(group))
    m, d = 3, len(group) - 5
    inside = strategies.Slopes(X, X @ [1.0, 2.0] + rng.normal(size=4)[group], group)
    outside = strategies.Slopes(X, y, group)
    assert_close("m log 10", outside.criterion(1e9) - outside.criterion(1e8), m * np.log(10), 1e-4)
    assert_close("-d log 10", inside.criterion(1e7) - inside.criterion(1e6), -d * np.log(10), 1e-3)


@pytest.mark.parametrize("seed", [1, 39, 56, 171])
def test_with_no_frog_to_spare_lmer_is_never_lower(live_r, impl, seed):
    """Nor is the fit above lme4's, whose optimiser sees neither the limit at Ve = 0 nor a rank."""
    slopes = strategies.saturated_slopes(seed)
    names = [f"x{k}" for k in range(slopes.X.shape[1] - 1)]
    data = pd.DataFrame(slopes.X[:, 1:], columns=names).assign(weight=slopes.y, bucket=slopes.group)
    lmer = live_r.lmer(data, f"weight ~ {' + '.join(names)} + (1 | bucket)")
    got = impl.fit_reml(slopes.X, slopes.y, slopes.group)
    assert_at_most("criterion", got.criterion, lmer.criterion, 1e-8)
    assert_that("a criterion as lme4 computes it", bool(abs(got.criterion - lmer.criterion) < 20), lmer.criterion)
