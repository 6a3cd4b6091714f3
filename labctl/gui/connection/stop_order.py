"""A red stop from the press to its confirmation: what the person who pressed it is told meanwhile. No Qt in here."""

import time
from typing import Final

from labctl.gui.connection.messages import Activity, Told

PATIENCE_S: Final = 5.0
"""What is not confirmed by then is said not to be, and again after every so many seconds."""
FORCE_S: Final = 10.0
"""From then on another press ends the bench process by force."""
_WHAT: Final[dict[Activity, str]] = {
    "opening": "as soon as the bench is open, everything is switched off",
    "closing": "everything is being switched off, and the magnet taken down, before the bench is closed",
}
_ALL: Final = "everything is being switched off, and the magnet taken down"


class StopOrder:
    """Of one window; pressed as often as its user likes."""

    def __init__(self, is_guarded: bool) -> None:
        """is_guarded: whether a guardian makes the bench safe if the bench process is ended by force."""
        self._is_guarded = is_guarded
        self._asked_s: float | None = None
        self._told_s = 0.0

    @property
    def is_overdue(self) -> bool:
        """Whether another press means force."""
        return self._asked_s is not None and time.monotonic() > self._asked_s + FORCE_S

    def ask(self, activity: Activity, is_busy: bool) -> Told:
        """It was pressed while the bench did this. is_busy: whether a run goes on."""
        if self._asked_s is None:
            self._asked_s = self._told_s = time.monotonic()
        return Told(f"STOP: {_WHAT.get(activity, f'the run is ended, {_ALL}' if is_busy else _ALL)} …")

    def settle(self) -> None:
        """It was confirmed, or there is nobody left who could."""
        self._asked_s = None

    def late(self) -> Told | None:
        """That it is not confirmed, now and then."""
        now_s = time.monotonic()
        if self._asked_s is None or now_s < self._told_s + PATIENCE_S:
            return None
        self._told_s, waited_s = now_s, now_s - self._asked_s
        words = f"STOP was pressed {waited_s:.0f} s ago, and is not confirmed yet: a magnet takes its time"
        if waited_s > FORCE_S:
            words += ". STOP once more ends the bench process by force"
            words += ", and its guardian makes the bench safe" if self._is_guarded else ""
        return Told(words, is_trouble=True)
