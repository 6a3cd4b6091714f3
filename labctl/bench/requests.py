"""What other processes ask of the run that goes on here: `labctl pause`, `resume` and `stop` reach it over the folder.

So a run is found and held from any shell, also when the window or the terminal that began it is gone.
"""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from labctl.data.live_runs import WISHES, Wish
from labctl.data.writer_lock import Presence
from labctl.run.events import News
from sequences.results import Begin

LOG: Final = logging.getLogger(__name__)
LOOK_S: Final = 0.25


class Orders:
    """While it is open, orders are taken, and who reads the folder can see what the run does."""

    def __init__(self, presence: Presence, obey: Callable[[Wish], None], look_s: float = LOOK_S) -> None:
        """presence: of this process in the data folder. obey: called in a thread of its own."""
        self._presence, self._obey, self._look_s = presence, obey, look_s
        self.run_id: int | None = None
        """The outermost run that goes on."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="orders", daemon=True)

    def __enter__(self) -> Self:
        self.rest()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self.rest()

    def heard(self, news: News) -> None:
        """A listener of runs."""
        if isinstance(news.event, Begin) and not news.depth:
            self.run_id = news.run_id
            self.tell("running")

    def tell(self, does: str) -> None:
        """The run is running, pausing or paused."""
        self._presence.tell({"run_id": self.run_id, "does": does})

    def rest(self) -> None:
        """No run goes on."""
        self.run_id = None
        self.tell("resting")

    def _listen(self) -> None:
        while not self._over.wait(self._look_s):
            try:
                self._look()
            except Exception:
                LOG.exception("An order could not be carried out")

    def _look(self) -> None:
        asked = self._presence.asked()
        wish, run_id = asked.get("wish"), asked.get("run_id")
        if run_id is None or run_id != self.run_id:  # the run that was meant has ended meanwhile
            return
        for known in WISHES:
            if wish == known:
                LOG.info("Run %s: asked from elsewhere to %s", run_id, known)
                self._obey(known)
