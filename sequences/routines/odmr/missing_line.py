"""When a line is not where it is expected: what stands there instead, in a sentence that says what to try."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from physics.constants import D_HZ, GAMMA_E_HZ_PER_MT
from sequences.analysis.odmr.broadband import Dips, field_of_dips, find_dips
from sequences.analysis.odmr.field_from_lines import FieldSeen
from sequences.core.lab import Lab
from sequences.results import Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.light import USUAL_CPS
from sequences.routines.odmr.spectroscopy import Puzzling, reachable, scan

R = TypeVar("R")

OTHER_AXIS_DEG: Final = float(np.degrees(np.arccos(1.0 / 3.0)))
"""Between one NV axis and each of the three others: 70.53."""
_LOOK_MT: Final = 5.5
"""Nominal field of the main coil in which the wide look is taken."""
_WIDEST_MT: Final = 10.0
"""Field along the axis whose lines the wide look still reaches."""
_WIDTH_AT_0DBM_HZ: Final = 2.4e6
"""Full width by power, for a Rabi frequency of 1 MHz."""
_MOST_DBM: Final = 10.0
_NUCLEAR_HZ: Final = 4.3e6
"""Width by 14N, whatever the power."""
_STEP: Final = 0.6
"""Distance of two points, in widths."""
_EFFICIENCY: Final = 0.2
"""Diffraction of the pump's AOM: brighter than for narrow lines, which a line broadened by power bears."""
_POINT_ERR: Final = 0.006
"""Of a ratio, with the light of narrow lines; with this one it is smaller."""
_SHORTEST_S, _LONGEST_S = 1.0, 4.0
_SMALL_MT: Final = 0.2
"""Without current, lines closer than this, along the axis, are not told apart."""
_USUAL_RESIDUAL: Final = 0.1
"""Residual field over the coil's that leaves an angle its meaning."""
_RESIDUAL_ERR_MT: Final = 0.03
"""Of each component of a residual field too small to be seen here."""
_USUAL_TILT_DEG: Final = 5.0
_LARGE_TILT_DEG: Final = 10.0
_TILT_SIGMAS: Final = 2.0
"""Near the axis noise turns easily into an angle: one counts if it is surely beyond the usual."""
_USUAL_GAIN: Final = 0.06
"""Relative deviation of the main coil that the survey masters."""
_SIGMAS: Final = 3.0


@dataclass(frozen=True)
class _Look:
    """What stands in a wide spectrum at one current of the main coil."""

    main_a: float
    dips: Dips
    low_hz: float
    high_hz: float
    dbm: float

    @property
    def field(self) -> FieldSeen | None:
        """None if the two lines of one NV are not there."""
        return field_of_dips(self.dips)


def explained(lab: Lab, stream: Stream[R], otherwise: str) -> Stream[R]:
    """The stream; if lines puzzle it, a wide look at a low field says in the refusal what stands there instead.

    otherwise: what to try if nothing there is unusual. The spectra are data of the run, and the magnet is brought back
    to where it was.
    """
    try:
        return (yield from stream)
    except Puzzling as caught:
        puzzle = caught
    raise (yield from _looked_for(lab, puzzle, otherwise))


def _looked_for(lab: Lab, puzzle: Puzzling, otherwise: str) -> Stream[SequenceError]:
    """What to say of it, after a look with current in the main coil and one without."""
    yield Progress(0.05, f"{puzzle.what}: a wide look at what stands there instead")
    before = lab.magnet.currents()
    with_a = min(_LOOK_MT / _mt_per_a(lab), lab.magnet.limits_a[2])
    look = yield from _wide_look(lab, with_a, _WIDEST_MT, puzzle.counts_per_s)
    if look.dips.centres_hz:
        without = yield from _wide_look(lab, 0.0, _LOOK_MT, puzzle.counts_per_s)
        refusal = _told_by_lines(lab, puzzle.what, look, without, otherwise)
    else:
        refusal = _told_by_nothing(puzzle.what, look, puzzle.counts_per_s)
    lab.magnet.ramp_to(before)
    return refusal


def _wide_look(lab: Lab, main_a: float, reach_mt: float, counts_per_s: float) -> Stream[_Look]:
    """Both lines of an NV in any field up to reach_mt at any angle: coarse steps of a power-broadened line."""
    lab.magnet.ramp_to((0.0, 0.0, main_a))
    controls.pump(lab, _EFFICIENCY)
    dbm = min(lab.limits.microwave_dbm, _MOST_DBM)
    by_power_hz = _WIDTH_AT_0DBM_HZ * lab.guesses.rabi_mhz_at_0dbm * 10.0 ** (dbm / 20.0)
    width_hz = max(by_power_hz, _NUCLEAR_HZ)
    half_hz = GAMMA_E_HZ_PER_MT * reach_mt
    frequencies = reachable(np.arange(D_HZ - half_hz, D_HZ + half_hz, _STEP * width_hz))
    seconds = float(np.clip(2.0 / (counts_per_s * _POINT_ERR**2), _SHORTEST_S, _LONGEST_S))
    ratio, error = yield from scan(lab, frequencies, dbm, seconds)
    dips = find_dips(frequencies, ratio, error, width_hz)
    return _Look(main_a, dips, float(frequencies[0]), float(frequencies[-1]), dbm)


def _told_by_nothing(what: str, look: _Look, counts_per_s: float) -> SequenceError:
    """Neither line of any NV: too little light for one, or no microwave."""
    light = f"{counts_per_s:.3g} counts/s of laboratory time come with the light on"
    if counts_per_s < USUAL_CPS:
        remedy = f"So few are background: a pair of NVs gives more than {USUAL_CPS:g}. Focus on NVs (run locate) first"
    else:
        remedy = (
            "There is light enough for NVs: check the microwave's amplifier, cable and antenna, the line mw_x "
            "(wiring.lines of station.yaml; run wiring), and guesses.rabi_mhz_at_0dbm"
        )
    return SequenceError(
        f"{what}, and none at all between {look.low_hz / 1e6:.0f} and {look.high_hz / 1e6:.0f} MHz at {look.dbm:g} dBm "
        f"and {look.main_a:.4f} A in the main coil, where {100 * look.dips.least_depth:.1f} % would have been seen; "
        f"{light}",
        remedy,
        counts_per_s=counts_per_s,
        least_depth=look.dips.least_depth,
    )


def _told_by_lines(lab: Lab, what: str, look: _Look, without: _Look, otherwise: str) -> SequenceError:
    """What the lines with and without current in the main coil say of the NV's axis and the field."""
    seen, left = look.field, without.field
    if seen is None or len(look.dips.centres_hz) < 2:
        return _told_by_one(what, look, without)
    residual_mt = left.field_mt if left is not None else 0.0
    ratio = seen.field_mt / (_mt_per_a(lab) * look.main_a)
    sound = ("At this field coil and axis are as they should be", otherwise)
    cause, remedy = _cause(lab, look.main_a, seen, left) or sound
    return SequenceError(
        f"{what}. With {look.main_a:.4f} A in the main coil {_stand(look.dips)}: {_words(seen)} to the NV axis; "
        f"without current {_residual_words(left)}. {cause}",
        remedy,
        field_mt=seen.field_mt,
        field_mt_err=seen.field_err_mt,
        tilt_deg=seen.tilt_deg,
        tilt_deg_err=seen.tilt_err_deg,
        residual_mt=residual_mt,
        main_coil_ratio=ratio,
    )


def _cause(lab: Lab, main_a: float, seen: FieldSeen, left: FieldSeen | None) -> tuple[str, str] | None:
    """What is unusual, and what to try; None if nothing is."""
    ratio = seen.field_mt / (_mt_per_a(lab) * main_a)
    residual_mt = left.field_mt if left is not None else 0.0
    if residual_mt > max(_SMALL_MT, _USUAL_RESIDUAL * _mt_per_a(lab) * main_a):
        return (
            f"This is a residual field of {residual_mt:.2f} mT, far beyond the 0.06 mT that align masters",
            "Remove magnets and magnetised steel near the sample, or cancel it with coils of its own",
        )
    axis_err_deg = np.hypot(seen.tilt_err_deg, np.degrees(_RESIDUAL_ERR_MT / seen.field_mt))
    if abs(seen.tilt_deg - OTHER_AXIS_DEG) < _USUAL_TILT_DEG + _SIGMAS * axis_err_deg:
        return (
            f"This is an NV of another orientation: its axis stands {seen.tilt_deg:.1f}(±{axis_err_deg:.1f}) degrees "
            "from the main coil's field, as the other axes of the crystal do "
            f"({OTHER_AXIS_DEG:.1f} degrees)",
            "Take another NV, one whose axis follows the main coil, or turn the diamond so that this one's does",
        )
    if seen.tilt_deg > _LARGE_TILT_DEG and seen.tilt_deg - _TILT_SIGMAS * axis_err_deg > _USUAL_TILT_DEG:
        return (
            f"The NV axis stands {seen.tilt_deg:.1f}(±{axis_err_deg:.1f}) degrees from the main coil's field, more "
            "than the trims can make up for",
            "Turn the diamond or the magnet, and look for magnetised steel near the sample",
        )
    if abs(ratio - 1.0) > _USUAL_GAIN:
        return (
            f"The main coil makes {ratio * _mt_per_a(lab):.1f} mT/A, {100 * ratio:.0f} % of "
            f"guesses.coil_matrix_mt_per_a ({_mt_per_a(lab):g})",
            "Correct guesses.coil_matrix_mt_per_a in station.yaml, or check the coil for shorted turns and its leads",
        )
    return None


def _told_by_one(what: str, look: _Look, without: _Look) -> SequenceError:
    """No two lines that a field makes: merged ones where there is no field along the axis, or a stranger."""
    moved_hz = np.ptp([np.mean(one.dips.centres_hz or D_HZ) for one in (look, without)])
    spread_hz = np.ptp(look.dips.centres_hz)
    if spread_hz + moved_hz < look.dips.width_hz:
        cause = "The main coil moves nothing: no field reaches the NV"
        remedy = "Check the main coil's leads and that its supply's output is on"
    else:
        cause = "They are not the two lines of one NV in any field"
        remedy = "Look at a spectrum (run odmr), and check whether several NVs or other defects are in focus"
    return SequenceError(
        f"{what}. With {look.main_a:.4f} A in the main coil {_stand(look.dips)}, without current "
        f"{_stand(without.dips)}. {cause}",
        remedy,
        lines_hz=np.array(look.dips.centres_hz),
    )


def _mt_per_a(lab: Lab) -> float:
    """Of the main coil along itself, nominal."""
    return float(lab.guesses.coil_matrix_mt_per_a[2][2])


def _stand(dips: Dips) -> str:
    places = [f"{c / 1e6:.1f}(±{e / 1e6:.1f}) MHz" for c, e in zip(dips.centres_hz, dips.errors_hz, strict=True)]
    if not places:
        return "no line stands anywhere"
    return f"lines stand at {' and '.join(places)}" if len(places) > 1 else f"one line stands at {places[0]}"


def _words(seen: FieldSeen) -> str:
    return f"{seen.field_mt:.2f}(±{seen.field_err_mt:.2f}) mT at {seen.tilt_deg:.1f}(±{seen.tilt_err_deg:.1f}) degrees"


def _residual_words(left: FieldSeen | None) -> str:
    return f"less than {_SMALL_MT:g} mT along it" if left is None else _words(left)
