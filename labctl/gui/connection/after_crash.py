"""What is known of a bench whose process has died: what its guardian says, and nothing else. No Qt in here."""

import time
from pathlib import Path
from typing import Final

from labctl.bench.watchdog_status import Word, read
from labctl.gui.connection.messages import Told

_LOOK_S: Final = 0.2
SILENT_S: Final = 15.0
"""A guardian ends what hangs after 10 s; one that has said nothing by now does not live."""
_REOPEN: Final = "Bench > Open the bench again connects anew"
_BY_HAND: Final = "Turn the lasers off by their key switches"


class Aftermath:
    """Begins when the bench process is found to be gone."""

    def __init__(self, bench: Path | None, pid: int, exit_code: int | None) -> None:
        """bench: the file that stands for a bench that lives on; None: a twin, which dies with its process."""
        self._bench, self._pid = bench, pid
        self._began_s = time.monotonic()
        self._looked_s = -_LOOK_S
        self._word: Word | None = None
        self._gone = f"The bench process has died (exit code {exit_code}), what was measured is kept"
        self._said = ""

    @property
    def is_safe(self) -> bool:
        """Whether somebody vouches for it."""
        return self._bench is None or (self._word is not None and self._word.state == "safe")

    @property
    def is_lost(self) -> bool:
        """Whether nobody makes it safe any more, though it may need it."""
        if self._bench is None or (self._word is not None and self._word.state in ("making safe", "safe")):
            return False
        return (self._word is not None and self._word.state == "not safe") or self._waited_s > SILENT_S

    @property
    def _waited_s(self) -> float:
        return time.monotonic() - self._began_s

    def news(self) -> Told | None:
        """What is to be told now; None if it has been told."""
        if self._said and time.monotonic() - self._looked_s < _LOOK_S:
            return None
        told = self.now()
        is_new, self._said = told.words != self._said, told.words
        return told if is_new else None

    def now(self) -> Told:
        """What is known at this instant."""
        self._looked_s = time.monotonic()
        if self._bench is not None:
            self._word = read(self._bench, self._pid) or self._word
        return Told(f"{self._gone}. {self._known()}", is_trouble=True)

    def _known(self) -> str:
        if self._bench is None:
            return f"The simulated bench ended with it: nothing is on. {_REOPEN}"
        word = self._word
        if word is not None and word.state == "safe":
            return f"Its guardian has made the bench safe at {word.since}, read back: {word.words}. {_REOPEN}"
        if word is not None and word.state == "making safe":
            return f"Its guardian is making the bench safe, since {word.since}; until it says more, it may not be"
        if word is not None and word.state == "not safe":
            return f"THE BENCH MAY NOT BE SAFE, says its guardian: {word.words}"
        if self._waited_s < SILENT_S:
            return "The bench may not be safe: its guardian has not yet said anything"
        return f"THE BENCH MAY NOT BE SAFE: its guardian says nothing. {_BY_HAND}"
