"""Runs that expect nothing, and calibrations that rest on beliefs: what the program says of them, and where."""

import json
import textwrap

import pytest
from toy_engine import CALIBRATE, CURVE, ENGINE, WHY

from labctl.__main__ import main
from labctl.figures import draw
from labctl.gui.runs.run_list import read_lines
from labctl.plans import catalogue
from simulated_instruments.sample import shipped


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def toy_engine(monkeypatch):
    """The ends of both experiments, without the nights before them."""
    for one in (ENGINE, CALIBRATE):
        monkeypatch.setitem(catalogue.ENTRIES, one.name, one)


def reason(text):
    """The wrapped lines beneath 'why', put together again."""
    lines = text.splitlines()
    at = lines.index("why") + 1
    block = []
    while at < len(lines) and lines[at].startswith("  "):
        assert len(lines[at]) <= 100
        block.append(lines[at].strip())
        at += 1
    return " ".join(block)


def test_a_run_that_expects_nothing_ends_well_and_says_why(labctl, data):
    run = labctl("run", "engine", "--simulated")
    assert run.code == 0
    assert reason(run.out) == WHY
    rows = [line.split() for line in run.out.splitlines()]
    assert ["expected", "False"] in rows
    assert ["expected_signed_concurrence", "-0.062", "±", "0.011"] in rows
    assert ["significance", "-"] in rows
    assert ["rho_re", "-"] in rows
    assert "run 1 (engine) completed" in run.out
    shown = labctl("show", "1")
    assert (shown.code, reason(shown.out)) == (0, WHY)
    assert "notes" not in shown.out  # it would say the same again
    assert "evolution_us = none" in shown.out
    (line,) = read_lines(data)
    assert line.conclusion == "nothing measured: signed concurrence -0.062 ± 0.011 expected at 4.1 us"


def test_its_figure_has_the_signed_curve_and_the_reason(labctl, data, tmp_path):
    answer = labctl("run", "engine", "--simulated", "--json").json
    assert (answer["status"], answer["result"]["expected"], answer["result"]["evolution_us"]) == (
        "completed",
        False,
        [],
    )
    assert (data / "figures" / "run-00001-engine.png").read_bytes().startswith(b"\x89PNG")
    assert labctl("show", "1", "--figure", str(tmp_path / "engine.pdf")).code == 0
    figure = draw("engine", {}, answer["result"])
    (curve,) = (line for line in figure.axes[0].get_lines() if line.get_label() == "model, ±1 σ")
    assert tuple(curve.get_ydata()) == CURVE
    assert " ".join(figure.get_supxlabel().split()) == WHY


def test_show_lists_what_was_believed_and_not_measured_with_its_share(labctl):
    assert labctl("run", "calibrate", "--simulated").code == 0
    lines = labctl("show", "1").out.splitlines()
    rows = [line.split() for line in lines]
    assert ["fidelity", "0.9480", "±", "0.0040,", "0.9510", "±", "0.0050"] in rows
    assert ["spread_khz", "74.1", "±", "1.2,", "75.8", "±", "1.4"] in rows
    assert ["nitrogen", "0.9620", "±", "0.0030"] in rows
    assert ["charged", "0.750", "±", "0.010,", "0.740", "±", "0.010"] in rows
    believed = lines.index("believed beforehand and not measured, wholly or in part")
    measured = lines.index("measured")
    assert rows[believed + 2 : believed + 4] == [
        ["settling_share", "0.0030", "±", "0.0036", "97", "%"],
        ["leak_left_per_s", "130", "±", "81", "8", "%"],
    ]
    assert rows[measured + 2] == ["g_rad_per_s", "66142", "±", "126"]
    assert rows.count(["g_rad_per_s", "66142", "±", "126"]) == 2
    assert not any(row[:1] == ["pulls"] for row in rows)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_sample_is_asked_for_by_its_name(labctl, name):
    answer = labctl("run", "part", "--simulated", "--sample", name, "--json")
    assert (answer.code, answer.json["status"]) == (0, "completed")
    label = json.loads(labctl("show", "1", "--json").out)["bench"]
    assert label.startswith(f"simulated {name} ")


def test_a_wrong_name_of_a_sample_lists_the_right_ones(labctl):
    answer = labctl("run", "part", "--simulated", "--sample", "laboratory")
    assert answer.code == 2
    assert answer.err.strip() == f"labctl: laboratory: neither a file nor one of the samples {', '.join(shipped())}"


@pytest.mark.parametrize("command", ["run", "resume", "check", "gui"])
def test_the_help_of_sample_names_those_that_are_shipped(capsys, command):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"one that is shipped: {', '.join(shipped())}." in said.partition("--sample")[2]


def test_what_a_plan_leaves_to_the_model_is_said(labctl):
    out = labctl("run", "engine", "--simulated", "--dry-run").out
    assert "evolution_us = none: those that the model of this pair asks for" in out
    keys = {row["key"]: row for row in json.loads(labctl("run", "engine", "--keys", "--json").out)}
    assert keys["hold"]["range"] == "true | false | auto"
    refused = labctl("run", "engine", "--simulated", "--dry-run", "--set", "hold=sometimes")
    assert refused.err.strip() == "labctl: --set hold: must be true or false or auto, not 'sometimes'"
    for given in ("none", ""):
        assert labctl("run", "engine", "--simulated", "--dry-run", "--set", f"evolution_us={given}").out == out
    assert textwrap.dedent(out).count("hold = auto") == 1
