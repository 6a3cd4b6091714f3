"""Leaves everything on that it can: what the application must then switch off."""

from dataclasses import dataclass

from sequences.core.experiment import NO_FIGURE, Experiment
from sequences.results import Progress


@dataclass(frozen=True)
class Toy_brightPlan:
    pass


def toy_bright(lab, plan):  # noqa: ARG001  # the signature of every sequence
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.01, -0.02, 0.5))
    lab.shift_coil.set_current(0.05)
    lab.shift_coil.output(True)
    lab.microwave.frequency(2.87e9)
    lab.microwave.enable_RF("ON")
    lab.green_laser.power_mw(50.0)
    lab.green_laser.emission(True)
    lab.depletion_beam.power_mw(100.0)
    lab.pulse_generator.hold(0b11)
    yield Progress(1.0, "everything is on")
    return None


EXPERIMENT = Experiment(
    name="toy_bright",
    description="a toy_bright for tests",
    plan=Toy_brightPlan,
    function=toy_bright,
    figure=NO_FIGURE,
)
