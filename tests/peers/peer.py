"""An implementation in a file that is trusted: it runs in this process, and says what it is.

The file is a submission of Python or R, or the TOML of a program that answers lines of JSON (program.py), and
functions that it does not define are not asked, which is said. It may have declarations more:

    VERSION = "statsmodels 0.15.0"
    CONTRACT = 2                                           the version of the contract that it is for (1 is read)
    NOT_OFFERED = ("satterthwaite_df", "fit_reml.se")      functions of the contract, and fields
    CRITERION = "+log|X'X|"                                what its criterion is, beside lme4's: or "-log|X'X|"
    REFUSES = {"boundary": "why"}                          data that it refuses ("singletons", "no intercept"),
                                                           models that it has not ("slopes", "crossed",
                                                           "several terms", "ml")
    DF = "kenward-roger"                                   instead of Satterthwaite's
    LEAST = 8                                              digits that are asked of everything on ordinary data
    KNOWN_FAILURES = {"test_name[case]": "reason", ...}    tests that it fails by its own fault

A `fit_mixed` that takes `method` ("REML" or "ML") is asked by ML as well. A result of `fit_reml` may have a field more,
`converged`: what the package itself says of it.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import lmm_core
from reference import r
from tests import contract
from tests.contract import EVERY, ContractError
from tests.grading.sandbox.border import outgoing
from tests.grading.sandbox.plain import UnreadableError, field_of, names_of, plain
from tests.implementation import Backend, Implementation, InProcess
from tests.peers import program
from tests.peers.declared import REFUSABLE_TERMS, DeclarationError, Declared, flag, not_asked
from tests.tolerances import REFERENCE, SUBMISSION, Tolerances

PEER = pytest.StashKey["Peer"]()
SUITE = {"conftest", "lmm_verification", "reference", "tests"}
FOLDER = Path(__file__).parents[2] / "reference" / "peers"
FILES = tuple(sorted(path for path in FOLDER.iterdir() if path.suffix in (".py", ".R")))


NUMBERS = ("X", "y", "V")  # arguments that are no labels, of whatever type
MOST_DIGITS = 10  # that --least may ask for: what lmm_core itself is held to
RENAMED = (
    "fit_components(X, y, groups) and components_df, of contract 1, are asked as they are; they are called "
    "fit_mixed(X, y, terms) and mixed_df now, terms being pairs (Z, group), Z a column of ones for a component"
)
IN_R = {
    "fit_components": """
fit_mixed <- function(X, y, terms) {
  if (any(vapply(terms, function(term) any(term$Z != 1) || ncol(term$Z) > 1, NA))) stop("contract 1 has no slopes")
  fit <- fit_components(X, y, lapply(terms, function(term) term$group))
  c(fit, list(G = lapply(fit$V, function(v) matrix(v, 1, 1))))
}
""",
    "components_df": """
mixed_df <- function(X, y, terms) components_df(X, y, lapply(terms, function(term) term$group))
""",
}


NOT_BY_ML = "Not asked: fit_mixed by ML,"
NO_METHOD = 'which takes no argument `method` ("REML" or "ML")'


class PeerError(Exception):
    """The file cannot be used; one sentence."""


@dataclass(frozen=True)
class Peer:
    """A loaded implementation."""

    name: str
    version: str
    backend: Backend
    declared: Declared = field(default_factory=Declared)
    tolerances: Tolerances = SUBMISSION
    least: int | None = None  # digits asked on ordinary data
    language: str = "Python"
    by_ml: bool = True  # whether fit_mixed takes a method
    remarks: tuple[str, ...] = ()  # what is not asked of it, in sentences

    def implementation(self) -> Implementation:
        """As the tests see it."""
        return Implementation(self.name, self.backend, self.tolerances)

    def loaded(self) -> dict[str, str]:
        """Where its process has found each module, or in R each package."""
        return {"Python": _loaded, "R": r.loaded}.get(self.language, dict)()

    @property
    def on_ordinary_data(self) -> Tolerances:
        """What is forgiven where the data cost no digit."""
        return self.tolerances if self.least is None else Tolerances.of_digits(self.least)

    def asking(self, least: int | None) -> "Peer":
        """With other digits, if any are named; raises PeerError."""
        peer = self if least is None else replace(self, least=least)
        if peer.least is not None and not 1 <= peer.least <= MOST_DIGITS:
            raise PeerError(f"{self.name} is asked for {peer.least} digits; expected 1 to {MOST_DIGITS}")
        return peer

    def offers(self, function: str) -> bool:
        """Whether the function is to be judged."""
        return function not in self.declared.not_offered


@dataclass(frozen=True)
class InPython:
    """A module of this process; whatever it raises is its answer."""

    module: ModuleType
    declared: Declared

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call one of its functions."""
        function = getattr(self.module, name, None)
        if function is None:
            raise ContractError(f"{name} is not defined")
        try:
            values, named = EVERY[name].parted(arguments)
            value = function(*values, **named)
            answer = plain(value, self.declared.forms(name, forms)) | flag(value)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an extension in Rust panics with one
            failed = ContractError(f"{name} raised {type(error).__name__}: {error}")
            self.declared.refused(name, arguments, failed)
        return self.declared.completed(name, answer, arguments)

    def takes_method(self) -> bool:
        """Whether its fit_mixed may be asked by ML: another package's `method` names an optimiser."""
        try:
            method = inspect.signature(self.module.fit_mixed).parameters.get("method")
        except (TypeError, ValueError):  # an extension may not say
            return False
        return method is not None and method.default == "REML"


@dataclass(frozen=True)
class InR:
    """An R file, in the R of this process."""

    submission: Any
    declared: Declared

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call one of its functions."""
        function = self.submission.function(name)
        if function is None:
            raise ContractError(f"{name} is not defined")
        try:
            sent = {
                argument: np.asarray(value, float) if argument in NUMBERS else outgoing(value)
                for argument, value in arguments.items()
            }
            values, named = EVERY[name].parted(sent)
            answer = self.submission.call(function, values, self.declared.forms(name, forms), **named)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None
        except Exception as error:
            self.declared.refused(name, arguments, ContractError(f"{name} stopped {error}"))
        unread = [part for part in answer.values() if isinstance(part, str)]
        if unread or "flaws" in answer:
            raise ContractError(f"{name}: {unread[0] if unread else 'the result has no names, or numbers as text'}")
        return self.declared.completed(name, answer, arguments)

    def takes_method(self) -> bool:
        """Whether its fit_mixed may be asked by ML."""
        return "method" in self.submission.signature("fit_mixed")


def core() -> Peer:
    """lmm_core, which needs no file."""
    return Peer("lmm_core", "lmm_core", InProcess(lmm_core), tolerances=REFERENCE)


def load(path: Path) -> Peer:
    """Load a .py, .R or .toml file; raises PeerError."""
    if not path.is_file():
        raise PeerError(f"implementation {path} does not exist")
    suffix = path.suffix.lower()
    if suffix not in LANGUAGES:
        raise PeerError(f"implementation {path} is neither a .py nor a .R file, nor a .toml of a program")
    language, (loaded, said) = LANGUAGES[suffix], LOADERS[suffix](path)
    in_r, in_python = language == "R", language == "Python"
    name = path.stem.removesuffix("_peer")
    if said("CONTRACT") not in (None, *range(1, contract.VERSION + 1)):
        raise PeerError(f"implementation {path} is for contract {said('CONTRACT')}; this is {contract.VERSION}")
    defined = (lambda name: getattr(loaded, name, None)) if in_python else loaded.function
    refuses, renamed = dict(said("REFUSES") or {}), ()
    older = [old for old, new in contract.OLDER.items() if defined(old) is not None and defined(new) is None]
    for name_before in older:
        r.define(IN_R[name_before], loaded.environment) if in_r else IN_PYTHON[name_before](loaded)
    if older:
        refuses, renamed = {"slopes": "contract 1 has none", **refuses}, (RENAMED,)
    absent = [name for name in EVERY if defined(name) is None]
    if len(absent) == len(EVERY):
        raise PeerError(f"implementation {path} defines no function of the contract, such as fit_reml")
    not_offered = [entry for entry in said("NOT_OFFERED") or () if entry.partition(".")[0] not in contract.OLDER]
    names = {str(key) for key in (loaded.environment if in_r else vars(loaded) if in_python else ())}
    missing = {*not_offered, *absent}
    try:
        declared = Declared(
            not_offered=frozenset(entry for entry in missing if "." not in entry),
            lacking=frozenset(entry for entry in missing if "." in entry),
            criterion=str(said("CRITERION") or "lme4"),
            refuses=refuses,
            df=str(said("DF") or "satterthwaite"),
            known_failures=dict(said("KNOWN_FAILURES") or {}),
        )
    except DeclarationError as error:
        raise PeerError(f"implementation {path} {error}") from None
    backend = BACKENDS[suffix](loaded, declared)
    least = None if said("LEAST") is None else int(said("LEAST"))
    version = str(said("VERSION") or name)
    by_ml = "fit_mixed" not in missing and "ml" not in refuses and backend.takes_method()
    without = [] if by_ml or "fit_mixed" in missing else [f"{NOT_BY_ML} {refuses.get('ml', NO_METHOD)}."]
    remarks = (*not_asked(names, absent, not_offered), *without, *renamed)
    peer = Peer(name, version, backend, declared, least=least, language=language, by_ml=by_ml, remarks=remarks)
    return peer.asking(None)


def _fit_mixed(module: ModuleType) -> None:
    """Contract 1's fit by the name of contract 2."""
    fit_components = module.fit_components

    def fit_mixed(X: Any, y: Any, terms: Any) -> dict[str, Any]:
        _no_slopes(terms)
        fit = fit_components(X, y, [group for _, group in terms])
        fields = {name: field_of(fit, name) for name in names_of(fit)}
        return fields | {"G": [np.full((1, 1), V) for V in np.ravel(fields.pop("V"))]}

    module.fit_mixed = fit_mixed  # type: ignore[attr-defined]


def _mixed_df(module: ModuleType) -> None:
    components_df = module.components_df

    def mixed_df(X: Any, y: Any, terms: Any) -> Any:
        _no_slopes(terms)
        return components_df(X, y, [group for _, group in terms])

    module.mixed_df = mixed_df  # type: ignore[attr-defined]


IN_PYTHON = {"fit_components": _fit_mixed, "components_df": _mixed_df}


def _no_slopes(terms: Any) -> None:
    if REFUSABLE_TERMS["slopes"](terms):
        raise NotImplementedError("contract 1 has no slopes")


def _loaded() -> dict[str, str]:
    """Modules of others than the suite and Python; a package by its folder."""
    found = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and not (name.startswith("implementation_") or "." in name or name in SUITE | sys.stdlib_module_names):
            found[name] = str(Path(path).parent if Path(path).name == "__init__.py" else path)
    return found


def _from_python(path: Path) -> tuple[ModuleType, Callable[[str], Any]]:
    spec = importlib.util.spec_from_file_location(f"implementation_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up annotations
    sys.path.insert(0, str(path.parent))  # what lies beside it
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PeerError(f"implementation {path} cannot be loaded: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(str(path.parent))
    return module, lambda name: getattr(module, name, None)


def _from_r(path: Path) -> tuple[Any, Callable[[str], Any]]:
    if r.unavailable():
        raise PeerError(f"implementation {path} needs R: {r.unavailable()}; to install: {r.install()}")
    from tests.grading.sandbox.r_submission import RSubmission, as_python  # noqa: PLC0415 - starts R

    try:
        submission = RSubmission([("", path.read_text(encoding="utf-8-sig"))])
    except Exception as error:  # whatever R says when it cannot load a package
        raise PeerError(f"implementation {path} cannot be loaded: {' '.join(str(error).split())}") from None
    if submission.remarks:
        raise PeerError(f"implementation {path} cannot be loaded: {submission.remarks[0]}")

    def said(name: str) -> Any:
        value = as_python(r.get(name, submission.environment))
        if isinstance(value, dict):
            return {key: entry[0] if isinstance(entry, list) else entry for key, entry in value.items()}
        if name == "NOT_OFFERED" or value is None:
            return value
        return int(value[0]) if name in ("CONTRACT", "LEAST") else str(value[0])

    return submission, said


def _from_toml(path: Path) -> tuple[program.Declaration, Callable[[str], Any]]:
    try:
        declaration = program.read(path).started()
    except program.ProgramError as error:
        raise PeerError(f"implementation {path} {error}") from None
    return declaration, lambda name: declaration.said.get(name.lower())


LANGUAGES = {".py": "Python", ".r": "R", ".toml": "JSON lines"}
LOADERS: dict[str, Callable[[Path], tuple[Any, Callable[[str], Any]]]] = {
    ".py": _from_python,
    ".r": _from_r,
    ".toml": _from_toml,
}
BACKENDS: dict[str, Callable[[Any, Declared], InPython | InR | program.InProgram]] = {
    ".py": InPython,
    ".r": InR,
    ".toml": program.InProgram,
}
