"""Propagators of many pairs at once: against physics' own, with and without the shelf, and against averaged rows."""

import csv
from pathlib import Path

import numpy as np
import pytest

from physics.engine import evolve, liouvillian, propagator
from physics.entanglement import signed_concurrence
from physics.paulis import density_matrix, product_vector
from simulated_instruments.twin.shots.levels import PLAIN, SHELVED, elements, pauli, unfolded
from simulated_instruments.twin.shots.propagation import exponential, propagators

pytestmark = pytest.mark.twin

REFERENCE = Path(__file__).parents[1] / "physics" / "reference" / "overhauser.csv"
ROWS = list(csv.DictReader(REFERENCE.read_text().splitlines()))
TWO_PI = 2 * np.pi


def some_rates(rng, count, drive):
    pair = lambda low, high: rng.uniform(low, high, (count, 2))  # noqa: E731
    rates = {
        "g": rng.uniform(0, 3e5, count),
        "zz": rng.uniform(0, 6e5, count),
        "drive0": np.array(drive[0]),
        "drive1": np.array(drive[1]),
    }
    wide = {"detuning": pair(-6e7, 6e7), "up": pair(0, 1e5), "down": pair(0, 1e6), "dephasing": pair(0, 1e6)}
    return rates | {f"{name}{k}": values[:, k] for name, values in wide.items() for k in (0, 1)}


def by_physics(rates, duration_s):
    """The generator that physics.engine writes from the same numbers."""
    two = lambda name: (rates[f"{name}0"], rates[f"{name}1"])  # noqa: E731
    names = ("detuning", "drive", "up", "down", "dephasing")
    return propagator(liouvillian(g=rates["g"], zz=rates["zz"], **{name: two(name) for name in names}), duration_s)


@pytest.mark.parametrize("drive", [(0.0, 0.0), (3e6, -1e6)])
@pytest.mark.parametrize("duration_s", [4e-7, 2e-5])
@pytest.mark.parametrize("space", [PLAIN, SHELVED])
def test_pairs_side_by_side_are_as_each_by_itself(space, drive, duration_s):
    rng = np.random.default_rng(3)
    rates = some_rates(rng, 5, drive)
    vector = np.append(1.0, rng.uniform(-0.5, 0.5, 15))
    begun = elements(vector) if space is PLAIN else unfolded(elements(vector))
    after = propagators(space, rates, drive != (0.0, 0.0), duration_s) @ begun
    np.testing.assert_allclose(pauli(after[:, : space.size]), by_physics(rates, duration_s) @ vector, atol=1e-8)


@pytest.mark.parametrize("space", [PLAIN, SHELVED])
def test_integrals_are_those_of_sigma_z(space):
    rng = np.random.default_rng(4)
    rates = some_rates(rng, 3, (2e6, 0.0))
    vector = np.append(1.0, rng.uniform(-0.5, 0.5, 15))
    begun = elements(vector) if space is PLAIN else unfolded(elements(vector))
    duration_s, steps = 1e-6, 4000
    got = (propagators(space, rates, True, duration_s) @ begun)[:, space.size :]
    path = propagators(space, rates, True, duration_s / steps)[:, : space.size]
    states = [np.tile(begun, (3, 1))]
    for _ in range(steps):
        states.append((path @ states[-1][:, :, None])[:, :, 0])
    z = pauli(np.array(states))[:, :, [12, 3]]
    np.testing.assert_allclose(got[:, :2], np.trapezoid(z, dx=duration_s / steps, axis=0), atol=1e-11)


def test_nothing_is_lost_to_the_shelf():
    rates = some_rates(np.random.default_rng(5), 4, (1e6, 1e6))
    rates |= {f"{name}{k}": np.full(4, 1e6) for name in ("shelving", "to_0", "to_1") for k in (0, 1)}
    after = propagators(SHELVED, rates, True, 3e-6) @ unfolded(elements(np.eye(16)[0]))
    np.testing.assert_allclose(after[:, :9].sum(axis=1), 1.0, atol=1e-8)
    assert np.all(after[:, 8] > 0.05)  # both shelved


def test_exponentials_of_large_and_of_no_matrices():
    a = np.array([[[0.0, 300.0], [-300.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    expected = [[[np.cos(300), np.sin(300)], [-np.sin(300), np.cos(300)]], np.eye(2)]
    np.testing.assert_allclose(exponential(a), expected, atol=1e-6)


def averaged(row, nodes=31):
    """The state that a row describes, with Gauss and Hermite's nodes for either NV."""
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = weight / weight.sum()
    share = row["c13_percent"] / 1.1
    left, right = np.meshgrid(at * row["sigma_left_khz"], at * row["sigma_right_khz"], indexing="ij")
    rates = {"g": row["g_rad_per_s"] + 0.0 * left.ravel(), "zz": np.array(2 * row["g_rad_per_s"])}
    for k, (shift_khz, p) in enumerate(((left, row["p_left"]), (right, row["p_right"]))):
        rates[f"detuning{k}"] = TWO_PI * 1e3 * shift_khz.ravel()
        rates[f"up{k}"] = np.array(0.5 * (250e3 * share * (1 - p) + 200.0))
        rates[f"down{k}"] = np.array(0.5 * (250e3 * share * (1 + p) + 200.0))
        rates[f"dephasing{k}"] = np.array(1.5e3 * share)
    start = product_vector(*(np.array([1.0, 0.0, 0.0, row[f"start_z_{side}"]]) for side in ("left", "right")))
    after = propagators(PLAIN, rates, False, row["time_us"] * 1e-6) @ elements(start)
    return density_matrix(pauli(np.outer(weight, weight).ravel() @ after[:, : PLAIN.size]))


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_static_detunings_average_to_the_reference(number):
    row = {name: float(value) for name, value in ROWS[number].items()}
    rho = averaged(row)
    for k, name in enumerate(("rho_00", "rho_01", "rho_10", "rho_11")):
        assert rho[k, k].real == pytest.approx(row[name], abs=1e-5)
    assert rho[1, 2] == pytest.approx(row["re_01_10"] + 1j * row["im_01_10"], abs=1e-5)
    assert float(signed_concurrence(rho)) == pytest.approx(row["signed_concurrence"], abs=1e-5)


def test_one_pair_is_evolved_as_physics_evolves_it():
    generator = liouvillian(g=66e3, zz=132e3, up=(1e3, 1e3), down=(9e4, 2e5), dephasing=(1.5e3, 1.5e3))
    start = product_vector(np.array([1.0, 0.0, 0.0, 0.1]), np.array([1.0, 0.0, 0.0, 0.9]))
    rates = {"g": np.array([66e3]), "zz": np.array(132e3), "up0": np.array(1e3), "up1": np.array(1e3)}
    rates |= {"down0": np.array(9e4), "down1": np.array(2e5)}
    rates |= {"dephasing0": np.array(1.5e3), "dephasing1": np.array(1.5e3)}
    after = propagators(PLAIN, rates, False, 5e-6) @ elements(start)
    np.testing.assert_allclose(pauli(after[0, :16]), evolve(generator, start, np.array([5e-6]))[0], atol=1e-9)
