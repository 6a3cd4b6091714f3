"""Every control set by hand × every fault of its instrument: nothing unsafe, and a sentence each.

One bench for each instrument. Everything is on before each case; the fault comes with one of the calls that the setting
makes, another one for each kind. The last kind, an instrument that is unplugged, stays for all of its controls.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from support.everything_on import STATION, sample

from instruments.common import ni_line
from labctl.bench.station import Wires, opened
from labctl.common.refusals import BenchFault, Refusal
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.hand.by_hand import ByHand
from labctl.hand.controls import alike
from simulated_instruments.bench import SimulatedBench
from simulated_instruments.faults.kinds import CARD, HAPPENINGS, PASSING, kinds_of
from simulated_instruments.faults.script import Fault

INSTRUMENTS = {
    "magnet.main": "main_supply",
    "magnet.x": "trim_x",
    "magnet.y": "trim_y",
    "magnet.field_x": "trim_x",
    "magnet.field_y": "trim_y",
    "magnet.field_z": "main_supply",
    "shift_coil": "main_supply",
    "gradient_coil": "pulsed_supply",
    "compensation_coil": "pulsed_supply",
    "microwave": "microwave",
    "green_laser": "green_laser",
    "aom": "aom",
    "depletion_beam.power": "sprout",
    "depletion_beam": CARD,
    "line": CARD,
}
"""Begin of a control's name -> the instrument behind it."""
VALUES = {
    "magnet.main": ("0.02", "0.03"),
    "magnet.field_z": ("2", "3"),
    "magnet.field": ("0.5", "0.6"),
    "magnet": ("0.01", "0.02"),
    "shift_coil.current": ("0.01", "0.02"),
    "gradient_coil.current": ("0.01", "0.02"),
    "compensation_coil.current": ("0.01", "0.02"),
    "microwave.frequency": ("2.87e9", "2.88e9"),
    "microwave.power": ("-20", "-10"),
    "green_laser.power": ("10", "20"),
    "aom.pump_share": ("0.5", "0.7"),
    "depletion_beam.power": ("300", "350"),
    "depletion_beam": ("10", "20"),
}
"""Begin of a name -> two values that it is set to in turn; switches go off and on."""
LIT = ("green_laser.power 20", "green_laser.on on", "aom.pump_share 0.5", "line.pump high", "microwave.power -20")
LAST = "unplugged"
UNSUITABLE = ("replaced", "no_counts", "fewer_counts")
"""A text of one's own, and what befalls a counter only."""
OUT_OF_REACH = {
    "main_supply": ("main_a", "shift_a"),
    "pulsed_supply": ("gradient_a", "compensation_a"),
    "trim_x": ("trim_x_a",),
    "trim_y": ("trim_y_a",),
    "microwave": ("the microwave",),
    "green_laser": ("the green laser",),
    "aom": ("the pump's AOM", "the doughnut's AOM"),
    "sprout": ("the doughnut's laser",),
}
"""Instrument -> what of the bench stays as it was while it is unplugged."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ni_line, "CALL_S", 0.1)
    monkeypatch.setattr(ni_line, "BEGINNING_S", 2.0)
    monkeypatch.setattr(ni_line, "PAUSE_S", 0.01)


def longest(table, name):
    return table[max((begin for begin in table if name.startswith(begin)), key=len)]


@contextmanager
def in_hand() -> Iterator[tuple[ByHand, SimulatedBench]]:
    with SimulatedBench(sample(), 3) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            yield ByHand(station.lab(Kept()), lambda _: None), bench


def light_up(hand: ByHand) -> None:
    """As it is before each case, whatever the one before has done to the bench."""
    for words in LIT:
        hand.set(*words.split())


def heal(hand: ByHand, bench: SimulatedBench) -> None:
    """What the fault has left behind is over; what was set then is looked at, and forgotten."""
    bench.clock.sleep(3600.0)
    with suppress(BenchFault):
        hand.look()
    hand.dark()
    with suppress(Refusal):  # a supply that has tripped rests from when it is found
        light_up(hand)
    bench.clock.sleep(60.0)
    light_up(hand)


def typed(hand: ByHand, name: str, turn: int) -> str:
    control = hand.control(name)
    return ("on", "off")[turn] if control.is_switch else longest(VALUES, name)[turn]


def calls_of(hand: ByHand, bench: SimulatedBench, instrument: str, name: str) -> int:
    """How many calls setting it takes, when nothing goes wrong; the first time there may be more to ask."""
    for _ in range(2):
        hand.set(name, typed(hand, name, 1))
        before = bench.injector.count_of(instrument)
        hand.set(name, typed(hand, name, 0))
        count = bench.injector.count_of(instrument) - before
    assert count > 0, f"{name} does not speak to {instrument}"
    hand.set(name, typed(hand, name, 1))
    return count


def check(hand: ByHand, bench: SimulatedBench, name: str, case: str, reach: tuple[str, ...] = ()) -> str:
    """Set it, and judge what came of it. reach: what of the bench cannot be switched off."""
    wanted = hand.control(name).value_of(typed(hand, name, 0))
    try:
        change = hand.set(name, typed(hand, name, 0))
    except (BenchFault, Refusal) as fault:
        words = "\n".join(fault.faults)
        assert words.count("Traceback") == 0, case
        assert name in words, case
        if isinstance(fault, Refusal) or "was not set" not in words or "It is as it was" in words:
            return "nothing moved"
        left = bench.still_on(magnet=False)
        assert all(what.startswith(reach) for what in left), f"{case}: {left} and {words}"
        assert not left or "NOT SAFE" in words, f"{case}: {left} and {words}"
        return "dark"
    assert alike(change.after, wanted) or abs(float(change.after) - float(wanted)) < 1e-2 * abs(float(wanted)), case
    return "set"


@pytest.mark.parametrize("instrument", [*OUT_OF_REACH, CARD])
def test_a_fault_while_something_is_set_by_hand_leaves_nothing_unsafe_and_is_said(instrument: str) -> None:
    draw, cases = random.Random(instrument), []
    with in_hand() as (hand, bench):
        names = [name for name in hand.controls if longest(INSTRUMENTS, name) == instrument]
        kinds = [kind for kind in kinds_of(instrument) if kind not in (*UNSUITABLE, LAST)]
        for name in names:
            heal(hand, bench)
            count = calls_of(hand, bench, instrument, name)
            for kind in kinds:
                call = draw.randint(1, count)
                for_s = {"for_s": 1800.0} if kind in PASSING else {}
                bench.injector.add(Fault(kind=kind, instrument=instrument, call=call, **for_s))
                cases.append(check(hand, bench, name, f"{name}, {kind} at call {call} of {count}"))
                assert bench.injector.log[-1].kind == kind
                if cases[-1] == "dark" or kind in ("reset", *HAPPENINGS.get(instrument, ())):
                    heal(hand, bench)
                hand.set(name, typed(hand, name, 1))
        if instrument != CARD:
            bench.injector.add(Fault(kind=LAST, instrument=instrument))
            for name in names:
                cases.append(check(hand, bench, name, f"{name}, {LAST}", OUT_OF_REACH[instrument]))
            assert "set" not in cases[-len(names) :]
    assert len(cases) == len(names) * (len(kinds) + (instrument != CARD))
