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
    from labctl.run.events import Listener, RunEvent

_PERIOD_S: Final = 0.2
"""Wall time between two updates at the least."""
_BAR: Final = 24


@contextmanager
def shown_progress(is_quiet: bool = False) -> "Iterator[Listener]":
    """A listener for the runner, while the run lasts."""
    if is_quiet:
        yield lambda _: None
    elif is_notebook():
        yield Cell().on_event
    else:
        with progress() as on_event:
            yield on_event


def is_notebook() -> bool:
    """Whether what is printed goes to a notebook."""
    ipython = sys.modules.get("IPython")  # not imported: there is no notebook
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Cell:
    """The output of a cell: a line for every run that goes on, child runs beneath the run that they belong to."""

    def __init__(self) -> None:
        from IPython.display import display

        self._lines: list[str] = []
        self._shown_s = 0.0
        self._handle: Any = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def on_event(self, run_event: "RunEvent") -> None:
        """Begin, progress, end, and what a run waits for."""
        match run_event.event:
            case Begin():
                del self._lines[run_event.depth :]
                self._say(run_event, f"run {run_event.run_id} begins")
            case Progress(fraction, note):
                done = round(_BAR * min(1.0, max(0.0, fraction)))
                self._say(run_event, f"{'█' * done}{'░' * (_BAR - done)} {fraction:4.0%}  {note}", _PERIOD_S)
            case Waiting(why) | Suspended(why):
                self._say(run_event, f"waits: {why}" if why else "goes on")
            case End():
                self._say(run_event, f"run {run_event.run_id} completed")

    def _say(self, run_event: "RunEvent", words: str, period_s: float = 0.0) -> None:
        line = (
            f"{'  ' * run_event.depth}{run_event.sequence}  lab {clock_words(run_event.lab_time_s)}  {words}".rstrip()
        )
        self._lines[run_event.depth : run_event.depth + 1] = [line]
        if time.monotonic() - self._shown_s >= period_s:
            self._shown_s = time.monotonic()
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": "\n".join(self._lines)}
