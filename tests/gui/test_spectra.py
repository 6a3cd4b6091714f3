"""Spectra out of a stream of points: each function against the same thing done point by point."""

import numpy as np
import pytest

from labctl.gui.panels.spectra import (
    FAR_HZ,
    NO_POINTS,
    fitted,
    lines_between,
    looks,
    mean_spectrum,
    spectrum_points,
    stretches,
    waterfall,
)

GRID = 2.73e9 + 0.25e6 * np.arange(40)
LINE = {"centre_hz": 2.735e9, "linewidth_hz": 8e5, "contrast": 0.12, "level": 0.99}


def swept(sweeps=5, seed=3):
    """`sweeps` sweeps over a grid, with their errors."""
    rng = np.random.default_rng(seed)
    n = len(GRID) * sweeps
    return {
        "frequency_hz": np.tile(GRID, sweeps),
        "signal": 1.0 + 0.01 * rng.standard_normal(n),
        "signal_err": rng.uniform(0.005, 0.02, n),
        "sweep": np.repeat(np.arange(1.0, sweeps + 1.0), len(GRID)),
    }


def test_the_mean_at_each_frequency_is_weighted_by_the_errors():
    table = swept()
    mean = mean_spectrum(spectrum_points(table))
    np.testing.assert_allclose(mean.frequency_hz, GRID)
    for k, frequency in enumerate(GRID):
        here = table["frequency_hz"] == frequency
        weight = table["signal_err"][here] ** -2
        assert mean.signal[k] == pytest.approx(np.average(table["signal"][here], weights=weight), rel=1e-12)
        assert mean.error[k] == pytest.approx(weight.sum() ** -0.5, rel=1e-12)
    assert (mean.times == 5).all()
    assert mean.even


def test_without_all_errors_the_mean_is_plain_and_its_error_unknown():
    table = swept()
    table["signal_err"][7] = np.nan
    mean = mean_spectrum(spectrum_points(table))
    np.testing.assert_allclose(mean.signal, table["signal"].reshape(5, -1).mean(axis=0))
    assert np.isnan(mean.error).all()


def test_more_frequencies_than_a_picture_has_columns_are_gathered_and_none_is_lost():
    frequency = np.random.default_rng(1).uniform(2.7e9, 2.71e9, 20_000)
    table = {"frequency_hz": frequency, "signal": frequency * 1e-9, "signal_err": np.full(20_000, 0.1)}
    mean = mean_spectrum(spectrum_points(table))
    assert len(mean) <= 601
    assert mean.times.sum() == 20_000
    assert np.all(np.diff(mean.frequency_hz) > 0)
    np.testing.assert_allclose(mean.signal, mean.frequency_hz * 1e-9)
    assert not mean.even


def test_rows_without_a_signal_are_left_out_and_part_the_looks():
    nan = np.nan
    table = {
        "frequency_hz": np.array([1e9, 1.001e9, nan, 1e9, 1.001e9, 3e9, 3.001e9]),
        "signal": np.array([1.0, 0.9, nan, 1.0, 0.8, 1.0, 0.7]),
    }
    points = spectrum_points(table)
    assert points.row.tolist() == [0, 1, 3, 4, 5, 6]
    assert [points.row[part].tolist() for part in looks(points)] == [[0, 1], [3, 4], [5, 6]]
    assert not len(points.in_sweeps)


def test_stretches_are_parted_by_wide_gaps_only():
    frequency = np.concatenate([GRID, GRID + 280e6, GRID + 3e9])
    np.random.default_rng(2).shuffle(frequency)
    assert stretches(frequency) == [(f, f + GRID[-1] - GRID[0]) for f in GRID[0] + np.array([0.0, 280e6, 3e9])]
    assert len(stretches(np.array([1e9, 1e9 + 0.9 * FAR_HZ]))) == 1
    assert stretches(np.zeros(0)) == []


def test_a_waterfall_has_a_row_for_each_sweep_and_gaps_where_nothing_was_measured():
    table = swept()
    table["signal"][3] = np.nan
    found = waterfall(spectrum_points(table))
    assert found is not None
    assert found.image.shape == (len(GRID), 5)
    np.testing.assert_allclose(found.image.T.ravel(), table["signal"])
    assert (found.first, found.last) == (0.5, 5.5)
    assert found.low_hz == pytest.approx(GRID[0] - 0.125e6)
    assert found.high_hz == pytest.approx(GRID[-1] + 0.125e6)


def test_a_night_of_sweeps_still_makes_a_small_image():
    sweep = np.repeat(np.arange(1.0, 1001.0), 3)
    frequency = np.tile(GRID[:3], 1000)
    found = waterfall(spectrum_points({"frequency_hz": frequency, "signal": sweep, "sweep": sweep}))
    assert found is not None
    assert found.image.shape == (3, 200)
    np.testing.assert_allclose(found.image[0], np.arange(1.0, 1001.0).reshape(200, 5).mean(axis=1))


def test_nothing_makes_nothing():
    assert spectrum_points({"signal": np.ones(3)}) is NO_POINTS
    assert len(mean_spectrum(NO_POINTS)) == 0
    assert looks(NO_POINTS) == []
    assert waterfall(NO_POINTS) is None


def test_a_fitted_line_is_drawn_from_what_the_fit_says():
    curve = fitted(np.array([2.735e9, 2.735e9 + 4e5, 2.9e9]), LINE)
    assert curve is not None
    np.testing.assert_allclose(curve, [0.99 * 0.88, 0.99 * 0.94, 0.99], atol=1e-5)
    assert fitted(GRID, {**LINE, "contrast": None}) is None
    assert fitted(GRID, {}) is None


def test_lines_belong_to_the_range_they_lie_in():
    lines = [LINE, {**LINE, "centre_hz": 3.01e9}, {"name": "f-"}]
    assert lines_between(lines, GRID[0], GRID[-1]) == [LINE]
