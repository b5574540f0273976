"""A diagnosis is shown where its wrong formula gives every number that came back, and nowhere else."""

from typing import Any

import numpy as np
import pytest

from tests.grading.judgement import diagnosis, misconceptions
from tests.grading.judgement.numbers import Local

OF_NUMBERS = [m for m in misconceptions.ALL if m.function not in ("simulate_frogs", "buckets_per_color")]
SHARES = (0.9, 0.95, 0.98, 0.99, 0.995, 1.005, 1.01, 1.02, 1.05, 1.1)  # ten near-misses of every formula


class Near(Local):
    """A wrong formula, all of whose numbers are a little off."""

    def __init__(self, function: Any, share: float) -> None:
        super().__init__(function)
        self.share = share

    def call(self, name, arguments, forms):
        """Times the share."""
        return {field: self.share * np.asarray(part) for field, part in super().call(name, arguments, forms).items()}


@pytest.mark.parametrize("misconception", misconceptions.ALL, ids=lambda m: f"{m.function}-{m.slug}")
def test_every_wrong_formula_is_named(misconception):
    """By its own slug, though its neighbours are known."""
    with np.errstate(all="ignore"):
        found = [diagnosis.diagnosed(misconception.function, Local(wrong), []) for wrong in misconception.wrongs]
    assert [one and one.slug for one in found] == [misconception.slug] * len(found)


@pytest.mark.slow
@pytest.mark.parametrize("misconception", OF_NUMBERS, ids=lambda m: f"{m.function}-{m.slug}")
def test_what_is_near_a_wrong_formula_does_not_get_its_name(misconception):
    """Half a percent to ten off: another formula, which may be anything."""
    with np.errstate(all="ignore"):
        found = [
            diagnosis.diagnosed(misconception.function, Near(wrong, share), [])
            for wrong in misconception.wrongs
            for share in SHARES
        ]
    assert misconception.slug not in {one.slug for one in found if one}
