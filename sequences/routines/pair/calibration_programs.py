"""The programs of the calibration: each is sensitive to something, together they fix every number of the pair."""

from typing import Final

import numpy as np

from sequences.analysis.pair.calibration import Beam
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import Gates, wait
from sequences.pulses.program import Program, joined

Listed = tuple[Program, Beam, float]
"""Program, read-out, weight in laboratory time."""

_FREE_EXCHANGE: Final = 0.25
_EXCHANGE: Final = (0.3, 0.55, 0.85, 1.55)
"""Lengths, in gates: the excitation has turned by as many halves of a turn if C = 2 g. Not multiples of one another:
otherwise a g at which all of them stand at an extreme would leave two answers that are as good."""
_BETWEEN_FLIPS_NS: Final = 3_000
"""Longest wait between two flips."""
_BOTH: Final[tuple[Beam, Beam]] = ("pump", "depletion")


def _start(gates: Gates) -> Program:
    return Program("start", gates.tick_ns)


def _frozen(gates: Gates, duration_ns: float, *lines: str) -> Program:
    """A wait of about this length, in whole ticks."""
    return wait(nearest_ns(duration_ns, gates.tick_ns), "shift", *lines, tick_ns=gates.tick_ns)


def levels(gates: Gates, weight: float) -> list[Listed]:
    """Known states: both bright, both dark, the right one dark. They fix read-outs and cross-talk."""
    states = (_start(gates), gates.turn("x", 2), gates.turn("y", 2), gates.turn_right("x", 2))
    return [(program, beam, weight) for program in states for beam in _BOTH]


def trains(gates: Gates) -> list[Listed]:
    """Quarter turns in a row: an error of the angle grows with their number."""
    common: list[Program] = [gates.turn("x", q) for q in (1, 3, 5, 7, 9)] + [gates.turn("y", q) for q in (1, 5, 9)]
    right = [gates.turn_right("x", q) for q in (1, 4, 5, 9)] + [gates.turn_right("y", 5)]
    return [(p, "pump", 1.0) for p in common] + [(p, "depletion", 1.0) for p in right]


def ramsey(gates: Gates, waits_ns: tuple[int, ...], *lines: str) -> list[Listed]:
    """Two quarter turns about a wait, ending on x and on y: the lines' distance from the carrier, with its sign."""
    out: list[Listed] = []
    for wait_ns in waits_ns:
        for last in ("x", "y"):
            program = gates.turn("x") + _frozen(gates, wait_ns, *lines) + gates.turn(last)
            out += [(program, beam, 1.0) for beam in _BOTH]
    return out


def exchange(gates: Gates) -> list[Listed]:
    """One excitation on the right NV wanders to and fro: g.

    A difference of the lines hinders it, as a weaker g would. Flips of both NVs undo the difference and leave the
    exchange as it is, so the long ones are flipped all the time.
    """
    excited, flip = gates.turn_right("x", 2), gates.turn("x", 2)
    out: list[Listed] = [(excited + _frozen(gates, _FREE_EXCHANGE * gates.gate_ns), beam, 1.0) for beam in _BOTH]
    for share in _EXCHANGE:
        pairs = int(np.ceil(share * gates.gate_ns / (2 * _BETWEEN_FLIPS_NS)))
        free = _frozen(gates, share * gates.gate_ns / (2 * pairs) - 2 * gates.quarter_ns)
        out.append((joined("exchange", [excited, *([free, flip, free, flip] * pairs)]), "depletion", 1.0))
    return out


def gate_times(gates: Gates) -> list[Listed]:
    """The echoed C n n gate at several lengths: C."""
    flip = gates.turn("x", 2)
    out: list[Listed] = []
    for part in (0.5, 0.75, 1.0, 1.25):
        half = _frozen(gates, 0.5 * part * gates.gate_ns, "gradient")
        for first in ("x", "y"):
            for last in ("x", "y"):
                program = gates.turn(first) + half + flip + half + flip + gates.turn(last)
                out.append((program, "pump", 1.0))
    return out


def entangled(gates: Gates) -> list[Listed]:
    """The gate on states that differ between the NVs."""
    return [
        (gates.turn(first) + gates.turn_right("y") + gates.entangle() + gates.turn(last), "depletion", 1.0)
        for first in ("x", "y")
        for last in ("x", "y")
    ]


def conditional(gates: Gates) -> list[Listed]:
    """One NV on the equator, the other in |0> or |1>, then the gate: what the other's state does to the fringe.

    It goes as the square of 2 F - 1, what a pulse does to a single NV as its first power: so F is measured, for either
    NV, and the share of shots in which the other one has no charge and does nothing.
    """
    out: list[Listed] = []
    half = _frozen(gates, 0.5 * gates.gate_ns, "gradient")
    for last in ("x", "y"):
        for quarters in (1, 3):
            left = joined(
                "left fringe",
                [gates.turn("x"), gates.turn_right("x", quarters), half, gates.turn("x", 2), half, gates.turn("x", 2)],
            )
            out.append((left + gates.turn(last), "pump", 1.0))
        for flips in (0, 2):
            first = [gates.turn("x", flips)] if flips else []
            right = joined(
                "right fringe",
                [*first, gates.turn_right("x"), half, gates.turn("x", 2), half, gates.turn("x", 2)],
            )
            out += [(right + gates.turn_right(last), beam, 1.0) for beam in _BOTH]
    return out


def decays(gates: Gates) -> list[Listed]:
    """Bright and dark after a wait in the dark: what leaks through the closed AOMs, and spin-lattice relaxation."""
    out: list[Listed] = []
    for wait_ns in (100_000, 300_000):
        dark = _frozen(gates, wait_ns, "gradient")
        for program in (_start(gates) + dark, gates.turn("x", 2) + dark):
            out += [(program, beam, 1.0) for beam in _BOTH]
    return out


def first_programs(gates: Gates) -> list[Listed]:
    """Enough for the frequencies under the gradient."""
    return levels(gates, 1.0) + ramsey(gates, (200, 500, 900, 1_600), "gradient") + ramsey(gates, (500, 1_500))


def programs(gates: Gates) -> list[Listed]:
    """All of them."""
    return (
        levels(gates, 12.0)
        + trains(gates)
        + ramsey(gates, (300, 1_000, 2_000, 4_000))
        + ramsey(gates, (200, 500, 1_100, 2_100, 4_100), "gradient")
        + exchange(gates)
        + gate_times(gates)
        + entangled(gates)
        + conditional(gates)
        + decays(gates)
    )
