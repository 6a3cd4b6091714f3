"""What the calibrated model expects of the engine at the end of each evolution, and how well it can know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.entanglement import witness
from physics.paulis import density_matrix
from sequences.analysis.balance import release_states
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.release import Release

Real = NDArray[np.float64]

Z_975: Final = 1.96


@dataclass(frozen=True)
class Uncertain:
    """A number of the model that is known to an error: the model with it one sigma up, and one sigma down."""

    name: str
    above: EngineModel
    below: EngineModel


@dataclass(frozen=True)
class Prediction:
    """The engine by its model; no photon of a tomography goes into it."""

    times_us: Real
    """(n,): evolution times."""
    vectors: Real
    """(n, 16): Pauli vectors."""
    signed_err: Real
    """(n,): 1 sigma of `signed`, from all that `cool` and `calibrate` know to an error."""

    @property
    def signed(self) -> Real:
        """(n,): signed concurrence 2 (|rho_01,10| - sqrt(rho_00 rho_11)); negative for what is not entangled."""
        return signed(self.vectors)

    @property
    def concurrence(self) -> Real:
        """(n,): the same, not below 0."""
        return np.maximum(self.signed, 0.0)

    @property
    def populations(self) -> Real:
        """(n, 4): of |00>, |01>, |10>, |11>."""
        return np.asarray(np.real(np.einsum("nii->ni", density_matrix(self.vectors))))


def signed(vectors: Real) -> Real:
    """(n, 16) -> (n,): signed concurrence of X states entangled by exchange."""
    return 2.0 * witness(density_matrix(vectors))


def predict(model: EngineModel, release: Release, times_us: Real, uncertain: Sequence[Uncertain] = ()) -> Prediction:
    """The states at these times, in cycles as `cool` measured them; uncertain: numbers of the model with errors."""
    values, directions = np.linalg.eigh(release.covariance)
    roots = (directions * np.sqrt(np.clip(values, 0.0, None))).T
    changes = [_half(model, release.moved(step), model, release.moved(-step), times_us) for step in roots]
    changes += [_half(each.above, release, each.below, release, times_us) for each in uncertain]
    error = np.sqrt(np.sum(np.square(changes), axis=0))
    return Prediction(times_us, release_states(model, release, times_us), error)


def _half(above: EngineModel, high: Release, below: EngineModel, low: Release, times_us: Real) -> Real:
    return 0.5 * (signed(release_states(above, high, times_us)) - signed(release_states(below, low, times_us)))
