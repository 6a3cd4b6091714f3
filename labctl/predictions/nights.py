"""How long would the experiment take? Expected laboratory hours of an engine run until its witness is sure: no lab.

Nothing here is a model of its own: the joint calibration is planned, and the engine is forecast, by the functions that
plan and forecast a run (`sequences.routines`), asked of a bench that is only assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.predictions.assumed_bench import Assumed, known, pair, reading, with_baths
from labctl.predictions.tiles import HERE, Advanced, Computing, Values, computed
from sequences.analysis.engine.balance import polarisation_after
from sequences.analysis.pair.calibration import SCALES, PairCalibration
from sequences.analysis.tomography.interim import corrected, expected_share
from sequences.core.lab import Lab
from sequences.engine import ALIGNING_H, EnginePlan
from sequences.routines.bench import calibrated_bench
from sequences.routines.engine.forecast import EngineForecast, forecast
from sequences.routines.pair import pair_guess
from sequences.routines.pair.calibration_design import designed, pumped_rows
from sequences.routines.pair.joint_measurement import Batches, gates_for

Real = NDArray[np.float64]
Nights = dict[str, Any]
"""Plain numbers, strings, lists and None: ready for JSON."""

POINT_S: Final = 5.0
"""Wall time of a point, roughly."""
AXES: Final = {
    "separation_nm": "nm",
    "c13_percent": "%",
    "t2star_us": "us",
    "pump_fidelity": "",
    "doughnut_null": "",
    "doughnut_mw": "mW",
}
"""What a map may have along an axis, and its unit."""
AXIS_WORDS: Final = {
    "separation_nm": "separation of the NVs",
    "c13_percent": "13C content",
    "t2star_us": "T2* at 1.1 % 13C",
    "pump_fidelity": "pump fidelity F",
    "doughnut_null": "null of the doughnut over its crest",
    "doughnut_mw": "power of the doughnut",
}
MAPS: Final = {
    "hours": ("laboratory time of the whole run", "h"),
    "calibration_h": ("of the joint calibration", "h"),
    "tomography_h": ("of the long tomography", "h"),
    "most_tomography_h": ("that the run gives it", "h"),
    "significance": ("of the witness after all of it", "sigma"),
    "witness": ("expected witness", ""),
    "signed_concurrence": ("signed concurrence at the best time", ""),
    "evolution_us": ("best evolution time", "us"),
    "polarisation_left": ("polarisation of the hot bath", ""),
    "polarisation_right": ("polarisation of the cold bath", ""),
}
"""What is known at every point, in words, and its unit. Hours are None where the significance is not to be expected."""


@dataclass(frozen=True)
class Night:
    """One engine run, as it is to be expected."""

    hours: float
    """Laboratory time of the whole run, on average, if the significance is reached; nan if it is not expected to."""
    calibration_h: float
    """Of it: the joint calibration."""
    tomography_h: float
    """The long tomography, on average over the looks at which it may end."""
    most_tomography_h: float
    """What the run gives it."""
    significance: float
    """Of the witness after `most_tomography_h`, corrected for the looks. In sigma."""
    witness: float
    signed_concurrence: float
    """At the best time."""
    evolution_us: float
    polarisation_left: float
    polarisation_right: float
    """Of the baths there, at the release."""


def night(assumed: Assumed, plan: EnginePlan | None = None) -> Night:
    """The run on this bench. plan: by default the engine's own, with the bench's cooling and light."""
    plan = plan or EnginePlan()
    plan = replace(plan, cooling_us=assumed.cooling_us, doughnut_mw=assumed.doughnut_mw)
    lab = known(assumed)
    calibration, calibrated_h = _calibrated(lab, assumed, plan)
    with_baths(lab, assumed, calibration, gates_for(lab, calibration).gate_ns)
    ahead = forecast(lab, plan.evolution_us, plan.hours, plan.cooling_us, plan.expected_significance)
    sure = corrected(ahead.significance, len(ahead.on_the_way) - 1)
    tomography_h = ahead.hours * expected_share(ahead.on_the_way, plan.significance)
    prepared_h = ALIGNING_H + calibrated_h + plan.cool_h(calibrated_h)
    hours = prepared_h + plan.short_h(ahead.likely_h) * (len(ahead.at.times_us) - 1) + tomography_h
    reaches = ahead.is_expected and sure >= plan.significance
    return Night(
        hours=hours if reaches else np.nan,
        calibration_h=calibrated_h,
        tomography_h=tomography_h,
        most_tomography_h=ahead.hours,
        significance=sure,
        witness=ahead.witness,
        signed_concurrence=float(ahead.at.signed[ahead.best]),
        evolution_us=float(ahead.at.times_us[ahead.best]),
        **_baths(lab, ahead),
    )


def _baths(lab: Lab, ahead: EngineForecast) -> dict[str, float]:
    model, release = calibrated_bench.engine_model(lab), calibrated_bench.release(lab)
    left, right = polarisation_after(model, release, float(ahead.at.times_us[ahead.best]))
    return {"polarisation_left": left, "polarisation_right": right}


def _calibrated(lab: Lab, assumed: Assumed, plan: EnginePlan) -> tuple[PairCalibration, float]:
    """The pair with the covariance that its joint calibration leaves (Cramer and Rao's bound), and hours of that."""
    here, windows = pair(assumed), reading(assumed)
    believed = pair_guess.known(lab, here.pair.zz_rad_per_s, here.pair.rabi_x_rad_per_s)
    batches = Batches(3600.0 * plan.calibrate_hours, plan.expected_significance)
    information = np.diag((SCALES / believed) ** 2)
    spent_s, batch_s = 0.0, batches.first_s
    while batch_s:
        shots = designed(lab, here, believed, gates_for(lab, here), windows, batch_s)
        told = pumped_rows(here, windows, [(shot.program, shot.beam) for shot in shots])
        information = information + (told.T * np.array([shot.seconds for shot in shots])) @ told
        here = replace(here, covariance=np.linalg.inv(information) * np.outer(SCALES, SCALES))
        spent_s += batch_s
        batch_s = batches.next_s(lab, here, believed, windows, spent_s)
    return here, spent_s / 3600.0


def predict_nights(
    values: Mapping[str, Sequence[float]],
    assumed: Assumed,
    advanced: Advanced | None = None,
    how: Computing = HERE,
) -> Nights:
    """On a grid of two of AXES: the first one along the columns, the second one along the rows.

    values: of both. assumed: all else. advanced: is told after each point how many are done, of how many. how: where
    they are computed; the numbers are the same. Raises ComputingError.
    """
    x, y = values
    points = [Point(replace(assumed, **{y: row, x: column})) for row in values[y] for column in values[x]]
    nights = computed(values_at, points, how, POINT_S, advanced)
    shape = len(values[y]), len(values[x])
    plan = EnginePlan()
    return {
        "prediction": "nights",
        "wanted_significance": plan.significance,
        **{name: value for name, value in asdict(assumed).items() if name not in (x, y)},
        "axes": [x, y],
        x: list(values[x]),
        y: list(values[y]),
        **{name: _rows(nights[name], shape) for name in MAPS},
    }


@dataclass(frozen=True)
class Point:
    """A tile of one point."""

    assumed: Assumed
    points: int = 1


def values_at(point: Point) -> Values:
    """Everything of MAPS there, (1,)."""
    return {name: np.array([value]) for name, value in asdict(night(point.assumed)).items()}


def _rows(values: Real, shape: tuple[int, int]) -> list[list[float | None]]:
    return [[None if np.isnan(one) else float(one) for one in row] for row in np.reshape(values, shape)]


def as_dataset(nights: Nights) -> Any:
    """The same for xarray: maps against both axes, all else as attributes; nan where there is no such time."""
    import xarray

    x, y = nights["axes"]
    maps = {
        name: ((y, x), np.array(nights[name], dtype=float), {"units": unit or "1", "long_name": words})
        for name, (words, unit) in MAPS.items()
    }
    coordinates = {
        name: (name, np.array(nights[name]), {"units": AXES[name] or "1", "long_name": AXIS_WORDS[name]})
        for name in (y, x)
    }
    kept = {k: v for k, v in nights.items() if isinstance(v, (str, float, int))}
    return xarray.Dataset(maps, coordinates, kept)
