"""The frozen pair as the calibrations know it: its numbers, and the propagator of any analysis program.

Everything is in the frame of the microwave carrier, with `shift` high throughout; states and maps are Pauli vectors and
real 16 x 16 matrices (physics.paulis). No ideal gate stands anywhere in here.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from physics.engine import liouvillian, propagator
from physics.paulis import product_vector
from sequences.pulses.program import Program

Real = NDArray[np.float64]
Two = tuple[float, float]


@dataclass(frozen=True)
class PairModel:
    """Numbers of the frozen pair; pairs of numbers are (left, right)."""

    g_rad_per_s: float
    """Exchange."""
    zz_rad_per_s: float
    """C of C n_L n_R."""
    rabi_x_rad_per_s: float
    """Rabi frequency while `mw_x` is high."""
    rabi_y_rad_per_s: float
    detuning_rad_per_s: Two
    """Lines from the carrier while the gradient is off."""
    gradient_rad_per_s: Two
    """Lines from the carrier while the gradient, and with it the compensation, is on."""
    leak_per_s: Two
    """Pumping towards |0> by the light that leaks through closed AOMs."""
    relaxation_per_s: float
    """Spin-lattice rate, half of it each way."""
    dephasing_per_s: float
    """A coherence decays with this rate, beside what the other rates do to it."""

    def generator(self, lines: frozenset[str]) -> Real:
        """Liouvillian with these lines high: (16, 16), 1/s."""
        half = 0.5 * self.relaxation_per_s
        return liouvillian(
            g=self.g_rad_per_s,
            zz=self.zz_rad_per_s,
            detuning=self.gradient_rad_per_s if "gradient" in lines else self.detuning_rad_per_s,
            drive=(self.rabi_x_rad_per_s * ("mw_x" in lines), self.rabi_y_rad_per_s * ("mw_y" in lines)),
            up=(half, half),
            down=(half + self.leak_per_s[0], half + self.leak_per_s[1]),
            dephasing=(self.dephasing_per_s + self.leak_per_s[0], self.dephasing_per_s + self.leak_per_s[1]),
        )

    def propagator(self, program: Program) -> Real:
        """What a program of frozen intervals does to a state: (16, 16)."""
        out = np.eye(16)
        for interval in program.intervals:
            lines = interval.lines - {"shift"}
            out = _propagator(self, lines, program.tick_ns, interval.duration_ns // program.tick_ns) @ out
        return out


@lru_cache(maxsize=4096)
def _propagator(pair: PairModel, lines: frozenset[str], tick_ns: int, ticks: int) -> Real:
    return np.linalg.matrix_power(_tick(pair, lines, tick_ns), ticks)


@lru_cache(maxsize=256)
def _tick(pair: PairModel, lines: frozenset[str], tick_ns: int) -> Real:
    """One tick; powers of it are many times cheaper than an exponential for every duration, and as exact."""
    return propagator(pair.generator(lines), tick_ns * 1e-9)


def pumped_state(fidelity: float) -> Real:
    """Both NVs with population `fidelity` in |0>: Pauli vector (16,)."""
    bloch = np.array([1.0, 0.0, 0.0, 2.0 * fidelity - 1.0])
    return product_vector(bloch, bloch)
