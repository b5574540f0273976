"""Balanced random coefficients: REML and ML, their boundary and their degrees of freedom in closed form.

m groups with the same Z_i'Z_i = L L', r columns, and fixed effects C(X) = {A (x) Z} + C(X_perp): A (m, c) any design of
the groups, whose blocks are a_i' (x) Z_i, and columns with Z_i'X_perp,i = 0. With B (m, r) the least-squares
coefficients of the groups on their Z_i,

    W = sum_i |y_i - Z_i b_i|^2 less what X_perp explains, on f_e = sum (n_i - r) - rank X_perp df
    S = L'B'(I - P_A) B L / f_b = U diag(l) U',    f_b = m - c

V has the eigenvalue Ve on f_e dimensions, and on f_b each lambda_j, that is Ve or more. REML sets them to their mean
squares; from the smallest l_j on, whichever is at most the mean square pooled so far joins it:

    Ve = (W + f_b sum of l_j pooled) / (f_e + f_b #pooled),   lambda_j = l_j or Ve,
    G = L^-T (U diag(lambda) U' - Ve I) L^-1

Source: Laird, Lange and Stram (1987), JASA 82, 97-105 (the interior); Anderson, Anderson and Olkin (1986), Annals of
Statistics 14, 405-417 (eigenvalues that are pooled); the df at a singular fit: THEOREMS.md, theorem 24.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from reference.strata import NotClosedError

Floats = NDArray[np.float64]
SAME = 1e-9  # products of columns, relative to their size, that differ by less are equal
RANK = 1e-9


@dataclass(frozen=True)
class Coefficients:
    """G (r, r), Ve, coef and se (p,), criterion; how many eigenvalues of S are pooled, and the mean squares' df."""

    G: Floats
    Ve: float
    coef: Floats
    se: Floats
    criterion: float
    eigenvalues: Floats  # l (r,), ascending
    n_pooled: int
    f_e: int
    f_b: int
    along: Floats  # U'L^-1 Z_i'k_i of the rows of X's pseudo-inverse (p, r, m)
    rotated: Floats  # U'L^-1 Z_i' of each row (n, r)
    X_plus: Floats  # (p, n)
    codes: NDArray[np.intp]

    def ddf(self, contrasts: ArrayLike) -> Floats:
        """Satterthwaite's df of the rows l (q, p), by what is left of the parameters (theorem 24).

            f^2 / (tr((N_11 Lambda_1)^2) / f_b + Ve^2 (tr N_22 + q)^2 / (f_e + f_b #pooled)
                   + sum over i in 1, j in 2 of (2 N_ij (lambda_i - Ve))^2 / (2 f_b (l_i - l_j)(1 / Ve - 1 / lambda_i)))

        k_i the rows of X+'l of group i, N = sum_i U'L^-1 Z_i'k_i k_i'Z_i L^-T U, q = |X+'l|^2 - tr N, and
        f = sum lambda_j N_jj + Ve q; 1 is what is not pooled, 2 what is.
        """
        return np.array([self._df(row) for row in np.atleast_2d(np.asarray(contrasts, dtype=float))])

    def _df(self, row: Floats) -> float:
        k = self.X_plus.T @ row
        sums = np.array([np.bincount(self.codes, column * k) for column in self.rotated.T])  # (r, m)
        N = sums @ sums.T
        q, d, Ve, pooled_df = k @ k - np.trace(N), self.n_pooled, self.Ve, self.f_e + self.f_b * self.n_pooled
        inside = np.arange(len(self.eigenvalues)) >= d
        lam = np.where(inside, self.eigenvalues, Ve)
        f = lam @ np.diag(N) + Ve * q
        N_11 = N[np.ix_(inside, inside)] * lam[inside]
        cross = sum(
            (2 * N[i, j] * (lam[i] - Ve)) ** 2
            / (2 * self.f_b * (self.eigenvalues[i] - self.eigenvalues[j]) * (1 / Ve - 1 / lam[i]))
            for i in np.flatnonzero(inside)
            for j in np.flatnonzero(~inside)
        )
        of_Ve = Ve**2 * (np.diag(N)[~inside].sum() + q) ** 2 / pooled_df
        return float(f**2 / (np.trace(N_11 @ N_11) / self.f_b + of_Ve + cross))


def coefficients(X: ArrayLike, y: ArrayLike, Z: ArrayLike, group: Any, *, ml: bool = False) -> Coefficients:
    """The fit of y = X beta + Z b + e, b by group; raises NotClosedError where it has no closed form, and says why."""
    X, y, Z = (np.asarray(part, dtype=float) for part in (X, y, Z))
    codes = np.unique(np.asarray(group), return_inverse=True)[1]
    (n, p), r, m = X.shape, Z.shape[1], int(codes.max()) + 1
    gram = np.array([Z[codes == i].T @ Z[codes == i] for i in range(m)])
    if np.max(np.abs(gram - gram[0])) > SAME * np.max(np.abs(gram[0])) or np.linalg.matrix_rank(gram[0]) < r:
        raise NotClosedError("the groups have different Z'Z, or one of less than full rank")
    L = np.linalg.cholesky(gram[0])
    A, X_perp = _parts(X, Z, codes, gram[0])
    b = np.linalg.solve(gram[0], _by_group(Z, y, codes, m).T).T
    left = y - np.sum(Z * b[codes], axis=1)
    left = left - X_perp @ (X_perp.T @ left)
    f_e, f_b, W = n - m * r - X_perp.shape[1], m - A.shape[1], float(left @ left)
    if f_e < 1 or f_b < 1 or W <= 0:
        raise NotClosedError(f"W has {f_e} df and S {f_b}; expected 1 or more of both, and W > 0")
    residual = b - A @ (A.T @ b)
    SS = L.T @ residual.T @ residual @ L
    of_e, of_b = (n - m * r, m) if ml else (f_e, f_b)
    values, U = np.linalg.eigh(SS / of_b)
    Ve, d = W / of_e, 0
    while d < r and values[d] <= Ve:
        d += 1
        Ve = (W + of_b * values[:d].sum()) / (of_e + of_b * d)
    lam = np.where(np.arange(r) < d, Ve, values)
    root = solve_triangular(L.T, U * np.sqrt(lam - Ve))
    X_plus = np.linalg.pinv(X)
    rotated = solve_triangular(L, Z.T, lower=True).T @ U
    along = np.array([[np.bincount(codes, rotated[:, j] * k, m) for j in range(r)] for k in X_plus])  # (p, r, m)
    variances = np.einsum("prm,r->p", along**2, lam - Ve) + Ve * np.sum(X_plus**2, axis=1)
    criterion = (n if ml else n - p) * (1 + np.log(2 * np.pi)) + of_e * np.log(Ve) + of_b * np.log(lam).sum()
    criterion += 0.0 if ml else float(np.linalg.slogdet(X.T @ X)[1])
    return Coefficients(
        root @ root.T,
        Ve,
        X_plus @ y,
        np.sqrt(variances),
        float(criterion),
        values,
        d,
        of_e,
        of_b,
        along,
        rotated,
        X_plus,
        codes,
    )


def _by_group(Z: Floats, y: Floats, codes: NDArray[np.intp], m: int) -> Floats:
    """Z_i'y_i (m, r)."""
    return np.column_stack([np.bincount(codes, column * y, m) for column in Z.T])


def _parts(X: Floats, Z: Floats, codes: NDArray[np.intp], gram: Floats) -> tuple[Floats, Floats]:
    """A (m, c) and X_perp, both orthonormal, with C(X) = {A (x) Z} + C(X_perp)."""
    p, r, m = X.shape[1], Z.shape[1], int(codes.max()) + 1
    X = X / np.linalg.norm(X, axis=0)
    B = np.array([np.linalg.solve(gram, _by_group(Z, x, codes, m).T).T for x in X.T])  # (p, m, r)
    along = np.array([np.sum(Z * B_j[codes], axis=1) for B_j in B]).T
    lengths = B @ np.linalg.cholesky(gram)  # |Z_i b| = |L'b|
    A, X_perp = _basis(lengths.transpose(1, 0, 2).reshape(m, p * r)), _basis(X - along)
    if _basis(along).shape[1] != A.shape[1] * r or _basis(np.hstack([X, along])).shape[1] > _basis(X).shape[1]:
        raise NotClosedError("a fixed column lies neither in A (x) Z nor at right angles to Z in every group")
    return A, X_perp


def _basis(columns: Floats) -> Floats:
    """An orthonormal basis of the parts of columns of length 1; what is shorter than RANK is rounding."""
    U, s, _ = np.linalg.svd(columns, full_matrices=False)
    return U[:, s > RANK]
