"""The Cobolt driver on the wire of the simulated head, with the twin behind it."""

from collections.abc import Iterator

import pytest
from qcodes.parameters import Parameter

from instruments.green_laser import Cobolt06, CoboltError
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend
from simulated_instruments.visa.cobolt06 import Cobolt06 as Head


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def head(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Head:
    """The simulated head behind the wire, for hands laid on its key and interlock."""
    head = Head(twin)
    monkeypatch.setitem(backend.DIALECTS, "ASRL3::INSTR", lambda _: head)
    return head


@pytest.fixture
def laser(twin: Twin, head: Head) -> Iterator[Cobolt06]:  # noqa: ARG001  # the head must be plugged in first
    driver = Cobolt06("green_laser", "ASRL3::INSTR", visalib=backend.connect(twin))
    driver.clock = twin.clock
    yield driver
    driver.close()


SETTINGS = [
    ("power_mw", (0.0, 12.3, 100.0)),
    ("current_ma", (0.0, 812.5, 2000.0)),
    ("autostart", (False, True)),
    ("control", ("current", "modulation", "power")),
    ("emission", (True, False)),
]
READINGS = {
    "measured_power_mw": 0.0,
    "measured_current_ma": 0.0,
    "interlock_open": False,
    "key_on": True,
    "fault": "none",
    "operating_mode": "off",
    "hours": 1234.5,
    "max_power_mw": 100.0,
    "serial": "22345",
    "model": "0532-06-91-0100-100",
    "firmware": "50.113",
}


@pytest.mark.parametrize(("name", "values"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_setting_round_trips(laser: Cobolt06, name: str, values: tuple[object, ...]) -> None:
    for value in values:
        laser.parameters[name](value)
        assert laser.parameters[name]() == value


def test_readings_at_power_on(laser: Cobolt06) -> None:
    assert {name: laser.parameters[name]() for name in READINGS} == READINGS


def test_no_parameter_is_untested(laser: Cobolt06) -> None:
    assert set(laser.parameters) == {"IDN", "timeout", *READINGS, *(name for name, _ in SETTINGS)}
    assert all(isinstance(parameter, Parameter) for parameter in laser.parameters.values())


def test_head_outlives_the_connection(twin: Twin, laser: Cobolt06) -> None:
    laser.power_mw(30.0)
    laser.close()
    again = Cobolt06("green_laser", "ASRL3::INSTR", visalib=backend.VISALIB)
    again.clock = twin.clock
    try:
        assert again.power_mw() == 30.0
    finally:
        again.close()


def test_identification(laser: Cobolt06) -> None:
    assert laser.get_idn() == {
        "vendor": "Cobolt",
        "model": "0532-06-91-0100-100",
        "serial": "22345",
        "firmware": "50.113",
    }


@pytest.mark.parametrize("autostart", [True, False])
def test_emission_returns_with_steady_light(twin: Twin, laser: Cobolt06, autostart: bool) -> None:
    laser.autostart(autostart)
    laser.power_mw(50.0)
    assert twin.setpoints.green_w == 0.0
    laser.emission(True)
    assert laser.operating_mode() == "completed"
    assert laser.measured_power_mw() == pytest.approx(50.0)
    assert twin.setpoints.green_w == pytest.approx(0.05)
    laser.emission(False)
    assert twin.setpoints.green_w == 0.0


def test_a_head_that_lost_its_power_setting_is_set_again_when_it_is_lit(
    twin: Twin, laser: Cobolt06, head: Head
) -> None:
    laser.power_mw(50.0)
    head.answer(b"p 0.0800")
    laser.emission(True)
    assert laser.power_mw() == 50.0
    assert twin.setpoints.green_w == pytest.approx(0.05)


def test_a_head_that_does_not_take_its_power_is_named(
    laser: Cobolt06, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    laser.power_mw(50.0)
    answer = head.answer
    answer(b"p 0.0800")
    monkeypatch.setattr(head, "answer", lambda asked: b"OK" if asked.startswith(b"p 0") else answer(asked))
    with pytest.raises(CoboltError, match=r"'green_laser' does not take 50 mW, it stands at 80 mW"):
        laser.emission(True)


def test_emission_that_is_on_is_not_started_again(twin: Twin, laser: Cobolt06) -> None:
    laser.emission(True)
    before_s = twin.clock.now()
    laser.emission(True)
    assert twin.clock.now() - before_s < 1.0


def test_commands_leave_the_head_its_peace(twin: Twin, laser: Cobolt06) -> None:
    laser.power_mw()
    before_s = twin.clock.now()
    for _ in range(5):
        laser.power_mw()
    assert twin.clock.now() - before_s == pytest.approx(0.5)


def test_no_wait_for_a_pause_that_has_passed(twin: Twin, laser: Cobolt06) -> None:
    laser.power_mw()
    twin.clock.sleep(10.0)
    before_s = twin.clock.now()
    laser.power_mw()
    assert twin.clock.now() == before_s


@pytest.mark.parametrize("mw", [-0.1, 100.1])
def test_power_out_of_range_never_reaches_the_wire(laser: Cobolt06, mw: float) -> None:
    laser.power_mw(20.0)
    with pytest.raises(ValueError, match="must be between"):
        laser.power_mw(mw)
    assert laser.power_mw() == 20.0


def test_refusal_tells_command_reply_and_state(laser: Cobolt06, head: Head) -> None:
    laser.autostart(False)
    head.open_interlock()
    with pytest.raises(CoboltError, match="fault: interlock, interlock open") as caught:
        laser.emission(True)
    assert caught.value.command == "l1"
    assert caught.value.reply == "Syntax error: illegal command"
    assert laser.interlock_open()


def test_key_off_is_named(laser: Cobolt06, head: Head) -> None:
    head.turn_key(False)
    with pytest.raises(CoboltError, match="does not start: waiting for key"):
        laser.emission(True)


def test_cleared_fault_allows_a_start(twin: Twin, laser: Cobolt06, head: Head) -> None:
    laser.power_mw(30.0)
    head.open_interlock()
    assert laser.fault() == "interlock"
    head.open_interlock(False)
    laser.clear_fault()
    assert laser.fault() == "none"
    laser.emission(True)
    assert twin.setpoints.green_w == pytest.approx(0.03)
