"""What the engine should do, from calibrated numbers alone: the release of two NVs into two finite baths (eqs 1-3).

Lines that differ from shot to shot make classes of shots; each evolves by itself, all share one pair of baths.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.coupling import lorentzian
from physics.engine import liouvillian, propagators
from physics.paulis import INDEX, product_vector
from sequences.analysis.pair.shot_classes import NO_SPREAD, Classes, Spread, classes

Real = NDArray[np.float64]
Two = tuple[float, float]

_STEP_S: Final = 1e-6
_Z: Final = [INDEX["ZI"], INDEX["IZ"]]


@dataclass(frozen=True)
class Preparation:
    """What pulses leave at release beside sigma_z of most shots: coherences, correlations, and other classes' sigma_z.

    The two senses of the hot NV's turn cancel only where its line is met, and the pair goes on exchanging meanwhile.
    """

    both: Real
    """(c, 16): each class's Pauli vector less the product state of most shots."""
    alone: Real
    """(c, 16): the same of NVs whose partner has no charge."""


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
    spread: Spread = NO_SPREAD
    """Of the lines, with both baths as they are at release."""
    off_rad_per_s: Two = (0.0, 0.0)
    """Mean of the lines from the 13C resonance."""
    half_width_rad_per_s: float = float("inf")
    """Of that resonance for a single class."""
    preparation: Preparation | None = None
    """None for product states, alike in all classes."""
    charged: Two = (1.0, 1.0)
    """Share of shots in which the left, the right NV is negative."""

    @property
    def classes(self) -> Classes:
        """Over which shots are averaged."""
        return classes(self.spread)

    def states(self, times_s: Real, polarisation: Two, start_z: Two) -> Real:
        """(n, 16): mean Pauli vectors at ascending times after the release of a product state with these sigma_z."""
        each = self.states_by_class(times_s, polarisation, start_z)
        return np.asarray(np.einsum("c,nck->nk", self.classes.weight, each))

    def states_by_class(self, times_s: Real, polarisation: Two, start_z: Two, coupled: bool = True) -> Real:
        """(n, c, 16): the same, class by class. coupled: whether both NVs are there."""
        return self._evolved(times_s, polarisation, start_z, coupled)[0]

    def gains(self, times_s: Real, polarisation: Two, start_z: Two) -> Real:
        """(n, 2): by how much the polarisation of the left and of the right bath has grown at these times.

        NVs that are alone with their bath act on it as well, those without charge do not.
        """
        both, alone = (
            self._evolved(times_s, polarisation, start_z, coupled)[1] - polarisation for coupled in (True, False)
        )
        charged = np.array(self.charged)
        return np.asarray(charged * (charged[::-1] * both + (1.0 - charged[::-1]) * alone))

    @property
    def contact_rate_per_s(self) -> Two:
        """Of either NV with its bath, averaged over all shots."""
        left, right = np.array(self.charged) * (self.classes.weight @ self._rates())
        return float(left), float(right)

    def _evolved(self, times_s: Real, polarisation: Two, start_z: Two, coupled: bool) -> tuple[Real, Real]:
        """(n, c, 16) states, and (n, 2) polarisations of the baths."""
        weight, rates = self.classes.weight, self._rates()
        vector = self._released(start_z, coupled)
        p, now, states, baths = np.array(polarisation, dtype=float), 0.0, [], []
        for time_s in times_s:
            steps = int(np.ceil((time_s - now) / _STEP_S - 1e-9))
            for _ in range(steps):
                vector, p = self._step(vector, p, (time_s - now) / steps, rates, weight, coupled)
            now = time_s
            states.append(vector)
            baths.append(p)
        return np.array(states), np.array(baths)

    def _released(self, start_z: Two, coupled: bool) -> Real:
        """(c, 16)"""
        usual = product_vector(*(np.array([1.0, 0.0, 0.0, z]) for z in start_z))
        if self.preparation is None:
            return np.broadcast_to(usual, (len(self.classes.weight), 16))
        return usual + (self.preparation.both if coupled else self.preparation.alone)

    def _rates(self) -> Real:
        """(c, 2): cross-relaxation rate of each NV in each class."""
        off = self.classes.offset_rad_per_s + np.array(self.off_rad_per_s)
        if np.isinf(self.half_width_rad_per_s):
            return np.asarray(np.full(off.shape, self.gamma1_per_s) * (self.classes.nucleus == 0))
        return np.asarray(self.gamma1_per_s * lorentzian(off, self.half_width_rad_per_s))

    def _step(
        self, vector: Real, p: Real, duration_s: float, rates: Real, weight: Real, coupled: bool
    ) -> tuple[Real, Real]:
        after = (propagators(self._generator(p, rates, coupled) * duration_s) @ vector[..., None])[..., 0]
        mean_z = 0.5 * (vector + after)[:, _Z]
        flow = weight @ ((mean_z - p) * -np.expm1(-rates / self.spins * duration_s))
        return after, p + flow

    def _generator(self, p: Real, rates: Real, coupled: bool) -> Real:
        up, down = (0.5 * (rates * (1.0 + sign * p) + self.relaxation_per_s) for sign in (-1.0, 1.0))
        off = self.classes.offset_rad_per_s + np.array(self.off_rad_per_s)
        return liouvillian(
            g=self.g_rad_per_s * coupled,
            zz=self.zz_rad_per_s * coupled,
            detuning=(off[:, 0], off[:, 1]),
            up=(up[:, 0], up[:, 1]),
            down=(down[:, 0], down[:, 1]),
            dephasing=(self.dephasing_per_s, self.dephasing_per_s),
        )


def best_times_us(g_rad_per_s: float, gamma1_per_s: float) -> Real:
    """(n,): evolution times among which the best one lies, for any pair: 1 to 12 us for that of the paper.

    The first excitation is exchanged within about pi / 4g, and the cold bath takes it within 1 / Gamma1.
    """
    usual_us = 1e6 * (0.25 * np.pi / g_rad_per_s * 1.0 / gamma1_per_s) ** 0.5
    return np.asarray(usual_us * np.array([0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.4]))


def homogeneous_rad_per_s(seen_half_width_khz: float, spread: Spread) -> float:
    """Half width of the 13C resonance of a single class, if the mean over the spread is seen so wide (a Voigt line).

    Olivero and Longbothum's width of a Voigt profile (1977), solved for its Lorentzian part.
    """
    gauss = 2.3548 * np.sqrt(0.5 * (spread.left_khz2 + spread.right_khz2) + spread.common_khz2)
    seen = 2.0 * seen_half_width_khz
    a, b, c = 0.5346**2 - 0.2166, -2.0 * 0.5346 * seen, seen**2 - gauss**2
    lorentz = (-b - np.sqrt(max(b * b - 4.0 * a * c, 0.0))) / (2.0 * a)
    return float(np.pi * 1e3 * max(lorentz, 0.3 * seen))
