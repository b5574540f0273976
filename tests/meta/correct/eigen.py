"""Spectral: Helmert rotations within buckets, eigenvalues of the error contrasts; results are frozen dataclasses."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize, stats


@dataclass(frozen=True)
class Variances:
    Vb: float
    Ve: float
    Vbe: float
    rho: float


@dataclass(frozen=True)
class LeastSquares:
    coef: np.ndarray
    se: np.ndarray
    sigma2: float = 1.0
    df_resid: int = 0


@dataclass(frozen=True)
class FTest:
    F: float
    df_num: int
    df_den: float
    p_value: float


@dataclass(frozen=True)
class MixedFit(LeastSquares):
    Vb: float = 0.0
    Ve: float = 0.0
    criterion: float = 0.0
    cov: object = None
    spectrum: object = None


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.Generator(np.random.MT19937(seed))
    bucket_mu = rng.normal(mu, sigma_bucket, size=(n_buckets, 1)) + np.zeros((1, n_within))
    weight = bucket_mu + rng.normal(0.0, sigma_within, size=bucket_mu.shape)
    bucket, frog = np.indices(bucket_mu.shape)
    color = np.asarray(colors, dtype=object)[bucket // (n_buckets // len(colors))]
    columns = {"id": frog + 1, "bucket": bucket + 1, "color": color, "bucket_mu": bucket_mu, "weight": weight}
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def buckets_per_color(data):
    color = np.asarray(data["color"])
    return {str(c): len(np.unique(np.asarray(data["bucket"])[color == c])) for c in np.unique(color)}


def denominator_df(data):
    return sum(buckets_per_color(data).values()) - len(buckets_per_color(data))


def model_variances(sigma_bucket, sigma_within):
    eigenvalue = sigma_bucket**2 + sigma_within**2
    return Variances(sigma_bucket**2, sigma_within**2, eigenvalue, sigma_bucket**2 / eigenvalue)


def empirical_variances(data):
    rotated, d, bucket = rotate(np.asarray(data["weight"], float)[:, None], np.asarray(data["bucket"]))
    inside = d == 0  # Helmert's contrasts: their squares are the sums of squares within buckets
    Ve = np.mean([np.mean(rotated[inside & (bucket == b)] ** 2) for b in range(bucket[-1] + 1)])
    Vbe = np.var(np.asarray(data["weight"], float), ddof=1)
    return Variances(Vbe - Ve, Ve, Vbe, (Vbe - Ve) / Vbe)


def design_matrix(labels, intercept):
    levels, codes = np.unique(np.asarray(labels), return_inverse=True)
    X = np.eye(len(levels))[codes]
    if intercept:
        X[:, 0] = 1.0
    return X


def covariance_matrix(group, Vb, Ve):
    Z = design_matrix(group, False)
    return Vb * (Z @ Z.T) + Ve * np.identity(len(Z))


def gls(X, y, V):
    values, vectors = linalg.eigh(V)
    root = vectors.T / np.sqrt(values)[:, None]  # V^-1/2, up to a rotation
    U, s, Wt = linalg.svd(root @ X, full_matrices=False)
    return LeastSquares(coef=Wt.T @ (U.T @ (root @ y) / s), se=np.sqrt(np.sum((Wt / s[:, None]) ** 2, axis=0)))


def ols(X, y):
    U, s, Wt = linalg.svd(np.asarray(X, float), full_matrices=False)
    residual = y - U @ (U.T @ y)
    df = len(y) - len(s)
    sigma2 = residual @ residual / df
    se = np.sqrt(sigma2 * np.sum((Wt / s[:, None]) ** 2, axis=0))
    return LeastSquares(Wt.T @ (U.T @ y / s), se, sigma2, df)


def frog_correlation(data, first_id, second_id):
    first, second = ({b: w for b, i, w in zip(data["bucket"], data["id"], data["weight"]) if i == k} for k in (first_id, second_id))
    pairs = np.array([(first[b], second[b]) for b in first if b in second])
    unit = pairs - pairs.mean(axis=0)
    unit /= np.linalg.norm(unit, axis=0)
    return unit[:, 0] @ unit[:, 1]


def anova_ols(data):
    y = np.asarray(data["weight"], float)
    y = y - y.mean()
    U = linalg.orth(design_matrix(data["color"], False))
    df_num, df_den = U.shape[1] - 1, len(y) - U.shape[1]
    explained, left = U @ (U.T @ y), y - U @ (U.T @ y)
    F = (explained @ explained / df_num) / (left @ left / df_den)
    return FTest(F, df_num, df_den, stats.f.sf(F, df_num, df_den))


# --- the mixed model: V has eigenvalue Ve + d Vb on each rotated row -------------------------------------


def rotate(A, group):
    """Helmert's rotation of every bucket's rows, d = n for the first of them and 0 for the others."""
    codes = np.unique(group, return_inverse=True)[1]
    rows, d, bucket = [], [], []
    for b in range(codes.max() + 1):
        block = A[codes == b]
        rows.append(linalg.helmert(len(block), full=True) @ block)
        d += [len(block)] + [0] * (len(block) - 1)
        bucket += [b] * len(block)
    return np.vstack(rows), np.array(d, dtype=float), np.array(bucket)


class Spectrum:
    """Error contrasts K'y with independent entries eta ~ N(0, Ve + Vb xi)."""

    def __init__(self, X, y, group):
        rotated, self.d, _ = rotate(np.column_stack([X, y]).astype(float), np.asarray(group))
        self.X, self.y = rotated[:, :-1], rotated[:, -1]
        Q, R = linalg.qr(self.X)
        p = self.X.shape[1]
        K = Q[:, p:]
        xi, vectors = linalg.eigh((K.T * self.d) @ K)
        self.xi, self.eta2 = np.maximum(xi, 0.0), (vectors.T @ (K.T @ self.y)) ** 2
        self.df = len(xi)
        self.log_det_XX = 2 * np.sum(np.log(np.abs(np.diag(R))))

    def Ve(self, gamma):
        return np.mean(self.eta2 / (1 + gamma * self.xi))

    def slope(self, gamma):
        """Of the profiled criterion, by gamma."""
        lam = 1 + gamma * self.xi
        return np.sum(self.xi / lam) - np.sum(self.xi * self.eta2 / lam**2) / self.Ve(gamma)

    def criterion(self, Vb, Ve):
        v = Ve + Vb * self.xi
        return self.df * np.log(2 * np.pi) + np.sum(np.log(v) + self.eta2 / v) + self.log_det_XX

    def best_gamma(self):
        grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e9, 161)])
        slopes = [self.slope(gamma) for gamma in grid]
        valleys = [0.0] if slopes[0] >= 0 else []
        for i in range(len(grid) - 1):
            if slopes[i] < 0 <= slopes[i + 1]:
                valleys.append(optimize.brentq(self.slope, grid[i], grid[i + 1], xtol=1e-16, rtol=1e-15))
        return min(valleys, key=lambda gamma: self.criterion(gamma * self.Ve(gamma), self.Ve(gamma)))

    def information(self, Vb, Ve):
        """Half the Hessian of the criterion in (Vb, Ve)."""
        v = Ve + Vb * self.xi
        J = np.stack([self.xi, np.ones(self.df)])
        return (J * (self.eta2 / v**3 - 0.5 / v**2)) @ J.T


def fit_reml(X, y, group):
    spectrum = Spectrum(X, y, group)
    gamma = spectrum.best_gamma()
    Ve = spectrum.Ve(gamma)
    root = 1 / np.sqrt(Ve * (1 + gamma * spectrum.d))
    Q, R = linalg.qr(spectrum.X * root[:, None], mode="economic")
    R_inverse = linalg.solve_triangular(R, np.eye(len(R)))
    coef, cov = R_inverse @ (Q.T @ (root * spectrum.y)), R_inverse @ R_inverse.T
    v = gamma * Ve, Ve
    return MixedFit(coef, np.sqrt(np.diag(cov)), Ve, spectrum.df, *v, spectrum.criterion(*v), cov, spectrum)


def df_of(fit, rows):
    s = fit.spectrum
    if fit.Vb == 0:
        return np.full(len(rows), float(s.df))
    weights = 1 / (fit.Ve + fit.Vb * s.d)
    a = (rows @ fit.cov @ s.X.T) * weights  # f = l'Cl has derivatives a D a' and a a'
    gradient = np.stack([np.sum(a**2 * s.d, axis=1), np.sum(a**2, axis=1)])
    variance = np.sum(gradient * linalg.solve(s.information(fit.Vb, fit.Ve), gradient), axis=0)
    f = np.einsum("ij,jk,ik->i", rows, fit.cov, rows)
    return 2 * f**2 / variance


def satterthwaite_df(X, y, group):
    return df_of(fit_reml(X, y, group), np.eye(np.shape(X)[1]))


def anova_reml(data):
    fit = fit_reml(design_matrix(data["color"], True), np.asarray(data["weight"], float), np.asarray(data["bucket"]))
    values, vectors = linalg.eigh(fit.cov[1:, 1:])
    q = len(values)
    F = np.mean((vectors.T @ fit.coef[1:]) ** 2 / values)
    nu = df_of(fit, np.column_stack([np.zeros(q), vectors.T]))
    if np.ptp(nu) < 1e-7 * nu.max():
        df = nu.mean()
    elif nu.min() <= 2:
        df = 2.0
    else:
        E = np.sum(nu / (nu - 2))
        df = 2 * E / (E - q)
    return FTest(F, q, df, stats.f.sf(F, q, df))
