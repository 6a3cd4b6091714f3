"""A triplet is told from itself one component further by all that was counted, also when noise speaks for the other."""

from types import SimpleNamespace

import numpy as np
import pytest

from sequences.results import Point
from sequences.routines.odmr import tracking
from sequences.routines.odmr.spectroscopy import Expected, Tracker
from sequences.routines.odmr.tracking import track_line
from tools.trials.wired import run

pytestmark = pytest.mark.unit

TRUE_HZ, OFFSETS_HZ = 3.1822551e9, np.array([0.0, 2.16e6, 4.32e6])
TRACKER = Tracker(width_0dbm_hz=2.4e6, contrast=0.05, counts_per_s=2.0e4, target_hz=1.5e4)


class Line:
    """A faint triplet without wires: its light, and the noise that the looks beside it shall have."""

    def __init__(self, misled_looks, chance):
        self.misled_looks, self.chance = misled_looks, chance
        self.dbm, self.looks = 0.0, 0

    def carrier(self, _lab, _hz, dbm):
        self.dbm = dbm

    def counted(self, _lab, frequency_hz, program, repeats, **_also):
        by_power_hz = TRACKER.width_0dbm_hz * 10.0 ** (self.dbm / 20.0)
        width_hz = np.hypot(by_power_hz, 1.3e5)
        away = 2.0 * (frequency_hz - TRUE_HZ - OFFSETS_HZ) / width_hz
        ratio = 1.0 - TRACKER.contrast * (by_power_hz / width_hz) ** 2 * np.mean(1.0 / (1.0 + away**2))
        seconds = repeats * program.duration_ns * 1e-9
        error = (2.0 / (TRACKER.counts_per_s * seconds)) ** 0.5
        yield Point({})
        return SimpleNamespace(
            ratio=ratio + error * self._noise(frequency_hz, by_power_hz), error=error, seconds=seconds
        )

    def _noise(self, frequency_hz, by_power_hz):
        """Under the narrow line: too bright on the last component, too dark beside the first one."""
        place = np.round((frequency_hz - TRUE_HZ) / 2.16e6)
        if by_power_hz < 3e5 and self.looks < self.misled_looks and place in (-1, 2):
            self.looks += 1
            return 2.6 if place == 2 else -2.6
        return self.chance.normal()


@pytest.mark.parametrize("seed", range(3))
def test_noise_on_a_faint_triplet_does_not_make_it_its_neighbour(monkeypatch, seed):
    line = Line(misled_looks=4, chance=np.random.default_rng(seed))
    monkeypatch.setattr(tracking.controls, "carrier", line.carrier)
    monkeypatch.setattr(tracking.controls, "carrier_off", lambda _: None)
    monkeypatch.setattr(tracking, "counted", line.counted)
    lab = SimpleNamespace(wiring=SimpleNamespace(tick_ns=100))
    expected = Expected("f+", TRUE_HZ + 5e4, 0.9e6, OFFSETS_HZ, 0.0)
    fit, _ = run(track_line(lab, expected, TRACKER))
    assert line.looks == line.misled_looks
    assert fit.centre_hz == pytest.approx(TRUE_HZ, abs=4.5 * fit.centre_err_hz)
