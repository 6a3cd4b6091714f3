"""The ring, or the spot, of an emitter in a coarse image under the doughnut: where a fit begins."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.optics import doughnut_profile
from sequences.analysis.imaging.doughnut_images import Image, emission

Real = NDArray[np.float64]

START_NULL: Final = 1e-3
"""Null depth that every fit starts from."""
_CRESTS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
_RADIUS_SCALES: Final = (0.85, 1.0, 1.15)


@dataclass(frozen=True)
class RingDetection:
    """A ring in a coarse image."""

    x_nm: float
    y_nm: float
    radius_nm: float
    crest: float
    brightness_cps: float
    background_cps: float
    delta_chi2: float
    """By how much the ring explains the image better than a flat background."""


def detect_ring(image: Image, radius_nm: float) -> RingDetection:
    """The ring that explains a coarse image best, by linear least squares over a grid of centres, radii and crests."""
    weight = 1.0 / np.maximum(image.counts, 1.0)
    best = RingDetection(0.0, 0.0, radius_nm, 1.0, 0.0, 0.0, 0.0)
    mean = float(weight @ image.counts / weight.sum())
    x, y = (grid.ravel() for grid in np.meshgrid(*(_between(v) for v in (image.x_nm, image.y_nm))))
    distance = np.hypot(image.x_nm - x[:, None], image.y_nm - y[:, None])
    for radius in radius_nm * np.array(_RADIUS_SCALES):
        profile = doughnut_profile(distance, float(radius), START_NULL)
        for crest in _CRESTS:
            shape = emission(crest * profile, image.bright_null)
            centred = shape - (shape @ weight / weight.sum())[:, None]
            slope = centred @ (weight * image.counts) / np.maximum((centred**2) @ weight, 1e-30)
            gain = np.where(slope > 0, slope**2 * ((centred**2) @ weight), 0.0)
            k = int(np.argmax(gain))
            if gain[k] > best.delta_chi2:
                level = mean - slope[k] * float(shape[k] @ weight / weight.sum())
                rates = (float(slope[k]) / image.seconds, level / image.seconds)
                best = RingDetection(float(x[k]), float(y[k]), float(radius), crest, *rates, float(gain[k]))
    return best


def _between(values: Real) -> Real:
    """A grid over the image, finer than its pixels."""
    pixels = len(np.unique(np.round(values, 3)))
    return np.linspace(values.min(), values.max(), 3 * pixels - 2)
