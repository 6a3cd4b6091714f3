"""Cobolt 06-DPL on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.cobolt06 import Cobolt06

# What a 06-MLD answered to l1, and to commands that it does not know, stands in a public transcript of a session with
# it; the third refusal in python-microscope's model of a Cobolt Jive, which was written beside one. Whether a 06-DPL
# says the same *(check)*.
NO = "Syntax error: illegal command"
OUT = "Syntax error: Value is out of range."
AUTO = "Syntax error: not allowed in autostart mode."

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
    ("gom?", "2"),  # pycobolt, Cobolt06DPL.get_state: 1 is the key
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
    ("l1", AUTO),
    ("@cobas 0", "OK"),
    ("@cobas?", "0"),
    30.0,
    ("l1", "OK"),
    ("gom?", "4"),
    ("l?", "1"),
]
ABORT: list[Step] = [("@cob1", "OK"), ("@cob0", "OK"), ("gom?", "6"), ("l?", "0"), ("@cob1", "OK"), ("gom?", "2")]
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
    *[(wrong, OUT) for wrong in ("p 0.1001", "p -0.01", "p 1e9", "@cobas 2", "sdmes 0.5", "slc 2001", "@cobasp 1")],
    *[(wrong, NO) for wrong in ("p nan", "p inf", "p", "p?x", "p 1e", "p0.05", "slc", "@cobas1", "@cobasdr2")],
    *[(wrong, NO) for wrong in ("P?", "*IDN?", "laser:power:reading?", "l2", "hello", "@cobasks?", "slmp 5")],
    ("p?", "0.0500"),
    ("@cobas?", "1"),
    ("", None),
]


# Python programs write small powers as 5e-05 (pycobolt: f"p {float(power)/1000}"); @cobasp and @cobasdr as in
# python-microscope, @cobasdr also without a space; the crystal of a modulated head as in pycobolt's Cobolt06DPL.
OF_OTHER_DRIVERS: list[Step] = [
    ("p 5e-05", "OK"),
    ("p 0.05e0", "OK"),
    ("p?", "0.0500"),
    ("p 5E-2", "OK"),
    ("@cobasp 0.0200", "OK"),
    ("p?", "0.0200"),
    ("@cobasdr?", "0"),
    ("@cobasdr 1", "OK"),
    ("@cobasdr?", "1"),
    ("@cobasdr0", "OK"),
    ("@cobasdr?", "0"),
    ("stec4t 31.5", "OK"),
    ("gtec4t?", "31.50"),
    ("rtec4t?", "31.50"),
]


@pytest.mark.parametrize(
    "trace",
    [POWER_ON, AUTOSTART, OEM, ABORT, CONTROL, OF_OTHER_DRIVERS, REFUSALS],
    ids=["power-on", "autostart", "oem", "abort", "control", "others", "refusals"],
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
    assert world.setpoints.green_w == 0.0
    head.answer(b"@cob1")
    assert world.setpoints.green_w == 0.0
    world.clock.sleep(30.0)
    head.answer(b"gom?")
    assert world.setpoints.green_w == 0.08
    head.answer(b"p 0.1001")
    assert world.setpoints.green_w == 0.08
    head.answer(b"l0")
    assert world.setpoints.green_w == 0.0


def test_open_interlock_is_a_fault_until_closed_and_cleared() -> None:
    world, head = lit()
    head.open_interlock()
    assert world.setpoints.green_w == 0.0
    check_trace(
        head, world.clock, [("ilk?", "1"), ("f?", "3"), ("gom?", "5"), ("@cob1", NO), ("cf", "OK"), ("f?", "3")]
    )
    head.open_interlock(False)
    check_trace(head, world.clock, [("ilk?", "0"), ("f?", "3"), ("@cob1", NO), ("cf", "OK"), ("f?", "0"), ("l?", "0")])
    check_trace(head, world.clock, [("@cob1", "OK"), 10.0, ("gom?", "4")])
    assert world.setpoints.green_w == 0.08


def test_key_holds_the_start() -> None:
    world, head = lit()
    head.turn_key(False)
    assert world.setpoints.green_w == 0.0
    check_trace(head, world.clock, [("gkses?", "0"), ("l?", "0"), ("@cob1", "OK"), 60.0, ("gom?", "1"), ("l?", "0")])
    head.turn_key(True)
    assert world.setpoints.green_w == 0.08


def test_current_control_emits_above_threshold_and_modulation_rests_dark() -> None:
    world, head = lit()
    check_trace(head, world.clock, [("slc 900", "OK"), ("ci", "OK"), ("i?", "900.0")])
    assert world.setpoints.green_w == pytest.approx(0.04)
    check_trace(head, world.clock, [("slc 400", "OK")])
    assert world.setpoints.green_w == 0.0
    check_trace(head, world.clock, [("em", "OK"), ("gom?", "7")])
    assert world.setpoints.green_w == 0.0
