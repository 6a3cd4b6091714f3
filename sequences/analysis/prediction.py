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

    def values(moved: Real) -> Real:
        left, right = np.clip(np.array(release.polarisation) + moved, -1.0, 1.0)
        there = replace(release, polarisation=(float(left), float(right)))
        return concurrence(density_matrix(release_states(model, there, times_us)))

    changes = [values(step) - values(-step) for step in np.diag(release.polarisation_err)]
    return Prediction(times_us, release_states(model, release, times_us), np.hypot(*changes) / 2.0)
