"""What couples an NV to the other one (dipolar) and to its bath of 13C spins (cross-relaxation)."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from physics.constants import DIPOLAR_HZ_NM3, GAMMA_1_PER_S, GAMMA_2_PER_S, NATURAL_C13_PERCENT, TWO_PI
from physics.paulis import Real

CR_HALF_WIDTH_RAD_PER_S: Final = TWO_PI * 100e3
"""Half width of the 13C resonance broadened by lifetime and T2*: the default. See also `paper_half_width_rad_per_s`."""
SIDE_BY_SIDE_RAD: Final = np.pi / 2.0
"""Angle between the NV axis and the line that joins the two NVs, for a pair that lies across the axis."""


def dipolar_rad_per_s(separation_nm: ArrayLike, theta_rad: ArrayLike = SIDE_BY_SIDE_RAD) -> Real:
    """omega_dd of H = omega_dd [S^z S^z - (S+S- + S-S+)/4], eq. 10. It is also C of the C n_L n_R term."""
    geometry = 1.0 - 3.0 * np.cos(np.asarray(theta_rad, dtype=float)) ** 2
    return np.asarray(TWO_PI * DIPOLAR_HZ_NM3 * geometry / np.asarray(separation_nm, dtype=float) ** 3)


def flip_flop_spin1_rad_per_s(separation_nm: ArrayLike, theta_rad: ArrayLike = SIDE_BY_SIDE_RAD) -> Real:
    """g = omega_dd / 2, with the spin-1 matrix element <0,-1|S+S-|-1,0> = 2.

    The sign of eq. 10 is left out, as in eq. 11: sigma_z on one of the NVs turns -g into g.
    """
    return dipolar_rad_per_s(separation_nm, theta_rad) / 2.0


def flip_flop_paper_rad_per_s(separation_nm: ArrayLike, theta_rad: ArrayLike = SIDE_BY_SIDE_RAD) -> Real:
    """g = omega_dd / 4: the paper's eq. 11, which takes S+- for spin-1/2 operators."""
    return dipolar_rad_per_s(separation_nm, theta_rad) / 4.0


def separation_spin1_nm(g_rad_per_s: ArrayLike) -> Real:
    """Distance side by side at which `flip_flop_spin1_rad_per_s` gives this g."""
    return np.cbrt(TWO_PI * DIPOLAR_HZ_NM3 / 2.0 / np.asarray(g_rad_per_s, dtype=float))


def separation_paper_nm(g_rad_per_s: ArrayLike) -> Real:
    """Distance side by side at which `flip_flop_paper_rad_per_s` gives this g."""
    return np.cbrt(TWO_PI * DIPOLAR_HZ_NM3 / 4.0 / np.asarray(g_rad_per_s, dtype=float))


def gamma1_per_s(c13_percent: ArrayLike) -> Real:
    """Cross-relaxation rate on resonance, eq. 18."""
    return GAMMA_1_PER_S * np.asarray(c13_percent, dtype=float) / NATURAL_C13_PERCENT


def gamma2_per_s(c13_percent: ArrayLike) -> Real:
    """Decoherence rate, eq. 19."""
    return GAMMA_2_PER_S * np.asarray(c13_percent, dtype=float) / NATURAL_C13_PERCENT


def paper_half_width_rad_per_s(c13_percent: ArrayLike) -> Real:
    """Half width of the resonance by the paper's eq. 16: Gamma2, a field of 0.01 uT that no coil holds."""
    return gamma2_per_s(c13_percent)


def lorentzian(detuning_rad_per_s: ArrayLike, half_width_rad_per_s: ArrayLike) -> Real:
    """w^2 / (w^2 + delta^2)."""
    ratio = np.asarray(detuning_rad_per_s, dtype=float) / np.asarray(half_width_rad_per_s, dtype=float)
    return np.asarray(1.0 / (1.0 + ratio**2))


def cross_relaxation_per_s(
    detuning_rad_per_s: ArrayLike,
    c13_percent: ArrayLike = NATURAL_C13_PERCENT,
    half_width_rad_per_s: ArrayLike = CR_HALF_WIDTH_RAD_PER_S,
) -> Real:
    """Gamma1 at a detuning from the 13C line."""
    return gamma1_per_s(c13_percent) * lorentzian(detuning_rad_per_s, half_width_rad_per_s)
