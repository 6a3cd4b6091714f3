"""The real window under every Qt that is installed, without a screen and on a virtual one."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from virtual_screen import virtual_screen

from labctl.data.reader import one_run, points

BINDINGS = ("PyQt5", "PyQt6", "PySide6")
SCRIPT = Path(__file__).with_name("odmr_in_window.py")


def run_under(binding, platform, folder, **more):
    """What the window painted of one odmr run. more: of the environment."""
    environ = {**os.environ, "PYQTGRAPH_QT_LIB": binding, "QT_QPA_PLATFORM": platform, "OMP_NUM_THREADS": "1", **more}
    command = [sys.executable, str(SCRIPT), str(folder)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_painted(painted, folder):
    stored, table = one_run(folder, painted["run_id"]), points(folder, painted["run_id"]).values
    assert painted["status"] == stored.status == "completed"
    assert len(painted["lines"]) == 2
    for frequency_mhz, signal in painted["lines"]:
        assert len(frequency_mhz) >= 50
        np.testing.assert_allclose(signal, means(table, frequency_mhz), rtol=1e-9)
    assert sum(len(frequency_mhz) for frequency_mhz, _ in painted["lines"]) == len(np.unique(swept(table)))
    assert float(painted["field"].split()[0]) == pytest.approx(stored.result["field_mt"], abs=2e-4)


def swept(table):
    """Where the sweeps measured."""
    return table["frequency_hz"][np.isfinite(table["sweep"]) & np.isfinite(table["frequency_hz"])]


def means(table, frequencies_mhz):
    """The stored signal at each of these, meaned over the sweeps with the weights of its errors."""
    here = [np.isclose(table["frequency_hz"], mhz * 1e6, rtol=0.0, atol=1.0) for mhz in frequencies_mhz]
    return [np.average(table["signal"][at], weights=table["signal_err"][at] ** -2) for at in here]


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_run_in_the_window(binding, tmp_path):
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed here; the group dev has it")
    painted = run_under(binding, "offscreen", tmp_path)
    assert (painted["qt"], painted["platform"]) == (binding, "offscreen")
    assert_painted(painted, tmp_path)


def test_a_run_on_a_virtual_screen(tmp_path):
    with virtual_screen() as display:
        painted = run_under("PyQt5", "xcb", tmp_path, DISPLAY=display)
    assert painted["platform"] == "xcb"
    assert_painted(painted, tmp_path)
