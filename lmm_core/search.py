"""The lowest minimum of the REML criterion of one random intercept: every root of its score is found, and compared."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lmm_core.basis import Basis
from lmm_core.checks import Codes, Matrix, Vector
from lmm_core.profile import NothingLeftError, Profile
from lmm_core.sums import EPS, BucketSums, bucket_sums, least_eigenvalue_of_saturated

GRID_STEP = 0.5  # in u = log(1 + n gamma), where the criterion's features are about 1 wide
ZOOMS, ZOOM = 3, 15  # how often the grid is refined where the score nearly crosses 0, and by how many points
USUAL = 400.0  # lambda gamma up to which a search looks at once: most fits lie below
LARGEST_U = 67.0  # n gamma = 1e29: what is left within buckets is rounding, 1e-15 of what is between
GRID = np.append([0.0, GRID_STEP / 4, GRID_STEP / 2], np.arange(GRID_STEP, LARGEST_U + GRID_STEP, GRID_STEP))
NEARLY = 1e-8  # the error that a Newton step so small leaves is about its square, which is below rounding
ROUNDING = 2.0**-48  # a bracket relative to its place, or a score relative to its terms, so small is rounding error
MAX_STEPS = 100
FAR = 2.0**26  # lambda gamma where a criterion that is smooth in 1 / gamma is a straight line: 1 / FAR^2 is EPS
STRETCH = 16  # steps of the grid in the same coordinates
PER_FROG = 256  # rounding errors of the criterion, beside those of X T
INFLATED = 100.0  # a variance inflation factor that costs two digits


def lowest(X: Matrix, y: Vector, basis: Basis, codes: Codes, sums: BucketSums) -> Profile:
    """The criterion where it is lowest, for X and y in units; sums are those of `basis`.

    Raises:
        ValueError: there is no fit: y does not vary within buckets, or the criterion is lowest at Ve = 0.
    """
    if sums.saturated:
        at = _lowest_of_saturated(X, y, basis, codes, sums)
    else:
        at = _lowest(sums, [_without_inflation(X, basis, codes, at) for at in _minima(sums)])
    _more_than_rounding(sums, y, at)
    return at


def _minima(sums: BucketSums) -> list[Profile]:
    """The criterion at every root of the score where it rises, and at gamma = 0 if it rises there."""
    n = sums.sizes.max()
    u, at = _grid(sums, n)
    return [*_at_zero(at), *_roots(sums, n, u, at)]


def _at_zero(at: Profile) -> list[Profile]:
    """gamma = 0, the first place of a grid, if the criterion rises there."""
    return [Profile(at.sums, np.zeros(()))] if at.score[0] >= 0 else []


def _roots(sums: BucketSums, n: float, u: Vector, at: Profile) -> list[Profile]:
    """The criterion at every root of the score where it rises.

    A root is where 1 / quadratic = 1 / trace. Between two points of the grid their difference, over
    1 + n gamma, is taken as linear, which for equal bucket sizes it is: the start of Newton's method is
    then the answer.
    """
    score, roots = at.score, []
    for i in np.flatnonzero((score[:-1] < 0) & (score[1:] >= 0)):
        ends = slice(i, i + 2)
        lambdas = np.exp(u[ends])
        low, high = score[ends] / (at.quadratic[ends] * at.trace[ends] * lambdas)
        start = np.log((high * lambdas[0] - low * lambdas[1]) / (high - low))
        roots.append(_newton(sums, n, u[i], start, u[i + 1]))
    return roots


def _grid(sums: BucketSums, n: float) -> tuple[Vector, Profile]:
    """Values of u = log(1 + n gamma) between which the score changes its sign at most once, and the criterion there.

    In u the criterion has no feature much narrower than 1. The grid ends where a positive score stays positive:

        lambda gamma >= 2 (N - p) / d,    lambda the smallest positive eigenvalue of K'ZZ'K, d = N - rank[X Z]

    For with h_i = 1 / (1 + gamma lambda_i) and q = s0 + sum of eta_i^2 h_i the score by log gamma is

        S = sum of (1 - h_i) - (N - p) r,    r = -d log q / d log gamma,

    whose first term rises. Where S > 0, r is below m / (N - p) = 1 - d / (N - p) for m eigenvalues. If all h_i are
    at most h = d / 2 (N - p), that is 1 - 2 h; then r falls, for it rises only if s0 (1 - 2 h) < h (q - s0), which
    makes r at least 1 - 2 h.
    """
    end = max(USUAL, 2 * sums.df_resid / sums.df_within) / sums.least_eigenvalue
    u = GRID[: np.searchsorted(GRID, np.log1p(n * end)) + 1]
    at = Profile(sums, np.expm1(u) / n)
    while at.score[-1] < 0:
        if len(u) == len(GRID):
            raise NothingLeftError(sums)
        u = GRID[: len(u) + 4]
        at = Profile(sums, np.expm1(u) / n)
    return _zoomed(sums, n, u, at)


def _zoomed(sums: BucketSums, n: float, u: Vector, at: Profile) -> tuple[Vector, Profile]:
    """A finer grid where the score comes near 0 and turns, for it may cross 0 twice there."""
    for _ in range(0 if sums.eigenvalues_are_equal else ZOOMS):
        S = at.score * np.exp(u)
        slope = np.diff(np.abs(S)) > 0
        turns = np.flatnonzero(slope[1:] & ~slope[:-1])
        near = [np.linspace(u[i], u[i + 2], ZOOM) for i in turns if S[i] * S[i + 1] > 0 and S[i + 1] * S[i + 2] > 0]
        if not near:
            break
        u = np.unique(np.concatenate([u, *near]))
        at = Profile(sums, np.expm1(u) / n)
    return u, at


def _lowest(sums: BucketSums, minima: list[Profile]) -> Profile:
    """The lowest of the minima, if no other is as low but for rounding errors.

    Raises:
        ValueError: naming both.
    """
    lowest = min(minima, key=lambda at: at.criterion)
    n = sums.sizes.max()
    for at in minima:
        apart = abs(np.log1p(n * at.gamma) - np.log1p(n * lowest.gamma)) > NEARLY
        if apart and at.criterion <= lowest.criterion + _rounding(sums):
            raise ValueError(
                f"the criterion is lowest at Vb / Ve = {lowest.gamma:.4g} and at {at.gamma:.4g} alike: "
                "y does not say which of them it is"
            )
    return lowest


def _rounding(sums: BucketSums) -> float:
    """Rounding errors of the criterion: of its sums, and of X T."""
    return EPS * float(PER_FROG * sums.n_obs + (len(sums.T) + 1) * np.sum(sums.lengths @ np.abs(sums.T)))


def _lowest_of_saturated(X: Matrix, y: Vector, basis: Basis, codes: Codes, sums: BucketSums) -> Profile:
    """The lowest minimum where rank[X Z] = N, if it is lower than the limit of the criterion at Ve = 0.

    The criterion is smooth in delta = 1 / gamma there, and with lambda the least eigenvalue of K'ZZ'K

        |second derivative by delta| <= 2 (N - p) / lambda^2    (theorem 13).

    So at gamma lambda = FAR the limit is criterion - delta d criterion / d delta = criterion + gamma score, and no
    minimum beyond lies lower than it, either but for (N - p) / FAR^2, which is rounding error. A minimum that is lower
    by no more than that of the criterion is not told from Ve = 0: a tie is refused.
    """
    _more_than_rounding(sums, y, Profile(sums, np.zeros(())))
    n = sums.sizes.max()
    *stretches, (_, _, end) = _stretches(X, basis, codes, sums, n)
    rounding = _rounding(sums)
    if all(np.all(np.abs(at.gamma * at.score) <= rounding) for _, _, at in stretches):
        raise ValueError(_few_frogs(sums, "the criterion is the same for every Vb / Ve"))
    minima = [_without_inflation(X, basis, codes, at) for at in _at_zero(stretches[0][-1])]
    for basis_here, u, at in stretches:
        minima += [_without_inflation(X, basis_here, codes, root) for root in _roots(at.sums, n, u, at)]
    limit = end.criterion + end.gamma * end.score
    lower = [at for at in minima if at.criterion < limit - rounding]
    if not lower:
        raise ValueError(_few_frogs(sums, "the criterion is nowhere lower than at Ve = 0"))
    return _lowest(sums, lower)


def _stretches(
    X: Matrix, basis: Basis, codes: Codes, sums: BucketSums, n: float
) -> Iterator[tuple[Basis, Vector, Profile]]:
    """The grid up to lambda gamma = FAR in stretches, each in coordinates that suit its start; and its end in its own.

    Rounding errors grow by the range of 1 + n gamma in a stretch, exp(STRETCH / 2), and no further.
    """
    end_of_grid = np.log1p(n * FAR / least_eigenvalue_of_saturated(X, basis, codes))
    last = min(int(np.searchsorted(GRID, end_of_grid)), len(GRID) - 1)
    for start in range(0, last, STRETCH):
        u = GRID[start : min(start + STRETCH, last) + 1]
        yield basis, *_zoomed(sums, n, u, Profile(sums, np.expm1(u) / n))
        end = Profile(sums, np.expm1(u[-1]) / n)
        basis, sums = _moved(X, basis, codes, end)
    yield basis, u[-1:], Profile(sums, end.gamma)


def _few_frogs(sums: BucketSums, why: str) -> str:
    N, B, p = sums.n_obs, sums.n_buckets, len(sums.T)
    return f"group has {B} buckets for {N} frogs and X has {p} columns: {why}; some bucket needs more frogs"


def _more_than_rounding(sums: BucketSums, y: Vector, at: Profile) -> None:
    """y - X coef is larger than the rounding errors of its parts; sums are those of least squares."""
    rounding = EPS * (len(at.coef) + 1) * (np.sqrt(y @ y) + sums.lengths @ np.abs(at.coef))
    if at.rss * sums.n_obs <= sums.df_resid * rounding**2:
        raise NothingLeftError(sums)


def _without_inflation(X: Matrix, basis: Basis, codes: Codes, minimum: Profile) -> Profile:
    """The same minimum, from sums in coordinates that suit it where those of OLS have cost it digits.

    One that rounding errors made of a criterion which falls throughout, though rank[X Z] = N, is no lower than Ve = 0.
    """
    if minimum.inflation <= INFLATED:
        return minimum
    _, sums = _moved(X, basis, codes, minimum)
    if minimum.gamma == 0:
        return Profile(sums, minimum.gamma)
    n = sums.sizes.max()
    u = float(np.log1p(n * minimum.gamma))
    low, high = max(0.0, u - GRID_STEP), u + GRID_STEP
    while Profile(sums, np.expm1(high) / n).score < 0:
        low, high = high, high + GRID_STEP
        if high > LARGEST_U:
            if sums.saturated:
                return minimum
            raise NothingLeftError(sums)
    while Profile(sums, np.expm1(low) / n).score > 0:
        if low == 0:
            return Profile(sums, np.zeros(()))
        low, high = max(0.0, low - GRID_STEP), low
    return _newton(sums, n, low, min(max(low, u), high), high)


def _moved(X: Matrix, basis: Basis, codes: Codes, at: Profile) -> tuple[Basis, BucketSums]:
    """Coordinates in which M is the identity there, nearly, and y its own residual."""
    basis = basis.moved(X, at.X_root, basis.T @ at.beta)
    return basis, replace(bucket_sums(X, basis, codes), saturated=at.sums.saturated)


def _newton(sums: BucketSums, n: float, low: float, u: float, high: float) -> Profile:
    """The criterion at the root of its score between low, where that is negative, and high.

    By the chain rule for u = log(1 + n gamma), with gamma' = gamma'' = (1 + n gamma) / n, the slope of the
    score in u is curvature gamma'^2 + score gamma''. A step that would leave the bracket is replaced by a
    bisection.
    """
    for _ in range(MAX_STEPS):
        at = Profile(sums, np.expm1(u) / n)
        low, high = (u, high) if at.score < 0 else (low, u)
        if abs(at.score) <= ROUNDING * at.trace or high - low <= ROUNDING * u:
            return at
        step = -at.score / (at.curvature * np.exp(u) / n + at.score)
        if abs(step) <= NEARLY * u:
            return Profile(sums, np.expm1(u + step) / n)
        u = u + step if low < u + step < high else (low + high) / 2
    raise ArithmeticError(f"the REML score has no root after {MAX_STEPS} steps between u = {low} and {high}")
