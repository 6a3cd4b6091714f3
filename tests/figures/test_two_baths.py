"""`labctl predict polarisations`: baths of both signs, and qubits of different energy."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.predictions.engine import Setting
from labctl.predictions.two_baths import predict_polarisations

RUN = CliRunner()
EVERY = [-1.0, -0.5, 0.0, 0.5, 1.0]


def steady(lefts, rights, **options):
    return np.array(predict_polarisations(lefts, rights, 1.1, Setting(), **options)["steady_signed_concurrence"])


def test_it_is_the_papers_engine_between_a_hot_and_a_cold_bath():
    p = predict_polarisations([0.0], [1.0], 1.1, Setting())
    assert p["steady_signed_concurrence"][0][0] == pytest.approx(0.0405, abs=1e-4)
    assert p["transient_signed_concurrence"][0][0] == pytest.approx(0.0832, abs=2e-3)


def test_baths_may_change_places_and_excitations_may_be_holes():
    values = steady(EVERY, EVERY)
    np.testing.assert_allclose(values, values.T, atol=1e-9)
    np.testing.assert_allclose(values, values[::-1, ::-1], atol=1e-9)


def test_a_bath_of_negative_temperature_is_a_better_source_than_a_hot_one():
    hot, negative = steady([0.0, -1.0], [1.0])[:, 0]
    assert negative > 2 * hot
    assert steady([0.7], [0.7])[0, 0] < 0.0  # no current, no entanglement


def test_qubits_of_different_energy_ask_for_a_stronger_coupling():
    """At a given coupling they entangle less (the paper's Sec. V B)."""
    fixed = [steady([0.0], [1.0], detuning_khz=khz, g_rad_per_s=56e3)[0, 0] for khz in (0.0, 100.0, 1000.0)]
    assert fixed[0] > 1.5 * fixed[1] > 1.5 * fixed[2]


def test_in_the_steady_state_a_coupling_makes_up_for_the_difference():
    """It depends on g / sqrt(1 + (Delta/Gamma1)^2) alone, but for the phase of its coherence."""
    detuning = 2e3 * np.pi * 150.0 / 250e3
    there = steady(EVERY, EVERY, detuning_khz=150.0, g_rad_per_s=56e3 * np.sqrt(1 + detuning**2))
    np.testing.assert_allclose(there, steady(EVERY, EVERY, g_rad_per_s=56e3), atol=1e-9)


@pytest.mark.parametrize("grid", [("--left", "-1:1:5", "--right", "-1:1:5"), ("--left", "0", "--right", "0.9:1:5")])
def test_table_and_figure(tmp_path, grid):
    file = tmp_path / "map.png"
    result = RUN.invoke(app, ["polarisations", *grid, "--figure", str(file)])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["steady", "transient"]
    assert file.stat().st_size > 5000
    told = json.loads(RUN.invoke(app, ["polarisations", *grid, "--json"]).stdout)
    assert np.shape(told["transient_us"]) == (len(told["polarisation_left"]), 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--left", "-1.1"], "--left -1.1 is out of range: give a number from -1 to 1"),
        (["--detuning-khz", "nan"], "--detuning-khz nan is out of range"),
    ],
)
def test_refusals(arguments, said):
    result = RUN.invoke(app, ["polarisations", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
