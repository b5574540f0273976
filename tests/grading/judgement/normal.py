"""Functions in a form that names, comments and layout do not change, read in a process of its own.

A function of Python is its syntax tree without docstring, comments and annotations, one of R its words without
comments; arguments and variables are numbered in order of appearance. Short ones have none: there are only so many
ways to write `buckets - colours`. Python alone is imported, for whoever waits.
"""

import ast
import contextlib
import json
import re
import signal
import sys
import warnings
from itertools import pairwise

LONG = 45  # nodes of a tree, or words
# A text ends at its quotation mark or where everything ends, so that one that is left open is read but once.
R_TEXT = r"""(?:"(?:\\[\s\S]|[^"\\])*+\\?(?:"|\Z)|'(?:\\[\s\S]|[^'\\])*+\\?(?:'|\Z))"""
R_WORD = re.compile(rf"[A-Za-z.][\w.]*|\d[\w.]*|{R_TEXT}|<-|[<>=!]=|%[^%]*(?:%|\Z)|\S")
R_COMMENT = re.compile(rf"({R_TEXT})|\#[^\n]*")
SECONDS, BYTES = 5, 2**31  # of the processor for one hand-in, and of memory


def _functions(told: tuple[str, list[str]] | None, asked: list[str]) -> dict[str, str]:
    """Of one hand-in, in the other process."""
    if told is None:
        return {}
    normalised = trees if told[0] == "Python" else _words
    try:
        _limit(SECONDS)
        return {name: text for chunk in told[1] for name, text in normalised(chunk, asked).items()}
    except (TimeoutError, MemoryError):
        return {}
    finally:
        _limit(0)


def _limit(seconds: float) -> None:
    """A TimeoutError after so many seconds of the processor, where the system can; 0: none."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _too_long(*_: object) -> None:
    raise TimeoutError


def trees(source: str, asked: list[str]) -> dict[str, str]:
    """The normalised trees of the functions of these names in a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the student's escapes
            body = ast.parse(source).body
        functions = [node for node in body if isinstance(node, ast.FunctionDef) and node.name in asked]
        found = {node.name: _normalised(node) for node in functions}  # without their names
        return {name: ast.dump(tree) for name, tree in found.items() if sum(1 for _ in ast.walk(tree)) > LONG}
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
    function.name, function.returns, function.decorator_list = "", None, []
    return function


def _words(source: str, asked: list[str]) -> dict[str, str]:
    """The normalised words of functions in a text of R: from `function` to the brace that ends it."""
    words = R_WORD.findall(R_COMMENT.sub(lambda found: found.group(1) or "", source))
    found, i = {}, 0
    while i + 2 < len(words):
        name, end = words[i], i + 1
        if name in asked and words[i + 1] in ("<-", "=") and words[i + 2] == "function":
            end = _end(words, i + 2)
            body = words[i + 2 : end]
            own = {word for word, after in pairwise(body) if after == "<-"}
            own |= set(body[2 : body.index(")")] if ")" in body else ()) - {","}
            numbers: dict[str, str] = {}
            told = [numbers.setdefault(word, f"v{len(numbers)}") if word in own else word for word in body]
            if len(told) > LONG:
                found[name] = " ".join(told)
        i = end
    return found


def _end(words: list[str], start: int) -> int:
    """Behind the brace that closes the first one from here on."""
    depth = 0
    for i in range(start, len(words)):
        depth += (words[i] == "{") - (words[i] == "}")
        if words[i] == "}" and depth <= 0:
            return i + 1
    return len(words)


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, _too_long)
    asked, everybody = json.load(sys.stdin)
    json.dump([_functions(told, asked) for told in everybody], sys.stdout)
