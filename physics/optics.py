"""Light on an NV: saturation, the doughnut, ground state depletion (GSD) and stimulated emission depletion (STED)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from physics.paulis import Real


def saturation(s: ArrayLike) -> Real:
    """Share of the saturated rate at an intensity s in units of the saturation intensity: s / (1 + s)."""
    s = np.asarray(s, dtype=float)
    return s / (1.0 + s)


def doughnut_profile(distance_nm: ArrayLike, radius_nm: float, null_depth: float) -> Real:
    """Intensity at a distance from the doughnut's null, relative to its crest, which is `radius_nm` away."""
    squared = (np.asarray(distance_nm, dtype=float) / radius_nm) ** 2
    return null_depth + (1.0 - null_depth) * squared * np.exp(1.0 - squared)


def pump_rate_per_s(s: ArrayLike, saturated_per_s: float) -> Real:
    """Rate of optical pumping; under GSD s is the doughnut's own intensity, for the doughnut IS the pump."""
    return saturated_per_s * saturation(s)


def emission_cps(s: ArrayLike, saturated_cps: float, share_1: ArrayLike = 0.0, contrast: float = 0.3) -> Real:
    """Detected photons per second of an NV with population share_1 in |1>, which emits (1 - contrast) of |0>."""
    return saturated_cps * saturation(s) * (1.0 - contrast * np.asarray(share_1, dtype=float))


def excited_share(s: ArrayLike, s_sted: ArrayLike = 0.0, anti_stokes: float = 0.0) -> Real:
    """Excited share of an NV in green light of s beside red light of I / I_STED = s_sted, over that of full saturation.

    The NV is excited at s, falls by itself at 1 and by the red light at s_sted, all in units of its decay rate. Red
    light excites a little too, from the thermally filled vibrations: at anti_stokes times s_sted.
    """
    up = np.asarray(s, dtype=float) + anti_stokes * np.asarray(s_sted, dtype=float)
    return np.asarray(up / (1.0 + up + np.asarray(s_sted, dtype=float)))


def half_width_nm(radius_nm: float, crest: float) -> float:
    """From a perfect null to where a red crest of I / I_STED leaves weak light half of its effect, near the null.

    Near the null the profile is e (r / radius)^2, so half is left at radius / sqrt(e crest): the resolution of STED.
    """
    return radius_nm / float(np.sqrt(np.e * crest))


@dataclass(frozen=True)
class RedDoughnut:
    """A red doughnut beside green light, at full power, or at less where the null would take too much light.

    The figures are those of the twin's usual bench.
    """

    radius_nm: float = 165.0
    green: float = 1.0
    """s of the green light."""
    most: float = 4200.0
    """I / I_STED on the crest at full power."""

    def shares(self, separation_nm: ArrayLike, null_depth: float) -> tuple[Real, Real]:
        """Excited share of the NV in the null, and of the other one so far away."""
        crest = self.crest(null_depth)
        there = doughnut_profile(separation_nm, self.radius_nm, null_depth)
        inside = np.broadcast_to(excited_share(self.green, crest * null_depth), there.shape)
        return np.asarray(inside), excited_share(self.green, crest * there)

    def crest(self, null_depth: float) -> float:
        """I / I_STED on the crest: the NV in the null keeps half of its light at least."""
        return min(self.most, (1.0 + self.green) / max(null_depth, 1e-12))


def sted_factor(s_sted: ArrayLike) -> Real:
    """What the red doughnut leaves of pumping and emission at I / I_STED = s_sted: 1 / (1 + s_sted)."""
    return 1.0 / (1.0 + np.asarray(s_sted, dtype=float))
