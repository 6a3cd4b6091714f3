"""AA MPDS on the wire: traces. Replies carry their own line ends."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.mpds import MPDS

PROMPT = "\n\r?"


def status(first: str, second: str, blanking: str = "Blanking ON INT") -> str:
    return f"\n\rl1 {first}\n\rl2 {second}\n\r{blanking}\n\r?"


REST = "F=200.000 P=0.000 OFF EXT"

POWER_ON: list[Step] = [("S", status(REST, REST)), ("q", "MPDS2C-B66-22-150.250\n\r?")]
ONE_CHANNEL: list[Step] = [
    ("L1", "l1F200.000P0.0S0\n\r"),
    ("L1F199.500", "l1F199.500P0.0S0\n\r"),
    ("L1D22.00", "l1F199.500P22.0S0\n\r"),
    ("L1O1", "l1F199.500P22.0S1\n\r"),
    ("L1I1", "l1F199.500P22.0S1\n\r"),
    ("S", status("F=199.500 P=22.000 ON INT", REST)),
    ("L1O0", "l1F199.500P22.0S0\n\r"),
    ("S", status("F=199.500 P=22.000 OFF INT", REST)),
]
CONCATENATED: list[Step] = [
    ("L2F210.000D21.55I0O1", "l2F210.000P21.6S1\n\r"),
    ("S", status(REST, "F=210.000 P=21.550 ON EXT")),
    ("\nL2O0", "l2F210.000P21.6S0\n\r"),  # of a command that ended "\n\r", or began so
]
RAW: list[Step] = [
    ("L1P1023", "l1F200.000P22.0S0\n\r"),
    ("L1P0512", "l1F200.000P11.0S0\n\r"),
    ("L1P0000", "l1F200.000P0.0S0\n\r"),
]
SELECTED: list[Step] = [("X2", "l2F200.000P0.0S0\n\r"), ("D10.00O1", "l2F200.000P10.0S1\n\r"), ("X3", PROMPT)]
BLANKING: list[Step] = [
    ("L0I0O1", "Blanking ON EXT\n\r"),
    ("L0I1O0", "Blanking OFF INT\n\r"),
    ("L0I1O1", "Blanking ON INT\n\r"),
]
GLOBAL: list[Step] = [
    ("I0", None),
    ("S", status("F=200.000 P=0.000 OFF INT", "F=200.000 P=0.000 OFF INT")),
    ("I1", None),
    ("S", status(REST, REST, "Blanking ON EXT")),
    ("V1", None),
    ("V0", None),
]
STORED: list[Step] = [
    ("L1F190.000D20.00O1", "l1F190.000P20.0S1\n\r"),
    ("E", PROMPT),
    ("L1D5.00", "l1F190.000P5.0S1\n\r"),
    ("M", None),
    ("S", status("F=190.000 P=20.000 OFF EXT", REST)),
]
# The keys of a terminal; that they need no line end, the wire's own tests show. What they do is assumed *(check)*.
KEYS: list[Step] = [
    ("X2", "l2F200.000P0.0S0\n\r"),
    ("2", "l2F200.000P0.0S0\n\r"),  # no less than nothing
    *[("8", f"l2F200.000P{dbm}S0\n\r") for dbm in ("0.0", "0.0", "0.1")],
    ("6", "l2F200.001P0.1S0\n\r"),
    ("4", "l2F200.000P0.1S0\n\r"),
    ("S", status(REST, "F=200.000 P=0.060 OFF EXT")),
]
REFUSALS: list[Step] = [
    ("L1F200.000D20.00O1", "l1F200.000P20.0S1\n\r"),
    ("L1D22.01", "l1F200.000P20.0S1\n\r"),  # out of range: the line shows what still stands
    ("L1F149.999", "l1F200.000P20.0S1\n\r"),
    ("L1P1024", "l1F200.000P20.0S1\n\r"),
    ("L1O2", "l1F200.000P20.0S1\n\r"),
    *[(wrong, PROMPT) for wrong in ("L3O1", "L1D-1", "L1Z5", "s", "*IDN?", "L1D", "L1 D20")],
    ("L1", "l1F200.000P20.0S1\n\r"),
    ("", None),
]


@pytest.mark.parametrize(
    "trace",
    [POWER_ON, ONE_CHANNEL, CONCATENATED, RAW, SELECTED, BLANKING, GLOBAL, STORED, KEYS, REFUSALS],
    ids=["power-on", "one", "concatenated", "raw", "selected", "blanking", "global", "stored", "keys", "refusals"],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(MPDS(world), world.clock, trace)


@pytest.mark.parametrize(
    ("command", "gate"),
    [(b"L1O0I0", "off"), (b"L1O0I1", "off"), (b"L1O1I1", "on"), (b"L1O1I0", "ttl")],
)
def test_gate_of_the_pump(command: bytes, gate: str) -> None:
    world = BareWorld()
    MPDS(world).answer(command)
    assert world.setpoints.pump_gate == gate
    assert world.setpoints.depletion_gate == "off"


# sin^2(pi/2 sqrt(P/P_sat)): all light at 22 dBm, half of it at a quarter of the power (6.02 dB less), little at 0 dBm.
@pytest.mark.parametrize(("dbm", "share"), [("22.00", 1.0), ("15.98", 0.5), ("0.00", 0.0155)])
def test_diffraction_of_the_doughnut(dbm: str, share: float) -> None:
    world = BareWorld()
    MPDS(world).answer(f"L2D{dbm}O1I0".encode())
    assert world.setpoints.depletion_aom == pytest.approx(share, abs=5e-4)
    assert world.setpoints.depletion_gate == "ttl"


def test_external_blanking_darkens_all() -> None:
    world = BareWorld()
    driver = MPDS(world)
    for command in (b"L1O1I1", b"L2O1I0", b"L0I0O1"):
        driver.answer(command)
    assert (world.setpoints.pump_gate, world.setpoints.depletion_gate) == ("off", "off")
    driver.answer(b"L0I1O1")
    assert (world.setpoints.pump_gate, world.setpoints.depletion_gate) == ("on", "ttl")
