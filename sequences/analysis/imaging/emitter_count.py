"""How many emitters the images show: two from the place of one, a third beside them, or how far apart two can be."""

from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.imaging.doughnut_images import Images
from sequences.analysis.imaging.emitters import (
    Emitters,
    Stray,
    approached,
    fit_emitters,
    fit_strayed,
    noise_root,
    packed,
    pulls,
    unmoved,
)
from sequences.analysis.imaging.ring_detection import START_NULL
from sequences.analysis.imaging.steering_drift import Steering, whitened

Real = NDArray[np.float64]

_TRIED_ANGLES: Final = tuple(np.arange(4) * np.pi / 4.0)
_TRIED_SCALES: Final = (1.0, 3.0)
_TRIAL_EFFORT: Final = 20
_THIRD_SHARE: Final = 0.5
_THIRD_STARTS: Final = 4
_THIRD_APART_NM: Final = 8.0
_WIDE_PLACES: Final = 41
_BEYOND: Final = 1.0
"""How far beyond the images a third emitter is looked for, in doughnut radii."""
_NEAR_PLACES: Final = 25
_NEAR: Final = 0.25
"""Half the side of the finer grid about the pair, in doughnut radii."""
_LIMIT_CHI2: Final = 2.71
"""By which the upper limit of a quantity at 95 % lies above its best fit."""
_LIMIT_FROM_NM: Final = 1.0
_LIMIT_STEP: Final = 1.1


def fit_two(images: Images, one: Emitters, separation_nm: float, step_nm: float) -> Emitters:
    """Two equally bright emitters about the place of one, from several orientations; the best of them."""
    found: list[Emitters] = []
    for scale, angle in product(_TRIED_SCALES, _TRIED_ANGLES):
        places = one.positions_nm[0] + _halves(scale * separation_nm, angle)
        start = replace(one, positions_nm=places, null_depth=START_NULL, brightness_cps=0.5 * one.brightness_cps)
        found.append(fit_emitters(images, start, _TRIAL_EFFORT))
    return fit_strayed(images, min(found, key=lambda fit: fit.chi2), step_nm)


def fit_three(images: Images, two: Emitters, separation_nm: float, step_nm: float) -> Emitters:
    """Two equally bright emitters and a third of any brightness, wherever it explains most; the best of several."""
    starts = [_with_third(two, place, _THIRD_SHARE) for place in _promising(images, two, step_nm)]
    starts += _resplit(two, separation_nm)
    found = [fit_emitters(images, start, _TRIAL_EFFORT) for start in starts]
    best = min(found, key=lambda fit: fit.chi2)
    for order in ([2, 0, 1], [2, 1, 0]):  # the third may have been taken for one of the pair
        turned = replace(best, positions_nm=best.positions_nm[order], third_share=1.0)
        found.append(fit_emitters(images, turned, _TRIAL_EFFORT))
    return fit_strayed(images, min(found, key=lambda fit: fit.chi2), step_nm)


def _resplit(two: Emitters, separation_nm: float) -> list[Emitters]:
    """Starts in which one of the two is really the pair, and the other one the third."""
    return [
        _with_third(
            replace(two, positions_nm=pair + _halves(separation_nm, angle), brightness_cps=0.5 * two.brightness_cps),
            third,
            2.0,
        )
        for pair, third in (two.positions_nm, two.positions_nm[::-1])
        for angle in _TRIED_ANGLES
    ]


def farthest_nm(images: Images, two: Emitters, step_nm: float) -> float:
    """How far apart two emitters that are not resolved are at most, at a confidence of 95 %."""
    stray = unmoved(images, Steering(step_nm, two.walk.rms_nm))
    root = noise_root(images, packed(two), 2, stray)
    least = _chi2(images, approached(images, packed(two), 2, stray), stray, root)
    apart_nm = max(two.separation_nm, _LIMIT_FROM_NM)
    while _chi2_apart(images, two, apart_nm, stray, root) < least + _LIMIT_CHI2:
        apart_nm *= _LIMIT_STEP
    return apart_nm


def _chi2_apart(images: Images, two: Emitters, apart_nm: float, stray: Stray, root: Real) -> float:
    """Of the best pair that is this far apart."""
    middle = two.positions_nm.mean(axis=0)
    own = float(np.arctan2(*(two.positions_nm[1] - two.positions_nm[0])[::-1]))
    starts = (packed(replace(two, positions_nm=middle + _halves(apart_nm, own + angle))) for angle in _TRIED_ANGLES)
    fits = (approached(images, start, 2, stray, _TRIAL_EFFORT, apart_nm) for start in starts)
    return min(_chi2(images, fit, stray, root) for fit in fits)


def _chi2(images: Images, model: Real, stray: Stray, root: Real) -> float:
    residual, _ = pulls(images, model, 2, stray, root)
    return float(residual @ residual)


def _promising(images: Images, two: Emitters, step_nm: float) -> list[Real]:
    """Places where a faint third emitter would explain most, by a score test on a grid, none near another."""
    model, stray = packed(two), unmoved(images, Steering(step_nm, two.walk.rms_nm))
    places, root = _grid(images, two), noise_root(images, model, 2, stray)
    residual, jacobian = pulls(images, model, 2, stray, root)
    (faint,) = whitened(root, images.faint(model, 2, places))
    known, _ = np.linalg.qr(jacobian)
    own, left = faint - known @ (known.T @ faint), residual - known @ (known.T @ residual)
    gain = np.maximum(left @ own, 0.0) ** 2 / np.maximum((own**2).sum(axis=0), 1e-12)
    found: list[Real] = []
    for k in np.argsort(gain)[::-1]:
        if all(np.hypot(*(places[k] - other)) > _THIRD_APART_NM for other in found):
            found.append(places[k])
        if len(found) == _THIRD_STARTS:
            break
    return found


def _grid(images: Images, two: Emitters) -> Real:
    """(places, 2): over the images and beyond, and finer about the pair."""
    seen, middle = images.places_nm, two.positions_nm.mean(axis=0)
    beyond, near = _BEYOND * two.radius_nm, _NEAR * two.radius_nm
    wide = [np.linspace(seen[:, k].min() - beyond, seen[:, k].max() + beyond, _WIDE_PLACES) for k in (0, 1)]
    fine = [np.linspace(middle[k] - near, middle[k] + near, _NEAR_PLACES) for k in (0, 1)]
    return np.vstack([np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2) for axes in (wide, fine)])


def _with_third(two: Emitters, place_nm: Real, share: float) -> Emitters:
    return replace(two, positions_nm=np.vstack([two.positions_nm, place_nm]), third_share=share)


def _halves(apart_nm: float, angle_rad: float) -> Real:
    """(2, 2): both ends of a line about its middle."""
    half = 0.5 * apart_nm * np.array([np.cos(angle_rad), np.sin(angle_rad)])
    return np.array([-half, half])
