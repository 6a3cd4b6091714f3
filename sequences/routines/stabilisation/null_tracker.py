"""The null tracker: counts under the doughnut about its null keep it on its NV; the pair moves as one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.imaging.null_position import NullFit, Shine, fit_null, fit_shine
from sequences.analysis.statistics.drift import FollowedDrift, standing
from sequences.core.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.bench.selection import null_side, selects_inside
from sequences.routines.stabilisation.drift_rates import NULL_KEY, believed, is_moving, is_worth_it, keep_rate
from sequences.routines.stabilisation.outputs import put_together

Real = NDArray[np.float64]

TOLERANCE_NM: Final = 1.9
"""Of the null: there e (r/r0)^2 is a null depth of 3e-4 at r0 = 180 nm, so the light on the left NV has doubled."""
_DUE_SHARE: Final = 0.3
"""Error of a coordinate at which a look is due, over the tolerance."""
_IMAGE_HALF_RANGE_NM: Final = 24.0
_IMAGE_PIXELS: Final = 7
_LOOK_NM: Final = 5.0
"""Distance of a look's four places from the null: where the dark spot's wall is steepest over its shot noise."""
_LOOK_ANGLE_RAD: Final = 0.4
"""No two places share a coordinate, so the steps of the outputs err independently."""
_POINT_S: Final = 0.1
_STEP_NM: Final = 0.31
"""Of a 16-bit output over 20 V at 1 um/V."""
_STEERING_ERR_NM: Final = _STEP_NM / 12**0.5
_WORST_CHI2: Final = 6.0
_WORST_SURPRISE: Final = 36.0
_RATES_NM_PER_SQRT_MIN: Final = (0.02, 0.1, 0.3, 0.6, 1.0, 1.7, 3.0)
_QUIET_NM_PER_SQRT_MIN: Final = 0.004
_MOVES_NM_PER_SQRT_MIN: Final = 0.1
_QUIET_LONGEST_S: Final = 600.0


class NullTracker:
    """Follows where the null stands against where it is steered to; `begin` before `look`."""

    name = "null tracker"
    shortest_s = 10.0

    def __init__(self, lab: Lab, quiet: bool = False) -> None:
        """quiet: the bench may stand still."""
        self.lab = lab
        self._rates = (_QUIET_NM_PER_SQRT_MIN, *_RATES_NM_PER_SQRT_MIN) if quiet else _RATES_NM_PER_SQRT_MIN
        self._believed = believed(lab, NULL_KEY, self._rates) if quiet else None
        places = [[calibrated(lab, f"pair.{side}_{axis}_nm") for axis in "xy"] for side in ("left", "right")]
        self._pair_nm = np.array(places)
        self._program = Program("count under the doughnut", lab.wiring.tick_ns).then(
            lab.whole_ticks(100_000), "depletion", "gate_signal"
        )
        self._bright = selects_inside(lab)
        self._meant_nm = self._pair_nm[1 if null_side(lab) == "right" else 0]
        """The NV that the null belongs on, as it was located."""
        self._aim_nm = self._meant_nm
        self._shine: Shine | None = None
        self.drift: FollowedDrift | None = None

    @property
    def moves(self) -> bool:
        """Whether the null is seen to drift."""
        return is_moving(self._followed, (_MOVES_NM_PER_SQRT_MIN,) * 2)

    @property
    def longest_s(self) -> float:
        """Between two looks."""
        return 900.0 if self.moves else _QUIET_LONGEST_S

    def seconds_left(self) -> float:
        """How long until the error of a coordinate reaches its share of the tolerance."""
        followed = self._followed
        return min(followed.seconds_until(one, _DUE_SHARE * TOLERANCE_NM) for one in np.eye(2))

    def begin(self) -> Stream[None]:
        """An image about the null, which teaches how the pair shines. Raises SequenceError if the pair is not there."""
        axis = np.linspace(-_IMAGE_HALF_RANGE_NM, _IMAGE_HALF_RANGE_NM, _IMAGE_PIXELS)
        x, y = np.meshgrid(axis, axis)
        steered = self._aim_nm + np.column_stack([x.ravel(), y.ravel()])
        counts, about_nm = self._counted(steered), self._meant_nm - self._aim_nm
        radius_nm = self.lab.guesses.doughnut_radius_nm
        seen = fit_shine(self._pair_nm, radius_nm, steered, counts, _POINT_S, about_nm, self._bright)
        if seen.reduced_chi2 > _WORST_CHI2:
            raise SequenceError(
                f"The image about the doughnut's null does not show the pair as located: reduced chi2 "
                f"{seen.reduced_chi2:.1f}",
                "Check the doughnut's power and its line depletion; then run locate again",
                reduced_chi2=seen.reduced_chi2,
            )
        self._shine = seen.shine
        rates = [(rate**2 / 60.0,) * 2 for rate in self._rates]
        likely = self._believed if self.drift is None else self.drift.log_weights
        self.drift = standing(seen.offset_nm, _error(seen), rates, self.lab.clock.now(), likely)
        yield self._steered()

    def look(self) -> Stream[None]:
        """Four places about the null, and the steering follows."""
        drift = self._followed.at(self.lab.clock.now())
        angles = _LOOK_ANGLE_RAD + 0.5 * np.pi * np.arange(4)
        places = self._aim_nm + _LOOK_NM * np.column_stack([np.cos(angles), np.sin(angles)])
        if self._shine is None:
            raise SequenceError("The null tracker has no image yet", "Call begin before look")
        seen = fit_null(self._shine, places, self._counted(places), _POINT_S, drift.mean)
        if drift.surprise(np.eye(2), seen.offset_nm, _error(seen)) > _WORST_SURPRISE or seen.reduced_chi2 > _WORST_CHI2:
            yield from self.begin()
            return
        self.drift = drift.at(self.lab.clock.now()).seen(np.eye(2), seen.offset_nm, _error(seen))
        yield self._steered()

    def keep(self) -> None:
        """Store both NVs in steering coordinates, one of them where the null is steered to, for the next run."""
        places = self._pair_nm - self._meant_nm + self._aim_nm
        put_together(
            self.lab, [f"pair.{side}_{axis}_nm" for side in ("left", "right") for axis in "xy"], places.ravel()
        )
        keep_rate(self.lab, NULL_KEY, self._followed)

    @property
    def _followed(self) -> FollowedDrift:
        if self.drift is None:
            raise SequenceError("The null tracker has no image yet", "Call begin before look")
        return self.drift

    def _counted(self, places_nm: Real) -> Real:
        repeats = repeats_for(self._program, _POINT_S)
        counts = np.empty(len(places_nm))
        for k, (x, y) in enumerate(places_nm):
            controls.steer(self.lab, float(x), float(y))
            counts[k] = measure(self.lab, self._program, repeats).signal
        return counts

    def _steered(self) -> Point:
        """Steer so that the null meets its NV."""
        errors = np.sqrt(np.diag(self._followed.covariance))
        missed_nm = self._followed.mean + self._aim_nm - self._meant_nm
        if is_worth_it(missed_nm, np.maximum(_STEP_NM, errors), TOLERANCE_NM, self.moves):
            self._aim_nm = self._meant_nm - self._followed.mean
        controls.steer(self.lab, float(self._aim_nm[0]), float(self._aim_nm[1]))
        return Point(
            {
                "lock_s": self._followed.time_s,
                "null_x_nm": float(missed_nm[0]),
                "null_x_err_nm": float(errors[0]),
                "null_y_nm": float(missed_nm[1]),
                "null_y_err_nm": float(errors[1]),
            }
        )


def _error(seen: NullFit) -> Real:
    """Shot noise, and the steps of the outputs: (2, 2)."""
    return np.asarray(seen.covariance_nm2 * max(1.0, seen.reduced_chi2) + 0.5 * _STEERING_ERR_NM**2 * np.eye(2))
