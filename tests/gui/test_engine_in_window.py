"""The whole experiment in the real window: watched to its end, and painted as it is stored, live and opened again.

It is told again in the process of the bench, not measured: see support.engine_again. Everything else is as it is.
"""

import numpy as np
import pytest
from live import opened_window, until
from pyqtgraph.Qt import QtCore
from support.engine_again import opened_bench_again

from labctl.data.reader import all_runs, children, one_run

SHORT = {
    "evolution_us": "3, 5.4",
    "regardless": "true",
    "hours": "1",
    "survey_hours": "0.15",
    "calibrate_hours": "1.5",
    "cool_hours": "1",
}
"""The plan with which it was measured, too short for what is expected of the pair to be clear."""
RUN_MS = 120_000


def test_the_engine_is_watched_to_its_end(qtbot, tmp_path):
    with opened_window(qtbot, tmp_path, opens=opened_bench_again) as window:
        form = window.docks.runs.form
        form.load("engine", SHORT)
        window.write_plan()
        qtbot.mouseClick(form.run_button, QtCore.Qt.MouseButton.LeftButton)
        until(qtbot, lambda: window.session.is_busy)
        while_it_ran = watched(qtbot, window)
        run_id = window.session.record_builder.run.run_id
        stored = one_run(tmp_path, run_id)
        assert (stored.status, window.session.record_builder.run.status) == ("completed", "completed")
        found = {part.sequence for part in children(tmp_path, run_id)}
        assert found >= {"wiring", "delays", "locate", "align", "rabi", "relaxometry"}
        assert found >= {"calibrate", "cool", "tomography"}
        assert found <= while_it_ran
        live = painted(qtbot, window)
        assert_as_stored(live, tmp_path, stored)
        window.open(run_id)
        until(qtbot, lambda: window.run is not window.session.record_builder.run)
        assert painted(qtbot, window) == live


def watched(qtbot, window):
    """Which parts the window's record had as the innermost while they ran, looked at with every event of the run."""
    seen, builder = set(), window.session.record_builder
    take = builder.take

    def taken(run_event):
        take(run_event)
        seen.update({builder.innermost.sequence} if builder.innermost is not None else ())

    builder.take = taken
    until(qtbot, lambda: not window.session.is_busy, RUN_MS)
    return seen


def painted(qtbot, window):
    """What the docks show, as numbers and texts."""
    views = {view.title: view for view in window.docks.plots}
    for title in ("Engine", "Tomography", "Cooling", "Alignment"):
        window.docks.docks[title].raise_()
        qtbot.wait(400)
    x, y = views["Engine"].points.shown
    tomography = views["Tomography"]
    return {
        "evolution_us": x.tolist(),
        "concurrence": y.tolist(),
        "rho_re": tomography.real.values.tolist(),
        "rho_im": tomography.imaginary.values.tolist(),
        "C": tomography.figures.read("C"),
        "p right": views["Cooling"].figures.read("p right"),
        "detuning": views["Alignment"].figures.read("detuning"),
        "headline": window.docks.run.headline.text(),
        "why": views["Engine"].why.text(),
        "expected": views["Engine"].figures.read("expected"),
    }


def assert_as_stored(shown, folder, stored):
    result = stored.result
    np.testing.assert_allclose(shown["evolution_us"], result["evolution_us"])
    np.testing.assert_allclose(shown["concurrence"], result["concurrence"])
    last = [part for part in children(folder, stored.run_id) if part.sequence == "tomography"][-1].result
    np.testing.assert_allclose(shown["rho_re"], last["rho_re"])
    np.testing.assert_allclose(shown["rho_im"], last["rho_im"])
    assert shown["C"].startswith(f"{last['concurrence']:.3f}")
    assert float(shown["p right"].split("±")[0]) == pytest.approx(result["polarisation_right"], abs=1e-3)
    assert shown["why"] == result["why"]
    assert shown["expected"] == f"{result['expected_significance']:.1f} σ"
    assert shown["headline"].startswith("✔ completed")
    assert {run.status for run in all_runs(folder)} == {"completed"}
