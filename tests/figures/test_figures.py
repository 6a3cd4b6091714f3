"""Figures say what the run found, stand what it left out, and render without a display."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib import pyplot
from support.examples import EXAMPLES, EXAMPLES_MORE

from labctl.common.numbers import quoted
from labctl.figures import draw
from labctl.figures.columns import error_of, measured, named
from sequences.core.discovery import EXPERIMENTS
from sequences.core.experiment import GENERIC

SEQUENCES = [name for name in EXPERIMENTS.ours if EXPERIMENTS[name].figure != GENERIC]
"""Those with a figure of their own."""


def words(figure):
    """Everything written on the figure."""
    texts = [axes.get_title() for axes in figure.axes]
    texts += [t for axes in figure.axes for t in (axes.get_xlabel(), axes.get_ylabel())]
    texts += [label for axes in figure.axes for label in axes.get_legend_handles_labels()[1]]
    return " | ".join([figure.get_suptitle(), *texts, figure.get_supxlabel()])


def rendered(figure):
    file = BytesIO()
    figure.savefig(file, format="png", dpi=40)
    return file.getvalue()


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_renders_without_pyplot(sequence):
    points, result = EXAMPLES[sequence]()
    assert rendered(draw(sequence, points, result)).startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("sequence", "said"),
    [
        (
            "wiring",
            ["verified: pump, depletion, shift", "signal counter", "counts", "two quarter turns", "signal / reference"],
        ),
        (
            "delays",
            [
                "pump 452.1 ± 1.3 ns",
                "rise 41.0 ± 2.0 ns",
                "microwave 31.0 ± 1.8 ns",
                "depletion, line down",
                "count rate (kcps)",
                "gradient",
                "signal / reference",
            ],
        ),
        (
            "calibrate",
            [
                "cross-talk 0.1160 ± 0.0020",
                "χ² 1.04 per degree of freedom, p = 0.31",
                "F 0.9480 ± 0.0040 | 0.9510 ± 0.0050",
                "spread 74.1 ± 1.2 | 75.8 ± 1.4 kHz",
                "m_I = +1: 0.9620 ± 0.0030",
                "negative 0.750 ± 0.010 | 0.740 ± 0.010",
                "photons a shot",
                "(measured − fitted) / σ",
            ],
        ),
        ("odmr", ["2732.167 ± 0.021", "4.9234 mT", "frequency (MHz)", "lines found"]),
        ("rabi", ["1.2510 ± 0.0030 MHz", "1.94 dBm", "π/2 = 200 ns", "pulse length (ns)"]),
        ("locate", ["13.50 ± 0.40 nm", "x (nm)", "y (nm)"]),
        ("align", ["B⊥ = 1.10 ± 0.30 µT", "102.4755 mT", "|δ| (kHz)", "after contact"]),
        ("relaxometry", ["240.0 ± 2.0 × 10³/s", "100.0 ± 3.0 kHz", "(µT)", "without contact", "after contact"]),
        ("cool", ["right: 0.9680 ± 0.0060", "build-up 0.11 ms", "time (ms)"]),
        ("tomography", ["after 5.5 µs", "95 %: 0.045 … 0.075", "imaginary part"]),
        (
            "engine",
            [
                *(
                    "6.8 σ",
                    "expected: 7.2 σ",
                    "best: 5.5 µs",
                    "expected at 5.5 µs",
                    "evolution time (µs)",
                    "model, ±1 σ",
                ),
                *("95 %", "real part of ρ at 5.5 µs", "signed concurrence +0.062(±0.009)"),
            ],
        ),
    ],
)
def test_says_what_was_found(sequence, said):
    text = words(draw(sequence, *EXAMPLES[sequence]()))
    assert [phrase for phrase in said if phrase not in text] == []


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_stands_anything_missing(sequence):
    """Each column and each key left out in turn, and any point that lacks a column."""
    points, result = EXAMPLES[sequence]()
    assert draw(sequence, {}, {}) is None
    less = [({k: v for k, v in points.items() if k != gone}, result) for gone in points]
    less += [(points, {k: v for k, v in result.items() if k != gone}) for gone in result]
    less += [({k: np.where(np.arange(len(v)) % 3 == 0, np.nan, v) for k, v in points.items()}, result)]
    for some_points, some_result in less:
        figure = draw(sequence, some_points, some_result)
        assert figure is None or figure.axes


def test_unknown_sequence_has_no_figure():
    assert draw("spectroscopy", {}, {}) is None


def test_the_engines_density_matrix_is_that_of_the_best_time():
    points, result = EXAMPLES["engine"]()
    result["best_us"] = 7.0
    assert "real part" not in words(draw("engine", points, result))


def curve_and_band(figure):
    """Values of the model's curve, and what its band covers."""
    axes = figure.axes[0]
    (curve,) = (line for line in axes.get_lines() if line.get_label() == "model, ±1 σ")
    edges = np.concatenate([path.vertices[:, 1] for band in axes.collections for path in band.get_paths()])
    return curve.get_ydata(), edges


def test_an_engine_that_measured_nothing_shows_what_was_expected_and_why():
    points, result = EXAMPLES_MORE["unmeasured_engine"]()
    figure = draw("engine", points, result)
    said = " ".join(words(figure).split())
    assert result["why"] in said
    assert "nothing measured" in said
    assert "expected at 4.1 µs" in said
    assert "measured, ±1 σ" not in said
    assert "real part" not in said
    assert max(len(line) for line in figure.get_supxlabel().splitlines()) <= 140
    value, edges = curve_and_band(figure)
    np.testing.assert_array_equal(value, result["curve_concurrence"])
    assert edges.min() == pytest.approx(value.min() - 0.01)
    assert any(np.ptp(line.get_ydata()) == 0.0 and line.get_ydata()[0] == 0.0 for line in figure.axes[0].get_lines())


def test_the_signed_curve_goes_below_zero_where_the_state_is_not_entangled():
    value, edges = curve_and_band(draw("engine", *EXAMPLES["engine"]()))
    assert value.min() < -0.05
    assert edges.min() <= value.min() - 0.01


@pytest.mark.parametrize("name", ["old_engine", "old_calibrate"])
def test_old_runs_are_drawn(name):
    points, result = EXAMPLES_MORE[name]()
    figure = draw(name.removeprefix("old_"), points, result)
    assert rendered(figure).startswith(b"\x89PNG")
    assert "expected" not in words(figure)


def test_every_play_of_the_calibration_stands_at_its_program():
    figure = draw("calibrate", *EXAMPLES["calibrate"]())
    below = [line for line in figure.axes[1].get_lines() if len(line.get_xdata()) > 2]
    assert sum(len(line.get_xdata()) for line in below) == 120
    for line, first in zip(below, (0.0, 1.0), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.tile(np.arange(first, 30.0, 2.0), 4))


def test_odmr_dips_stand_where_the_lines_were_found():
    figure = draw("odmr", *EXAMPLES["odmr"]())
    for axes, line_mhz in zip(figure.axes, (2732.167, 3007.840), strict=True):
        curve = next(line for line in axes.get_lines() if line.get_label() == "lines found")
        assert curve.get_xdata()[np.argmin(curve.get_ydata())] == pytest.approx(line_mhz, abs=0.05)


def test_columns_are_found_by_name_then_by_pattern():
    points = {"rate_err_per_s": 0, "rate_per_s": 0, "target_field_mt": 0, "field_mt": 0}
    assert named(points, "field_mt", "*field*_mt") == "field_mt"
    assert named(points, "*field*_mt") == "target_field_mt"
    assert named(points, "*rate*") == "rate_per_s"
    assert named(points, "*_khz") is None
    assert error_of(points, "rate_per_s") == "rate_err_per_s"
    assert error_of(points, "field_mt") is None


def test_measured_sorts_and_drops_what_is_incomplete():
    nan = float("nan")
    x, y, error = measured({"x": [3.0, 1.0, 2.0], "y": [9.0, 1.0, nan], "y_err": [0.3, 0.1, 0.2]}, "x", "y")
    assert x.tolist() == [1.0, 3.0]
    assert y.tolist() == [1.0, 9.0]
    assert error.tolist() == [0.1, 0.3]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (5737.15321, 0.0042, "5737.1532 ± 0.0042 MHz"),
        (102.4, 13.0, "102 ± 13 MHz"),
        (0.5, 0.0, "0.5 MHz"),
        (1.0, None, "1 MHz"),
    ],
)
def test_errors_set_the_digits(value, error, text):
    assert quoted(value, error, "MHz") == text
