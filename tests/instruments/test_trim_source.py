"""The GS200 of a trim on its wire, with the twin behind it."""

from collections.abc import Iterator

import pytest
from qcodes.instrument import InstrumentBase

from instruments.common.supply import CurrentLimitError, SupplyError
from instruments.magnet import find_current_source
from instruments.trim_source import GS200
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend

TRIM = "USB0::0x0B21::0x0039::91U112233::INSTR"


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def trim(twin: Twin) -> Iterator[GS200]:
    driver = GS200("trim_x", TRIM, visalib=backend.connect(twin))
    yield driver
    driver.close()


def settable(instrument: InstrumentBase) -> set[str]:
    return {name for name, parameter in instrument.parameters.items() if parameter.settable}


TRIM_SETTINGS = [
    ("voltage_range", (1.0, 10.0)),
    ("voltage", (0.5, -2.5)),
    ("source_mode", ("VOLT", "CURR")),
    ("current_range", (0.01, 0.2)),
    ("range", (0.1, 0.2)),
    ("current", (0.0123, -0.15)),
    ("output_level", (0.02, 0.0)),
    ("auto_range", (True, False)),
    ("output", ("on", "off")),
    ("voltage_limit", (20, 30)),
    ("current_limit", (0.1, 0.2)),
    ("four_wire", ("on", "off")),
    ("guard", ("on", "off")),
]
PROGRAM_SETTINGS = [("interval", (0.5, 12.0)), ("slope", (0.0, 0.3)), ("repeat", ("ON", "OFF")), ("count", (1,))]
NOT_ON_THE_WIRE = {"timeout", "ramp_mode", "ramp_rate", "ramp_step", "ramp_blocking"}


def test_the_trims_full_set_of_parameters_round_trips(trim: GS200) -> None:
    assert {name for name, _ in TRIM_SETTINGS} == settable(trim) - NOT_ON_THE_WIRE - {"BNC_out", "BNC_in"}
    for name, values in TRIM_SETTINGS:
        for value in values:
            parameter = trim.parameters[name]
            parameter(value)
            assert (name, parameter.get()) == (name, pytest.approx(value) if isinstance(value, float) else value)
    assert trim.system_errors() == '0,"No error"'


@pytest.mark.parametrize(("name", "values"), [("BNC_out", ("trigger", "output", "ready")), ("BNC_in", ("output",))])
def test_the_trims_sockets_are_told_in_words_and_answer_in_short(
    trim: GS200, name: str, values: tuple[str, ...]
) -> None:
    for value in values:
        trim.parameters[name](value)
        assert value.upper().startswith(trim.ask(f":ROUT:BNC{'O' if name == 'BNC_out' else 'I'}?"))


def test_the_trims_program_round_trips(trim: GS200) -> None:
    assert {name for name, _ in PROGRAM_SETTINGS} == settable(trim.program) - {"save", "load"}
    for name, values in PROGRAM_SETTINGS:
        for value in values:
            trim.program.parameters[name](value)
            assert (name, trim.program.parameters[name].get()) == (name, value)
    trim.program.save("a.csv")
    trim.program.load("a.csv")
    assert trim.program.load() == '"a.csv"'


@pytest.mark.parametrize("mode", ["HARDWARE", "SOFTWARE"])
def test_both_ramps_of_qcodes_arrive(trim: GS200, twin: Twin, mode: str) -> None:
    trim.source_mode("CURR")
    trim.current_range(0.2)
    trim.output("on")
    trim.ramp_mode(mode)
    trim.ramp_rate(0.1 if mode == "HARDWARE" else 100.0)
    trim.ramp_step(0.01 if mode == "SOFTWARE" else 0.0)
    trim.current(0.05)
    assert (trim.current(), twin.knobs.trim_x_a) == (pytest.approx(0.05), pytest.approx(0.05))
    assert twin.clock.now() == pytest.approx(0.5 if mode == "HARDWARE" else 0.0)


def test_a_wrong_command_to_a_trim_is_queued(trim: GS200) -> None:
    trim.write(":SOUR:LEV 99")
    assert trim.system_errors() == '-222,"Data out of range"'


def test_a_trim_switches_on_in_current_mode_from_zero(trim: GS200, twin: Twin) -> None:
    source = trim
    trim.voltage(5.0)
    trim.output("on")
    with pytest.raises(SupplyError, match="voltage source"):
        source.set_current(0.1)
    source.switch_on()
    assert (source.is_on(), source.setpoint_a(), twin.knobs.trim_x_a) == (True, 0.0, 0.0)
    source.set_current(0.15)
    source.switch_on()
    assert (source.setpoint_a(), twin.knobs.trim_x_a) == (0.15, 0.15)
    with pytest.raises(CurrentLimitError, match=r"limit of ±0\.2 A"):
        source.set_current(0.21)


def test_trims_are_found_by_name(trim: GS200) -> None:
    source = find_current_source("trim_x")
    assert (source is trim, source.is_on(), trim.output()) == (True, False, "off")
