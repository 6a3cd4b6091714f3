"""How a run goes, in a cell of a notebook: a few lines that are kept up to date. Elsewhere as on the command line."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from labctl.report.progress import clock_words, progress
from labctl.run.events import Suspended, Waiting
from sequences.results import Begin, End, Progress

if TYPE_CHECKING:
    from labctl.run.events import Listener, News

_PERIOD_S: Final = 0.2
"""Wall time between two updates at the least."""
_BAR: Final = 24


@contextmanager
def told(is_quiet: bool = False) -> "Iterator[Listener]":
    """A listener for the runner, while the run lasts."""
    if is_quiet:
        yield lambda _: None
    elif is_notebook():
        yield Cell().heard
    else:
        with progress() as heard:
            yield heard


def is_notebook() -> bool:
    """Whether what is printed goes to a notebook."""
    ipython = sys.modules.get("IPython")  # not imported: there is no notebook
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Cell:
    """The output of a cell: a line for every run that goes on, parts beneath the run that they belong to."""

    def __init__(self) -> None:
        from IPython.display import display

        self._lines: list[str] = []
        self._shown_s = 0.0
        self._handle: Any = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def heard(self, news: "News") -> None:
        """Begin, progress, end, and what a run waits for."""
        match news.event:
            case Begin():
                del self._lines[news.depth :]
                self._say(news, f"run {news.run_id} begins")
            case Progress(fraction, note):
                done = round(_BAR * min(1.0, max(0.0, fraction)))
                self._say(news, f"{'█' * done}{'░' * (_BAR - done)} {fraction:4.0%}  {note}", _PERIOD_S)
            case Waiting(why) | Suspended(why):
                self._say(news, f"waits: {why}" if why else "goes on")
            case End():
                self._say(news, f"run {news.run_id} completed")

    def _say(self, news: "News", words: str, period_s: float = 0.0) -> None:
        line = f"{'  ' * news.depth}{news.sequence}  lab {clock_words(news.lab_time_s)}  {words}".rstrip()
        self._lines[news.depth : news.depth + 1] = [line]
        if time.monotonic() - self._shown_s >= period_s:
            self._shown_s = time.monotonic()
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": "\n".join(self._lines)}
