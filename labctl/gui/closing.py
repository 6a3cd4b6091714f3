"""How the window goes: it asks while a run goes on, waits until the bench is safe, and tells of every doubt."""

from typing import Any, Final

from labctl.gui.widgets import dialogs

_BUSY: Final = (
    "A run goes on. End it now and leave the bench safe? What was measured is kept.",
    "End the run and leave",
)
_LOST: Final = ("Leave nevertheless?", "Leave")


class Leaving:
    """Of one window. `may_go`: nothing holds it any more."""

    def __init__(self, window: Any) -> None:
        self._window = window
        self._question: Any = None
        self._is_hurried = False
        self.is_under_way = self.may_go = False

    def ask(self) -> None:
        """The window shall be closed: while a run goes on, or a queue would be lost, that is a question."""
        if self.is_under_way:
            return
        session = self._window.session
        if not session.is_busy and not session.queue.is_lost:
            self.begin()
        elif self._question is not None:
            self._question.raise_()
        else:
            lost = f"{session.queue.trouble}\n\n" if session.queue.is_lost else ""
            question, yes = _BUSY if session.is_busy else _LOST
            box = dialogs.ask(self._window, "Leave?", lost + question, yes, "Stay", self.begin)
            box.answered.connect(self._forget)
            self._question = box

    def begin(self, is_hurried: bool = False) -> None:
        """End the run, and make the bench safe. is_hurried: as after Ctrl-C; doubts are for the terminal then."""
        self._is_hurried = self._is_hurried or is_hurried
        self.is_under_way = True
        self._window.session.leave()
        self._window.notices.tell("Leaving: the run is ended and the bench made safe; the window closes by itself")

    def look(self) -> None:
        """If the bench process has ended, the window goes as soon as its user knows of every doubt."""
        session = self._window.session
        if not self.is_under_way or not session.has_left():
            return
        self.is_under_way = False
        if session.doubt and not self._is_hurried:
            box = dialogs.Box(self._window, "The bench may not be safe", session.doubt)
            box.answered.connect(self._go)
            dialogs.show(box, self._window)
        else:
            self._go()

    def _go(self, _answer: bool = False) -> None:
        self.may_go = self._window.session.has_left()  # not if the bench was opened again meanwhile
        self._window.close()

    def _forget(self, _answer: bool) -> None:
        self._question = None
