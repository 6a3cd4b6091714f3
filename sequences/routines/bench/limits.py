"""Whether a program may be played with the bench as it is set: asked before every play."""

from sequences.core.lab import Lab
from sequences.core.power_budget import Drive, milliwatts, refuse_beyond
from sequences.pulses.program import Program


def check_allowed(lab: Lab, program: Program) -> None:
    """Raises LimitError if sample, antenna or a coil would get more than station.yaml allows. Nothing is played."""
    refuse_beyond(program, drive(lab, program), lab.paths, lab.limits)


def drive(lab: Lab, program: Program) -> Drive:
    """What the lines that this program raises let through, by what was set or read last; what was never is asked."""
    high = {line for interval in program.intervals for line in interval.lines}
    ungated = lab.aom.pump.ignores_line()
    return Drive(
        green_mw=_green_mw(lab) if "pump" in high or ungated else 0.0,
        green_ungated=ungated,
        doughnut_mw=lab.depletion_beam.asked_mw() if "depletion" in high else 0.0,
        carrier_mw=_carrier_mw(lab) if high & {"mw_x", "mw_y"} else 0.0,
        shift_a=lab.shift_coil.asked_a() if "shift" in high else 0.0,
        gradient_a=lab.gradient_coil.asked_a() if "gradient" in high else 0.0,
        compensation_a=lab.compensation_coil.asked_a() if "gradient" in high else 0.0,
    )


def _green_mw(lab: Lab) -> float:
    """As if the AOM's channel were on: it is switched on with its efficiency."""
    power_mw = lab.green_laser.asked_mw()
    return power_mw * lab.aom.pump.asked_share() if power_mw else 0.0


def _carrier_mw(lab: Lab) -> float:
    power_dbm = lab.microwave.asked_dbm()
    return 0.0 if power_dbm is None else milliwatts(power_dbm)
