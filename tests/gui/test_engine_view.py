"""The engine view: what is painted against the records that it was given."""

import numpy as np
import pytest

from labctl.gui.runs.record import Record, Table
from labctl.gui.views.engine import EngineView
from labctl.gui.widgets.theme import DARK, LIGHT

TIMES = [1.5, 5.4, 9.0]
KNOWN = {
    "evolution_us": TIMES,
    "concurrence": [0.021, 0.0648, 0.035],
    "concurrence_err": [0.020, 0.0102, 0.018],
    "concurrence_ci95": [[0.0, 0.06], [0.0465, 0.0872], [0.005, 0.08]],
    "predicted_concurrence": [0.02, 0.05, 0.03],
    "predicted_concurrence_err": [0.008, 0.011, 0.009],
    "populations": [[0.50, -0.01, 0.49, 0.02], [0.52, 0.03, 0.44, 0.01], [0.55, 0.03, 0.41, 0.01]],
    "populations_err": [[0.01, 0.02, 0.03, 0.04]] * 3,
    "curve_us": [0.1, 5.0, 10.0],
    "curve_concurrence": [-0.08, 0.05, 0.004],
    "curve_concurrence_err": [0.001, 0.01, 0.008],
    "curve_populations": [[0.5, 0.0, 0.5, 0.0], [0.52, 0.02, 0.45, 0.01], [0.56, 0.03, 0.4, 0.01]],
    "best_us": 5.4,
    "significance": 8.26,
    "expected": True,
    "why": "Expected after 5.4 us: signed concurrence +0.050(±0.011), the witness at 7.1 sigma after 16 h",
    "expected_us": 5.4,
    "expected_signed_concurrence": 0.05,
    "expected_signed_concurrence_err": 0.011,
    "expected_significance": 7.11,
    "photons": 4.36e8,
}
LIVE = {
    "evolution_us": 5.4,
    "concurrence": 0.07,
    "concurrence_err": 0.02,
    "concurrence_ci95": (0.03, 0.11),
    "witness": 0.02,
    "witness_err": 0.005,
    "photons": 1e7,
    "populations": (0.52, 0.03, 0.44, 0.01),
    "populations_err": (0.01, 0.02, 0.03, 0.04),
}
SURVEYED = KNOWN | {
    key: [KNOWN[key][0], KNOWN[key][2]]
    for key in ("evolution_us", "concurrence", "concurrence_err", "concurrence_ci95", "populations", "populations_err")
}


def recorded(sequence, known, parts=(), status="completed"):
    return Record(1, sequence, {}, Table([]), estimate=known, parts=list(parts), status=status, version=1)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    made = EngineView(request.param)
    qtbot.addWidget(made)
    made.resize(700, 550)
    made.show()
    return made


def test_points_intervals_model_and_predictions_are_those_of_the_result(view):
    assert view.show_run(recorded("engine", KNOWN))
    np.testing.assert_array_equal(view.points.shown, [TIMES, KNOWN["concurrence"]])
    interval, value = view.interval.opts, np.array(KNOWN["concurrence"])
    ends = np.column_stack([value - interval["bottom"], value + interval["top"]])
    np.testing.assert_allclose(ends, KNOWN["concurrence_ci95"])
    np.testing.assert_array_equal(view.points._bars.opts["top"], KNOWN["concurrence_err"])
    np.testing.assert_array_equal(view.model.shown, [KNOWN["curve_us"], KNOWN["curve_concurrence"]])
    _, low, high = view.band.shown
    np.testing.assert_allclose([low, high], [[-0.081, 0.04, -0.004], [-0.079, 0.06, 0.012]])
    np.testing.assert_array_equal(view.predicted.shown, [TIMES, KNOWN["predicted_concurrence"]])
    assert (view.best.value(), view.best.isVisible()) == (5.4, True)


def test_populations_have_their_errors_and_their_model(view):
    view.show_run(recorded("engine", KNOWN))
    for k, (curve, points) in enumerate(view.populations):
        np.testing.assert_array_equal(points.shown, [TIMES, np.array(KNOWN["populations"])[:, k]])
        np.testing.assert_array_equal(points._bars.opts["top"], np.array(KNOWN["populations_err"])[:, k])
        np.testing.assert_array_equal(curve.shown[1], np.array(KNOWN["curve_populations"])[:, k])


def test_figures_are_of_the_best_time(view):
    view.show_run(recorded("engine", KNOWN))
    texts = {name: view.figures.read(name) for name in ("C", "95 %", "significance", "expected", "photons")}
    assert texts == {
        "C": "0.065 ± 0.010",
        "95 %": "0.046 … 0.087",
        "significance": "8.3 σ",
        "expected": "7.1 σ",
        "photons": "4.36e+08",
    }


def test_both_plots_show_the_same_times_and_all_of_them(view):
    view.show_run(recorded("engine", KNOWN))
    view.grab()
    (low, high), below = (plot.getPlotItem().viewRange()[0] for plot in (view.upper, view.lower))
    assert low < 0.1 < 10.0 < high < 12.0
    assert below == pytest.approx([low, high])


def test_a_running_tomography_stands_there_hollow_and_counts_for_the_best_time(view):
    view.show_run(recorded("engine", SURVEYED, [recorded("tomography", LIVE, status="running")], "running"))
    np.testing.assert_array_equal(view.live.shown, [[5.4], [0.07]])
    assert 5.4 not in view.points.shown[0]
    texts = [view.figures.read(name) for name in ("C", "95 %", "significance", "photons")]
    assert texts == ["0.070 ± 0.020", "0.030 … 0.110", "4.0 σ", "4.46e+08"]
    view.show_run(recorded("engine", KNOWN, [recorded("tomography", LIVE)]))
    assert not len(view.live.shown[0])


def test_planned_times_have_predictions_before_anything_is_measured(view):
    planned = {"planned_us": [2.0, 4.0], "planned_concurrence": [0.01, 0.05], "planned_concurrence_err": [0.01, 0.02]}
    view.show_run(recorded("engine", planned | {"best_us": 4.0, "evolution_us": []}, status="running"))
    np.testing.assert_array_equal(view.predicted.shown, [[2.0, 4.0], [0.01, 0.05]])
    assert view.figures.read("C") == "—"


def test_a_run_that_expects_nothing_shows_its_curve_and_says_why(view):
    why = "Expected after 5.4 us: signed concurrence -0.062(±0.011): no entanglement is expected at any time. " * 3
    gone = ("evolution_us", "concurrence", "concurrence_err", "concurrence_ci95", "populations", "populations_err")
    empty = {key: [] for key in gone} | dict.fromkeys(("significance", "witness", "rho_re", "rho_im"))
    empty |= {"predicted_concurrence": [], "predicted_concurrence_err": [], "photons": 0.0}
    lower = {"curve_concurrence": [-0.2, -0.07, -0.1], "expected": False, "why": why, "expected_significance": -9.3}
    assert view.show_run(recorded("engine", KNOWN | empty | lower))
    assert not view._trouble.isVisible()
    assert (view.why.text(), view.why.isVisible(), view.why.wordWrap()) == (why, True, True)
    np.testing.assert_array_equal(view.model.shown[1], lower["curve_concurrence"])
    assert len(view.band.shown[0]) == 3
    assert not len(view.points.shown[0])
    assert [view.figures.read(name) for name in ("C", "significance", "expected")] == ["—", "—", "-9.3 σ"]
    view.grab()
    low, high = view.upper.getPlotItem().viewRange()[1]
    assert low < -0.2
    assert high > 0.0
    view.show_run(None)
    assert not view.why.isVisible()


def test_a_run_of_an_older_version_says_nothing_of_what_was_expected(view):
    view.show_run(
        recorded("engine", {key: value for key, value in KNOWN.items() if not key.startswith(("exp", "why"))})
    )
    assert (view.why.isVisible(), view.figures.read("expected")) == (False, "—")
    assert len(view.points.shown[0]) == 3


@pytest.mark.parametrize(("status", "shown", "hollow"), [("running", 0, 1), ("completed", 1, 0)])
def test_a_lone_tomography_is_one_point(view, status, shown, hollow):
    view.show_run(recorded("tomography", LIVE, status=status))
    assert (len(view.points.shown[0]), len(view.live.shown[0])) == (shown, hollow)
    assert [view.figures.read(name) for name in ("C", "significance")] == ["0.070 ± 0.020", "4.0 σ"]
    assert [points.shown[1][0] for _, points in view.populations] == list(LIVE["populations"])
    assert view.figures.read("photons") == "1e+07"


@pytest.mark.parametrize("key", sorted(KNOWN))
def test_a_record_may_lack_anything(view, key):
    view.show_run(recorded("engine", KNOWN))
    assert view.show_run(recorded("engine", {name: value for name, value in KNOWN.items() if name != key}))
    assert not view._trouble.isVisible()
    if key == "concurrence_ci95":
        assert not view.interval.isVisible()
        assert view.figures.read("95 %") == "—"
    if key == "curve_concurrence_err":
        assert not len(view.band.shown[0])
    if key == "populations":
        assert not any(len(points.shown[0]) for _, points in view.populations)


def test_it_grows_with_the_record_and_paints_nothing_twice(view):
    run = recorded("engine", {}, status="running")
    assert view.show_run(run)
    assert not len(view.points.shown[0])
    assert not view.show_run(run)
    run.estimate, run.version = SURVEYED, 2
    assert view.show_run(run)
    np.testing.assert_array_equal(view.points.shown[0], [1.5, 9.0])
    run.estimate, run.version = KNOWN, 3
    assert view.show_run(run)
    np.testing.assert_array_equal(view.points.shown[0], TIMES)
    assert view.show_run(None)
    assert not len(view.points.shown[0])
    assert view.figures.read("C") == "—"


def test_the_legend_says_what_every_sign_is(view):
    legends = [found.text() for found in view.findChildren(type(view._trouble), "legend")]
    for text in ("measured", "being measured", "model", "predicted", "95", "|01⟩"):
        assert any(text in legend.replace("&nbsp;", " ") for legend in legends)


def test_a_record_in_the_place_of_one_that_is_gone_is_painted(view):
    for value in np.linspace(0.01, 0.3, 30):  # each is let go before the next is made, and may get its address
        assert view.show_run(recorded("engine", KNOWN | {"concurrence": [0.0, value, 0.0]}))
        assert view.points.shown[1][1] == value
