"""Henderson's mixed model equations: EM steps, then scoring by Newton and Fisher to convergence; named tuples."""

from collections import namedtuple

import numpy as np
import pandas as pd
import scipy.linalg as la
from scipy.special import fdtrc


Components = namedtuple("Components", "Vb Ve Vbe rho")
Estimates = namedtuple("Estimates", "coef se")
Regression = namedtuple("Regression", "coef se sigma2 df_resid")
Anova = namedtuple("Anova", "F df_num df_den p_value")
Reml = namedtuple("Reml", "Vb Ve coef se criterion cov slopes information df_resid")


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng([4, 1, seed])
    Z = np.kron(np.eye(n_buckets), np.ones((n_within, 1)))
    levels = np.arange(n_buckets)
    b = sigma_bucket * rng.standard_normal(n_buckets)
    e = sigma_within * rng.standard_normal(n_buckets * n_within)
    d = pd.DataFrame({"id": np.tile(np.arange(n_within) + 1, n_buckets), "bucket": (Z @ levels).astype(int) + 1})
    d["color"] = [colors[(k - 1) * len(colors) // n_buckets] for k in d["bucket"]]
    d["bucket_mu"] = mu + Z @ b
    return d.assign(weight=d["bucket_mu"] + e)


def buckets_per_color(data):
    incidence = pd.crosstab(data["color"], data["bucket"]) > 0
    return incidence.sum(axis=1)


def denominator_df(data):
    rows, columns = pd.crosstab(data["color"], data["bucket"]).shape
    return columns - rows


def model_variances(sigma_bucket, sigma_within):
    Vb, Ve = np.square([sigma_bucket, sigma_within]).astype(float)
    return Components(Vb, Ve, Vb + Ve, Vb / (Vb + Ve))


def empirical_variances(data):
    y, Z = data["weight"].to_numpy(float), incidence_matrix(data["bucket"])
    n = Z.sum(axis=0)
    deviations = y - Z @ ((y @ Z) / n)
    Ve = float(np.mean((deviations**2 @ Z) / (n - 1)))
    Vbe = float(np.sum((y - y.mean()) ** 2) / (len(y) - 1))
    return Components(Vbe - Ve, Ve, Vbe, (Vbe - Ve) / Vbe)


def incidence_matrix(labels):
    labels = np.asarray(labels)
    return (labels[:, np.newaxis] == np.unique(labels)).astype(float)


def design_matrix(labels, intercept):
    Z = incidence_matrix(labels)
    return np.hstack([np.ones((len(Z), 1)), Z[:, 1:]]) if intercept else Z


def covariance_matrix(group, Vb, Ve):
    Z = incidence_matrix(group)
    V = Z @ (Vb * Z.T)
    np.fill_diagonal(V, Vb + Ve)
    return V


def gls(X, y, V):
    factor = la.cho_factor(V)
    C = np.linalg.inv(X.T @ la.cho_solve(factor, X))
    return Estimates(C @ (X.T @ la.cho_solve(factor, y)), np.sqrt(C.diagonal()))


def ols(X, y):
    factor = la.cho_factor(X.T @ X)
    coef = la.cho_solve(factor, X.T @ y)
    coef = coef + la.cho_solve(factor, X.T @ (y - X @ coef))  # one step of refinement
    df = X.shape[0] - X.shape[1]
    sigma2 = float(np.sum((y - X @ coef) ** 2) / df)
    return Regression(coef, np.sqrt(sigma2 * la.cho_solve(factor, np.eye(len(coef))).diagonal()), sigma2, df)


def frog_correlation(data, first_id, second_id):
    sides = [data.loc[data["id"] == k, ["bucket", "weight"]] for k in (first_id, second_id)]
    both = pd.merge(*sides, on="bucket", suffixes=("_1", "_2"))
    return float(both["weight_1"].corr(both["weight_2"]))


def wald(coef, cov, L, df):
    estimate = L @ coef
    F = float(estimate @ la.solve(L @ cov @ L.T, estimate, assume_a="pos")) / len(L)
    return Anova(F, len(L), df, float(fdtrc(len(L), df, F)))


def successive_differences(p):
    return np.eye(p - 1, p, 1) - np.eye(p - 1, p)


def anova_ols(data):
    X, y = design_matrix(data["color"], intercept=False), data["weight"].to_numpy(float)
    fit = ols(X, y - y.mean())
    return wald(fit.coef, np.diag(fit.se**2), successive_differences(X.shape[1]), fit.df_resid)


class Equations:
    """[X'X X'Z; Z'X Z'Z + lambda I] [beta; b] = [X'y; Z'y], lambda = Ve / Vb."""

    def __init__(self, X, y, group):
        self.X, self.Z = np.asarray(X, float), incidence_matrix(group)
        self.N, self.p = self.X.shape
        self.B = self.Z.shape[1]
        self.naive = ols(self.X, np.asarray(y, float))
        self.y = y - self.X @ self.naive.coef  # the rest of beta is small
        self.W = np.hstack([self.X, self.Z])
        self.WW = self.W.T @ self.W

    def solve(self, Vb, Ve):
        """T, the inverse of the left side; beta (beyond least squares), b, and residuals e."""
        left = self.WW.copy()
        left[range(self.p, self.p + self.B), range(self.p, self.p + self.B)] += Ve / Vb
        T = np.linalg.inv(left)
        T = (T + T.T) / 2
        solution = T @ (self.W.T @ self.y)
        solution += T @ (self.W.T @ (self.y - self.W @ solution) - np.r_[np.zeros(self.p), solution[self.p :] * Ve / Vb])
        return T, solution[: self.p], solution[self.p :], self.y - self.W @ solution, np.linalg.slogdet(left)[1]

    def criterion(self, Vb, Ve):
        m = self.N - self.p
        if Vb == 0:
            log_dets, square = m * np.log(Ve) + np.linalg.slogdet(self.X.T @ self.X)[1], self.y @ self.y / Ve
        else:
            _, _, b, e, log_det = self.solve(Vb, Ve)
            log_dets = (m - self.B) * np.log(Ve) + self.B * np.log(Vb) + log_det
            square = e @ e / Ve + b @ b / Vb
        return m * np.log(2 * np.pi) + log_dets + square

    def derivatives(self, Vb, Ve):
        """Gradient, Hessian and expected Hessian of the criterion by (log Vb, log Ve), from T, b and e alone."""
        T, _, b, e, _ = self.solve(Vb, Ve)
        Q = np.eye(self.B) - T[self.p :, self.p :] * Ve / Vb  # Vb Z'PZ
        q, qq, bb, bQb, ee = np.trace(Q), np.sum(Q * Q), b @ b / Vb, b @ Q @ b / Vb, e @ e / Ve
        m = self.N - self.p
        gradient = np.array([q - bb, m - q - ee])
        traces = np.array([[qq, q - qq], [q - qq, m - 2 * q + qq]])
        squares = np.array([[bQb, bb - bQb], [bb - bQb, ee - bb + bQb]])
        return gradient, 2 * squares - traces + np.diag(gradient), traces

    def climb(self, Vb, Ve):
        """To a minimum of the criterion from (Vb, Ve); None where the way leads to Vb = 0."""
        for _ in range(5):  # EM
            T, _, b, e, _ = self.solve(Vb, Ve)
            Vb, Ve = (b @ b + Ve * np.trace(T[self.p :, self.p :])) / self.B, self.y @ e / (self.N - self.p)
        here = self.criterion(Vb, Ve)
        for _ in range(200):
            gradient, hessian, expected = self.derivatives(Vb, Ve)
            newton = np.all(la.eigvalsh(hessian) > 1e-3 * hessian.max())
            step = -la.lstsq(hessian if newton else expected, gradient)[0]
            step *= min(1.0, 3.0 / np.abs(step).max(initial=1e-300))
            there = self.criterion(Vb * np.exp(step[0]), Ve * np.exp(step[1]))
            while there > here + 1e-9 and np.abs(step).max() > 1e-12:
                step = step / 2
                there = self.criterion(Vb * np.exp(step[0]), Ve * np.exp(step[1]))
            Vb, Ve, here = Vb * np.exp(step[0]), Ve * np.exp(step[1]), there
            if Vb < 1e-9 * Ve:
                return None
            if np.abs(step).max() < 1e-11:
                break
        return Vb, Ve

    def slope_at_zero(self):
        """Of the criterion by Vb, at Vb = 0 and Ve = sigma2 of least squares."""
        r = self.Z.T @ self.y
        XZ = self.X.T @ self.Z
        return self.N - np.sum(XZ * la.solve(self.X.T @ self.X, XZ, assume_a="pos")) - r @ r / self.naive.sigma2

    def components(self):
        starts = [(self.naive.sigma2 * ratio, self.naive.sigma2) for ratio in (0.02, 0.5, 10.0)]
        found = [end for end in (self.climb(*start) for start in starts) if end]
        if self.slope_at_zero() >= 0 or not found:
            found.append((0.0, self.naive.sigma2))
        return min(found, key=lambda end: self.criterion(*end))


def fit_reml(X, y, group):
    equations = Equations(X, y, group)
    (Vb, Ve), p, naive = equations.components(), equations.p, equations.naive
    criterion = equations.criterion(Vb, Ve)
    if Vb == 0:
        cov = Ve * np.linalg.inv(equations.X.T @ equations.X)
        return Reml(Vb, Ve, naive.coef, naive.se, criterion, cov, None, None, naive.df_resid)
    T, beta = equations.solve(Vb, Ve)[:2]
    cov, ratio = Ve * T[:p, :p], Ve / Vb
    by_ratio = -T[:p, p:] @ T[p:, :p]  # dT = -T d(left side) T
    by_Vb, by_Ve = -by_ratio * ratio**2, T[:p, :p] + ratio * by_ratio
    gradient, hessian, _ = equations.derivatives(Vb, Ve)
    information = (hessian - np.diag(gradient)) / np.outer([Vb, Ve], [Vb, Ve]) / 2
    return Reml(Vb, Ve, naive.coef + beta, np.sqrt(cov.diagonal()), criterion, cov, (by_Vb, by_Ve), information, naive.df_resid)


def contrast_df(fit, L):
    if fit.Vb == 0:
        return np.full(len(L), float(fit.df_resid))
    g = np.array([np.diag(L @ slope @ L.T) for slope in fit.slopes])
    return 2 * np.diag(L @ fit.cov @ L.T) ** 2 / np.sum(g * la.solve(fit.information, g), axis=0)


def satterthwaite_df(X, y, group):
    return contrast_df(fit_reml(X, y, group), np.eye(X.shape[1]))


def anova_reml(data):
    X = design_matrix(data["color"], intercept=False)
    fit = fit_reml(X, data["weight"].to_numpy(float), data["bucket"])
    L = successive_differences(X.shape[1])
    nu = contrast_df(fit, la.eigh(L @ fit.cov @ L.T)[1].T @ L)
    df = nu[0]
    if np.ptp(nu) > 1e-6 * nu[0]:
        surplus = np.sum(2 / (nu - 2))  # of sum nu / (nu - 2) over the number of contrasts
        df = 2 * (surplus + len(nu)) / surplus if np.all(nu > 2) else 2.0
    return wald(fit.coef, fit.cov, L, df)
