"""The lock across the axis: the light under small dithers of the trims tells B across, which no line sees when aligned.

f+ under the same dithers bends by 9 kHz per uT, and would tell it too, sixty times more slowly: see `analysis.bowl`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.magnet.transverse_dimming import TransverseDimming, TransverseFit, fit_transverse
from sequences.analysis.statistics.drift import FollowedDrift, standing
from sequences.core.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.stabilisation.drift_rates import FIELD_KEY, believed, is_moving, is_worth_it
from sequences.routines.stabilisation.outputs import HeldField

Real = NDArray[np.float64]

TOLERANCE_UT: Final = 2.0
"""Of the field across: from there on pumping leaves more than a thousandth of |0> elsewhere."""
_DUE_SHARE: Final = 0.33
"""Error of a component at which a look is due, over the tolerance."""
_DITHER_UT: Final = 16.0
_CROSS: Final = _DITHER_UT * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
_FIRST: Final = np.vstack([_CROSS, np.zeros((1, 2)), _CROSS[::-1], np.zeros((1, 2))])
_POINT_S, _FIRST_POINT_S = 1.0, 1.5
_EFFICIENCY: Final = 1.0
"""Of the pump's AOM: the brighter, the sooner."""
_FAR_UT: Final = 5.0
"""Beyond it the bowl is measured once more, from where it was thought to be."""
_ATTEMPTS: Final = 4
_WORST_SURPRISE: Final = 25.0
_RATES_UT_PER_SQRT_MIN: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
_QUIET_UT_PER_SQRT_MIN: Final = (0.003, 0.012, 0.025)
_QUIET_LONGEST_S: Final = 1800.0


class TransverseLock:
    """Follows both components across the axis; `begin` before `look`."""

    name = "lock across"
    shortest_s = 60.0

    def __init__(self, lab: Lab, field: HeldField, quiet: bool = False) -> None:
        """quiet: the bench may stand still."""
        self.lab, self.field = lab, field
        self._rates = (*_QUIET_UT_PER_SQRT_MIN, *_RATES_UT_PER_SQRT_MIN) if quiet else _RATES_UT_PER_SQRT_MIN
        self._believed = believed(lab, FIELD_KEY, self._rates) if quiet else None
        self._dimming = TransverseDimming(
            calibrated(lab, "field.resonance_mt"), calibrated(lab, "field.nitrogen") > 0.5
        )
        self._program = Program("light", lab.wiring.tick_ns).then(lab.whole_ticks(100_000), "pump", "gate_signal")
        self.drift: FollowedDrift | None = None

    @property
    def moves(self) -> bool:
        """Whether the field is seen to drift."""
        return is_moving(self._followed, (_RATES_UT_PER_SQRT_MIN[0],) * 2)

    @property
    def longest_s(self) -> float:
        """Between two looks."""
        return 600.0 if self.moves else _QUIET_LONGEST_S

    def seconds_left(self) -> float:
        """How long until the error of a component reaches its share of the tolerance."""
        followed = self._followed
        return min(followed.seconds_until(one, _DUE_SHARE * TOLERANCE_UT) for one in np.eye(2))

    def begin(self) -> Stream[None]:
        """The whole dimming curve, until it was measured from near its bottom."""
        for _ in range(_ATTEMPTS):
            fit = self._counted(
                _FIRST, _FIRST_POINT_S, TransverseDimming(self._dimming.along_mt, self._dimming.nitrogen), np.zeros(2)
            )
            off_ut = fit.across_ut
            covariance = fit.covariance_ut2 * max(1.0, fit.chi2 / fit.freedom)
            drift_ut = off_ut - self.field.applied_ut[1:]
            self._dimming, self.drift = fit.dimming, self._standing(drift_ut, covariance)
            yield self._corrected()
            if np.hypot(*off_ut) < _FAR_UT:
                return
        raise SequenceError(
            f"The field across the axis cannot be nulled by the light: it still seems {np.hypot(*off_ut):.1f} uT off",
            "Check that the green light is steady and the field stands still, then run align again",
            across_ut=float(np.hypot(*off_ut)),
        )

    def look(self) -> Stream[None]:
        """Light under four dithers, and the trims follow."""
        drift = self._followed.at(self.lab.clock.now())
        fit = self._counted(_CROSS, _POINT_S, self._dimming, drift.mean + self.field.applied_ut[1:])
        covariance = fit.covariance_ut2 * max(1.0, fit.chi2 / fit.freedom)
        drift_ut = fit.across_ut - self.field.applied_ut[1:]
        if drift.surprise(np.eye(2), drift_ut, covariance) > _WORST_SURPRISE:
            yield from self.begin()
            return
        self.drift = drift.at(self.lab.clock.now()).seen(np.eye(2), drift_ut, covariance)
        yield self._corrected()

    def _standing(self, drift_ut: Real, covariance: Real) -> FollowedDrift:
        """A drift seen anew; what was learned of its rate stays."""
        rates = [(rate**2 / 60.0,) * 2 for rate in self._rates]
        likely = self._believed if self.drift is None else self.drift.log_weights
        return standing(drift_ut, covariance, rates, self.lab.clock.now(), likely)

    @property
    def _followed(self) -> FollowedDrift:
        if self.drift is None:
            raise SequenceError("The lock across has not measured the dimming yet", "Call begin before look")
        return self.drift

    def _counted(self, dithers_ut: Real, seconds: float, dimming: TransverseDimming, about_ut: Real) -> TransverseFit:
        """Count under each dither; the field is afterwards where it was."""
        lab = self.lab
        controls.carrier_off(lab)
        controls.pump(lab, _EFFICIENCY)
        standing_ut = self.field.set().copy()
        repeats = repeats_for(self._program, seconds)
        counts, stood = np.empty(len(dithers_ut)), np.empty((len(dithers_ut), 2))
        for k, (b, c) in enumerate(dithers_ut):
            stood[k] = self.field.set((0.0, float(b), float(c)))[1:] - standing_ut[1:]
            counts[k] = measure(lab, self._program, repeats).signal
        self.field.set()
        return fit_transverse(dimming, stood, counts, about_ut)

    def _corrected(self) -> Point:
        drift = self._followed
        errors = np.sqrt(np.diag(drift.covariance))
        seen_ut = drift.mean + self.field.applied_ut[1:]
        if is_worth_it(seen_ut, errors, TOLERANCE_UT, self.moves):
            self.field.wanted_ut[1:] = -drift.mean
            self.field.set()
        return Point(
            {
                "lock_s": drift.time_s,
                "lock_b_ut": float(seen_ut[0]),
                "lock_b_err_ut": float(errors[0]),
                "lock_c_ut": float(seen_ut[1]),
                "lock_c_err_ut": float(errors[1]),
            }
        )
