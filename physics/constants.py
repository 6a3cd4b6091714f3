"""Constants of the ground-state NV centre and of 13C, in the units the names say."""

from typing import Final

import numpy as np

TWO_PI: Final = 2.0 * np.pi
D_HZ: Final = 2870e6
"""Zero-field splitting of the NV ground state at room temperature."""
GAMMA_E_HZ_PER_MT: Final = 28.0e6
"""Electron gyromagnetic ratio (paper, eq. 4)."""
GAMMA_13C_HZ_PER_MT: Final = 10.71e3
"""13C gyromagnetic ratio (paper, eq. 6 and Table I)."""
A_PARALLEL_14N_HZ: Final = -2.162e6
A_PERPENDICULAR_14N_HZ: Final = -2.70e6
QUADRUPOLE_14N_HZ: Final = -4.945e6
GAMMA_14N_HZ_PER_MT: Final = 3.0777e3
"""14N gyromagnetic ratio."""
GAMMA_1_PER_S: Final = 250e3
"""Cross-relaxation rate at natural abundance, 1.1 % 13C (eq. 18)."""
GAMMA_2_PER_S: Final = 1.5e3
"""Decoherence rate at natural abundance (eq. 19)."""
NATURAL_C13_PERCENT: Final = 1.1
DIPOLAR_HZ_NM3: Final = 52.04e6
"""mu0 (gamma_e hbar)^2 / (4 pi hbar) / 2 pi: dipolar strength of two electron spins at 1 nm."""
