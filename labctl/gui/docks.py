"""The docks of the window: made once, moved and closed by whoever likes, as they were at the next start."""

import time
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui import views as every_view
from labctl.gui.runs.record import Record
from labctl.gui.views.bench import BenchView
from labctl.gui.views.by_hand import ByHandView
from labctl.gui.views.points import PointsView
from labctl.gui.views.run import RunView
from labctl.gui.views.runs import RunsView
from labctl.gui.views.sequence import SequenceView
from labctl.gui.widgets.scrolled import Scrolled
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import LATER, View, docks_of

LAYOUT: Final = 3
"""Grows when the docks change, so that an older arrangement is not forced upon them."""
REST: Final = 4.0
"""A view rests so many times as long as it painted: what is slow to paint is painted less often."""
_WIDTHS: Final = (430, 840, 490)
_MOST_RUNS: Final = 0.45
"""Of the window's width: the dock with the form gets no more, however large its words are."""
_EDGE_PX: Final = 12
_AREA: Final = QtCore.Qt.DockWidgetArea
_VERTICAL, _HORIZONTAL = QtCore.Qt.Orientation.Vertical, QtCore.Qt.Orientation.Horizontal


def pictures() -> list[type[View]]:
    """The views that show what was measured, one dock each: the `DOCK` of every module of `views` that has one."""
    modules = (import_module(f"{every_view.__name__}.{one.name}") for one in iter_modules(every_view.__path__))
    found: list[type[View]] = [module.DOCK for module in modules if hasattr(module, "DOCK")]
    return sorted(found, key=lambda view: (view.order, view.title))


class Docks:
    """Every dock with its content."""

    def __init__(self, window: Any, theme: Theme, runs: RunsView) -> None:
        self._window = window
        self.bench, self.run, self.sequence, self.runs = BenchView(theme), RunView(theme), SequenceView(theme), runs
        self.hand = ByHandView(theme)
        self.plots: list[View] = [made(theme) for made in pictures()]
        self._next = 0
        self._rests_until_s = [0.0] * len(self.views)
        self.contents = {content.title: content for content in self._contents()}
        self.docks = {title: self._dock(content) for title, content in self.contents.items()}
        self.arrange()

    @property
    def views(self) -> list[View]:
        """Those that follow a run."""
        return [self.run, self.sequence, *self.plots]

    def paint(self, run: Record | None, most_s: float) -> None:
        """Let the views that can be seen catch up, in turn, for so long at most."""
        now_s, views = time.monotonic(), self.views
        until_s = now_s + most_s
        for k in range(len(views)):
            place = (self._next + k) % len(views)
            if not views[place].isVisible() or now_s < self._rests_until_s[place]:
                continue
            views[place].show_run(run)
            before_s, now_s = now_s, time.monotonic()
            self._rests_until_s[place] = now_s + REST * (now_s - before_s)
            if now_s > until_s:
                self._next = (place + 1) % len(views)
                return

    def arrange(self) -> None:
        """As at the first start: progress and bench on the left, pictures in the middle, what to run on the right."""
        window = self._window
        for dock in self.docks.values():
            dock.setFloating(False)  # what is torn off would stay so
            window.removeDockWidget(dock)
        left, bench = self.docks[self.run.title], self.docks[self.bench.title]
        first, *others = (self.docks[view.title] for view in self.plots)
        right, timeline = self.docks[self.runs.title], self.docks[self.sequence.title]
        window.addDockWidget(_AREA.LeftDockWidgetArea, left)
        window.splitDockWidget(left, first, _HORIZONTAL)
        window.splitDockWidget(first, right, _HORIZONTAL)
        window.splitDockWidget(left, bench, _VERTICAL)
        window.splitDockWidget(first, timeline, _VERTICAL)
        window.tabifyDockWidget(right, self.docks[self.hand.title])
        for other in others:
            window.tabifyDockWidget(first, other)
        for dock in self.docks.values():
            dock.show()
        first.raise_()
        right.raise_()
        self.proportion()
        QtCore.QTimer.singleShot(0, self.proportion)  # shares count once Qt has laid out what came back

    def proportion(self) -> None:
        """Share the window among the docks as at the first start."""
        run, bench, first, timeline, right = (
            self.docks[content.title] for content in (self.run, self.bench, self.plots[0], self.sequence, self.runs)
        )
        form = self.runs.minimumSizeHint().width() + _EDGE_PX  # a form is read, not scrolled sideways
        self._share([run, first, right], _WIDTHS, _HORIZONTAL, form)
        self._share([first, timeline], (620, 280), _VERTICAL)
        self._share([run, bench], (420, 480), _VERTICAL)

    def _share(self, docks: list[Any], shares: tuple[int, ...], way: Any, last: int = 0) -> None:
        """What these have together is shared so; sizes that do not add up Qt would fit to the ones before.

        last: what the last of them needs, as far as that leaves room for the others.
        """
        is_flat = way == _HORIZONTAL
        self._window.layout().activate()  # else they are as large as they were before they were moved
        whole = sum(dock.width() if is_flat else dock.height() for dock in docks)
        hints = [dock.minimumSizeHint() for dock in docks]
        least = [hint.width() if is_flat else hint.height() for hint in hints]
        least[-1] = max(least[-1], min(last, int(_MOST_RUNS * whole)))
        sizes = [max(low, whole * share // sum(shares)) for low, share in zip(least, shares, strict=True)]
        widest = sizes.index(max(sizes))
        sizes[widest] += whole - sum(sizes)  # what the narrow ones need beyond their share
        for _ in range(2):  # the first time Qt heeds what stood there before
            self._window.resizeDocks(docks, sizes, way)

    def bring_forward(self, content: Any) -> None:
        """Show a dock in front of those that share its place, ready for keys."""
        dock = self.docks[content.title]
        dock.show()
        dock.raise_()
        content.setFocus()

    def raise_for(self, sequence: str) -> None:
        """Bring the picture of this experiment to the front; of one that names none, that of all columns."""
        title = next((title for title in docks_of(sequence) if title in self.docks), PointsView.title)
        self.docks[title].raise_()

    def _contents(self) -> Iterator[Any]:
        first = [view for view in self.plots if view.order < LATER]
        yield from (self.run, self.bench, *first, self.sequence, self.runs, *self.plots[len(first) :], self.hand)

    def _dock(self, content: Any) -> Any:
        dock = QtWidgets.QDockWidget(content.title, self._window)
        dock.setObjectName(f"dock {content.title}")
        dock.setWidget(Scrolled(content))
        dock.setAllowedAreas(_AREA.AllDockWidgetAreas)
        return dock
