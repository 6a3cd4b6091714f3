"""Where the two NVs are: images under the doughnut, coarse to fine, and a joint fit of both. Needs no field."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.analysis.imaging.doughnut_images import Image, Images
from sequences.analysis.imaging.emitter_count import farthest_nm, fit_three, fit_two
from sequences.analysis.imaging.emitters import Emitters, fit_emitters, fit_strayed, start_one
from sequences.analysis.imaging.ring_detection import detect_ring
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.plan_limits import LimitedBy
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.bench.selection import selects_inside
from sequences.routines.stabilisation import NULL_KEY

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("x_nm", "doughnut x", "nm"),
    Column("y_nm", "doughnut y", "nm"),
    Column("power_mw", "doughnut power", "mW"),
    Column("counts", "count rate", "1/s", ("x_nm", "y_nm", "power_mw")),
    Column("counts_err", "its shot noise", "1/s", ("x_nm", "y_nm", "power_mw")),
)
_SEEN_DELTA_CHI2: Final = 100.0
_TWO_DELTA_CHI2: Final = 100.0
"""Two emitters 4 nm apart save some 50 under good light, 10 nm apart more than 200."""
_THIRD_DELTA_CHI2: Final = 30.0
"""Three numbers, looked for in many places: by chance one in ten thousand pairs saves as much."""
_RESOLVED_SIGMA: Final = 5.0
_LARGEST_REDUCED_CHI2: Final = 3.0
_LARGEST_DRIFT_NM: Final = 5.0
"""Per root minute: beyond, the null drifts over the pair while the fine image is taken."""
_STEERING_ERR_NM: Final = 0.09
"""A 16-bit output over 20 V at 1 um/V moves in steps of 0.31 nm, whose error has this standard deviation."""
_MIDDLE_PIXELS: Final = 6
_MIDDLE_ANGLE_RAD: Final = 0.3
_FINE_ANGLES_RAD: Final = (0.3, -0.3)


@dataclass(frozen=True)
class LocatePlan:
    """Where to look, with which light, for how long."""

    centre_x_nm: Annotated[float, Field(ge=-9000, le=9000)] = 0.0
    """Middle of the region along x, in steering coordinates."""
    centre_y_nm: Annotated[float, Field(ge=-9000, le=9000)] = 0.0
    """Middle of the region along y, in steering coordinates."""
    half_range_nm: Annotated[float, Field(ge=100, le=1000)] = 250.0
    """Half the side of the coarse image."""
    coarse_pixels: Annotated[int, Field(ge=7, le=25)] = 9
    """Pixels on a side of the coarse image."""
    fine_half_range_nm: Annotated[float, Field(ge=8, le=100)] = 24.0
    """Half the side of the fine image about the null."""
    fine_pixels: Annotated[int, Field(ge=5, le=15)] = 7
    """Pixels on a side of the fine image, which is scanned forth and back."""
    coarse_mw: Annotated[float, LimitedBy("depletion_mw"), Field(gt=0, le=600)] = 8.0
    """Doughnut power of the coarse image: near saturation at the crest, so that the ring keeps its shape."""
    fine_mw: Annotated[float, LimitedBy("depletion_mw"), Field(gt=0, le=600)] = 400.0
    """Doughnut power of the fine image: far beyond saturation, so that only the nulls stay dark."""
    pixel_s: Annotated[float, Field(gt=0, le=60)] = 0.4
    """Counting time of a fine pixel; a coarse one takes a quarter."""


@dataclass(frozen=True)
class LocateResult:
    """Both NVs in steering coordinates; left is the one with the smaller x."""

    pair_nm: tuple[tuple[float, float], tuple[float, float]]
    """At the end of the run."""
    pair_nm_err: tuple[tuple[float, float], tuple[float, float]]
    pair_covariance_nm2: tuple[tuple[float, ...], ...]
    """(4, 4): of left x, left y, right x, right y. In nm²."""
    separation_nm: float
    """Between the two NVs."""
    separation_nm_err: float
    doughnut_radius_nm: float
    """From the null of the doughnut to its crest."""
    doughnut_radius_nm_err: float
    null_depth: float
    """Light in the null of the doughnut over that on its crest. No unit."""
    null_depth_err: float
    saturation_mw: float
    """Doughnut power that saturates an NV on the crest."""
    brightness_cps: float
    """Saturated count rate of one NV."""
    brightness_cps_err: float
    background_cps: float
    """Under the doughnut in the fine image."""
    drift_nm_per_sqrt_min: float
    """How far each coordinate of the null drifted in a minute while the images were taken, 1 sigma. In nm per √min."""
    drift_nm_per_sqrt_min_err: float
    two_emitter_sigma: float
    """Root of the chi2 that a second emitter saves, whatever drift suits either. In sigma."""
    reduced_chi2: float
    """Of the fit of two emitters to the images. No unit."""
    photons: int
    """Counted in the images that were fitted. In photons."""


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
    """Scan the doughnut over the region, then over its null at higher and higher power; fit two emitters to it all.

    Positions are those to steer to at the end of the run, after whatever the doughnut has drifted meanwhile. Raises
    SequenceError if the images show no emitter, one outside the region, only one, or a third one.
    """
    with controls.left_safe(lab):
        images = Images((yield from _images(lab, plan)))
        one = _one(images.scans, lab.guesses.doughnut_radius_nm)
        two = fit_two(images, one, lab.guesses.pair_separation_nm, _STEERING_ERR_NM)
        three = fit_three(images, two, lab.guesses.pair_separation_nm, _STEERING_ERR_NM)
        _refuse_third(two, three)
        _refuse_misfit(two)
        one = fit_strayed(images, one, _STEERING_ERR_NM)
        _refuse_unresolved(images, one, two)
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
    if selects_inside(lab):
        controls.pump(lab)
    scans = (
        _Scan(about, plan.half_range_nm, plan.coarse_pixels, plan.coarse_mw, quarter_s),
        _Scan(about, middle_nm, _MIDDLE_PIXELS, middle_mw, quarter_s, (_MIDDLE_ANGLE_RAD,)),
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
    program = _pixel(lab.wiring.tick_ns)
    repeats = repeats_for(program, scan.seconds)
    controls.doughnut(lab, scan.power_mw)
    places = _places(scan)
    x, y, counts, times_s = [], [], [], []
    for n, place in enumerate(places):
        controls.steer(lab, *place)
        seen = measure(lab, program, repeats)
        x.append(place[0])
        y.append(place[1])
        counts.append(seen.signal)
        times_s.append(lab.clock.now() - 0.5 * seen.duration_s)
        rate, error = seen.signal / seen.duration_s, max(seen.signal, 1) ** 0.5 / seen.duration_s
        values = {"x_nm": place[0], "y_nm": place[1], "power_mw": scan.power_mw, "counts": rate, "counts_err": error}
        yield Point(values)
        if n % scan.pixels == 0:
            yield Progress(begun + n / total, f"{rate / 1e3:.1f} kcps at ({place[0]:.0f}, {place[1]:.0f}) nm")
    pixels = [np.array(column, dtype=float) for column in (x, y, counts, times_s)]
    return Image(pixels[0], pixels[1], pixels[2], pixels[3], seen.duration_s, scan.power_mw, selects_inside(lab))


def _places(scan: _Scan) -> list[tuple[float, float]]:
    """Where to count. A pair of passes runs outwards and back in: a steady drift cancels, and the end sees the null.

    Passes are turned by their angles: no two pixels share a coordinate, so the steps of the outputs err independently.
    The coarse image alone is straight: it is too flat for the steps to count.
    """
    offsets = np.linspace(-scan.half_range_nm, scan.half_range_nm, scan.pixels)
    square = [complex(dx, dy) for k, dy in enumerate(offsets) for dx in (offsets if k % 2 == 0 else -offsets)]
    if len(scan.angles_rad) > 1:
        square.sort(key=abs)
    turned = [place * np.exp(1j * angle) for angle in scan.angles_rad for place in square[:: 1 if angle >= 0 else -1]]
    return [(float(scan.centre_nm[0] + place.real), float(scan.centre_nm[1] + place.imag)) for place in turned]


def _one(images: Sequence[Image], radius_nm: float) -> Emitters:
    """The pair as one emitter. Raises SequenceError if the coarse image shows no ring."""
    ring = detect_ring(images[0], radius_nm)
    if ring.delta_chi2 < _SEEN_DELTA_CHI2:
        rate = float(images[0].counts.mean()) / images[0].seconds
        raise SequenceError(
            f"No emitter in the region: the doughnut image is flat at {rate:.0f} counts/s (a ring would improve "
            f"chi2 by {ring.delta_chi2:.0f}, {_SEEN_DELTA_CHI2:.0f} are needed)",
            "Check the doughnut's power and its line depletion, or look elsewhere with centre_x_nm and centre_y_nm",
            delta_chi2=ring.delta_chi2,
            rate_cps=rate,
        )
    seen = Images(images)
    return fit_emitters(seen, start_one(ring, seen))


def _refuse_outside(about: tuple[float, float], plan: LocatePlan) -> None:
    away = (about[0] - plan.centre_x_nm, about[1] - plan.centre_y_nm)
    if max(abs(away[0]), abs(away[1])) > plan.half_range_nm:
        raise SequenceError(
            f"The emitter's ring is centred at ({round(about[0])}, {round(about[1])}) nm, outside the region scanned",
            f"Scan there: centre_x_nm={round(about[0])} centre_y_nm={round(about[1])}",
            x_nm=about[0],
            y_nm=about[1],
        )


def _refuse_third(two: Emitters, three: Emitters) -> None:
    gain = two.deviance - three.deviance
    if gain < _THIRD_DELTA_CHI2 or three.chi2 / three.freedom > _LARGEST_REDUCED_CHI2:
        return
    (x, y), (x_err, y_err) = three.positions_nm[2], three.errors_nm[2]
    away = float(np.hypot(*(three.positions_nm[2] - three.positions_nm[:2].mean(axis=0))))
    raise SequenceError(
        f"A third emitter stands at ({x:.1f}(±{x_err:.1f}), {y:.1f}(±{y_err:.1f})) nm, {away:.0f} nm from the middle "
        f"of two equal ones, {three.third_share:.2f}(±{three.third_share_err:.2f}) times as bright as one of them: it "
        f"improves chi2 by {gain:.0f} ({_THIRD_DELTA_CHI2:.0f} are needed)",
        "Its light would be in every read-out of the pair. Choose another spot, centre_x_nm and centre_y_nm, whose "
        "surroundings are dark",
        third_x_nm=float(x),
        third_x_nm_err=float(x_err),
        third_y_nm=float(y),
        third_y_nm_err=float(y_err),
        third_brightness=three.third_share,
        third_brightness_err=three.third_share_err,
        delta_chi2=gain,
    )


def _refuse_misfit(two: Emitters) -> None:
    reduced = two.chi2 / two.freedom
    if reduced > _LARGEST_REDUCED_CHI2 or two.drift.mean_nm > _LARGEST_DRIFT_NM:
        raise SequenceError(
            f"Two emitters of equal brightness do not explain the images: reduced chi2 {reduced:.1f}, even if the "
            f"doughnut drifted {two.drift.mean_nm:.1f} nm in a minute",
            "Check for a drifting doughnut (count shorter: pixel_s), NVs farther apart than twice fine_half_range_nm, "
            "or several emitters nearby (another spot: centre_x_nm, centre_y_nm)",
            reduced_chi2=reduced,
            drift_nm_per_sqrt_min=two.drift.mean_nm,
        )


def _refuse_unresolved(images: Images, one: Emitters, two: Emitters) -> None:
    gain = one.deviance - two.deviance
    sigma = two.separation_nm / two.separation_err_nm
    if gain > _TWO_DELTA_CHI2 and sigma > _RESOLVED_SIGMA:
        return
    x, y = one.positions_nm[0]
    farthest = farthest_nm(images, two, _STEERING_ERR_NM)
    raise SequenceError(
        f"Only one emitter is resolved, at ({x:.1f}, {y:.1f}) nm: a second one improves chi2 by {gain:.0f} "
        f"({_TWO_DELTA_CHI2:.0f} are needed), and is at most {farthest:.1f} nm away (95 %). The null's cross-talk is "
        f"{100 * one.null_depth:.3g}(±{100 * one.null_depth_err:.2g}) % of the crest",
        "Count longer (pixel_s), raise fine_mw, deepen the null if its cross-talk is above 1 %, or choose another "
        "spot: the engine needs two NVs 10 to 20 nm apart",
        delta_chi2=gain,
        farthest_nm=farthest,
        null_depth=one.null_depth,
        null_depth_err=one.null_depth_err,
        separation_nm=two.separation_nm,
        separation_nm_err=two.separation_err_nm,
    )


def _result(one: Emitters, two: Emitters, images: Images) -> LocateResult:
    (left, right), (left_err, right_err) = two.positions_nm.tolist(), two.errors_nm.tolist()
    return LocateResult(
        pair_nm=((left[0], left[1]), (right[0], right[1])),
        pair_nm_err=((left_err[0], left_err[1]), (right_err[0], right_err[1])),
        pair_covariance_nm2=tuple(tuple(row) for row in two.covariance_nm2.tolist()),
        separation_nm=two.separation_nm,
        separation_nm_err=two.separation_err_nm,
        doughnut_radius_nm=two.radius_nm,
        doughnut_radius_nm_err=two.radius_err_nm,
        null_depth=two.null_depth,
        null_depth_err=two.null_depth_err,
        saturation_mw=images.scans[-1].power_mw / two.crests[-1],
        brightness_cps=two.brightness_cps,
        brightness_cps_err=two.brightness_err_cps,
        background_cps=two.background_cps[-1],
        drift_nm_per_sqrt_min=two.drift.mean_nm,
        drift_nm_per_sqrt_min_err=two.drift.err_nm,
        two_emitter_sigma=float(np.sqrt(max(0.0, one.deviance - two.deviance))),
        reduced_chi2=two.chi2 / two.freedom,
        photons=int(sum(image.counts.sum() for image in images.scans)),
    )


def _remember(lab: Lab, result: LocateResult) -> None:
    keys = [f"pair.{side}_{axis}_nm" for side in ("left", "right") for axis in "xy"]
    values, errors = np.ravel(result.pair_nm), np.ravel(result.pair_nm_err)
    for key, value, error in zip(keys, values, errors, strict=True):
        lab.calibration.put(key, float(value), float(error))
    lab.calibration.put_covariance(keys, np.array(result.pair_covariance_nm2))
    lab.calibration.put(NULL_KEY, result.drift_nm_per_sqrt_min, result.drift_nm_per_sqrt_min_err)


def programs(_plan: LocatePlan, wiring: Wiring) -> list[Program]:
    """What every pixel plays."""
    return [_pixel(wiring.tick_ns)]


def _pixel(tick_ns: int) -> Program:
    return Program("count under the doughnut", tick_ns).then(nearest_ns(100_000, tick_ns), "depletion", "gate_signal")


EXPERIMENT: Final = Experiment(
    name="locate",
    description="both NVs in the focal plane, with the doughnut",
    plan=LocatePlan,
    function=locate,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("separation_nm", "separation", "nm"),),
    concludes=("separation_nm", "doughnut_radius_nm"),
    calibrates=("pair",),
    figure="labctl.figures.experiments.locate:figure",
    docks=("Cooling",),
)
