"""relaxometry measures the twin's 13C dip, or names the run that is missing."""

import numpy as np
import pytest

from physics.constants import GAMMA_1_PER_S
from physics.levels import cross_relaxation_fields_mt
from sequences.relaxometry import RelaxometryPlan, relaxometry
from sequences.results import SequenceError
from tools.trials.wired import Bench, frozen_hz, is_dark, know_field, run, without_wires


def know_pulses(bench: Bench) -> None:
    """Calibrate the lock and the quarter turn from the truth, as good runs of `align` and `rabi` would."""
    put, kept = bench.lab.calibration.put, bench.lab.calibration
    bench.lab.magnet.ramp_to(tuple(kept.get(f"field.{name}_a").value for name in ("x", "y", "main")))
    along, across = bench.twin.field_mt(0)
    exchange_hz = bench.twin.g_rad_per_s / (2 * np.pi)
    put("field.f_plus_hz", bench.twin.lines(float(along[0]), across).plus_hz[0] + exchange_hz, 1e3)
    put("shift.a", -0.1, 0.0)
    put("microwave.frozen_hz", frozen_hz(bench, -0.1), 1e3)
    put("microwave.pi_half_ns", 200.0, 0.2)
    put("microwave.pi_half_dbm", 20 * np.log10(1.25 / bench.twin.sample.microwave.rabi_mhz_at_0dbm), 0.01)


@pytest.mark.parametrize(
    ("seed", "sample"),
    [
        (1, {}),
        (2, {"c13_percent": 0.8, "bath": {"cr_half_width_khz": 140.0}, "optics": {"contrast": 0.2}}),
        (3, {"nitrogen": "none", "bath": {"cr_half_width_khz": 70.0}}),
    ],
)
def test_rate_width_and_place_of_the_dip(seed, sample):
    with without_wires(seed, **sample) as bench:
        know_field(bench)
        know_pulses(bench)
        true = bench.twin.sample
        plan = RelaxometryPlan(nitrogen=true.nitrogen)
        began_s = bench.lab.clock.now()
        result, _ = run(relaxometry(bench.lab, plan))
        rate = GAMMA_1_PER_S * true.c13_percent / 1.1
        assert result.rate_per_s == pytest.approx(rate, abs=4 * result.rate_per_s_err)
        assert result.half_width_khz == pytest.approx(true.bath.cr_half_width_khz, abs=4 * result.half_width_khz_err)
        resonance = cross_relaxation_fields_mt(nitrogen=true.nitrogen == "14N")[0]
        assert result.resonance_field_mt == pytest.approx(resonance, abs=4 * result.resonance_field_mt_err)
        assert result.rate_per_s_err < 0.05 * rate
        assert result.half_width_khz_err < 0.06 * true.bath.cr_half_width_khz
        assert result.resonance_field_mt_err < 5e-4
        assert bench.lab.calibration.get("cr.rate_per_s").value == result.rate_per_s
        assert bench.lab.calibration.get("cr.half_width_khz").error == result.half_width_khz_err
        assert bench.lab.clock.now() - began_s < 12 * 60.0
        assert is_dark(bench)


def test_the_magnet_returns_to_the_calibrated_field_and_a_wrong_one_is_told():
    with without_wires(4) as bench:
        know_field(bench)
        know_pulses(bench)
        put, kept = bench.lab.calibration.put, bench.lab.calibration
        put("field.main_a", kept.get("field.main_a").value + 3e-5, 1e-6)
        put("field.resonance_mt", kept.get("field.resonance_mt").value + 3.3e-3, 1e-4)
        put("field.f_plus_hz", kept.get("field.f_plus_hz").value + 28e3 * 3.3, 1e3)
        run(relaxometry(bench.lab, RelaxometryPlan()))
        assert bench.lab.magnet.currents()[2] == pytest.approx(kept.get("field.main_a").value, abs=2e-6)
        assert any("run align again" in note for note in bench.lab.notes)


def test_missing_calibrations_name_their_run():
    with without_wires(5) as bench:
        with pytest.raises(SequenceError, match="labctl run align"):
            run(relaxometry(bench.lab, RelaxometryPlan()))
        know_field(bench)
        know_pulses(bench)
        del bench.lab.calibration.values["microwave.frozen_hz"]
        with pytest.raises(SequenceError, match="labctl run rabi"):
            run(relaxometry(bench.lab, RelaxometryPlan()))
        assert is_dark(bench)
