"""A pi pulse on the frozen line, before anything is calibrated: where the line lies, and how fast the pair nutates."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr, pulse, pulsed
from sequences.results import Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.magnet.survey import Survey, moved
from sequences.routines.odmr.tracking import track_line
from sequences.routines.relaxation.dip import Inversion

Real = NDArray[np.float64]

_TRIAL_DBM: Final = 0.0
_TRIAL_NS: Final = tuple(range(100, 900, 100))
_PI_NS: Final = 400


def frozen_pulse(known: Survey, guess_mt: float) -> Stream[Inversion]:
    """Where the line lies while frozen, and how long a pi pulse lasts."""
    lab = known.lab
    moved(lab, known.model.currents_for(guess_mt))
    shift_a = -lab.limits.pulsed_a
    controls.pulsed_coils(lab, shift_a=shift_a)
    added_mt = lab.guesses.shift_mt_per_a * shift_a
    line = known.expected_at(guess_mt + added_mt, abs(added_mt) * 0.04)
    program = cw_odmr(lab.wiring.tick_ns).with_lines("shift")
    fit = yield from track_line(lab, line, known.tracker_for(5e3), program)
    rabi_hz = yield from _rabi_hz(lab, fit.centre_hz)
    pi_ns = lab.whole_ticks(_PI_NS)
    dbm = _TRIAL_DBM + 20.0 * np.log10(0.5e9 / pi_ns / rabi_hz)
    yield Progress(0.65, f"frozen line {fit.centre_hz / 1e6:.3f} MHz, Rabi {rabi_hz / 1e6:.3f} MHz at 0 dBm")
    return Inversion(shift_a, fit.centre_hz, float(min(dbm, lab.limits.microwave_dbm)), pi_ns)


def _rabi_hz(lab: Lab, frozen_hz: float) -> Stream[float]:
    """Roughly, from a few pulse lengths at 0 dBm."""
    controls.pump(lab)
    controls.carrier(lab, frozen_hz, _TRIAL_DBM)
    ratio, error = [], []
    trials_ns = sorted({lab.whole_ticks(ns) for ns in _TRIAL_NS})
    for duration_ns in trials_ns:
        shot = pulsed("nutation", pulse(duration_ns, tick_ns=lab.wiring.tick_ns))
        counts = measure(lab, shot, repeats_for(shot, 3.0))
        ratio.append(counts.signal / max(counts.reference, 1))
        error.append(ratio[-1] * np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / max(counts.reference, 1)))
        yield from ()
    return _nutation_hz(np.array(trials_ns) * 1e-9, np.array(ratio), np.array(error))


def _nutation_hz(duration_s: Real, ratio: Real, error: Real) -> float:
    """Frequency of level - depth sin^2(pi f t), by a grid and then least squares."""

    def residual(p: Real) -> Real:
        return np.asarray((p[0] - p[1] * np.sin(np.pi * p[2] * 1e6 * duration_s) ** 2 - ratio) / error)

    def best(f: float) -> Real:
        columns = np.column_stack([np.ones_like(ratio), -(np.sin(np.pi * f * 1e6 * duration_s) ** 2)]) / error[:, None]
        return np.append(np.linalg.lstsq(columns, ratio / error, rcond=None)[0], f)

    start = min((best(f) for f in np.arange(0.25, 3.0, 0.05)), key=lambda p: float(np.sum(residual(p) ** 2)))
    fit = least_squares(residual, start)
    depth_err = float(np.sqrt(np.linalg.pinv(fit.jac.T @ fit.jac)[1, 1]))
    if fit.x[1] < 5.0 * depth_err:
        raise SequenceError(
            f"Pulses on the frozen line turn nothing: depth {fit.x[1]:.4f}(±{depth_err:.4f})",
            "Check the lines mw_x and shift (wiring.lines of station.yaml) and the microwave's power",
            depth=float(fit.x[1]),
        )
    return float(fit.x[2]) * 1e6
