"""For a peer whose package wants a data frame and a formula."""

import numpy as np
import pandas as pd


def frame(X: np.ndarray, y: np.ndarray, group: np.ndarray) -> tuple[pd.DataFrame, str]:
    """A table with columns x0, x1, ..., y and group, and the formula of its fixed part, "y ~ 0 + x0 + x1".

    Args:
        X: model matrix (n, p), the constant, if any, among its columns.
        y: response (n,).
        group: n bucket labels, which become text.

    Returns:
        The table, and the formula without the random part, which packages write in different ways.
    """
    names = [f"x{j}" for j in range(np.shape(X)[1])]
    data = pd.DataFrame(np.asarray(X, dtype=float), columns=names)
    data["y"], data["group"] = np.asarray(y, dtype=float), np.asarray(group).astype(str)
    return data, f"y ~ 0 + {' + '.join(names)}"
