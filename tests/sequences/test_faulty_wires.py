"""Wires on which every tenth exchange fails: what is read is true and what is set stands, or an error names who."""

import random

import pytest

from instruments.common.errors import InstrumentError
from labctl.bench.station import Wires, opened
from labctl.config.station_file import read_station
from sequences.core.lab import Lab
from simulated_instruments.bench import Bench
from simulated_instruments.faults.script import Fault
from tools.trials.wired import STATION, Kept, sample

pytestmark = pytest.mark.system

KINDS = (
    "unanswered",
    "garbage",
    "truncated",
    "late",
    "unterminated",
    "twice_terminated",
    "slow",
    "lost",
    "disconnect",
)
NAMES = ("main_supply", "pulsed_supply", "trim_x", "trim_y", "microwave", "green_laser", "aom", "sprout")
OPENING, EVERY, FAULTS, ROUNDS = 40, 10, 90, 350
"""Messages to an instrument until it is open, at most; then between its faults; faults and settings of each."""


def faults(name: str) -> list[Fault]:
    """Of all kinds, at all places of an exchange."""
    draw = random.Random(name)
    return [Fault(kind=draw.choice(KINDS), instrument=name, call=OPENING + EVERY * k) for k in range(FAULTS)]


def settings(lab: Lab, stations: dict[str, object]) -> dict[str, tuple]:
    """How each instrument is set and read, and to what."""
    sprout = stations["sprout"]
    x, y, main = lab.magnet.sources
    return {
        "main_supply": (main.set_current, main.setpoint_a, (0.1, 0.25, 0.5)),
        "pulsed_supply": (lab.gradient_coil.set_current, lab.gradient_coil.setpoint_a, (0.1, -0.08, 0.05)),
        "trim_x": (x.set_current, x.setpoint_a, (0.01, -0.02, 0.15)),
        "trim_y": (y.set_current, y.setpoint_a, (0.01, -0.02, 0.15)),
        "microwave": (lab.microwave.frequency, lab.microwave.frequency, (2.87e9, 5.7e9, 1.1e6)),
        "green_laser": (lab.green_laser.power_mw, lab.green_laser.power_mw, (35.0, 1.2, 12.5)),
        "aom": (lab.aom.pump.power_dbm, lab.aom.pump.power_dbm, (20.0, 3.0, 11.5)),
        "sprout": (sprout.output_power, sprout.output_setpoint, (0.5, 1.25, 0.05)),
    }


@pytest.mark.parametrize("name", NAMES)
def test_nothing_false_is_read_and_nothing_set_is_lost_in_silence(name: str) -> None:
    draw = random.Random(name)
    with Bench(sample(), 1, faults=faults(name)) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            lab = station.lab(Kept())
            lab.magnet.switch_on()
            give, ask, values = settings(lab, station.instruments)[name]
            refused = 0
            for _ in range(ROUNDS):
                wanted = draw.choice(values)
                try:
                    give(wanted)
                    seen = ask()
                except InstrumentError as error:
                    assert name in error.instrument  # noqa: PT017  # how many there are is looked at below
                    refused += 1
                    continue
                assert seen == pytest.approx(wanted, abs=1e-6)
            done = {injected.kind for injected in bench.injector.log if not injected.effect}
            assert done == set(KINDS)
            assert refused == 0
