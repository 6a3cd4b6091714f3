"""The magnet from one run to the next: a survey that starts from nothing or from an earlier align, and what is kept."""

from dataclasses import replace
from typing import Final

import numpy as np

from sequences.analysis.magnet.field_fit import USUAL_WALK
from sequences.analysis.magnet.field_model import (
    NAMES,
    FieldModel,
    anchored_model,
    counted_from_zero,
    drifted,
    nominal_model,
)
from sequences.core.lab import Lab
from sequences.routines.magnet.survey import Nitrogen, Survey, exchange_shift_hz

_DRIFT_MT: Final = 0.03
"""How far the field may have drifted since a calibration."""
_LINE_ERR: Final = 0.2
"""Relative, of depth and width from one line to another."""


def from_nothing(lab: Lab, nitrogen: Nitrogen = "auto") -> Survey:
    """A survey that starts from the nominal coils."""
    return _begun(lab, nominal_model(lab.guesses.coil_matrix_mt_per_a, exchange_shift_hz(lab), nitrogen != "none"))


def from_calibration(lab: Lab, nitrogen: Nitrogen = "auto") -> Survey | None:
    """A survey that starts from the resonance found by an earlier align, and the nucleus it saw; None if none ran."""
    nucleus = lab.calibration.get("field.nitrogen")
    with_14n = nitrogen != "none" if nitrogen != "auto" or nucleus is None else nucleus.value > 0.5
    prior = _stored_model(lab, with_14n) or _model_at_resonance(lab, with_14n)
    return None if prior is None else _begun(lab, prior)


def _begun(lab: Lab, prior: FieldModel) -> Survey:
    prior = replace(prior, time_s=lab.clock.now(), walk_mt_per_sqrt_s=USUAL_WALK)
    return Survey(lab, prior, prior)


def keep(known: Survey) -> None:
    """Store all that was learned of the magnet and of its lines, for the next time."""
    lab, kept = known.lab, counted_from_zero(known.model)
    keys = [f"magnet.{name}" for name in NAMES]
    for key, value, variance in zip(keys, kept.values, np.diag(kept.covariance), strict=True):
        lab.calibration.put(key, value, float(np.sqrt(variance)))
    lab.calibration.put_covariance(keys, kept.covariance)
    lab.calibration.put("field.nitrogen", float(kept.nitrogen), 0.0)
    tracker = known.tracker_for(1.0)
    lab.calibration.put("odmr.width_0dbm_hz", tracker.width_0dbm_hz, _LINE_ERR * tracker.width_0dbm_hz)
    lab.calibration.put("odmr.contrast", tracker.contrast, _LINE_ERR * tracker.contrast)


def _stored_model(lab: Lab, nitrogen: bool) -> FieldModel | None:
    keys = [f"magnet.{name}" for name in NAMES]
    values = [kept.value for kept in (lab.calibration.get(key) for key in keys) if kept is not None]
    if len(values) < len(keys):
        return None
    return drifted(FieldModel(tuple(values), lab.calibration.covariance(keys), nitrogen), _DRIFT_MT)


def _model_at_resonance(lab: Lab, nitrogen: bool) -> FieldModel | None:
    """The nominal coils, hung on the calibrated resonance."""
    kept = [lab.calibration.get(f"field.{key}") for key in ("x_a", "y_a", "main_a", "resonance_mt")]
    values = [c.value for c in kept if c is not None]
    if len(values) < len(kept):
        return None
    nominal = nominal_model(lab.guesses.coil_matrix_mt_per_a, exchange_shift_hz(lab), nitrogen)
    return anchored_model(nominal, (values[0], values[1], values[2]), values[3], _DRIFT_MT)
