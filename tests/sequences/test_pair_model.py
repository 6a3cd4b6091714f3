"""Propagators of whole programs against QuTiP, and what the gates are made for."""

from collections.abc import Set
from dataclasses import replace

import numpy as np
import pytest
import qutip
from support import qutip_pair
from support.known_pair import GATES, PAPER, calibration, random_state

from physics.paulis import INDEX, density_matrix, pauli_vector, product_vector
from sequences.analysis.pair.pair_model import PairModel, pumped_state
from sequences.analysis.pair.shot_classes import NO_SPREAD, Spread
from sequences.pulses.library import wait
from sequences.pulses.program import Program

pytestmark = pytest.mark.unit

MICROWAVE = {"mw_x", "mw_y"}
READ = frozenset({"gradient"})
"""Of the lines that matter, those that are high while the pair is read."""
PAIR = replace(calibration().pair, spread=NO_SPREAD)
FREE = Program("-", GATES.tick_ns)
PROGRAMS = {
    "nothing": FREE,
    "x": GATES.turn("x"),
    "five y": GATES.turn("y", 5),
    "right": GATES.turn_right("x", 2),
    "wait": wait(12_300, "shift", tick_ns=100),
    "gradient": wait(12_300, "shift", "gradient", tick_ns=100),
    "both quadratures": FREE.then(700, "shift", "mw_x", "mw_y"),
    "gate": GATES.turn("x") + GATES.turn_right("y") + GATES.entangle() + GATES.turn("y"),
}


def collapse(pair: PairModel) -> list[qutip.Qobj]:
    half, leak = 0.5 * pair.relaxation_per_s, pair.leak_per_s
    down = [half + each for each in leak]
    return qutip_pair.jumps((half, half), down, [pair.dephasing_per_s + each for each in leak])


def hamiltonian(pair: PairModel, lines: Set[str], offset: tuple[float, float], coupled: bool = True) -> qutip.Qobj:
    """While these lines are high, of a pair whose lines stand so far from their mean."""
    line = pair.gradient_rad_per_s if "gradient" in lines else pair.detuning_rad_per_s
    x, y = pair.rabi_x_rad_per_s * ("mw_x" in lines), pair.rabi_y_rad_per_s * ("mw_y" in lines)
    angle = 0.5 * np.pi + pair.quadrature_rad
    return qutip_pair.hamiltonian(
        pair.g_rad_per_s * coupled,
        pair.zz_rad_per_s * coupled,
        (line[0] + offset[0], line[1] + offset[1]),
        (x + y * np.cos(angle), y * np.sin(angle)),
    )


def by_qutip(
    pair: PairModel, program: Program, rho: qutip.Qobj, offset: tuple[float, float] = (0.0, 0.0), coupled: bool = True
) -> qutip.Qobj:
    for interval in program.intervals:
        h = hamiltonian(pair, interval.lines, offset, coupled)
        rho = qutip_pair.evolved(h, collapse(pair), rho, interval.duration_ns * 1e-9)
    return rho


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_qutip_says(name):
    rho = random_state(np.random.default_rng(len(name)))
    ours = density_matrix(PAIR.propagator(PROGRAMS[name]) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, by_qutip(PAIR, PROGRAMS[name], qutip_pair.matrix(rho)).full(), atol=1e-8)


def test_a_wait_agrees_with_an_integrated_master_equation():
    rho = random_state(np.random.default_rng(0))
    h = qutip_pair.hamiltonian(PAIR.g_rad_per_s, PAIR.zz_rad_per_s, PAIR.detuning_rad_per_s)
    precise = {"atol": 1e-11, "rtol": 1e-10, "nsteps": 100_000}
    solved = qutip.mesolve(h, qutip_pair.matrix(rho), [0.0, 24e-6], collapse(PAIR), options=precise)
    ours = density_matrix(PAIR.propagator(wait(24_000, "shift", tick_ns=100)) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, solved.states[-1].full(), atol=1e-8)


NITROGEN_RAD_PER_S = (-1.2e7, -2.8e7)
NUCLEI = replace(PAIR, spread=Spread(nitrogen_zero=0.12, nitrogen_minus=0.05, nitrogen_rad_per_s=NITROGEN_RAD_PER_S))
LINES = ((0.83, 0.0), (0.12, NITROGEN_RAD_PER_S[0]), (0.05, NITROGEN_RAD_PER_S[1]))
"""Share of shots in each state of a nucleus, and where it puts the line."""


def over_nuclei(program, rho, coupled=True):
    """A mixture of whole pairs, each with its own lines."""
    parts = [
        left * right * by_qutip(NUCLEI, program, rho, (of_left, of_right), coupled)
        for left, of_left in LINES
        for right, of_right in LINES
    ]
    return sum(parts[1:], parts[0])


@pytest.mark.parametrize("name", ["x", "right", "gradient", "both quadratures", "gate"])
def test_shots_of_several_nuclei_are_a_mixture(name):
    rho = random_state(np.random.default_rng(len(name)))
    ours = density_matrix(NUCLEI.propagator(PROGRAMS[name]) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, over_nuclei(PROGRAMS[name], qutip_pair.matrix(rho)).full(), atol=1e-8)


@pytest.mark.parametrize("coupled", [True, False])
def test_rows_are_what_qutip_reads(coupled):
    rho = random_state(np.random.default_rng(4))
    if not coupled:  # a NV alone is read as if the other were not there
        rho = qutip_pair.matrix(rho)
        rho = qutip.tensor(rho.ptrace(0), rho.ptrace(1)).full()
    rows = NUCLEI.rows(list(PROGRAMS.values()), coupled)
    ours = np.tensordot(NUCLEI.classes.weight, rows, axes=1) @ pauli_vector(rho)
    for row, program in zip(ours, PROGRAMS.values(), strict=True):
        after = over_nuclei(program, qutip_pair.matrix(rho), coupled)
        np.testing.assert_allclose(row, [qutip.expect(z, after) for z in qutip_pair.Z], atol=1e-8)


@pytest.mark.parametrize(("left", "right", "common"), [(400.0, 900.0, 0.0), (0.0, 100.0, 60.0), (50.0, 50.0, 200.0)])
def test_a_spread_dephases_as_a_gaussian(left, right, common):
    """exp(-sigma^2 t^2 / 2) of each NV; of both together, what moves them alike counts twice or not at all.

    The quadrature is for one NV; a phase of both together is twice as large, and good to a few 1e-3.
    """
    alone = PairModel(0.0, 0.0, 1.0, 1.0, 0.0, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), 0.0, 0.0)
    pair = replace(alone, spread=Spread(left, right, common))
    after = pair.propagator(wait(5_000, "shift", tick_ns=100)) @ product_vector(*2 * (np.array([1.0, 1.0, 0.0, 0.0]),))
    khz2 = (2 * np.pi * 1e3 * 5e-6) ** 2
    assert after[INDEX["XI"]] == pytest.approx(np.exp(-0.5 * (left + common) * khz2), abs=1e-4)
    assert after[INDEX["IX"]] == pytest.approx(np.exp(-0.5 * (right + common) * khz2), abs=1e-4)
    together, apart = (np.exp(-0.5 * (left + right + n * common) * khz2) for n in (4, 0))
    assert after[INDEX["XX"]] == pytest.approx(0.5 * (together + apart), abs=3e-3)
    assert after[INDEX["YY"]] == pytest.approx(0.5 * (apart - together), abs=3e-3)


@pytest.mark.parametrize("late_ns", [30, 100, -40])
@pytest.mark.parametrize("name", ["x", "right", "gate"])
def test_a_late_microwave_is_the_pulses_moved(name, late_ns):
    """On a grid of 10 ns the same program can be written with its pulses moved."""
    program = PROGRAMS[name]
    grid = [lines for i in program.intervals for lines in [i.lines] * (i.duration_ns // 10)]
    lead, trail = max(0, -late_ns) // 10, max(0, late_ns) // 10
    coils = [frozenset()] * lead + [lines - MICROWAVE for lines in grid] + [READ] * trail
    pulses = [frozenset()] * max(0, late_ns // 10) + [lines & MICROWAVE for lines in grid] + [frozenset()] * lead
    moved = Program("moved", 10)
    for coil, pulse in zip(coils, pulses + [frozenset()] * (len(coils) - len(pulses)), strict=False):
        moved = moved.then(10, *(coil | pulse))
    rho = random_state(np.random.default_rng(len(name)))
    late = replace(PAIR, microwave_late_ns=float(late_ns))
    joint = Program("moved", 10, tuple(moved.merged()))
    expected = by_qutip(late, joint, qutip_pair.matrix(rho))
    ours = density_matrix(late.propagator(program) @ pauli_vector(rho))
    np.testing.assert_allclose(ours, expected.full(), atol=1e-8)


SETTLING = replace(PAIR, settling_share=4e-3, settling_us=1.0, shift_step_rad_per_s=1.7e7)
SWITCHED = (
    GATES.turn_right("x")
    + wait(2_500, "shift", "gradient", tick_ns=100)
    + GATES.turn("y")
    + wait(1_500, "shift", "gradient", tick_ns=100)
)


def settled(program, rho, freshly_frozen=False):
    """Steps of 20 ns, in which the fields of both coils are what they are in the middle of the step."""
    grid = [i.lines for i in program.intervals for _ in range(i.duration_ns // 20)]
    switched = [(0, 1.0)] if "gradient" in grid[0] else []
    switched += [
        (k, 1.0 if "gradient" in grid[k] else -1.0)
        for k in range(1, len(grid))
        if ("gradient" in grid[k]) != ("gradient" in grid[k - 1])
    ]
    steps = [high - low for high, low in zip(PAIR.gradient_rad_per_s, PAIR.detuning_rad_per_s, strict=True)]
    for k, lines in enumerate(grid):
        lag = -sum(step * 4e-3 * np.exp(-(k + 0.5 - at) * 0.02) for at, step in switched if at <= k)
        shift = -1.7e7 * 4e-3 * np.exp(-(k + 0.5) * 0.02) * freshly_frozen
        h = hamiltonian(PAIR, lines, tuple(step * lag + shift for step in steps))
        rho = qutip_pair.evolved(h, collapse(PAIR), rho, 20e-9)
    return rho


def z_after(pair, vector, freshly_frozen):
    rows = pair.rows([SWITCHED + GATES.turn("x")], freshly_frozen=freshly_frozen)
    return np.tensordot(pair.classes.weight, rows, axes=1)[0] @ vector


@pytest.mark.parametrize("freshly_frozen", [False, True])
def test_a_coil_that_settles_does_what_a_field_does_that_settles(freshly_frozen):
    """To a hundredth of what the settling changes: the field is taken at its mean in six parts."""
    rho = random_state(np.random.default_rng(9), rank=1)
    after = settled(SWITCHED + GATES.turn("x"), qutip_pair.matrix(rho), freshly_frozen)
    expected = np.array([qutip.expect(z, after) for z in qutip_pair.Z])
    ours, at_once = (z_after(pair, pauli_vector(rho), freshly_frozen) for pair in (SETTLING, PAIR))
    assert np.abs(ours - at_once).max() > 0.05
    assert np.abs(ours - expected).max() < 0.01 * np.abs(ours - at_once).max()


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
    quiet = calibration(**PAPER, relaxation_per_s=0.0, dephasing_per_s=0.0, leak_left_per_s=0.0, leak_right_per_s=0.0)
    vector = quiet.pair.propagator(GATES.turn("x") + GATES.entangle()) @ pumped_state(1.0)
    assert abs(vector[INDEX["ZI"]]) < 0.1
    strongest = max(abs(vector[INDEX[name]]) for name in ("XZ", "YZ"))
    assert np.hypot(vector[INDEX["XZ"]], vector[INDEX["YZ"]]) > 0.9
    assert strongest > 0.6


def test_a_pumped_state_has_its_fidelity_in_each_nv():
    rho = density_matrix(pumped_state((0.97, 0.9)))
    np.testing.assert_allclose(np.diag(rho).real, [0.97 * 0.9, 0.97 * 0.1, 0.03 * 0.9, 0.03 * 0.1], atol=1e-12)
    np.testing.assert_array_equal(pumped_state(0.97), pumped_state((0.97, 0.97)))
    np.testing.assert_allclose(pumped_state(1.0), product_vector(np.array([1, 0, 0, 1.0]), np.array([1, 0, 0, 1.0])))
