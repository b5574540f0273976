"""From Python text to statements that can be run one by one. In the sandbox it lies beside worker.py.

What notebooks, marimo and chatbots add to Python is taken off, and what cannot be read costs itself alone: the
statements at the left margin are then read each by itself.
"""

import __future__

import ast
import builtins
import re
import sys
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

try:
    import pasted
except ModuleNotFoundError:  # in the tests' own process
    from tests.grading.sandbox import pasted

COMMAND = re.compile(r"^\s*(?:[%!].*|\w[\w.]*\?{1,2}\s*|\?.*)$")  # of a notebook, not of Python
TAKEN = re.compile(r"^(\s*[\w, ]+=\s*)([%!].*)$")  # files = !ls
BEGINS = re.compile(r"^(?!(?:elif|else|except|finally|case)\b)[^\s#)\]}]")  # a statement, at the left margin
DEFINES = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
UNFINISHED = re.compile(r"never closed|unterminated triple-quoted")
MOST_JOINED = 100  # statements at the margin that a bracket or a string may seem to hold
NEWER = (  # from which version on it is read, and how it is recognised: in the message, or in the text
    ((3, 12), re.compile(r"^f-string"), None, "quotes, backslashes and comments in an f-string's braces"),
    ((3, 12), None, re.compile(r"^\s*type\s+\w+\s*(\[.*\])?\s*=|^\s*(def|class)\s+\w+\[", re.MULTILINE), "such types"),
    ((3, 14), None, re.compile(r"^\s*except\s+[\w.]+\s*,", re.MULTILINE), "except without brackets"),
    ((3, 14), None, re.compile(r"(?<!\w)[tT][rR]?[\"']"), "t-strings"),
)


class CommandError(RuntimeError):
    """A line that only a notebook understands was to give a value."""


@dataclass
class Reading:
    """Of one chunk."""

    nodes: list = field(default_factory=list)
    flags: int = 0  # of `from __future__`, for the compiler
    unread: list = field(default_factory=list)  # (line, name of what begins there or "", the line's text, why)
    remark: str = ""


def read(text: str, file: str) -> Reading:
    """The statements, and what could not be read."""
    remark = ""
    try:
        nodes, bad = ast.parse(text, file).body, []
    except SyntaxError:
        meant = [(_without_commands(code), said) for code, said in pasted.readings(text, "Python")]
        read_as = [(*_pieces(code, file), code, said) for code, said in reversed(meant)]
        nodes, bad, text, remark = max(read_as, key=lambda one: (sum(map(_defines, one[0])), -len(one[1])))
    nodes = [part for node in _in_order(nodes) for part in _plain(node)]
    return Reading(nodes, _flags(nodes), [_told(text, *one) for one in bad], remark)


def _defines(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _without_commands(text: str) -> str:
    """A notebook's commands do nothing; one that gives a value says so when it is run."""
    builtins.notebook_command = _command
    lines = []
    for line in text.split("\n"):
        done = TAKEN.sub(r"\1notebook_command()", line)
        lines.append(re.sub(r"\S.*", "pass", line) if COMMAND.match(line) else done)
    return "\n".join(lines)


def _command():
    raise CommandError("it is a notebook's command, not Python")


def _pieces(text: str, file: str) -> tuple:
    """The whole; else every statement at the margin by itself, together with what a bracket or string joins to it."""
    try:
        return ast.parse(text, file).body, []
    except SyntaxError:
        pass
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if BEGINS.match(line)]
    starts = [n for k, n in enumerate(starts) if not k or not lines[starts[k - 1]].startswith("@")]
    nodes, bad, k = [], [], 0
    ends = [*starts[1:], len(lines)]
    while k < len(starts):
        first = None
        for j in range(k, min(k + MOST_JOINED, len(starts))):
            try:
                tree = ast.parse("\n".join(lines[starts[k] : ends[j]]), file)
            except SyntaxError as error:
                first = first or error
                if not UNFINISHED.search(error.msg):
                    break
            else:
                nodes += ast.increment_lineno(tree, starts[k]).body
                first = None
                break
        if first:
            bad.append((starts[k], ends[k], first))
        k = k + 1 if first else j + 1
    return nodes, _joined(bad, lines)


def _joined(bad: list, lines: list) -> list:
    """Of several in a row the first alone, but for definitions."""
    kept = []
    end = -1
    for start, stop, error in bad:
        if start != end or DEFINES.search("\n".join(lines[start:stop])):
            kept.append((start, stop, error))
        end = stop
    return kept


def _told(text: str, start: int, stop: int, error: SyntaxError) -> tuple:
    """Where it begins (from 1), the name it would have defined, its line, and why it cannot be read."""
    lines = text.split("\n")
    piece = "\n".join(lines[start:stop])
    name = DEFINES.search(piece)
    at = start + (error.lineno or 1)
    there = lines[at - 1].strip() if at <= len(lines) else ""
    where = f" in line {at}" + (f", `{there[:60]}`" if there else "") if at != start + 1 else ""
    said = re.sub(r"(?<= on line )\d+", lambda line: str(start + int(line.group())), error.msg)
    return start + 1, name.group(1) if name else "", lines[start].strip(), f"{said}{where}{_version(error, piece)}"


def _version(error: SyntaxError, piece: str) -> str:
    """Which Python reads this, where that matters."""
    here = f"Python {'.'.join(map(str, sys.version_info[:3]))}"
    if error.msg.startswith("Missing parentheses in call to 'print'"):
        return f"; Python 2 reads this, here it is read by {here}"
    for since, message, pattern, what in NEWER:
        is_it = message.match(error.msg) if message else pattern.search(piece)
        if sys.version_info[:2] < since and is_it:
            return f"; {what} are for Python {since[0]}.{since[1]} and newer, here it is read by {here}"
    return f" (read by {here})"


def _flags(nodes: list) -> int:
    imported = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    names = [alias.name for node in imported for alias in node.names if alias.name in __future__.all_feature_names]
    return sum({getattr(__future__, name).compiler_flag for name in names})


# --- marimo (its file format: docs.marimo.io, "File format"), and definitions that only a script would run ------------


def _of_app(node: ast.AST) -> str:
    """What a marimo app makes of it: "cell", "function", "class_definition", "setup", or ""."""
    marks = getattr(node, "decorator_list", []) or [item.context_expr for item in getattr(node, "items", [])]
    for mark in [mark.func if isinstance(mark, ast.Call) else mark for mark in marks]:
        if isinstance(mark, ast.Attribute) and isinstance(mark.value, ast.Name) and mark.value.id == "app":
            return mark.attr
    return ""


def _in_order(nodes: list) -> list:
    """Cells after those that give them their names, as marimo runs them; all else as it stands."""
    cells = [node for node in nodes if _of_app(node) == "cell"]
    gives = {name: cell for cell in cells for name in _returned(cell)}
    needs = {cell: [gives[a.arg] for a in cell.args.args if a.arg in gives] for cell in cells}
    try:
        ordered = iter(list(TopologicalSorter(needs).static_order()))
    except CycleError:
        return nodes
    return [next(ordered) if node in needs else node for node in nodes]


def _returned(cell: ast.AST) -> list:
    last = cell.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _plain(node: ast.AST) -> list:
    """Statements as a module has them: marimo's cells are its body, and so are definitions under `if __name__ ...`."""
    kind = _of_app(node)
    if kind == "setup":
        return node.body
    if kind == "cell":
        return [part for part in node.body if not isinstance(part, ast.Return)]
    if kind in ("function", "class_definition"):
        node.decorator_list = []
    if isinstance(node, ast.If) and any(isinstance(p, ast.Name) and p.id == "__name__" for p in ast.walk(node.test)):
        kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
        defined = [part for part in node.body if isinstance(part, kinds)]
        return defined if any(isinstance(part, ast.FunctionDef) for part in defined) else [node]
    return [node]
