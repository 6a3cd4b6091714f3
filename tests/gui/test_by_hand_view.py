"""The dock "By hand": what is asked for goes to the bench, what is shown was read back, and a run owns the bench."""

import os
import socket

import numpy as np
import pytest
from live import opened_window, until
from pyqtgraph.Qt import QtCore, QtTest
from still import settled, still_window

from labctl.gui.connection.messages import (
    ControlsRead,
    ControlState,
    Doing,
    HandDone,
    HandOrder,
    MadeSafe,
    RatesCounted,
    RunEnded,
)
from labctl.gui.panels.count_trace import COUNTERS, History
from tools.trials.served_bench import served

KEY = QtCore.Qt.Key
POWER = ControlState("microwave.power", -20.0, "-20 dBm", "dBm", "-110 to 10 dBm", False)
ON = ControlState("microwave.on", False, "off", "", "on or off", True)
GONE = ControlState("green_laser.power", None, "does not answer", "mW", "0 to 100 mW", False)


@pytest.fixture
def window(qtbot, tmp_path):
    """Beside a pretended bench, the dock in front."""
    made = still_window(qtbot, tmp_path)
    made.show()
    made.docks.bring_forward(made.docks.hand)
    settled()
    made.tick()
    return made


def lose(link):
    """As if the window were killed; where no pipe can be cut like that, the bench process is."""
    if os.name == "nt":
        link.kill()
        return
    with socket.socket(fileno=os.dup(link._connection.fileno())) as pipe:
        pipe.shutdown(socket.SHUT_RDWR)


def orders(window):
    return [said for said in window.session._link.said if isinstance(said, HandOrder)]


def told(window, *messages):
    window.session._link.waiting.extend(messages)
    window.tick()


def test_the_controls_are_read_once_somebody_looks_and_shown_as_they_were_read(window):
    assert orders(window) == [HandOrder("read")]
    told(window, ControlsRead((POWER, ON, GONE)))
    rows = window.docks.hand.rows.editors
    assert rows["microwave.power"].text() == "-20"
    assert (rows["microwave.on"].isChecked(), rows["microwave.on"].text()) == (False, "off")
    assert rows["green_laser.power"].text() == ""
    assert "-110 to 10 dBm" in rows["microwave.power"].toolTip()


def test_what_is_asked_for_goes_to_the_bench_and_stands_there_when_it_was_done(window):
    told(window, ControlsRead((POWER, ON)))
    rows = window.docks.hand.rows.editors
    rows["microwave.power"].setText("-10")
    QtTest.QTest.keyClick(rows["microwave.power"], KEY.Key_Return)
    rows["microwave.on"].click()
    assert orders(window)[1:] == [HandOrder("set", "microwave.power", "-10"), HandOrder("set", "microwave.on", "on")]
    assert not rows["microwave.on"].isChecked()
    told(window, HandDone("microwave.power = 12 dBm is beyond its limits", is_trouble=True))
    assert window.docks.hand.words.text() == "microwave.power = 12 dBm is beyond its limits"
    assert "beyond its limits" in window.notices.text.text()
    assert rows["microwave.power"].text() == "-20"
    told(window, ControlsRead((ControlState("microwave.on", True, "on", "", "on or off", True),)))
    assert rows["microwave.on"].isChecked()


def test_while_a_run_goes_on_nothing_is_set_and_it_is_read_anew_afterwards(window):
    hand = window.docks.hand
    told(window, Doing("running", 1))
    assert not hand.rows.isEnabled()
    assert not hand.off.isEnabled()
    assert "A run goes on" in hand.words.text()
    window.by_hand(HandOrder("set", "microwave.on", "on"))
    assert "a run goes on. Wait until it has ended, or stop it" in hand.words.text()
    assert orders(window) == [HandOrder("read")]
    told(window, Doing("idle"))
    assert orders(window) == [HandOrder("read")] * 2
    told(window, MadeSafe(()))
    assert orders(window) == [HandOrder("read")] * 3


def test_a_click_sets_only_if_clicks_shall_set(window):
    odmr, cooling = window.docks.plots[0], window.docks.contents["Cooling"]
    odmr.picked.emit({"microwave.frequency": 2.87e9})
    assert orders(window)[1:] == []
    window.docks.hand.clicks.click()
    odmr.picked.emit({"microwave.frequency": 2.87e9})
    cooling._picked(12.34, -5.6)
    assert orders(window)[1:] == [
        HandOrder("set", "microwave.frequency", "2870000000"),
        HandOrder("set", "depletion_beam.x", "12.3"),
        HandOrder("set", "depletion_beam.y", "-5.6"),
    ]


def test_a_click_into_a_spectrum_says_the_frequency_under_the_pointer(window):
    odmr, found = window.docks.plots[0], []
    window.docks.bring_forward(odmr)
    settled()
    plot = odmr.panels[0].spectrum
    plot.setXRange(2800.0, 2900.0, padding=0)
    plot.setYRange(0.9, 1.0, padding=0)
    settled()
    odmr.picked.connect(found.append)
    at = plot.mapFromScene(plot.getPlotItem().getViewBox().mapViewToScene(QtCore.QPointF(2870.0, 0.95)))
    QtTest.QTest.mouseClick(plot.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=at)
    (picked,) = found
    assert picked["microwave.frequency"] == pytest.approx(2.87e9, abs=0.5e6)


@pytest.mark.parametrize(("status", "follows"), [("completed", [HandOrder("centre")]), ("failed", [])])
def test_optimise_runs_what_finds_the_nvs_and_then_the_null_goes_there(window, status, follows):
    window.docks.hand.optimise.click()
    assert window.session._link.said[-1].sequence == "locate"
    told(window, Doing("running", 1))
    told(window, RunEnded(1, 1, status, "", ()), Doing("idle"))
    assert [order for order in orders(window) if order.verb == "centre"] == follows


def test_the_trace_shows_the_counter_and_the_span_that_were_chosen(window):
    trace = window.docks.hand.trace
    for k in range(100):
        told(window, RatesCounted(float(k), {"counts": 1e5 + k, "signal": 1e5 + k, "reference": 5.0}))
    assert trace.number.text() == "1.001e+05 /s"
    x, y = trace._curve.shown
    assert (x[0], x[-1], y[-1]) == (-60.0, 0.0, 1e5 + 99)
    trace.span.setCurrentText("all")
    trace.counter.setCurrentText("reference")
    trace.paint()
    x, y = trace._curve.shown
    assert len(x) == 100
    assert set(y) == {5.0}


def test_a_history_of_ten_hours_has_an_end_and_keeps_its_beginning():
    history = History(most=1000)
    for k in range(5000):
        history.add(float(k), {name: float(k) for name in COUNTERS})
    at_s, cps = history.since(np.inf, "signal")
    assert len(at_s) <= 1000
    assert (cps[0], cps[-1]) == (0.0, 4999.0)
    assert np.all(np.diff(at_s) > 0)
    assert np.array_equal(cps, at_s + 4999.0)


def test_light_by_hand_on_the_bench_is_seen_counted_and_gone_with_the_window(qtbot, tmp_path):
    """From the dock to the twin and back: set, counted, refused, dark for a run; and dark when the window is lost."""
    with served(tmp_path, pace=20.0) as (wires, client):
        with opened_window(qtbot, tmp_path / "data", bench=wires) as window:
            hand = window.docks.hand
            window.docks.bring_forward(hand)
            until(qtbot, lambda: len(hand.rows.editors) == 30)
            for name, text in (("green_laser.power", "20"), ("aom.pump_share", "1")):
                window.by_hand(HandOrder("set", name, text))
            for name in ("green_laser.on", "line.pump"):
                hand.rows.editors[name].click()
            until(qtbot, lambda: hand.rows.editors["line.pump"].isChecked())
            assert "the line pump is high" in client.state()["still_on"]
            hand.counts.click()
            until(qtbot, lambda: hand.trace.history.length > 2)
            assert hand.trace.history.since(np.inf, "counts")[1][-1] > 1e5
            window.by_hand(HandOrder("set", "microwave.power", "11"))
            until(qtbot, lambda: "beyond its limits, -110 to 10 dBm" in hand.words.text())
            assert "the line pump is high" in client.state()["still_on"]
            lose(window.session._link)
            until(qtbot, lambda: client.state()["still_on"] == [])
        log = next((tmp_path / "data" / "by_hand").iterdir()).read_text(encoding="utf-8")
        assert "green_laser.on: off -> on" in log
