"""Where the two NVs are: images under the doughnut, coarse to fine, and a joint fit of both. Needs no field."""

from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.analysis.emitters import Emitters, Image, fit_emitters, fit_two, sighted, start_one
from sequences.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines import controls
from sequences.routines.measure import measure, repeats_for

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("x_nm", "doughnut x", "nm"),
    Column("y_nm", "doughnut y", "nm"),
    Column("power_mw", "doughnut power", "mW"),
    Column("counts", "count rate", "1/s", ("x_nm", "y_nm", "power_mw")),
    Column("counts_err", "its shot noise", "1/s", ("x_nm", "y_nm", "power_mw")),
)
_SEEN_DELTA_CHI2: Final = 100.0
_TWO_DELTA_CHI2: Final = 50.0
_RESOLVED_SIGMA: Final = 5.0
_LARGEST_REDUCED_CHI2: Final = 3.0
_STEERING_ERR_NM: Final = 0.09
"""A 16-bit output over 20 V at 1 um/V moves in steps of 0.31 nm, whose error has this standard deviation."""
_MIDDLE_PIXELS: Final = 6
_FINE_ANGLES_RAD: Final = (0.3, -0.3)


@dataclass(frozen=True)
class LocatePlan:
    """Where to look, with which light, for how long."""

    centre_x_nm: Annotated[float, Field(ge=-9000, le=9000)] = 0.0
    """Middle of the region, in steering coordinates."""
    centre_y_nm: Annotated[float, Field(ge=-9000, le=9000)] = 0.0
    """Likewise."""
    half_range_nm: Annotated[float, Field(ge=100, le=1000)] = 250.0
    """Half the side of the coarse image."""
    coarse_pixels: Annotated[int, Field(ge=7, le=25)] = 9
    """Pixels on a side of the coarse image."""
    fine_half_range_nm: Annotated[float, Field(ge=8, le=100)] = 24.0
    """Half the side of the fine image about the null."""
    fine_pixels: Annotated[int, Field(ge=5, le=15)] = 7
    """Pixels on a side of the fine image, which is scanned forth and back."""
    coarse_mw: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Doughnut power of the coarse image: near saturation at the crest, so that the ring keeps its shape."""
    fine_mw: Annotated[float, Field(gt=0, le=600)] = 400.0
    """Doughnut power of the fine image: far beyond saturation, so that only the nulls stay dark."""
    pixel_s: Annotated[float, Field(gt=0, le=60)] = 0.4
    """Counting time of a fine pixel; a coarse one takes a quarter."""


@dataclass(frozen=True)
class LocateResult:
    """Both NVs in steering coordinates; left is the one with the smaller x."""

    pair_nm: tuple[tuple[float, float], tuple[float, float]]
    pair_nm_err: tuple[tuple[float, float], tuple[float, float]]
    separation_nm: float
    separation_nm_err: float
    doughnut_radius_nm: float
    doughnut_radius_nm_err: float
    null_depth: float
    null_depth_err: float
    saturation_mw: float
    """Doughnut power that saturates an NV on the crest."""
    brightness_cps: float
    """Saturated count rate of one NV."""
    brightness_cps_err: float
    background_cps: float
    """Under the doughnut in the fine image."""
    two_emitter_sigma: float
    """Root of the chi2 that a second emitter saves."""
    reduced_chi2: float
    photons: int


@dataclass(frozen=True)
class _Scan:
    """A square image to take."""

    centre_nm: tuple[float, float]
    half_range_nm: float
    pixels: int
    power_mw: float
    seconds: float
    angles_rad: tuple[float, ...] = (0.0,)
    """One a pass."""


def locate(lab: Lab, plan: LocatePlan) -> Stream[LocateResult]:
    """Scan the doughnut over the region, then over its null at higher and higher power; fit two emitters to it all."""
    with controls.left_safe(lab):
        images = yield from _images(lab, plan)
        one = _one(images, lab.guesses.doughnut_radius_nm)
        two = fit_two(images, one, lab.guesses.pair_separation_nm, _STEERING_ERR_NM)
        one = fit_emitters(images, one, _STEERING_ERR_NM)
        _refuse_misfit(two)
        _refuse_unresolved(one, two)
        result = _result(one, two, images)
        yield Estimate({**vars(result)})
        _remember(lab, result)
        yield Progress(1.0, f"{result.separation_nm:.2f}({result.separation_nm_err:.2f}) nm apart")
        return result


def _images(lab: Lab, plan: LocatePlan) -> Stream[list[Image]]:
    quarter_s, middle_nm = 0.25 * plan.pixel_s, 0.3 * lab.guesses.doughnut_radius_nm
    middle_mw = float(np.sqrt(plan.coarse_mw * plan.fine_mw))
    total = plan.coarse_pixels**2 + _MIDDLE_PIXELS**2 + len(_FINE_ANGLES_RAD) * plan.fine_pixels**2
    about = (plan.centre_x_nm, plan.centre_y_nm)
    images: list[Image] = []
    scans = (
        _Scan(about, plan.half_range_nm, plan.coarse_pixels, plan.coarse_mw, quarter_s),
        _Scan(about, middle_nm, _MIDDLE_PIXELS, middle_mw, quarter_s),
        _Scan(about, plan.fine_half_range_nm, plan.fine_pixels, plan.fine_mw, 0.5 * plan.pixel_s, _FINE_ANGLES_RAD),
    )
    done = 0
    for scan in scans:
        images.append((yield from _scanned(lab, replace(scan, centre_nm=about), done / total, total)))
        done += len(scan.angles_rad) * scan.pixels**2
        one = _one(images, lab.guesses.doughnut_radius_nm)
        about = (float(one.positions_nm[0, 0]), float(one.positions_nm[0, 1]))
        _refuse_outside(about, plan)
        yield Estimate(
            {"doughnut_radius_nm": one.radius_nm, "doughnut_radius_nm_err": one.radius_err_nm, "centre_nm": about}
        )
        yield Progress(done / total, f"null near ({about[0]:.1f}, {about[1]:.1f}) nm")
    return images


def _scanned(lab: Lab, scan: _Scan, begun: float, total: int) -> Stream[Image]:
    """Take an image, line by line in turn of direction."""
    program = Program("count under the doughnut", lab.wiring.tick_ns).then(100_000, "depletion", "gate_signal")
    repeats = repeats_for(program, scan.seconds)
    controls.doughnut(lab, scan.power_mw)
    places = _serpentine(scan)
    x, y, counts = [], [], []
    for n, place in enumerate(places):
        controls.steer(lab, *place)
        seen = measure(lab, program, repeats)
        x.append(place[0])
        y.append(place[1])
        counts.append(seen.signal)
        rate, error = seen.signal / seen.duration_s, max(seen.signal, 1) ** 0.5 / seen.duration_s
        values = {"x_nm": place[0], "y_nm": place[1], "power_mw": scan.power_mw, "counts": rate, "counts_err": error}
        yield Point(values)
        if n % scan.pixels == 0:
            yield Progress(begun + n / total, f"{rate / 1e3:.1f} kcps at ({place[0]:.0f}, {place[1]:.0f}) nm")
    return Image(np.array(x), np.array(y), np.array(counts, dtype=float), seen.duration_s, scan.power_mw)


def _serpentine(scan: _Scan) -> list[tuple[float, float]]:
    """Where to count. A second pass runs backwards, so that a steady drift cancels.

    Passes are turned by their angles: no two pixels share a coordinate, so the steps of the outputs err independently.
    """
    offsets = np.linspace(-scan.half_range_nm, scan.half_range_nm, scan.pixels)
    square = [complex(dx, dy) for k, dy in enumerate(offsets) for dx in (offsets if k % 2 == 0 else -offsets)]
    turned = [place * np.exp(1j * angle) for angle in scan.angles_rad for place in square[:: 1 if angle >= 0 else -1]]
    return [(float(scan.centre_nm[0] + place.real), float(scan.centre_nm[1] + place.imag)) for place in turned]


def _one(images: list[Image], radius_nm: float) -> Emitters:
    """The pair as one emitter. Raises SequenceError if the coarse image shows no ring."""
    sighting = sighted(images[0], radius_nm)
    if sighting.delta_chi2 < _SEEN_DELTA_CHI2:
        rate = float(images[0].counts.mean()) / images[0].seconds
        raise SequenceError(
            f"No emitter in the region: the doughnut image is flat at {rate:.0f} counts/s (a ring would improve "
            f"chi2 by {sighting.delta_chi2:.0f}, {_SEEN_DELTA_CHI2:.0f} are needed)",
            "Check the doughnut's power and its line depletion, or look elsewhere with centre_x_nm and centre_y_nm",
            delta_chi2=sighting.delta_chi2,
            rate_cps=rate,
        )
    return fit_emitters(images, start_one(sighting, images))


def _refuse_outside(about: tuple[float, float], plan: LocatePlan) -> None:
    away = (about[0] - plan.centre_x_nm, about[1] - plan.centre_y_nm)
    if max(abs(away[0]), abs(away[1])) > plan.half_range_nm:
        raise SequenceError(
            f"The emitter's ring is centred at ({round(about[0])}, {round(about[1])}) nm, outside the region scanned",
            f"Scan there: centre_x_nm={round(about[0])} centre_y_nm={round(about[1])}",
            x_nm=about[0],
            y_nm=about[1],
        )


def _refuse_misfit(two: Emitters) -> None:
    reduced = two.chi2 / two.freedom
    if reduced > _LARGEST_REDUCED_CHI2:
        raise SequenceError(
            f"Two emitters of equal brightness do not explain the images: reduced chi2 {reduced:.1f}",
            "Check for a drifting doughnut (count shorter: pixel_s), a third emitter nearby, or NVs farther apart than "
            "twice fine_half_range_nm",
            reduced_chi2=reduced,
        )


def _refuse_unresolved(one: Emitters, two: Emitters) -> None:
    gain = one.chi2 - two.chi2
    sigma = two.separation_nm / two.separation_err_nm
    if gain > _TWO_DELTA_CHI2 and sigma > _RESOLVED_SIGMA:
        return
    x, y = one.positions_nm[0]
    raise SequenceError(
        f"Only one emitter is resolved, at ({x:.1f}, {y:.1f}) nm: a second one improves chi2 by {gain:.0f} "
        f"({_TWO_DELTA_CHI2:.0f} are needed), {two.separation_nm:.1f} ± {two.separation_err_nm:.1f} nm away. The "
        f"null's cross-talk is {100 * one.null_depth:.3g}(±{100 * one.null_depth_err:.2g}) % of the crest",
        "Count longer (pixel_s), raise fine_mw, deepen the null if its cross-talk is above 1 %, or choose another "
        "spot: the engine needs two NVs 10 to 20 nm apart",
        delta_chi2=gain,
        null_depth=one.null_depth,
        null_depth_err=one.null_depth_err,
        separation_nm=two.separation_nm,
        separation_nm_err=two.separation_err_nm,
    )


def _result(one: Emitters, two: Emitters, images: list[Image]) -> LocateResult:
    (left, right), (left_err, right_err) = two.positions_nm.tolist(), two.errors_nm.tolist()
    return LocateResult(
        pair_nm=((left[0], left[1]), (right[0], right[1])),
        pair_nm_err=((left_err[0], left_err[1]), (right_err[0], right_err[1])),
        separation_nm=two.separation_nm,
        separation_nm_err=two.separation_err_nm,
        doughnut_radius_nm=two.radius_nm,
        doughnut_radius_nm_err=two.radius_err_nm,
        null_depth=two.null_depth,
        null_depth_err=two.null_depth_err,
        saturation_mw=images[-1].power_mw / two.crests[-1],
        brightness_cps=two.brightness_cps,
        brightness_cps_err=two.brightness_err_cps,
        background_cps=two.background_cps[-1],
        two_emitter_sigma=float(np.sqrt(max(0.0, one.chi2 - two.chi2))),
        reduced_chi2=two.chi2 / two.freedom,
        photons=int(sum(image.counts.sum() for image in images)),
    )


def _remember(lab: Lab, result: LocateResult) -> None:
    for side, place, error in zip(("left", "right"), result.pair_nm, result.pair_nm_err, strict=True):
        for axis, value, sigma in zip("xy", place, error, strict=True):
            lab.calibration.put(f"pair.{side}_{axis}_nm", value, sigma)
