"""Plain Python: lists, loops and exact fractions, own elimination, own F distribution; results are dicts."""

import math
import random
import statistics
from fractions import Fraction


def simulate_frogs(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed):
    dice = random.Random(int(seed))
    rows = []
    for b in range(n_buckets):
        m = dice.gauss(mu, sigma_bucket)
        for i in range(n_within):
            rows.append([i + 1, b + 1, colors[b // (n_buckets // len(colors))], m, dice.gauss(m, sigma_within)])
    return dict(zip(["id", "bucket", "color", "bucket_mu", "weight"], columns(rows)))


def split(values, labels):
    """Label -> list of its values."""
    parts = {}
    for value, label in zip(values, labels):
        parts.setdefault(label, []).append(value)
    return parts


def buckets_per_color(data):
    return {color: len(set(buckets)) for color, buckets in split(data["bucket"], data["color"]).items()}


def denominator_df(data):
    counts = buckets_per_color(data)
    return sum(counts.values()) - len(counts)


def variances(Vb, Ve, Vbe):
    return {"Vb": Vb, "Ve": Ve, "Vbe": Vbe, "rho": Vb / Vbe}


def model_variances(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, sigma_bucket**2 + sigma_within**2)


def empirical_variances(data):
    weights = [float(w) for w in data["weight"]]
    Ve = statistics.fmean([statistics.variance(w) for w in split(weights, data["bucket"]).values()])
    Vbe = statistics.variance(weights)
    return variances(Vbe - Ve, Ve, Vbe)


def design_matrix(labels, intercept):
    labels = list(labels)
    levels = sorted(set(labels))
    return [[1 if label == level or (intercept and j == 0) else 0 for j, level in enumerate(levels)] for label in labels]


def covariance_matrix(group, Vb, Ve):
    return [[(Vb if a == b else 0.0) + (Ve if i == j else 0.0) for j, b in enumerate(group)] for i, a in enumerate(group)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def solve(A, B):
    """A^-1 B and the determinant of A, by Gauss and Jordan with pivots; floats or fractions."""
    rows, det = [list(a) + list(b) for a, b in zip(A, B)], 1
    n = len(rows)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if pivot != k:
            rows[k], rows[pivot], det = rows[pivot], rows[k], -det
        head = rows[k][k]
        det *= head
        rows[k] = [value / head for value in rows[k]]
        for i in range(n):
            factor = rows[i][k]
            if i != k and factor != 0:
                rows[i] = [a - factor * b if b else a for a, b in zip(rows[i], rows[k])]
    return [row[n:] for row in rows], det


def identity(n):
    return [[int(i == j) for j in range(n)] for i in range(n)]


def columns(rows):
    return [list(column) for column in zip(*rows)]


def gls(X, y, V):
    rows = [[float(x) for x in row] for row in X]
    targets = [row + [float(value)] for row, value in zip(rows, y)]
    solved = columns(solve([[float(v) for v in row] for row in V], targets)[0])
    XWX = [[dot(x, s) for s in solved[:-1]] for x in columns(rows)]
    XWy = [[dot(x, solved[-1])] for x in columns(rows)]
    inverse, _ = solve(XWX, identity(len(XWX)))
    return {"coef": [row[0] for row in solve(XWX, XWy)[0]], "se": [math.sqrt(inverse[j][j]) for j in range(len(XWX))]}


def exact_fit(X, y):
    """Coefficients, (X'X)^-1 and residuals as fractions: no rounding at all."""
    rows, y = [[Fraction(float(x)) for x in row] for row in X], [Fraction(float(value)) for value in y]
    cols = columns(rows)
    XX = [[dot(a, b) for b in cols] for a in cols]
    inverse, _ = solve(XX, identity(len(XX)))
    Xy = [dot(a, y) for a in cols]
    coef = [dot(row, Xy) for row in inverse]
    return rows, coef, inverse, [value - dot(row, coef) for row, value in zip(rows, y)]


def ols(X, y):
    _, coef, inverse, residuals = exact_fit(X, y)
    df = len(residuals) - len(coef)
    sigma2 = dot(residuals, residuals) / df
    se = [math.sqrt(sigma2 * inverse[j][j]) for j in range(len(coef))]
    return {"coef": [float(b) for b in coef], "se": se, "sigma2": float(sigma2), "df_resid": df}


def frog_correlation(data, first_id, second_id):
    found = {(b, i): float(w) for b, i, w in zip(data["bucket"], data["id"], data["weight"])}
    buckets = [b for b in dict.fromkeys(data["bucket"]) if (b, first_id) in found and (b, second_id) in found]
    return statistics.correlation([found[b, first_id] for b in buckets], [found[b, second_id] for b in buckets])


def f_upper_tail(F, df_num, df_den):
    """Regularised incomplete beta function at df_den / (df_den + df_num F), by its continued fraction."""
    x, a, b = df_den / (df_den + df_num * F), df_den / 2, df_num / 2
    if x in (0.0, 1.0):
        return x
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    flipped = x > (a + 1) / (a + b + 2)
    if flipped:
        a, b, x = b, a, 1 - x
    value = 0.0
    for m in range(400, 0, -1):  # from the far end of the fraction to its head
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        value = odd / (1 + even / (1 + value))
    tail = math.exp(log_front) / (a * (1 + value))
    return 1 - tail if flipped else tail


def f_test(F, df_num, df_den):
    return {"F": F, "df_num": df_num, "df_den": df_den, "p_value": f_upper_tail(F, df_num, df_den)}


def anova_ols(data):
    groups = split([float(w) for w in data["weight"]], data["color"])
    grand = statistics.fmean([float(w) for w in data["weight"]])
    between = math.fsum(len(g) * (statistics.fmean(g) - grand) ** 2 for g in groups.values())
    within = math.fsum((w - statistics.fmean(g)) ** 2 for g in groups.values() for w in g)
    df_num, df_den = len(groups) - 1, len(data["weight"]) - len(groups)
    return f_test(between / df_num / (within / df_den), df_num, df_den)


# --- REML: gamma = Vb / Ve, M(gamma) = [X r]'(I + gamma Z Z')^-1 [X r] for r the residuals of least squares ---


def weighted(terms):
    """Sum of weight times matrix."""
    size = range(len(terms[0][1]))
    return [[sum(w * matrix[i][j] for w, matrix in terms) for j in size] for i in size]


class Model:
    def __init__(self, X, y, group):
        rows, start, _, residuals = exact_fit(X, y)
        rows = [row + [r] for row, r in zip(rows, residuals)]
        self.n, self.p, self.start = len(rows), len(start), [float(b) for b in start]
        sums = [(len(part), [sum(column) for column in columns(part)]) for part in split(rows, group).values()]
        outer = [(size, [[a * b for a in s] for b in s]) for size, s in sums]
        all_rows = [[dot(a, b) for a in columns(rows)] for b in columns(rows)]
        self.within = weighted([(1, all_rows)] + [(Fraction(-1, size), matrix) for size, matrix in outer])
        self.within = [[float(value) for value in row] for row in self.within]
        self.count = {size: sum(other == size for other, _ in sums) for size, _ in sums}
        self.between = {size: weighted([(1.0, matrix) for other, matrix in outer if other == size]) for size in self.count}

    def at(self, gamma):
        """Everything at one gamma: the criterion and its slope, and what the df need."""
        p, m = self.p, self.n - self.p
        M = weighted([(1, self.within)] + [(1 / (s + s * s * gamma), S) for s, S in self.between.items()])
        D = weighted([(-1 / (1 + s * gamma) ** 2, S) for s, S in self.between.items()])  # dM / dgamma
        inverse, det = solve([row[:p] for row in M[:p]], identity(p))
        v = [-dot(row, M[p][:p]) for row in inverse] + [1.0]
        Ve = dot(v, [dot(row, v) for row in M]) / m
        Dv = [dot(row, v) for row in D]
        AD = [[dot(row, column[:p]) for column in columns(D)[:p]] for row in inverse]  # A^-1 dA
        slope = sum(c * s / (1 + s * gamma) for s, c in self.count.items()) + sum(AD[i][i] for i in range(p))
        log_dets = sum(c * math.log1p(s * gamma) for s, c in self.count.items()) + math.log(abs(det))
        return {
            "gamma": gamma, "Ve": Ve, "inverse": inverse, "AD": AD, "D": D, "v": v, "Dv": Dv,
            "slope": slope + dot(v, Dv) / Ve, "criterion": m * (1 + math.log(2 * math.pi * Ve)) + log_dets,
        }

    def fit(self):
        here = self.at(0.0)
        best = here if here["slope"] >= 0 else None
        for k in range(-22, 34):
            before, here = here, self.at(2.0**k)
            if before["slope"] < 0 <= here["slope"]:
                low, high = before["gamma"], here["gamma"]
                while low < (middle := (low + high) / 2) < high and high - low > 1e-13 * high:
                    low, high = (middle, high) if self.at(middle)["slope"] < 0 else (low, middle)
                found = self.at(high)
                best = found if best is None or found["criterion"] < best["criterion"] else best
        return best

    def df(self, best, rows):
        """2 f^2 / Var(f) for f = l'C l, in the coordinates (gamma, Ve)."""
        gamma, Ve, p, m = best["gamma"], best["Ve"], self.p, self.n - self.p
        if gamma == 0:
            return [float(m) for _ in rows]
        D2 = weighted([(2 * s / (1 + s * gamma) ** 3, S) for s, S in self.between.items()])
        inverse, AD, v, w = best["inverse"], best["AD"], best["v"], best["Dv"][:p]
        bend = -sum(c * (s / (1 + s * gamma)) ** 2 for s, c in self.count.items())
        bend += sum(inverse[i][j] * D2[i][j] - AD[i][j] * AD[j][i] for i in range(p) for j in range(p))
        rss2 = dot(v, [dot(row, v) for row in D2]) - 2 * dot(w, [dot(row, w) for row in inverse])
        mixed = -dot(v, best["Dv"]) / Ve**2
        cov, _ = solve([[bend + rss2 / Ve, mixed], [mixed, m / Ve**2]], [[2, 0], [0, 2]])
        answers = []
        for l in rows:
            a = [dot(row, l) for row in inverse]
            f = Ve * dot(l, a)
            g = [-Ve * dot(a, [dot(row[:p], a) for row in best["D"][:p]]), f / Ve]
            answers.append(2 * f * f / dot(g, [dot(row, g) for row in cov]))
        return answers


def fit_reml(X, y, group):
    model = Model(X, y, group)
    best = model.fit()
    coef = [start - v for start, v in zip(model.start, best["v"])]
    se = [math.sqrt(best["Ve"] * best["inverse"][j][j]) for j in range(model.p)]
    return {"Vb": best["gamma"] * best["Ve"], "Ve": best["Ve"], "coef": coef, "se": se, "criterion": best["criterion"]}


def satterthwaite_df(X, y, group):
    model = Model(X, y, group)
    return model.df(model.fit(), identity(model.p))


def anova_reml(data):
    model = Model(design_matrix(data["color"], True), data["weight"], data["bucket"])
    best, q = model.fit(), model.p - 1
    coef = [[start - v] for start, v in zip(model.start[1:], best["v"][1:])]
    solved, _ = solve([[best["Ve"] * value for value in row[1:]] for row in best["inverse"][1:]], coef)
    F = sum(b[0] * s[0] for b, s in zip(coef, solved)) / q
    nu = model.df(best, identity(q + 1)[1:])
    if max(nu) - min(nu) < 1e-7 * max(nu):
        return f_test(F, q, nu[0])
    if min(nu) <= 2:
        return f_test(F, q, 2.0)
    E = sum(value / (value - 2) for value in nu)
    return f_test(F, q, 2 * E / (E - q))
