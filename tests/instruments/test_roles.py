"""Every instrument of the default station plays its role at run time: what it must have, say, and switch off."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from instruments.interface.causes import Cause
from instruments.interface.fitness import lacking, members_of
from instruments.interface.readings import Reading
from instruments.interface.roles import SAFE_STATE, Role
from labctl.bench.station import Wires, opened
from labctl.config.drivers import driver
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.run.settings import noted
from labctl.unwired import STATION, unwired
from sequences.core.lab import ROLES, Lab
from sequences.routines.bench import controls
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

HOME = Path(__file__).parents[2]
FILE = read_station(STATION)
COILS = ("shift_coil", "gradient_coil", "compensation_coil")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench(load_sample(), 1) as there:
        yield there


@pytest.fixture(scope="module")
def lab(bench: Bench) -> Iterator[Lab]:
    with opened(FILE, Wires(bench.visalib, bench.ni_target, bench.clock)) as station:
        yield station.lab(Kept(bench.clock))


@pytest.fixture(scope="module")
def unwired_lab() -> Lab:
    return unwired(file=FILE).lab


@pytest.fixture
def lit(lab: Lab) -> Lab:
    """All on that an experiment may switch on."""
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.01, -0.02, 0.05))
    controls.carrier(lab, 2.87e9, -20.0)
    controls.pulsed_coils(lab, -0.05, 0.1, 0.02)
    controls.pump(lab, 0.5)
    controls.doughnut(lab, 400.0)
    controls.steer(lab, 120.0, -40.0)
    return lab


def test_a_lab_has_a_role_for_every_instrument() -> None:
    assert len(ROLES) == 10
    assert set(ROLES.values()) >= {safe.role for safe in SAFE_STATE}
    assert all(set(members_of(role)) >= set(members_of(Role)) for role in ROLES.values())


@pytest.mark.parametrize("name", ROLES)
def test_what_plays_a_role_has_all_that_is_asked_of_it(lab: Lab, unwired_lab: Lab, name: str) -> None:
    needs = members_of(ROLES[name])
    assert len(needs) > len(members_of(Role))
    assert lacking(getattr(lab, name), needs) == []
    assert lacking(getattr(unwired_lab, name), needs) == []


@pytest.mark.parametrize("name", ROLES)
def test_what_is_on_says_so_is_as_it_was_set_and_is_off_when_made_safe(lit: Lab, bench: Bench, name: str) -> None:
    part: Role = getattr(lit, name)
    said = list(part.readings())
    assert said
    assert all(isinstance(reading, Reading) and reading.verdict in ("on", "off") for reading in said)
    assert [cause for cause in part.causes() if isinstance(cause, Cause)] == []
    part.verify()
    before = set(bench.still_on())
    assert part.make_safe() == ""
    gone = before - set(bench.still_on())
    assert gone or name in ("aom", "pulse_generator", "photon_counter"), before
    assert name == "pulse_generator" or part.settings() == {}


STUCK: dict[str, tuple[str, Any, str]] = {
    "microwave": ("enable_RF", "ON", "its output reads ON"),
    "green_laser": ("emission", True, "it still emits"),
    "aom": ("pump.output", True, "pump: its output is still on"),
    "depletion_beam": ("power_mw", 300.0, "its power reads 300 mW"),
    "gradient_coil": ("output", True, "its output is still on"),
    "magnet": ("currents", (0.0, 0.2, 0.0), "0.2 A left"),
}


@pytest.mark.parametrize("name", STUCK)
def test_what_cannot_be_made_safe_says_what_is_not_so(lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path, value, words = STUCK[name]
    owner = part = getattr(lab, name)
    *parts, last = path.split(".")
    for inner in parts:
        owner = getattr(owner, inner)
    monkeypatch.setattr(owner, last, lambda *_: value)
    assert part.make_safe() == words


def test_lines_that_stay_high_are_said_to_be(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.pulse_generator, "hold", lambda _: None)
    lab.pulse_generator.parameters["levels"].cache.set(0x5)  # type: ignore[attr-defined]
    assert lab.pulse_generator.make_safe() == "they were left at 0x5"


def test_what_a_play_depends_on_is_noted_while_it_is_on(lit: Lab) -> None:
    coils = {"shift": True, "shift_a": -0.05, "gradient": True, "gradient_a": 0.1, "compensation": True}
    beams = {"green_emission": True, "pump_output": True, "pump_efficiency": 0.5, "doughnut_mw": 400.0}
    place = {"null_x_nm": 120.0, "null_y_nm": -40.0, "compensation_a": 0.02}
    carrier = {"carrier": True, "carrier_hz": 2.87e9, "carrier_dbm": -20.0}
    assert noted(lit) == {**coils, **beams, **place, **carrier}
    controls.dark(lit)
    controls.coils_off(lit)
    assert noted(lit) == {}


def test_no_experiment_and_no_part_of_the_application_knows_a_driver() -> None:
    """A new driver of a role touches no file but its own, its test and station.yaml."""
    drivers = {driver(entry.type).__name__ for entry in FILE.instruments.values()} - {"PulseGenerator", "PhotonCounter"}
    drivers -= {role.__name__ for role in ROLES.values()}  # these are words for the role itself
    assert drivers == {"B2962A", "GS200", "SG386", "Cobolt06", "MPDS", "SproutG", "NICard"}
    for file in (*HOME.glob("sequences/**/*.py"), *HOME.glob("labctl/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = {getattr(node, field, None) for field in ("id", "attr", "name", "value")}
            assert not {name for name in named if isinstance(name, str)} & drivers, file
