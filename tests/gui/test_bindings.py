"""The real window under every Qt that is installed, without a screen and on a virtual one."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labctl.data.history import one_run, points

BINDINGS = ("PyQt5", "PyQt6", "PySide6")
SCRIPT = Path(__file__).with_name("odmr_in_window.py")


def run_under(binding, platform, folder, wrapped=()):
    """What the window painted of one odmr run."""
    environ = {**os.environ, "PYQTGRAPH_QT_LIB": binding, "QT_QPA_PLATFORM": platform, "OMP_NUM_THREADS": "1"}
    command = [*wrapped, sys.executable, str(SCRIPT), str(folder)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_painted(painted, folder):
    stored, table = one_run(folder, painted["run_id"]), points(folder, painted["run_id"]).values
    assert painted["status"] == stored.status == "completed"
    assert painted["frequencies"] == np.isfinite(table["frequency_hz"]).sum() > 100
    assert float(painted["field"].split()[0]) == pytest.approx(stored.result["field_mt"], abs=2e-4)


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_run_in_the_window(binding, tmp_path):
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed here; the group dev has it")
    painted = run_under(binding, "offscreen", tmp_path)
    assert (painted["qt"], painted["platform"]) == (binding, "offscreen")
    assert_painted(painted, tmp_path)


def test_a_run_on_a_virtual_screen(tmp_path):
    server = shutil.which("xvfb-run")
    if server is None:
        pytest.skip("no xvfb-run here (Debian's package xvfb): the window is tested without a screen only")
    painted = run_under("PyQt5", "xcb", tmp_path, [server, "-a", "-s", "-screen 0 1920x1200x24"])
    assert painted["platform"] == "xcb"
    assert_painted(painted, tmp_path)
