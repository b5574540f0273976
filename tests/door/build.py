"""What the build backend adds: to a wheel the suite, and to every install the files by which Python opens the door."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SUITE = ("conftest.py", "pyproject.toml", "reference", "tests")
OPENERS = {f"tests/door/{name}": name for name in ("lmm_verification.pth", "lmm_verification.start")}


class Hook(BuildHookInterface):
    """Hatchling's name for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is "standard" or "editable"; paths are relative to the project's root."""
        build_data["force_include_editable"] = OPENERS
        if version == "standard":
            build_data["force_include"] |= OPENERS | {part: f"lmm_verification/{part}" for part in SUITE}
