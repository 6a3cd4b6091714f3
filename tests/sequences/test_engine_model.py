"""The lab's model of the engine against QuTiP: constant baths exactly, finite baths as coupled equations."""

from dataclasses import replace

import numpy as np
import pytest
import qutip
from scipy.integrate import solve_ivp
from support import qutip_pair

from physics.paulis import INDEX, density_matrix
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.pair.shot_classes import Spread, classes

pytestmark = pytest.mark.unit

MODEL = EngineModel(
    g_rad_per_s=66.4e3,
    zz_rad_per_s=132.9e3,
    gamma1_per_s=250e3,
    relaxation_per_s=200.0,
    dephasing_per_s=1500.0,
    spins=20.0,
)
TIMES_S = np.array([0.7e-6, 2.0e-6, 5.4e-6, 17.3e-6])
BATHS, START_Z = (0.05, 0.98), (0.1, 0.97)
Z = [INDEX["ZI"], INDEX["IZ"]]


def start():
    return qutip_pair.matrix(np.kron(*(np.diag([0.5 * (1 + z), 0.5 * (1 - z)]) for z in START_Z)))


def collapse(polarisation):
    up = [0.5 * (MODEL.gamma1_per_s * (1 - p) + MODEL.relaxation_per_s) for p in polarisation]
    down = [0.5 * (MODEL.gamma1_per_s * (1 + p) + MODEL.relaxation_per_s) for p in polarisation]
    return qutip_pair.jumps(up, down, 2 * (MODEL.dephasing_per_s,))


def test_a_huge_bath_is_a_constant_one():
    h = qutip_pair.hamiltonian(MODEL.g_rad_per_s, MODEL.zz_rad_per_s)
    vectors = replace(MODEL, spins=1e15).states(TIMES_S, BATHS, START_Z)
    for time_s, vector in zip(TIMES_S, vectors, strict=True):
        expected = qutip_pair.evolved(h, collapse(BATHS), start(), time_s).full()
        np.testing.assert_allclose(density_matrix(vector), expected, atol=1e-8)


def test_finite_baths_follow_the_coupled_equations():
    """dp/dt = (Gamma1 / N)(z - p) beside QuTiP's master equation; the model's steps of 1 us are good to 5e-4."""
    h = qutip_pair.hamiltonian(MODEL.g_rad_per_s, MODEL.zz_rad_per_s)
    fixed = qutip.liouvillian(h, qutip_pair.jumps(2 * (100.0,), 2 * (100.0,), 2 * (MODEL.dephasing_per_s,))).full()
    rate = 0.5 * MODEL.gamma1_per_s
    raising, lowering = [
        [qutip.lindblad_dissipator(op if up else op.dag()).full() for op in qutip_pair.PLUS] for up in (True, False)
    ]
    read = [np.asarray(op.full().T.ravel(order="F")) for op in qutip_pair.Z]

    def slope(_, y):
        rho, p = y[:16], y[16:].real
        map_ = fixed + sum(rate * ((1 - p[k]) * raising[k] + (1 + p[k]) * lowering[k]) for k in (0, 1))
        z = np.array([vector @ rho for vector in read])
        return np.concatenate([map_ @ rho, MODEL.gamma1_per_s / MODEL.spins * (z - p)])

    y0 = np.concatenate([qutip.operator_to_vector(start()).full().ravel(), BATHS]).astype(complex)
    solved = solve_ivp(slope, (0.0, TIMES_S[-1]), y0, t_eval=TIMES_S, rtol=1e-9, atol=1e-11)
    vectors = MODEL.states(TIMES_S, BATHS, START_Z)
    for vector, y in zip(vectors, solved.y.T, strict=True):
        np.testing.assert_allclose(density_matrix(vector), y[:16].reshape(4, 4, order="F"), atol=5e-4)


@pytest.mark.parametrize("spins", [5.0, 20.0, 40.0])
def test_every_excitation_counts(spins):
    """Without relaxation N (p_L + p_R) + z_L + z_R is kept, so all four end at its share."""
    closed = replace(MODEL, relaxation_per_s=0.0, spins=spins)
    end = closed.states(np.array([spins * 120e-6]), BATHS, START_Z)[0]
    share = (spins * sum(BATHS) + sum(START_Z)) / (2 * spins + 2)
    np.testing.assert_allclose(end[Z], share, atol=2e-3)


def test_heat_flows_from_hot_to_cold_through_the_pair():
    """Without exchange the baths keep apart."""
    late = np.array([1.5e-3])
    apart = replace(MODEL, g_rad_per_s=0.0, relaxation_per_s=0.0).states(late, BATHS, START_Z)[0][Z]
    joined = replace(MODEL, relaxation_per_s=0.0).states(late, BATHS, START_Z)[0][Z]
    np.testing.assert_allclose(apart, [(20 * p + z) / 21 for p, z in zip(BATHS, START_Z, strict=True)], atol=2e-3)
    assert joined[1] - joined[0] < 0.02


def test_times_are_ascending_pieces_of_one_evolution():
    together = MODEL.states(np.array([2e-6, 5e-6, 9e-6]), BATHS, START_Z)
    alone = [MODEL.states(np.array([t]), BATHS, START_Z)[0] for t in (2e-6, 5e-6, 9e-6)]
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_nothing_has_happened_at_zero():
    vector = MODEL.states(np.array([0.0]), BATHS, START_Z)[0]
    np.testing.assert_allclose(vector[Z], START_Z, atol=1e-12)
    assert vector[INDEX["ZZ"]] == pytest.approx(START_Z[0] * START_Z[1])


def test_a_polarisation_that_is_estimated_beyond_one_leaves_no_spread():
    """Within its error it may be: the variance of the line must not become negative."""
    narrowed = Spread(left_khz2=25.0, right_khz2=25.0).narrowed((0.6, 1.005))
    assert (narrowed.left_khz2, narrowed.right_khz2) == (pytest.approx(16.0), 0.0)
    assert np.isfinite(classes(narrowed).offset_rad_per_s).all()
