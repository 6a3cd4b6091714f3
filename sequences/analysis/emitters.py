"""Both NVs from images under the doughnut: each is dark where the null meets it.

The emission of an NV at a distance d from the null is B s/(1 + s) with s = crest x doughnut profile(d). At low power an
image is the sum of two parabolas, in which only the mean position can be told; at high power saturation narrows each
dark spot to r / sqrt(e crest), and two spots a dozen nanometres apart come asunder. All images are fitted together: the
coarse one knows the doughnut's radius, the fine one the NVs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.optics import doughnut_profile, saturation

Real = NDArray[np.float64]

_SHAPE: Final = 3  # radius, null depth, brightness
_START_NULL: Final = 1e-3
_SMALLEST: Final = 1e-9  # a null that the fit finds perfect
_CRESTS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
_RADIUS_SCALES: Final = (0.85, 1.0, 1.15)
_TRIED_ANGLES: Final = tuple(np.arange(4) * np.pi / 4.0)
_TRIED_SCALES: Final = (1.0, 3.0)
_TRIAL_EFFORT: Final = 10


@dataclass(frozen=True)
class Image:
    """Counts at positions of the doughnut's null."""

    x_nm: Real
    """(pixels,)"""
    y_nm: Real
    counts: Real
    """(pixels,): photons in each pixel."""
    seconds: float
    """Counting time of a pixel."""
    power_mw: float


@dataclass(frozen=True)
class Emitters:
    """One or two emitters with the doughnut that saw them."""

    positions_nm: Real
    """(emitters, 2), ordered by x, then y."""
    covariance_nm2: Real
    """(2 emitters, 2 emitters): of x1, y1, x2, y2."""
    radius_nm: float
    radius_err_nm: float
    null_depth: float
    null_depth_err: float
    brightness_cps: float
    """Saturated count rate of each."""
    brightness_err_cps: float
    crests: tuple[float, ...]
    """Crest intensity over saturation intensity, an entry per image."""
    background_cps: tuple[float, ...]
    chi2: float
    freedom: int

    @property
    def errors_nm(self) -> Real:
        """(emitters, 2): 1 sigma of the positions."""
        return np.asarray(np.sqrt(np.diag(self.covariance_nm2)).reshape(-1, 2))

    @property
    def separation_nm(self) -> float:
        """Distance between two emitters."""
        return float(np.hypot(*(self.positions_nm[1] - self.positions_nm[0])))

    @property
    def separation_err_nm(self) -> float:
        """Its 1 sigma, correlations included."""
        unit = (self.positions_nm[1] - self.positions_nm[0]) / self.separation_nm
        gradient = np.concatenate([-unit, unit])
        return float(np.sqrt(gradient @ self.covariance_nm2 @ gradient))


@dataclass(frozen=True)
class Sighting:
    """A ring in a coarse image."""

    x_nm: float
    y_nm: float
    radius_nm: float
    crest: float
    brightness_cps: float
    background_cps: float
    delta_chi2: float
    """By how much the ring explains the image better than a flat background."""


def sighted(image: Image, radius_nm: float) -> Sighting:
    """The ring that explains a coarse image best, by linear least squares over a grid of centres, radii and crests."""
    weight = 1.0 / np.maximum(image.counts, 1.0)
    best = Sighting(0.0, 0.0, radius_nm, 1.0, 0.0, 0.0, 0.0)
    mean = float(weight @ image.counts / weight.sum())
    x, y = (grid.ravel() for grid in np.meshgrid(*(_between(v) for v in (image.x_nm, image.y_nm))))
    distance = np.hypot(image.x_nm - x[:, None], image.y_nm - y[:, None])
    for radius in radius_nm * np.array(_RADIUS_SCALES):
        profile = doughnut_profile(distance, float(radius), _START_NULL)
        for crest in _CRESTS:
            shape = saturation(crest * profile)
            centred = shape - (shape @ weight / weight.sum())[:, None]
            slope = centred @ (weight * image.counts) / np.maximum((centred**2) @ weight, 1e-30)
            gain = np.where(slope > 0, slope**2 * ((centred**2) @ weight), 0.0)
            k = int(np.argmax(gain))
            if gain[k] > best.delta_chi2:
                level = mean - slope[k] * float(shape[k] @ weight / weight.sum())
                rates = (float(slope[k]) / image.seconds, level / image.seconds)
                best = Sighting(float(x[k]), float(y[k]), float(radius), crest, *rates, float(gain[k]))
    return best


def _between(values: Real) -> Real:
    """A grid over the image, finer than its pixels."""
    pixels = len(np.unique(np.round(values, 3)))
    return np.linspace(values.min(), values.max(), 3 * pixels - 2)


def fit_emitters(images: Sequence[Image], start: Emitters, steering_err_nm: float = 0.0, effort: int = 60) -> Emitters:
    """Fit as many emitters as `start` has to all images at once.

    Counts are compared as square roots, whose shot noise is one half whatever the brightness. steering_err_nm: 1 sigma
    by which the null misses its set position (steps of the analogue outputs); it counts most where the image is steep.
    effort: steps after which the fit stops, converged or not.
    """
    emitters = len(start.positions_nm)
    begin = _packed(start)
    noise = [np.ones(len(image.counts)) for image in images]

    def residual(p: Real) -> Real:
        parts = [
            2.0 * (np.sqrt(_expected(p, emitters, k, image) + 0.375) - np.sqrt(image.counts + 0.375)) / noise[k]
            for k, image in enumerate(images)
        ]
        return np.concatenate(parts)

    scale = _scale(emitters, len(images))
    fit = least_squares(residual, begin, x_scale=scale, max_nfev=effort)
    for _ in range(2 if steering_err_nm else 0):
        noise = [_noise(fit.x, emitters, k, image, steering_err_nm) for k, image in enumerate(images)]
        fit = least_squares(residual, fit.x, x_scale=scale, max_nfev=effort)
    return _unpacked(fit.x, fit.jac, emitters, len(images), float(2.0 * fit.cost))


def start_one(sighting: Sighting, images: Sequence[Image]) -> Emitters:
    """One emitter as the coarse image suggests it; crests and backgrounds scaled to the other images."""
    crests = tuple(sighting.crest * image.power_mw / images[0].power_mw for image in images)
    position = np.array([[sighting.x_nm, sighting.y_nm]])
    level = tuple(max(sighting.background_cps, 100.0) for _ in images)
    nothing = np.zeros((2, 2))
    return Emitters(
        position,
        nothing,
        sighting.radius_nm,
        0.0,
        _START_NULL,
        0.0,
        sighting.brightness_cps,
        0.0,
        crests,
        level,
        0.0,
        1,
    )


def fit_two(images: Sequence[Image], one: Emitters, separation_nm: float, steering_err_nm: float = 0.0) -> Emitters:
    """Two equally bright emitters about the place of one, from several orientations; the best of them."""
    found: list[Emitters] = []
    for scale, angle in product(_TRIED_SCALES, _TRIED_ANGLES):
        half = 0.5 * scale * separation_nm * np.array([np.cos(angle), np.sin(angle)])
        places = one.positions_nm[0] + np.array([-half, half])
        start = replace(one, positions_nm=places, null_depth=_START_NULL, brightness_cps=0.5 * one.brightness_cps)
        found.append(fit_emitters(images, start, effort=_TRIAL_EFFORT))
    return fit_emitters(images, min(found, key=lambda fit: fit.chi2), steering_err_nm)


def _expected(p: Real, emitters: int, k: int, image: Image) -> Real:
    """(pixels,): counts of image k."""
    radius, null, brightness = np.exp(p[2 * emitters : 2 * emitters + _SHAPE])
    crest, background = np.exp(p[2 * emitters + _SHAPE + 2 * k :][:2])
    places = p[: 2 * emitters].reshape(-1, 2)
    distance = np.hypot(image.x_nm - places[:, :1], image.y_nm - places[:, 1:])
    shine = saturation(crest * doughnut_profile(distance, radius, null)).sum(axis=0)
    return np.asarray((brightness * shine + background) * image.seconds)


def _noise(p: Real, emitters: int, k: int, image: Image, steering_err_nm: float) -> Real:
    """Shot noise and steering error together, in units of the shot noise."""
    step = 0.5
    moved = [
        _expected(p, emitters, k, Image(image.x_nm + dx, image.y_nm + dy, image.counts, image.seconds, image.power_mw))
        for dx, dy in ((step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step))
    ]
    slope = np.hypot(moved[0] - moved[1], moved[2] - moved[3]) / (2.0 * step)
    return np.asarray(np.sqrt(1.0 + (steering_err_nm * slope) ** 2 / np.maximum(_expected(p, emitters, k, image), 1.0)))


def _packed(e: Emitters) -> Real:
    per_image = np.column_stack([e.crests, e.background_cps]).ravel()
    positive = np.concatenate([[e.radius_nm, e.null_depth, e.brightness_cps], per_image])
    return np.concatenate([e.positions_nm.ravel(), np.log(np.maximum(positive, _SMALLEST))])


def _scale(emitters: int, images: int) -> Real:
    return np.concatenate([np.full(2 * emitters, 5.0), [0.1, 0.5, 0.2], np.full(2 * images, 0.3)])


def _unpacked(p: Real, jac: Real, emitters: int, images: int, chi2: float) -> Emitters:
    """The fit as a value, emitters in order; errors grow with the root of a reduced chi2 above 1."""
    freedom = max(1, len(jac) - len(p))
    _, size, rows_v = np.linalg.svd(jac, full_matrices=False)
    spread = rows_v.T / np.maximum(size, 1e-9 * size[0])
    covariance = spread @ spread.T * max(1.0, chi2 / freedom)
    places = p[: 2 * emitters].reshape(-1, 2)
    order = np.lexsort((places[:, 1], places[:, 0]))
    rows = np.array([2 * k + axis for k in order for axis in (0, 1)])
    values, error = np.exp(p[2 * emitters :]), np.sqrt(np.diag(covariance))[2 * emitters :]
    return Emitters(
        positions_nm=places[order],
        covariance_nm2=covariance[np.ix_(rows, rows)],
        radius_nm=float(values[0]),
        radius_err_nm=float(values[0] * error[0]),
        null_depth=float(values[1]),
        null_depth_err=float(values[1] * error[1]),
        brightness_cps=float(values[2]),
        brightness_err_cps=float(values[2] * error[2]),
        crests=tuple(float(v) for v in values[_SHAPE::2][:images]),
        background_cps=tuple(float(v) for v in values[_SHAPE + 1 :: 2]),
        chi2=chi2,
        freedom=freedom,
    )
