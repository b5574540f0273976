"""The functions of Python source. In the sandbox it lies beside worker.py, and is as little trusted.

Source comes in chunks: the one text of a file, or the cells of a notebook, each with what its lines are called. It is
loaded statement by statement: what cannot run here is passed over with a remark, and the definitions count.
"""

import ast
import builtins
import importlib.util
import inspect
import random
import re
import signal
import sys
import time
import traceback

import numpy
import pandas
import plain
import stand_ins

STATEMENT_SECONDS = 5  # of the processor, that a statement outside of functions may take
HARMLESS_MAGIC = ("%%time", "%%timeit", "%%capture", "%%prun")
COMMAND = re.compile(r"^\s*(?:[%!].*|\w[\w.]*\?{1,2}\s*|\?.*)$")  # of a notebook, not of Python


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
        self.missing: dict = {}  # names that a statement would have made, and the remark about it
        self.places = {f"<{place or 'file'}>": place for place, _ in chunks}
        _limit(0)
        sleep, time.sleep = time.sleep, lambda _: None
        for place, text in chunks:
            self._run(place, text, is_alone=len(chunks) == 1)
        time.sleep = sleep

    def function(self, name: str):
        """The function, or None."""
        function = self.module.__dict__.get(name)
        return function if callable(function) else None

    def names(self) -> list:
        """Functions that the source defines."""
        own = self.module.__dict__.items()
        return [name for name, value in own if getattr(value, "__module__", None) == "submission" and callable(value)]

    def signature(self, name: str) -> list:
        """The names of a function's arguments."""
        try:
            return list(inspect.signature(self.module.__dict__[name]).parameters)
        except (TypeError, ValueError):
            return []

    def call(self, function, arguments: list, forms: dict) -> dict:
        """Call it with pandas and numpy objects."""
        return plain.plain(function(*[as_python(argument) for argument in arguments]), forms)

    def words(self, error: BaseException) -> str:
        """An exception in one sentence, with the line of the source where it arose."""
        if isinstance(error, SyntaxError) and error.filename in self.places:
            text = (error.text or "").strip()
            where = self._where(error.filename, error.lineno)
            return f"syntax error in {where}: {error.msg}" + (f": {text}" if text else "")
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self.places]
        where = f" in {self._where(lines[-1].filename, lines[-1].lineno)}" if lines else ""
        remark = self.missing.get(getattr(error, "name", None)) if isinstance(error, NameError) else None
        return f"{type(error).__name__}{where}{_message(error)}" + (f"; {remark}" if remark else "")

    def _run(self, place: str, text: str, *, is_alone: bool) -> None:
        file = f"<{place or 'file'}>"
        first = text.lstrip().partition("\n")[0]
        if first.startswith("%%") and not first.startswith(HARMLESS_MAGIC):
            self.remarks.append(f"{place or 'the file'}, `{first[:60]}`: passed over, it is not Python")
            return
        try:
            tree = _parsed(text, file)
        except SyntaxError as error:
            if is_alone:
                raise
            self.remarks.append(f"{place} was passed over: {self.words(error)}")
            return
        for node in tree.body:
            try:
                _limit(STATEMENT_SECONDS)
                exec(compile(ast.Module([node], []), file, "exec"), self.module.__dict__)
            except BaseException as error:
                _limit(0)
                self._pass_over(node, file, text, error)
            finally:
                _limit(0)

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


def _parsed(text: str, file: str):
    """The syntax tree; what only a notebook understands counts as an empty line."""
    try:
        return ast.parse(text, file)
    except SyntaxError:
        lines = [re.sub(r"\S.*", "pass", line) if COMMAND.match(line) else line for line in text.split("\n")]
        try:
            return ast.parse("\n".join(lines), file)
        except SyntaxError:
            pass
        raise


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


def always_the_same_chance() -> None:
    """Who draws without a seed draws the same in every grading."""
    random.seed(0)
    numpy.random.seed(0)
    numpy.random.bit_generator.randbits = random.Random(0).getrandbits  # asked by default_rng()
