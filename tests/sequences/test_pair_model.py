"""Propagators of whole programs against QuTiP, and what the gates are made for."""

import numpy as np
import pytest
import qutip
import qutip_pair
from known_pair import GATES, calibration, random_state

from physics.paulis import INDEX, density_matrix, pauli_vector, product_vector
from sequences.analysis.pair import PairModel, pumped_state
from sequences.pulses.library import wait
from sequences.pulses.program import Program

PAIR = calibration().pair
FREE = Program("-", GATES.tick_ns)
PROGRAMS = {
    "nothing": FREE,
    "x": GATES.turn("x"),
    "five y": GATES.turn("y", 5),
    "right": GATES.turn_right("x", 2),
    "wait": wait(12_300, "shift"),
    "gradient": wait(12_300, "shift", "gradient"),
    "both quadratures": FREE.then(700, "shift", "mw_x", "mw_y"),
    "gate": GATES.turn("x") + GATES.turn_right("y") + GATES.entangle() + GATES.turn("y"),
}


def by_qutip(pair: PairModel, program: Program, rho: qutip.Qobj) -> np.ndarray:
    for interval in program.intervals:
        lines = interval.lines
        h = qutip_pair.hamiltonian(
            pair.g_rad_per_s,
            pair.zz_rad_per_s,
            pair.gradient_rad_per_s if "gradient" in lines else pair.detuning_rad_per_s,
            (pair.rabi_x_rad_per_s if "mw_x" in lines else 0.0, pair.rabi_y_rad_per_s if "mw_y" in lines else 0.0),
        )
        up = 2 * (0.5 * pair.relaxation_per_s,)
        down = [0.5 * pair.relaxation_per_s + leak for leak in pair.leak_per_s]
        dephasing = [pair.dephasing_per_s + leak for leak in pair.leak_per_s]
        rho = qutip_pair.evolved(h, qutip_pair.jumps(up, down, dephasing), rho, interval.duration_ns * 1e-9)
    return rho.full()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_qutip_says(name):
    rho = random_state(np.random.default_rng(len(name)))
    ours = density_matrix(PAIR.propagator(PROGRAMS[name]) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, by_qutip(PAIR, PROGRAMS[name], qutip_pair.matrix(rho)), atol=1e-8)


def test_a_wait_agrees_with_an_integrated_master_equation():
    rho = random_state(np.random.default_rng(0))
    half, leak = 0.5 * PAIR.relaxation_per_s, PAIR.leak_per_s
    collapse = qutip_pair.jumps(
        (half, half), (half + leak[0], half + leak[1]), [PAIR.dephasing_per_s + each for each in leak]
    )
    h = qutip_pair.hamiltonian(PAIR.g_rad_per_s, PAIR.zz_rad_per_s, PAIR.detuning_rad_per_s)
    precise = {"atol": 1e-11, "rtol": 1e-10, "nsteps": 100_000}
    solved = qutip.mesolve(h, qutip_pair.matrix(rho), [0.0, 24e-6], collapse, options=precise)
    ours = density_matrix(PAIR.propagator(wait(24_000, "shift")) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, solved.states[-1].full(), atol=1e-8)


@pytest.mark.parametrize("name", PROGRAMS)
def test_propagators_keep_the_trace(name):
    np.testing.assert_array_almost_equal(PAIR.propagator(PROGRAMS[name])[0], np.eye(16)[0], 12)


def test_programs_compose():
    whole = PAIR.propagator(PROGRAMS["x"] + PROGRAMS["gate"])
    np.testing.assert_allclose(whole, PAIR.propagator(PROGRAMS["gate"]) @ PAIR.propagator(PROGRAMS["x"]), atol=1e-12)


def test_a_turn_of_the_right_nv_leaves_the_left_one():
    after = PAIR.propagator(GATES.turn_right("x", 2)) @ pumped_state(1.0)
    assert after[INDEX["IZ"]] < -0.99
    assert after[INDEX["ZI"]] > 0.94  # not 1: the gradient is only six Rabi frequencies


def test_the_gate_makes_a_product_maximally_correlated():
    """|+>|+> under C n n for pi / C: a graph state, with XZ and ZX in it."""
    quiet = calibration(relaxation_per_s=0.0, dephasing_per_s=0.0, leak_left_per_s=0.0, leak_right_per_s=0.0)
    vector = quiet.pair.propagator(GATES.turn("x") + GATES.entangle()) @ pumped_state(1.0)
    assert abs(vector[INDEX["ZI"]]) < 0.1
    strongest = max(abs(vector[INDEX[name]]) for name in ("XZ", "YZ"))
    assert np.hypot(vector[INDEX["XZ"]], vector[INDEX["YZ"]]) > 0.9
    assert strongest > 0.6


def test_a_pumped_state_has_its_fidelity_in_each_nv():
    rho = density_matrix(pumped_state(0.97))
    np.testing.assert_allclose(np.diag(rho).real, [0.97**2, 0.97 * 0.03, 0.97 * 0.03, 0.03**2], atol=1e-12)
    np.testing.assert_allclose(pumped_state(1.0), product_vector(np.array([1, 0, 0, 1.0]), np.array([1, 0, 0, 1.0])))
