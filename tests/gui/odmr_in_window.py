"""One odmr run in the real window, from its start to its end: python odmr_in_window.py FOLDER; for every Qt alike."""

import json
import sys
import time
from functools import partial
from pathlib import Path


def main() -> None:
    """Prints what was painted, as JSON."""
    from pyqtgraph.Qt import QT_LIB, QtCore, QtWidgets

    from labctl.bench.connect import Choice, opened_bench
    from labctl.config.station_file import read_station
    from labctl.gui.connection.bench_process import serve
    from labctl.gui.connection.client import Session
    from labctl.gui.connection.link import Link
    from labctl.gui.runs.queue import Queue
    from labctl.gui.widgets.theme import following_scale
    from labctl.gui.window import Window

    folder, file = Path(sys.argv[1]), read_station(Path(__file__).parents[2] / "station.yaml")
    opener = partial(opened_bench, Choice(True, None, 1, None), file, folder)
    session = Session(partial(Link, serve, opener, folder), Queue(folder), file.bounds())
    following_scale()
    app = QtWidgets.QApplication(sys.argv[:1])
    settings = QtCore.QSettings(str(folder / "window.ini"), QtCore.QSettings.Format.IniFormat)
    window = Window(session, file, folder, settings, "dark")
    window.show()

    def until(reached):
        end_s = time.monotonic() + 120.0
        while not reached():
            assert time.monotonic() < end_s, session.activity
            app.processEvents()
            time.sleep(0.005)

    until(lambda: session.activity == "idle")
    window.run_wanted("odmr", {"method": "raster"})
    until(lambda: session.journal.run is not None and session.journal.run.status != "running")
    window.tick()
    until(lambda: not session.is_busy)
    for dock in window.docks.docks.values():
        dock.raise_()
        app.processEvents()
        window.tick()
    painted = {"qt": QT_LIB, "platform": app.platformName(), **shown(window)}
    window.leave_at_once()
    until(lambda: not window.isVisible())
    print(json.dumps(painted))


def shown(window):
    """The run, and what the ODMR dock paints of it."""
    run, odmr = window.session.journal.run, window.docks.plots[0]
    return {
        "run_id": run.run_id,
        "status": run.status,
        "lines": [[axis.tolist() for axis in panel.points.shown] for panel in odmr.panels],
        "field": odmr.figures.read("B"),
        "pixels": window.grab().width(),
    }


if __name__ == "__main__":
    main()
