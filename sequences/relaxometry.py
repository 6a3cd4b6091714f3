"""Relaxometry: relaxation rate against field about the calibrated resonance; the dip, its rate and its width."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from physics.constants import GAMMA_E_HZ_PER_MT
from sequences.analysis.magnet.field_model import Currents
from sequences.analysis.relaxation import detuning_slope_hz_per_mt
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import contact_pair, cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Progress, SequenceError, Stream
from sequences.routines import stabilisation as hold
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated, calibrated_err, set_field
from sequences.routines.estimates import gathered
from sequences.routines.magnet.magnet_memory import from_calibration
from sequences.routines.magnet.survey import Nitrogen, Survey, moved
from sequences.routines.odmr.spectroscopy import COLUMNS as SPECTRUM
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY, Expected, tracker_by_pulse
from sequences.routines.odmr.tracking import track_line
from sequences.routines.relaxation import dip
from sequences.routines.relaxation.dip import Contacts, Dip, Inversion, Lock, scan_dip
from sequences.routines.stabilisation import HoldChoice

COLUMNS: Final[tuple[Column, ...]] = (
    *SPECTRUM,
    *dip.COLUMNS,
    *(column for column in hold.LOOKS if column.name not in {one.name for one in dip.COLUMNS}),
)
_GAIN_STEP_MT: Final = 0.025
_F_PLUS_ERR_HZ: Final = 8e4
"""How far f+ is expected from its calibration; it is sought in a wider range if it is not there."""


@dataclass(frozen=True)
class RelaxometryPlan:
    """How to measure the dip."""

    contact_us: Annotated[float, Field(ge=1, le=50)] = 4.0
    """Time in contact with the baths: of the order of the relaxation time on resonance."""
    seconds_per_point: Annotated[float, Field(ge=0.5, le=600)] = 20.0
    """Laboratory time of each point; longer if the contrast turns out to be low."""
    hold: HoldChoice = "auto"
    """Bring the field back to where align left it before and after: if it is seen to have moved, always or never."""
    nitrogen: Nitrogen = "auto"
    """The nucleus of the NV, which bends f- near the crossing and so sets the width's scale; auto: as align saw it."""


@dataclass(frozen=True)
class RelaxometryResult:
    """The 13C resonance."""

    rate_per_s: float
    """Cross-relaxation rate on resonance, Gamma1."""
    rate_per_s_err: float
    half_width_khz: float
    """Half width at half maximum of the rate against f-."""
    half_width_khz_err: float
    resonance_field_mt: float
    """Along the NV axis."""
    resonance_field_mt_err: float


@dataclass(frozen=True)
class _Scale:
    """The magnet near the resonance, by f+: true field = at_mt + gain x nominal offset."""

    at_mt: float
    at_err_mt: float
    gain: float
    gain_err: float
    f_plus_hz: float
    """f+ at zero offset."""


def relaxometry(lab: Lab, plan: RelaxometryPlan) -> Stream[RelaxometryResult]:
    """Calibrate the field's scale with f+, then scan the dip. Writes cr.rate_per_s and cr.half_width_khz."""
    return (yield from gathered(_measured(lab, plan)))


def _measured(lab: Lab, plan: RelaxometryPlan) -> Stream[RelaxometryResult]:
    lab.refuse_off_grid(plan)
    with controls.left_safe(lab):
        _calibrations(lab, plan)
        set_field(lab)
        holding = yield from hold.begin_field(lab, plan.hold)
        known, inversion = _calibrations(lab, plan)  # the magnet as it stands now
        yield Progress(0.05, "measuring the scale of the field with f+")
        scale = yield from _scale(known)
        yield Progress(0.4, f"the main coil gives {scale.gain:.4f}(±{scale.gain_err:.4f}) of its nominal field")
        found = yield from _dip(known, plan, inversion, scale)
        set_field(lab)
        yield from holding.between()
        holding.keep()
        result = _result(known, scale, found)
        yield Estimate({**vars(result)})
        _keep(lab, result)
        yield Progress(1.0, _note(result))
    return result


def _calibrations(lab: Lab, plan: RelaxometryPlan) -> tuple[Survey, Inversion]:
    """Everything that earlier runs must have found. Raises SequenceError naming the run that is missing."""
    for key in ("x_a", "y_a", "main_a", "f_plus_hz", "resonance_mt"):
        calibrated(lab, f"field.{key}")
    inversion = Inversion(
        shift_a=calibrated(lab, "shift.a"),
        frozen_hz=calibrated(lab, "microwave.frozen_hz"),
        dbm=calibrated(lab, "microwave.pi_half_dbm"),
        pi_ns=2 * round(calibrated(lab, "microwave.pi_half_ns")),
    )
    known = from_calibration(lab, plan.nitrogen)
    if known is None:
        raise SequenceError("The calibrated field vanished from the store", "Run `labctl run align` first")
    return known, inversion


def _scale(known: Survey) -> Stream[_Scale]:
    """f+ at two fields either side of the resonance: 28 MHz/mT tell the gain, their mean where the field stands now."""
    lab, calibrated_hz = known.lab, calibrated(known.lab, "field.f_plus_hz")
    controls.pump(lab, CW_EFFICIENCY)
    tracker = tracker_by_pulse(lab, 4.0, 5e3)
    seen: list[tuple[float, float]] = []
    for offset_mt in (-_GAIN_STEP_MT, _GAIN_STEP_MT):
        moved(lab, known.model.currents_for(calibrated(lab, "field.resonance_mt") + offset_mt))
        about_hz = calibrated_hz + GAMMA_E_HZ_PER_MT * offset_mt
        line = Expected("f+", about_hz, _F_PLUS_ERR_HZ, np.zeros(1), 1.0)
        fit = yield from track_line(lab, line, tracker)
        seen.append((fit.centre_hz, fit.centre_err_hz))
    (low, low_err), (high, high_err) = seen
    error_hz = float(np.hypot(low_err, high_err))
    stored_hz = calibrated_err(lab, "field.f_plus_hz")
    drift_mt = (0.5 * (low + high) - calibrated_hz) / GAMMA_E_HZ_PER_MT
    at_err = np.hypot(0.5 * error_hz, stored_hz) / GAMMA_E_HZ_PER_MT
    span_hz = 2.0 * _GAIN_STEP_MT * GAMMA_E_HZ_PER_MT
    return _Scale(
        at_mt=calibrated(lab, "field.resonance_mt") + drift_mt,
        at_err_mt=float(np.hypot(at_err, calibrated_err(lab, "field.resonance_mt"))),
        gain=(high - low) / span_hz,
        gain_err=error_hz / span_hz,
        f_plus_hz=0.5 * (low + high),
    )


def _dip(known: Survey, plan: RelaxometryPlan, inversion: Inversion, scale: _Scale) -> Stream[Dip]:
    lab, resonance_mt = known.lab, calibrated(known.lab, "field.resonance_mt")
    slope = abs(detuning_slope_hz_per_mt(resonance_mt, known.model.nitrogen))
    contacts = Contacts(
        contact_ns=lab.whole_ticks(plan.contact_us * 1e3),
        seconds_per_point=plan.seconds_per_point,
        half_width_mt=lab.guesses.cr_half_width_khz * 1e3 / slope,
        bath_spins=lab.guesses.bath_spins,
        walk_mt_per_sqrt_s=known.model.walk_mt_per_sqrt_s,
    )
    here = known.model.currents_for
    offsets = _Looking(lab, scale, lambda d: here(resonance_mt + d / scale.gain))
    return (yield from scan_dip(lab, inversion, contacts, offsets.currents_for, offsets.look))


@dataclass
class _Looking:
    """Remembers where a scan has gone, so that f+ tells by how much the field missed it."""

    lab: Lab
    scale: _Scale
    currents: Callable[[float], Currents]
    offset_mt: float = 0.0

    def currents_for(self, offset_mt: float) -> Currents:
        """Currents for a field along the axis, from the calibrated resonance."""
        self.offset_mt = offset_mt
        return self.currents(offset_mt)

    def look(self) -> Stream[Lock]:
        """f+ here, against where the scale expects it."""
        controls.pump(self.lab, CW_EFFICIENCY)
        about_hz = self.scale.f_plus_hz + GAMMA_E_HZ_PER_MT * self.offset_mt
        line = Expected("f+", about_hz, 3e4, np.zeros(1), 1.0)
        fit = yield from track_line(self.lab, line, tracker_by_pulse(self.lab, 4.0, 5e3))
        deviation_mt = (fit.centre_hz - about_hz) / GAMMA_E_HZ_PER_MT
        return Lock(self.lab.clock.now(), deviation_mt, fit.centre_err_hz / GAMMA_E_HZ_PER_MT)


def _result(known: Survey, scale: _Scale, found: Dip) -> RelaxometryResult:
    centre_mt = scale.at_mt + found.fit.centre_mt
    slope = abs(detuning_slope_hz_per_mt(centre_mt, known.model.nitrogen))
    width_err = np.hypot(found.fit.half_width_err_mt, found.fit.half_width_mt * scale.gain_err / scale.gain)
    return RelaxometryResult(
        rate_per_s=found.fit.rate_per_s,
        rate_per_s_err=found.fit.rate_err_per_s,
        half_width_khz=slope * found.fit.half_width_mt * 1e-3,
        half_width_khz_err=float(slope * width_err * 1e-3),
        resonance_field_mt=centre_mt,
        resonance_field_mt_err=float(np.hypot(found.centre_err_mt, scale.at_err_mt)),
    )


def _keep(lab: Lab, result: RelaxometryResult) -> None:
    lab.calibration.put("cr.rate_per_s", result.rate_per_s, result.rate_per_s_err)
    lab.calibration.put("cr.half_width_khz", result.half_width_khz, result.half_width_khz_err)
    off_mt = result.resonance_field_mt - calibrated(lab, "field.resonance_mt")
    if abs(off_mt) > 4.0 * result.resonance_field_mt_err:
        lab.notes.append(f"The dip was found {off_mt * 1e3:+.2f} µT from the calibrated resonance: run align again")


def _note(result: RelaxometryResult) -> str:
    return (
        f"rate {result.rate_per_s / 1e3:.1f}(±{result.rate_per_s_err / 1e3:.1f})e3 /s, half width "
        f"{result.half_width_khz:.1f}(±{result.half_width_khz_err:.1f}) kHz at {result.resonance_field_mt:.4f} mT"
    )


def programs(_plan: RelaxometryPlan, wiring: Wiring) -> list[Program]:
    """A point of a spectrum, and one of the dip as it will be about, for looking at beforehand."""
    tick_ns = wiring.tick_ns
    return [cw_odmr(tick_ns), contact_pair(nearest_ns(400, tick_ns), nearest_ns(4_000, tick_ns), tick_ns=tick_ns)]


EXPERIMENT: Final = Experiment(
    name="relaxometry",
    description="cross-relaxation rate against field: the resonance, its rate and width",
    plan=RelaxometryPlan,
    function=relaxometry,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("rate_per_s", "rate", "/ms", 1e-3),),
    concludes=("rate_per_s", "resonance_field_mt"),
    calibrates=("cr",),
    needs=("field", "magnet", "shift", "microwave"),
    figure="labctl.figures.experiments.relaxometry:figure",
    docks=("Alignment", "ODMR"),
)
