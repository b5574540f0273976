"""The functions of an R file, through rpy2. In the sandbox it lies beside worker.py, and is as little trusted.

Tables arrive in R as data frames whose text and bucket columns are factors, labels as factors, matrices as
matrices. What comes back is a named list, a data frame, a named vector or a matrix.
"""

import contextlib
import re
import sys
import warnings
from typing import Any

import numpy

try:
    import plain
    import r_reading
except ModuleNotFoundError:  # a trusted file, in the tests' own process
    from tests.grading.sandbox import plain, r_reading

warnings.simplefilter("ignore")
from rpy2 import rinterface, robjects  # noqa: E402
from rpy2.rinterface_lib import callbacks  # noqa: E402

FACTORS = ("bucket", "color")
NA = -(2**31)  # of R's integers and truth values
MATRIX, FACTOR, DIM, NAMES = (robjects.r(f"base::{name}") for name in ("matrix", "factor", "dim", "names"))
# Only the fields that are asked for are looked at: others may hold calls, models or environments.
PICK = robjects.r(
    "function(x, names) (if (is.character(x)) as.list(x) else unclass(x))[base::intersect(names, base::names(x))]"
)
AS_MATRIX = robjects.r(
    "function(x) if (is.data.frame(x) && all(vapply(x, function(v) is.numeric(v) || is.logical(v), NA))) data.matrix(x)"
    " else if (methods::is(x, 'Matrix')) as(x, 'matrix') else x"
)


# Calls that open a window, wait, install or move: they do nothing, and `passed` notes that there was one.
STAND_INS = """
local({
  passed <- NULL
  passing <- function(why, value = NULL) function(...) { passed <<- why; invisible(value) }
  ends <- function(...) { passed <<- "it ends R"; stop("it ends R") }
  quietly <- function(loads) function(...) {
    call <- sys.call()
    call[[1]] <- loads
    suppressPackageStartupMessages(eval.parent(call))
  }
  attach(list(
    library = quietly(quote(base::library)), require = quietly(quote(base::require)),
    View = passing("it opens a viewer"), browser = passing("it waits for input"),
    readline = passing("it waits for input", ""),
    file.choose = passing("it waits for input", ""), install.packages = passing("it installs packages"),
    setwd = passing("it changes the folder"), x11 = passing("it opens a window"), X11 = passing("it opens a window"),
    windows = passing("it opens a window"), quartz = passing("it opens a window"), q = ends, quit = ends
  ), name = "stand-ins", warn.conflicts = FALSE)
  options(warn = -1, keep.source = TRUE, device = function(...) grDevices::pdf(NULL), menu.graphics = FALSE)
  function() { was <- passed; passed <<- NULL; was }
})
"""
# Every expression by itself; of those that fail or do nothing here line, first line of text, reason, name and package.
LOAD = """
function(text, place, env, was_passed) {
  expressions <- parse(text = text, keep.source = TRUE, srcfile = srcfilecopy(place, strsplit(text, "\n")[[1]]))
  places <- attr(expressions, "srcref")
  found <- list()
  for (i in seq_along(expressions)) {
    e <- expressions[[i]]
    attaches <- any(c("library", "require", "loadNamespace", "requireNamespace") %in% all.names(e))
    setTimeLimit(cpu = if (attaches) Inf else 5, transient = TRUE) # a package may take as long as the file
    why <- tryCatch({ eval(e, env); NULL }, error = conditionMessage, interrupt = function(i) "it was stopped")
    setTimeLimit()
    noted <- was_passed()
    if (is.null(why) && is.null(noted)) next
    is_call <- is.call(e) && is.name(e[[1]])
    calls <- if (is_call) as.character(e[[1]]) else ""
    makes <- if (calls %in% c("<-", "=") && is.name(e[[2]])) as.character(e[[2]]) else ""
    loads <- if (calls %in% c("library", "require") && length(e) > 1) as.character(e[[2]]) else ""
    found[[length(found) + 1]] <- c(
      as.character(places[[i]][1]), as.character(places[[i]])[1], if (is.null(noted)) why else noted, makes, loads[1])
  }
  unlist(found)
}
"""
ERROR_OF = robjects.r(
    "function(text) tryCatch({ parse(text = text, keep.source = FALSE); '' }, error = conditionMessage)"
)
# A function by its name: the file's own, or one that it put into R's own environment (`<<-`, assign, source).
FUNCTION = robjects.r("""
function(name, env) {
  for (place in list(env, globalenv())) {
    found <- get0(name, place, mode = "function", inherits = FALSE)
    if (!is.null(found)) return(found)
  }
}
""")
# Functions in a list, an environment, a reference class or an R6 class: the functions' names, by that of what has them.
MEMBERS = robjects.r("""
function(env) unlist(lapply(ls(env), function(owner) tryCatch({
  x <- env[[owner]]
  names <- if (methods::is(x, "refObjectGenerator")) setdiff(x$methods(), methods::getRefClass("envRefClass")$methods())
    else if (inherits(x, "R6ClassGenerator")) names(x$public_methods)
    else if ((is.list(x) || is.environment(x)) && !is.data.frame(x)) Filter(function(n) is.function(x[[n]]), names(x))
  as.vector(rbind(names, rep(owner, length(names))))
}, error = function(e) NULL)))
""")
MEMBER = robjects.r("""
function(name, owner, env) {
  x <- env[[owner]]
  if (methods::is(x, "refObjectGenerator") || inherits(x, "R6ClassGenerator")) x <- x$new()
  if (isS4(x)) eval(call("$", x, as.name(name))) else x[[name]]
}
""")
# R's functions of that name but for capitals.
NEARLY = robjects.r("function(name) Filter(function(n) tolower(n) == tolower(name), apropos(name, mode = 'function'))")
# The functions that have nothing in them.
EMPTY = robjects.r(
    "function(f) is.function(f) && !is.primitive(f) && (is.null(body(f)) || is.call(body(f)) && length(body(f)) == 1 &&"
    " identical(body(f)[[1]], as.name('{')))"
)
# The value, or what R says and where in the source it was.
CALL = robjects.r("""
function(f, ...) {
  place <- NULL
  note <- function(e) for (call in rev(sys.calls())) if (is.null(place)) place <<- attr(call, "srcref")
  tryCatch(list(value = withCallingHandlers(f(...), error = note)), error = function(e) {
    list(error = conditionMessage(e), line = place[1], of = attr(place, "srcfile")$filename)
  })
}
""")


class RError(Exception):
    """What R says, with the line."""


class RSubmission:
    """Functions of R source, in chunks as Python's are (see python_submission.py)."""

    verb = "stopped"

    def __init__(self, chunks: list) -> None:
        robjects.r('invisible(Sys.setlocale("LC_COLLATE", "C")); set.seed(0)')
        callbacks.consolewrite_print = callbacks.consolewrite_warnerror = sys.stdout.write
        self.environment = robjects.r("new.env(parent = globalenv())")
        self.remarks: list = []
        self.missing: dict = {}  # objects that an expression would have made, and the remark about it
        self.packages: list = []  # that could not be loaded
        self.unread: list = []  # remarks about what cannot be read
        self.lent: list = []  # right functions that took another's place
        was_passed = robjects.r(STAND_INS)
        self.version = robjects.r("paste(R.version$major, R.version$minor, sep = '.')")[0]
        for place, text in chunks:
            self._run(place, text, was_passed)
        members = MEMBERS(self.environment)
        pairs = [] if members == rinterface.NULL else list(members)
        self.owners = dict(zip(pairs[::2], pairs[1::2], strict=True))

    def _run(self, place: str, text: str, was_passed: Any) -> None:
        of = f" of {place}" if place else ""
        text, unread, remark = r_reading.read(text, lambda part: ERROR_OF(part)[0], self.version)
        self.remarks += [f"{remark}{f' ({place})' if place else ''}"] if remark else []
        for line, name, there, why in unread:
            if name:
                self.missing[name] = f"it begins in line {line}{of}, and cannot be read: {why}"
                self.unread.append(f"{name}, which begins in line {line}{of}, cannot be read: {why}")
            else:
                self.unread.append(f"line {line}{of}, `{there[:60]}`: passed over, syntax error: {why}")
            self.remarks.append(self.unread[-1])
        found = robjects.r(LOAD)(text, place, self.environment, was_passed)
        for name, lines in r_reading.definitions(text).items():
            if len(lines) > 1 and EMPTY(FUNCTION(name, self.environment))[0]:
                where = " and ".join(f"line {line}" for line in lines[-2:])
                self.remarks.append(f"{name} is defined in {where}{of}; the last counts, and is empty")
        entries = [] if found == rinterface.NULL else list(found)
        for line, code, why, makes, loads in zip(*[iter(entries)] * 5, strict=True):
            where = f"line {line}{of}"
            reason = (
                f"{loads} is not installed here" if loads and "there is no package" in why else " ".join(why.split())
            )
            absent = re.search(r"object '([^']+)' not found", why)
            if not (absent and absent.group(1) in self.missing):  # else it follows from one that was told already
                self.remarks.append(f"{where}, `{code.strip()[:60]}`: passed over, {reason}")
            if makes:
                self.missing[makes] = f"it is made in {where}, which could not run here: {reason}"
            if loads:
                self.packages.append(loads)

    def function(self, name: str) -> Any:
        """The function, one of that name in a list or a class, or None."""
        found = FUNCTION(name, self.environment)
        if found == rinterface.NULL and name in self.owners:
            found = MEMBER(name, self.owners[name], self.environment)
        return None if found is None or found == rinterface.NULL else found

    def names(self) -> list:
        """Functions that the source defines."""
        found = robjects.r(
            "function(env) as.character(unlist(lapply(list(env, globalenv()), "
            "function(e) Filter(function(n) is.function(e[[n]]), ls(e)))))"
        )
        return [*found(self.environment), *self.methods()]

    def methods(self) -> dict:
        """Of each function that is only in a list or a class, the name of that."""
        return {name: own for name, own in self.owners.items() if FUNCTION(name, self.environment) == rinterface.NULL}

    def signature(self, name: str) -> list:
        """The names of a function's arguments."""
        if name in self.methods():
            return []
        return list(robjects.r("function(f) as.character(names(formals(f)))")(FUNCTION(name, self.environment)))

    def call(self, function: Any, arguments: list, forms: dict, **named: Any) -> dict:
        """Call it with R objects."""
        outcome = CALL(function, *map(as_r, arguments), **{name: as_r(value) for name, value in named.items()})
        if "error" in outcome.names:
            said = {name: entry[0] for name, entry in outcome.items() if len(entry)}
            of = f" of {said['of']}" if said.get("of") else ""
            raise RError(f"in line {said['line']}{of}: {said['error']}" if "line" in said else f": {said['error']}")
        result = outcome.rx2("value")
        try:
            parts = self._plain(result, forms)
            return {field: _in_r(part, result) if isinstance(part, str) else part for field, part in parts.items()}
        except plain.UnreadableError as error:
            raise plain.UnreadableError(_in_r(str(error), result)) from None

    @contextlib.contextmanager
    def replaced(self, name: str | None, ask: Any) -> Any:
        """With the right function of this name, which the grader answers, in the place of its own; None: as it is."""
        own = name and self.function(name)
        if own:
            lent = self._right_in_place_of(own, self.signature(name), ask)
            self.lent.append(lent)  # R does not keep it
            self.environment[name] = lent
        try:
            yield
        finally:
            if own:
                self.environment[name] = own

    @staticmethod
    def _right_in_place_of(own: Any, names: list, ask: Any) -> Any:
        """A function called as their own is, which returns the right answer as a list or, as theirs does, a vector."""

        def stand_in(*unnamed: Any, **named: Any) -> Any:
            named |= dict(zip([name for name in names if name not in named], unnamed, strict=False))
            arguments = [robjects.default_converter.rpy2py(named[name]) for name in names if name in named]
            value = ask([as_message(argument) for argument in arguments])
            model = CALL(own, *arguments)
            model = model.rx2("value") if "value" in model.names else None
            is_vector = isinstance(model, robjects.FloatVector) and NAMES(model) != rinterface.NULL
            return right_as_r(value, is_vector=is_vector)

        return rinterface.rternalize(stand_in)

    def _plain(self, result: Any, forms: dict) -> dict:
        if forms.get("") == "numbers":
            result = AS_MATRIX(result)
        if "" not in forms and NAMES(result) != rinterface.NULL:
            named = plain.renamed(map(str, NAMES(result)), forms)
            result = PICK(result, robjects.StrVector(list(named.values())))
        return plain.lenient(as_python(result), forms)

    def words(self, error: BaseException) -> str:
        """What R says, and where that comes from if an expression of the file could not run here."""
        said = " ".join(str(error).split())[:300]
        missing = re.search(r"object '([^']+)' not found", said)
        if missing and missing.group(1) in self.missing:
            return f"{said}; {self.missing[missing.group(1)]}"
        unknown = re.search(r'could not find function "([^"]+)"', said)
        if unknown and (near := NEARLY(unknown.group(1))):
            return f"{said}; did you mean {near[0]}?"
        if "could not find function" in said and self.packages:
            return f"{said}; {', '.join(self.packages)} could not be loaded here"
        return said or type(error).__name__


def _in_r(said: str, value: Any) -> str:
    """What is wrong with a value, with its class and names as R has them."""
    if value == rinterface.NULL:
        return said
    kind, names = robjects.r("function(x) class(x)[1]")(value)[0], NAMES(value)
    has = "without names" if names == rinterface.NULL else "with " + ", ".join(map(str, list(names)[:12]))
    article = "an" if kind[0] in "aeiou" else "a"
    said = re.sub(r"it is a .*?(; asked for|$)", lambda found: f"it is {article} {kind} {has}{found.group(1)}", said)
    said = re.sub(r"is a \w+ that is no array of numbers", f"is a {kind}, not numbers", said)
    said = re.sub(r"the result is a \w+; expected", f"the result is {article} {kind}; expected", said)
    return said.replace("is None;", "is NULL;")


def message(error: Exception) -> str:
    """R's message on one line."""
    return " ".join(str(error).split())


def as_r(argument: Any) -> Any:
    """One argument of the contract as an R object."""
    if isinstance(argument, dict) and "table" in argument:
        factors = argument.get("factors", FACTORS)
        columns = {name: column_as_r(column, is_factor=name in factors) for name, column in argument["table"].items()}
        return robjects.DataFrame(columns)
    if isinstance(argument, dict) and "labels" in argument:
        return factor(argument["labels"])
    if isinstance(argument, numpy.ndarray) and argument.ndim == 2:
        return MATRIX(robjects.FloatVector(argument.ravel(order="F")), nrow=argument.shape[0])
    if isinstance(argument, numpy.ndarray):
        return robjects.FloatVector(argument)
    if isinstance(argument, dict) and "terms" in argument:
        terms = {f"t{k}": {"Z": as_r(Z), "group": as_r(g)} for k, (Z, g) in enumerate(argument["terms"])}
        return robjects.ListVector({name: robjects.ListVector(term) for name, term in terms.items()})
    if isinstance(argument, list):
        return robjects.StrVector([str(entry) for entry in argument])
    return argument


def as_message(argument: Any) -> Any:
    """What `as_r` makes an argument of."""
    if isinstance(argument, robjects.DataFrame):
        return {"table": {str(name): as_message(column) for name, column in argument.items()}}
    value = as_python(argument)
    if isinstance(value, list):
        return {"labels": list(map(str, value))}
    array = numpy.asarray(value, dtype=float)
    return array.item() if array.shape == (1,) else array


def right_as_r(value: dict, *, is_vector: bool) -> Any:
    """The right fields as a list, or as a vector with names; one alone as it is."""
    whole = value.get("", value)
    if isinstance(whole, dict):
        parts = {name: robjects.FloatVector(numpy.ravel(part)) for name, part in whole.items()}
        flat = robjects.FloatVector([entry for part in parts.values() for entry in part])
        if (is_vector or "" in value) and len(flat) == len(parts):
            flat.names = robjects.StrVector(list(parts))
            return flat
        return robjects.ListVector(parts)
    return as_r(whole) if numpy.ndim(whole) == 2 else robjects.FloatVector(numpy.ravel(whole))


def column_as_r(column: Any, *, is_factor: bool) -> Any:
    """Buckets, colours and text as factors, other numbers as they are."""
    labels = column["labels"] if isinstance(column, dict) else column
    if is_factor or any(isinstance(entry, str) for entry in labels):
        return factor(labels)
    return numbers(labels)


def numbers(values: list) -> Any:
    """R's whole numbers have 32 bits; larger ones are its floats, as R reads them."""
    is_whole = all(isinstance(entry, int) and abs(entry) < 2**31 for entry in values)
    return robjects.IntVector(values) if is_whole else robjects.FloatVector(values)


def factor(labels: Any) -> Any:
    """Levels in sorted order: numbers by size, text by letter."""
    values = [entry.item() if isinstance(entry, numpy.generic) else entry for entry in labels]
    if any(isinstance(entry, str) for entry in values):
        return FACTOR(robjects.StrVector(values))
    return FACTOR(numbers(values))


def as_python(value: Any) -> Any:
    """An R result as dicts, lists and arrays."""
    if value is None or value == rinterface.NULL:
        return None
    if isinstance(value, robjects.vectors.FactorVector):
        return [value.levels[code - 1] for code in value]
    names = value.names if hasattr(value, "names") else None
    has_names = names is not None and names != rinterface.NULL
    if isinstance(value, robjects.vectors.ListVector | robjects.vectors.DataFrame):
        entries = [as_python(entry) for entry in value]
        return dict(zip(names, entries, strict=True)) if has_names else entries
    if isinstance(value, robjects.vectors.StrVector):
        return list(value)
    if isinstance(value, robjects.vectors.Vector):
        array = numpy.array(value)
        if isinstance(value, robjects.vectors.IntVector | robjects.vectors.BoolVector):
            array = numpy.where(array == NA, numpy.nan, array.astype(float))
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
