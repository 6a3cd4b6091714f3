"""The one place that plays a program and returns counts."""

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from instruments.common.errors import GarbledError, PlayError
from sequences.core.lab import Lab
from sequences.pulses.compile import Pattern, compiled
from sequences.pulses.program import LINES, Program, PulseError
from sequences.results import SequenceError
from sequences.routines.bench.limits import check_limits
from sequences.routines.bench.line_delays import ahead_ticks
from sequences.routines.bench.selection import as_lit
from sequences.routines.bench.verify import verify_now_and_then

LOG: Final = logging.getLogger(__name__)
PLAYS: Final = 3
"""Of a play that fails underway; the counts of a play that failed are dropped."""
FAINTEST_CPS: Final = 100.0
"""Photons a second that a detector sees at least under the pump: light of the diamond, and its own dark counts."""
_GATES: Final = frozenset({"gate_signal", "gate_reference"})
_SURELY: Final = 25.0
"""Photons expected at least, where none is too few: by chance it is none once in e^25."""


@dataclass(frozen=True)
class Counts:
    """Photons counted while a program was played."""

    signal: int
    """In the gate_signal windows, summed over all repeats."""
    reference: int
    """In the gate_reference windows."""
    repeats: int
    duration_s: float
    """Laboratory time of the play."""

    @property
    def per_shot(self) -> float:
        """Photons a repeat in the signal window."""
        return self.signal / self.repeats

    @property
    def per_shot_err(self) -> float:
        """Its shot noise, 1 sigma; an empty window counts as one photon, so that it never weighs infinitely."""
        return float(max(self.signal, 1) ** 0.5) / self.repeats


def repeats_for(program: Program, seconds: float) -> int:
    """How often a program fits into so much laboratory time, at least once."""
    return max(1, round(seconds / (program.duration_ns * 1e-9)))


def measure(
    lab: Lab,
    program: Program,
    repeats: int,
    gated: bool = True,
    may_be_dark: bool = False,
    ahead: Mapping[str, int] | None = None,
    as_written: bool = False,
) -> Counts:
    """Play a program exactly `repeats` times and count. The lines end low whatever happens.

    A play is split into pieces no longer than the pulse source plays at once, unless it says that it must not be.

    gated=False counts every photon, whatever the gates say. ahead: role -> ticks by which its line is played early;
    None: as the delays were measured. as_written: raise the program's own lines only, even where a beam wants the
    pump's light along with it. Raises SequenceError if the detector is flooded or, unless it may be dark, sees
    nothing at all under the pump, or if a delay, or a play that cannot be split, is too long; PlayError or GarbledError
    if a play fails time after time.
    """
    program = program if as_written else as_lit(lab, program)
    check_limits(lab, program)
    counted_while = _GATES if gated else LINES
    pattern = _pattern(lab, program, ahead_ticks(lab) if ahead is None else ahead, counted_while)
    longest = _at_once(lab, program, repeats)
    signal = reference = played = 0
    left = repeats
    try:
        while left:
            now = min(left, longest)
            if (photons := lab.run.observer.recorded(program, now)) is None:
                lab.run.observer.playing(program, now)
                lab.pulse_generator.load(pattern)
                photons = _played(lab, now, gated)
                played += now
            lab.run.observer.counted(*photons, now * program.duration_ns * 1e-9)
            signal, reference, left = signal + photons[0], reference + photons[1], left - now
    except BaseException:
        lab.pulse_generator.hold(0)
        raise
    duration_s = repeats * program.duration_ns * 1e-9
    verify_now_and_then(lab, played * program.duration_ns * 1e-9)
    if not (signal or reference or may_be_dark):
        _check_not_blind(program, repeats * 1e-9 * _lit_ns(program))
    _check_rate(lab, program, signal, repeats * program.time_high_ns("gate_signal") * 1e-9)
    return Counts(signal, reference, repeats, duration_s)


def _at_once(lab: Lab, program: Program, repeats: int) -> int:
    """Repeats of one uninterrupted play."""
    playable = lab.pulse_generator.playable
    longest = int(min(repeats, playable.at_once(program.duration_ns)))
    if longest < repeats and not playable.divisible:
        raise SequenceError(
            f"{repeats} repeats of program {program.name!r} are more than the {longest} that the pulse_generator plays "
            "at once, and it cannot play them in pieces",
            "Ask for less counting time at once",
            repeats=float(repeats),
        )
    return longest


def _pattern(lab: Lab, program: Program, ahead: Mapping[str, int], low_at_end: Collection[str]) -> Pattern:
    """What is played of a program: its lines, each ahead by its delay. Whoever watches is told the program itself.

    low_at_end: what would let a counter go on between the end of the play and the moment in which it is read.
    """
    if program.tick_ns != (tick_ns := lab.pulse_generator.playable.tick_ns):
        raise PulseError(
            f"program {program.name!r} has {program.tick_ns} ns ticks, the pulse_generator plays {tick_ns} ns",
            program.tick_ns,
            tick_ns,
        )
    try:
        return compiled(program, lab.wiring.lines, ahead, low_at_end)
    except PulseError as refused:
        if not any(ahead.values()):
            raise
        raise SequenceError(
            f"A delay cannot be made up for: {refused}",
            "Ask for a longer program; labctl run delays measures the delays again",
            early_ns=refused.value_ns,
        ) from refused


def _played(lab: Lab, repeats: int, gated: bool) -> tuple[int, int]:
    """Counts of one uninterrupted play. One that fails underway is played again as a whole, with a fresh start."""
    for tries in range(1, PLAYS + 1):
        try:
            return _played_once(lab, repeats, gated)
        except (PlayError, GarbledError) as fault:
            LOG.warning("Play %d of %d: %s", tries, PLAYS, fault)
            lab.photon_counter.renew()
            lab.pulse_generator.renew()
            lab.pulse_generator.hold(0)
            if tries == PLAYS:
                raise
    raise AssertionError(repeats)


def _played_once(lab: Lab, repeats: int, gated: bool) -> tuple[int, int]:
    try:
        lab.photon_counter.arm(gated=gated)
        lab.pulse_generator.start(repeats)
        lab.pulse_generator.wait()
        lab.pulse_generator.lower()  # a play may leave its last levels on the lines, light and gates included
        counted = lab.photon_counter.read()
    except BaseException:
        with suppress(PlayError):
            lab.photon_counter.disarm()
        raise
    return counted["signal"], counted["reference"]


def _check_rate(lab: Lab, program: Program, counts: int, open_s: float) -> None:
    limit = lab.limits.count_rate_cps
    if open_s > 0 and counts / open_s > limit and counts > 100:
        raise SequenceError(
            f"The photon counter saw {counts / open_s:.3g} counts/s in program {program.name!r}, above its limit of "
            f"{limit:.3g}",
            "Lower the beam's power, or limits.count_rate_cps if the detector can take it",
            count_rate_cps=counts / open_s,
        )


def _lit_ns(program: Program) -> int:
    """How long a counter is open under the pump within one repeat."""
    return sum(i.duration_ns for i in program.intervals if "pump" in i.lines and i.lines & _GATES)


def _check_not_blind(program: Program, lit_s: float) -> None:
    """Nothing was counted: is that possible?"""
    if lit_s * FAINTEST_CPS > _SURELY:
        raise SequenceError(
            f"The photon_counter counted nothing at all in {lit_s:.3g} s under the pump in program {program.name!r}, "
            f"where dark counts and background alone are more than {lit_s * FAINTEST_CPS:.0f}",
            "Check the detector's power, its cable to the photon_counter, and the lines of the gates (run wiring)",
            lit_s=lit_s,
        )
