"""From the command to a window that can be used: python benchmarks/window_start.py [TIMES].

Each start is a new process, timed from before it was made until the window is painted and the simulated bench is open,
beside a bare Python that shows an empty Qt window.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

HOME: Final = Path(__file__).resolve().parents[1]
BARE: Final = """
import sys, time
from pyqtgraph.Qt import QtWidgets
app = QtWidgets.QApplication([])
window = QtWidgets.QMainWindow()
window.show()
app.processEvents()
print(time.time() - float(sys.argv[2]))
"""
WHOLE: Final = """
import sys

if __name__ == "__main__":  # the bench process loads this file too
    import time
    from labctl.gui import toolbar

    def show_activity(self, activity, *rest, before=toolbar.Toolbar.show_activity):
        before(self, activity, *rest)
        if activity == "idle" and self.window().isVisible() and not self.window()._is_leaving:
            print(time.time() - float(sys.argv[2]), flush=True)
            self.window().leave_at_once()

    toolbar.Toolbar.show_activity = show_activity
    from labctl.__main__ import main
    main(["gui", "--simulated", "--data", sys.argv[1]])
"""


def started(code: str) -> float:
    """Seconds, by the process itself; the system's own record of its start is a second off."""
    environ = {"QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PyQt5", **os.environ, "PYTHONPATH": str(HOME)}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "start.py"
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, str(script), folder, str(time.time())]
        done = subprocess.run(command, cwd=HOME, env=environ, capture_output=True, text=True, check=True, timeout=120)
    return float(done.stdout.splitlines()[0])


def main() -> int:
    """Print both, and their ratio. Exit code 1 if a start took three seconds."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    bare = [started(BARE) for _ in range(times)]
    whole = []
    for _ in range(times):
        whole.append(started(WHOLE))
        time.sleep(0.5)
    print(f"bare Qt window: median {median(bare):.2f} s")
    print(f"labctl gui, usable: median {median(whole):.2f} s, longest {max(whole):.2f} s of {times} starts")
    print(f"ratio {median(whole) / median(bare):.1f}")
    return int(max(whole) >= 3.0)


if __name__ == "__main__":
    sys.exit(main())
