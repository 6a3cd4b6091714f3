"""Verdicts about lines from counts."""

import pytest

from sequences.analysis.checks.line_roles import Misled, falling, misled, rising

pytestmark = pytest.mark.unit

COUNTS = {"pump": 10_000.0, "depletion": 103.0, "shift": 96.0}


def test_what_rises_above_the_dark():
    assert rising(COUNTS, 100.0) == {"pump"}
    assert rising(COUNTS | {"shift": 6_000.0}, 100.0) == {"pump", "shift"}
    assert rising(COUNTS | {"pump": 112.0}, 100.0) == frozenset()


def test_what_falls_below_the_light():
    assert falling({"mw_x": 8_000.0, "mw_y": 8_050.0, "shift": 9_990.0}, 10_000.0) == {"mw_x", "mw_y"}
    assert falling({"mw_x": 9_900.0, "mw_y": 10_100.0}, 10_000.0) == frozenset()


def test_the_missing_are_paired_with_the_intruders():
    assert misled(("mw_x", "mw_y"), ("mw_y", "mw_x")) == ()
    assert misled(("mw_x", "mw_y"), ("mw_y", "shift")) == (Misled("mw_x", "shift"),)
    assert misled(("mw_x", "mw_y"), ("gradient", "shift")) == (Misled("mw_x", "gradient"), Misled("mw_y", "shift"))
    assert misled(("pump",), ()) == ()
