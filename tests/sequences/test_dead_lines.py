"""What wiring says of a bench on which something is dead rather than swapped."""

import pytest

from sequences.results import SequenceError
from sequences.wiring import WiringPlan, wiring
from tools.trials.wired import is_dark, run, without_wires


def test_a_dark_bench_is_told_from_a_wrong_cable():
    with without_wires(1, optics={"saturated_cps": 0.0, "background_cps": 0.0}) as bench:
        with pytest.raises(SequenceError, match="No photons under constant green light"):
            run(wiring(bench.lab, WiringPlan()))
        assert is_dark(bench)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ({"microwave": {"rabi_mhz_at_0dbm": 1e-6}}, r"none of the lines 2 \(mw_x\), 3 \(mw_y\)"),
        (
            {"pulsed_coils": {"shift_mt_per_a": 0.0}},
            r"No pulse line switches the shift coil: line 4 \(role shift\)",
        ),
    ],
)
def test_a_dead_line_is_named(truth, words):
    with without_wires(1, **truth) as bench:
        with pytest.raises(SequenceError, match=words):
            run(wiring(bench.lab, WiringPlan()))
        assert is_dark(bench)
