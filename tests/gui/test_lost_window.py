"""A window that is killed takes nothing with it: the run is measured to its end, and the bench process leaves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from labctl.data.history import all_runs, points

SCRIPT = Path(__file__).with_name("odmr_in_window.py")


def wait_until(reached, timeout_s=120.0):
    end_s = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe breaks there as well")
def test_the_run_of_a_killed_window_completes(tmp_path):
    window = psutil.Popen([sys.executable, str(SCRIPT), str(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: all_runs(tmp_path))
        benches = window.children(recursive=True)
    finally:
        window.kill()
        window.wait()
    assert all_runs(tmp_path)[0].status == "unfinished"
    wait_until(lambda: all_runs(tmp_path)[0].status == "completed")
    (run,) = all_runs(tmp_path)
    assert run.result is not None
    assert len(points(tmp_path, run.run_id).values["signal"]) > 100
    _, alive = psutil.wait_procs(benches, timeout=30.0)
    assert alive == []
    assert "The window is gone" in (tmp_path / "labctl.log").read_text(encoding="utf-8")
