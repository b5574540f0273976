"""Misconceptions: one definition each, used twice, as a diagnosis and as a mutant that the suite must kill.

Each is a wrong implementation of one function of the contract, written as students write it, and a hint
that explains the idea without giving the code. A submission is diagnosed by running it and every wrong
implementation of the same function on a few fixed inputs: the one that explains its wrong numbers has it.
"""

from tests.grading.judgement.misconceptions import (
    correlation,
    counts,
    draws,
    estimates,
    matrices,
    mixed_df,
    mixed_fit,
    mixed_tail,
    mixed_test,
    naive,
    simulation,
    variances,
)
from tests.grading.judgement.misconceptions.probes import probes
from tests.grading.judgement.misconceptions.registry import ALL, Misconception, of

BY_SUBJECT = (
    simulation,
    draws,
    counts,
    variances,
    matrices,
    estimates,
    correlation,
    naive,
    mixed_fit,
    mixed_df,
    mixed_test,
    mixed_tail,
)

__all__ = ["ALL", "BY_SUBJECT", "Misconception", "of", "probes"]
