"""What a user does in the form of a plan, and sees there."""

from pathlib import Path

from pyqtgraph.Qt import QtCore

from labctl.config.station_file import read_station

BOUNDS = read_station(Path(__file__).parents[2] / "station.yaml").bounds()


def typed(qtbot, form, key, text):
    """Type into a row as a user does."""
    line = form.rows[key].editor.widget
    line.selectAll()
    qtbot.keyClick(line, QtCore.Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)


def shown_faults(form):
    return {name: row.fault.text() for name, row in form.rows.items() if not row.fault.isHidden()}
