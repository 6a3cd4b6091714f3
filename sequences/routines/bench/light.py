"""Is there light? What the counter sees with green light and in the dark, before anything is made of it."""

from dataclasses import dataclass
from typing import Final

from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for

COLUMNS: Final = (
    Column("lit", "1 with green light, 0 in the dark", ""),
    Column("light_cps", "count rate", "1/s", ("lit",)),
    Column("light_cps_err", "its shot noise", "1/s", ("lit",)),
)
USUAL_CPS: Final = 5e3
"""Per second of laboratory time under continuous light: NVs give several times more, their background less."""
_LEAST_PHOTONS: Final = 100
_SIGMAS: Final = 5.0
_LASER_SHARE: Final = 0.5
"""Of its set power that a sound laser gives at least."""


@dataclass(frozen=True)
class _Rate:
    """What the reference counter saw while it was open."""

    photons: int
    cps: float
    error_cps: float

    def point(self, is_lit: bool) -> Point:
        """What a run keeps of it."""
        return Point({"lit": float(is_lit), "light_cps": self.cps, "light_cps_err": self.error_cps})

    def __str__(self) -> str:
        return f"{self.cps:.0f}(±{self.error_cps:.0f})"


def count_rate(lab: Lab, seconds: float) -> Stream[float]:
    """Reference photons per second of laboratory time under continuous green light, without microwave.

    Raises SequenceError if it is as dark with the light as without, and says where it may have been lost.
    """
    controls.carrier_off(lab)
    program = cw_odmr(lab.wiring.tick_ns)
    lit = _counted(lab, program, seconds)
    yield lit.point(is_lit=True)
    per_s = lit.photons / seconds
    if per_s < USUAL_CPS:
        dark = _counted(lab, _without_light(lab.wiring.tick_ns), seconds)
        yield dark.point(is_lit=False)
        _check_lit(lab, lit, dark)
    return per_s


def _counted(lab: Lab, program: Program, seconds: float) -> _Rate:
    counts = measure(lab, program, repeats_for(program, seconds), may_be_dark=True)  # `_check_lit` judges it
    open_s = counts.repeats * program.time_high_ns("gate_reference") * 1e-9
    return _Rate(counts.reference, counts.reference / open_s, max(counts.reference, 1) ** 0.5 / open_s)


def _without_light(tick_ns: int) -> Program:
    """As long as a shot of `cw_odmr`, its counter open as long, all else low."""
    like = cw_odmr(tick_ns)
    open_ns = like.time_high_ns("gate_reference")
    return Program("dark", tick_ns).then(like.duration_ns - open_ns).then(open_ns, "gate_reference")


def _check_lit(lab: Lab, lit: _Rate, dark: _Rate) -> None:
    """Faint light may be none at all. The refusal says what laser and AOM report of themselves."""
    if lit.photons - dark.photons > max(_LEAST_PHOTONS, _SIGMAS * (lit.photons + dark.photons) ** 0.5):
        return
    asked_mw, power_mw = float(lab.green_laser.power_mw()), float(lab.green_laser.measured_power_mw())
    aom = f"{'on' if lab.aom.pump.is_on() else 'off'}, diffracting {100 * lab.aom.pump.share():.0f} %"
    raise SequenceError(
        f"No photons from the sample: {lit} counts/s with green light, {dark} in the dark; usual are some thousands "
        f"from the background alone and ten times more from NVs. The laser reports {power_mw:.1f} of {asked_mw:.1f} "
        f"mW, the AOM's channel is {aom}",
        _remedy(dark.photons, power_mw / max(asked_mw, 1e-3)),
        light_cps=lit.cps,
        dark_cps=dark.cps,
        laser_mw=power_mw,
    )


def _remedy(dark_photons: int, laser_share: float) -> str:
    if laser_share < _LASER_SHARE:
        return "Check the laser: key, interlock, shutter at its head"
    if dark_photons == 0:
        return "The detector counts nothing even in the dark: check its power and its cable to the photon_counter"
    return (
        "The detector works and the laser shines: check beam path and shutters, the AOM's alignment, the line pump "
        "(wiring.lines of station.yaml; run wiring), and the focus on the diamond"
    )
