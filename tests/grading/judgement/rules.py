"""The rules by which points of the same work have changed since a class was graded (rules.toml)."""

import re
import tomllib
from pathlib import Path
from typing import Any

RULES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))["rule"]


def which(function: str, said: str, known: int) -> str:
    """The rules that came after the first `known`, and may have changed a function's points.

    Those that its result speaks of, before and after; where it speaks of none, all that are about the function.
    """
    about = [rule for rule in RULES[known:] if function in rule.get("functions", [function])]
    heard = [rule for rule in about if "said" in rule and re.search(rule["said"], said)]
    return "; or ".join(rule["what"] for rule in heard or about)
