"""Dipolar coupling against matrix elements of the full spin-1 Hamiltonian, and rates against eqs 16, 18, 19."""

import numpy as np
import pytest
from scipy.constants import hbar, mu_0, physical_constants, pi

from physics import coupling

SX = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / np.sqrt(2)
SY = np.array([[0, -1j, 0], [1j, 0, -1j], [0, 1j, 0]]) / np.sqrt(2)
SZ = np.diag([1, 0, -1])


def dipolar_hamiltonian(separation_nm, theta):
    """mu0 (gamma hbar)^2 / (4 pi hbar r^3) [S1.S2 - 3 (S1.n)(S2.n)], 9 x 9, in rad/s, of two free electron spins."""
    gamma = physical_constants["electron gyromag. ratio"][0]
    strength = mu_0 * gamma**2 * hbar / (4 * pi * (separation_nm * 1e-9) ** 3)
    spins, n = (SX, SY, SZ), np.array([np.sin(theta), 0, np.cos(theta)])
    dot = sum(np.kron(s, s) for s in spins)
    along = sum(k * s for k, s in zip(n, spins, strict=True))
    return strength * (dot - 3 * np.kron(along, along))


def index(left, right):
    return (1 - left) * 3 + (1 - right)


@pytest.mark.parametrize("separation_nm", [5.0, 13.5, 30.0])
@pytest.mark.parametrize("theta_deg", [0.0, 30.0, 54.7, 90.0])
def test_spin1_matrix_elements(separation_nm, theta_deg):
    theta = np.deg2rad(theta_deg)
    h = dipolar_hamiltonian(separation_nm, theta)
    scale = coupling.dipolar_rad_per_s(separation_nm)
    flip_flop = h[index(0, -1), index(-1, 0)].real
    assert flip_flop == pytest.approx(
        -coupling.flip_flop_spin1_rad_per_s(separation_nm, theta), rel=1e-4, abs=1e-4 * scale
    )
    levels = [h[index(a, b), index(a, b)].real for a, b in ((-1, -1), (-1, 0), (0, -1), (0, 0))]
    zz = levels[0] - levels[1] - levels[2] + levels[3]
    assert zz == pytest.approx(coupling.dipolar_rad_per_s(separation_nm, theta), rel=1e-4, abs=1e-4 * scale)


def test_the_papers_equation_is_half_of_it():
    r, theta = np.array([8.0, 13.5]), 1.2
    paper, spin1 = coupling.flip_flop_paper_rad_per_s(r, theta), coupling.flip_flop_spin1_rad_per_s(r, theta)
    np.testing.assert_allclose(2 * paper, spin1)
    np.testing.assert_allclose(4 * paper, coupling.dipolar_rad_per_s(r, theta))


def test_the_pair_of_the_default_sample():
    assert coupling.flip_flop_spin1_rad_per_s(13.5) == pytest.approx(66e3, rel=0.01)


def test_separations_are_inverses():
    r = np.array([5.0, 13.5, 20.0])
    np.testing.assert_allclose(coupling.separation_spin1_nm(coupling.flip_flop_spin1_rad_per_s(r)), r)
    np.testing.assert_allclose(coupling.separation_paper_nm(coupling.flip_flop_paper_rad_per_s(r)), r)


def test_rates_follow_the_13c_content():
    assert coupling.gamma1_per_s(1.1) == pytest.approx(250e3)
    assert coupling.gamma2_per_s(1.1) == pytest.approx(1.5e3)
    np.testing.assert_allclose(coupling.gamma1_per_s([2.2, 11.0]), [500e3, 2500e3])


def test_cross_relaxation_line():
    width = coupling.CR_HALF_WIDTH_RAD_PER_S
    assert width == pytest.approx(2 * pi * 100e3)
    assert coupling.cross_relaxation_per_s(0.0) == pytest.approx(250e3)
    np.testing.assert_allclose(coupling.cross_relaxation_per_s([-width, width]), 125e3)
    frozen = coupling.cross_relaxation_per_s(2 * pi * 28e6)
    assert 1.0 < frozen < 10.0  # the shift coil stops the engine: a few per second


def test_the_papers_line_is_gamma2_wide():
    width = coupling.paper_half_width_rad_per_s(2.2)
    assert width == pytest.approx(3e3)
    assert coupling.cross_relaxation_per_s(3e3, 2.2, width) == pytest.approx(250e3)
