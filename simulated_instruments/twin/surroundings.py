"""What surrounds the two NVs for given setpoints and line levels: field and light at each, and what they emit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.optics import doughnut_profile, excited_share, saturation
from simulated_instruments.cables import LINES
from simulated_instruments.sample import Sample
from simulated_instruments.setpoints import AomGate, Setpoints

Real = NDArray[np.float64]

BRIGHTNESS, GREEN, DOUGHNUT, MICROWAVE, STED = range(5)
"""What wanders, in the order of `Drift.wander`."""
OUTPUT_STEP_V: Final = 20.0 / 2**16
"""Of the card's analogue outputs, +-10 V in 16 bits: what is asked for is rounded to it."""


@dataclass(frozen=True)
class Drift:
    """Where the slow random walks stand now."""

    field_mt: Real
    """(3,), laboratory frame."""
    steering_nm: Real
    """(2,)"""
    zero_field_hz: float = 0.0
    """Of D."""
    wander: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """Relative change of the collected light, of the green laser's and the doughnut's power, of the microwave, and of
    the red doughnut's power."""

    def gain(self, which: int) -> float:
        """1 and the relative change of one of these; never below 0."""
        return max(0.0, 1.0 + self.wander[which])


def line(levels: int, role: str) -> bool:
    """Whether the line that is really cabled to this role is high."""
    return bool(levels >> LINES[role] & 1)


def static_field_mt(sample: Sample, setpoints: Setpoints, drift: Drift) -> tuple[float, float]:
    """(along, across) the NV axis, without the pulsed coils: B = K I + residual + drift."""
    currents = np.array([setpoints.trim_x_a, setpoints.trim_y_a, setpoints.main_a])
    residual_mt = np.array(sample.residual_field_ut) * 1e-3
    field = np.array(sample.coil_matrix_mt_per_a) @ currents + residual_mt + drift.field_mt
    axis = sample.nv_axis.unit_vector
    along = float(field @ axis)
    return along, float(np.linalg.norm(field - along * axis))


def coil_fields_mt(sample: Sample, setpoints: Setpoints) -> tuple[Real, Real]:
    """(2,) each: what the shift and the gradient coil add along the axis at the left and the right NV while on."""
    coils = sample.pulsed_coils
    angle = np.deg2rad(coils.gradient_direction_deg)
    distance_nm = (sample.pair.positions_nm - coils.gradient_centre_nm) @ np.array([np.cos(angle), np.sin(angle)])
    gradient = coils.gradient_ut_per_nm_per_a * 1e-3 * setpoints.gradient_a * distance_nm
    return np.full(
        2, coils.shift_mt_per_a * setpoints.shift_a
    ), gradient + coils.compensation_mt_per_a * setpoints.compensation_a


def pulsed_field_mt(sample: Sample, setpoints: Setpoints, levels: int) -> Real:
    """(2,): what the pulsed coils add along the axis at the left and the right NV (physics.md, section 5)."""
    shift, gradient = coil_fields_mt(sample, setpoints)
    return shift * line(levels, "shift") + gradient * line(levels, "gradient")


@dataclass(frozen=True)
class Light:
    """Light on the pair."""

    pump_per_s: Real
    """(2,): rate at which each NV is pumped towards |0>."""
    emission_cps: Real
    """(2,): detected photons per second of each NV in |0>."""
    background_cps: float
    """Of everything else: bystanders, the stray light of both beams, the detector in the dark."""


def light(
    sample: Sample, setpoints: Setpoints, levels: int, drift: Drift, risen: tuple[float, float] | None = None
) -> Light:
    """Both beams on the pair. A green doughnut (GSD) pumps where it shines; both effects go as s/(1+s). A red one
    (STED) empties an excited NV where it shines, before that has emitted or been pumped; detection is blind for it.

    risen: share of its light that the AOM of the pump and of the depletion beam lets through; by default all or none.
    """
    optics = sample.optics
    share = risen or (float(line(levels, "pump")), float(line(levels, "depletion")))
    pump = _transmitted(setpoints.pump_aom, setpoints.pump_gate, share[0], optics.aom_extinction)
    ring = _transmitted(setpoints.depletion_aom, setpoints.depletion_gate, share[1], optics.aom_extinction)
    green_w, depletion_w = setpoints.green_w * drift.gain(GREEN), setpoints.depletion_w * drift.gain(DOUGHNUT)
    gaussian = green_w * 1e3 * pump * optics.pump_throughput / optics.pump_saturation_mw
    crest = depletion_w * 1e3 * ring * optics.doughnut_throughput / optics.doughnut_saturation_mw
    red = setpoints.sted_w * drift.gain(STED) * 1e3 * ring * optics.sted.throughput / optics.sted.saturation_mw
    steered_v = np.round(np.array(setpoints.steering_v) / OUTPUT_STEP_V) * OUTPUT_STEP_V
    null_nm = steered_v * optics.steering_nm_per_v + drift.steering_nm

    def excited(places_nm: Real) -> Real:
        distance_nm = np.linalg.norm(places_nm - null_nm, axis=-1)
        green = gaussian + crest * doughnut_profile(distance_nm, optics.doughnut_radius_nm, optics.doughnut_null)
        if not red:
            return saturation(green)
        emptying = red * doughnut_profile(distance_nm, optics.sted.radius_nm, optics.sted.null)
        return excited_share(green, emptying, optics.sted.anti_stokes)

    pair = excited(sample.pair.positions_nm)
    beside = sum(b.brightness * float(excited(np.array(b.position_nm))) for b in sample.bystanders)
    stray = float(saturation(gaussian)) + ring * (setpoints.depletion_w > 0)
    seen = drift.gain(BRIGHTNESS)
    background = optics.background_cps * seen * stray + optics.dark_cps + optics.saturated_cps * seen * beside
    return Light(optics.pump_per_s * pair, optics.saturated_cps * seen * pair, background)


def _transmitted(diffraction: float, gate: AomGate, share: float, extinction: float) -> float:
    """Share of the light that the AOM lets through, of which `share` has risen; a closed gate still leaks."""
    risen = 1.0 if gate == "on" else share if gate == "ttl" else 0.0
    return diffraction * (1.0 if risen == 1.0 else extinction + (1.0 - extinction) * risen)
