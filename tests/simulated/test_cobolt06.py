"""Cobolt 06-DPL on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.cobolt06 import Cobolt06

NO = "Syntax error: illegal command"

POWER_ON: list[Step] = [
    ("?", "OK"),
    ("gsn?", "22345"),
    ("glm?", "0532-06-91-0100-100"),
    ("gmlp?", "100.0"),
    ("l?", "0"),
    ("gom?", "0"),
    ("@cobas?", "1"),
    ("gkses?", "1"),
    ("ilk?", "0"),
    ("f?", "0"),
    ("p?", "0.0000"),
    ("pa?", "0.0000"),
    ("hrs?", "1234.50"),
    3600.0,
    ("hrs?", "1235.50"),
]
AUTOSTART: list[Step] = [
    ("p 0.0500", "OK"),
    ("@cob1", "OK"),
    ("gom?", "1"),
    ("l?", "0"),
    30.0,
    ("gom?", "3"),
    ("l?", "1"),
    10.0,
    ("gom?", "4"),
    ("pa?", "1"),  # the slip that drivers must survive
    ("pa?", "0.0500"),
    ("i?", "1000.0"),
    ("l0", "OK"),
    ("gom?", "0"),
    ("pa?", "0.0000"),
]
OEM: list[Step] = [
    ("l1", NO),  # refused while autostart is on
    ("@cobas 0", "OK"),
    ("@cobas?", "0"),
    30.0,
    ("l1", "OK"),
    ("gom?", "4"),
    ("l?", "1"),
]
ABORT: list[Step] = [("@cob1", "OK"), ("@cob0", "OK"), ("gom?", "6"), ("l?", "0"), ("@cob1", "OK"), ("gom?", "1")]
CONTROL: list[Step] = [
    ("gam?", "1"),
    ("ci", "OK"),
    ("gam?", "0"),
    ("slc 900", "OK"),
    ("glc?", "900.0"),
    ("em", "OK"),
    ("gam?", "2"),
    ("smc 1200", "OK"),
    ("gmc?", "1200.0"),
    ("slth 100", "OK"),
    ("glth?", "100.0"),
    ("sdmes 1", "OK"),
    ("gdmes?", "1"),
    ("sames 1", "OK"),
    ("games?", "1"),
    ("salis 1", "OK"),
    ("galis?", "1"),
    ("cp", "OK"),
    ("gam?", "1"),
]
REFUSALS: list[Step] = [
    ("p 0.0500", "OK"),
    *[(wrong, NO) for wrong in ("p 0.1001", "p -0.01", "p nan", "p 1e9", "p", "p?x", "@cobas 2", "sdmes 0.5")],
    *[(wrong, NO) for wrong in ("slc 2001", "P?", "*IDN?", "laser:power:reading?", "l2", "hello")],
    ("p?", "0.0500"),
    ("@cobas?", "1"),
    ("", None),
]


@pytest.mark.parametrize(
    "trace",
    [POWER_ON, AUTOSTART, OEM, ABORT, CONTROL, REFUSALS],
    ids=["power-on", "autostart", "oem", "abort", "control", "refusals"],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(Cobolt06(world), world.clock, trace)


def lit() -> tuple[BareWorld, Cobolt06]:
    world = BareWorld()
    head = Cobolt06(world)
    check_trace(head, world.clock, [("p 0.0800", "OK"), ("@cob1", "OK"), 40.0, ("gom?", "4")])
    return world, head


def test_light_follows_the_state() -> None:
    world = BareWorld()
    head = Cobolt06(world)
    head.answer(b"p 0.0800")
    assert world.knobs.green_w == 0.0
    head.answer(b"@cob1")
    assert world.knobs.green_w == 0.0
    world.clock.sleep(30.0)
    head.answer(b"gom?")
    assert world.knobs.green_w == 0.08
    head.answer(b"p 0.1001")
    assert world.knobs.green_w == 0.08
    head.answer(b"l0")
    assert world.knobs.green_w == 0.0


def test_open_interlock_is_a_fault_until_closed_and_cleared() -> None:
    world, head = lit()
    head.open_interlock()
    assert world.knobs.green_w == 0.0
    check_trace(
        head, world.clock, [("ilk?", "1"), ("f?", "3"), ("gom?", "5"), ("@cob1", NO), ("cf", "OK"), ("f?", "3")]
    )
    head.open_interlock(False)
    check_trace(head, world.clock, [("ilk?", "0"), ("f?", "3"), ("@cob1", NO), ("cf", "OK"), ("f?", "0"), ("l?", "0")])
    check_trace(head, world.clock, [("@cob1", "OK"), 10.0, ("gom?", "4")])
    assert world.knobs.green_w == 0.08


def test_key_holds_the_start() -> None:
    world, head = lit()
    head.turn_key(False)
    assert world.knobs.green_w == 0.0
    check_trace(head, world.clock, [("gkses?", "0"), ("l?", "0"), ("@cob1", "OK"), 60.0, ("gom?", "2"), ("l?", "0")])
    head.turn_key(True)
    assert world.knobs.green_w == 0.08


def test_current_control_emits_above_threshold_and_modulation_rests_dark() -> None:
    world, head = lit()
    check_trace(head, world.clock, [("slc 900", "OK"), ("ci", "OK"), ("i?", "900.0")])
    assert world.knobs.green_w == pytest.approx(0.04)
    check_trace(head, world.clock, [("slc 400", "OK")])
    assert world.knobs.green_w == 0.0
    check_trace(head, world.clock, [("em", "OK"), ("gom?", "7")])
    assert world.knobs.green_w == 0.0
