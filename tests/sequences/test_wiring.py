"""wiring finds every swap of two lines, wherever the experiment would first go wrong."""

from itertools import combinations

import pytest

from sequences.pulses.program import LINES
from sequences.results import SequenceError
from sequences.wiring import WiringPlan, wiring
from tools.trials.wired import is_dark, run, swapped, without_wires

PAIRS = [pair for pair in combinations(LINES, 2) if pair != ("mw_x", "mw_y")]
MOST_PLAYS = 45


@pytest.fixture(scope="module")
def bench():
    with without_wires(1) as bench:
        yield bench


def test_a_right_wiring_passes_before_the_pulses_are_calibrated(bench):
    result, points = run(wiring(bench.lab, WiringPlan()))
    assert set(result.verified) == set(LINES) - {"mw_x", "mw_y"}
    assert result.unverified == ("mw_x", "mw_y")
    assert len(points) <= MOST_PLAYS
    assert is_dark(bench)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_swapped_lines_are_named_before_anything_is_calibrated(bench, first, second):
    lab = swapped(bench, first, second)
    with pytest.raises(SequenceError, match="swapped") as refusal:
        run(wiring(lab, WiringPlan()))
    assert refusal.value.seen["swapped"] == f"{first} {second}"
    for role in (first, second):
        assert f"{role} (line {lab.wiring.lines[role]})" in refusal.value.what
        assert f"{role}: {bench.lab.wiring.lines[role]}" in refusal.value.remedy
    assert is_dark(bench)


def test_quadratures_need_calibrated_pulses(bench):
    with pytest.raises(SequenceError, match="labctl run align"):
        run(wiring(bench.lab, WiringPlan(stage="quadratures")))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("photons", "gate_signal", "terminals photons and gate_signal are swapped"),
        ("photons", "gate_reference", "terminals photons and gate_reference are swapped"),
        ("gate_signal", "gate_reference", r"gate_signal \(line 6\) and gate_reference \(line 7\)"),
    ],
)
def test_swapped_terminals_are_named(bench, first, second, words):
    terminals = bench.lab.photon_counter.parameters
    one, other = (terminals[f"{role}_terminal"] for role in (first, second))
    right = one.get(), other.get()
    one.set(right[1])
    other.set(right[0])
    try:
        with pytest.raises(SequenceError, match=words) as refusal:
            run(wiring(bench.lab, WiringPlan()))
        assert (one.get(), other.get()) == right[::-1]
    finally:
        one.set(right[0])
        other.set(right[1])
    assert "wiring.terminals" in refusal.value.remedy
