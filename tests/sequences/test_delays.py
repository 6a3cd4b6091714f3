"""Delays of a bench whose light and microwave are late, measured over its wires; and what is played from then on."""

from dataclasses import replace

import numpy as np
import pytest

from sequences.delays import DelaysPlan, delays
from sequences.pulses.program import Program
from sequences.routines.bench.line_delays import ahead_ticks, remainders, rise_ns
from sequences.routines.bench.measure import measure
from tools.trials.known import know_pulses
from tools.trials.wired import Kept, is_dark, kept_of, know_field, know_pair, run, without_wires

LIGHT_NS, RISE_NS, MICROWAVE_NS = 450.0, 40.0, 30.0
LATE = {
    "optics": {"aom_delay_ns": LIGHT_NS, "aom_rise_ns": RISE_NS},
    "microwave": {"delay_ns": MICROWAVE_NS},
}


def known(bench):
    know_field(bench)
    know_pair(bench)
    know_pulses(bench)


@pytest.fixture(scope="module")
def late():
    """The bench, its result, its points, and what was left of light, microwave and coils."""
    with without_wires(3, **LATE) as bench:
        known(bench)
        result, points = run(delays(bench.lab, DelaysPlan()))
        yield bench, result, points, is_dark(bench)


def test_light_and_microwave_are_found_to_a_few_ns(late):
    _, result, _, left_dark = late
    assert result.measured == ("pump", "depletion", "mw")
    for key, truth in (("pump", LIGHT_NS), ("depletion", LIGHT_NS), ("rise", RISE_NS), ("mw", MICROWAVE_NS)):
        value, error = getattr(result, f"{key}_ns"), getattr(result, f"{key}_ns_err")
        assert error < 10.0, key
        assert abs(value - truth) < 4.0 * error, key
    assert result.reduced_chi2 < 3.0
    assert left_dark


def test_both_coils_agree(late):
    _, result, _, _ = late
    apart = result.mw_shift_ns - result.mw_gradient_ns
    assert abs(apart) < 4.0 * np.hypot(result.mw_shift_ns_err, result.mw_gradient_ns_err)


def test_they_are_kept_and_played_ahead(late):
    bench, result, _, _ = late
    lab = bench.lab
    for key in ("pump", "depletion", "rise", "mw"):
        kept = lab.calibration.get(f"delays.{key}_ns")
        assert (kept.value, kept.error) == (getattr(result, f"{key}_ns"), getattr(result, f"{key}_ns_err"))
    ticks = round(result.pump_ns / 100)
    assert ahead_ticks(lab) == {"pump": ticks, "depletion": ticks, "mw_x": 0, "mw_y": 0}
    assert remainders(lab)["pump"] == pytest.approx(result.pump_ns - 100 * ticks)
    assert remainders(lab)["mw_y"] == pytest.approx(result.mw_ns)
    assert rise_ns(lab) == result.rise_ns


def test_another_run_measures_the_same_though_its_lines_would_be_played_ahead(late):
    bench, result, _, _ = late
    another = Kept()
    another.values.update(kept_of(bench).values)
    lab = bench.lab.within(replace(bench.lab.run, calibration=another))
    again, _ = run(delays(lab, DelaysPlan(stage="light")))
    assert again.measured == ("pump", "depletion")
    assert again.mw_ns is None
    assert again.pump_ns == pytest.approx(result.pump_ns, abs=4.0 * result.pump_ns_err)


def test_from_then_on_light_falls_into_its_own_window(late):
    """Half a microsecond of light, and a gate as long: without the shift the gate would see next to nothing."""
    bench, _, _, _ = late
    lab = bench.lab
    lab.green_laser.power_mw(100.0)
    lab.green_laser.emission(True)
    lab.aom.pump.efficiency(1.0)
    lab.aom.pump.gate("external")
    lab.aom.pump.output(True)
    program = Program("blink", 100).then(2_000).then(500, "pump", "gate_signal").then(2_000)
    ahead, plain = measure(lab, program, 100_000), measure(lab, program, 100_000, ahead={})
    lab.aom.pump.output(False)
    lab.green_laser.emission(False)
    assert plain.signal < 0.15 * ahead.signal
