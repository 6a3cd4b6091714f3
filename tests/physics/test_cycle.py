"""Engines in cycles against the coupled equations of all classes of shots, and that a cycle ends as it began."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from physics.coupling import flip_flop_spin1_rad_per_s, gamma1_per_s, gamma2_per_s
from physics.cycle import STEPS, Sample, best_cycles, released, response, signed, start_z
from physics.engine import liouvillian
from physics.entanglement import witness
from physics.paulis import INDEX, density_matrix, product_vector
from physics.spread import normal_nodes, overhauser_khz

KHZ = 2e3 * np.pi
Z = [INDEX["ZI"], INDEX["IZ"]]


def sample(separation_nm, c13_percent, fidelity=0.95, t2star_us=3.0, shift_khz=0.0, leak=0.02, contact_share=1e-3):
    apart, c13 = np.broadcast_arrays(np.atleast_1d(separation_nm).astype(float), np.asarray(c13_percent, dtype=float))
    one = np.ones(apart.shape)
    return Sample(
        g_rad_per_s=flip_flop_spin1_rad_per_s(apart),
        gamma1_per_s=gamma1_per_s(c13),
        gamma2_per_s=gamma2_per_s(c13),
        gamma_sl_per_s=200.0 * one,
        spins=20.0 * c13 / 1.1,
        sigma_rad_per_s=KHZ * overhauser_khz(t2star_us) * c13 / 1.1,
        shift_rad_per_s=KHZ * shift_khz * c13 / 1.1,
        pumped_z=(2 * fidelity - 1) * one,
        pump_per_s=3e5 * one,
        leak=leak * one,
        contact_share=contact_share * one,
        cooling_s=75e-6 * one,
    )


def coupled(pair, narrowed, apart, begun, times_s):
    """All 16 Pauli components of every class and both baths as one set of equations: mean states and baths."""
    at, weight = normal_nodes(10.0)
    gamma1, spins = float(pair.gamma1_per_s[0]), float(pair.spins[0])
    rates = {"g": float(pair.g_rad_per_s[0]), "zz": 2.0 * float(pair.g_rad_per_s[0])}
    other = {"dephasing": 2 * (float(pair.gamma2_per_s[0]),)}
    delta = apart + np.hypot(*narrowed) * at

    def generator(p):
        up, down = (tuple(0.5 * (gamma1 * (1 + sign * q) + 200.0) for q in p) for sign in (-1, 1))
        return liouvillian(**rates, **other, detuning=(0.0 * delta, delta), up=up, down=down)

    fixed = generator((0.0, 0.0))
    slopes = [generator((1.0, 0.0)) - fixed, generator((0.0, 1.0)) - fixed]

    def slope(_, y):
        states, p = y[:-2].reshape(len(at), 16), y[-2:]
        moved = (fixed + p[0] * slopes[0] + p[1] * slopes[1]) @ states[..., None]
        return np.concatenate([moved.ravel(), gamma1 / spins * (weight @ states[:, Z] - p)])

    start = product_vector(*(np.array([1.0, 0.0, 0.0, z]) for z in begun[:2]))
    y0 = np.concatenate([np.tile(start, len(at)), begun[2:]])
    solved = solve_ivp(slope, (0.0, times_s[-1]), y0, t_eval=times_s, rtol=1e-8, atol=1e-10).y.T
    return np.array([weight @ y[:-2].reshape(len(at), 16) for y in solved]), solved[:, -2:]


@pytest.mark.parametrize(("separation_nm", "c13", "shift_khz"), [(13.5, 1.1, 0.0), (8.0, 0.3, 50.0)])
def test_release_follows_the_coupled_equations(separation_nm, c13, shift_khz):
    pair = sample(separation_nm, c13, shift_khz=shift_khz)
    narrowed, apart = (0.99 * pair.sigma_rad_per_s, 0.3 * pair.sigma_rad_per_s), 0.9 * pair.shift_rad_per_s
    there = response(pair, narrowed, apart)
    begun = np.array([0.1, 0.9, 0.06, 0.88])
    states, baths = coupled(pair, [float(n[0]) for n in narrowed], float(apart[0]), begun, there.times_s[0, 3::15])
    np.testing.assert_allclose(there.p[0, 3::15] @ begun, baths, atol=1e-5)
    np.testing.assert_allclose(there.z[0, 3::15] @ begun, states[:, Z], atol=1e-5)
    found = signed(there, np.broadcast_to(begun, (1, STEPS // 2, 1, 4)))[0, 3::15, 0]
    np.testing.assert_allclose(found, 2.0 * witness(density_matrix(states)), atol=2e-5)


@pytest.mark.parametrize("heating", ["turned", "doughnut"])
def test_a_cycle_ends_as_it_began(heating):
    """Release, evolution and cooling, bath by bath, give the polarisations that the cycle was released with."""
    pair = sample([13.5, 8.0], 0.5)
    there = response(pair, (pair.sigma_rad_per_s, 0.4 * pair.sigma_rad_per_s), 0.0 * pair.sigma_rad_per_s)
    begun = released(pair, there, start_z(pair, heating))
    after = np.einsum("bnic,bnmc->bnmi", there.p, begun)
    pumped, kept = pair.pumped_z[:, None, None, None], pair.kept[:, None, None]
    np.testing.assert_allclose(pumped + (after - pumped) * kept, begun[..., 2:], atol=1e-12)
    assert np.all(begun[..., 3] < pair.pumped_z[:, None, None])  # no bath gets colder than what cools it


def test_points_do_not_know_each_other():
    together = best_cycles(sample([13.5, 9.0, 7.0], [1.1, 0.2, 0.6], shift_khz=50.0))
    alone = best_cycles(sample(9.0, 0.2, shift_khz=50.0))
    assert together.signed_concurrence[1] == pytest.approx(alone.signed_concurrence[0], abs=1e-10)
    assert together.evolution_s[1] == alone.evolution_s[0]


def test_an_even_spread_may_be_folded():
    """A shift too small to matter takes the way with all nodes."""
    folded, whole = (best_cycles(sample([13.5, 8.0], 0.5, shift_khz=khz)) for khz in (0.0, 1e-7))
    np.testing.assert_allclose(folded.signed_concurrence, whole.signed_concurrence, atol=1e-9)


def test_the_best_time_is_found_between_steps(monkeypatch):
    """Against five times as many steps: the top of the parabola is that of the curve."""
    pairs = sample([13.5, 8.0, 6.0], [1.1, 0.3, 3.0], shift_khz=50.0)
    usual = best_cycles(pairs)
    monkeypatch.setattr("physics.cycle.STEPS", 5 * STEPS)
    fine = best_cycles(pairs)
    np.testing.assert_allclose(usual.signed_concurrence, fine.signed_concurrence, atol=2e-4)
    np.testing.assert_allclose(usual.evolution_s, fine.evolution_s, rtol=0.15)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"t2star_us": 6.0}, {"t2star_us": 2.0}),
        ({"fidelity": 0.99}, {"fidelity": 0.93}),
        ({"contact_share": 0.0}, {"contact_share": 0.05}),
        ({"c13_percent": 0.2}, {"c13_percent": 0.8}),
    ],
)
def test_faults_cost_entanglement(better, worse):
    usual = {"separation_nm": 9.0, "c13_percent": 0.4}
    good, bad = (best_cycles(sample(**(usual | change))).signed_concurrence[0] for change in (better, worse))
    assert good > bad + 0.01


def test_the_null_counts_where_the_doughnut_pumps_last():
    leaky, tight = sample(9.0, 0.2, leak=0.05), sample(9.0, 0.2, leak=0.005)
    beneath = [best_cycles(pair, "doughnut").signed_concurrence[0] for pair in (leaky, tight)]
    turned = [best_cycles(pair).signed_concurrence[0] for pair in (leaky, tight)]
    assert beneath[0] < beneath[1] - 0.02 < turned[1]
    assert turned[0] == turned[1]


def test_a_long_cooling_brings_the_cold_bath_to_its_nv():
    short, long = (best_cycles(replace(sample(9.0, 0.4), cooling_s=np.array([s]))) for s in (5e-6, 1e-3))
    assert short.p_right[0] < long.p_right[0] - 0.005
    assert long.p_right[0] == pytest.approx(0.9, abs=1e-4)
