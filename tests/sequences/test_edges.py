"""A program cut into stretches in which nothing changes: late pulses, fields that settle."""

import numpy as np
import pytest

from sequences.analysis.pair.pulse_edges import segments
from sequences.pulses.library import pulse, wait
from sequences.pulses.program import Program

pytestmark = pytest.mark.unit

PULSED = (
    wait(500, "shift", tick_ns=100)
    + pulse(200, "x", "gradient", tick_ns=100)
    + wait(300, "shift", "gradient", tick_ns=100)
)
NO_TAIL = (0.0, 1.0)


def seen(found):
    return [(sorted(s.lines), round(s.duration_s * 1e9, 3)) for s in found]


def test_nothing_late_is_the_program_itself():
    assert seen(segments(PULSED, 0.0, NO_TAIL)) == [
        ([], 500.0),
        (["gradient", "mw_x"], 200.0),
        (["gradient"], 300.0),
    ]


def test_a_late_pulse_is_cut_from_its_coil():
    assert seen(segments(PULSED, 30.0, NO_TAIL)) == [
        ([], 500.0),
        (["gradient"], 30.0),
        (["gradient", "mw_x"], 200.0),
        (["gradient"], 270.0),
    ]


def test_a_late_pulse_may_outlast_the_program_and_an_early_one_begin_before_it():
    late = segments(pulse(200, "y", tick_ns=100), 40.5, NO_TAIL)  # its end falls into the read-out, under the gradient
    assert seen(late) == [([], 40.5), (["mw_y"], 159.5), (["gradient", "mw_y"], 40.5)]
    early = segments(pulse(200, "y", tick_ns=100) + wait(100, "shift", tick_ns=100), -40.0, NO_TAIL)
    assert seen(early) == [(["mw_y"], 200.0), ([], 140.0)]


@pytest.mark.parametrize("late_ns", [0.0, 37.0, -20.0])
def test_the_time_of_every_line_is_kept(late_ns):
    found = segments(PULSED, late_ns, (1e-3, 0.5))
    for line in ("mw_x", "gradient"):
        high_ns = sum(s.duration_s * 1e9 for s in found if line in s.lines)
        assert high_ns == pytest.approx(PULSED.time_high_ns(line), abs=1e-3)


def late_ns(found, which):
    """Integral of what is still to come of a step."""
    return sum(getattr(s, f"{which}_late") * s.duration_s * 1e9 for s in found)


def test_what_a_coil_lags_behind_adds_up_to_its_share():
    """Of a step that is 1, share x time constant is missing in the long run; of one to and fro, the tail is left."""
    on = segments(wait(500, "shift", tick_ns=100) + wait(30_000, "shift", "gradient", tick_ns=100), 0.0, (2e-3, 1.0))
    assert late_ns(on, "gradient") == pytest.approx(-2e-3 * 1000.0, rel=1e-6)
    short = segments(wait(400, "shift", "gradient", tick_ns=100) + wait(30_000, "shift", tick_ns=100), 0.0, (2e-3, 1.0))
    assert late_ns(short, "gradient") == pytest.approx(0.0, abs=1e-6)
    assert short[0].gradient_late < 0.0 < short[-2].gradient_late
    assert late_ns(on, "shift") == 0.0


def test_a_fresh_freeze_settles_and_an_old_one_has():
    fresh, old = (segments(wait(30_000, "shift", tick_ns=100), 0.0, (2e-3, 1.0), freshly) for freshly in (True, False))
    assert late_ns(fresh, "shift") == pytest.approx(-2e-3 * 1000.0, rel=1e-6)
    assert fresh[0].shift_late == pytest.approx(-2e-3 * (1 - np.exp(-0.35)) / 0.35, rel=1e-6)
    assert [s.shift_late for s in old] == [0.0]


def test_nothing_is_nothing():
    assert segments(Program("-", 100), 0.0, NO_TAIL) == ()
