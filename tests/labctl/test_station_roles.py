"""A driver that answers and cannot do its role is refused when the station is read, with what it lacks."""

import ast
from pathlib import Path

import pytest

from instruments.interface.fitness import members_of
from instruments.microwave_source import SG386
from labctl.bench.station import OpenStation, Wires
from labctl.common.refusals import Refusal
from labctl.config.drivers import driver
from labctl.config.roles import lacks, needs_of, role_faults
from labctl.config.station_file import read_station
from sequences.core.lab import ROLES
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

HOME = Path(__file__).parents[2]
TEXT = (HOME / "station.yaml").read_text()
STATION = read_station(HOME / "station.yaml")
STATION_SETS = {"magnet": {"coil_matrix_mt_per_a"}}
"""What only the opening of the station asks of our own drivers."""


def asked():
    """(role, member) of every expression like lab.microwave.frequency in experiments and application."""
    for file in (*HOME.glob("sequences/**/*.py"), *HOME.glob("labctl/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            chain = []
            while isinstance(node, ast.Attribute):
                chain.insert(0, node.attr)
                node = node.value
            for role in ROLES.keys() & set(chain[:-1]):
                yield role, chain[chain.index(role) + 1]


def refused(tmp_path, *changes):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "station.yaml"
    file.write_text(text)
    with pytest.raises(Refusal) as refusal:
        read_station(file)
    return refusal.value.faults


def test_whatever_is_asked_of_a_role_stands_in_the_list():
    found = set(asked())
    assert len(found) > 30
    for role, member in sorted(found):
        needs = members_of(ROLES[role])
        assert member in {*needs, *(need.split(".")[0] for need in needs), *STATION_SETS.get(role, ())}, (role, member)


def test_every_driver_of_the_default_station_can_do_its_role():
    entries = {name: entry.model_dump() for name, entry in STATION.instruments.items()}
    assert list(role_faults(entries)) == []
    for name, entry in STATION.instruments.items():
        assert lacks(driver(entry.type), needs_of(name, STATION.coils)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("instruments.microwave_source.SG386", "qcodes.instrument_drivers.rohde_schwarz.RohdeSchwarzSGS100A"),
            "microwave: RohdeSchwarzSGS100A cannot be the microwave: it lacks limit_dbm, reach_hz, least_dbm, "
            "set_frequency, set_power, switch_on, switch_off, carrier, asked_dbm, verify, make_safe, readings, causes, "
            "settings, which the experiments use",
        ),
        (
            ("instruments.microwave_source.SG386", "qcodes.instrument_drivers.stanford_research.SG384"),
            "microwave: SG384 cannot be the microwave: it lacks limit_dbm, reach_hz, least_dbm, set_frequency",
        ),
        (
            ("gradient: pulsed_supply.ch1", "gradient: green_laser.ch1"),
            "'green_laser.ch1' (Cobolt06) cannot feed the gradient coil: it lacks ch1",
        ),
        (
            ("instruments.aom.MPDS", "instruments.green_laser.Cobolt06"),
            "aom: Cobolt06 cannot be the aom: it lacks pump,",
        ),
        (("instruments.aom.MPDS", "instruments.green_laser.Cobolt06"), "cannot be its aom: it lacks doughnut"),
        (
            ("main: main_supply.ch1", "main: green_laser"),
            "'green_laser' (Cobolt06) cannot be its main: it lacks limit_a, supply, set_current",
        ),
        (("main: main_supply.ch1", "main: main_supply.ch3"), "'main_supply.ch3' (B2962A) cannot be its main: it lacks"),
        (("laser: sprout", "laser: green_laser"), "'green_laser' (Cobolt06) cannot be its laser: it lacks output_mode"),
    ],
)
def test_a_driver_that_lacks_something_is_refused_by_name(tmp_path, change, words):
    assert any(words in fault for fault in refused(tmp_path, change))


def test_a_driver_that_lacks_something_only_once_it_is_open_does_not_stay_open(monkeypatch):
    monkeypatch.delattr(SG386, "asked_dbm")
    with Bench(load_sample(), 1) as bench:
        station = OpenStation(STATION, Wires(bench.visalib, bench.ni_target, bench.clock))
        try:
            assert "is a SG386, which lacks asked_dbm" in str(station.silent["microwave"])
            assert "microwave" not in station.instruments
        finally:
            station.close()
