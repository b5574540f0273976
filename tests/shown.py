"""How hypothesis shows a failing input."""

from typing import Any


class AsRepr:
    """By its `repr`, short or as code: of a dataclass hypothesis prints all fields, and warns at 30,000 characters."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - as it is called
        printer.text(repr(self))
