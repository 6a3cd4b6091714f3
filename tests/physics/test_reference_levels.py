"""Levels of one NV: the table of exact diagonalisations to 10 Hz, and what follows from symmetry and from theory."""

import numpy as np
import pytest

from physics.constants import D_HZ, GAMMA_13C_HZ_PER_MT, GAMMA_E_HZ_PER_MT
from physics.levels import (
    cross_relaxation_fields_mt,
    energies_hz,
    field_from_lines,
    hamiltonian_hz,
    nv_lines,
    odmr_lines,
)


@pytest.mark.parametrize(
    ("nitrogen", "minus", "plus", "weight"),
    [
        (False, "f_minus_spin1_mhz", "f_plus_spin1_mhz", "weight_0_spin1"),
        (True, "f_minus_14n_mi_plus1_mhz", "f_plus_14n_mi_plus1_mhz", "weight_0_14n"),
    ],
    ids=["spin 1", "with 14N"],
)
def test_every_row(levels_rows, nitrogen, minus, plus, weight):
    column = {name: np.array([row[name] for row in levels_rows]) for name in levels_rows[0]}
    lines = nv_lines(column["b_parallel_mt"], column["b_perp_ut"] * 1e-3, nitrogen)
    np.testing.assert_allclose(lines.minus_hz[:, 0], column[minus] * 1e6, rtol=0, atol=10.0)
    np.testing.assert_allclose(lines.plus_hz[:, 0], column[plus] * 1e6, rtol=0, atol=10.0)
    np.testing.assert_allclose(lines.weight_0[:, 0], column[weight], rtol=0, atol=1e-6)


@pytest.mark.parametrize("nitrogen", [False, True])
def test_only_the_angle_to_the_axis_counts(nitrogen):
    rng = np.random.default_rng(3)
    fields = rng.uniform(-120, 120, (20, 3))
    hamiltonians = hamiltonian_hz(fields, nitrogen)
    np.testing.assert_allclose(hamiltonians, np.swapaxes(hamiltonians, -1, -2).conj())
    expected = energies_hz(fields[:, 2], np.hypot(fields[:, 0], fields[:, 1]), nitrogen)
    np.testing.assert_allclose(np.linalg.eigvalsh(hamiltonians), expected, atol=1e-4)


def test_slopes_are_derivatives():
    along, step = np.array([5.0, 60.0, 102.0, 102.4755, 103.0]), 1e-6
    lines = nv_lines(along, 0.01)
    low, high = nv_lines(along - step, 0.01), nv_lines(along + step, 0.01)
    difference = (high.minus_hz - low.minus_hz) / (2 * step)
    np.testing.assert_allclose(lines.minus_slope_hz_per_mt, difference, rtol=0, atol=2e4)
    np.testing.assert_allclose(lines.plus_slope_hz_per_mt, (high.plus_hz - low.plus_hz) / (2 * step), rtol=0, atol=2e4)
    low, high = nv_lines(along, 0.01 - step), nv_lines(along, 0.01 + step)
    for sign in ("minus", "plus"):
        difference = (getattr(high, f"{sign}_hz") - getattr(low, f"{sign}_hz")) / (2 * step)
        np.testing.assert_allclose(getattr(lines, f"{sign}_across_slope_hz_per_mt"), difference, rtol=0, atol=50.0)
    np.testing.assert_allclose(nv_lines(along, 0.0).minus_across_slope_hz_per_mt, 0.0, atol=1e-6)  # even in it


def test_batch_shapes():
    lines = nv_lines(np.linspace(1, 5, 4)[:, None], np.linspace(0, 0.1, 3)[None, :])
    assert lines.minus_hz.shape == lines.weight_0.shape == (4, 3, 3)
    assert odmr_lines(5.0, nitrogen=False).frequency_hz.shape == (1, 2)
    assert odmr_lines(np.full(7, 5.0)).strength.shape == (7, 3, 8)


def test_three_hyperfine_lines():
    """At low field, three lines 2.16 MHz apart, each at full strength, and nothing else."""
    lines = odmr_lines(5.0)
    strong = lines.strength * lines.darkening > 0.4
    below = np.sort(lines.frequency_hz[strong & (lines.frequency_hz < D_HZ)])
    assert np.diff(below) == pytest.approx([2.162e6, 2.162e6], abs=0.02e6)
    assert lines.strength[strong] == pytest.approx(np.full(6, 0.5), abs=0.01)
    assert np.sum((lines.strength * lines.darkening)[~strong]) < 0.01


def test_strengths_obey_the_sum_rule():
    """All that S_perp drives out of an unmixed |0> is <0|S_x^2 + S_y^2|0> / 2 = 1, also where other levels cross."""
    for along, across in ((5.0, 0.0), (102.4755, 0.0)):
        assert np.sum(odmr_lines(along, across).strength[0]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("tilt_deg", [0.0, 0.3, 20.0, 54.7, 80.0])
@pytest.mark.parametrize("field_mt", [1.0, 10.0, 60.0, 95.0])
def test_field_and_angle_from_two_lines(field_mt, tilt_deg):
    """Exact at any angle without 14N: |0>, |-1>, |+1> are the levels in ascending order below the crossing."""
    tilt = np.deg2rad(tilt_deg)
    ground, lower, upper = energies_hz(field_mt * np.cos(tilt), field_mt * np.sin(tilt), nitrogen=False)
    magnitude, cos_squared = field_from_lines(upper - ground, lower - ground)
    assert magnitude == pytest.approx(field_mt, rel=1e-7)
    assert cos_squared == pytest.approx(np.cos(tilt) ** 2, abs=1e-5)


def test_lines_of_no_field_give_nan():
    assert np.isnan(field_from_lines(D_HZ - 1e6, D_HZ - 1e6)[0])


def test_cross_relaxation_with_14n():
    below, beyond = cross_relaxation_fields_mt()
    assert (below, beyond) == pytest.approx((102.4755, 102.5755), abs=1e-4)
    at_resonance = nv_lines(np.array([below, beyond]))
    larmor = GAMMA_13C_HZ_PER_MT * np.array([below, beyond])
    np.testing.assert_allclose(at_resonance.minus_hz[:, 0], larmor * [1, -1], atol=10.0)
    assert at_resonance.minus_slope_hz_per_mt[0, 0] == pytest.approx(-19.7e6, abs=0.05e6)


def test_cross_relaxation_of_a_bare_spin_is_the_formula():
    below, beyond = cross_relaxation_fields_mt(nitrogen=False)
    assert below == pytest.approx(D_HZ / (GAMMA_E_HZ_PER_MT + GAMMA_13C_HZ_PER_MT), abs=1e-8)
    assert beyond == pytest.approx(D_HZ / (GAMMA_E_HZ_PER_MT - GAMMA_13C_HZ_PER_MT), abs=1e-8)


def test_minimum_gap_at_the_crossing():
    """sqrt(2) gamma_e B_perp, 39.6 kHz per uT."""
    along = np.linspace(102.4, 102.6, 4001)
    levels = energies_hz(along, 5e-3, nitrogen=False)
    assert np.min(levels[:, 1] - levels[:, 0]) == pytest.approx(5 * 39.6e3, rel=1e-3)
