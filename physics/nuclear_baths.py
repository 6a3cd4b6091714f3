"""Baths of the paper's Table I, and its formulas: temperature (eq. 20), noise (eqs 13-17), diffusion (eq. 24)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from physics.constants import GAMMA_E_HZ_PER_MT, NATURAL_C13_PERCENT, TWO_PI
from physics.paulis import Real

BOLTZMANN_J_PER_K: Final = 1.380649e-23
PLANCK_J_S: Final = 6.62607015e-34
_MU0_OVER_4PI: Final = 1e-7
_NATURAL_PER_NM3: Final = 1.9
"""13C at natural abundance (Table I)."""
_ENRICHED_NM2_PER_S: Final = 6.5
_MULTIPLICITY: Final = 0.25
"""C_S of eq. 14, for spins 1/2."""
SHORTEST_NM, LONGEST_NM = 0.2, 1.33
"""Distances from the NV between which a 13C counts (paper, Sec. IV B)."""


@dataclass(frozen=True)
class NuclearBath:
    """A column of Table I. None: neither the paper nor a formula of it tells."""

    name: str
    nucleus: str
    gamma_hz_per_mt: float
    paper_energy_mhz: float
    largest_polarisation: float | None
    """As a number; where the table has words, their order of magnitude."""
    largest_polarisation_says: str
    gamma1_per_s: float | None
    gamma1_says: str
    gamma2_per_s: float | None
    polarisation_rate_hz: float
    diffusion_nm2_per_s: float
    spins: float | None = None
    depth_nm: float | None = None
    """Of the NVs beneath the surface, for baths on it."""
    c13_percent: float | None = None


def carbon(c13_percent: float) -> NuclearBath:
    """13C of any content: Table I, eqs 18, 19 and 24."""
    natural = c13_percent / NATURAL_C13_PERCENT
    return NuclearBath(
        name=f"13C, {c13_percent:g} %",
        nucleus="13C",
        gamma_hz_per_mt=10.71e3,
        paper_energy_mhz=1.1,
        largest_polarisation=0.99,
        largest_polarisation_says="> 99 %",
        gamma1_per_s=250e3 * natural,
        gamma1_says="eq. 18",
        gamma2_per_s=1.5e3 * natural,
        polarisation_rate_hz=9000.0,
        diffusion_nm2_per_s=float(spin_diffusion_nm2_per_s(c13_percent)),
        spins=20.0 * natural,
        c13_percent=c13_percent,
    )


def spin_diffusion_nm2_per_s(c13_percent: ArrayLike) -> Real:
    """Eq. 24."""
    return np.asarray(_ENRICHED_NM2_PER_S * np.sqrt(np.asarray(c13_percent, dtype=float) / 100.0))


def polarisation(energy_hz: ArrayLike, temperature_k: ArrayLike) -> Real:
    """Eq. 20: tanh(h f / 2 k T). A bath of negative temperature has a negative one."""
    ratio = PLANCK_J_S * np.asarray(energy_hz, dtype=float) / (BOLTZMANN_J_PER_K * np.asarray(temperature_k, float))
    return np.asarray(np.tanh(0.5 * ratio))


def temperature_k(energy_hz: ArrayLike, p: ArrayLike) -> Real:
    """The same the other way round: 0 K at |p| = 1, infinite at p = 0, negative below."""
    with np.errstate(divide="ignore"):
        ratio = 2.0 * np.arctanh(np.asarray(p, dtype=float))
        return np.asarray(PLANCK_J_S * np.asarray(energy_hz, dtype=float) / (BOLTZMANN_J_PER_K * ratio))


def spins_within(shortest_nm: float, longest_nm: float, per_nm3: float = _NATURAL_PER_NM3) -> float:
    """Spins in a shell about the NV."""
    return float(4.0 / 3.0 * np.pi * (longest_nm**3 - shortest_nm**3) * per_nm3)


ANGLES_PAPER: Final = 3.5 * np.pi
"""What eq. 15 has for the integral over all directions, divided by 3."""
ANGLES: Final = 16.0 * np.pi / 3.0
"""What the integral of 2 + 3 sin^2 over all directions gives, divided by 3."""


def b_rms_t(gamma_hz_per_mt: float, per_nm3: float, shortest_nm: float, angles: float = ANGLES) -> float:
    """Root mean square of the field of random spins beyond a distance: eq. 15."""
    moment = _MU0_OVER_4PI * TWO_PI * gamma_hz_per_mt * 1e3 * PLANCK_J_S / TWO_PI
    return float(moment * np.sqrt(_MULTIPLICITY * angles * per_nm3 * 1e27 / (shortest_nm * 1e-9) ** 3))


def noise_relaxation_per_s(b_rms: ArrayLike, width_per_s: ArrayLike, detuning_rad_per_s: ArrayLike = 0.0) -> Real:
    """Gamma1 by eqs 13, 16 and 17: 3 gamma_e^2 B_rms^2 times a Lorentzian of this width."""
    width, off = np.asarray(width_per_s, dtype=float), np.asarray(detuning_rad_per_s, dtype=float)
    gamma_e = TWO_PI * GAMMA_E_HZ_PER_MT * 1e3
    return np.asarray(3.0 * gamma_e**2 * np.asarray(b_rms, dtype=float) ** 2 / width / (1.0 + (off / width) ** 2))


SURFACE: Final = (
    NuclearBath(
        "1H, biphenyl", "1H", 42.6e3, 4.4, 0.03, "a few %", None, "a few 1e6", None, 7500.0, 571.0, depth_nm=6.0
    ),
    NuclearBath("1H, Al2O3", "1H", 42.6e3, 4.4, 0.01, "per cent", None, "a few 1e6", None, 375.0, 700.0, depth_nm=10.0),
    NuclearBath("19F, Al2O3", "19F", 40.0e3, 4.1, 0.003, "0.3 %", None, "a few 1e6", None, 154.0, 700.0, depth_nm=10.0),
)
"""On the surface of the diamond. Table I gives (4.5-14)e6 /s and a few 1e5 /s as their Gamma2, for two of the three."""
