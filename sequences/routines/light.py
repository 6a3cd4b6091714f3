"""Is there light? What the counter sees with green light and in the dark, before anything is made of it."""

from typing import Final

from sequences.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines import controls
from sequences.routines.measure import Counts, measure, repeats_for

USUAL_CPS: Final = 5e3
"""Per second of laboratory time under continuous light: NVs give several times more, their background less."""
_LEAST_PHOTONS: Final = 100
_SIGMAS: Final = 5.0
_LASER_SHARE: Final = 0.5
"""Of its set power that a sound laser gives at least."""


def count_rate(lab: Lab, seconds: float) -> float:
    """Reference photons per second of laboratory time under continuous green light, without microwave.

    Raises SequenceError if it is as dark with the light as without, and says where it may have been lost.
    """
    controls.carrier_off(lab)
    program = cw_odmr(lab.wiring.tick_ns)
    lit = measure(lab, program, repeats_for(program, seconds))
    rate = lit.reference / lit.duration_s
    if rate < USUAL_CPS:
        _check_not_dark(lab, lit)
    return rate


def _check_not_dark(lab: Lab, lit: Counts) -> None:
    """Faint light may be none at all: compare it with the dark."""
    program = _without_light(lab.wiring.tick_ns)
    dark = measure(lab, program, lit.repeats)
    added = lit.reference - dark.reference
    if added < max(_LEAST_PHOTONS, _SIGMAS * (lit.reference + dark.reference) ** 0.5):
        raise _no_light(lab, lit, dark, cw_odmr(lab.wiring.tick_ns).time_high_ns("gate_reference") * 1e-9)


def _without_light(tick_ns: int) -> Program:
    """As long as a shot of `cw_odmr`, its counters open as long, all else low."""
    like = cw_odmr(tick_ns)
    open_ns = like.time_high_ns("gate_reference")
    return Program("dark", tick_ns).then(like.duration_ns - open_ns).then(open_ns, "gate_reference")


def _no_light(lab: Lab, lit: Counts, dark: Counts, open_s: float) -> SequenceError:
    """The refusal, with what laser and AOM report of themselves."""
    lit_cps, dark_cps = (counts.reference / (counts.repeats * open_s) for counts in (lit, dark))
    seen = (
        f"No photons from the sample: {lit_cps:.0f}(±{lit.reference**0.5 / (lit.repeats * open_s):.0f}) counts/s with "
        f"green light, {dark_cps:.0f}(±{dark.reference**0.5 / (dark.repeats * open_s):.0f}) in the dark"
    )
    asked_mw, power_mw = float(lab.green_laser.power_mw()), float(lab.green_laser.measured_power_mw())
    aom = f"{'on' if lab.aom.pump.output() else 'off'}, diffracting {100 * float(lab.aom.pump.efficiency()):.0f} %"
    return SequenceError(
        f"{seen}. The laser reports {power_mw:.1f} of {asked_mw:.1f} mW, the AOM's channel is {aom}; usual are some "
        "thousands from the background alone and ten times more from NVs",
        _remedy(dark.reference, power_mw / max(asked_mw, 1e-3)),
        light_cps=lit_cps,
        dark_cps=dark_cps,
        laser_mw=power_mw,
    )


def _remedy(dark_photons: int, laser_share: float) -> str:
    if laser_share < _LASER_SHARE:
        return "Check the laser: key, interlock, shutter at its head"
    if dark_photons == 0:
        return "The detector counts nothing even in the dark: check its power and its cable to wiring.terminals.photons"
    return (
        "The detector works and the laser shines: check beam path and shutters, the AOM's alignment, the line pump "
        "(wiring.lines of station.yaml; run wiring), and the focus on the diamond"
    )
