"""`lmm-verify smoke PEER`: whether the dialogue with a program works, in seconds; each function is asked once."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.contract import EVERY, NOT_OFFERED, Answer
from tests.peers import peer
from tests.peers.program import example

MANY = 6  # numbers, from which on they are counted and not shown


def smoke(path: Path) -> int:
    """A line for each function; 1 where one is not answered in the contract's form, 2 where nothing can be asked."""
    try:
        asked = peer.load(path.absolute())
    except peer.PeerError as error:
        print(f"lmm-verify smoke: {error}", file=sys.stderr)
        return 2
    print(f"{asked.version}, asked once for each function, of three frogs in each of four buckets")
    answered = [_line(asked, name) for name in EVERY]
    print("\n".join(f"  {name:<22} {said}" for name, (_, said) in zip(EVERY, answered, strict=True)))
    failed = sum(not works for works, _ in answered)
    offered = sum(asked.offers(name) for name in EVERY)
    print(f"{offered - failed} of {offered} functions offered are answered in the contract's form")
    return 1 if failed else 0


def _line(asked: peer.Peer, name: str) -> tuple[bool, str]:
    if not asked.offers(name):
        return True, "not offered"
    arguments, started = example(name), time.monotonic()
    try:
        value = getattr(asked.implementation(), name)(*arguments.values())
    except AssertionError as error:
        return False, " ".join(str(error).split())
    missing = value._missing if isinstance(value, Answer) else {}
    said = "; ".join(missing.values()) or _short(value)
    return not missing, f"{said} ({time.monotonic() - started:.2f} s)"


def _short(value: Any) -> str:
    """A value in a line."""
    if isinstance(value, Answer):
        return ", ".join(f"{key} {_short(part)}" for key, part in vars(value).items())
    if value is NOT_OFFERED:
        return "not offered"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count}" for key, count in value.items())
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    if hasattr(value, "columns"):
        return f"a table of {len(value)} rows"
    array = np.asarray(value, dtype=float)
    if array.size >= MANY:
        return f"{' x '.join(map(str, array.shape))} numbers"
    return " ".join(f"{number:.6g}" for number in array.ravel())
