"""The ODMR view: what is painted against the table and the fit that it was given."""

import numpy as np
import pytest
from bench_runs import measured

from labctl.gui.panels.spectra import looks, spectrum_points
from labctl.gui.runs.record import Record, Table
from labctl.gui.views.odmr import OdmrView
from labctl.gui.widgets.theme import DARK, LIGHT
from sequences.analysis.odmr.line_fit import dips, shares
from sequences.results import Column

NAMES = ("frequency_hz", "signal", "signal_err", "sweep")
OFFSETS = [0.0, -2.16e6, -4.32e6]
CENTRES = (2730.1234e6, 3011.4321e6)
GRIDS = [centre - 8e6 + 0.25e6 * np.arange(49) for centre in CENTRES]


def line(name, centre_hz):
    fit = {"name": name, "centre_hz": centre_hz, "centre_hz_err": 1.2e3, "linewidth_hz": 8e5, "contrast": 0.1}
    return fit | {"level": 0.998, "offsets_hz": OFFSETS, "nuclear_polarisation": 0.1, "reduced_chi2": 1.03}


LINES = [line("f-", CENTRES[0]), line("f+", CENTRES[1])]


def ideal(frequency_hz, fit):
    dip = dips(frequency_hz, fit["centre_hz"], fit["linewidth_hz"], np.array(OFFSETS), shares(3, 0.1))
    return fit["level"] * (1.0 - fit["contrast"] * dip)


def swept(sweeps, estimate=None, seed=1, method="raster"):
    """A record of so many sweeps over both lines."""
    rng, table = np.random.default_rng(seed), Table([Column(name, name, "") for name in NAMES])
    for sweep in range(1, sweeps + 1):
        for grid, fit in zip(GRIDS, LINES, strict=True):
            signal = ideal(grid, fit) + 0.004 * rng.standard_normal(len(grid))
            columns = (grid, signal, np.full(len(grid), 0.004), np.full(len(grid), float(sweep)))
            table.fill(dict(zip(NAMES, columns, strict=True)))
    plan = {"method": method}
    return Record(1, "odmr", plan, table, estimate=estimate if estimate is not None else {"lines": LINES}, version=1)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    made = OdmrView(request.param)
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


@pytest.fixture(scope="session")
def bench_run(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("odmr"), "odmr", "method=raster", "seconds_per_point=1")


def test_each_line_has_its_panel_with_the_mean_of_its_sweeps(view):
    record = swept(4)
    assert view.show_run(record)
    for panel, grid, fit in zip(view.panels, GRIDS, LINES, strict=True):
        assert panel.isVisible()
        here = np.isin(record.table["frequency_hz"], grid)
        x, y = panel.points.shown
        np.testing.assert_allclose(x, grid * 1e-6)
        np.testing.assert_allclose(y, record.table["signal"][here].reshape(4, -1).mean(axis=0))
        fine, curve = panel.fit.shown
        np.testing.assert_allclose(curve, ideal(fine * 1e6, fit), rtol=1e-9)
        _, away = panel.residuals.shown
        np.testing.assert_allclose(away, (y - ideal(grid, fit)) / 0.002, rtol=1e-6)
    assert [panel.title for panel in view.panels] == ["f−", "f+"]
    view.grab()
    low, high = view.panels[1].spectrum.getPlotItem().viewRange()[0]
    assert GRIDS[1][0] * 1e-6 - 3 < low < high < GRIDS[1][-1] * 1e-6 + 3


@pytest.mark.parametrize(
    ("sweeps", "method", "told"), [(4, "raster", "4 sweeps"), (1, "raster", "1 sweep"), (1, "adaptive", "one by one")]
)
def test_a_note_says_how_the_points_were_chosen(view, sweeps, method, told):
    view.show_run(swept(sweeps, method=method))
    assert view.note.text().endswith(told)
    assert f"{sweeps * sum(len(grid) for grid in GRIDS)} points of odmr" in view.note.text()


def test_sweeps_are_an_image_and_a_growing_one_follows(view):
    record = swept(4)
    view.show_run(record)
    assert view.panels[0].image.image.shape == (49, 4)
    here = np.isin(record.table["frequency_hz"], GRIDS[0])
    np.testing.assert_allclose(view.panels[0].image.image.T.ravel(), record.table["signal"][here])
    more = swept(5).table
    for row in range(record.table.rows, more.rows):
        record.table.add({name: more[name][row] for name in NAMES})
    record.version += 1
    assert view.show_run(record)
    assert view.panels[1].image.image.shape == (49, 5)


def test_figures_are_those_of_the_fit(view):
    known = {"lines": LINES, "field_mt": 5.0234, "field_mt_err": 0.0021, "tilt_deg": 1.71, "tilt_deg_err": 0.3}
    view.show_run(swept(2, known))
    assert view.figures.read("f−") == "2730.1234 ± 0.0012 MHz"
    assert view.figures.read("f+") == "3011.4321 ± 0.0012 MHz"
    assert view.figures.read("B") == "5.0234 ± 0.0021 mT"
    assert view.figures.read("tilt") == "1.71 ± 0.30 °"
    assert view.figures.read("χ²") == "1.03 and 1.03"
    assert view.figures.read("contrast") == "10 %"
    errors = [{**fit, "contrast_err": 0.004, "contrast": 0.1 + 0.02 * k} for k, fit in enumerate(LINES)]
    view.show_run(swept(2, {"lines": errors}))
    assert view.figures.read("contrast") == "11.00 ± 0.28 %"


def test_where_adaptive_mode_measured_is_marked_with_how_often(view):
    record = swept(1)
    for _ in range(6):
        record.table.add({"frequency_hz": GRIDS[0][10], "signal": 0.97, "signal_err": 0.004, "sweep": 2.0})
    view.show_run(record)
    x, times = view.panels[0].times.getData()
    assert times[1::2].tolist() == [7.0 if k == 10 else 1.0 for k in range(49)]
    np.testing.assert_allclose(x[1::2], GRIDS[0] * 1e-6)


def test_an_unchanged_record_paints_nothing_and_none_clears(view):
    record = swept(2)
    assert view.show_run(record)
    assert not view.show_run(record)
    assert view.show_run(None)
    assert len(view.panels[0].points.shown[0]) == 0
    assert view.figures.read("f−") == "—"


@pytest.mark.parametrize("missing", ["signal_err", "sweep", "lines"])
def test_what_is_missing_is_left_out(view, missing):
    record = swept(2, {} if missing == "lines" else None)
    if missing != "lines":
        record.table[missing][:] = np.nan
    assert view.show_run(record)
    assert not view._trouble.isVisible()
    assert len(view.panels[0].points.shown[0]) == 49
    assert len(view.panels[0].residuals.shown[0]) == (0 if missing in ("signal_err", "lines") else 49)


def test_a_run_without_spectrum_is_not_picked(view):
    empty = Record(1, "odmr", {}, Table([Column("frequency_hz", "", "Hz"), Column("signal", "", "")]), version=1)
    assert view.pick(empty) is None
    view.show_run(empty)
    assert not view._trouble.isVisible()


def test_a_hundred_thousand_points_cost_no_more_calls_than_two_hundred(view, calls):
    record = swept(2)
    view.show_run(record)
    record.version += 1
    few = calls(lambda: view.show_run(record))
    big = np.tile(np.array([record.table[name] for name in NAMES]), 520)
    big[3] = 1 + np.arange(big.shape[1]) // 98
    record.table._cells, record.table.rows = big, big.shape[1]
    assert record.table.rows > 100_000
    for _ in range(2):
        record.version += 1
        many = calls(lambda: view.show_run(record))
    print(f"{few} and {many} calls")
    assert many < 1.5 * few


def test_a_run_of_the_bench_shows_its_newest_spectrum_and_lines(view, bench_run):
    assert view.show_run(bench_run)
    assert not view._trouble.isVisible()
    points = spectrum_points(bench_run.table)
    shown = points.in_sweeps if len(points.in_sweeps) else points.chosen(looks(points)[-1])
    drawn = np.concatenate([panel.points.shown[0] for panel in view.panels])
    np.testing.assert_allclose(drawn, np.unique(shown.frequency_hz) * 1e-6)
    for name, value in zip(("f−", "f+"), bench_run.result["resonances_hz"], strict=True):
        assert float(view.figures.read(name).split(" ")[0]) == pytest.approx(value * 1e-6, abs=0.3)


def test_of_many_looks_the_newest_is_shown_with_its_fit_and_older_ones_can_be_chosen(view):
    table = Table([Column(name, name, "") for name in (*NAMES, "visit")])
    places = [centre + np.linspace(-4e5, 4e5, 6) for centre in (2.73e9, CENTRES[1])]
    for k, place in enumerate(places):
        for frequency in place:
            table.add({"frequency_hz": frequency, "signal": 0.95 + 0.01 * k, "signal_err": 0.004})
        table.add({"visit": k + 1.0})
    record = Record(1, "align", {}, table, estimate={"lines": LINES[1:]}, version=1)
    view.show_run(record)
    panel = view.panels[0]
    np.testing.assert_allclose(panel.points.shown[0], places[1] * 1e-6)
    assert len(panel.fit.shown[0]) > 0
    assert not view.panels[1].isVisible()
    assert [view.looks.itemText(k) for k in range(view.looks.count())] == ["newest", "1: 2730.00 MHz", "2: 3011.43 MHz"]
    view.looks.setCurrentIndex(1)
    view.looks.activated.emit(1)
    np.testing.assert_allclose(panel.points.shown[0], places[0] * 1e-6)
    assert panel.points.shown[1].tolist() == [0.95] * 6
    assert len(panel.fit.shown[0]) == 0
