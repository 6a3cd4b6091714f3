"""A half turn against the lines `shift` and `gradient`: while one of them takes the pair off resonance it stands."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from physics.constants import GAMMA_13C_HZ_PER_MT, GAMMA_E_HZ_PER_MT
from sequences.analysis.checks.late_pulse import Cut, LatePulse, fit_late
from sequences.core.lab import Lab
from sequences.pulses.library import pumped, read
from sequences.pulses.program import Program
from sequences.results import Column, Point, SequenceError, Stream
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.bench.line_delays import ahead_ticks
from sequences.routines.checks.light_edges import LATEST_NS, window_ns
from sequences.routines.pair.frozen import ratio

Coil = Literal["shift", "gradient"]

COLUMNS: Final = (
    Column("coil", "line that takes the pair off resonance: 0 shift, 1 gradient", ""),
    Column("pulse_ns", "length of the pulse", "ns"),
    Column("away_from_ns", "begin of the stretch off resonance, after the line of the pulse went up", "ns"),
    Column("away_to_ns", "its end", "ns"),
    Column("ratio", "signal / reference", "", ("coil", "pulse_ns", "away_from_ns", "away_to_ns")),
    Column("ratio_err", "its shot noise", "", ("coil", "pulse_ns", "away_from_ns", "away_to_ns")),
)
_SCAN_TIMES, _FINE_TIMES = 2.0, 20.0
"""Counting times, in units of a window of the light's."""
_SEEN_SIGMA: Final = 8.0
_EARLIEST_STEPS: Final = -4
"""Of the scan."""
_LEAD_NS: Final = 2_000
"""Frozen and dark before a pulse's line, beside the usual settling: room for light that is as late as can be."""
_NEAR_NS: Final = 150.0
_FARTHER: Final = 1.6
"""What the compensation adds to the field, in units of what the shift coil does: the line lies far from the pulse then,
whichever way the compensation acts, and not on the 13C resonance."""
_GUESS_ERR: Final = 0.1
"""Relative: as far as the compensation's guess may be wrong."""
_DETUNINGS: Final = 41


@dataclass(frozen=True)
class _Turn:
    """The calibrated pulse, and how far a coil takes the line from it."""

    pi_ns: int
    rabi_mhz: float
    rabi_err_mhz: float
    detunings_mhz: tuple[float, ...]


def measured_late(lab: Lab, coil: Coil, seconds: float) -> Stream[LatePulse]:
    """Delay of the microwave's line against a coil's. seconds: of each window of the light's scan.

    Needs what `align` and `rabi` calibrated. Raises SequenceError if pulses turn nothing, or always do.
    """
    turn, tick_ns = _set(lab, coil), lab.wiring.tick_ns
    pi = turn.pi_ns // tick_ns
    step = min(window_ns(tick_ns) // tick_ns, max(1, pi // 2))
    earliest = _EARLIEST_STEPS * step
    whole = yield from _measured(lab, coil, ((0, 0, 0), (pi, 0, 0)), _FINE_TIMES * seconds)
    _check_turning(coil, *whole)
    stretches = tuple((pi, at, at + pi) for at in range(earliest, LATEST_NS // tick_ns + 1, step))
    scan = yield from _measured(lab, coil, stretches, _SCAN_TIMES * seconds)
    scanned_ns = (float(earliest * tick_ns), float(LATEST_NS))
    # one detuning will do for a look: it moves the delay by a few ns
    about = fit_late(scan, turn.rabi_mhz, turn.rabi_err_mhz, _middle(turn.detunings_mhz), scanned_ns)
    if about.significance < _SEEN_SIGMA:
        _refuse_uncut(coil, scanned_ns, about.significance)
    base = int(about.delay_ns // tick_ns)
    cuts = []
    for kept in (pi // 2, pi // 2 + min(step, max(1, pi // 4))):
        cuts += [(pi, base + kept, base + pi + 3 * step), (pi, base - 2 * step, base + kept)]
    fine = yield from _measured(lab, coil, tuple(cuts), _FINE_TIMES * seconds)
    near_ns = about.delay_ns - _NEAR_NS, about.delay_ns + _NEAR_NS
    # without the scan: a pulse that goes on after a stretch depends on what the bath did to the coherence meanwhile
    return fit_late([*whole, *fine], turn.rabi_mhz, turn.rabi_err_mhz, turn.detunings_mhz, near_ns)


def cut_program(coil: Coil, pulse: int, away: tuple[int, int], tick_ns: int) -> Program:
    """Pump, a pulse of so many ticks, read; from the one tick to the other after the pulse begins off resonance."""
    program = Program(f"turn cut by {coil}", tick_ns)
    earliest, latest = -_LEAD_NS // tick_ns, (LATEST_NS + _LEAD_NS) // tick_ns
    edges = sorted({earliest, latest, *(tick for tick in (0, pulse, *away) if earliest < tick < latest)})
    for tick, until in pairwise(edges):
        lines = {"shift"} | ({"mw_x"} if 0 <= tick < pulse else set())
        if away[0] <= tick < away[1]:
            lines = lines - {"shift"} if coil == "shift" else lines | {"gradient"}
        program = program.then((until - tick) * tick_ns, *lines)
    return (pumped(tick_ns) + program + read(tick_ns=tick_ns)).named(program.name)


def _set(lab: Lab, coil: Coil) -> _Turn:
    """Field, pulses, pump and coils."""
    calibrated_bench.set_field(lab)
    calibrated_bench.set_pulses(lab)
    controls.pump(lab)
    line = lab.calibration.get("microwave.collective_hz")
    carrier_hz = line.value if line else calibrated_bench.calibrated(lab, "microwave.frozen_hz")
    controls.carrier(lab, carrier_hz, calibrated_bench.calibrated(lab, "microwave.pi_half_dbm"))
    quarter_ns = calibrated_bench.calibrated(lab, "microwave.pi_half_ns")
    relative = max(calibrated_bench.calibrated_err(lab, "microwave.pi_half_ns") / quarter_ns, 1e-4)
    rabi_mhz = 0.25e3 / quarter_ns
    if coil == "shift":
        controls.gradient_coils(lab, 0.0, 0.0)
        away_hz = carrier_hz - GAMMA_13C_HZ_PER_MT * calibrated_bench.calibrated(lab, "field.resonance_mt")
        detunings = np.array([1e-6 * away_hz])
    else:
        added_mt = _FARTHER * calibrated_bench.calibrated(lab, "shift.a") * lab.guesses.shift_mt_per_a
        wanted_a = added_mt / lab.guesses.compensation_mt_per_a
        current_a = float(np.clip(wanted_a, -lab.limits.pulsed_a, lab.limits.pulsed_a))
        controls.gradient_coils(lab, 0.0, current_a)
        away_hz = GAMMA_E_HZ_PER_MT * abs(lab.guesses.compensation_mt_per_a * current_a)
        detunings = 1e-6 * away_hz * np.linspace(1.0 - _GUESS_ERR, 1.0 + _GUESS_ERR, _DETUNINGS)
    return _Turn(2 * round(quarter_ns), rabi_mhz, relative * rabi_mhz, tuple(detunings.tolist()))


def _middle(values: tuple[float, ...]) -> tuple[float, ...]:
    return (values[len(values) // 2],)


def _measured(lab: Lab, coil: Coil, cuts: tuple[tuple[int, int, int], ...], seconds: float) -> Stream[list[Cut]]:
    """cuts: length of the pulse, begin and end of the stretch off resonance, in ticks."""
    tick_ns, measured = lab.wiring.tick_ns, []
    early = {"pump": ahead_ticks(lab).get("pump", 0)}  # the read-out's light as it will be; the microwave as it is
    for pulse, *away in cuts:
        program = cut_program(coil, pulse, (away[0], away[1]), tick_ns)
        seen, error = ratio(lab, program, seconds, early)
        cut = Cut(float(pulse * tick_ns), float(away[0] * tick_ns), float(away[1] * tick_ns), seen, error)
        measured.append(cut)
        yield Point(
            {
                "coil": float(coil == "gradient"),
                "pulse_ns": cut.pulse_ns,
                "away_from_ns": cut.from_ns,
                "away_to_ns": cut.to_ns,
                "ratio": seen,
                "ratio_err": error,
            }
        )
    return measured


def _check_turning(coil: Coil, none: Cut, whole: Cut) -> None:
    sigma = (none.ratio - whole.ratio) / float(np.hypot(none.error, whole.error))
    if sigma < _SEEN_SIGMA:
        raise SequenceError(
            f"A half turn turns nothing: {whole.ratio:.4f}(±{whole.error:.4f}) after it, {none.ratio:.4f}"
            f"(±{none.error:.4f}) without, {sigma:.1f} sigma apart",
            "Run labctl run rabi again; labctl run wiring tests the lines mw_x and shift",
            coil=coil,
            significance=sigma,
        )


def _refuse_uncut(coil: Coil, scanned_ns: tuple[float, float], sigma: float) -> None:
    raise SequenceError(
        f"The line {coil} cuts no pulse short, from {scanned_ns[0]:.0f} to {scanned_ns[1]:.0f} ns after the line of "
        f"the microwave ({sigma:.1f} sigma): the microwave's delay lies beyond what was scanned, or the coil of {coil} "
        "does not take the pair off resonance",
        "Check the microwave's switch and cables; labctl run wiring tests both coils",
        coil=coil,
        significance=sigma,
    )
