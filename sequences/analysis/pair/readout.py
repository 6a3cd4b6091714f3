"""What the detector says of a state: photons a shot under one beam, linear in sigma_z of each NV."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physics.paulis import INDEX

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Readout:
    """Photons a shot = level + left <Z_L> + right <Z_R>, measured on known states; background is part of the level."""

    level: float
    left: float
    right: float

    @property
    def cross_talk(self) -> float:
        """Signal of the left NV over that of the right one: 1 under the Gaussian beam, small under a good doughnut."""
        return self.left / self.right

    def row(self) -> Real:
        """(16,): expected photons = row . Pauli vector."""
        out = np.zeros(16)
        out[0], out[INDEX["ZI"]], out[INDEX["IZ"]] = self.level, self.left, self.right
        return out
