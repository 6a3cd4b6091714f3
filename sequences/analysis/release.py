"""Both baths and both NVs when the engine is released, and what becomes of them in cycles of other lengths."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine_model import EngineModel

Real = NDArray[np.float64]
Two = tuple[float, float]

NAMES: Final = ("p_left", "p_right", "z_left", "z_right", "slope_left", "gamma1")
"""Polarisations of both baths, sigma_z of both NVs, change of p_left per us of evolution, Gamma1 over its value."""


@dataclass(frozen=True)
class Release:
    """Both baths and both NVs at the moment of release, in cycles of one evolution time."""

    evolution_us: float
    """Of the cycle that the polarisations hold for."""
    values: tuple[float, ...]
    """In the order of NAMES; gamma1 in 1/s."""
    covariance: Real
    """(6, 6): everything that they stand on included."""
    reduced_chi2: float = 1.0
    p_value: float = 1.0

    @property
    def polarisation(self) -> Two:
        """Left, right."""
        return self.values[0], self.values[1]

    @property
    def start_z(self) -> Two:
        """sigma_z of the left and of the right NV."""
        return self.values[2], self.values[3]

    @property
    def gamma1_per_s(self) -> float:
        """Cross-relaxation rate on resonance, improved by the same data."""
        return self.values[5]

    @property
    def errors(self) -> Real:
        """(6,): 1 sigma of each value."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def polarisation_err(self) -> Two:
        return float(self.errors[0]), float(self.errors[1])

    @property
    def start_z_err(self) -> Two:
        return float(self.errors[2]), float(self.errors[3])

    @property
    def gamma1_err_per_s(self) -> float:
        return float(self.errors[5])

    def moved(self, change: Real) -> "Release":
        """The same with its values changed, (6,)."""
        return replace(self, values=tuple(float(v) for v in np.array(self.values) + change))

    def polarisation_after(self, evolution_us: float) -> Two:
        """Both polarisations at release in a cycle of another evolution time.

        The hot one grows with it, for more heat flows; the cold one is cooled again in every cycle.
        """
        left, right = self.polarisation
        return left + self.values[4] * (evolution_us - self.evolution_us), right

    def quoted_at(self, evolution_us: float) -> tuple[float, float, float, float]:
        """Polarisation of the left bath, its error, and the same of the right one, in cycles of this length."""
        left, right = self.polarisation_after(evolution_us)
        weights = np.zeros(len(NAMES))
        weights[0], weights[4] = 1.0, evolution_us - self.evolution_us
        return left, float(np.sqrt(weights @ self.covariance @ weights)), right, self.polarisation_err[1]


def release_states(model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 16): mean Pauli vectors at the end of cycles with these evolution times, each with its own baths."""
    moved = replace(model, gamma1_per_s=release.gamma1_per_s)
    return np.array(
        [moved.states(np.array([t * 1e-6]), release.polarisation_after(float(t)), release.start_z)[0] for t in times_us]
    )
