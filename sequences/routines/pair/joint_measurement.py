"""The joint measurement of the frozen pair: all programs in rounds, at once or until the tomography needs no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.pair.calibration import Beam, CountedProgram, PairCalibration
from sequences.analysis.pair.calibration_fit import CalibrationFit, fit_calibration
from sequences.core.lab import Lab
from sequences.pulses.library import Gates, Reading
from sequences.results import Stream
from sequences.routines.bench import calibrated_bench
from sequences.routines.pair.calibration_design import designed, worth_s
from sequences.routines.pair.shots import compared, count_rounds, usual_light
from sequences.routines.stabilisation import Holding

Real = NDArray[np.float64]

_ROUND_S: Final = 2400.0
_FEWEST_ROUNDS, _MOST_ROUNDS = 4, 20
_FIRST_BATCH_S: Final = 1800.0
_LITTLE: Final = 0.15
"""More of the measurement, in what was spent, that is not worth another batch."""
_FOLLOWS: Final = 3.0
"""Most time of calibration and tomography together, in the most of the calibration."""
_DOUBTED_P: Final = 1e-2
"""A fit that began at the one before, and is less probable, is sought from the beginning."""
_BEGINS: Final = 0.1
"""Share of the run's progress that is over before it."""


@dataclass(frozen=True)
class Batches:
    """How long the measurement goes on: until a tomography that follows gains more by its own time."""

    most_s: float
    """Laboratory time of all batches."""
    significance: float
    """What the witness of that tomography shall reach; 0: all of `most_s` is spent at once."""

    @property
    def first_s(self) -> float:
        """Laboratory time of the first batch."""
        return min(_FIRST_BATCH_S, self.most_s) if self.significance else self.most_s

    def next_s(self, lab: Lab, here: PairCalibration, believed: Real, reading: Reading, spent_s: float) -> float:
        """That of another one, after so long and with the covariance that was reached; 0 if none is worth it."""
        wanted_s = 0.0
        if spent_s < self.most_s:
            gates, follows_s = gates_for(lab, here), _FOLLOWS * self.most_s
            wanted_s = worth_s(lab, here, believed, gates, reading, self.significance, follows_s)
        if wanted_s <= _LITTLE * spent_s:
            return 0.0
        return min(wanted_s, spent_s, self.most_s - spent_s)  # at most doubled: what is asked for rests on few counts


@dataclass(frozen=True)
class Jointly:
    """What was measured, and what it says."""

    usual: dict[Beam, float]
    """Photons a shot in the reference windows."""
    data: Sequence[Sequence[CountedProgram]]
    """By stretches that are short against what drifts in an hour."""
    fit: CalibrationFit
    hours: float
    """Laboratory time that it took."""


def measured_jointly(
    lab: Lab,
    holding: Holding,
    reading: Reading,
    start: tuple[PairCalibration, Real],
    most_s: float,
    significance: float,
) -> Stream[Jointly]:
    """Everything of the pair in rounds.

    start: what is known roughly, and (p,) 1 sigma of what is believed. significance: what the witness of a tomography
    that follows shall reach; 0: all of `most_s` is spent.
    """
    rough, believed = start
    here, spent_s = rough, 0.0
    counted: list[list[CountedProgram]] = []
    batches = Batches(most_s, significance)
    batch_s = batches.first_s
    while True:
        shots = designed(lab, here, believed, gates_for(lab, here), reading, batch_s)
        rounds = int(np.clip(round(batch_s / _ROUND_S), _FEWEST_ROUNDS, _MOST_ROUNDS))
        span = (_progress(spent_s / most_s), _progress((spent_s + batch_s) / most_s))
        counted += yield from count_rounds(holding, reading, shots, rounds, span, _note(here))
        spent_s += batch_s
        usual = usual_light(d for data in counted for d in data)
        data = compared(counted, usual)
        fit = _fitted(rough, believed, data, here)
        here = fit.calibration
        batch_s = batches.next_s(lab, here, believed, reading, spent_s)
        if not batch_s:
            return Jointly(usual, data, fit, spent_s / 3600.0)


def _fitted(
    rough: PairCalibration, believed: Real, data: Sequence[Sequence[CountedProgram]], near: PairCalibration
) -> CalibrationFit:
    """From the fit before, which is near; from the beginning where there is none, or where that leads astray."""
    if near is not rough:
        fit = fit_calibration(rough, believed, data, near)
        if fit.converged and fit.linear.p_value > _DOUBTED_P:
            return fit
    return fit_calibration(rough, believed, data)


def gates_for(lab: Lab, calibration: PairCalibration) -> Gates:
    """Gates of this pair, in whole ticks."""
    tick_ns = lab.wiring.tick_ns
    half = max(1, round(np.pi / calibration.pair.zz_rad_per_s * 1e9 / 2 / tick_ns))
    return Gates(round(calibrated_bench.calibrated(lab, "microwave.pi_half_ns")), 2 * half * tick_ns, tick_ns)


def _progress(share: float) -> float:
    return _BEGINS + (1.0 - _BEGINS) * share


def _note(c: PairCalibration) -> str:
    return f"left NV {c.value('gradient_left_rad_per_s')[0] / (2.0 * np.pi) / 1e6:.3f} MHz away under the gradient"
