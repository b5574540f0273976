"""The model that printed numbers are of: from options or from lme4's formula, on a table of `lmm_core.tables`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError

from lmm_core.chapter.reading import in_r
from lmm_core.chapter.several import components
from lmm_core.tables import Table
from tests.peers.hypotheses import Terms, type_1, type_2, type_3

CONTRASTS = ("treatment", "last", "sum")
RANDOM = re.compile(r"\(\s*(?P<left>[^|()]*?)\s*(?P<bar>\|\|?)\s*(?P<group>[^()|]+?)\s*\)")
WORD = r"`[^`]+`|[^\W\d][\w.]*"


@dataclass(frozen=True)
class Asked:
    """What is fitted: by a formula, or by columns."""

    response: str = ""
    groups: Sequence[str] = ()
    factors: Sequence[str] = ()
    covariates: Sequence[str] = ()
    formula: str = ""
    contrasts: str = "treatment"
    ml: bool = False
    drop_missing: bool = False
    slopes: Sequence[str] = ()
    order: Sequence[str] = ()  # of factors and covariates; otherwise the factors first


@dataclass(frozen=True)
class Model:
    """X (n, p) with names of its columns, y, the codes of each component by its name.

    terms: the columns of each.   L: by type, "I", "II" and "III", the rows of each term's hypothesis.
    reference: factors' levels that others are compared with.   Z: of each component the names of its columns and these
    (n, r): lme4's (Z - 1 | group).

    fitted: the formula.   n_dropped: rows left out.   in_r: R's lines that read the same.
    """

    X: np.ndarray
    names: list[str]
    y: np.ndarray
    groups: dict[str, np.ndarray]
    Z: dict[str, tuple[list[str], np.ndarray]]
    terms: dict[str, list[int]]
    L: dict[str, dict[str, np.ndarray]]
    reference: list[str]
    fitted: str
    n_dropped: int
    in_r: list[str] = field(repr=False)


def model(table: Table, asked: Asked) -> Model:
    """The model of a table; raises ValueError."""
    response, fixed, random = _read(table, asked)
    parts = [(left, name, columns) for left, group in random for name, columns in components(table, [group]).items()]
    words = list(
        dict.fromkeys(w.strip("`") for part in (fixed, *(p[0] for p in parts)) for w in re.findall(WORD, part))
    )
    for option, names in (("--response", [response]), ("--model" if asked.formula else "--factor", words)):
        for name in names:
            table.require(option, name)
    of_groups = dict.fromkeys(column for *_, columns in parts for column in columns)
    table = table.complete([*of_groups, *words, response], drop=asked.drop_missing)
    data = pd.DataFrame({word: _column(table, word, asked) for word in words}, index=range(len(table)))
    factors = [word for word in words if data[word].dtype == "category"]
    for word in words:
        if data[word].nunique() < 2:
            raise ValueError(f"{table.file}: column {word!r} is constant")
    X, of_term = _matrix(fixed, data, asked.contrasts)
    if np.linalg.matrix_rank(X.to_numpy()) < X.shape[1]:
        raise ValueError(f"{table.file}: the columns of the model are linearly dependent: {', '.join(X)}")
    terms = {term: columns for term, columns in of_term.items() if term != "1"}
    L = {"I": type_1(X.to_numpy(float), terms), "II": type_2(X.to_numpy(float), terms, factors)}
    L["III"] = L["I"] if len(terms) == 1 else _type_3(fixed, data, X.to_numpy(float), terms)
    fitted = f"{response} ~ {fixed} + {' + '.join(f'({left} | {group})' for left, group in random)}"
    lines = in_r(table, [*of_groups, *factors], [word for word in words if word not in factors] + [response])
    codes, Z = {}, {}
    for left, name, columns in parts:
        key = name if name not in codes else f"{name}.{sum(other.split('.')[0] == name for other in codes)}"
        of_left, _ = _matrix(left, data, asked.contrasts)
        codes[key] = table.combined(columns)
        Z[key] = _renamed(of_left, data), of_left.to_numpy(float)
    y = table.numbers(response)
    at = {"treatment": 0, "last": -1}.get(asked.contrasts)
    reference = [] if at is None else [f"{factor}{data[factor].cat.categories[at]}" for factor in factors]
    return Model(X.to_numpy(float), _renamed(X, data), y, codes, Z, terms, L, reference, fitted, table.n_dropped, lines)


def _read(table: Table, asked: Asked) -> tuple[str, str, list[tuple[str, str]]]:
    """Response, fixed part, and what varies by which group."""
    if not asked.formula:
        fixed, varying = (" + ".join(map(_quoted, names)) or "1" for names in (_fixed(asked), asked.slopes))
        components(table, asked.groups)  # none twice
        if asked.slopes and len(asked.groups) > 1:
            raise ValueError(f"--slope goes with one --group, not with {' and '.join(asked.groups)}; say --model")
        return asked.response, fixed, [(varying, group) for group in asked.groups]
    given = [o for o in ("response", "groups", "covariates", "slopes") if getattr(asked, o)]
    if given:
        raise ValueError(f"--{given[0].removesuffix('s')} and --model say the same; give one of them")
    response, _, right = asked.formula.partition("~")
    found = []
    for random in RANDOM.finditer(right):
        group = re.sub(r"\s*([/:])\s*", r"\1", random["group"]).replace("`", "")
        left = re.sub(r"(?:factor|C)\(\s*([^()]+?)\s*\)", r"\1", random["left"])
        parts = [part.strip() for part in left.split("+")]
        alone = ["1", *(f"0 + {part}" for part in parts if part not in "01")]
        found += [(part, group) for part in (alone[parts[0] == "0" :] if random["bar"] == "||" else [left])]
    if not found or not response.strip():
        raise ValueError(f"--model {asked.formula!r} is no y ~ x + (1 | group)")
    fixed = re.sub(r"(?:factor|C)\(\s*([^()]+?)\s*\)", r"\1", RANDOM.sub("", right))
    fixed = re.sub(r"^\s*\+|\+\s*(?=\+|$)", "", fixed).strip() or "1"
    return response.strip().strip("`"), fixed, found


def _fixed(asked: Asked) -> Sequence[str]:
    return asked.order or [*asked.factors, *asked.covariates]


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[^\W\d][\w.]*", word) else f"`{word}`"


def _column(table: Table, word: str, asked: Asked) -> Any:
    """A factor with its levels in order, or numbers: as the options say, in a formula by the cells as in R."""
    named = re.search(rf"(?:factor|C)\(\s*`?{re.escape(word)}`?\s*\)", asked.formula)
    is_number = word in asked.covariates or (word in asked.slopes and word not in asked.factors)
    if asked.formula and not named and word not in asked.factors:
        try:
            table.numbers(word)
            is_number = True
        except ValueError:
            is_number = False
    if is_number:
        return table.numbers(word)
    labels = table.labels(word)
    levels = sorted(labels.unique())
    return pd.Categorical(labels, levels)


def _matrix(
    fixed: str, data: pd.DataFrame, contrasts: str, *, every_level: bool = False
) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """The model matrix by formulaic, and the columns of each term; or the matrix with a column for every level."""
    factors = [word for word in data if data[word].dtype == "category"]
    frame = data if len(data.columns) else pd.DataFrame({"one": np.ones(len(data))})
    if contrasts == "last":
        last_first = {f: (c := list(data[f].cat.categories))[-1:] + c[:-1] for f in factors}
        frame = frame.assign(**{f: data[f].cat.reorder_categories(levels) for f, levels in last_first.items()})

    def coded(match: re.Match[str]) -> str:
        word = match[0].strip("`")
        return f"C(`{word}`, contr.sum)" if contrasts == "sum" and word in factors else match[0]

    try:
        X = formulaic.model_matrix(re.sub(WORD, coded, fixed), frame, ensure_full_rank=not every_level)
    except (FormulaicError, SyntaxError, TypeError, KeyError) as error:
        raise ValueError(f"--model: {str(error).splitlines()[0]}") from None
    spans = {_bare(str(term)).replace("`", ""): list(columns) for term, columns in X.model_spec.term_indices.items()}
    return pd.DataFrame(X), spans


def _type_3(fixed: str, data: pd.DataFrame, X: np.ndarray, terms: Terms) -> dict[str, np.ndarray]:
    """By treatment contrasts, then in the columns of X."""
    first, of_first = _matrix(fixed, data, "treatment")
    every, _ = _matrix(fixed, data, "treatment", every_level=True)
    named = [list(every).index(column.replace("[T.", "[")) for column in first]
    factors = [word for word in data if data[word].dtype == "category"]
    spans = {term: of_first[term] for term in terms}
    return type_3(first.to_numpy(float), every.to_numpy(float), named, X, spans, factors)


def _bare(name: str) -> str:
    return re.sub(r"C\(`?(.+?)`?, contr\.sum\)", r"\1", name)


def _renamed(X: pd.DataFrame, data: pd.DataFrame) -> list[str]:
    """As R calls them: (Intercept), armB, arm1 where contrasts sum to 0."""
    names = []
    for column in map(_bare, X):
        name = re.sub(r"\[(?:T\.)?(?!S\.)(.*?)\](?=:|$)", r"\1", column)
        for word in data:
            if data[word].dtype == "category":
                for i, level in enumerate(data[word].cat.categories, start=1):
                    name = name.replace(f"{word}[S.{level}]", f"{word}{i}")
        names.append("(Intercept)" if name == "Intercept" else name)
    return names
