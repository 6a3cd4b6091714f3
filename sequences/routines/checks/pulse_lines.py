"""Every pulse line, one at a time, at zero field: which beam, gate, microwave or coil answers to it?"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from physics.constants import D_HZ
from sequences.analysis.checks.line_roles import Misled, falling, misled, rising
from sequences.core.lab import Lab
from sequences.pulses.program import LINES, Program
from sequences.results import Column, Point, Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import Counts, measure, repeats_for
from sequences.routines.bench.selection import selects_inside
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY

COLUMNS: Final = (
    Column("test", "number of the test", ""),
    Column("line", "pulse line raised, -1 for none", ""),
    Column("signal_counts", "signal counter", "", ("test", "line")),
    Column("reference_counts", "reference counter", "", ("test", "line")),
)
_SHOT_NS: Final = 100_000
_STEER_AWAY_NM: Final = 180.0
"""So far from the middle of the field that the doughnut's crest lies on any NV there."""
_DOUGHNUT_MW: Final = 40.0
_PULSES: Final = ("mw_x", "mw_y", "shift", "gradient")
MICROWAVE_TIMES: Final = 8.0
"""Counting time of points with the microwave, whose contrast is small, in units of the others'."""
_NO_CURRENT_A: Final = 1e-3
_GATES: Final = ("gate_signal", "gate_reference")


@dataclass(frozen=True)
class LinesSeen:
    """What the tests at zero field saw."""

    light_cps: float
    dark_cps: float
    contrast: float


class _Bench:
    """Raises single lines and counts; keeps what was counted as points."""

    def __init__(self, lab: Lab, seconds: float) -> None:
        self.lab, self.seconds, self.test = lab, seconds, 0
        self.points: list[Point] = []

    def count(self, *roles: str, gated: bool = False) -> Counts:
        """Counts with these lines high throughout."""
        program = Program("one line", self.lab.wiring.tick_ns).then(self.lab.whole_ticks(_SHOT_NS), *roles)
        counts = measure(self.lab, program, repeats_for(program, self.seconds), gated, as_written=True)
        line = self.lab.wiring.lines[roles[-1]] if roles else -1
        values = {"test": self.test, "line": line, "signal_counts": counts.signal, "reference_counts": counts.reference}
        self.points.append(Point({name: float(value) for name, value in values.items()}))
        return counts

    def each(self, roles: Iterable[str], *along: str) -> dict[str, float]:
        """Every photon, with one of these lines high at a time, and others along with it."""
        return {role: float(self.count(*along, role).signal) for role in roles}

    def new_points(self, fraction: float, note: str) -> Iterator[Point | Progress]:
        """What has been counted since it was last told."""
        yield from self.points
        yield Progress(fraction, note)
        self.points, self.test = [], self.test + 1


def check_lines(lab: Lab, seconds: float) -> Stream[LinesSeen]:
    """Raise line after line and see what answers. Raises SequenceError naming the lines that are swapped or dead."""
    bench = _Bench(lab, seconds)
    dark, light = _light(bench)
    yield from bench.new_points(0.1, f"{light.signal / light.duration_s / 1e3:.1f} kcps of green light")
    _check_gates(bench)
    yield from bench.new_points(0.3, "both gates open to their own lines")
    _check_beams(bench, float(dark.signal))
    yield from bench.new_points(0.6, "both beams open to their own lines")
    bench.seconds = MICROWAVE_TIMES * seconds
    with zero_field(lab):
        contrast = _check_microwave(bench)
        yield from bench.new_points(0.75, f"the microwave takes {100 * contrast:.1f} % of the light")
        _check_coils(bench)
        yield from bench.new_points(0.9, "both coils answer to their own lines")
    return LinesSeen(light.signal / light.duration_s, dark.signal / dark.duration_s, contrast)


def _light(bench: _Bench) -> tuple[Counts, Counts]:
    """Counts in the dark and in constant green light. Raises SequenceError if the counter cannot hear the detector."""
    lab = bench.lab
    dark = bench.count()
    controls.pump(lab, CW_EFFICIENCY)
    lab.aom.pump.ignore_line()
    light = bench.count()
    if not _is_light(light, dark):
        _refuse_silence(bench, light)
    return dark, light


def _refuse_silence(bench: _Bench, light: Counts) -> None:
    """No photons: is the detector on the terminal of a gate?"""
    counter = bench.lab.photon_counter
    inputs = dict(counter.inputs())
    believed = inputs.get("photons", "")
    for role in _GATES:
        if (other := inputs.get(role)) is None:
            continue
        counter.connect({"photons": other})
        try:
            there = bench.count()
        finally:
            counter.connect({"photons": believed})
        if _is_light(there, light):
            raise SequenceError(
                f"The photon detector is heard on {other}, the terminal of {role}, not on {believed}: the terminals "
                f"photons and {role} are swapped",
                f"Correct wiring.terminals in station.yaml (photons: {other}, {role}: {believed}) or the cables",
                swapped=f"photons {role}",
            )
    raise SequenceError(
        f"No photons under constant green light: {light.signal} counts in {light.duration_s:.2f} s, as in the dark",
        "Check green_laser, aom and shutter, the detector, and wiring.terminals.photons in station.yaml",
        photons=light.signal,
    )


def _is_light(counts: Counts, dark: Counts) -> bool:
    return bool(counts.signal - dark.signal > 8.0 * (counts.signal + dark.signal + 1) ** 0.5)


def _check_gates(bench: _Bench) -> None:
    """In constant light, which line opens which counter?"""
    closed = bench.count(gated=True)
    opened = {role: bench.count(role, gated=True) for role in LINES}
    swapped: list[Misled] = []
    for role, counted in (
        ("gate_signal", {r: float(c.signal) for r, c in opened.items()}),
        ("gate_reference", {r: float(c.reference) for r, c in opened.items()}),
    ):
        baseline = float(closed.signal if role == "gate_signal" else closed.reference)
        swapped += _answered(bench.lab, role, rising(counted, baseline), f"opens the counter of {role}")
    _refuse(bench.lab, swapped)


def _check_beams(bench: _Bench, dark: float) -> None:
    """Which line switches the green beam, and which one the doughnut?"""
    lab = bench.lab
    lab.aom.pump.follow_line()
    swapped = _answered(lab, "pump", rising(bench.each(LINES), dark), "switches the green beam on")
    lab.aom.pump.switch_off()
    controls.steer(lab, _STEER_AWAY_NM, 0.0)
    controls.doughnut(lab, _DOUGHNUT_MW)
    swapped += _answered(lab, "depletion", _seen_of_doughnut(bench, dark), "switches the doughnut on")
    controls.doughnut(lab, 0.0)
    _refuse(lab, swapped)


def _seen_of_doughnut(bench: _Bench, dark: float) -> frozenset[str]:
    """Roles whose line lets the doughnut shine; one that only forbids is seen by what it takes of the green light."""
    if not selects_inside(bench.lab):
        return rising(bench.each(LINES), dark)
    controls.pump(bench.lab, CW_EFFICIENCY)
    bench.lab.aom.pump.ignore_line()
    bright = float(bench.count().signal)
    found = falling(bench.each(LINES), bright)
    bench.lab.aom.pump.switch_off()
    return found


@contextmanager
def zero_field(lab: Lab) -> Iterator[None]:
    """No current in the magnet inside; afterwards it is as before."""
    before = lab.magnet.currents()
    if max(abs(current) for current in before) < _NO_CURRENT_A:
        yield
        return
    lab.magnet.ramp_to((0.0, 0.0, 0.0))
    try:
        yield
    finally:
        lab.magnet.ramp_to(before)


def _check_microwave(bench: _Bench) -> float:
    """At zero field all lines of the NV lie about D: which lines of the card let the microwave through?

    Returns the share of the light that it takes.
    """
    lab = bench.lab
    controls.pump(lab, CW_EFFICIENCY)
    lab.aom.pump.ignore_line()
    controls.pulsed_coils(lab)
    controls.carrier(lab, D_HZ, lab.limits.microwave_dbm)
    bright, counted = float(bench.count().signal), bench.each(_PULSES)
    dimming = falling(counted, bright)
    if not dimming:
        raise SequenceError(
            f"The microwave at {D_HZ / 1e6:.0f} MHz and {lab.limits.microwave_dbm:g} dBm dims the light by none of the "
            f"lines {_listed(lab, _PULSES)}",
            "Check the source's output, its amplifier and switches, and the cables of mw_x and mw_y",
        )
    _refuse(lab, misled(("mw_x", "mw_y"), dimming))
    if len(dimming) < 2:
        (dead,) = {"mw_x", "mw_y"} - dimming
        _refuse_dead(lab, dead, "lets the microwave through")
    return 1.0 - min(counted.values()) / bright


def _check_coils(bench: _Bench) -> None:
    """With the microwave on, a coil moves the NV out of resonance and the light comes back: which line does it?"""
    lab = bench.lab
    swapped: list[Misled] = []
    for role, currents in (
        ("shift", {"shift_a": -lab.limits.pulsed_a}),
        ("gradient", {"compensation_a": lab.limits.pulsed_a}),
    ):
        controls.pulsed_coils(lab, **currents)
        dim = float(bench.count("mw_x").signal)
        brightening = rising(bench.each(("shift", "gradient"), "mw_x"), dim)
        swapped += _answered(lab, role, brightening, f"switches the {role} coil")
    controls.coils_off(lab)
    controls.carrier_off(lab)
    _refuse(lab, swapped)


# ---- verdicts ------------------------------------------------------------------------------------------------------


def _answered(lab: Lab, role: str, answering: frozenset[str], what: str) -> list[Misled]:
    """The role if another one's line does its work. Raises SequenceError if no line does."""
    if not answering:
        _refuse_dead(lab, role, what)
    return list(misled((role,), answering))


def _refuse_dead(lab: Lab, role: str, what: str) -> None:
    raise SequenceError(
        f"No pulse line {what}: line {lab.wiring.lines[role]} (role {role}) is dead",
        "Check its cable, its switch and the instrument behind it, and wiring.lines in station.yaml",
        role=role,
    )


def _refuse(lab: Lab, swapped: Iterable[Misled]) -> None:
    """Raises SequenceError naming roles and lines, if any."""
    pairs = {tuple(sorted((one.role, one.answers_to), key=LINES.index)) for one in swapped}
    if not pairs:
        return
    lines = lab.wiring.lines
    named = "; ".join(f"{a} (line {lines[a]}) and {b} (line {lines[b]})" for a, b in sorted(pairs))
    right = ", ".join(f"{a}: {lines[b]}, {b}: {lines[a]}" for a, b in sorted(pairs))
    gates = {_GATES} == pairs
    also = ", or the two gates in wiring.terminals" if gates else ""
    raise SequenceError(
        f"Lines are swapped: {named}",
        f"Correct wiring.lines in station.yaml ({right}){also}, or the cables",
        swapped=" ".join(role for pair in sorted(pairs) for role in pair),
    )


def _listed(lab: Lab, roles: Iterable[str]) -> str:
    return ", ".join(f"{lab.wiring.lines[role]} ({role})" for role in roles)
