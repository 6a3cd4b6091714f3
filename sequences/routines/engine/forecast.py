"""What a pair on a bench is expected to show, said before the night is spent; if nothing, why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.balance import release_states
from sequences.analysis.engine.engine_model import EngineModel, best_times_us
from sequences.analysis.engine.prediction import Z_975, Prediction, Uncertain, predict, signed
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES, SCALES, SHARES, PairCalibration
from sequences.analysis.pair.shot_classes import Spread
from sequences.analysis.tomography.design import Candidates, shortest
from sequences.analysis.tomography.interim import SHARES_OF_TIME
from sequences.core.lab import Lab
from sequences.pulses.library import Cycle
from sequences.routines.bench import calibrated_bench
from sequences.routines.engine.engine_offer import offered
from sequences.routines.pair.calibration_design import FAINT
from sequences.routines.pair.tomography_programs import choose, expectation

Real = NDArray[np.float64]

_UNCERTAIN: Final = (
    "g_rad_per_s",
    "zz_rad_per_s",
    "detuning_left_rad_per_s",
    "relaxation_per_s",
    "dephasing_per_s",
    "spread_left_khz2",
    "spread_right_khz2",
    "spread_common_khz2",
)
_ENOUGH_SIGMA: Final = 3.0
_FOCUS: Final = 0.85
_TELLING: Final = 0.01
"""Signed concurrence that a remedy must gain to be named."""


@dataclass(frozen=True)
class EngineForecast:
    """The model's expectation at several evolution times."""

    at: Prediction
    best: int
    """Number of the time at which entanglement should show best."""
    hours: float
    """Laboratory time of the tomography there that is enough even if the model promises too much by an error."""
    likely_h: float
    """The same if it is right."""
    witness: float
    """There, with the phase and the share that the model gives it. No unit."""
    significance: float
    """Of the witness, after these hours. In sigma."""
    is_expected: bool
    why: str
    on_the_way: tuple[float, ...] = ()
    """Significance of the witness at each look of that tomography, before it is corrected for them. In sigma."""


def times_us(lab: Lab, given: Sequence[float]) -> Real:
    """The times of the plan, or those that the model asks for, taken to whole ticks."""
    if given:
        return np.array(sorted(set(given)))
    model = calibrated_bench.engine_model(lab)
    wanted = best_times_us(model.g_rad_per_s, calibrated_bench.release(lab).gamma1_per_s)
    return np.array(sorted({lab.whole_ticks_us(float(t)) for t in wanted}))


def forecast(
    lab: Lab, given: Sequence[float], most_h: float, cooling_us: float, enough_sigma: float = 0.0
) -> EngineForecast:
    """What is expected of the pair as it has been calibrated and cooled.

    most_h: of the tomography at the best time. enough_sigma: after which it ends earlier; 0: never.
    """
    calibration, release = calibrated_bench.pair(lab), calibrated_bench.release(lab)
    at = predict(calibrated_bench.engine_model(lab), release, times_us(lab, given), uncertain(lab, calibration))
    merit = [expectation(vector).merit for vector in at.vectors]
    best = int(np.argmax(merit))
    error_after = _witness_error(lab, at, best, most_h, cooling_us)
    witness = float(expectation(at.vectors[best]).target @ at.vectors[best])
    cautious = witness - 0.5 * float(at.signed_err[best])  # a model that promises too much must not end the run early
    likely_h, hours = (_enough_h(seen, enough_sigma, error_after, most_h) for seen in (witness, cautious))
    sigma, error = witness / error_after(hours), error_after(most_h)
    on_the_way = tuple(witness / error_after(share * hours) for share in SHARES_OF_TIME)
    at_most = at.signed + Z_975 * at.signed_up
    possible = bool(np.any(at_most > 0.0))
    is_expected = possible and float(at_most[best]) >= 2.0 * _ENOUGH_SIGMA * error  # a witness is half a concurrence
    said = (
        f"Expected after {at.times_us[best]:g} us: signed concurrence {at.signed[best]:+.3f}"
        f"(±{at.signed_err[best]:.3f}), the witness at {sigma:.1f} sigma after {hours:.2g} h"
    )
    if is_expected:
        return EngineForecast(at, best, hours, likely_h, witness, sigma, True, said, on_the_way)
    verdict = (
        "no entanglement is expected at any time"
        if not possible
        else f"too little for {_ENOUGH_SIGMA:g} sigma in the plan's time"
    )
    why = f"{said}: {verdict}. {_reasons(lab, calibration, release, at, best)}"
    return EngineForecast(at, best, hours, likely_h, witness, sigma, False, why, on_the_way)


def _enough_h(witness: float, sigma: float, error_after: Callable[[float], float], most_h: float) -> float:
    """Hours after which a witness, or that of a faint entanglement if it is less, is expected at so many sigma."""
    if not sigma:
        return most_h
    return shortest(error_after, max(witness, FAINT) / sigma, most_h)


def uncertain(lab: Lab, calibration: PairCalibration) -> list[Uncertain]:
    """The engine one sigma up and down each direction in which the calibration may err; bounds are kept."""
    index = [NAMES.index(name) for name in _UNCERTAIN]
    sizes, directions = np.linalg.eigh(
        calibration.covariance[np.ix_(index, index)] / np.outer(SCALES[index], SCALES[index])
    )
    here = np.array(calibration.values)[index]

    def moved(step: Real) -> EngineModel:
        values = {name: float(v) for name, v in zip(_UNCERTAIN, here + step, strict=True)}
        held = {name: max(value, 0.0) if name in SHARES else value for name, value in values.items()}
        return calibrated_bench.engine_model(lab, calibration.with_values(**held))

    out = []
    for k, size in enumerate(sizes):
        step = np.sqrt(max(float(size), 0.0)) * directions[:, k] * SCALES[index]
        out.append(Uncertain(f"direction {k}", moved(step), moved(-step)))
    shift = lab.calibration.get("bath.shift_rad_per_s")
    if shift and shift.error:
        around = calibrated_bench.surroundings(lab)
        left, right = around.line_shift_rad_per_s
        shifted = [
            calibrated_bench.engine_model(
                lab, calibration, replace(around, line_shift_rad_per_s=(left, right + sign * shift.error))
            )
            for sign in (1.0, -1.0)
        ]
        out.append(Uncertain("line shift", *shifted))
    return out


def _witness_error(lab: Lab, at: Prediction, best: int, most_h: float, cooling_us: float) -> Callable[[float], float]:
    """1 sigma of the witness after so many hours, as the design would have it for the most of them."""
    bench = calibrated_bench.bench(lab)
    cycle = Cycle(lab.whole_ticks(cooling_us * 1e3), lab.whole_ticks(float(at.times_us[best]) * 1e3))
    offer = offered(lab, bench, cycle)
    wanted = expectation(at.vectors[best])
    chosen, asked = choose(offer, wanted, most_h * 3600.0, _FOCUS)
    moves = asked.moves @ offer.root
    gradient = np.concatenate([asked.rows[:, 1:], np.einsum("nki,k->ni", moves, wanted.vector), asked.margins], axis=1)
    photons = np.maximum(asked.rows @ wanted.vector, 1e-3)
    duration_s = np.array([0.5e-9 * choice.shot.duration_ns for choice in chosen])
    prior = np.diag(np.concatenate([np.full(15, 1e-2), np.ones(gradient.shape[1] - 15)]))
    design = Candidates(gradient / np.sqrt(photons * duration_s)[:, None], prior)
    target = np.concatenate([wanted.target[1:], np.zeros(gradient.shape[1] - 15)])
    seconds = np.array([choice.seconds for choice in chosen])
    return lambda hours: design.error(seconds * hours / most_h, target)


def _reasons(lab: Lab, calibration: PairCalibration, release: Release, at: Prediction, best: int) -> str:
    """What would change it, the most helpful first: the model with one thing mended at a time."""
    model, time = replace(calibrated_bench.engine_model(lab), preparation=None), at.times_us[best : best + 1]
    now = float(signed(release_states(model, release, time))[0])
    elsewhere = model.spread.nitrogen_zero + model.spread.nitrogen_minus

    def best_with(mended: EngineModel, then: Release) -> float:
        return float(signed(release_states(mended, then, time))[0]) - now

    spread_khz = float(np.sqrt(0.5 * (calibration.named["spread_left_khz2"] + calibration.named["spread_right_khz2"])))
    cold = list(release.values)
    cold[1] = cold[3] = 0.99
    hot = list(release.values)
    hot[0] = hot[2] = 0.0
    tries = {
        f"the cold bath's polarisation, {release.polarisation[1]:.3f} for want of pump fidelity "
        f"({calibration.fidelity[1]:.3f})": best_with(model, replace(release, values=tuple(cold))),
        f"the spread of the lines, {spread_khz:.0f} kHz (T2*)": best_with(
            replace(model, spread=replace(Spread(), nitrogen_zero=model.spread.nitrogen_zero)), release
        ),
        f"the lines' difference, {abs(model.off_rad_per_s[0] - model.off_rad_per_s[1]) / 6283:.0f} kHz": best_with(
            replace(model, off_rad_per_s=(0.0, 0.0)), release
        ),
        f"the hot bath's polarisation, {release.polarisation[0]:.3f} (cross-talk)": best_with(
            model, replace(release, values=tuple(hot))
        ),
        f"the nitrogen nuclei, {1.0 - elsewhere:.3f} in m_I = +1": best_with(
            replace(model, spread=replace(model.spread, nitrogen_zero=0.0, nitrogen_minus=0.0)), release
        ),
        "the distance of the pair (one three quarters as far apart)": best_with(
            replace(model, g_rad_per_s=model.g_rad_per_s * 2.37, zz_rad_per_s=model.zz_rad_per_s * 2.37), release
        ),
    }
    telling = sorted(((gain, what) for what, gain in tries.items() if gain > _TELLING), reverse=True)
    if not telling:
        return "No single thing that the model knows would change it"
    return "It would gain by mending: " + "; ".join(f"{what}: {gain:+.3f}" for gain, what in telling[:3])
