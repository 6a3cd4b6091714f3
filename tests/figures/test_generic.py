"""The figure of an experiment that has none: its columns say what is drawn against what, and how scans go together."""

from io import BytesIO

import numpy as np
import pytest

from labctl.figures import draw
from labctl.figures.series import Means, complete, panels
from sequences.results import Column

X = Column("delay_us", "delay", "us")
Y = Column("power_mw", "power", "mW")
SIGNAL = Column("signal", "signal / reference", "", ("delay_us",))
SIGNAL_ERR = Column("signal_err", "its shot noise", "", ("delay_us",))
MAP = Column("counts", "counts", "", ("delay_us", "power_mw"))


def scans(count, size=11, noise=0.01):
    """The same delays again and again; the values of a scan are all the same, those of the next are 1 more."""
    x = np.tile(np.linspace(0.0, 5.0, size), count)
    return {"delay_us": x, "signal": np.repeat(np.arange(float(count)), size), "signal_err": np.full(len(x), noise)}


def said(figure):
    axes = figure.axes[0]
    return axes.get_xlabel(), axes.get_ylabel(), axes.get_legend_handles_labels()[1]


def test_one_setpoint_is_a_curve_with_error_bars_and_labelled_axes():
    figure = draw("of somebody", scans(1), {}, (X, SIGNAL, SIGNAL_ERR))
    assert said(figure) == ("delay (µs)", "signal / reference", [])
    (bars,) = figure.axes[0].containers
    np.testing.assert_allclose(bars[0].get_xdata(), np.linspace(0.0, 5.0, 11))
    np.testing.assert_allclose(np.ptp(bars[2][0].get_segments()[3], axis=0)[1], 0.02)
    assert figure.get_suptitle() == "of somebody"
    figure.savefig(BytesIO(), format="png", dpi=40)


def test_without_a_column_of_errors_there_are_no_bars():
    figure = draw("of somebody", scans(1), {}, (X, SIGNAL))
    assert figure.axes[0].containers[0][2] == ()


def test_scans_are_meaned_with_the_weights_of_their_errors_and_the_newest_stands_beside():
    points = scans(3)
    points["signal_err"] = np.repeat([0.1, 0.1, 0.2], 11)
    figure = draw("of somebody", points, {}, (X, SIGNAL, SIGNAL_ERR))
    assert said(figure)[2] == ["newest scan", "mean of 3 scans"]
    (line,) = complete(panels((X, SIGNAL, SIGNAL_ERR))[0], points).lines()
    np.testing.assert_allclose(line.y, (0.0 * 100 + 1.0 * 100 + 2.0 * 25) / 225)
    np.testing.assert_allclose(line.error, 1.0 / 15.0)


def test_a_scan_ends_where_a_value_comes_again_whichever_way_it_goes():
    there_and_back = np.concatenate([np.arange(5.0), np.arange(4.0, -1.0, -1.0)])
    means = complete(panels((X, SIGNAL))[0], {"delay_us": there_and_back, "signal": np.arange(10.0)})
    assert means.scans == 2
    assert means.newest_scan().y.tolist() == [9.0, 8.0, 7.0, 6.0, 5.0]


def test_points_that_come_one_by_one_make_the_same_means_as_all_at_once():
    panel, points = panels((X, SIGNAL, SIGNAL_ERR))[0], scans(4)
    one_by_one = Means(panel)
    for k in range(len(points["delay_us"])):
        one_by_one.add({name: values[k : k + 1] for name, values in points.items()})
    (line,), (at_once,) = one_by_one.lines(), complete(panel, points).lines()
    np.testing.assert_array_equal(line.y, at_once.y)
    np.testing.assert_array_equal(line.error, at_once.error)
    assert one_by_one.scans == 4


def grid(powers):
    x, y = np.meshgrid(np.arange(8.0), powers, indexing="ij")
    return {"delay_us": x.ravel(), "power_mw": y.ravel(), "counts": (10.0 * x + y).ravel()}


def test_few_values_of_one_of_two_setpoints_are_a_family_of_curves():
    figure = draw("of somebody", grid([1.0, 2.0, 5.0]), {}, (X, Y, MAP))
    assert said(figure) == ("delay (µs)", "counts", ["power 1 mW", "power 2 mW", "power 5 mW"])


def test_many_values_of_two_setpoints_are_an_image_true_to_scale():
    powers = np.geomspace(1.0, 100.0, 10)
    figure = draw("of somebody", grid(powers), {}, (X, Y, MAP))
    assert said(figure)[:2] == ("delay (µs)", "power (mW)")
    image = complete(panels((X, Y, MAP))[0], grid(powers)).image()
    assert image.values.shape == (8, 10)
    assert image.values[3, 4] == pytest.approx(30.0 + powers[4])
    even = image.even()
    below = image.y_edges[0] + (np.arange(even.shape[1]) + 0.5) / even.shape[1] * np.ptp(image.y_edges)
    at = int(np.argmin(np.abs(below - 80.0)))
    assert even[0, at] == image.values[0, np.searchsorted(image.y_edges, below[at]) - 1]


def test_what_was_measured_against_nothing_stands_at_its_number():
    figure = draw("of somebody", {"counts": np.array([3.0, 4.0, 5.0])}, {}, (Column("counts", "counts", ""),))
    assert said(figure)[:2] == ("number of the point", "counts")


def test_points_of_several_kinds_go_each_to_its_picture():
    nan = np.nan
    points = {"delay_us": [1.0, 2.0, nan], "signal": [0.1, 0.2, nan], "lit": [nan, nan, 1.0], "cps": [nan, nan, 7.0]}
    columns = (X, SIGNAL, Column("lit", "light", ""), Column("cps", "rate", "1/s", ("lit",)))
    figure = draw("of somebody", {name: np.array(values) for name, values in points.items()}, {}, columns)
    assert [axes.get_ylabel() for axes in figure.axes] == ["signal / reference", "rate (1/s)"]


def test_the_title_says_what_came_out():
    result = {"rate_per_s": 1234.0, "rate_per_s_err": 12.0, "steps": 7}
    assert draw("of somebody", scans(1), result, (X, SIGNAL)).get_suptitle() == "of somebody · rate 1234 ± 12 1/s"


def test_without_points_there_is_no_figure():
    assert draw("of somebody", {}, {}, (X, SIGNAL)) is None
    assert draw("of somebody", {"delay_us": np.array([np.nan]), "signal": np.array([1.0])}, {}, (X, SIGNAL)) is None
