"""An implementation in a file that is trusted: it runs in this process, and declares what it does not offer.

The file is a submission of Python or R with three declarations more, none of them required:

    VERSION = "statsmodels 0.15.0"
    NOT_OFFERED = ("satterthwaite_df", ...)                functions of the contract
    KNOWN_FAILURES = {"test_name[case]": "reason", ...}    tests that it fails by its own fault
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lmm_core
from reference import r
from tests.contract import CONTRACT, ContractError
from tests.grading.sandbox.plain import UnreadableError
from tests.grading.sandbox.submission import outgoing
from tests.implementation import Backend, Implementation, InProcess
from tests.tolerances import REFERENCE, SUBMISSION, Tolerances

PEER = pytest.StashKey["Peer"]()
FOLDER = Path(__file__).parents[2] / "reference" / "peers"
FILES = tuple(sorted(path for path in FOLDER.iterdir() if path.suffix in (".py", ".R")))


class PeerError(Exception):
    """The file cannot be used; one sentence."""


@dataclass(frozen=True)
class Peer:
    """A loaded implementation."""

    name: str
    version: str
    backend: Backend
    not_offered: frozenset[str]
    known_failures: dict[str, str]
    tolerances: Tolerances = SUBMISSION

    def implementation(self) -> Implementation:
        """As the tests see it."""
        return Implementation(self.name, self.backend, self.tolerances)

    def offers(self, function: str) -> bool:
        """Whether the function is to be judged."""
        return function not in self.not_offered


@dataclass(frozen=True)
class InR:
    """An R file, in the R of this process."""

    path: Path
    submission: Any

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call one of its functions."""
        function = self.submission.function(name)
        if function is None:
            raise ContractError(f"{name} is not defined")
        try:
            return self.submission.call(function, [outgoing(value) for value in arguments.values()], forms)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None
        except Exception as error:
            raise ContractError(f"{name} stopped {error}") from None


def core() -> Peer:
    """lmm_core, which needs no file."""
    return Peer("lmm_core", "lmm_core", InProcess(lmm_core), frozenset(), {}, REFERENCE)


def load(path: Path) -> Peer:
    """Load a .py or .R file; raises PeerError."""
    if not path.is_file():
        raise PeerError(f"implementation {path} does not exist")
    if path.suffix.lower() not in (".py", ".r"):
        raise PeerError(f"implementation {path} is neither a .py nor a .R file")
    backend, declared = _from_r(path) if path.suffix.lower() == ".r" else _from_python(path)
    name = path.stem.removesuffix("_peer")
    not_offered = frozenset(declared("NOT_OFFERED") or ())
    unknown = sorted(not_offered - set(CONTRACT))
    if unknown:
        raise PeerError(f"implementation {path} does not offer {unknown[0]}, which is not in the contract")
    known = dict(declared("KNOWN_FAILURES") or {})
    return Peer(name, str(declared("VERSION") or name), backend, not_offered, known)


def _from_python(path: Path) -> tuple[Backend, Callable[[str], Any]]:
    spec = importlib.util.spec_from_file_location(f"implementation_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up annotations
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PeerError(f"implementation {path} cannot be loaded: {type(error).__name__}: {error}") from None
    return Careful(module), lambda name: getattr(module, name, None)


@dataclass
class Careful(InProcess):
    """A module whose exceptions are the verdict of the call."""

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call it."""
        if not hasattr(self.module, name):
            raise ContractError(f"{name} is not defined")
        try:
            return super().call(name, arguments, forms)
        except ContractError:
            raise
        except Exception as error:
            raise ContractError(f"{name} raised {type(error).__name__}: {error}") from None


def _from_r(path: Path) -> tuple[Backend, Callable[[str], Any]]:
    if r.unavailable():
        raise PeerError(f"implementation {path} needs R: {r.unavailable()}; to install: {r.INSTALL}")
    from tests.grading.sandbox.r_submission import RSubmission, as_python  # noqa: PLC0415 - starts R

    try:
        submission = RSubmission([("", path.read_text(encoding="utf-8-sig"))])
    except Exception as error:  # whatever R says when it cannot load a package
        raise PeerError(f"implementation {path} cannot be loaded: {' '.join(str(error).split())}") from None

    if submission.remarks:
        raise PeerError(f"implementation {path} cannot be loaded: {submission.remarks[0]}")

    def declared(name: str) -> Any:
        value = as_python(r.get(name, submission.environment))
        if isinstance(value, dict):
            return {key: entry[0] if isinstance(entry, list) else entry for key, entry in value.items()}
        return value[0] if name == "VERSION" and isinstance(value, list) else value

    return InR(path, submission), declared
