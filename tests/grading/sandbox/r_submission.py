"""The functions of an R file, through rpy2. In the sandbox it lies beside worker.py, and is as little trusted.

Tables arrive in R as data frames whose text and bucket columns are factors, labels as factors, matrices as
matrices. What comes back is a named list, a data frame, a named vector or a matrix.
"""

import warnings
from typing import Any

import numpy

try:
    import plain
except ModuleNotFoundError:  # a trusted file, in the tests' own process
    from tests.grading.sandbox import plain

warnings.simplefilter("ignore")
from rpy2 import rinterface, robjects  # noqa: E402

FACTORS = ("bucket", "color")
MATRIX, FACTOR, DIM, NAMES = (robjects.r(f"base::{name}") for name in ("matrix", "factor", "dim", "names"))
# Only the fields that are asked for are looked at: others may hold calls, models or environments.
PICK = robjects.r("function(x, names) unclass(x)[base::intersect(names, base::names(x))]")
AS_MATRIX = robjects.r(
    "function(x) if (is.data.frame(x) && all(vapply(x, function(v) is.numeric(v) || is.logical(v), NA))) data.matrix(x)"
    " else if (methods::is(x, 'Matrix')) as(x, 'matrix') else x"
)


class RSubmission:
    """Functions of an R file."""

    def __init__(self, path: str) -> None:
        robjects.r('invisible(Sys.setlocale("LC_COLLATE", "C")); options(warn = -1); set.seed(0)')
        self.environment = robjects.r("new.env(parent = globalenv())")
        with open(path, encoding="utf-8-sig") as file:  # Windows writes a mark before the text
            source = file.read()
        try:
            robjects.r("function(text) invisible(parse(text = text))")(source)
        except rinterface.embedded.RRuntimeError as error:
            raise SyntaxError(f"R cannot parse the file: {message(error)}") from None
        robjects.r("function(text, env) for (e in parse(text = text)) eval(e, env)")(source, self.environment)

    def function(self, name: str) -> Any:
        """The function, or None."""
        found = robjects.r("function(name, env) get0(name, env, mode = 'function', inherits = FALSE)")
        function = found(name, self.environment)
        return None if function is None or function == rinterface.NULL else function

    def call(self, function: Any, arguments: list, forms: dict) -> dict:
        """Call it with R objects."""
        try:
            result = function(*[as_r(argument) for argument in arguments])
        except rinterface.embedded.RRuntimeError as error:
            raise RuntimeError(message(error)) from None
        if forms.get("") == "numbers":
            result = AS_MATRIX(result)
        if "" not in forms and NAMES(result) != rinterface.NULL:
            result = PICK(result, robjects.StrVector(list(forms)))
        return plain.plain(as_python(result), forms)


def message(error: Exception) -> str:
    """R's message on one line."""
    return " ".join(str(error).split())


def as_r(argument: Any) -> Any:
    """One argument of the contract as an R object."""
    if isinstance(argument, dict) and "table" in argument:
        columns = {name: column_as_r(name, column) for name, column in argument["table"].items()}
        return robjects.DataFrame(columns)
    if isinstance(argument, dict) and "labels" in argument:
        return factor(argument["labels"])
    if isinstance(argument, numpy.ndarray) and argument.ndim == 2:
        return MATRIX(robjects.FloatVector(argument.ravel(order="F")), nrow=argument.shape[0])
    if isinstance(argument, numpy.ndarray):
        return robjects.FloatVector(argument)
    if isinstance(argument, list):
        return robjects.StrVector([str(entry) for entry in argument])
    return argument


def column_as_r(name: str, column: Any) -> Any:
    """Buckets, colours and text as factors, other numbers as they are."""
    labels = column["labels"] if isinstance(column, dict) else column
    if name in FACTORS or any(isinstance(entry, str) for entry in labels):
        return factor(labels)
    is_whole = all(isinstance(entry, int) for entry in labels)
    return robjects.IntVector(labels) if is_whole else robjects.FloatVector(labels)


def factor(labels: Any) -> Any:
    """Levels in sorted order: numbers by size, text by letter."""
    values = [entry.item() if isinstance(entry, numpy.generic) else entry for entry in labels]
    is_text = any(isinstance(entry, str) for entry in values)
    return FACTOR(robjects.StrVector(values) if is_text else robjects.IntVector(values))


def as_python(value: Any) -> Any:
    """An R result as dicts, lists and arrays."""
    if value is None or value == rinterface.NULL:
        return None
    if isinstance(value, robjects.vectors.FactorVector):
        return [value.levels[code - 1] for code in value]
    names = value.names if hasattr(value, "names") else None
    has_names = names is not None and names != rinterface.NULL
    if isinstance(value, robjects.vectors.ListVector | robjects.vectors.DataFrame):
        keys = list(names) if has_names else [str(i) for i in range(len(value))]
        return {key: as_python(entry) for key, entry in zip(keys, value, strict=True)}
    if isinstance(value, robjects.vectors.StrVector):
        return list(value)
    if isinstance(value, robjects.vectors.Vector):
        array = numpy.array(value)
        dimensions = DIM(value)
        if dimensions is not None and dimensions != rinterface.NULL and len(dimensions) == 2:
            return numpy.asarray(array).reshape(tuple(dimensions), order="F") if array.ndim != 2 else array
        if has_names or (dimensions is not None and dimensions != rinterface.NULL):
            labels = [str(name) for name in (NAMES(value) or [])]
            if len(labels) == len(value):
                return NamedNumbers(labels, array)
        return array
    return value


class NamedNumbers(dict):
    """R's named vector: a mapping, or an array where names do not matter."""

    def __init__(self, names: list[str], values: Any) -> None:
        super().__init__(zip(names, values.tolist(), strict=True))
        self.values_in_order = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return numpy.asarray(self.values_in_order, dtype=dtype)
