"""STOP in every state x every dialog x fonts of 100, 150 and 200 % on a screen of 1280 x 800: seen, clicked, F12."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from virtual_screen import virtual_screen

SCRIPT = Path(__file__).with_name("stop_matrix.py")


@pytest.mark.parametrize(("percent", "binding"), [(100, "PyQt6"), (150, "PySide6"), (200, "PyQt5")])
def test_stop_is_seen_and_works_in_every_state_under_every_dialog(tmp_path, percent, binding):
    """With the fonts Qt scales all else: 200 % leave 640 x 400 points."""
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed here; the group dev has it")
    with virtual_screen("1280x800") as display:
        scaled = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_FONT_DPI": str(round(0.96 * percent))}
        command, environ = [sys.executable, str(SCRIPT), str(tmp_path)], {"PYQTGRAPH_QT_LIB": binding, **scaled}
        done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    width, height, least_width, least_height = found["size"]
    assert (width, height) == (round(128000 / percent), round(80000 / percent))
    assert (least_width, least_height) <= (width, height)
    assert least_height <= height
