"""What odmr says while it sweeps: each line ever better, and the fit that its last estimate draws."""

import numpy as np
import pytest
from support.estimates import assert_ends_as, followed

from sequences.analysis.odmr.line_fit import line_curve
from sequences.odmr import OdmrPlan, odmr
from tools.trials.wired import without_wires

SWEEPS = 4


@pytest.fixture(scope="module")
def seen():
    with without_wires(seed=5) as bench:
        return followed(odmr(bench.lab, OdmrPlan(method="raster", sweeps=SWEEPS)))


def swept(seen, sweep):
    """(points, 3): frequency, signal and its error of one sweep of the line that was swept first."""
    rows = [p for p in seen.points if p.get("sweep") == sweep]
    half = len(rows) // 2
    return np.array([[p["frequency_hz"], p["signal"], p["signal_err"]] for p in rows])[:half]


def test_the_last_estimate_is_the_result(seen):
    assert_ends_as(seen)


def test_every_sweep_is_recorded_over_the_same_frequencies(seen):
    sweeps = seen.column("sweep")
    assert {*sweeps} == {0.0, 1.0, 2.0, 3.0}
    first = swept(seen, 0)
    for sweep in range(1, SWEEPS):
        np.testing.assert_array_equal(swept(seen, sweep)[:, 0], first[:, 0])


def test_each_sweep_sharpens_the_line(seen):
    errors = [lines[0]["centre_hz_err"] for lines in seen.course("lines") if len(lines) == 1][-SWEEPS:]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.75 * errors[0]


def test_the_lines_of_the_last_estimate_go_through_the_mean_of_all_sweeps(seen):
    first, second = seen.estimates[-1]["lines"]
    assert {first["name"], second["name"]} == {"f-", "f+"}
    assert first["centre_hz"] in seen.result.resonances_hz
    sweeps = np.array([swept(seen, sweep) for sweep in range(SWEEPS)])
    mean, error = sweeps[:, :, 1].mean(axis=0), sweeps[:, :, 2].mean(axis=0) / SWEEPS**0.5
    pulls = (line_curve(sweeps[0, :, 0], first) - mean) / error
    assert np.mean(pulls**2) < 1.7


def test_the_time_of_a_point_is_shared_among_its_sweeps():
    spent = []
    for sweeps in (1, 5):
        with without_wires(seed=5) as bench:
            followed(odmr(bench.lab, OdmrPlan(method="raster", sweeps=sweeps)))
            spent.append(bench.lab.clock.now())
    assert spent[1] == pytest.approx(spent[0], rel=0.02)
