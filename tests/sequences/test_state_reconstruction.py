"""The state from counts: honest errors, physical states, samples of what the counts allow, and the witness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.known_pair import analysis_programs, calibration, counted, known_covariance, random_state, random_vector

from physics.entanglement import concurrence
from physics.paulis import PAULIS, density_matrix, pauli_vector, product_vector
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.engine_rows import (
    ClassStates,
    Surroundings,
    engine_rows,
    in_engine,
    margin_moves,
    moved_rows,
)
from sequences.analysis.pair.calibration import NAMES, SCALES
from sequences.analysis.pair.calibration_fit import MODES, modes
from sequences.analysis.pair.pair_model import pumped_state
from sequences.analysis.statistics.drifting_fit import Round, solve
from sequences.analysis.tomography.reconstruction import (
    Asked,
    Beliefs,
    Reconstruction,
    calibration_root,
    estimated_concurrence,
    most_likely,
    physical_samples,
    reconstruct,
    witness_target,
)

SHOTS = 20_000_000
PROGRAMS = analysis_programs()
NO_FIT = solve([Round(np.zeros(1), np.ones((1, 1)))], np.zeros((0, 1)), np.full(1, np.inf))
"""Of a reconstruction that was not made of counts."""


KNOWN = calibration(known_covariance(SHOTS))
AROUND = Surroundings((0.0, 0.0))
ALIKE = ClassStates(np.zeros((len(in_engine(KNOWN, AROUND).pair.classes.weight), 16)), pumped_state((0.55, 0.95)))
"""Classes whose states do not differ: any state can stand for them."""
DRAWS = 40


@pytest.fixture(scope="module")
def asked():
    return Asked(
        engine_rows(KNOWN, AROUND, ALIKE, PROGRAMS),
        moved_rows(KNOWN, AROUND, PROGRAMS),
        margin_moves(KNOWN, AROUND, ALIKE, PROGRAMS),
    )


@pytest.fixture(scope="module")
def drawn():
    """(draws, n, 16): rows that may really be the case if this is known."""
    rng = np.random.default_rng(10)
    listed = rng.multivariate_normal(KNOWN.values, KNOWN.covariance, DRAWS, method="svd")
    return np.array(
        [
            engine_rows(KNOWN.with_values(**dict(zip(NAMES, values, strict=True))), AROUND, ALIKE, PROGRAMS)
            for values in listed
        ]
    )


def beliefs(covariance=None, wander=1e-4):
    root = calibration_root(KNOWN if covariance is None else calibration(covariance))
    return Beliefs(root, modes(KNOWN), np.full(len(MODES), wander))


def reconstructed(asked, rows, vector, rng, shots=SHOTS, known=None, some=slice(None)):
    """From counts of a bench with these rows."""
    data = counted(rows[some] @ vector, PROGRAMS[some], shots, rng)
    numbers = range(len(PROGRAMS))[some]
    return reconstruct(asked, known or beliefs(), [list(zip(numbers, data, strict=True))])


@pytest.fixture(scope="module")
def pulls(asked, drawn):
    rng = np.random.default_rng(11)
    out, chi2 = [], []
    for rows in drawn:
        vector = random_vector(rng)
        found = reconstructed(asked, rows, vector, rng)
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


def test_calibration_errors_are_in_the_errors(asked, drawn):
    """Without them the errors are smaller, and too small."""
    rng = np.random.default_rng(3)
    vector = random_vector(rng)
    exact = beliefs(np.zeros((len(NAMES), len(NAMES))), wander=1e-9)
    whole, statistical = (
        reconstructed(asked, asked.rows, vector, rng, 100 * SHOTS, known) for known in (beliefs(), exact)
    )
    assert np.all(whole.errors > statistical.errors)
    assert np.median(whole.errors / statistical.errors) > 2.0
    wrong = reconstructed(asked, drawn[0], vector, rng, 100 * SHOTS, exact)
    assert np.mean(((wrong.vector - vector)[1:] / wrong.errors) ** 2) > 4.0


def test_a_number_that_is_elsewhere_is_a_candidate(asked):
    """Each with its change of the counts: that of the read-out's level is the same for all programs of a beam."""
    found = reconstructed(asked, asked.rows, np.eye(16)[0], np.random.default_rng(4))
    assert [candidate.name for candidate in found.candidates] == list(NAMES)
    level = found.candidates[NAMES.index("pump_level")].column
    assert [bool(c) for c in level] == [beam == "pump" for _, beam in PROGRAMS]


def test_drift_from_round_to_round_is_in_the_errors(asked):
    """A microwave whose power wanders by a percent, of which the calibration saw nothing; else chi2 tells of it."""
    vector, mode = random_vector(np.random.default_rng(6)), modes(KNOWN)[0]
    pulls, wander = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        rounds = []
        for _ in range(8):
            rows = asked.rows + asked.moves @ mode * rng.standard_normal()
            rounds.append(list(enumerate(counted(rows @ vector, PROGRAMS, SHOTS // 8, rng))))
        found = reconstruct(asked, beliefs(wander=1e-6), rounds)
        pulls.append((found.vector - vector)[1:] / found.errors)
        wander.append(found.fit.wander[0])
        assert found.fit.p_value > 1e-4
    assert 0.7 < np.sqrt(np.mean(np.square(pulls))) < 1.3
    assert np.mean(np.square(wander)) == pytest.approx(1.0, abs=0.4)
    still = Beliefs(beliefs().root, np.zeros((1, len(NAMES))), np.full(1, 1e-6))
    assert reconstruct(asked, still, rounds).fit.p_value < 1e-10


def test_errors_of_functionals_carry_correlations(asked):
    rng = np.random.default_rng(5)
    found = reconstructed(asked, asked.rows, random_vector(rng), rng)
    target = np.zeros(16)
    target[[0, 5, 10]] = 0.25, -0.25, 0.25
    value, error = found.linear(target)
    assert value == pytest.approx(0.25 - 0.25 * found.vector[5] + 0.25 * found.vector[10], abs=1e-14)
    block = found.covariance[np.ix_([4, 9], [4, 9])]
    assert error**2 == pytest.approx((block[0, 0] + block[1, 1] - 2 * block[0, 1]) / 16, rel=1e-9)
    np.testing.assert_allclose(found.widened(1.5).errors, 1.5 * found.errors)


def test_the_root_of_a_covariance_leaves_out_what_is_fixed():
    covariance = KNOWN.covariance.copy()
    covariance[3, :] = covariance[:, 3] = 0.0
    root = calibration_root(calibration(covariance))
    assert root.shape == (len(NAMES), len(NAMES) - 1)
    np.testing.assert_allclose(root[3], 0.0, atol=1e-12)
    np.testing.assert_allclose(root @ root.T, covariance / np.outer(SCALES, SCALES), rtol=1e-6, atol=1e-9)
    assert calibration_root(calibration()).shape == (len(NAMES), 0)


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
    found = Reconstruction(vector, covariance, most_likely(vector, covariance), NO_FIT)
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
    found = Reconstruction(vector, covariance, most_likely(vector, covariance), NO_FIT)
    samples = physical_samples(found, rng)
    assert np.linalg.eigvalsh(density_matrix(samples))[:, 0].min() > -1e-12
    np.testing.assert_array_equal(samples[:, 0], 1.0)


ENGINE = EngineModel(66.4e3, 132.9e3, 250e3, relaxation_per_s=200.0, dephasing_per_s=1500.0, spins=20.0)


def estimate_of(rho, noise, seed):
    rng = np.random.default_rng(seed)
    covariance = covariance_of(rng, noise)
    vector = np.append(1.0, pauli_vector(rho)[1:] + np.linalg.cholesky(covariance) @ rng.normal(size=15))
    return estimated_concurrence(Reconstruction(vector, covariance, most_likely(vector, covariance), NO_FIT), seed)


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


def test_separable_states_do_not_look_entangled(asked, drawn):
    """At the very edge the significance is a unit Gaussian, calibration errors included: nothing is invented."""
    rng = np.random.default_rng(2)
    significance = []
    for k in range(200):
        share, phase = rng.uniform(0.2, 1.5), rng.uniform(-np.pi, np.pi)
        target, vector = witness_target(share, phase), separable_at_the_edge(share, phase)
        assert target @ vector == pytest.approx(0.0, abs=1e-12)
        found = reconstructed(asked, drawn[k % DRAWS], vector, rng, SHOTS // 4, some=slice(None, None, 3))
        value, error = found.linear(target)
        significance.append(value / error)
    significance = np.array(significance)
    assert np.mean(significance > 3.0) < 0.01
    assert 0.9 < significance.std() < 1.12
    assert abs(significance.mean()) < 0.25
