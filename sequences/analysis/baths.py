"""Bath polarisations from what the two NVs do in contact with them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from lmfit import Parameters, minimize
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from physics.paulis import INDEX
from sequences.analysis.calibration import PairCalibration
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.release import Release, release_states

Real = NDArray[np.float64]

_Z: Final = [INDEX["ZI"], INDEX["IZ"]]


def sigma_z(calibration: PairCalibration, common: tuple[Real, Real], selective: tuple[Real, Real]) -> tuple[Real, Real]:
    """Both NVs' sigma_z from both read-outs: (photons a shot, error) of n states -> (n, 2) values, (n, 2) errors."""
    pump, ring = calibration.readout("pump"), calibration.readout("depletion")
    inverse = np.linalg.inv(np.array([[pump.left, pump.right], [ring.left, ring.right]]))
    photons = np.stack([common[0] - pump.level, selective[0] - ring.level], axis=-1)
    errors = np.stack([common[1], selective[1]], axis=-1)
    return photons @ inverse.T, np.sqrt(errors**2 @ (inverse**2).T)


def fit_release(
    model: EngineModel, gamma1_err_per_s: float, times_us: Real, z: Real, z_err: Real, evolution_us: float
) -> Release:
    """Fit the populations after release: z, z_err (n, 2) at the end of cycles with these evolution times (n,)."""
    p = Parameters()
    start = z[int(np.argmin(times_us))]
    for k, (polarisation, z_start) in enumerate(zip((0.05, 0.95), start, strict=True)):
        p.add(f"p_{k}", value=polarisation, min=-1.0, max=1.0)
        p.add(f"z_{k}", value=float(np.clip(z_start, -0.98, 0.98)), min=-1.0, max=1.0)
    p.add("slope_0", value=0.0)
    p.add("slope_1", value=0.0, vary=False)  # the cold bath is cooled again in every cycle
    p.add("gamma1", value=1.0, min=0.3, max=3.0)

    def released(p: Parameters) -> tuple[EngineModel, Release]:
        v = p.valuesdict()
        moved = replace(model, gamma1_per_s=model.gamma1_per_s * v["gamma1"])
        error = {name: float(p[name].stderr or np.inf) for name in p}
        return moved, Release(
            evolution_us=evolution_us,
            polarisation=(v["p_0"], v["p_1"]),
            polarisation_err=(error["p_0"], error["p_1"]),
            slope_per_us=(v["slope_0"], v["slope_1"]),
            start_z=(v["z_0"], v["z_1"]),
            start_z_err=(error["z_0"], error["z_1"]),
            gamma1_per_s=moved.gamma1_per_s,
            gamma1_err_per_s=model.gamma1_per_s * error["gamma1"],
            reduced_chi2=0.0,
        )

    def residual(p: Parameters) -> Real:
        moved, release = released(p)
        held = (p["gamma1"].value - 1.0) * model.gamma1_per_s / gamma1_err_per_s
        return np.append(((release_states(moved, release, times_us)[:, _Z] - z) / z_err).ravel(), held)

    fit = minimize(residual, p, method="least_squares", scale_covar=False)
    return replace(released(fit.params)[1], reduced_chi2=float(fit.redchi))


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
