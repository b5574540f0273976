"""The files of lmm_core, and the mutants of them that are none."""

import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
CORE = PROJECT / "lmm_core"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def modules() -> list[str]:
    """Every file, the wing's too, as mutants and equivalent.toml call it: reml, chapter/steps."""
    return sorted(path.relative_to(CORE).with_suffix("").as_posix() for path in CORE.rglob("*.py"))


def equivalent() -> dict[str, str]:
    """Mutants that change nothing which anybody could observe: name and reason."""
    entries = tomllib.loads(EQUIVALENT.read_text())["equivalent"]
    return {mutant: entry["reason"] for entry in entries for mutant in entry["mutants"]}
