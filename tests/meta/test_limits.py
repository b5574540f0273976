"""Limits of time are this machine's: a measured unit of work, and who meets one in company is asked once more alone."""

import contextlib
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.grading import classroom
from tests.grading.asked import Assignment
from tests.grading.classroom import Class
from tests.grading.intake.source import Source
from tests.grading.judgement import rubric
from tests.grading.sandbox import clock, limits, tiers
from tests.grading.sandbox.limits import UNIT_SECONDS, Limits, measured_unit
from tests.grading.sandbox.submission import CallFailedError, Submission
from tests.grading.sandbox.tiers import Tier

TWO_SECONDS = """
import time
def denominator_df(data):
    end = time.process_time() + 2
    while time.process_time() < end: pass
    return 3
"""

CALLS = 138 + 56 + 85  # of fit_reml, satterthwaite_df and anova_reml, by the checks of one submission


def test_the_time_in_all_is_a_second_for_every_call_of_the_dearest_functions():
    """A search by a grid, done anew for each field that is read, takes 1.3 in anova_reml, and 0.3 and 0.6 before it."""
    assert rubric.load(rubric.DEFAULT).limits.submission_seconds >= CALLS
    assert Limits().submission_seconds >= CALLS


@pytest.mark.parametrize(("speed", "unit"), [(1 / 3, 3.0), (1.0, 1.0), (4.0, 1.0)])
def test_the_unit_is_how_much_slower_this_machine_is(monkeypatch, speed, unit):
    """And at least 1: a fast machine takes nothing from anybody."""
    monkeypatch.setattr(limits, "_seconds_of_work", lambda: UNIT_SECONDS / speed)
    assert measured_unit.__wrapped__() == unit


@pytest.mark.parametrize(("unit", "late"), [(1.0, True), (4.0, False)])
def test_a_limit_is_so_much_longer_on_a_slower_machine(unit, late):
    """Two seconds of the processor, within one of a machine four times as fast."""
    tier, _ = tiers.best("auto")
    assert tier
    submission = Submission(Source.of("Python", TWO_SECONDS), tier.name, Limits(call_seconds=1, unit=unit))
    with contextlib.suppress(CallFailedError):
        submission.call("denominator_df", {"data": pd.DataFrame({"bucket": [1]})}, {})
    submission.close()
    assert submission.late == late


def test_many_quick_calls_use_up_the_time_in_all(monkeypatch):
    """Once it is loaded, none is looked at while it goes on (clock.py)."""
    tier, _ = tiers.best("auto")
    assert tier
    text = TWO_SECONDS.replace("+ 2", "+ 0.03")
    submission = Submission(Source.of("Python", text), tier.name, Limits(submission_seconds=3))
    with contextlib.suppress(CallFailedError):
        for _ in range(200):
            submission.call("denominator_df", {"data": pd.DataFrame({"bucket": [1]})}, {"": "numbers"})
            monkeypatch.setattr(clock, "TICK", 1.0)
    submission.close()
    assert submission.overdrawn


@pytest.mark.parametrize(("unit", "said"), [(1.0, []), (2.5, ["limits of time: 2.5 times the rubric's"])])
def test_a_slower_machine_is_said_first_and_kept_with_the_report(unit, said):
    """For whoever asks later why a file was late, or was not."""
    chosen = rubric.load(rubric.DEFAULT)
    chosen = replace(chosen, limits=replace(chosen.limits, unit=unit))
    run = Assignment([], chosen, Tier("bwrap"), None, None, None, [], "", [], [])
    lines = [line for line in run.header() if line.startswith("limits of time")]
    assert [line.partition(",")[0] for line in lines] == said
    assert all(run.about["limits"] in line for line in lines) and run.about["limits"]


@pytest.mark.parametrize(("processes", "counts"), [(2, "second"), (1, "first")])
def test_who_is_late_in_company_is_asked_once_more_alone(monkeypatch, processes, counts):
    """And is the last; where one at a time is graded there is nothing to repeat."""
    answers = {"quick": iter([("first", False)]), "slow": iter([("first", True), ("second", True)])}
    monkeypatch.setattr(classroom.server, "serving", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(Class, "_warmed", lambda _: None)
    monkeypatch.setattr(Class, "_alone", lambda _, name: next(answers[name]))
    graded = list(Class(SimpleNamespace(seed=1), processes)._here({"slow": "slow", "quick": "quick"}))
    assert dict(graded) == {"quick": "first", "slow": counts}
