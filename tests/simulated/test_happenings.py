"""What befalls an instrument itself, as a driver sees it: a reset, an interlock, a trip, heat, a carrier astray."""

from collections.abc import Iterator

import pytest
from pyvisa.resources import MessageBasedResource
from support.faulty_wires import LIT_SUPPLY, Bench, Wired, benches


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield from benches()


def test_a_reset_supply_carries_no_current_and_has_forgotten_its_settings(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "reset", "call": 3})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert supply.query(":OUTP1?") == "1"
    assert wired.world.setpoints.main_a == 0.5
    assert supply.query(":OUTP1?;:SOUR1:FUNC:MODE?") == "0;VOLT"
    assert wired.world.setpoints.main_a == 0.0


def test_a_reset_laser_is_dark(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "reset", "matching": "gom"})
    lit_laser(wired)
    assert wired.open("green_laser").query("gom?") == "0"
    assert wired.world.setpoints.green_w == 0.0


def test_a_reset_aom_driver_is_off(bench: Bench) -> None:
    wired = bench({"instrument": "aom", "kind": "reset", "call": 2})
    aom = wired.open("aom")
    aom.query("L1D22.00O1I1")
    assert (wired.world.setpoints.pump_gate, wired.world.setpoints.pump_aom) == ("on", 1.0)
    aom.query("L2")
    assert wired.world.setpoints.pump_gate == "off"


def lit_laser(wired: Wired) -> MessageBasedResource:
    laser = wired.open("green_laser")
    for command in ("@cobas 0", "p 0.05", "l1"):
        assert laser.query(command) == "OK"
    wired.world.clock.sleep(60.0)
    assert laser.query("l?") == "1"
    assert wired.world.setpoints.green_w == 0.05
    return laser


def test_an_interlock_that_opens_and_closes_leaves_the_laser_dark(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "interlock", "matching": r"ilk\?", "for_s": 20.0})
    laser = lit_laser(wired)
    assert laser.query("ilk?") == "1"
    assert wired.world.setpoints.green_w == 0.0
    assert laser.query("l1") == "Syntax error: illegal command"
    wired.world.clock.sleep(20.0)
    assert [laser.query("ilk?"), laser.query("f?"), laser.query("cf"), laser.query("l1")] == ["0", "3", "OK", "OK"]
    assert wired.world.setpoints.green_w == 0.05


def test_a_laser_that_drops_out_latches_a_fault(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "drop_out", "matching": r"pa\?"})
    laser = lit_laser(wired)
    laser.query("pa?")
    assert (laser.query("f?"), laser.query("l1"), wired.world.setpoints.green_w) == (
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
    assert wired.world.setpoints.depletion_w == 1.0
    assert laser.query("WARNING?") == "WARNING=INTERLOCK OPEN"
    assert wired.world.setpoints.depletion_w == 0.0


def test_a_trip_switches_off_what_is_on_and_is_remembered(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "trip", "call": 2})
    supply = wired.open("main_supply")
    supply.write(f"{LIT_SUPPLY};:OUTP1:PROT 1")
    assert wired.world.setpoints.main_a == 0.5
    assert supply.query(":OUTP1?;:SENS1:VOLT:PROT:TRIP?;:STAT:QUES:COND?") == "0;0;4"
    assert wired.world.setpoints.main_a == 0.0
    supply.write(":OUTP1 1")
    assert supply.query(":STAT:QUES:COND?;:STAT:QUES:EVEN?;:STAT:QUES:EVEN?") == "0;4;0"


def test_a_coil_that_comes_open_trips_an_output_with_protection(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "open_coil", "call": 2, "for_s": 60.0})
    supply = wired.open("main_supply")
    supply.write(f"{LIT_SUPPLY};:OUTP1:PROT 1")
    assert supply.query(":OUTP1?;:SENS1:VOLT:PROT:TRIP?;:STAT:QUES:COND?") == "0;0;4"
    supply.write(":SOUR1:CURR 0;:OUTP1 1")  # nothing need flow: it stays on
    assert supply.query(":OUTP1?;:MEAS:VOLT? (@1)") == "1;+0.00000000E+00"
    supply.write(":SOUR1:CURR 0.1")
    assert supply.query(":OUTP1?") == "0"
    wired.world.clock.sleep(60.0)
    supply.write(":OUTP1 1")
    assert (supply.query(":OUTP1?"), wired.world.setpoints.main_a) == ("1", 0.1)


def test_without_protection_an_open_coil_leaves_its_output_at_the_compliance_voltage(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "open_coil", "channel": 1, "call": 2, "for_s": 60.0})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert supply.query(":OUTP1?;:SENS1:VOLT:PROT:TRIP?;:STAT:QUES:COND?;:STAT:QUES:EVEN?") == "1;1;0;0"
    assert supply.query(":MEAS:CURR? (@1);:MEAS:VOLT? (@1)") == "+0.00000000E+00;+2.10000000E+01"
    assert wired.world.setpoints.main_a == 0.0
    wired.world.clock.sleep(60.0)
    assert supply.query(":SENS1:VOLT:PROT:TRIP?") == "0"
    assert wired.world.setpoints.main_a == 0.5


def test_a_supply_that_is_too_hot_keeps_its_outputs_off_until_it_is_cool(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "overheat", "call": 2, "for_s": 60.0})
    supply = wired.open("main_supply")
    supply.write(LIT_SUPPLY)
    assert supply.query(":STAT:QUES:COND?;:OUTP1?") == "16;0"
    supply.write(":OUTP1 ON")
    assert supply.query(":OUTP1?") == "0"
    assert wired.world.setpoints.main_a == 0.0
    wired.world.clock.sleep(60.0)
    assert supply.query(":STAT:QUES:COND?") == "0"
    supply.write(":OUTP1 ON")
    assert wired.world.setpoints.main_a == 0.5


def test_an_unlocked_source_is_off_its_frequency_and_its_status_says_so(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "unlock", "call": 2, "for_s": 5.0})
    source = wired.open("microwave")
    source.write("FREQ 2870 MHz;ENBR 1")
    assert source.query("INSR?") == "16"
    assert abs(wired.world.setpoints.carrier_hz - 2870e6) > 1e6
    wired.world.clock.sleep(5.0)
    assert [source.query("INSR?"), source.query("INSR?")] == ["16", "0"]
    assert wired.world.setpoints.carrier_hz == 2870e6


def test_a_source_can_lose_its_output(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "rf_off", "call": 2})
    source = wired.open("microwave")
    source.write("FREQ 2870 MHz;ENBR 1")
    assert source.query("ENBR?") == "0"
    assert not wired.world.setpoints.carrier_on


# ---- which call ----------------------------------------------------------------------------------------------------
