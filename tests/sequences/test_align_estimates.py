"""align says while it runs where the field is, and how the dip looks so far."""

import numpy as np
import pytest
from support.estimates import assert_ends_as, followed

from sequences.align import AlignPlan, align
from sequences.analysis.relaxation import surviving_curve
from tools.trials.wired import without_wires


@pytest.fixture(scope="module")
def seen():
    """A run, and the truth about the NV axis."""
    with without_wires(11) as bench:
        return followed(align(bench.lab, AlignPlan())), bench.twin.sample.nv_axis


def test_the_last_estimate_is_the_result(seen):
    assert_ends_as(seen[0])


def test_the_field_is_known_ever_better_on_the_way_to_the_resonance(seen):
    fields = seen[0].course("field_mt", "field_mt_err")
    assert len(fields) > 30
    assert fields[0][0] == pytest.approx(5.5, abs=0.5)
    assert fields[-1][0] == pytest.approx(seen[0].result.field_mt)
    assert fields[-1][1] < 0.1 * fields[0][1]
    shown = [along for (along, _), resonance in zip(fields, seen[0].course("resonance"), strict=True) if resonance]
    points = seen[0].column("along_mt")
    assert shown[: len(points)][0] == pytest.approx(points[0])


def test_the_components_across_make_up_what_is_across(seen):
    for estimate in seen[0].estimates:
        if "across_ut" in estimate and estimate["resonance"] == "expected":
            error = np.linalg.norm(estimate["across_ut_err"])
            assert abs(np.linalg.norm(estimate["across_ut"]) - estimate["transverse_ut"]) < 2 * error
    errors = [np.linalg.norm(e["across_ut_err"]) for e in seen[0].estimates if "across_ut" in e]
    assert errors[-1] < 0.01 * errors[0]


def test_the_detuning_is_from_where_the_resonance_is_expected_until_it_is_found(seen):
    which = seen[0].course("resonance")
    assert which[0] == "expected"
    assert which[-1] == "measured"
    assert which == sorted(which)
    expected = [d for d, r in seen[0].course("detuning_khz", "resonance") if r == "expected"]
    assert expected[0] == pytest.approx(2870e3 - 28e3 * 5.5, rel=0.01)
    assert abs(expected[-1]) < 60.0
    assert abs(seen[0].course("detuning_khz")[-1]) < 20.0


def test_the_axis_is_seen_in_the_frame_of_the_coils(seen):
    followed_run, axis = seen
    last = followed_run.estimates[-1]
    assert last["axis_tilt_deg"] == pytest.approx(axis.tilt_deg, abs=1.0)
    assert last["axis_azimuth_deg"] == pytest.approx(axis.azimuth_deg, abs=30.0)
    assert last["nitrogen"] is True


def test_every_line_is_told(seen):
    names = [lines[0]["name"] for lines in seen[0].course("lines")]
    assert {"f-", "f+", "f- while frozen"} == set(names)


def test_the_looks_at_the_field_are_points(seen):
    times, seen_ut, errors = (seen[0].column(name) for name in ("lock_s", "lock_ut", "lock_err_ut"))
    assert len(times) >= 4
    assert np.all(np.diff(times) > 0)
    assert np.all(np.abs(seen_ut) < 3.0)
    assert np.all((errors > 0) & (errors < 0.5))  # up to twice as large where the points misfit
    assert np.median(errors) < 0.25


def test_the_curve_goes_through_the_points_of_the_dip(seen):
    dips = seen[0].course("dip")
    assert len(dips) >= 6
    assert dips[-1]["centre_ut_err"] < dips[0]["centre_ut_err"]
    offset, contact, left, error = (
        seen[0].column(name) for name in ("offset_ut", "contact_us", "surviving", "surviving_err")
    )
    dip = dips[-1]
    for contact_us in np.unique(contact):
        at = contact == contact_us
        off = (left[at] - surviving_curve(offset[at], contact_us, dip)) / error[at]
        assert np.sqrt(np.mean(off**2)) < 2.5
    bottom = surviving_curve(np.array([dip["centre_ut"], dip["centre_ut"] + 1e4]), 4.0, dip)
    assert bottom[0] < 0.5 * bottom[1] == pytest.approx(0.5 * dip["inversion"], rel=1e-2)
