"""tomography reconstructs the twin's state, and sees no entanglement where there is none."""

import numpy as np
import pytest
from support.known_bench import calibrated_bench

from labctl.unwired import ran
from physics.entanglement import signed_concurrence
from physics.paulis import NAMES
from sequences.results import SequenceError
from sequences.tomography import TomographyPlan, tomography
from tools.trials.wired import is_dark


def truth(bench, plan):
    """Pauli vector and signed concurrence of the state that the twin froze."""
    dark_ns = round(plan.evolution_us * 1e3)
    return bench.twin.freezes[dark_ns].vector, float(signed_concurrence(bench.twin.frozen_density_matrix(dark_ns)))


def measured(seed, plan):
    bench = calibrated_bench(seed)
    result = ran(tomography(bench.lab, plan)).result
    assert is_dark(bench)
    return result, *truth(bench, plan)


def pauli_pulls(result, vector):
    return np.array(
        [(result.paulis[n][0] - v) / result.paulis[n][1] for n, v in zip(NAMES[1:], vector[1:], strict=True)]
    )


@pytest.mark.parametrize(
    ("seed", "plan"),
    [
        (61, TomographyPlan(hours=3.0)),
        (62, TomographyPlan(hours=1.0, evolution_us=9.0, focus=0.0)),
        (63, TomographyPlan(hours=1.0, evolution_us=3.0, heating_steps=15, cooling_us=400.0)),
    ],
)
def test_all_fifteen_terms_are_the_true_ones(seed, plan):
    result, vector, true = measured(seed, plan)
    pulls = pauli_pulls(result, vector)
    assert np.abs(pulls).max() < 4.5
    assert np.sqrt(np.mean(pulls**2)) < 1.7
    assert abs(result.signed_concurrence - true) < 4 * result.signed_concurrence_err
    assert result.signed_concurrence_ci95[0] <= result.signed_concurrence <= result.signed_concurrence_ci95[1]
    assert result.concurrence_ci95[0] <= result.concurrence <= result.concurrence_ci95[1]
    assert result.reduced_chi2 < 1.6
    rho = np.array(result.rho_re) + 1j * np.array(result.rho_im)
    assert np.trace(rho).real == pytest.approx(1.0)
    assert np.allclose(rho, rho.conj().T)
    assert np.linalg.eigvalsh(rho).min() > -1e-9
    assert max(result.paulis[n][1] for n in NAMES[1:]) < 0.12


def test_entanglement_that_is_there_shows_in_the_witness():
    result, _, true = measured(64, TomographyPlan(hours=40.0, focus=0.85))
    assert true > 0.045
    assert result.witness > 4 * result.witness_err
    assert 2 * (result.witness - 4 * result.witness_err) < true


@pytest.mark.parametrize(
    ("seed", "plan"),
    [
        (65, TomographyPlan(hours=4.0, evolution_us=0.1)),
        (67, TomographyPlan(hours=4.0, heating_steps=60, cooling_us=30.0)),
        (68, TomographyPlan(hours=4.0, evolution_us=40.0)),
    ],
    ids=["too short", "hot baths, believed cold", "too long"],
)
def test_a_state_without_entanglement_has_no_significant_witness(seed, plan):
    result, vector, true = measured(seed, plan)
    assert true <= 0.0
    assert result.concurrence_ci95[0] == 0.0
    assert result.witness < 3 * result.witness_err
    assert np.abs(pauli_pulls(result, vector)).max() < 4.5


def test_a_bench_that_is_not_as_calibrated_is_refused():
    """Less contrast, more background: no state explains the counts."""
    bench = calibrated_bench(69, optics={"contrast": 0.18, "background_cps": 30e3})
    with pytest.raises(SequenceError, match=r"labctl run calibrate"):
        ran(tomography(bench.lab, TomographyPlan(hours=2.0)))
    assert is_dark(bench)


@pytest.mark.parametrize(
    ("missing", "by"),
    [
        ("bath.right", "cool"),
        ("bath.start_z_left", "cool"),
        ("cr.rate_per_s", "relaxometry"),
        ("gradient.a", "calibrate"),
        ("calibrated.g_rad_per_s", "calibrate"),
    ],
)
def test_what_was_never_measured_is_asked_for(missing, by):
    bench = calibrated_bench(60)
    del bench.kept.values[missing]
    with pytest.raises(SequenceError, match=f"No calibration of {missing} is stored.*labctl run {by}"):
        ran(tomography(bench.lab, TomographyPlan(hours=0.1)))
    assert is_dark(bench)
