"""What the engine should do, from calibrated numbers alone: the release of two NVs into two finite baths (eqs 1-3)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.engine import Bath, liouvillian, propagator
from physics.paulis import INDEX, product_vector

Real = NDArray[np.float64]

_STEP_S: Final = 1e-6
_Z: Final = [INDEX["ZI"], INDEX["IZ"]]


@dataclass(frozen=True)
class EngineModel:
    """Numbers that govern the pair between release and freeze; pairs of numbers are (left, right)."""

    g_rad_per_s: float
    zz_rad_per_s: float
    gamma1_per_s: float
    """Cross-relaxation rate on resonance."""
    relaxation_per_s: float
    dephasing_per_s: float
    spins: float
    """Of each bath: every excitation counts."""

    def states(self, times_s: Real, polarisation: tuple[float, float], start_z: tuple[float, float]) -> Real:
        """(n, 16): Pauli vectors at ascending times after the release of a product state with these sigma_z."""
        vector = product_vector(*(np.array([1.0, 0.0, 0.0, z]) for z in start_z))
        p, now, out = np.array(polarisation), 0.0, []
        for time_s in times_s:
            steps = int(np.ceil((time_s - now) / _STEP_S - 1e-9))
            for _ in range(steps):
                vector, p = self._step(vector, p, (time_s - now) / steps)
            now = time_s
            out.append(vector)
        return np.array(out)

    def _step(self, vector: Real, p: Real, duration_s: float) -> tuple[Real, Real]:
        after = propagator(self._generator(p), duration_s) @ vector
        mean_z = 0.5 * (vector + after)[_Z]
        return after, p + (mean_z - p) * -np.expm1(-self.gamma1_per_s / self.spins * duration_s)

    def _generator(self, p: Real) -> Real:
        left, right = (Bath(self.gamma1_per_s, float(x), self.relaxation_per_s) for x in p)
        return liouvillian(
            g=self.g_rad_per_s,
            zz=self.zz_rad_per_s,
            up=(left.up_per_s, right.up_per_s),
            down=(left.down_per_s, right.down_per_s),
            dephasing=(self.dephasing_per_s, self.dephasing_per_s),
        )
