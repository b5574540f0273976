"""Exercise 4.2: the design matrix and V."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import covariance
from tests.grading.judgement.misconceptions.registry import misconception
from tests.strategies import indicators


@misconception(
    "dummy-trap",
    "design_matrix",
    "With the constant and a column for every colour the columns add up: the constant is the sum of the others, "
    "and the coefficients are not determined. One colour has to go.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


@misconception(
    "labels-as-numbers",
    "design_matrix",
    "The labels were used as one numeric column. A label is a name, not a quantity: every level needs its own column.",
)
def _(labels, intercept):
    codes = np.unique(labels, return_inverse=True)[1].astype(float)
    return np.column_stack([np.ones(len(codes)), codes]) if intercept else codes[:, None]


@misconception("labels-as-numbers", "design_matrix", "")
def _(labels, intercept):
    codes = np.unique(labels, return_inverse=True)[1] + 1.0
    return np.column_stack([np.ones(len(codes)), codes]) if intercept else codes[:, None]


@misconception("labels-as-numbers", "design_matrix", "")
def _(labels, intercept):
    is_number = np.asarray(labels).dtype.kind in "iuf"
    numbers = np.asarray(labels, float) if is_number else np.unique(labels, return_inverse=True)[1].astype(float)
    return np.column_stack([np.ones(len(numbers)), numbers]) if intercept else numbers[:, None]


@misconception(
    "other-reference-level",
    "design_matrix",
    "The columns are not those of the levels in sorted order. Levels are sorted, and the first of them is the one that "
    "the constant stands for.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, :-1]]) if intercept else X


@misconception("other-reference-level", "design_matrix", "")
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([X[:, :-1], np.ones(len(X))]) if intercept else X


@misconception("other-reference-level", "design_matrix", "")
def _(labels, intercept):
    levels = list(dict.fromkeys(np.asarray(labels).tolist()))
    X = np.array([[float(label == level) for level in levels] for label in np.asarray(labels).tolist()])
    return np.column_stack([np.ones(len(X)), X[:, 1:]]) if intercept else X


@misconception(
    "labels-sorted-as-text",
    "design_matrix",
    "Numbered colours were sorted as text, where 111 comes before 20. Numbers are sorted by their size.",
)
def _(labels, intercept):
    X = indicators(np.asarray(labels).astype(str))
    return np.column_stack([np.ones(len(X)), X[:, 1:]]) if intercept else X


@misconception(
    "sum-contrasts",
    "design_matrix",
    "These are sum contrasts: each colour is compared with the mean of all. The exercise asks for treatment contrasts: "
    "each colour is compared with the first.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, :-1] - X[:, -1:]]) if intercept else X


@misconception(
    "diagonal-only",
    "covariance_matrix",
    "V is diagonal: frogs of a bucket are treated as independent. They share the bucket's effect, and so covary.",
)
def _(group, Vb, Ve):
    return (Vb + Ve) * np.eye(len(group))


@misconception("diagonal-only", "covariance_matrix", "")
def _(group, Vb, Ve):
    return Ve * np.eye(len(group))


@misconception(
    "covariance-everywhere",
    "covariance_matrix",
    "All frogs covary. Only frogs of the same bucket share an effect; between buckets the covariance is zero.",
)
def _(group, Vb, Ve):
    return Vb + Ve * np.eye(len(group))


@misconception(
    "diagonal-without-residual",
    "covariance_matrix",
    "The diagonal lacks the residual variance: a frog varies with its bucket and on its own.",
)
def _(group, Vb, Ve):
    return Vb * (group[:, None] == group).astype(float)


@misconception(
    "diagonal-without-bucket",
    "covariance_matrix",
    "The diagonal lacks the variance between buckets: a frog varies on its own and with its bucket.",
)
def _(group, Vb, Ve):
    same = (group[:, None] == group).astype(float)
    return Vb * (same - np.eye(len(group))) + Ve * np.eye(len(group))


@misconception(
    "rows-assumed-sorted",
    "covariance_matrix",
    "The blocks stand where buckets would be if the rows were sorted. V[i, j] depends on whether rows i and j have "
    "the same bucket, wherever they stand.",
)
def _(group, Vb, Ve):
    ordered = np.sort(group)
    return covariance(ordered, Vb, Ve)


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    sizes = [int(np.sum(group == bucket)) for bucket in dict.fromkeys(group.tolist())]
    return covariance(np.repeat(np.arange(len(sizes)), sizes), Vb, Ve)


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    n_buckets = len(np.unique(group))
    return covariance(np.arange(len(group)) // -(-len(group) // n_buckets), Vb, Ve)


@misconception(
    "intercept-ignored",
    "design_matrix",
    "The same columns come out whether a constant is asked for or not. With it, it takes the place of the first "
    "level's column; without it every level has one.",
)
def _(labels, intercept):
    return indicators(labels)


@misconception("intercept-ignored", "design_matrix", "")
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, 1:]])


@misconception(
    "intercept-exchanged",
    "design_matrix",
    "With a constant and without are exchanged: it stands where none was asked for, and is missing where one was.",
)
def _(labels, intercept):
    X = indicators(labels)
    return X if intercept else np.column_stack([np.ones(len(X)), X[:, 1:]])


@misconception(
    "variances-squared",
    "covariance_matrix",
    "Vb and Ve were squared. They are variances already, squares of standard deviations.",
)
def _(group, Vb, Ve):
    return covariance(group, Vb**2, Ve**2)


@misconception(
    "correlation-for-covariance",
    "covariance_matrix",
    "This is the correlation matrix, with ones on its diagonal. V has variances there, and covariances beside it.",
)
def _(group, Vb, Ve):
    return covariance(group, Vb, Ve) / (Vb + Ve)


@misconception(
    "sum-in-the-block",
    "covariance_matrix",
    "Frogs of a bucket covary by Vb + Ve here. They share the bucket's effect only: what is a frog's own stands on the "
    "diagonal.",
)
def _(group, Vb, Ve):
    return covariance(group, Vb + Ve, 0.0)


@misconception(
    "inverse-returned",
    "covariance_matrix",
    "This is the inverse of V. Least squares need it later; V itself is asked for.",
)
def _(group, Vb, Ve):
    return np.linalg.inv(covariance(group, Vb, Ve))


@misconception(
    "one-half-only",
    "covariance_matrix",
    "One half of V is empty. A covariance is mutual: V[i, j] and V[j, i] are the same.",
)
def _(group, Vb, Ve):
    return np.triu(covariance(group, Vb, Ve))


@misconception("one-half-only", "covariance_matrix", "")
def _(group, Vb, Ve):
    return np.tril(covariance(group, Vb, Ve))


@misconception(
    "residual-between-buckets",
    "covariance_matrix",
    "Ve stands between frogs of different buckets. What is a frog's own is shared with no other: those entries are "
    "zero.",
)
def _(group, Vb, Ve):
    V = covariance(group, Vb, Ve)
    return np.where(V == 0, Ve, V)


@misconception("residual-between-buckets", "covariance_matrix", "")
def _(group, Vb, Ve):
    return covariance(group, Vb, 0.0) + Ve


@misconception(
    "sds-for-variances",
    "covariance_matrix",
    "Roots of Vb and Ve were used. They are variances already, as V has them.",
)
def _(group, Vb, Ve):
    return covariance(group, np.sqrt(Vb), np.sqrt(Ve))


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    V = covariance(group, Vb, Ve)
    near = np.abs(np.subtract.outer(np.arange(len(V)), np.arange(len(V)))) <= 1
    return np.where(near, V, 0.0)


@misconception(
    "constant-last",
    "design_matrix",
    "The constant stands last. It comes first, and then the colours in their order.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([X[:, 1:], np.ones(len(X))]) if intercept else X


@misconception(
    "zeros-and-ones-exchanged",
    "design_matrix",
    "The columns have 0 where the label is theirs, and 1 elsewhere.",
)
def _(labels, intercept):
    X = 1 - indicators(labels)
    if intercept:
        X[:, 0] = 1
    return X


@misconception(
    "constant-left-out",
    "design_matrix",
    "A level's column was dropped, and no constant stands in its place. Without it nothing stands for the mean of that "
    "level: each other column is what its level has more.",
)
def _(labels, intercept):
    X = indicators(labels)
    return X[:, 1:] if intercept else X


@misconception("constant-left-out", "design_matrix", "")
def _(labels, intercept):
    return indicators(labels)[:, 1:]


@misconception("constant-left-out", "design_matrix", "")
def _(labels, intercept):
    return indicators(labels)[:, :-1]


@misconception("sum-contrasts", "design_matrix", "")
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, :-1] - X[:, -1:]])


@misconception("residual-between-buckets", "covariance_matrix", "")
def _(group, Vb, Ve):
    return np.where(group[:, None] == group, Vb, Ve)


@misconception(
    "constant-in-z",
    "covariance_matrix",
    "Z has a constant, and no column for the first bucket. Every bucket has a column of its own in Z, and there is no "
    "constant: ~ bucket - 1.",
)
def _(group, Vb, Ve):
    Z = indicators(np.asarray(group))
    Z[:, 0] = 1
    return Vb * Z @ Z.T + Ve * np.eye(len(Z))


@misconception(
    "level-dropped",
    "design_matrix",
    "Without a constant the first level's column is missing. It is dropped only where the constant stands in its "
    "place.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.column_stack([np.ones(len(X)), X[:, 1:]]) if intercept else X[:, 1:]


@misconception(
    "transposed",
    "design_matrix",
    "Rows and columns are exchanged. A row is a frog, a column what is estimated.",
)
def _(labels, intercept):
    X = indicators(labels)
    return np.vstack([np.ones(len(X)), X[:, 1:].T]) if intercept else X.T


@misconception(
    "buckets-for-frogs",
    "covariance_matrix",
    "This is a table of buckets, Z'Z. V has a row and a column for every frog: Z Z'.",
)
def _(group, Vb, Ve):
    Z = indicators(np.asarray(group))
    return Vb * Z.T @ Z + Ve * np.eye(Z.shape[1])


@misconception(
    "other-buckets-covary",
    "covariance_matrix",
    "Vb stands between frogs of different buckets. It is those of one bucket that share its effect.",
)
def _(group, Vb, Ve):
    other = group[:, None] != group
    return Vb * other + (Vb + Ve) * np.eye(len(group))


@misconception(
    "correlation-beside-variances",
    "covariance_matrix",
    "Beside the variances stands rho, the correlation. What two frogs of a bucket have in common is a covariance: Vb.",
)
def _(group, Vb, Ve):
    V = covariance(group, Vb / (Vb + Ve), 0.0)
    np.fill_diagonal(V, Vb + Ve)
    return V


@misconception("rows-assumed-sorted", "covariance_matrix", "")
def _(group, Vb, Ve):
    n_buckets = len(np.unique(group))
    if len(group) % n_buckets:
        raise ValueError("unequal buckets")
    return covariance(np.repeat(np.arange(n_buckets), len(group) // n_buckets), Vb, Ve)
