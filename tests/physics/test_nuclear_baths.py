"""The paper's formulas for its baths, against its numbers and against direct sums."""

import numpy as np
import pytest

from physics.levels import cross_relaxation_fields_mt
from physics.nuclear_baths import (
    ANGLES,
    ANGLES_PAPER,
    SURFACE,
    b_rms_t,
    carbon,
    noise_relaxation_per_s,
    polarisation,
    spin_diffusion_nm2_per_s,
    spins_within,
    temperature_k,
)


def test_room_temperature_is_hot():
    assert polarisation(1.1e6, 300.0) == pytest.approx(1e-7, rel=0.15)


def test_temperature_and_polarisation_are_inverse():
    p = np.array([-0.99, -0.3, 1e-7, 0.5, 0.97, 0.999])
    np.testing.assert_allclose(polarisation(1.1e6, temperature_k(1.1e6, p)), p, rtol=1e-9)
    assert temperature_k(1.1e6, -0.5) == -temperature_k(1.1e6, 0.5) < 0.0
    assert temperature_k(1.1e6, 0.99) == pytest.approx(10e-6, rel=0.01)
    assert temperature_k(1.1e6, 1.0) == 0.0


def test_eq_15_integrated_over_the_directions():
    """Twice 2 + 3 sin^2 by quadrature: 16 pi/3, not the paper's 7 pi/2."""
    cos, weight = np.polynomial.legendre.leggauss(8)
    assert 2 * np.pi * weight @ (2 + 3 * (1 - cos**2)) / 3 == pytest.approx(ANGLES)
    ratio = ANGLES / ANGLES_PAPER
    assert ratio == pytest.approx(1.52, abs=0.01)


def test_b_rms_is_the_sum_over_random_spins():
    """Eq. 14 for 13C thrown at random between 0.4 and 1.6 nm, 20 000 times: its own scatter is 0.3 %."""
    rng = np.random.default_rng(2)
    shortest, longest, per_nm3, throws = 0.4, 1.6, 1.9, 20_000
    count = int(4 / 3 * np.pi * longest**3 * per_nm3 * throws)
    r = longest * rng.uniform(0, 1, count) ** (1 / 3)
    sin2 = 1 - rng.uniform(-1, 1, count) ** 2
    moment = 1e-7 * 2 * np.pi * 10.71e6 * 1.054571817e-34 * 1e27
    terms = 0.25 * moment**2 * (2 + 3 * sin2) / r**6
    summed = np.sum(terms[r > shortest]) / throws
    expected = b_rms_t(10.71e3, per_nm3, shortest) ** 2 - b_rms_t(10.71e3, per_nm3, longest) ** 2
    assert expected == pytest.approx(summed, rel=0.02)


def test_eq_17_is_far_from_what_is_measured():
    b_rms = b_rms_t(10.71e3, 1.9, 0.2, ANGLES_PAPER)
    assert b_rms == pytest.approx(18.1e-6, rel=0.01)
    assert noise_relaxation_per_s(b_rms, 1.5e3) / 250e3 > 5e4
    assert noise_relaxation_per_s(b_rms, 1.5e3, 1.5e3) == pytest.approx(noise_relaxation_per_s(b_rms, 1.5e3) / 2)


def test_spins_and_diffusion():
    assert spins_within(0.2, 1.33) == pytest.approx(20, rel=0.1)
    assert spin_diffusion_nm2_per_s(100.0) == 6.5
    assert spin_diffusion_nm2_per_s(1.1) == pytest.approx(0.68, abs=0.01)
    assert carbon(11.0).gamma1_per_s == pytest.approx(2.5e6)
    assert carbon(11.0).spins == pytest.approx(200.0)


@pytest.mark.parametrize("bath", [carbon(1.1), *SURFACE], ids=lambda bath: bath.name)
def test_qubit_energies_are_those_of_the_table(bath):
    for field in cross_relaxation_fields_mt(gamma_hz_per_mt=bath.gamma_hz_per_mt):
        assert bath.gamma_hz_per_mt * field * 1e-6 == pytest.approx(bath.paper_energy_mhz, abs=0.05)


def test_14n_takes_the_lower_resonance_with_protons_away():
    assert len(cross_relaxation_fields_mt(gamma_hz_per_mt=42.6e3)) == 1
    below, beyond = cross_relaxation_fields_mt(nitrogen=False, gamma_hz_per_mt=42.6e3)
    assert (below, beyond) == (pytest.approx(2870 / 28.0426, abs=1e-6), pytest.approx(2870 / 27.9574, abs=1e-6))
