"""What is played of a program whose lines are late, and what `delays` refuses."""

from dataclasses import replace

import pytest

from instruments.pulse_generator import words
from sequences.core.lab import Nobody
from sequences.delays import DelaysPlan, delays
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines.bench.measure import measure
from tools.trials.known import know_pulses
from tools.trials.wired import is_dark, know_field, know_pair, run, without_wires


class Watch(Nobody):
    """An observer that keeps what it is told."""

    def __init__(self):
        self.played = []

    def playing(self, program, _repeats):
        self.played.append(program)


class Loads:
    """A pulse generator that keeps what it is given."""

    def __init__(self, generator):
        self._generator, self.bits = generator, []

    def load(self, pattern):
        self.bits.append(words(pattern))
        self._generator.load(pattern)

    def __getattr__(self, name):
        return getattr(self._generator, name)


@pytest.fixture
def watched():
    """A lab that plays the pump four ticks ahead, and keeps what it plays."""
    with without_wires(4) as bench:
        bench.lab.calibration.put("delays.pump_ns", 430.0, 1.0)
        run = replace(bench.lab.run, observer=Watch())
        yield replace(bench.lab, run=run, pulse_generator=Loads(bench.lab.pulse_generator))


def test_the_observer_sees_the_program_as_it_was_written(watched):
    program = Program("seen", 100).then(500).then(100, "pump").then(300, "gate_signal")
    measure(watched, program, 10, may_be_dark=True)
    assert watched.run.observer.played == [program]
    pump, gate = (1 << watched.wiring.lines[role] for role in ("pump", "gate_signal"))
    assert watched.pulse_generator.bits[0].tolist() == [0, pump, 0, 0, 0, 0, gate, gate, gate, 0]  # and closes the gate
    assert watched.pulse_generator.levels() == 0


def test_a_program_shorter_than_a_delay_is_refused_and_not_played(watched):
    with pytest.raises(SequenceError, match="'short' lasts 300 ns: too short for the line pump"):
        measure(watched, Program("short", 100).then(300, "pump"), 10)
    assert watched.pulse_generator.bits == []


@pytest.mark.parametrize(
    ("truth", "plan", "words"),
    [
        ({"optics": {"aom_delay_ns": 2_400.0}}, DelaysPlan(stage="light", point_s=0.1), "pump comes or goes earlier"),
        (
            {"optics": {"saturated_cps": 0.0, "background_cps": 0.0}},
            DelaysPlan(point_s=0.1),
            "No light of the beam pump",
        ),
        ({}, DelaysPlan(stage="pulses"), "No calibration of field"),
    ],
)
def test_refusals_name_what_is_missing(truth, plan, words):
    with without_wires(5, **truth) as bench:
        with pytest.raises(SequenceError, match=words):
            run(delays(bench.lab, plan))
        assert is_dark(bench)
        assert bench.lab.calibration.get("delays.pump_ns") is None


def test_a_microwave_beyond_the_scan_is_refused():
    with without_wires(6, microwave={"delay_ns": 2_700.0}) as bench:
        know_field(bench)
        know_pair(bench)
        know_pulses(bench)
        with pytest.raises(SequenceError, match="cuts no pulse short"):
            run(delays(bench.lab, DelaysPlan(stage="pulses", point_s=0.5)))
        assert is_dark(bench)
