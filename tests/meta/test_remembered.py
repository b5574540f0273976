"""The public examples, kept for the next run: the same to the bit, and only what this suite has sealed."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import exact
from tests import strategies
from tests.grading import examples, remembered
from tests.meta import bundle
from tests.meta.graded import PROJECT

FROGS = strategies.twelve_frogs()
EXAMPLES = [
    {"frogs": FROGS, "c": 1e-3, "seed": 5},
    {"frogs": strategies.fixed_frogs([[3, 1], [2]], 4), "pair": (0.1, -0.0), "labels": np.array(["tub Z", "a"])},
    {"regression": strategies.Regression(np.eye(3), np.arange(3.0), np.full((3, 3), 1 / 3)), "whole": np.arange(3)},
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Of somebody who has graded nothing."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "lmm-verification"


def same(one, other):
    """Of one type, with the same numbers and labels in the same places."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            same(mine, theirs)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        same(list(one.values()), list(other.values()))
    elif hasattr(one, "__dataclass_fields__"):
        same(*([getattr(each, name) for name in one.__dataclass_fields__] for each in (one, other)))
    else:
        assert repr(one) == repr(other)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """What this process knows, apart from what other tests have drawn and asked."""
    monkeypatch.setattr(remembered, "DRAWN", {})
    monkeypatch.setattr(exact, "ANSWERS", {})


def kept(**known):
    """Keep these, and forget them."""
    remembered.DRAWN.update(known)
    remembered.keep_examples()
    remembered.DRAWN.clear()


def recalled():
    """The examples that the next run would know."""
    remembered.DRAWN.clear()
    remembered.recall()
    return remembered.DRAWN


def test_what_is_kept_comes_back_to_the_bit():
    """Tables, matrices, labels, pairs, negative zero."""
    kept(a=EXAMPLES)
    same(recalled(), {"a": EXAMPLES})


def test_the_right_answers_are_kept_to_the_last_digit(monkeypatch):
    """All 50, and whatever is asked anew is computed anew."""
    fit = exact.reml(FROGS.cell_means, FROGS.y, FROGS.group)
    remembered.keep_answers()
    exact.ANSWERS.clear()
    remembered.recall()
    with monkeypatch.context() as idle:
        idle.setattr(exact, "_reml", lambda *_: pytest.fail("it is known"))
        assert exact.reml(FROGS.cell_means, FROGS.y, FROGS.group) == fit
    assert exact.reml(FROGS.cell_means, 2 * FROGS.y, FROGS.group).Ve != fit.Ve
    assert len(exact.ANSWERS) == 2


def test_what_is_neither_numbers_nor_labels_is_not_kept():
    """No pickles."""
    with pytest.raises(TypeError, match="set is neither numbers nor labels"):
        remembered.as_text([{"frogs": {1, 2}}])


def test_what_was_changed_or_is_anothers_is_not_taken(home, monkeypatch):
    """A byte of the examples, the seal's secret, another Python; a home that cannot be written keeps nothing."""
    kept(a=EXAMPLES)
    with monkeypatch.context() as other:
        other.setattr(sys, "version", "4.0")
        assert recalled() == {}
    path = home / "examples" / ".record.json"
    whole = path.read_text()
    path.write_text(whole.replace("0.001", "0.002"))
    assert whole != path.read_text() and recalled() == {}
    path.write_text(whole)
    assert list(recalled()) == ["a"]
    (home / ".secret.json").unlink()
    assert recalled() == {}
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    kept(a=EXAMPLES)
    assert recalled() == {}


def asked_of(test, n):
    """What is raised of a property that was drawn 99 formerly, where hypothesis draws others."""
    item = SimpleNamespace(nodeid=test.__name__, obj=test, funcargs={}, _fixtureinfo=SimpleNamespace(argnames=()))
    examples.DRAWN[item.nodeid] = [{"n": n}]
    with pytest.raises(Exception) as raised:
        examples.check(item, smallest=True)
    del examples.DRAWN[item.nodeid]
    return str(raised.value)


def test_an_example_that_hypothesis_does_not_find_again_is_asked_again():
    """A function that fails each time is not said to give other answers; one that fails once is."""
    calls = []

    @given(st.integers(0, 5))
    def fails(n):
        if n == 99:
            raise ValueError("99 is wrong")

    @given(st.integers(0, 5))
    def fails_once(n):
        calls.append(n)
        if n == 99 and calls.count(99) == 1:
            raise ValueError("99 was wrong")

    assert asked_of(fails, 99) == "99 is wrong"
    assert asked_of(fails_once, 99) == examples.CHANGEABLE


COUNTED = """
import os, sys
import pytest
from reference import exact
from tests.grading import examples, remembered
def noted(name):
    function = getattr(remembered, name)
    def note():
        function()
        with open(os.environ["NOTES"], "a") as file:
            print(name, len(examples.DRAWN), len(exact.ANSWERS) > 0, file=file)
    setattr(remembered, name, note)
for name in ("recall", "keep_examples", "keep_answers"):
    noted(name)
sys.exit(pytest.main(sys.argv[1:]))
"""


WARMED = """
import tests.grading.warm
from tests.grading.examples import DRAWN
print(*DRAWN, sep="\\n")
"""


@pytest.mark.slow
def test_every_public_example_is_kept_and_a_run_without_a_fence_takes_none(tmp_path, home):
    """The first run draws for all properties, the second for none; both say the same."""
    right = tmp_path / "right.py"
    right.write_text(bundle.correct())

    def run(*options):
        notes = tmp_path / f"notes{options}"
        notes.touch()
        command = [sys.executable, "-c", COUNTED, f"--submission={right}", *options]
        environment = os.environ | {"PYTHONPATH": str(PROJECT), "NOTES": str(notes)}
        told = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        ).stdout
        return told, notes.read_text().splitlines()

    (first, drawn), (second, taken) = run(), run("-v", "-v")
    n_drawn = drawn[-1].split()[1]
    assert int(n_drawn) > 70
    assert drawn == ["recall 0 False", f"keep_examples {n_drawn} False", f"keep_answers {n_drawn} True"]
    assert taken == [f"recall {n_drawn} True"]
    assert "right.py: 100 of 100" in first and "right.py: 100 of 100" in second
    for options in (("--isolation=none",), ("--seed=3",)):
        assert run(*options)[1] == []
    assert sorted(path.name for path in home.iterdir()) == [".secret.json", "answers", "examples"]
    drawn_for_a_class = subprocess.run(
        [sys.executable, "-c", WARMED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT), "LMM_DRAW": "5"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(drawn_for_a_class.stdout.split("\n")) == {
        *recalled(),
        "",
    }  # what a package owes takes a minute
