"""Functions that two files share, or that a file shares with lmm_core, whatever their names are.

A function is compared as its syntax tree without docstring, comments and annotations, its arguments and
variables numbered in order of appearance. Short ones are not compared: there are only so many ways to write
`buckets - colours`.
"""

import ast
import inspect
import warnings
from collections import defaultdict
from collections.abc import Iterable

import lmm_core
from tests.contract import CONTRACT
from tests.grading.intake.handin import HandIn

LONG = 45  # nodes of the tree


def copies(handed_in: Iterable[HandIn]) -> dict[str, list[str]]:
    """By submission, sentences about what it shares with lmm_core or with others, for the teacher's eyes."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in handed_in:
        source = one.source
        for function, tree in _trees(source.text if source and source.language == "Python" else "").items():
            owners[function, tree].append(one.name)
    core = {name: _trees(inspect.getsource(getattr(lmm_core, name))).get(name) for name in CONTRACT}
    found: dict[str, list[str]] = {}
    for (function, tree), names in sorted(owners.items()):
        for name in names:
            others = [other for other in names if other != name]
            if tree == core[function]:
                found.setdefault(name, []).append(f"{function} is lmm_core's")
            elif others:
                found.setdefault(name, []).append(f"{function} is the same as in {', '.join(others)}")
    return found


def _trees(source: str) -> dict[str, str]:
    """The normalised trees of the contract's functions in a file."""
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
