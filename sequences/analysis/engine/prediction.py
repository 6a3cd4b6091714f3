"""What the calibrated model expects of the engine at the end of each evolution, and how well it can know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.entanglement import witness
from physics.paulis import density_matrix
from sequences.analysis.engine.balance import release_states
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.release import Release

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
    here = release_states(model, release, times_us)
    pairs = [((model, release.moved(step)), (model, release.moved(-step))) for step in roots]
    pairs += [((each.above, release), (each.below, release)) for each in uncertain]
    changes = [_change(here, *(release_states(*side, times_us) for side in pair)) for pair in pairs]
    return Prediction(times_us, here, np.sqrt(np.sum(np.square(changes), axis=0)))


def _change(here: Real, above: Real, below: Real) -> Real:
    """(n,): of `signed` by one sigma. All are (n, 16).

    A population that noise has taken below 0 changes nothing any more. Where one is, the side on which there is none is
    the one that counts.
    """
    up, down = signed(above) - signed(here), signed(here) - signed(below)
    is_beyond = np.any(
        [np.min(np.real(np.einsum("nii->ni", density_matrix(one))), axis=1) <= 0.0 for one in (here, above, below)],
        axis=0,
    )
    return np.where(is_beyond, np.maximum(np.abs(up), np.abs(down)), 0.5 * np.abs(up + down))
