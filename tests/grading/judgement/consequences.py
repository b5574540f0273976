"""What becomes of one function where another is wrong: the right composition, with the submission's own part in it.

    composed = right formula of `function`, with the submission's answer in place of the right one of `origin`

Several compositions are several ways that people take; where one gives what the submission answers, its error follows.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar

from lmm_core import fit_reml
from lmm_core.inference import contrasts_f_test, pooled_ddf
from tests.grading.judgement.numbers import NO_ANSWER, Caller, Fields, fields, normalised, right
from tests.strategies import indicators

Theirs = Callable[..., Any]  # the submission's function: normalised, and raising where it does not answer


def following(
    function: str, arguments: tuple[Any, ...], submission: Caller, origins: list[str]
) -> Iterator[tuple[str, Fields]]:
    """The compositions that there are: the function where the error began, and what comes out; nothing where their
    numbers cannot be computed with.
    """
    for origin, ways in COMPOSED.get(function, {}).items():
        for way in ways if origin in origins else ():
            try:
                with np.errstate(all="ignore"):
                    composed = way(_theirs(submission, origin), *arguments)
            except np.linalg.LinAlgError:
                yield origin, {}
            except NO_ANSWER:
                continue
            else:
                yield origin, fields(function, composed)


def _theirs(submission: Caller, name: str) -> Theirs:
    return lambda *arguments: normalised(name, submission, arguments)


# --- what the compositions are made of ------------------------------------------------------------------


def _same_bucket(group: np.ndarray) -> np.ndarray:
    return (group[:, None] == group).astype(float)


def _inverse(V: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V^-1 and (X'V^-1 X)^-1."""
    W = np.linalg.inv(V)
    return W, np.linalg.inv(X.T @ W @ X)


def _treatment(data: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X = indicators(data["color"].to_numpy())
    X[:, 0] = 1.0
    return X, data["weight"].to_numpy(float), data["bucket"].to_numpy()


def _f_test(F: float, q: int, df: float) -> dict[str, float]:
    return {"F": F, "df_num": q, "df_den": df, "p_value": float(stats.f.sf(F, q, df))}


def _satterthwaite(X, y, group, L, Vb, Ve, *, restricted, observed):
    """ddf = 2 f^2 / g'A g at given variances, A = 2 (Hessian of the criterion, or its expectation)^-1.

    Giesbrecht and Burns (1985), Biometrics 41, 477-486; of the ML criterion where not restricted.
    """
    parts = [_same_bucket(group), np.eye(len(y))]
    W, C = _inverse(Vb * parts[0] + Ve * parts[1], X)
    P = W - W @ X @ C @ X.T @ W
    T = P if restricted else W
    traces = np.array([[np.trace(T @ a @ T @ b) for b in parts] for a in parts])
    hessian = traces
    if observed:
        hessian = np.array([[2 * y @ P @ a @ P @ b @ P @ y for b in parts] for a in parts]) - traces
    A = 2 * np.linalg.inv(hessian)
    gradient = np.array([np.einsum("qi,ij,qj->q", L, C @ X.T @ W @ a @ W @ X @ C, L) for a in parts])
    f = np.einsum("qi,ij,qj->q", L, C, L)
    return 2 * f**2 / np.einsum("aq,ab,bq->q", gradient, A, gradient)


KINDS = [{"restricted": r, "observed": o} for r in (False, True) for o in (True, False)]


def _df_way(kind: dict[str, bool]) -> Callable[..., np.ndarray]:
    def df(theirs: Theirs, X: np.ndarray, y: np.ndarray, group: np.ndarray) -> np.ndarray:
        fit = theirs(X, y, group)
        return _satterthwaite(X, y, group, np.eye(X.shape[1]), fit.Vb, fit.Ve, **kind)

    return df


def _mixed_way(kind: dict[str, bool] | None) -> Callable[..., dict[str, float]]:
    """F at their variances; df at their variances, too, or, without a kind, the right ones."""

    def anova(theirs: Theirs, data: Any) -> dict[str, float]:
        X, y, group = _treatment(data)
        fit = theirs(X, y, group)
        W, C = _inverse(fit.Vb * _same_bucket(group) + fit.Ve * np.eye(len(y)), X)
        coef, q = C @ X.T @ W @ y, X.shape[1] - 1
        F = float(coef[1:] @ np.linalg.solve(C[1:, 1:], coef[1:])) / q
        if kind is None:
            return _f_test(F, q, float(right("anova_reml", (data,))["df_den"]))
        vectors = np.linalg.eigh(C[1:, 1:])[1]
        L = np.column_stack([np.zeros(q), vectors.T])
        return _f_test(F, q, pooled_ddf(_satterthwaite(X, y, group, L, fit.Vb, fit.Ve, **kind)))

    return anova


# --- the compositions -----------------------------------------------------------------------------------


def _counted(theirs: Theirs, data: Any) -> float:
    counts = theirs(data)
    return sum(counts.values()) - len(counts)


def _naive_by_ols(theirs: Theirs, data: Any) -> dict[str, float]:
    X, y, _ = _treatment(data)
    fit = theirs(X, y)
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    between, q = np.sum((y - y.mean()) ** 2) - residual @ residual, X.shape[1] - 1
    return _f_test(float(between / q / fit.sigma2), q, fit.df_resid)


def _naive_by_design(theirs: Theirs, data: Any) -> dict[str, float]:
    y = data["weight"].to_numpy(float)
    X = theirs(data["color"].to_numpy(), True)
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    q, df = X.shape[1] - 1, len(y) - X.shape[1]
    return _f_test(float((np.sum((y - y.mean()) ** 2) - residual @ residual) / q / (residual @ residual / df)), q, df)


def _reml_by_gls(theirs: Theirs, X: np.ndarray, y: np.ndarray, group: np.ndarray) -> Fields:
    fit = right("fit_reml", (X, y, group))
    estimates = theirs(X, y, fit["Vb"] * _same_bucket(group) + fit["Ve"] * np.eye(len(y)))
    return fit | {"coef": estimates.coef, "se": estimates.se}


def _reml_by_v(theirs: Theirs, X: np.ndarray, y: np.ndarray, group: np.ndarray) -> Fields:
    """The criterion is minimised over gamma = Vb / Ve with their V in it."""
    n, p = X.shape

    def at(gamma: float) -> tuple[float, float, np.ndarray, np.ndarray]:
        H = theirs(group, gamma, 1.0)
        W, C = _inverse(H, X)
        coef = C @ X.T @ W @ y
        rss = float((y - X @ coef) @ W @ (y - X @ coef))
        determinants = np.linalg.slogdet(H)[1] - np.linalg.slogdet(C)[1]
        return (n - p) * (1 + np.log(2 * np.pi * rss / (n - p))) + determinants, rss / (n - p), coef, C

    best = minimize_scalar(lambda log: at(np.exp(log))[0], bounds=(-8, 8), method="bounded").x
    criterion, Ve, coef, C = at(float(np.exp(best)))
    values = {"Vb": np.exp(best) * Ve, "Ve": Ve, "coef": coef, "se": np.sqrt(Ve * np.diag(C)), "criterion": criterion}
    return {name: np.asarray(value, dtype=float) for name, value in values.items()}


def _mixed_by_df(theirs: Theirs, data: Any) -> dict[str, float]:
    """The right F on their df of the contrasts of colour."""
    truth, (X, y, group) = right("anova_reml", (data,)), _treatment(data)
    df = pooled_ddf(theirs(X, y, group)[1:])
    return _f_test(float(truth["F"]), X.shape[1] - 1, df)


def _mixed_by_design(theirs: Theirs, data: Any) -> dict[str, float]:
    """The test of all columns but the first of their X."""
    fit = fit_reml(theirs(data["color"].to_numpy(), True), data["weight"], data["bucket"])
    return vars(contrasts_f_test(fit, np.eye(len(fit.coef))[1:]))


def _mixed_by_gls(theirs: Theirs, data: Any) -> dict[str, float]:
    """F of their estimates at the right variances, by the right covariance, or from their own standard error."""
    truth, (X, y, group) = right("anova_reml", (data,)), _treatment(data)
    fit = right("fit_reml", (X, y, group))
    V = fit["Vb"] * _same_bucket(group) + fit["Ve"] * np.eye(len(y))
    estimates, C, q = theirs(X, y, V), _inverse(V, X)[1], X.shape[1] - 1
    coef = estimates.coef[1:]
    F = (coef[0] / estimates.se[1]) ** 2 if q == 1 else coef @ np.linalg.solve(C[1:, 1:], coef) / q
    return _f_test(float(F), q, float(truth["df_den"]))


def _df_by_v(theirs: Theirs, X: np.ndarray, y: np.ndarray, group: np.ndarray) -> np.ndarray:
    fit = _reml_by_v(theirs, X, y, group)
    at = {"restricted": True, "observed": True}
    return _satterthwaite(X, y, group, np.eye(X.shape[1]), float(fit["Vb"]), float(fit["Ve"]), **at)


def _mixed_by_v(theirs: Theirs, data: Any) -> dict[str, float]:
    X, y, group = _treatment(data)
    fit = _reml_by_v(theirs, X, y, group)
    W, C = _inverse(fit["Vb"] * _same_bucket(group) + fit["Ve"] * np.eye(len(y)), X)
    coef, q = (C @ X.T @ W @ y)[1:], X.shape[1] - 1
    df = pooled_ddf(_df_by_v(theirs, X, y, group)[1:])
    return _f_test(float(coef @ np.linalg.solve(C[1:, 1:], coef)) / q, q, df)


def _mixed_by_counts(theirs: Theirs, data: Any) -> dict[str, float]:
    truth = right("anova_reml", (data,))
    return _f_test(float(truth["F"]), int(truth["df_num"]), theirs(data))


COMPOSED: dict[str, dict[str, list[Callable[..., Any]]]] = {
    "denominator_df": {"buckets_per_color": [_counted]},
    "anova_ols": {"ols": [_naive_by_ols], "design_matrix": [_naive_by_design]},
    "fit_reml": {"gls": [_reml_by_gls], "covariance_matrix": [_reml_by_v]},
    "satterthwaite_df": {"fit_reml": [_df_way(kind) for kind in KINDS], "covariance_matrix": [_df_by_v]},
    "anova_reml": {
        "fit_reml": [_mixed_way(kind) for kind in (*KINDS, None)],
        "satterthwaite_df": [_mixed_by_df],
        "denominator_df": [_mixed_by_counts],
        "design_matrix": [_mixed_by_design],
        "gls": [_mixed_by_gls],
        "covariance_matrix": [_mixed_by_v],
    },
}
