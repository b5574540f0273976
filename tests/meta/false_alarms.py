"""Every example of a theorem is shown to lmm_core and to one of the correct files (`tox -e thorough`).

    pytest -p tests.meta.false_alarms --hypothesis-profile=thorough tests/exercises

A test that fails here has named a correct implementation wrong: its theorem lacks a condition, or its
tolerance was not derived. Which file is shown an example follows from the example, so that it can be replayed;
files in R take part where R is found.
"""

import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from reference import r
from tests.implementation import Implementation
from tests.peers import peer
from tests.selection import keep, owed

LANGUAGES = ("*.py",) if r.unavailable() else ("*.py", "*.R")
FOLDER = Path(__file__).with_name("correct")
FILES = sorted(path for kind in LANGUAGES for path in FOLDER.glob(kind) if path.stem != "statsmodels_defaults")
CORRECT = [peer.load(path) for path in FILES]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the theorems that submissions are judged by; each is asked of two implementations at once."""
    keep(config, items, lambda item: owed(item) and hasattr(item.obj, "hypothesis"))
    for test in {id(item.obj): item.obj.hypothesis for item in items}.values():  # cases of a test share it
        test.inner_test = _of_two(test.inner_test)


def _of_two(theorem: Any) -> Any:
    """The theorem, of lmm_core and of another style."""

    def of_two(impl: Implementation, **drawn: Any) -> None:
        style = CORRECT[zlib.crc32(pickle.dumps(drawn)) % len(CORRECT)]
        theorem(impl, **drawn)
        try:
            theorem(style.implementation(), **drawn)
        except AssertionError as error:
            raise AssertionError(f"{style.name}: {error}") from None

    return of_two
