"""Functions that several hand-ins share, or that one shares with lmm_core, whatever their variables are called.

Functions are compared in a normal form (normal.py), but for what half of a class of ten or more has written alike.
Texts are read in a process of its own, each for a few seconds at most: what takes longer is compared with nothing.
"""

import inspect
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import lmm_core
from tests.grading.intake.handin import HandIn
from tests.grading.judgement.fingerprint import PROJECT
from tests.grading.judgement.normal import trees
from tests.grading.names import CHAPTER, Names
from tests.grading.sandbox.view import ONE_THREAD

MANY = 10  # in such a class half may write alike
ALTOGETHER = 600, 30  # seconds by the wall clock, and more for each hand-in: far above what the others let pass


@dataclass(frozen=True)
class Cluster:
    """Hand-ins that share functions."""

    names: tuple[str, ...]
    functions: tuple[str, ...]
    is_core: bool = False  # and with lmm_core


def copies(handed_in: Iterable[HandIn], course: Names = CHAPTER) -> list[Cluster]:
    """Who shares what with whom, the largest clusters first; for the teacher's eyes."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    everybody = list(handed_in)
    for one, functions in zip(everybody, _apart(everybody, list(course.functions.values())), strict=True):
        for function, normalised in functions.items():
            owners[function, normalised].append(one.name)
    core = {
        own: trees(inspect.getsource(getattr(lmm_core, name)), [name]).get(name)
        for name, own in course.functions.items()
    }
    shared: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for (function, normalised), names in owners.items():
        is_core = normalised == core[function]
        is_common = len(everybody) >= MANY and len(names) > len(everybody) / 2
        if is_core or (len(names) > 1 and not is_common):
            shared[tuple(names), is_core].append(function)
    order = list(core).index
    found = [
        Cluster(names, tuple(sorted(functions, key=order)), is_core) for (names, is_core), functions in shared.items()
    ]
    return sorted(found, key=lambda cluster: (-len(cluster.names), -len(cluster.functions), cluster.names))


def _apart(everybody: list[HandIn], asked: list[str]) -> list[dict[str, str]]:
    """The normalised functions of each hand-in, found in another process; of nobody where that does not end."""
    told = [[one.source.language, [text for _, text in one.source.chunks]] if one.source else None for one in everybody]
    fixed, each = ALTOGETHER
    try:
        run = subprocess.run(
            [sys.executable, "-m", "tests.grading.judgement.normal"],
            cwd=PROJECT,
            input=json.dumps([asked, told]).encode(),
            env=os.environ | ONE_THREAD,
            capture_output=True,
            timeout=fixed + each * len(told),
            check=True,
        )
        return json.loads(run.stdout)
    except (subprocess.SubprocessError, ValueError):
        return [{} for _ in everybody]
