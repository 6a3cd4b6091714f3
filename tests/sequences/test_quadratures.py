"""The order of the two quadratures, on pulses that rabi calibrated."""

import pytest

from sequences.pulses.program import LINES
from sequences.rabi import RabiPlan, rabi
from sequences.results import SequenceError
from sequences.wiring import WiringPlan, wiring
from tools.trials.wired import is_dark, know_field, know_pair, run, swapped, without_wires


@pytest.fixture(scope="module")
def bench():
    with without_wires(2) as bench:
        know_field(bench)
        know_pair(bench)
        run(rabi(bench.lab, RabiPlan()))
        yield bench


def test_all_lines_are_verified_and_the_field_comes_back(bench):
    before = bench.lab.magnet.currents()
    result, _ = run(wiring(bench.lab, WiringPlan()))
    assert set(result.verified) == set(LINES)
    assert result.order_sigma > 8
    assert bench.lab.magnet.currents() == pytest.approx(before, abs=2e-6)
    assert is_dark(bench)


def test_swapped_quadratures_are_named(bench):
    lab = swapped(bench, "mw_x", "mw_y")
    with pytest.raises(SequenceError, match=r"mw_x \(line 3\) and mw_y \(line 2\)") as refusal:
        run(wiring(lab, WiringPlan(stage="quadratures")))
    assert refusal.value.seen["swapped"] == "mw_x mw_y"
    assert "shift coil" in refusal.value.remedy
    assert is_dark(bench)


def test_pulses_calibrated_through_swapped_quadratures_do_not_hide_the_swap(bench):
    lab = swapped(bench, "mw_x", "mw_y")
    run(rabi(lab, RabiPlan()))
    with pytest.raises(SequenceError, match=r"mw_x \(line 3\) and mw_y \(line 2\)"):
        run(wiring(lab, WiringPlan(stage="quadratures")))
