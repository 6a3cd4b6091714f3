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
_NODE2: Final = 3.0
"""Square of the distance at which a direction is looked at, in sigma: Gauss and Hermite's outer points."""


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
    signed_up: Real
    """(n,): the same towards more entanglement: the colder the cold bath, the steeper the concurrence rises."""

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
    steps = (directions * np.sqrt(_NODE2 * np.clip(values, 0.0, None))).T
    here = release_states(model, release, times_us)
    moved = [[release_states(model, release.moved(sign * step), times_us) for sign in (1, -1)] for step in steps]
    other = [[release_states(side, release, times_us) for side in (each.above, each.below)] for each in uncertain]
    known = sum((_half(*pair) ** 2 for pair in other), np.zeros(len(here)))
    variance = known + sum(_variance(here, *pair) for pair in moved)
    upwards = known + sum(_upwards(here, *pair) for pair in moved)
    return Prediction(times_us, here, np.sqrt(variance), np.sqrt(upwards))


def _variance(here: Real, above: Real, below: Real) -> Real:
    """(n,): of `signed` along one direction, by Gauss and Hermite's three points: curvature counts too. All (n, 16).

    A population that noise has taken below 0 changes nothing any more. Where one is, the side on which there is none is
    the one that counts.
    """
    up, down = signed(above) - signed(here), signed(below) - signed(here)
    is_beyond = np.any(
        [np.min(np.real(np.einsum("nii->ni", density_matrix(one))), axis=1) <= 0.0 for one in (here, above, below)],
        axis=0,
    )
    larger = np.maximum(up**2, down**2)
    return np.where(is_beyond, larger, 0.5 * (up**2 + down**2)) / _NODE2


def _upwards(here: Real, above: Real, below: Real) -> Real:
    """(n,): the same of that side on which there is more entanglement, where it is the steeper one."""
    more = np.maximum(signed(above), signed(below)) - signed(here)
    return np.maximum(_variance(here, above, below), np.maximum(more, 0.0) ** 2 / _NODE2)


def _half(above: Real, below: Real) -> Real:
    return np.asarray(0.5 * (signed(above) - signed(below)))
