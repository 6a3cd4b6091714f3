"""Engine runs that must refuse: each names its cause in one line, and leaves everything off."""

import re

import pytest
from support.made_up import STATION

from labctl.config.station_file import read_station
from labctl.safety.safe_state import make_safe
from labctl.unwired import ran, unwired
from sequences.engine import EnginePlan, engine
from sequences.results import SequenceError
from simulated_instruments.bench import Bench


@pytest.fixture
def toys():
    """None: `labctl` runs the real experiments here."""


@pytest.fixture
def twins(monkeypatch):
    """The twins of the benches that were switched off, as they were then."""
    left = []
    leave = Bench.__exit__
    monkeypatch.setattr(Bench, "__exit__", lambda self, *why: left.append(self.twin) or leave(self, *why))
    return left


def assert_safe(twins):
    (twin,) = twins
    knobs = twin.knobs
    assert (knobs.green_w, knobs.depletion_w, knobs.carrier_on, twin.levels) == (0.0, 0.0, False, 0)
    assert (knobs.pump_gate, knobs.depletion_gate) == ("off", "off")
    assert [knobs.main_a, knobs.trim_x_a, knobs.trim_y_a] == pytest.approx([0.0] * 3, abs=1e-4)
    assert (knobs.shift_a, knobs.gradient_a, knobs.compensation_a) == (0.0, 0.0, 0.0)


def refused(answer):
    """The line that says why; the other one says how to go on."""
    assert answer.code == 1
    assert answer.json["status"] == "failed"
    assert answer.json["result"] is None
    lines = [line for line in answer.err.splitlines() if line.startswith("labctl: ")]
    why, how = lines
    assert why.startswith("labctl: engine failed: ")
    assert "labctl resume 1 --simulated" in how
    return why


def test_without_selectivity_it_refuses_and_says_how_large_the_cross_talk_is(labctl, twins, tmp_path):
    sample = tmp_path / "shallow.yaml"
    sample.write_text("optics: {doughnut_null: 0.08}\n")
    answer = labctl("run", "engine", "--simulated", "--sample", str(sample), "--seed", "1", "--json", "--reveal")
    said = re.search(r"cross-talk is (\d+\.\d+)", refused(answer))
    assert said is not None
    assert float(said[1]) == pytest.approx(8.0, abs=1.0)
    assert "concurrence" not in answer.json["truth"]
    assert [part["sequence"] for part in answer.json["children"]] == ["wiring", "delays", "locate"]
    assert_safe(twins)


SWAPS = [("pump", "depletion"), ("mw_x", "mw_y"), ("shift", "gradient"), ("gate_signal", "gate_reference")]


def with_swapped(folder, first, second):
    """A station.yaml with these two lines swapped, its lines, and the right ones."""
    station = folder / "station.yaml"
    text = STATION.read_text()
    lines = dict(re.findall(r"(\w+): (\d)", re.search(r"lines: \{(.*)\}", text)[1]))
    wrong = lines | {first: lines[second], second: lines[first]}
    station.write_text(re.sub(r"lines: \{.*\}", f"lines: {{{', '.join(f'{k}: {v}' for k, v in wrong.items())}}}", text))
    return station, wrong, lines


def assert_named(message, swapped, wrong, lines):
    assert "swapped" in message
    for role in swapped:
        assert f"{role} (line {wrong[role]})" in message
        assert f"{role}: {lines[role]}" in message


def test_two_swapped_lines_are_named_by_the_program(labctl, twins, tmp_path):
    station, wrong, lines = with_swapped(tmp_path, *SWAPS[0])
    answer = labctl("run", "engine", "--simulated", "--seed", "2", "--station", str(station), "--json")
    assert_named(refused(answer), SWAPS[0], wrong, lines)
    assert_safe(twins)


@pytest.mark.parametrize(("first", "second"), SWAPS[1:])
def test_two_swapped_lines_are_named(tmp_path, first, second):
    """Without wires; what the program makes of a refusal does not depend on the lines."""
    station, wrong, lines = with_swapped(tmp_path, first, second)
    bench = unwired(seed=2, file=read_station(station))
    bench.lab.magnet.switch_on()
    with pytest.raises(SequenceError) as why:
        ran(engine(bench.lab, EnginePlan()))
    assert_named(str(why.value), (first, second), wrong, lines)
    assert [step.fault for step in make_safe(bench.lab, ramp_magnet=True) if step.fault] == []
    assert_safe([bench.twin])
