"""Whether a program may be played with the bench as it is set: asked before every play."""

from typing import Any

from sequences.lab import Lab
from sequences.load import Drive, milliwatts, refuse_beyond
from sequences.pulses.program import Program


def check_allowed(lab: Lab, program: Program) -> None:
    """Raises LimitError if sample, antenna or a coil would get more than station.yaml allows. Nothing is played."""
    refuse_beyond(program, drive(lab, program), lab.paths, lab.limits)


def drive(lab: Lab, program: Program) -> Drive:
    """What the lines that this program raises let through, by what was set or read last; what was never is asked."""
    high = {line for interval in program.intervals for line in interval.lines}
    ungated = lab.aom.pump.gate.cache.get(get_if_invalid=False) == "internal"
    return Drive(
        green_mw=_green_mw(lab) if "pump" in high or ungated else 0.0,
        green_ungated=ungated,
        doughnut_mw=float(_known(lab.depletion_beam.power_mw)) if "depletion" in high else 0.0,
        carrier_mw=_carrier_mw(lab) if high & {"mw_x", "mw_y"} else 0.0,
        shift_a=_current_a(lab.shift_coil) if "shift" in high else 0.0,
        gradient_a=_current_a(lab.gradient_coil) if "gradient" in high else 0.0,
        compensation_a=_current_a(lab.compensation_coil) if "gradient" in high else 0.0,
    )


def _known(parameter: Any) -> Any:
    return parameter.cache.get(get_if_invalid=True)


def _green_mw(lab: Lab) -> float:
    """As if the AOM's channel were on: it is switched on with its efficiency."""
    if not _known(lab.green_laser.emission):
        return 0.0
    return float(_known(lab.green_laser.power_mw)) * float(_known(lab.aom.pump.efficiency))


def _carrier_mw(lab: Lab) -> float:
    is_on = _known(lab.microwave.enable_RF) in ("ON", True, 1)
    return milliwatts(float(_known(lab.microwave.amplitude_RF))) if is_on else 0.0


def _current_a(coil: Any) -> float:
    return float(_known(coil.source_current)) if _known(coil.output) else 0.0
