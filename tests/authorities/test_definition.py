"""The vectors' authorities against the definition alone, at 60 digits: whole matrices, differences for derivatives.

Nothing is shared with them: no projection, no formula of a derivative, no profile, no ball. What is read is the vector,
by its README.
"""

from dataclasses import replace
from itertools import product, repeat

import numpy as np
import pytest
from scipy.optimize import minimize

from reference.vectors import draw, generate
from reference.vectors.model import Model, Spec
from reference.vectors.topics import several, slopes

mpmath = pytest.importorskip("mpmath", reason="mpmath is not here; to install: pip install mpmath")
mp = mpmath.mp
DIGITS, FIRST, SECOND = 60, "1e-20", "1e-15"  # steps of first and second differences: 40 and 30 digits
NEWTON = 8  # steps by the Hessian of the start, which has some 6 digits
AGREE = 1e-22  # of the unit; a vector gives 24 digits


class Definition:
    """Of a vector: V = sum of t_j A_j, by the entries t of the lower triangles of all G, and Ve."""

    def __init__(self, vector):
        """Cells as the decimals that they are."""
        numbers, self.ml = vector["numbers"], vector["method"] == "ML"
        self.X, self.y = mp.matrix(numbers["X"]), mp.matrix(numbers["y"])
        self.sizes = [len(term["Z"][0]) for term in numbers["terms"]]
        self.A = [A for term in numbers["terms"] for A in self._of_term(mp.matrix(term["Z"]), term["group"])]
        self.A.append(mp.eye(len(self.y)))
        self.in_floats = [np.array(M.tolist(), float) for M in (*self.A, self.X, self.y)]

    def _of_term(self, Z, group):
        for entry in ((c, d) for c in range(Z.cols) for d in range(c + 1)):
            A = mp.matrix(len(group), len(group))
            for i, j in product(range(len(group)), repeat=2):
                A[i, j] = sum(Z[i, a] * Z[j, b] for a, b in {entry, entry[::-1]}) if group[i] == group[j] else 0
            yield A

    def at(self, t):
        """-2 log (restricted) likelihood, beta and Cov(beta)."""
        V = self.A[0] * t[0]
        for A, t_j in zip(self.A[1:], t[1:], strict=True):
            V += A * t_j
        W = mp.inverse(V)
        C = mp.inverse(self.X.T * W * self.X)
        beta = C * (self.X.T * W * self.y)
        r, logs = self.y - self.X * beta, mp.log(mp.det(V)) - (0 if self.ml else mp.log(mp.det(C)))
        df = len(self.y) - (0 if self.ml else self.X.cols)
        return df * mp.log(2 * mp.pi) + logs + (r.T * W * r)[0], beta, C

    def searched(self):
        """The lowest of several ends of BFGS in floats, by triangular factors of G and log Ve."""
        *A, X, y = self.in_floats

        def t_of(theta):
            found, start = [], 0
            for r in self.sizes:
                L = np.zeros((r, r))
                L[np.tril_indices(r)] = theta[start : (start := start + r * (r + 1) // 2)]
                found += list((L @ L.T)[np.tril_indices(r)])
            return np.array([*found, np.exp(theta[-1])])

        def criterion(theta):
            W = np.linalg.inv(np.einsum("j,jab->ab", t_of(theta), A))
            r = y - X @ np.linalg.solve(X.T @ W @ X, X.T @ W @ y)
            logs = -np.linalg.slogdet(W)[1] + (0 if self.ml else np.linalg.slogdet(X.T @ W @ X)[1])
            return logs + (r.T @ W @ r).item()

        start = np.concatenate([np.eye(r)[np.tril_indices(r)] for r in self.sizes])
        ends = [minimize(criterion, [*(size * start), 0.0], options={"gtol": 1e-9}) for size in (0.3, 2.0, 10.0)]
        return [mp.mpf(t_j) for t_j in t_of(min(ends, key=lambda end: end.fun).x)]

    def gradient(self, t, step, of):
        """Of several numbers, by central differences: a row for each t_j."""
        h = mp.mpf(step) * t[-1]
        return mp.matrix([list((of(up) - of(down)) / (2 * h)) for up, down in _moved(t, h)])

    def score(self, t, step=FIRST):
        """The criterion's gradient."""
        return self.gradient(t, step, lambda at: mp.matrix([self.at(at)[0]]))

    def numbers(self):
        """By quantity: Newton's method from where the search ends, to 1e-35; df = 2 f^2 / g'(2 H^-1) g."""
        t = self.searched()
        H = self.gradient(t, SECOND, lambda at: self.score(at, SECOND))
        for _ in range(NEWTON):
            t = list(mp.matrix(t) - mp.lu_solve(H, self.score(t)))
        assert mp.norm(self.score(t)) * t[-1] < mp.mpf("1e-35")
        (criterion, beta, C), p = self.at(t), self.X.cols
        inverse = 2 * mp.inverse(self.gradient(t, SECOND, lambda at: self.score(at, SECOND)))
        g = self.gradient(t, FIRST, lambda at: _diagonal(self.at(at)[2]))
        df = [2 * C[j, j] ** 2 / (g[:, j].T * inverse * g[:, j])[0] for j in range(p)]
        se = list(map(mp.sqrt, _diagonal(C)))
        found = {"variances": t[:-1], "Ve": t[-1:], "coef": list(beta), "se": se, "criterion": [criterion]}
        return found | ({} if self.ml else {"df": df})


def _diagonal(C):
    return mp.matrix([C[j, j] for j in range(C.rows)])


def _moved(t, h):
    """Each entry a step up and a step down."""
    for j in range(len(t)):
        yield tuple([value + sign * h * (i == j) for i, value in enumerate(t)] for sign in (1, -1))


def _one(seed, sizes, fixed=("w1",), **how):
    table = draw.table(seed, sizes, within=1, **how)
    return Model(table, "y", fixed, ((("1",), "g"),), ("color",))


def _lines(seed):
    return Model(draw.part(slopes.lines(seed, 6, 4), draw.every(24, 5, seed % 5)), "y", ("x",), ((("1", "x"), "g"),))


def _crossed(seed):
    whole = several.crossing(seed)
    return replace(whole, columns=draw.part(whole.columns, draw.every(whole.n, 2, 0)))


def _right(vector):
    """Every number with the unit of its error: of variances their sum, of coef its standard error."""
    right = {q: [mp.mpf(c) for c in cells] for q, cells in vector["expected"].items()}
    total = sum(map(abs, [*right["variances"], *right["Ve"]]))
    units = {"variances": repeat(total), "Ve": repeat(total), "coef": right["se"], "criterion": repeat(1)}
    return {q: list(zip(cells, units.get(q, cells), strict=False)) for q, cells in right.items()}


MODELS = {
    "unequal groups": _one(501, (2, 3, 4, 5)),
    "single rows": _one(502, (1, 1, 4, 3, 6)),
    "colours": _one(503, (3, 2, 4, 1, 3, 5), ("color",), colors=2),
    "lines": _lines(601),
    "crossed": _crossed(702),
}
CASES = [
    pytest.param(name, method, marks=pytest.mark.slow if i else (), id=f"{name}, {method}")
    for i, (name, method) in enumerate(product(MODELS, ("REML", "ML")))
]


def errors(name, model, method):
    """The largest error of each quantity, relative to its unit."""
    vector = generate.vector("ordinary", Spec(name.replace(" ", "-"), name, "drawn", model, method=method))
    with mpmath.workdps(DIGITS):
        got, right = Definition(vector).numbers(), _right(vector)
        return {q: float(max(abs(x - c) / u for x, (c, u) in zip(of, right[q], strict=True))) for q, of in got.items()}


@pytest.mark.parametrize(("name", "method"), CASES)
def test_vectors_are_the_definitions_minimum(name, method):
    """Variances, coef, se, criterion and df of tables that no file has, to 22 digits."""
    assert max(errors(name, MODELS[name], method).values()) < AGREE
