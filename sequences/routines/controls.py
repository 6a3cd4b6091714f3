"""The verbs in which the experiments speak to the bench: light, microwave, pulsed coils, and dark."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sequences.lab import Lab
from sequences.results import SequenceError
from sequences.routines.still_set import as_it_is, still_set

if TYPE_CHECKING:
    from instruments.current_source import CurrentChannel


def carrier(lab: Lab, hz: float, dbm: float) -> None:
    """Microwave on at this frequency and power; only the lines mw_x and mw_y let it through.

    Raises SequenceError if the source does not reach them.
    """
    for knob, value, unit in (
        (lab.microwave.frequency, round(hz, 3), "Hz"),
        (lab.microwave.amplitude_RF, round(dbm, 2), "dBm"),
    ):
        try:
            knob.validate(value)
        except ValueError as beyond:
            raise SequenceError(
                f"The microwave source cannot be set to {value:g} {unit}: {beyond}",
                "A line was expected there, so field or power are not what they are believed to be: run align from "
                "scratch, then rabi",
            ) from beyond
        knob(value)
    lab.microwave.enable_RF("ON")


def carrier_off(lab: Lab) -> None:
    """Microwave source off."""
    lab.microwave.enable_RF("OFF")


def pump(lab: Lab, efficiency: float = 1.0) -> None:
    """Green laser on at full power, its AOM at this diffraction efficiency, gated by the line `pump`."""
    if not lab.green_laser.emission():
        lab.green_laser.power_mw(lab.limits.green_mw)
        lab.green_laser.emission(True)
    channel = lab.aom.pump
    channel.gate("external")
    channel.efficiency(efficiency)
    channel.output(True)


def doughnut(lab: Lab, mw: float) -> None:
    """The doughnut beam at this power, gated by the line `depletion`; 0 switches it off."""
    lab.depletion_beam.power_mw(mw)


def steer(lab: Lab, x_nm: float, y_nm: float) -> None:
    """Centre the doughnut here in the focal plane."""
    lab.depletion_beam.steer(x_nm, y_nm)


def pulsed_coils(lab: Lab, shift_a: float = 0.0, gradient_a: float = 0.0, compensation_a: float = 0.0) -> None:
    """Currents that the lines `shift` and `gradient` switch into the pulsed coils."""
    shift_coil(lab, shift_a)
    gradient_coils(lab, gradient_a, compensation_a)


def gradient_coils(lab: Lab, gradient_a: float, compensation_a: float) -> None:
    """Currents that the line `gradient` switches."""
    _energise(lab.gradient_coil, gradient_a)
    _energise(lab.compensation_coil, compensation_a)


def shift_coil(lab: Lab, current_a: float) -> None:
    """Current that the line `shift` switches."""
    _energise(lab.shift_coil, current_a)


def _energise(coil: "CurrentChannel", current_a: float) -> None:
    coil.set_current(current_a)
    coil.output(True)


def coils_off(lab: Lab) -> None:
    """No current in the pulsed coils."""
    for coil in (lab.shift_coil, lab.gradient_coil, lab.compensation_coil):
        coil.set_current(0.0)
        coil.output(False)


def dark(lab: Lab) -> None:
    """All light and microwave off; every step is tried even if an earlier one fails."""
    with ExitStack() as steps:  # unwinds in reverse order: the gates close first, then the lasers go off
        steps.callback(carrier_off, lab)
        steps.callback(lab.green_laser.emission, False)
        steps.callback(lab.aom.pump.output, False)
        steps.callback(doughnut, lab, 0.0)
        steps.callback(lab.pulse_generator.hold, 0)


@contextmanager
def left_safe(lab: Lab) -> Iterator[None]:
    """Whatever happens inside, the bench is left dark, its pulsed coils without current; the magnet keeps its field.

    Raises ChangedError for a result, or a conclusion that there is none, from a bench that was not as it was set.
    """
    as_it_is(lab)
    try:
        yield
        still_set(lab)
    except SequenceError:
        still_set(lab)
        raise
    finally:
        with ExitStack() as steps:
            steps.callback(coils_off, lab)
            steps.callback(dark, lab)
