"""Variances, correlation, and the covariance matrix V of the weights with its closed-form algebra."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lmm_core import checks
from lmm_core.checks import Codes, Labels, Matrix


@dataclass(frozen=True)
class Variances:
    """Variance components: between buckets, within buckets, of a single frog, and the correlation."""

    Vb: float
    Ve: float
    Vbe: float
    rho: float


def model_variances(sigma_bucket: float, sigma_within: float) -> Variances:
    """Variances and intraclass correlation of the population.

        Vb = sigma_bucket^2,  Ve = sigma_within^2,  Vbe = Vb + Ve,  rho = Vb / Vbe

    Args:
        sigma_bucket, sigma_within: standard deviations, in the unit of weight.

    Returns:
        Vb, Ve, Vbe in squared units of weight; rho between 0 and 1.

    Raises:
        ValueError: a negative standard deviation, both 0, which leaves rho undefined, or squares beyond float64.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3 (intraclass correlation).
    """
    sigma_bucket = checks.non_negative("sigma_bucket", sigma_bucket)
    sigma_within = checks.non_negative("sigma_within", sigma_within)
    if sigma_bucket + sigma_within == 0:
        raise ValueError(f"sigma_bucket = {sigma_bucket:g} and sigma_within = {sigma_within:g}: rho is 0/0")
    Vb, Ve = (checks.in_given_units("Vb and Ve", sd, sd).item() for sd in (sigma_bucket, sigma_within))
    Vbe = checks.in_given_units("Vbe", Vb + Ve).item()
    return Variances(Vb, Ve, Vbe, Vb / Vbe)


def empirical_variances(data: pd.DataFrame) -> Variances:
    """The chapter's moment estimators of the variances.

        Ve = mean over buckets of the variance within,  Vbe = variance of all weights,  Vb = Vbe - Ve

    All variances have divisor count - 1. Vb may come out negative, and is biased: with one common mean
    and n frogs in each of B buckets, E[Vb] = n (B - 1) / (N - 1) times the population's.

    Args:
        data: a table with columns `bucket` and `weight`.

    Returns:
        Vb, Ve, Vbe in squared units of weight; rho = Vb / Vbe.

    Raises:
        ValueError: a missing column or value, a bucket with one frog, or weights that are all equal.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3; the bias is theorem 6.
    """
    data = checks.table(data, ["bucket", "weight"])
    weights, unit = checks.in_units(checks.weights(data))
    weight = pd.Series(weights - weights[0])  # what is large and common to all would cost digits
    codes, levels = pd.factorize(data["bucket"])
    by_bucket = weight.groupby(codes)
    sizes = by_bucket.size()
    if sizes.min() < 2:
        raise ValueError(
            f"bucket {levels.tolist()[int(sizes.argmin())]} has {sizes.min()} frog; a variance within needs at least 2"
        )
    if np.ptp(weight) == 0:
        raise ValueError(f"data column 'weight' is {weights[0] * unit:g} in all {len(weight)} rows: rho is 0/0")
    Ve = float(by_bucket.var(ddof=1).mean())
    Vbe = float(weight.var(ddof=1))
    rho, variances = (Vbe - Ve) / Vbe, [Vbe - Ve, Ve, Vbe]
    Vb, Ve, Vbe = checks.in_given_units("Vb, Ve and Vbe", variances, unit, unit).tolist()
    return Variances(Vb, Ve, Vbe, rho)


def frog_correlation(data: pd.DataFrame, first_id: int, second_id: int) -> float:
    """Pearson correlation, across buckets, of the weights of two frogs of the same bucket.

    Its population value is rho = Vb / (Vb + Ve). A bucket that lacks one of the two frogs is left out.

    Args:
        data: a table with columns `id`, `bucket` and `weight`.
        first_id, second_id: which frogs of every bucket to pair.

    Returns:
        The correlation, between -1 and 1.

    Raises:
        ValueError: a missing column or value, a frog listed twice, fewer than 2 buckets with both frogs, or
            a frog whose weight is the same in all buckets.

    Source: Pearson (1896), Philosophical Transactions A 187, 253-318.
    """
    data = checks.table(data, ["id", "bucket", "weight"])
    buckets, _ = pd.factorize(data["bucket"])
    weight = pd.Series(checks.in_units(checks.weights(data))[0], index=buckets)
    ids = [checks.label("first_id", first_id), checks.label("second_id", second_id)]
    frogs = {one: weight[data["id"].isin([one]).to_numpy()] for one in ids}
    n_twice = sum(int(frog.index.duplicated().sum()) for frog in frogs.values())
    if n_twice:
        raise ValueError(f"data lists {n_twice} frogs twice: the same id and the same bucket")
    first, second = (frog.to_numpy() for frog in frogs[ids[0]].align(frogs[ids[1]], join="inner"))
    if len(first) < 2:
        raise ValueError(f"frogs {first_id!r} and {second_id!r} share {len(first)} buckets; expected at least 2")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        raise ValueError(f"frog {first_id!r} or {second_id!r} weighs the same in all {len(first)} buckets")
    first, second = (first - first.mean()) / np.ptp(first), (second - second.mean()) / np.ptp(second)
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def covariance_matrix(group: Labels, Vb: float, Ve: float) -> Matrix:
    """Covariance matrix of the weights, V = Ve I + Vb Z Z'.

        V[i, i] = Vb + Ve;   V[i, j] = Vb if i and j share a bucket, else 0

    Args:
        group: n bucket labels, in any order.
        Vb, Ve: variances between and within buckets, in squared units of weight.

    Returns:
        V (n, n), row i belonging to group[i].

    Raises:
        ValueError: missing labels, or a negative variance.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 3.
    """
    codes, _ = checks.labels("group", group)
    Vb, Ve = checks.non_negative("Vb", Vb), checks.non_negative("Ve", Ve)
    checks.in_given_units("Vb + Ve", Vb + Ve)
    V = Vb * (codes[:, None] == codes[None, :])
    V[np.diag_indices(len(codes))] += Ve
    return V


def solve_covariance(group: Labels, Vb: float, Ve: float, A: ArrayLike) -> NDArray[np.float64]:
    """V^-1 A without forming V: within a bucket of n frogs the inverse is

        (I - Vb / (Ve + n Vb) J) / Ve,    J = matrix of ones

    Args:
        group: n bucket labels.
        Vb, Ve: variances; Ve is positive.
        A: (n,) or (n, k).

    Returns:
        V^-1 A, of the shape of A.

    Raises:
        ValueError: Ve is 0, a negative variance, lengths that differ, or values that are not finite.

    Source: Henderson and Searle (1981), SIAM Review 23, 53-60 (inverse of a I + b J).
    """
    codes, sizes, Vb, Ve = _positive_definite(group, Vb, Ve)
    A = checks.array("A", A, 1 if np.ndim(A) == 1 else 2)
    checks.same_rows("A", len(A), "group", len(codes))
    columns = A.reshape(len(A), -1)
    sums = np.stack([np.bincount(codes, column) for column in columns.T], axis=1)
    unit = max(Vb, Ve)
    shrunk = (Vb / unit / (Ve / unit + sizes * (Vb / unit)))[:, None] * sums
    with np.errstate(over="ignore"):
        solution = (columns - shrunk[codes]) / Ve
    return checks.in_given_units("entries of V^-1 A", solution).reshape(A.shape)


def logdet_covariance(group: Labels, Vb: float, Ve: float) -> float:
    """log|V| = sum over buckets of (n - 1) log Ve + log(Ve + n Vb), the eigenvalues of V.

    Arguments and errors as `solve_covariance`.

    Source: Henderson and Searle (1981), SIAM Review 23, 53-60 (determinant of a I + b J).
    """
    _, sizes, Vb, Ve = _positive_definite(group, Vb, Ve)
    unit = max(Vb, Ve)
    return float(np.sum((sizes - 1) * np.log(Ve) + np.log(unit) + np.log(Ve / unit + sizes * (Vb / unit))))


def _positive_definite(group: Labels, Vb: float, Ve: float) -> tuple[Codes, NDArray[np.intp], float, float]:
    codes, _ = checks.labels("group", group)
    Vb, Ve = checks.non_negative("Vb", Vb), checks.non_negative("Ve", Ve)
    if Ve == 0:
        raise ValueError(f"Ve is {Ve:g}; V is positive definite only for Ve above 0")
    return codes, np.bincount(codes), Vb, Ve
