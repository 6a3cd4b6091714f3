"""What a run would conclude now, gathered from its parts; and fits as a picture needs them, in plain numbers."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.magnet.field_model import FieldModel
from sequences.analysis.odmr.line_fit import LineFit
from sequences.analysis.relaxation import DipFit, detuning_hz, detuning_slope_hz_per_mt
from sequences.results import Estimate, Stream

R = TypeVar("R")


def gathered(stream: Stream[R]) -> Stream[R]:
    """The stream, with each estimate completed by what earlier ones said: so no part needs to know the whole."""
    known: dict[str, Any] = {}
    try:
        while True:
            event = next(stream)
            if isinstance(event, Estimate):
                known |= event.values
                event = Estimate(dict(known))
            yield event
    except StopIteration as stop:
        value: R = stop.value
        return value
    finally:
        stream.close()


def line_of(name: str, fit: LineFit, offsets_hz: NDArray[np.float64]) -> dict[str, Any]:
    """An ODMR line, for `sequences.analysis.odmr.line_fit.line_curve`."""
    return {
        "name": name,
        "centre_hz": fit.centre_hz,
        "centre_hz_err": fit.centre_err_hz,
        "linewidth_hz": fit.linewidth_hz,
        "linewidth_hz_err": fit.linewidth_err_hz,
        "contrast": fit.contrast,
        "contrast_err": fit.contrast_err,
        "level": fit.level,
        "offsets_hz": offsets_hz.tolist(),
        "nuclear_polarisation": fit.nuclear_polarisation,
        "reduced_chi2": fit.reduced_chi2,
    }


def field_of(model: FieldModel, currents_a: Sequence[float]) -> dict[str, Any]:
    """The field at these currents, for an estimate, with the 13C resonance where theory expects it."""
    along, *across = (float(v) for v in model.vector_mt(currents_a))
    along_err, *across_err = (float(v) for v in model.errors_mt(currents_a))
    transverse_mt, transverse_err_mt = model.across_estimate_mt(currents_a)
    slope_khz_per_mt = 1e-3 * detuning_slope_hz_per_mt(along, model.nitrogen)
    return {
        "field_mt": along,
        "field_mt_err": along_err,
        "across_ut": [1e3 * v for v in across],
        "across_ut_err": [1e3 * v for v in across_err],
        "transverse_ut": 1e3 * transverse_mt,
        "transverse_ut_err": 1e3 * transverse_err_mt,
        "detuning_khz": 1e-3 * detuning_hz(along, model.nitrogen),
        "detuning_khz_err": abs(slope_khz_per_mt) * along_err,
        "resonance": "expected",
        "nitrogen": model.nitrogen,
        "shift_hz": model.shift_hz,
    }


def dip_of(fit: DipFit, bath_spins: float) -> dict[str, float]:
    """A dip of relaxation, for `sequences.analysis.relaxation.surviving_curve`."""
    return {
        "centre_ut": 1e3 * fit.centre_mt,
        "centre_ut_err": 1e3 * fit.centre_err_mt,
        "half_width_ut": 1e3 * fit.half_width_mt,
        "half_width_ut_err": 1e3 * fit.half_width_err_mt,
        "rate_per_s": fit.rate_per_s,
        "rate_per_s_err": fit.rate_err_per_s,
        "inversion": fit.inversion,
        "inversion_err": fit.inversion_err,
        "bath_spins": bath_spins,
        "reduced_chi2": fit.reduced_chi2,
    }
