"""What is said of every instrument: against the twin's state, with hands laid on it, and from a thread of its own."""

import logging
import threading
import time

import pytest
from support.made_up import STATION, Clock

from labctl.bench.monitor import Watch
from labctl.bench.station import Wires, opened
from labctl.bench.status import condition, conditions
from labctl.config.station_file import read_station
from labctl.data.calibration import CalibrationStore
from simulated_instruments.bench import SimulatedBench
from simulated_instruments.sample import load_sample
from simulated_instruments.visa import backend
from simulated_instruments.visa.cobolt06 import Cobolt06
from simulated_instruments.visa.sprout import SproutG


@pytest.fixture
def bench():
    with SimulatedBench(load_sample(), 1) as found:
        yield found


@pytest.fixture
def heads(monkeypatch):
    """The laser heads behind the wires, for hands laid on them."""
    found = {}
    for address, head in (("ASRL3::INSTR", Cobolt06), ("ASRL5::INSTR", SproutG)):
        monkeypatch.setitem(
            backend.DIALECTS, address, lambda world, head=head: found.setdefault(head.__name__, head(world))
        )
    return found


@pytest.fixture
def station(heads, bench):  # noqa: ARG001  # the heads must be plugged in first
    with opened(read_station(STATION), Wires(bench.visalib, bench.ni_target, bench.clock)) as there:
        yield there


@pytest.fixture
def lab(station, tmp_path):
    return station.lab(CalibrationStore(tmp_path, "bench", Clock()))


def readings(station, name):
    return {reading.name: reading for reading in condition(station, name).readings}


def seen(station, name, what):
    """Value, unit, asked for, limit, verdict."""
    found = readings(station, name)[what]
    return found.value, found.unit, found.asked_for, found.limit, found.verdict


def test_a_bench_that_was_just_switched_on_is_dark_and_whole(station):
    found = conditions(station)
    assert [one.instrument for one in found] == list(station.file.instruments)
    assert {one.instrument: one.verdict for one in found if one.verdict != "off"} == {
        "ni_card": "on",
        "photon_counter": "on",
    }
    assert all(one.words for one in found)
    green = next(one for one in found if one.instrument == "green_laser")
    assert (green.model, green.address) == ("Cobolt06", "ASRL3::INSTR")


def test_a_line_that_rests_high_is_told(station, lab):
    line = lab.wiring.lines["mw_x"]
    assert seen(station, "pulse_generator", f"line {line}") == ("mw_x", "", None, None, "off")
    lab.pulse_generator.hold(1 << line)
    assert seen(station, "pulse_generator", f"line {line}") == ("mw_x, rests high", "", None, None, "on")
    assert condition(station, "pulse_generator").verdict == "on"


def test_every_quantity_is_what_was_set(station, lab):
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.01, -0.02, 0.9))
    lab.green_laser.power_mw(20.0)
    lab.green_laser.emission(True)
    lab.aom.pump.power_dbm(13.0)
    lab.aom.pump.output(True)
    lab.depletion_beam.power_mw(300.0)
    lab.depletion_beam.steer(120.0, -40.0)
    lab.microwave.frequency(2.9e9)
    lab.microwave.amplitude_RF(-5.0)
    lab.microwave.enable_RF("ON")
    assert seen(station, "main_supply", "ch1 current") == (0.9, "A", 0.9, 1.0, "on")
    assert seen(station, "main_supply", "ch1 voltage") == (pytest.approx(0.9 * 12.0), "V", None, 21.0, "on")
    assert seen(station, "trim_y", "current") == (-0.02, "A", -0.02, 0.2, "on")
    assert seen(station, "magnet", "main") == (0.9, "A", None, 0.98, "on")
    assert seen(station, "magnet", "nominal field")[0] == pytest.approx((0.4**2 + 0.8**2 + 99.0**2) ** 0.5)
    assert seen(station, "green_laser", "power") == (20.0, "mW", 20.0, 100.0, "on")
    assert seen(station, "green_laser", "stage") == ("completed", "", None, None, "off")
    assert seen(station, "aom", "pump RF") == (13.0, "dBm", None, 22.0, "on")
    assert seen(station, "sprout", "power") == (380.0, "mW", 380.0, None, "on")
    assert seen(station, "depletion_beam", "power before its gate")[0] == pytest.approx(300.0, abs=0.5)
    assert seen(station, "depletion_beam", "null at y") == (-40.0, "nm", None, None, "off")
    assert seen(station, "ni_card", "ao0") == (0.12, "V", None, 10.0, "off")
    assert seen(station, "microwave", "power") == (-5.0, "dBm", None, 10.0, "on")
    assert seen(station, "microwave", "frequency") == (2900.0, "MHz", None, None, "on")
    assert {one.verdict for one in conditions(station)} <= {"on", "off"}


def test_an_open_interlock_is_a_fault_at_once_and_in_words(station, heads):
    conditions(station)
    heads["Cobolt06"].open_interlock()
    green = condition(station, "green_laser")
    assert green.verdict == "fault"
    assert "interlock OPEN" in green.words
    heads["SproutG"].open_interlock()
    assert condition(station, "sprout").verdict == "fault"


def test_a_laser_that_went_dark_by_itself_is_noticed(station, lab, heads):
    lab.green_laser.power_mw(20.0)
    lab.green_laser.emission(True)
    assert condition(station, "green_laser").verdict == "on"
    heads["Cobolt06"].turn_key(False)
    assert seen(station, "green_laser", "power") == (0.0, "mW", 20.0, 100.0, "warning")
    for _ in range(5):
        condition(station, "green_laser")
    assert seen(station, "green_laser", "key") == (False, "", None, None, "warning")
    assert seen(station, "green_laser", "emission")[0] is False


def test_watching_the_green_laser_costs_little_laboratory_time(station, bench):
    condition(station, "green_laser")
    before_s = bench.clock.now()
    for _ in range(10):
        condition(station, "green_laser")
    assert bench.clock.now() - before_s == pytest.approx(10 * 0.2)


def test_beyond_a_limit_is_a_warning_and_at_the_limit_is_not(station, lab):
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.0, 0.0, 0.5))
    lab.magnet.limits_a = (0.2, 0.2, 0.5)
    assert seen(station, "magnet", "main")[-1] == "on"
    lab.magnet.limits_a = (0.2, 0.2, 0.49)
    assert seen(station, "magnet", "main")[-1] == "warning"
    assert "main 0.5 A" in condition(station, "magnet").words


def test_a_tripped_supply_is_a_fault(station, lab):
    lab.magnet.switch_on()
    supply = station.instruments["main_supply"].ch1
    supply.voltage_limit(1.0)
    supply.source_current(0.5)
    found = condition(station, "main_supply")
    assert found.verdict == "fault"
    assert "TRIPPED" in found.words


@pytest.mark.parametrize(("reply", "verdict"), [(0.5, "on"), (0.503, "warning"), (float("nan"), "warning")])
def test_a_current_that_is_not_what_was_asked_for_is_a_warning(station, lab, monkeypatch, reply, verdict):
    lab.magnet.switch_on()
    supply = station.instruments["main_supply"].ch1
    supply.source_current(0.5)
    monkeypatch.setattr(supply.parameters["current"], "get", lambda: reply)
    assert seen(station, "main_supply", "ch1 current")[-1] == verdict


def test_a_gate_that_is_always_open_is_a_warning(station, lab):
    lab.aom.pump.gate("internal")
    assert seen(station, "aom", "pump gate") == ("internal: always open", "", None, None, "off")
    lab.aom.pump.output(True)
    assert seen(station, "aom", "pump gate") == ("internal: always open", "", None, None, "warning")


def test_an_instrument_that_does_not_answer_is_silent_and_the_others_speak(station, monkeypatch):
    def broken(_command):
        raise TimeoutError("nothing came within 5 s")

    monkeypatch.setattr(station.instruments["aom"].visa_handle, "write", broken)
    found = {one.instrument: one for one in conditions(station)}
    assert (found["aom"].verdict, found["aom"].readings) == ("silent", ())
    assert found["aom"].words == (
        "does not answer (aom at ASRL4::INSTR: 'S' failed (tried 3 times): nothing came within 5 s)"
    )
    assert found["sprout"].verdict == "off"


def test_watching_leaves_the_errors_to_the_drivers(station):
    supply, microwave = station.instruments["main_supply"], station.instruments["microwave"]
    supply.write(":NONSENSE 1")
    microwave.write_raw("FREQ 9e12")
    conditions(station)
    assert not supply.ask(":SYST:ERR?").startswith("+0")
    assert microwave.errors() != []


# ---- the watch


def wait_for(happened, limit_s=10.0):
    end_s = time.monotonic() + limit_s
    while not happened() and time.monotonic() < end_s:
        time.sleep(0.005)
    assert happened()


def test_the_watch_tells_again_and_again_and_no_more_when_it_is_over(station):
    told = []
    with Watch(station, told.append, 0.01):
        wait_for(lambda: len(told) >= 3)
    many = len(told)
    time.sleep(0.1)
    assert len(told) == many
    assert [one.instrument for one in told[-1]] == list(station.file.instruments)


def test_the_watch_stops_without_waiting_for_its_period(station):
    told = []
    with Watch(station, told.append, 600.0):
        wait_for(lambda: told)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2.0


def test_the_watch_waits_for_one_instrument_at_most(station, monkeypatch):
    asked, release, told = [], threading.Event(), []

    def slow(_station, name):
        asked.append(name)
        release.wait(10.0)

    monkeypatch.setattr("labctl.bench.monitor.condition", slow)
    watch = Watch(station, told.append, 0.01)
    watch.__enter__()
    wait_for(lambda: asked)
    threading.Timer(0.1, release.set).start()
    watch.__exit__(None, None, None)
    assert len(asked) == 1
    assert told == []


def test_an_exception_is_logged_and_the_watch_goes_on(station, caplog):
    told = []

    def tell(found):
        told.append(found)
        raise ValueError("nobody listens")

    with caplog.at_level(logging.INFO, "labctl.bench.monitor"), Watch(station, tell, 0.01):
        wait_for(lambda: len(told) >= 2)
    assert "nobody listens" in caplog.text


def test_what_turns_bad_is_logged_once_and_so_is_its_recovery(station, heads, caplog):
    told = []
    with caplog.at_level(logging.INFO, "labctl.bench.monitor"), Watch(station, told.append, 0.01):
        heads["SproutG"].open_interlock()
        wait_for(lambda: told and any(one.verdict == "fault" for one in told[-1]))
        many = len(told)
        wait_for(lambda: len(told) > many + 2)
        heads["SproutG"].open_interlock(False)
        wait_for(lambda: all(one.verdict != "fault" for one in told[-1]))
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["sprout: its interlock OPEN, warning interlock open", "sprout is well again"]
