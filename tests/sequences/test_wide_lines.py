"""A line spread by 13C nuclei or ripple is wider than usual: its width is learned, and its centre's error holds."""

from types import SimpleNamespace

import numpy as np
import pytest

from sequences.results import Point
from sequences.routines.odmr import tracking
from sequences.routines.odmr.spectroscopy import Expected, Tracker
from sequences.routines.odmr.tracking import track_line
from tools.trials.wired import run

pytestmark = pytest.mark.unit

TRUE_HZ, NATURAL_HZ = 3.1822551e9, 4.5e5
TRACKER = Tracker(width_0dbm_hz=2.4e6, contrast=0.11, counts_per_s=4.0e4)


@pytest.fixture
def lab(monkeypatch):
    """A single line without wires."""
    there = SimpleNamespace(wiring=SimpleNamespace(tick_ns=100), chance=np.random.default_rng(7), dbm=0.0)

    def carrier(_lab, _hz, dbm):
        there.dbm = dbm

    def counted(_lab, frequency_hz, program, repeats, **_also):
        by_power_hz = TRACKER.width_0dbm_hz * 10.0 ** (there.dbm / 20.0)
        width_hz = np.hypot(by_power_hz, NATURAL_HZ)
        depth = TRACKER.contrast * (by_power_hz / width_hz) ** 2
        seconds = repeats * program.duration_ns * 1e-9
        error = (2.0 / (TRACKER.counts_per_s * seconds)) ** 0.5
        ratio = 1.0 - depth / (1.0 + (2.0 * (frequency_hz - TRUE_HZ) / width_hz) ** 2) + error * there.chance.normal()
        yield Point({})
        return SimpleNamespace(ratio=ratio, error=error, seconds=seconds)

    monkeypatch.setattr(tracking.controls, "carrier", carrier)
    monkeypatch.setattr(tracking.controls, "carrier_off", lambda _: None)
    monkeypatch.setattr(tracking, "counted", counted)
    return there


def tracked(lab, tracker):
    """One look, from a guess that errs by chance."""
    guess_hz = TRUE_HZ + 8e4 * lab.chance.normal()
    expected = Expected("f+", guess_hz, 8e4, np.array([0.0]), 1.0)
    return run(track_line(lab, expected, tracker))[0]


def test_after_a_look_or_three_the_width_is_known(lab):
    tracker = TRACKER
    for _ in range(3):
        tracker = tracker.learned(tracked(lab, tracker))
    by_power_hz = tracked(lab, tracker).by_power_hz
    assert np.hypot(by_power_hz, tracker.natural_hz) == pytest.approx(np.hypot(by_power_hz, NATURAL_HZ), rel=0.2)


def test_a_line_of_the_usual_width_teaches_nothing(lab, monkeypatch):
    monkeypatch.setitem(globals(), "NATURAL_HZ", TRACKER.natural_hz)
    assert all(TRACKER.learned(tracked(lab, TRACKER)) is TRACKER for _ in range(6))


def test_its_centre_errs_by_its_error_once_the_width_is_known(lab):
    tracker = Tracker(TRACKER.width_0dbm_hz, TRACKER.contrast, TRACKER.counts_per_s, natural_hz=NATURAL_HZ)
    fits = [tracked(lab, tracker) for _ in range(40)]
    pulls = [(fit.centre_hz - TRUE_HZ) / fit.centre_err_hz for fit in fits]
    assert 0.73 < np.sqrt(np.mean(np.square(pulls))) < 1.30  # 99 % of 40 looks
