"""What the calibrated model expects of the engine at the end of each evolution, and how well it can know."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from physics.entanglement import concurrence
from physics.paulis import density_matrix
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.release import Release, release_states

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """The engine by its model; no photon of a tomography goes into it."""

    times_us: Real
    """(n,): evolution times."""
    vectors: Real
    """(n, 16): Pauli vectors."""
    concurrence_err: Real
    """(n,): 1 sigma, from the errors of both bath polarisations, which are by far the largest."""

    @property
    def concurrence(self) -> Real:
        """(n,)."""
        return concurrence(density_matrix(self.vectors))

    @property
    def populations(self) -> Real:
        """(n, 4): of |00>, |01>, |10>, |11>."""
        return np.asarray(np.real(np.einsum("nii->ni", density_matrix(self.vectors))))


def predict(model: EngineModel, release: Release, times_us: Real) -> Prediction:
    """The states at these times, in cycles as `cool` measured them."""

    def states(moved: tuple[float, float]) -> Real:
        return release_states(model, replace(release, polarisation=moved), times_us)

    def values(moved: tuple[float, float]) -> Real:
        return concurrence(density_matrix(states(moved)))

    (left, right), (left_err, right_err) = release.polarisation, release.polarisation_err
    change_left = values((left + left_err, right)) - values((left - left_err, right))
    change_right = values((left, min(1.0, right + right_err))) - values((left, right - right_err))
    return Prediction(times_us, states(release.polarisation), np.hypot(change_left, change_right) / 2.0)
