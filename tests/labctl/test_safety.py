"""The safe state: everything off, in order, read back, and no fault keeps the next step from being tried."""

import pytest

from labctl.safety.safe_state import make_safe


def test_everything_is_off_and_light_goes_first(lab):
    assert [step.fault for step in make_safe(lab, ramp_magnet=True)] == [""] * 7
    names = [name for name, _ in lab.log]
    assert names[:5] == ["lines", "aom.pump", "aom.doughnut", "doughnut", "green"]
    assert names[-1] == "magnet"
    assert lab.pulse_generator.levels() == 0
    assert lab.depletion_beam.power_mw() == 0.0
    assert lab.green_laser.emission() is False
    assert (lab.aom.pump.output(), lab.aom.doughnut.output()) == (False, False)
    assert lab.microwave.enable_RF() == "OFF"
    for coil in (lab.shift_coil, lab.gradient_coil, lab.compensation_coil):
        assert (coil.current(), coil.output()) == (0.0, False)
    assert lab.magnet.currents() == (0.0, 0.0, 0.0)


def test_the_magnet_keeps_its_field_between_runs(lab):
    make_safe(lab, ramp_magnet=False)
    assert lab.magnet.currents() == (0.1, 0.2, 0.9)


FAULTS = {
    "the pulse lines are low": lambda lab: lab.pulse_generator.levels,
    "the AOM channels are off": lambda lab: lab.aom.doughnut.output,
    "the doughnut beam is off": lambda lab: lab.depletion_beam.power_mw,
    "the green laser is off": lambda lab: lab.green_laser.emission,
    "the microwave is off": lambda lab: lab.microwave.enable_RF,
    "the pulsed coils carry no current": lambda lab: lab.gradient_coil.output,
    "the magnet carries no current": lambda lab: lab.magnet.currents,
}


@pytest.mark.parametrize("how", ["broken", "stuck"])
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_named_and_the_other_steps_are_done(lab, what, how):
    setattr(FAULTS[what](lab), how, True)
    steps = {step.what: step.fault for step in make_safe(lab, ramp_magnet=True)}
    assert list(steps) == list(FAULTS)
    assert steps[what]
    assert [fault for other, fault in steps.items() if other != what] == [""] * 6
    assert all(step.by_hand in str(step) for step in make_safe(lab, ramp_magnet=True) if step.fault)
    assert lab.compensation_coil.output() is False
