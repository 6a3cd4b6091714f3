"""MPB VFL on the wire: traces, each with the public program that it is known from."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.vfl import STARTUP_S, VFL

# Micro-Manager, DeviceAdapters/MPBLaser (firmware VFL_MLDDS_SHGTT_VER_2.5.1.0): the questions, the codes of the state,
# "least most" of the power, 1 for a key that does not lock; the prompt is "D >" if the command was taken, "F >" if not.
POWER_ON: list[Step] = [
    ("getmodel", "VFL-P-1500-775-OEM3\rD "),
    ("getlaserstate", "20\rD "),
    ("getldenable", "0\rD "),
    ("getpowerenable", "1\rD "),
    ("getpowersetptlim 0", "100 1500\rD "),
    ("getpower 0", "100.0\rD "),
    ("getldlim 1", "0 5000\rD "),
    ("getacccurmax", "5000\rD "),
    ("getinput 2", "1\rD "),
    STARTUP_S,
    ("getlaserstate", "0\rD "),
]
# The same, and a public program for a VFL of another colour (after document DOC-04384R9): light some
# 3 s after it was enabled. ImSwitch's tests: a setter answers the value that it took.
LIGHT: list[Step] = [
    STARTUP_S,
    ("setpower 0 500", "500\rD "),
    ("setldenable 1", "1\rD "),
    ("getlaserstate", "31\rD "),
    ("power 0", "0.0\rD "),
    4.0,
    ("getlaserstate", "42\rD "),
    ("power 0", "250.0\rD "),
    1.0,
    ("power 0", "500.0\rD "),
    ("setldenable 0", "0\rD "),
    ("power 0", "0.0\rD "),
    ("getlaserstate", "0\rD "),
]
# lantz, drivers.mpb.vfl: capitals; POWERENABLE 0 holds the current (SETLDCUR), as `getlaserstate` 41 of Micro-Manager.
CURRENT: list[Step] = [
    STARTUP_S,
    ("POWERENABLE 0", "0\rD "),
    ("SETLDCUR 1 1500.0", "1500.0\rD "),
    ("GETLDCUR 1", "1500.0\rD "),
    ("SETLDENABLE 1", "1\rD "),
    5.0,
    ("GETLASERSTATE", "41\rD "),
    ("POWER 0", "400.0\rD "),
    ("LDCURRENT 1", "1500.0\rD "),
]
# The words of a refusal: public drivers of MPB amplifiers and of a VFL. Which comes when is assumed.
REFUSALS: list[Step] = [
    ("setldenable 1", "DATA_CANNOT_BE_SET\rF "),  # it still starts up
    ("setpower 0 50", "DATA_CANNOT_BE_SET\rF "),
    ("setpower 0 1501", "DATA_CANNOT_BE_SET\rF "),
    ("setpower 0 much", "DATA_CANNOT_BE_SET\rF "),
    ("setpower 0", "MISSING_ARGUMENT\rF "),
    ("setldenable", "MISSING_ARGUMENT\rF "),
    ("getwell", "UNKNOWN_COMMAND\rF "),
    ("getpower 0", "100.0\rD "),
]
# lantz: 'ready, hours, seconds' of GETSHGTUNERDY; GETSHGTUNESTATE 0 not tuned, 1 tuned, 2 aborted.
CRYSTAL: list[Step] = [
    ("GETSHGTUNERDY", "0 100 30\rD "),
    ("GETSHGTUNESTATE", "0 0\rD "),
    ("SETSHGCMD 1", "DATA_CANNOT_BE_SET\rF "),
    STARTUP_S,
    ("SETLDENABLE 1", "1\rD "),
    5.0,
    ("GETSHGTUNERDY", "1 100 0\rD "),
    ("SETSHGCMD 1", "1\rD "),
    ("GETSHGTUNESTATE", "1 0\rD "),
    ("SETSHGTEMP 50.25", "50.25\rD "),
    ("GETSHGTEMP", "50.25\rD "),
]


@pytest.mark.parametrize("trace", [POWER_ON, LIGHT, CURRENT, REFUSALS, CRYSTAL])
def test_traces(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(VFL(world), world.clock, trace)


def lit() -> tuple[BareWorld, VFL]:
    world = BareWorld()
    laser = VFL(world)
    check_trace(laser, world.clock, LIGHT[:3])
    world.clock.sleep(5.0)
    assert laser.answer(b"power 0") == b"500.0\rD "
    assert world.setpoints.sted_w == 0.5
    return world, laser


@pytest.mark.parametrize(("hand", "code"), [("lock_key", 6), ("open_interlock", 7)])
def test_what_holds_it_dark_says_so_and_gives_no_light_back(hand: str, code: int) -> None:
    world, laser = lit()
    getattr(laser, hand)()
    assert world.setpoints.sted_w == 0.0
    check_trace(laser, world.clock, [("getlaserstate", f"{code}\rD "), ("setldenable 1", "DATA_CANNOT_BE_SET\rF ")])
    getattr(laser, hand)(False)
    check_trace(laser, world.clock, [("getlaserstate", "0\rD "), ("getldenable", "0\rD ")])


def test_a_fault_stays_until_the_key_is_turned() -> None:
    world, laser = lit()
    laser.drop_out()
    assert world.setpoints.sted_w == 0.0
    trace: list[Step] = [
        ("getlaserstate", "8\rD "),
        ("setldenable 1", "DATA_CANNOT_BE_SET\rF "),
        ("setldenable 0", "0\rD "),
        ("getlaserstate", "8\rD "),
    ]
    check_trace(laser, world.clock, trace)
    laser.lock_key()
    laser.lock_key(False)
    check_trace(laser, world.clock, [("getlaserstate", "0\rD "), ("setldenable 1", "1\rD ")])
