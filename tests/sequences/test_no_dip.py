"""The best rate that a scan without a dip leaves possible, and which of two faults its refusal names."""

import numpy as np
import pytest

from labctl.config.station_file import read_station
from sequences.routines.relaxation.missing_dip import best_rate, no_dip
from tools.trials.wired import STATION

pytestmark = pytest.mark.unit

RATE_PER_S = 6e3
"""Little enough to be linear in it."""
WIDTH_MT, CONTACT_S, INVERSION, ERROR = 0.005, 4e-6, 0.08, 5e-4
OFFSETS_MT = WIDTH_MT * np.r_[0.0, 0.0, np.arange(-4.0, 4.1), 3.0 * np.arange(-4.0, 4.1)]
CONTACTS_S = np.r_[0.0, 0.0, np.full(18, CONTACT_S)]


def scanned(rate_per_s, centre_mt, rng, inversion=INVERSION):
    """Read-out differences of a scan, and their errors: (points,) each."""
    rate = rate_per_s / (1.0 + ((OFFSETS_MT - centre_mt) / WIDTH_MT) ** 2)
    left = inversion * np.exp(-rate * CONTACTS_S)
    return left + ERROR * rng.standard_normal(len(left)), np.full(len(left), ERROR)


def test_pulls_of_a_rate_at_a_known_place():
    pulls, rng = [], np.random.default_rng(1)
    for _ in range(100):
        best = best_rate(OFFSETS_MT, CONTACTS_S, *scanned(RATE_PER_S, 0.0, rng), WIDTH_MT)
        pulls.append((best.rate_per_s - RATE_PER_S) / best.error_per_s)
    assert 0.7 < np.std(pulls) < 1.25
    assert -0.2 < np.mean(pulls) < 0.8  # the best of many places is a little too good


@pytest.mark.parametrize("centre_mt", [-0.03, 0.0, 0.01])
def test_the_best_place_is_where_the_dip_is(centre_mt):
    best = best_rate(OFFSETS_MT, CONTACTS_S, *scanned(4e4, centre_mt, np.random.default_rng(2)), WIDTH_MT)
    assert best.offset_mt == pytest.approx(centre_mt, abs=WIDTH_MT)


@pytest.mark.parametrize(("inversion", "words"), [(INVERSION, "pulse works"), (0.0, "pulse turns nothing")])
def test_the_refusal_says_whether_the_pulse_works(inversion, words):
    points = scanned(0.0, 0.0, np.random.default_rng(3), inversion)
    refusal = no_dip(OFFSETS_MT, CONTACTS_S, *points, WIDTH_MT, read_station(STATION).guesses())
    assert words in refusal.what
    assert "within -60 to +60 µT" in refusal.what
    assert refusal.remedy
    assert abs(refusal.seen["inversion"] - inversion) < 5.0 * refusal.seen["inversion_err"]
