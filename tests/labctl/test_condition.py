"""Verdicts on the instruments of the wired bench: what is on, what is near a limit, what is wrong, what is silent."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.append(str(Path(__file__).parents[1] / "sequences"))
from wired import STATION, sample

from labctl.condition import Condition, condition, conditions
from labctl.station import Silent, Wires, opened
from labctl.station_file import read_station
from simulated_instruments.bench import Bench


@pytest.fixture
def station():
    with (
        Bench(sample(), 1) as bench,
        opened(read_station(STATION), Wires(bench.visalib, bench.ni_target, bench.clock)) as found,
    ):
        yield found


def reading(found: Condition, name: str):
    return next(one for one in found.readings if one.name == name)


def replaced(station, name, instrument):
    """The same station file with one instrument replaced."""
    return SimpleNamespace(file=station.file, silent={}, instruments={**station.instruments, name: instrument})


def laser(**changes):
    answers = {"emission": True, "interlock_open": False, "fault": "none", "power_mw": 35.0, "measured_power_mw": 35.0}
    return SimpleNamespace(**{name: lambda value=value: value for name, value in (answers | changes).items()})


def test_every_instrument_answers_and_is_off(station):
    found = conditions(station)
    assert [one.instrument for one in found] == list(station.file.instruments)
    assert {one.verdict for one in found} <= {"on", "off"}
    assert condition(station, "green_laser").words == "off"
    assert condition(station, "green_laser").verdict == "off"


def test_the_magnet_says_its_currents(station):
    magnet = station.instruments["magnet"]
    magnet.switch_on()
    magnet.ramp_to((0.01, 0.02, 0.9))
    found = condition(station, "magnet")
    assert [reading(found, axis).value for axis in ("x", "y", "main")] == pytest.approx([0.01, 0.02, 0.9], abs=1e-6)
    assert found.verdict == "on"
    supply = reading(condition(station, "main_supply"), "ch1 current")
    assert supply.value == pytest.approx(0.9, abs=1e-3)
    assert supply.verdict == "on"


@pytest.mark.parametrize(
    ("changes", "verdict", "name"),
    [
        ({}, "on", "power"),
        ({"interlock_open": True}, "fault", "interlock"),
        ({"fault": "temperature"}, "fault", "fault"),
        ({"measured_power_mw": 36.7}, "on", "power"),
        ({"measured_power_mw": 36.8}, "warning", "power"),
        ({"measured_power_mw": 33.2}, "warning", "power"),
        ({"measured_power_mw": 0.0, "emission": False}, "off", "power"),
    ],
)
def test_verdicts_on_the_green_laser(station, changes, verdict, name):
    found = condition(replaced(station, "green_laser", laser(**changes)), "green_laser")
    assert found.verdict == verdict
    assert reading(found, name).verdict == verdict


def test_too_much_microwave_is_a_fault(station):
    most_dbm = station.file.limits().microwave_dbm

    def source(power_dbm, is_on="ON"):
        return SimpleNamespace(enable_RF=lambda: is_on, amplitude_RF=lambda: power_dbm, frequency=lambda: 5.737e9)

    for power_dbm, is_on, verdict in (
        (most_dbm, "ON", "on"),
        (most_dbm + 0.1, "ON", "fault"),
        (most_dbm + 0.1, "OFF", "off"),
    ):
        found = condition(replaced(station, "microwave", source(power_dbm, is_on)), "microwave")
        assert (found.verdict, reading(found, "frequency").value) == (verdict, 5737.0)


def test_an_instrument_that_raises_is_silent_and_alone(station):
    def broken():
        raise TimeoutError("no answer within 5 s")

    found = conditions(replaced(station, "green_laser", SimpleNamespace(emission=broken)))
    silent = [one for one in found if one.verdict == "silent"]
    assert [one.instrument for one in silent] == ["green_laser"]
    assert silent[0].words == "does not answer (TimeoutError: no answer within 5 s)"
    assert silent[0].readings == ()


def test_an_instrument_that_was_never_opened_says_why(station):
    absent = SimpleNamespace(
        file=station.file, instruments=station.instruments, silent={"aom": Silent("aom", "", "is not there")}
    )
    assert condition(absent, "aom").words == "is not there"
    assert condition(absent, "aom").verdict == "silent"
