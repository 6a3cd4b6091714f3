"""What align and odmr say when a line is missing on a bench whose main coil and NV axis are as they should be."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sequences.align import AlignPlan, align
from sequences.odmr import OdmrPlan, odmr
from sequences.results import Point, SequenceError
from tools.trials.wired import Bench, is_dark, know_field, without_wires

STRONG_MT_PER_A = 150.0
LOOK_HZ = (2.6e9, 3.14e9)
"""Both ends of the wide look are beyond these."""


def refusal(stream) -> tuple[SequenceError, list[Point]]:
    """How the sequence ends, and its points until then."""
    points = []
    try:
        points.extend(event for event in stream if isinstance(event, Point))
    except SequenceError as ended:
        return ended, points
    pytest.fail("nothing was refused")


def aligned_elsewhere(bench: Bench, off_a: float) -> None:
    """Calibrate the field from the truth, but with so much too much current in the main coil."""
    know_field(bench)
    kept = bench.lab.calibration
    kept.put("field.main_a", kept.get("field.main_a").value + off_a, 1e-6)


def test_a_field_that_is_not_the_calibrated_one_sends_align_back_to_the_start():
    with without_wires(3) as bench:
        aligned_elsewhere(bench, -0.02)
        ramps, ramp_to = [], bench.lab.magnet.ramp_to
        bench.lab.magnet.ramp_to = lambda currents_a: (ramps.append(currents_a), ramp_to(currents_a))
        ended, points = refusal(align(bench.lab, AlignPlan()))
        assert is_dark(bench)
        assert "No ODMR dip for f+" in ended.what
        assert "coil and axis are as they should be" in ended.what
        assert "from_scratch=true" in ended.remedy
        truth_mt = float(np.linalg.norm(np.array(bench.twin.sample.coil_matrix_mt_per_a)[:, 2])) * 0.05
        assert abs(ended.seen["field_mt"] - truth_mt) < 0.06 + 4.0 * ended.seen["field_mt_err"]
        swept = [point.values["frequency_hz"] for point in points if "frequency_hz" in point.values]
        assert min(f for f in swept if f > 1e9) < LOOK_HZ[0]
        assert any(LOOK_HZ[1] < f < 3.2e9 for f in swept)
        sought, *looked, _ = ramps
        assert sought[2] > 0.5 > max(main_a for _, _, main_a in looked)
        assert np.array(bench.lab.magnet.currents()) == pytest.approx(sought, abs=1e-5)  # back from the look


def test_odmr_at_a_field_that_is_not_the_calibrated_one_leaves_the_magnet_as_it_was():
    with without_wires(4) as bench:
        aligned_elsewhere(bench, 0.02)
        before = (0.01, -0.02, 0.9)
        bench.lab.magnet.ramp_to(before)
        ended, _ = refusal(odmr(bench.lab, OdmrPlan()))
        assert is_dark(bench)
        assert "coil and axis are as they should be" in ended.what
        assert "from_scratch=true" in ended.remedy
        assert np.array(bench.lab.magnet.currents()) == pytest.approx(before, abs=1e-5)


def test_a_dead_trim_is_told_from_a_turned_axis():
    with without_wires(5, coil_matrix_mt_per_a=((0.0, 0.5, 0.4), (0.0, 39.7, -0.7), (0.0, 0.3, 110.6))) as bench:
        ended, _ = refusal(align(bench.lab, AlignPlan()))
        assert is_dark(bench)
        assert "do not fit one linear magnet" in ended.what
        made, guess = re.search(r"trim x ([\d.]+) \((\d+)\)", ended.what).groups()
        assert float(made) < 0.5 * float(guess)
        assert "Check the trim coils' leads" in ended.remedy


@pytest.mark.parametrize("method", ["adaptive", "raster"])
def test_a_line_that_the_source_cannot_make(method):
    with without_wires(
        6, coil_matrix_mt_per_a=((40.0, 0.0, 0.0), (0.0, 40.0, 0.0), (0.0, 0.0, STRONG_MT_PER_A))
    ) as bench:
        matrix = ((40.0, 0.0, 0.0), (0.0, 40.0, 0.0), (0.0, 0.0, STRONG_MT_PER_A))
        lab = replace(bench.lab, guesses=bench.lab.guesses.model_copy(update={"coil_matrix_mt_per_a": matrix}))
        lab.magnet.ramp_to((0.0, 0.0, 0.9))
        ended, _ = refusal(odmr(lab, OdmrPlan(method=method)))
        assert is_dark(bench)
        assert "outside the 1 to 6070 MHz that the microwave source makes" in ended.what
        expected_mhz, error_mhz = map(float, re.search(r"at ([\d.]+)\(±([\d.]+)\) MHz", ended.what).groups())
        along_mt, across_mt = bench.twin.field_mt()
        truth_hz = float(bench.twin.lines(float(along_mt[0]), across_mt).plus_hz[0])
        assert abs(expected_mhz - 1e-6 * truth_hz) < 3.0 * error_mhz
