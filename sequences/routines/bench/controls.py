"""The verbs in which the experiments speak to the bench: light, microwave, pulsed coils, and dark."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sequences.core.lab import Lab
from sequences.results import SequenceError
from sequences.routines.bench.verify import as_it_is, still_set


def carrier(lab: Lab, hz: float, dbm: float) -> None:
    """Microwave on at this frequency and power; only the lines mw_x and mw_y let it through.

    Raises SequenceError if the source does not reach them.
    """
    source, hz, dbm = lab.microwave, round(hz, 3), round(dbm, 2)
    _within(hz, source.reach_hz, "Hz")
    source.set_frequency(hz)
    _within(dbm, (source.least_dbm, source.limit_dbm), "dBm")
    source.set_power(dbm)
    source.switch_on()


def _within(value: float, reach: tuple[float, float], unit: str) -> None:
    least, most = reach
    if not least <= value <= most:
        raise SequenceError(
            f"The microwave source cannot be set to {value:g} {unit}: it reaches from {least:g} to {most:g} {unit}",
            "A line was expected there, so field or power are not what they are believed to be: run align from "
            "scratch, then rabi",
        )


def carrier_off(lab: Lab) -> None:
    """Microwave source off."""
    lab.microwave.switch_off()


def pump(lab: Lab, efficiency: float = 1.0) -> None:
    """Green laser on at full power, its AOM at this diffraction efficiency, gated by the line `pump`."""
    if not lab.green_laser.is_on():
        lab.green_laser.set_power(lab.limits.green_mw)
        lab.green_laser.switch_on()
    switch = lab.aom.pump
    switch.follow_line()
    switch.set_share(efficiency)
    switch.switch_on()


def doughnut(lab: Lab, mw: float) -> None:
    """The doughnut beam at this power, gated by the line `depletion`; 0 switches it off."""
    lab.depletion_beam.set_power(mw)


def steer(lab: Lab, x_nm: float, y_nm: float) -> None:
    """Centre the doughnut here in the focal plane."""
    lab.depletion_beam.steer(x_nm, y_nm)


def pulsed_coils(lab: Lab, shift_a: float = 0.0, gradient_a: float = 0.0, compensation_a: float = 0.0) -> None:
    """Currents that the lines `shift` and `gradient` switch into the pulsed coils."""
    shift_coil(lab, shift_a)
    gradient_coils(lab, gradient_a, compensation_a)


def gradient_coils(lab: Lab, gradient_a: float, compensation_a: float) -> None:
    """Currents that the line `gradient` switches."""
    lab.gradient_coil.energise(gradient_a)
    lab.compensation_coil.energise(compensation_a)


def shift_coil(lab: Lab, current_a: float) -> None:
    """Current that the line `shift` switches."""
    lab.shift_coil.energise(current_a)


def coils_off(lab: Lab) -> None:
    """No current in the pulsed coils."""
    for coil in (lab.shift_coil, lab.gradient_coil, lab.compensation_coil):
        coil.switch_off()


def dark(lab: Lab) -> None:
    """All light and microwave off; every step is tried even if an earlier one fails."""
    with ExitStack() as steps:  # unwinds in reverse order: the gates close first, then the lasers go off
        steps.callback(carrier_off, lab)
        steps.callback(lab.green_laser.switch_off)
        steps.callback(lab.aom.pump.switch_off)
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
