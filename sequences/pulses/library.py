"""The words of this experiment as programs: pump, pulse, cool, heat, freeze, gate, read.

All microwave pulses are played frozen, with `shift` high: at the 13C resonance itself the line lies at 1.1 MHz and no
pulse would be faster than cross-relaxation.

Durations that are fixed here are taken to the grid: what must be over lasts at least so long, the rest as nearly.
"""

from dataclasses import dataclass
from typing import Final

from sequences.pulses.grid import at_least_ns, guard_ns, nearest_ns
from sequences.pulses.program import Program, joined

PUMPING_NS: Final = 6_000
"""Eight pumping times of the saturated Gaussian beam: the memory of what came before is gone."""
SETTLING_NS: Final = 1_000
"""Dark and frozen between light and a pulse: the light dies away, and a shelved NV comes back to |0>."""
RESET_NS: Final = 6_000
"""Pumping of the frozen right NV before it meets its bath: four pumping times of a strong doughnut."""
COOLING_US: Final = 75.0
"""Doughnut pumping in a shot of the engine: longer, and the bath gets colder but the shots fewer."""
_REFERENCE_PART: Final = {"pump": 3, "depletion": 4}
"""Of the time of pumping, the part in which light is compared."""
_LATEST_NS: Final = 1_000
"""Beyond it no line comes late."""
_RISING_NS: Final = 500
"""Ten times what the light of an AOM takes to rise."""
_REPUMP_NS: Final = 2_000
"""Pumping of the right NV after its bath was cooled, until it is as bright as a frozen one."""
READ_NS: Final = 1_600
"""Read-out window: about 1.26 pumping times, where signal over shot noise is largest."""


def cw_odmr(tick_ns: int) -> Program:
    """Light throughout; microwave on for one half (signal gate), off for the other (reference gate)."""
    settle, count = nearest_ns(10_000, tick_ns), nearest_ns(90_000, tick_ns)
    return (
        Program("cw odmr", tick_ns)
        .then(settle, "pump", "mw_x")
        .then(count, "pump", "mw_x", "gate_signal")
        .then(settle, "pump")
        .then(count, "pump", "gate_reference")
    )


def pumped(tick_ns: int) -> Program:
    """Both NVs to |0>, frozen."""
    lit = Program("pump", tick_ns).then(at_least_ns(PUMPING_NS, tick_ns), "pump", "shift")
    return lit.then(at_least_ns(SETTLING_NS, tick_ns), "shift")


def pulse(duration_ns: int, axis: str = "x", *lines: str, tick_ns: int) -> Program:
    """A microwave pulse about x or y while frozen; with `gradient` it reaches only the right NV."""
    return Program(f"{axis} pulse", tick_ns).then(duration_ns, f"mw_{axis}", "shift", *lines)


def wait(duration_ns: int, *lines: str, tick_ns: int) -> Program:
    """Nothing but these lines; no interval at all for zero."""
    program = Program("wait", tick_ns)
    return program.then(duration_ns, *lines) if duration_ns else program


def read(beam: str = "pump", window_ns: int | None = None, *, tick_ns: int) -> Program:
    """Count under a beam while frozen; once the read-out has pumped the NVs, count again as the reference.

    beam: `pump` reads the sum of both NVs, `depletion` (the doughnut) the right one. The gradient is on, so that the
    NVs exchange nothing while they are read: counts are linear in sigma_z of each. window_ns: READ_NS if not given.
    """
    window_ns = nearest_ns(READ_NS, tick_ns) if window_ns is None else window_ns
    return (
        Program(f"read with {beam}", tick_ns)
        .then(window_ns, beam, "shift", "gradient", "gate_signal")
        .then(at_least_ns(PUMPING_NS, tick_ns), beam, "shift", "gradient")
        .then(window_ns, beam, "shift", "gradient", "gate_reference")
    )


def pulsed(name: str, manipulation: Program, beam: str = "pump", window_ns: int | None = None) -> Program:
    """Pump, manipulate, read: a shot of every calibration."""
    tick_ns = manipulation.tick_ns
    return joined(name, [pumped(tick_ns), manipulation, read(beam, window_ns, tick_ns=tick_ns)])


@dataclass(frozen=True)
class Reading:
    """How long to pump and to count, found by the calibrations."""

    pumping_ns: int
    """Gaussian beam, until the memory of what came before is gone."""
    pump_ns: int
    """Counting window under the Gaussian beam."""
    doughnut_ns: int
    """Counting window under the doughnut."""
    tick_ns: int

    def window(self, beam: str) -> Program:
        """Count once under a beam, frozen, the gradient on: the last word of a shot.

        The light outlasts the gate a little: what is left of its delay, and its fall, must not depend on what follows.
        """
        window_ns = self.pump_ns if beam == "pump" else self.doughnut_ns
        counted = Program(f"count under {beam}", self.tick_ns).then(window_ns, beam, "shift", "gradient", "gate_signal")
        return counted.then(guard_ns(self.tick_ns), beam, "shift", "gradient")

    def reference_ns(self, beam: str) -> int:
        """Length of the window in which the pumped pair's light is seen in each shot: the shot's own reference."""
        return nearest_ns(self.pumping_ns / _REFERENCE_PART[beam], self.tick_ns)

    def shot(self, manipulation: Program, beam: str) -> Program:
        """Pump both NVs, look at their light, manipulate them, count once.

        The reference comes when pumping has ended, and under the beam that reads: what its power and the collected
        light do to the one count they do to the other. Under the doughnut it stands between two stretches of pumping.
        A reference begins and ends within steady light, so that it is the same in every kind of shot.
        """
        look_ns = self.reference_ns(beam)
        last_ns = self.reference_ns("pump")
        shot = Program(manipulation.name, self.tick_ns).then(self.pumping_ns - last_ns, "pump", "shift")
        if beam == "depletion":
            shot = shot.then(self.rising_ns, beam, "shift")
        shot = shot.then(look_ns, beam, "shift", "gate_reference").then(guard_ns(self.tick_ns), beam, "shift")
        if beam == "depletion":
            shot = shot.then(last_ns, "pump", "shift")
        return shot.then(at_least_ns(SETTLING_NS, self.tick_ns), "shift") + manipulation + self.window(beam)

    @property
    def rising_ns(self) -> int:
        """After it a beam that was switched on shines steadily, whatever is left of its delay."""
        return at_least_ns(_RISING_NS, self.tick_ns)


@dataclass(frozen=True)
class Gates:
    """Whole-tick durations that the calibrations have found; everything else is composed of them."""

    quarter_ns: int
    """A pi/2 pulse."""
    gate_ns: int
    """pi / C, the time in which C n_L n_R entangles fully; a whole, even number of ticks."""
    tick_ns: int

    def turn(self, axis: str, quarters: int = 1, *lines: str) -> Program:
        """A rotation by so many quarters of a turn."""
        return pulse(quarters * self.quarter_ns, axis, *lines, tick_ns=self.tick_ns)

    def turn_right(self, axis: str, quarters: int = 1) -> Program:
        """The same on the right NV only: with the gradient on, the left one is far off resonance."""
        return self.turn(axis, quarters, "gradient")

    def entangle(self) -> Program:
        """C n_L n_R gate with echo: half, pi, half, pi; the gradient quenches the exchange, the pulses refocus it."""
        half = self.gate_ns // 2 // self.tick_ns * self.tick_ns
        free = wait(half, "shift", "gradient", tick_ns=self.tick_ns)
        flip = self.turn("x", 2)
        return joined("gate", [free, flip, free, flip])


def nominal_gates(tick_ns: int) -> Gates:
    """Gate times as the calibrations usually find them, to show programs before anything is calibrated."""
    return Gates(nearest_ns(200, tick_ns), 2 * nearest_ns(11_800, tick_ns), tick_ns)


def nominal_reading(tick_ns: int) -> Reading:
    """Readout times as the calibrations usually find them, to show programs before anything is calibrated."""
    pumping_ns, pump_ns, doughnut_ns = (nearest_ns(ns, tick_ns) for ns in (24_000, 2_500, 1_800))
    return Reading(pumping_ns, pump_ns, doughnut_ns, tick_ns)


@dataclass(frozen=True)
class Cycle:
    """Timing of one shot of the engine."""

    cooling_ns: int
    """Doughnut pumping of the right NV with the gradient on: its bath cools."""
    evolution_ns: int
    """The engine runs: everything off."""
    heating_steps: int = 0
    """(pi/2 pulse, contact) repetitions before cooling, that heat both baths."""
    contact_ns: int = 4_000


def heated(cycle: Cycle, gates: Gates) -> Program:
    """A NV at infinite temperature heats its bath: pi/2 pulse, contact, again and again (physics.md, 6.7)."""
    program = Program("heat", gates.tick_ns)
    for _ in range(cycle.heating_steps):
        program = program + gates.turn("x") + wait(nearest_ns(cycle.contact_ns, gates.tick_ns), tick_ns=gates.tick_ns)
    return program


def cooled(cycle: Cycle, gates: Gates) -> Program:
    """CRIP under the doughnut: the right NV, held on resonance by the compensation, cools its bath; the left stays off.

    It is pumped while still frozen first, so that what the analysis left on it does not heat the bath.
    """
    reset_ns = at_least_ns(RESET_NS, gates.tick_ns)
    program = Program("cool", gates.tick_ns).then(reset_ns, "depletion", "shift", "gradient")
    return program.then(cycle.cooling_ns, "depletion", "gradient")


def hot_left(gates: Gates, sense: int) -> Program:
    """Put the left NV on the equator and the right one back to |0>.

    One pulse turns both NVs. A second pulse turns the right NV alone until it is in |0> again. sense says which of the
    two pulses is a quarter turn: the coherences that they leave on the left NV have opposite signs. Shots of both
    senses in turn leave the left NV, on average, at infinite temperature. No light is used, so none leaks to it. The
    gradient is on equally long in both senses, so it turns both coherences by nearly the same angle. The wait after
    each pulse is there because the end of a pulse may come late.
    """
    first, rest = (1, 3) if sense > 0 else (3, 1)
    guard = guard_ns(gates.tick_ns)
    late = wait(guard, "shift", tick_ns=gates.tick_ns)
    dark = wait((3 - rest) * gates.quarter_ns + guard, "shift", "gradient", tick_ns=gates.tick_ns)
    return joined("hot left", [gates.turn("x", first), late, gates.turn_right("x", rest), dark])


def hot_left_after_cooling(gates: Gates) -> list[Program]:
    """Both senses, each behind a wait with the gradient on, as when the cold bath was cooled: its field settles."""
    before = wait(at_least_ns(RESET_NS, gates.tick_ns), "shift", "gradient", tick_ns=gates.tick_ns)
    return [before + hot_left(gates, sense) for sense in (1, -1)]


def looked_at(reading: Reading, beam: str, gates: Gates) -> Program:
    """The light of the cooled shot: the right NV frozen again and pumped, then dark until no NV is left in the singlet.

    beam: the one that reads the shot; under the doughnut this is its reference.
    """
    gate = ("gate_reference",) if beam == "depletion" else ()
    tick_ns = gates.tick_ns
    frozen = Program("look", tick_ns).then(at_least_ns(_REPUMP_NS, tick_ns), "depletion", "shift", "gradient")
    looked = frozen.then(reading.reference_ns("depletion"), "depletion", "shift", "gradient", *gate)
    looked = looked.then(guard_ns(tick_ns), "depletion", "shift", "gradient")
    return looked.then(at_least_ns(SETTLING_NS, tick_ns), "shift", "gradient")


def read_out(reading: Reading, beam: str) -> Program:
    """Count under a beam, then pump with the Gaussian one, and look at its light when that has ended if it reads.

    So no shot speaks into the next, and the baths are nearly those of one cycle, however it is read. Half of the usual
    pumping is enough for that; only a reference needs all of it.
    """
    half_ns = reading.pumping_ns // 2 // reading.tick_ns * reading.tick_ns
    pumped = reading.window(beam).then(half_ns, "pump", "shift")
    if beam == "depletion":
        return pumped
    looked = pumped.then(reading.reference_ns(beam), beam, "shift", "gate_reference")
    return looked.then(guard_ns(reading.tick_ns), beam, "shift")


def engine_shot(cycle: Cycle, gates: Gates, analysis: Program, reading: Reading, beam: str) -> Program:
    """Cool, prepare the hot NV, release, freeze, analyse, read: both senses of the preparation in turn."""
    evolution = wait(cycle.evolution_ns, tick_ns=gates.tick_ns)
    shots: list[Program] = []
    for sense in (1, -1):
        shots += [heated(cycle, gates), cooled(cycle, gates), looked_at(reading, beam, gates)]
        shots += [hot_left(gates, sense), evolution, analysis, read_out(reading, beam)]
    return joined(analysis.name, [shot for shot in shots if shot.intervals])


def until_turned(tick_ns: int) -> Program:
    """Frozen and dark behind a pulse for as long as the microwave may come late, before its delay is measured."""
    return wait(at_least_ns(_LATEST_NS, tick_ns), "shift", tick_ns=tick_ns)


def contact_pair(pi_ns: int, contact_ns: int, *, tick_ns: int) -> Program:
    """|1> and |0> prepared in turn, each left in contact with its bath, frozen and read: signal and reference gate.

    The two preparations heat and cool the bath equally, so that it stays hot however often this is repeated. The pair
    stays frozen for as long as the microwave may come late: its delay is not measured yet when the field is aligned.
    """
    contact, late = wait(contact_ns, tick_ns=tick_ns), until_turned(tick_ns)
    window_ns = nearest_ns(READ_NS, tick_ns)
    flipped, left_alone = pulse(pi_ns, tick_ns=tick_ns) + late, wait(pi_ns, "shift", tick_ns=tick_ns) + late
    shots: list[Program] = []
    for preparation, gate in ((flipped, "gate_signal"), (left_alone, "gate_reference")):
        readout = Program("read", tick_ns).then(window_ns, "pump", "shift", gate)
        shots += [pumped(tick_ns), preparation, contact, readout]
    return joined("contact", shots)
