"""The dip of relaxation at the 13C resonance: what align and relaxometry share.

Both NVs are pumped frozen, |1> and |0> are prepared in turn, the field is left on for a contact, frozen, and read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from physics.constants import GAMMA_13C_HZ_PER_MT, GAMMA_E_HZ_PER_MT
from physics.levels import nv_lines
from sequences import controls
from sequences.analysis.relaxation import DipFit, fit_dip
from sequences.lab import Lab
from sequences.measure import measure, repeats_for
from sequences.pulses.library import contact_pair
from sequences.results import Column, Point, SequenceError, Stream

Currents = tuple[float, float, float]

COLUMNS: Final = (
    Column("offset_ut", "field along the axis, from the first guess of the resonance", "µT"),
    Column("contact_us", "contact time", "µs"),
    Column("surviving", "difference of the populations left", "", ("offset_ut", "contact_us")),
    Column("surviving_err", "its shot noise", "", ("offset_ut", "contact_us")),
)
_STEPS: Final = np.arange(-4.0, 4.1)
"""Coarse scan, in half widths."""
_SLOPES: Final = np.array([-0.8, -0.45, 0.0, 0.45, 0.8])
"""Fine scan, in half widths of the survival's dip, where its slope tells most about the centre."""
_SEEN_SIGMA: Final = 6.0
_USUAL_SIGMA, _LONGEST = 80.0, 10.0


@dataclass(frozen=True)
class Inversion:
    """A pi pulse on the frozen line."""

    shift_a: float
    """Current of the freezing coil."""
    frozen_hz: float
    """Carrier, with the field at the origin of a scan."""
    dbm: float
    pi_ns: int


@dataclass(frozen=True)
class Contacts:
    """How the dip is scanned."""

    contact_ns: int
    seconds_per_point: float
    half_width_mt: float
    """Expected."""
    bath_spins: float


@dataclass(frozen=True)
class Dip:
    """What a scan found."""

    fit: DipFit
    """Fields relative to the origin of the scan."""
    photons: int


def detuning_slope_hz_per_mt(along_mt: float, nitrogen: bool) -> float:
    """d(detuning) / d(B along): of f- signed, less the 13C line on its side of the crossing."""
    lines = nv_lines(along_mt, 0.0, nitrogen)
    return float(lines.minus_slope_hz_per_mt[0] - np.sign(lines.minus_hz[0]) * GAMMA_13C_HZ_PER_MT)


def scan_dip(
    lab: Lab, inversion: Inversion, contacts: Contacts, currents_for: Callable[[float], Currents]
) -> Stream[Dip]:
    """Find the dip and fit it. currents_for: field along the axis in mT from the origin of the scan -> currents.

    Raises SequenceError if no dip is found within three times the coarse range.
    """
    controls.pump(lab)
    controls.pulsed_coils(lab, shift_a=inversion.shift_a)
    seen: list[tuple[float, float, float, float]] = []
    photons, middle, seconds = 0, 0.0, contacts.seconds_per_point

    def visit(offset_mt: float, contact_ns: int) -> Stream[None]:
        nonlocal photons
        lab.magnet.ramp_to(currents_for(offset_mt))
        controls.carrier(lab, inversion.frozen_hz - GAMMA_E_HZ_PER_MT * offset_mt, inversion.dbm)
        program = contact_pair(inversion.pi_ns, contact_ns, tick_ns=lab.wiring.tick_ns)
        counts = measure(lab, program, repeats_for(program, seconds))
        total = counts.signal + counts.reference
        photons += total
        left, error = (counts.reference - counts.signal) / max(total, 1), 1.0 / np.sqrt(max(total, 1))
        seen.append((offset_mt, contact_ns * 1e-9, left, error))
        yield Point(
            {"offset_ut": offset_mt * 1e3, "contact_us": contact_ns * 1e-3, "surviving": left, "surviving_err": error}
        )

    def fitted() -> DipFit:
        offset, contact, left, error = np.array(seen).T
        return fit_dip(offset, contact, left, error, contacts.bath_spins, contacts.half_width_mt)

    yield from visit(middle, 0)
    seconds *= _patience(seen[0][2] / seen[0][3])
    yield from visit(middle, 0)
    fit = None
    for stretch in (1.0, 3.0):
        for step in _STEPS * stretch:
            yield from visit(float(step) * contacts.half_width_mt, contacts.contact_ns)
        fit = fitted()
        if _is_seen(fit, stretch, contacts):
            break
    else:
        raise _no_dip(fit, contacts)
    middle = fit.centre_mt
    for step in _SLOPES:
        yield from visit(middle + float(step) * fit.half_width_mt, contacts.contact_ns)
    yield from visit(middle, 0)
    fit = fitted()
    if not _is_seen(fit, 3.0, contacts):
        raise _no_dip(fit, contacts)
    return Dip(fit, photons)


def _patience(inversion_sigma: float) -> float:
    """How much longer than planned to count each point when the inversion stands out less than usual."""
    return float(np.clip((_USUAL_SIGMA / max(inversion_sigma, 1.0)) ** 2, 1.0, _LONGEST))


def _is_seen(fit: DipFit, stretch: float, contacts: Contacts) -> bool:
    inside = abs(fit.centre_mt) < 3.5 * stretch * contacts.half_width_mt
    return inside and fit.significance > _SEEN_SIGMA and fit.centre_err_mt < 0.3 * fit.half_width_mt


def _no_dip(fit: DipFit | None, contacts: Contacts) -> SequenceError:
    reach_ut = 12e3 * contacts.half_width_mt
    rate = f"{fit.rate_per_s:.3g}(±{fit.rate_err_per_s:.2g}) /s" if fit else "nothing"
    return SequenceError(
        f"No dip of relaxation within ±{reach_ut:.0f} µT of the expected 13C resonance: the best fit has {rate}",
        "Check the pi pulse (line mw_x, frozen by the line shift), guesses.cr_half_width_khz, or scan a longer contact",
        reach_ut=reach_ut,
    )
