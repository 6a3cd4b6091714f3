"""A line is measured where it is, even if it was expected somewhere else, and not at all if there is none."""

from dataclasses import replace

import numpy as np
import pytest

from sequences.results import SequenceError
from sequences.routines.magnet.first_line import first_light
from sequences.routines.magnet.magnet_memory import from_nothing
from sequences.routines.odmr.tracking import track_line
from tools.trials.wired import run, without_wires

SPACING_HZ = 2.16e6


@pytest.fixture(scope="module")
def bench():
    with without_wires(11) as bench:
        yield bench


@pytest.fixture(scope="module")
def known(bench):
    """f- has been seen at 5.5 mT."""
    known = from_nothing(bench.lab)
    run(first_light(known, False, (0.0, 0.0, 0.05), "auto"))
    return known


@pytest.fixture(scope="module")
def true_hz(bench):
    """f+ of m_I = +1, of the pair driven as one."""
    along, across = bench.twin.field_mt()
    return float(bench.twin.lines(float(along[0]), across).plus_hz[0]) + bench.twin.g_rad_per_s / (2 * np.pi)


@pytest.mark.parametrize("components", [-1, 0, 1])
def test_a_triplet_is_not_taken_for_itself_one_component_further(known, true_hz, components):
    line = known.expected(True, known.seen[0].currents_a)
    wrong = replace(line, frequency_hz=true_hz + components * SPACING_HZ, error_hz=5e4)
    fit, _ = run(track_line(known.lab, wrong, known.tracker_for(1e4)))
    assert fit.centre_hz == pytest.approx(true_hz, abs=4.5 * fit.centre_err_hz)
    assert fit.centre_err_hz < 1.3e4


def test_a_line_that_walks_fast_is_not_measured_long(known, true_hz):
    line = replace(known.expected(True, known.seen[0].currents_a), frequency_hz=true_hz, error_hz=5e4)
    times = []
    for walk in (0.0, 5e3):
        began_s = known.lab.clock.now()
        fit, _ = run(track_line(known.lab, line, replace(known.tracker_for(3e3), walk_hz_per_sqrt_s=walk)))
        times.append(known.lab.clock.now() - began_s)
        assert fit.centre_hz == pytest.approx(true_hz, abs=4.5 * fit.centre_err_hz)
    assert times[1] < 0.4 * times[0]


def test_where_there_is_no_line_none_is_found(known, true_hz):
    nowhere = replace(known.expected(True, known.seen[0].currents_a), frequency_hz=true_hz + 6e7, error_hz=1e5)
    with pytest.raises(SequenceError, match="No ODMR dip for f\\+"):
        run(track_line(known.lab, nowhere, replace(known.tracker_for(1e4), longest_line_s=30.0)))
