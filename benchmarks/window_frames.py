"""How smoothly the live window runs: stalls of its event loop, time of a frame, and memory, while a run streams.

    python benchmarks/window_frames.py [--seconds 60] [--hours 10]

A process in the bench's place sends a run over the real pipe: first 100 000 points of history, then 200 updates a
second (points, estimates, programs, counts). The window is the real one with all its docks. Beside it, in the same
process beforehand, the reference: a bare pyqtgraph plot of the same 100 000 points repainted as often. Then, as fast as
a painting window takes them, the updates of so many hours, and the memory of the window's process on the way.
"""

import argparse
import math
import os
import random
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from labctl.gui.connection.messages import Doing, Order, Ready, RunEnded, Start
from labctl.gui.connection.outbox import Outbox
from labctl.run.events import Counted, Playing, RunEvent
from sequences.pulses.library import cw_odmr
from sequences.results import Begin, Estimate, Point, Progress

RATE_HZ: Final = 200.0
HISTORY: Final = 100_000
FLOOD_AT_ONCE: Final = 240
"""Updates every 20 ms: so many as a window takes that paints meanwhile."""
FRAME_MS: Final = 33
LINE_HZ: Final = 2.87e9


def hose(connection: Connection, rate_hz: float, seconds: float, flood: int) -> None:
    """In the bench's place: history, then a steady stream, then a flood of updates."""
    outbox = Outbox(connection)
    outbox.say(Ready("a hose", 0.0))
    outbox.say(Doing("idle"))
    start = connection.recv()
    assert isinstance(start, Start)
    outbox.say(Doing("running", start.ticket))
    say = partial(_say, outbox, random.Random(1))
    outbox.say(RunEvent(1, "odmr", 0, Begin("odmr", {}), 0.0))
    for k in range(HISTORY):
        say(k)
    began_s = time.monotonic()
    for k in range(round(seconds * rate_hz)):
        say(HISTORY + k)
        time.sleep(max(0.0, began_s + k / rate_hz - time.monotonic()))
    outbox.say(Doing("pausing", start.ticket))  # the mark between the two parts
    for k in range(flood):
        say(HISTORY + k)
        if k % FLOOD_AT_ONCE == 0:
            time.sleep(0.02)
    outbox.say(RunEnded(start.ticket, 1, "completed", "", ()))
    outbox.say(Doing("idle"))
    while connection.recv() is not Order.QUIT:
        pass
    outbox.say(Doing("closed"))
    outbox.close()


def _say(outbox: Outbox, chance: random.Random, k: int) -> None:
    """Of ten updates six are points, the others what comes between them."""
    outbox.say(RunEvent(1, "odmr", 0, _event(chance, k), 0.005 * k))


def _event(chance: random.Random, k: int) -> Any:
    match k % 10:
        case 6:
            return Playing(cw_odmr(100), 1000 + k)
        case 7:
            return Counted(4000, 4000, 0.005)
        case 8:
            return Progress(min(0.99, k / 1e7), f"f+ {LINE_HZ / 1e6:.3f} MHz")
        case 9:
            return Estimate({"lines": [_line(k)], "field_mt": 5.0, "field_mt_err": 1e-3})
    step = (6 * (k // 10) + k % 10) % 400
    detuning_hz = (step - 200) * 2e4
    signal = 1.0 - 0.1 / (1.0 + (detuning_hz / 5e5) ** 2) + chance.gauss(0.0, 0.01)
    sweep = float((6 * (k // 10) + k % 10) // 400)
    return Point({"frequency_hz": LINE_HZ + detuning_hz, "signal": signal, "signal_err": 0.01, "sweep": sweep})


def _line(k: int) -> dict[str, Any]:
    return {
        "name": "f+",
        "centre_hz": LINE_HZ,
        "centre_hz_err": 1e6 / math.sqrt(k + 1),
        "linewidth_hz": 1e6,
        "linewidth_hz_err": 1e3,
        "contrast": 0.1,
        "contrast_err": 1e-3,
        "level": 1.0,
        "offsets_hz": [0.0],
        "nuclear_polarisation": 0.0,
        "reduced_chi2": 1.0,
    }


class Heart:
    """Beats whenever the event loop has nothing else to do; a long time between two beats is a stall."""

    def __init__(self) -> None:
        from pyqtgraph.Qt import QtCore

        self.gaps_s: list[float] = []
        self.frames_s: list[float] = []
        self.began_s: float | None = None
        self._last_s = time.perf_counter()
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(0)

    def around(self, tick: Any) -> Any:
        """A tick that is timed until the loop is idle again, painting included."""

        def timed() -> None:
            self.began_s = time.perf_counter()
            tick()

        return timed

    def forget(self) -> None:
        """What came before does not count."""
        self.gaps_s.clear()
        self.frames_s.clear()

    def _beat(self) -> None:
        now_s = time.perf_counter()
        self.gaps_s.append(now_s - self._last_s)
        if self.began_s is not None:
            self.frames_s.append(now_s - self.began_s)
            self.began_s = None
        self._last_s = now_s
        time.sleep(0.0005)  # leaves the core to others, and does not hide a stall

    def words(self) -> str:
        """Median and worst, in ms."""
        frames, gaps = 1e3 * np.array(self.frames_s), 1e3 * np.array(self.gaps_s)
        return (
            f"frame median {np.median(frames):.1f} ms, 99 % {np.percentile(frames, 99):.1f} ms; "
            f"longest stall {gaps.max():.1f} ms, stalls above 50 ms: {int((gaps > 50).sum())} of {len(frames)} frames"
        )


def reference(seconds: float) -> float:
    """Median frame of a bare pyqtgraph plot with the same points, in s."""
    import pyqtgraph as pg
    from pyqtgraph.Qt import QtCore

    plot, values = pg.plot(), np.random.default_rng(1).normal(size=HISTORY)
    curve, heart, timer = plot.plot(values), Heart(), QtCore.QTimer()
    timer.timeout.connect(heart.around(lambda: curve.setData(values)))
    timer.start(FRAME_MS)
    _run_for(seconds)
    timer.stop()
    plot.close()
    print(f"reference, bare pyqtgraph curve of {HISTORY} points: {heart.words()}")
    return float(np.median(heart.frames_s))


def _run_for(seconds: float) -> None:
    """Not by quitting the application: Qt 6 would close its windows then."""
    from pyqtgraph.Qt import QtCore

    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(round(1e3 * seconds), loop.quit)
    loop.exec()


def main() -> None:
    """Measure, and print one line each."""
    arguments = _arguments()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")
    from pyqtgraph.Qt import QtCore, QtWidgets

    from labctl.config.station_file import read_station
    from labctl.gui.connection.client import Session
    from labctl.gui.connection.link import Link
    from labctl.gui.runs.queue import Queue
    from labctl.gui.window import TICK_MS, Window

    app = QtWidgets.QApplication([])
    bare_s = reference(5.0)
    with tempfile.TemporaryDirectory() as folder:
        file, flood = read_station(arguments.station), round(arguments.hours * 3600 * RATE_HZ)
        connect = partial(Link, hose, RATE_HZ, arguments.seconds, flood)
        session = Session(connect, Queue(Path(folder)), file.bounds())
        settings = QtCore.QSettings(str(Path(folder) / "window.ini"), QtCore.QSettings.Format.IniFormat)
        window, heart = Window(session, file, Path(folder), settings, "light"), Heart()
        window._timer.timeout.disconnect()
        window._timer.timeout.connect(heart.around(window.tick))
        window.show()
        _until(lambda: session.activity == "idle")
        session.run("odmr", {})
        _until(
            lambda: session.record_builder.run is not None and session.record_builder.run.table.rows > 0.55 * HISTORY
        )
        _run_for(1.0)
        heart.forget()
        _until(lambda: session.activity == "pausing")
        print(f"window, {TICK_MS} ms ticks, {RATE_HZ:g} updates/s on {HISTORY} of history: {heart.words()}")
        print(f"median frame / reference = {np.median(heart.frames_s) / bare_s:.2f}")
        _soak(session, flood, arguments.hours)
        window.leave_at_once()
        app.exec()


def _soak(session: Any, flood: int, hours: float) -> None:
    """Memory of this process, from when the table is full to the end."""
    memory, seen_mb = psutil.Process().memory_info, []
    while session.activity != "idle":
        _run_for(2.0)
        seen_mb.append(memory().rss / 2**20)
    first, last = float(np.median(seen_mb[:3])), float(np.median(seen_mb[-3:]))
    print(
        f"memory over {flood} updates ({hours:g} h): {first:.0f} MB at first, {last:.0f} MB at last "
        f"({100 * (last / first - 1):+.1f} %), most {max(seen_mb):.0f} MB"
    )


def _until(reached: Any) -> None:
    while not reached():
        _run_for(0.05)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the steady stream")
    parser.add_argument("--hours", type=float, default=10.0, help="whose updates follow as a flood")
    parser.add_argument("--station", type=Path, default=Path("station.yaml"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
