"""A window that is lost leaves order: a run that measures completes, one that is paused waits for a word of a shell."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from paused_in_window import PAUSED
from virtual_screen import virtual_screen

from labctl.data.acquisitions import blocks_of
from labctl.data.reader import all_runs, one_run, points

MEASURING, WAITING = (Path(__file__).with_name(name) for name in ("odmr_in_window.py", "paused_in_window.py"))
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals; the pipe breaks there as well")


def wait_until(reached, timeout_s=120.0):
    end_s = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@contextmanager
def opened(script, folder, **environ):
    """A window of its own; in the end nothing of it is left."""
    command = [sys.executable, str(script), str(folder)]
    with (folder / "err").open("w") as err:
        window = psutil.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=err,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder), **environ},
        )
        window.benches = []
        try:
            yield window
        finally:
            for process in (*window.benches, window):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            window.wait()


def shell(folder, *words):
    command = [sys.executable, "-m", "labctl", *words, "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def words(file):
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_the_run_of_a_killed_window_completes(tmp_path):
    with opened(MEASURING, tmp_path) as window:
        wait_until(lambda: all_runs(tmp_path))
        window.benches = window.children(recursive=True)
        window.kill()
        window.wait()
        assert all_runs(tmp_path)[0].status == "running"
        wait_until(lambda: all_runs(tmp_path)[0].status == "completed")
        (run,) = all_runs(tmp_path)
        assert run.result is not None
        assert len(points(tmp_path, run.run_id).values["signal"]) > 100
        _, alive = psutil.wait_procs(window.benches, timeout=30.0)
        assert alive == []
        assert "The window is gone; run 1 is measured to its end" in words(tmp_path / "labctl.log")


def test_a_paused_run_outlives_its_terminal_and_is_continued_from_another(tmp_path):
    """A terminal that is closed hangs up on all that it began."""
    with opened(WAITING, tmp_path) as window:
        wait_until(lambda: (tmp_path / PAUSED).exists())
        window.benches = window.children(recursive=True)
        for process in (window, *window.benches):
            process.send_signal(signal.SIGHUP)
        window.wait()
        wait_until(lambda: "stays paused" in words(tmp_path / "labctl.log"))
        held = len(blocks_of(tmp_path, 1))
        assert "paused (process " in shell(tmp_path, "runs")
        assert "run 1 (odmr) goes on" in shell(tmp_path, "resume", "1")
        wait_until(lambda: one_run(tmp_path, 1).status == "completed")
        assert len(blocks_of(tmp_path, 1)) > held
        _, alive = psutil.wait_procs(window.benches, timeout=30.0)
        assert alive == []


def test_a_window_without_its_display_ends_and_the_paused_run_is_stopped_from_a_shell(tmp_path):
    """Under Qt 6 the event loop ends then, and Python by itself would wait for the bench process."""
    pytest.importorskip("PyQt6.QtCore", reason="PyQt6 is not installed here; the group dev has it")
    screen = virtual_screen()
    environ = {"DISPLAY": screen.__enter__(), "QT_QPA_PLATFORM": "xcb", "PYQTGRAPH_QT_LIB": "PyQt6"}
    with opened(WAITING, tmp_path, **environ) as window:
        try:
            wait_until(lambda: (tmp_path / PAUSED).exists())
            window.benches = window.children(recursive=True)
        finally:
            screen.__exit__(None, None, None)
        assert window.wait(timeout=20.0) == 1
        wait_until(lambda: "stays paused" in words(tmp_path / "err"))
        assert one_run(tmp_path, 1).status == "paused"
        assert "run 1 (odmr) ends" in shell(tmp_path, "stop", "1")
        _, alive = psutil.wait_procs(window.benches, timeout=30.0)
        assert alive == []
        assert one_run(tmp_path, 1).status == "aborted"
