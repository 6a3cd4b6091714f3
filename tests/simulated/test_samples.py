"""Samples that come with the twin, by name, and the ranges of what is imperfect."""

from pathlib import Path

import numpy as np
import pytest
from support.aligned_twin import sample

from physics.constants import TWO_PI
from physics.entanglement import signed_concurrence
from physics.paulis import density_matrix, product_vector
from simulated_instruments.sample import SampleError, label_of, load_sample, shipped
from simulated_instruments.twin import Twin
from simulated_instruments.twin.shots.classes import has_classes, spread_of
from simulated_instruments.twin.shots.levels import PLAIN, elements, pauli
from simulated_instruments.twin.shots.propagation import propagators


def test_samples_are_known_by_their_names():
    assert shipped() == ["lab", "natural", "paper"]
    for name in shipped():
        found = load_sample(Path(name))
        assert label_of(Path(name), found).startswith(f"simulated {name} ")


def test_the_paper_is_the_default():
    assert load_sample(Path("paper")) == load_sample()
    assert not has_classes(load_sample())


def test_a_shipped_name_means_the_shipped_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lab").write_text("seed: 3\n")
    assert load_sample(Path("lab")).optics.pump_fidelity == 0.95
    assert load_sample(Path("./lab").absolute()).seed == 3
    Path("mine").write_text("seed: 4\n")
    assert load_sample(Path("mine")).seed == 4


def test_other_names_are_told_which_there_are():
    with pytest.raises(SampleError, match=r"diamond: neither a file nor one of the samples lab, natural, paper"):
        load_sample(Path("diamond"))
    with pytest.raises(SampleError, match=r"diamond\.yaml: cannot be read"):
        load_sample(Path("diamond.yaml"))


def test_lab_and_natural_differ_in_the_pair_alone():
    lab, natural = (load_sample(Path(name)).model_dump() for name in ("lab", "natural"))
    natural["pair"]["separation_nm"] = lab["pair"]["separation_nm"]
    natural["c13_percent"] = lab["c13_percent"]
    assert lab == natural


def best_concurrence(name):
    """The best of the engine's times for a bath as cold as pumping allows, p_L 0.05, averaged over both lines."""
    truth = load_sample(Path(name))
    twin, share = Twin(truth), truth.c13_percent / 1.1
    p = np.array([0.05, 2 * truth.optics.fidelities[1] - 1])
    at, weight = np.polynomial.hermite_e.hermegauss(21)
    shift = np.meshgrid(*(at * s for s in spread_of(truth).own_hz(p)), indexing="ij")
    rates = {"g": np.full(len(at) ** 2, twin.g_rad_per_s), "zz": np.array(twin.zz_rad_per_s)}
    for k in (0, 1):
        rates[f"detuning{k}"] = TWO_PI * shift[k].ravel()
        rates[f"up{k}"] = np.array(0.5 * (250e3 * share * (1 - p[k]) + truth.rates.gamma_sl_per_s))
        rates[f"down{k}"] = np.array(0.5 * (250e3 * share * (1 + p[k]) + truth.rates.gamma_sl_per_s))
        rates[f"dephasing{k}"] = np.array(1.5e3 * share)
    start = elements(product_vector(np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, p[1]])))
    shares = np.outer(weight, weight).ravel() / weight.sum() ** 2
    found = []
    for time_us in np.arange(0.5, 15.0, 0.25):
        mean = shares @ (propagators(PLAIN, rates, False, time_us * 1e-6) @ start)[:, : PLAIN.size]
        found.append(float(signed_concurrence(density_matrix(pauli(mean)))))
    return max(found)


def test_the_lab_entangles_and_the_natural_pair_does_not():
    assert best_concurrence("lab") > 0.05
    assert best_concurrence("natural") < -0.02
    assert best_concurrence("paper") > 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"nitrogen_polarisation": 1.1},
        {"mains_ripple_ut": -0.1},
        {"bath": {"overhauser_khz": -1.0}},
        {"optics": {"pump_fidelity": 0.4}},
        {"optics": {"pump_fidelity": (0.9, 1.1)}},
        {"optics": {"pump_fidelity": (0.9, 0.9, 0.9)}},
        {"optics": {"nv_minus": 0.0}},
        {"optics": {"aom_delay_ns": -1.0}},
        {"optics": {"singlet_ns": -1.0}},
        {"optics": {"afterpulsing": 0.9}},
        {"optics": {"brightness_drift": {"rms": 0.1}}},
        {"optics": {"brightness_drift": {"rms": 0.1, "hours": 0.0}}},
        {"microwave": {"quadrature_error_deg": 90.0}},
        {"microwave": {"delay_ns": float("nan")}},
        {"pulsed_coils": {"settling_us": 0.0}},
    ],
)
def test_what_no_bench_can_be_is_refused(change):
    with pytest.raises(ValueError, match="validation error"):
        sample(**change)


def test_one_purity_is_that_of_both_nvs():
    assert sample(optics={"pump_fidelity": 0.9}).optics.fidelities == (0.9, 0.9)
    assert sample(optics={"pump_fidelity": [0.9, 0.8]}).optics.fidelities == (0.9, 0.8)
