"""The cooling view: baths, NVs and the doughnut image against tables and results that it was given."""

import numpy as np
import pytest

from labctl.gui.runs.record import Record, Table
from labctl.gui.views.cooling import CoolingView, pictured
from labctl.gui.widgets.theme import DARK, INTENSITY, LIGHT
from sequences.cool import COLUMNS as COOL
from sequences.locate import COLUMNS as LOCATE

TIMES_MS = [0.01, 0.06, 0.25, 1.0]
COOLED = {
    "polarisation_left": 0.0725,
    "polarisation_left_err": 0.0156,
    "polarisation_right": 0.9796,
    "polarisation_right_err": 0.0076,
    "build_up_s": 71.06e-6,
    "build_up_s_err": 13.0e-6,
}
PLACED = {
    "pair_nm": [[28.0, -23.0], [41.0, -17.0]],
    "pair_nm_err": [[1.0, 2.0], [3.0, 4.0]],
    "separation_nm": 13.522,
    "separation_nm_err": 0.058,
}
START, FINAL = 0.1, 0.95


def right_bath(time_ms):
    return FINAL + (START - FINAL) * np.exp(-np.asarray(time_ms) / (1e3 * COOLED["build_up_s"]))


def cooling(points=4, releases=3, known=COOLED, status="completed", version=1):
    table = Table(COOL)
    for time_ms in TIMES_MS[:points]:
        right = float(right_bath(time_ms))
        table.add({"time_ms": time_ms, "polarisation_right": right, "polarisation_right_err": 0.02})
    for k in range(releases):
        table.add({"released_us": 2.0 * k, "z_left": 0.1 * k, "z_left_err": 0.01, "z_right": 0.9, "z_right_err": 0.02})
    return Record(2, "cool", {}, table, 1, estimate=known, status=status, version=version)


def scanned(pixels=5, power_mw=8.0, angle=0.0, half_nm=20.0):
    """A serpentine square."""
    steps = np.linspace(-half_nm, half_nm, pixels)
    square = [complex(dx, dy) for k, dy in enumerate(steps) for dx in (steps if k % 2 == 0 else -steps)]
    return [(at.real, at.imag, power_mw, 100.0 + n) for n, at in enumerate(np.array(square) * np.exp(1j * angle))]


def locating(rows, known=PLACED):
    table = Table(LOCATE)
    for x, y, power, counts in rows:
        table.add({"x_nm": x, "y_nm": y, "power_mw": power, "counts": counts, "counts_err": counts**0.5})
    return Record(3, "locate", {}, table, 1, estimate=known, status="completed", version=1)


def whole(*parts):
    return Record(1, "engine", {}, Table([]), parts=list(parts), version=1)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    made = CoolingView(request.param)
    qtbot.addWidget(made)
    made.resize(700, 550)
    made.show()
    return made


def test_baths_and_nvs_are_those_of_the_table(view):
    run = cooling()
    assert view.show_run(run)
    np.testing.assert_array_equal(view.bath.shown, [TIMES_MS, run.table["polarisation_right"][:4]])
    for side in ("left", "right"):
        np.testing.assert_array_equal(view.spins[side].shown, [[0.0, 2.0, 4.0], run.table[f"z_{side}"][4:]])
        value, error = (COOLED[f"polarisation_{side}{kind}"] for kind in ("", "_err"))
        assert view.ends[side].value() == value
        np.testing.assert_allclose(view.bands[side].shown, [[0.0, 1.0], [value - error] * 2, [value + error] * 2])
    np.testing.assert_array_equal(view.bath._bars.opts["top"], [0.02] * 4)
    np.testing.assert_array_equal(view.spins["right"]._bars.opts["top"], [0.02] * 3)


def test_the_curve_is_the_build_up_that_was_found(view):
    view.show_run(cooling())
    time_ms, curve = view.curve.shown
    np.testing.assert_allclose(curve, right_bath(time_ms), rtol=1e-9)
    view.show_run(cooling(known={}))
    assert not len(view.curve.shown[0])
    assert not view.ends["left"].isVisible()
    assert not len(view.bands["left"].shown[0])


def test_figures_carry_their_errors(view):
    view.show_run(whole(locating(scanned()), cooling()))
    texts = [view.figures.read(name) for name in ("p left", "p right", "build-up", "apart")]
    assert texts == ["0.072 ± 0.016", "0.9796 ± 0.0076", "71 ± 13 µs", "13.522 ± 0.058 nm"]


def test_every_pixel_stands_where_it_was_counted(view):
    rows = scanned()
    view.show_run(whole(locating(rows), cooling()))
    assert [read(view, x, y) for x, y, _, _ in rows] == [counts for *_, counts in rows]
    assert view.pixels.levels == pytest.approx((100.0, 124.0))
    assert view.pixels.getColorMap().name == INTENSITY
    assert view.picture.getPlotItem().getViewBox().state["aspectLocked"] == 1.0


def test_pixels_of_turned_passes_stand_where_they_were_counted():
    rows = scanned(7, angle=0.3) + scanned(7, angle=-0.3)
    x, y, _, _ = np.array(rows).T
    counts = np.arange(float(len(rows)))
    image, corner, size = pictured(x, y, counts)
    places = [((value - corner[k]) / size[k] * image.shape[k]).astype(int) for k, value in enumerate((x, y))]
    apart = np.array([np.sort(np.hypot(x - a, y - b))[1] for a, b in zip(x, y, strict=True)]) > 2.0
    assert apart.sum() > 50
    np.testing.assert_array_equal(image[places[0], places[1]][apart], counts[apart])


def test_what_was_not_scanned_stays_empty():
    rows = np.array(scanned(5)[:10])  # two lines of five
    wide = np.vstack([rows, [[60.0, 60.0, 8.0, 1.0]]])
    image, corner, size = pictured(wide[:, 0], wide[:, 1], wide[:, 3])
    middle = [int((at - corner[k]) / size[k] * image.shape[k]) for k, at in enumerate((30.0, 25.0))]
    assert np.isnan(image[middle[0], middle[1]])
    assert set(np.unique(image[np.isfinite(image)])) == set(wide[:, 3])


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_the_first_pixels_are_shown(view, pixels):
    rows = scanned()[:pixels]
    view.show_run(locating(rows, {}))
    view.grab()
    assert not view._trouble.isVisible()
    assert [read(view, x, y) for x, y, _, _ in rows] == [counts for *_, counts in rows]


def read(view, x, y):
    """The count rate painted at a place."""
    rect = view.pixels.mapRectToParent(view.pixels.boundingRect())
    image = view.pixels.image
    column = int((x - rect.x()) / rect.width() * image.shape[0])
    row = int((y - rect.y()) / rect.height() * image.shape[1])
    return image[column, row]


def test_both_nvs_are_marked_with_crosses_of_their_errors(view):
    view.show_run(whole(locating(scanned()), cooling()))
    pair, error = np.array(PLACED["pair_nm"]), np.array(PLACED["pair_nm_err"])
    np.testing.assert_array_equal(view.pair.getData(), pair.T)
    for cross in view.crosses:
        np.testing.assert_array_equal([cross.opts["right"], cross.opts["top"]], error.T)
    for text, name, place in zip(view.names, "LR", pair, strict=True):
        assert (text.isVisible(), text.toPlainText()) == (True, name)
        assert (text.pos().x(), text.pos().y()) == tuple(place)
    view.show_run(whole(locating(scanned(), {}), cooling()))
    assert not any(text.isVisible() for text in view.names)
    assert not any(cross.isVisible() for cross in view.crosses)


def test_the_newest_image_is_shown_until_another_power_is_chosen(view):
    coarse, fine = scanned(), scanned(7, 400.0, 0.3, 8.0)
    run = locating(coarse)
    view.show_run(run)
    grown = locating(coarse + fine)
    view.show_run(grown)
    assert [view.powers.itemText(k) for k in range(3)] == ["newest image", "doughnut at 8 mW", "doughnut at 400 mW"]
    assert view.pixels.levels == pytest.approx((100.0, 148.0))
    view.powers.setCurrentIndex(1)
    view.powers.activated.emit(1)
    assert view.show_run(grown)
    assert view.pixels.levels == pytest.approx((100.0, 124.0))
    assert [read(view, x, y) for x, y, _, _ in coarse] == [counts for *_, counts in coarse]


def test_it_grows_with_the_record_and_paints_nothing_twice(view):
    run = cooling(2, 0, {}, "running")
    assert view.show_run(run)
    assert not view.show_run(run)
    assert len(view.bath.shown[0]) == 2
    assert not len(view.spins["right"].shown[0])
    run.table.add({"time_ms": 0.5, "polarisation_right": 0.9, "polarisation_right_err": 0.1})
    run.version += 1
    assert view.show_run(run)
    np.testing.assert_array_equal(view.bath.shown[0], [*TIMES_MS[:2], 0.5])
    assert view.show_run(None)
    assert not len(view.bath.shown[0])
    assert not view.pixels.isVisible()


@pytest.mark.parametrize("key", sorted(COOLED | PLACED))
def test_a_record_may_lack_anything(view, key):
    without = {name: value for name, value in (COOLED | PLACED).items() if name != key}
    view.show_run(whole(locating(scanned(), without), cooling(known=without)))
    assert not view._trouble.isVisible()


def test_empty_records_are_empty(view):
    view.show_run(whole(locating([], {}), cooling(0, 0, {})))
    assert not view._trouble.isVisible()
    assert not view.pixels.isVisible()
    assert view.figures.read("apart") == "—"


def test_only_the_half_with_something_new_is_painted(view, monkeypatch):
    cool, locate = cooling(), locating(scanned())
    run = whole(locate, cool)
    view.show_run(run)
    painted = []
    monkeypatch.setattr(view, "_show_cooling", lambda _: painted.append("cool"))
    monkeypatch.setattr(view, "_show_image", lambda _: painted.append("locate"))
    cool.version += 1
    assert view.show_run(run)
    assert painted == ["cool"]
    view.powers.activated.emit(0)
    assert view.show_run(run)
    assert painted == ["cool", "locate"]
    assert view.show_run(whole(locating(scanned()), cooling()))
    assert painted == ["cool", "locate", "cool", "locate"]
