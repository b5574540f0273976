"""pandas all the way: groupby, sums of squares, the likelihood profiled over gamma; results are Series."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar, newton
from scipy.stats import f as f_distribution


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    rng = np.random.default_rng(seed)
    buckets = pd.DataFrame({"bucket": range(1, n_buckets + 1), "color": np.repeat(colors, n_buckets // len(colors))})
    buckets["bucket_mu"] = rng.normal(mu, sigma_bucket, n_buckets)
    data = buckets.merge(pd.DataFrame({"id": range(1, n_within + 1)}), how="cross")
    data["weight"] = rng.normal(data["bucket_mu"], sigma_within)
    return data[["id", "bucket", "color", "bucket_mu", "weight"]]


def buckets_per_color(data):
    return data.groupby("color")["bucket"].agg(lambda buckets: len(buckets.unique()))


def denominator_df(data):
    return (buckets_per_color(data) - 1).sum()


def variance_table(Vb, Ve, Vbe):
    return pd.Series({"Vb": Vb, "Ve": Ve, "Vbe": Vbe, "rho": Vb / Vbe})


def model_variances(sigma_bucket, sigma_within):
    return variance_table(sigma_bucket**2, sigma_within**2, sigma_bucket**2 + sigma_within**2)


def empirical_variances(data):
    Ve, Vbe = data.groupby("bucket")["weight"].var().mean(), data["weight"].var()
    return variance_table(Vbe - Ve, Ve, Vbe)


def design_matrix(labels, intercept):
    X = pd.get_dummies(pd.Series(labels, name="color"), dtype=float)
    if intercept:
        X = X.iloc[:, 1:]
        X.insert(0, "(Intercept)", 1.0)
    return X


def covariance_matrix(group, Vb, Ve):
    Z = pd.get_dummies(pd.Series(group), dtype=float)
    return Z.mul(Vb).dot(Z.T) + pd.DataFrame(np.diag(np.repeat(float(Ve), len(Z))))


def gls(X, y, V):
    whitened = pd.DataFrame(np.linalg.solve(np.linalg.cholesky(np.asarray(V)), np.column_stack([X, y])))
    fit = ols(whitened.iloc[:, :-1].to_numpy(), whitened.iloc[:, -1].to_numpy())
    return pd.Series({"coef": fit["coef"], "se": fit["se"] / np.sqrt(fit["sigma2"])}, dtype=object)


def ols(X, y):
    Q, R = np.linalg.qr(X)
    coef = np.linalg.solve(R, Q.T @ y)
    residual = pd.Series(y - X @ coef)
    df = len(residual) - len(coef)
    sigma2 = residual.pow(2).sum() / df
    se = np.sqrt(sigma2) * pd.DataFrame(np.linalg.inv(R)).pow(2).sum(axis=1).pow(0.5)
    return pd.Series({"coef": coef, "se": se.to_numpy(), "sigma2": sigma2, "df_resid": df}, dtype=object)


def frog_correlation(data, first_id, second_id):
    wide = data.set_index(["bucket", "id"])["weight"].unstack()
    return wide[[first_id, second_id]].dropna().corr().iloc[0, 1]


def f_test(F, df_num, df_den):
    return pd.Series({"F": F, "df_num": df_num, "df_den": df_den, "p_value": f_distribution.sf(F, df_num, df_den)})


def anova_ols(data):
    by_color = data.groupby("color")["weight"]
    fitted = by_color.transform("mean")
    between = (fitted - data["weight"].mean()).pow(2).sum()
    within = (data["weight"] - fitted).pow(2).sum()
    df_num, df_den = by_color.ngroups - 1, len(data) - by_color.ngroups
    return f_test(between / df_num / (within / df_den), df_num, df_den)


class SumsOfSquares:
    """Within and between buckets, of X and of what least squares leaves of y."""

    def __init__(self, X, y, group):
        X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        self.start = ols(X, y)["coef"]
        frame = pd.DataFrame(X).assign(rest=y - X @ self.start)
        frame.columns = frame.columns.astype(str)
        by_bucket = frame.groupby(np.asarray(group))
        within = frame - by_bucket.transform("mean")
        self.within = within.T.dot(within).to_numpy()
        self.means, self.n = by_bucket.mean().to_numpy(), by_bucket.size().to_numpy()
        self.df = X.shape[0] - X.shape[1]

    def at(self, gamma):
        """Information on coef, coef, and the residual sum of squares; gamma may be complex."""
        M = self.within + (self.means.T * (self.n / (1 + gamma * self.n))) @ self.means
        A, c = M[:-1, :-1], M[:-1, -1]
        coef = np.linalg.solve(A, c)
        return A, coef, M[-1, -1] - c @ coef

    def criterion(self, Vb, Ve):
        A, _, rss = self.at(Vb / Ve)
        log_dets = np.log(1 + Vb / Ve * self.n).sum() + np.log(np.linalg.det(A))
        return self.df * np.log(2 * np.pi * Ve) + log_dets + rss / Ve

    def Ve(self, gamma):
        return self.at(gamma)[2] / self.df

    def profile(self, gamma):
        return self.criterion(gamma * self.Ve(gamma), self.Ve(gamma))

    def slope(self, gamma):
        return self.profile(gamma + 1e-40j).imag / 1e-40

    def minimise(self):
        """(Vb, Ve) of the lowest valley of the profile; Vb = 0 if the profile rises from there and is lowest."""
        grid = pd.Series([0.0, *np.geomspace(1e-4, 1e8, 61)])
        heights = grid.map(self.profile)
        inside = heights.lt(heights.shift(1)) & heights.le(heights.shift(-1))
        rises = self.slope(0.0) >= 0
        inside.iloc[1] |= not rises and heights[0] <= heights[1]
        ends = pd.DataFrame({"low": grid.shift(1), "high": grid.shift(-1)})[inside]
        valleys = [0.0] if rises else []
        for low, high in ends.itertuples(index=False):
            near = minimize_scalar(self.profile, bounds=(low, high), method="bounded", options={"xatol": 1e-6 * high}).x
            exactly = newton(self.slope, near, x1=near * (1 + 1e-5), tol=1e-13 * near, maxiter=100, disp=False)
            valleys.append(exactly if low < exactly < high else near)
        gamma = pd.Series({gamma: self.profile(gamma) for gamma in valleys}).idxmin()
        return gamma * self.Ve(gamma), self.Ve(gamma)

    def covariance(self, Vb, Ve):
        return Ve * np.linalg.inv(self.at(Vb / Ve)[0])

    def satterthwaite(self, Vb, Ve, contrasts):
        """2 f^2 / Var(f): first derivatives by complex steps, second ones by differences of those."""
        if Vb == 0:
            return pd.Series(float(self.df), index=contrasts.index)
        v = np.array([Vb, Ve])
        directions = np.diag(v)

        def gradient(function, at):
            return [np.imag(function(*(at + 1e-40j * step))) / 1e-40 for step in directions]

        differences = [np.subtract(gradient(self.criterion, v + 1e-5 * d), gradient(self.criterion, v - 1e-5 * d)) for d in directions]
        variance = 2 * np.linalg.inv(np.array(differences) / 2e-5)
        slopes = gradient(self.covariance, v)

        def df(row):
            g = np.array([row @ slope @ row for slope in slopes])
            return 2 * (row @ self.covariance(*v) @ row) ** 2 / (g @ variance @ g)

        return contrasts.apply(lambda row: df(row.to_numpy()), axis=1)


def fit_reml(X, y, group):
    sums = SumsOfSquares(X, y, group)
    Vb, Ve = sums.minimise()
    se = np.sqrt(sums.covariance(Vb, Ve).diagonal())
    coef = sums.start + sums.at(Vb / Ve)[1]
    return pd.Series({"Vb": Vb, "Ve": Ve, "coef": coef, "se": se, "criterion": sums.criterion(Vb, Ve)}, dtype=object)


def satterthwaite_df(X, y, group):
    sums = SumsOfSquares(X, y, group)
    return sums.satterthwaite(*sums.minimise(), pd.DataFrame(np.eye(X.shape[1])))


def anova_reml(data):
    sums = SumsOfSquares(design_matrix(data["color"], False), data["weight"], data["bucket"])
    v = sums.minimise()
    C, coef = sums.covariance(*v), sums.start + sums.at(v[0] / v[1])[1]
    L = pd.DataFrame(np.eye(len(coef)) - 1 / len(coef)).iloc[:-1]  # colours against the average of all
    q, estimate = len(L), L.to_numpy() @ coef
    F = estimate @ np.linalg.solve(L.to_numpy() @ C @ L.to_numpy().T, estimate) / q
    nu = sums.satterthwaite(*v, L)
    if np.allclose(nu, nu.iloc[0], rtol=1e-6):
        return f_test(F, q, nu.mean())
    pooled = nu.div(nu - 2).sum()
    return f_test(F, q, 2 * pooled / (pooled - q) if nu.gt(2).all() else 2.0)
