"""Every fault of a VISA wire, seen through PyVISA as a driver sees it, and what it leaves on the bench."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
import pyvisa
from bare_world import BareWorld
from pyvisa.errors import VisaIOError
from pyvisa.resources import MessageBasedResource

from simulated_instruments.faults.injector import TIME_OUT_S, Injector
from simulated_instruments.faults.kinds import RESOURCES, applicable, kinds_of
from simulated_instruments.faults.script import Fault
from simulated_instruments.visa import backend

ENDS = {"green_laser": ("\r", "\r\n"), "sprout": ("\r", "\r"), "aom": ("\r", "\n\r"), "microwave": ("\n", "\r\n")}
LIT_SUPPLY = ":SENS1:VOLT:PROT 21;:SOUR1:FUNC:MODE CURR;:SOUR1:CURR 0.5;:OUTP1 1"


@dataclass
class Wired:
    """A bare bench with faults, and sessions on it."""

    world: BareWorld
    injector: Injector
    visalib: str

    def open(self, name: str) -> MessageBasedResource:
        handle = pyvisa.ResourceManager(self.visalib).open_resource(RESOURCES[name])
        assert isinstance(handle, MessageBasedResource)
        handle.timeout = 100
        handle.write_termination, handle.read_termination = ENDS.get(name, ("\n", "\n"))
        return handle

    @property
    def done(self) -> list[tuple[str, str]]:
        return [(entry.kind, entry.call.text) for entry in self.injector.log if not entry.effect]


Bench = Callable[..., Wired]


@pytest.fixture
def bench() -> Iterator[Bench]:
    def make(*faults: dict[str, object]) -> Wired:
        world = BareWorld()
        injector = Injector(world.clock, [Fault.model_validate(fault) for fault in faults], keep_calls=True)
        return Wired(world, injector, backend.connect(world, injector))

    yield make
    backend.disconnect()


def raises(code: str) -> AbstractContextManager[object]:
    return pytest.raises(VisaIOError, match=code)


@contextmanager
def unterminated() -> Iterator[None]:
    """PyVISA warns of a message without its end, and hands it on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def test_a_bench_without_faults_counts_its_calls(bench: Bench) -> None:
    wired = bench()
    supply, source = wired.open("main_supply"), wired.open("microwave")
    supply.write(":OUTP1 0")
    supply.query(":OUTP1?")
    source.query("ENBR?")
    calls = [(c.instrument, c.number, c.overall, c.text, c.replied) for c in wired.injector.calls]
    assert calls == [
        ("main_supply", 1, 1, ":OUTP1 0", False),
        ("main_supply", 2, 2, ":OUTP1?", True),
        ("microwave", 1, 3, "ENBR?", True),
    ]
    assert (wired.injector.count, wired.injector.count_of("main_supply")) == (3, 2)
    assert wired.injector.log == []


def test_the_short_names_are_those_of_all_instruments() -> None:
    assert set(RESOURCES.values()) == set(backend.DIALECTS)


# ---- replies -------------------------------------------------------------------------------------------------------


def test_an_unanswered_query_was_obeyed_and_times_out(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "unanswered", "matching": "CURR"})
    supply = wired.open("main_supply")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE CURR;:SOUR1:FUNC:MODE?")
    assert supply.query(":SOUR1:FUNC:MODE?") == "CURR"
    assert wired.world.clock.now() == TIME_OUT_S


def test_a_lost_message_is_neither_obeyed_nor_answered(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "lost", "call": 1, "times": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE?")
    assert supply.query(":SOUR1:FUNC:MODE?") == "VOLT"


def test_garbage_is_no_reply(bench: Bench) -> None:
    wired = bench({"instrument": "trim_x", "kind": "garbage"})
    source = wired.open("trim_x")
    source.write(":OUTP?")
    assert source.read_raw() not in (b"0\n", b"1\n", b"\n")
    assert source.query(":OUTP?") == "0"


def test_a_reply_can_be_replaced(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "replaced", "matching": r"l\?", "text": "7"})
    assert wired.open("green_laser").query("l?") == "7"


def test_a_truncated_reply_has_no_end(bench: Bench) -> None:
    wired = bench(
        {"instrument": "main_supply", "kind": "truncated"}, {"instrument": "green_laser", "kind": "truncated"}
    )
    with unterminated():
        assert wired.open("main_supply").query("*IDN?") == "Keysight Technologies,"
    with raises("VI_ERROR_TMO"):  # no end line on a serial port
        wired.open("green_laser").query("gsn?")


def test_a_late_reply_comes_in_front_of_the_next(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "late", "call": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE?")
    assert [supply.query(":OUTP1?"), supply.query("*IDN?")[:8]] == ["CURR", "0"]


def test_a_missing_end_is_a_time_out_on_a_serial_port_only(bench: Bench) -> None:
    wired = bench({"instrument": "trim_y", "kind": "unterminated"}, {"instrument": "sprout", "kind": "unterminated"})
    with unterminated():
        assert wired.open("trim_y").query(":OUTP?") == "0"
    with raises("VI_ERROR_TMO"):
        wired.open("sprout").query("OPMODE?")


def test_a_doubled_end_leaves_an_empty_line_for_the_next_read(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "twice_terminated"})
    laser = wired.open("green_laser")
    assert [laser.query("l?"), laser.query("gom?"), laser.query("ilk?")] == ["0", "", "0"]


def test_the_prompt_is_an_end_too(bench: Bench) -> None:
    wired = bench({"instrument": "aom", "kind": "unterminated"})
    aom = wired.open("aom")
    aom.write("S")
    with raises("VI_ERROR_TMO"):
        aom.read(termination="?")


def test_a_slow_answer_costs_laboratory_time(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "slow", "for_s": 3.5})
    assert wired.open("microwave").query("ENBR?") == "0"
    assert wired.world.clock.now() == 3.5


def test_what_needs_a_reply_does_nothing_without_one_and_the_log_says_so(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "garbage"})
    wired.open("main_supply").write(":OUTP1 0")
    assert [(entry.kind, entry.effect) for entry in wired.injector.log] == [("garbage", "none: there was no reply")]


# ---- connections ---------------------------------------------------------------------------------------------------


def test_a_broken_session_stays_broken_until_it_is_opened_again(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "disconnect", "call": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    for _ in range(3):
        with raises("VI_ERROR_CONN_LOST"):
            supply.query(":SOUR1:FUNC:MODE?")
    assert wired.open("main_supply").query(":SOUR1:FUNC:MODE?") == "CURR"  # its settings are what they were


def test_a_broken_session_may_mend_itself(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "disconnect", "mends_after": 2})
    supply = wired.open("main_supply")
    for _ in range(2):
        with raises("VI_ERROR_CONN_LOST"):
            supply.query(":OUTP1?")
    assert supply.query(":OUTP1?") == "0"


def test_what_is_unplugged_cannot_be_opened(bench: Bench) -> None:
    wired = bench({"instrument": "sprout", "kind": "unplugged"})
    laser = wired.open("sprout")
    with raises("VI_ERROR_CONN_LOST"):
        laser.write("OPMODE?")
    with raises("VI_ERROR_RSRC_NFOUND"):
        wired.open("sprout")
    assert wired.open("green_laser").query("l?") == "0"


# ---- the instruments themselves ------------------------------------------------------------------------------------


def test_a_reset_supply_carries_no_current_and_has_forgotten_its_settings(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "reset", "call": 3})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert supply.query(":OUTP1?") == "1"
    assert wired.world.knobs.main_a == 0.5
    assert supply.query(":OUTP1?;:SOUR1:FUNC:MODE?") == "0;VOLT"
    assert wired.world.knobs.main_a == 0.0


def test_a_reset_laser_is_dark(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "reset", "matching": "gom"})
    lit_laser(wired)
    assert wired.open("green_laser").query("gom?") == "0"
    assert wired.world.knobs.green_w == 0.0


def test_a_reset_aom_driver_is_off(bench: Bench) -> None:
    wired = bench({"instrument": "aom", "kind": "reset", "call": 2})
    aom = wired.open("aom")
    aom.query("L1D22.00O1I1")
    assert (wired.world.knobs.pump_gate, wired.world.knobs.pump_aom) == ("on", 1.0)
    aom.query("L2")
    assert wired.world.knobs.pump_gate == "off"


def lit_laser(wired: Wired) -> MessageBasedResource:
    laser = wired.open("green_laser")
    for command in ("@cobas 0", "p 0.05", "l1"):
        assert laser.query(command) == "OK"
    wired.world.clock.sleep(60.0)
    assert laser.query("l?") == "1"
    assert wired.world.knobs.green_w == 0.05
    return laser


def test_an_interlock_that_opens_and_closes_leaves_the_laser_dark(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "interlock", "matching": r"ilk\?", "for_s": 20.0})
    laser = lit_laser(wired)
    assert laser.query("ilk?") == "1"
    assert wired.world.knobs.green_w == 0.0
    assert laser.query("l1") == "Syntax error: illegal command"
    wired.world.clock.sleep(20.0)
    assert [laser.query("ilk?"), laser.query("f?"), laser.query("cf"), laser.query("l1")] == ["0", "3", "OK", "OK"]
    assert wired.world.knobs.green_w == 0.05


def test_a_laser_that_drops_out_latches_a_fault(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "drop_out", "matching": r"pa\?"})
    laser = lit_laser(wired)
    laser.query("pa?")
    assert (laser.query("f?"), laser.query("l1"), wired.world.knobs.green_w) == (
        "4",
        "Syntax error: illegal command",
        0.0,
    )
    assert [laser.query("cf"), laser.query("l1")] == ["OK", "OK"]


def test_the_doughnuts_laser_goes_dark_with_its_interlock(bench: Bench) -> None:
    wired = bench({"instrument": "sprout", "kind": "interlock", "matching": "WARNING"})
    laser = wired.open("sprout")
    for command in ("POWER SET=1.00", "OPMODE=ON"):
        assert laser.query(command) == "0"
    wired.world.clock.sleep(60.0)
    laser.query("POWER?")
    assert wired.world.knobs.depletion_w == 1.0
    assert laser.query("WARNING?") == "WARNING=INTERLOCK OPEN"
    assert wired.world.knobs.depletion_w == 0.0


def test_a_trip_switches_off_what_is_on_and_is_remembered(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "trip", "call": 2})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert wired.world.knobs.main_a == 0.5
    assert supply.query(":OUTP1?;:SENS1:VOLT:PROT:TRIP?;:SENS2:VOLT:PROT:TRIP?") == "0;1;0"
    assert wired.world.knobs.main_a == 0.0


def test_a_supply_that_is_too_hot_keeps_its_outputs_off_until_it_is_cool(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "overheat", "call": 2, "for_s": 60.0})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert supply.query(":STAT:QUES:COND?;:OUTP1?") == "16;0"
    supply.write(":OUTP1 ON")
    assert supply.query(":OUTP1?") == "0"
    assert wired.world.knobs.main_a == 0.0
    wired.world.clock.sleep(60.0)
    assert supply.query(":STAT:QUES:COND?") == "0"
    supply.write(":OUTP1 ON")
    assert wired.world.knobs.main_a == 0.5


def test_an_unlocked_source_is_off_its_frequency_and_its_status_says_so(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "unlock", "call": 2, "for_s": 5.0})
    source = wired.open("microwave")
    source.write("FREQ 2870 MHz;ENBR 1")
    assert source.query("INSR?") == "16"
    assert abs(wired.world.knobs.carrier_hz - 2870e6) > 1e6
    wired.world.clock.sleep(5.0)
    assert [source.query("INSR?"), source.query("INSR?")] == ["16", "0"]
    assert wired.world.knobs.carrier_hz == 2870e6


def test_a_source_can_lose_its_output(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "rf_off", "call": 2})
    source = wired.open("microwave")
    source.write("FREQ 2870 MHz;ENBR 1")
    assert source.query("ENBR?") == "0"
    assert not wired.world.knobs.carrier_on


# ---- which call ----------------------------------------------------------------------------------------------------


def test_a_fault_of_the_whole_bench_takes_whoever_is_there(bench: Bench) -> None:
    wired = bench({"kind": "lost", "call": 3})
    supply, source = wired.open("main_supply"), wired.open("microwave")
    supply.query(":OUTP1?")
    supply.query(":OUTP1?")
    with raises("VI_ERROR_TMO"):
        source.query("ENBR?")
    assert wired.done == [("lost", "ENBR?")]


def test_a_fault_can_wait_for_its_message_and_last_for_several(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "lost", "matching": "^FREQ ", "call": 2, "times": 2})
    source = wired.open("microwave")
    for hz in (1e9, 2e9, 3e9, 4e9):
        source.write(f"FREQ {hz:.0f}")
        source.query("ENBR?")
    assert wired.done == [("lost", "FREQ 2000000000"), ("lost", "FREQ 3000000000")]


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_applicable_to_a_call_can_befall_its_instrument(bench: Bench, name: str) -> None:
    wired = bench()
    handle = wired.open(name)
    handle.write({"green_laser": "l?", "aom": "S", "sprout": "OPMODE?"}.get(name, "*IDN?"))
    (call,) = wired.injector.calls
    kinds = applicable(call)
    assert call.replied
    assert set(kinds) == set(kinds_of(name)) - {"replaced"}
    for kind in kinds:
        assert Fault(kind=kind, instrument=name).kind == kind
