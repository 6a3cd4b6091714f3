"""The SG386 driver on its wire, with the twin behind it."""

from collections.abc import Iterator

import pytest

from instruments.microwave_source import MAX_LIST, SG386, MicrowaveError
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend

ADDRESS = "TCPIP0::192.168.10.23::inst0::INSTR"

SETTINGS = [
    ("frequency", (2.87e9, 5.7405e9, 6.075e9)),
    ("phase", (90.0, -12.5)),
    ("amplitude_RF", (-10.0, 16.5)),
    ("amplitude_LF", (-47.0, 3.25)),
    ("amplitude_clock", (0.4, 1.0)),
    ("noise_mode", ("Mode 2", "Mode 1")),
    ("enable_RF", ("ON", "OFF")),
    ("enable_LF", ("ON", "OFF")),
    ("enable_clock", ("ON", "OFF")),
    ("offset_clock", (1.5, -2.0)),
    ("offset_rearDC", (10.0, -0.5)),
    ("offset_bnc", (1.0, -1.5)),
    ("modulation_coupling", ("AC", "DC")),
    ("FM_deviation", (1e6, 0.5)),
    ("modulation_function", ("Sine", "Ramp", "Triangle", "Square", "Noise", "External")),
    ("modulation_rate", (50e3, 0.25)),
    ("modulation_type", ("AM", "FM", "Phi", "Sweep", "Pulse", "Blank")),
    ("enable_modulation", ("ON", "OFF")),
    ("modulation_type", ("IQ",)),
    ("pulse_function", ("Noise", "External", "Square")),
    ("sweep_function", ("Sine", "Triangle", "External")),
    ("iq_function", ("Noise", "External")),
    ("sweep_rate", (10.0, 120.0)),
    ("sweep_deviation", (5e6, 0.5)),
]
OF_LISTS = {"list_armed", "list_index"}


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def microwave(twin: Twin) -> Iterator[SG386]:
    driver = SG386("microwave", ADDRESS, visalib=backend.connect(twin))
    yield driver
    driver.close()


def test_the_full_set_of_parameters_round_trips(microwave: SG386) -> None:
    settable = {name for name, parameter in microwave.parameters.items() if parameter.settable}
    assert {name for name, _ in SETTINGS} | OF_LISTS | {"timeout"} == settable
    for name, values in SETTINGS:
        for value in values:
            parameter = microwave.parameters[name]
            parameter(value)
            assert (name, parameter.get()) == (name, value)
    assert microwave.errors() == []


def test_the_bench_hears_the_carrier(microwave: SG386, twin: Twin) -> None:
    microwave.frequency(5.74e9)
    microwave.amplitude_RF(-3.5)
    microwave.enable_RF("ON")
    assert (twin.setpoints.carrier_hz, twin.setpoints.carrier_dbm, twin.setpoints.carrier_on) == (5.74e9, -3.5, True)
    microwave.enable_RF("OFF")
    assert not twin.setpoints.carrier_on


@pytest.mark.parametrize(("name", "value"), [("frequency", 6.08e9), ("frequency", 0.9e6), ("amplitude_RF", 17.0)])
def test_values_out_of_range_are_refused_before_they_are_sent(microwave: SG386, name: str, value: float) -> None:
    before = microwave.parameters[name].get()
    with pytest.raises(ValueError, match="must be between"):
        microwave.parameters[name](value)
    assert microwave.parameters[name].get() == before


@pytest.mark.parametrize(
    ("command", "code", "meaning"),
    [
        ("FREQ 9e9", 10, "illegal value"),
        ("FOOO 1", 111, "undefined command"),
        ("FREQ", 116, "missing parameters"),
        ("AMPH 3", 15, "no frequency doubler"),
        ("LSTE 1", 12, "not allowed"),
    ],
)
def test_a_command_that_is_refused_raises_what_srs_means(
    microwave: SG386, command: str, code: int, meaning: str
) -> None:
    with pytest.raises(MicrowaveError, match=meaning) as refusal:
        microwave.write(command)
    assert (refusal.value.command, refusal.value.codes) == (command, (code,))
    assert microwave.errors() == []


def test_a_setting_that_another_forbids_raises(microwave: SG386) -> None:
    microwave.modulation_type("IQ")
    with pytest.raises(MicrowaveError, match="illegal mode"):
        microwave.enable_modulation("ON")  # the carrier is at 10 MHz
    assert microwave.enable_modulation() == "OFF"


def test_errors_reads_and_forgets(microwave: SG386) -> None:
    microwave.write_raw("FREQ 9e9;FOOO")
    assert microwave.errors() == [10, 111]
    assert microwave.errors() == []


def test_errors_of_others_are_not_blamed_on_the_first_setting(twin: Twin) -> None:
    visalib = backend.connect(twin)
    first = SG386("first", ADDRESS, visalib=visalib)
    first.write_raw("FOOO")
    first.close()
    second = SG386("second", ADDRESS, visalib=visalib)
    second.frequency(2e9)
    assert second.frequency() == 2e9
    second.close()


def test_without_a_doubler_its_parameters_are_gone_and_a_snapshot_does_not_wait(microwave: SG386) -> None:
    assert {"amplitude_HF", "enable_HF"}.isdisjoint(microwave.parameters)
    assert not microwave.has_option(2)
    assert microwave.snapshot(update=True)["parameters"]["frequency"]["value"] == 10e6
    assert microwave.errors() == []


def test_a_list_steps_through_frequencies(microwave: SG386, twin: Twin) -> None:
    microwave.load_list([2.86e9, 2.87e9, 2.88e9], power_dbm=-7.5)
    assert (microwave.list_size(), microwave.list_armed()) == (3, "OFF")
    microwave.list_armed("ON")
    heard = []
    for _ in range(4):
        microwave.trigger()
        heard.append(twin.setpoints.carrier_hz)
    assert heard == [2.86e9, 2.87e9, 2.88e9, 2.86e9]
    assert twin.setpoints.carrier_dbm == -7.5
    microwave.list_index(2)
    microwave.trigger()
    assert (microwave.frequency(), microwave.list_index()) == (2.88e9, 0)
    microwave.delete_list()
    assert microwave.list_size() == 0


def test_a_list_may_leave_the_power_alone(microwave: SG386, twin: Twin) -> None:
    microwave.amplitude_RF(-20.0)
    microwave.load_list([2.87e9])
    microwave.list_armed("ON")
    microwave.trigger()
    assert (twin.setpoints.carrier_hz, twin.setpoints.carrier_dbm) == (2.87e9, -20.0)


@pytest.mark.parametrize(
    ("frequencies_hz", "complaint"),
    [([], "1 to 2000 states"), ([1e9] * (MAX_LIST + 1), "split it"), ([1e9, 7e9], "must be between")],
)
def test_a_list_that_cannot_be_is_refused(microwave: SG386, frequencies_hz: list[float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        microwave.load_list(frequencies_hz)
    assert microwave.list_size() == 0
