"""The B2962A's channels on their wires, with the twin behind them."""

from collections.abc import Iterator

import numpy as np
import pytest
from qcodes.instrument import InstrumentBase

from instruments.common.errors import ChangedError, GarbledError
from instruments.common.supply import CurrentLimitError, SupplyError
from instruments.current_source import B2962A, CurrentChannel
from instruments.interface.fitness import lacking, members_of
from instruments.interface.roles import CurrentSource
from instruments.magnet import find_current_source
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend
from simulated_instruments.visa.line import Dialect

MAIN = "TCPIP0::192.168.10.21::inst0::INSTR"


class Recorder:
    """A dialect that keeps the trace of what passes."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.trace: list[tuple[str, str, str]] = []

    def answer(self, message: bytes) -> bytes | None:
        reply = self.dialect.answer(message)
        kind = "query" if b"?" in message else "write"
        self.trace.append((kind, message.decode(), "" if reply is None else reply.decode()))
        return reply


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def recorder(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder(backend.DIALECTS[MAIN](twin))
    monkeypatch.setitem(backend.DIALECTS, MAIN, lambda _: recorder)  # type: ignore[arg-type]
    return recorder


@pytest.fixture
def supply(twin: Twin, recorder: Recorder) -> Iterator[B2962A]:
    driver = B2962A("main_supply", MAIN, visalib=backend.connect(twin))
    recorder.trace.clear()
    yield driver
    driver.close()


def settable(instrument: InstrumentBase) -> set[str]:
    return {name for name, parameter in instrument.parameters.items() if parameter.settable}


# ---- B2962A --------------------------------------------------------------------------------------------------------

CHANNEL_SETTINGS = [
    ("voltage_limit", (18.0, 21.0)),
    ("current_limit", (0.05, 0.9)),
    ("source_current", (0.5, -0.123456)),
    ("source_voltage", (1.5, -0.25)),
    ("current_range", (1.5, 1.0)),
    ("current_auto_range", (True, False)),
    ("source_mode", ("current", "voltage")),
    ("remote_sensing", (True, False)),
    ("enable", (True, False)),
    ("output", (True, False)),
    ("protection", (False, True)),
    ("off_mode", ("normal", "high impedance", "zero")),
    ("measuring_switches_on", (True, False)),
]


def test_a_channels_full_set_of_parameters_round_trips(supply: B2962A) -> None:
    assert {name for name, _ in CHANNEL_SETTINGS} == settable(supply.ch1)
    for name, values in CHANNEL_SETTINGS:
        for value in values:
            parameter = supply.ch1.parameters[name]
            parameter(value)
            assert (name, parameter.get()) == (name, value)


def test_channels_are_apart(supply: B2962A) -> None:
    supply.ch1.set_current(0.5)
    supply.ch2.set_current(0.05)
    assert (supply.ch1.setpoint_a(), supply.ch2.setpoint_a()) == (0.5, 0.05)


IDENTIFYING = ("query", "*IDN?", "Keysight Technologies,B2962A,MY51140021,6.3")
CONNECTING = [
    ("write", ":OUTP1:ON:AUTO 0", ""),
    ("query", ":OUTP1:ON:AUTO?", "0"),
    ("write", "SENS1:VOLT:PROT 21", ""),
    ("query", "SENS1:VOLT:PROT?", "+2.10000000E+01"),
    ("write", ":SOUR1:CURR:RANG:AUTO 0", ""),
    ("query", ":SOUR1:CURR:RANG:AUTO?", "0"),
    ("write", ":SOUR1:CURR:RANG 1", ""),
    ("query", ":SOUR1:CURR:RANG?", "+1.00000000E+00"),
    ("write", ":OUTP1:PROT 1", ""),
    ("query", ":OUTP1:PROT?", "1"),
    ("write", ":OUTP1:OFF:MODE ZERO", ""),
    ("query", ":OUTP1:OFF:MODE?", "ZERO"),
]
SETTING = [("write", "SOURCE1:CURR 0.9318", ""), ("query", "SOURCE1:CURR?", "+9.31800000E-01")]
SWITCHING_ON = [
    ("query", "*ESR?", "0"),
    ("query", ":STAT:QUES:EVEN?", "0"),
    ("query", ":SOUR1:FUNC:MODE?", "VOLT"),
    ("write", ":SOUR1:FUNC:MODE CURR", ""),
    ("query", ":SOUR1:FUNC:MODE?", "CURR"),
    ("write", "OUTP1 1", ""),
    ("query", "OUTP1?", "1"),
]
MEASURING = [("query", "OUTP1?", "1"), ("query", "MEAS:CURR? (@1)", "+9.31800000E-01")]


def test_the_drivers_trace(twin: Twin, recorder: Recorder) -> None:
    supply = B2962A("main_supply", MAIN, visalib=backend.connect(twin))
    assert recorder.trace[: 1 + len(CONNECTING)] == [IDENTIFYING, *CONNECTING]
    recorder.trace.clear()
    supply.ch1.set_current(0.9318)
    supply.ch1.output(True)
    assert supply.ch1.current() == 0.9318
    assert recorder.trace == SETTING + SWITCHING_ON + MEASURING
    supply.close()


def test_the_coil_carries_the_current_only_while_the_output_is_on(supply: B2962A, twin: Twin) -> None:
    supply.ch1.set_current(0.5)
    assert (twin.knobs.main_a, supply.ch1.current()) == (0.0, 0.0)
    supply.ch1.output(True)
    assert (twin.knobs.main_a, supply.ch1.current(), supply.ch1.voltage()) == (0.5, 0.5, 6.0)
    supply.ch1.output(False)
    assert (twin.knobs.main_a, supply.ch1.current(), supply.ch1.output()) == (0.0, 0.0, False)


@pytest.mark.parametrize("amps", [1.0001, -2.0, float("nan"), float("inf")])
def test_a_current_beyond_the_range_is_refused_before_it_is_sent(
    supply: B2962A, recorder: Recorder, amps: float
) -> None:
    with pytest.raises(CurrentLimitError, match="limit of ±1 A") as refusal:
        supply.ch1.set_current(amps)
    assert (refusal.value.source, refusal.value.limit_a) == ("main_supply_ch1", 1.0)
    assert recorder.trace == []


def test_a_setting_that_the_supply_refuses_is_noticed(supply: B2962A) -> None:
    supply.ch1.current_range(0.1)
    with pytest.raises(SupplyError, match='-222,"Data out of range"'):
        supply.ch1.set_current(0.5)


def test_a_range_that_the_voltage_forbids_is_noticed_when_connecting(twin: Twin) -> None:
    twin_lib = backend.connect(twin)
    first = B2962A("first", MAIN, visalib=twin_lib)
    first.ch1.set_current(0.9)
    first.ch1.output(True)
    with pytest.raises(SupplyError, match="Settings conflict"):
        B2962A("second", MAIN, current_range_a=(1.0, 0.1), voltage_limit_v=(30.0, 6.0), visalib=twin_lib)
    first.close()


def test_the_protection_trips(supply: B2962A, twin: Twin) -> None:
    supply.ch1.set_current(0.9)
    supply.ch1.output(True)
    assert not supply.ch1.tripped()
    supply.ch1.voltage_limit(6.0)
    assert (supply.ch1.tripped(), supply.ch1.output(), twin.knobs.main_a) == (True, False, 0.0)
    assert (supply.ch1.in_compliance(), supply.ch2.tripped()) == (False, False)
    with pytest.raises(SupplyError, match="compliance voltage was reached"):
        supply.ch1.output(True)


def test_a_trip_is_remembered_until_the_output_is_on_again_whatever_the_supply_forgets(supply: B2962A) -> None:
    supply.ch1.set_current(0.9)
    supply.ch1.output(True)
    supply.ch1.voltage_limit(6.0)
    supply.ch1.output(False)  # its condition is no more, and the event is told once
    assert supply.ch1.tripped()
    assert (supply.ask(":STAT:QUES:COND?"), supply.ask(":STAT:QUES:EVEN?")) == ("0", "0")
    assert supply.ch1.tripped()
    supply.ch1.set_current(0.1)
    supply.ch1.output(True)
    assert not supply.ch1.tripped()


def test_at_compliance_without_protection_is_no_trip_and_yet_not_as_it_was_set(
    supply: B2962A, recorder: Recorder
) -> None:
    supply.ch1.set_current(0.5)
    supply.ch1.output(True)
    supply.verify()
    supply.ch1.protection(False)
    recorder.dialect.open_coil(1, True)  # type: ignore[attr-defined]
    assert (supply.ch1.in_compliance(), supply.ch1.tripped(), supply.ch1.output()) == (True, False, True)
    with pytest.raises(ChangedError, match=r"ch1 is at its compliance voltage.*the protection of ch1 was off") as seen:
        supply.verify()
    assert "the protection of ch1 has switched its output off" in seen.value.changes  # once it is on again
    assert (supply.ch1.protection(), supply.ch1.output(), supply.ch1.tripped()) == (True, False, True)


def test_what_tripped_before_it_was_connected_is_past(twin: Twin, recorder: Recorder) -> None:
    recorder.dialect.answer(b":SOUR1:FUNC:MODE CURR;:OUTP1:PROT 1;:SOUR1:CURR 0.01;:OUTP1 1;:SENS1:VOLT:PROT 0.2")
    recorder.dialect.open_coil(1, True)  # type: ignore[attr-defined]
    recorder.dialect.open_coil(1, False)  # type: ignore[attr-defined]
    recorder.dialect.answer(b":OUTP1 0")
    driver = B2962A("main_supply", MAIN, visalib=backend.connect(twin))
    assert not driver.ch1.tripped()
    driver.close()


@pytest.mark.parametrize("reply", ["", "4;x", "4", "4;0;0"])
def test_a_status_that_is_none_is_refused(supply: B2962A, monkeypatch: pytest.MonkeyPatch, reply: str) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(B2962A, "ask", lambda *_: reply)
        with pytest.raises(GarbledError, match="STAT:QUES"):
            supply.openings()


def test_a_snapshot_switches_nothing_on(supply: B2962A, twin: Twin) -> None:
    supply.ch1.set_current(0.5)
    supply.ch1.source_mode("current")
    measured = supply.snapshot(update=True)["submodules"]["ch1"]["parameters"]["current"]["value"]
    assert (measured, supply.ch1.output(), twin.knobs.main_a) == (0.0, False, 0.0)


def test_resistance_without_current_is_no_number(supply: B2962A) -> None:
    supply.ch1.output(True)
    assert np.isnan(supply.ch1.resistance())
    supply.ch1.set_current(0.5)
    assert supply.ch1.resistance() == 12.0


def test_a_live_output_survives_a_second_connection(twin: Twin) -> None:
    visalib = backend.connect(twin)
    first = B2962A("first", MAIN, visalib=visalib)
    first.ch1.set_current(0.5)
    first.ch1.output(True)
    first.close()
    second = B2962A("second", MAIN, visalib=visalib)
    second.ch1.switch_on()
    assert (second.ch1.setpoint_a(), second.ch1.output(), twin.knobs.main_a) == (0.5, True, 0.5)
    second.close()


# ---- finding them --------------------------------------------------------------------------------------------------


def test_sources_are_found_by_name(supply: B2962A) -> None:
    assert find_current_source("main_supply.ch2") is supply.ch2
    assert isinstance(supply.ch1, CurrentChannel)
    assert lacking(supply.ch1, members_of(CurrentSource)) == []


def test_what_is_no_source_is_named(supply: B2962A) -> None:
    assert supply.submodules.keys() == {"ch1", "ch2"}
    with pytest.raises(KeyError, match="has no channel 'ch3'; it has: ch1, ch2"):
        find_current_source("main_supply.ch3")
    with pytest.raises(TypeError, match="name a GS200 or a B2962A channel"):
        find_current_source("main_supply")
    with pytest.raises(KeyError):
        find_current_source("nothing")


def test_an_identity_of_three_words_is_garbled(supply: B2962A, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(supply, "ask", lambda _: "Keysight Technologies,B2962A,MY51140021")
        with pytest.raises(GarbledError, match=r"main_supply.*MY51140021"):
            supply.get_idn()
    assert supply.get_idn()["serial"] == "MY51140021"
