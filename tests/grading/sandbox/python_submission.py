"""The functions of Python source. In the sandbox it lies beside worker.py, and is as little trusted.

Source comes in chunks: the one text of a file, or the cells of a notebook, each with what its lines are called. It is
loaded statement by statement: what cannot be read (python_reading.py) or run here is passed over with a remark, and the
definitions count, methods of its classes, too.
"""

import ast
import builtins
import contextlib
import dis
import importlib.util
import inspect
import os
import random
import re
import signal
import sys
import time
import traceback

import numpy
import pandas
import plain
import python_reading
import stand_ins

STATEMENT_SECONDS = 5  # of the processor, that a statement outside of functions may take, but for installed packages
HARMLESS_MAGIC = ("%%time", "%%timeit", "%%capture", "%%prun")
DOES_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


class TooLongError(BaseException):
    """A statement outside of functions does not come to its end."""


class PythonSubmission:
    """Functions of Python source."""

    verb = "raised"

    def __init__(self, chunks: list) -> None:
        always_the_same_chance()
        stand_ins.replace_pictures()
        builtins.get_ipython = lambda: stand_ins.Drawing("get_ipython")
        builtins.display = lambda *_, **__: None
        specification = importlib.util.spec_from_loader("submission", None)
        self.module = importlib.util.module_from_spec(specification)
        sys.modules["submission"] = self.module
        self.remarks: list = []
        self.unread: list = []  # remarks about what cannot be read
        self.begun: dict = {}  # where each function's definition begins
        self.flags = 0  # of `from __future__ import ...`
        self.instances: dict = {}  # of the source's classes
        self.missing: dict = {}  # names that a statement would have made, and the remark about it
        self.places = {f"<{place or 'file'}>": place for place, _ in chunks}
        _limit(0)
        sleep, time.sleep = time.sleep, lambda _: None
        for place, text in chunks:
            self._run(place, text)
        time.sleep = sleep

    def function(self, name: str):
        """The function, the method of an instance of a class, or None."""
        function = self.module.__dict__.get(name)
        owner = self._owner(name)
        if callable(function) or not owner:
            return function if callable(function) else None
        if isinstance(inspect.getattr_static(owner, name), staticmethod | classmethod) or not _takes_self(owner, name):
            return getattr(owner, name)
        return getattr(self._instance(owner), name)

    def names(self) -> list:
        """Functions that the source defines, and methods of its classes."""
        return [*(name for name, value in self.module.__dict__.items() if _is_own(name, value)), *self.methods()]

    def methods(self) -> dict:
        """Of each public method of the source's classes, which is no function, the class's name."""
        names = dict.fromkeys(name for owner in self._classes() for name in vars(owner) if not name.startswith("_"))
        owners = {name: self._owner(name) for name in names if not callable(self.module.__dict__.get(name))}
        return {name: owner.__name__ for name, owner in owners.items() if owner}

    def signature(self, name: str) -> list:
        """The names of a function's arguments, a method's without self."""
        owner = self._owner(name)
        try:
            arguments = list(inspect.signature(self.module.__dict__.get(name) or getattr(owner, name)).parameters)
        except (AttributeError, TypeError, ValueError):
            return []
        return arguments[1:] if arguments[:1] == ["self"] else arguments

    def _classes(self) -> list:
        values = self.module.__dict__.values()
        return [value for value in values if isinstance(value, type) and value.__module__ == "submission"]

    def _owner(self, name: str):
        """The last class that has this method, before others one of which the source made an instance."""
        owners = [owner for owner in self._classes() if callable(getattr(owner, name, None))]
        return next(filter(self._made, reversed(owners)), owners[-1] if owners else None)

    def _made(self, owner: type) -> list:
        return [value for value in self.module.__dict__.values() if type(value) is owner]

    def _instance(self, owner: type):
        """The one that the source made, or a new one."""
        if owner not in self.instances:
            self.instances[owner] = self._made(owner)[-1] if self._made(owner) else owner()
        return self.instances[owner]

    def call(self, function, arguments: list, forms: dict) -> dict:
        """Call it with pandas and numpy objects."""
        value = function(*[as_python(argument) for argument in arguments])
        if value is None and _is_empty(function):
            raise NotImplementedError("not written yet")
        return plain.lenient(value, forms)

    @contextlib.contextmanager
    def replaced(self, name, ask):
        """With the right function of this name, which the grader answers, in the place of its own; None: as it is."""
        own = self.module.__dict__.get(name)
        if own is not None:
            self.module.__dict__[name] = right_in_place_of(own, ask)
        try:
            yield
        finally:
            if own is not None:
                self.module.__dict__[name] = own

    def words(self, error: BaseException) -> str:
        """An exception in one sentence, with the line of the source where it arose."""
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self.places]
        where = f" in {self._where(lines[-1].filename, lines[-1].lineno)}" if lines else ""
        remark = self.missing.get(getattr(error, "name", None)) if isinstance(error, NameError) else None
        if isinstance(error, EOFError):
            remark = "it asks at the keyboard, where nobody answers: what it needs comes as its arguments"
        return f"{type(error).__name__}{where}{_message(error)}" + (f"; {remark}" if remark else "")

    def _run(self, place: str, text: str) -> None:
        file = f"<{place or 'file'}>"
        first = text.lstrip().partition("\n")[0]
        if first.startswith("%%") and not first.startswith(HARMLESS_MAGIC):
            self.remarks.append(f"{place or 'the file'}, `{first[:60]}`: passed over, it is not Python")
            return
        reading = python_reading.read(text, file)
        self.flags |= reading.flags
        self._note_emptied(file, reading.nodes)
        self.remarks += [f"{reading.remark} (of {place})" if place else reading.remark] if reading.remark else []
        for unread in reading.unread:
            self._note_unread(file, *unread)
        for node in reading.nodes:
            try:
                _limit(0 if _is_installed(node) else STATEMENT_SECONDS)
                exec(compile(ast.Module([node], []), file, "exec", self.flags), self.module.__dict__)
            except BaseException as error:
                _limit(0)
                self._pass_over(node, file, text, error)
            finally:
                _limit(0)

    def _note_unread(self, file: str, line: int, name: str, there: str, why: str) -> None:
        where = self._where(file, line)
        if name:
            self.missing[name] = f"it begins in {where}, and cannot be read: {why}"
        said = f"{name}, which begins in {where}, cannot be read" if name else f"{where}, `{there[:60]}`: passed over"
        self.unread.append(f"{said}{':' if name else ', syntax error:'} {why}")
        self.remarks.append(self.unread[-1])

    def _note_emptied(self, file: str, nodes: list) -> None:
        """Functions that are defined a second time, with nothing in them."""
        for node in (node for node in nodes if isinstance(node, ast.FunctionDef)):
            before, where = self.begun.get(node.name), self._where(file, node.lineno)
            values = [part.value for part in node.body if isinstance(part, ast.Expr)]
            is_empty = all(isinstance(part, ast.Pass | ast.Expr) for part in node.body)
            if before and is_empty and all(isinstance(value, ast.Constant) for value in values):
                self.remarks.append(f"{node.name} is defined in {before} and in {where}; the last counts, and is empty")
            self.begun[node.name] = where

    def _pass_over(self, node, file: str, text: str, error: BaseException) -> None:
        where = self._where(file, node.lineno)
        follows = isinstance(error, NameError) and self.missing.get(error.name)  # from one that was told already
        line = text.split("\n")[node.lineno - 1].strip()
        why = _why(error)
        if not follows:
            self.remarks.append(f"{where}, `{line[:60]}`: passed over, {why}")
        for part in ast.walk(node):
            if isinstance(part, ast.alias):
                self.missing[(part.asname or part.name).partition(".")[0]] = f"{where} could not run here: {why}"
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self.missing[part.id] = f"it is made in {where}, which could not run here: {why}"

    def _where(self, file: str, line) -> str:
        return f"line {line} of {self.places[file]}" if self.places[file] else f"line {line}"


def _is_installed(node: ast.stmt) -> bool:
    """Whether it imports packages that do not lie beside the file; only the limit of loading is for them."""
    if isinstance(node, ast.Import):
        names = [part.name for part in node.names]
    else:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    beside = {entry.partition(".")[0] for entry in os.listdir()}
    return bool(names) and not {name.partition(".")[0] for name in names} & beside


def _is_own(name: str, value: object) -> bool:
    """Whether the source made it: by `def`, by a call (functools.partial), in a file beside it or in a module of it."""
    if name.startswith("__") or not callable(value):
        return False
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    is_beside = str(getattr(module, "__file__", None) or "").startswith(os.getcwd())
    is_made = module is not None and getattr(module, "__spec__", None) is None
    is_made |= module is sys.modules["submission"]
    return is_beside or is_made or getattr(value, "__name__", None) != name


def _is_empty(function) -> bool:
    """Whether a function has no more than a docstring, `pass` or `...` in it."""
    code = getattr(function, "__code__", None)
    return code is not None and not {step.opname for step in dis.get_instructions(code)} - DOES_NOTHING


def _takes_self(owner: type, name: str) -> bool:
    """Whether a function in a class is written as a method."""
    try:
        return list(inspect.signature(getattr(owner, name)).parameters)[:1] in (["self"], ["this"], ["_"])
    except (TypeError, ValueError):
        return True


def _limit(seconds: float) -> None:
    """Stop what runs after so many seconds of the processor, where the system can; 0: let it run."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, _too_long)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _too_long(*_) -> None:
    raise TooLongError


def _why(error: BaseException) -> str:
    """In words for who has never seen an exception."""
    if isinstance(error, EOFError):
        return "it waits for input"
    if isinstance(error, TooLongError):
        return f"it takes more than {STATEMENT_SECONDS} seconds"
    if isinstance(error, SystemExit):
        return "it ends the program"
    if isinstance(error, FileNotFoundError):
        return f"there is no file {error.filename!r} here"
    if isinstance(error, ModuleNotFoundError) and error.name and not error.args[0].startswith(error.name):
        return f"{error.name} is not installed here"
    if isinstance(error, python_reading.CommandError):
        return str(error)
    return f"{type(error).__name__}{_message(error)}"


def _message(error: BaseException) -> str:
    try:
        message = re.sub(r",? with gufunc signature.*", "", " ".join(str(error).split()))[:300]
    except Exception:
        return ""
    return f": {message}" if message else ""


def as_python(argument):
    """Tables as DataFrames, labels as arrays, lists as lists."""
    if isinstance(argument, dict) and "table" in argument:
        return pandas.DataFrame({name: as_python(column) for name, column in argument["table"].items()})
    if isinstance(argument, dict) and "labels" in argument:
        return numpy.array(argument["labels"])
    return argument


def right_in_place_of(own, ask):
    """A function called as their own is, which returns the right answer in the form that their own has."""

    def stand_in(*arguments, **named):
        try:
            model = own(*arguments, **named)
        except Exception:
            model = None
        with contextlib.suppress(TypeError, ValueError):
            bound = inspect.signature(own).bind(*arguments, **named)
            bound.apply_defaults()
            arguments, named = tuple(bound.arguments.values()), {}
        return in_the_form_of(model, ask([as_message(argument) for argument in (*arguments, *named.values())]))

    return stand_in


def as_message(argument):
    """What `as_python` makes an argument of."""
    if isinstance(argument, pandas.DataFrame):
        return {"table": {str(name): as_message(column) for name, column in argument.items()}}
    if isinstance(argument, bool | int | float | str) or argument is None:
        return argument
    array = numpy.asarray(argument)
    if array.dtype.kind in "iub" or array.ndim != 1:
        return array.astype(float) if array.ndim else array.item()
    return array if array.dtype.kind == "f" else {"labels": [str(entry) for entry in array]}


class Fields(dict):
    """A result with fields, by key and by attribute."""

    def __getattr__(self, name: str):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def in_the_form_of(model, value: dict):
    """The right fields as their own function has them: in order, as a Series, or by name; one alone as it is."""
    parts = {name: part.item() if getattr(part, "shape", None) == () else part for name, part in value.items()}
    whole = parts.get("", parts)
    if "" in parts and isinstance(whole, dict):
        whole = {name: numpy.asarray(count).item() for name, count in whole.items()}
    if isinstance(model, pandas.Series):
        return pandas.Series(whole)
    if isinstance(model, pandas.DataFrame) and model.shape == numpy.shape(whole):
        return pandas.DataFrame(whole, index=model.index, columns=model.columns)
    if isinstance(model, tuple | list) and isinstance(whole, dict) and not hasattr(model, "_fields"):
        return tuple(whole.values())
    return Fields(whole) if isinstance(whole, dict) else whole


def always_the_same_chance() -> None:
    """Who draws without a seed draws the same in every grading."""
    random.seed(0)
    numpy.random.seed(0)
    numpy.random.bit_generator.randbits = random.Random(0).getrandbits  # asked by default_rng()
