"""Both beams as read-outs: how fast each pumps, and the counting windows that tell most."""

from typing import Final

import numpy as np

from sequences.analysis.pair.calibration import Beam
from sequences.analysis.pair.pumping import Pumping, fit_pumping
from sequences.core.lab import Lab
from sequences.pulses.library import Reading, pulse
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines.bench import calibrated_bench
from sequences.routines.pair.shots import Shot, count, in_own_light

_CURVE_NS: Final = (400, 800, 1600, 3200, 6400, 12800)


def find_windows(lab: Lab) -> Reading:
    """Pumping rate of each beam from what windows of growing length miss of flipped NVs; then the best windows."""
    tick_ns = lab.wiring.tick_ns
    pump = _pumping(lab, "pump", 30_000)
    ring = _pumping(lab, "depletion", 30_000)
    pumping_ns = lab.whole_ticks(12.0 / pump.rate_per_s * 1e9)
    reading = Reading(pumping_ns, pump.window_ns(tick_ns), ring.window_ns(tick_ns), tick_ns)
    put = lab.calibration.put
    put("beams.pump_rate_per_s", pump.rate_per_s, pump.rate_err_per_s)
    put("beams.doughnut_rate_per_s", ring.rate_per_s, ring.rate_err_per_s)
    return reading


def _pumping(lab: Lab, beam: Beam, pumping_ns: int) -> Pumping:
    quarter_ns, tick_ns = round(calibrated_bench.calibrated(lab, "microwave.pi_half_ns")), lab.wiring.tick_ns
    bright, dark = Program("bright", tick_ns), pulse(2 * quarter_ns, "x", tick_ns=tick_ns)
    counted = []
    windows_ns = [lab.whole_ticks(ns) for ns in _CURVE_NS]
    for window_ns in windows_ns:
        reading = Reading(pumping_ns, window_ns, window_ns, tick_ns)
        counted += [count(lab, reading, Shot(program, beam, 20.0)) for program in (bright, dark)]
    told = in_own_light(counted)
    pairs = list(zip(told[::2], told[1::2], strict=True))
    missing = [high.per_shot - low.per_shot for high, low in pairs]
    error = [float(np.hypot(high.error, low.error)) for high, low in pairs]
    if missing[-1] < 5 * error[-1]:
        raise SequenceError(
            f"The {'Gaussian beam' if beam == 'pump' else 'doughnut'} sees no difference between pumped and flipped "
            f"NVs: {missing[-1]:.2e}({error[-1]:.0e}) photons a shot",
            "Check the beam's power, its AOM and line, and the pulses (labctl run rabi)",
            photons=missing[-1],
        )
    return fit_pumping(np.array(windows_ns) * 1e-9, np.array(missing), np.array(error), alike=beam == "pump")
