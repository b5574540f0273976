"""SAS on the record: what PROC MIXED has printed of a random intercept, and how many of its digits are right."""

import json
from pathlib import Path

import pytest

from tests.assertions import assert_equal
from tests.peers import certify
from tests.peers.model import Asked

REFERENCE = Path(certify.exact.__file__).parent
SAS = json.loads((REFERENCE / "sas.json").read_text(encoding="utf-8"))
REML = ["2.9", "4.1", "all 6", "all 4", "all 3", "4.0", "all 1", "9.0"]
ML = ["2.9", "4.1", "all 6", "3.8", "all 3", "4.3", "all 1", "9.1"]


@pytest.mark.parametrize(("method", "digits"), [("reml", REML), ("ml", ML)])
def test_sas_stops_three_digits_from_the_variance(method, digits):
    """5.8943 where 5.90221 is right: one step, and "Convergence criteria met"; coef, df and p are right as printed."""
    asked = Asked("fev1", ["subject"], ml=method == "ml")
    found = certify.certify(REFERENCE / "data" / "fev1.csv", asked, list(SAS[method].items()))
    assert_equal("digits", [row.said for row in found.rows], digits)


def test_the_right_variance_is_another_than_sas_has():
    """Exact arithmetic: 5.902209."""
    found = certify.certify(REFERENCE / "data" / "fev1.csv", Asked("fev1", ["subject"]), [("Vb", "5.902209")])
    assert_equal("digits", found.rows[0].said, "all 7")
