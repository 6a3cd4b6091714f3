"""Ramsey fringes of the frozen pair: a quarter turn, a wait, a quarter turn, with the carrier set off the line.

Nothing here draws: figure, dock and headline come from COLUMNS and EXPERIMENT.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import curve_fit

from sequences.analysis.pair.oscillation import Segment
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated, set_field, set_pulses
from sequences.routines.pair.frozen import ratio, turns

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("wait_ns", "wait between two quarter turns", "ns"),
    Column("signal", "photoluminescence after the pulses / pumped", "", ("wait_ns",)),
    Column("signal_err", "its shot noise", "", ("wait_ns",)),
)
_SEEN_SIGMA: Final = 6.0


@dataclass(frozen=True)
class RamseyPlan:
    """How far off the line, how long, how often."""

    detuning_khz: Annotated[float, Field(ge=50, le=2000)] = 500.0
    """By how much the carrier is set above the line that `rabi` found: the fringes have about this frequency."""
    step_ns: Annotated[int, Field(ge=100, le=10_000)] = 300
    """From one wait to the next, a whole number of ticks."""
    longest_ns: Annotated[int, Field(ge=1000, le=100_000)] = 9_000
    """The longest wait."""
    point_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Counting time of a point."""
    scans: Annotated[int, Field(ge=1, le=1000)] = 2
    """How often all waits are measured."""

    @property
    def waits_ns(self) -> range:
        """All waits of a scan."""
        return range(self.step_ns, self.longest_ns + 1, self.step_ns)

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return self.scans * len(self.waits_ns) * self.point_s


@dataclass(frozen=True)
class RamseyResult:
    """The fringes; errors are 1 sigma."""

    fringe_khz: float
    fringe_khz_err: float
    line_hz: float
    """The line that global pulses meet: the carrier less the fringes' frequency."""
    line_hz_err: float
    amplitude: float
    amplitude_err: float


def ramsey(lab: Lab, plan: RamseyPlan) -> Stream[RamseyResult]:
    """Measure all waits, scan by scan, and fit the fringes after each scan."""
    lab.refuse_off_grid(plan)
    carrier_hz = _line_hz(lab) + 1e3 * plan.detuning_khz
    quarter_ns = round(calibrated(lab, "microwave.pi_half_ns"))
    seen: list[tuple[float, float, float]] = []
    with controls.left_safe(lab):
        set_field(lab)
        set_pulses(lab)
        controls.pump(lab)
        controls.carrier(lab, carrier_hz, calibrated(lab, "microwave.pi_half_dbm"))
        for scan in range(plan.scans):
            for wait_ns in plan.waits_ns:
                signal, error = ratio(lab, _shot(quarter_ns, wait_ns, lab.wiring.tick_ns), plan.point_s)
                seen.append((float(wait_ns), signal, error))
                yield Point({"wait_ns": float(wait_ns), "signal": signal, "signal_err": error})
            result = _fitted(np.array(seen).T, plan, carrier_hz)
            yield Estimate({**vars(result)})
            note = f"fringes of {result.fringe_khz:.1f}({result.fringe_khz_err:.1f}) kHz"
            yield Progress((scan + 1) / plan.scans, note)
    if result.amplitude < _SEEN_SIGMA * result.amplitude_err:
        raise SequenceError(
            f"No Ramsey fringes: their amplitude is {result.amplitude:.4f}(±{result.amplitude_err:.4f})",
            "Run `labctl run rabi` again, or count longer (point_s, scans)",
            amplitude=result.amplitude,
        )
    return result


def _line_hz(lab: Lab) -> float:
    found = lab.calibration.get("microwave.collective_hz")
    return found.value if found else calibrated(lab, "microwave.frozen_hz")


def _shot(quarter_ns: int, wait_ns: int, tick_ns: int) -> Program:
    return turns("ramsey", [Segment(quarter_ns, "x"), Segment(wait_ns), Segment(quarter_ns, "x")], tick_ns)


def _fitted(seen: Real, plan: RamseyPlan, carrier_hz: float) -> RamseyResult:
    """seen: (3, points), waits in ns, signals and errors."""
    wait_us, signal, error = seen[0] * 1e-3, seen[1], seen[2]
    tried_mhz = 1e-3 * np.linspace(0.5, 1.5, 201) * plan.detuning_khz
    strength = [abs(np.sum((signal - signal.mean()) * np.exp(2j * np.pi * mhz * wait_us))) for mhz in tried_mhz]
    about_mhz = float(tried_mhz[int(np.argmax(strength))])
    start = (about_mhz, *_waves_at(about_mhz, wait_us, signal))
    values, covariance = curve_fit(_fringes, wait_us, signal, start, error, absolute_sigma=True)
    (mhz, _, even, odd), (mhz_err, _, even_err, odd_err) = values.tolist(), np.sqrt(np.diag(covariance)).tolist()
    amplitude = float(np.hypot(even, odd))
    return RamseyResult(
        fringe_khz=1e3 * mhz,
        fringe_khz_err=1e3 * mhz_err,
        line_hz=carrier_hz - 1e6 * mhz,
        line_hz_err=1e6 * mhz_err,
        amplitude=amplitude,
        amplitude_err=float(np.hypot(even * even_err, odd * odd_err) / max(amplitude, 1e-12)),
    )


def _fringes(wait_us: Real, mhz: float, level: float, even: float, odd: float) -> Real:
    phase = 2.0 * np.pi * mhz * wait_us
    return level + even * np.cos(phase) + odd * np.sin(phase)


def _waves_at(mhz: float, wait_us: Real, signal: Real) -> tuple[float, ...]:
    """Level and both waves of this frequency."""
    waves = np.stack([_fringes(wait_us, mhz, *unit) for unit in np.eye(3)], axis=-1)
    return tuple(float(one) for one in np.linalg.lstsq(waves, signal, rcond=None)[0])


def programs(plan: RamseyPlan, wiring: Wiring) -> list[Program]:
    """The longest shot, with quarter turns of a usual length."""
    return [_shot(2 * wiring.tick_ns, plan.waits_ns[-1], wiring.tick_ns)]


EXPERIMENT: Final = Experiment(
    name="ramsey",
    description="Ramsey fringes of the frozen pair: where its line is",
    plan=RamseyPlan,
    function=ramsey,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("fringe_khz", "fringes", "kHz"),),
    needs=("field", "shift", "microwave"),
)
