"""A survey learns line by line, looks twice at what surprises it, and takes what it knows to the next run."""

from dataclasses import replace

import pytest

from sequences.routines.magnet import survey
from sequences.routines.magnet.first_line import first_light
from sequences.routines.magnet.magnet_memory import from_calibration, keep
from sequences.routines.odmr.spectroscopy import stored_tracker
from tools.trials.wired import know_field, run, without_wires

NEAR_MT = 101.5
OFF_HZ = 3e5


@pytest.fixture
def bench():
    with without_wires(8) as bench:
        know_field(bench)
        yield bench


@pytest.fixture
def known(bench):
    """A survey that knows the field near the resonance."""
    known = from_calibration(bench.lab)
    run(first_light(known, True, known.model.currents_for(NEAR_MT), "auto"))
    for bent in ((0.0, 0.0), (0.2, 0.0), (0.0, 0.2)):
        run(known.visit(known.model.currents_for(NEAR_MT, bent)))
    return known


def spoiled(monkeypatch, looks):
    """So many of the next looks at a line are wrong by as much."""
    real, left = survey.track_line, [looks]

    def look(*args, **also):
        fit = yield from real(*args, **also)
        left[0] -= 1
        return replace(fit, centre_hz=fit.centre_hz + OFF_HZ) if left[0] >= 0 else fit

    monkeypatch.setattr(survey, "track_line", look)


def minus_hz(bench):
    along, across = bench.twin.field_mt()
    return abs(float(bench.twin.lines(float(along.mean()), across).minus_hz[0]))


def test_an_outlier_is_measured_again_and_forgotten(bench, known, monkeypatch):
    before = len(known.seen)
    spoiled(monkeypatch, 1)
    run(known.visit(known.model.currents_for(NEAR_MT), "-"))
    assert len(known.seen) == before + 1
    assert known.seen[-1].frequency_hz == pytest.approx(minus_hz(bench), abs=4e4)
    assert known.model.chi2 / known.model.lines < 2.0


def test_a_surprise_that_stands_a_second_look_is_kept(known, monkeypatch):
    before, here = len(known.seen), known.model.currents_for(NEAR_MT)
    expected_hz = float(known.model.lines_hz(here)[0][0])
    spoiled(monkeypatch, 2)
    run(known.visit(here, "-"))
    assert len(known.seen) == before + 2
    assert [line.frequency_hz for line in known.seen[-2:]] == pytest.approx([expected_hz + OFF_HZ] * 2, abs=4e4)


def test_the_next_run_expects_what_this_one_saw(bench, known):
    assert stored_tracker(bench.lab, 1e4) is None
    keep(known)
    again, tracker = from_calibration(bench.lab), stored_tracker(bench.lab, 1e4)
    here = known.model.currents_for(NEAR_MT)
    assert again.model.lines_hz(here)[1][0] == pytest.approx(known.model.lines_hz(here)[1][0], abs=1.0)
    assert again.now.errors_mt(here)[0] > 10 * known.now.errors_mt(here)[0]  # the field may have drifted since
    assert (tracker.width_0dbm_hz, tracker.contrast) == (known.tracker.width_0dbm_hz, known.tracker.contrast)
    assert tracker.counts_per_s == 1e4


def test_a_model_left_alone_expects_less(bench, known):
    here = known.model.currents_for(NEAR_MT)
    soon = known.expected(True, here).error_hz
    bench.lab.clock.sleep(7200.0)
    assert known.expected(True, here).error_hz > 2 * soon
