"""The alignment view: what is painted against table, levels and fit."""

import numpy as np
import pytest
from bench_runs import measured

from labctl.gui.panels.alignment_numbers import expected_resonance
from labctl.gui.panels.target import drawn
from labctl.gui.runs.record import Record, Table
from labctl.gui.views.alignment import AlignmentView
from labctl.gui.widgets.theme import DARK, LIGHT
from physics.levels import nv_lines
from sequences.analysis.relaxation import surviving_curve
from sequences.results import Column

NAMES = ("visit", "along_mt", "across_ut", "line_hz", "line_err_hz", "lock_s", "lock_ut", "lock_err_ut")
DIP_NAMES = ("offset_ut", "contact_us", "surviving", "surviving_err")
ALONG = (5.5, 5.5, 90.0, 101.9, 102.474)
PLUS = (False, True, False, False, True)
OFF_HZ = np.array([3e3, -5e3, 1e3, 0.5e3, -2e3])
SHIFT_HZ = 10e3
DIP = {"centre_ut": 1.5, "half_width_ut": 5.0, "rate_per_s": 2.5e5, "inversion": 0.09, "bath_spins": 20.0}
KNOWN = {
    "field_mt": 102.4752,
    "field_mt_err": 0.0004,
    "across_ut": [0.4, -0.8],
    "across_ut_err": [0.3, 0.2],
    "transverse_ut": 0.9,
    "transverse_ut_err": 0.25,
    "detuning_khz": -8.0,
    "detuning_khz_err": 4.0,
    "resonance_field_mt": 102.4750,
    "resonance_field_mt_err": 0.0003,
    "resonance": "measured",
    "nitrogen": True,
    "shift_hz": SHIFT_HZ,
    "dip": DIP,
}


def lines_hz():
    levels = nv_lines(np.array(ALONG), np.zeros(len(ALONG)), True)
    return np.where(PLUS, levels.plus_hz[:, 0], np.abs(levels.minus_hz[:, 0])) + SHIFT_HZ


def aligned(known=KNOWN):
    table = Table([Column(name, name, "") for name in (*NAMES, *DIP_NAMES)])
    for k, (along, line) in enumerate(zip(ALONG, lines_hz() + OFF_HZ, strict=True)):
        row = (k + 1.0, along, 0.0, line, 2e3)
        table.add(dict(zip(NAMES, row, strict=False)))
    for k in range(3):
        table.add({"lock_s": 600.0 + 90.0 * k, "lock_ut": 0.1 * k, "lock_err_ut": 0.12})
    for offset, contact in ((0.0, 0.0), *((o, 4.0) for o in np.linspace(-20, 20, 9))):
        left = float(surviving_curve(np.array([offset]), contact, DIP)[0])
        table.add({"offset_ut": offset, "contact_us": contact, "surviving": left, "surviving_err": 1e-3})
    return Record(1, "align", {"resonance": "lower"}, table, estimate=known, version=1)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    made = AlignmentView(request.param)
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


@pytest.fixture(scope="session")
def bench_run(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("align"), "align")


def test_lines_stand_beside_the_levels_and_their_residuals_beneath(view):
    assert view.show_run(aligned())
    for which, points, off in (
        (~np.array(PLUS), view.minus, view.minus_off),
        (np.array(PLUS), view.plus, view.plus_off),
    ):
        x, y = points.shown
        np.testing.assert_allclose(x, np.array(ALONG)[which])
        np.testing.assert_allclose(y, (lines_hz() + OFF_HZ)[which] * 1e-6)
        order, residual = off.shown
        np.testing.assert_allclose(order, np.arange(1.0, 6.0)[which])
        np.testing.assert_allclose(residual, OFF_HZ[which] * 1e-3, atol=1e-6)


def test_the_distance_spans_millitesla_to_microtesla(view):
    view.show_run(aligned())
    _, away = view.visited.shown
    np.testing.assert_allclose(away, np.log10(np.abs(np.array(ALONG) - 102.4750) * 1e3))
    khz_per_ut = expected_resonance("lower", True)[1]
    assert khz_per_ut == pytest.approx(19.7, abs=0.1)
    assert view.tolerance.value() == pytest.approx(np.log10(20.0 / khz_per_ut))
    _, bar = view.last.shown
    np.testing.assert_allclose(10**bar * khz_per_ut, [4.0, 12.0])


def test_before_the_dip_the_resonance_is_the_expected_one(view):
    estimate = {key: value for key, value in KNOWN.items() if not key.startswith("resonance")}
    view.show_run(aligned(estimate))
    expected_mt, _ = expected_resonance("lower", True)
    np.testing.assert_allclose(view.visited.shown[1], np.log10(np.abs(np.array(ALONG) - expected_mt) * 1e3))
    assert view.figures.read("resonance") == f"{expected_mt:.4f} mT expected"
    assert len(view.last.shown[0]) == 0


def test_the_target_keeps_direction_and_a_trail(view):
    record = aligned({**KNOWN, "across_ut": [200.0, 100.0]})
    view.show_run(record)
    record.estimate = KNOWN
    record.version += 1
    view.show_run(record)
    assert view.target.seen == [(200.0, 100.0), (0.4, -0.8)]
    x, y = view.target.shown
    assert np.arctan2(y[0], x[0]) == pytest.approx(np.arctan2(-0.8, 0.4))
    assert np.hypot(x[0], y[0]) == pytest.approx(np.arcsinh(np.hypot(0.4, 0.8) / 0.5))
    ring = view.target.limit.shown
    np.testing.assert_allclose(np.hypot(*ring), np.arcsinh(2.0 / 0.5))


def test_the_scale_of_the_target_tells_small_from_large():
    b, c = drawn(np.array([0.0, 1.0, 300.0]), np.zeros(3))
    assert b[0] == 0.0
    assert 0.15 < b[1] / b[2] < 0.5
    assert not c.any()


def test_the_dip_has_its_fit_and_its_centre(view):
    view.show_run(aligned())
    x, y = view.dip_fit.shown
    np.testing.assert_allclose(y, surviving_curve(x, 4.0, DIP))
    assert view.centre.value() == 1.5
    assert len(view.rest.shown[0]) == 1
    np.testing.assert_allclose(view.contact.shown[0], np.linspace(-20, 20, 9))


def test_the_lock_stands_against_minutes(view):
    view.show_run(aligned())
    np.testing.assert_allclose(view.lock.shown, [[0.0, 1.5, 3.0], [0.0, 0.1, 0.2]])


@pytest.mark.parametrize(
    ("change", "name", "text"),
    [
        ({}, "detuning", "● -8.0 ± 4.0 kHz"),
        ({"detuning_khz": -14.0}, "detuning", "▲ -14.0 ± 4.0 kHz"),
        ({}, "B across", "● 0.90 ± 0.25 µT"),
        ({"transverse_ut": 1.8}, "B across", "▲ 1.80 ± 0.25 µT"),
        ({}, "B along", "102.47520 ± 0.00040 mT"),
    ],
)
def test_figures_say_whether_they_are_in_tolerance(view, change, name, text):
    view.show_run(aligned({**KNOWN, **change}))
    assert view.figures.read(name) == text


def test_an_unchanged_record_paints_nothing_and_a_new_line_does(view):
    record = aligned()
    assert view.show_run(record)
    assert not view.show_run(record)
    record.table.add({"visit": 6.0, "along_mt": 102.475, "across_ut": 0.0, "line_hz": 5.739e9, "line_err_hz": 2e3})
    record.version += 1
    assert view.show_run(record)
    assert len(view.visited.shown[0]) == 6


@pytest.mark.parametrize("known", [{}, {"dip": {}, "across_ut": [None, 1.0], "field_mt": None}])
def test_an_empty_record_shows_nothing_and_no_fault(view, known):
    view.show_run(aligned())
    empty = Record(2, "align", {}, Table([]), estimate=known, version=1)
    assert view.show_run(empty)
    assert not view._trouble.isVisible()
    for part in (view.visited, view.minus, view.contact, view.lock, view.dip_fit):
        assert len(part.shown[0]) == 0
    assert view.target.seen == []
    assert view.figures.read("B along") == "—"


def test_a_relaxometry_has_its_dip_without_visits(view):
    record = aligned({"dip": DIP, "rate_per_s": 2.5e5, "rate_per_s_err": 6e3})
    record.sequence = "relaxometry"
    record.table["visit"][:] = np.nan
    view.show_run(record)
    assert len(view.visited.shown[0]) == 0
    assert len(view.contact.shown[0]) == 9
    assert view.figures.read("Γ₁") == "250.0 ± 6.0 /ms"


def test_a_run_of_the_bench_is_painted_whole(view, bench_run):
    assert view.show_run(bench_run)
    assert not view._trouble.isVisible()
    table = bench_run.table
    measured_lines = np.isfinite(table["visit"])
    assert len(view.visited.shown[0]) == measured_lines.sum() > 20
    drawn_lines = np.concatenate([view.minus.shown[1], view.plus.shown[1]])
    np.testing.assert_allclose(np.sort(drawn_lines), np.sort(table["line_hz"][measured_lines]) * 1e-6)
    assert len(view.contact.shown[0]) == (table["contact_us"] > 0).sum()
    offs = np.concatenate([view.minus_off.shown[1], view.plus_off.shown[1]])
    assert np.abs(offs).max() < 100.0
    assert float(view.figures.read("B along").split(" ")[0]) == pytest.approx(bench_run.result["field_mt"], abs=1e-4)


def test_a_relaxometry_leaves_what_the_alignment_before_it_found(view):
    """Each part of the run, as it begins: nothing goes blank."""
    first = aligned()
    first.status, first.run_id = "completed", 2
    run = Record(1, "engine", {}, Table([]), parts=[first])
    view.show_run(run)
    relaxing = Record(3, "relaxometry", {}, Table([Column(name, name, "") for name in DIP_NAMES]), version=1)
    run.parts.append(relaxing)
    assert view.show_run(run)
    for part in (view.visited, view.minus, view.contact, view.lock, view.dip_fit):
        assert len(part.shown[0]) > 0
    assert view.target.seen == [(0.4, -0.8)]
    assert view.figures.read("B along") == "102.47520 ± 0.00040 mT"
    assert view.dip.titleLabel.text == "align, run 2"
    left = {"offset_ut": 3.0, "contact_us": 4.0, "surviving": 0.5, "surviving_err": 0.01}
    relaxing.table.add(left)
    relaxing.estimate, relaxing.version = {"rate_per_s": 3e5, "rate_per_s_err": 1e4}, 2
    assert view.show_run(run)
    assert view.contact.shown[0].tolist() == [3.0]  # its own dip, as soon as it has one
    assert (view.dip.titleLabel.text, view.figures.read("Γ₁")) == ("relaxometry, run 3", "300 ± 10 /ms")
    assert view.figures.read("B across") == "● 0.90 ± 0.25 µT"
    again = Record(4, "align", {}, Table([]), version=1)
    run.parts.append(again)
    assert view.show_run(run)
    assert view.figures.read("B along") == "—"  # a new alignment finds all anew
