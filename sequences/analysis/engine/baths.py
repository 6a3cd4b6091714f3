"""Bath polarisations from what the two NVs do in contact with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, curve_fit, least_squares
from scipy.stats import chi2 as chi2_law

from physics.constants import TWO_PI
from physics.paulis import INDEX
from sequences.analysis.engine.balance import polarisations, steady
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES, Beam, CountedProgram, PairCalibration

Real = NDArray[np.float64]

BEAMS: Final[tuple[Beam, Beam]] = ("pump", "depletion")
_Z: Final = [INDEX["ZI"], INDEX["IZ"]]
_PASSES: Final = 2
_BALANCE: Final = (1.0, 0.3)
"""What becomes of the baths in other cycles, over what their balance of heat asks for, and what is believed of it."""
_SHIFT_UNIT: Final = TWO_PI * 1e3
_SHIFT_STARTS: Final = (0.0, 25.0, 50.0, -25.0)
"""In kHz."""
_FRINGE_ERR: Final = 0.1
"""Of the fringe's size, to 1 sigma: neither the cold NV nor its bath is known yet. The light's level has 1e-3 photons a
shot beside it."""


def sigma_z(calibration: PairCalibration, common: tuple[Real, Real], selective: tuple[Real, Real]) -> tuple[Real, Real]:
    """Both NVs' mean sigma_z from both read-outs: (photons a shot, error) of n states -> (n, 2) values, (n, 2) errors.

    Errors contain those of the read-outs, which the values of all states have in common.
    """
    charged = np.array(calibration.charged)
    seen = [calibration.readout(beam) for beam in BEAMS]
    inverse = np.linalg.inv(np.array([[r.left, r.right] for r in seen]) * charged)
    photons = np.stack([common[0] - seen[0].level, selective[0] - seen[1].level], axis=-1)
    errors = np.stack([common[1], selective[1]], axis=-1)
    values = photons @ inverse.T
    first = NAMES.index("pump_level")
    known = calibration.covariance[first : first + 6, first : first + 6]
    terms = np.concatenate([np.ones((len(values), 1)), values * charged], axis=1)  # by level, left, right of a beam
    by_calibration = np.stack([np.kron(row, term) for term in terms for row in inverse]).reshape(len(values), 2, 6)
    variance = errors**2 @ (inverse**2).T + np.einsum("nki,ij,nkj->nk", by_calibration, known, by_calibration)
    return values, np.sqrt(variance)


@dataclass(frozen=True)
class Released:
    """Photons a shot of the engine without analysis, at the end of cycles of several evolution times."""

    times_us: Real
    """(n,)."""
    photons: Real
    """(n, 2): under the Gaussian beam, under the doughnut."""
    errors: Real
    """(n, 2)."""


Model = Callable[[PairCalibration], EngineModel]
"""The engine for a calibration of the pair."""
_STEADY: Final = ((0.02, 0.3), (0.05, 0.0))
"""How far the hot and the cold bath may be from the steady state in which only NVs act on them, to 1 sigma: a part of
its own, and a share of it."""


def fit_release(
    calibration: PairCalibration,
    model: Model,
    data: Released,
    gamma1_err_per_s: float,
    cycle_us: tuple[float, float],
) -> Release:
    """Fit the photons after release. Every number of the calibration has its part in the errors.

    cycle_us: evolution and cooling time of the cycle that the polarisations hold for.
    """
    of_engine = model(calibration)
    gamma1 = of_engine.gamma1_per_s

    def release(x: Real) -> Release:
        return Release(*cycle_us, (*(float(v) for v in x[:5]), float(x[5]) * gamma1), np.zeros((6, 6)))

    def expected(c: PairCalibration, x: Real) -> Real:
        return _released(c, model(c), release(x), data.times_us)

    def steadiness(x: Real) -> tuple[Real, Real]:
        asked = steady(of_engine, release(x), np.array(cycle_us[:1]))[0]
        return asked, np.array([own + share * abs(a) for a, (own, share) in zip(asked, _STEADY, strict=True)])

    start = np.array(
        [0.05, 0.95 * (2.0 * calibration.fidelity[1] - 1.0), 0.0, 2.0 * calibration.fidelity[1] - 1.0, _BALANCE[0], 1.0]
    )
    held = np.array([np.inf, np.inf, np.inf, np.inf, _BALANCE[1], gamma1_err_per_s / gamma1])
    covariance = np.diag(data.errors.ravel() ** 2)
    for _ in range(_PASSES):
        whitened = np.linalg.inv(np.linalg.cholesky(covariance))

        def residual(x: Real, whitened: Any = whitened) -> Real:
            off = (expected(calibration, x) - data.photons).ravel()
            asked, sigma = steadiness(x)
            return np.concatenate([whitened @ off, (x[:2] - asked) / sigma, (x - start)[4:] / held[4:]])

        fit = least_squares(residual, start, x_scale=[0.02, 0.02, 0.02, 0.02, 0.1, 0.02], xtol=1e-6, ftol=1e-8)
        moves = _moves(calibration, partial(_swapped, expected, fit.x))
        covariance = np.diag(data.errors.ravel() ** 2) + moves @ calibration.covariance @ moves.T
    held[:2] = steadiness(fit.x)[1]
    return _concluded(release(fit.x), fit, held, data.photons.size)


def _concluded(release: Release, fit: OptimizeResult, held: Real, counted: int) -> Release:
    """With its errors. held: (6,) to how much each number was believed beforehand; counted: how many numbers were."""
    scale = np.array([1.0, 1.0, 1.0, 1.0, 1.0, release.gamma1_per_s / fit.x[5]])
    found = np.linalg.inv(fit.jac.T @ fit.jac)
    chi2 = float(fit.fun @ fit.fun)
    freedom = counted - 2  # six numbers, four of them with a belief that is a measurement too
    return replace(
        release,
        covariance=found * np.outer(scale, scale),
        reduced_chi2=chi2 / freedom,
        p_value=float(chi2_law.sf(chi2, freedom)),
        believed=tuple(float(share) for share in np.diag(found) / held**2),
    )


def _released(c: PairCalibration, model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 2): photons expected under either beam."""
    moved = replace(model, gamma1_per_s=release.gamma1_per_s)
    weight = moved.classes.weight
    left, right = c.charged
    alone = np.array([left * (1.0 - right), right * (1.0 - left)])
    out = np.empty((len(times_us), 2))
    for k, (time_us, baths) in enumerate(zip(times_us, polarisations(model, release, times_us), strict=True)):
        z = [
            weight @ moved.states_by_class(np.array([time_us * 1e-6]), tuple(baths), release.start_z, coupled)[0][:, _Z]
            for coupled in (True, False)
        ]
        mean = left * right * z[0] + alone * z[1]
        for b, beam in enumerate(BEAMS):
            seen = c.readout(beam)
            out[k, b] = seen.level + seen.left * mean[0] + seen.right * mean[1]
    return out


def _swapped(expected: Callable[[PairCalibration, Real], Real], x: Real, calibration: PairCalibration) -> Real:
    return expected(calibration, x)


def _moves(calibration: PairCalibration, photons: Callable[[PairCalibration], Real]) -> Real:
    """(2n, p): change of all photons with each number of the calibration."""
    base = photons(calibration)
    columns = []
    for k, error in enumerate(calibration.errors):
        step = 0.3 * float(error)
        columns.append((photons(calibration.moved(k, step)) - base).ravel() / step if step else np.zeros(base.size))
    return np.stack(columns, axis=-1)


@dataclass(frozen=True)
class LineShift:
    """Of the right NV's frozen line by its cold bath."""

    rad_per_s: float
    error_rad_per_s: float


def fit_shift(
    expected: Callable[[float], tuple[Real, Real]], data: Sequence[CountedProgram], line_err_rad_per_s: float
) -> LineShift:
    """From fringes of the right NV in the engine's cycle.

    expected: for a line moved by so many rad/s, the photons a shot of each program, and what of them is the fringe's.
    The fringe's size, which the cold NV and its bath leave unsure, and the light's are fitted too. line_err_rad_per_s:
    of the line that has moved.
    """
    seen, error = np.array([d.per_shot for d in data]), np.array([d.error for d in data])

    def residual(x: Real) -> Real:
        photons, fringe = expected(float(x[0]) * _SHIFT_UNIT)
        off = photons + fringe * x[1] + 1e-3 * x[2] - seen
        return np.append(off / error, (x[1] / _FRINGE_ERR, x[2]))

    tries = [least_squares(residual, (start, 0.0, 0.0)) for start in _SHIFT_STARTS]
    fit = min(tries, key=lambda found: float(found.cost))
    widened = max(1.0, 2.0 * float(fit.cost) / max(1, len(data) - 1))
    err = float(np.sqrt(widened * np.linalg.inv(fit.jac.T @ fit.jac)[0, 0]))
    return LineShift(float(fit.x[0]) * _SHIFT_UNIT, float(np.hypot(err * _SHIFT_UNIT, line_err_rad_per_s)))


@dataclass(frozen=True)
class BuildUp:
    """Polarisation of the cold bath against cooling time: p = final (1 - exp(-t / build_up))."""

    final: float
    build_up_s: float
    build_up_err_s: float


def fit_build_up(times_s: Real, polarisation: Real, error: Real) -> BuildUp:
    """Fit an exponential approach from a hot bath."""

    def model(t: Real, start: float, final: float, tau: float) -> Real:
        return np.asarray(final + (start - final) * np.exp(-t / tau))

    guess = (float(polarisation[0]), float(polarisation[-1]), float(np.median(times_s)))
    values, covariance = curve_fit(model, times_s, polarisation, guess, error, absolute_sigma=True, maxfev=5000)
    return BuildUp(float(values[1]), float(values[2]), float(np.sqrt(covariance[2, 2])))


def bath_after_contact(start_z: Real, contact_z: Real, contact_share: float, spins: float) -> Real:
    """Polarisation of a bath before a contact from sigma_z of its NV before and after it.

    contact_share: 1 - exp(-Gamma1 t). Every excitation counts: N p + z is conserved.
    """
    equilibrium = (contact_z - start_z * (1.0 - contact_share)) / contact_share
    return equilibrium + (equilibrium - start_z) / spins
