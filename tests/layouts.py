"""Designs with several factors, by construction: nested, crossed, split-plot, and their unbalanced relatives."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reference.coefficients import Coefficients, coefficients
from reference.strata import strata
from tests.shown import AsRepr

SEEDS = st.integers(0, 2**16)
SDS = (0.0, 0.5, 1.0, 3.0)
CLEAR = 1.3  # mean squares of an interior differ by so much at least, so that every component is well inside


@dataclass(frozen=True, eq=False)
class Design(AsRepr):
    """y on X and K factors."""

    X: np.ndarray
    y: np.ndarray
    groups: list[np.ndarray]

    @property
    def terms(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """A variance component is a term whose Z is a column of ones."""
        return components(*self.groups)

    def others(self, at: np.ndarray) -> list[np.ndarray]:
        """Variances near the fit, and drawn ones."""
        near = [at * (1 + step * unit) for unit in np.eye(len(at)) for step in (-0.1, -1e-3, 1e-3, 0.1)]
        scale = at.sum()
        drawn = np.random.default_rng(0).exponential(scale, (12, len(at)))
        return [*(v for v in near if v[-1] > 0), *(at + 1e-3 * scale * unit for unit in np.eye(len(at))), *drawn]

    def __repr__(self) -> str:
        """Short."""
        return f"<{len(self.y)} rows, {[len(np.unique(g)) for g in self.groups]} levels>"


def components(*groups: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Terms whose Z is a column of ones."""
    return [(np.ones((len(group), 1)), group) for group in groups]


def covariance(design: Design, variances: np.ndarray) -> np.ndarray:
    """Sum of V_k Z_k Z_k' + Ve I."""
    parts = [np.equal.outer(g, g) for g in design.groups]
    return sum(v * part for v, part in zip(variances[:-1], parts, strict=True)) + variances[-1] * np.eye(len(design.y))


def criterion(design: Design, variances) -> float:
    """-2 log REML likelihood from dense matrices: (n - p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r."""
    X, y, V = design.X, design.y, covariance(design, np.asarray(variances, dtype=float))
    W = np.linalg.inv(V)
    information = X.T @ W @ X
    r = y - X @ np.linalg.solve(information, X.T @ W @ y)
    logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
    return float((len(y) - X.shape[1]) * np.log(2 * np.pi) + logs + r @ W @ r)


@dataclass(frozen=True)
class Solved:
    """A stationary point of the criterion, and what follows from it."""

    V: np.ndarray
    Ve: float
    coef: np.ndarray
    se: np.ndarray
    df: np.ndarray
    criterion: float


@lru_cache(maxsize=64)
def solved(design: Design) -> Solved:
    """The score equations of an interior, by Newton's method in dense matrices with the observed information.

    Expected information until the observed one is positive definite; the end is a score of 0 to rounding.

    Source: Searle, Casella and McCulloch (1992), Variance Components, section 6.6 and 8.2 (P, score and information);
    Giesbrecht and Burns (1985), Biometrics 41, 477-486 (df).
    """
    y, (Q, R) = design.y, np.linalg.qr(design.X)
    parts = [np.equal.outer(g, g) + 0.0 for g in design.groups] + [np.eye(len(y))]
    v = np.full(len(parts), np.var(y) / len(parts))
    for step in range(200):
        W = np.linalg.inv(covariance(design, v))
        C = np.linalg.inv(Q.T @ W @ Q)
        P = W - W @ Q @ C @ Q.T @ W
        PA = [P @ a for a in parts]
        Py = P @ y
        score = np.array([np.trace(pa) - y @ pa @ Py for pa in PA])
        expected = np.array([[np.sum(pa * pb.T) for pb in PA] for pa in PA])
        observed = np.array([[2 * y @ pa @ pb @ Py for pb in PA] for pa in PA]) - expected
        hessian = observed if step > 5 and np.all(np.linalg.eigvalsh(observed) > 0) else expected
        move = -np.linalg.solve(hessian, score)
        v = np.maximum(v + move, v / 10)
        if np.all(np.abs(move) <= 1e-11 * v):
            break
    to_X = np.linalg.inv(R) @ C @ Q.T @ W
    f = np.sum(np.linalg.solve(R, np.linalg.cholesky(C)) ** 2, axis=1)
    g = np.array([np.sum((to_X @ a) * to_X, axis=1) for a in parts])
    df = 2 * f**2 / np.einsum("ak,ab,bk->k", g, 2 * np.linalg.inv(observed), g)
    return Solved(v[:-1], v[-1], to_X @ y, np.sqrt(f), df, criterion(design, v))


def satterthwaite(design: Design) -> tuple[np.ndarray, float]:
    """df of each coefficient of an interior, and how exact it is."""
    return solved(design).df, 1e-6


def nested(sizes: tuple[int, int, int], seed: int, sds=(3.0, 2.0, 1.0)) -> Design:
    """Ponds, buckets in them, frogs in these; one mean."""
    ponds, buckets, frogs = sizes
    pond, bucket = np.repeat(np.arange(ponds), buckets * frogs), np.repeat(np.arange(ponds * buckets), frogs)
    return Design(np.ones((len(pond), 1)), _response([pond, bucket], sds, seed), [pond, bucket])


def crossed(rows: int, columns: int, n: int, seed: int, sds=(1.0, 2.0, 1.0)) -> Design:
    """Plates and samples, each pair n times."""
    row, column = np.repeat(np.arange(rows), columns * n), np.tile(np.repeat(np.arange(columns), n), rows)
    return Design(np.ones((len(row), 1)), _response([row, column], sds, seed), [row, column])


def split_plot(blocks: int, varieties: int, treatments: int, seed: int, sds=(2.0, 1.0, 1.0)) -> Design:
    """Varieties on the plots of a block, treatments on the subplots."""
    block = np.repeat(np.arange(blocks), varieties * treatments)
    variety = np.tile(np.repeat(np.arange(varieties), treatments), blocks)
    plot, treatment = block * varieties + variety, np.tile(np.arange(treatments), blocks * varieties)
    columns = [variety == k for k in range(1, varieties)] + [treatment == k for k in range(1, treatments)]
    X = np.column_stack([np.ones(len(block)), *columns]).astype(float)
    return Design(X, _response([block, plot], sds, seed) + X @ np.arange(X.shape[1]), [block, plot])


def _response(groups: list[np.ndarray], sds, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    effects = sum(sd * rng.normal(size=g.max() + 1)[g] for sd, g in zip(sds[:-1], groups, strict=True))
    return 10 + effects + sds[-1] * rng.normal(size=len(groups[0]))


def _is_clear(design: Design, *, interior: bool) -> bool:
    """Judged by mean squares: no stratum's mean square is near another's, and all components are positive if asked."""
    found = strata(design.X, design.y, design.groups)
    ratios = [a / b for a in found.MS for b in found.MS if a > b]
    return min(ratios, default=1.0) > CLEAR and (not interior or bool(np.all(found.V > 0)))


@st.composite
def balanced(draw: DrawFn, *, interior: bool = False) -> Design:
    """Any of the three kinds, at a boundary or inside, rows shuffled or not."""
    kind = draw(st.sampled_from(["nested", "crossed", "split-plot"]))
    sds = (3.0, 2.0, 1.0) if interior else (*(draw(st.sampled_from(SDS)) for _ in range(2)), 1.0)
    seed = draw(SEEDS)
    design = _drawn(kind, draw, seed, sds)
    for k in range(50):
        if _is_clear(design, interior=interior):
            return design
        design = _again(design, kind, seed + k + 1, sds)
    return split_plot(6, 3, 4, seed=5)


def _drawn(kind: str, draw: DrawFn, seed: int, sds) -> Design:
    a, b, n = draw(st.integers(4, 6)), draw(st.integers(2, 4)), draw(st.integers(2, 4))
    if kind == "nested":
        return nested((a, b, n), seed, sds)
    return crossed(a, b + 1, n, seed, sds) if kind == "crossed" else split_plot(a, b, n, seed, sds)


def _again(design: Design, kind: str, seed: int, sds) -> Design:
    """The same layout, other numbers."""
    effects = design.X @ np.arange(design.X.shape[1]) if kind == "split-plot" else 0.0
    return Design(design.X, _response(design.groups, sds, seed) + effects, design.groups)


def unbalanced(*, interior: bool = False) -> SearchStrategy[Design]:
    """A third of the rows of a balanced design are missing; a covariate beside."""
    return st.builds(_thinned, SEEDS, st.sampled_from(["nested", "crossed"]), st.just(interior))


def _thinned(seed: int, kind: str, interior: bool) -> Design:
    sds = (3.0, 2.0, 1.0) if interior else (1.0, 0.5, 1.0)
    whole = nested((6, 4, 4), seed, sds) if kind == "nested" else crossed(8, 6, 2, seed, sds)
    rng = np.random.default_rng(seed)
    keep = np.sort(rng.permutation(len(whole.y))[: 2 * len(whole.y) // 3])
    X = np.column_stack([np.ones(len(keep)), rng.normal(size=len(keep))])
    return Design(X, whole.y[keep], [g[keep] for g in whole.groups])


# --- random slopes --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Curves(AsRepr):
    """y on X, and coefficients of Z that vary from group to group."""

    X: np.ndarray
    y: np.ndarray
    Z: np.ndarray
    group: np.ndarray
    A_columns: int

    @property
    def terms(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """One term."""
        return [(self.Z, self.group)]

    @cached_property
    def expected(self) -> Coefficients:
        """The closed form."""
        return coefficients(self.X, self.y, self.Z, self.group)

    @cached_property
    def two_stage(self) -> np.ndarray:
        """Standard errors of the groups' least-squares coefficients regressed on A, one column of A after another."""
        groups, r = np.unique(self.group), self.Z.shape[1]
        of = [self.group == g for g in groups]
        b = np.array([np.linalg.lstsq(self.Z[rows], self.y[rows])[0] for rows in of])
        A = np.array([self.X[rows][self.Z[rows, 0] == 1][0, : self.A_columns * r : r] for rows in of])
        left = b - A @ np.linalg.lstsq(A, b)[0]
        mean_squares = np.sum(left**2, axis=0) / (len(groups) - self.A_columns)
        return np.sqrt(np.outer(np.diag(np.linalg.inv(A.T @ A)), mean_squares)).ravel()

    @cached_property
    def predicted(self) -> dict[object, np.ndarray]:
        """The groups' own coefficients less what A explains, shrunk by G (G + Ve (Z'Z)^-1)^-1."""
        groups, closed = np.unique(self.group), self.expected
        left = self.y - self.X @ closed.coef
        of = [self.group == g for g in groups]
        M = closed.G + closed.Ve * np.linalg.inv(self.Z[of[0]].T @ self.Z[of[0]])
        shrink = closed.G @ np.linalg.inv(M)
        own = (np.linalg.lstsq(self.Z[rows], left[rows])[0] for rows in of)
        return {g: shrink @ b for g, b in zip(groups.tolist(), own, strict=True)}

    def __repr__(self) -> str:
        """Short."""
        shape = f"{len(self.y)} rows, {len(np.unique(self.group))} groups, {self.Z.shape[1]} columns vary"
        return f"<{shape}, {self.expected.n_pooled} eigenvalues pooled>"


def predictions(data, G, Ve) -> list[dict[object, np.ndarray]]:
    """G_k Z_k'V^-1 (y - X beta) of every level of every term, by dense matrices."""
    V = Ve * np.eye(len(data.y))
    for (Z, group), part in zip(data.terms, G, strict=True):
        V += (Z @ part @ Z.T) * np.equal.outer(group, group)
    W = np.linalg.inv(V)
    r = W @ (data.y - data.X @ np.linalg.solve(data.X.T @ W @ data.X, data.X.T @ W @ data.y))
    return [
        {level: part @ Z[group == level].T @ r[group == level] for level in np.unique(group).tolist()}
        for (Z, group), part in zip(data.terms, G, strict=True)
    ]


RANKS = [(r, d) for r in (1, 2, 3) for d in range(r + 1)]


def growth_curves(ranks=tuple(RANKS)) -> SearchStrategy[Curves]:
    """Balanced: (r, rank of G) by mean squares, a between-design of one to three columns, a quadratic beside or not."""
    return st.builds(curves_of, st.sampled_from(ranks), st.integers(1, 3), st.booleans(), SEEDS)


def curves_of(ranks: tuple[int, int], c: int, beside: bool, seed: int, sizes: tuple[int, int] | None = None) -> Curves:
    """Ve is 1 or near it, and S has eigenvalues clearly above or clearly below: those below are pooled.

    `sizes`: groups, and rows in each of them, where they are not drawn.
    """
    (r, d), rng = ranks, np.random.default_rng(seed)
    m, k = int(rng.integers(c + r + 2, c + 12)), int(rng.integers(r + 2, r + 5))
    m, k = sizes or (m, k)
    times = np.vander(np.arange(k) - float(rng.integers(0, 3)), r + 1, increasing=True)
    Q, _ = np.linalg.qr(times[:, :r])
    quadratic = times[:, r] - Q @ (Q.T @ times[:, r])
    A = np.column_stack([np.ones(m), rng.normal(size=(m, c - 1)).round(2)])
    X = np.column_stack([np.outer(a, z).ravel() for a in A.T for z in times[:, :r].T])
    X = np.column_stack([X, np.tile(quadratic, m)]) if beside else X
    within = _without(rng.normal(size=(m, k)).T, Q).T
    W = np.sum(_without(within.reshape(-1, 1), np.tile(quadratic, m)[:, None]) ** 2) if beside else np.sum(within**2)
    within *= np.sqrt((m * (k - r) - beside) / W)
    between = _without(rng.normal(size=(m, r)), np.linalg.qr(A)[0])
    wanted = np.append(rng.uniform(0.1, 0.4, r - d), rng.uniform(3, 30, d)) * (m - c)
    U, _, V = np.linalg.svd(between, full_matrices=False)
    y = (U * np.sqrt(wanted)) @ V @ Q.T + within
    order = rng.permutation(m * k)
    y = y.ravel() + X @ rng.normal(0, 3, X.shape[1])
    return Curves(X[order], y[order], np.tile(times[:, :r], (m, 1))[order], np.repeat(np.arange(m), k)[order], c)


def _without(columns: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What is at right angles to the others."""
    return columns - others @ np.linalg.lstsq(others, columns)[0]
