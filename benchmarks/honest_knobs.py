"""Benches with imperfections, drawn at random or with one alone, and what each is expected to show, by the sample."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from physics.constants import NATURAL_C13_PERCENT, TWO_PI
from physics.coupling import gamma1_per_s, gamma2_per_s
from sequences.analysis.engine.engine_model import EngineModel, best_times_us
from sequences.analysis.engine.prediction import signed
from sequences.analysis.pair.shot_classes import Spread
from simulated_instruments.sample import Sample, load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.twin.shots.classes import spread_of

ENTANGLED: Final = 0.03
SEPARABLE: Final = (-0.03, 0.0)
"""Signed concurrence at the best time of the two kinds of benches."""
KINDS: Final = ("entangled", "separable")
ALONE_NM: Final = 10.0
ALONE_C13: Final = 1.1
"""The pair that shows entanglement beside one imperfection."""

_COLD: Final = 0.985
"""Polarisation of the cold bath over that of the NV which cools it."""
_HOT: Final = 0.06


@dataclass(frozen=True)
class Knob:
    """One imperfection: where it stands in a sample, and its sizes there."""

    paths: tuple[str, ...]
    low: float
    high: float
    """The range from which benches are drawn."""
    typical: float
    perfect: float = 0.0

    def times(self, factor: float) -> float:
        """The imperfection so many times as large as is typical."""
        return self.perfect + factor * (self.typical - self.perfect)


KNOBS: Final[Mapping[str, Knob]] = {
    "pump_fidelity": Knob(("optics.pump_fidelity",), 0.85, 0.998, 0.95, 0.998),
    "nitrogen": Knob(("nitrogen_polarisation",), 0.94, 1.0, 0.96, 1.0),
    "overhauser_khz": Knob(("bath.overhauser_khz",), 0.0, 150.0, 75.0),
    "overhauser_shift_khz": Knob(("bath.overhauser_shift_khz",), 0.0, 50.0, 50.0),
    "brightness": Knob(("optics.brightness_drift.rms",), 0.0, 0.05, 0.025),
    "powers": Knob(("optics.green_drift.rms", "optics.doughnut_drift.rms"), 0.0, 0.01, 0.005),
    "microwave": Knob(("microwave.amplitude_drift.rms",), 0.0, 0.01, 0.003),
    "aom_delay_ns": Knob(("optics.aom_delay_ns",), 0.0, 600.0, 450.0),
    "aom_rise_ns": Knob(("optics.aom_rise_ns",), 0.0, 50.0, 40.0),
    "mw_delay_ns": Knob(("microwave.delay_ns",), 0.0, 600.0, 30.0),
    "singlet_ns": Knob(("optics.singlet_ns",), 0.0, 300.0, 250.0),
    "settling": Knob(("pulsed_coils.settling_share",), 0.0, 0.003, 0.003),
    "quadrature_deg": Knob(("microwave.quadrature_error_deg",), 0.0, 3.0, 2.0),
    "imbalance": Knob(("microwave.quadrature_imbalance",), 0.0, 0.03, 0.02),
    "nv_minus": Knob(("optics.nv_minus",), 0.7, 1.0, 0.75, 1.0),
    "difference_khz": Knob(("pair.zero_field_difference_khz",), 0.0, 100.0, 30.0),
    "ripple_ut": Knob(("mains_ripple_ut",), 0.0, 1.0, 0.3),
    "dead_time_ns": Knob(("optics.dead_time_ns",), 0.0, 80.0, 45.0),
    "afterpulsing": Knob(("optics.afterpulsing",), 0.0, 0.02, 0.01),
    "field_drift": Knob(("field_drift_ut_per_sqrt_min",), 0.0, 0.2, 0.05),
    "steering_drift": Knob(("optics.steering_drift_nm_per_sqrt_min",), 0.0, 0.5, 0.3),
}
"""Imperfections; `typical` is what realism.md calls so, or the middle of what it names."""
PAIR: Final[Mapping[str, Knob]] = {
    "separation_nm": Knob(("pair.separation_nm",), 7.0, 15.0, ALONE_NM),
    "c13_percent": Knob(("c13_percent",), 0.1, 1.5, ALONE_C13),
}
ALL: Final = {**KNOBS, **PAIR}


@dataclass(frozen=True)
class Bench:
    """A bench to be run: its seed is that of its noise too."""

    seed: int
    kind: str
    knobs: Mapping[str, float]
    estimate: float
    """Signed concurrence at the best time, by the sample alone."""
    name: str = "all"
    times: float = 1.0

    @property
    def sample(self) -> Sample:
        """What the twin is to be."""
        return sample(self.knobs)


def sample(knobs: Mapping[str, float]) -> Sample:
    """The default sample with these knobs."""
    content = load_sample(None).model_dump()
    for name, value in knobs.items():
        for path in ALL[name].paths:
            *parts, last = path.split(".")
            at: dict[str, Any] = content
            for part in parts:
                at = at[part]
            at[last] = value
    return Sample.model_validate(content)


@cache
def drawn(seed: int) -> Bench:
    """The bench of this seed, whatever its kind: each knob evenly over its range."""
    chance = np.random.default_rng([20261130, seed])
    knobs = {name: float(chance.uniform(knob.low, knob.high)) for name, knob in ALL.items()}
    value = expected(sample(knobs))
    return Bench(seed, _kind(value), knobs, value)


def drawn_benches(first: int, each: int) -> Iterator[Bench]:
    """So many of either kind, those with the smallest seeds from the first on."""
    left = dict.fromkeys(KINDS, each)
    seed = first
    while any(left.values()):
        bench = drawn(seed)
        seed += 1
        if left.get(bench.kind):
            left[bench.kind] -= 1
            yield bench


def alone(name: str, times: float, seed: int) -> Bench:
    """A perfect bench but for one imperfection; `none` for none at all."""
    value = {} if name == "none" else {name: KNOBS[name].times(times)}
    knobs = {**{pair: knob.typical for pair, knob in PAIR.items()}, **value}
    estimate = expected(sample(knobs))
    return Bench(seed, _kind(estimate), knobs, estimate, name, times)


def expected(of: Sample) -> float:
    """Signed concurrence at the best time: the pair with all its classes between release and freeze."""
    model, fidelity = engine_of(of), of.optics.fidelities
    z = 2.0 * fidelity[1] - 1.0
    times_us = best_times_us(model.g_rad_per_s, model.gamma1_per_s)
    states = model.states(times_us * 1e-6, (_HOT, _COLD * z), (0.0, z))
    return float(np.max(signed(states)))


def engine_of(of: Sample) -> EngineModel:
    """The numbers that govern the pair, as they truly are, its baths polarised as usual."""
    twin, bath = Twin(of), of.bath
    spread, p = spread_of(of), (_HOT, _COLD * (2.0 * of.optics.fidelities[1] - 1.0))
    own = (spread.sigma_hz * 1e-3) ** 2
    lost = 1.0 - of.nitrogen_polarisation
    apart = TWO_PI * 1e3 * of.pair.zero_field_difference_khz
    shift = TWO_PI * 1e3 * bath.overhauser_shift_khz * of.c13_percent / NATURAL_C13_PERCENT
    width = 100.0 if bath.cr_half_width_khz == "paper" else bath.cr_half_width_khz
    return EngineModel(
        g_rad_per_s=twin.g_rad_per_s,
        zz_rad_per_s=twin.zz_rad_per_s,
        gamma1_per_s=float(gamma1_per_s(of.c13_percent)),
        relaxation_per_s=of.rates.gamma_sl_per_s,
        dephasing_per_s=float(gamma2_per_s(of.c13_percent)),
        spins=bath.spins,
        spread=Spread(own, own, (spread.mains_hz * 1e-3) ** 2, 0.75 * lost, 0.25 * lost).narrowed(p),
        off_rad_per_s=(shift * p[0] - 0.5 * apart, shift * p[1] + 0.5 * apart),
        half_width_rad_per_s=TWO_PI * 1e3 * width,
    )


def _kind(value: float) -> str:
    low, high = SEPARABLE
    return "entangled" if value > ENTANGLED else "separable" if low <= value <= high else "neither"


def names(asked: Sequence[str]) -> list[str]:
    """Knobs by name, or every one."""
    return list(asked) if asked and "every" not in asked else ["none", *KNOBS]
