"""`labctl predict baths` and `check-paper`: what the paper's formulas give, and where its numbers disagree."""

import json

import pytest
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.predictions.paper import Check, checks

RUN = CliRunner()
DISAGREE = {
    "g at 10 nm",
    "directions in B_rms^2",
    "Gamma1 from B_rms",
    "spin-lattice rate",
    "diffusion, natural 13C",
    "the same, natural 13C",
    "best g over Gamma1",
    "natural 13C in Fig. 3",
}


def run(*arguments):
    result = RUN.invoke(app, [*arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_which_numbers_of_the_paper_disagree():
    found = checks()
    assert {check.what for check in found if not check.agrees} == DISAGREE
    assert all(check.note for check in found if not check.agrees)
    assert len(found) - len(DISAGREE) >= 8


def test_agreement_is_relative():
    assert Check("", "", 20.0, 18.7, "", 0.1).agrees
    assert not Check("", "", 20.0, 17.9, "", 0.1).agrees


def test_check_paper_prints_every_number():
    lines = run("check-paper").splitlines()
    assert sum(line.endswith("DISAGREES") for line in lines) == len(DISAGREE)
    told = json.loads(run("check-paper", "--json"))["checks"]
    assert [check["agrees"] for check in told] == [check.agrees for check in checks()]


def test_baths():
    told = json.loads(run("baths", "--c13-percent", "1.1,100", "--json"))["baths"]
    natural, enriched, proton, *_ = told
    assert natural["resonance_mt"] == pytest.approx([102.4755, 102.5755], abs=1e-4)
    assert natural["steady_signed_concurrence"] == enriched["steady_signed_concurrence"] > 0.02
    assert natural["gamma1_over_energy"] < 0.05 < 1.0 < enriched["gamma1_over_energy"]
    assert proton["gamma2_per_s"] is None
    assert proton["steady_signed_concurrence"] < 0.0
    assert proton["temperature_uk"] > 100 * natural["temperature_uk"]


def test_what_is_not_known_is_said():
    lines = run("baths", "--c13-percent", "1.1,30").splitlines()
    proton = next(line for line in lines if line.startswith("1H, biphenyl"))
    assert "unknown" in proton
    assert "a few 1e6" in proton
    assert lines[-1].endswith("doubtful: 13C, 30 %")


def test_a_content_out_of_range_is_refused():
    result = RUN.invoke(app, ["baths", "--c13-percent", "0"])
    assert result.exit_code == 2
    assert "--c13-percent 0 is out of range" in result.stderr
