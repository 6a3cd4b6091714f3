"""`labctl predict`: the paper's Fig. 3 as numbers and as figures; what is out of range is refused."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.predictions.engine import Setting, predict_optimal_coupling, predict_steady_state, predict_transient

RUN = CliRunner()


def answer(*arguments):
    result = RUN.invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_steady_state_on_a_grid():
    p = answer("steady-state", "--polarisation", "0.97,0.99,1", "--g-rad-per-s", "56e3,300e3")
    assert p["concurrence"][2][0] == pytest.approx(0.0405, abs=1e-4)
    assert p["concurrence"][0] == [0.0, 0.0]
    assert p["concurrence"][1][0] < p["concurrence"][2][0]
    assert p["best"]["polarisation"] == 1.0
    assert p["best"]["g_rad_per_s"] == 56e3


def test_optimal_coupling_scales_with_13c():
    p = answer("optimal-coupling", "--c13-percent", "1.1,2.2,11")
    assert p["g_rad_per_s"] == pytest.approx([56.04e3, 112.08e3, 560.4e3], rel=1e-3)
    assert p["steady_state_concurrence"] == pytest.approx([0.0405] * 3, abs=1e-4)


def test_transient_at_the_best_coupling():
    p = answer("transient", "--c13-percent", "1.1,2.2", "--points", "601")
    natural, enriched = p["curves"]
    assert natural["best_concurrence"] == pytest.approx(0.0833, abs=1e-4)
    assert natural["best_concurrence"] > 2 * natural["steady_state_concurrence"]
    assert enriched["best_us"] == pytest.approx(natural["best_us"] / 2, abs=0.06)
    assert len(natural["concurrence"]) == len(p["evolution_us"]) == 601


def test_transient_at_97_percent():
    p = answer("transient", "--polarisation", "0.97", "--c13-percent", "1.1", "--g-rad-per-s", "70e3")
    assert p["curves"][0]["best_concurrence"] == pytest.approx(0.038, abs=5e-4)
    assert p["curves"][0]["steady_state_concurrence"] == 0.0


def test_couplings_differ_in_the_distance_only():
    paper, spin1 = (predict_transient(1.0, [1.1], [0.0, 5.0], Setting(name)) for name in ("paper", "spin1"))
    assert paper["curves"][0]["concurrence"] == pytest.approx(spin1["curves"][0]["concurrence"], abs=1e-12)
    ratio = spin1["curves"][0]["separation_nm"] / paper["curves"][0]["separation_nm"]
    assert ratio == pytest.approx(2 ** (1 / 3))


def test_losses_cost_entanglement():
    with_losses = predict_optimal_coupling(1.0, [1.1], Setting(losses=True))
    assert with_losses["steady_state_concurrence"][0] == pytest.approx(0.038, abs=1e-3)


def test_a_warmer_hot_bath_helps_a_colder_one_hurts():
    best = [
        predict_steady_state([1.0], [56e3], 1.1, Setting(polarisation_left=p))["best"]["concurrence"]
        for p in (-0.3, 0.0, 0.3, 1.0)
    ]
    assert best[0] > best[1] > best[2] > best[3] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("command", ["steady-state", "optimal-coupling", "transient"])
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_figures(command, ending, tmp_path):
    file = tmp_path / f"fig3.{ending}"
    assert RUN.invoke(app, [command, "--figure", str(file)]).exit_code == 0
    assert file.stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["steady-state", "--polarisation", "1.2"], "--polarisation 1.2 is out of range: give a number from -1 to 1"),
        (["steady-state", "--polarisation", "nan"], "out of range"),
        (["steady-state", "--polarisation", "0:1:9999"], "cannot be read"),
        (["steady-state", "--g-rad-per-s", "much"], "'much' cannot be read"),
        (
            ["steady-state", "--c13-percent", "120"],
            "--c13-percent 120 is out of range: give a number from 0.001 to 100",
        ),
        (["optimal-coupling", "--c13-percent", "1,-2"], "--c13-percent -2 is out of range"),
        (["optimal-coupling", "--polarisation-left", "3"], "--polarisation-left 3"),
        (["transient", "--g-rad-per-s", "0"], "--g-rad-per-s 0"),
        (["transient", "--points", "1"], "--points 1"),
        (["transient", "--until-us", "inf"], "--until-us inf"),
        (["transient", "--figure", "picture.docx"], "use .png, .pdf, .svg"),
        (["transient", "--figure", "no-such-folder/a.png"], "does not exist"),
    ],
)
def test_refusals(arguments, said):
    result = RUN.invoke(app, arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_unknown_coupling_is_wrong_usage():
    assert RUN.invoke(app, ["transient", "--coupling", "strong"]).exit_code == 2


@pytest.mark.system
def test_nothing_heavy_is_imported_before_a_command_runs():
    heavy = "('numpy', 'scipy', 'matplotlib')"
    code = f"import sys, labctl.cli.predictions.predict; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
