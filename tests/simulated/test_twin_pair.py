"""One interval of the twin's pair against QuTiP, and the balance of excitations with finite baths."""

from dataclasses import replace

import numpy as np
import pytest
import qutip
from scipy.integrate import simpson, solve_ivp

from physics.engine import liouvillian
from physics.paulis import density_matrix, pauli_vector, product_vector
from simulated_instruments.twin.pair import Baths, Condition, State, advance, idle

pytestmark = pytest.mark.twin

Z = [12, 3]
FROZEN = Baths(spins=1e15, t1n_s=1e15)
CLOSED = Baths(spins=20.0, t1n_s=1e15)
DARK = Condition(
    g_rad_per_s=66.4e3,
    zz_rad_per_s=132.9e3,
    detuning_rad_per_s=(0.0, 0.0),
    drive_rad_per_s=(0.0, 0.0),
    pump_up_per_s=(0.0, 0.0),
    pump_down_per_s=(0.0, 0.0),
    relax_per_s=0.0,
    dephasing_per_s=(1500.0, 1500.0),
    exchange_per_s=(250e3, 250e3),
    mirror_per_s=(0.0, 0.0),
    bright_cps=(0.0, 0.0),
    faint_cps=(0.0, 0.0),
    background_cps=0.0,
)


def random_condition(rng):
    two = lambda low, high: tuple(float(v) for v in rng.uniform(low, high, 2))  # noqa: E731
    return Condition(
        g_rad_per_s=66e3,
        zz_rad_per_s=float(rng.uniform(-2e5, 2e5)),
        detuning_rad_per_s=two(-5e5, 5e5),
        drive_rad_per_s=two(-3e6, 3e6),
        pump_up_per_s=two(0, 1e4),
        pump_down_per_s=two(0, 1e6),
        relax_per_s=float(rng.uniform(0, 1e3)),
        dephasing_per_s=two(1e3, 1e6),
        exchange_per_s=two(0, 3e5),
        mirror_per_s=two(0, 3e5),
        bright_cps=two(1e5, 2e5),
        faint_cps=two(5e4, 1e5),
        background_cps=float(rng.uniform(0, 1e4)),
    )


def random_state(rng):
    a = rng.standard_normal((4, 4)) + 1j * rng.standard_normal((4, 4))
    rho = a @ a.conj().T
    return rho / np.trace(rho)


def operators():
    one, raising = qutip.qeye(2), qutip.basis(2, 1) * qutip.basis(2, 0).dag()
    return [qutip.tensor(raising, one), qutip.tensor(one, raising)]


def by_qutip(c, rho, p, times_s):
    """QuTiP's states at these times, rates written from physics.md's jumps."""
    plus = operators()
    n = [op * op.dag() for op in plus]
    h = c.g_rad_per_s * (plus[0] * plus[1].dag() + plus[1] * plus[0].dag()) + c.zz_rad_per_s * n[0] * n[1]
    jumps = []
    for k in (0, 1):
        h += c.detuning_rad_per_s[k] * n[k]
        h += 0.5 * c.drive_rad_per_s[0] * (plus[k] + plus[k].dag())
        h += 0.5 * c.drive_rad_per_s[1] * (-1j) * (plus[k].dag() - plus[k])
        met, mirrored = 0.5 * c.exchange_per_s[k], 0.5 * c.mirror_per_s[k]
        up = met * (1 - p[k]) + mirrored * (1 + p[k]) + c.relax_per_s + c.pump_up_per_s[k]
        down = met * (1 + p[k]) + mirrored * (1 - p[k]) + c.relax_per_s + c.pump_down_per_s[k]
        jumps += [np.sqrt(up) * plus[k], np.sqrt(down) * plus[k].dag()]
        jumps.append(np.sqrt(0.5 * c.dephasing_per_s[k]) * (1 - 2 * n[k]))
    precise = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000}
    start = qutip.Qobj(rho, dims=[[2, 2], [2, 2]])
    return [state.full() for state in qutip.mesolve(h, start, times_s, jumps, options=precise).states]


@pytest.mark.parametrize("seed", range(4))
def test_an_interval_is_qutips_master_equation(seed):
    rng = np.random.default_rng(seed)
    condition, rho, p = random_condition(rng), random_state(rng), rng.uniform(-1, 1, 2)
    times_s = np.linspace(0.0, 4e-6, 401)
    states = by_qutip(condition, rho, p, times_s)
    after, photons = advance(State(pauli_vector(rho), p), condition, times_s[-1], FROZEN)
    np.testing.assert_allclose(density_matrix(after.vector), states[-1], atol=2e-7)
    np.testing.assert_allclose(after.polarisation, p, atol=1e-9)
    rate = np.full(len(times_s), condition.background_cps)
    for k, excited in enumerate(([2, 3], [1, 3])):
        share = np.array([np.diag(each).real[excited].sum() for each in states])
        rate += condition.bright_cps[k] * (1 - share) + condition.faint_cps[k] * share
    assert photons == pytest.approx(simpson(rate, x=times_s), rel=1e-6)


@pytest.mark.parametrize("duration_s", [5.4e-6, 24e-6, 400e-6])
@pytest.mark.parametrize("start_z", [(0.0, 0.985), (-1.0, 1.0), (1.0, -1.0)])
def test_what_the_nvs_give_the_baths_take(duration_s, start_z):
    start = State(product_vector(*(np.array([1.0, 0.0, 0.0, z]) for z in start_z)), np.array([0.05, 0.985]))
    after, _ = advance(start, DARK, duration_s, CLOSED)
    before = CLOSED.spins * start.polarisation.sum() + sum(start_z)
    assert CLOSED.spins * after.polarisation.sum() + after.vector[Z].sum() == pytest.approx(before, abs=1e-9)


def test_at_the_mirror_resonance_the_difference_is_kept():
    mirrored = replace(DARK, g_rad_per_s=0.0, exchange_per_s=(0.0, 0.0), mirror_per_s=(250e3, 250e3))
    start = State(product_vector(np.array([1, 0, 0, 0.2]), np.array([1, 0, 0, 1.0])), np.array([0.0, 0.5]))
    after, _ = advance(start, mirrored, 300e-6, CLOSED)
    kept = CLOSED.spins * start.polarisation - start.vector[Z]
    np.testing.assert_allclose(CLOSED.spins * after.polarisation - after.vector[Z], kept, atol=1e-9)
    np.testing.assert_allclose(after.vector[Z], -after.polarisation, atol=1e-4)


COOLED = replace(
    DARK,
    detuning_rad_per_s=(4.7e7, 0.0),
    exchange_per_s=(100.0, 250e3),
    pump_up_per_s=(10.0, 2e3),
    pump_down_per_s=(1e4, 998e3),
    dephasing_per_s=(1e4, 1e6),
)


@pytest.mark.parametrize(
    ("condition", "start_z", "polarisation", "duration_s", "tolerance"),
    [
        (DARK, (0.0, 0.985), (0.05, 0.985), 5.4e-6, 1e-3),
        (DARK, (-1.0, -1.0), (0.5, 0.9), 24e-6, 5e-3),
        (DARK, (0.0, 0.0), (0.0, 1.0), 100e-6, 5e-3),
        (COOLED, (0.0, 0.0), (0.0, 0.5), 90e-6, 4e-3),
        (COOLED, (0.0, 0.0), (0.0, 0.0), 800e-6, 1e-4),
    ],
)
def test_finite_baths_follow_the_coupled_equations(condition, start_z, polarisation, duration_s, tolerance):
    rates = np.array(condition.exchange_per_s)

    def slope(_, y):
        p = y[16:]
        generator = liouvillian(
            g=condition.g_rad_per_s,
            zz=condition.zz_rad_per_s,
            detuning=condition.detuning_rad_per_s,
            up=tuple(0.5 * rates * (1 - p) + condition.pump_up_per_s),
            down=tuple(0.5 * rates * (1 + p) + condition.pump_down_per_s),
            dephasing=condition.dephasing_per_s,
        )
        return np.concatenate([generator @ y[:16], rates / CLOSED.spins * (y[Z] - p)])

    start = State(product_vector(*(np.array([1.0, 0.0, 0.0, z]) for z in start_z)), np.array(polarisation))
    y0 = np.concatenate([start.vector, start.polarisation])
    solved = solve_ivp(slope, (0.0, duration_s), y0, "LSODA", rtol=1e-8, atol=1e-10).y[:, -1]
    after, _ = advance(start, condition, duration_s, CLOSED)
    np.testing.assert_allclose(after.vector, solved[:16], atol=tolerance)
    np.testing.assert_allclose(after.polarisation, solved[16:], atol=0.3 * tolerance)


def test_pumping_builds_up_polarisation_by_ten_kilohertz_per_spin():
    """CRIP: dp/dt = (Gamma1 / N) x ..., near 10e3 per second at natural abundance (the paper's table says 9e3)."""
    pumped = State(product_vector(np.array([1, 0, 0, 0.0]), np.array([1, 0, 0, 0.99])), np.zeros(2))
    after, _ = advance(pumped, COOLED, 10e-6, CLOSED)
    assert 7e3 < after.polarisation[1] / 10e-6 < 13e3
    late, _ = advance(pumped, COOLED, 2e-3, CLOSED)
    assert late.polarisation[1] == pytest.approx(late.vector[3], abs=1e-3)
    assert late.polarisation[1] > 0.99


def test_baths_decay_with_their_lifetime():
    alone = replace(DARK, exchange_per_s=(0.0, 0.0))
    start = State(np.eye(16)[0], np.array([0.8, -0.4]))
    waited = idle(start, alone, 5.0, Baths(20.0, 10.0))
    np.testing.assert_allclose(waited.polarisation, start.polarisation * np.exp(-0.5), rtol=1e-3)
    short, _ = advance(start, alone, 1.0, Baths(20.0, 10.0))
    np.testing.assert_allclose(short.polarisation, start.polarisation * np.exp(-0.1), rtol=1e-9)
