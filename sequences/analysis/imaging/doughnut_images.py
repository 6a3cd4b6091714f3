"""Images under the doughnut and what they should show: counts for given emitters, and how those change.

The emission of an emitter at a distance d from the null is B s/(1 + s) with s = crest x doughnut profile(d), where the
doughnut itself excites; where it forbids what other light excites, it is B/(1 + s): bright in the null. Counts are
compared as twice their square roots, whose shot noise is one whatever the brightness (Anscombe, Biometrika 35, 246).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.optics import doughnut_profile, saturation

Real = NDArray[np.float64]

SHAPE: Final = 3
"""Numbers that all images share: the logarithms of radius (nm), null depth and brightness (1/s)."""
_PER_IMAGE: Final = 2  # the logarithms of crest and background
_ANSCOMBE: Final = 0.375
_FARTHEST: Final = 40.0


def positive(logarithm: Real) -> Real:
    """What a fit keeps positive; finite even where it goes astray."""
    return np.asarray(np.exp(np.clip(logarithm, -_FARTHEST, _FARTHEST)))


def emission(s: Real, bright_null: bool) -> Real:
    """Of an emitter, over the most of it: s of its doughnut lets it shine, or keeps it from that."""
    return 1.0 - saturation(s) if bright_null else saturation(s)


@dataclass(frozen=True)
class Image:
    """Counts at positions of the doughnut's null."""

    x_nm: Real
    """(pixels,)"""
    y_nm: Real
    counts: Real
    """(pixels,): photons in each pixel."""
    times_s: Real
    """(pixels,): laboratory time in the middle of each pixel."""
    seconds: float
    """Counting time of a pixel."""
    power_mw: float
    bright_null: bool = False
    """Whether an emitter is bright in the null, and dark around it."""


@dataclass(frozen=True)
class Expected:
    """What a model says of every pixel of all images, in units of the shot noise."""

    roots: Real
    """(pixels,): twice the root of the counts."""
    jacobian: Real
    """(pixels, numbers): change with each number of the model."""
    slopes: Real
    """(pixels, 2): change per nm by which the null is displaced along x and y."""


@dataclass(frozen=True)
class Images:
    """All images of a run as one column of pixels.

    A model of them is x and y (nm) of each emitter, SHAPE numbers, the logarithm of a third emitter's brightness over
    that of the others if there are three, and for each image the logarithms of crest over saturation and of background.
    """

    scans: Sequence[Image]

    @cached_property
    def positions_nm(self) -> Real:
        """(pixels, 2): where the null was steered to."""
        return np.concatenate([np.column_stack([image.x_nm, image.y_nm]) for image in self.scans])

    @cached_property
    def times_s(self) -> Real:
        """(pixels,)"""
        return np.concatenate([image.times_s for image in self.scans])

    @cached_property
    def end_s(self) -> float:
        """Laboratory time at which the last pixel was counted."""
        return max(float(image.times_s.max()) + 0.5 * image.seconds for image in self.scans)

    @cached_property
    def roots(self) -> Real:
        """(pixels,): what was counted, as twice its root."""
        return 2.0 * np.sqrt(np.concatenate([image.counts for image in self.scans]) + _ANSCOMBE)

    @cached_property
    def _seconds(self) -> Real:
        return np.concatenate([np.full(len(image.counts), image.seconds) for image in self.scans])

    @cached_property
    def _member(self) -> Real:
        """(pixels, images): 1 where a pixel belongs to the image."""
        lengths = [len(image.counts) for image in self.scans]
        return np.repeat(np.eye(len(lengths)), lengths, axis=0)

    @cached_property
    def _bright_null(self) -> bool:
        """The same doughnut took all images."""
        return self.scans[0].bright_null

    def numbers(self, emitters: int) -> int:
        """Of a model with so many emitters."""
        return 2 * emitters + SHAPE + (emitters > 2) + _PER_IMAGE * len(self.scans)

    def expected(self, model: Real, emitters: int, displaced_nm: Real | float = 0.0) -> Expected:
        """Counts of every pixel; displaced_nm, (pixels, 2): by how much the null stood beside its set place."""
        radius, null, brightness = positive(model[2 * emitters :][:SHAPE])
        weights = np.ones(emitters)
        if emitters > 2:
            weights[2] = positive(model[2 * emitters + SHAPE])
        per_image = positive(model[len(model) - _PER_IMAGE * len(self.scans) :].reshape(-1, _PER_IMAGE))
        crest, background = (self._member @ per_image).T
        away = (self.positions_nm + displaced_nm)[:, None, :] - model[: 2 * emitters].reshape(-1, 2)
        squared = (away**2).sum(axis=-1) / radius**2
        s = crest[:, None] * doughnut_profile(np.sqrt(squared) * radius, radius, null)
        shine = weights * emission(s, self._bright_null)
        counts = (brightness * shine.sum(axis=1) + background) * self._seconds
        sense = -1.0 if self._bright_null else 1.0
        steep = sense * (brightness * weights * crest[:, None] / (1.0 + s) ** 2)  # d counts rate / d profile
        by_squared = steep * (1.0 - null) * np.exp(1.0 - squared) * (1.0 - squared)
        by_place = 2.0 * by_squared[:, :, None] * away / radius**2
        by_null = steep * null * (1.0 - squared * np.exp(1.0 - squared))
        by_crest = sense * (brightness * (weights * saturation(s)) / (1.0 + s)).sum(axis=1)
        columns = [
            -by_place.reshape(len(counts), -1),
            (-2.0 * by_squared * squared).sum(axis=1)[:, None],
            by_null.sum(axis=1)[:, None],
            (brightness * shine.sum(axis=1))[:, None],
            brightness * shine[:, 2:3],
            (np.stack([by_crest, background], axis=-1)[:, None, :] * self._member[:, :, None]).reshape(len(counts), -1),
        ]
        unit = (self._seconds / np.sqrt(counts + _ANSCOMBE))[:, None]  # d root / d rate
        return Expected(2.0 * np.sqrt(counts + _ANSCOMBE), np.hstack(columns) * unit, by_place.sum(axis=1) * unit)

    def faint(self, model: Real, emitters: int, positions_nm: Real) -> Real:
        """(pixels, places): change of the roots with the relative brightness of one more emitter at each place."""
        radius, null, brightness = positive(model[2 * emitters :][:SHAPE])
        per_image = positive(model[len(model) - _PER_IMAGE * len(self.scans) :].reshape(-1, _PER_IMAGE))
        crest = self._member @ per_image[:, 0]
        distance = np.hypot(*(self.positions_nm[:, None, :] - positions_nm).transpose(2, 0, 1))
        shine = emission(crest[:, None] * doughnut_profile(distance, radius, null), self._bright_null)
        return np.asarray(
            2.0 * brightness * self._seconds[:, None] * shine / self.expected(model, emitters).roots[:, None]
        )
