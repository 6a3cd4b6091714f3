"""Figures are drawn by another process once a run lasts, and that process ends with its parent."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from labctl.data.writing.recorder import Ended
from labctl.run.drawing import Drawing

POINTS = [
    {"duration_ns": 40.0 * k, "signal": 1.0 - 0.1 * (k % 5), "signal_err": 0.01, "frequency_hz": 2.87e9 + 1e5 * k}
    for k in range(20)
]
PARENT = """
import sys, time
from pathlib import Path
import labctl.run.drawing
if __name__ == "__main__":
    labctl.run.drawing.LASTING_S = 0.0
    drawing = labctl.run.drawing.Drawing(Path(sys.argv[1]))
    drawing._process().submit(labctl.run.drawing._loaded).result()
    print("ready", flush=True)
    time.sleep(600)
"""


def ended(noted):
    """An ODMR run, as the book hands it over."""
    recording = SimpleNamespace(points=POINTS, annotate=noted.append)
    return Ended(1, "odmr", "completed", "", {}, {}, 0, 0.0, 0.0, 0.0, (), {}, recording)


def undrawable(monkeypatch):
    """In this process nothing can be drawn from now on; another process knows nothing of it."""
    monkeypatch.setattr("labctl.run.drawing.drawn", lambda *_: 1 / 0)


@pytest.mark.parametrize("lasts", [True, False])
def test_a_run_that_lasts_is_drawn_by_another_process(tmp_path, monkeypatch, lasts):
    monkeypatch.setattr("labctl.run.drawing.LASTING_S", 0.01 if lasts else 60.0)
    noted = []
    drawing = Drawing(tmp_path / "figures")
    drawing.expect("odmr")
    deadline_s = time.monotonic() + 30.0
    while lasts and drawing._pool is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    undrawable(monkeypatch)
    kept = drawing.whole(ended(noted))
    assert kept == ({1: tmp_path / "figures" / "run-00001-odmr.png"} if lasts else {})
    assert all(file.stat().st_size > 5000 for file in kept.values())
    assert [note["figure"] for note in noted] == ["figures/run-00001-odmr.png"] * lasts
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_a_drawing_process_that_died_or_cannot_be_had_costs_no_figure(tmp_path, monkeypatch):
    """Neither may it cost the run: it has been measured by then."""
    drawing, noted = Drawing(tmp_path / "figures"), []
    drawing.part(replace(ended(noted), run_id=2))
    for process in drawing._pool._processes.values():
        process.kill()
    assert sorted(drawing.whole(ended(noted))) == [1, 2]
    refused = Drawing(tmp_path / "figures")
    monkeypatch.setattr(refused, "_process", lambda: 1 / 0)
    refused.part(replace(ended(noted), run_id=4))
    assert sorted(refused.whole(replace(ended(noted), run_id=3))) == [3, 4]
    assert len(noted) == 4


def test_what_has_no_figure_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("labctl.run.drawing.LASTING_S", 0.0)
    drawing = Drawing(tmp_path)
    drawing.expect("wiring of nothing")
    time.sleep(0.2)
    assert drawing._pool is None


def test_a_parent_that_is_killed_takes_the_drawing_process_along(tmp_path):
    """Both hold the pipe: it ends when both are gone."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, script, tmp_path], stdout=subprocess.PIPE, text=True, env=env)
    assert parent.stdout.readline() == "ready\n"
    parent.kill()
    assert parent.communicate(timeout=30.0)[0] == ""
