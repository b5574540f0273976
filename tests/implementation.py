"""The implementation under test, as the tests see it: the contract's functions, returning plain numbers."""

from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from tests.contract import EVERY, ContractError
from tests.grading.sandbox.plain import UnreadableError, plain
from tests.shown import AsRepr
from tests.tolerances import REFERENCE, Tolerances


class Backend(Protocol):
    """Runs one function of the contract and hands back its plain result (see grading/sandbox/plain.py)."""

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Raise an AssertionError in words for a student where the call fails."""


@dataclass
class InProcess:
    """A trusted module of this process."""

    module: ModuleType

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Call it."""
        try:
            function = getattr(self.module, name, None) or getattr(import_module("lmm_core.mixed"), name)
            return plain(function(*arguments.values()), forms)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None


@dataclass
class Call:
    """A call that was made: what a failing test was looking at."""

    name: str
    arguments: dict[str, Any]
    result: Any = None


@dataclass
class Implementation(AsRepr):
    """`impl.gls(X, y, V)` calls the implementation's `gls`, checks the form of its result, and remembers it."""

    name: str
    backend: Backend
    tolerances: Tolerances = REFERENCE
    calls: list[Call] = field(default_factory=list)
    converged: bool | None = None  # what a package says of its last answer, where it has a flag

    def __repr__(self) -> str:
        """Short: hypothesis prints it beside a failing input."""
        return f"<{self.name}>"

    def __getattr__(self, name: str) -> Any:
        if name not in EVERY:
            raise AttributeError(f"{name} is not in the contract")
        return lambda *arguments: self._call(name, arguments)

    def _call(self, name: str, values: tuple[Any, ...]) -> Any:
        function = EVERY[name]
        optional = function.optional[: max(0, len(values) - len(function.arguments))]
        call = Call(name, dict(zip((*function.arguments, *optional), values, strict=True)))
        self.calls = [*self.calls[-1:], call]  # the last two: some theorems compare a pair
        value = self.backend.call(name, call.arguments, function.forms)
        self.converged = value.get("converged")
        call.result = function.normalised(value, call.arguments)
        return call.result
