"""The station, opened on the simulated bench: station.yaml reaches the drivers, and what opens is closed again."""

import pytest
from qcodes.instrument import Instrument
from support.made_up import STATION, Clock

from instruments.common.supply import CurrentLimitError
from instruments.magnet import MagnetLimitError
from labctl.bench.station import Wires, lab_of, opened
from labctl.common.refusals import BenchFault
from labctl.common.signals import Interrupts
from labctl.config.station_file import read_station
from labctl.data.calibration import CalibrationStore
from labctl.safety.interlocks import causes
from labctl.unwired import unwired_lab
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin


@pytest.fixture
def twin():
    with Bench(load_sample(), 1) as bench:
        yield bench


@pytest.fixture
def station(twin, tmp_path):
    """station(old, new) -> the default station, with something replaced, open."""
    contexts = []

    def make(*changes):
        text = STATION.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "station.yaml"
        file.write_text(text)
        contexts.append(opened(read_station(file), Wires(twin.visalib, twin.ni_target, twin.clock)))
        return contexts[-1].__enter__()

    yield make
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture
def calibration(tmp_path):
    return CalibrationStore(tmp_path, "bench", Clock())


def test_the_lab_has_every_role_and_the_clock_of_its_bench(station, calibration, twin):
    there = station()
    lab = there.lab(calibration)
    assert there.silent == {}
    assert lab.clock is twin.clock
    clocks = {name for name, found in there.instruments.items() if getattr(found, "clock", None) is twin.clock}
    assert {"magnet", "green_laser", "depletion_beam"} <= clocks
    assert lab.shift_coil is there.instruments["main_supply"].ch2
    assert lab.compensation_coil is there.instruments["pulsed_supply"].ch2
    assert set(there.snapshot()["station"]["instruments"]) == set(there.file.instruments)


def test_limits_reach_the_drivers(station, calibration):
    changes = [
        ("trim_a: 0.2", "trim_a: 0.1"),
        ("pulsed_a: 0.1", "pulsed_a: 0.05"),
        ("green_mw: 100.0", "green_mw: 20.0"),
    ]
    changes += [("microwave_dbm: 10.0", "microwave_dbm: 3.0"), ("depletion_mw: 1200.0", "depletion_mw: 60.0")]
    lab = station(*changes, ("ramp_a_per_s: 0.05", "ramp_a_per_s: 0.01")).lab(calibration)
    assert lab.magnet.ramp_a_per_s == 0.01
    with pytest.raises(MagnetLimitError):
        lab.magnet.ramp_to((0.11, 0.0, 0.0))
    with pytest.raises(CurrentLimitError):
        lab.gradient_coil.set_current(0.06)
    for parameter, beyond in (
        (lab.microwave.amplitude_RF, 3.1),
        (lab.green_laser.power_mw, 21),
        (lab.depletion_beam.power_mw, 61),
    ):
        with pytest.raises(ValueError, match="invalid"):
            parameter(beyond)


def test_wiring_reaches_the_drivers(station, calibration, twin):
    terminals = ("photons: PFI8, gate_signal: PFI9", "photons: PFI9, gate_signal: PFI8")
    lab = station(terminals, ("{x: ao0, y: ao1}", "{x: ao1, y: ao0}"), ("mw_x: 2, mw_y: 3", "mw_x: 3, mw_y: 2")).lab(
        calibration
    )
    assert lab.photon_counter.photons_terminal() == "PFI9"
    assert lab.photon_counter.gate_signal_terminal() == "PFI8"
    assert (lab.wiring.lines["mw_x"], lab.wiring.lines["mw_y"]) == (3, 2)
    lab.depletion_beam.steer(500.0, -250.0)
    assert twin.twin.knobs.steering_v == (-0.25, 0.5)


def test_which_channel_feeds_which_coil_station_yaml_says(station, calibration, twin):
    swapped = (
        "gradient: pulsed_supply.ch1, compensation: pulsed_supply.ch2",
        "gradient: pulsed_supply.ch2, compensation: pulsed_supply.ch1",
    )
    there = station(swapped, ("pulsed_a: 0.1", "pulsed_a: 0.05"))
    lab, supply = there.lab(calibration), there.instruments["pulsed_supply"]
    assert (lab.gradient_coil, lab.compensation_coil) == (supply.ch2, supply.ch1)
    lab.gradient_coil.set_current(0.04)
    lab.gradient_coil.output(True)
    assert (twin.twin.knobs.gradient_a, twin.twin.knobs.compensation_a) == (0.0, 0.04)
    assert {coil.limit_a for coil in (lab.shift_coil, lab.gradient_coil, lab.compensation_coil)} == {0.05}
    unwired = unwired_lab(Twin(load_sample(), seed=1), there.file)
    supply = unwired.gradient_coil.parent
    assert (unwired.gradient_coil, unwired.compensation_coil) == (supply.ch2, supply.ch1)


@pytest.mark.parametrize("supply", ["main_supply", "pulsed_supply"])
def test_a_trip_of_any_supply_that_feeds_a_coil_holds_a_run(station, calibration, monkeypatch, supply):
    coils = "{shift: main_supply.ch2, gradient: pulsed_supply.ch1, compensation: pulsed_supply.ch2}"
    elsewhere = "{shift: pulsed_supply.ch2, gradient: pulsed_supply.ch1, compensation: main_supply.ch2}"
    lab = station((coils, elsewhere)).lab(calibration)
    monkeypatch.setattr(Instrument.find_instrument(supply).ch2, "tripped", lambda: True)
    (cause,) = causes(lab, lab.clock)
    assert cause.what == f"{supply}: the protection of ch2 has tripped"


def test_the_safe_state_is_confirmed_on_the_bench(station, calibration, twin):
    with Interrupts() as interrupts, lab_of(station(), calibration, interrupts) as lab:
        lab.magnet.switch_on()
        lab.magnet.ramp_to((0.01, 0.0, 0.9))
        lab.green_laser.emission(True)
        assert twin.twin.knobs.main_a == pytest.approx(0.9)
    assert twin.twin.knobs.main_a == 0.0
    assert twin.twin.knobs.green_w == 0.0


def test_what_cannot_be_made_safe_is_a_fault_that_names_it(station, calibration, monkeypatch):
    there = station()
    monkeypatch.setattr(there.instruments["green_laser"], "emission", lambda *_: True)
    with (
        pytest.raises(BenchFault, match="NOT SAFE: it is not confirmed that the green laser is off: it still emits"),
        Interrupts() as interrupts,
        lab_of(there, calibration, interrupts),
    ):
        pass


def test_closing_frees_every_name_even_if_an_instrument_resists(twin, monkeypatch):
    with opened(read_station(STATION), Wires(twin.visalib, twin.ni_target, twin.clock)) as there:
        names = list(there.instruments)
        monkeypatch.setattr(there.instruments["microwave"], "close", lambda: 1 / 0)
    assert len(names) == 13
    assert [name for name in names if Instrument.exist(name)] == []
