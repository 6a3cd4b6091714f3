"""A twin whose knobs are set by its own truth: on resonance, with pulses that turn by a quarter in two ticks."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from physics.levels import cross_relaxation_fields_mt
from simulated_instruments.cables import GATE_LINES, LINES
from simulated_instruments.sample import Sample, load_sample
from simulated_instruments.twin import Twin

TICK_S = 100e-9
RESONANT_MT, MIRROR_MT = cross_relaxation_fields_mt()
QUARTER = 2
"""Ticks of a quarter turn at CARRIER_DBM."""
CARRIER_DBM = 20.0 * np.log10(1.25)
SIGNAL = 1 << GATE_LINES["PFI9"]


def sample(**changed: Any) -> Sample:
    """The default truth with some keys changed; a mapping changes only the keys it names."""
    truth = load_sample().model_dump()
    for key, value in changed.items():
        truth[key] = {**truth[key], **value} if isinstance(value, dict) else value
    return Sample.model_validate(truth)


def twin(field_mt: float = RESONANT_MT, seed: int = 1, **changed: Any) -> Twin:
    """A bench with this field along the NV axis, a shift of -1 mT, a gradient that keeps the right NV, no light."""
    truth = sample(**changed)
    out = Twin(truth, seed=seed)
    wanted = field_mt * truth.nv_axis.unit_vector - np.array(truth.residual_field_ut) * 1e-3
    x, y, main = np.linalg.solve(np.array(truth.coil_matrix_mt_per_a), wanted)
    coils = truth.pulsed_coils
    angle = np.deg2rad(coils.gradient_direction_deg)
    right_nm = (truth.pair.positions_nm[1] - coils.gradient_centre_nm) @ [np.cos(angle), np.sin(angle)]
    compensation_a = -coils.gradient_ut_per_nm_per_a * 1e-3 * 0.1 * right_nm / coils.compensation_mt_per_a
    out.turn(trim_x_a=x, trim_y_a=y, main_a=main, shift_a=-0.1, gradient_a=0.1, compensation_a=compensation_a)
    return out


def lit(bench: Twin) -> Twin:
    """Both beams ready, the doughnut's null on the left NV."""
    left_v = bench.sample.pair.positions_nm[0] / bench.sample.optics.steering_nm_per_v
    bench.turn(green_w=0.1, pump_aom=1.0, pump_gate="ttl", depletion_w=0.6, depletion_aom=1.0, depletion_gate="ttl")
    bench.turn(steering_v=tuple(float(v) for v in left_v))
    return bench


def driven(bench: Twin, plus: bool = False) -> Twin:
    """The carrier on the frozen line of the right NV, f- or f+."""
    along, across = bench.field_mt(word("shift"))
    lines = bench.lines(float(along[1]), across)
    carrier_hz = lines.plus_hz[0] if plus else abs(lines.minus_hz[0])
    bench.turn(carrier_hz=float(carrier_hz), carrier_dbm=CARRIER_DBM, carrier_on=True)
    return bench


def word(*roles: str) -> int:
    """Levels with these lines high."""
    return sum(1 << LINES[role] for role in roles)


def pattern(*parts: tuple[int, int]) -> np.ndarray:
    """(ticks, levels) after one another."""
    return np.concatenate([np.full(ticks, levels, dtype=np.uint32) for ticks, levels in parts])


def play(bench: Twin, parts: Iterable[tuple[int, int]], repeats: int = 1, counting: bool = True) -> list[int]:
    """Play; the window is open where the signal gate is high. Laboratory time follows."""
    words = pattern(*parts)
    counts = bench.play(words, TICK_S, repeats, [(words & SIGNAL) > 0] if counting else [])
    bench.clock.sleep(len(words) * repeats * TICK_S)
    return counts


def z(bench: Twin) -> np.ndarray:
    """sigma_z of the left and of the right NV now."""
    return bench.state.vector[[12, 3]]


PUMPED = [(60, word("pump", "shift")), (10, word("shift"))]
"""Both NVs to |0>, frozen."""
READ = [(16, word("pump", "shift", "gradient") | SIGNAL)]
PI = [(2 * QUARTER, word("mw_x", "shift"))]
