"""Both baths and both NVs when the engine is released, and what becomes of them in cycles of other lengths."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Two = tuple[float, float]

NAMES: Final = ("p_left", "p_right", "z_left", "z_right", "balance", "gamma1")
"""Polarisations of both baths, sigma_z of both NVs, what becomes of the baths in other cycles over what the balance of
heat asks for, Gamma1 over its value."""


@dataclass(frozen=True)
class Release:
    """Both baths and both NVs at the moment of release, in cycles of one evolution time."""

    evolution_us: float
    """Of the cycle that the polarisations hold for."""
    cooling_us: float
    """Of that cycle, and of all others that are asked for."""
    values: tuple[float, ...]
    """In the order of NAMES; gamma1 in 1/s."""
    covariance: Real
    """(6, 6): everything that they stand on included."""
    reduced_chi2: float = 1.0
    p_value: float = 1.0
    believed: tuple[float, ...] = ()
    """In the order of NAMES: the share of each value's variance that rests on what was believed beforehand."""

    @property
    def polarisation(self) -> Two:
        """Left, right."""
        return self.values[0], self.values[1]

    @property
    def start_z(self) -> Two:
        """sigma_z of the left and of the right NV."""
        return self.values[2], self.values[3]

    @property
    def balance(self) -> float:
        """Changes of the baths from cycle to cycle, over what their balance of heat asks for."""
        return self.values[4]

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
