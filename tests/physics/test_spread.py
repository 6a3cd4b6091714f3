"""Lines that are spread from shot to shot: QuTiP's averages, and what they do to the paper's pair in a real diamond."""

import numpy as np
import pytest

from physics.coupling import flip_flop_spin1_rad_per_s, gamma1_per_s, gamma2_per_s
from physics.spread import normal_nodes, overhauser_khz
from physics.x_states import XEngine, XState

GAMMA_SL = 200.0
KHZ = 2e3 * np.pi
TIMES_S = np.geomspace(0.3e-6, 15e-6, 34)
"""Those at which the second table below was searched for its best one, as far as its digits tell."""


def averaged(g, sigma_khz, p, c13, start_z, times_s):
    """States averaged over the difference of both lines, both arrays of sigma (left, right) added in squares."""
    sigma = KHZ * np.hypot(*sigma_khz)
    at, weight = normal_nodes(float(np.max(sigma) * times_s.max()))
    gamma1, gamma2 = gamma1_per_s(c13), float(gamma2_per_s(c13))
    up, down = (tuple(0.5 * (gamma1 * (1 + sign * q) + GAMMA_SL) for q in p) for sign in (-1, 1))
    engine = XEngine(g, up, down, (gamma2, gamma2), (0.0, np.multiply.outer(sigma, at)))
    states = engine.transient(XState.product(*start_z), times_s)
    return XState(*(np.moveaxis(each, -2, -1) @ weight for each in vars(states).values()))


def test_static_detunings_average_to_the_reference(overhauser_rows):
    """QuTiP's averages over both lines of 40 random pairs, every number to 1e-5."""
    assert len(overhauser_rows) == 40
    for row in overhauser_rows:
        sigma, p, start = (
            tuple(row[f"{name}{side}{unit}"] for side in ("left", "right"))
            for name, unit in (("sigma_", "_khz"), ("p_", ""), ("start_z_", ""))
        )
        state = averaged(row["g_rad_per_s"], sigma, p, row["c13_percent"], start, np.array([row["time_us"] * 1e-6]))
        seen = [float(x[0]) for x in (*state.populations, state.re, state.im, state.signed_concurrence)]
        names = ("rho_00", "rho_01", "rho_10", "rho_11", "re_01_10", "im_01_10")
        assert seen[:6] == pytest.approx([row[name] for name in names], abs=1e-5)
        assert 2.0 * float(state.witness[0]) == pytest.approx(row["signed_concurrence"], abs=1e-5)
        assert float(state.concurrence[0]) == pytest.approx(row["concurrence"], abs=1e-5)


def test_t2star():
    """A coherence that is averaged over a spread of this T2* has fallen to 1/e then."""
    sigma = KHZ * overhauser_khz(3.0)
    at, weight = normal_nodes(float(sigma * 3e-6))
    assert weight @ np.exp(1j * at * sigma * 3e-6) == pytest.approx(np.exp(-1.0), abs=1e-6)


def best(separation_nm, c13, p_right, sigma_khz, start_z, times_s):
    """Signed concurrence at the best of these times, with p_L = 0.05."""
    g = float(flip_flop_spin1_rad_per_s(separation_nm))
    return 2.0 * averaged(g, (sigma_khz, sigma_khz), (0.05, p_right), c13, start_z, times_s).witness.max()


@pytest.mark.parametrize(
    ("sigma_khz", "expected"),
    [(0, 0.055), (10, 0.050), (20, 0.040), (30, 0.029), (50, 0.010), (70, -0.004), (100, -0.020), (150, -0.036)],
)
def test_the_spread_ends_the_entanglement_of_the_papers_pair(sigma_khz, expected):
    """The table of docs/physics.md, section 2; a hot NV that starts at 0.008 gives all of its digits."""
    times = np.linspace(0.5e-6, 10e-6, 400)
    assert best(13.5, 1.1, 0.986, sigma_khz, (0.008, 0.986), times) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("c13", "p_right", "expected"),
    [
        (1.1, 0.986, (-0.007, 0.045, 0.117, 0.221)),
        (1.1, 0.86, (-0.183, -0.131, -0.060, 0.038)),
        (0.3, 0.986, (0.126, 0.212, 0.284, 0.342)),
        (0.3, 0.86, (-0.050, 0.030, 0.092, 0.137)),
        (0.1, 0.86, (0.081, 0.125, 0.147, 0.163)),
    ],
)
def test_close_pairs_and_few_13c_survive(c13, p_right, expected):
    """The second table there: T2* = 3 us at 1.1 %, the spread in proportion to 13C. One entry is rounded to 0.0006."""
    sigma = float(overhauser_khz(3.0)) * c13 / 1.1
    found = [best(nm, c13, p_right, sigma, (0.0, p_right), TIMES_S) for nm in (13.5, 11.0, 9.0, 7.0)]
    assert found == pytest.approx(expected, abs=6e-4)
