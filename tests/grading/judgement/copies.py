"""Functions that several hand-ins share, or that one shares with lmm_core, whatever their variables are called.

A function of Python is compared as its syntax tree without docstring, comments and annotations, one of R as its words
without comments; arguments and variables are numbered in order of appearance. Short ones are not compared (there are
only so many ways to write `buckets - colours`), nor what half of a class of ten or more has written alike.
"""

import ast
import inspect
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import lmm_core
from tests.contract import CONTRACT
from tests.grading.intake.handin import HandIn

LONG = 45  # nodes of a tree, or words
MANY = 10  # in such a class half may write alike
R_WORD = re.compile(r"""[A-Za-z.][\w.]*|\d[\w.]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|<-|[<>=!]=|%[^%]*%|\S""")
R_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\#[^\n]*""")


@dataclass(frozen=True)
class Cluster:
    """Hand-ins that share functions."""

    names: tuple[str, ...]
    functions: tuple[str, ...]
    is_core: bool = False  # and with lmm_core


def copies(handed_in: Iterable[HandIn]) -> list[Cluster]:
    """Who shares what with whom, the largest clusters first; for the teacher's eyes."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    everybody = list(handed_in)
    for one in everybody:
        for function, normalised in _functions(one).items():
            owners[function, normalised].append(one.name)
    core = {name: _trees(inspect.getsource(getattr(lmm_core, name))).get(name) for name in CONTRACT}
    shared: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for (function, normalised), names in owners.items():
        is_core = normalised == core[function]
        is_common = len(everybody) >= MANY and len(names) > len(everybody) / 2
        if is_core or (len(names) > 1 and not is_common):
            shared[tuple(names), is_core].append(function)
    order = list(CONTRACT).index
    found = [
        Cluster(names, tuple(sorted(functions, key=order)), is_core) for (names, is_core), functions in shared.items()
    ]
    return sorted(found, key=lambda cluster: (-len(cluster.names), -len(cluster.functions), cluster.names))


def _functions(one: HandIn) -> dict[str, str]:
    if one.source is None:
        return {}
    normalised = _trees if one.source.language == "Python" else _words
    return {name: text for _, chunk in one.source.chunks for name, text in normalised(chunk).items()}


def _trees(source: str) -> dict[str, str]:
    """The normalised trees of the contract's functions in a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the student's escapes
            body = ast.parse(source).body
        functions = [node for node in body if isinstance(node, ast.FunctionDef) and node.name in CONTRACT]
        trees = {node.name: _normalised(node) for node in functions}
        return {name: ast.dump(tree) for name, tree in trees.items() if sum(1 for _ in ast.walk(tree)) > LONG}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _normalised(function: ast.FunctionDef) -> ast.FunctionDef:
    numbers: dict[str, str] = {}
    for argument in ast.walk(function):
        if isinstance(argument, ast.arg):
            argument.annotation = None
            argument.arg = numbers.setdefault(argument.arg, f"v{len(numbers)}")
    own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and (node.id in own or node.id in numbers):
            node.id = numbers.setdefault(node.id, f"v{len(numbers)}")
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        function.body = function.body[1:]
    function.returns, function.decorator_list = None, []
    return function


def _words(source: str) -> dict[str, str]:
    """The normalised words of the contract's functions in a text of R: from `function` to the brace that ends it."""
    words = R_WORD.findall(R_COMMENT.sub(lambda found: found.group(1) or "", source))
    found = {}
    for i, name in enumerate(words[:-3]):
        if name in CONTRACT and words[i + 1] in ("<-", "=") and words[i + 2] == "function":
            body = _to_the_end(words[i + 2 :])
            own = {word for word, after in pairwise(body) if after == "<-"}
            own |= set(body[2 : body.index(")")]) - {","}
            numbers: dict[str, str] = {}
            told = [numbers.setdefault(word, f"v{len(numbers)}") if word in own else word for word in body]
            if len(told) > LONG:
                found[name] = " ".join(told)
    return found


def _to_the_end(words: list[str]) -> list[str]:
    depth = 0
    for i, word in enumerate(words):
        depth += (word == "{") - (word == "}")
        if word == "}" and depth <= 0:
            return words[: i + 1]
    return words
