"""The command line works on a machine without any Qt, and the window says what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
WITHOUT_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PyQt5", "PyQt6", "PySide2", "PySide6", "pyqtgraph"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoQt())
from labctl.__main__ import main
main(sys.argv[1:])
"""


def labctl(*arguments):
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", WITHOUT_QT, *arguments]
    return subprocess.run(command, cwd=HOME, env=environ, capture_output=True, text=True, timeout=300)


def test_an_experiment_runs(tmp_path):
    done = labctl("run", "odmr", "--simulated", "--json", "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "completed"


def test_the_help_knows_the_window():
    done = labctl("--help")
    assert done.returncode == 0, done.stderr
    assert "live window" in done.stdout


def test_the_window_says_what_it_needs(tmp_path):
    done = labctl("gui", "--simulated", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "pyqtgraph cannot be imported" in done.stderr
    assert "python tools/environment.py gui" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_window_checks_its_options_first(tmp_path):
    done = labctl("gui", "--pace", "-1", "--station", "nowhere.yaml", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "nowhere.yaml" in done.stderr
    assert "--pace belongs to the digital twin" in done.stderr
