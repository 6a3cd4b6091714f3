"""The paper's claims about its Fig. 3, at its parameters: eq. 2, 1.1 % 13C, hot bath on the left."""

import numpy as np
import pytest
from support.pairs import GAMMA1, pair, thermal

from physics.coupling import gamma1_per_s
from physics.engine import evolve, steady_state
from physics.entanglement import concurrence, signed_concurrence
from physics.paulis import density_matrix

BEST_G = 0.224 * GAMMA1


def steady_concurrence(g, p_right=1.0, gamma1=GAMMA1):
    return concurrence(density_matrix(steady_state(pair(g, p=(0.0, p_right), gamma1=gamma1))))


def transient_concurrence(g, times_s, p_right=1.0, gamma1=GAMMA1):
    states = evolve(pair(g, p=(0.0, p_right), gamma1=gamma1), thermal(0.0, p_right), times_s)
    return concurrence(density_matrix(states))


def test_steady_state_is_best_at_an_intermediate_coupling():
    ratios = np.linspace(0.01, 1.0, 991)
    values = steady_concurrence(ratios * GAMMA1)
    assert ratios[np.argmax(values)] == pytest.approx(0.224, abs=0.001)
    assert values.max() == pytest.approx(0.0405, abs=5e-5)
    assert values[-1] == 0.0


def test_transient_is_more_than_double_the_steady_state():
    times = np.arange(0, 30e-6, 0.05e-6)
    values = transient_concurrence(BEST_G, times)
    assert values.max() == pytest.approx(0.0832, abs=1e-4)
    assert times[np.argmax(values)] == pytest.approx(5.1e-6, abs=0.1e-6)
    assert values.max() > 2 * steady_concurrence(BEST_G)
    late = transient_concurrence(BEST_G, np.array([200e-6]))
    assert late == pytest.approx(steady_concurrence(BEST_G), abs=1e-6)


def test_at_97_percent_only_the_transient_is_entangled():
    couplings = np.linspace(1e3, 300e3, 600)
    states = density_matrix(steady_state(pair(couplings, p=(0.0, 0.97))))
    assert np.all(signed_concurrence(states) < 0)
    times = np.arange(0, 30e-6, 0.1e-6)
    assert transient_concurrence(70e3, times, p_right=0.97).max() == pytest.approx(0.038, abs=5e-4)


@pytest.mark.parametrize("c13_percent", [0.1, 0.5, 10.0, 100.0])
def test_13c_content_scales_coupling_and_time_but_not_entanglement(c13_percent):
    gamma1 = float(gamma1_per_s(c13_percent))
    factor = gamma1 / GAMMA1
    assert factor == pytest.approx(c13_percent / 1.1)
    times = np.linspace(0, 20e-6, 81)
    natural = transient_concurrence(BEST_G, times)
    enriched = transient_concurrence(BEST_G * factor, times / factor, gamma1=gamma1)
    np.testing.assert_allclose(enriched, natural, atol=1e-12)
    assert steady_concurrence(BEST_G * factor, gamma1=gamma1) == pytest.approx(steady_concurrence(BEST_G), abs=1e-12)


def test_more_polarisation_gives_more_entanglement():
    polarisations = np.linspace(0.975, 1.0, 26)
    values = np.array([steady_concurrence(BEST_G, p_right=p) for p in polarisations])
    assert np.all(np.diff(values) > 0)
