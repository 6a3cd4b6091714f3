"""Every view that follows a run, with a record that fills it, for tests that hold for all views."""

from typing import Any

from test_alignment_view import aligned
from test_cooling_view import cooling, locating, scanned, whole
from test_engine_view import KNOWN, LIVE, recorded
from test_odmr_view import swept
from test_points_view import fringes
from test_run_view import nested
from test_sequence_view import SHOT, playing
from test_tomography_view import part, state

from labctl.gui.runs.record import Record
from labctl.gui.views.alignment import AlignmentView
from labctl.gui.views.cooling import CoolingView
from labctl.gui.views.engine import EngineView
from labctl.gui.views.odmr import OdmrView
from labctl.gui.views.points import PointsView
from labctl.gui.views.run import RunView
from labctl.gui.views.sequence import SequenceView
from labctl.gui.views.tomography import TomographyView
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import View

VIEWS = (RunView, SequenceView, OdmrView, AlignmentView, CoolingView, EngineView, TomographyView, PointsView)


def full(view: type[View]) -> Record:
    """A run that fills this view."""
    records: dict[Any, Any] = {
        RunView: nested,
        SequenceView: lambda: playing(SHOT),
        OdmrView: lambda: swept(4),
        AlignmentView: aligned,
        CoolingView: lambda: whole(cooling(), locating(scanned())),
        EngineView: lambda: recorded("engine", KNOWN, [recorded("tomography", LIVE, status="running")], "running"),
        TomographyView: lambda: part(1, 5.4, state()[1]),
        PointsView: fringes,
    }
    return records[view]()


def shown(qtbot: Any, made: type[View], theme: Theme, size: tuple[int, int] = (700, 560)) -> View:
    """The view on a screen, empty."""
    view = made(theme)
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    qtbot.waitExposed(view)
    return view
