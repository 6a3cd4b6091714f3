"""The dip of relaxation at the 13C resonance: what align and relaxometry share.

Both NVs are pumped frozen, |1> and |0> are prepared in turn, the field is left on for a contact, frozen, and read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT
from sequences.analysis.relaxation import DipFit, fit_dip
from sequences.analysis.statistics.drift_interpolation import between
from sequences.core.lab import Lab
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import contact_pair
from sequences.results import Column, Estimate, Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.estimates import dip_of
from sequences.routines.relaxation.missing_dip import no_dip

Real = NDArray[np.float64]
Currents = tuple[float, float, float]

COLUMNS: Final = (
    Column("offset_ut", "field along the axis, from the first guess of the resonance", "µT"),
    Column("contact_us", "contact time", "µs"),
    Column("surviving", "difference of the populations left", "", ("offset_ut", "contact_us")),
    Column("surviving_err", "its shot noise", "", ("offset_ut", "contact_us")),
    Column("lock_s", "laboratory time of a look at f+", "s"),
    Column("lock_ut", "deviation of the field along the axis", "µT", ("lock_s",)),
    Column("lock_err_ut", "its error", "µT", ("lock_s",)),
)
_STEPS: Final = np.arange(-4.0, 4.1)
"""Coarse scan, in half widths."""
_SLOPES: Final = np.array([-0.8, -0.45, 0.0, 0.45, 0.8])
"""Fine scan, in half widths of the survival's dip, where its slope tells most about the centre."""
_SEARCHES: Final = ((1.0, 1), (1.0, 6), (3.0, 6))
"""Range in that of the coarse scan, and contact in the plan's: diamond with little 13C relaxes slowly."""
_MOST_FINE: Final = 6
_FINE_ENOUGH: Final = 0.06
"""Error of the centre, in the expected half width, at which a fine scan needs no repetition."""
_LONGEST_CONTACT: Final = 12
"""In the plan's contact."""
_SEEN_SIGMA: Final = 6.0
_LOCK_EVERY_S: Final = 90.0
"""Between two looks at f+ while points are counted."""
_USUAL_SIGMA, _LONGEST = 45.0, 10.0


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
    drift_mt_per_sqrt_s: float
    """How fast the field is known to drift."""

    def telling_ns(self, rate_per_s: float, tick_ns: int) -> int:
        """A contact that tells most of a dip with this rate: its relaxation time, at least the plan's."""
        wanted = np.clip(1e9 / max(rate_per_s, 1.0), self.contact_ns, _LONGEST_CONTACT * self.contact_ns)
        return nearest_ns(float(wanted), tick_ns)


@dataclass(frozen=True)
class Lock:
    """One look at f+: how far the field stands from where the currents should have put it."""

    time_s: float
    deviation_mt: float
    error_mt: float

    @property
    def point(self) -> Point:
        """What a run keeps of it."""
        return Point({"lock_s": self.time_s, "lock_ut": 1e3 * self.deviation_mt, "lock_err_ut": 1e3 * self.error_mt})


@dataclass(frozen=True)
class Dip:
    """What a scan found."""

    fit: DipFit
    """Fields relative to the origin of the scan, corrected for what the locks saw."""
    locks: tuple[Lock, ...]
    centre_err_mt: float
    """Of the centre, by the points, by the locks, and by what the field may have done between them."""
    photons: int


def scan_dip(
    lab: Lab,
    inversion: Inversion,
    contacts: Contacts,
    currents_for: Callable[[float], Currents],
    look: Callable[[], Stream[Lock]],
) -> Stream[Dip]:
    """Find the dip and fit it.

    currents_for: field along the axis in mT from the origin of the scan -> currents. look: f+ at the present currents.
    Raises SequenceError if no dip is found within three times the coarse range.
    """
    scan = _Scan(lab, inversion, contacts, currents_for, look, contacts.seconds_per_point)
    yield from scan.lock(0.0)
    yield from scan.calibrate_inversion()
    for stretch, longer in _SEARCHES:
        for step in _STEPS * stretch:
            yield from scan.visit(float(step) * contacts.half_width_mt, longer * contacts.contact_ns)
        fit = scan.fitted()
        yield scan.estimate(fit)
        if _is_seen(fit, stretch, contacts):
            break
    else:
        raise scan.refusal()
    yield from scan.lock(fit.centre_mt)
    for again in range(_MOST_FINE):
        contact_ns = contacts.telling_ns(fit.rate_per_s, lab.wiring.tick_ns)
        for step in _SLOPES:
            yield from scan.visit(fit.centre_mt + float(step) * fit.half_width_mt, contact_ns)
            yield scan.estimate(scan.fitted())
        yield from scan.visit(fit.centre_mt, 0)
        fit = scan.fitted()
        if again + 1 == _MOST_FINE or scan.centre_err_mt(fit) < _FINE_ENOUGH * contacts.half_width_mt:
            break
    yield from scan.lock(fit.centre_mt)
    fit = scan.fitted()
    yield scan.estimate(fit)
    if not _is_seen(fit, 3.0, contacts):
        raise scan.refusal()
    return Dip(fit, tuple(scan.locks), scan.centre_err_mt(fit), scan.photons)


@dataclass
class _Scan:
    """The points and the locks of one scan."""

    lab: Lab
    inversion: Inversion
    contacts: Contacts
    currents_for: Callable[[float], Currents]
    look: Callable[[], Stream[Lock]]
    seconds: float
    seen: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    """Offset, contact, survival and its error, middle of its time."""
    locks: list[Lock] = field(default_factory=list)
    photons: int = 0

    def lock(self, offset_mt: float) -> Stream[None]:
        """See with f+ where the field really stands."""
        self.lab.magnet.ramp_to(self.currents_for(offset_mt))
        self.locks.append((yield from self.look()))
        yield self.locks[-1].point
        controls.pump(self.lab)
        controls.pulsed_coils(self.lab, shift_a=self.inversion.shift_a)

    def calibrate_inversion(self) -> Stream[None]:
        """Without contact, twice; and count longer if the inversion stands out less than usual."""
        yield from self.visit(0.0, 0)
        self.seconds *= _patience(self.seen[0][2] / self.seen[0][3])
        yield from self.visit(0.0, 0)

    def visit(self, offset_mt: float, contact_ns: int) -> Stream[None]:
        """One point, after a look at f+ if the last one is too long ago."""
        lab, inversion = self.lab, self.inversion
        if lab.clock.now() - self.locks[-1].time_s > _LOCK_EVERY_S:
            yield from self.lock(offset_mt)
        lab.magnet.ramp_to(self.currents_for(offset_mt))
        controls.carrier(lab, inversion.frozen_hz - GAMMA_E_HZ_PER_MT * offset_mt, inversion.dbm)
        program = contact_pair(inversion.pi_ns, contact_ns, tick_ns=lab.wiring.tick_ns)
        began_s = lab.clock.now()
        counts = measure(lab, program, repeats_for(program, self.seconds))
        total = counts.signal + counts.reference
        self.photons += total
        left, error = (counts.reference - counts.signal) / max(total, 1), 1.0 / np.sqrt(max(total, 1))
        self.seen.append((offset_mt, contact_ns * 1e-9, left, error, 0.5 * (began_s + lab.clock.now())))
        yield Point(
            {"offset_ut": offset_mt * 1e3, "contact_us": contact_ns * 1e-3, "surviving": left, "surviving_err": error}
        )

    def fitted(self) -> DipFit:
        """The dip in all points so far."""
        offset, contact, left, error, _ = np.array(self.seen).T
        deviation, _ = self._deviations()
        where = offset + deviation
        return fit_dip(where, contact, left, error, self.contacts.bath_spins, self.contacts.half_width_mt)

    def centre_err_mt(self, fit: DipFit) -> float:
        """1 sigma of a fit's centre."""
        _, covariance = self._deviations()
        return float(np.sqrt(fit.centre_err_mt**2 + fit.pulled_by @ covariance @ fit.pulled_by))

    def _deviations(self) -> tuple[Real, Real]:
        """(points,), (points, points): by how much the field missed each point, by the locks, and the covariance."""
        times_s, seen_mt, errors_mt = np.array([(k.time_s, k.deviation_mt, k.error_mt) for k in self.locks]).T
        points_s = np.array(self.seen)[:, 4]
        return between(points_s, times_s, seen_mt, errors_mt, self.contacts.drift_mt_per_sqrt_s)

    def refusal(self) -> SequenceError:
        """What the points say if there is no dip in them."""
        offset, contact, left, error, _ = np.array(self.seen).T
        return no_dip(offset, contact, left, error, self.contacts.half_width_mt, self.lab.guesses)

    def estimate(self, fit: DipFit) -> Estimate:
        """What is known of the dip now."""
        dip = dip_of(fit, self.contacts.bath_spins)
        return Estimate({"dip": dip, "rate_per_s": fit.rate_per_s, "rate_per_s_err": fit.rate_err_per_s})


def _patience(inversion_sigma: float) -> float:
    """How much longer than planned to count each point when the inversion stands out less than usual."""
    return float(np.clip((_USUAL_SIGMA / max(inversion_sigma, 1.0)) ** 2, 1.0, _LONGEST))


def _is_seen(fit: DipFit, stretch: float, contacts: Contacts) -> bool:
    inside = abs(fit.centre_mt) < 3.5 * stretch * contacts.half_width_mt
    return inside and fit.significance > _SEEN_SIGMA and fit.centre_err_mt < 0.3 * fit.half_width_mt
