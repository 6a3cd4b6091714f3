"""The frozen pair as the calibrations know it: its numbers, and what a program makes of the read-outs, class by class.

Everything is in the frame of the microwave carrier, with `shift` high throughout; states are Pauli vectors of sixteen
numbers and read-outs are rows on them (physics.paulis). No ideal gate stands anywhere in here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.engine import liouvillian, propagators
from physics.paulis import INDEX, product_vector
from sequences.analysis.pair.pulse_edges import Segment, segments
from sequences.analysis.pair.shot_classes import NO_SPREAD, Classes, Spread, classes
from sequences.pulses.program import Program

Real = NDArray[np.float64]
Two = tuple[float, float]
Z_ROWS: Final[Real] = np.eye(16)[[INDEX["ZI"], INDEX["IZ"]]]
"""(2, 16): sigma_z of the left and of the right NV."""
_SINGLE: Final = [[INDEX[name] for name in names] for names in (("II", "XI", "YI", "ZI"), ("II", "IX", "IY", "IZ"))]


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
    quadrature_rad: float
    """By how much the axes of `mw_x` and `mw_y` are farther apart than a right angle."""
    detuning_rad_per_s: Two
    """Lines from the carrier while the gradient is off, nuclei in m_I = +1, mean over the spread."""
    gradient_rad_per_s: Two
    """Lines from the carrier while the gradient, and with it the compensation, is on."""
    leak_per_s: Two
    """Pumping towards |0> by the light that leaks through closed AOMs."""
    relaxation_per_s: float
    """Spin-lattice rate, half of it each way."""
    dephasing_per_s: float
    """A coherence decays with this rate, beside what the other rates do to it."""
    spread: Spread = NO_SPREAD
    microwave_late_ns: float = 0.0
    """By how much the microwave comes later than the lines of the coils."""
    settling_share: float = 0.0
    """Of a switched field that comes late, exponentially."""
    settling_us: float = 1.0
    shift_step_rad_per_s: float = 0.0
    """By how much `shift` raises f-: what settles of it is felt after a freeze."""

    @cached_property
    def classes(self) -> Classes:
        """Over which shots are averaged."""
        return classes(self.spread)

    def rows(self, programs: Sequence[Program], coupled: bool = True, freshly_frozen: bool = False) -> Real:
        """(c, n, 2, 16): sigma_z of the left and of the right NV after each program = row . Pauli vector before it.

        coupled: whether both NVs are there, or each alone. freshly_frozen: whether `shift` rises at the beginning.
        """
        lists = [segments(p, self.microwave_late_ns, self.settling, freshly_frozen) for p in programs]
        generators = {s: self.generator(s, coupled) * s.duration_s for s in {s for listed in lists for s in listed}}
        count = len(self.classes.weight)
        if coupled:
            return _rows(lists, generators, Z_ROWS, count)
        out = np.zeros((count, len(programs), 2, 16))
        for side, at in enumerate(_SINGLE):  # a NV alone needs only its own four terms
            own = {s: generator[:, at][:, :, at] for s, generator in generators.items()}
            out[:, :, side, at] = _rows(lists, own, np.eye(4)[3:], count)[:, :, 0]
        return out

    @property
    def settling(self) -> tuple[float, float]:
        """Share and time constant in us."""
        return self.settling_share, self.settling_us

    def propagator(self, program: Program) -> Real:
        """What a program of frozen intervals does to a state, averaged over the classes: (16, 16)."""
        return np.asarray(np.tensordot(self.classes.weight, self.propagators(program), axes=1))

    def propagators(self, program: Program, coupled: bool = True) -> Real:
        """What a program of frozen intervals does to the state of each class: (c, 16, 16)."""
        out = np.broadcast_to(np.eye(16), (len(self.classes.weight), 16, 16))
        for segment in segments(program, self.microwave_late_ns, self.settling):
            out = self._propagator(segment, coupled) @ out
        return out

    def _propagator(self, segment: Segment, coupled: bool) -> Real:
        return propagators(self.generator(segment, coupled) * segment.duration_s)

    def generator(self, segment: Segment, coupled: bool = True) -> Real:
        """Liouvillian of each class with these lines high: (c, 16, 16), 1/s."""
        half = 0.5 * self.relaxation_per_s
        left, right = (self._detuning(segment, side) for side in (0, 1))
        x, y = ("mw_x" in segment.lines), self.rabi_y_rad_per_s * ("mw_y" in segment.lines)
        return liouvillian(
            g=np.full(len(left), self.g_rad_per_s * coupled),
            zz=self.zz_rad_per_s * coupled,
            detuning=(left, right),
            drive=(
                self.rabi_x_rad_per_s * x - y * float(np.sin(self.quadrature_rad)),
                y * float(np.cos(self.quadrature_rad)),
            ),
            up=(half, half),
            down=(half + self.leak_per_s[0], half + self.leak_per_s[1]),
            dephasing=(self.dephasing_per_s + self.leak_per_s[0], self.dephasing_per_s + self.leak_per_s[1]),
        )

    def _detuning(self, segment: Segment, side: int) -> Real:
        """(c,): line of one NV from the carrier, rad/s."""
        low, high = self.detuning_rad_per_s[side], self.gradient_rad_per_s[side]
        mean = high if "gradient" in segment.lines else low
        late = segment.gradient_late * (high - low) + segment.shift_late * self.shift_step_rad_per_s
        return np.asarray(mean + late + self.classes.offset_rad_per_s[:, side])


def _rows(lists: Sequence[Sequence[Segment]], generators: Mapping[Segment, Real], last: Real, count: int) -> Real:
    """(c, n, r, k): the rows (r, k) that stand at the end of each list of segments, carried back to its beginning."""
    known = {segment: propagators(generator) for segment, generator in generators.items()}
    out = np.empty((count, len(lists), *last.shape))
    for k, listed in enumerate(lists):
        rows = np.broadcast_to(last, (count, *last.shape))
        for segment in reversed(listed):
            rows = rows @ known[segment]
        out[:, k] = rows
    return out


def pumped_state(fidelity: Two | float) -> Real:
    """Both NVs with population `fidelity` (left, right, or alike) in |0>: Pauli vector (16,)."""
    left, right = (fidelity, fidelity) if isinstance(fidelity, float) else fidelity
    return product_vector(*(np.array([1.0, 0.0, 0.0, 2.0 * f - 1.0]) for f in (left, right)))
