"""The state from counts: honest errors, physical states, samples of what the counts allow, and the witness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_pair import GATES, analysis_programs, calibration, counted, random_state, random_vector

from physics.entanglement import concurrence
from physics.paulis import PAULIS, density_matrix, pauli_vector, product_vector
from sequences.analysis.calibration import NAMES, PairCalibration, fit_calibration
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.tomography import (
    Reconstruction,
    calibration_root,
    derivatives,
    estimated_concurrence,
    most_likely,
    physical_samples,
    reconstruct,
    witness_target,
)
from sequences.routines.calibration_programs import programs

SHOTS = 20_000_000
PROGRAMS = analysis_programs()


@pytest.fixture(scope="module")
def known():
    """The pair as a calibration of twenty million shots a program would know it."""
    sigma = np.full(len(NAMES), np.inf)
    sigma[NAMES.index("fidelity")] = 5e-4
    rng = np.random.default_rng(0)
    data = [counted(calibration(), _pumped(), [(p, b)], int(w * SHOTS), rng)[0] for p, b, w in programs(GATES)]
    return calibration(fit_calibration(calibration(), sigma, data).covariance)


def _pumped():
    return product_vector(*2 * (np.array([1.0, 0.0, 0.0, 0.996]),))


def drawn(known, rng):
    """What may really be the case if this is known."""
    values = rng.multivariate_normal(known.values, known.covariance, method="svd")
    return PairCalibration(tuple(float(v) for v in values), known.covariance)


@pytest.fixture(scope="module")
def pulls(known):
    rng = np.random.default_rng(11)
    out, chi2 = [], []
    for _ in range(40):
        vector = random_vector(rng)
        found = reconstruct(counted(drawn(known, rng), vector, PROGRAMS, SHOTS, rng), known)
        out.append((found.vector - vector)[1:] / found.errors)
        chi2.append(found.chi2 / found.freedom)
    return np.array(out), np.array(chi2)


@pytest.mark.parametrize("k", range(15))
def test_errors_of_every_pauli_term_are_honest(pulls, k):
    assert 0.75 < pulls[0][:, k].std(ddof=1) < 1.3
    assert abs(pulls[0][:, k].mean()) < 0.5


def test_chi2_is_that_of_the_noise(pulls):
    freedom = len(PROGRAMS) - 15
    assert abs(pulls[1].mean() - 1.0) < 4 * np.sqrt(2 / freedom / len(pulls[1]))


def test_calibration_errors_are_in_the_errors(known):
    """Without them the errors are smaller, and too small."""
    rng = np.random.default_rng(3)
    vector = random_vector(rng)
    data = counted(known, vector, PROGRAMS, 100 * SHOTS, rng)
    exact = PairCalibration(known.values, np.zeros_like(known.covariance))
    whole, statistical = reconstruct(data, known), reconstruct(data, exact)
    assert np.all(whole.errors > statistical.errors)
    assert np.median(whole.errors / statistical.errors) > 2.0
    wrong = reconstruct(counted(drawn(known, rng), vector, PROGRAMS, 100 * SHOTS, rng), exact)
    assert np.mean(((wrong.vector - vector)[1:] / wrong.errors) ** 2) > 4.0


def test_errors_of_functionals_carry_correlations(known):
    rng = np.random.default_rng(5)
    found = reconstruct(counted(known, random_vector(rng), PROGRAMS, SHOTS, rng), known)
    target = np.zeros(16)
    target[[0, 5, 10]] = 0.25, -0.25, 0.25
    value, error = found.linear(target)
    assert value == pytest.approx(0.25 - 0.25 * found.vector[5] + 0.25 * found.vector[10], abs=1e-14)
    block = found.covariance[np.ix_([4, 9], [4, 9])]
    assert error**2 == pytest.approx((block[0, 0] + block[1, 1] - 2 * block[0, 1]) / 16, rel=1e-9)


def test_derivatives_are_those_of_the_rows(known):
    """Against a difference ten times coarser."""
    some = PROGRAMS[::9]
    slope = derivatives(known, some)
    for k, step in ((NAMES.index("rabi_x_rad_per_s"), 2e3), (NAMES.index("doughnut_left"), 2e-4)):
        above = np.array([known.moved(k, step).row(p, b) for p, b in some])
        below = np.array([known.moved(k, -step).row(p, b) for p, b in some])
        scale = {"rabi_x_rad_per_s": 1e4, "doughnut_left": 1e-3}[NAMES[k]]
        np.testing.assert_allclose(slope[..., k], (above - below) / (2 * step) * scale, atol=1e-6)


def test_the_root_of_a_covariance_leaves_out_what_is_fixed(known):
    covariance = known.covariance.copy()
    covariance[3, :] = covariance[:, 3] = 0.0
    root = calibration_root(calibration(covariance))
    assert root.shape == (19, 18)
    np.testing.assert_allclose(root[3], 0.0, atol=1e-12)
    assert calibration_root(calibration()).shape == (19, 0)


# ---- physical states ----------------------------------------------------------------------------------------------


def covariance_of(rng, error):
    """Some correlated covariance of the fifteen terms."""
    mixing = np.eye(15) + 0.3 * rng.standard_normal((15, 15)) / np.sqrt(15)
    return error**2 * mixing @ mixing.T


@given(st.integers(0, 10_000))
def test_a_physical_estimate_is_kept(seed):
    rng = np.random.default_rng(seed)
    rho = random_state(rng)
    np.testing.assert_allclose(most_likely(pauli_vector(rho), covariance_of(rng, 0.01)), rho, atol=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_the_most_likely_state_is_physical_and_nearest(seed):
    """Optimal if the distance falls towards no other state: the least eigenvalue of its slope is met at this one."""
    rng = np.random.default_rng(seed)
    covariance = covariance_of(rng, 0.1)
    vector = np.append(
        1.0, random_vector(rng, rank=1 + seed % 2)[1:] + np.linalg.cholesky(covariance) @ rng.normal(size=15)
    )
    assert np.linalg.eigvalsh(density_matrix(vector))[0] < 0.0
    rho = most_likely(vector, covariance)
    np.testing.assert_allclose(rho, rho.conj().T, atol=1e-12)
    assert np.trace(rho).real == pytest.approx(1.0, abs=1e-12)
    assert np.linalg.eigvalsh(rho)[0] > -1e-12
    pull = np.linalg.solve(covariance, pauli_vector(rho)[1:] - vector[1:])
    slope = np.einsum("k,kij->ij", 2.0 * pull, PAULIS[1:])
    here, least = np.trace(slope @ rho).real, np.linalg.eigvalsh(slope)[0]
    assert here - least < 1e-2 * (pull @ covariance @ pull)


def test_samples_are_those_of_a_truncated_gaussian():
    """Against draws of the Gaussian with the unphysical ones thrown away."""
    rng = np.random.default_rng(4)
    rho = 0.9 * random_state(rng, rank=2) + 0.025 * np.eye(4)
    covariance = covariance_of(rng, 0.06)
    vector = pauli_vector(rho)
    found = Reconstruction(vector, covariance, most_likely(vector, covariance), 0.0, 1)
    proposed = rng.multivariate_normal(vector[1:], covariance, 60_000)
    states = density_matrix(np.concatenate([np.ones((len(proposed), 1)), proposed], axis=1))
    kept = proposed[np.linalg.eigvalsh(states)[:, 0] > 0.0]
    assert 200 < len(kept) < 30_000  # the edge matters
    ours = np.concatenate([physical_samples(found, np.random.default_rng(seed))[:, 1:] for seed in range(6)])
    spread = kept.std(axis=0)
    assert np.all(np.abs(ours.mean(axis=0) - kept.mean(axis=0)) < 0.2 * spread)
    assert np.all(np.abs(ours.std(axis=0) / spread - 1.0) < 0.2)
    shift = np.linalg.norm(kept.mean(axis=0) - vector[1:])
    assert np.linalg.norm(ours.mean(axis=0) - kept.mean(axis=0)) < 0.3 * shift


def test_every_sample_is_a_state():
    rng = np.random.default_rng(8)
    covariance = covariance_of(rng, 0.1)
    vector = np.append(1.0, random_vector(rng, rank=1)[1:] + 0.1 * rng.normal(size=15))
    found = Reconstruction(vector, covariance, most_likely(vector, covariance), 0.0, 1)
    samples = physical_samples(found, rng)
    assert np.linalg.eigvalsh(density_matrix(samples))[:, 0].min() > -1e-12
    np.testing.assert_array_equal(samples[:, 0], 1.0)


ENGINE = EngineModel(66.4e3, 132.9e3, 250e3, relaxation_per_s=200.0, dephasing_per_s=1500.0, spins=20.0)


def estimate_of(rho, noise, seed):
    rng = np.random.default_rng(seed)
    covariance = covariance_of(rng, noise)
    vector = np.append(1.0, pauli_vector(rho)[1:] + np.linalg.cholesky(covariance) @ rng.normal(size=15))
    return estimated_concurrence(Reconstruction(vector, covariance, most_likely(vector, covariance), 0.0, 1), seed)


@pytest.mark.parametrize("noise", [0.004, 0.015])
def test_the_error_of_the_concurrence_is_honest(noise):
    """On what the engine leaves behind, at the noise of a long tomography and of a short one."""
    rho = density_matrix(ENGINE.states(np.array([5.4e-6]), (0.06, 0.985), (0.0, 0.985))[0])
    true = concurrence(rho)
    found = [estimate_of(rho, noise, seed) for seed in range(20)]
    pulls = [(each.value - true) / each.error for each in found]
    assert 0.7 < np.std(pulls, ddof=1) < 1.3
    assert abs(np.mean(pulls)) < 0.7
    assert sum(each.interval[0] <= true <= each.interval[1] for each in found) >= 18


def test_a_separable_state_has_no_certain_concurrence():
    """The mean over what is allowed is never negative, so it is not zero; but its interval begins there."""
    rho = density_matrix(ENGINE.states(np.array([5.4e-6]), (0.5, 0.985), (0.5, 0.985))[0])
    assert concurrence(rho) == 0.0
    found = [estimate_of(rho, 0.015, seed) for seed in range(8)]
    assert sum(each.interval[0] == 0.0 for each in found) >= 7
    assert all(each.value < 2.0 * each.error for each in found)


# ---- the witness --------------------------------------------------------------------------------------------------

seeds = st.integers(0, 1_000_000)
shares = st.floats(0.05, 20.0)
phases = st.floats(-np.pi, np.pi)


@given(seeds, st.sampled_from([1, 2, 3, 4]), shares, phases)
def test_the_witness_is_at_most_half_the_concurrence(seed, rank, share, phase):
    rho = random_state(np.random.default_rng(seed), rank)
    assert witness_target(share, phase) @ pauli_vector(rho) <= 0.5 * concurrence(rho) + 1e-12


@given(seeds, shares, phases)
def test_the_witness_is_what_its_formula_says(seed, share, phase):
    rho = random_state(np.random.default_rng(seed))
    formula = (rho[1, 2] * np.exp(-1j * phase)).real - 0.5 * (share * rho[0, 0] + rho[3, 3] / share).real
    assert witness_target(share, phase) @ pauli_vector(rho) == pytest.approx(formula, abs=1e-12)


@given(seeds, shares, phases)
def test_the_witness_of_a_product_is_never_positive(seed, share, phase):
    left, right = (v / np.linalg.norm(v) for v in np.random.default_rng(seed).normal(size=(2, 3)))
    assert witness_target(share, phase) @ product_vector(np.append(1.0, left), np.append(1.0, right)) <= 1e-12


def separable_at_the_edge(share, phase):
    """A product state on which the witness vanishes: the one hardest to tell from an entangled one."""
    z = (1 - share) / (1 + share)  # so that share rho_00 = rho_11 / share
    left = np.array([1.0, np.sqrt(1 - z**2), 0.0, z])
    right = np.array([1.0, np.sqrt(1 - z**2) * np.cos(phase), np.sqrt(1 - z**2) * np.sin(phase), z])
    return product_vector(left, right)


def test_separable_states_do_not_look_entangled(known):
    """At the very edge the significance is a unit Gaussian, calibration errors included: nothing is invented."""
    rng = np.random.default_rng(2)
    some = PROGRAMS[::3]
    significance = []
    for _ in range(200):
        share, phase = rng.uniform(0.2, 1.5), rng.uniform(-np.pi, np.pi)
        target, vector = witness_target(share, phase), separable_at_the_edge(share, phase)
        assert target @ vector == pytest.approx(0.0, abs=1e-12)
        value, error = reconstruct(counted(drawn(known, rng), vector, some, SHOTS // 4, rng), known).linear(target)
        significance.append(value / error)
    significance = np.array(significance)
    assert np.mean(significance > 3.0) < 0.01
    assert 0.9 < significance.std() < 1.12
    assert abs(significance.mean()) < 0.25
