"""`labctl gui` that does not come to be a window: it ends, says why, and leaves no process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
MOST_S = 60.0
BROKEN = """
if __name__ == "__main__":  # the bench process loads this file too
    from labctl.gui import docks
    def broken(*_):
        raise RuntimeError("no docks today")
    docks.Docks.__init__ = broken
    from labctl.__main__ import main
    main()
"""


def started(folder, *command, **more):
    """The window as a shell starts it, in a session of its own, with nothing kept of an earlier one."""
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), **more}
    command = [sys.executable, *(command or ("-m", "labctl")), "gui", "--simulated", "--data", str(folder / "data")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return psutil.Popen(command, cwd=ROOT, env=environ, start_new_session=True, **pipes)


def ended(process):
    """Its exit code, and what it said; no process of its own lives on."""
    try:
        _, said = process.communicate(timeout=MOST_S)
    except subprocess.TimeoutExpired:
        for one in [*process.children(recursive=True), process]:
            one.kill()
        pytest.fail("it does not end")
    return process.returncode, said


def wait_until(reached):
    end_s = time.monotonic() + MOST_S
    while not (found := reached()):
        assert time.monotonic() < end_s
        time.sleep(0.01)
    return found


def bench_process(window):
    """The process that the window starts for the bench; others are Python's own."""
    return [one for one in window.children() if "spawn_main" in " ".join(one.cmdline())]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a screen")
def test_without_a_screen_it_says_so(tmp_path):
    code, said = ended(started(tmp_path, DISPLAY=":987", QT_QPA_PLATFORM="xcb"))
    assert code == 2
    assert said.startswith("labctl: the window cannot be shown: could not connect to display")
    assert said.count("\n") == 1
    assert not (tmp_path / "data").exists(), "nothing was opened"


def test_a_window_that_cannot_be_built_ends_with_its_bench(tmp_path):
    script = tmp_path / "broken.py"
    script.write_text(BROKEN, encoding="utf-8")
    window = started(tmp_path, str(script), PYTHONPATH=str(ROOT))
    benches = wait_until(lambda: bench_process(window))
    code, said = ended(window)
    assert code == 1
    assert "the window cannot be built (RuntimeError: no docks today)" in said
    assert psutil.wait_procs(benches, timeout=MOST_S)[1] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize(
    ("instant", "layout", "number"),
    [
        ("the bench process begins", "17", signal.SIGINT),
        ("the window stands", "@Variant(\\0\\0\\0\\x11)", signal.SIGTERM),
    ],
)
def test_a_signal_ends_it_at_any_instant(tmp_path, instant, layout, number):
    """Also where the arrangement that was kept is of another kind."""
    kept = tmp_path / "labctl" / "window.ini"
    kept.parent.mkdir()
    kept.write_text(f"[General]\ndocks={layout}\ngeometry={layout}\n", encoding="utf-8")
    window = started(tmp_path)
    benches = wait_until(lambda: bench_process(window))
    if instant == "the window stands":  # only then the bench process can have opened anything, and so be asked
        wait_until(lambda: (tmp_path / "data" / "runs.db").exists())
    window.send_signal(number)
    began_s = time.monotonic()
    code, said = ended(window)
    assert code in (0, 130)
    assert "Traceback" not in said
    assert time.monotonic() - began_s < MOST_S / 4
    assert psutil.wait_procs(benches, timeout=MOST_S)[1] == []
