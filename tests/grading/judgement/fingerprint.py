"""The fingerprint of all that a record depends on: submission, functions, limits, options, suite and libraries."""

import hashlib
import importlib.metadata
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.grading.intake.handin import HandIn
from tests.grading.judgement.rubric import Rubric
from tests.grading.sandbox.tiers import Tier

PROJECT = Path(__file__).parents[3]

SUITE = ("conftest.py", "lmm_core", "reference", "tests")
JUDGES_NOTHING = ("bench", "meta", "authorities", "peers", "__pycache__")
LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "hypothesis", "pytest", "python-flint")


def fingerprint(handed_in: HandIn, rubric: Rubric, tier: Tier, seed: int | None) -> bytes:
    """A digest of them all; two records with one fingerprint are equal."""
    parts = [
        repr(replace(handed_in, earlier=())),
        f"{list(rubric.items)} {rubric.names} {rubric.limits}",
        f"{tier} {seed}",
        suite(),
    ]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part.encode()).digest() for part in parts)).digest()


@cache
def suite() -> str:
    """sha256 of every file of the suite that judges, and of the versions of the libraries."""
    digest = hashlib.sha256(" ".join(importlib.metadata.version(name) for name in LIBRARIES).encode())
    for part in SUITE:
        root = PROJECT / part
        for path in sorted([root] if root.is_file() else root.rglob("*.*")):
            inside = path.relative_to(PROJECT)
            if path.suffix != ".pyc" and path.is_file() and not set(inside.parts) & set(JUDGES_NOTHING):
                digest.update(str(inside).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
