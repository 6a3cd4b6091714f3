"""The knobs that a look may turn: the magnet, with what has been learned of its drift, and light and microwave."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.magnet.field_model import NAMES, OFFSETS
from sequences.core.lab import Lab
from sequences.routines.bench.calibrated_bench import calibrated, calibrated_err
from sequences.routines.magnet.survey import moved

Real = NDArray[np.float64]


@dataclass
class HeldField:
    """The magnet in the frame of the NV, held where it was when the hold began: along, b and c in uT."""

    lab: Lab
    per_a: Real
    """(3, 3): uT/A, rows along, b, c."""
    origin_a: Real
    """(3,): currents at the beginning."""
    wanted_ut: Real = field(default_factory=lambda: np.zeros(3))
    """(3,): what the coils shall add to the field of the origin, to undo the drift."""
    applied_ut: Real = field(default_factory=lambda: np.zeros(3))
    """(3,): what they add now, by the currents read back."""
    kept_ut: Real = field(default_factory=lambda: np.zeros(3))
    """(3,): drift that is in the stored model already."""

    def set(self, dither_ut: Sequence[float] = (0.0, 0.0, 0.0)) -> Real:
        """Go to where the field is wanted, and so far from there; returns what the coils add then."""
        change_a = np.linalg.solve(self.per_a, self.wanted_ut + np.array(dither_ut))
        x, y, main = (float(a) for a in self.origin_a + change_a)
        self.applied_ut = self.per_a @ (np.array(moved(self.lab, (x, y, main))) - self.origin_a)
        return self.applied_ut

    def keep(self, drift_ut: Real) -> None:
        """Store the currents for the runs that follow, and the residual field with its drift (3,).

        The offsets of the magnet's model are those of the coils without current: the drift adds to them.
        """
        for name, current_a in zip(("x_a", "y_a", "main_a"), self.lab.magnet.currents(), strict=True):
            self.lab.calibration.put(f"field.{name}", float(current_a), calibrated_err(self.lab, f"field.{name}"))
        keys = [f"magnet.{name}" for name in NAMES]
        values = np.array([calibrated(self.lab, key) for key in keys])
        values[OFFSETS] += 1e-3 * (drift_ut - self.kept_ut)
        self.kept_ut = drift_ut.copy()
        put_together(self.lab, keys, values)


def put_together(lab: Lab, keys: Sequence[str], values: Real) -> None:
    """Store values that were fitted together anew: their errors, and how they vary together, are as they were."""
    covariance = lab.calibration.covariance(keys)
    for key, value in zip(keys, values, strict=True):
        lab.calibration.put(key, float(value), calibrated_err(lab, key))
    lab.calibration.put_covariance(keys, covariance)


def held_field(lab: Lab) -> HeldField:
    """The magnet as it stands now, by the coils that `align` learned."""
    rows = [[calibrated(lab, f"magnet.{row}_{axis}") for axis in ("x", "y", "main")] for row in "abc"]
    return HeldField(lab, 1e3 * np.array(rows), np.array(lab.magnet.currents(), dtype=float))


@contextmanager
def as_before(lab: Lab) -> Iterator[None]:
    """Whatever a look does to microwave and pump inside, they are afterwards as they were."""
    microwave, pump = lab.microwave, lab.aom.pump
    (hz, dbm, radiates), (share, follows_line, is_open) = microwave.carrier(), pump.opening()
    try:
        yield
    finally:
        microwave.set_frequency(hz)
        microwave.set_power(dbm)
        (microwave.switch_on if radiates else microwave.switch_off)()
        pump.set_share(share)
        (pump.follow_line if follows_line else pump.ignore_line)()
        (pump.switch_on if is_open else pump.switch_off)()
