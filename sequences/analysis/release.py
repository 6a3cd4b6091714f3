"""Both baths and both NVs when the engine is released, and what becomes of them in cycles of other lengths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine_model import EngineModel

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Release:
    """Both baths and both NVs at the moment of release, in cycles of one evolution time."""

    evolution_us: float
    """Of the cycle that the polarisations hold for."""
    polarisation: tuple[float, float]
    """Left, right."""
    polarisation_err: tuple[float, float]
    slope_per_us: tuple[float, float]
    """Change of the polarisations with the cycle's evolution time: the longer it is, the more heat has flowed."""
    start_z: tuple[float, float]
    """sigma_z of the left and of the right NV."""
    start_z_err: tuple[float, float]
    gamma1_per_s: float
    """Cross-relaxation rate on resonance, improved by the same data."""
    gamma1_err_per_s: float
    reduced_chi2: float

    def polarisation_after(self, evolution_us: float) -> tuple[float, float]:
        """Both polarisations at release in a cycle of another evolution time, held within ±1."""
        more = evolution_us - self.evolution_us
        left, right = np.clip(np.array(self.polarisation) + np.array(self.slope_per_us) * more, -1.0, 1.0)
        return float(left), float(right)


def release_states(model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 16): Pauli vectors at the end of cycles with these evolution times, each with its own baths."""
    return np.array(
        [model.states(np.array([t * 1e-6]), release.polarisation_after(float(t)), release.start_z)[0] for t in times_us]
    )
