"""Both NVs, and a third emitter beside them, fitted to images under the doughnut: each is dark where the null meets it.

At low power an image is the sum of two parabolas, in which only the mean position can be told; at high power saturation
narrows each dark spot to r / sqrt(e crest), and two spots a dozen nanometres apart come asunder. All images are fitted
together: the coarse one knows the doughnut's radius, the fine one the NVs, and the order of the pixels how far the
doughnut has drifted meanwhile.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sequences.analysis.imaging.doughnut_images import SHAPE, Expected, Images, positive
from sequences.analysis.imaging.ring_detection import START_NULL, RingDetection
from sequences.analysis.imaging.steering_drift import (
    NO_DRIFT,
    Steering,
    SteeringDrift,
    covariance,
    displaced,
    strength,
    unit_covariance,
    whitened,
)

Real = NDArray[np.float64]

EFFORT: Final = 60
"""Steps after which a fit stops, converged or not."""
_ROUNDS: Final = 3  # of drift and emitters in turn
_SMALLEST: Final = 1e-9  # a null that the fit finds perfect
_LEAST_BACKGROUND_CPS: Final = 100.0
_PIN_NM: Final = 0.01


@dataclass(frozen=True)
class Emitters:
    """One, two or three emitters with the doughnut that saw them."""

    positions_nm: Real
    """(emitters, 2), in steering coordinates at the end of the images: the first two by x, then y; then the third."""
    covariance_nm2: Real
    """(2 emitters, 2 emitters): of x1, y1, x2, y2, ..."""
    radius_nm: float
    radius_err_nm: float
    null_depth: float
    null_depth_err: float
    brightness_cps: float
    """Saturated count rate of each of the first two."""
    brightness_err_cps: float
    crests: tuple[float, ...]
    """Crest intensity over saturation intensity, an entry per image."""
    background_cps: tuple[float, ...]
    third_share: float = 0.0
    """Brightness of a third emitter over that of the others; 0 if there is none."""
    third_share_err: float = 0.0
    drift: SteeringDrift = NO_DRIFT
    """Of the steering."""
    chi2: float = 0.0
    freedom: int = 1
    deviance: float = 0.0
    """-2 log likelihood but for a constant: compares fits that found different drifts."""

    @property
    def errors_nm(self) -> Real:
        """(emitters, 2): 1 sigma of the positions."""
        return np.asarray(np.sqrt(np.diag(self.covariance_nm2)).reshape(-1, 2))

    @property
    def separation_nm(self) -> float:
        """Distance between the first two emitters."""
        return float(np.hypot(*(self.positions_nm[1] - self.positions_nm[0])))

    @property
    def separation_err_nm(self) -> float:
        """Its 1 sigma, correlations included."""
        unit = (self.positions_nm[1] - self.positions_nm[0]) / self.separation_nm
        gradient = np.concatenate([-unit, unit])
        return float(np.sqrt(gradient @ self.covariance_nm2[:4, :4] @ gradient))


@dataclass(frozen=True)
class Stray:
    """How the null strays from where it is sent, as far as it is known."""

    steering: Steering
    drift: SteeringDrift
    moved_nm: Real
    """(pixels, 2): by the drift."""


def start_one(ring: RingDetection, images: Images) -> Emitters:
    """One emitter as the coarse image suggests it; crests and backgrounds scaled to the other images."""
    scans = images.scans
    return Emitters(
        positions_nm=np.array([[ring.x_nm, ring.y_nm]]),
        covariance_nm2=np.zeros((2, 2)),
        radius_nm=ring.radius_nm,
        radius_err_nm=0.0,
        null_depth=START_NULL,
        null_depth_err=0.0,
        brightness_cps=ring.brightness_cps,
        brightness_err_cps=0.0,
        crests=tuple(ring.crest * scan.power_mw / scans[0].power_mw for scan in scans),
        background_cps=tuple(max(ring.background_cps, _LEAST_BACKGROUND_CPS) for _ in scans),
    )


def fit_emitters(images: Images, start: Emitters, effort: int = EFFORT) -> Emitters:
    """Fit as many emitters as `start` has to all images at once, as if the null stood where it was sent."""
    still = unmoved(images, Steering(0.0, 0.0))
    return _fitted(images, packed(start), len(start.positions_nm), still, effort)


def fit_strayed(images: Images, start: Emitters, step_nm: float) -> Emitters:
    """Fit as `fit_emitters` does, and fit with it how the null drifted from where it was sent.

    step_nm: 1 sigma by which every pixel misses its set position (steps of the analogue outputs).
    """
    emitters, model = len(start.positions_nm), packed(start)
    drift_nm2 = unit_covariance(images.times_s, images.end_s)
    stray = unmoved(images, Steering(step_nm, start.drift.rms_nm))
    for _ in range(_ROUNDS):
        model = approached(images, model, emitters, stray)
        seen = images.expected(model, emitters, stray.moved_nm)
        residual = _residual(images, seen, stray, seen.slopes)
        drift = strength(residual, seen.jacobian, seen.slopes, drift_nm2, step_nm)
        steering = Steering(step_nm, drift.rms_nm)
        stray = Stray(steering, drift, displaced(seen.slopes, drift_nm2, steering, residual))
    return _fitted(images, model, emitters, stray, EFFORT)


def unmoved(images: Images, steering: Steering) -> Stray:
    """A null that may stray like this, and of whose drift nothing is known yet."""
    return Stray(steering, NO_DRIFT, np.zeros((len(images.roots), 2)))


def noise_root(images: Images, model: Real, emitters: int, stray: Stray) -> Real:
    """(pixels, pixels): lower root of the covariance of the counts' roots about a model."""
    slopes = images.expected(model, emitters, stray.moved_nm).slopes
    return np.asarray(
        np.linalg.cholesky(covariance(slopes, unit_covariance(images.times_s, images.end_s), stray.steering))
    )


def approached(
    images: Images, model: Real, emitters: int, stray: Stray, effort: int = EFFORT, pinned_nm: float | None = None
) -> Real:
    """The model's numbers that fit best, with the noise as it is about the numbers given.

    pinned_nm: hold the first two emitters this far apart.
    """
    root = noise_root(images, model, emitters, stray)
    slopes = images.expected(model, emitters, stray.moved_nm).slopes

    def residual(p: Real) -> Real:
        seen = images.expected(p, emitters, stray.moved_nm)
        pulls = whitened(root, -_residual(images, seen, stray, slopes))[0]
        return pulls if pinned_nm is None else np.append(pulls, _stretch(p, pinned_nm)[0])

    def jacobian(p: Real) -> Real:
        rows = whitened(root, images.expected(p, emitters, stray.moved_nm).jacobian)[0]
        return rows if pinned_nm is None else np.vstack([rows, _stretch(p, pinned_nm)[1]])

    scale = _scale(emitters, len(images.scans))
    return np.asarray(least_squares(residual, model, jacobian, method="lm", x_scale=scale, max_nfev=effort).x)


def _stretch(p: Real, pinned_nm: float) -> tuple[float, Real]:
    """How far the separation is from where it is pinned, and its gradient."""
    away = p[2:4] - p[:2]
    apart = max(float(np.hypot(*away)), _PIN_NM)
    gradient = np.zeros(len(p))
    gradient[:4] = np.concatenate([-away, away]) / apart / _PIN_NM
    return (apart - pinned_nm) / _PIN_NM, gradient


def pulls(images: Images, model: Real, emitters: int, stray: Stray, root: Real) -> tuple[Real, Real]:
    """(pixels,) and (pixels, numbers): residuals and jacobian in units of the noise."""
    seen = images.expected(model, emitters, stray.moved_nm)
    residual, jacobian = whitened(root, _residual(images, seen, stray, seen.slopes), seen.jacobian)
    return residual, jacobian


def _residual(images: Images, seen: Expected, stray: Stray, slopes: Real) -> Real:
    """(pixels,): what the images say beyond a null that stayed where it was sent, to first order about `moved_nm`."""
    return np.asarray(images.roots - seen.roots + (slopes * stray.moved_nm).sum(axis=1))


def packed(e: Emitters) -> Real:
    """The numbers of a model, as `Images` describes them."""
    third = [e.third_share] if len(e.positions_nm) > 2 else []
    per_image = np.column_stack([e.crests, e.background_cps]).ravel()
    positive = np.concatenate([[e.radius_nm, e.null_depth, e.brightness_cps], third, per_image])
    return np.concatenate([e.positions_nm.ravel(), np.log(np.maximum(positive, _SMALLEST))])


def _scale(emitters: int, images: int) -> Real:
    third = [0.3] if emitters > 2 else []
    return np.concatenate([np.full(2 * emitters, 5.0), [0.1, 0.5, 0.2], third, np.full(2 * images, 0.3)])


def _fitted(images: Images, start: Real, emitters: int, stray: Stray, effort: int) -> Emitters:
    """The fit as a value, emitters in order; errors grow with the root of a reduced chi2 above 1."""
    p = approached(images, start, emitters, stray, effort)
    root = noise_root(images, p, emitters, stray)
    residual, jacobian = pulls(images, p, emitters, stray, root)
    chi2, freedom = float(residual @ residual), max(1, len(residual) - len(p))
    _, size, rows_v = np.linalg.svd(jacobian, full_matrices=False)
    spread = rows_v.T / np.maximum(size, 1e-9 * size[0])
    of = spread @ spread.T * max(1.0, chi2 / freedom)
    places = p[: 2 * emitters].reshape(-1, 2)
    order = [*np.lexsort((places[:2, 1], places[:2, 0])), *range(2, emitters)]
    rows = np.array([2 * k + axis for k in order for axis in (0, 1)])
    values, errors = positive(p[2 * emitters :]), np.sqrt(np.diag(of))[2 * emitters :]
    each = values[len(values) - 2 * len(images.scans) :]
    return Emitters(
        positions_nm=places[order],
        covariance_nm2=of[np.ix_(rows, rows)],
        radius_nm=float(values[0]),
        radius_err_nm=float(values[0] * errors[0]),
        null_depth=float(values[1]),
        null_depth_err=float(values[1] * errors[1]),
        brightness_cps=float(values[2]),
        brightness_err_cps=float(values[2] * errors[2]),
        crests=tuple(each[::2].tolist()),
        background_cps=tuple(each[1::2].tolist()),
        third_share=float(values[SHAPE]) if emitters > 2 else 0.0,
        third_share_err=float(values[SHAPE] * errors[SHAPE]) if emitters > 2 else 0.0,
        drift=stray.drift,
        chi2=chi2,
        freedom=freedom,
        deviance=chi2 + 2.0 * float(np.log(np.diag(root)).sum()),
    )
