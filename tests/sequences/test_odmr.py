"""odmr finds both lines of the twin and reads the field off them."""

import numpy as np
import pytest

from sequences.odmr import OdmrPlan, odmr
from sequences.results import SequenceError
from tools.trials.wired import Bench, is_dark, know_field, run, without_wires


def assert_true(bench: Bench, result):
    along, across = bench.twin.field_mt(0)
    lines = bench.twin.lines(float(along[0]), across)
    exchange_hz = bench.twin.g_rad_per_s / (2 * np.pi)  # raises the line of a pair driven as one
    for seen, error, true in zip(
        result.resonances_hz, result.resonances_err_hz, (abs(lines.minus_hz[0]), lines.plus_hz[0]), strict=True
    ):
        assert seen == pytest.approx(true + exchange_hz, abs=4 * error)
    assert result.field_mt == pytest.approx(np.hypot(along[0], across), abs=4 * result.field_mt_err)
    tilt = np.degrees(np.arctan2(across, along[0]))
    assert result.tilt_deg == pytest.approx(tilt, abs=4 * result.tilt_deg_err)


@pytest.mark.parametrize(
    ("seed", "sample", "plan", "field_mt", "tilt_err_deg"),
    [
        (1, {}, OdmrPlan(), 5.05, 2.0),
        (1, {}, OdmrPlan(method="raster"), 5.05, 2.0),
        (2, {}, OdmrPlan(field_mt=30.0), 30.2, 0.1),
        (2, {}, OdmrPlan(method="raster", field_mt=30.0), 30.2, 0.1),
        (3, {"nitrogen": "none", "optics": {"contrast": 0.15}}, OdmrPlan(), 5.05, 2.0),
        (3, {"nitrogen": "none", "optics": {"contrast": 0.15}}, OdmrPlan(method="raster"), 5.05, 2.0),
    ],
)
def test_a_fresh_bench_shows_its_field(seed, sample, plan, field_mt, tilt_err_deg):
    with without_wires(seed, **sample) as bench:
        result, points = run(odmr(bench.lab, plan))
        assert_true(bench, result)
        assert result.field_mt == pytest.approx(field_mt, abs=0.3)
        assert result.field_mt_err < 0.01
        assert result.tilt_deg_err < tilt_err_deg
        narrowest_hz = 0.3e6 if plan.method == "raster" else 0.15e6  # the adaptive one lowers its power on the way
        assert narrowest_hz < result.linewidth_hz < 1.5e6
        assert result.contrast > 5 * result.contrast_err
        assert len(points) < (400 if plan.method == "raster" else 150)  # three sweeps of either line
        assert is_dark(bench)


def test_more_green_light_is_brighter_and_makes_the_lines_broader_and_less_deep():
    found = []
    for share in (0.02, 1.0):
        with without_wires(1) as bench:
            found.append(run(odmr(bench.lab, OdmrPlan(method="raster", sweeps=1, pump_efficiency=share)))[0])
            assert is_dark(bench)
    dim, bright = found
    assert bright.linewidth_hz - dim.linewidth_hz > 3.0 * np.hypot(bright.linewidth_hz_err, dim.linewidth_hz_err)
    assert dim.contrast - bright.contrast > 3.0 * np.hypot(dim.contrast_err, bright.contrast_err)
    assert bright.contrast_err < 0.5 * dim.contrast_err


def test_the_present_field_is_kept_where_there_is_one():
    with without_wires(4) as bench:
        know_field(bench)
        kept = bench.lab.calibration
        currents = tuple(kept.get(f"field.{name}_a").value for name in ("x", "y", "main"))
        bench.lab.magnet.ramp_to(currents)
        result, _ = run(odmr(bench.lab, OdmrPlan()))
        assert_true(bench, result)
        assert result.field_mt == pytest.approx(102.4755, abs=5e-3)
        assert bench.lab.magnet.currents() == pytest.approx(currents, abs=2e-6)


def test_without_microwave_it_says_what_was_seen():
    with without_wires(5, microwave={"rabi_mhz_at_0dbm": 1e-6}) as bench:
        with pytest.raises(SequenceError, match=r"No ODMR dip for f- within .* MHz, and none at all"):
            run(odmr(bench.lab, OdmrPlan()))
        assert is_dark(bench)
